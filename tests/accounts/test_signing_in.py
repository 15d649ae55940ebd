"""Residents: one field, six digits by mail or a code from paper."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts import service
from app.accounts.models import RoleGrant, SignIn
from app.core import clock, db
from app.core.policy import THE_HOUSE, Role
from app.people.models import Person
from tests.accounts.letters import mailed_code, newest_letter
from tests.browser_client import Reader
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person


@pytest.fixture
def house(bare_app: Flask) -> int:
    with bare_app.app_context():
        return a_house()


def within(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        return make()


def count_of(app: Flask, model: type[Any]) -> int:
    with app.app_context():
        return db.session().scalar(select(func.count()).select_from(model)) or 0


def a_slip(app: Flask, person: int, **more: Any) -> service.IssuedSlip:
    with app.app_context(), db.transaction():
        return service.issue_slip(person, by=THE_HOUSE, **more)


def ask_for_code(reader: Reader, address: str) -> None:
    reader.get("/sign-in")
    reader.submit("Go on", key=address)


def test_a_known_resident_signs_in_with_six_digits(bare_app: Flask, reader: Reader, house: int) -> None:
    person = within(bare_app, lambda: a_person("Ayşe", "Yılmaz", (Role.RESIDENT, house), email="ayse@example.org"))
    ask_for_code(reader, " Ayse@Example.org ")
    assert "ayse@example.org" in reader.page.text
    field = reader.page.html.one("input", name="code")
    assert (field["autocomplete"], field["inputmode"]) == ("one-time-code", "numeric")
    reader.submit("Sign in", code=mailed_code(bare_app, "ayse@example.org"))
    assert reader.page.path == "/"
    assert "Welcome, Ayşe Yılmaz." in reader.page.alerts
    with bare_app.app_context():
        row = db.session().scalars(select(SignIn)).one()
        assert (row.person_id, row.means) == (person, "mail")
        assert row.expires_at == THURSDAY + timedelta(days=60)


def test_somebody_new_is_asked_for_a_name_and_becomes_a_resident(bare_app: Flask, reader: Reader, house: int) -> None:
    ask_for_code(reader, "new@example.org")
    reader.submit("Sign in", code=mailed_code(bare_app, "new@example.org"))
    assert reader.page.path == "/sign-in/join"
    reader.submit("Join", given_name="  ", family_name="Nowak", expect=422)
    assert "given_name" in reader.page.errors
    reader.submit("Join", given_name="Ewa", family_name="Nowak")
    assert "Welcome, Ewa Nowak." in reader.page.alerts
    with bare_app.app_context():
        person = db.session().scalars(select(Person)).one()
        assert (person.email, person.contact_by) == ("new@example.org", "mail")
        grant = db.session().scalars(select(RoleGrant)).one()
        assert (grant.person_id, grant.house_id, grant.role) == (person.id, house, Role.RESIDENT)


def test_several_people_with_one_address_say_who_they_are(bare_app: Flask, reader: Reader, house: int) -> None:
    with bare_app.app_context():
        a_person("Horst", "Wieczorek", email="wir@example.org")
        a_person("Erna", "Wieczorek", email="wir@example.org")
    stranger = within(bare_app, lambda: a_person("Frem", "Der", email="other@example.org"))
    ask_for_code(reader, "wir@example.org")
    reader.submit("Sign in", code=mailed_code(bare_app, "wir@example.org"))
    assert reader.page.path == "/sign-in/who"
    reader.post("/sign-in/who", {"person": str(stranger)}, expect=409)
    reader.post("/sign-in/who", {"person": "9" * 400}, expect=409)
    reader.get("/sign-in/who")
    reader.submit("Erna Wieczorek")
    assert "Welcome, Erna Wieczorek." in reader.page.alerts


def test_a_known_and_an_unknown_address_cannot_be_told_apart(bare_app: Flask, house: int) -> None:
    within(bare_app, lambda: a_person(email="known@example.org"))
    seen = []
    for address in ("known@example.org", "nobody@example.org"):
        reader = Reader(bare_app)
        reader.get("/sign-in")
        reader.submit("Go on", key=address, follow=False, expect=303)
        where = reader.page.response.headers["Location"]
        reader.get(where)
        wrong = reader.submit("Sign in", code="000000", expect=422)
        assert newest_letter(bare_app, address) is not None
        seen.append((where, reader.page.html.text.replace(address, ""), wrong.status))
    assert seen[0] == seen[1]


def test_a_code_is_worthless_after_ten_minutes(bare_app: Flask, reader: Reader, house: int) -> None:
    within(bare_app, lambda: a_person(email="a@example.org"))
    ask_for_code(reader, "a@example.org")
    code = mailed_code(bare_app, "a@example.org")
    with clock.stopped_at(THURSDAY + timedelta(minutes=10)):
        reader.submit("Sign in", code=code, expect=422)
    assert "no longer valid" in reader.page.errors["code"]
    assert count_of(bare_app, SignIn) == 0


def test_a_new_code_ends_the_one_before(bare_app: Flask, reader: Reader, house: int) -> None:
    within(bare_app, lambda: a_person(email="a@example.org"))
    ask_for_code(reader, "a@example.org")
    first = mailed_code(bare_app, "a@example.org")
    while True:
        ask_for_code(reader, "a@example.org")
        second = mailed_code(bare_app, "a@example.org")
        if second != first:
            break
    reader.submit("Sign in", code=first, expect=422)
    reader.submit("Sign in", code=second)
    assert count_of(bare_app, SignIn) == 1


def test_after_five_wrong_tries_the_right_code_opens_nothing(bare_app: Flask, reader: Reader, house: int) -> None:
    within(bare_app, lambda: a_person(email="a@example.org"))
    ask_for_code(reader, "a@example.org")
    code = mailed_code(bare_app, "a@example.org")
    for _ in range(5):
        reader.submit("Sign in", code=f"{(int(code) + 1) % 1_000_000:06}", expect=422)
    reader.submit("Sign in", code=code, expect=422)
    assert count_of(bare_app, SignIn) == 0


def test_a_code_works_once(bare_app: Flask, house: int) -> None:
    within(bare_app, lambda: a_person(email="a@example.org"))
    reader = Reader(bare_app)
    ask_for_code(reader, "a@example.org")
    code = mailed_code(bare_app, "a@example.org")
    with reader.client.session_transaction() as kept:
        before = dict(kept)
    reader.submit("Sign in", code=code)
    thief = Reader(bare_app)
    with thief.client.session_transaction() as session:
        session.update(before)
    thief.get("/sign-in/code")
    thief.submit("Sign in", code=code, expect=422)
    assert count_of(bare_app, SignIn) == 1


def test_of_two_who_use_one_code_at_once_one_gets_in(bare_app: Flask, house: int) -> None:
    within(bare_app, lambda: a_person(email="a@example.org"))
    first = Reader(bare_app)
    ask_for_code(first, "a@example.org")
    code = mailed_code(bare_app, "a@example.org")
    with first.client.session_transaction() as kept:
        cookies = dict(kept)
    token = first.token()
    clients = [bare_app.test_client() for _ in range(4)]
    for client in clients:
        with client.session_transaction() as session:
            session.update(cookies)

    def send(client: Any) -> int:
        return int(client.post("/sign-in/code", data={"code": code, "csrf_token": token}).status_code)

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(send, clients))
    assert answers == [303, 422, 422, 422]
    assert count_of(bare_app, SignIn) == 1


def test_asking_for_codes_is_throttled_for_an_address_known_or_not(bare_app: Flask, house: int) -> None:
    within(bare_app, lambda: a_person(email="known@example.org"))
    for address in ("known@example.org", "nobody@example.org"):
        reader = Reader(bare_app)
        for _ in range(5):
            ask_for_code(reader, address)
        reader.get("/sign-in")
        reader.submit("Go on", key=address, expect=429)
        assert int(reader.page.response.headers["Retry-After"]) > 0
    with clock.stopped_at(THURSDAY + timedelta(minutes=16)):
        ask_for_code(Reader(bare_app), "known@example.org")


def test_a_slip_signs_in_however_it_is_typed_and_as_often_as_wanted(bare_app: Flask, house: int) -> None:
    person = within(bare_app, lambda: a_person("Magda", "Kowalczyk"))
    code = a_slip(bare_app, person, code="K7PMQ-42VRT").code
    for typed in (code, "k7pm q42 vrt", "K7PMO 42URT", " k7-pm-0-42-vrt "):
        reader = Reader(bare_app)
        reader.get("/sign-in")
        reader.submit("Go on", key=typed)
        assert "Welcome, Magda Kowalczyk." in reader.page.alerts


def test_a_slip_prefills_the_field_but_only_a_tap_signs_in(bare_app: Flask, reader: Reader, house: int) -> None:
    code = a_slip(bare_app, within(bare_app, a_person)).code
    reader.get(f"/sign-in?key={code}")
    assert count_of(bare_app, SignIn) == 0
    reader.submit("Go on")
    assert count_of(bare_app, SignIn) == 1


def test_an_old_or_withdrawn_slip_opens_nothing(bare_app: Flask, reader: Reader, house: int) -> None:
    person = within(bare_app, a_person)
    slip = a_slip(bare_app, person, valid=timedelta(days=7))
    with clock.stopped_at(THURSDAY + timedelta(days=7)):
        reader.get("/sign-in")
        reader.submit("Go on", key=slip.code, expect=422)
    assert count_of(bare_app, SignIn) == 0


@pytest.mark.parametrize(
    "typed",
    ["@", "a@", "x" * 254, "a@b\x00@c.de", "'; DROP TABLE person; --", "ab", "🎉" * 20, "a@example.org\nBcc: b@example.org"],
)
def test_nonsense_in_the_one_field_is_told_clearly(reader: Reader, house: int, typed: str) -> None:
    reader.get("/sign-in")
    reader.submit("Go on", key=typed, expect=422)
    assert "key" in reader.page.errors


def test_guessing_slips_is_throttled(reader: Reader, house: int) -> None:
    reader.get("/sign-in")
    for number in range(30):
        reader.submit("Go on", key=f"ABCDE-{23456 + number}", expect=422)
    reader.submit("Go on", key="ABCDE-99999", expect=429)


def test_signing_in_begins_a_fresh_session(bare_app: Flask, reader: Reader, house: int) -> None:
    slip = a_slip(bare_app, within(bare_app, a_person))
    with reader.client.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["_user_id"] = "known to somebody else"
    reader.get("/sign-in")
    before = reader.token()
    reader.submit("Go on", key=slip.code)
    with reader.client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"] != "known to somebody else"
    reader.get("/my/devices")
    assert reader.token() != before


def test_signing_in_again_ends_the_sign_in_before(bare_app: Flask, reader: Reader, house: int) -> None:
    person = within(bare_app, a_person)
    slip = a_slip(bare_app, person)
    reader.sign_in_as(person)
    reader.post("/sign-in", {"key": slip.code})
    with bare_app.app_context():
        rows = db.session().scalars(select(SignIn).order_by(SignIn.id)).all()
        assert [row.ended_at is None for row in rows] == [False, True]


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/%0d%0aX: y\r\nY: z"]
)
def test_nobody_is_led_elsewhere_after_signing_in(bare_app: Flask, reader: Reader, house: int, target: str) -> None:
    slip = a_slip(bare_app, within(bare_app, a_person))
    reader.post("/sign-in", {"key": slip.code, "next": target}, follow=False, expect=303)
    assert reader.page.response.headers["Location"] == "/"


def test_who_was_sent_to_sign_in_comes_back(bare_app: Flask, reader: Reader, house: int) -> None:
    slip = a_slip(bare_app, within(bare_app, a_person))
    reader.get("/my/devices")
    assert reader.page.path.startswith("/sign-in?next=")
    reader.submit("Go on", key=slip.code)
    assert reader.page.path == "/my/devices"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}]
)
def test_another_site_cannot_sign_anybody_in_or_out(bare_app: Flask, reader: Reader, house: int, headers: dict[str, str]) -> None:
    person = within(bare_app, a_person)
    slip = a_slip(bare_app, person)
    reader.post("/sign-in", {"key": slip.code}, expect=403, **headers)
    reader.sign_in_as(person)
    reader.post("/sign-out", expect=403, **headers)
    reader.get("/my/devices")


def test_a_form_without_the_page_secret_is_refused(bare_app: Flask, reader: Reader, house: int) -> None:
    slip = a_slip(bare_app, within(bare_app, a_person))
    reader.post("/sign-in", {"key": slip.code}, token=False, expect=400)
    assert count_of(bare_app, SignIn) == 0


def test_signing_out_ends_the_sign_in_for_good(bare_app: Flask, reader: Reader, house: int) -> None:
    reader.sign_in_as(within(bare_app, a_person))
    with reader.client.session_transaction() as session:
        stolen = session["_user_id"]
    reader.get("/my/devices")
    reader.submit("Sign out")
    assert "You are signed out." in reader.page.alerts
    with reader.client.session_transaction() as session:
        session["_user_id"] = stolen
    reader.get("/my/devices")
    assert reader.page.path.startswith("/sign-in")


def test_people_see_and_end_their_own_devices_only(bare_app: Flask, house: int) -> None:
    me, other = within(bare_app, a_person), within(bare_app, lambda: a_person("Erna", "Albers"))
    phone, desktop, stranger = Reader(bare_app), Reader(bare_app), Reader(bare_app)
    phone.sign_in_as(me)
    desktop.sign_in_as(me)
    stranger.sign_in_as(other)
    phone.get("/my/devices")
    assert len(phone.page.main.all("li")) == 2
    with bare_app.app_context():
        theirs = db.session().scalar(select(SignIn.id).where(SignIn.person_id == other))
    phone.post(f"/my/devices/{theirs}/end", expect=404)
    phone.get("/my/devices")
    phone.submit("Sign out all other devices")
    desktop.get("/my/devices")
    assert desktop.page.path.startswith("/sign-in")
    stranger.get("/my/devices")
    assert stranger.page.path == "/my/devices"


def test_language_and_brightness_are_chosen_without_signing_in(bare_app: Flask, house: int) -> None:
    reader = Reader(bare_app, language=None)
    reader.get("/sign-in/staff")
    reader.submit("Deutsch")
    assert reader.page.path == "/sign-in/staff"
    assert reader.page.html.one("html")["lang"] == "de"
    reader.submit("preferences", follow=False, expect=303)
    reader.post("/preferences", {"theme": "dark", "next": "/sign-in"})
    assert reader.page.html.one("html")["data-theme"] == "dark"
    reader.post("/preferences", {"theme": "'><script>", "language": "xx", "next": "//evil.example"}, follow=False, expect=303)
    assert reader.page.response.headers["Location"] == "/"
    assert "theme" not in reader.page.response.headers.get("Set-Cookie", "")


def test_a_guest_reads_in_the_language_of_the_browser_and_a_person_in_their_own(bare_app: Flask, house: int) -> None:
    reader = Reader(bare_app, language=None)
    reader.get("/sign-in", Accept_Language="en-GB,en;q=0.9")
    assert reader.page.html.one("html")["lang"] == "en"
    reader.get("/sign-in", Accept_Language="fr")
    assert reader.page.html.one("html")["lang"] == "de"
    reader.sign_in_as(within(bare_app, lambda: a_person(language="en")))
    reader.get("/my/devices", Accept_Language="de")
    assert reader.page.html.one("html")["lang"] == "en"
