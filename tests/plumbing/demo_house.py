"""The demonstration house, furnished once and copied as often as it is wanted, for browsers and pictures.

    template = furnished(folder)
    with open_house(template, elsewhere) as house:
        house.url

It stands at `CLOCK`, the Thursday of the sketches, wherever and whenever it runs. `bare` makes one that nobody has set up.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

import config
from app.houses.models import House
from tests.plumbing.server import Server, running
from tools.serve import flask_command

CLOCK = "2026-11-26T13:40:00+01:00"


def environment(instance: Path, database_url: str = "", **more: str) -> dict[str, str]:
    told = {"QR_INSTANCE_PATH": str(instance), "QR_DEMO": "true", "QR_CLOCK": CLOCK, "QR_LOG_LEVEL": "WARNING"}
    return told | ({"QR_DATABASE_URL": database_url} if database_url else {}) | more


def furnished(instance: Path, database_url: str = "") -> Path:
    """Migrate and furnish a demonstration in the new folder `instance`; nothing runs there afterwards."""
    return _made(instance, database_url, ("db", "upgrade"), ("demo", "load"))


def bare(instance: Path) -> Path:
    """The same without anything in it."""
    return _made(instance, "", ("db", "upgrade"))


def _made(instance: Path, database_url: str, *commands: tuple[str, ...]) -> Path:
    instance.mkdir(mode=0o700)
    told = {name: value for name, value in os.environ.items() if not name.startswith("QR_")}
    told |= environment(instance, database_url)
    for words in commands:
        done = subprocess.run(flask_command(*words), cwd=config.ROOT, env=told, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"flask {' '.join(words)}: {done.stdout}\n{done.stderr}")
    return instance


@contextlib.contextmanager
def open_house(template: Path, folder: Path, database_url: str = "", *, jobs: bool = True, **more: str) -> Iterator[Server]:
    """The house in a copy of `template` in the new `folder`, open inside the ``with``.

    A `database_url` names a database that was furnished, or copied from one that was, together with `template`.
    """
    shutil.copytree(template, folder)
    folder.chmod(0o700)
    with running(environment(folder, database_url, **more), jobs=jobs) as server:
        yield server


def one(server: Server, question: str, **values: object) -> int:
    """The number that an SQL question to the house's database answers; LookupError when it answers nothing."""
    with _database(server) as connection:
        found = connection.execute(text(question), values).scalar()
    if found is None:
        raise LookupError(f"nothing in the house answers: {question} {values}")
    return int(found)


def share_an_address(server: Server, email: str = "familie.kaya@meilentreff.example") -> None:
    """Two of one family get one address, as families do: whoever signs in with it is asked who they are."""
    with _database(server) as connection:
        connection.execute(text("UPDATE person SET email = :email WHERE family_name = 'Kaya'"), {"email": email})
        connection.commit()


def add_two_houses(server: Server) -> None:
    """Two houses that have nothing but a name."""
    engine = create_engine(server.settings.effective_database_url)
    with Session(engine) as session:
        session.add(House(slug="marten", name="Meilentreff Marten", city="Dortmund"))
        session.add(House(slug="eving", name="Meilentreff Eving", city="Dortmund", position=1))
        session.commit()
    engine.dispose()


@contextlib.contextmanager
def _database(server: Server) -> Iterator[Connection]:
    engine = create_engine(server.settings.effective_database_url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
