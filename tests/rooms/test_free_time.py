"""When a room is free, what is nearest to a time that is not, and which other rooms would do."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from app.core import clock, db, i18n
from app.core.spans import Span, merged
from app.occupancy import service as promises
from app.occupancy.models import Occupancy
from app.rooms import queries
from app.rooms.models import Room
from tests.browser_client import counted
from tests.makers import MadeRoom
from tests.rooms.marten import BERLIN, MONDAY, Marten, at, book, card, span

TUESDAY = MONDAY + timedelta(days=1)
THURSDAY_TODAY = date(2026, 11, 26)


def free(room: MadeRoom, first: date = MONDAY, days: int = 1) -> list[Span]:
    result = queries.free_spans(card(room), queries.day_window(first, BERLIN, days), BERLIN)
    db.session().close()
    return result


def nearest(room: MadeRoom, wanted: Span, **more: object) -> list[str]:
    spans = queries.nearest_free(card(room), wanted, BERLIN, **more)  # type: ignore[arg-type]
    db.session().close()
    return [f"{each.starts_at.astimezone(BERLIN):%d. %H:%M}–{each.ends_at.astimezone(BERLIN):%H:%M}" for each in spans]


def set_room(room: MadeRoom, **values: object) -> None:
    with db.transaction() as session:
        session.execute(update(Room).where(Room.id == room.id).values(**values))


def test_an_empty_room_is_free_as_long_as_it_may_be_used(app: Flask, marten: Marten) -> None:
    assert free(marten.quiet) == [span("08:00", "22:00")]
    assert free(marten.quiet, days=2) == [span("08:00", "22:00"), span("08:00", "22:00", TUESDAY)]


def test_a_booking_takes_its_time_and_the_buffers_on_both_sides(app: Flask, marten: Marten) -> None:
    set_room(marten.group, before_minutes=30, after_minutes=15)
    book(marten.group, span("12:00", "14:00"), marten.at_desk(), marten.jan)
    # Held from 11:30 to 14:15; a use before it ends 15 minutes earlier, a use behind it begins 30 minutes later.
    assert free(marten.group) == [span("08:00", "11:15"), span("14:45", "22:00")]


def test_a_room_that_is_used_only_while_the_desk_is_there_is_free_only_then(app: Flask, marten: Marten) -> None:
    set_room(marten.quiet, only_when_open=True)
    assert free(marten.quiet) == [span("10:00", "18:00")]
    assert free(marten.quiet, date(2026, 11, 29)) == []  # no desk on Sundays


def test_a_half_makes_the_hall_busy_and_the_other_half_not(app: Flask, marten: Marten) -> None:
    book(marten.east, span("10:00", "12:00"), marten.at_desk(), marten.jan)
    assert free(marten.hall) == [span("08:00", "10:00"), span("12:00", "22:00")]
    assert free(marten.west) == [span("08:00", "22:00")]


def test_wishes_that_hold_take_time_and_others_do_not(app: Flask, marten: Marten) -> None:
    book(marten.group, span("10:00", "12:00"), marten.resident())
    book(marten.hall, span("10:00", "12:00"), marten.resident())
    assert free(marten.group) == [span("08:00", "09:45"), span("12:15", "22:00")]
    assert free(marten.hall) == [span("08:00", "22:00")]


def test_nobody_is_free_on_a_holiday(app: Flask, marten: Marten) -> None:
    assert free(marten.quiet, date(2026, 12, 25)) == []


def test_the_nearest_times_come_first_and_fit_around_what_is_taken(app: Flask, marten: Marten) -> None:
    book(marten.quiet, span("10:00", "12:00"), marten.resident())
    assert nearest(marten.quiet, span("11:00", "13:00")) == ["30. 12:00–14:00", "30. 08:00–10:00", "29. 20:00–22:00"]


def test_a_gap_that_is_too_short_is_not_offered(app: Flask, marten: Marten) -> None:
    book(marten.quiet, span("08:00", "12:00"), marten.at_desk(), marten.jan)
    book(marten.quiet, span("13:00", "22:00"), marten.at_desk(), marten.jan)
    offered = nearest(marten.quiet, span("12:00", "14:00"))
    assert offered and all(not each.startswith("30.") for each in offered)
    assert nearest(marten.quiet, span("12:00", "13:00"))[0] == "30. 12:00–13:00"


def test_the_gap_that_opens_at_the_wanted_time_is_the_nearest(app: Flask, marten: Marten) -> None:
    book(marten.group, span("10:00", "12:00"), marten.at_desk(), marten.jan)
    assert nearest(marten.group, span("12:00", "14:00"))[0] == "30. 12:15–14:15"


def test_nothing_in_the_past_is_offered(app: Flask, marten: Marten) -> None:
    book(marten.quiet, span("14:00", "22:00", THURSDAY_TODAY), marten.at_desk(), marten.jan)
    for each in queries.nearest_free(card(marten.quiet), span("14:00", "16:00", THURSDAY_TODAY), BERLIN):
        assert each.starts_at >= clock.now()
    over = span("10:00", "12:00", date(2026, 11, 1))
    assert nearest(marten.quiet, over) == []


def test_ones_own_booking_does_not_stand_in_the_way(app: Flask, marten: Marten) -> None:
    own = book(marten.quiet, span("10:00", "12:00"), marten.resident())
    assert nearest(marten.quiet, span("11:00", "13:00"), but=("booking", own))[0] == "30. 11:00–13:00"


def test_other_rooms_are_those_that_are_free_open_and_large_enough(app: Flask, marten: Marten) -> None:
    def others(wanted: Span, people: int) -> list[str]:
        found = [each.slug for each in queries.other_rooms(card(marten.quiet), wanted, people, BERLIN)]
        db.session().close()
        return found

    assert others(span("10:00", "12:00"), 4) == ["saal", "saal-ost", "saal-west", "gruppe"]
    assert others(span("10:00", "12:00"), 31) == ["saal"]
    assert others(span("10:00", "12:00"), 61) == []
    book(marten.east, span("11:00", "13:00"), marten.at_desk(), marten.jan)
    assert others(span("10:00", "12:00"), 4) == ["saal-west", "gruppe"]
    assert others(span("21:00", "23:00"), 4) == []
    set_room(marten.group, only_when_open=True)
    assert "gruppe" not in others(span("18:00", "20:00"), 4)


def test_many_rooms_and_days_are_asked_in_a_constant_number_of_statements(app: Flask, marten: Marten) -> None:
    cards = queries.rooms(marten.house)
    queries.free_by_room(cards, MONDAY, 1, BERLIN)
    book(marten.quiet, span("15:00", "16:00", MONDAY), marten.resident())  # what was kept in memory is forgotten, as below
    with counted() as few:
        queries.free_by_room(cards[:1], MONDAY, 1, BERLIN)
    for number in range(10):
        book(marten.quiet, span("10:00", "12:00", MONDAY + timedelta(days=number)), marten.resident())
        book(marten.east, span("10:00", "12:00", MONDAY + timedelta(days=number)), marten.at_desk(), marten.jan)
    with counted() as many:
        found = queries.free_by_room(cards, MONDAY, 8, BERLIN)
    assert len(many) <= len(few)
    assert found[marten.quiet.id][:2] == [span("08:00", "10:00"), span("12:00", "15:00")]
    assert len(found[marten.hall.id]) + 1 == len(found[marten.quiet.id]) == 17


def test_a_day_that_is_over_has_nothing_free(app: Flask, marten: Marten) -> None:
    cards = queries.rooms(marten.house)
    assert set(map(tuple, queries.free_by_room(cards, date(2026, 11, 1), 8, BERLIN).values())) == {()}
    today = queries.free_by_room(cards, THURSDAY_TODAY, 1, BERLIN)
    assert today[marten.quiet.id] == [Span(at(THURSDAY_TODAY, "14:00"), at(THURSDAY_TODAY, "22:00"))]


def test_what_runs_over_midnight_is_cut_there(app: Flask, marten: Marten) -> None:
    from datetime import time

    from app.offers.models import OpeningHours

    with db.transaction() as session:
        for weekday in range(7):
            session.add(OpeningHours(house_id=marten.house, kind="use", weekday=weekday, opens=time(0), closes=time(23, 59)))
    found = queries.free_by_room(queries.rooms(marten.house), MONDAY, 3, BERLIN)[marten.quiet.id]
    assert found == [queries.day_window(MONDAY + timedelta(days=number), BERLIN) for number in range(3)]


# Against counting minute by minute -----------------------------------------------------------------------------------

START = at(MONDAY, "06:00")
QUARTER = timedelta(minutes=15)
uses = st.lists(st.tuples(st.integers(0, 70), st.integers(1, 12)), max_size=8)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(uses=uses, buffers=st.tuples(st.integers(0, 3), st.integers(0, 3)), first=st.integers(0, 60), length=st.integers(1, 16))
def test_a_time_is_free_exactly_when_a_booking_there_would_be_accepted(
    app: Flask, marten: Marten, uses: list[tuple[int, int]], buffers: tuple[int, int], first: int, length: int
) -> None:
    before, after = (15 * each for each in buffers)
    with db.transaction() as session:
        session.execute(delete(Occupancy))
        session.execute(update(Room).where(Room.id == marten.group.id).values(before_minutes=before, after_minutes=after))
    room = card(marten.group)
    taken: list[Span] = []
    for number, (begins, quarters) in enumerate(uses):
        use = room.held(Span(START + begins * QUARTER, START + (begins + quarters) * QUARTER))
        if not any(use.overlaps(other) for other in taken):
            taken.append(use)
            with db.transaction():
                promises.promise(room.parts, use, kind="confirmed", source="booking", source_id=number)
    wanted = Span(START + first * QUARTER, START + (first + length) * QUARTER)
    fits = span("08:00", "22:00").contains(wanted) and not any(room.held(wanted).overlaps(other) for other in taken)
    window = queries.day_window(MONDAY, i18n.zone())
    found = queries.free_spans(room, window, i18n.zone())
    db.session().close()
    assert any(each.contains(wanted) for each in found) == fits
    assert merged(found) == found
    for each in queries.nearest_free(room, wanted, i18n.zone()):
        assert each.length == wanted.length
        assert not any(room.held(each).overlaps(other) for other in taken)
    db.session().close()


@pytest.mark.parametrize("step", [15, 30, 60])
def test_what_is_offered_can_be_booked_by_a_resident(app: Flask, marten: Marten, step: int) -> None:
    """A time the house offers itself must not be refused by the house's own steps."""
    set_room(marten.quiet, step_minutes=step, after_minutes=15)
    now = clock.now()
    book(marten.quiet, Span(now - timedelta(minutes=10), now + timedelta(minutes=27)), marten.at_desk(), marten.jan)
    wanted = Span(_rounded(now), _rounded(now) + timedelta(hours=1))
    offered = queries.nearest_free(card(marten.quiet), wanted, BERLIN)
    db.session().close()
    assert offered
    for each in offered:
        book(marten.quiet, each, marten.resident())
        with db.transaction() as session:
            session.execute(delete(Occupancy).where(Occupancy.kind == "confirmed", Occupancy.starts_at >= each.starts_at))


def _rounded(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
