"""A throw-away PostgreSQL from the machine's own programs.

`session_cluster()` is for tests: one server for the whole run, shared by all test processes, gone when the
run is over, however it ended. `cluster()` is for one test or one measurement; with ``durable=True`` it keeps
its promises to the disk like a real one.

It listens on a Unix socket only, in a folder only this user can enter. Databases belong to the role
``house``, which is no superuser, because in a real house it is none either.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import itertools
import json
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tools.programs import find_postgres

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "qr-pg-"
OWNER = "house"
# Neither UTC nor Berlin, and with odd minutes: whoever leaves a conversion to the server finds out.
SERVER_ZONE = "Pacific/Chatham"
# In memory a copy of a migrated database takes 20 ms, on a disk up to 400. Containers often give it only 64 MB.
MEMORY = Path("/dev/shm")
MEMORY_ENOUGH = 2_000_000_000


class NoPostgres(Exception):
    """No server can be started here; the message says why."""


@dataclass(frozen=True)
class Cluster:
    """A running server. `programs` is the folder of pg_dump and pg_restore of the same version."""

    socket: Path
    programs: Path
    version: int
    durable: bool = False
    pid: int = 0

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.socket}"

    def make_database(self, template: str | None = None) -> str:
        """The address of a new database, empty or a copy of `template` (a name or an address).

        Nobody may be connected to the template while it is copied.
        """
        name = f"t{os.getpid()}_{next(_numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(database_name(template) if template else "template0")
        )
        if self.version >= 15:
            # Copies files instead of writing every page to the log; older servers know only this way.
            statement += sql.SQL(" STRATEGY FILE_COPY")
        with self._connect() as connection:
            connection.execute(statement)
        return self.url(name)

    def drop_database(self, database: str) -> None:
        """Remove it (a name or an address), also while somebody is still connected."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database_name(database))))

    @contextlib.contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """The address of a database that exists inside the ``with``."""
        url = self.make_database(template)
        try:
            yield url
        finally:
            self.drop_database(url)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.socket), user=OWNER, dbname="postgres", autocommit=True)


_numbers = itertools.count(1)


def database_name(address: str) -> str:
    """The name inside an address; a name stays as it is."""
    return address.partition("?")[0].rpartition("/")[2]


@contextlib.contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A server that runs inside the ``with``; it also ends when this process dies."""
    _sweep()
    folder = _make_folder(f"{PREFIX}{os.getpid()}-{next(_numbers)}", durable=durable)
    try:
        with _running(folder, durable) as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def session_cluster(owner: int | None = None) -> Cluster:
    """The server of this test run; the first process that asks starts it.

    It belongs to the process `owner`: the pytest that was started, which for a process of pytest-xdist is the
    parent. A guardian waits for that one to end, then stops the server and removes its files.
    """
    if owner is None:
        owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    _sweep()
    folder = _make_folder(f"{PREFIX}{owner}", durable=False)
    facts = folder / "cluster.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not facts.exists():
            log = folder / "guardian.log"
            with log.open("wb") as out:
                # A session of its own, so that Ctrl-C ends the tests first and the server after them.
                guardian = subprocess.Popen(
                    [sys.executable, "-m", __name__, str(folder), str(owner)],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
            until = time.monotonic() + 60
            while not facts.exists():
                if guardian.poll() is not None or time.monotonic() > until:
                    raise NoPostgres("\n".join(log.read_text(errors="replace").splitlines()[-5:]))
                time.sleep(0.02)
            # It outlives this process on purpose; without this line Python would complain about it.
            guardian.returncode = 0
        known = json.loads(facts.read_text())
    return Cluster(Path(known["socket"]), Path(known["programs"]), known["version"], pid=known["pid"])


@contextlib.contextmanager
def shared_cluster(_: object = None) -> Iterator[Cluster]:
    """`session_cluster` in the form of a fixture's body; it stays for the other test processes at the end."""
    yield session_cluster()


def end_session_cluster(owner: int | None = None, within: float = 10.0) -> None:
    """Stop this run's server now and wait for it; for the end of a run. Nothing to do when none was started."""
    for base in _bases():
        folder = base / f"{PREFIX}{owner or os.getpid()}"
        with contextlib.suppress(OSError, ValueError, KeyError):
            os.kill(json.loads((folder / "cluster.json").read_text())["guardian"], signal.SIGTERM)
            until = time.monotonic() + within
            while folder.exists() and time.monotonic() < until:
                time.sleep(0.01)


