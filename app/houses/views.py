"""Which house a reader is in."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, session

from app.core import web
from app.core.i18n import gettext
from app.core.policy import everyone
from app.houses import queries
from app.houses.queries import HouseCard

pages = web.Pages("houses", __name__)


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


def several() -> tuple[HouseCard, ...] | None:
    """All houses; None (nothing here) where there is only one: then nobody sees the word."""
    houses = all_houses()
    return houses if len(houses) > 1 else None


@pages.get("/houses", allow=everyone, load=several)
def choose_house(houses: tuple[HouseCard, ...]) -> Any:
    return render_template("houses/choose_house.html", houses=houses)


@pages.post("/houses", allow=everyone, load=several)
def enter_house(houses: tuple[HouseCard, ...]) -> Any:
    chosen = next((house for house in houses if house.slug == request.form.get("house")), None)
    if chosen is not None:
        session["house"] = chosen.id
        web.say(gettext("You are now in: %(house)s", house=chosen.name))
    return redirect("/", 303)
