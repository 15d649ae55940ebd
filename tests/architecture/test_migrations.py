"""Migrations lead from nothing to the models and back, on both engines."""

from __future__ import annotations

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

import config
from app.core import db

FOLDER = str(config.ROOT / "migrations")


def _tables() -> set[str]:
    with db.db.engines["writer"].connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_migrated_database_is_what_the_models_say(app: Flask) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with db.db.engines["writer"].connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [each for each in compare_metadata(context, db.metadata) if "ex_occupancy_no_overlap" not in str(each)]
    assert differences == []


def test_down_to_nothing_and_up_again(app: Flask) -> None:
    before = _tables()
    assert before == set(db.metadata.tables)
    downgrade(directory=FOLDER, revision="base")
    assert _tables() == set()
    upgrade(directory=FOLDER)
    assert _tables() == before
