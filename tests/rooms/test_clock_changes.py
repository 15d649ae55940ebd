"""The nights when the clocks change, and a server that stands in another zone (acceptance scenarios 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock, db, i18n
from app.core.errors import Invalid
from app.core.spans import Span
from app.notices.models import Letter
from app.offers.models import OpeningHours
from app.rooms import queries
from tests.browser_client import Reader
from tests.rooms.marten import Marten, at, book, card, found, span

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
EARLY = datetime(2026, 3, 2, 9, tzinfo=UTC)
SUMMER = datetime(2026, 9, 21, 9, tzinfo=UTC)


@pytest.fixture
def round_the_clock(bare_app: Flask, marten: Marten) -> None:
    """The house may be used at night as well."""
    with bare_app.app_context(), db.transaction() as session:
        for weekday in range(7):
            session.add(OpeningHours(house_id=marten.house, kind="use", weekday=weekday, opens=time(0), closes=time(23, 59)))


@pytest.fixture
def before_spring(bare_app: Flask) -> Iterator[None]:
    with clock.stopped_at(EARLY):
        yield


@pytest.fixture
def before_autumn(bare_app: Flask) -> Iterator[None]:
    with clock.stopped_at(SUMMER):
        yield


def booking_form(reader: Reader, day: date, starts: str, ends: str, expect: int = 200, room: str = "gruppe", **more: Any) -> None:
    reader.get(f"/rooms/{room}/book")
    reader.submit(
        f"/rooms/{room}/book",
        expect=expect,
        day=day.isoformat(),
        starts=starts,
        ends=ends,
        purpose="Night watch",
        people=4,
        **more,
    )


# Scenario 5: the hour that does not exist ----------------------------------------------------------------------------


@pytest.mark.parametrize(("starts", "ends", "field"), [("02:30", "04:00", "starts"), ("01:00", "02:30", "ends")])
def test_a_time_that_the_clock_skips_is_refused_at_its_field_with_the_reason(
    bare_app: Flask,
    before_spring: None,
    round_the_clock: None,
    ayse: Reader,
    server_zone: str,
    starts: str,
    ends: str,
    field: str,
) -> None:
    booking_form(ayse, SPRING, starts, ends, expect=422)
    assert set(ayse.page.errors) == {field}
    assert "02:30" in ayse.page.errors[field] and "clocks go forward" in ayse.page.errors[field]
    assert ayse.page.html.one("input", name="starts")["value"] == starts
    assert ayse.page.html.one("input", name="purpose")["value"] == "Night watch"
    with bare_app.app_context():
        assert queries.bookings_of(1) == [] and queries.wishes(1) == []


def test_a_slot_address_with_a_time_that_does_not_exist_opens_the_form_at_another(
    before_spring: None, round_the_clock: None, ayse: Reader
) -> None:
    ayse.get("/rooms/gruppe/book?start=2026-03-29T02:30")
    assert ayse.page.html.one("input", name="day")["value"] == "2026-03-02"


@pytest.mark.parametrize(("day", "moment", "minutes", "cents"), [(SPRING, EARLY, 120, 2400), (AUTUMN, SUMMER, 240, 4800)])
def test_one_to_four_counts_the_hours_that_pass(
    bare_app: Flask, round_the_clock: None, marten: Marten, ayse: Reader, server_zone: str, day: date, moment: datetime,
    minutes: int, cents: int,
) -> None:  # fmt: skip
    with clock.stopped_at(moment):
        address = f"/rooms/gruppe/price?day={day}&starts=01:00&ends=04:00&tariff_class=C"
        price = ayse.client.get(address, headers=ayse.headers).text
        booking_form(ayse, day, "01:00", "04:00", tariff_class="C")
        with bare_app.app_context():
            (booking,) = queries.bookings_of(marten.ayse)
            assert booking.ends_at - booking.starts_at == timedelta(minutes=minutes)
            assert (booking.price_cents, booking.price_rule["minutes"]) == (cents, minutes)
            with i18n.speaking("en"):
                assert i18n.money(cents) in price.strip()
    assert "01:00–04:00" in ayse.page.text


def test_half_past_two_in_october_means_the_first_one_and_both_are_told_apart(
    bare_app: Flask, before_autumn: None, round_the_clock: None, marten: Marten, ayse: Reader, server_zone: str
) -> None:
    booking_form(ayse, AUTUMN, "02:30", "05:00")
    with bare_app.app_context():
        (booking,) = queries.bookings_of(marten.ayse)
        assert booking.starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert booking.ends_at - booking.starts_at == timedelta(hours=3, minutes=30)
    assert "(summer time)" in ayse.page.text


def test_the_second_half_past_two_can_be_reached_by_its_offset(before_autumn: None, round_the_clock: None, ayse: Reader) -> None:
    ayse.get("/rooms/gruppe/book?start=2026-10-25T02:30%2B01:00")
    assert ayse.page.html.one("input", name="day")["value"] == "2026-10-25"
    assert ayse.page.html.one("input", name="starts")["value"] == "02:30"


def test_the_night_belongs_to_its_own_day_up_to_midnight(
    bare_app: Flask, before_spring: None, round_the_clock: None, marten: Marten, ayse: Reader, server_zone: str
) -> None:
    booking_form(ayse, SPRING, "22:00", "00:00")
    with bare_app.app_context():
        (booking,) = queries.bookings_of(marten.ayse)
        assert booking.span == Span(at(SPRING, "22:00"), at(SPRING + timedelta(days=1), "00:00"))


def test_the_days_of_the_clock_changes_have_twenty_three_and_twenty_five_hours(app: Flask) -> None:
    zone = i18n.zone()
    assert queries.day_window(SPRING, zone).length == timedelta(hours=23)
    assert queries.day_window(AUTUMN, zone).length == timedelta(hours=25)
    assert queries.day_window(SPRING - timedelta(days=6), zone, 7).length == timedelta(hours=7 * 24 - 1)


def test_times_within_a_clock_change_that_end_before_they_start_are_refused(app: Flask) -> None:
    from app.core.forms import span_of

    with i18n.speaking("en"), pytest.raises(Invalid) as refusal:
        span_of(AUTUMN, time(3), time(2, 30), i18n.zone())
    assert set(refusal.value.fields) == {"ends"}


# Scenario 4: seven in the evening stays seven in the evening -----------------------------------------------------------


def tuesdays() -> list[date]:
    return [date(2026, 10, 6) + timedelta(days=7 * week) for week in range(6)]


def test_every_tuesday_at_seven_is_at_seven_in_page_feed_and_letter(
    bare_app: Flask, before_autumn: None, marten: Marten, ayse: Reader, anonymous: Reader, server_zone: str
) -> None:
    with bare_app.app_context():
        for day in tuesdays():
            book(marten.quiet, span("19:00", "21:00", day), marten.resident(), purpose="Choir", purpose_public=True)
        stored = [found(number).starts_at.hour for number in range(1, 7)]
    assert stored == [17, 17, 17, 18, 18, 18]
    for day in tuesdays():
        page = anonymous.get(f"/rooms?day={day}")
        assert "19:00–21:00 h Choir" in page.text, page.text
        assert "19:00–21:00 h Choir" in anonymous.get(f"/rooms/lernraum?day={day}").text
    assert ayse.get("/bookings").text.count("19:00–21:00") == 6
    ayse.submit("/calendar/renew")
    address = ayse.page.html.all("p", class_="pin")[0].text
    for feed in (anonymous.get("/rooms/lernraum/calendar.ics").body, anonymous.get(address[address.index("/calendar/") :]).body):
        starts = re.findall(r"DTSTART;TZID=Europe/Berlin:(\d{8}T\d{6})", feed)
        assert starts == [f"{day:%Y%m%d}T190000" for day in tuesdays()]
    with bare_app.app_context():
        letters = list(db.session().scalars(select(Letter).where(Letter.person_id == marten.ayse).order_by(Letter.id)))
        assert len(letters) == 6
        for letter in letters:
            assert "19:00–21:00" in letter.body
            assert letter.calendar is not None and re.search(rb"DTSTART;TZID=Europe/Berlin:\d{8}T190000", letter.calendar)


def test_what_is_free_on_the_days_of_the_change_is_the_wall_time_of_the_door(
    bare_app: Flask, marten: Marten, server_zone: str
) -> None:
    for moment, day in ((EARLY, SPRING), (SUMMER, AUTUMN)):
        with clock.stopped_at(moment), bare_app.app_context():
            window = queries.day_window(day, i18n.zone())
            assert queries.free_spans(card(marten.quiet), window, i18n.zone()) == [span("08:00", "22:00", day)]


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_day_and_week_of_the_change_can_be_looked_at_by_night(
    bare_app: Flask, round_the_clock: None, marten: Marten, anonymous: Reader, server_zone: str, day: date
) -> None:
    with clock.stopped_at(EARLY if day == SPRING else SUMMER):
        with bare_app.app_context():
            book(marten.quiet, span("01:00", "04:00", day), marten.resident(), purpose="Owls", purpose_public=True)
        page = anonymous.get(f"/rooms?day={day}")
        assert "01:00–04:00 h Owls" in page.text
        slots = [link["aria-label"] for link in page.html.all("a") if "/rooms/gruppe/book?start=" in link["href"]]
        assert len(slots) == len(set(slots)) > 20, "two free slots have the same name"
        assert "Owls" in anonymous.get(f"/rooms/lernraum?day={day}").text
