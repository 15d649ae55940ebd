"""Statements past SQLAlchemy: the same rows, the same types, the same transaction, the same refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError

from app.core import db
from app.core.statements import Statement, add, add_rows, insertion
from app.houses.models import House
from app.occupancy.models import Occupancy, Resource
from app.rooms.models import Booking, Room
from tests.browser_client import counted
from tests.makers import a_house, a_person, a_room

H = House.__table__.c
BY_SLUG = Statement(select(H.id, H.name, H.created_at).where(H.slug == bindparam("slug")))
SEVERAL = Statement(
    select(H.slug).where(H.slug.in_(bindparam("slugs", expanding=True)), H.name != bindparam("name")).order_by(H.slug)
)
NOON = datetime(2026, 11, 26, 13, tzinfo=timezone(timedelta(hours=1)))


def test_values_go_in_and_come_out_with_the_types_of_their_columns(app: Flask) -> None:
    house = a_house(created_at=NOON)
    row = BY_SLUG.row(slug="marten")
    assert row == (house, "Meilentreff Marten", NOON)
    assert row is not None and row[2].tzinfo is UTC
    assert BY_SLUG.row(slug="nowhere") is None
    room = Room.__table__.c
    a_room(house, features=["piano"], wishes_hold=False)
    assert Statement(select(room.features, room.wishes_hold)).rows() == [(["piano"], False)]


def test_lists_may_have_any_length(app: Flask) -> None:
    for slug in ("a", "b", "c"):
        a_house(slug)
    for slugs in (["a"], ["c", "a"], ["a", "b", "c", "d"], []):
        assert SEVERAL.rows(slugs=slugs, name="x") == [(slug,) for slug in sorted({*slugs} - {"d"})]


def test_they_are_counted_like_all_others(app: Flask) -> None:
    with counted() as statements:
        BY_SLUG.row(slug="marten")
        BY_SLUG.rows(slug="marten")
    assert len(statements) == 2 and all("FROM house" in each for each in statements)


def test_reading_stays_in_the_moment_the_session_began_with(app: Flask, engine: str) -> None:
    a_house(name="Old")
    seen = BY_SLUG.row(slug="marten")
    with db.db.engines["writer"].begin() as other:
        other.exec_driver_sql("UPDATE house SET name = 'New'")
    again = db.session().scalar(select(House.name))  # the mapper looks through the same connection
    assert seen is not None and seen[1] == "Old"
    assert again == ("Old" if engine == "sqlite" else "New")
    db.session().close()
    found = BY_SLUG.row(slug="marten")
    assert found is not None and found[1] == "New"


def test_an_act_sees_what_it_has_not_even_flushed(app: Flask) -> None:
    with db.transaction() as session:
        session.add(House(slug="new", name="New"))
        found = BY_SLUG.row(slug="new")
        assert found is not None and found[1] == "New"


def test_what_is_inserted_goes_when_the_act_is_undone(app: Flask) -> None:
    house = a_house()
    inserting = insertion(Resource)
    with pytest.raises(LookupError), db.transaction():
        assert inserting.row(house_id=house, kind="room_part", name="Hall", capacity=1) is not None
        raise LookupError
    assert db.session().scalar(select(Resource.id)) is None


def test_an_insert_outside_an_act_is_refused(app: Flask) -> None:
    house = a_house()
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        insertion(Resource).row(house_id=house, kind="room_part", name="Hall", capacity=1)
    db.session().rollback()


def test_a_column_that_is_forgotten_is_an_error(app: Flask) -> None:
    house = a_house()
    with pytest.raises((KeyError, InvalidRequestError), match="name"), db.transaction():
        insertion(Resource).row(house_id=house, kind="room_part", capacity=1)


def test_refusals_of_the_database_are_those_of_sqlalchemy(app: Flask) -> None:
    with pytest.raises(IntegrityError) as refusal, db.transaction():
        insertion(Resource).row(house_id=99, kind="room_part", name="Somebody's name", capacity=1)
    assert "Somebody" not in str(refusal.value)


def test_an_overlap_is_known_for_one(app: Flask) -> None:
    part = a_room(a_house()).parts[0]
    values = {
        "resource_id": part,
        "starts_at": NOON,
        "ends_at": NOON + timedelta(hours=1),
        "kind": "confirmed",
        "source": "booking",
    }
    inserting = insertion(Occupancy)
    with pytest.raises(DBAPIError) as refusal, db.transaction():
        inserting.row(**values, source_id=1)
        inserting.row(**values, source_id=2)
    assert db.is_overlap(refusal.value)


def test_an_object_that_is_added_is_in_the_session_and_changes_like_any_other(app: Flask) -> None:
    house = a_house()
    room, person = a_room(house), a_person()

    def booking() -> Booking:
        return Booking(
            house_id=house, room_id=room.id, starts_at=NOON, ends_at=NOON + timedelta(hours=1), before_minutes=0, after_minutes=0,
            state="confirmed", purpose="Tea", people=3, booked_for_id=person, created_by_id=person, uid="tea", price_rule={"cents": 1},
        )  # fmt: skip

    with db.transaction() as session:
        made = booking()
        with counted() as statements:
            add(made)
        assert len(statements) == 1
        assert session.get(Booking, made.id) is made and made.version == 1
        made.purpose = "Coffee"
        session.flush()
        assert made.version == 2
    found = db.session().get_one(Booking, made.id)
    assert (found.purpose, found.version, found.price_rule, found.starts_at) == ("Coffee", 2, {"cents": 1}, NOON)
    with pytest.raises(IntegrityError), db.transaction():
        add(booking())  # the same uid


def test_what_is_added_need_not_be_read_back(app: Flask) -> None:
    """Defaults of the model stand on the object as they were written."""
    house, person = a_house(), a_person()
    room = a_room(house)
    with db.transaction():
        booking = Booking(
            house_id=house, room_id=room.id, starts_at=NOON, ends_at=NOON + timedelta(hours=1), before_minutes=0, after_minutes=0,
            state="confirmed", purpose="Tea", people=2, booked_for_id=person, created_by_id=person, tariff_class="C",
            price_cents=0, price_rule={}, uid="x@y", origin="page", lapses_at=None,
        )  # fmt: skip
        add(booking)
        with counted() as statements:
            said = {column.key: getattr(booking, column.key) for column in Booking.__mapper__.column_attrs}
        assert statements == []
        db.session().expire(booking)
        assert said == {column.key: getattr(booking, column.key) for column in Booking.__mapper__.column_attrs}


def test_a_few_rows_are_added_by_one_statement(app: Flask) -> None:
    house = a_house()
    rows = [{"id": number, "house_id": house, "kind": "room_part", "name": f"Part {number}", "capacity": 1} for number in (3, 4)]
    with db.transaction(), counted() as statements:
        add_rows(Resource, rows)
    assert len(statements) == 1
    assert [(each.id, each.name) for each in db.session().scalars(select(Resource).order_by(Resource.id))] == [
        (3, "Part 3"),
        (4, "Part 4"),
    ]
