"""What is charged beside a room, and its prices: cleaning, heating, extras, deposits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Invalid
from app.core.forms import blame, choices
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.views import here
from app.money import queries as money
from app.offers import policy as offers_policy
from app.offers import queries as offers
from app.offers import service as offers_service
from app.rooms import policy, queries, service
from app.rooms.forms import PricesForm, SurchargeForm
from app.rooms.models import Room
from app.rooms.queries import ManagedSurcharge
from app.rooms.views.manage import managed, prices_page
from app.rooms.views.pages import pages


def managed_surcharge(slug: str, surcharge_id: int) -> ManagedSurcharge | None:
    place = here()
    return queries.managed_surcharge(place.id, slug, surcharge_id) if place else None


@dataclass(frozen=True)
class Priced:
    """A code that surcharges of a house have, with the name they go by."""

    house_id: int
    code: str
    name: str


def priced(code: str) -> Priced | None:
    place = here()
    name = queries.surcharge_names(place.id).get(code) if place else None
    return Priced(place.id, code, name) if place and name else None


@pages.get("/rooms/<slug>/surcharges/new", load=managed, allow=policy.manage_rooms)
def show_new_surcharge_form(room: Room) -> Any:
    return _page(room, None, _form(room, None, income_kind=room.income_kind))


@pages.post("/rooms/<slug>/surcharges/new", load=managed, allow=policy.manage_rooms)
def add_surcharge(room: Room) -> Any:
    """It costs nothing until it has prices; these come next."""
    form = _form(room, request.form)
    if not form.validate():
        return _page(room, None, form), 422
    try:
        made = service.add_surcharge(room, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _page(room, None, form), refusal.status
    say(gettext("%(name)s now belongs to %(room)s. Please look at its prices.", name=made.name, room=room.name))
    return see_other("rooms.show_surcharge_prices_form", code=made.code)


@pages.get("/rooms/<slug>/surcharges/<int:surcharge_id>", load=managed_surcharge, allow=policy.manage_rooms)
def show_surcharge_form(found: ManagedSurcharge) -> Any:
    each = found.surcharge
    return _page(found.room, found, _form(found.room, None, name=each.name, how=each.how, income_kind=each.income_kind))


@pages.post("/rooms/<slug>/surcharges/<int:surcharge_id>", load=managed_surcharge, allow=policy.manage_rooms)
def change_surcharge(found: ManagedSurcharge) -> Any:
    """What is booked already keeps its price."""
    form = _form(found.room, request.form)
    if not form.validate():
        return _page(found.room, found, form), 422
    try:
        service.change_surcharge(found.room, found.surcharge, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _page(found.room, found, form), refusal.status
    say(gettext("%(name)s has been changed.", name=found.surcharge.name))
    return see_other("rooms.show_room_form", slug=found.room.slug)


@pages.get("/rooms/<slug>/surcharges/<int:surcharge_id>/remove", load=managed_surcharge, allow=policy.manage_rooms)
def show_remove_surcharge_form(found: ManagedSurcharge) -> Any:
    return render_template("rooms/remove_surcharge.html", room=found.room, surcharge=found.surcharge)


@pages.post("/rooms/<slug>/surcharges/<int:surcharge_id>/remove", load=managed_surcharge, allow=policy.manage_rooms)
def remove_surcharge(found: ManagedSurcharge) -> Any:
    name = found.surcharge.name
    service.remove_surcharge(found.room, found.surcharge, actor())
    say(gettext("%(name)s no longer belongs to %(room)s.", name=name, room=found.room.name))
    return see_other("rooms.show_room_form", slug=found.room.slug)


def _form(room: Room, data: Any, **values: Any) -> SurchargeForm:
    form = SurchargeForm(data, **values)
    shared = queries.surcharge_names(room.house_id)
    form.code.choices = choices({"": gettext("prices of its own"), **{code: gettext("the same as %(name)s", name=name)
                                                                      for code, name in shared.items()}})  # fmt: skip
    form.income_kind.choices = choices((row.code, row.name) for row in money.income_kinds(room.house_id))
    return form


def _page(room: Room, found: ManagedSurcharge | None, form: SurchargeForm) -> str:
    return render_template("rooms/manage_surcharge.html", room=room, surcharge=found.surcharge if found else None, form=form)


# Prices --------------------------------------------------------------------------------------------------------------


@pages.get("/house/surcharges/<code>/prices", load=priced, allow=offers_policy.change_prices)
def show_surcharge_prices_form(found: Priced) -> Any:
    today = clock.today(i18n.zone())
    form = PricesForm(valid_from=today)
    for _, _, unit, _ in form.lines():
        unit.data = "flat"
    form.show(offers.prices_in_force(found.house_id, found.code, today))
    return _prices_page(found, form)


@pages.post("/house/surcharges/<code>/prices", load=priced, allow=offers_policy.change_prices)
def change_surcharge_prices(found: Priced) -> Any:
    """In every room that has it; what has been booked keeps its price."""
    form = PricesForm(request.form)
    if not form.validate():
        return _prices_page(found, form), 422
    try:
        changed = offers_service.change_prices(found.house_id, found.code, form.day(), form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _prices_page(found, form), refusal.status
    if changed:
        day = i18n.day(form.day(), "d. MMMM y")
        say(gettext("New prices for %(room)s from %(day)s on. What is booked already keeps its price.", room=found.name, day=day))
    else:
        say(gettext("These prices hold anyway. Nothing has been changed."), "info")
    return see_other("rooms.show_surcharge_prices_form", code=found.code)


@pages.post("/house/surcharges/<code>/prices/withdraw", load=priced, allow=offers_policy.change_prices)
def withdraw_surcharge_prices(found: Priced) -> Any:
    """``valid_from`` is the day from which the prices were planned."""
    try:
        day = date.fromisoformat(request.form.get("valid_from", ""))
    except ValueError:
        raise Invalid from None
    offers_service.withdraw_prices(found.house_id, found.code, day, actor())
    say(gettext("The prices planned from %(day)s on are taken back.", day=i18n.day(day, "d. MMMM y")))
    return see_other("rooms.show_surcharge_prices_form", code=found.code)


def _prices_page(found: Priced, form: PricesForm) -> str:
    return prices_page(
        form, found.house_id, found.code, found.name, url_for("rooms.change_surcharge_prices", code=found.code),
        url_for("rooms.withdraw_surcharge_prices", code=found.code), url_for("rooms.manage_rooms"), gettext("Manage rooms"),
        gettext("Leave the price empty for whom it is not charged. A price holds in every room that shares it."),
    )  # fmt: skip
