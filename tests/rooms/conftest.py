"""The house in which rooms are booked in tests, and people who look at it with a browser."""

from __future__ import annotations

import os
import time as os_time
from collections.abc import Iterator
from datetime import time

import pytest
from flask import Flask

from app.core.policy import Role
from tests.browser_client import Reader
from tests.makers import a_house, a_person, a_room, a_tariff, open_daily
from tests.rooms.marten import Marten, signed_in


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
