"""When the house is open, and what something costs on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import or_, select

from app.core import clock
from app.core.db import session
from app.core.i18n import lazy as _l
from app.core.spans import Span, merged
from app.houses.models import House
from app.offers.models import HoursKind, OpeningException, OpeningHours, Tariff

LAST_MINUTE = time(23, 59)


@dataclass(frozen=True)
class OpenDay:
    """What the clock on the door says of one day; spans are UTC. `closed_for` is the holiday or reason, empty on usual days."""

    day: date
    desk: tuple[Span, ...] = ()
    use: tuple[Span, ...] = ()
    office: tuple[Span, ...] = ()
    closed_for: str = ""


_HOLIDAYS: dict[str, object] = {
    "Neujahr": _l("New Year's Day"),
    "Karfreitag": _l("Good Friday"),
    "Ostermontag": _l("Easter Monday"),
    "Erster Mai": _l("Labour Day"),
    "Christi Himmelfahrt": _l("Ascension Day"),
    "Pfingstmontag": _l("Whit Monday"),
    "Fronleichnam": _l("Corpus Christi"),
    "Tag der Deutschen Einheit": _l("German Unity Day"),
    "Allerheiligen": _l("All Saints' Day"),
    "Erster Weihnachtstag": _l("Christmas Day"),
    "Zweiter Weihnachtstag": _l("Second Day of Christmas"),
}


@lru_cache(maxsize=64)
def _holidays(subdivision: str, year: int) -> dict[date, str]:
    return dict(holidays.country_holidays("DE", subdiv=subdivision, years=year, language="de"))


def holiday(subdivision: str, day: date) -> str:
    """Name of the statutory holiday in the reader's language, empty on other days. Data of the package, no network."""
    name = _holidays(subdivision, day.year).get(day, "")
    return str(_HOLIDAYS.get(name, name))


def open_days(house_id: int, first: date, last: date, zone: ZoneInfo) -> dict[date, OpenDay]:
    """Opening of every day from `first` to `last`, both included, in three queries.

    An exception replaces the day: closed, or open in its windows (also on a holiday). A holiday without one is closed.
    """
    rows = session().execute(
        select(
            OpeningHours.kind, OpeningHours.weekday, OpeningHours.opens, OpeningHours.closes, OpeningHours.weeks,
            OpeningHours.valid_from, OpeningHours.valid_until,
        )
        .where(OpeningHours.house_id == house_id)
        .order_by(OpeningHours.opens)
    ).all()
    exceptions: dict[date, list[tuple[str, time | None, time | None]]] = defaultdict(list)
    for on_day, reason, opens, closes in session().execute(
        select(OpeningException.on_day, OpeningException.reason, OpeningException.opens, OpeningException.closes)
        .where(OpeningException.house_id == house_id, OpeningException.on_day.between(first, last))
        .order_by(OpeningException.opens)
    ):
        exceptions[on_day].append((reason, opens, closes))
    subdivision = session().scalar(select(House.subdivision).where(House.id == house_id)) or ""
    result = {}
    day = first
    while day <= last:
        result[day] = _open_day(day, rows, exceptions.get(day, []), subdivision, zone)
        day += timedelta(days=1)
    return result


def _open_day(
    day: date, rows: Sequence[object], exceptions: Sequence[tuple[str, time | None, time | None]], subdivision: str, zone: ZoneInfo
) -> OpenDay:
    if exceptions:
        windows = tuple(_window(day, opens, closes, zone) for _, opens, closes in exceptions if opens and closes)
        return OpenDay(day, desk=windows, use=windows, closed_for="" if windows else exceptions[0][0])
    closed_for = holiday(subdivision, day)
    if closed_for:
        return OpenDay(day, closed_for=closed_for)
    spans: dict[str, list[Span]] = {kind: [] for kind in HoursKind}
    week_of_month = str((day.day - 1) // 7 + 1)
    for kind, weekday, opens, closes, weeks, valid_from, valid_until in rows:  # type: ignore[misc]
        if weekday != day.weekday() or (weeks and week_of_month not in weeks.split(",")):
            continue
        if (valid_from and day < valid_from) or (valid_until and day >= valid_until):
            continue
        spans[kind].append(_window(day, opens, closes, zone))
    return OpenDay(day, *(tuple(merged(spans[kind])) for kind in (HoursKind.DESK, HoursKind.USE, HoursKind.OFFICE)))


def _window(day: date, opens: time, closes: time, zone: ZoneInfo) -> Span:
    return Span(_instant(day, opens, zone), _instant(day, closes, zone))


@lru_cache(maxsize=4096)
def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    if wall == LAST_MINUTE:
        return clock.midnight(day + timedelta(days=1), zone)
    try:
        return clock.at(day, wall, zone)
    except clock.NoSuchTime:  # opening at 02:30 on the night in March: the door opens when that hour is over
        return clock.at(day, (datetime.combine(day, wall) + timedelta(hours=1)).time(), zone)


@dataclass(frozen=True)
class Price:
    """A tariff as it held on a day; `cents` per hour or flat."""

    tariff_id: int
    tariff_class: str
    cents: int
    unit: str
    min_minutes: int


def prices(house_id: int, code: str, day: date) -> dict[str, Price]:
    """What `code` costs each tariff class on `day`; a class that is missing may not use it."""
    rows = session().execute(
        select(Tariff.id, Tariff.tariff_class, Tariff.cents, Tariff.unit, Tariff.min_minutes).where(
            Tariff.house_id == house_id,
            Tariff.code == code,
            Tariff.valid_from <= day,
            or_(Tariff.valid_until.is_(None), Tariff.valid_until > day),
        )
    )
    return {row.tariff_class: Price(row.id, row.tariff_class, row.cents, row.unit, row.min_minutes) for row in rows}


def spans_of(days: Iterable[OpenDay], kind: HoursKind) -> list[Span]:
    """Windows of one kind over several days; those that touch at midnight become one."""
    return merged(span for day in days for span in getattr(day, kind.value))
