"""Backups: one file that holds the whole house, and the way back.

A backup is a ``.tar.gz`` of the database (an SQLite file, or a dump in PostgreSQL's own format), the keys without which it
cannot be read, the settings, and a manifest with a checksum of each. Whoever has the file has the house: it is readable by
its owner alone, and belongs in a safe place.

Restoring is all or nothing. Letters that were still waiting when the backup was made are held afterwards, because they may have
been sent since (``wiring.RESTORED``); the statements run before the restored house can be seen by anybody.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import URL, Connection, Dialect, Executable, create_engine, func, inspect, make_url, select, text
from sqlalchemy.dialects import postgresql

from app.core import clock, crypto
from app.core.check import KEY_FILES
from app.core.db import db, metadata, sqlite_driver
from config import ROOT, Settings

FORMAT = 1
KEPT = 14
"""How many backups stay in ``instance/backups``; the oldest go."""
NAME = re.compile(r"^\d{8}T\d{6}Z\.tar\.gz$")
DATABASE = {"sqlite": "centre.db", "postgresql": "centre.dump"}
MANIFEST = "manifest.json"
_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_CHUNK = 1 << 20


class BackupFailed(Exception):
    """No backup was made; the message is for the operator."""


class NotRestored(Exception):
    """The restore was refused or failed, and nothing has been changed; the message is for the operator."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself. `files` maps a name to its sha256; `counts` a table to its rows."""

    made_at: str
    engine: str
    engine_version: str
    migration: str
    files: dict[str, str]
    counts: dict[str, int]
    format: int = FORMAT


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def folder() -> Path:
    return settings().instance_path / "backups"


# Making ------------------------------------------------------------------------------------------------------------


def make_backup(target: Path | None = None, keep: int = KEPT) -> Path:
    """Write a backup while the house goes on, and return where it lies. Without `target`: a new one in ``instance/backups``.

    Raises `BackupFailed`; a half-written file is never left under the final name.
    """
    own = target is None
    target = target or folder() / f"{clock.now():%Y%m%dT%H%M%SZ}.tar.gz"
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _workshop(target.parent) as room:
            manifest = _copy_database(room)
            for name in (*KEY_FILES, "config.toml"):
                if (settings().instance_path / name).exists():
                    shutil.copyfile(settings().instance_path / name, room / name)
                    manifest.files[name] = _digest(room / name)
            (room / MANIFEST).write_text(json.dumps(vars(manifest), indent=1, sort_keys=True))
            _pack(room, [MANIFEST, *manifest.files], target)
    except OSError as fault:
        raise BackupFailed(f"{fault.filename or target}: {fault.strerror or fault}") from fault
    if own:
        for old in sorted(each for each in folder().iterdir() if NAME.match(each.name))[:-keep]:
            old.unlink()
    return target


