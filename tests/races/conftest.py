"""A house with a real web server of several processes, and many people at its door at the same moment."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

import config
from app.accounts import service as accounts
from app.core import db
from app.core.policy import THE_HOUSE, Role
from tests.makers import MadeRoom, a_house, a_person, a_room, open_daily
from tests.plumbing.server import Server, running

CLOCK = "2026-11-26T13:40:00+01:00"
"""Where the clock of the house stands when a test begins: the Thursday of all tests."""
MONDAY = date(2026, 11, 30)
WORKERS = 3


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Visitor:
    """Somebody signed in with a browser of their own; `csrf` is the secret of the forms in it."""

    server: Server
    person: int
    cookie: str
    token: str = ""
    csrf: str = ""
    line: http.client.HTTPConnection | None = field(default=None, repr=False)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {"Cookie": self.cookie})

    def post(self, path: str, **values: str) -> Answer:
        if not self.csrf:
            self.open_form(path)
        body = urlencode({"csrf_token": self.csrf, **values})
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie}
        return self._ask("POST", path, body, kind)

    def open_form(self, path: str = "/bookings") -> None:
        """The secret of this browser's forms, and the cookie that goes with it."""
        shown = self.get("/sign-in" if path == "" else "/bookings")
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', shown.body)
        assert found is not None, shown.body[:600]
        self.csrf = found[1]
        if "set-cookie" in shown.headers:
            self.cookie = shown.headers["set-cookie"].partition(";")[0]

    def call(self, path: str, body: str, key: str = "") -> Answer:
        """The API, with this person's token."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self._ask("POST", path, body, headers | ({"Idempotency-Key": key} if key else {}))

    def connect(self) -> None:
        self.line = http.client.HTTPConnection(self.server.host, timeout=60)
        self.line.connect()

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
class Busy:
    """The house: ids, rooms, and people who are signed in."""

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

    @contextmanager
    def looking(self) -> Iterator[Any]:
        """What the database holds now."""
        with self.app.app_context():
            yield db.session()
            db.session().rollback()


@pytest.fixture
def busy(settings: config.Settings, bare_app: Flask) -> Iterator[Busy]:
    """Fifty residents and two of the desk, each signed in; rooms that are booked at once."""
    people: list[tuple[int, str, str]] = []
    desk: list[tuple[int, str, str]] = []
    with bare_app.app_context():
        house = a_house()
        open_daily(house)
        quiet = a_room(house, "lernraum", rule="instant")
        group = a_room(house, "gruppe", rule="request")
        hall = a_room(house, "saal", parts=("Ost", "West"), rule="instant")
        east = a_room(house, "saal-ost", parts=[hall.parts[0]], rule="instant")
        west = a_room(house, "saal-west", parts=[hall.parts[1]], rule="instant")
        for number in range(52):
            role, means = (Role.DESK, "password") if number >= 50 else (Role.RESIDENT, "mail")
            person = a_person(f"Gast{number}", "Sander", (role, house), email=f"g{number}@example.org", contact_by="mail", language="en")

            def act(person: int = person, means: str = means, role: Role = role) -> tuple[str, str]:
                secret = accounts.open_sign_in(person, means=means, device="race").secret
                made = accounts.create_token(label="race", role=role, house_id=house, person_id=person, by=THE_HOUSE)
                return secret, made.token

            secret, token = db.run_transaction(act)
            signer = bare_app.session_interface.get_signing_serializer(bare_app)  # type: ignore[attr-defined]
            cookie = f"{bare_app.config['SESSION_COOKIE_NAME']}={signer.dumps({'_user_id': secret, '_fresh': True})}"
            (desk if number >= 50 else people).append((person, cookie, token))
    environment = {
        "QR_INSTANCE_PATH": str(settings.instance_path), "QR_DATABASE_URL": settings.database_url, "QR_DEMO": "1", "QR_CLOCK": CLOCK,
        "QR_LOG_LEVEL": "WARNING",
    }  # fmt: skip
    with running(environment, workers=WORKERS) as server:
        visitors = [[Visitor(server, *each) for each in group_] for group_ in (people, desk)]
        for visitor in (*visitors[0], *visitors[1]):
            visitor.open_form()
        yield Busy(bare_app, server, house, quiet, group, hall, east, west, *visitors)
        said = server.log.read_text(errors="replace")
        assert "Traceback" not in said and '"level": "error"' not in said, server.tail()


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


def times(day: date, starts: str, ends: str) -> dict[str, str]:
    return {"day": day.isoformat(), "starts": starts, "ends": ends}


def wanted(day: date = MONDAY, starts: str = "10:00", ends: str = "12:00", **more: str) -> dict[str, str]:
    """What somebody types into the form of a booking."""
    return {**times(day, starts, ends), "purpose": "Choir practice", "people": "4", "tariff_class": "C", "organisation": "", **more}


def a_day(number: int) -> date:
    """Another day for each round, none of them a holiday."""
    return MONDAY + timedelta(days=number)
