"""What the manager decides about rooms: which there are, how they are booked, what they cost; and what lies outside new hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame, choices
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.houses.views import here
from app.money import queries as money
from app.offers import policy as offers_policy
from app.offers import queries as offers
from app.offers.models import Tariff
from app.people.models import TariffClass
from app.rooms import policy, queries, service
from app.rooms.forms import HOW, PricesForm, RoomForm
from app.rooms.models import Feature, Room, SurchargeHow
from app.rooms.queries import Affected, SurchargeCard
from app.rooms.views.pages import house, pages
from app.rooms.views.words import CLASSES, feature_words, price_words, state_words

ONE_DAY = timedelta(days=1)
ONE_YEAR = timedelta(days=365)
MOST_SHOWN = 200


def managed(slug: str) -> Room | None:
    """The room of this house by its name in the address, also one out of use."""
    place = here()
    return queries.managed_room(place.id, slug) if place else None


# Rooms -------------------------------------------------------------------------------------------------------------


@pages.get("/rooms/manage", load=house, allow=policy.manage_rooms)
def manage_rooms(house: HouseCard) -> Any:
    """All rooms in their order, and those out of use."""
    today = clock.today(i18n.zone())
    rooms = queries.managed_rooms(house.id)
    priced = {row.code for row in offers.tariffs(house.id) if _holds(row, today)}
    return render_template(
        "rooms/manage_rooms.html",
        rooms=[room for room in rooms if room.archived_at is None],
        archived=[room for room in rooms if room.archived_at is not None],
        priced=priced,
    )


@pages.get("/rooms/new", load=house, allow=policy.manage_rooms)
def show_new_room_form(house: HouseCard) -> Any:
    return _room_page(None, _form(house.id, None))


@pages.post("/rooms/new", load=house, allow=policy.manage_rooms)
def create_room(house: HouseCard) -> Any:
    """A new room; it can be booked at once, free of charge until it has prices."""
    form = _form(house.id, request.form)
    if not form.validate():
        return _room_page(None, form), 422
    try:
        room = service.create_room(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _room_page(None, form), refusal.status
    say(gettext("%(room)s can now be booked. Until it has prices, it is free of charge.", room=room.name))
    return see_other("rooms.manage_rooms")


@pages.get("/rooms/<slug>/edit", load=managed, allow=policy.manage_rooms)
def show_room_form(room: Room) -> Any:
    return _room_page(room, _form(room.house_id, None, room))


@pages.post("/rooms/<slug>/edit", load=managed, allow=policy.manage_rooms)
def change_room(room: Room) -> Any:
    """What is booked already keeps its time, its set-up time and its price."""
    form = _form(room.house_id, request.form)
    if not form.validate():
        return _room_page(room, form), 422
    try:
        service.change_room(room, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _room_page(room, form), refusal.status
    except service.RoomInUse as refusal:
        form.parts.errors = [str(refusal)]
        return _room_page(room, form), refusal.status
    say(gettext("%(room)s has been changed.", room=room.name))
    return see_other("rooms.manage_rooms")


@pages.get("/rooms/<slug>/archive", load=managed, allow=policy.manage_rooms)
def show_archive_form(room: Room) -> Any:
    return _archive_page(room, None)


@pages.post("/rooms/<slug>/archive", load=managed, allow=policy.manage_rooms)
def archive_room(room: Room) -> Any:
    try:
        service.archive_room(room, actor())
    except service.RoomInUse as refusal:
        return _archive_page(room, refusal), refusal.status
    say(gettext("%(room)s is out of use. What was booked there stays written down.", room=room.name))
    return see_other("rooms.manage_rooms")


@pages.post("/rooms/<slug>/restore", load=managed, allow=policy.manage_rooms)
def restore_room(room: Room) -> Any:
    service.restore_room(room, actor())
    say(gettext("%(room)s can be booked again.", room=room.name))
    return see_other("rooms.manage_rooms")


@pages.post("/rooms/<slug>/up", load=managed, allow=policy.manage_rooms)
def move_room_up(room: Room) -> Any:
    """One place up in the order of the house."""
    service.move_room_up(room, actor())
    return see_other("rooms.manage_rooms")


def _form(house_id: int, data: Any, room: Room | None = None) -> RoomForm:
    form = RoomForm(data, obj=room) if room is None else RoomForm(data, obj=room, parts=[part.id for part in room.parts])
    form.features.choices = choices(zip([feature.value for feature in Feature], feature_words(Feature), strict=True))
    kinds = [(row.code, row.name) for row in money.income_kinds(house_id)]
    form.income_kind.choices = choices(
        kinds if room and room.income_kind in dict(kinds) else [("", gettext("letting rooms")), *kinds]
    )
    form.parts.choices = choices((part.id, part.name) for part in queries.usable_parts(house_id))
    if room is not None and data is None:
        form.parts.data = [part.id for part in room.parts]
    return form


def _room_page(room: Room | None, form: RoomForm) -> str:
    return render_template(
        "rooms/manage_room.html",
        room=room,
        form=form,
        surcharges=[] if room is None else surcharge_lines(room),
    )


def surcharge_lines(room: Room) -> list[tuple[SurchargeCard, str, str]]:
    """What is charged beside a room: when, and what it costs whom, in words."""
    today = clock.today(i18n.zone())
    lines = []
    for each in queries.surcharges(room.house_id).get(room.id, ()):
        prices = offers.prices_in_force(room.house_id, each.code, today)
        words = i18n.dotted(*(f"{code.value}: {price_words(prices[code])}" for code in CLASSES if code in prices))
        lines.append((each, str(HOW[SurchargeHow(each.how)]), words))
    return lines


def _archive_page(room: Room, refusal: Refusal | None) -> str:
    return render_template("rooms/manage_archive.html", room=room, refusal=refusal, coming=queries.coming_bookings(room.id))


# Outside the hours -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AffectedLine:
    """A booking outside the hours as the work list tells it."""

    booking: Affected
    state: tuple[str, str]


@pages.get("/rooms/affected", load=house, allow=policy.manage_bookings)
def show_affected(house: HouseCard) -> Any:
    """Bookings that lie outside the hours: nothing is deleted silently, each is moved, cancelled or left by somebody."""
    first, last = _days()
    found = queries.outside_hours(house.id, first, last, i18n.zone())
    return render_template(
        "rooms/manage_affected.html",
        first=first,
        last=last,
        lines=[AffectedLine(each, state_words(each.state)) for each in found[:MOST_SHOWN]],
        more=max(0, len(found) - MOST_SHOWN),
        may_change_hours=offers_policy.change_hours(actor(), house),
    )


def _days() -> tuple[date, date]:
    """``?first=…&last=…``, the coming year without; never the past, never more than a year."""
    today = clock.today(i18n.zone())
    first = max(today, _asked("first") or today)
    last = _asked("last") or first + ONE_YEAR
    return first, min(max(first, last), first + ONE_YEAR)


def _asked(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2199 else None


# Prices ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PriceLine:
    """One price and the days it holds; `state` is its word and tone."""

    who: str
    price: str
    days: str
    state: tuple[str, str]


@pages.get("/house/prices", load=house, allow=offers_policy.change_prices)
def show_prices(house: HouseCard) -> Any:
    """What each room costs whom today."""
    today = clock.today(i18n.zone())
    rows = offers.tariffs(house.id)
    lines = []
    for room in queries.rooms(house.id):
        own = [row for row in rows if row.code == room.tariff_code]
        now = {row.tariff_class: _price_of(row) for row in own if _holds(row, today)}
        coming = min((row.valid_from for row in own if row.valid_from > today), default=None)
        words = i18n.dotted(*(f"{code.value}: {price_words(now[code])}" for code in CLASSES if code in now))
        lines.append((room, words, coming))
    return render_template("rooms/manage_prices.html", lines=lines, classes=list(CLASSES.items()))


@pages.get("/house/prices/<slug>", load=managed, allow=offers_policy.change_prices)
def show_prices_form(room: Room) -> Any:
    today = clock.today(i18n.zone())
    form = PricesForm(valid_from=today)
    form.show(offers.prices_in_force(room.house_id, room.tariff_code, today) if room.tariff_code else {})
    return _prices_page(room, form)


@pages.post("/house/prices/<slug>", load=managed, allow=offers_policy.change_prices)
def change_prices(room: Room) -> Any:
    """New prices from a day on; what has been booked keeps its price."""
    form = PricesForm(request.form)
    if not form.validate():
        return _prices_page(room, form), 422
    try:
        changed = service.change_prices(room, form.day(), form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _prices_page(room, form), refusal.status
    if changed:
        day = i18n.day(form.day(), "d. MMMM y")
        say(gettext("New prices for %(room)s from %(day)s on. What is booked already keeps its price.", room=room.name, day=day))
    else:
        say(gettext("These prices hold anyway. Nothing has been changed."), "info")
    return see_other("rooms.show_prices_form", slug=room.slug)


@pages.post("/house/prices/<slug>/withdraw", load=managed, allow=offers_policy.change_prices)
def withdraw_prices(room: Room) -> Any:
    """``valid_from`` is the day from which the prices were planned."""
    try:
        day = date.fromisoformat(request.form.get("valid_from", ""))
    except ValueError:
        raise Invalid from None
    service.withdraw_prices(room, day, actor())
    say(gettext("The prices planned from %(day)s on are taken back.", day=i18n.day(day, "d. MMMM y")))
    return see_other("rooms.show_prices_form", slug=room.slug)


def _prices_page(room: Room, form: PricesForm) -> str:
    return prices_page(
        form, room.house_id, room.tariff_code, room.name, url_for("rooms.change_prices", slug=room.slug),
        url_for("rooms.withdraw_prices", slug=room.slug), url_for("rooms.show_prices"), gettext("Prices"),
        gettext("Write 0 where nothing is to be paid. Leave the price empty where the room is not let to them."),
    )  # fmt: skip


def prices_page(
    form: PricesForm,
    house_id: int,
    code: str,
    name: str,
    url: str,
    withdraw_url: str,
    back_url: str,
    back_label: str,
    explained: str,
) -> str:
    """What `code` costs whom, has cost and will cost, with the form for new prices; posts to `url`."""
    today = clock.today(i18n.zone())
    rows = offers.tariffs(house_id, code) if code else []
    changes = {row.valid_from for row in rows} | {row.valid_until for row in rows if row.valid_until is not None}
    newest_first = sorted(rows, key=lambda row: (-row.valid_from.toordinal(), row.tariff_class))
    return render_template(
        "rooms/manage_price.html",
        name=name,
        urls={"change": url, "withdraw": withdraw_url, "back": back_url},
        back_label=back_label,
        explained=explained,
        form=form,
        groups=[(str(CLASSES[TariffClass(each)]), price, unit, least) for each, price, unit, least in form.lines()],
        history=[_price_line(row, today) for row in newest_first],
        planned=sorted(day for day in changes if day > today),
    )


def _price_line(row: Tariff, today: date) -> PriceLine:
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
    return PriceLine(str(CLASSES[TariffClass(row.tariff_class)]), price_words(_price_of(row)), days, state)


def _price_of(row: Tariff) -> offers.Price:
    return offers.Price(row.id, row.tariff_class, row.cents, row.unit, row.min_minutes, row.season)


def _holds(row: Tariff, day: date) -> bool:
    return row.valid_from <= day and (row.valid_until is None or row.valid_until > day)
