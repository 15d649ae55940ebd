"""The demonstration house, furnished once and copied as often as it is wanted, for browsers and pictures.

    template = furnished(folder)
    with open_house(template, elsewhere) as house:
        house.url

It stands at `CLOCK`, the Thursday of the sketches, wherever and whenever it runs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, text

import config
from tests.plumbing.postgres import Cluster
from tests.plumbing.server import Server, running
from tools.serve import flask_command

CLOCK = "2026-11-26T13:40:00+01:00"


def environment(instance: Path, database_url: str = "", **more: str) -> dict[str, str]:
    told = {"QR_INSTANCE_PATH": str(instance), "QR_DEMO": "true", "QR_CLOCK": CLOCK, "QR_LOG_LEVEL": "WARNING"}
    return told | ({"QR_DATABASE_URL": database_url} if database_url else {}) | more


def furnished(instance: Path, database_url: str = "") -> Path:
    """Migrate and furnish a demonstration in the new folder `instance`; nothing runs there afterwards."""
    instance.mkdir(mode=0o700)
    told = {name: value for name, value in os.environ.items() if not name.startswith("QR_")}
    told |= environment(instance, database_url)
    for words in (("db", "upgrade"), ("demo", "load")):
        done = subprocess.run(flask_command(*words), cwd=config.ROOT, env=told, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"flask {' '.join(words)}: {done.stdout}\n{done.stderr}")
    return instance


@contextlib.contextmanager
def open_house(
    template: Path, folder: Path, *, cluster: Cluster | None = None, jobs: bool = True, **more: str
) -> Iterator[Server]:
    """The house in a copy of `template` in the new `folder`, open inside the ``with``.

    With a `cluster`, its database lies there: a copy of what `furnished` made at the address in ``template/database``.
    """
    shutil.copytree(template, folder)
    folder.chmod(0o700)
    url = cluster.make_database(template=(template / "database").read_text()) if cluster else ""
    try:
        with running(environment(folder, url, **more), jobs=jobs) as server:
            yield server
    finally:
        if cluster:
            cluster.drop_database(url)


def one(server: Server, question: str, **values: object) -> int:
    """The number that an SQL question to the house's database answers; LookupError when it answers nothing."""
    engine = create_engine(server.settings.effective_database_url)
    try:
        with engine.connect() as connection:
            found = connection.execute(text(question), values).scalar()
    finally:
        engine.dispose()
    if found is None:
        raise LookupError(f"nothing in the house answers: {question} {values}")
    return int(found)
