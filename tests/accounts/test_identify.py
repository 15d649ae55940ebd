"""Who acts, by the secret in a cookie."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from app.accounts import queries, service
from app.core import clock, db
from app.core.policy import Role
from tests.browser_client import counted
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person


def opened(person: int, means: str) -> str:
    with db.transaction():
        return service.open_sign_in(person, means=means).secret


def test_one_question_finds_the_person_and_all_roles(app: Flask) -> None:
    house, other = a_house(), a_house("eving", "Eving")
    person = a_person("Jana", "Krüger", (Role.MANAGER, house), (Role.VOLUNTEER, other), language="en")
    secret = opened(person, "password")
    with counted() as asked:
        actor = queries.identify(secret, demo=False)
    assert len(asked) == 1
    assert actor is not None
    assert (actor.person_id, actor.name, actor.language) == (person, "Jana Krüger", "en")
    assert actor.roles == {(house, Role.MANAGER), (other, Role.VOLUNTEER)}


def test_a_staff_role_by_slip_or_mail_is_a_residents_role(app: Flask) -> None:
    house = a_house()
    person = a_person("Jana", "Krüger", (Role.MANAGER, house), (Role.DESK, house), (Role.VOLUNTEER, house))
    for means in ("slip", "mail"):
        actor = queries.identify(opened(person, means), demo=True)
        assert actor is not None
        assert actor.roles == {(house, Role.RESIDENT), (house, Role.VOLUNTEER)}
        assert not actor.is_staff()


def test_an_unknown_ended_or_old_secret_is_nobody(app: Flask) -> None:
    a_house()
    person = a_person()
    assert queries.identify("", demo=True) is None
    assert queries.identify("\x00nonsense" * 500, demo=True) is None
    secret = opened(person, "slip")
    with db.transaction():
        service.end_sign_in(secret)
    assert queries.identify(secret, demo=True) is None
    secret = opened(person, "password")
    with clock.stopped_at(THURSDAY + timedelta(hours=11, minutes=59)):
        assert queries.identify(secret, demo=True) is not None
    with clock.stopped_at(THURSDAY + timedelta(hours=12)):
        assert queries.identify(secret, demo=True) is None


def test_one_click_ways_in_end_when_the_house_is_no_demonstration_any_more(app: Flask) -> None:
    house = a_house()
    person = a_person("Jana", "Krüger", (Role.MANAGER, house))
    secret = opened(person, "demo")
    demonstration = queries.identify(secret, demo=True)
    assert demonstration is not None and demonstration.is_staff(house)
    assert queries.identify(secret, demo=False) is None
