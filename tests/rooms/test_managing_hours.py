"""Weekly hours, closed days and special days: what the manager writes down is what rooms can be booked in."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock, db, i18n
from app.core.errors import Invalid
from app.core.policy import Actor, Role
from app.houses.models import House
from app.journal.models import JournalEntry
from app.offers import queries as offers
from app.offers import service
from app.offers.models import OpeningException, OpeningHours
from app.offers.service import HoursRequest
from app.rooms import queries
from app.rooms import service as rooms
from app.rooms.models import Room
from app.rooms.service import RoomClosed
from tests.conftest import THURSDAY
from tests.makers import in_turn
from tests.rooms.marten import BERLIN, MONDAY, Marten, at, book, found, span

TODAY = THURSDAY.date()
TUESDAY = date(2026, 12, 1)
CHRISTMAS = date(2026, 12, 25)


@pytest.fixture(autouse=True)
def english(app: Flask) -> Any:
    with i18n.speaking("en"):
        yield


def miriam(marten: Marten) -> Actor:
    return Actor(person_id=marten.manager, roles=frozenset({(marten.house, Role.MANAGER)}), language="en", session_key="m")


def act(verb: Any, *values: Any, **more: Any) -> Any:
    with in_turn():
        return verb(*values, **more)


def add(marten: Marten, **more: Any) -> list[OpeningHours]:
    values = {"kind": "use", "weekdays": (0,), "opens": time(22), "closes": time(0), **more}
    return act(service.add_hours, marten.house, HoursRequest(**values), miriam(marten))


def refused(field: str, verb: Any, *values: Any, **more: Any) -> str:
    before = rows()
    with pytest.raises(Invalid) as refusal:
        act(verb, *values, **more)
    assert rows() == before
    assert list(refusal.value.fields) == ([field] if field else [])
    return str(refusal.value)


def rows() -> list[Any]:
    weekly = db.session().execute(
        select(OpeningHours.id, OpeningHours.valid_from, OpeningHours.valid_until).order_by(OpeningHours.id)
    )
    days = db.session().execute(select(OpeningException.on_day, OpeningException.opens).order_by(OpeningException.id))
    result = [*weekly, *days]
    db.session().close()
    return [tuple(row) for row in result]


def acts() -> list[str]:
    result = list(db.session().scalars(select(JournalEntry.act).order_by(JournalEntry.id)))
    db.session().close()
    return result


def stamp(marten: Marten) -> int:
    result = db.session().get_one(House, marten.house).stamp
    db.session().close()
    return result


def use(marten: Marten, day: date) -> list[str]:
    spans = offers.open_days(marten.house, day, day, BERLIN)[day].use
    return [f"{each.starts_at.astimezone(BERLIN):%H:%M}–{each.ends_at.astimezone(BERLIN):%H:%M}" for each in spans]


# Weekly hours ------------------------------------------------------------------------------------------------------


def test_new_weekly_hours_hold_from_today_and_an_end_of_midnight_ends_the_day(app: Flask, marten: Marten) -> None:
    added = add(marten, weekdays=(0, 2))
    assert [(row.weekday, row.closes, row.valid_from) for row in added] == [(0, time(23, 59), TODAY), (2, time(23, 59), TODAY)]
    assert use(marten, MONDAY) == ["08:00–00:00"]
    assert use(marten, date(2026, 11, 23)) == ["08:00–22:00"]  # last week stays as it was
    book(marten.group, span("22:00", "24:00"), marten.resident())
    assert acts().count("opening_hours_changed") == 2
    assert stamp(marten) == 1


def test_hours_of_the_first_and_third_saturday_hold_on_these_only(app: Flask, marten: Marten) -> None:
    with db.transaction():
        for row in db.session().scalars(select(OpeningHours).where(OpeningHours.weekday == 5)):
            db.session().delete(row)
    add(marten, weekdays=(5,), opens=time(11), closes=time(15), weeks=(3, 1))
    saturdays = [date(2026, 12, day) for day in (5, 12, 19)]
    assert [use(marten, day) for day in saturdays] == [["11:00–15:00"], [], ["11:00–15:00"]]
    book(marten.group, span("11:00", "12:00", saturdays[0]), marten.resident())
    with pytest.raises(RoomClosed):
        book(marten.group, span("11:00", "12:00", saturdays[1]), marten.resident())


def test_hours_of_one_kind_cannot_overlap_but_may_touch_or_hold_in_other_weeks_or_at_other_times(
    app: Flask, marten: Marten
) -> None:
    request = HoursRequest(kind="use", weekdays=(1, 0), opens=time(21, 30), closes=time(23))
    told = refused("opens", service.add_hours, marten.house, request, miriam(marten))
    assert "Monday" in told and "08:00–22:00" in told
    add(marten, opens=time(22), closes=time(23))
    add(marten, kind="office", opens=time(9), closes=time(10))
    add(marten, kind="desk", weekdays=(5,), opens=time(11), closes=time(15), weeks=(1, 3))
    add(marten, kind="desk", weekdays=(5,), opens=time(11), closes=time(15), weeks=(2,), last_day=date(2026, 12, 31))
    request = HoursRequest(kind="desk", weekdays=(5,), opens=time(14), closes=time(16), weeks=(3, 4))
    refused("opens", service.add_hours, marten.house, request, miriam(marten))
    add(marten, kind="desk", weekdays=(5,), opens=time(14), closes=time(16), weeks=(2,), valid_from=date(2027, 1, 1))
    request = HoursRequest(kind="desk", weekdays=(5,), opens=time(14), closes=time(16), weeks=(2,), valid_from=date(2026, 12, 31))
    refused("opens", service.add_hours, marten.house, request, miriam(marten))


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("closes", {"opens": time(12), "closes": time(12)}),
        ("closes", {"opens": time(18), "closes": time(2)}),
        ("closes", {"opens": time(23, 59), "closes": time(0)}),
        ("weekdays", {"weekdays": ()}),
        ("weekdays", {"weekdays": (7,)}),
        ("weeks", {"weeks": (6,)}),
        ("kind", {"kind": "party"}),
        ("valid_from", {"valid_from": date(2026, 11, 25)}),
        ("last_day", {"last_day": date(2026, 11, 25)}),
    ],
)
def test_hours_that_cannot_be_are_refused(app: Flask, marten: Marten, field: str, more: dict[str, Any]) -> None:
    values = {"kind": "use", "weekdays": (0,), "opens": time(22), "closes": time(23), **more}
    refused(field, service.add_hours, marten.house, HoursRequest(**values), miriam(marten))


def test_hours_that_end_stay_true_for_the_past_and_those_that_never_began_go(app: Flask, marten: Marten) -> None:
    monday = offers.weekly_hours(marten.house, TODAY)[1]
    assert (monday.weekday, monday.kind) == (0, "desk")
    use_hours = next(row for row in offers.weekly_hours(marten.house, TODAY) if row.weekday == 0 and row.kind == "use")
    db.session().close()
    act(lambda: service.end_hours(offers.hours(use_hours.id), MONDAY, miriam(marten)))
    assert use(marten, date(2026, 11, 23)) == ["08:00–22:00"]
    assert use(marten, MONDAY) == []
    refused("from_day", lambda: service.end_hours(offers.hours(use_hours.id), MONDAY, miriam(marten)))
    refused("from_day", lambda: service.end_hours(offers.hours(monday.id), date(2026, 11, 25), miriam(marten)))
    planned = add(marten, valid_from=date(2027, 1, 4))[0].id
    act(lambda: service.end_hours(offers.hours(planned), TODAY, miriam(marten)))
    assert offers.hours(planned) is None


# Days that differ --------------------------------------------------------------------------------------------------


def test_a_closed_day_refuses_bookings_and_says_why(app: Flask, marten: Marten) -> None:
    act(service.close_days, marten.house, MONDAY, TUESDAY, "Works outing", miriam(marten))
    with pytest.raises(RoomClosed) as refusal:
        book(marten.group, span("10:00", "12:00"), marten.resident())
    assert "Works outing" in str(refusal.value)
    assert use(marten, date(2026, 12, 2)) == ["08:00–22:00"]
    assert acts()[-1] == "exception_added"


def test_a_summer_break_is_one_act_and_keeps_the_reasons_of_days_that_are_closed_already(app: Flask, marten: Marten) -> None:
    act(service.close_days, marten.house, TUESDAY, TUESDAY, "Inventory", miriam(marten))
    days = act(service.close_days, marten.house, MONDAY, date(2026, 12, 13), "Winter break", miriam(marten))
    assert len(days) == 13 and TUESDAY not in days
    lines = offers.differing(offers.exceptions(marten.house, MONDAY, date(2026, 12, 31)))
    assert [(line.first.day, line.last.day, line.reason) for line in lines] == [
        (30, 30, "Winter break"), (1, 1, "Inventory"), (2, 13, "Winter break")
    ]  # fmt: skip
    db.session().close()
    refused("first", service.close_days, marten.house, MONDAY, TUESDAY, "Again", miriam(marten))


def test_a_special_opening_on_a_holiday_lets_rooms_be_booked_in_its_hours_only(app: Flask, marten: Marten) -> None:
    with pytest.raises(RoomClosed) as refusal:
        book(marten.group, span("15:00", "17:00", CHRISTMAS), marten.resident())
    assert "Christmas Day" in str(refusal.value)
    act(service.open_day, marten.house, CHRISTMAS, time(14), time(18), "Christmas together", miriam(marten))
    book(marten.group, span("15:00", "17:00", CHRISTMAS), marten.resident())
    with pytest.raises(RoomClosed):
        book(marten.group, span("18:00", "19:00", CHRISTMAS), marten.resident())
    act(service.open_day, marten.house, CHRISTMAS, time(18), time(0), "Late", miriam(marten))
    assert use(marten, CHRISTMAS) == ["14:00–18:00", "18:00–00:00"] or use(marten, CHRISTMAS) == ["14:00–00:00"]


def test_closed_days_and_days_with_hours_of_their_own_never_mix(app: Flask, marten: Marten) -> None:
    by = miriam(marten)
    act(service.open_day, marten.house, TUESDAY, time(14), time(18), "Market", by)
    assert "Market" in refused("first", service.close_days, marten.house, MONDAY, date(2026, 12, 4), "Break", by)
    refused("opens", service.open_day, marten.house, TUESDAY, time(17), time(19), "More", by)
    act(service.close_days, marten.house, MONDAY, MONDAY, "Break", by)
    assert "Break" in refused("first", service.open_day, marten.house, MONDAY, time(10), time(12), "Open", by)


@pytest.mark.parametrize(
    ("field", "first", "last", "reason"),
    [
        ("first", date(2026, 11, 25), date(2026, 11, 30), "Past"),
        ("last", MONDAY, date(2026, 11, 29), "Backwards"),
        ("last", MONDAY, date(2028, 1, 1), "For ever"),
        ("reason", MONDAY, MONDAY, ""),
    ],
)
def test_a_closing_that_cannot_be_is_refused(
    app: Flask, marten: Marten, field: str, first: date, last: date, reason: str
) -> None:
    refused(field, service.close_days, marten.house, first, last, reason, miriam(marten))


def test_taking_exceptions_away_brings_the_usual_hours_back_from_today_on_and_leaves_the_past(app: Flask, marten: Marten) -> None:
    by = miriam(marten)
    act(service.close_days, marten.house, TODAY, date(2026, 12, 4), "Break", by)
    with clock.stopped_at(at(MONDAY, "09:00")):
        assert act(service.remove_exceptions, marten.house, TODAY, date(2026, 12, 4), by) == 5
    assert use(marten, date(2026, 11, 27)) == []
    assert use(marten, MONDAY) == ["08:00–22:00"]
    assert acts()[-1] == "exception_removed"
    refused("", service.remove_exceptions, marten.house, date(2027, 2, 1), date(2027, 2, 2), by)


# What lies outside -------------------------------------------------------------------------------------------------


def test_bookings_outside_new_hours_are_listed_and_still_hold(app: Flask, marten: Marten) -> None:
    inside = book(marten.group, span("10:00", "12:00", date(2026, 12, 2)), marten.at_desk(), marten.ayse)
    closed = book(marten.hall, span("18:00", "20:00"), marten.resident())
    late = book(marten.quiet, span("20:00", "22:00", TUESDAY), marten.resident())
    cancelled = book(marten.group, span("09:00", "10:00"), marten.at_desk(), marten.jan)
    act(lambda: rooms.cancel_booking(found(cancelled), "", marten.at_desk()))
    act(service.close_days, marten.house, MONDAY, MONDAY, "Works outing", miriam(marten))
    act(service.open_day, marten.house, TUESDAY, time(8), time(21), "Early night", miriam(marten))
    listed = queries.outside_hours(marten.house, TODAY, date(2027, 11, 26), BERLIN)
    assert [(each.booking_id, each.closed_for) for each in listed] == [(closed, "Works outing"), (late, "")]
    assert found(closed).state == "wished" and found(inside).state == "confirmed"
    assert queries.outside_hours(marten.house, TUESDAY, TUESDAY, BERLIN)[0].person == "Ayşe Yılmaz"


def test_a_room_that_needs_the_desk_is_outside_when_only_the_hours_of_use_remain(app: Flask, marten: Marten) -> None:
    with db.transaction() as session:
        session.get_one(Room, marten.quiet.id).only_when_open = True
    early = book(marten.quiet, span("10:00", "11:00"), marten.resident())
    desk_hours = next(row for row in offers.weekly_hours(marten.house, TODAY) if row.weekday == 0 and row.kind == "desk")
    assert queries.outside_hours(marten.house, TODAY, MONDAY, BERLIN) == []
    db.session().close()
    act(lambda: service.end_hours(offers.hours(desk_hours.id), MONDAY, miriam(marten)))
    assert [each.booking_id for each in queries.outside_hours(marten.house, TODAY, MONDAY, BERLIN)] == [early]
