"""Open the house: prepare ``instance/``, bring the database up to date, run web server and job loop.

``make run`` calls it with ``--demo``, ``make serve`` without. ``--web`` replaces itself by the web server
alone, which is what a systemd unit wants (deploy/quartiersraum-web.service).

All of it is one process group, so that Ctrl-C, ``kill`` and a closed terminal end all of it; nothing stays
behind even when this process or make above it is killed hard.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import ctypes
import errno
import http.client
import json
import logging.handlers
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import config  # noqa: E402 - the checkout's own, found by the line above

READY_WITHIN = 60.0
JOBS_WITHIN = 15.0
STOPPED_WITHIN = 10.0
LINUX = sys.platform == "linux"


class Trouble(Exception):
    """Why the house does not open, in words for the person at the terminal."""


class Stopped(Exception):
    """Somebody asked to stop before the house was open."""


class Database(Enum):
    MISSING = "missing"
    BEHIND = "behind"
    CURRENT = "current"


# --- commands -----------------------------------------------------------------------------------------


def web_command(settings: config.Settings, app: str = "wsgi:app") -> list[str]:
    """Granian for this house.

    Python runs one thread at a time, so a worker gains little from many; SQLite's writers queue anyway.
    Workers share the port, and one that dies is replaced without ending the others.
    """
    threads = 4 if settings.effective_database_url.startswith("sqlite") else 8
    return [
        *[sys.executable, "-m", "granian", app],
        *["--interface", "wsgi", "--http", "1", "--no-ws"],
        *["--host", settings.host, "--port", str(settings.port)],
        *["--workers", str(settings.workers), "--blocking-threads", str(threads)],
        *["--workers-kill-timeout", "5", "--respawn-failed-workers"],
        *["--log-level", "info", "--no-access-log"],
    ]


def flask_command(*words: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *words]


def child_environment(settings: config.Settings) -> dict[str, str]:
    """What the web server, the job loop and the commands are told."""
    environment = {**os.environ, "QR_INSTANCE_PATH": str(settings.instance_path), "PYTHONUNBUFFERED": "1"}
    environment["QR_PORT"] = str(settings.port)
    if settings.demo and settings.public_url == config.Settings().public_url:
        # A demonstration on another port should still print and mail addresses that work.
        environment["QR_PUBLIC_URL"] = address(settings)
    if settings.workers > 1:
        # Each worker counts for itself; /metrics adds up what they leave in this folder.
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(settings.instance_path / "run" / "metrics")
    return environment


def fresh_metrics(environment: Mapping[str, str]) -> None:
    """The counters of processes that ended long ago do not belong to this start."""
    folder = environment.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(mode=0o700, parents=True)


def address(settings: config.Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


# --- preparing ----------------------------------------------------------------------------------------


def prepare_instance(demo: bool) -> config.Settings:
    """The folder and the settings; a demonstration's first start also writes its config.toml."""
    instance = Path(os.environ.get("QR_INSTANCE_PATH") or ROOT / "instance").resolve()
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        if instance.stat().st_mode & 0o077:
            instance.chmod(0o700)
    except OSError as fault:
        raise Trouble(f"The folder {instance} cannot be used: {fault.strerror}.") from fault
    if demo and not (instance / "config.toml").exists():
        # A moved clock is refused until the house is known to be a demonstration, which is decided here.
        environment = {name: value for name, value in os.environ.items() if name != "QR_CLOCK"}
        if database_state(config.load(environment)) is Database.MISSING:
            file = os.open(instance / "config.toml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "w", encoding="utf-8") as out:
                out.write(
                    "# Written by the first `make run`: this house is a demonstration with invented people and\n"
                    "# one-click ways in. A real house starts with `make serve`; see docs/running.md.\n"
                    "demo = true\n"
                )
    return config.load()


def database_state(settings: config.Settings) -> Database:
    """Whether there is a database and whether it is at the newest migration; asked without the app, for speed."""
    url = settings.effective_database_url
    if url.startswith("sqlite"):
        found = _sqlite_versions(sqlite_path(url))
    else:
        found = _server_versions(url)
    if found is None:
        return Database.MISSING
    known = known_revisions()
    if known is not None and found - known.keys():
        raise Trouble(
            f"The database is newer than this program (it knows no migration {', '.join(sorted(found - known.keys()))}). "
            "Update the program, or restore a backup that fits it."
        )
    heads = set(known) - {parent for parents in known.values() for parent in parents} if known else set()
    return Database.CURRENT if found and found == heads else Database.BEHIND


def sqlite_path(url: str) -> Path:
    return Path(url.partition(":///")[2].partition("?")[0])


def _sqlite_versions(file: Path) -> set[str] | None:
    try:
        if not file.exists() or file.stat().st_size == 0:
            return None
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                return set()
            return {row[0] for row in db.execute("SELECT version_num FROM alembic_version")}
    except (sqlite3.Error, OSError) as fault:
        raise Trouble(f"The database {file} cannot be read: {fault}.") from fault


def _server_versions(url: str) -> set[str] | None:
    import sqlalchemy as sa

    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 10})
        with engine.connect() as db:
            if db.scalar(sa.text("SELECT to_regclass('alembic_version')")) is None:
                return None
            return set(db.scalars(sa.text("SELECT version_num FROM alembic_version")))
    except (sa.exc.SQLAlchemyError, ImportError) as fault:
        reason = str(getattr(fault, "orig", fault)).strip().splitlines() or [type(fault).__name__]
        raise Trouble(f"The database (database_url) cannot be opened: {reason[0]}") from fault


