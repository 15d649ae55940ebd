"""A real database for every test that touches data: the same test on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

import config
from app import create_app
from app.core import clock, db
from tests.browser_client import Reader
from tests.plumbing.postgres import Cluster, shared_cluster

for name in list(os.environ):
    if name.startswith("QR_"):
        del os.environ[name]

# Thousands of databases are made and committed to; in memory that is minutes faster, and no test asks what a power cut does.
if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")

ENGINES = ("sqlite", "postgresql")
THURSDAY = datetime(2026, 11, 26, 12, 40, tzinfo=UTC)
"""13:40 in Dortmund on the Thursday of the sketches: most tests stand here."""


@dataclass(frozen=True)
class Template:
    """A migrated, empty database to be cloned for each test."""

    engine: str
    path: Path
    cluster: Cluster | None
    name: str = ""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with shared_cluster(tmp_path_factory) as running:
        yield running


def settings_for(instance: Path, database_url: str = "", **more: object) -> config.Settings:
    return config.load({}, instance_path=instance, database_url=database_url, **{"demo": True, **more})


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    instance = tmp_path_factory.mktemp("template")
    _migrate(create_app(settings_for(instance)))
    return Template("sqlite", instance / "centre.db", None)


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Template:
    instance = tmp_path_factory.mktemp("template-pg")
    url = cluster.make_database()
    application = create_app(settings_for(instance, url))
    _migrate(application)
    return Template("postgresql", instance, cluster, url)


def _migrate(application: Flask) -> None:
    with application.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
        for engine in db.db.engines.values():
            if engine.dialect.name == "sqlite":
                connection = engine.raw_connection()  # outside any transaction
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()
            engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine this test runs on; every test with data runs on both."""
    return str(request.param)


@pytest.fixture
def settings(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[config.Settings]:
    """Settings of a fresh house on a fresh clone of the migrated database."""
    template: Template = request.getfixturevalue(f"{engine}_template")
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    if template.cluster is None:
        shutil.copyfile(template.path, instance / "centre.db")
        yield settings_for(instance)
    else:
        url = template.cluster.make_database(template=template.name)
        yield settings_for(instance, url)
        template.cluster.drop_database(url)


@pytest.fixture
def bare_app(settings: config.Settings) -> Iterator[Flask]:
    """The application on an empty database, outside any context, at `THURSDAY`."""
    application = create_app(settings)
    application.testing = True
    with clock.stopped_at(THURSDAY):
        yield application
    with application.app_context():
        for each in db.db.engines.values():
            each.dispose()


@pytest.fixture
def app(bare_app: Flask) -> Iterator[Flask]:
    """The same inside an application context, for services and queries."""
    with bare_app.app_context():
        yield bare_app


@pytest.fixture
def reader(bare_app: Flask) -> Reader:
    """Somebody with a browser who criticises every page; not signed in."""
    return Reader(bare_app)
