"""Reading calendars: what a file says, date by date."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from app.core.ical import (
    MESSAGES,
    Limits,
    ProblemCode,
    Reading,
    RefusedCode,
    Status,
    UnreadableCode,
    read_calendar,
)

BERLIN = ZoneInfo("Europe/Berlin")
HORIZON = datetime(2027, 7, 1, tzinfo=BERLIN)
MACHBAR = Path(__file__).parent / "data" / "machbar-potsdam-2019.ics"


@pytest.fixture(params=["UTC", "Europe/Berlin", "America/Los_Angeles"])
def server_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same on a server in any zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def file(*lines: str, head: tuple[str, ...] = ()) -> bytes:
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *head, *lines, "END:VCALENDAR", ""]
    return "\r\n".join(whole).encode()


def entry(*lines: str, uid: str = "a", summary: str = "Chor") -> list[str]:
    return ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{summary}", *lines, "END:VEVENT"]


CHOIR = ("DTSTART;TZID=Europe/Berlin:20261006T190000", "DTEND;TZID=Europe/Berlin:20261006T210000")


def read(data: bytes, *, zone: ZoneInfo = BERLIN, horizon: datetime = HORIZON, limits: Limits | None = None) -> Reading:
    return read_calendar(data, zone=zone, horizon=horizon, limits=limits)


def starts(reading: Reading, zone: ZoneInfo = BERLIN) -> list[str]:
    return [f"{one.starts_at.astimezone(zone):%Y-%m-%d %H:%M}" for one in reading.dates]


def by_the_library(data: bytes, start: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
    """UID, start and end of every date, straight from recurring-ical-events."""

    def instant(moment: date) -> datetime:
        if not isinstance(moment, datetime):
            return datetime(moment.year, moment.month, moment.day, tzinfo=BERLIN).astimezone(UTC)
        return (moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)).astimezone(UTC)

    found = recurring_ical_events.of(Calendar.from_ical(data)).between(start, end)
    return sorted((str(one["UID"]), instant(one["DTSTART"].dt), instant(one["DTEND"].dt)) for one in found)


def ours(reading: Reading) -> list[tuple[str, datetime, datetime]]:
    inside = [one for one in reading.dates if one.refused is not RefusedCode.BEYOND_HORIZON]
    return sorted((one.uid, one.starts_at, one.ends_at) for one in inside)


# A real calendar


@pytest.mark.parametrize("horizon", ["2018-03-25", "2018-10-28", "2019-03-06", "2019-12-31", "2021-01-01"])
def test_a_makerspaces_real_calendar_gives_the_very_dates_of_the_library(server_zone: str, horizon: str) -> None:
    end = datetime.fromisoformat(horizon).replace(tzinfo=BERLIN)
    data = MACHBAR.read_bytes()
    expected = by_the_library(data, datetime(2017, 1, 1, tzinfo=BERLIN), end)
    reading = read(data, horizon=end)
    assert ours(reading) == expected
    assert reading.problems == ()


def test_a_makerspaces_real_calendar_up_to_the_end_of_2019() -> None:
    reading = read(MACHBAR.read_bytes(), horizon=datetime(2019, 12, 31, tzinfo=BERLIN))
    assert (reading.counts.entries, reading.counts.series, reading.counts.dates) == (64, 58, 572)
    assert reading.name == "machBar - Öffentlich"
    assert len(reading.endless) == 7
    assert len({one.identity for one in reading.dates}) == 572
    weekly = next(series for series in reading.endless if series.summary == "Chaostreff - CCCP")
    assert weekly.rule == "FREQ=WEEKLY;BYDAY=WE"
    assert weekly.next_at == datetime(2020, 1, 1, 18, tzinfo=UTC)


# Clock changes


def test_a_weekly_tuesday_at_seven_stays_at_seven(server_zone: str) -> None:
    data = file(*entry(*CHOIR, "RRULE:FREQ=WEEKLY;UNTIL=20261110T180000Z"))
    assert starts(read(data)) == [
        "2026-10-06 19:00",
        "2026-10-13 19:00",
        "2026-10-20 19:00",
        "2026-10-27 19:00",
        "2026-11-03 19:00",
        "2026-11-10 19:00",
    ]
    assert {one.starts_at.hour for one in read(data).dates} == {17, 18}


def test_an_all_day_date_lasts_from_midnight_to_midnight_also_on_the_long_day(server_zone: str) -> None:
    (one,) = read(file(*entry("DTSTART;VALUE=DATE:20261025"))).dates
    assert one.all_day
    assert one.starts_at == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert one.ends_at == datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert one.ends_at - one.starts_at == timedelta(hours=25)


def test_a_start_in_the_skipped_hour_says_so() -> None:
    data = file(*entry("DTSTART;TZID=Europe/Berlin:20260328T023000", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=3"))
    dates = read(data).dates
    assert [one.clock_shifted for one in dates] == [False, True, False]
    assert dates[1].starts_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_of_two_equal_hours_a_local_time_means_the_first_and_utc_can_name_the_second() -> None:
    data = file(
        *entry("DTSTART;TZID=Europe/Berlin:20261025T023000", "DURATION:PT15M", uid="first"),
        *entry("DTSTART:20261025T013000Z", "DURATION:PT15M", uid="second"),
    )
    assert [(one.uid, one.starts_at.hour) for one in read(data).dates] == [("first", 0), ("second", 1)]


# Forms of time


def test_floating_times_are_those_of_the_house_or_of_the_calendars_own_zone() -> None:
    lines = entry("DTSTART:20260701T120000", "DTEND:20260701T130000")
    assert read(file(*lines)).dates[0].starts_at.hour == 10
    assert read(file(*lines, head=("X-WR-TIMEZONE:Europe/Lisbon",))).dates[0].starts_at.hour == 11


def test_a_windows_zone_and_a_vendors_zone_are_known_by_their_other_name() -> None:
    for name in ("W. Europe Standard Time", "/freeassociation.sourceforge.net/Europe/Berlin", '"Europe/Berlin"'):
        reading = read(file(*entry(f"DTSTART;TZID={name}:20260701T120000", "DURATION:PT1H")))
        assert reading.dates[0].starts_at.hour == 10, name
        assert not reading.problems


MINE = (
    "BEGIN:VTIMEZONE",
    "TZID:Mine",
    "BEGIN:STANDARD",
    "DTSTART:16010101T030000",
    "TZOFFSETFROM:+0300",
    "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:16010101T020000",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0300",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
)


def test_a_zone_that_the_file_defines_itself_counts_in_that_file_only() -> None:
    lines = entry("DTSTART;TZID=Mine:20260301T120000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=40")
    with_zone = file(*MINE, *lines)
    reading = read(with_zone)
    assert ours(reading) == by_the_library(with_zone, datetime(2020, 1, 1, tzinfo=BERLIN), HORIZON)
    assert {one.starts_at.hour for one in reading.dates} == {9, 10}
    without = read(file(*lines))
    assert [problem.code for problem in without.problems] == [ProblemCode.UNKNOWN_ZONE]
    assert without.dates[0].starts_at.hour == 11


def test_an_unknown_zone_of_the_calendar_is_a_remark() -> None:
    reading = read(file(*entry(*CHOIR), head=("X-WR-TIMEZONE:Terra/Incognita",)))
    assert reading.problems[0].code is ProblemCode.UNKNOWN_CALENDAR_ZONE
    assert len(reading.dates) == 1


# What cannot be a booking


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["DTSTART:20260701T120000Z"], RefusedCode.NO_END),
        (["DTSTART:20260701T120000Z", "DTEND:20260701T120000Z"], RefusedCode.ZERO_LENGTH),
        (["DTSTART:20260701T120000Z", "DURATION:PT0S"], RefusedCode.ZERO_LENGTH),
        (["DTSTART:20260701T120000Z", "DTEND:20260701T110000Z"], RefusedCode.ENDS_BEFORE_START),
        (["DTSTART:20260701T120000Z", "DURATION:-PT1H"], RefusedCode.ENDS_BEFORE_START),
        (["DTSTART:20260701T120000Z", "DURATION:P60D"], RefusedCode.TOO_LONG),
        (["DTSTART:20990701T120000Z", "DURATION:PT1H"], RefusedCode.BEYOND_HORIZON),
        (["DTSTART;VALUE=DATE:20260701"], None),
        (["DTSTART:20260701T120000Z", "DURATION:PT1H"], None),
    ],
)
def test_a_date_that_cannot_be_a_booking_says_why(lines: list[str], reason: RefusedCode | None) -> None:
    (one,) = read(file(*entry(*lines))).dates
    assert one.refused is reason


def test_a_date_moved_beyond_the_horizon_is_not_lost() -> None:
    data = file(
        *entry(*CHOIR, "RRULE:FREQ=WEEKLY;COUNT=3"),
        *entry("RECURRENCE-ID;TZID=Europe/Berlin:20261013T190000", "DTSTART:20300101T190000Z", "DTEND:20300101T210000Z"),
    )
    dates = read(data).dates
    assert [one.refused for one in dates] == [None, None, RefusedCode.BEYOND_HORIZON]
    assert dates[2].recurrence_id == "20261013T170000Z"


# Series and their exceptions


def test_exceptions_extra_dates_and_moved_dates() -> None:
    data = file(
        *entry(
            *CHOIR,
            "RRULE:FREQ=WEEKLY;COUNT=4",
            "EXDATE;TZID=Europe/Berlin:20261013T190000",
            "RDATE;TZID=Europe/Berlin:20261224T150000",
        ),
        *entry(
            "RECURRENCE-ID;TZID=Europe/Berlin:20261020T190000",
            "DTSTART;TZID=Europe/Berlin:20261021T200000",
            "DTEND;TZID=Europe/Berlin:20261021T213000",
            "SEQUENCE:2",
            summary="Chor am Mittwoch",
        ),
    )
    reading = read(data)
    assert starts(reading) == ["2026-10-06 19:00", "2026-10-21 20:00", "2026-10-27 19:00", "2026-12-24 15:00"]
    moved = reading.dates[1]
    assert (moved.recurrence_id, moved.summary, moved.sequence) == ("20261020T170000Z", "Chor am Mittwoch", 2)
    assert ours(reading) == by_the_library(data, datetime(2020, 1, 1, tzinfo=BERLIN), HORIZON)


def test_a_date_keeps_its_identity_when_it_is_moved_or_cancelled() -> None:
    series = entry(*CHOIR, "RRULE:FREQ=WEEKLY;COUNT=3")
    change = ("RECURRENCE-ID;TZID=Europe/Berlin:20261013T190000", "SEQUENCE:1")
    before = {one.identity for one in read(file(*series)).dates}
    moved = read(file(*series, *entry(*change, "DTSTART:20261014T120000Z", "DTEND:20261014T130000Z")))
    called_off = read(file(*series, *entry(*change, "DTSTART:20261013T170000Z", "DTEND:20261013T190000Z", "STATUS:CANCELLED")))
    assert {one.identity for one in moved.dates} == before
    assert {one.identity for one in called_off.dates} == before
    assert [one.cancelled for one in called_off.dates] == [False, True, False]
    assert called_off.counts.cancelled == 1


@pytest.mark.parametrize(
    "recurrence",
    [
        "RECURRENCE-ID;TZID=Europe/Berlin:20261013T190000",
        "RECURRENCE-ID:20261013T170000Z",
        "RECURRENCE-ID:20261013T190000",
    ],
)
def test_an_identity_is_the_same_however_the_file_writes_it(recurrence: str) -> None:
    data = file(
        *entry(*CHOIR, "RRULE:FREQ=WEEKLY;COUNT=3"),
        *entry(recurrence, "DTSTART:20261014T120000Z", "DTEND:20261014T130000Z"),
    )
    assert [one.recurrence_id for one in read(data).dates] == [
        "20261006T170000Z",
        "20261013T170000Z",
        "20261020T170000Z",
    ]


def test_a_single_entry_has_no_recurrence_id_and_a_lone_changed_date_has_one() -> None:
    assert read(file(*entry(*CHOIR))).dates[0].recurrence_id == ""
    lone = entry("RECURRENCE-ID:20261013T170000Z", "DTSTART:20261014T120000Z", "DTEND:20261014T130000Z")
    assert read(file(*lone)).dates[0].recurrence_id == "20261013T170000Z"


def test_a_change_of_all_following_dates_is_followed_and_remarked() -> None:
    data = file(
        *entry(*CHOIR, "RRULE:FREQ=WEEKLY;COUNT=3"),
        *entry(
            "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261013T190000",
            "DTSTART;TZID=Europe/Berlin:20261013T200000",
            "DTEND;TZID=Europe/Berlin:20261013T220000",
        ),
    )
    reading = read(data)
    assert starts(reading) == ["2026-10-06 19:00", "2026-10-13 20:00", "2026-10-20 20:00"]
    assert [one.recurrence_id for one in reading.dates][2] == "20261020T170000Z"
    assert [problem.code for problem in reading.problems] == [ProblemCode.FOLLOWING_CHANGED]
    assert ours(reading) == by_the_library(data, datetime(2020, 1, 1, tzinfo=BERLIN), HORIZON)


def test_of_several_versions_of_one_entry_the_highest_sequence_counts() -> None:
    data = file(
        *entry("DTSTART:20260701T120000Z", "DURATION:PT1H", "SEQUENCE:3", summary="neu"),
        *entry("DTSTART:20260701T100000Z", "DURATION:PT1H", "SEQUENCE:1", summary="alt"),
    )
    reading = read(data)
    assert [(one.summary, one.sequence) for one in reading.dates] == [("neu", 3)]
    assert [problem.code for problem in reading.problems] == [ProblemCode.OLDER_VERSION]


def test_a_calendar_sent_to_cancel_cancels_all_it_names() -> None:
    assert read(file(*entry(*CHOIR), head=("METHOD:CANCEL",))).dates[0].cancelled


def test_flags_of_an_entry() -> None:
    (one,) = read(file(*entry(*CHOIR, "CLASS:PRIVATE", "TRANSP:TRANSPARENT", "STATUS:TENTATIVE"))).dates
    assert (one.private, one.transparent, one.status) == (True, True, Status.TENTATIVE)


def test_a_rule_without_an_end_is_carried_to_the_horizon_and_named() -> None:
    reading = read(file(*entry(*CHOIR, "RRULE:FREQ=WEEKLY")), horizon=datetime(2026, 11, 1, tzinfo=BERLIN))
    assert len(reading.dates) == 4
    (series,) = reading.endless
    assert (series.rule, series.next_at) == ("FREQ=WEEKLY", datetime(2026, 11, 3, 18, tzinfo=UTC))


def test_a_rule_that_ends_beyond_the_horizon_is_open_but_not_endless() -> None:
    data = file(*entry(*CHOIR, "RRULE:FREQ=WEEKLY;COUNT=6"))
    reading = read(data, horizon=datetime(2026, 11, 1, tzinfo=BERLIN))
    assert reading.endless == ()
    assert reading.open_series[0].next_at == datetime(2026, 11, 3, 18, tzinfo=UTC)
    assert read(data, horizon=datetime(2026, 12, 1, tzinfo=BERLIN)).open_series == ()


def test_the_digest_sees_what_a_reader_would_see_and_nothing_else() -> None:
    def digest(*more: str, summary: str = "Chor", start: str = "19") -> str:
        lines = [
            f"DTSTART;TZID=Europe/Berlin:20261006T{start}0000",
            "DTEND;TZID=Europe/Berlin:20261006T210000",
            *more,
        ]
        return read(file(*entry(*lines, summary=summary))).dates[0].digest

    assert digest() == digest("DTSTAMP:20270101T000000Z", "SEQUENCE:7", "LAST-MODIFIED:20270101T000000Z")
    others = {digest(summary="Orchester"), digest(start="18"), digest("STATUS:CANCELLED"), digest("CLASS:PRIVATE")}
    assert len(others | {digest()}) == 5


def test_an_entry_without_uid_is_the_same_entry_next_time() -> None:
    lines = ["BEGIN:VEVENT", *CHOIR, "SUMMARY:Chor", "END:VEVENT"]
    first, second = read(file(*lines)), read(file(*lines))
    assert first.dates == second.dates
    assert [problem.code for problem in first.problems] == [ProblemCode.NO_UID]


def test_text_is_unfolded_and_unescaped() -> None:
    data = file(*entry(*CHOIR, summary="Kaffee\\, Ku\r\n chen\\; \\\\ und\r\n\t  mehr")).replace(b"\r\n", b"\n")
    assert read(data).dates[0].summary == "Kaffee, Kuchen; \\ und  mehr"


def test_one_broken_series_leaves_the_others_alone_and_is_not_taken_for_cancelled() -> None:
    data = file(*entry(*CHOIR, "RRULE:FREQ=SECONDLY", uid="bad"), *entry(*CHOIR, uid="good"))
    reading = read(data)
    assert [one.uid for one in reading.dates] == ["good"]
    assert reading.unread_uids == {"bad"}
    assert reading.problems[0].left_out
    assert (reading.problems[0].summary, reading.problems[0].entry) == ("Chor", 1)


def test_every_code_has_its_message() -> None:
    codes = [*UnreadableCode, *ProblemCode, *RefusedCode]
    assert set(MESSAGES) == set(codes)


def test_the_horizon_is_an_instant() -> None:
    with pytest.raises(ValueError, match="aware"):
        read(file(), horizon=datetime(2027, 1, 1))


# Any sane rule

WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@st.composite
def rules(draw: st.DrawFn, *, dated: bool) -> str:
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 5))}")
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if end == "COUNT":
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    if end == "UNTIL":
        until = draw(st.dates(date(2026, 3, 1), date(2027, 12, 31)))
        parts.append(f"UNTIL={until:%Y%m%d}" + ("" if dated else f"T{draw(st.integers(0, 23)):02}0000Z"))
    days = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True)
    if freq in ("DAILY", "WEEKLY") and draw(st.booleans()):
        parts.append("BYDAY=" + ",".join(draw(days)))
    if freq == "WEEKLY" and draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    if freq == "MONTHLY":
        kind = draw(st.integers(0, 3))
        if kind == 1:
            parts.append(f"BYMONTHDAY={draw(st.sampled_from([1, 15, 29, 30, 31, -1, -2]))}")
        if kind == 2:
            parts.append(f"BYDAY={draw(st.sampled_from([1, 2, 3, 4, 5, -1, -2]))}{draw(st.sampled_from(WEEKDAYS))}")
        if kind == 3:
            parts.append("BYDAY=" + ",".join(draw(days)) + f";BYSETPOS={draw(st.sampled_from([1, 2, -1]))}")
    if freq == "YEARLY" and draw(st.booleans()):
        parts.append(f"BYMONTH={draw(st.integers(1, 12))};BYDAY={draw(st.sampled_from([1, 3, -1]))}SU")
    return ";".join(parts)


@st.composite
def series(draw: st.DrawFn, uid: str) -> list[str]:
    day = draw(st.one_of(st.dates(date(2026, 2, 1), date(2026, 12, 1)), st.just(date(2026, 3, 29))))
    hour, minute = draw(st.integers(0, 23)), draw(st.sampled_from([0, 15, 30]))
    form = draw(st.sampled_from(["zone", "utc", "floating", "day"]))

    def moment(name: str, at: datetime) -> str:
        if form == "day":
            return f"{name};VALUE=DATE:{at:%Y%m%d}"
        zone = ";TZID=Europe/Berlin" if form == "zone" else ""
        return f"{name}{zone}:{at:%Y%m%dT%H%M%S}" + ("Z" if form == "utc" else "")

    start = datetime(day.year, day.month, day.day, hour, minute)
    length = timedelta(days=draw(st.integers(1, 3))) if form == "day" else timedelta(minutes=draw(st.integers(15, 900)))
    lines = [moment("DTSTART", start)]
    if form == "day" or draw(st.booleans()):
        lines.append(moment("DTEND", start + length))
    else:
        lines.append(f"DURATION:PT{int(length.total_seconds()) // 60}M")
    repeats = draw(st.booleans())
    if repeats:
        lines.append("RRULE:" + draw(rules(dated=form == "day")))
        offsets = st.lists(st.integers(0, 60), max_size=3)
        lines += [moment("EXDATE", start + timedelta(days=offset)) for offset in draw(offsets)]
        lines += [moment("RDATE", start + timedelta(days=offset, hours=0)) for offset in draw(offsets)]
    whole = entry(*lines, uid=uid)
    if repeats and draw(st.booleans()):
        moved = start + timedelta(days=draw(st.integers(0, 20)))
        to = moved + timedelta(days=draw(st.integers(-3, 3)), hours=draw(st.integers(0, 5)))
        whole += entry(moment("RECURRENCE-ID", moved), moment("DTSTART", to), moment("DTEND", to + length), "SEQUENCE:1", uid=uid)
    return whole


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), own_zone=st.booleans(), days=st.integers(200, 700))
def test_any_sane_series_gives_the_very_dates_of_the_library(data: st.DataObject, own_zone: bool, days: int) -> None:
    lines = [line for uid in ("a", "b") for line in data.draw(series(uid))]
    whole = file(*lines, head=("X-WR-TIMEZONE:Europe/Berlin",) if own_zone else ())
    horizon = datetime(2026, 2, 1, tzinfo=BERLIN) + timedelta(days=days)
    reading = read(whole, horizon=horizon)
    assert not reading.unread_uids
    assert ours(reading) == by_the_library(whole, datetime(1990, 1, 1, tzinfo=BERLIN), horizon)
    assert len({one.identity for one in reading.dates}) == len(reading.dates)
