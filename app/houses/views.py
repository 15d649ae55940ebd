"""Which house a reader is in."""

from __future__ import annotations

from flask import g, session

from app.houses import queries
from app.houses.queries import HouseCard


def all_houses() -> tuple[HouseCard, ...]:
    """The houses of this operator, asked once in a request."""
    if "houses" not in g:
        g.houses = queries.houses()
    found: tuple[HouseCard, ...] = g.houses
    return found


def here() -> HouseCard | None:
    """The house this browser has chosen, else the first; None before the house has been set up."""
    houses = all_houses()
    chosen = session.get("house")
    return next((house for house in houses if house.id == chosen), houses[0] if houses else None)
