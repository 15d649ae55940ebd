"""Files that mean harm, or are merely broken: each is answered, soon and clearly.

The limit of 20 seconds is there to catch what never ends; what each case really takes is far below it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import FrameType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.ical import (
    Limits,
    ProblemCode,
    Reading,
    RefusedCode,
    UnreadableCalendar,
    UnreadableCode,
    read_calendar,
)

BERLIN = ZoneInfo("Europe/Berlin")
HORIZON = datetime(2028, 1, 1, tzinfo=BERLIN)
START, END = "DTSTART;TZID=Europe/Berlin:20260302T190000", "DTEND;TZID=Europe/Berlin:20260302T210000"


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("a hostile file kept the reader busy for 20 seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def entry(*lines: str, uid: object = "a", start: str = START, end: str = END) -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", start, end, *lines, "SUMMARY:x", "END:VEVENT", ""])


def file(*parts: str) -> bytes:
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(parts) + "END:VCALENDAR\r\n").encode()


def read(data: bytes, limits: Limits | None = None) -> Reading:
    return read_calendar(data, zone=BERLIN, horizon=HORIZON, limits=limits)


def local(offset: int) -> str:
    return (datetime(2026, 3, 2, 19) + timedelta(days=offset)).strftime("%Y%m%dT%H%M%S")


DAILY_1900 = {"start": "DTSTART:19000101T100000", "end": "DTEND:19000101T110000"}
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)
MINE = {"start": "DTSTART;TZID=Mine:20160302T190000", "end": "DURATION:PT2H"}

UNREADABLE: dict[str, tuple[Callable[[], bytes], UnreadableCode]] = {
    "50 MB": (lambda: b"BEGIN:VCALENDAR\r\n" + b"X" * 50_000_000, UnreadableCode.TOO_LARGE),
    "nothing": (lambda: b"", UnreadableCode.EMPTY),
    "blanks": (lambda: b" \r\n\t", UnreadableCode.EMPTY),
    "html": (lambda: b"<!DOCTYPE html><html></html>", UnreadableCode.NOT_A_CALENDAR),
    "pdf": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf", UnreadableCode.NOT_A_CALENDAR),
    "zip": (lambda: b"PK\x03\x04\xff\xff", UnreadableCode.NOT_A_CALENDAR),
    "vcard": (lambda: b"BEGIN:VCARD\r\nEND:VCARD\r\n", UnreadableCode.NOT_A_CALENDAR),
    "calendar inside html": (lambda: b"<html>" + file(entry()), UnreadableCode.NOT_A_CALENDAR),
    "nul": (lambda: file(entry()).replace(b":x", b":\0"), UnreadableCode.BROKEN_ENCODING),
    "no encoding at all": (lambda: file(entry()).replace(b":x", b":\x81\x8d"), UnreadableCode.BROKEN_ENCODING),
    "half a utf-16": (lambda: file(entry()).decode().encode("utf-16")[:-1], UnreadableCode.BROKEN_ENCODING),
    "no end": (lambda: file(entry())[:-20], UnreadableCode.CUT_SHORT),
    "cut in an entry": (lambda: file(entry())[:80], UnreadableCode.CUT_SHORT),
    "ends crossed": (lambda: b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\nEND:VEVENT\n", UnreadableCode.BROKEN_STRUCTURE),
    "event in event": (lambda: b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 4_000, UnreadableCode.BROKEN_STRUCTURE),
    "deep": (lambda: b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 400_000, UnreadableCode.BROKEN_STRUCTURE),
    "calendar in calendar": (lambda: b"BEGIN:VCALENDAR\nBEGIN:VCALENDAR\n", UnreadableCode.BROKEN_STRUCTURE),
    "two calendars": (lambda: file() + file(), UnreadableCode.SEVERAL_CALENDARS),
    "hebrew": (lambda: file("CALSCALE:HEBREW\r\n"), UnreadableCode.OTHER_CALENDAR_SYSTEM),
    "200,000 entries": (lambda: file("BEGIN:VEVENT\nEND:VEVENT\n" * 200_000), UnreadableCode.TOO_MANY_ENTRIES),
    "entries in small letters": (lambda: file("begin:vevent\nend:vevent\n" * 6_000), UnreadableCode.TOO_MANY_ENTRIES),
    "many long series": (
        lambda: file(*[entry("RRULE:FREQ=WEEKLY", uid=n, **{**MINE, "start": "DTSTART:20160302T190000Z"}) for n in range(300)]),
        UnreadableCode.TOO_MANY_DATES,
    ),
    "1,000 rules without a date": (
        lambda: file(*[entry("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", uid=n) for n in range(1_000)]),
        UnreadableCode.TOO_COSTLY,
    ),
    "5,000 birthdays": (
        lambda: file(*[entry("RRULE:FREQ=YEARLY", uid=n, **DAILY_1900) for n in range(5_000)]),
        UnreadableCode.TOO_COSTLY,
    ),
    "exceptions upon exceptions": (
        lambda: file(
            *[
                entry("RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:" + ",".join(local(n) for n in range(4_900)), uid=uid)
                for uid in range(55)
            ]
        ),
        UnreadableCode.TOO_COSTLY,
    ),
    "rules within changed dates": (
        lambda: file(
            entry("RRULE:FREQ=DAILY", "SEQUENCE:5"),
            *[entry("RRULE:FREQ=DAILY", f"RECURRENCE-ID;TZID=Europe/Berlin:{local(n)}") for n in range(4_900)],
        ),
        UnreadableCode.TOO_COSTLY,
    ),
    "3,000 zones": (
        lambda: file(
            *[ZONE.replace("Mine", f"Mine{n}") for n in range(3_000)],
            *[entry(uid=n, start=f"DTSTART;TZID=Mine{n}:20260302T190000", end="DURATION:PT2H") for n in range(3_000)],
        ),
        UnreadableCode.TOO_COSTLY,
    ),
    "many series in an own zone": (
        lambda: file(ZONE, *[entry("RRULE:FREQ=WEEKLY", uid=n, **MINE) for n in range(400)]),
        UnreadableCode.TOO_COSTLY,
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_is_refused_with_its_reason(name: str) -> None:
    make, code = UNREADABLE[name]
    with pytest.raises(UnreadableCalendar) as refusal:
        read(make())
    assert refusal.value.code is code


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=SECONDLY", ProblemCode.RULE_TOO_FINE),
        ("FREQ=MINUTELY;INTERVAL=30", ProblemCode.RULE_TOO_FINE),
        ("FREQ=HOURLY", ProblemCode.RULE_TOO_FINE),
        ("freq=hourly", ProblemCode.RULE_TOO_FINE),
        ("FREQ=DAILY;BYMINUTE=" + ",".join(map(str, range(60))), ProblemCode.RULE_TOO_FINE),
        ("FREQ=DAILY;BYSECOND=0,1,2,3,4;BYMINUTE=0,1,2,3,4", ProblemCode.RULE_TOO_FINE),
        ("FREQ=DAILY;INTERVAL=0", ProblemCode.BAD_RULE),
        ("FREQ=DAILY;INTERVAL=-1", ProblemCode.BAD_RULE),
        ("FREQ=DAILY;INTERVAL=99999999999", ProblemCode.BAD_RULE),
        ("FREQ=DAILY;COUNT=0", ProblemCode.BAD_RULE),
        ("", ProblemCode.BAD_RULE),
        ("nonsense", ProblemCode.BAD_RULE),
        ("FREQ=SOMETIMES", ProblemCode.BAD_RULE),
        ("BYDAY=MO", ProblemCode.BAD_RULE),
        ("FREQ=DAILY;FREQ=DAILY", ProblemCode.BAD_RULE),
        ("FREQ=WEEKLY;BYDAY=XX", ProblemCode.BAD_RULE),
        ("FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 1_000), ProblemCode.BAD_RULE),
        ("FREQ=MONTHLY;BYMONTHDAY=0", ProblemCode.BAD_RULE),
        ("FREQ=YEARLY;BYEASTER=0", ProblemCode.BAD_RULE),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", ProblemCode.BAD_RULE),
        ("FREQ=YEARLY;UNTIL=20261301", ProblemCode.BAD_RULE),
        ("RSCALE=HEBREW;FREQ=YEARLY", ProblemCode.BAD_RULE),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", ProblemCode.RULE_TOO_RARE),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5", ProblemCode.RULE_TOO_RARE),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", ProblemCode.RULE_TOO_RARE),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ProblemCode.RULE_TOO_RARE),
    ],
)
def test_a_rule_that_is_nonsense_or_never_done_leaves_its_series_out(rule: str, code: ProblemCode) -> None:
    reading = read(file(entry(f"RRULE:{rule}"), entry(uid="good")))
    assert [problem.code for problem in reading.problems] == [code]
    assert [one.uid for one in reading.dates] == ["good"]
    assert reading.unread_uids == {"a"}


@pytest.mark.parametrize(
    ("rule", "dates"),
    [
        ("FREQ=DAILY;COUNT=999999999", 670),
        ("FREQ=DAILY;COUNT=-3", 670),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", 670),
        ("FREQ=DAILY;INTERVAL=99999", 1),
        ("FREQ=YEARLY;INTERVAL=100000", 1),
        ("FREQ=WEEKLY;BYDAY=SU;BYMONTH=2", 5),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", 4),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", 2),
        ("FREQ=YEARLY;BYYEARDAY=-1", 3),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", 1),
    ],
)
def test_a_rule_that_is_only_unusual_is_worked_out(rule: str, dates: int) -> None:
    reading = read(file(entry(f"RRULE:{rule}")))
    assert not reading.problems
    assert len(reading.dates) == dates


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ({"start": "DTSTART:00010101T100000", "end": "DURATION:PT1H"}, ProblemCode.TOO_EARLY),
        ({"start": "DTSTART:16010101T100000", "end": "DURATION:PT1H"}, ProblemCode.TOO_EARLY),
        (DAILY_1900, ProblemCode.TOO_MANY_SERIES_DATES),
        ({"start": "DTSTART:99991231T235959", "end": "DURATION:PT1H"}, ProblemCode.TOO_LATE),
        ({"start": "DTSTART:20260302T190000", "end": "DTEND:99991231T235959"}, ProblemCode.TOO_LATE),
        ({"start": "DTSTART:20260302T190000", "end": "DTEND:20991231T235959"}, ProblemCode.FAR_TOO_LONG),
        ({"start": "DTSTART:20260302T190000", "end": "DURATION:P99999999999D"}, ProblemCode.BAD_TIME),
        ({"start": "DTSTART:20260230T190000", "end": "DURATION:PT1H"}, ProblemCode.BAD_TIME),
        ({"start": "DTSTART:tomorrow", "end": "DURATION:PT1H"}, ProblemCode.BAD_TIME),
        ({"start": "DTSTART:", "end": "DURATION:PT1H"}, ProblemCode.BAD_TIME),
        ({"start": START, "end": "DURATION:soon"}, ProblemCode.BAD_TIME),
        ({"start": "X-NOTHING:1", "end": END}, ProblemCode.NO_START),
    ],
)
def test_a_time_that_is_none_leaves_its_series_out(lines: dict[str, str], code: ProblemCode) -> None:
    reading = read(file(entry("RRULE:FREQ=DAILY", **lines)))
    assert [problem.code for problem in reading.problems] == [code]
    assert reading.dates == ()


@pytest.mark.parametrize("name", ["RDATE", "EXDATE"])
def test_lists_of_a_hundred_thousand_dates_are_not_gone_through(name: str) -> None:
    reading = read(file(entry("RRULE:FREQ=DAILY", f"{name}:" + ",".join(["20260302T190000Z"] * 100_000))))
    assert [problem.code for problem in reading.problems] == [ProblemCode.TOO_MANY_LISTED]


def test_thousands_of_attendees_are_counted_and_never_read() -> None:
    crowd = [f'ATTENDEE;CN="A {n}";ROLE=REQ-PARTICIPANT:mailto:a{n}@example.org' for n in range(60_000)]
    reading = read(file(entry(*crowd), entry(*crowd[:40], uid="choir")))
    assert [(problem.code, problem.facts["count"]) for problem in reading.problems] == [(ProblemCode.TOO_MANY_ATTENDEES, 60_000)]
    assert [one.uid for one in reading.dates] == ["choir"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("DESCRIPTION:" + "x" * 4_900_000, id="one line of 5 MB"),
        pytest.param("DESCRIPTION:" + "\r\n ".join("x" * 900_000), id="a fold at each letter"),
        pytest.param("DTSTAMP" + ";A=b" * 1_200_000 + ":x", id="a million parameters"),
        pytest.param('LOCATION;A="' + 'x"y"' * 1_200_000, id="quotes that never match"),
        pytest.param("X:\r\n" * 1_200_000, id="a million lines"),
        pytest.param("\r\n" * 2_400_000, id="empty lines"),
        pytest.param("BEGIN:X\r\nEND:X\r\n" * 250_000, id="a quarter of a million empty parts"),
        pytest.param("ATTACH;ENCODING=BASE64:" + "QUJD" * 1_200_000, id="an attachment"),
    ],
)
def test_what_is_not_read_costs_nothing(lines: str) -> None:
    (one,) = read(file(entry(lines))).dates
    assert (one.uid, one.summary) == ("a", "x")


def test_thousands_of_entries_are_read() -> None:
    assert len(read(file(*[entry(uid=n) for n in range(4_000)])).dates) == 4_000
    same = read(file(*[entry() for _ in range(4_000)]))
    assert (len(same.dates), len(same.problems)) == (1, 501)
    assert same.problems[-1].facts == {"count": 3_499}


def test_thousands_of_changed_dates_of_one_series_are_read() -> None:
    changes = [entry(f"RECURRENCE-ID;TZID=Europe/Berlin:{local(n)}") for n in range(4_000)]
    assert len(read(file(entry("RRULE:FREQ=DAILY"), *changes)).dates) == 4_000


@pytest.mark.parametrize(
    "zone",
    [
        ZONE.replace("FREQ=YEARLY", "FREQ=SECONDLY"),
        ZONE.replace("BYMONTH=10;BYDAY=-1SU", "BYMONTH=2;BYMONTHDAY=30"),
        ZONE.replace("+0200", "+9900"),
        ZONE.replace("16010101T030000", "nonsense"),
        ZONE.replace("RRULE:", "RDATE:" + ",".join(["20200101T000000"] * 5_000) + "\r\nRRULE:"),
        "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nEND:VTIMEZONE\r\n",
    ],
)
def test_a_zone_that_is_nonsense_is_unknown(zone: str) -> None:
    reading = read(file(zone, entry("RRULE:FREQ=WEEKLY;COUNT=3", **MINE)))
    assert {problem.code for problem in reading.problems} == {ProblemCode.UNKNOWN_ZONE}
    assert len(reading.dates) == 3


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/", "", "Europe", "\x01", "x/" * 5_000, "posix/../Europe/Berlin"])
def test_a_zones_name_reaches_no_file(name: str) -> None:
    assert len(read(file(entry(start=f"DTSTART;TZID={name}:20260302T190000", end="DURATION:PT1H"))).dates) == 1


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-32"])
def test_letters_in_another_encoding_are_read_with_a_remark(encoding: str) -> None:
    data = file(entry()).decode().replace("SUMMARY:x", "SUMMARY:Bürotür").encode(encoding)
    reading = read(data)
    assert [one.summary for one in reading.dates] == ["Bürotür"]
    assert [problem.code for problem in reading.problems] == [ProblemCode.ENCODING_GUESSED]


def test_a_mark_of_utf_8_and_old_line_ends_are_nothing_to_remark() -> None:
    for data in (b"\xef\xbb\xbf" + file(entry()), file(entry()).replace(b"\r\n", b"\r"), b"\r\n" + file(entry())):
        reading = read(data)
        assert (len(reading.dates), reading.problems) == (1, ())


def test_limits_can_be_narrowed() -> None:
    for limits, code in (
        (Limits(bytes=10), UnreadableCode.TOO_LARGE),
        (Limits(entries=1), UnreadableCode.TOO_MANY_ENTRIES),
        (Limits(dates=1), UnreadableCode.TOO_MANY_DATES),
    ):
        with pytest.raises(UnreadableCalendar) as refusal:
            read(file(entry(), entry(uid="b")), limits)
        assert refusal.value.code is code


PIECES = st.sampled_from(
    [
        *("BEGIN:VEVENT", "END:VEVENT", "BEGIN:VALARM", "END:VALARM", "UID:a", "UID:b", START, END, "DURATION:PT1H"),
        *("DTSTART;VALUE=DATE:20260302", "DTSTART:20260302T190000Z", "DTEND;VALUE=DATE:20260301", "DURATION:-PT5M"),
        *("RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=WEEKLY;UNTIL=20260401", "RRULE:FREQ=MONTHLY;BYDAY=5MO", "RRULE:X"),
        *("RDATE;VALUE=PERIOD:20260305T190000Z/PT2H", "RDATE:20260305", "RDATE:", "EXDATE:20260302", "EXDATE:"),
        *("RDATE;VALUE=PERIOD:20260305T190000Z/20260304T190000Z", "EXDATE:20260303T190000", "SEQUENCE:3", "SEQUENCE:x"),
        *("RECURRENCE-ID:20260303T180000Z", "RECURRENCE-ID;VALUE=DATE:20260303", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260303"),
        *("STATUS:CANCELLED", "METHOD:CANCEL", "X-WR-TIMEZONE:Asia/Tokyo", "SUMMARY:x", ":", ";", " folded", "\x00"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(PIECES, st.lists(PIECES, max_size=8).map(lambda lines: entry(*lines))), max_size=12))
def test_any_mixture_of_lines_is_read_or_refused(lines: list[str]) -> None:
    try:
        reading = read(file("\r\n".join([*lines, ""])))
    except UnreadableCalendar:
        return
    for one in reading.dates:
        assert one.refused is not None or one.ends_at > one.starts_at
        assert (one.refused is RefusedCode.BEYOND_HORIZON) <= (one.starts_at >= HORIZON)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, framed: bool) -> None:
    try:
        read(b"BEGIN:VCALENDAR\r\n" + data + b"\r\nEND:VCALENDAR" if framed else data)
    except UnreadableCalendar as refusal:
        assert refusal.code in UnreadableCode