@contextmanager
def _workshop(place: Path) -> Iterator[Path]:
    """A folder for our eyes only, on the disk where the result will lie; cleared whatever happens."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".work-", dir=place) as room:
        yield Path(room)


def _copy_database(room: Path) -> Manifest:
    url = _url()
    if url.get_backend_name() == "sqlite":
        copy = room / DATABASE["sqlite"]
        with closing(sqlite_driver.connect(url.database)) as source, closing(sqlite_driver.connect(str(copy))) as target:
            source.execute("PRAGMA busy_timeout=30000")
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
            _examine(target)
            version = sqlite_driver.sqlite_version
            migration = target.execute("SELECT version_num FROM alembic_version").fetchone()
            counts = {name: target.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(metadata.tables)}
        copy.chmod(0o600)
    else:
        copy = room / DATABASE["postgresql"]
        # The counts and the dump look at the same moment.
        with db.engines[None].connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            version = str(connection.scalar(text("SHOW server_version")))
            migration = connection.execute(text("SELECT version_num FROM alembic_version")).one_or_none()
            counts = {
                name: connection.scalar(select(func.count()).select_from(table)) or 0
                for name, table in sorted(metadata.tables.items())
            }
            command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
            _run([*command, f"--file={copy}", f"--dbname={_libpq(url)}"], url, BackupFailed)
    if migration is None:
        raise BackupFailed("the database has no tables yet: run flask db upgrade")
    files = {copy.name: _digest(copy)}
    return Manifest(clock.now().isoformat(), url.get_backend_name(), version, migration[0], files, counts)


def _examine(connection: Any) -> None:
    """Raises `BackupFailed` unless SQLite finds the copy sound."""
    words = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    if words != ["ok"]:
        raise BackupFailed("the copy is damaged: " + "; ".join(words))


def _pack(room: Path, names: Iterable[str], target: Path) -> None:
    fresh = room / "packed.tar.gz"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archive:
            for name in names:
                member = archive.gettarinfo(str(room / name), arcname=name)
                member.uid = member.gid = 0
                member.uname = member.gname = ""
                member.mode = 0o600
                with (room / name).open("rb") as content:
                    archive.addfile(member, content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(target)
    crypto.settle(target.parent)


# Restoring ---------------------------------------------------------------------------------------------------------


def restore(file: Path, *, replace: bool = False) -> Manifest:
    """Put the house of `file` in place of this one; returns what was restored.

    Raises `NotRestored`, with nothing changed, when the file is not whole, comes from the other engine or a newer program, or
    when somebody already lives here and `replace` is false. Other processes should be stopped, and must be started anew.
    """
    with _workshop(settings().instance_path / "backups") as room:
        manifest = _unpack(file, room)
        url = _url()
        if manifest.engine != url.get_backend_name():
            raise NotRestored(f"the backup is of {manifest.engine}, this house runs on {url.get_backend_name()}")
        _know(manifest.migration)
        if not replace and inhabited():
            raise NotRestored("this house is not empty; --replace puts the backup in its place, and what is here now is lost")
        after: list[Executable] = current_app.extensions["restored"]
        if manifest.engine == "sqlite":
            prepared = _prepare_sqlite(room / DATABASE["sqlite"], after)
        else:
            prepared = _prepare_script(room, manifest, after)
        # A field is readable with the keys of both houses, whichever database a power cut leaves here.
        own = settings().instance_path
        _join_keys(room / "field.keys", own / "field.keys")
        # What this process itself has open would stand in its own way.
        db.session().close()
        for each in db.engines.values():
            each.dispose()
        if manifest.engine == "sqlite":
            _replace_sqlite(prepared, str(url.database))
        else:
            script = ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
            _run([*script, "--output=/dev/null", f"--file={prepared}", f"--dbname={_libpq(url)}"], url, NotRestored)
        for name in ("secret.key", "fingerprint.key"):
            if (room / name).exists():
                crypto.replace_lines(own / name, crypto.lines_of(room / name, ""))
        _keep_settings(room / "config.toml", own)
        crypto.read_field_keys(current_app._get_current_object())  # type: ignore[attr-defined]
    return manifest


def inhabited() -> bool:
    """Whether there is a database with a house or a person in it."""
    url = _url()
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return False
    with db.engines[None].connect() as connection:
        known = set(inspect(connection).get_table_names())
        return any(
            connection.scalar(select(metadata.tables[name].c.id).limit(1)) is not None
            for name in ("house", "person")
            if name in known
        )


def _unpack(file: Path, room: Path) -> Manifest:
    """The contents in `room`, checked to the last byte; nothing that the manifest does not name."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
            if first is None or first.name != MANIFEST or not first.isfile() or first.size > _CHUNK:
                raise NotRestored(f"{file} is not a backup of a house")
            manifest = _read_manifest(_content(archive, first).read())
            missing = set(manifest.files)
            while (member := archive.next()) is not None:
                if member.name not in missing or not member.isfile():
                    raise NotRestored(f"{file} holds {member.name!r}, which its manifest does not name")
                missing.remove(member.name)
                _write_checked(_content(archive, member), room / member.name, manifest.files[member.name])
    except (OSError, EOFError, tarfile.TarError, ValueError) as fault:
        raise NotRestored(f"{file} cannot be read: {fault}") from fault
    if missing:
        raise NotRestored(f"{file} lacks {', '.join(sorted(missing))}")
    return manifest


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member)
    if content is None:
        raise NotRestored(f"{member.name!r} is not a file")
    return content


def _read_manifest(raw: bytes) -> Manifest:
    """Raises ValueError for anything that is not the manifest of a backup this program can read."""
    try:
        manifest = Manifest(**json.loads(raw))
        known = {"config.toml", *KEY_FILES, DATABASE[manifest.engine]}
        complete = {"field.keys", DATABASE[manifest.engine]} <= set(manifest.files) <= known
    except (TypeError, KeyError, AttributeError) as fault:
        raise ValueError("the manifest is not one of a house") from fault
    if manifest.format != FORMAT:
        raise ValueError(f"it has format {manifest.format}, this program reads {FORMAT}")
    if not complete:
        raise ValueError("the manifest does not name what belongs to a house")
    return manifest


def _write_checked(source: IO[bytes], target: Path, digest: str) -> None:
    found = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while chunk := source.read(_CHUNK):
            found.update(chunk)
            out.write(chunk)
    if found.hexdigest() != digest:
        raise NotRestored(f"{target.name} in the backup is not what it was when the backup was made")


def _know(migration: str) -> None:
    """Raises `NotRestored` for a database that a newer program has made."""
    known = {each.revision for each in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()}
    if migration not in known:
        raise NotRestored(f"the backup stands at migration {migration}, which this program does not know: update it first")


