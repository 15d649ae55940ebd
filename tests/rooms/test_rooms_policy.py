"""The law of rooms: who may what, and lists that show exactly what the rule beside them allows."""

from __future__ import annotations

import pytest
from flask import Flask

from app.core import db
from app.core.policy import ANONYMOUS, Actor, Role, Rule
from app.rooms import policy, queries
from tests.makers import a_house
from tests.rooms.marten import Marten, book, found, span


def everybody(marten: Marten, other: int) -> dict[str, Actor]:
    def who(person: int | None, *roles: tuple[int, Role]) -> Actor:
        return Actor(person_id=person, roles=frozenset(roles), session_key="key")

    here = marten.house
    return {
        "anonymous": ANONYMOUS,
        "owner": who(marten.ayse, (here, Role.RESIDENT)),
        "resident": who(marten.jan, (here, Role.RESIDENT)),
        "volunteer": who(marten.volunteer, (here, Role.VOLUNTEER)),
        "partner": who(99, (here, Role.PARTNER)),
        "treasurer": who(98, (here, Role.TREASURER)),
        "desk": who(marten.desk, (here, Role.DESK)),
        "manager": who(marten.manager, (here, Role.MANAGER)),
        "desk elsewhere": who(97, (other, Role.DESK)),
        "manager elsewhere": who(96, (other, Role.MANAGER)),
        "token of nobody": who(None, (here, Role.RESIDENT)),
        "token of the desk": who(None, (here, Role.DESK)),
    }


DESK = {"desk", "manager", "token of the desk"}
LAW: list[tuple[Rule, set[str]]] = [
    (policy.see_booking, DESK | {"owner"}),
    (policy.change_booking, DESK | {"owner"}),
    (policy.cancel_booking, DESK | {"owner"}),
    (policy.confirm_booking, DESK),
    (policy.refuse_booking, DESK),
    (policy.manage_bookings, DESK),
    (policy.see_details, DESK),
    (policy.see_wishes, DESK),
    (policy.import_calendar, DESK),
    (policy.manage_rooms, {"manager"}),
]


@pytest.mark.parametrize(("rule", "allowed"), LAW)
def test_who_may_do_what_with_a_booking(app: Flask, marten: Marten, rule: Rule, allowed: set[str]) -> None:
    booking = found(book(marten.quiet, span("10:00", "12:00"), marten.resident()))
    actors = everybody(marten, a_house("eving", "Eving"))
    assert {name for name, actor in actors.items() if rule(actor, booking)} == allowed


def test_an_imported_date_belongs_to_nobody(app: Flask, marten: Marten) -> None:
    booking = found(book(marten.quiet, span("10:00", "12:00"), marten.resident()))
    booking.booked_for_id = None
    actors = everybody(marten, a_house("eving", "Eving"))
    assert {name for name, actor in actors.items() if policy.see_booking(actor, booking)} == DESK
    db.session().rollback()


def test_lists_show_exactly_what_the_rule_allows(app: Flask, marten: Marten) -> None:
    ids = [
        book(marten.quiet, span("10:00", "12:00"), marten.resident()),
        book(marten.quiet, span("12:00", "14:00"), marten.resident(marten.jan)),
        book(marten.group, span("10:00", "12:00"), marten.at_desk(), marten.volunteer),
    ]
    for name, actor in everybody(marten, a_house("eving", "Eving")).items():
        allowed = {each for each in ids if policy.see_booking(actor, found(each))}
        db.session().close()
        if actor.person_id is None and not policy.manage_bookings(actor, found(ids[0])):
            assert allowed == set(), name
            continue
        listed = queries.listed(
            marten.house, person_id=policy.only_own(actor), room_id=None, starts_at=None, ends_at=None, after=None, most=50
        )
        mine = {each.id for each in queries.bookings_of(actor.person_id or 0)}
        db.session().close()
        if name.endswith("elsewhere"):
            continue  # lists are asked for in one's own house: see the API
        assert {each.id for each in listed} == allowed, name
        assert mine <= allowed, name
