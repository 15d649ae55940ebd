"""The day and the week as cells: what is where, what is told about it to whom, and where it leads."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask

from app.core import clock, db, i18n
from app.core.policy import ANONYMOUS, Actor
from app.core.spans import Span
from app.offers import queries as offers
from app.offers.models import OpeningException, OpeningHours
from app.rooms import queries
from app.rooms.views import grid
from tests.conftest import THURSDAY
from tests.makers import MadeRoom
from tests.rooms.marten import BERLIN, MONDAY, Marten, book, card, span

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@pytest.fixture(autouse=True)
def english(bare_app: Flask) -> Any:
    with bare_app.test_request_context(), i18n.speaking("en"):
        yield


def day(marten: Marten, who: Actor = ANONYMOUS, on: date = MONDAY, **more: Any) -> grid.DayGrid:
    cards = queries.rooms(marten.house)
    window = queries.day_window(on, BERLIN)
    opened = offers.open_days(marten.house, on, on, BERLIN)[on]
    drawn = grid.day_grid(queries.standing(cards, window), opened, window, who, BERLIN, **more)
    db.session().close()
    return drawn


def row(drawn: grid.DayGrid, room: MadeRoom) -> str:
    """The cells of a room as letters, one for each half hour; ``·`` is plain."""
    cells = next(each.cells for each in drawn.rows if each.room.id == room.id)
    return "".join((cell.letter or "·") * cell.width for cell in cells)


def texts(drawn: grid.DayGrid, room: MadeRoom, letters: str = "cwm") -> list[str]:
    cells = next(each.cells for each in drawn.rows if each.room.id == room.id)
    return [f"{cell.letter} {cell.time} {cell.text}" for cell in cells if cell.letter and cell.letter in letters]


# A usual day ---------------------------------------------------------------------------------------------------------


def test_an_empty_day_is_free_from_opening_to_closing(marten: Marten) -> None:
    drawn = day(marten)
    assert drawn.columns == 28
    assert [word for word, _, _ in drawn.hours] == [f"{hour:02}:00" for hour in range(8, 22)]
    assert {row(drawn, room) for room in (marten.hall, marten.east, marten.group, marten.quiet)} == {"f" * 28}
    assert drawn.now is None
    for each in drawn.rows:
        assert sum(cell.width for cell in each.cells) == drawn.columns


def test_a_booking_and_its_clean_up_time_are_not_free(marten: Marten) -> None:
    book(marten.group, span("10:00", "12:00"), marten.at_desk(), marten.jan)
    # 12:00–12:15 is cleaned up, so the half hour is not free; a use before must end 15 minutes earlier.
    assert row(day(marten), marten.group) == "fff·" + "cccc" + "·" + "f" * 19


def test_a_free_cell_leads_to_the_form_at_its_time_and_says_so_in_full(marten: Marten) -> None:
    book(marten.quiet, span("08:30", "09:00"), marten.at_desk(), marten.jan)
    cells = next(each.cells for each in day(marten).rows if each.room.id == marten.quiet.id)
    first, taken, second = cells[:3]
    assert (first.letter, first.width, taken.letter, second.width) == ("f", 1, "c", 2)
    assert first.url == "/rooms/lernraum/book?start=2026-11-30T08:00"
    assert first.label == "Quiet room, Monday, 30 November, 08:00–08:30 h, free"
    assert second.label == "Quiet room, Monday, 30 November, 09:00–10:00 h, free"
    assert second.text == "09:00"


def test_the_half_is_shown_as_booked_with_the_hall(marten: Marten) -> None:
    book(marten.hall, span("10:00", "12:00"), marten.at_desk(), marten.jan, purpose="Wedding", purpose_public=True)
    drawn = day(marten)
    assert row(drawn, marten.east) == row(drawn, marten.west) == "f" * 4 + "cccc" + "f" * 20
    assert texts(drawn, marten.east) == ["c 10:00–12:00 h booked with Hall"]
    assert texts(drawn, marten.hall) == ["c 10:00–12:00 h Wedding"]


# Who sees what -------------------------------------------------------------------------------------------------------


def test_names_and_purposes_are_seen_by_the_desk_and_whoever_it_is_for(marten: Marten) -> None:
    mine = book(marten.quiet, span("10:00", "12:00"), marten.resident(), purpose="My birthday")
    book(marten.quiet, span("12:00", "13:00"), marten.resident(marten.jan), purpose="Chess", purpose_public=True)
    assert texts(day(marten), marten.quiet) == ["c 10:00–12:00 h booked", "c 12:00–13:00 h Chess"]
    own = day(marten, marten.resident())
    assert texts(own, marten.quiet)[0].startswith("m 10:00–12:00 h My birthday")
    assert texts(own, marten.quiet)[1] == "c 12:00–13:00 h Chess"
    links = [cell.url for each in own.rows for cell in each.cells if cell.letter in "mc" and cell.letter]
    assert links == [f"/bookings/{mine}", ""]
    desk = texts(day(marten, marten.at_desk()), marten.quiet)
    assert "Ayşe Yılmaz" in desk[0] and "My birthday" in desk[0] and "Jan Weber" in desk[1]
    volunteer = Actor(person_id=marten.volunteer, session_key="v")
    assert texts(day(marten, volunteer), marten.quiet) == texts(day(marten), marten.quiet)


def test_a_wish_never_tells_its_purpose_to_others(marten: Marten) -> None:
    book(marten.group, span("10:00", "12:00"), marten.resident(), purpose="Baptism", purpose_public=True)
    assert texts(day(marten), marten.group) == ["w 10:00–12:00 h asked for"]
    assert "Baptism" in texts(day(marten, marten.at_desk()), marten.group)[0]


def test_rival_wishes_share_a_cell_and_do_not_take_the_time(marten: Marten) -> None:
    book(marten.hall, span("10:00", "12:00"), marten.resident(), purpose="Wedding")
    book(marten.hall, span("11:00", "13:00"), marten.resident(marten.jan), purpose="Dance")
    drawn = day(marten)
    assert row(drawn, marten.hall) == "f" * 4 + "w" * 6 + "f" * 18
    assert row(drawn, marten.east) == "f" * 28
    (cell,) = (cell for each in day(marten, marten.at_desk()).rows for cell in each.cells if cell.letter == "w")
    assert "Wedding" in cell.text and "Dance" in cell.text and cell.time == "10:00–13:00 h"


# Odd lengths and long ones -------------------------------------------------------------------------------------------


def test_quarter_hours_that_share_a_half_hour_stand_together(marten: Marten) -> None:
    desk = marten.at_desk()
    for first, last, name in (("10:00", "10:15", "One"), ("10:15", "10:30", "Two"), ("10:30", "11:15", "Three")):
        book(marten.quiet, span(first, last), desk, marten.jan, purpose=name)
    drawn = day(marten, marten.at_desk())
    assert row(drawn, marten.quiet) == "f" * 4 + "ccc" + "f" * 21
    told = texts(drawn, marten.quiet)
    assert [word for word in ("One", "Two", "Three") if any(word in each for each in told)] == ["One", "Two", "Three"]
    assert sum(cell.width for each in drawn.rows if each.room.id == marten.quiet.id for cell in each.cells) == 28


def test_a_booking_outside_the_hours_widens_the_day(marten: Marten) -> None:
    book(marten.quiet, span("06:10", "07:00"), marten.at_desk(), marten.jan, anyway=True)
    book(marten.hall, span("21:00", "23:30"), marten.at_desk(), marten.jan, anyway=True)
    drawn = day(marten)
    assert drawn.hours[0][0] == "06:00" and drawn.columns == 36
    assert row(drawn, marten.quiet) == "cc" + "xx" + "f" * 28 + "xxxx"
    assert row(drawn, marten.hall) == "xxxx" + "f" * 26 + "ccccc" + "x"


def test_what_runs_over_midnight_stands_on_both_days(marten: Marten) -> None:
    night = Span(span("20:00", "21:00").starts_at, span("02:00", "03:00", MONDAY + timedelta(days=1)).starts_at)
    book(marten.quiet, night, marten.at_desk(), marten.jan, anyway=True, purpose="Night", purpose_public=True)
    assert row(day(marten), marten.quiet) == "f" * 24 + "c" * 8
    tomorrow = day(marten, on=MONDAY + timedelta(days=1))
    assert tomorrow.hours[0][0] == "00:00" and row(tomorrow, marten.quiet).startswith("cccc" + "x" * 12 + "f")


# Closed, past, now ---------------------------------------------------------------------------------------------------


def test_a_closed_and_empty_day_has_no_table_and_a_closed_one_with_a_booking_has(marten: Marten) -> None:
    tuesday = MONDAY + timedelta(days=1)
    with db.transaction() as session:
        session.add(OpeningException(house_id=marten.house, on_day=tuesday, reason="Betriebsausflug"))
    assert day(marten, on=tuesday).columns == 0
    book(marten.quiet, span("10:00", "12:00", tuesday), marten.at_desk(), marten.jan, anyway=True)
    drawn = day(marten, on=tuesday)
    assert (drawn.columns, row(drawn, marten.quiet), row(drawn, marten.hall)) == (4, "cccc", "xxxx")


def test_today_what_is_over_is_plain_and_now_is_marked(marten: Marten) -> None:
    today = date(2026, 11, 26)
    drawn = day(marten, on=today)
    assert drawn.now == 11  # 13:40 lies in the half hour from 13:30
    assert row(drawn, marten.quiet) == "·" * 12 + "f" * 16
    assert [now for _, _, now in drawn.hours].index(True) == 5
    assert row(day(marten, on=today - timedelta(days=1)), marten.quiet) == "·" * 28


def test_a_room_for_desk_hours_is_shaded_outside_them(marten: Marten) -> None:
    from sqlalchemy import update

    from app.rooms.models import Room

    with db.transaction() as session:
        session.execute(update(Room).where(Room.id == marten.quiet.id).values(only_when_open=True))
    assert row(day(marten), marten.quiet) == "xxxx" + "f" * 16 + "x" * 8


# When the clocks change ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "columns"), [(SPRING, 46), (AUTUMN, 50)])
def test_the_days_of_the_clock_changes_have_as_many_columns_as_half_hours(marten: Marten, on: date, columns: int) -> None:
    with db.transaction() as session:
        for weekday in range(7):
            session.add(OpeningHours(house_id=marten.house, kind="use", weekday=weekday, opens=time(0), closes=time(23, 59)))
    moment = clock.midnight(on, BERLIN) - timedelta(days=3)
    with clock.stopped_at(moment):
        book(marten.quiet, span("01:00", "04:00", on), marten.resident())
        drawn = day(marten, on=on)
        assert drawn.columns == columns
        length = (span("01:00", "04:00", on).length // timedelta(minutes=30)) * "c"
        assert row(drawn, marten.quiet) == "ff" + length + "f" * (columns - 2 - len(length))
        words = [word for word, _, _ in drawn.hours]
        assert words.count("02:00") == (0 if on == SPRING else 2) and words[-1] == "23:00"
        free = [cell.label for each in drawn.rows if each.room.id == marten.hall.id for cell in each.cells]
        assert len(free) == len(set(free)) == columns // 2


# The week ------------------------------------------------------------------------------------------------------------


def week(marten: Marten, room: MadeRoom, who: Actor = ANONYMOUS) -> list[grid.WeekDay]:
    days = [MONDAY + timedelta(days=number) for number in range(7)]
    opened = offers.open_days(marten.house, days[0], days[-1], BERLIN)
    windows = {each: queries.day_window(each, BERLIN) for each in days}
    entries = queries.standing([card(room)], queries.day_window(MONDAY, BERLIN, 7)).of(card(room))
    drawn = grid.room_week(card(room), entries, [opened[each] for each in days], windows, who, BERLIN)
    db.session().close()
    return drawn


def test_a_week_tells_each_day_in_order_of_time(marten: Marten) -> None:
    book(marten.group, span("12:00", "14:00"), marten.at_desk(), marten.jan, purpose="Chess", purpose_public=True)
    drawn = week(marten, marten.group)
    assert [(box.letter, box.time, box.text) for box in drawn[0].boxes] == [
        ("f", "08:00–11:45 h", "free"), ("c", "12:00–14:00 h", "Chess"), ("f", "14:15–22:00 h", "free")
    ]  # fmt: skip
    assert drawn[0].boxes[0].url == "/rooms/gruppe/book?start=2026-11-30T08:00"
    assert drawn[0].boxes[0].label == "Group room, Monday, 30 November, 08:00–11:45 h, free"
    assert [len(each.boxes) for each in drawn] == [3, 1, 1, 1, 1, 1, 1]
    assert [each.day for each in drawn] == [MONDAY + timedelta(days=number) for number in range(7)]


def test_a_gap_shorter_than_the_shortest_booking_is_not_offered(marten: Marten) -> None:
    from sqlalchemy import update

    from app.rooms.models import Room

    with db.transaction() as session:
        session.execute(update(Room).where(Room.id == marten.quiet.id).values(min_minutes=120))
    for first, last in (("08:00", "12:00"), ("13:00", "20:00")):
        book(marten.quiet, span(first, last), marten.at_desk(), marten.jan)
    assert [box.time for box in week(marten, marten.quiet)[0].boxes if box.letter == "f"] == ["20:00–22:00 h"]


def test_half_a_week_ago_and_the_rest_of_today(marten: Marten) -> None:
    thursday = date(2026, 11, 26)
    days = [thursday - timedelta(days=1), thursday]
    opened = offers.open_days(marten.house, days[0], days[-1], BERLIN)
    windows = {each: queries.day_window(each, BERLIN) for each in days}
    yesterday, today = grid.room_week(card(marten.quiet), [], [opened[each] for each in days], windows, ANONYMOUS, BERLIN)
    assert yesterday.boxes == [] and not yesterday.today
    assert [box.time for box in today.boxes] == ["14:00–22:00 h"] and today.today  # from the next whole step on
    assert clock.now() == THURSDAY
