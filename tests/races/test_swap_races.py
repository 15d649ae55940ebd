"""Neighbours who tap at the same moment: one holds the last piece, hours count once, nobody slips below the floor together."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import db
from app.core.policy import Actor, Role
from app.swap import queries, service
from app.swap.models import Claim, Hours, ShelfMove, TimeAccount, TimeEntry
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person
from tests.races.test_ledger_races import at_once
from tests.swap.neighbours import Neighbours, found, sums_are_zero

CROWD, H = 8, 60


@pytest.fixture
def street(bare_app: Flask) -> Neighbours:
    with bare_app.app_context():
        house = a_house()
        people = [a_person(f"Nachbar{number}", "Sander") for number in range(3)]
        desk, manager = a_person("Sevgi", "Aydın", (Role.DESK, house)), a_person("Miriam", "Sander", (Role.MANAGER, house))
    return Neighbours(bare_app, house, desk, manager, *people)


def as_resident(street: Neighbours, person: int) -> Actor:
    return Actor(person_id=person, roles=frozenset({(street.house, Role.RESIDENT)}))


def test_of_those_who_claim_the_last_piece_one_holds_it_and_all_others_wait(street: Neighbours) -> None:
    with street.app.app_context():
        crowd = [a_person(f"Gast{number}", "Sander") for number in range(CROWD)]

    def claim(thing: int, person: int) -> int:
        return service.claim_thing(found(queries.thing(thing)), as_resident(street, person)).id

    for _ in range(3):
        thing = street.thing()
        answers = at_once(street.app, [partial(claim, thing, person) for person in [*crowd, crowd[0]]])
        assert all(isinstance(each, int) for each in answers) and len(set(answers)) == CROWD, "a double tap is one claim"
        with street.app.app_context():
            holding = select(func.count(Claim.held_until), func.count()).where(Claim.thing_id == thing)
            assert tuple(db.session().execute(holding).one()) == (1, CROWD)
        taken = at_once(street.app, [partial(take, street, thing)] * 2)
        assert Counter(type(each) for each in taken) == {int: 1, service.ThingElsewhere: 1}
    with street.app.app_context():
        assert db.session().scalar(select(func.count()).select_from(ShelfMove).where(ShelfMove.what == "gone")) == 3


def take(street: Neighbours, thing: int) -> int:
    return service.take_thing(found(queries.thing(thing)), street.actor(street.desk)).id


def confirm(street: Neighbours, hours: int) -> int:
    booked = found(queries.hours(hours))
    service.confirm_hours(booked, street.actor(booked.asked_id))
    return booked.id


def test_two_confirmations_of_the_same_hours_count_once(street: Neighbours) -> None:
    street.join(street.kemal, street.ruth)
    for number in range(1, 4):
        hours = street.hours(street.kemal, street.ruth, H, on_day=THURSDAY.date())
        answers = at_once(street.app, [partial(confirm, street, hours)] * 4)
        assert Counter(type(each) for each in answers) == {int: 1, service.HoursSettled: 3}
        assert street.balance(street.ruth) == 3 * H - number * H
    assert sums_are_zero(street)


def test_bookings_that_together_would_pass_the_floor_pass_it_never(street: Neighbours) -> None:
    """Ruth has 3 h and may go down to −10 h: of eight times 2 h to different helpers six fit, whoever is first."""
    with street.app.app_context():
        helpers = [a_person(f"Hilfe{number}", "Sander") for number in range(CROWD)]
    street.join(street.ruth, *helpers)
    booked = [street.hours(helper, street.ruth, 2 * H) for helper in helpers]
    answers = at_once(street.app, [partial(confirm, street, hours) for hours in booked])
    assert Counter(type(each) for each in answers) == {int: 6, service.LimitPassed: 2}
    assert street.balance(street.ruth) == -9 * H and sums_are_zero(street)
    with street.app.app_context():
        states = Counter(db.session().scalars(select(Hours.state)))
        assert states == {"accepted": 6, "booked": 2}
        assert db.session().scalar(select(func.count()).select_from(TimeEntry).where(TimeEntry.kind == "help")) == 6


def test_somebody_who_joins_by_a_double_tap_has_one_account_and_one_gift(street: Neighbours) -> None:
    def join(person: int) -> int:
        return service.join(street.house, person, as_resident(street, person)).id

    answers = at_once(street.app, [partial(join, person) for person in (street.kemal, street.kemal, street.ruth, street.amal)])
    assert Counter(type(each) for each in answers) == {int: 3, service.AccountOpen: 1}
    with street.app.app_context():
        assert db.session().scalar(select(func.count()).select_from(TimeAccount)) == 5, "three people, the community, the pot"
    assert street.balance(street.kemal) == 3 * H and sums_are_zero(street)
