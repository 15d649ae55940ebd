"""``flask --app wsgi house …``."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.home import service
from app.houses import queries

house = AppGroup("house", help="The house itself.")


@house.command("set-up-code")
def print_set_up_code() -> None:
    """Print where a new house is set up and with which code; nothing once it has been."""
    if queries.house() is not None:
        return
    settings = current_app.extensions["settings"]
    click.echo(f"This house is new. Set it up at {settings.public_url.rstrip('/')}/set-up")
    click.echo(f"Set-up code: {service.set_up_code(settings.instance_path)}")
