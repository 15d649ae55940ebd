"""A house with a real web server of several processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

import config
from app.accounts import service as accounts
from app.core import db
from app.core.policy import THE_HOUSE, Role
from tests.makers import a_house, a_person, a_room, open_daily
from tests.plumbing.server import running
from tests.races.crowd import Busy, Visitor

CLOCK = "2026-11-26T13:40:00+01:00"
"""Where the clock of the house stands when a test begins: the Thursday of all tests."""
WORKERS = 3


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

