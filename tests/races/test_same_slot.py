"""Many people, one slot: one gets it, the others are told what else is free, and nothing else happens."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial

from sqlalchemy import select

from app.money.models import Charge
from tests.races.crowd import Answer, Busy, together, wanted

ROUNDS = 10


def counted(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def test_fifty_people_for_one_slot_ten_times_in_a_row(busy: Busy) -> None:
    for number in range(ROUNDS):
        day = busy.next_day()
        acts = [
            partial(visitor.post, "/rooms/lernraum/book", idempotency_key=f"slot-{number}-{visitor.person}", **wanted(day))
            for visitor in busy.people
        ]
        answers = together(acts, busy.people)
        assert counted(answers) == {303: 1, 409: 49}, f"round {number}"
        for answer in answers:
            if answer.status == 409:
                assert "Somebody was faster" in answer.body
                assert '<a href="/rooms/lernraum/book?' in answer.body, "no alternative is offered"
                assert 'value="Choir practice"' in answer.body, "what was typed is lost"
        held = busy.held(day)
        (booking,) = held.bookings
        assert next(answer for answer in answers if answer.status == 303).headers["location"] == f"/bookings/{booking}"
        assert held.promises == [(busy.quiet.parts[0], booking)]
        assert held.letters == [f"booking:{booking}:confirmed:0"]


def test_fifty_programs_for_one_slot_through_the_api(busy: Busy) -> None:
    for number in range(3):
        day = busy.next_day()
        times = {"starts_at": f"{day}T10:00:00+01:00", "ends_at": f"{day}T12:00:00+01:00"}
        body = json.dumps({"room": "lernraum", "purpose": "Choir practice", "people": 4, **times})
        acts = [partial(visitor.call, "/api/v1/bookings", body, f"{number}-{visitor.person}") for visitor in busy.people]
        answers = together(acts, busy.people)
        assert counted(answers) == {201: 1, 409: 49}, f"round {number}"
        held = busy.held(day)
        (booking,) = held.bookings
        assert held.letters == [f"booking:{booking}:confirmed:0"]
        for answer in answers:
            document = json.loads(answer.body)
            if answer.status == 201:
                assert (document["id"], document["state"]) == (booking, "confirmed")
            else:
                assert document["type"].endswith(":room-taken")
                assert document["alternatives"] and all(each["room"] == "lernraum" for each in document["alternatives"])


def test_the_hall_against_its_halves(busy: Busy) -> None:
    rooms = ["saal", "saal-ost", "saal-west"]
    east, west = busy.hall.parts
    outcomes = set()
    for number in range(6):
        day = busy.next_day()
        visitors = busy.people[:30]
        acts = [
            partial(visitor.post, f"/rooms/{rooms[(index + number) % 3]}/book", idempotency_key=f"{day}-{index}", **wanted(day))
            for index, visitor in enumerate(visitors)
        ]  # fmt: skip
        answers = together(acts, visitors)
        held = busy.held(day)
        assert [resource for resource, _ in held.promises] == [east, west], "a half is free or promised twice"
        assert sorted({booking for _, booking in held.promises}) == held.bookings
        assert counted(answers) == {303: len(held.bookings), 409: 30 - len(held.bookings)}
        assert len(held.letters) == len(held.bookings)
        outcomes.add(len(held.bookings))
    assert outcomes <= {1, 2}


def test_two_confirm_one_wish_and_the_second_is_told_who_was_first(busy: Busy) -> None:
    for number in range(5):
        day = busy.next_day()
        made = busy.people[0].post("/rooms/gruppe/book", idempotency_key=f"wish-{number}", **wanted(day))
        assert made.status == 303
        path = f"{made.headers['location']}/confirm"
        acts = [partial(visitor.post, path, idempotency_key=f"yes-{number}-{visitor.person}") for visitor in busy.desk]
        answers = together(acts, busy.desk)
        assert counted(answers) == {303: 1, 409: 1}
        first = next(index for index, answer in enumerate(answers) if answer.status == 303)
        assert f"Gast{50 + first} Sander has already decided" in answers[1 - first].body
        told = [occasion.split(":")[2] for occasion in busy.held(day).letters]
        assert Counter(told) == {"wished": 3, "confirmed": 1}  # the person and both of the desk; then the person
        with busy.looking() as session:
            (booking,) = busy.held(day).bookings
            charges = session.scalars(select(Charge.total_cents).where(Charge.source == "booking", Charge.source_id == booking))
            assert list(charges) == [2400]


def test_a_double_tap_makes_one_booking_and_shows_it_each_time(busy: Busy) -> None:
    for number in range(5):
        day = busy.next_day()
        twins = [busy.people[0].twin() for _ in range(4)]
        acts = [partial(twin.post, "/rooms/lernraum/book", idempotency_key=f"same-{number}", **wanted(day)) for twin in twins]
        answers = together(acts, twins)
        assert counted(answers) == {303: 4}
        held = busy.held(day)
        (booking,) = held.bookings
        assert {answer.headers["location"] for answer in answers} == {f"/bookings/{booking}"}
        assert len(held.letters) == 1


def test_twenty_people_for_twenty_slots_all_get_theirs(busy: Busy) -> None:
    """What does not touch must not hinder: nobody is turned away because others book as well."""
    days = [busy.next_day() for _ in range(4)]
    visitors = busy.people[:20]
    acts = []
    for index, visitor in enumerate(visitors):
        hour = 8 + 2 * (index % 5)
        form = wanted(days[index // 5], f"{hour:02}:00", f"{hour + 2:02}:00")
        acts.append(partial(visitor.post, "/rooms/lernraum/book", idempotency_key=f"own-{index}", **form))
    assert counted(together(acts, visitors)) == {303: 20}
    assert sum(len(busy.held(day).bookings) for day in days) == 20
