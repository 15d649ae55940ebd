"""``flask people …``"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.core.db import run_transaction
from app.people import service

people = AppGroup("people", help="The people this house knows.")


@people.command("index")
def index_people() -> None:
    """Make the index of the search anew, after people came in by another way than the program's own."""
    click.echo(run_transaction(service.index_everybody))
