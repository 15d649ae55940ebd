"""Which house a reader is in, and the manager's page about it."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, session

from app.core.errors import Invalid
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.policy import everyone
from app.core.web import Pages, actor, say, see_other
from app.houses import policy, queries, service
from app.houses.forms import HouseForm
from app.houses.queries import HouseCard

pages = Pages("houses", __name__)


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


@pages.get("/house", load=here, allow=policy.change_house)
def show_house(house: HouseCard) -> Any:
    """The house itself, and the ways to all that the manager decides."""
    return _house_page(house, HouseForm(obj=house))


@pages.post("/house", load=here, allow=policy.change_house)
def change_house(house: HouseCard) -> Any:
    form = HouseForm(request.form)
    if not form.validate():
        return _house_page(house, form), 422
    try:
        other_holidays = service.change_house(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _house_page(house, form), refusal.status
    say(gettext("The house is written down as you see it here."))
    return see_other("rooms.show_affected") if other_holidays else see_other("houses.show_house")


def _house_page(house: HouseCard, form: HouseForm) -> str:
    return render_template("houses/show_house.html", card=house, form=form)


def several() -> tuple[HouseCard, ...] | None:
    """All houses; None (nothing here) where there is only one: then nobody sees the word."""
    houses = all_houses()
    return houses if len(houses) > 1 else None


@pages.get("/houses", load=several, allow=everyone)
def choose_house(houses: tuple[HouseCard, ...]) -> Any:
    return render_template("houses/choose_house.html", houses=houses)


@pages.post("/houses", load=several, allow=everyone)
def enter_house(houses: tuple[HouseCard, ...]) -> Any:
    """Stay in this house until another is chosen."""
    chosen = next((house for house in houses if house.slug == request.form.get("house")), None)
    if chosen is not None:
        session["house"] = chosen.id
        say(gettext("You are now in: %(house)s", house=chosen.name))
    return redirect("/", 303)
