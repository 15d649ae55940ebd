"""People who tap at the same moment: the last piece goes to one, and two windows do not beat a limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, time
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import db, i18n
from app.core.policy import Role
from app.library import service
from app.library.models import LoanLine, Reservation
from app.library.queries import proof
from app.money import service as money
from tests.library.leihladen import Leihladen
from tests.makers import a_class, a_house, a_person, an_organisation, in_turn, open_daily
from tests.races.test_ledger_races import at_once

CROWD = 8
MONDAY, FRIDAY = date(2026, 11, 30), date(2026, 12, 4)


@pytest.fixture
def laden(bare_app: Flask) -> Leihladen:
    with bare_app.app_context():
        house = a_house()
        with in_turn():
            money.furnish_books(house)
        open_daily(house, time(16), time(19), "desk", range(5))
        return Leihladen(
            house, a_person("Sevgi", "Aydin", (Role.DESK, house)), a_person("Ayşe", "Yilmaz"), a_person("Jan", "Weber"),
            a_person("Ruth", "Sommer"), an_organisation(), a_class(house),
        )  # fmt: skip


def crowd(app: Flask) -> list[int]:
    with app.app_context():
        return [a_person(f"Gast{number}", "Sander") for number in range(CROWD)]


def reserve(laden: Leihladen, thing: int, person: int) -> int:
    request = service.ReservationRequest(thing, person, MONDAY, FRIDAY)
    with i18n.speaking("en"):
        return service.reserve_thing(request, laden.who(person)).id


def lend(laden: Leihladen, piece: int, person: int) -> int:
    request = service.LoanRequest(laden.house, person, [service.LineRequest(piece)], notices_read=True, identity_seen=True)
    with i18n.speaking("en"):
        return service.hand_out(request, laden.at_desk).id


def test_of_those_who_reserve_the_last_piece_one_gets_it_and_the_others_are_told_of_other_days(
    bare_app: Flask, laden: Leihladen
) -> None:
    guests = crowd(bare_app)
    for number in range(3):
        with bare_app.app_context():
            thing = laden.thing("Raclette", f"09{number:02}")
        answers = at_once(bare_app, [partial(reserve, laden, thing.id, person) for person in guests])
        assert Counter(type(each) for each in answers) == {int: 1, service.ThingTaken: CROWD - 1}
        for each in answers:
            if isinstance(each, service.ThingTaken):
                assert each.facts["alternatives"]
        with bare_app.app_context():
            assert db.session().scalar(select(func.count()).where(Reservation.thing_id == thing.id)) == 1
            assert list(proof.faults()) == []


def test_two_windows_do_not_beat_the_limit_of_three(bare_app: Flask, laden: Leihladen) -> None:
    with bare_app.app_context():
        things = [laden.thing(f"Ding {number}", f"10{number:02}") for number in range(6)]
    answers = at_once(bare_app, [partial(reserve, laden, thing.id, laden.ayse) for thing in things])
    assert Counter(type(each) for each in answers) == {int: 3, service.MayNotBorrow: 3}


def test_a_walk_in_and_a_reservation_do_not_both_get_the_last_piece(bare_app: Flask, laden: Leihladen) -> None:
    for number in range(4):
        with bare_app.app_context():
            thing = laden.thing("Beamer", f"02{number:02}")
            walk_in, caller = a_person("Lauf", "Kundschaft"), a_person("Ruf", "Kundschaft")
        acts: list[Callable[[], int]] = [
            partial(lend, laden, thing.piece, walk_in), partial(reserve, laden, thing.id, caller),
            partial(lend, laden, thing.piece, caller),
        ]  # fmt: skip
        answers = at_once(bare_app, acts)
        assert sum(isinstance(each, int) for each in answers) >= 1
        with bare_app.app_context():
            out = db.session().scalar(
                select(func.count()).where(LoanLine.piece_id == thing.piece, LoanLine.returned_at.is_(None))
            )
            assert out is not None
            assert out <= 1
            assert list(proof.faults()) == []


def test_a_counted_stack_is_never_promised_beyond_what_there_is(bare_app: Flask, laden: Leihladen) -> None:
    guests = crowd(bare_app)
    with bare_app.app_context():
        plates = laden.thing("Teller", "0600", counted=60)

    def twenty(person: int) -> int:
        with i18n.speaking("en"):
            return service.reserve_thing(service.ReservationRequest(plates.id, person, MONDAY, FRIDAY, 20), laden.who(person)).id

    answers = at_once(bare_app, [partial(twenty, person) for person in guests])
    assert Counter(type(each) for each in answers) == {int: 3, service.ThingTaken: CROWD - 3}
    with bare_app.app_context():
        assert list(proof.faults()) == []
