"""Dates, times and money as the reader writes them, also on the nights when the clock jumps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.core import i18n
from app.core.money import Money
from tests.conftest import settings_for


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Words need no database."""
    folder: Path = tmp_path_factory.mktemp("words")
    return create_app(settings_for(folder, languages=("de", "en", "ar")))


def span(
    day: int, month: int, first: tuple[int, int], last: tuple[int, int], *, next_day: bool = False
) -> tuple[datetime, datetime]:
    """Instants given in UTC."""
    return datetime(2026, month, day, *first, tzinfo=UTC), datetime(2026, month, day + next_day, *last, tzinfo=UTC)


def test_a_german_reads_full_hours_without_minutes(house: Flask) -> None:
    with house.app_context(), i18n.speaking("de"):
        assert "14–18" in i18n.hours(*span(26, 11, (13, 0), (17, 0)))
        assert "14:30–18" in i18n.hours(*span(26, 11, (13, 30), (17, 0)))


def test_english_keeps_24_hours(house: Flask) -> None:
    with house.app_context(), i18n.speaking("en"):
        assert "14:00–18:30" in i18n.hours(*span(26, 11, (13, 0), (17, 30)))


def test_across_midnight_the_end_says_its_day(house: Flask) -> None:
    with house.app_context(), i18n.speaking("en"):
        assert "Fri" in i18n.hours(*span(26, 11, (21, 0), (0, 30), next_day=True))
        assert "22:00–24:00" in i18n.hours(*span(26, 11, (21, 0), (23, 0)))


def test_the_hour_that_comes_twice_says_which_one_it_is(house: Flask) -> None:
    with house.app_context(), i18n.speaking("en"):
        first = i18n.hours(*span(25, 10, (0, 0), (0, 30)))
        second = i18n.hours(*span(25, 10, (1, 0), (1, 30)))
        assert first != second
        assert "summer" in first and "winter" not in first
        assert "winter" in second and "summer" not in second
        both = i18n.hours(*span(25, 10, (0, 30), (1, 30)))
        assert "02:30 (summer time)–02:30 (winter time)" in both


def test_ordinary_hours_say_nothing_of_seasons(house: Flask) -> None:
    with house.app_context(), i18n.speaking("en"):
        for day, month in ((26, 11), (1, 7), (29, 3)):
            assert "time)" not in i18n.hours(*span(day, month, (0, 0), (3, 0)))


def test_on_the_night_in_march_the_wall_jumps_from_two_to_three(house: Flask) -> None:
    with house.app_context(), i18n.speaking("en"):
        assert "01:30–03:30" in i18n.hours(*span(29, 3, (0, 30), (1, 30)))


def test_a_day_carries_its_weekday_in_the_readers_language(house: Flask) -> None:
    with house.app_context():
        with i18n.speaking("de"):
            assert i18n.day(date(2026, 11, 26)) == "Donnerstag, 26. November 2026"
        with i18n.speaking("en"):
            assert i18n.day(date(2026, 11, 26)).startswith("Thursday")


def test_the_day_of_an_instant_is_the_day_on_the_houses_wall(house: Flask) -> None:
    with house.app_context(), i18n.speaking("de"):
        assert i18n.day(datetime(2026, 11, 26, 23, 30, tzinfo=UTC)).startswith("Freitag, 27.")


def test_money_is_written_as_the_reader_writes_it(house: Flask) -> None:
    with house.app_context():
        with i18n.speaking("de"):
            assert i18n.money(Money(41260)) == i18n.money(41260) == "412,60\xa0€"
            assert i18n.money(-5) == "-0,05\xa0€"
        with i18n.speaking("en"):
            assert i18n.money(123456) == "€1,234.56"


def test_an_unknown_language_falls_back_to_the_first_of_the_house(house: Flask) -> None:
    with house.app_context():
        for code in ("xx", None, "tr"):
            with i18n.speaking(code):
                assert i18n.language() == "de"


def test_speaking_to_somebody_ends(house: Flask) -> None:
    with house.app_context():
        with i18n.speaking("ar"):
            assert i18n.text_direction() == "rtl"
        assert i18n.text_direction() == "ltr"