def _guard(folder: Path, owner: int) -> None:
    """The guardian's whole life: start the server, tell where it is, wait for the owner to end, clear up."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        with _running(folder, durable=False) as found:
            facts = {
                "socket": str(found.socket),
                "programs": str(found.programs),
                "version": found.version,
                "pid": found.pid,
                "guardian": os.getpid(),
            }
            half = folder / "cluster.json.half"
            half.write_text(json.dumps(facts))
            half.rename(folder / "cluster.json")
            _wait_for_end_of(owner)
    except NoPostgres as fault:
        sys.exit(str(fault))
    finally:
        if (folder / "cluster.json").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _wait_for_end_of(pid: int) -> None:
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(ProcessLookupError):
            select.select([os.pidfd_open(pid)], [], [])
        return
    while _alive(pid):
        time.sleep(0.5)


@contextlib.contextmanager
def _running(folder: Path, durable: bool) -> Iterator[Cluster]:
    programs = find_postgres()
    if programs is None:
        raise NoPostgres("There is no PostgreSQL with btree_gist on this machine; see `make test`.")
    account = _account()
    data, socket = folder / "data", folder / "s"
    for each in (data, socket):
        each.mkdir(mode=0o700)
        if account is not None:
            os.chown(each, account.pw_uid, account.pw_gid)
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    quiet |= {"LC_ALL": "C", "TZ": "UTC", "HOME": str(folder)}
    run_as: dict[str, Any] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    initdb += ["--locale=C", "--no-sync", "--no-instructions"]
    made = subprocess.run(
        initdb,
        env=quiet,
        cwd="/",
        capture_output=True,
        text=True,
        **run_as,
    )
    if made.returncode != 0:
        raise NoPostgres(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
    with (data / "postgresql.conf").open("a") as out:
        out.write(_configuration(socket, durable))
    log = data / "server.log"
    with log.open("wb") as out_bytes:
        os.fchmod(out_bytes.fileno(), 0o600)
        server = subprocess.Popen(
            [programs / "postgres", "-D", data],
            env=quiet,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=out_bytes,
            stderr=out_bytes,
            # A group of its own: Ctrl-C must not end the server before the tests that use it.
            process_group=0,
            preexec_fn=_end_with_parent,
            **run_as,
        )
    try:
        _wait_until_up(server, data, log)
        with psycopg.connect(host=str(socket), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB")
            version = connection.info.server_version // 10000
        yield Cluster(socket, programs, version, durable, server.pid)
    finally:
        # At once and without a checkpoint: nobody will read these files again.
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(signal.SIGQUIT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _configuration(socket: Path, durable: bool) -> str:
    promise = "on" if durable else "off"
    lines = [
        "listen_addresses = ''",
        f"unix_socket_directories = '{socket}'",
        "max_connections = 200",
        f"timezone = '{SERVER_ZONE}'",
        "shared_buffers = '128MB'",
        # Beside the data, where it goes with the folder; in /dev/shm a killed server would leave it behind.
        "dynamic_shared_memory_type = 'mmap'",
        "log_min_messages = 'warning'",
        "log_min_error_statement = 'panic'",
        f"fsync = {promise}",
        f"synchronous_commit = {promise}",
        f"full_page_writes = {promise}",
    ]
    if not durable:
        # Autovacuum's visits to a template would make copies of it wait.
        lines += ["autovacuum = off", "wal_level = minimal", "max_wal_senders = 0", "max_wal_size = '4GB'"]
    return "\n" + "\n".join(lines) + "\n"


def _wait_until_up(server: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        # The server writes its state into the eighth line of this file.
        with contextlib.suppress(OSError):
            lines = (data / "postmaster.pid").read_text().splitlines()
            if len(lines) > 7 and lines[7].strip() == "ready":
                return
        if server.poll() is not None or time.monotonic() > until:
            raise NoPostgres(f"PostgreSQL did not start: {log.read_text(errors='replace')[-800:]}")
        time.sleep(0.01)


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root, so root lends it another account."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoPostgres("PostgreSQL does not run as root, and there is no account postgres or nobody to lend it.")


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(1, signal.SIGQUIT)


def _bases() -> list[Path]:
    """Where the folder may lie: short (a socket's path ends at about 100 letters) and open to other accounts."""
    candidates = [Path(name).resolve() for name in (tempfile.gettempdir(), "/tmp", "/var/tmp")]
    return [
        base
        for base in dict.fromkeys([MEMORY, *candidates])
        if base.is_dir() and len(str(base)) < 60 and all(part.stat().st_mode & 0o001 for part in (base, *base.parents))
    ]


def _make_folder(name: str, *, durable: bool) -> Path:
    """`name` where it already is, or in the first good place; it must be ours, since the place is open to all."""
    bases = _bases()
    if durable or not (MEMORY in bases and shutil.disk_usage(MEMORY).free > MEMORY_ENOUGH):
        bases = [base for base in bases if base != MEMORY or (base / name).exists()]
    if not bases:
        raise NoPostgres("There is no temporary folder with a short path that other accounts may enter.")
    folder = next((base / name for base in bases if (base / name).exists()), bases[0] / name)
    with contextlib.suppress(FileExistsError):
        # Entered by the lent account, listed only by us; what is inside is closed to everybody else.
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise NoPostgres(f"{folder} belongs to somebody else.")
    return folder


def _sweep() -> None:
    """Remove what a run left behind whose guardian was killed as well."""
    for base in _bases():
        for folder in base.glob(f"{PREFIX}*"):
            owner = re.match(rf"{PREFIX}(\d+)", folder.name)
            with contextlib.suppress(OSError):
                old = time.time() - folder.stat().st_mtime > 60
                if owner and old and folder.stat().st_uid == os.geteuid() and not _alive(int(owner[1])):
                    shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    _guard(Path(sys.argv[1]), int(sys.argv[2]))
