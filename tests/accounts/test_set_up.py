"""The first start of a real house, and the ways into a demonstration."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

import config
from app import create_app
from app.accounts import service
from app.core import clock, db
from app.core.policy import Role
from app.home.service import set_up_code
from app.houses.models import House
from app.people.models import Person
from tests.browser_client import Reader
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person

HOUSE = {
    "name": "Meilentreff Marten",
    "street": "Steinhammerstraße 3",
    "postcode": "44379",
    "city": "Dortmund",
    "given_name": "Jana",
    "family_name": "Krüger",
    "email": "jana@example.org",
    "password": "Kaffee um halb vier",
}


@pytest.fixture
def real_app(settings: config.Settings) -> Any:
    """A house that is no demonstration."""
    application = create_app(replace(settings, demo=False))
    application.testing = True
    with clock.stopped_at(THURSDAY):
        yield application
    with application.app_context():
        for each in db.db.engines.values():
            each.dispose()


def filled(app: Flask, reader: Reader) -> dict[str, str]:
    """Everything right for the open set-up page."""
    secret = reader.page.main.one("code").text.replace(" ", "")
    with app.app_context():
        code = service.current_totp(secret)
    return {**HOUSE, "set_up_code": set_up_code(app.extensions["settings"].instance_path), "code": code}


def test_before_it_is_set_up_every_page_leads_to_the_set_up(real_app: Flask) -> None:
    reader = Reader(real_app)
    for path in ("/", "/sign-in", "/my/devices", "/nowhere"):
        reader.get(path)
        assert reader.page.path == "/set-up"
    assert reader.get("/healthz").response.json == {"status": "alive"}


def test_the_house_opens_with_its_first_manager_and_the_page_is_gone(real_app: Flask) -> None:
    reader = Reader(real_app)
    reader.get("/set-up")
    file = real_app.extensions["settings"].instance_path / "set-up-code"
    assert file.stat().st_mode & 0o777 == 0o600
    reader.submit("Open the house", **filled(real_app, reader))
    assert "Welcome, Jana Krüger." in reader.page.alerts
    with real_app.app_context():
        person = db.session().scalars(select(Person)).one()
        assert db.session().scalars(select(House)).one().slug == "meilentreff-marten"
    reader.get(f"/people/{person.id}/roles")
    reader.get("/set-up", expect=404)
    reader.post("/set-up", dict(HOUSE), expect=404)
    assert not file.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("set_up_code", "ABCDE-FGHJK"),
        ("set_up_code", ""),
        ("name", " "),
        ("email", "nobody"),
        ("password", "kurz"),
        ("password", "Jana Krüger 1"),
        ("code", "000000"),
        ("name", "x" * 121),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_made(real_app: Flask, field: str, value: str) -> None:
    reader = Reader(real_app)
    reader.get("/set-up")
    reader.submit("Open the house", expect=422, **{**filled(real_app, reader), field: value})
    assert set(reader.page.errors) == {field}
    assert reader.page.html.one("input", name="street")["value"] == HOUSE["street"]
    with real_app.app_context():
        assert db.session().scalars(select(House)).all() == []
        assert db.session().scalars(select(Person)).all() == []


def test_a_stranger_cannot_guess_the_set_up_code(real_app: Flask) -> None:
    reader = Reader(real_app)
    reader.get("/set-up")
    right = filled(real_app, reader)
    for _ in range(10):
        reader.submit("Open the house", expect=422, **{**right, "set_up_code": "ABCDE-FGHJK"})
    reader.submit("Open the house", expect=429, **right)


def test_of_two_who_set_up_at_once_one_opens_the_house(real_app: Flask) -> None:
    sent = []
    for _ in range(2):
        reader = Reader(real_app)
        reader.get("/set-up")
        sent.append((reader.client, {**filled(real_app, reader), "csrf_token": reader.token()}))
    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(lambda pair: int(pair[0].post("/set-up", data=pair[1]).status_code), sent))
    assert answers == [303, 404]
    with real_app.app_context():
        assert len(db.session().scalars(select(House)).all()) == 1


def test_the_command_tells_the_set_up_code_until_there_is_a_house(real_app: Flask) -> None:
    runner = real_app.test_cli_runner()
    told = runner.invoke(args=["house", "set-up-code"])
    assert set_up_code(real_app.extensions["settings"].instance_path) in told.stdout
    with real_app.app_context():
        a_house()
    assert runner.invoke(args=["house", "set-up-code"]).stdout == ""


def test_only_a_demonstration_lets_people_in_with_one_tap(bare_app: Flask, real_app: Flask, reader: Reader) -> None:
    with bare_app.app_context():
        house = a_house()
        a_person("Jana", "Krüger", (Role.MANAGER, house))
        a_person("Erna", "Albers", (Role.RESIDENT, house))
    reader.get("/sign-in")
    reader.submit("Manager")
    assert "Welcome, Jana Krüger." in reader.page.alerts
    reader.get("/tokens")
    reader.post("/sign-in/demo", {"role": "king"}, follow=False, expect=303)
    real = Reader(real_app)
    real.get("/sign-in")
    assert not real.page.has_button("Manager")
    real.post("/sign-in/demo", {"role": "manager"}, expect=404)


def test_the_ways_in_are_printed_for_a_demonstration_only(bare_app: Flask, real_app: Flask) -> None:
    with bare_app.app_context():
        house = a_house()
        jana = a_person("Jana", "Krüger", (Role.MANAGER, house), email="jana@example.org")
        erna = a_person("Erna", "Albers", (Role.RESIDENT, house))
        with db.transaction():
            secret = service.give_demo_account(jana)
            service.give_demo_slip(erna, Role.RESIDENT)
    told = bare_app.test_cli_runner().invoke(args=["demo", "ways-in"])
    with bare_app.app_context():
        assert service.current_totp(secret) in told.stdout
    assert service.DEMO_PASSWORD in told.stdout
    refused = real_app.test_cli_runner().invoke(args=["demo", "ways-in"])
    assert refused.exit_code != 0 and service.DEMO_PASSWORD not in refused.output
    guest = Reader(bare_app)
    guest.get("/sign-in")
    guest.submit("Go on", key=service.DEMO_SLIP_CODES[Role.RESIDENT])
    assert "Welcome, Erna Albers." in guest.page.alerts


def test_with_several_houses_people_choose_where_they_are(bare_app: Flask, reader: Reader) -> None:
    with bare_app.app_context():
        a_house()
    reader.get("/houses", expect=404)
    with bare_app.app_context():
        a_house("eving", "Eving")
    reader.get("/houses")
    reader.submit("Eving")
    reader.get("/sign-in/staff")
    assert reader.page.title.endswith("Eving")
    reader.post("/houses", {"house": "nowhere"})
    reader.get("/sign-in/staff")
    assert reader.page.title.endswith("Eving")
