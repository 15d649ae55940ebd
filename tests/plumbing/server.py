"""A running house: the real web server in processes of its own, for races, kills, browsers and measurements.

    with running({"QR_INSTANCE_PATH": str(folder), "QR_DATABASE_URL": url}, workers=4) as house:
        house.get("/healthz")

It is started with the same command as ``make run``. The environment of the tests is not passed on where it
begins with ``QR_``: a house knows only what it is told.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import config
from tools.serve import address, as_child, descendants, flask_command, web_command

ROOT = Path(__file__).resolve().parents[2]


class DidNotStart(Exception):
    """The house did not answer in time; the message has the end of its log."""


@dataclass
class Server:
    """`url` without a slash at the end; `log` is what all its processes said."""

    settings: config.Settings
    log: Path
    environment: dict[str, str]
    app: str = "wsgi:app"
    cwd: Path = ROOT
    web: subprocess.Popen[bytes] | None = None
    jobs: subprocess.Popen[bytes] | None = None
    _with_jobs: bool = field(default=False)

    @property
    def url(self) -> str:
        return address(self.settings)

    @property
    def host(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"

    def start(self, wait_for: str = "/healthz", within: float = 30.0) -> None:
        """Start, also again after `kill` or `stop`, at the same address.

        Returns when it answers and every worker serves: one that is still importing is deaf to SIGTERM, and
        would not take its part in a race.
        """
        said_before = self._workers_started()
        self.web = self._spawn(web_command(self.settings, self.app))
        if self._with_jobs:
            self.jobs = self._spawn(flask_command("jobs", "serve"))
        until = time.monotonic() + within
        while True:
            if self.web.poll() is not None:
                raise DidNotStart(f"exit code {self.web.returncode}\n{self.tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self._workers_started() - said_before >= self.settings.workers and self.get(wait_for)[0] == 200:
                    return
            if time.monotonic() > until:
                raise DidNotStart(f"{wait_for} does not answer 200\n{self.tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """As an operator would: SIGTERM, and wait."""
        for process in self._processes():
            process.terminate()
        for process in self._processes():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        self.web = self.jobs = None

    def kill(self) -> None:
        """As a power cut would: SIGKILL for every process at the same moment."""
        pids = [pid for process in self._processes() for pid in (process.pid, *descendants(process.pid))]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._processes():
            process.wait(10)
        self.web = self.jobs = None

    def cpu_seconds(self) -> float:
        """User and system time of the web server's processes so far."""
        if self.web is None:
            return 0.0
        ticks = 0
        for pid in (self.web.pid, *descendants(self.web.pid)):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """One GET without cookies or redirects: status and body."""
        connection = http.client.HTTPConnection(self.host, timeout=10)
        try:
            connection.request("GET", path, headers={"Connection": "close", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _workers_started(self) -> int:
        return self.log.read_text(errors="replace").count("Started worker-") if self.log.exists() else 0

    def _processes(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in (self.web, self.jobs) if process is not None and process.poll() is None]

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                command,
                cwd=self.cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=as_child,
            )


@contextlib.contextmanager
def running(
    environment: Mapping[str, str] | None = None,
    *,
    workers: int = 1,
    jobs: bool = False,
    wait_for: str = "/healthz",
    app: str = "wsgi:app",
    cwd: Path = ROOT,
    log: Path | None = None,
) -> Iterator[Server]:
    """A house at a free port of 127.0.0.1 that runs inside the ``with``.

    `environment` needs ``QR_INSTANCE_PATH``, a prepared instance with a migrated database. Its process dies
    with this one. The log lies in the instance unless `log` says where.
    """
    told = {name: value for name, value in os.environ.items() if not name.startswith("QR_")}
    told |= {"PYTHONUNBUFFERED": "1", **(environment or {})}
    told |= {"QR_HOST": "127.0.0.1", "QR_PORT": str(free_port()), "QR_WORKERS": str(workers)}
    told.setdefault("QR_PUBLIC_URL", f"http://127.0.0.1:{told['QR_PORT']}")
    settings = config.load(told)
    if log is None:
        folder = settings.instance_path if settings.instance_path.is_dir() else Path(tempfile.gettempdir())
        log = folder / f"server-{told['QR_PORT']}.log"
    house = Server(settings, log, told, app=app, cwd=cwd, _with_jobs=jobs)
    try:
        house.start(wait_for)
        yield house
    finally:
        house.stop()


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
