"""The one set of pages all of this folder declares, and what their addresses load."""

from __future__ import annotations

from datetime import date

from flask import request

from app.core.web import LARGEST_ID, Pages
from app.houses.queries import HouseCard
from app.houses.views import here

pages = Pages("library", "app.library")


def house() -> HouseCard | None:
    return here()


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
