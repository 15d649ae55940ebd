"""The one set of pages all of this folder declares, and what their addresses load."""

from __future__ import annotations

from datetime import date

from flask import request

from app.core.web import LARGEST_ID, Pages
from app.houses.queries import HouseCard
from app.houses.views import here
from app.library import queries
from app.library.models import Piece, Thing, ThingClass

pages = Pages("library", "app.library")


def house() -> HouseCard | None:
    return here()


def lent_thing(slug: str) -> Thing | None:
    """A thing residents can see, by its name in the address."""
    place = here()
    return queries.lent_thing(place.id, slug) if place else None


def thing(thing_id: int) -> Thing | None:
    """Any thing of this house."""
    place = here()
    return queries.managed_thing(place.id, thing_id) if place else None


def piece(piece_id: int) -> Piece | None:
    place = here()
    return queries.managed_piece(place.id, piece_id) if place else None


def thing_class(class_id: int) -> ThingClass | None:
    place = here()
    return queries.thing_class(place.id, class_id) if place else None


def asked_day(name: str) -> date | None:
    """``?day=2026-12-03``; None when missing or nonsense."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2199 else None


def id_in(text: str | None) -> int | None:
    """The number of a row as it stands in an address or a hidden field; None for anything else."""
    if text and text.isascii() and text.isdigit() and len(text) < 11 and 0 < int(text) <= LARGEST_ID:
        return int(text)
    return None


def asked_id(name: str) -> int | None:
    return id_in(request.args.get(name))


def asked_page() -> int:
    """``?page=``, 1 and up."""
    return max(1, min(asked_id("page") or 1, 10_000))
