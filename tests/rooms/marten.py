"""A small house to book in: a hall of two halves, a room with clean-up time, a quiet room that is booked at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from app.core import clock
from app.core.policy import Actor, Role
from app.core.spans import Span
from app.rooms import queries, service
from app.rooms.models import Booking
from app.rooms.queries import RoomCard
from tests.browser_client import Reader
from tests.makers import MadeRoom, in_turn

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 30)
"""The Monday after the day on which most tests stand."""


def at(day: date, wall: str) -> datetime:
    """The instant at which the clock in Dortmund shows ``14:30``."""
    return clock.at(day, time.fromisoformat(wall), BERLIN)


def span(first: str, last: str, day: date = MONDAY) -> Span:
    """Between two wall times of a day; ``24:00`` is the midnight that ends it."""
    ends_at = at(day + timedelta(days=1), "00:00") if last == "24:00" else at(day, last)
    return Span(at(day, first), ends_at)


@dataclass(frozen=True)
class Marten:
    """Ids of the house. Everybody reads English, so that tests read the words of the program."""

    house: int
    hall: MadeRoom
    east: MadeRoom
    west: MadeRoom
    group: MadeRoom
    """15 minutes of clean-up time after each use."""
    quiet: MadeRoom
    """Booked at once."""
    ayse: int
    jan: int
    desk: int
    colleague: int
    manager: int
    volunteer: int

    def resident(self, person: int | None = None) -> Actor:
        return Actor(
            person_id=person or self.ayse, roles=frozenset({(self.house, Role.RESIDENT)}), language="en", session_key="r"
        )

    def at_desk(self, person: int | None = None) -> Actor:
        return Actor(person_id=person or self.desk, roles=frozenset({(self.house, Role.DESK)}), language="en", session_key="d")


def card(room: MadeRoom) -> RoomCard:
    found = queries.room_by_id(room.id)
    assert found is not None
    return found


def request(room: MadeRoom, wanted: Span, person: int, **more: Any) -> service.BookingRequest:
    values = {"purpose": "Choir practice", "people": 4, **more}
    return service.BookingRequest(room=card(room), span=wanted, booked_for_id=person, **values)


def book(room: MadeRoom, wanted: Span, by: Actor, person: int | None = None, **more: Any) -> int:
    """Through the service, in a transaction of its own; the id of the booking."""
    with in_turn():
        for_whom = person if person is not None else by.person_id
        assert for_whom is not None
        return service.book_room(request(room, wanted, for_whom, **more), by).id


def found(booking_id: int) -> Booking:
    booking = queries.booking(booking_id)
    assert booking is not None
    return booking


def do(act: Any, booking_id: int, *words: Any) -> Any:
    """A verb of the service on a freshly loaded booking, in a transaction of its own."""
    with in_turn():
        return act(found(booking_id), *words)


def signed_in(app: Flask, person: int) -> Reader:
    reader = Reader(app)
    reader.headers["Accept-Language"] = "en"
    return reader.sign_in_as(person)
