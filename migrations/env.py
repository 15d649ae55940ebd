"""Alembic's environment: migrations run on the writer, in one transaction a migration."""

from __future__ import annotations

import logging
from typing import Any

from alembic import context
from alembic.operations.ops import CreateTableOp
from flask import current_app

from app.core.crypto import Encrypted
from app.core.db import Instant, db

log = logging.getLogger("alembic.env")
HAND_MADE = {"ex_occupancy_no_overlap"}


def render_item(kind: str, item: Any, autogen: Any) -> str | bool:
    """Own types as the plain ones they stand on: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Encrypted):
        return "sa.LargeBinary()"
    return False


def include_object(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    return name not in HAND_MADE


def leave_out_words(context: Any, revision: Any, directives: list[Any]) -> None:
    """``info`` of a table is for our own code, in the reader's language; no database wants it."""
    for script in directives:
        for operation in script.upgrade_ops.ops:
            if isinstance(operation, CreateTableOp):
                operation.info = {}


def run() -> None:
    engine = db.engines["writer"]
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            include_object=include_object,
            process_revision_directives=leave_out_words,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("offline migrations are not supported: run them where the database is")
assert current_app
run()