def _prepare_sqlite(copy: Path, after: Iterable[Executable]) -> Path:
    """The copy is examined and put in order where nobody sees it."""
    engine = create_engine(f"sqlite:///{copy}", module=sqlite_driver)
    with engine.begin() as connection:
        raw = connection.connection.driver_connection
        try:
            _examine(raw)
        except BackupFailed as fault:
            raise NotRestored(str(fault)) from fault
        _put_in_order(connection, after)
    engine.dispose()
    return copy


def _put_in_order(connection: Connection, after: Iterable[Executable]) -> None:
    for statement in after:
        connection.execute(statement)


def _replace_sqlite(copy: Path, target: str) -> None:
    """SQLite's backup the other way round: one transaction of the live file, so that readers see the old house or the new."""
    Path(target).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with closing(sqlite_driver.connect(str(copy))) as source, closing(sqlite_driver.connect(target)) as live:
            live.execute("PRAGMA busy_timeout=30000")
            source.backup(live)
            live.execute("PRAGMA journal_mode=WAL")
            live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite_driver.Error as fault:
        raise NotRestored(f"{target}: {fault}; stop the house and try again") from fault
    Path(target).chmod(0o600)


def _prepare_script(room: Path, manifest: Manifest, after: Iterable[Executable]) -> Path:
    """The whole way back as one SQL script, to be run in one transaction."""
    dump, listed, made = room / DATABASE["postgresql"], room / "list", room / "made.sql"
    _run(["pg_restore", "--list", f"--file={listed}", str(dump)], _url(), NotRestored)
    # Extensions and the schema belong to whoever runs the server; the house only needs them to be there.
    lines = [line for line in listed.read_text().splitlines() if not re.search(r" (EXTENSION|SCHEMA) - ", line)]
    lines = [line for line in lines if " COMMENT - EXTENSION " not in line and " COMMENT - SCHEMA " not in line]
    listed.write_text("\n".join(lines) + "\n")
    command = ["pg_restore", "--no-owner", "--no-privileges", f"--use-list={listed}", f"--file={made}", str(dump)]
    _run(command, _url(), NotRestored)
    script = room / "restore.sql"
    with script.open("w", encoding="utf-8") as out:
        out.write("SET lock_timeout = '30s';\nSET client_min_messages = 'warning';\n")
        out.write("SET default_transaction_read_only = off;\n")
        out.write(_CLEARED)
        out.write("CREATE EXTENSION IF NOT EXISTS btree_gist;\n")
        with made.open(encoding="utf-8") as lines_of_dump:
            shutil.copyfileobj(lines_of_dump, out)
        out.write("\nSET search_path = public;\n")
        for statement in after:
            compiled = statement.compile(dialect=_POSTGRESQL, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
            out.write(f"{compiled};\n")
    return script


_CLEARED = """
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP TABLE public.%I CASCADE', found.name);
  END LOOP;
  FOR found IN SELECT p.oid::regprocedure AS name FROM pg_proc p
      WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
    EXECUTE format('DROP FUNCTION %s CASCADE', found.name);
  END LOOP;
END $$;
"""
"""Also what a newer program has added: a table left over would stand in the way of the next migration."""


def _join_keys(theirs: Path, ours: Path) -> None:
    here = crypto.lines_of(ours, "") if ours.exists() else []
    crypto.replace_lines(ours, list(dict.fromkeys([*crypto.lines_of(theirs, ""), *here])))


def _keep_settings(theirs: Path, own: Path) -> None:
    """Settings belong to the machine: those of the backup are used only where there are none, else laid beside."""
    if not theirs.exists():
        return
    target = own / "config.toml"
    if target.exists():
        if target.read_bytes() == theirs.read_bytes():
            return
        target = own / "config.restored.toml"
    shutil.copyfile(theirs, target)
    target.chmod(0o600)


# PostgreSQL's programs -----------------------------------------------------------------------------------------------


def _url() -> URL:
    return make_url(settings().effective_database_url)


def _libpq(url: URL) -> str:
    """The address as libpq reads it, without the password, which everyone on the machine could see in the list of processes."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _program(name: str) -> str:
    """The one that fits the server, else the newest: an older pg_dump refuses a newer server."""
    with db.engines[None].connect() as connection:
        server = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10000
    found = {int(path.parts[4]): str(path) for path in Path("/usr/lib/postgresql").glob(f"[1-9]*/bin/{name}")}
    program = found.get(server) or (found[max(found)] if found else shutil.which(name))
    if program is None:
        raise FileNotFoundError(2, "the program is not installed (Debian: postgresql-client)", name)
    return program


def _run(command: list[str], url: URL, failure: type[Exception]) -> None:
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    try:
        done = subprocess.run(
            [_program(command[0]), *command[1:]], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except OSError as fault:
        raise failure(f"{command[0]}: {fault.strerror or fault}") from fault
    if done.returncode != 0:
        raise failure(f"{command[0]}: {done.stderr.strip()[:2000]}")


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
