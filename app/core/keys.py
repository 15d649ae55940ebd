"""Rotating the key of encrypted fields while the house goes on."""

from __future__ import annotations

import time
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy import Column, LargeBinary, Table, func, literal, select, text, tuple_, type_coerce, update

from app.core import crypto
from app.core.db import dialect_name, metadata, run_transaction, session

BATCH = 200
PATIENCE_SECONDS = 60.0


class StillInUse(Exception):
    """An act that began before the new key is still under way; every key has been kept, nothing is lost."""


def rotate_field_keys(batch: int = BATCH) -> int:
    """Add a key, write every encrypted field anew, drop the old keys; returns how many fields were written.

    Broken off at any point, all fields stay readable, and another run finishes. Old keys go only after a whole pass found
    nothing left under them, and no act is under way that may have encrypted something before the new key was there.
    Raises `StillInUse` when such an act does not end, `crypto.Unreadable` when a field was lost long before.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    crypto.add_field_key(app)
    added_at = run_transaction(_database_time)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    written = 0
    while True:
        waiting = _older_acts(added_at)
        changed = sum(_rewrite(table, column, batch) for table, column in _encrypted_columns())
        written += changed
        if not changed and not waiting:
            break
        if waiting and not changed:
            if time.monotonic() > give_up_at:
                raise StillInUse("an act has been under way for a minute; all keys were kept, please run this again")
            time.sleep(0.2)
    crypto.drop_old_field_keys(app)
    return written


def _encrypted_columns() -> list[tuple[Table, Column[str]]]:
    return [
        (table, column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, crypto.Encrypted)
    ]


def _rewrite(table: Table, column: Column[str], batch: int) -> int:
    """Fields of `column` that were not yet under the newest key; each batch is one transaction."""
    key = tuple_(*table.primary_key.columns)
    last: tuple[object, ...] | None = None
    written = 0
    while True:

        def act(after: tuple[object, ...] | None = last) -> tuple[int, tuple[object, ...] | None]:
            wanted = select(*table.primary_key.columns, type_coerce(column, LargeBinary)).where(column.is_not(None))
            if after is not None:
                wanted = wanted.where(key > after)
            rows = session().execute(wanted.order_by(*table.primary_key.columns).limit(batch)).all()
            changed = 0
            for *own, token in rows:
                fresh = crypto.renewed(bytes(token))
                if fresh is not None:
                    values = {column.name: literal(fresh, LargeBinary)}
                    session().execute(update(table).where(key == tuple(own)).values(values))
                    changed += 1
            return changed, tuple(rows[-1][:-1]) if rows else None

        changed, last = run_transaction(act)
        written += changed
        if last is None:
            return written


def _database_time() -> datetime | None:
    """By the server's own clock, which also times the acts of others; None where writers stand in one line anyway."""
    if dialect_name() != "postgresql":
        return None
    moment: datetime = session().execute(select(func.clock_timestamp())).scalar_one()
    return moment


def _older_acts(moment: datetime | None) -> bool:
    if moment is None:
        return False
    asked = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < :moment"
    )
    return bool(run_transaction(lambda: session().scalar(asked, {"moment": moment})))
