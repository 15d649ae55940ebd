"""A small house to book in: a hall of two halves, a room with clean-up time, a quiet room that is booked at once."""

from __future__ import annotations

import os
import time as os_time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.core import clock, db
from app.core.policy import Actor, Role
from app.core.spans import Span
from app.rooms import queries, service
from app.rooms.models import Booking
from app.rooms.queries import RoomCard
from tests.browser_client import Reader
from tests.makers import MadeRoom, a_house, a_person, a_room, a_tariff, open_daily

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
        return Actor(person_id=person or self.ayse, roles=frozenset({(self.house, Role.RESIDENT)}), language="en", session_key="r")

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
    with db.transaction():
        for_whom = person if person is not None else by.person_id
        assert for_whom is not None
        return service.book_room(request(room, wanted, for_whom, **more), by).id


def found(booking_id: int) -> Booking:
    booking = queries.booking(booking_id)
    assert booking is not None
    return booking


def do(act: Any, booking_id: int, *words: Any) -> Any:
    """A verb of the service on a freshly loaded booking, in a transaction of its own."""
    with db.transaction():
        return act(found(booking_id), *words)


@pytest.fixture
def marten(bare_app: Flask) -> Marten:
    with bare_app.app_context():
        house = a_house()
        open_daily(house)
        open_daily(house, time(10), time(18), "desk", range(5))
        hall = a_room(house, "saal", parts=("Ost", "West"), name="Hall", capacity=60, wishes_hold=False, tariff_code="hall")
        east = a_room(house, "saal-ost", parts=[hall.parts[0]], name="Half east", capacity=30, position=1)
        west = a_room(house, "saal-west", parts=[hall.parts[1]], name="Half west", capacity=30, position=2)
        group = a_room(house, "gruppe", name="Group room", capacity=18, after_minutes=15, tariff_code="group", position=3)
        quiet = a_room(house, "lernraum", name="Quiet room", capacity=12, rule="instant", position=4)
        for code, cents in (("hall", 2200), ("group", 1200)):
            a_tariff(house, code, "A", 0)
            a_tariff(house, code, "C", cents)
        return Marten(
            house, hall, east, west, group, quiet,
            ayse=a_person("Ayşe", "Yılmaz", (Role.RESIDENT, house), email="ayse@example.org", contact_by="mail", language="en"),
            jan=a_person("Jan", "Weber", (Role.RESIDENT, house), email="jan@example.org", contact_by="mail", language="en"),
            desk=a_person("Sevgi", "Aydın", (Role.DESK, house), email="sevgi@example.org", contact_by="mail", language="en"),
            colleague=a_person("Bernd", "Kolb", (Role.DESK, house), language="en"),
            manager=a_person("Miriam", "Sander", (Role.MANAGER, house), language="en"),
            volunteer=a_person("Aylin", "Kaya", (Role.VOLUNTEER, house), language="en"),
        )  # fmt: skip


@pytest.fixture(params=["UTC", "Europe/Berlin", "Pacific/Chatham"])
def server_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The process stands in another zone than the house: nothing may depend on it."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = str(request.param)
    os_time.tzset()
    yield str(request.param)
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    os_time.tzset()


@pytest.fixture
def anonymous(bare_app: Flask, marten: Marten) -> Reader:
    reader = Reader(bare_app)
    reader.headers["Accept-Language"] = "en"
    return reader


def signed_in(app: Flask, person: int) -> Reader:
    reader = Reader(app)
    reader.headers["Accept-Language"] = "en"
    return reader.sign_in_as(person)


@pytest.fixture
def ayse(bare_app: Flask, marten: Marten) -> Reader:
    return signed_in(bare_app, marten.ayse)


@pytest.fixture
def jan(bare_app: Flask, marten: Marten) -> Reader:
    return signed_in(bare_app, marten.jan)


@pytest.fixture
def desk(bare_app: Flask, marten: Marten) -> Reader:
    return signed_in(bare_app, marten.desk)


@pytest.fixture
def colleague(bare_app: Flask, marten: Marten) -> Reader:
    return signed_in(bare_app, marten.colleague)


@pytest.fixture
def volunteer(bare_app: Flask, marten: Marten) -> Reader:
    return signed_in(bare_app, marten.volunteer)
