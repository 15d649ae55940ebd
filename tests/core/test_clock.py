"""The clock: moved, stopped, and on the two nights when it jumps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core import clock

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _clock_put_back():
    yield
    clock.move("")


def test_a_wall_time_in_the_hour_that_is_skipped_does_not_exist() -> None:
    with pytest.raises(clock.NoSuchTime):
        clock.at(date(2026, 3, 29), time(2, 30), BERLIN)


def test_the_hours_around_the_skipped_one_are_an_instant_apart() -> None:
    before, after = clock.at(date(2026, 3, 29), time(1, 59), BERLIN), clock.at(date(2026, 3, 29), time(3, 0), BERLIN)
    assert before == datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    assert after - before == timedelta(minutes=1)


def test_a_wall_time_that_comes_twice_means_the_first_one() -> None:
    assert clock.at(date(2026, 10, 25), time(2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_in_march_has_23_hours_and_one_in_october_25() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        assert clock.midnight(day + timedelta(days=1), BERLIN) - clock.midnight(day, BERLIN) == timedelta(hours=hours)


def test_where_midnight_is_skipped_the_day_begins_with_its_first_instant() -> None:
    assert clock.midnight(date(2026, 4, 24), ZoneInfo("Africa/Cairo")) == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)


def test_today_is_the_day_of_the_house_not_of_the_server() -> None:
    with clock.stopped_at(datetime(2026, 11, 26, 23, 30, tzinfo=UTC)):
        assert clock.today(BERLIN) == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("setting", "moved"), [("+3d", timedelta(days=3)), ("-2h", timedelta(hours=-2)), ("+90m", timedelta(minutes=90))]
)
def test_an_offset_moves_the_clock_and_lets_it_tick(setting: str, moved: timedelta) -> None:
    clock.move(setting)
    assert abs(clock.now() - datetime.now(UTC) - moved) < timedelta(seconds=5)


def test_an_instant_moves_the_clock_there() -> None:
    clock.move("2026-11-26T13:40:00+01:00")
    assert timedelta(0) <= clock.now() - datetime(2026, 11, 26, 12, 40, tzinfo=UTC) < timedelta(seconds=5)


@pytest.mark.parametrize("nonsense", ["2026-11-26T13:40:00", "tomorrow", "+xd", "+3w"])
def test_nonsense_does_not_move_the_clock(nonsense: str) -> None:
    with pytest.raises(ValueError):
        clock.move(nonsense)


def test_a_stopped_clock_runs_again_afterwards() -> None:
    with clock.stopped_at(datetime(2026, 1, 1, 12, tzinfo=BERLIN)):
        assert clock.now() == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert clock.now() > datetime(2026, 6, 1, tzinfo=UTC)
