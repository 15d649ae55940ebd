"""Staff: password and second factor, invitation, reset; and that nothing less makes a staff role count."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts import queries, service
from app.accounts.models import Account, SignIn
from app.accounts.service.staff import HASHER
from app.core import clock, db
from app.core.errors import Invalid
from app.core.policy import THE_HOUSE, Role
from tests.accounts.letters import newest_letter
from tests.browser_client import Reader
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person

PASSWORD = "Kaffee um halb vier"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def house(bare_app: Flask) -> int:
    with bare_app.app_context():
        return a_house()


@pytest.fixture
def jana(bare_app: Flask, house: int) -> int:
    """The manager, with password and second factor."""
    with bare_app.app_context():
        person = a_person("Jana", "Krüger", (Role.MANAGER, house), email="jana@example.org")
        with db.transaction():
            service.give_account(person, password=PASSWORD, totp_secret=SECRET)
        return person


def within(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        return make()


def code_now(app: Flask, secret: str = SECRET) -> str:
    return str(within(app, lambda: service.current_totp(secret)))


def sign_in(reader: Reader, password: str, code: str, email: str = "jana@example.org", expect: int = 200) -> None:
    reader.get("/sign-in/staff")
    reader.submit("Sign in", email=email, password=password, code=code, expect=expect)


def count_of(app: Flask, model: type[Any]) -> int:
    with app.app_context():
        return db.session().scalar(select(func.count()).select_from(model)) or 0


def test_staff_sign_in_with_password_and_code_for_a_working_day(bare_app: Flask, reader: Reader, jana: int) -> None:
    sign_in(reader, PASSWORD, code_now(bare_app), email=" Jana@Example.org")
    assert "Welcome, Jana Krüger." in reader.page.alerts
    reader.get(f"/people/{jana}/roles")
    with clock.stopped_at(THURSDAY + timedelta(hours=12)):
        reader.get(f"/people/{jana}/roles")
        assert reader.page.path.startswith("/sign-in")


def test_every_part_of_the_keys_must_be_right_and_the_answer_is_the_same(bare_app: Flask, reader: Reader, jana: int) -> None:
    right, answers = code_now(bare_app), set()
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for email, password, code in (
        ("nobody@example.org", PASSWORD, right),
        ("jana@example.org", PASSWORD.lower(), right),
        ("jana@example.org", PASSWORD, wrong),
        ("jana@example.org", PASSWORD, "x"),
        ("jana@example.org\x00", "\x00" * 200, "\x00 1"),
    ):
        sign_in(reader, password, code, email=email, expect=422)
        answers.add(tuple(reader.page.errors.items()))
    assert len(answers) == 1
    assert count_of(bare_app, SignIn) == 0


def test_a_code_of_the_phone_works_once(bare_app: Flask, reader: Reader, jana: int) -> None:
    code = code_now(bare_app)
    sign_in(reader, PASSWORD, code)
    sign_in(Reader(bare_app), PASSWORD, code, expect=422)
    with clock.stopped_at(THURSDAY + timedelta(seconds=30)):
        sign_in(Reader(bare_app), PASSWORD, code, expect=422)
        sign_in(Reader(bare_app), PASSWORD, code_now(bare_app))


def test_a_phone_may_be_half_a_minute_off_but_not_two(bare_app: Flask, reader: Reader, jana: int) -> None:
    code = code_now(bare_app)
    with clock.stopped_at(THURSDAY + timedelta(seconds=90)):
        sign_in(reader, PASSWORD, code, expect=422)
    with clock.stopped_at(THURSDAY + timedelta(seconds=59)):
        sign_in(reader, PASSWORD, code)


def test_of_two_with_one_code_at_once_one_gets_in(bare_app: Flask, jana: int) -> None:
    code = code_now(bare_app)
    readers = [Reader(bare_app) for _ in range(3)]
    tokens = []
    for each in readers:
        each.get("/sign-in/staff")
        tokens.append(each.token())

    def send(number: int) -> int:
        data = {"email": "jana@example.org", "password": PASSWORD, "code": code, "csrf_token": tokens[number]}
        return int(readers[number].client.post("/sign-in/staff", data=data).status_code)

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(send, range(3))) == [303, 422, 422]


def test_failed_tries_are_counted_for_an_address_known_or_not(bare_app: Flask, jana: int) -> None:
    for email in ("jana@example.org", "nobody@example.org"):
        reader = Reader(bare_app)
        for _ in range(10):
            sign_in(reader, "wrong password 1", "000000", email=email, expect=422)
        sign_in(reader, PASSWORD, code_now(bare_app), email=email, expect=429)
    with clock.stopped_at(THURSDAY + timedelta(minutes=16)):
        sign_in(Reader(bare_app), PASSWORD, code_now(bare_app))


def test_failed_tries_are_counted_for_an_address_on_the_net(bare_app: Flask, reader: Reader, jana: int) -> None:
    for number in range(40):
        sign_in(reader, "wrong password 1", "000000", email=f"n{number}@example.org", expect=422)
    sign_in(reader, PASSWORD, code_now(bare_app), expect=429)


def test_an_unknown_address_is_checked_against_a_password_too(
    bare_app: Flask, reader: Reader, jana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    real = type(HASHER).verify
    monkeypatch.setattr(type(HASHER), "verify", lambda self, stored, given: checked.append(stored) or real(self, stored, given))
    sign_in(reader, PASSWORD, "000000", email="nobody@example.org", expect=422)
    sign_in(reader, PASSWORD, "000000", expect=422)
    assert len(checked) == 2


def test_a_password_kept_with_weaker_settings_is_kept_anew(bare_app: Flask, reader: Reader, jana: int) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with bare_app.app_context(), db.transaction() as session:
        session.get_one(Account, jana).password_hash = weak
    sign_in(reader, PASSWORD, code_now(bare_app))
    with bare_app.app_context():
        kept = db.session().get_one(Account, jana).password_hash
        assert kept != weak and not HASHER.check_needs_rehash(kept)


@pytest.mark.parametrize("means", ["mail", "slip"])
def test_without_password_a_manager_is_a_resident(bare_app: Flask, reader: Reader, jana: int, means: str) -> None:
    reader.sign_in_as(jana, means=means)
    reader.get(f"/people/{jana}/roles", expect=404)
    reader.get("/tokens", expect=403)
    reader.get(f"/people/{jana}/slip", expect=404)


@pytest.mark.parametrize(
    "password",
    ["short", "Krüger2026!!", "jana.krueger", "JANA@example.org", "passwort1234", "aaaaaaaaaaaaaaaa", "Jana Krüger 1", "x" * 201],
)
def test_weak_passwords_are_refused(app: Flask, password: str) -> None:
    with pytest.raises(Invalid):
        service.check_password(password, own_words=["Jana Krüger", "jana@example.org", "jana.krueger@example.org"])


@pytest.mark.parametrize("password", ["Kaffee um halb vier", "korrekt pferd batterie", "Привіт сусіди дому", "ääääöööö üüüü ß"])
def test_sentences_are_welcome(app: Flask, password: str) -> None:
    assert service.check_password(password, own_words=["Jana Krüger", "jana@example.org"])


def invited_link(app: Flask, reader: Reader, person: int) -> str:
    reader.get(f"/people/{person}/roles")
    reader.click("invitation")
    reader.submit("Make the link", way="paper")
    return str(reader.page.main.all("code")[0].text).removeprefix("http://127.0.0.1:8000")


def test_an_invitation_leads_to_password_and_phone_once(bare_app: Flask, reader: Reader, house: int, jana: int) -> None:
    ben = within(bare_app, lambda: a_person("Ben", "Sommer", (Role.DESK, house), email="ben@example.org"))
    link = invited_link(bare_app, reader.sign_in_as(jana), ben)
    guest = Reader(bare_app)
    guest.get(link)
    secret = guest.page.main.one("code").text.replace(" ", "")
    assert guest.page.main.one("img")["src"].startswith("data:image/svg+xml")
    guest.submit("Keep both", password="short", code="000000", expect=422)
    assert set(guest.page.errors) == {"password"}
    guest.submit("Keep both", password=PASSWORD, code="000000", expect=422)
    assert set(guest.page.errors) == {"code"}
    assert guest.page.main.one("code").text.replace(" ", "") == secret
    guest.submit("Keep both", password=PASSWORD, code=code_now(bare_app, secret))
    assert "Welcome, Ben Sommer." in guest.page.alerts
    guest.get(f"/people/{ben}/slip")
    Reader(bare_app).get(link, expect=404)
    with clock.stopped_at(THURSDAY + timedelta(minutes=1)):
        sign_in(Reader(bare_app), PASSWORD, code_now(bare_app, secret), email="ben@example.org")


def test_of_two_who_use_one_invitation_at_once_one_gets_in(bare_app: Flask, house: int, jana: int) -> None:
    ben = within(bare_app, lambda: a_person("Ben", "Sommer", (Role.DESK, house)))
    link = invited_link(bare_app, Reader(bare_app).sign_in_as(jana), ben)
    clients = []
    for number in range(2):
        each = Reader(bare_app)
        each.get(link)
        secret = each.page.main.one("code").text.replace(" ", "")
        data = {"password": f"{PASSWORD} {number}", "code": code_now(bare_app, secret), "csrf_token": each.token()}
        clients.append((each.client, data))
    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(lambda pair: int(pair[0].post(link, data=pair[1]).status_code), clients))
    assert answers == [303, 404]


def test_an_invitation_ends_after_three_days_and_with_the_next_one(
    bare_app: Flask, reader: Reader, house: int, jana: int
) -> None:
    ben = within(bare_app, lambda: a_person("Ben", "Sommer", (Role.DESK, house)))
    first = invited_link(bare_app, reader.sign_in_as(jana), ben)
    second = invited_link(bare_app, reader, ben)
    Reader(bare_app).get(first, expect=404)
    Reader(bare_app).get(second)
    with clock.stopped_at(THURSDAY + timedelta(days=3)):
        Reader(bare_app).get(second, expect=404)


def test_a_mailed_invitation_is_in_the_letter_and_not_on_the_screen(
    bare_app: Flask, reader: Reader, house: int, jana: int
) -> None:
    ben = within(bare_app, lambda: a_person("Ben", "Sommer", (Role.DESK, house), email="ben@example.org"))
    reader.sign_in_as(jana).get(f"/people/{ben}/invitation")
    reader.submit("Make the link", way="mail")
    assert reader.page.path == f"/people/{ben}/roles"
    assert "/invitation/" not in reader.page.body.replace(f"/people/{ben}/invitation", "")
    letter = newest_letter(bare_app, "ben@example.org")
    assert letter is not None and letter.secret
    link = next(word for word in letter.body.split() if "/invitation/" in word)
    Reader(bare_app).get(link.removeprefix("http://127.0.0.1:8000"))


def test_a_reset_takes_password_and_phone_and_signs_out(bare_app: Flask, reader: Reader, house: int, jana: int) -> None:
    ben = within(bare_app, lambda: a_person("Ben", "Sommer", (Role.DESK, house), email="ben@example.org"))
    with bare_app.app_context(), db.transaction():
        service.give_account(ben, password=PASSWORD, totp_secret=SECRET)
    bens = Reader(bare_app).sign_in_as(ben)
    reader.sign_in_as(jana).get(f"/people/{ben}/roles")
    reader.click("Reset password and phone")
    assert any("open nothing from now on" in alert for alert in reader.page.alerts)
    reader.submit("Reset and make the link", way="paper")
    bens.get("/my/devices")
    assert bens.page.path.startswith("/sign-in")
    sign_in(Reader(bare_app), PASSWORD, code_now(bare_app), email="ben@example.org", expect=422)


def test_only_a_manager_of_every_house_they_work_in_resets_somebody(
    bare_app: Flask, reader: Reader, house: int, jana: int
) -> None:
    eving = within(bare_app, lambda: a_house("eving", "Eving"))
    both = within(bare_app, lambda: a_person("Beide", "Häuser", (Role.DESK, house), (Role.MANAGER, eving)))
    desk = within(bare_app, lambda: a_person("Ben", "Sommer", (Role.DESK, house)))
    reader.sign_in_as(jana).get(f"/people/{both}/invitation", expect=404)
    reader.post(f"/people/{both}/invitation", {"way": "paper"}, expect=404)
    reader.sign_in_as(desk).get(f"/people/{desk}/invitation", expect=404)


def test_who_has_no_staff_role_needs_no_invitation(bare_app: Flask, reader: Reader, house: int, jana: int) -> None:
    erna = within(bare_app, lambda: a_person("Erna", "Albers", (Role.RESIDENT, house)))
    reader.sign_in_as(jana).get(f"/people/{erna}/invitation")
    reader.submit("Make the link", way="paper", expect=409)


def test_a_new_password_needs_the_present_one_and_signs_out_elsewhere(bare_app: Flask, reader: Reader, jana: int) -> None:
    elsewhere = Reader(bare_app).sign_in_as(jana)
    reader.sign_in_as(jana).get("/my/password")
    reader.submit("Set the new password", current="wrong", password="Tee um halb fünf bitte", expect=422)
    assert set(reader.page.errors) == {"current"}
    reader.submit("Set the new password", current=PASSWORD, password="Krüger Krüger", expect=422)
    assert set(reader.page.errors) == {"password"}
    reader.submit("Set the new password", current=PASSWORD, password="Tee um halb fünf bitte")
    assert reader.page.path == "/my/devices"
    elsewhere.get("/my/devices")
    assert elsewhere.page.path.startswith("/sign-in")
    sign_in(Reader(bare_app), PASSWORD, code_now(bare_app), expect=422)
    sign_in(Reader(bare_app), "Tee um halb fünf bitte", code_now(bare_app))


def test_guessing_the_present_password_is_throttled(reader: Reader, jana: int) -> None:
    reader.sign_in_as(jana).get("/my/password")
    for _ in range(10):
        reader.submit("Set the new password", current="wrong", password="Tee um halb fünf bitte", expect=422)
    reader.submit("Set the new password", current=PASSWORD, password="Tee um halb fünf bitte", expect=429)


def test_who_has_no_password_is_told_so(bare_app: Flask, reader: Reader, house: int) -> None:
    reader.sign_in_as(within(bare_app, a_person)).get("/my/password")
    reader.submit("Set the new password", current="x", password="Tee um halb fünf bitte", expect=409)


def test_a_disabled_account_opens_nothing(bare_app: Flask, reader: Reader, jana: int) -> None:
    signed_in = Reader(bare_app).sign_in_as(jana)
    with bare_app.app_context(), db.transaction():
        assert service.disable_account(jana, by=THE_HOUSE)
    sign_in(reader, PASSWORD, code_now(bare_app), expect=422)
    signed_in.get("/my/devices")
    assert signed_in.page.path.startswith("/sign-in")


def test_the_second_factor_is_encrypted_and_the_password_hashed(bare_app: Flask, jana: int) -> None:
    with bare_app.app_context():
        row = db.session().connection().exec_driver_sql("SELECT password_hash, totp_secret FROM account").one()
        assert str(row[0]).startswith("$argon2id$")
        assert SECRET.encode() not in bytes(row[1])
        card = queries.person_card(jana)
        assert card is not None and card.prepared
