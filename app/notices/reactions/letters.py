"""What every letter has: greeting, sender, addresses of pages."""

from __future__ import annotations

from collections.abc import Iterable

from flask import current_app

from app.core.i18n import gettext
from app.houses.queries import HouseCard


def letter(name: str, house: HouseCard, paragraphs: Iterable[str]) -> str:
    greeting = gettext("Hello %(name)s,", name=name) if name else gettext("Hello,")
    sender = "\n".join(filter(None, (house.name, house.address, house.phone)))
    return "\n\n".join((greeting, *filter(None, paragraphs), gettext("Kind regards"), sender)) + "\n"


def url(path: str) -> str:
    return str(current_app.extensions["settings"].public_url).rstrip("/") + path
