"""Many people, one slot: one gets it, the others are told what else is free, and nothing else happens."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from functools import partial

from sqlalchemy import func, select

from app.notices.models import Letter
from app.occupancy.models import Occupancy
from app.rooms.models import Booking
from tests.races.crowd import Answer, Busy, a_day, together, wanted

ROUNDS = 10


def alternatives(answer: Answer) -> list[str]:
    """Addresses of the free times a refused page offers."""
    return re.findall(r'href="(/rooms/lernraum/book\?[^"]*starts=[^"]*)"', answer.body)


def test_fifty_people_for_one_slot_ten_times_in_a_row(busy: Busy) -> None:
    for number in range(ROUNDS):
        day = a_day(number)
        form = wanted(day)
        acts = [
            partial(visitor.post, "/rooms/lernraum/book", idempotency_key=f"{number}-{visitor.person}", **form)
            for visitor in busy.people
        ]
        answers = together(acts, busy.people)
        assert Counter(answer.status for answer in answers) == {303: 1, 409: 49}, f"round {number}"
        for answer in answers:
            if answer.status == 409:
                assert "Somebody was faster" in answer.body
                assert alternatives(answer), "no alternative is offered"
                assert 'value="Choir practice"' in answer.body, "what was typed is lost"
        (winner,) = (answer for answer in answers if answer.status == 303)
        with busy.looking() as session:
            (booking,) = session.scalars(select(Booking).where(Booking.starts_at >= day_begins(day), Booking.starts_at < day_begins(a_day(number + 1))))
            assert winner.headers["location"] == f"/bookings/{booking.id}"
    with busy.looking() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == ROUNDS
        assert session.scalar(select(func.count()).select_from(Occupancy)) == ROUNDS
        letters = session.scalars(select(Letter.occasion)).all()
        assert sorted(letters) == sorted(f"booking:{number}:confirmed:0" for number in session.scalars(select(Booking.id)))


def day_begins(day: date) -> object:
    from app.core import clock, i18n

    return clock.midnight(day, i18n.zone())


def test_fifty_programs_for_one_slot_through_the_api(busy: Busy) -> None:
    for number in range(3):
        day = a_day(number)
        body = json.dumps({
            "room": "lernraum", "starts_at": f"{day}T10:00:00+01:00", "ends_at": f"{day}T12:00:00+01:00", "purpose": "Choir practice",
            "people": 4,
        })  # fmt: skip
        acts = [partial(visitor.call, "/api/v1/bookings", body, f"{number}-{visitor.person}") for visitor in busy.people]
        answers = together(acts, busy.people)
        assert Counter(answer.status for answer in answers) == {201: 1, 409: 49}, f"round {number}"
        for answer in answers:
            document = json.loads(answer.body)
            if answer.status == 409:
                assert document["type"].endswith(":room-taken")
                assert document["alternatives"] and all(each["room"] == "lernraum" for each in document["alternatives"])
            else:
                assert document["state"] == "confirmed"
    with busy.looking() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 3
        assert session.scalar(select(func.count()).select_from(Letter)) == 3


def test_the_hall_against_its_halves(busy: Busy) -> None:
    east, west = busy.hall.parts
    for number in range(6):
        day = a_day(number)
        rooms = ["saal", "saal-ost", "saal-west"]
        visitors = busy.people[:30]
        acts = [
            partial(visitor.post, f"/rooms/{rooms[(index + number) % 3]}/book", idempotency_key=f"{number}-{index}", **wanted(day))
            for index, visitor in enumerate(visitors)
        ]
        answers = together(acts, visitors)
        counted = Counter(answer.status for answer in answers)
        assert counted.keys() == {303, 409}
        with busy.looking() as session:
            rows = session.execute(
                select(Occupancy.resource_id, Booking.room_id)
                .join(Booking, Booking.id == Occupancy.source_id)
                .where(Occupancy.starts_at >= day_begins(day), Occupancy.starts_at < day_begins(a_day(number + 1)))
                .order_by(Occupancy.resource_id)
            ).all()
        assert [resource for resource, _ in rows] == [east, west]
        booked = [room for _, room in rows]
        assert booked in ([busy.hall.id] * 2, [busy.east.id, busy.west.id])
        assert counted[303] == len(set(booked))


def test_two_confirm_one_wish_and_the_second_is_told_who_was_first(busy: Busy) -> None:
    for number in range(5):
        made = busy.people[0].post("/rooms/gruppe/book", idempotency_key=f"wish-{number}", **wanted(a_day(number)))
        assert made.status == 303
        path = f"{made.headers['location']}/confirm"
        acts = [partial(visitor.post, path, idempotency_key=f"{number}-{visitor.person}") for visitor in busy.desk]
        answers = together(acts, busy.desk)
        assert Counter(answer.status for answer in answers) == {303: 1, 409: 1}
        first = next(visitor.person for visitor, answer in zip(busy.desk, answers, strict=True) if answer.status == 303)
        (refused,) = (answer for answer in answers if answer.status == 409)
        name = f"Gast{50 + [visitor.person for visitor in busy.desk].index(first)} Sander"
        assert f"{name} has already decided" in refused.body
    with busy.looking() as session:
        told = Counter(occasion.split(":")[2] for occasion in session.scalars(select(Letter.occasion).where(Letter.person_id == busy.people[0].person)))
        assert told == {"wished": 5, "confirmed": 5}


def test_a_double_tap_makes_one_booking_and_shows_it_twice(busy: Busy) -> None:
    visitor, *others = busy.people[:4]
    twins = [visitor, *(type(visitor)(visitor.server, visitor.person, visitor.cookie, visitor.token, visitor.csrf) for _ in others)]
    for number in range(5):
        acts = [partial(twin.post, "/rooms/lernraum/book", idempotency_key=f"same-{number}", **wanted(a_day(number))) for twin in twins]
        answers = together(acts, twins)
        assert Counter(answer.status for answer in answers) == {303: 4}
        assert len({answer.headers["location"] for answer in answers}) == 1
    with busy.looking() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 5
        assert session.scalar(select(func.count()).select_from(Letter)) == 5


def test_twenty_people_for_twenty_slots_all_get_theirs(busy: Busy) -> None:
    """What does not touch must not hinder: nobody is turned away because others book as well."""
    visitors = busy.people[:20]
    acts = [
        partial(visitor.post, "/rooms/lernraum/book", idempotency_key=f"own-{index}", **wanted(a_day(index // 5), f"{8 + 2 * (index % 5):02}:00", f"{10 + 2 * (index % 5):02}:00"))
        for index, visitor in enumerate(visitors)
    ]  # fmt: skip
    answers = together(acts, visitors)
    assert Counter(answer.status for answer in answers) == {303: 20}
    with busy.looking() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 20
