"""The head of a page is drawn once for readers of one kind; what is their own is theirs alone."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from app.core import db
from app.core.policy import Role
from app.houses.models import House
from app.houses.service import touch
from tests.browser_client import Reader
from tests.makers import a_house, a_person, a_room, grant


@pytest.fixture
def house(bare_app: Flask) -> int:
    with bare_app.app_context():
        number = a_house()
        a_room(number)
        return number


def reader_named(app: Flask, house: int, given: str, family: str, role: Role = Role.RESIDENT) -> Reader:
    with app.app_context():
        person = a_person(given, family, (role, house))
    reader = Reader(app)
    reader.headers["Accept-Language"] = "en"
    return reader.sign_in_as(person)


def menu(reader: Reader, path: str = "/rooms") -> str:
    return reader.get(path).html.one("details", class_="menu").text


def test_two_of_a_kind_read_their_own_names_and_carry_their_own_secrets(bare_app: Flask, house: int) -> None:
    ayse, jan = (reader_named(bare_app, house, *name) for name in (("Ayşe", "Yılmaz"), ("Jan", "<Nowak> & \\0name\\0")))
    for _ in range(2):
        assert menu(ayse).startswith("Ayşe Yılmaz") and menu(jan).startswith("Jan <Nowak> & \\0name\\0")
    secrets = [{each["value"] for each in reader.page.html.all("input", name="csrf_token")} for reader in (ayse, jan)]
    assert len(secrets[0]) == len(secrets[1]) == 1 and secrets[0] != secrets[1]


def test_choosing_a_language_leads_back_to_where_one_was(bare_app: Flask, house: int) -> None:
    ayse = reader_named(bare_app, house, "Ayşe", "Yılmaz")
    for path in ("/rooms?day=2026-11-30", '/rooms?day="><b>', "/rooms"):
        ayse.get(path)
        assert ayse.page.html.all("input", name="next")[0]["value"] in (path, path.replace('"><b>', "%22%3E%3Cb%3E"))
    ayse.submit("Deutsch")
    assert ayse.page.html.one("html")["lang"] == "de" and "Meine Buchungen" in menu(ayse)


def test_each_kind_has_its_own_ways(bare_app: Flask, house: int) -> None:
    desk, resident = (reader_named(bare_app, house, "A", "B", role) for role in (Role.DESK, Role.RESIDENT))
    assert "Outbox" in menu(desk) and "Outbox" not in menu(resident)
    assert "Sign out" in menu(resident) and "Sign in" in menu(Reader(bare_app))


def test_the_place_where_one_is_is_marked(bare_app: Flask, house: int) -> None:
    ayse = reader_named(bare_app, house, "Ayşe", "Yılmaz")
    for path, word in (("/rooms", "Rooms"), ("/bookings", "My bookings"), ("/rooms", "Rooms")):
        ayse.get(path)
        marked = [
            each.text for each in ayse.page.html.one("nav", class_="rooms", aria_label="Main menu").all("a", aria_current="page")
        ]
        assert marked == [word]


def test_a_new_role_and_a_new_name_of_the_house_are_seen_at_once(bare_app: Flask, house: int) -> None:
    with bare_app.app_context():
        person = a_person("Ayşe", "Yılmaz", (Role.RESIDENT, house))
    ayse = Reader(bare_app).sign_in_as(person)
    ayse.get("/rooms")
    with bare_app.app_context():
        grant(person, Role.MANAGER, house)
        with db.transaction() as session:
            session.execute(update(House).values(name="Treff am Markt"))
            touch(house)
    page = ayse.get("/rooms")
    assert page.html.one("a", class_="house").text == "Treff am Markt"
    assert any(each["href"] == "/house" for each in page.html.all("a"))
