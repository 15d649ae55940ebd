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
from app.rooms.service import RoomClosed
from tests.browser_client import Reader
from tests.conftest import THURSDAY
from tests.rooms.conftest import BERLIN, MONDAY, Marten, at, book, found, signed_in, span

TODAY = THURSDAY.date()
TUESDAY = date(2026, 12, 1)
CHRISTMAS = date(2026, 12, 25)


@pytest.fixture(autouse=True)
def english(app: Flask) -> Any:
    with i18n.speaking("en"):
        yield


@pytest.fixture
def manager(bare_app: Flask, marten: Marten) -> Reader:
    return signed_in(bare_app, marten.manager)


def miriam(marten: Marten) -> Actor:
    return Actor(person_id=marten.manager, roles=frozenset({(marten.house, Role.MANAGER)}), language="en", session_key="m")


def act(verb: Any, *values: Any, **more: Any) -> Any:
    with db.transaction():
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


def test_hours_of_one_kind_cannot_overlap_but_may_touch_or_hold_in_other_weeks_or_at_other_times(app: Flask, marten: Marten) -> None:
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
def test_a_closing_that_cannot_be_is_refused(app: Flask, marten: Marten, field: str, first: date, last: date, reason: str) -> None:
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
    from app.rooms import service as rooms

    act(lambda: rooms.cancel_booking(found(cancelled), "", marten.at_desk()))
    act(service.close_days, marten.house, MONDAY, MONDAY, "Works outing", miriam(marten))
    act(service.open_day, marten.house, TUESDAY, time(8), time(21), "Early night", miriam(marten))
    listed = queries.outside_hours(marten.house, TODAY, date(2027, 11, 26), BERLIN)
    assert [(each.booking_id, each.closed_for) for each in listed] == [(closed, "Works outing"), (late, "")]
    assert found(closed).state == "wished" and found(inside).state == "confirmed"
    assert queries.outside_hours(marten.house, TUESDAY, TUESDAY, BERLIN)[0].person == "Ayşe Yılmaz"


def test_a_room_that_needs_the_desk_is_outside_when_only_the_hours_of_use_remain(app: Flask, marten: Marten) -> None:
    from app.rooms.models import Room

    with db.transaction() as session:
        session.get_one(Room, marten.quiet.id).only_when_open = True
    early = book(marten.quiet, span("10:00", "11:00"), marten.resident())
    desk_hours = next(row for row in offers.weekly_hours(marten.house, TODAY) if row.weekday == 0 and row.kind == "desk")
    assert queries.outside_hours(marten.house, TODAY, MONDAY, BERLIN) == []
    db.session().close()
    act(lambda: service.end_hours(offers.hours(desk_hours.id), MONDAY, miriam(marten)))
    assert [each.booking_id for each in queries.outside_hours(marten.house, TODAY, MONDAY, BERLIN)] == [early]


# Pages -------------------------------------------------------------------------------------------------------------


def test_the_manager_reads_the_week_and_adds_hours_on_several_days_at_once(manager: Reader, marten: Marten) -> None:
    page = manager.get("/house/hours")
    assert page.h1 == "Opening hours"
    manager.at_most(6)
    monday = page.main.all("tr")[1].text
    assert "Monday" in monday and "10:00–18:00 h" in monday and "08:00–22:00 h" in monday
    assert "Corpus Christi" in page.text and "Public holidays 2027" in page.text
    manager.get("/house/hours/new?kind=office")
    page = manager.submit("Write down", weekdays=["3", "4"], opens="14:00", closes="17:00", weeks=["1", "3"], last_day="2027-06-30")
    assert page.path == "/house/hours" and "The hours are written down." in page.alerts[0]
    assert page.text.count("14:00–17:00 h first, third in the month · until June 30, 2027") == 2


def test_a_form_that_comes_back_keeps_what_was_typed(manager: Reader, marten: Marten) -> None:
    manager.get("/house/hours/new")
    page = manager.submit("Write down", kind="use", weekdays=["0"], opens="9:00", closes="11:00", expect=422)
    assert "already" in page.errors["opens"]
    assert page.main.one("input", name="opens")["value"] == "9:00"
    assert [each["value"] for each in page.main.all("input", name="weekdays") if "checked" in each] == ["0"]
    page = manager.submit("Write down", weekdays=[], expect=422)
    assert page.errors["weekdays"] == "Please choose at least one day."


