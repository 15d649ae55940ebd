"""The one set of pages that all drawers of money share."""

from __future__ import annotations

from app.core.web import Pages
from app.houses.queries import HouseCard
from app.houses.views import here

pages = Pages("money", "app.money")


def house() -> HouseCard | None:
    """The house whose money it is."""
    return here()
