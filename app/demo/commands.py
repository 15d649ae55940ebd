"""``flask --app wsgi demo load``."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.accounts.commands import ways_in
from app.core import i18n
from app.core.db import transaction
from app.demo import service
from app.money.service import LEDGER

demo = AppGroup("demo", help="The demonstration house.")
demo.add_command(ways_in)


@demo.command("load")
def load() -> None:
    """Furnish an empty instance as the demonstration house."""
    if not current_app.extensions["settings"].demo:
        raise click.ClickException("this instance is not a demonstration: set `demo = true` in instance/config.toml first")
    try:
        with transaction(turns=[LEDGER]), i18n.speaking("de"):
            made = service.load_demo()
    except service.AlreadyFurnished as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(", ".join(f"{count} {kind}" for kind, count in made.items()))
