"""``flask check`` sees when bookings and promises have come apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, insert, text, update

from app.core import db
from app.occupancy.models import Occupancy
from app.rooms import queries, service
from app.rooms.models import Booking, RoomPart
from tests.browser_client import counted
from tests.rooms.marten import MONDAY, Marten, book, do, span


@pytest.fixture
def bookings(app: Flask, marten: Marten) -> list[int]:
    """The hall firm with both parts, a wish that holds, one that does not, one that is cancelled, one that is moved."""
    desk = marten.at_desk()
    made = [
        book(marten.hall, span("10:00", "12:00"), desk),
        book(marten.group, span("10:00", "12:00"), marten.resident()),
        book(marten.hall, span("14:00", "16:00"), marten.resident()),
        book(marten.quiet, span("10:00", "12:00"), marten.resident()),
        book(marten.group, span("14:00", "16:00"), marten.resident()),
    ]
    do(service.cancel_booking, made[3], "", desk)
    do(service.confirm_booking, made[4], desk)
    do(service.change_booking, made[4], service.ChangeRequest(span("15:00", "18:00"), "Choir", 4), desk)
    return made


def found() -> list[str]:
    result = list(queries.faults())
    db.session().close()
    return result


def damage(statement: object) -> None:
    with db.transaction() as session:
        session.execute(statement)  # type: ignore[call-overload]


def test_a_sound_house_has_no_faults_and_is_asked_a_constant_number_of_times(bookings: list[int], marten: Marten) -> None:
    with counted() as few:
        assert found() == []
    for number in range(10):
        book(marten.quiet, span("10:00", "12:00", MONDAY + timedelta(days=number)), marten.resident())
    with counted() as many:
        assert found() == []
    assert len(few) == len(many)


def test_a_confirmed_booking_without_all_its_parts_is_told(bookings: list[int], marten: Marten) -> None:
    damage(delete(Occupancy).where(Occupancy.source_id == bookings[0], Occupancy.resource_id == marten.hall.parts[0]))
    assert found() == [f"booking {bookings[0]} is confirmed but does not hold every part of its room"]
    damage(delete(Occupancy).where(Occupancy.source_id == bookings[0]))
    assert found() == [f"booking {bookings[0]} is confirmed but does not hold every part of its room"]


def test_a_wish_that_holds_half_a_hall_is_told_and_one_that_holds_nothing_is_not(bookings: list[int], marten: Marten) -> None:
    at = span("14:00", "16:00")
    row = {"starts_at": at.starts_at, "ends_at": at.ends_at, "kind": "wished", "source": "booking", "source_id": bookings[2]}
    damage(insert(Occupancy).values({**row, "resource_id": marten.hall.parts[1]}))
    assert found() == [f"booking {bookings[2]} is wished but does not hold every part of its room"]
    damage(insert(Occupancy).values({**row, "resource_id": marten.hall.parts[0]}))
    assert found() == []


def test_a_promise_for_another_time_than_its_booking_is_told(bookings: list[int]) -> None:
    damage(update(Occupancy).where(Occupancy.source_id == bookings[1]).values(ends_at=span("10:00", "12:00").ends_at))
    (told,) = found()
    assert f"(booking {bookings[1]}) is for another time" in told


def test_a_promise_of_a_closed_or_missing_booking_is_told(bookings: list[int], marten: Marten) -> None:
    at = span("18:00", "19:00")
    row = {"resource_id": marten.quiet.parts[0], "starts_at": at.starts_at, "ends_at": at.ends_at, "kind": "confirmed"}
    damage(insert(Occupancy).values({**row, "source": "booking", "source_id": 4711}))
    (told,) = found()
    assert "(booking 4711) belongs to no booking" in told
    damage(update(Occupancy).where(Occupancy.source_id == 4711).values(source_id=bookings[3]))
    assert any(f"(booking {bookings[3]}) holds time for a booking that is closed" in told for told in found())


def test_a_promise_that_is_less_firm_than_its_booking_is_told(bookings: list[int]) -> None:
    damage(update(Booking).where(Booking.id == bookings[1]).values(state="confirmed"))
    (told,) = found()
    assert f"(booking {bookings[1]}) says otherwise" in told


def test_a_promise_of_something_else_than_the_room_is_told(bookings: list[int], marten: Marten) -> None:
    damage(update(RoomPart).where(RoomPart.room_id == marten.group.id).values(resource_id=marten.quiet.parts[0]))
    assert all("holds what does not belong to the room" in told for told in found()) and len(found()) == 2


def test_promises_of_other_features_are_not_looked_at(bookings: list[int], marten: Marten) -> None:
    at = span("18:00", "19:00")
    damage(text("DELETE FROM occupancy WHERE source = 'shift'"))
    row = {"resource_id": marten.quiet.parts[0], "starts_at": at.starts_at, "ends_at": at.ends_at, "kind": "firm"}
    damage(insert(Occupancy).values({**row, "source": "shift", "source_id": 4711}))
    assert found() == []
