"""Nothing can be promised twice: the database itself refuses, whatever the code believes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from app.core import db
from app.core.spans import Span
from app.occupancy import queries, service
from app.occupancy.models import Occupancy, Resource
from app.occupancy.queries import Held
from tests.browser_client import counted
from tests.conftest import THURSDAY
from tests.makers import a_house

START = THURSDAY.replace(hour=0, minute=0)
HOUR = timedelta(hours=1)


def span(first: float, last: float) -> Span:
    """Between two hours counted from midnight of the Thursday."""
    return Span(START + first * HOUR, START + last * HOUR)


def some_resources(number: int) -> list[int]:
    house = a_house()
    resources = [Resource(house_id=house, kind="room_part", name=f"part {index}") for index in range(number)]
    with db.transaction() as session:
        session.add_all(resources)
    return [resource.id for resource in resources]


def promise(resource: int, held: Span, source_id: int = 1, kind: str = "confirmed") -> None:
    with db.transaction():
        service.promise([resource], held, kind=kind, source="booking", source_id=source_id)


def raw_insert(resource: int, starts_at: datetime, ends_at: datetime) -> None:
    """Past every service: the row as somebody at a database console would write it."""
    row = {"resource_id": resource, "starts_at": starts_at, "ends_at": ends_at, "kind": "x", "source": "console", "source_id": 9}
    with db.transaction() as session:
        session.execute(insert(Occupancy).values(row))


def rows() -> list[tuple[int, datetime, datetime]]:
    return sorted((each.resource_id, each.starts_at, each.ends_at) for each in db.session().query(Occupancy).all())


@pytest.mark.parametrize(
    ("first", "last"),
    [(10, 12), (9, 11), (11, 13), (10.5, 11.5), (9, 13), (11.99, 14), (9, 10.01), (0, 24)],
)
def test_an_overlapping_row_is_refused_by_the_database(app: Flask, first: float, last: float) -> None:
    (hall,) = some_resources(1)
    promise(hall, span(10, 12))
    wanted = span(first, last)
    with pytest.raises(DBAPIError) as fault:
        raw_insert(hall, wanted.starts_at, wanted.ends_at)
    assert db.is_overlap(fault.value)
    assert len(rows()) == 1


@pytest.mark.parametrize(("first", "last"), [(8, 10), (12, 14), (0, 1), (23, 24)])
def test_what_touches_or_lies_apart_is_accepted(app: Flask, first: float, last: float) -> None:
    (hall,) = some_resources(1)
    promise(hall, span(10, 12))
    wanted = span(first, last)
    raw_insert(hall, wanted.starts_at, wanted.ends_at)
    assert len(rows()) == 2


def test_another_resource_is_free_at_the_same_time(app: Flask) -> None:
    east, west = some_resources(2)
    promise(east, span(10, 12))
    raw_insert(west, span(10, 12).starts_at, span(10, 12).ends_at)
    assert len(rows()) == 2


def test_a_gap_between_two_rows_takes_what_fits_exactly_and_nothing_longer(app: Flask) -> None:
    (hall,) = some_resources(1)
    promise(hall, span(8, 10))
    promise(hall, span(12, 14))
    with pytest.raises(DBAPIError):
        raw_insert(hall, span(10, 12.5).starts_at, span(10, 12.5).ends_at)
    raw_insert(hall, span(10, 12).starts_at, span(10, 12).ends_at)
    assert len(rows()) == 3


def test_a_long_row_from_long_ago_still_keeps_its_place(app: Flask) -> None:
    (hall,) = some_resources(1)
    promise(hall, span(-24 * 400, 20))
    with pytest.raises(DBAPIError) as fault:
        raw_insert(hall, span(19, 21).starts_at, span(19, 21).ends_at)
    assert db.is_overlap(fault.value)


@pytest.mark.parametrize("change", ["starts_at", "ends_at", "both", "resource"])
def test_an_update_cannot_make_two_rows_overlap(app: Flask, change: str) -> None:
    hall, other = some_resources(2)
    promise(hall, span(10, 12), 1)
    promise(other if change == "resource" else hall, span(11, 13) if change == "resource" else span(14, 16), 2)
    values: dict[str, Any] = {
        "starts_at": {"starts_at": span(11, 12).starts_at},
        "ends_at": {"ends_at": span(14, 15).ends_at},
        "both": {"starts_at": span(9, 11).starts_at, "ends_at": span(9, 11).ends_at},
        "resource": {"resource_id": hall},
    }[change]
    moved = 1 if change == "ends_at" else 2
    before = rows()
    with pytest.raises(DBAPIError) as fault, db.transaction() as session:
        session.execute(update(Occupancy).where(Occupancy.source_id == moved).values(values))
    assert db.is_overlap(fault.value)
    assert rows() == before


def test_an_update_that_stays_clear_is_accepted(app: Flask) -> None:
    (hall,) = some_resources(1)
    promise(hall, span(10, 12), 1)
    promise(hall, span(14, 16), 2)
    with db.transaction() as session:
        session.execute(update(Occupancy).where(Occupancy.source_id == 2).values(starts_at=span(12, 16).starts_at))
        session.execute(update(Occupancy).where(Occupancy.source_id == 1).values(starts_at=span(11, 12).starts_at))
    assert [(starts_at, ends_at) for _, starts_at, ends_at in rows()] == [
        (span(11, 12).starts_at, span(11, 12).ends_at),
        (span(12, 16).starts_at, span(12, 16).ends_at),
    ]


@pytest.mark.parametrize(("first", "last"), [(12, 12), (12, 10)])
def test_a_row_that_does_not_end_after_it_starts_is_refused(app: Flask, first: float, last: float) -> None:
    (hall,) = some_resources(1)
    with pytest.raises(DBAPIError):
        raw_insert(hall, START + first * HOUR, START + last * HOUR)
    assert rows() == []


def test_several_rows_in_one_statement_are_all_refused_when_one_overlaps(app: Flask) -> None:
    east, west = some_resources(2)
    promise(west, span(10, 12), 1)
    with pytest.raises(db.Collision), db.transaction():
        service.promise([east, west], span(11, 13), kind="confirmed", source="booking", source_id=2)
    assert [resource for resource, _, _ in rows()] == [west]


def test_a_released_promise_frees_its_time(app: Flask) -> None:
    east, west = some_resources(2)
    with db.transaction():
        service.promise([east, west], span(10, 12), kind="confirmed", source="booking", source_id=1)
        service.promise([east], span(12, 13), kind="confirmed", source="booking", source_id=2)
    with db.transaction():
        service.release("booking", 1)
    assert [(resource, starts_at) for resource, starts_at, _ in rows()] == [(east, span(12, 13).starts_at)]
    promise(west, span(9, 11), 3)


def test_a_reader_cannot_write_even_by_hand(app: Flask) -> None:
    (hall,) = some_resources(1)
    promise(hall, span(10, 12))
    for statement in (delete(Occupancy), update(Occupancy).values(kind="x"), text("DELETE FROM occupancy")):
        with pytest.raises(DBAPIError):
            db.session().execute(statement)
        db.session().rollback()
    assert len(rows()) == 1


# Any order of inserts, any window ------------------------------------------------------------------------------------

QUARTER = timedelta(minutes=15)
instants = st.integers(0, 96).map(lambda quarter: START + quarter * QUARTER)
lengths = st.one_of(st.integers(1, 12), st.integers(12, 400)).map(lambda quarters: quarters * QUARTER)
attempts = st.lists(st.tuples(st.integers(0, 2), instants, lengths, st.booleans()), max_size=24)
windows = st.tuples(instants, st.integers(1, 96)).map(lambda pair: Span(pair[0], pair[0] + pair[1] * QUARTER))


@pytest.fixture
def three(app: Flask) -> Iterator[list[int]]:
    yield some_resources(3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attempts=attempts, window=windows, asked=st.sets(st.integers(0, 2)))
def test_after_any_inserts_nothing_overlaps_and_the_short_scan_finds_what_a_full_one_does(
    three: list[int], attempts: list[tuple[int, datetime, timedelta, bool]], window: Span, asked: set[int]
) -> None:
    with db.transaction() as session:
        session.execute(delete(Occupancy))
    kept: list[Held] = []
    for number, (index, starts_at, length, backwards) in enumerate(attempts):
        # Backwards: long before the window, so that what still runs into it must be found.
        wanted = Span(starts_at - length, starts_at) if backwards else Span(starts_at, starts_at + length)
        clear = not any(other.resource_id == three[index] and other.span.overlaps(wanted) for other in kept)
        try:
            promise(three[index], wanted, number)
            accepted = True
        except db.Collision:
            accepted = False
        assert accepted == clear
        if accepted:
            kept.append(Held(three[index], wanted, "confirmed", "booking", number))
    stored = rows()
    for (resource, _, ends_at), (after, starts_at, _) in pairwise(stored):
        assert resource != after or ends_at <= starts_at
    resources = {three[index] for index in asked}
    naive = [held for held in kept if held.resource_id in resources and held.span.overlaps(window)]
    found = queries.holding(resources, window)
    assert found == sorted(naive, key=lambda held: (held.span.starts_at, held.resource_id))
    assert queries.conflicts(resources, window, but=("booking", 0)) == [held for held in found if held.source_id != 0]
    by_resource = queries.busy(resources, window)
    assert {resource: spans for resource, spans in by_resource.items() if spans} == {
        resource: [held.span for held in found if held.resource_id == resource]
        for resource in resources if any(held.resource_id == resource for held in found)
    }  # fmt: skip


def test_looking_takes_one_statement_however_many_resources_and_rows(app: Flask) -> None:
    resources = some_resources(6)
    with counted() as few:
        queries.holding(resources[:1], span(0, 24))
    for resource in resources:
        for hour in range(0, 20, 2):
            promise(resource, span(hour, hour + 1))
    with counted() as many:
        assert len(queries.holding(resources, span(0, 24))) == 60
    assert len(few) == len(many) == 1


def test_asking_about_no_resource_at_all_finds_nothing(app: Flask) -> None:
    (hall,) = some_resources(1)
    promise(hall, span(10, 12))
    assert queries.holding([], span(0, 24)) == []
    assert queries.busy([], span(0, 24)) == {}
