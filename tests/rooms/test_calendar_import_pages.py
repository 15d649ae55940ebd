"""Bringing a calendar file by page and by command, hostile files, and our own feeds on their way back in."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock, db
from app.core.policy import Actor, Role
from app.core.spans import Span
from app.rooms import jobs, service
from app.rooms.models import Booking, CalendarSource, CalendarUpload, ImportedDate, State
from app.rooms.service import BookingRequest
from tests.browser_client import Page, Reader, cold
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person, a_room, open_daily
from tests.rooms.calendar_files import MACHBAR, bring, calendar, card, event

WEEKLY = event("w", "20261201T180000", "20261201T200000", "Choir of Erna", "RRULE:FREQ=WEEKLY;COUNT=4")


@pytest.fixture
def house(app: Flask) -> int:
    house = a_house()
    a_room(house, "saal", parts=("north", "south"))
    a_room(house, "café")
    open_daily(house)
    return house


@pytest.fixture
def desk(house: int, reader: Reader) -> Reader:
    reader.headers["Accept-Language"] = "en"
    return reader.sign_in_as(a_person("Jana", "Krüger", (Role.DESK, house), language="en"))


def upload(content: bytes, name: str = "choir.ics") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def send(reader: Reader, content: bytes) -> Page:
    """The file to the preview as one piece of bytes: the test client leaves large ones in files it does not close."""
    parts = (("csrf_token", reader.token().encode()), ('file"; filename="x.ics', content))
    body = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value) for name, value in parts
    )
    path = "/rooms/saal/import/preview"
    return Page(reader.client.post(path, data=body + b"--b--\r\n", content_type="multipart/form-data; boundary=b"), path, [])


def rows() -> list[int]:
    db.session().close()
    tables = (Booking, ImportedDate, CalendarSource, CalendarUpload)
    return [db.session().scalar(select(func.count()).select_from(table)) or 0 for table in tables]


# Pages ---------------------------------------------------------------------------------------------------------------


def test_the_desk_looks_first_and_then_lets_the_room_follow_the_calendar(desk: Reader) -> None:
    desk.get("/rooms/saal")
    desk.click("Bring in a calendar file")
    assert "No calendar feeds this room yet" in desk.page.text
    night = event("n", "20261202T230000", "20261202T233000", "Late", "RRULE:FREQ=WEEKLY")
    twice = event("z", "20261201T190000", "20261201T210000", "Second choir")
    page = desk.submit(file=upload(calendar(WEEKLY, night, twice)))
    assert rows() == [0, 0, 0, 1]
    for words in (
        "Look first: Choir of Marten",
        "So far nothing has been changed",
        "Would be booked",
        "Not possible",
        "Another date of this file has the room then.",
        "outside the opening hours",
        "without an end",
    ):
        assert words in page.text, words
    page = desk.submit("Follow this calendar", titles_public=True)
    assert page.path == "/rooms/saal/import"
    assert "The room follows the calendar: booked 61, not possible 1. One date was not possible; see below." in page.text
    assert "Second choir" in page.text and "Jana Krüger" in page.text and "Rules carried to" in page.text
    assert rows() == [61, 62, 1, 0]
    assert "Choir of Erna" in desk.get("/rooms/saal?day=2026-12-01").text


def test_the_same_file_again_says_that_nothing_was_new(desk: Reader) -> None:
    for _ in range(2):
        desk.get("/rooms/saal/import")
        desk.submit(file=upload(calendar(WEEKLY)))
        desk.submit("Follow this calendar")
    assert "Nothing was new" in desk.page.text
    assert rows() == [4, 4, 1, 0]


def test_a_newer_file_shows_what_it_moves_and_cancels(desk: Reader) -> None:
    bring(card(1), calendar(WEEKLY))
    moved = event("w", "20261209T170000", "20261209T190000", "Choir of Erna", "RECURRENCE-ID;TZID=Europe/Berlin:20261208T180000")
    desk.get("/rooms/saal/import")
    page = desk.submit(file=upload(calendar(WEEKLY.replace("COUNT=4", "COUNT=3"), moved)))
    assert "A newer file of a calendar that this room follows already." in page.text
    assert "Until now: Tue, 8 Dec, 18:00–20:00 h." in page.text
    assert "This date is no longer in the file." in page.text
    assert rows() == [4, 4, 1, 1]


def test_a_double_tap_imports_once_and_an_old_preview_is_told_so(desk: Reader) -> None:
    desk.get("/rooms/saal/import")
    preview = desk.submit(file=upload(calendar(WEEKLY)))
    form, _ = preview.form("Follow this calendar")
    values = {each["name"]: each["value"] for each in form.all("input") if each["type"] == "hidden"}
    for _ in range(2):
        desk.post("/rooms/saal/import", values)
    assert rows() == [4, 4, 1, 0]
    values["idempotency_key"] = "another"
    page = desk.post("/rooms/saal/import", values, expect=409)
    assert page.errors == {"file": "This preview is too old. Please choose the file again; nothing has been changed."}


def test_nobody_imports_what_somebody_else_has_looked_at(house: int, desk: Reader, bare_app: Flask) -> None:
    desk.get("/rooms/saal/import")
    form, _ = desk.submit(file=upload(calendar(WEEKLY))).form("Follow this calendar")
    number = form.one("input", name="upload")["value"]
    other = Reader(bare_app).sign_in_as(a_person("Otto", "Other", (Role.DESK, house), language="en"))
    other.post("/rooms/saal/import", {"upload": number}, expect=409)
    desk.post("/rooms/caf%C3%A9/import", {"upload": number}, expect=409)
    for nonsense in ("", "0", "-1", "x", "9" * 30):
        desk.post("/rooms/saal/import", {"upload": nonsense}, expect=409)
    assert rows() == [0, 0, 0, 1]


def test_residents_and_strangers_do_not_bring_calendars(house: int, reader: Reader) -> None:
    reader.get("/rooms/saal/import", expect=303, follow=False)
    reader.sign_in_as(a_person("Ayşe", "Yılmaz", (Role.RESIDENT, house)))
    reader.get("/rooms/saal/import", expect=404)
    reader.post("/rooms/saal/import/preview", {"file": upload(calendar(WEEKLY))}, expect=404)
    reader.post("/rooms/saal/import", {"upload": "1"}, expect=404)
    assert rows() == [0, 0, 0, 0]


def test_a_form_without_a_file_says_what_is_missing(desk: Reader) -> None:
    desk.get("/rooms/saal/import")
    assert desk.submit(expect=422).errors.keys() == {"file"}


def test_files_that_were_only_looked_at_are_forgotten_after_a_day(desk: Reader) -> None:
    desk.get("/rooms/saal/import")
    desk.submit(file=upload(calendar(WEEKLY)))
    with clock.stopped_at(THURSDAY.replace(day=28)):
        assert jobs.carry_calendars().endswith("1 old uploads forgotten")
    assert rows() == [0, 0, 0, 0]


def test_the_page_of_imports_asks_a_constant_number_of_questions(desk: Reader) -> None:
    bring(card(1), calendar(WEEKLY))
    desk.get("/rooms/saal/import")
    with cold():
        few = len(desk.get("/rooms/saal/import").queries)
        for number in range(4):
            bring(card(1), calendar(event(f"{number}", summary="Refused"), name=f"calendar {number}"))
        assert desk.get("/rooms/saal/import").text.count("The room is already booked then.") == 4
    assert desk.queries == few


# Hostile files -------------------------------------------------------------------------------------------------------

HOSTILE = {
    "empty": b"",
    "html": b"<!doctype html><html><body>Sign in</body></html>",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" * 100,
    "nul": calendar(WEEKLY).replace(b"Choir", b"Ch\0ir"),
    "cut": calendar(WEEKLY)[:-30],
    "several": calendar(WEEKLY) + calendar(WEEKLY),
    "broken letters": b"BEGIN:VCALENDAR\r\nSUMMARY:\x81\x8d\xff\r\nEND:VCALENDAR\r\n",
    "utf-16 without its end": b"\xff\xfeB\x00E\x00G",
    "5,001 entries": calendar(*[event(str(number)) for number in range(5_001)]),
    "many long rules": calendar(
        *[event(str(n), "20170101T100000", "20170101T103000", "x", "RRULE:FREQ=DAILY;BYHOUR=0,2,4,6,8,10,12") for n in range(900)]
    ),
    "5 MB and more": calendar(event(summary="x" * 5_000_000)),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_clearly_within_seconds(kind: str, desk: Reader) -> None:
    begun = time.process_time()
    page = send(desk, HOSTILE[kind])
    assert page.status == (413 if kind.startswith("5 MB") else 422)
    assert time.process_time() - begun < 6
    assert len(page.errors["file"]) > 15
    assert rows() == [0, 0, 0, 0]


def test_fifty_megabytes_are_refused_before_they_are_read(desk: Reader) -> None:
    begun = time.process_time()
    page = send(desk, b"x" * 50_000_000)
    assert page.status == 413
    assert time.process_time() - begun < 6
    assert "Too large" in page.h1
    assert rows() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (event("a", "20261201T180000", "20261201T180001", "x", "RRULE:FREQ=SECONDLY"), "rule-too-fine"),
        (event("a", "99991201T180000", "99991201T190000"), "too-late"),
        (event("a", "20261201T180000", "20261201T190000", "x", *["ATTENDEE:mailto:a@b.example"] * 1_001), "too-many-attendees"),
        (event("a", "20261301T180000", "20261201T190000"), "bad-time"),
        (event("a", "20261201T180000", "20261201T190000", "x", "RRULE:FREQ=WEEKLY;INTERVAL=0"), "bad-rule"),
        (event("a", "20261201T180000", "20261201T190000", "x", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "rule-too-rare"),
        (event("a", "00010101T000000Z", "00010101T010000Z"), "too-early"),
    ],
)
def test_a_hostile_entry_is_left_out_with_a_remark_and_the_others_are_read(entry: str, code: str, desk: Reader) -> None:
    report = service.preview_calendar(card(1), calendar(entry, WEEKLY), "x.ics")
    assert [problem.code for problem in report.problems] == [code]
    assert report.counts["created"] == 4
    desk.get("/rooms/saal/import")
    assert "Remarks" in desk.submit(file=upload(calendar(entry, WEEKLY))).text


def test_names_in_a_file_are_shown_as_text(desk: Reader) -> None:
    desk.get("/rooms/saal/import")
    page = desk.submit(file=upload(calendar(event(summary="<script>alert(1)</script> %(x)s {{ 7 }}"), name="<b>bold</b> %s")))
    assert "<script>alert(1)</script> %(x)s {{ 7 }}" in page.text
    assert "<script>alert" not in page.body
    desk.submit("Follow this calendar", titles_public=True)
    assert "<b>bold</b> %s" in desk.page.text


# The command ---------------------------------------------------------------------------------------------------------


def command(app: Flask, *words: str) -> Any:
    db.session().close()
    return app.test_cli_runner().invoke(args=["rooms", "import-ics", *words])


@pytest.fixture
def choir(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "choir.ics"
    file.write_bytes(
        calendar(
            WEEKLY,
            event("z", "20261201T190000", "20261201T210000", "Second choir"),
            event("e", "20261202T100000", "20261202T110000", "Tea", "RRULE:FREQ=WEEKLY"),
        )
    )
    yield file


def test_the_command_prints_what_became_of_the_file(app: Flask, house: int, choir: Path) -> None:
    rehearsed = command(app, str(choir), "--room", "saal", "--dry-run")
    assert rehearsed.exit_code == 0 and "nothing has been changed" in rehearsed.output
    assert rows() == [0, 0, 0, 0]
    done = command(app, str(choir), "--room", "saal", "--horizon-days", "30")
    assert done.exit_code == 0
    assert "8 created, 0 moved, 0 changed, 0 cancelled, 0 kept, 1 refused, 0 unchanged" in done.output
    assert "rules are carried to 2026-12-26" in done.output
    assert "goes on without an end: Tea [FREQ=WEEKLY]" in done.output
    assert "refused: 2026-12-01 19:00–21:00 Second choir: " in done.output
    assert rows() == [8, 9, 1, 0]
    again = command(app, str(choir), "--room", "saal", "--horizon-days", "30")
    assert "0 created, 0 moved, 0 changed, 0 cancelled, 0 kept, 1 refused, 8 unchanged" in again.output


def test_the_command_gives_its_report_as_json(app: Flask, house: int, choir: Path) -> None:
    done = json.loads(command(app, str(choir), "--room", "saal", "--json", "--titles-public").output)
    assert done["counts"]["created"] == len(done["created"]) and done["counts"]["refused"] == 1
    assert done["refused"][0] == {
        "summary": "Second choir", "starts_at": "2026-12-01T19:00:00+01:00", "ends_at": "2026-12-01T21:00:00+01:00",
        "reason": "taken-in-file", "words": done["refused"][0]["words"],
    }  # fmt: skip
    assert done["endless"] == [{"uid": "e", "summary": "Tea", "rule": "FREQ=WEEKLY"}]
    assert done["horizon"] == "2027-12-31T00:00:00+01:00"


def test_the_command_says_in_one_line_what_is_wrong_and_fails(app: Flask, house: int, tmp_path: Path, choir: Path) -> None:
    bad = tmp_path / "bad.ics"
    bad.write_bytes(b"<html>")
    for words, told in (
        ((str(bad), "--room", "saal"), "bad.ics: "),
        ((str(tmp_path / "none.ics"), "--room", "saal"), "No such file"),
        ((str(tmp_path), "--room", "saal"), "directory"),
        ((str(choir), "--room", "nowhere"), "there is no room 'nowhere'; rooms are: saal, café"),
        ((str(choir), "--room", "saal", "--house", "eving"), "there is no house 'eving'"),
    ):
        result = command(app, *words)
        assert result.exit_code == 1
        assert told in result.output
        assert len(result.output.strip().splitlines()) == 1
    assert rows() == [0, 0, 0, 0]


# Our own feeds -------------------------------------------------------------------------------------------------------


def dates(slug: str) -> set[tuple[Any, Any]]:
    db.session().close()
    confirmed = select(Booking.starts_at, Booking.ends_at).where(
        Booking.room_id == card(1, slug).id, Booking.state == State.CONFIRMED
    )
    return {(row[0], row[1]) for row in db.session().execute(confirmed)}


def test_the_feed_of_a_room_that_follows_the_makerspace_gives_the_same_dates_back(house: int, reader: Reader) -> None:
    bring(card(house), MACHBAR.read_bytes())
    feed = reader.get("/rooms/saal/calendar.ics")
    assert feed.response.mimetype == "text/calendar"
    report = bring(card(house, "café"), feed.response.data)
    assert dates("café") == dates("saal")
    assert report.counts["refused"] == 0
    assert (
        bring(card(house, "café"), reader.get("/rooms/saal/calendar.ics").response.data).counts["unchanged"]
        == report.counts["created"]
    )


def test_the_feed_of_a_person_gives_the_same_dates_back_also_on_the_night_of_the_clock_change(house: int, reader: Reader) -> None:
    person = a_person("Erna", "Secret", (Role.RESIDENT, house), language="en")
    by = Actor(person_id=a_person("Jana", "Krüger", (Role.DESK, house)), roles=frozenset({(house, Role.DESK)}))
    with clock.stopped_at(THURSDAY.replace(month=10, day=20)):
        for start, hours in (("2026-10-25T00:30", 0.5), ("2026-10-25T01:30", 1.5), ("2026-11-30T17:00", 2)):
            begins = datetime.fromisoformat(f"{start}+00:00")
            span = Span(begins, begins + timedelta(hours=hours))
            request = BookingRequest(card(house), span, "Choir", 5, person, anyway=True)
            db.run_transaction(lambda request=request: service.book_room(request, by))
        secret = db.run_transaction(lambda: service.renew_feed(Actor(person_id=person)).secret)
        feed = reader.get(f"/calendar/{secret}.ics")
        assert "SUMMARY:Choir · Saal" in feed.body
        bring(card(house, "café"), feed.response.data)
    assert dates("café") == dates("saal")
    assert len(dates("café")) == 3


def test_a_feed_tells_no_names_and_no_titles_that_are_not_public(house: int, reader: Reader) -> None:
    reader.headers["Accept-Language"] = "en"
    bring(card(house), calendar(WEEKLY))
    body = reader.get("/rooms/saal/calendar.ics").body
    assert "Erna" not in body and body.count("SUMMARY:booked") == 4
    bring(card(house), calendar(WEEKLY), titles_public=True)
    assert reader.get("/rooms/saal/calendar.ics").body.count("SUMMARY:Choir of Erna") == 4


def test_a_feed_that_has_not_changed_is_not_sent_again(house: int, reader: Reader) -> None:
    bring(card(house), calendar(WEEKLY))
    tag = reader.get("/rooms/saal/calendar.ics").response.headers["ETag"]
    assert reader.get("/rooms/saal/calendar.ics", expect=304, If_None_Match=tag).body == ""
    bring(card(house), calendar(WEEKLY.replace("COUNT=4", "COUNT=3")))
    page = reader.get("/rooms/saal/calendar.ics", If_None_Match=tag)
    assert page.response.headers["ETag"] != tag
    assert page.body.count("STATUS:CANCELLED") == 1


def test_a_date_keeps_its_name_in_the_feed_when_the_file_moves_it(house: int, reader: Reader) -> None:
    bring(card(house), calendar(event()))
    before = reader.get("/rooms/saal/calendar.ics").body
    bring(card(house), calendar(event(start="20261202T180000", end="20261202T200000")))
    after = reader.get("/rooms/saal/calendar.ics").body
    uid = next(line for line in before.splitlines() if line.startswith("UID:"))
    assert uid in after
    assert "SEQUENCE:0" in before and "SEQUENCE:1" in after
