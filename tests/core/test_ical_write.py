"""Writing calendars, and reading back what was written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.core.ical import (
    FeedDate,
    Method,
    Organizer,
    Status,
    read_calendar,
    write_calendar,
    write_invitation,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
HOUSE = Organizer("Meilentreff Marten", "post@meilentreff.example")


@pytest.fixture(params=["UTC", "Europe/Berlin"])
def server_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def choir(**changes: object) -> FeedDate:
    values: dict[str, object] = {
        "uid": "booking-7@marten.example",
        "starts_at": datetime(2026, 10, 6, 17, tzinfo=UTC),
        "ends_at": datetime(2026, 10, 6, 19, tzinfo=UTC),
        "summary": "Chor",
    }
    return FeedDate(**(values | changes))  # type: ignore[arg-type]


def feed(*dates: FeedDate, zone: ZoneInfo = BERLIN, name: str = "Großer Saal") -> bytes:
    return write_calendar(name, dates, zone=zone, now=NOW)


def lines(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_a_feed_has_local_times_and_explains_its_zone(server_zone: str) -> None:
    written = lines(feed(choir(location="Saal; oben, links", description="Noten\nmitbringen", url="https://a.example/b?c=d,e")))
    assert written[:5] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Quartiersraum//Quartiersraum//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    assert written[-2:] == ["END:VCALENDAR", ""]
    for line in (
        "NAME:Großer Saal",
        "X-WR-CALNAME:Großer Saal",
        "TZID:Europe/Berlin",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "DTSTART;TZID=Europe/Berlin:20261006T190000",
        "DTEND;TZID=Europe/Berlin:20261006T210000",
        "DTSTAMP:20260901T120000Z",
        "LOCATION:Saal\\; oben\\, links",
        "DESCRIPTION:Noten\\nmitbringen",
        "URL:https://a.example/b?c=d,e",
        "STATUS:CONFIRMED",
        "SEQUENCE:0",
    ):
        assert line in written, line


def test_the_zone_block_says_what_the_zone_says() -> None:
    calendar = icalendar.Calendar.from_ical(feed(choir(), choir(uid="b", starts_at=datetime(2031, 1, 1, tzinfo=UTC))))
    (block,) = calendar.walk("VTIMEZONE")
    explained = block.to_tz(lookup_tzid=False)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    while at.year < 2032:
        local = at.astimezone(BERLIN)
        if not local.fold and not (at + timedelta(hours=1)).astimezone(BERLIN).fold:
            assert local.replace(tzinfo=explained).utcoffset() == local.utcoffset(), local
        at += timedelta(hours=7)


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran"])
def test_a_house_may_stand_in_any_zone(name: str) -> None:
    zone = ZoneInfo(name)
    one = choir(starts_at=datetime(2021, 3, 21, 3, 30, tzinfo=UTC), ends_at=datetime(2021, 3, 21, 5, tzinfo=UTC))
    data = feed(one, zone=zone)
    (read,) = read_calendar(data, zone=zone, horizon=FAR).dates
    assert (read.starts_at, read.ends_at) == (one.starts_at, one.ends_at)
    assert icalendar.Calendar.from_ical(data).walk("VTIMEZONE")[0]["TZID"] == name


def test_no_line_is_longer_than_75_octets_and_no_letter_is_cut() -> None:
    data = feed(choir(summary="Ä" * 300 + "𝄞" * 100, description="x" * 75 + "," * 200))
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert icalendar.Calendar.from_ical(data).walk("VEVENT")[0]["SUMMARY"] == "Ä" * 300 + "𝄞" * 100


@pytest.mark.parametrize("uid", ["a\r\nBEGIN:VEVENT", "a\nb", "a\x00b"])
def test_no_text_can_break_out_of_its_line(uid: str) -> None:
    hostile = choir(uid=uid, summary=uid, location=uid, url=uid, description=uid)
    organizer = Organizer('"x":\r\nATTENDEE:mailto:y', "z@a.example\r\nBEGIN:VALARM")
    for data in (feed(hostile, name=uid), write_invitation(hostile, organizer=organizer, zone=BERLIN, now=NOW).data):
        names = [line.split(":")[0].split(";")[0] for line in lines(data)]
        assert names.count("BEGIN") == names.count("END") == len([n for n in lines(data) if n.startswith("BEGIN:V")]) + 2
        assert "ATTENDEE" not in names
        assert len(icalendar.Calendar.from_ical(data).walk("VEVENT")) == 1


def test_an_unchanged_feed_is_the_same_to_the_byte_tomorrow() -> None:
    one = choir(last_modified=datetime(2026, 8, 1, tzinfo=UTC))
    today = write_calendar("Saal", [one], zone=BERLIN, now=NOW)
    assert today == write_calendar("Saal", [one], zone=BERLIN, now=NOW + timedelta(days=1))


def test_dates_without_a_zone_or_a_uid_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        choir(starts_at=datetime(2026, 10, 6, 17))
    with pytest.raises(ValueError, match="uid"):
        choir(uid="")


def test_a_confirmation_publishes_under_the_uid_of_the_feed_and_a_cancellation_cancels() -> None:
    letter = write_invitation(choir(sequence=1), organizer=HOUSE, zone=BERLIN, now=NOW)
    assert (letter.method, letter.content_type) == (Method.PUBLISH, "text/calendar; charset=utf-8; method=PUBLISH")
    assert 'ORGANIZER;CN="Meilentreff Marten":mailto:post@meilentreff.example' in lines(letter.data)
    off = write_invitation(choir(sequence=2, status=Status.CANCELLED), organizer=HOUSE, zone=BERLIN, now=NOW)
    assert off.method is Method.CANCEL
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:2", "UID:booking-7@marten.example"} <= set(lines(off.data))
    (read,) = read_calendar(off.data, zone=BERLIN, horizon=FAR).dates
    assert (read.uid, read.sequence, read.cancelled) == ("booking-7@marten.example", 2, True)


def test_a_cancelled_date_stays_in_the_feed() -> None:
    (read,) = read_calendar(feed(choir(status=Status.CANCELLED, sequence=4)), zone=BERLIN, horizon=FAR).dates
    assert (read.cancelled, read.sequence) == (True, 4)


def test_an_all_day_date_comes_back_on_the_long_day(server_zone: str) -> None:
    one = choir(starts_at=datetime(2026, 10, 25, tzinfo=BERLIN), ends_at=datetime(2026, 10, 26, tzinfo=BERLIN), all_day=True)
    data = feed(one)
    assert "DTSTART;VALUE=DATE:20261025" in lines(data)
    (read,) = read_calendar(data, zone=BERLIN, horizon=FAR).dates
    assert (read.starts_at, read.ends_at, read.all_day) == (one.starts_at, one.ends_at, True)


def test_the_second_of_two_equal_hours_is_written_in_utc() -> None:
    second = choir(starts_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC), ends_at=datetime(2026, 10, 25, 2, 30, tzinfo=UTC))
    across = choir(
        uid="b", starts_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), ends_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    )
    data = feed(second, across)
    assert "DTSTART:20261025T013000Z" in lines(data)
    read = read_calendar(data, zone=BERLIN, horizon=FAR).dates
    assert [(one.uid, one.starts_at, one.ends_at) for one in read] == [
        ("b", across.starts_at, across.ends_at),
        (second.uid, second.starts_at, second.ends_at),
    ]


NIGHTS = [datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2027, 3, 27, 22, tzinfo=UTC)]


@st.composite
def dates(draw: st.DrawFn) -> FeedDate:
    start = draw(
        st.one_of(
            st.integers(0, 7 * 60).map(lambda minutes: NIGHTS[minutes % 3] + timedelta(minutes=minutes)),
            st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)).map(
                lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
            ),
        )
    )
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
    return FeedDate(
        uid=draw(st.uuids()).hex,
        starts_at=start,
        ends_at=start + timedelta(minutes=draw(st.integers(1, 4000))),
        summary=draw(text),
        description=draw(text),
        location=draw(text),
        sequence=draw(st.integers(0, 99)),
        status=draw(st.sampled_from(list(Status))),
        private=draw(st.booleans()),
        transparent=draw(st.booleans()),
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(dates(), max_size=8, unique_by=lambda one: one.uid))
@example([])
def test_what_is_written_is_read_again(written: list[FeedDate]) -> None:
    data = feed(*written)
    reading = read_calendar(data, zone=BERLIN, horizon=FAR)
    assert reading.problems == ()

    def facts(one: FeedDate) -> tuple[object, ...]:
        return (one.uid, "", one.starts_at, one.ends_at, one.sequence, one.status, one.private, one.transparent)

    assert {
        (r.uid, r.recurrence_id, r.starts_at, r.ends_at, r.sequence, r.status, r.private, r.transparent) for r in reading.dates
    } == {facts(one) for one in written}
    summaries = {one.uid: one.summary for one in written}
    for read in reading.dates:
        printable = summaries[read.uid].replace("\r\n", "\n").replace("\r", "\n")
        printable = "".join(letter for letter in printable if letter in "\t\n" or (ord(letter) >= 32 and ord(letter) != 127))
        assert read.summary == printable.strip()
    # And the library, as other programs would, finds the same instants.
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(data)).between(date(1990, 1, 1), date(2100, 1, 1))
    # In UTC, as times of an hour that comes twice never equal those of another zone.
    assert sorted(
        (str(one["UID"]), one["DTSTART"].dt.astimezone(UTC), one["DTEND"].dt.astimezone(UTC)) for one in found
    ) == sorted((one.uid, one.starts_at, one.ends_at) for one in written)


def test_thousands_of_dates_are_written_and_read_again() -> None:
    start = datetime(2020, 1, 1, 9, tzinfo=UTC)
    written = [
        choir(uid=f"{n}@x", starts_at=start + timedelta(hours=11 * n), ends_at=start + timedelta(hours=11 * n + 2))
        for n in range(3_000)
    ]
    reading = read_calendar(feed(*written), zone=BERLIN, horizon=FAR)
    assert [(one.uid, one.starts_at, one.ends_at) for one in reading.dates] == [
        (one.uid, one.starts_at, one.ends_at) for one in written
    ]
