"""What all pages of people lean on."""

from __future__ import annotations

from typing import Any

from flask import request

from app.core import i18n
from app.core.forms import clean_line
from app.core.web import Pages
from app.people import queries
from app.people.forms import AGES, CLASSES, PURPOSES, VIAS, WAYS
from app.people.models import Person
from app.people.queries import PersonLine

pages = Pages("people", "app.people")
OFFERED = 8
"""So many people are offered to choose from."""


@pages.blueprint.app_template_global()
def people_words() -> dict[str, Any]:
    """The words of codes, for templates."""
    return {"ages": AGES, "classes": CLASSES, "purposes": PURPOSES, "vias": VIAS, "ways": WAYS, "languages": i18n.NAMES}


def asked() -> str:
    """What stands in the search box, at most 200 letters."""
    return clean_line(request.args.get("q"))[:200]


def number(text: str | None) -> int | None:
    """An id out of a form; None for anything else."""
    written = (text or "").strip()
    return int(written) if written.isascii() and written.isdigit() and len(written) < 11 else None


def chosen_person(text: str | None) -> Person | None:
    """The person whose id stands in a form's choice."""
    person_id = number(text)
    return queries.person(person_id) if person_id is not None else None


def to_choose_from(but: int | None = None) -> list[PersonLine]:
    """Who fits the search box, without the one person it cannot be."""
    return [line for line in queries.search_people(asked(), OFFERED + 1) if line.id != but][:OFFERED]
