"""Slips, roles and tokens: what desk and manager hand out and take back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts import queries, service
from app.accounts.models import ApiToken, RoleGrant, Slip
from app.core import clock, db
from app.core.policy import THE_HOUSE, Role, signed_in
from tests.browser_client import Reader, counted
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person, grant


@pytest.fixture
def house(bare_app: Flask) -> int:
    with bare_app.app_context():
        return a_house()


@pytest.fixture
def jana(bare_app: Flask, house: int) -> int:
    with bare_app.app_context():
        return a_person("Jana", "Krüger", (Role.MANAGER, house), email="jana@example.org")


@pytest.fixture
def ben(bare_app: Flask, house: int) -> int:
    with bare_app.app_context():
        return a_person("Ben", "Sommer", (Role.DESK, house))


@pytest.fixture
def erna(bare_app: Flask, house: int) -> int:
    with bare_app.app_context():
        return a_person("Erna", "Albers", (Role.RESIDENT, house))


def within(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        return make()


# Slips -------------------------------------------------------------------------------------------------------------


def test_the_desk_prints_a_slip_that_lets_somebody_in(bare_app: Flask, reader: Reader, ben: int, erna: int) -> None:
    reader.sign_in_as(ben).get(f"/people/{erna}/slip")
    reader.submit("Make a new slip", days="7")
    code = reader.page.main.one("p", class_="pin").text
    page = reader.page.path
    pdf = reader.get(f"{page}.pdf")
    assert pdf.response.mimetype == "application/pdf" and pdf.response.data.startswith(b"%PDF-")
    guest = Reader(bare_app)
    guest.get("/sign-in")
    guest.submit("Go on", key=code)
    assert "Welcome, Erna Albers." in guest.page.alerts
    Reader(bare_app).sign_in_as(ben).get(page, expect=404)
    with clock.stopped_at(THURSDAY + timedelta(minutes=16)):
        reader.get(page, expect=404)
    with bare_app.app_context():
        slip = db.session().scalars(select(Slip)).one()
        assert slip.expires_at == THURSDAY + timedelta(days=7)
        assert code.replace("-", "") not in slip.digest


def test_a_double_tap_makes_one_slip(bare_app: Flask, reader: Reader, ben: int, erna: int) -> None:
    reader.sign_in_as(ben).get(f"/people/{erna}/slip")
    form = reader.page
    reader.submit("Make a new slip")
    reader.page = form
    reader.submit("Make a new slip")
    assert reader.page.main.one("p", class_="pin").text
    with bare_app.app_context():
        assert len(db.session().scalars(select(Slip)).all()) == 1


def test_a_withdrawn_slip_ends_what_it_opened(bare_app: Flask, reader: Reader, ben: int, erna: int) -> None:
    with bare_app.app_context(), db.transaction():
        code = service.issue_slip(erna, by=THE_HOUSE).code
    guest = Reader(bare_app)
    guest.get("/sign-in")
    guest.submit("Go on", key=code)
    reader.sign_in_as(ben).get(f"/people/{erna}/slip")
    reader.submit("Withdraw")
    guest.get("/my/devices")
    assert guest.page.path.startswith("/sign-in")
    guest.submit("Go on", key=code, expect=422)


def test_a_slip_is_withdrawn_once(bare_app: Flask, reader: Reader, ben: int, erna: int) -> None:
    with bare_app.app_context(), db.transaction():
        slip = service.issue_slip(erna, by=THE_HOUSE).slip_id
    reader.sign_in_as(ben)
    reader.post(f"/people/{erna}/slip/{slip}/withdraw")
    reader.post(f"/people/{erna}/slip/{slip}/withdraw", expect=409)
    reader.post(f"/people/{ben}/slip/{slip}/withdraw", expect=404)


def test_only_the_desk_makes_slips(bare_app: Flask, reader: Reader, house: int, erna: int) -> None:
    reader.sign_in_as(erna).get(f"/people/{erna}/slip", expect=404)
    reader.post(f"/people/{erna}/slip", {"days": "7"}, expect=404)
    treasurer = within(bare_app, lambda: a_person("Uwe", "Kassen", (Role.TREASURER, house)))
    reader.sign_in_as(treasurer).post(f"/people/{erna}/slip", {"days": "7"}, expect=404)
    reader.sign_out()
    reader.post(f"/people/{erna}/slip", {"days": "7"}, expect=401)


@pytest.mark.parametrize("days", ["", "-1", "36500", "x", "7; DROP"])
def test_a_slip_for_an_odd_time_is_refused(bare_app: Flask, reader: Reader, ben: int, erna: int, days: str) -> None:
    reader.sign_in_as(ben).post(f"/people/{erna}/slip", {"days": days}, expect=422)
    with bare_app.app_context():
        assert db.session().scalars(select(Slip)).all() == []


# Roles -------------------------------------------------------------------------------------------------------------


def test_a_manager_gives_and_takes_roles(bare_app: Flask, reader: Reader, house: int, jana: int, erna: int) -> None:
    reader.sign_in_as(jana).get(f"/people/{erna}/roles")
    reader.submit("Give this role", role="volunteer")
    assert "Erna Albers is now: Volunteer" in reader.page.alerts
    with bare_app.app_context():
        assert [line.role for line in queries.roles_of(erna)] == [Role.RESIDENT, Role.VOLUNTEER]
    reader.submit("Withdraw: Volunteer")
    with bare_app.app_context():
        assert [line.role for line in queries.roles_of(erna)] == [Role.RESIDENT]


def test_giving_a_role_twice_changes_nothing(bare_app: Flask, reader: Reader, house: int, jana: int, erna: int) -> None:
    reader.sign_in_as(jana)
    for _ in range(2):
        reader.post(f"/people/{erna}/roles", {"house": house, "role": "desk"})
    with bare_app.app_context():
        assert len(queries.roles_of(erna)) == 2


def test_a_role_that_does_not_exist_is_refused(reader: Reader, house: int, jana: int, erna: int) -> None:
    reader.sign_in_as(jana)
    for values in ({"house": house, "role": "king"}, {"house": 999, "role": "desk"}, {"house": "x", "role": "desk"}, {}):
        reader.post(f"/people/{erna}/roles", values, expect=422)


def test_the_last_manager_stays(bare_app: Flask, reader: Reader, house: int, jana: int) -> None:
    reader.sign_in_as(jana).get(f"/people/{jana}/roles")
    reader.submit("Withdraw: Manager", expect=409)
    assert any("last manager" in alert for alert in reader.page.alerts)
    with bare_app.app_context():
        assert [line.role for line in queries.roles_of(jana)] == [Role.MANAGER]


def test_two_managers_who_remove_each_other_leave_one(bare_app: Flask, house: int, jana: int) -> None:
    other = within(bare_app, lambda: a_person("Olga", "Zweite", (Role.MANAGER, house)))
    with bare_app.app_context():
        grants = {row.person_id: row.id for row in db.session().scalars(select(RoleGrant))}
    readers = [(Reader(bare_app).sign_in_as(jana), grants[other]), (Reader(bare_app).sign_in_as(other), grants[jana])]
    tokens = []
    for each, _ in readers:
        each.get("/my/devices")
        tokens.append(each.token())

    def remove(number: int) -> int:
        each, target = readers[number]
        return int(each.client.post(f"/roles/{target}/withdraw", data={"csrf_token": tokens[number]}).status_code)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(remove, range(2)))
    assert answers.count(303) == 1
    with bare_app.app_context():
        assert len(db.session().scalars(select(RoleGrant).where(RoleGrant.role == Role.MANAGER)).all()) == 1


def test_losing_a_staff_role_signs_out_and_ends_the_tokens_that_used_it(
    bare_app: Flask, reader: Reader, house: int, jana: int, ben: int
) -> None:
    with bare_app.app_context(), db.transaction():
        token = service.create_token(label="Ben", role=Role.DESK, house_id=house, person_id=ben, by=THE_HOUSE).token
    bens = Reader(bare_app).sign_in_as(ben)
    reader.sign_in_as(jana).get(f"/people/{ben}/roles")
    reader.submit("Withdraw: Desk")
    bens.get("/my/devices")
    assert bens.page.path.startswith("/sign-in")
    with bare_app.app_context():
        assert queries.identify_token(token) is None


def test_a_manager_decides_in_their_own_house_only(bare_app: Flask, reader: Reader, house: int, jana: int, erna: int) -> None:
    eving = within(bare_app, lambda: a_house("eving", "Eving"))
    theirs = within(bare_app, lambda: grant(erna, Role.VOLUNTEER, eving))
    reader.sign_in_as(jana)
    reader.post(f"/people/{erna}/roles", {"house": eving, "role": "manager"}, expect=422)
    reader.post(f"/roles/{theirs}/withdraw", expect=404)
    reader.post("/tokens", {"house": eving, "role": "manager", "label": "x"}, expect=422)
    with bare_app.app_context():
        assert [line.house for line in queries.roles_of(erna)] == ["Meilentreff Marten", "Eving"]


def test_nobody_but_a_manager_sees_roles_and_tokens(reader: Reader, house: int, ben: int, erna: int) -> None:
    for person in (ben, erna):
        reader.sign_in_as(person).get(f"/people/{erna}/roles", expect=404)
        reader.post(f"/people/{person}/roles", {"house": house, "role": "manager"}, expect=404)
        reader.get("/tokens", expect=403)
        reader.post("/tokens", {"house": house, "role": "manager", "label": "x"}, expect=403)


# Tokens ------------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_acts_with_exactly_its_role(bare_app: Flask, reader: Reader, house: int, jana: int) -> None:
    reader.sign_in_as(jana).get("/tokens")
    reader.submit("Make a token", label="Door display", role="volunteer", person=str(jana))
    secret = reader.page.main.all("code")[0].text
    with bare_app.app_context(), counted() as asked:
        actor = queries.identify_token(secret)
    assert len(asked) == 1
    assert actor is not None
    assert (actor.person_id, actor.roles, actor.via) == (jana, {(house, Role.VOLUNTEER)}, "api")
    reader.get("/tokens")
    reader.submit("Revoke")
    with bare_app.app_context():
        assert queries.identify_token(secret) is None
        assert secret not in db.session().scalars(select(ApiToken.digest)).one()


def test_a_token_without_a_person_is_somebody_and_nobody_in_particular(app: Flask) -> None:
    house = a_house()
    with db.transaction():
        made = [service.create_token(label="x", role=Role.DESK, house_id=house, person_id=None, by=THE_HOUSE) for _ in range(2)]
    first, second = (queries.identify_token(each.token) for each in made)
    assert first is not None and second is not None
    assert first.is_authenticated and signed_in(first) and first.person_id is None
    assert first.session_key != second.session_key


def test_a_token_for_nobody_known_is_refused(reader: Reader, house: int, jana: int) -> None:
    reader.sign_in_as(jana).get("/tokens")
    for person in ("999", "x", "9" * 12):
        reader.submit("Make a token", label="x", person=person, expect=422)
        assert "person" in reader.page.errors


def test_tokens_open_the_api_and_cookies_the_pages(bare_app: Flask, reader: Reader, house: int, jana: int) -> None:
    from app.core.web import actor

    def whoami() -> dict[str, Any]:
        return {"person": actor().person_id, "via": actor().via, "in": actor().is_authenticated}

    whoami.allow = signed_in  # type: ignore[attr-defined]
    bare_app.add_url_rule("/api/v1/whoami", "whoami_api", whoami)
    bare_app.add_url_rule("/whoami", "whoami_page", whoami)
    with bare_app.app_context(), db.transaction():
        token = service.create_token(label="x", role=Role.DESK, house_id=house, person_id=None, by=THE_HOUSE).token
    reader.sign_in_as(jana)
    bearer = {"Authorization": f"Bearer {token}"}
    assert reader.get("/whoami").response.json == {"person": jana, "via": "page", "in": True}
    assert reader.get("/api/v1/whoami").response.json == {"person": None, "via": "page", "in": False}
    assert reader.get("/api/v1/whoami", **bearer).response.json == {"person": None, "via": "api", "in": True}
    guest = Reader(bare_app)
    assert guest.get("/whoami", **bearer).response.json["in"] is False
    for wrong in ("Bearer nonsense", "Bearer", f"Basic {token}", "Bearer \xff\xfe", token):
        assert guest.get("/api/v1/whoami", Authorization=wrong).response.json["in"] is False


def test_the_command_prints_the_token_and_nothing_else(bare_app: Flask, house: int, erna: int) -> None:
    runner = bare_app.test_cli_runner()
    made = runner.invoke(args=["tokens", "create", "--role", "desk", "--person", str(erna), "--label", "Script"])
    assert made.exit_code == 0 and made.stderr == ""
    token = made.stdout.strip()
    assert made.stdout == f"{token}\n" and " " not in token
    with bare_app.app_context():
        actor = queries.identify_token(token)
        assert actor is not None and actor.person_id == erna and actor.roles == {(house, Role.DESK)}
    listed = runner.invoke(args=["tokens", "list"])
    assert "Script" in listed.stdout and token not in listed.stdout
    number = listed.stdout.split()[0]
    assert runner.invoke(args=["tokens", "revoke", number]).exit_code == 0
    assert runner.invoke(args=["tokens", "revoke", number]).exit_code != 0
    assert runner.invoke(args=["tokens", "revoke", "999"]).exit_code != 0
    for wrong in (["--role", "king"], ["--role", "desk", "--person", "999"], ["--role", "desk", "--house", "nowhere"], []):
        refused = runner.invoke(args=["tokens", "create", *wrong])
        assert refused.exit_code != 0 and refused.stdout == ""


def test_the_command_invites_and_resets(bare_app: Flask, reader: Reader, house: int) -> None:
    runner = bare_app.test_cli_runner()
    made = runner.invoke(args=["accounts", "invite", "Mara@Example.org", "--given-name", "Mara", "--family-name", "Neu"])
    assert made.exit_code == 0, made.output
    link = made.stdout.strip().removeprefix("http://127.0.0.1:8000")
    reader.get(link)
    secret = reader.page.main.one("code").text.replace(" ", "")
    with bare_app.app_context():
        code = service.current_totp(secret)
    reader.submit("Keep both", password="Kaffee um halb vier", code=code)
    with bare_app.app_context():
        mara = queries.behind("mara@example.org")[0].person_id
        assert [line.role for line in queries.roles_of(mara)] == [Role.MANAGER]
    assert runner.invoke(args=["accounts", "invite", "mara@example.org"]).exit_code != 0
    assert "/invitation/" in runner.invoke(args=["accounts", "reset", str(mara)]).stdout
    reader.get("/my/devices")
    assert reader.page.path.startswith("/sign-in")
    assert runner.invoke(args=["accounts", "disable", str(mara)]).exit_code != 0
    assert runner.invoke(args=["accounts", "invite", "nobody"]).exit_code != 0
    assert runner.invoke(args=["accounts", "invite", "nobody@example.org"]).exit_code != 0