def test_closing_the_house_leads_to_the_bookings_that_lie_there(manager: Reader, app: Flask, marten: Marten) -> None:
    booking = book(marten.hall, span("18:00", "20:00"), marten.resident(), purpose="Wedding")
    manager.get("/house/hours")
    manager.click("Close the house on some days")
    page = manager.submit("Close the house then", first="30.11.2026", last="2.12.2026", reason="Burst pipe")
    assert page.path.startswith("/rooms/affected")
    assert "One booking lies outside the hours" in page.text
    assert "Hall: Wedding" in page.text and "Burst pipe · Ayşe Yılmaz" in page.text
    assert page.link("Move")["href"] == f"/bookings/{booking}/change"
    assert page.link("Cancel")["href"] == f"/bookings/{booking}/cancel"
    page = manager.get("/house/hours")
    assert "Monday, November 30, 2026 to Wednesday, December 2, 2026" in page.text
    page = manager.click("Take away")
    assert "Burst pipe" in page.text
    page = manager.submit("Yes, take away")
    assert "No booking lies outside the hours" in page.text
    assert use(marten, MONDAY) == ["08:00–22:00"]


def test_a_holiday_is_opened_anyway_with_the_usual_hours_filled_in(manager: Reader, marten: Marten) -> None:
    manager.get("/house/hours")
    page = manager.get("/house/days/open?day=2026-12-25")
    assert [page.main.one("input", name=name)["value"] for name in ("first", "opens", "closes", "reason")] == [
        "2026-12-25", "10:00", "18:00", "open on Christmas Day"
    ]  # fmt: skip
    manager.submit("Write down", closes="15:00")
    page = manager.get("/house/hours")
    assert "Friday, December 25, 2026 · 10:00–15:00 h open anyway" in page.text
    assert use(marten, CHRISTMAS) == ["10:00–15:00"]


def test_weekly_hours_are_ended_from_a_day_on_and_lead_to_what_lies_outside(manager: Reader, app: Flask, marten: Marten) -> None:
    book(marten.group, span("10:00", "12:00"), marten.resident())
    hours = next(row.id for row in offers.weekly_hours(marten.house, TODAY) if row.weekday == 0 and row.kind == "use")
    page = manager.get(f"/house/hours/{hours}/end")
    assert "Monday, 08:00–22:00 h · Rooms may be used" in page.text
    assert "already over" in manager.submit(from_day="2026-11-01", expect=422).errors["from_day"]
    page = manager.submit(from_day="2026-11-30")
    assert "One booking lies outside the hours" in page.text
    manager.get(f"/house/hours/{2**31 - 1}/end", expect=404)


def test_without_hours_of_use_the_page_says_that_no_room_can_be_booked(manager: Reader, app: Flask, marten: Marten) -> None:
    with db.transaction():
        for row in db.session().scalars(select(OpeningHours).where(OpeningHours.kind == "use")):
            db.session().delete(row)
    assert "No room can be booked yet" in manager.get("/house/hours").alerts[0]


@pytest.mark.parametrize("path", ["/house/days/remove", "/house/days/remove?first=2026-13-01&last=x", "/house/days/remove?first=2026-12-02&last=2026-12-01"])
def test_nonsense_days_are_a_clear_error(manager: Reader, marten: Marten, path: str) -> None:
    manager.get(path, expect=422)
    manager.get("/rooms/affected?first=\x00&last=999999-01-01")
    manager.get("/house/days/open?day=0001-01-01")
    manager.post("/house/days/remove", {"first": "2026-11-30", "last": "🦄"}, expect=422)


def test_only_the_manager_decides_about_hours(desk: Reader, ayse: Reader, anonymous: Reader, marten: Marten) -> None:
    hours = offers.weekly_hours(marten.house, TODAY)[0].id
    before = rows()
    for path in ("/house/hours", "/house/hours/new", f"/house/hours/{hours}/end", "/house/days/close", "/house/days/open"):
        for who in (desk, ayse):
            who.get(path, expect=404)
        assert anonymous.get(path, follow=False, expect=303).response.headers["Location"].startswith("/sign-in")
    desk.post("/house/days/close", {"first": "2026-11-30", "reason": "Mine"}, expect=404)
    desk.post(f"/house/hours/{hours}/end", {"from_day": "2026-11-30"}, expect=404)
    assert rows() == before
    assert desk.get("/rooms/affected").status == 200
    ayse.get("/rooms/affected", expect=404)
