"""Offerings, kinds of income and the dated values of law and house: what the treasurer keeps in order before money comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request

from app.core import clock, i18n
from app.core.errors import Invalid
from app.core.forms import blame, choices
from app.core.i18n import gettext, ngettext
from app.core.i18n import lazy as _l
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, queries, service
from app.money.forms.offerings import SPHERES, TAXES, KindForm, OfferingForm, ValueForm
from app.money.models import IncomeKind
from app.money.views.pages import house, pages
from app.offers import queries as offers
from app.offers import service as offers_service
from app.offers.models import Offering, Sphere, TaxCode
from app.offers.queries import Value

ONE_DAY = timedelta(days=1)


# Offerings -----------------------------------------------------------------------------------------------------------


@pages.get("/money/offerings", load=house, allow=policy.keep_books)
def list_offerings(house: HouseCard) -> Any:
    """The services of the house, and what money for them is booked as."""
    found = offers.offerings(house.id, archived=True)
    kinds: dict[str, list[str]] = {}
    for kind in queries.income_kinds(house.id):
        kinds.setdefault(kind.offering_code, []).append(kind.name)
    return render_template(
        "money/list_offerings.html",
        offerings=[(each, sphere_words(each.sphere), kinds.get(each.code, [])) for each in found if each.archived_at is None],
        archived=[each for each in found if each.archived_at is not None],
    )


def sphere_words(sphere: str) -> str:
    """``V, asset management``: the letter of the books and the first words."""
    return i18n.together(Sphere(sphere).letter, str(SPHERES[Sphere(sphere)]).partition(":")[0])


@pages.post("/money/offerings/ready", load=house, allow=policy.keep_books)
def furnish_books(house: HouseCard) -> Any:
    """A house from before there were books begins with the ready offerings and kinds of income."""
    if service.furnish_if_bare(house.id):
        say(gettext("The ready offerings are written down. Look them through with your tax adviser."))
    return see_other("money.list_offerings")


def offering(offering_id: int) -> Offering | None:
    here = house()
    found = offers.offering_by_id(offering_id)
    return found if found and here and found.house_id == here.id else None


@pages.get("/money/offerings/new", load=house, allow=policy.keep_books)
def show_new_offering_form(house: HouseCard) -> Any:
    return _offering_page(None, OfferingForm(paid="yes"))


@pages.post("/money/offerings/new", load=house, allow=policy.keep_books)
def add_offering(house: HouseCard) -> Any:
    form = OfferingForm(request.form)
    if not form.validate():
        return _offering_page(None, form), 422
    try:
        made = offers_service.add_offering(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _offering_page(None, form), refusal.status
    say(gettext("%(name)s is written down.", name=made.name))
    return see_other("money.list_offerings")


@pages.get("/money/offerings/<int:offering_id>", load=offering, allow=policy.keep_books)
def show_offering_form(offering: Offering) -> Any:
    form = OfferingForm(obj=offering)
    form.show(offering)
    return _offering_page(offering, form)


@pages.post("/money/offerings/<int:offering_id>", load=offering, allow=policy.keep_books)
def change_offering(offering: Offering) -> Any:
    form = OfferingForm(request.form)
    if not form.validate():
        return _offering_page(offering, form), 422
    try:
        offers_service.change_offering(offering, form.request(offering.code), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _offering_page(offering, form), refusal.status
    say(gettext("%(name)s has been changed.", name=offering.name))
    return see_other("money.list_offerings")


@pages.get("/money/offerings/<int:offering_id>/archive", load=offering, allow=policy.keep_books)
def show_archive_offering_form(offering: Offering) -> Any:
    return render_template("money/archive_offering.html", offering=offering)


@pages.post("/money/offerings/<int:offering_id>/archive", load=offering, allow=policy.keep_books)
def archive_offering(offering: Offering) -> Any:
    """Its past stays in the books."""
    offers_service.archive_offering(offering, actor())
    say(gettext("%(name)s is put away. What was booked for it stays.", name=offering.name))
    return see_other("money.list_offerings")


@pages.post("/money/offerings/<int:offering_id>/restore", load=offering, allow=policy.keep_books)
def restore_offering(offering: Offering) -> Any:
    offers_service.archive_offering(offering, actor(), archived=False)
    say(gettext("%(name)s is in use again.", name=offering.name))
    return see_other("money.list_offerings")


def _offering_page(offering: Offering | None, form: OfferingForm) -> str:
    return render_template("money/edit_offering.html", offering=offering, form=form)


# Kinds of income -----------------------------------------------------------------------------------------------------


@pages.get("/money/kinds", load=house, allow=policy.keep_books)
def list_income_kinds(house: HouseCard) -> Any:
    """What takings are booked as."""
    found = queries.income_kinds(house.id, archived=True)
    rates = offers.tax_rates(clock.today(i18n.zone()))
    return render_template(
        "money/list_income_kinds.html",
        kinds=[(each, _tax_words(each.tax_code, rates), sphere_words(each.sphere)) for each in found if each.archived_at is None],
        archived=[each for each in found if each.archived_at is not None],
    )


def _tax_words(code: str, rates: Mapping[str, int]) -> str:
    """With its rate, where it has one."""
    rate = rates.get(code, 0)
    word = str(TAXES[TaxCode(code)]).partition(":")[0]
    return i18n.together(word, _percent(rate)) if rate else word


@dataclass(frozen=True)
class OwnKind:
    """A kind of income with the house it belongs to."""

    house_id: int
    kind: IncomeKind


def income_kind(code: str) -> OwnKind | None:
    here = house()
    found = queries.income_kind(here.id, code) if here else None
    return OwnKind(here.id, found) if here and found else None


@pages.get("/money/kinds/new", load=house, allow=policy.keep_books)
def show_new_income_kind_form(house: HouseCard) -> Any:
    return _kind_page(None, _kind_form(house.id, None))


@pages.post("/money/kinds/new", load=house, allow=policy.keep_books)
def add_income_kind(house: HouseCard) -> Any:
    form = _kind_form(house.id, request.form)
    if not form.validate():
        return _kind_page(None, form), 422
    try:
        made = service.add_income_kind(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _kind_page(None, form), refusal.status
    say(gettext("%(name)s is written down.", name=made.name))
    return see_other("money.list_income_kinds")


@pages.get("/money/kinds/<code>", load=income_kind, allow=policy.keep_books)
def show_income_kind_form(own: OwnKind) -> Any:
    return _kind_page(own.kind, _kind_form(own.house_id, None, own.kind))


@pages.post("/money/kinds/<code>", load=income_kind, allow=policy.keep_books)
def change_income_kind(own: OwnKind) -> Any:
    """What is charged already stays booked as it was."""
    form = _kind_form(own.house_id, request.form)
    if not form.validate():
        return _kind_page(own.kind, form), 422
    try:
        service.change_income_kind(own.house_id, own.kind, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _kind_page(own.kind, form), refusal.status
    say(gettext("%(name)s has been changed.", name=own.kind.name))
    return see_other("money.list_income_kinds")


@pages.post("/money/kinds/<code>/archive", load=income_kind, allow=policy.keep_books)
def archive_income_kind(own: OwnKind) -> Any:
    """It can be taken back into use with one tap, so it asks nothing."""
    service.archive_income_kind(own.house_id, own.kind, actor())
    say(gettext("%(name)s is put away. What was booked for it stays.", name=own.kind.name))
    return see_other("money.list_income_kinds")


@pages.post("/money/kinds/<code>/restore", load=income_kind, allow=policy.keep_books)
def restore_income_kind(own: OwnKind) -> Any:
    service.archive_income_kind(own.house_id, own.kind, actor(), archived=False)
    say(gettext("%(name)s is in use again.", name=own.kind.name))
    return see_other("money.list_income_kinds")


def _kind_form(house_id: int, data: Any, kind: IncomeKind | None = None) -> KindForm:
    form = KindForm(data, obj=kind)
    form.offering_code.choices = choices((each.code, f"{each.code} {each.name}") for each in offers.offerings(house_id))
    form.account_code.choices = choices((code, f"{code} {name}") for code, name in queries.income_accounts())
    return form


def _kind_page(kind: IncomeKind | None, form: KindForm) -> str:
    return render_template("money/edit_income_kind.html", kind=kind, form=form)


# Dated values --------------------------------------------------------------------------------------------------------

KEYS = {
    "rooms.cancellation": _l("Cancelling a room"),
    "vat.small_business": _l("The house is a small business (§ 19 UStG): no VAT"),
    "vat.standard": _l("VAT, standard rate"),
    "vat.reduced": _l("VAT, reduced rate"),
    "vat.food": _l("VAT on food eaten on the spot"),
    "vat.drinks": _l("VAT on drinks"),
    "vat.combined_drinks": _l("Share of drinks in one price for food and drinks"),
    "vat.small_business.last_year": _l("Small business: takings of last year at most"),
    "vat.small_business.this_year": _l("Small business: takings of this year at most"),
    "tax.business_income": _l("Taxable business: takings a year that stay without tax"),
    "tax.timely_use": _l("Takings a year up to which money need not be used in time"),
    "allowance.trainer": _l("Allowance for trainers, a year"),
    "allowance.volunteer": _l("Allowance for volunteers, a year"),
    "wage.minimum": _l("Minimum wage, an hour"),
    "wage.minijob": _l("Mini-job: wage a month at most"),
    "keep.books": _l("Books are kept for"),
    "keep.vouchers": _l("Vouchers are kept for"),
    "lending.most_things": _l("Lending: things a household has at once"),
    "lending.hold_open_days": _l("Lending: how long something is kept for the first in the queue"),
    "lending.grace_open_days": _l("Lending: how long a reservation waits after its pick-up day"),
    "lending.ahead_days": _l("Lending: how far ahead things can be reserved"),
    "lending.returns_minutes": _l("Lending: things are due this long after the desk opens"),
    "lending.changeover_minutes": _l("Lending: what came back can be picked up this long after the desk opens"),
    "lending.proven_returns": _l("Lending: good returns that make somebody proven"),
    "lending.forget_months": _l("Lending: when it is forgotten who had a thing"),
    "swap.visit_pieces": _l("Swap shelf: pieces to bring at a visit, at most"),
    "swap.month_pieces": _l("Swap shelf: pieces to take in a month, at most"),
    "swap.sweep_weeks": _l("Swap shelf: goes to charity after"),
    "time.start": _l("Time bank: gift at the start"),
    "time.floor": _l("Time bank: below zero at most"),
    "time.ceiling": _l("Time bank: on an account at most"),
    "time.listing_days": _l("Time bank: offers and wishes stand for"),
    "time.answer_days": _l("Time bank: silence is a yes after"),
}
"""Every value in words, in the order in which they matter."""


@dataclass(frozen=True)
class ValueLine:
    """A value and the days it holds; `state` is its word and tone."""

    words: str
    source: str
    days: str
    state: tuple[str, str]


@dataclass(frozen=True)
class Known:
    """A key there are values of; they hold in every house, and are kept from the one the reader is in."""

    house_id: int
    key: str
    name: str
    rows: list[Value]

    @property
    def unit(self) -> str:
        return self.rows[0].unit

    def on(self, day: date) -> Value | None:
        return next((row for row in self.rows if _holds(row, day)), None)


def key_words(key: str) -> str:
    return str(KEYS.get(key, key))


def value_words(value: str, unit: str) -> str:
    """In its unit: ``19 %``, ``50.000,00 €``, ``8 years``, ``yes``, or the terms of cancelling."""
    if unit == "bp":
        return _percent(int(value))
    if unit == "cents":
        return i18n.money(int(value))
    if unit == "years":
        return ngettext("one year", "%(num)d years", int(value))
    if unit == "weeks":
        return ngettext("one week", "%(num)d weeks", int(value))
    if unit == "days":
        return ngettext("one day", "%(num)d days", int(value))
    if unit == "pieces":
        return ngettext("one piece", "%(num)d pieces", int(value))
    if unit == "hours":
        return i18n.duration(60 * int(value))
    if unit == "yes/no":
        return gettext("yes") if value == "1" else gettext("no")
    if unit == "days:percent":
        told = [
            gettext("up to %(days)s days before: %(percent)s %%", days=days, percent=percent)
            if days
            else gettext("later: %(percent)s %%", percent=percent)
            for days, percent in offers.cancellation_steps(value)
        ]
        return i18n.dotted(*told)
    return f"{value} {unit}"


def _percent(bp: int) -> str:
    number = f"{bp / 100:g}"
    return f"{number if i18n.language() != 'de' else number.replace('.', ',')} %"


@pages.get("/money/values", load=house, allow=policy.keep_books)
def list_values(house: HouseCard) -> Any:
    """Every value in words, as it is today, and what is planned."""
    today = clock.today(i18n.zone())
    by_key: dict[str, list[Value]] = {}
    for row in offers.values_of():
        by_key.setdefault(row.key, []).append(row)
    order = {key: place for place, key in enumerate(KEYS)}
    lines = []
    for key in sorted(by_key, key=lambda each: (order.get(each, len(order)), each)):
        known = Known(house.id, key, key_words(key), by_key[key])
        now, coming = known.on(today), min((row.valid_from for row in known.rows if row.valid_from > today), default=None)
        words = value_words(now.value, now.unit) if now else gettext("nothing yet")
        lines.append((known, words, now.source if now else "", coming))
    return render_template("money/list_values.html", lines=lines)


def known_value(key: str) -> Known | None:
    here = house()
    rows = offers.values_of(key) if here else []
    return Known(here.id, key, key_words(key), rows) if here and rows else None


@pages.get("/money/values/<key>", load=known_value, allow=policy.keep_books)
def show_value_form(known: Known) -> Any:
    today = clock.today(i18n.zone())
    form = ValueForm(valid_from=today)
    now = known.on(today)
    if now is not None:
        form.show(now)
    return _value_page(known, form)


@pages.post("/money/values/<key>", load=known_value, allow=policy.keep_books)
def set_value(known: Known) -> Any:
    """What held on a day that is over stays as it was."""
    form = ValueForm(request.form)
    if not form.validate() or not form.complete(known.unit):
        return _value_page(known, form), 422
    try:
        changed = offers_service.set_value(known.key, form.value(known.unit), form.day(), form.source.data or "", actor())
    except Invalid as refusal:
        blame(form, refusal, {"value": form.shown(known.unit)[0].name})
        return _value_page(known, form), refusal.status
    if changed:
        say(gettext("From %(day)s on it is so: %(name)s.", day=i18n.day(form.day()), name=known.name))
    else:
        say(gettext("This holds anyway. Nothing has been changed."), "info")
    return see_other("money.show_value_form", key=known.key)


@pages.post("/money/values/<key>/withdraw", load=known_value, allow=policy.keep_books)
def withdraw_value(known: Known) -> Any:
    """``valid_from`` is the day from which it was planned."""
    try:
        day = date.fromisoformat(request.form.get("valid_from", ""))
    except ValueError:
        raise Invalid from None
    offers_service.withdraw_value(known.key, day, actor())
    say(gettext("What was planned from %(day)s on is taken back.", day=i18n.day(day)))
    return see_other("money.show_value_form", key=known.key)


def _value_page(known: Known, form: ValueForm) -> str:
    today = clock.today(i18n.zone())
    return render_template(
        "money/edit_value.html",
        known=known,
        form=form,
        fields=form.shown(known.unit),
        lines=[_value_line(row, today) for row in known.rows],
        planned=[row.valid_from for row in known.rows if row.valid_from > today],
    )


def _value_line(row: Value, today: date) -> ValueLine:
    begin = i18n.day(row.valid_from, "d. MMMM y")
    if row.valid_until is None:
        days = gettext("from %(day)s", day=begin)
    else:
        days = gettext("%(first)s to %(last)s", first=begin, last=i18n.day(row.valid_until - ONE_DAY, "d. MMMM y"))
    if _holds(row, today):
        state = (gettext("now"), "sage")
    elif row.valid_from > today:
        state = (gettext("planned"), "sky")
    else:
        state = (gettext("over"), "plain")
    return ValueLine(value_words(row.value, row.unit), row.source, days, state)


def _holds(row: Value, day: date) -> bool:
    return row.valid_from <= day and (row.valid_until is None or day < row.valid_until)
