"""When the house is open, and what a use costs: also on the nights when the clocks change."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.core import clock, db, i18n
from app.core.money import Money
from app.core.spans import Span
from app.offers import queries
from app.offers.models import HoursKind, OpeningException, OpeningHours
from app.offers.service import price_of
from tests.browser_client import counted
from tests.makers import a_house, a_tariff, open_daily

BERLIN = ZoneInfo("Europe/Berlin")
THURSDAY, SUNDAY = date(2026, 11, 26), date(2026, 11, 29)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def berlin(day: date, hour: int, minute: int = 0) -> datetime:
    return clock.at(day, time(hour, minute), BERLIN)


def one_day(house: int, day: date) -> queries.OpenDay:
    return queries.open_days(house, day, day, BERLIN)[day]


def opening(house: int, weekday: int, opens: time, closes: time, kind: HoursKind = HoursKind.USE, **more: object) -> None:
    with db.transaction() as session:
        session.add(OpeningHours(house_id=house, kind=kind, weekday=weekday, opens=opens, closes=closes, **more))  # type: ignore[arg-type]


def exception(house: int, day: date, reason: str, opens: time | None = None, closes: time | None = None) -> None:
    with db.transaction() as session:
        session.add(OpeningException(house_id=house, on_day=day, reason=reason, opens=opens, closes=closes))


# Opening -------------------------------------------------------------------------------------------------------------


def test_a_weekday_has_its_windows_and_touching_ones_become_one(app: Flask) -> None:
    house = a_house()
    opening(house, 3, time(9), time(12))
    opening(house, 3, time(12), time(13))
    opening(house, 3, time(15), time(20))
    opening(house, 3, time(10), time(18), HoursKind.DESK)
    opening(house, 4, time(7), time(8))
    day = one_day(house, THURSDAY)
    assert day.use == (Span(berlin(THURSDAY, 9), berlin(THURSDAY, 13)), Span(berlin(THURSDAY, 15), berlin(THURSDAY, 20)))
    assert day.desk == (Span(berlin(THURSDAY, 10), berlin(THURSDAY, 18)),)
    assert day.office == () and day.closed_for == ""


def test_a_day_without_windows_is_closed_for_no_special_reason(app: Flask) -> None:
    house = a_house()
    open_daily(house, weekdays=range(5))
    day = one_day(house, SUNDAY)
    assert (day.use, day.desk, day.closed_for) == ((), (), "")


def test_another_house_keeps_its_own_hours(app: Flask) -> None:
    house, other = a_house(), a_house("eving", "Eving")
    open_daily(other)
    exception(other, THURSDAY, "Umbau")
    open_daily(house, time(9), time(10))
    assert one_day(house, THURSDAY).use == (Span(berlin(THURSDAY, 9), berlin(THURSDAY, 10)),)
    assert one_day(other, THURSDAY).closed_for == "Umbau"


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 11, 7), True), (date(2026, 11, 14), False), (date(2026, 11, 21), True), (date(2026, 11, 28), False)],
)
def test_some_windows_hold_only_in_certain_weeks_of_the_month(app: Flask, day: date, expected: bool) -> None:
    house = a_house()
    opening(house, 5, time(11), time(15), weeks="1,3")
    assert bool(one_day(house, day).use) is expected


def test_a_window_holds_from_its_first_day_to_before_its_last(app: Flask) -> None:
    house = a_house()
    opening(house, 3, time(9), time(10), valid_from=date(2026, 11, 19), valid_until=THURSDAY)
    opening(house, 3, time(12), time(13), valid_from=THURSDAY)
    assert one_day(house, date(2026, 11, 12)).use == ()
    assert one_day(house, date(2026, 11, 19)).use == (Span(berlin(date(2026, 11, 19), 9), berlin(date(2026, 11, 19), 10)),)
    assert one_day(house, THURSDAY).use == (Span(berlin(THURSDAY, 12), berlin(THURSDAY, 13)),)


def test_an_exception_closes_a_day_with_its_reason(app: Flask) -> None:
    house = a_house()
    open_daily(house)
    exception(house, THURSDAY, "Betriebsausflug")
    day = one_day(house, THURSDAY)
    assert (day.use, day.desk, day.closed_for) == ((), (), "Betriebsausflug")
    assert one_day(house, THURSDAY + timedelta(days=1)).use


def test_an_exception_with_windows_replaces_the_usual_ones_also_on_a_holiday(app: Flask) -> None:
    house = a_house()
    open_daily(house)
    christmas = date(2026, 12, 25)
    exception(house, christmas, "Offenes Haus", time(15), time(18))
    exception(house, christmas, "Offenes Haus", time(10), time(12))
    day = one_day(house, christmas)
    assert day.closed_for == ""
    assert (
        day.use
        == day.desk
        == (Span(berlin(christmas, 10), berlin(christmas, 12)), Span(berlin(christmas, 15), berlin(christmas, 18)))
    )


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 1),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 6, 4),
        date(2026, 10, 3),
        date(2026, 11, 1),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ],
)
def test_the_eleven_holidays_of_north_rhine_westphalia_close_the_house(app: Flask, day: date) -> None:
    house = a_house()
    open_daily(house)
    with i18n.speaking("en"):
        found = one_day(house, day)
        assert found.use == () and found.closed_for
        assert found.closed_for == queries.holiday("NW", day)
    assert one_day(house, day + timedelta(days=3)).use or queries.holiday("NW", day + timedelta(days=3))


def test_there_are_eleven_of_them_and_reformation_day_is_none(app: Flask) -> None:
    days = [date(2026, 1, 1) + timedelta(days=index) for index in range(365)]
    assert sum(bool(queries.holiday("NW", day)) for day in days) == 11
    assert queries.holiday("NW", date(2026, 10, 31)) == ""
    assert queries.holiday("NI", date(2026, 10, 31)) != ""


def test_a_house_in_another_state_keeps_its_own_holidays(app: Flask) -> None:
    house = a_house(subdivision="NI")
    open_daily(house)
    assert one_day(house, date(2026, 11, 1)).use
    assert not one_day(house, date(2026, 10, 31)).use


def test_half_past_eleven_at_night_to_midnight_touches_the_next_day(app: Flask) -> None:
    house = a_house()
    open_daily(house, time(0), time(23, 59))
    days = queries.open_days(house, THURSDAY, THURSDAY + timedelta(days=2), BERLIN)
    assert queries.spans_of(days.values(), HoursKind.USE) == [
        Span(berlin(THURSDAY, 0), clock.midnight(THURSDAY + timedelta(days=3), BERLIN))
    ]


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 3), (THURSDAY, 4), (AUTUMN, 5)])
def test_a_window_over_the_clock_change_is_as_long_as_the_night_was(app: Flask, day: date, hours: int) -> None:
    house = a_house()
    open_daily(house, time(0), time(4))
    (window,) = one_day(house, day).use
    assert window.length == timedelta(hours=hours)


def test_opening_at_an_hour_that_is_skipped_means_when_it_is_over(app: Flask) -> None:
    house = a_house()
    open_daily(house, time(2, 30), time(5))
    (window,) = one_day(house, SPRING).use
    assert window == Span(berlin(SPRING, 3), berlin(SPRING, 5))


def test_closing_at_an_hour_that_is_skipped_means_when_it_begins(app: Flask) -> None:
    house = a_house()
    open_daily(house, time(1), time(2, 30))
    (window,) = one_day(house, SPRING).use
    assert window.length == timedelta(hours=1)


def test_a_window_that_lies_wholly_in_the_skipped_hour_does_not_exist_that_day(app: Flask) -> None:
    house = a_house()
    open_daily(house, time(2), time(3))
    assert one_day(house, SPRING).use == ()
    assert one_day(house, SPRING + timedelta(days=1)).use


def test_a_year_of_days_takes_as_many_statements_as_one(app: Flask) -> None:
    house = a_house()
    open_daily(house)
    with counted() as one:
        queries.open_days(house, THURSDAY, THURSDAY, BERLIN)
    for index in range(40):
        exception(house, THURSDAY + timedelta(days=index), "Ferien")
    with counted() as many:
        days = queries.open_days(house, THURSDAY, THURSDAY + timedelta(days=364), BERLIN)
    assert len(days) == 365
    assert len(one) == len(many)


# Prices --------------------------------------------------------------------------------------------------------------


def price(cents: int, unit: str = "hour", min_minutes: int = 0) -> queries.Price:
    return queries.Price(1, "C", cents, unit, min_minutes)


@pytest.mark.parametrize(
    ("tariff", "minutes", "cents"),
    [
        (price(2200), 60, 2200),
        (price(2200), 90, 3300),
        (price(2200), 15, 550),
        (price(2200), 1, 37),
        (price(1000), 20, 333),
        (price(1000), 40, 667),
        (price(2200, min_minutes=180), 60, 6600),
        (price(2200, min_minutes=180), 240, 8800),
        (price(3000, "flat"), 5, 3000),
        (price(3000, "flat"), 700, 3000),
        (price(0), 600, 0),
    ],
)
def test_what_a_use_costs(tariff: queries.Price, minutes: int, cents: int) -> None:
    assert price_of(tariff, minutes) == Money(cents)


def test_the_tariff_of_the_day_counts_from_its_first_day_to_before_its_last(app: Flask) -> None:
    house = a_house()
    old = a_tariff(house, "room-saal", cents=2000, valid_from=date(2026, 1, 1), valid_until=date(2027, 1, 1))
    new = a_tariff(house, "room-saal", cents=2400, valid_from=date(2027, 1, 1))
    a_tariff(house, "room-saal", "A", cents=0, valid_from=date(2027, 1, 1))
    a_tariff(house, "room-other", cents=9900)
    assert queries.prices(house, "room-saal", date(2025, 12, 31)) == {}
    assert queries.prices(house, "room-saal", date(2026, 12, 31)) == {"C": queries.Price(old, "C", 2000, "hour", 0)}
    later = queries.prices(house, "room-saal", date(2027, 1, 1))
    assert later["C"].tariff_id == new and set(later) == {"A", "C"}
    assert queries.prices(a_house("eving", "Eving"), "room-saal", date(2027, 1, 1)) == {}
