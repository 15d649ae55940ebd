"""All bookings as a list: to find one by number, person, room or time, and to take them away."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.i18n import gettext
from app.core.sheets import csv_answer
from app.core.web import see_other
from app.houses.queries import HouseCard
from app.people import queries as people
from app.rooms import policy, queries
from app.rooms.models import Booking
from app.rooms.views.pages import house, id_in, pages
from app.rooms.views.words import state_words

PAGE = 50
SHEET = 20_000
"""Rows of a sheet at most; more is a matter for the API."""


@pages.get("/bookings/list", load=house, allow=policy.see_details)
def list_bookings(house: HouseCard) -> Any:
    """By time, from today on unless asked otherwise; a number in the search leads straight to that booking."""
    number = id_in(request.args.get("number", "").strip().lstrip("0"))
    if number is not None and (found := queries.booking(number)) is not None and found.house_id == house.id:
        return see_other("rooms.show_booking", booking_id=found.id)
    asked = _asked(house)
    bookings = queries.listed(house.id, most=PAGE + 1, **asked)
    more = bookings[PAGE - 1] if len(bookings) > PAGE else None
    kept = {key: value for key, value in request.args.items() if value and key not in ("after", "number")}
    return render_template(
        "rooms/list_bookings.html",
        bookings=bookings[:PAGE],
        rooms=queries.rooms(house.id),
        room_id=asked["room_id"],
        person=people.person(asked["person_id"]) if asked["person_id"] else None,
        first=_day("from") or clock.today(i18n.zone()),
        last=_day("to"),
        not_found=request.args.get("number", "").strip(),
        next_url=url_for("rooms.list_bookings", **kept, after=f"{more.starts_at.isoformat()}~{more.id}") if more else None,  # type: ignore[arg-type]
        sheet_url=url_for("rooms.take_bookings", **kept),  # type: ignore[arg-type]
        state_words=state_words,
    )


@pages.get("/bookings/list.csv", load=house, allow=policy.see_details)
def take_bookings(house: HouseCard) -> Any:
    """The same list as a sheet."""
    zone = i18n.zone()
    heads = [
        gettext("Number"), gettext("Room"), gettext("Day"), gettext("From"), gettext("To"), gettext("What for"), gettext("For"),
        gettext("Group"), gettext("People"), gettext("State"), gettext("Price in euro"),
    ]  # fmt: skip
    rows = [_line(booking, zone) for booking in queries.listed(house.id, most=SHEET, **{**_asked(house), "after": None})]
    return csv_answer("bookings", [heads, *rows])


def _line(booking: Booking, zone: ZoneInfo) -> list[object]:
    starts, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    euro = f"{booking.price_cents // 100},{booking.price_cents % 100:02}"
    return [
        booking.id, booking.room.name, f"{starts:%d.%m.%Y}", f"{starts:%H:%M}", f"{ends:%H:%M}", booking.purpose,
        booking.booked_for.name if booking.booked_for else "", booking.organisation.name if booking.organisation else "",
        booking.people, state_words(booking.state)[0], euro,
    ]  # fmt: skip


def _asked(house: HouseCard) -> dict[str, Any]:
    """What the address asks for; nonsense is as if it had not been said."""
    zone = i18n.zone()
    room = next((card for card in queries.rooms(house.id) if card.slug == request.args.get("room")), None)
    first, last = _day("from") or clock.today(zone), _day("to")
    return {
        "room_id": room.id if room else None,
        "person_id": id_in(request.args.get("person", "")),
        "starts_at": clock.midnight(first, zone),
        "ends_at": clock.midnight(last + timedelta(days=1), zone) if last else None,
        "after": _after(),
    }


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2199 else None


def _after() -> tuple[datetime, int] | None:
    moment, _, number = request.args.get("after", "").partition("~")
    try:
        begun = datetime.fromisoformat(moment)
    except ValueError:
        return None
    last_id = id_in(number)
    return (begun, last_id) if begun.tzinfo is not None and last_id is not None else None
