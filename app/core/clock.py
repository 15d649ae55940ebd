"""The only place that asks the time.

Everything else receives an instant or asks here, so that tests can stand on a clock-change night
and a demo house can be moved three days ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_offset = timedelta(0)
_frozen: datetime | None = None


class NoSuchTime(ValueError):
    """A wall time that the clock change skips, such as 02:30 on 29 March 2026 in Berlin."""


def now() -> datetime:
    """This instant, aware, in UTC."""
    return _frozen if _frozen is not None else datetime.now(UTC) + _offset


def today(zone: ZoneInfo) -> date:
    """The day on the wall calendar of `zone`."""
    return now().astimezone(zone).date()


def move(setting: str) -> None:
    """Set the clock of a demo house: an ISO instant (with offset) or an offset such as ``+3d``, ``-2h``, ``+90m``.

    Raises ValueError for anything else. An instant goes on ticking from there.
    """
    global _offset
    text = setting.strip()
    if not text:
        _offset = timedelta(0)
    elif text[0] in "+-" and text[-1] in "dhm":
        amount = float(text[:-1])
        _offset = timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[text[-1]]: amount})
    else:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(f"{setting!r} needs an offset from UTC, such as 2026-11-26T13:40:00+01:00")
        _offset = moment - datetime.now(UTC)


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """For tests, and for what a demo house has behind it: inside, `now()` is `moment` (aware)."""
    global _frozen
    before, _frozen = _frozen, moment.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before


def at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a clock on the wall in `zone` shows `wall` on `day`.

    A wall time that occurs twice means the first one (summer time); one that does not exist raises `NoSuchTime`.
    """
    local = datetime.combine(day, wall, tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchTime(f"{day} {wall} does not exist in {zone.key}")
    return instant


@lru_cache(maxsize=1024)
def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which `day` begins in `zone`; the first existing one where a zone skips midnight."""
    wall = time(0)
    while True:
        try:
            return at(day, wall, zone)
        except NoSuchTime:
            wall = (datetime.combine(day, wall) + timedelta(minutes=30)).time()
