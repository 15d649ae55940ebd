"""``flask check``: does what must always hold, hold?

Each feature gives its own checks to ``wiring.CHECKS``; a check reads, and yields one English sentence for each thing
that is wrong. Here stand those of the ground: the database itself, its guards, and the files beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import LargeBinary, select, text, type_coerce

from app.core import crypto
from app.core.db import dialect_name, metadata, session
from app.core.health import migration_state
from config import Settings

KEY_FILES = ("secret.key", "field.keys", "fingerprint.key")


@dataclass(frozen=True)
class Progress:
    """How far a long check has come; yielded between findings."""

    done: int
    total: int


@dataclass(frozen=True)
class Check:
    """`run` reads and yields findings; none yielded means that all is well."""

    name: str
    run: Callable[[], Iterable[str | Progress]]


def findings(checks: Iterable[Check], tell: Callable[[str, Progress], None] | None = None) -> Iterator[tuple[str, str]]:
    """Pairs of a check's name and what it found; a check that cannot even run is a finding too. `tell` hears how far one is."""
    for check in checks:
        try:
            for finding in check.run():
                if not isinstance(finding, Progress):
                    yield check.name, finding
                elif tell is not None:
                    tell(check.name, finding)
        except Exception as fault:
            session().rollback()
            yield check.name, f"could not be checked: {type(fault).__name__}: {fault}"


def database() -> Iterator[str]:
    """The engine's own examination, references that lead nowhere, the newest migration."""
    state = migration_state(session().connection())
    if state != "current":
        yield f"the migrations are {state}: run flask db upgrade"
    if dialect_name() == "sqlite":
        for (word,) in session().execute(text("PRAGMA integrity_check(100)")):
            if word != "ok":
                yield word
        for table, row, parent, _ in session().execute(text("PRAGMA foreign_key_check")):
            yield f"{table} {row} refers to a row of {parent} that does not exist"
    else:
        unproven = (
            "SELECT conrelid::regclass, conname FROM pg_constraint "
            "WHERE NOT convalidated AND connamespace = 'public'::regnamespace"
        )
        for table, name in session().execute(text(unproven)):
            yield f"constraint {name} of {table} has never been proven"
        broken = "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"
        for (name,) in session().execute(text(broken)):
            yield f"index {name} is not valid"


WRITTEN_ONCE = (
    "charge", "charge_line", "cash_day", "deposit", "deposit_movement", "expense", "invoice", "journal_entry", "ledger_entry",
    "ledger_line", "payment", "period_lock", "refund", "settlement", "time_entry",
)  # fmt: skip
FOLLOWING = {
    "ledger_entry_sealed", "ledger_line_unsealed", "period_lock_forward", "ledger_entry_balance", "settlement_settles",
    "deposit_movement_moves", "time_entry_mirrors", "time_entry_moves",
}  # fmt: skip
GUARDS = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        {"occupancy_no_overlap_insert", "occupancy_no_overlap_update"}
        | {f"{table}_no_{moment}" for table in WRITTEN_ONCE for moment in ("update", "delete")}
        | FOLLOWING,
    ),
    "postgresql": (
        "SELECT conname FROM pg_constraint UNION SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'",
        {"ex_occupancy_no_overlap"} | {f"{table}_written_once" for table in WRITTEN_ONCE} | FOLLOWING,
    ),
}


def guards() -> Iterator[str]:
    """What keeps the promises must itself be there."""
    question, wanted = GUARDS[dialect_name()]
    for name in sorted(wanted - set(session().scalars(text(question)))):
        yield f"the database no longer has its guard {name}"


def keys() -> Iterator[str]:
    """The secret files, and whether every encrypted field can still be read."""
    settings: Settings = current_app.extensions["settings"]
    for name in KEY_FILES:
        file = settings.instance_path / name
        if not file.exists():
            yield f"{file} is missing"
        elif file.stat().st_mode & 0o077:
            yield f"{file} can be read by others: chmod 600 {file}"
    for table in metadata.sorted_tables:
        for column in table.columns:
            if not isinstance(column.type, crypto.Encrypted):
                continue
            stored = select(*table.primary_key.columns, type_coerce(column, LargeBinary)).where(column.is_not(None))
            for *key, token in session().execute(stored).yield_per(500):
                try:
                    crypto.renewed(bytes(token))
                except crypto.Unreadable:
                    yield f"{table.name} {' '.join(map(str, key))}: {column.name} cannot be read with the keys of this instance"