def known_revisions() -> dict[str, tuple[str, ...]] | None:
    """Each migration and its parents, read from the files; None when one of them is not plain enough."""
    revisions: dict[str, tuple[str, ...]] = {}
    for file in (ROOT / "migrations" / "versions").glob("*.py"):
        names: dict[str, object] = {}
        for statement in ast.parse(file.read_bytes()).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name, value = statement.targets[0].id, statement.value
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
                name, value = statement.target.id, statement.value
            else:
                continue
            if name in ("revision", "down_revision"):
                try:
                    names[name] = ast.literal_eval(value)
                except ValueError:
                    return None
        if isinstance(names.get("revision"), str):
            parents = names.get("down_revision") or ()
            revisions[str(names["revision"])] = (parents,) if isinstance(parents, str) else tuple(parents)  # type: ignore[arg-type]
    return revisions


def check_port(settings: config.Settings) -> config.Settings:
    """Settings with a port that is free now (0 asks for any). The server itself would share a busy one silently."""
    try:
        family = socket.getaddrinfo(settings.host or None, settings.port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
            return replace(settings, port=probe.getsockname()[1])
    except OSError as fault:
        where = f"{settings.host}:{settings.port}"
        reasons = {
            errno.EADDRINUSE: f"Something already listens on {where}, perhaps this house. "
            f"Stop it, or choose another port: QR_PORT={settings.port + 1} make run",
            errno.EACCES: f"Listening on {where} is not allowed to this user; ports below 1024 need a proxy in front.",
        }
        said = reasons.get(fault.errno or 0, f"Cannot listen on {where}: {fault.strerror or fault}.")
        raise Trouble(said) from fault
    except OverflowError as fault:
        raise Trouble(f"{settings.port} is not a port; ports go from 1 to 65535.") from fault


# --- processes ----------------------------------------------------------------------------------------


class Signals:
    """Signals as something to wait for; INT, TERM and HUP mean stop, CHLD only wakes."""

    def __init__(self) -> None:
        self.asked = 0
        """How often somebody asked to stop."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self._parent = os.getppid()
        self._make = "MAKELEVEL" in os.environ
        self._make_listens = self._make and _catches_interrupt(self._parent)

    def _ask(self, number: int, frame: object) -> None:
        self.asked += 1

    def wait(self, seconds: float) -> None:
        """Until a signal comes or the time is over; also notices a make that went away or was told to stop."""
        select.select([self._read], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 512)
        if self._make and os.getppid() != self._parent:
            self._make, self.asked = False, self.asked + 1
        elif self._make_listens and not _catches_interrupt(self._parent):
            # `kill -INT` for make alone: it does not pass that on and waits for us to end of our own accord.
            self._make_listens, self.asked = False, self.asked + 1


def _catches_interrupt(pid: int) -> bool:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
    except (OSError, ValueError):
        pass
    return False


_libc = ctypes.CDLL(None) if LINUX else None
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def as_child() -> None:
    """In a child, before it starts: the kernel sends SIGTERM when the parent is gone, however it went.

    Ctrl-C and a closed terminal reach the whole process group, and this process passes them on as one SIGTERM.
    Blocked here, they do not come twice: a Granian worker that is told twice at once may miss both.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    """Grandchildren whose parent died become our children, so that they can be found and ended."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def descendants(of: int) -> list[int]:
    """All living processes below `of`; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat") if LINUX else ():
        with contextlib.suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found: list[int] = []
    queue = [of]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


@dataclass
class Child:
    """One process of the house, its log file and the last lines of it."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    verbose: bool = False
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=30))
    _reader: threading.Thread | None = None

    def follow(self) -> None:
        self._reader = threading.Thread(target=self._copy, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _copy(self, stream: IO[bytes]) -> None:
        # Copied here rather than written by the child itself, so that the file cannot grow for ever.
        handler = logging.handlers.RotatingFileHandler(self.log, maxBytes=5_000_000, backupCount=2, encoding="utf-8")
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.tail.append(line)
            handler.emit(logging.LogRecord(self.name, logging.INFO, "", 0, line.replace("%", "%%"), (), None))
            if self.verbose:
                print(f"{self.name}: {line}", file=sys.stderr, flush=True)
        handler.close()

    def last_words(self) -> str:
        if self._reader is not None:
            self._reader.join(1)
        return "\n".join(f"  {line}" for line in self.tail) or "  (it said nothing)"


class House:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.signals = Signals()
        self.children: list[Child] = []

    def open(self) -> None:
        """Prepare, start, wait until it is ready, say so, and stay until told to stop."""
        settings = check_port(prepare_instance(self.options.demo))
        environment = child_environment(settings)
        self.bring_up_to_date(settings, environment)
        fresh_metrics(environment)
        self.start("web", web_command(settings), settings, environment)
        ways_in, told = os.pipe()
        command = [sys.executable, str(Path(__file__).resolve()), "--jobs", str(told)]
        self.start("jobs", command, settings, environment, told)
        os.close(told)
        for child in self.children:
            child.follow()
        self.wait_until_ready(settings)
        self.welcome(settings, ways_in)
        while True:
            self.check()
            self.signals.wait(0.5)

    def bring_up_to_date(self, settings: config.Settings, environment: dict[str, str]) -> None:
        """Migrate when needed; load the demonstration on the first start only.

        A mark in the instance tells of a first start that was broken off, whose half-made house must not pass
        for a finished one.
        """
        state = database_state(settings)
        mark = settings.instance_path / ".first-start"
        first = settings.demo and self.options.demo and (state is Database.MISSING or mark.exists())
        if first:
            if mark.exists() and settings.effective_database_url.startswith("sqlite"):
                database = sqlite_path(settings.effective_database_url)
                for leftover in database.parent.glob(f"{database.name}*"):
                    leftover.unlink()
                state = Database.MISSING
            mark.touch(mode=0o600)
        if state is Database.MISSING:
            self.step("Making the database …", flask_command("db", "upgrade"), environment)
        elif state is Database.BEHIND:
            self.step("Bringing the database up to date …", flask_command("db", "upgrade"), environment)
        if first:
            self.step("Furnishing the demonstration house …", flask_command("demo", "load"), environment)
            mark.unlink()

    def step(self, sentence: str, command: list[str], environment: dict[str, str]) -> None:
        """One command that must succeed before the house opens."""
        say(sentence)
        if self.signals.asked:
            raise Stopped
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=as_child,
        ) as process:
            lines: deque[str] = deque(maxlen=30)
            assert process.stdout is not None
            reader = threading.Thread(target=_collect, args=(process.stdout, lines), daemon=True)
            reader.start()
            while process.poll() is None and not self.signals.asked:
                self.signals.wait(0.5)
            if self.signals.asked:
                end([process], self.signals)
                raise Stopped
            reader.join(2)
        if process.returncode != 0:
            words = " ".join(command[5:])
            raise Trouble(f"`flask --app wsgi {words}` failed. Its last lines:\n" + "\n".join(f"  {x}" for x in lines))

    def start(self, name: str, command: list[str], settings: config.Settings, environment: dict[str, str], *passed: int) -> None:
        if self.signals.asked:
            raise Stopped
        folder = settings.instance_path / "log"
        folder.mkdir(mode=0o700, exist_ok=True)
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=as_child,
            pass_fds=passed,
        )
        self.children.append(Child(name, process, folder / f"{name}.log", self.options.verbose))

    def check(self) -> None:
        """Raises when somebody asked to stop, or when a part of the house has ended by itself."""
        if self.signals.asked:
            raise Stopped
        for child in self.children:
            code = child.process.poll()
            if code is not None:
                part = {"web": "The web server", "jobs": "The job loop"}[child.name]
                how = f"was ended by signal {-code}" if code < 0 else f"ended by itself (exit code {code})"
                raise Trouble(f"{part} {how}, so the house closes. Its last lines, from {child.log}:\n{child.last_words()}")

    def wait_until_ready(self, settings: config.Settings) -> None:
        """Until it serves and the jobs run. Only the first is indispensable."""
        began = time.monotonic()
        while True:
            self.check()
            serves, obstacle = _ask_ready(settings)
            waited = time.monotonic() - began
            if serves and not obstacle:
                return
            if serves and waited > JOBS_WITHIN:
                say("The job loop has not taken up its work yet; letters and reminders wait until it does.")
                return
            if waited > READY_WITHIN:
                web, jobs = self.children
                raise Trouble(
                    f"The house was not ready after {READY_WITHIN:.0f} seconds: {obstacle}\n"
                    f"Last lines of the web server:\n{web.last_words()}\n"
                    f"Last lines of the job loop:\n{jobs.last_words()}"
                )
            self.signals.wait(0.05)

    def welcome(self, settings: config.Settings, ways_in: int) -> None:
        """Where it is and how to get in. The line beginning `ready:` is the last, for programs that wait for it."""
        print(f"\nThe house is open: {address(settings)}\n")
        with os.fdopen(ways_in, encoding="utf-8", errors="replace") as told:
            said = told.read().strip("\n")
        if settings.demo and not said:
            said = f"The ways in could not be listed; {self.children[1].log} says why."
        if said:
            print(f"{said}\n")
        print(f"Logs are in {settings.instance_path / 'log'}. Ctrl-C closes the house.")
        print(f"ready: {address(settings)}", flush=True)

    def close(self) -> None:
        end([child.process for child in self.children], self.signals)


def _collect(stream: Iterable[bytes], lines: deque[str]) -> None:
    for raw in stream:
        lines.append(raw.decode("utf-8", "replace").rstrip("\n"))


def _ask_ready(settings: config.Settings) -> tuple[bool, str]:
    """Whether the house serves, and what stands in the way of that or of its jobs."""
    connection = http.client.HTTPConnection(address(settings).removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read(2000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as fault:
        return False, f"no answer from {address(settings)} ({fault})"
    finally:
        connection.close()
    if answer.status != 200:
        return False, f"/readyz answers {answer.status} {body.strip()[:500]}"
    with contextlib.suppress(ValueError):
        report = json.loads(body)
        if isinstance(report, dict) and report.get("jobs") == "missing":
            return True, "the job loop has not taken up its work"
    return True, ""


def end(processes: list[subprocess.Popen[bytes]], signals: Signals) -> None:
    """Ask all to stop, wait, then end hard what is left, including what they started. A second request hurries."""
    asked = signals.asked
    until = time.monotonic() + STOPPED_WITHIN
    for process in processes:
        if process.poll() is None:
            process.terminate()
    while any(process.poll() is None for process in processes):
        if time.monotonic() > until or signals.asked > asked + 1:
            break
        signals.wait(0.1)
    ours = {process.pid for process in processes}
    for pid in descendants(os.getpid()):
        if pid not in ours or any(process.pid == pid and process.poll() is None for process in processes):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


def only_jobs(told: int) -> None:
    """The job loop, which first writes to `told` the ways into a demonstration, or how a new house is set up.

    Both need the whole program, and loading that is most of what a start takes.
    """
    import flask.cli

    first = ["demo", "ways-in"] if config.load().demo else ["house", "set-up-code"]
    with os.fdopen(told, "w", encoding="utf-8") as out, contextlib.redirect_stdout(out):
        try:
            flask.cli.cli.main(["--app", "wsgi", *first], standalone_mode=False)
        except Exception:
            traceback.print_exc()
    flask.cli.cli.main(["--app", "wsgi", "jobs", "serve"])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/serve.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--demo", action="store_true", help="a first start makes a demonstration house")
    parser.add_argument("--web", action="store_true", help="only the web server, in place of this process")
    parser.add_argument("--jobs", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--verbose", action="store_true", help="show the logs here as well")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    if options.web:
        only_web()
    if options.jobs is not None:
        only_jobs(options.jobs)
        return 0
    adopt_orphans()
    house = House(options)
    try:
        house.open()
    except Stopped:
        say("Closing …")
        return 0
    except (Trouble, config.BadSetting) as trouble:
        say(str(trouble))
        return 1
    finally:
        house.close()
    return 0


def only_web() -> NoReturn:
    try:
        settings = config.load()
    except config.BadSetting as trouble:
        sys.exit(str(trouble))
    environment = child_environment(settings)
    fresh_metrics(environment)
    command = web_command(settings)
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
