"""Many people at the door of one house at the same moment, each with a browser of their own."""

from __future__ import annotations

import http.client
import itertools
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from app.core import db, i18n
from app.notices.models import Letter
from app.occupancy.models import Occupancy
from app.rooms import queries
from app.rooms.models import Booking
from tests.makers import MadeRoom
from tests.plumbing.server import Server

MONDAY = date(2026, 11, 30)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Visitor:
    """Somebody signed in with a browser of their own; `csrf` is the secret of the forms in it, `token` one for the API."""

    server: Server
    person: int
    cookie: str
    token: str
    csrf: str = ""
    line: http.client.HTTPConnection | None = field(default=None, repr=False)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {"Cookie": self.cookie})

    def post(self, path: str, **values: str) -> Answer:
        body = urlencode({"csrf_token": self.csrf, **values})
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie}
        return self._ask("POST", path, body, kind)

    def open_form(self) -> None:
        """Learn the secret of this browser's forms, and keep the cookie that goes with it."""
        shown = self.get("/bookings")
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', shown.body)
        assert found is not None, shown.body[:600]
        self.csrf = found[1]
        if "set-cookie" in shown.headers:
            self.cookie = shown.headers["set-cookie"].partition(";")[0]

    def call(self, path: str, body: str, key: str = "") -> Answer:
        """The API."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self._ask("POST", path, body, headers | ({"Idempotency-Key": key} if key else {}))

    def connect(self) -> None:
        self.line = http.client.HTTPConnection(self.server.host, timeout=60)
        self.line.connect()

    def twin(self) -> Visitor:
        """The same browser with another connection."""
        return Visitor(self.server, self.person, self.cookie, self.token, self.csrf)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        line = self.line or http.client.HTTPConnection(self.server.host, timeout=60)
        self.line = None
        try:
            line.request(method, path, body, {"Accept-Language": "en", "Connection": "close", **headers})
            answer = line.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode())
        finally:
            line.close()


@dataclass(frozen=True)
class Held:
    """What the database holds of one day."""

    bookings: list[int]
    promises: list[tuple[int, int]]
    """Resource and booking."""
    letters: list[str]
    """Occasions of letters about these bookings."""


@dataclass(frozen=True)
class Busy:
    """The house: rooms, and people who are signed in."""

    app: Flask
    server: Server
    house: int
    quiet: MadeRoom
    group: MadeRoom
    hall: MadeRoom
    east: MadeRoom
    west: MadeRoom
    people: list[Visitor]
    desk: list[Visitor]
    _days: Iterator[int] = field(default_factory=itertools.count)

    def next_day(self) -> date:
        """A usual day nobody has booked anything on."""
        while True:
            day = MONDAY + timedelta(days=next(self._days))
            if not (day.month == 12 and day.day > 23) and (day.month, day.day) != (1, 1):
                return day

    @contextmanager
    def looking(self) -> Iterator[Any]:
        """A reader of the database as it is now."""
        with self.app.app_context():
            yield db.session()
            db.session().rollback()

    def held(self, day: date) -> Held:
        with self.looking() as session:
            window = queries.day_window(day, i18n.zone())
            inside = (Booking.starts_at >= window.starts_at, Booking.starts_at < window.ends_at)
            bookings = list(session.scalars(select(Booking.id).where(*inside).order_by(Booking.id)))
            promises = session.execute(
                select(Occupancy.resource_id, Occupancy.source_id)
                .where(Occupancy.starts_at >= window.starts_at, Occupancy.starts_at < window.ends_at)
                .order_by(Occupancy.resource_id)
            )
            letters = [
                occasion
                for occasion in session.scalars(select(Letter.occasion).order_by(Letter.id))
                if int(occasion.split(":")[1]) in bookings
            ]
            return Held(bookings, [(resource, booking) for resource, booking in promises], letters)


def together(acts: Sequence[Callable[[], Answer]], visitors: Sequence[Visitor]) -> list[Answer]:
    """All `acts` at the same moment: every connection stands open before the first word is sent."""
    answers: list[Answer | BaseException] = [RuntimeError("no answer")] * len(acts)
    start = threading.Barrier(len(acts))
    for visitor in visitors:
        visitor.connect()

    def run(index: int) -> None:
        start.wait()
        try:
            answers[index] = acts[index]()
        except BaseException as fault:
            answers[index] = fault

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    faults = [each for each in answers if isinstance(each, BaseException)]
    assert not faults, faults[:3]
    return [each for each in answers if isinstance(each, Answer)]


def wanted(day: date, starts: str = "10:00", ends: str = "12:00") -> dict[str, str]:
    """What somebody types into the form of a booking."""
    return {
        "day": day.isoformat(),
        "starts": starts,
        "ends": ends,
        "purpose": "Choir practice",
        "people": "4",
        "tariff_class": "C",
        "organisation": "",
    }