def test_durations_have_hours_and_minutes(house: Flask) -> None:
    with house.app_context(), i18n.speaking("en"):
        assert [i18n.duration(minutes) for minutes in (0, 45, 60, 150)] == ["0 min", "45 min", "1 h", "2 h 30 min"]


def test_clock_time_takes_times_and_instants(house: Flask) -> None:
    with house.app_context(), i18n.speaking("de"):
        assert i18n.clock_time(time(14)) == "14"
        assert i18n.clock_time(datetime(2026, 7, 1, 12, 5, tzinfo=UTC)) == "14:05"


def test_arabic_days_have_the_arabic_comma(house: Flask) -> None:
    with house.app_context(), i18n.speaking("ar"):
        assert i18n.day(date(2026, 11, 26)) == "الخميس، 26 نوفمبر 2026"
        assert i18n.day(date(2026, 11, 26), "EEEE, d. MMMM") == "الخميس، 26 نوفمبر"
        assert i18n.day(date(2026, 11, 26), "EE, d. MMM") == "الخميس، 26 نوفمبر"
        assert i18n.moment(datetime(2026, 11, 26, 13, 30, tzinfo=UTC)).startswith("الخميس، 26 نوفمبر، ")


def test_arabic_days_in_digits_read_as_on_the_signs_here(house: Flask) -> None:
    with house.app_context(), i18n.speaking("ar"):
        assert i18n.day(date(2026, 11, 6), "d.M.") == "6.11"
        assert i18n.day(date(2026, 11, 6), "dd.MM.y") == "06.11.2026"


def test_arabic_keeps_the_digits_of_the_door_sign(house: Flask) -> None:
    with house.app_context(), i18n.speaking("ar"):
        assert i18n.money(123456).strip("\u200f") == "1.234,56\xa0€"
        assert "14:00–18:30" in i18n.hours(*span(26, 11, (13, 0), (17, 30)))


def test_what_is_said_in_one_breath_has_the_readers_comma(house: Flask) -> None:
    with house.app_context():
        with i18n.speaking("de"):
            assert i18n.together("Saal", "", "Donnerstag", None) == "Saal, Donnerstag"
        with i18n.speaking("ar"):
            assert i18n.together("القاعة", "الخميس") == "القاعة، الخميس"


def test_a_german_name_stays_in_one_piece_in_an_arabic_sentence(house: Flask) -> None:
    with house.app_context():
        with i18n.speaking("ar"):
            assert i18n.dotted("Saal „Germania“", "", "60 شخصًا") == "\u2068Saal „Germania“\u2069 · 60 شخصًا"
            assert i18n.gettext("Book: %(room)s", room="Saal „Germania“").endswith("\u2068Saal „Germania“\u2069")
            assert i18n.in_one_piece("+49 231 5550181") == "\u2068+49 231 5550181\u2069"
            page = house.jinja_env.from_string("{{ _('Book: %(room)s', room=room) }}").render(room="<b>Saal</b>")
            assert page.endswith("\u2068&lt;b&gt;Saal&lt;/b&gt;\u2069")
        with i18n.speaking("de"):
            assert i18n.dotted("Saal „Germania“", None, "60") == "Saal „Germania“ · 60"
            assert "\u2068" not in i18n.gettext("Book: %(room)s", room="Saal")


def test_what_runs_right_to_left_and_addresses_of_pages_are_left_alone(house: Flask) -> None:
    with house.app_context(), i18n.speaking("ar"):
        for value in ("الخميس، 26 نوفمبر", "14:00", 7, "https://haus.example/bookings/7"):
            assert i18n.in_one_piece(value) == value


def test_arabic_counts_hours_and_minutes_in_its_own_forms(house: Flask) -> None:
    with house.app_context(), i18n.speaking("ar"):
        assert [i18n.duration(minutes) for minutes in (60, 120, 180, 150)] == ["ساعة", "ساعتان", "3 ساعات", "ساعتان و30 دقيقة"]
