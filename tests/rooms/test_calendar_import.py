"""A room that follows calendar files: what becomes a booking, what does not, and what a newer file changes."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from flask import Flask
from sqlalchemy import func, select, text

from app.core import clock, db
from app.core.policy import THE_HOUSE, Actor, Role
from app.core.spans import Span
from app.journal.models import JournalEntry
from app.occupancy import service as promises
from app.occupancy.models import Occupancy
from app.rooms import jobs, queries, service
from app.rooms.models import Booking, CalendarSource, ImportedDate, State
from app.rooms.queries import RoomCard
from app.rooms.service import BookingRequest, ChangeRequest, Report, plan
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person, a_room, open_daily
from tests.rooms.calendar_files import MACHBAR, bring, calendar, card, event

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def house(app: Flask) -> int:
    return a_house()


@pytest.fixture
def room(house: int) -> RoomCard:
    a_room(house, parts=("north", "south"))
    open_daily(house)
    return card(house)


def staff(house: int) -> Actor:
    person = a_person("Jana", "Krüger", (Role.DESK, house))
    return Actor(person_id=person, name="Jana", roles=frozenset({(house, Role.DESK)}))


def bookings(room: RoomCard, *states: str) -> list[Booking]:
    db.session().close()
    wanted = select(Booking).where(Booking.room_id == room.id, Booking.state.in_(states or (State.CONFIRMED,)))
    return list(db.session().scalars(wanted.order_by(Booking.starts_at, Booking.id)))


def spans(room: RoomCard) -> list[str]:
    return [f"{each.starts_at.astimezone(BERLIN):%m-%d %H:%M}-{each.ends_at.astimezone(BERLIN):%H:%M}" for each in bookings(room)]


def held(room: RoomCard) -> list[tuple[datetime, datetime]]:
    db.session().close()
    rows = db.session().execute(
        select(Occupancy.starts_at, Occupancy.ends_at).where(Occupancy.resource_id.in_(room.parts)).order_by(Occupancy.starts_at)
    )
    return [(row[0], row[1]) for row in rows]


def everything() -> dict[str, list[Any]]:
    """Every row an import could touch."""
    db.session().close()
    tables = ("booking", "occupancy", "imported_date", "calendar_source", "journal_entry", "letter")
    return {table: [tuple(row) for row in db.session().execute(text(f"SELECT * FROM {table} ORDER BY 1"))] for table in tables}


def told(report: Report) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}


# What becomes of a file ----------------------------------------------------------------------------------------------


def test_each_date_of_the_makerspace_is_a_booking_or_refused_as_recurring_ical_events_computes_them(room: RoomCard) -> None:
    report = bring(room, MACHBAR.read_bytes())
    made = Counter((each.starts_at, each.ends_at, each.purpose) for each in bookings(room))
    listed = Counter((line.starts_at, line.ends_at, line.summary) for line in report.refused)
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(MACHBAR.read_bytes())).between(
        datetime(2000, 1, 1, tzinfo=BERLIN), report.horizon
    )
    expected = Counter((instant(each["DTSTART"].dt), instant(each["DTEND"].dt), str(each.get("SUMMARY", ""))) for each in found)
    # X-WR-TIMEZONE, floating times and whole days are Berlin's on both sides; titles are told with single blanks.
    assert made + listed == Counter({(start, end, " ".join(title.split())): n for (start, end, title), n in expected.items()})
    assert all(line.reason in {"taken-in-file", "marked-free"} for line in report.refused)
    assert len(report.endless) == 7
    assert report.counts["created"] + report.counts["refused"] == sum(expected.values())
    own = held(room)
    assert len(own) == 2 * report.counts["created"]


def instant(moment: Any) -> datetime:
    if not isinstance(moment, datetime):
        return clock.midnight(moment, BERLIN)
    return (moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)).astimezone(UTC)


def test_a_second_import_of_the_makerspace_changes_not_one_row(room: RoomCard) -> None:
    first = bring(room, MACHBAR.read_bytes())
    before = everything()
    second = bring(room, MACHBAR.read_bytes())
    assert everything() == before
    assert second.counts["unchanged"] == first.counts["created"]
    assert second.counts["refused"] == first.counts["refused"]
    assert not second.changes_bookings


def test_a_date_becomes_a_confirmed_booking_that_names_nobody(house: int, room: RoomCard) -> None:
    by = staff(house)
    bring(room, calendar(event()), by)
    (booking,) = bookings(room)
    assert (booking.purpose, booking.people, booking.origin, booking.price_cents) == ("Choir", 1, "import", 0)
    assert (booking.booked_for_id, booking.created_by_id, booking.purpose_public) == (None, by.person_id, False)
    assert booking.starts_at == datetime(2026, 12, 1, 17, tzinfo=UTC)
    entries = list(db.session().scalars(select(JournalEntry.act)))
    assert entries == ["calendar_imported"]


def test_set_up_time_of_the_room_is_not_added_to_what_the_file_says(house: int) -> None:
    a_room(house, "küche", before_minutes=30, after_minutes=30)
    kitchen = card(house, "küche")
    bring(kitchen, calendar(event("a"), event("b", "20261201T200000", "20261201T210000")))
    assert spans(kitchen) == ["12-01 18:00-20:00", "12-01 20:00-21:00"]
    assert [end - start for start, end in held(kitchen)] == [timedelta(hours=2), timedelta(hours=1)]


def test_titles_are_read_by_all_only_when_the_importer_says_so_and_private_ones_never(room: RoomCard) -> None:
    file = calendar(event("a"), event("b", "20261202T180000", "20261202T200000", "Birthday", "CLASS:PRIVATE"))
    bring(room, file)
    assert [each.purpose_public for each in bookings(room)] == [False, False]
    report = bring(room, file, titles_public=True)
    assert told(report) == {"changed": 1, "unchanged": 1}
    assert [each.purpose_public for each in bookings(room)] == [True, False]
    assert told(bring(room, file)) == {"unchanged": 2}, "what was once decided stays"


def test_what_the_file_calls_free_or_cancelled_is_listed_and_not_booked(room: RoomCard) -> None:
    report = bring(
        room,
        calendar(
            event("a", "20261201T180000", "20261201T200000", "Holiday", "TRANSP:TRANSPARENT"),
            event("b", "20261202T180000", "20261202T200000", "Off", "STATUS:CANCELLED"),
            event("c", "20261203T180000", "20261203T180000", "Nothing"),
            event("d", "20261204T180000", "20270304T180000", "For ever"),
            event("e", "20261205T180000", "20261205T200000", "Perhaps", "STATUS:TENTATIVE"),
        ),
    )
    assert [(line.summary, line.reason) for line in report.refused] == [
        ("Holiday", "marked-free"), ("Off", "cancelled-in-file"), ("Nothing", "zero-length"), ("For ever", "too-long"),
    ]  # fmt: skip
    assert all(line.words for line in report.refused)
    assert [each.purpose for each in bookings(room)] == ["Perhaps"]


def test_a_weekly_date_keeps_its_wall_time_over_the_clock_change(room: RoomCard) -> None:
    bring(
        room, calendar(event("tue", "20261006T190000", "20261006T203000", "Tuesday", "RRULE:FREQ=WEEKLY;UNTIL=20261110T235900Z"))
    )
    assert spans(room) == [f"{day} 19:00-20:30" for day in ("10-06", "10-13", "10-20", "10-27", "11-03", "11-10")]


def test_dates_outside_the_opening_hours_are_booked_and_counted(room: RoomCard) -> None:
    report = bring(
        room, calendar(event("night", "20261201T220000", "20261201T233000"), event("past", "20261101T220000", "20261101T230000"))
    )
    assert told(report) == {"created": 2}
    assert report.outside_hours == 1


def test_a_file_without_a_title_gets_one(room: RoomCard) -> None:
    bring(room, calendar(event(summary="")))
    assert bookings(room)[0].purpose


def test_unseen_and_overlong_letters_do_not_reach_the_house(room: RoomCard) -> None:
    title = "Cho\u202eir\u0007 " + "x" * 500
    bring(room, calendar(event("u" * 900, summary=title)))
    assert bookings(room)[0].purpose == "Choir " + "x" * 154
    assert told(bring(room, calendar(event("u" * 900, summary=title)))) == {"unchanged": 1}


# Conflicts -----------------------------------------------------------------------------------------------------------


def test_what_is_promised_does_not_give_way_and_the_kind_is_named(house: int, room: RoomCard) -> None:
    person = a_person()
    a_room(house, "north", parts=(room.parts[0],), rule="request")
    by = staff(house)
    when = datetime(2026, 12, 1, 17, tzinfo=UTC)
    for offset, firm in ((0, True), (1, False)):
        span = Span(when + timedelta(days=offset), when + timedelta(days=offset, hours=2))
        request = BookingRequest(card(house, "north"), span, "Birthday", 5, person, firm=firm)
        db.run_transaction(lambda request=request: service.book_room(request, by))
    report = bring(
        room,
        calendar(
            event("a", "20261201T183000", "20261201T190000"),
            event("b", "20261202T150000", "20261202T183000"),
            event("c", "20261202T150000", "20261202T180000"),
        ),
    )
    assert [(line.reason, line.starts_at.day) for line in report.refused] == [("taken", 1), ("taken-by-wish", 2)]
    assert "Birthday" not in str(report.refused)
    assert told(report) == {"created": 1, "refused": 2}


def test_of_two_dates_of_one_file_the_first_by_start_and_uid_gets_the_room(room: RoomCard) -> None:
    report = bring(room, calendar(event("z"), event("m"), event("b", "20261201T190000", "20261201T210000")))
    assert told(report) == {"created": 1, "refused": 2}
    assert {line.reason for line in report.refused} == {"taken-in-file"}
    known = {each.uid: each.refused for each in queries.known_dates(room.id)}
    assert known == {"m": "", "z": "taken-in-file", "b": "taken-in-file"}


def test_a_new_earlier_date_does_not_push_out_one_that_is_booked(room: RoomCard) -> None:
    bring(room, calendar(event("m")))
    report = bring(room, calendar(event("m"), event("a", "20261201T170000", "20261201T190000")))
    assert told(report) == {"refused": 1, "unchanged": 1}


def test_a_refused_date_is_booked_when_it_has_become_free(house: int, room: RoomCard) -> None:
    by, person = staff(house), a_person()
    span = Span(datetime(2026, 12, 1, 17, tzinfo=UTC), datetime(2026, 12, 1, 19, tzinfo=UTC))
    taken = db.run_transaction(lambda: service.book_room(BookingRequest(room, span, "Party", 5, person), by).id)
    assert told(bring(room, calendar(event()))) == {"refused": 1}
    assert told(bring(room, calendar(event()))) == {"refused": 1}

    def cancel() -> None:
        booking = queries.booking(taken)
        assert booking is not None
        service.cancel_booking(booking, "", by)

    db.run_transaction(cancel)
    assert told(bring(room, calendar(event()))) == {"created": 1}
    assert spans(room) == ["12-01 18:00-20:00"]


def test_when_somebody_is_faster_in_the_very_moment_the_import_looks_again(
    room: RoomCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    honest = plan.occupancy.holding

    def blind_at_first(*asked: Any) -> Any:
        looks.append(asked)
        return [] if len(looks) == 1 else honest(*asked)

    span = Span(datetime(2026, 12, 1, 17, tzinfo=UTC), datetime(2026, 12, 1, 18, tzinfo=UTC))
    db.run_transaction(lambda: promises.promise([room.parts[0]], span, kind="confirmed", source="repair", source_id=1))
    monkeypatch.setattr("app.rooms.service.plan.occupancy.holding", blind_at_first)
    report = bring(room, calendar(event("a"), event("b", "20261203T180000", "20261203T200000")))
    assert told(report) == {"created": 1, "refused": 1}
    assert report.refused[0].reason == "taken"
    assert spans(room) == ["12-03 18:00-20:00"]
    assert len(looks) == 2


def test_two_imports_of_one_file_at_once_make_every_date_once(bare_app: Flask, room: RoomCard) -> None:
    gate = Barrier(4)

    def at_once(_: int) -> dict[str, int]:
        with bare_app.app_context():
            gate.wait()
            return told(bring(room, calendar(WEEKLY)))

    with ThreadPoolExecutor(4) as crowd:
        outcomes = list(crowd.map(at_once, range(4)))
    assert sorted(map(str, outcomes)) == ["{'created': 4}", *["{'unchanged': 4}"] * 3]
    assert len(bookings(room)) == 4
    assert len(queries.calendar_sources(room.id)) == 1


# Newer files ---------------------------------------------------------------------------------------------------------

WEEKLY = event("w", "20261201T180000", "20261201T200000", "Choir", "RRULE:FREQ=WEEKLY;COUNT=4")


def override(day: str, *more: str, start: str = "", end: str = "", summary: str = "Choir") -> str:
    return event(
        "w", start or f"{day}T180000", end or f"{day}T200000", summary, f"RECURRENCE-ID;TZID=Europe/Berlin:{day}T180000", *more
    )


def test_a_moved_date_moves_its_booking(room: RoomCard) -> None:
    bring(room, calendar(WEEKLY))
    before = {each.id: (each.uid, each.sequence) for each in bookings(room)}
    report = bring(room, calendar(WEEKLY, override("20261208", start="20261209T170000", end="20261209T190000")))
    assert told(report) == {"moved": 1, "unchanged": 3}
    assert report.moved[0].old == Span(datetime(2026, 12, 8, 17, tzinfo=UTC), datetime(2026, 12, 8, 19, tzinfo=UTC))
    assert spans(room) == ["12-01 18:00-20:00", "12-09 17:00-19:00", "12-15 18:00-20:00", "12-22 18:00-20:00"]
    after = {each.id: (each.uid, each.sequence) for each in bookings(room)}
    moved = bookings(room)[1].id
    assert after[moved] == (before[moved][0], before[moved][1] + 1)
    assert {key: value for key, value in after.items() if key != moved} == {
        key: value for key, value in before.items() if key != moved
    }
    assert len(held(room)) == 8
    assert told(bring(room, calendar(WEEKLY, override("20261208", start="20261209T170000", end="20261209T190000")))) == {
        "unchanged": 4
    }


def test_a_cancelled_an_excepted_and_a_removed_date_cancel_their_bookings(room: RoomCard) -> None:
    single = event("s", "20261203T100000", "20261203T120000", "Yoga")
    other = event("t", "20261204T100000", "20261204T120000", "Tea")
    bring(room, calendar(WEEKLY, single, other))
    weekly = WEEKLY.replace("RRULE", "EXDATE;TZID=Europe/Berlin:20261215T180000\r\nRRULE")
    newer = calendar(weekly, override("20261208", "STATUS:CANCELLED", "SEQUENCE:2"), other)
    report = bring(room, newer)
    assert told(report) == {"cancelled": 3, "unchanged": 3}
    assert {line.starts_at.day: line.reason for line in report.cancelled} == {
        3: "removed-from-file", 8: "cancelled-in-file", 15: "removed-from-file",
    }  # fmt: skip
    assert spans(room) == ["12-01 18:00-20:00", "12-04 10:00-12:00", "12-22 18:00-20:00"]
    assert len(held(room)) == 6
    gone = bookings(room, State.CANCELLED)
    assert all(each.reason and each.sequence == 1 for each in gone)
    before = everything()
    assert told(bring(room, newer)) == {"unchanged": 3, "refused": 1}
    assert everything() == before


def test_a_date_that_comes_back_brings_its_booking_back(room: RoomCard) -> None:
    bring(room, calendar(WEEKLY))
    ids = [each.id for each in bookings(room)]
    bring(room, calendar(WEEKLY, override("20261208", "STATUS:CANCELLED")))
    bring(room, calendar(WEEKLY.replace("COUNT=4", "COUNT=2")))
    assert told(bring(room, calendar(WEEKLY))) == {"created": 2, "unchanged": 2}
    assert [each.id for each in bookings(room)] == ids
    assert [each.sequence for each in bookings(room)] == [0, 2, 2, 2]


def test_a_series_that_begins_at_another_hour_moves_its_bookings(room: RoomCard) -> None:
    bring(room, calendar(WEEKLY))
    ids = [each.id for each in bookings(room)]
    report = bring(room, calendar(WEEKLY.replace("T180000", "T190000").replace("T200000", "T210000")))
    assert told(report) == {"moved": 4}
    assert [each.id for each in bookings(room)] == ids
    assert spans(room)[0] == "12-01 19:00-21:00"
    assert told(bring(room, calendar(WEEKLY))) == {"moved": 4}


def test_dates_that_change_places_do_not_stand_in_each_others_way(room: RoomCard) -> None:
    first, second = event("a"), event("b", "20261202T180000", "20261202T200000")
    bring(room, calendar(first, second))
    swapped = calendar(first.replace("20261201", "20261202"), second.replace("20261202", "20261201"))
    assert told(bring(room, swapped)) == {"moved": 2}
    assert spans(room) == ["12-01 18:00-20:00", "12-02 18:00-20:00"]


def test_a_moved_date_that_finds_its_new_time_taken_is_refused_and_gives_its_old_one_back(room: RoomCard) -> None:
    bring(room, calendar(event("a"), event("b", "20261202T180000", "20261202T200000")))
    report = bring(
        room, calendar(event("a", "20261202T190000", "20261202T210000"), event("b", "20261202T180000", "20261202T200000"))
    )
    assert told(report) == {"refused": 1, "unchanged": 1}
    assert report.refused[0].old is not None
    assert spans(room) == ["12-02 18:00-20:00"]
    assert len(held(room)) == 2
    assert told(bring(room, calendar(event("a", "20261202T190000", "20261202T210000")))) == {"created": 1, "cancelled": 1}


def test_a_new_title_follows_unless_the_house_has_written_another_one(house: int, room: RoomCard) -> None:
    bring(room, calendar(event("a"), event("b", "20261202T180000", "20261202T200000")))
    second = bookings(room)[1]
    change(second, house, purpose="Our own words")
    renamed = calendar(event("a", summary="Big choir"), event("b", "20261202T180000", "20261202T200000", "Big choir"))
    assert told(bring(room, renamed)) == {"changed": 1, "unchanged": 1}
    assert [each.purpose for each in bookings(room)] == ["Big choir", "Our own words"]


def change(booking: Booking, house: int, *, later: timedelta = timedelta(0), purpose: str = "") -> None:
    by = staff(house)
    span = Span(booking.starts_at + later, booking.ends_at + later)

    def act() -> None:
        found = queries.booking(booking.id)
        assert found is not None
        service.change_booking(found, ChangeRequest(span, purpose or found.purpose, 12), by)

    db.run_transaction(act)


def cancel(booking: Booking, house: int) -> None:
    by = staff(house)

    def act() -> None:
        found = queries.booking(booking.id)
        assert found is not None
        service.cancel_booking(found, "The house decided", by)

    db.run_transaction(act)


def test_what_the_house_has_moved_or_cancelled_stays_as_it_left_it(house: int, room: RoomCard) -> None:
    bring(room, calendar(WEEKLY))
    first, second, *_ = bookings(room)
    change(first, house, later=timedelta(minutes=-60))
    cancel(second, house)
    report = bring(room, calendar(WEEKLY))
    assert told(report) == {"kept": 2, "unchanged": 2}
    assert [line.reason for line in report.kept] == ["moved-here", "cancelled-here"]
    moved = calendar(
        WEEKLY, override("20261201", start="20261203T100000", end="20261203T110000"),
        override("20261208", start="20261210T100000", end="20261210T110000"), override("20261222", "STATUS:CANCELLED"),
    )  # fmt: skip
    assert told(bring(room, moved)) == {"kept": 2, "unchanged": 1, "cancelled": 1}
    assert spans(room) == ["12-01 17:00-19:00", "12-15 18:00-20:00"]
    assert told(bring(room, calendar(event("x", "20270101T100000", "20270101T110000"), name="another"))) == {"created": 1}


def test_when_file_and_house_agree_again_the_file_is_followed_again(house: int, room: RoomCard) -> None:
    bring(room, calendar(event()))
    change(bookings(room)[0], house, later=timedelta(hours=1))
    agreed = event(start="20261201T190000", end="20261201T210000")
    assert told(bring(room, calendar(agreed))) == {"unchanged": 1}
    assert told(bring(room, calendar(event(start="20261201T150000", end="20261201T160000")))) == {"moved": 1}
    assert spans(room) == ["12-01 15:00-16:00"]


def test_a_file_that_has_dropped_its_history_cancels_nothing_that_is_over(room: RoomCard) -> None:
    old, new = event("old", "20260901T180000", "20260901T200000"), event("new", "20261203T180000", "20261203T200000")
    bring(room, calendar(old, new))
    assert told(bring(room, calendar(new))) == {"unchanged": 1}
    assert len(bookings(room)) == 2


def test_a_past_date_that_is_missing_among_older_ones_was_taken_out(room: RoomCard) -> None:
    oldest = event("oldest", "20260801T180000", "20260801T200000")
    bring(room, calendar(oldest, event("old", "20260901T180000", "20260901T200000")))
    assert told(bring(room, calendar(oldest))) == {"cancelled": 1, "unchanged": 1}


def test_a_series_that_cannot_be_read_any_more_loses_nothing(room: RoomCard) -> None:
    bring(room, calendar(WEEKLY, event("s", "20261203T100000", "20261203T120000")))
    broken = WEEKLY.replace("FREQ=WEEKLY;COUNT=4", "FREQ=SECONDLY")
    report = bring(room, calendar(broken, event("s", "20261203T100000", "20261203T120000")))
    assert told(report) == {"unchanged": 1}
    assert [str(problem.code) for problem in report.problems] == ["rule-too-fine"]
    assert service.problem_words(report.problems[0])
    assert len(bookings(room)) == 5


def test_two_calendars_of_one_room_leave_each_other_alone(room: RoomCard) -> None:
    bring(room, calendar(WEEKLY, name="Choir"))
    report = bring(
        room,
        calendar(
            event("yoga", "20261203T100000", "20261203T120000"), event("late", "20261201T190000", "20261201T210000"), name="Yoga"
        ),
    )
    assert not report.follows
    assert told(report) == {"created": 1, "refused": 1}
    assert report.refused[0].reason == "taken"
    assert len(bookings(room)) == 5
    assert told(bring(room, calendar(name="Choir"))) == {"cancelled": 4}
    assert [source.name for source in queries.calendar_sources(room.id)] == ["Choir", "Yoga"]


def test_an_empty_file_for_a_room_without_calendars_leaves_no_trace(room: RoomCard) -> None:
    before = everything()
    assert told(bring(room, calendar())) == {}
    assert everything() == before


# The horizon ---------------------------------------------------------------------------------------------------------

ENDLESS = event("endless", "20261201T180000", "20261201T200000", "Choir", "RRULE:FREQ=WEEKLY")


def test_a_rule_without_end_is_carried_to_a_horizon_that_the_report_names(room: RoomCard) -> None:
    report = bring(room, calendar(ENDLESS))
    assert report.horizon == clock.midnight((THURSDAY + timedelta(days=400)).astimezone(BERLIN).date(), BERLIN)
    assert [(each.summary, each.rule) for each in report.endless] == [("Choir", "FREQ=WEEKLY")]
    starts = [each.starts_at for each in bookings(room)]
    assert starts[-1] < report.horizon <= starts[-1] + timedelta(days=7)
    assert all(
        later - earlier in {timedelta(days=7), timedelta(days=7, hours=1), timedelta(days=7, hours=-1)}
        for earlier, later in pairwise(starts)
    )


def test_a_shorter_horizon_takes_nothing_away(room: RoomCard) -> None:
    first = bring(room, calendar(ENDLESS), horizon=service.horizon_in(800))
    again = bring(room, calendar(ENDLESS), horizon=service.horizon_in(30))
    assert again.horizon == first.horizon
    assert told(again) == {"unchanged": first.counts["created"]}


def test_the_job_carries_rules_on_and_tries_refused_dates_again(house: int, room: RoomCard) -> None:
    by, person = staff(house), a_person()
    span = Span(datetime(2026, 12, 8, 17, tzinfo=UTC), datetime(2026, 12, 8, 19, tzinfo=UTC))
    taken = db.run_transaction(lambda: service.book_room(BookingRequest(room, span, "Party", 5, person), by))
    bring(room, calendar(ENDLESS), by)
    before = everything()
    assert jobs.carry_calendars() == "0 calendars carried, 0 dates booked, 0 not possible, 0 old uploads forgotten"
    assert everything() == before
    cancel(taken, house)
    with clock.stopped_at(THURSDAY + timedelta(days=28)):
        assert jobs.carry_calendars() == "1 calendars carried, 5 dates booked, 0 not possible, 0 old uploads forgotten"
        (source,) = queries.calendar_sources(room.id)
        assert source.carried_to == service.horizon_in()
        assert source.imported_by_id == by.person_id
        assert source.imported_at == THURSDAY
        assert jobs.carry_calendars().startswith("0 calendars")
    assert len(held(room)) == 2 * len(bookings(room))


def test_a_calendar_that_grows_beyond_all_limits_does_not_keep_the_others(house: int, room: RoomCard) -> None:
    a_room(house, "café")
    cafe = card(house, "café")
    bring(room, calendar(ENDLESS))
    bring(cafe, calendar(ENDLESS.replace("endless", "other")))

    def spoil() -> None:
        source = db.session().scalars(select(CalendarSource).where(CalendarSource.room_id == room.id)).one()
        source.content = b"BEGIN:VCALENDAR"

    db.run_transaction(spoil)
    with clock.stopped_at(THURSDAY + timedelta(days=14)):
        assert jobs.carry_calendars() == "1 calendars carried, 2 dates booked, 1 not possible, 0 old uploads forgotten"


# Size ----------------------------------------------------------------------------------------------------------------


def test_five_thousand_dates_need_few_statements(room: RoomCard) -> None:
    from tests.browser_client import counted

    series = [
        event(f"s{hour}", f"20170102T{hour:02}0000", f"20170102T{hour:02}4500", "Open lab", "RRULE:FREQ=DAILY;COUNT=1250")
        for hour in (10, 12, 14, 16)
    ]
    with counted() as asked:
        report = bring(room, calendar(*series))
    assert told(report) == {"created": 5000}
    # 26 columns times 5,000 rows go in batches; a statement a date would be twenty thousand.
    assert len(asked) < 60, Counter(statement[:40] for statement in asked)
    with counted() as asked:
        assert told(bring(room, calendar(*series))) == {"unchanged": 5000}
    assert len(asked) < 8
    assert db.session().scalar(select(func.count()).select_from(ImportedDate)) == 5000


def test_a_preview_says_what_the_import_then_does_and_changes_nothing(house: int, room: RoomCard) -> None:
    bring(room, calendar(WEEKLY))
    before = everything()
    newer = calendar(WEEKLY.replace("COUNT=4", "COUNT=3"), override("20261208", start="20261209T170000", end="20261209T190000"))
    preview = service.preview_calendar(room, newer, "choir.ics")
    db.session().close()
    assert everything() == before
    done = bring(room, newer, THE_HOUSE)
    assert preview.lines == done.lines
    assert told(done) == {"moved": 1, "cancelled": 1, "unchanged": 2}
