"""When the house is open, and what something costs on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import bindparam, or_, select

from app.core import clock
from app.core.db import session
from app.core.i18n import language
from app.core.i18n import lazy as _l
from app.core.memory import remembered
from app.core.spans import Span, merged
from app.core.statements import Statement
from app.houses.models import House
from app.offers.models import HoursKind, Offering, OpeningException, OpeningHours, RuleValue, Tariff, TaxCode

LAST_MINUTE = time(23, 59)
ONE_DAY = timedelta(days=1)
DAYS = 4_000


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
    "Heilige Drei Könige": _l("Epiphany"),
    "Frauentag": _l("Women's Day"),
    "Ostersonntag": _l("Easter Sunday"),
    "Pfingstsonntag": _l("Whit Sunday"),
    "Mariä Himmelfahrt": _l("Assumption of Mary"),
    "Weltkindertag": _l("World Children's Day"),
    "Reformationstag": _l("Reformation Day"),
    "Buß- und Bettag": _l("Day of Repentance and Prayer"),
}


@lru_cache(maxsize=64)
def _holidays(subdivision: str, year: int) -> dict[date, str]:
    return dict(holidays.country_holidays("DE", subdiv=subdivision, years=year, language="de"))


def holiday(subdivision: str, day: date) -> str:
    """Name of the statutory holiday in the reader's language, empty on other days. Data of the package, no network."""
    name = _holidays(subdivision, day.year).get(day, "")
    return str(_HOLIDAYS.get(name, name))


def holidays_of(subdivision: str, year: int) -> dict[date, str]:
    """The statutory holidays of a year in their order, in the reader's language."""
    return {day: str(_HOLIDAYS.get(name, name)) for day, name in sorted(_holidays(subdivision, year).items())}


def weekly_hours(house_id: int, day: date) -> list[OpeningHours]:
    """The windows that hold on `day` or will hold later, by weekday and time."""
    return list(
        session().scalars(
            select(OpeningHours)
            .where(OpeningHours.house_id == house_id, or_(OpeningHours.valid_until.is_(None), OpeningHours.valid_until > day))
            .order_by(OpeningHours.weekday, OpeningHours.opens, OpeningHours.id)
        )
    )


def hours(hours_id: int) -> OpeningHours | None:
    """One weekly window."""
    return session().get(OpeningHours, hours_id)


def exceptions(house_id: int, first: date, last: date) -> list[OpeningException]:
    """The days that differ from `first` to `last`, both included, in their order."""
    return list(
        session().scalars(
            select(OpeningException)
            .where(OpeningException.house_id == house_id, OpeningException.on_day.between(first, last))
            .order_by(OpeningException.on_day, OpeningException.opens, OpeningException.id)
        )
    )


@dataclass(frozen=True)
class Differing:
    """Days in a row that differ for one reason; `windows` are the wall times of a single day, empty means closed."""

    first: date
    last: date
    reason: str
    windows: tuple[tuple[time, time], ...]


def differing(rows: Iterable[OpeningException]) -> list[Differing]:
    """`rows` in the order of their days, closed days that follow one another for the same reason told as one."""
    result: list[Differing] = []
    for row in rows:
        latest = result[-1] if result else None
        if row.opens is not None and row.closes is not None:
            window = (row.opens, row.closes)
            if latest is not None and latest.windows and latest.last == row.on_day:
                result[-1] = replace(latest, windows=(*latest.windows, window))
            else:
                result.append(Differing(row.on_day, row.on_day, row.reason, (window,)))
        elif latest is not None and not latest.windows and latest.reason == row.reason and row.on_day - latest.last == ONE_DAY:
            result[-1] = replace(latest, last=row.on_day)
        else:
            result.append(Differing(row.on_day, row.on_day, row.reason, ()))
    return result


@dataclass(frozen=True)
class _Calendar:
    """Everything that decides when a house is open."""

    subdivision: str
    hours: Sequence[Any]
    exceptions: Mapping[date, Sequence[tuple[str, time | None, time | None]]]
    days: dict[Hashable, OpenDay] = field(default_factory=dict)
    """What has been worked out of it, `DAYS` at most."""

    def day(self, day: date, zone: ZoneInfo, asked: Hashable) -> OpenDay:
        found = self.days.get((day, asked))
        if found is None:
            if len(self.days) >= DAYS:
                self.days.clear()
            found = self.days[day, asked] = _open_day(day, self.hours, self.exceptions.get(day, ()), self.subdivision, zone)
        return found


def _calendar(house_id: int) -> _Calendar:
    hours = session().execute(
        select(
            OpeningHours.kind, OpeningHours.weekday, OpeningHours.opens, OpeningHours.closes, OpeningHours.weeks,
            OpeningHours.valid_from, OpeningHours.valid_until,
        )
        .where(OpeningHours.house_id == house_id)
        .order_by(OpeningHours.opens)
    ).all()  # fmt: skip
    exceptions: dict[date, list[tuple[str, time | None, time | None]]] = defaultdict(list)
    for on_day, reason, opens, closes in session().execute(
        select(OpeningException.on_day, OpeningException.reason, OpeningException.opens, OpeningException.closes)
        .where(OpeningException.house_id == house_id)
        .order_by(OpeningException.opens)
    ):
        exceptions[on_day].append((reason, opens, closes))
    return _Calendar(session().scalar(select(House.subdivision).where(House.id == house_id)) or "", hours, dict(exceptions))


def open_days(house_id: int, first: date, last: date, zone: ZoneInfo) -> dict[date, OpenDay]:
    """Opening of every day from `first` to `last`, both included, in three queries at most.

    An exception replaces the day: closed, or open in its windows (also on a holiday). A holiday without one is closed.
    """
    calendar = remembered(house_id, "calendar", lambda: _calendar(house_id))
    asked = zone.key, language()  # the names of holidays are said in it
    days = (first + timedelta(days=index) for index in range((last - first).days + 1))
    return {day: calendar.day(day, zone, asked) for day in days}


def _open_day(
    day: date, rows: Sequence[Any], exceptions: Sequence[tuple[str, time | None, time | None]], subdivision: str, zone: ZoneInfo
) -> OpenDay:
    if exceptions:
        times = [(opens, closes) for _, opens, closes in exceptions if opens is not None and closes is not None]
        windows = tuple(merged(part for opens, closes in times for part in _window(day, opens, closes, zone)))
        return OpenDay(day, desk=windows, use=windows, closed_for="" if windows else exceptions[0][0])
    closed_for = holiday(subdivision, day)
    if closed_for:
        return OpenDay(day, closed_for=closed_for)
    spans: dict[str, list[Span]] = {kind: [] for kind in HoursKind}
    week_of_month = str((day.day - 1) // 7 + 1)
    for kind, weekday, opens, closes, weeks, valid_from, valid_until in rows:
        if weekday != day.weekday() or (weeks and week_of_month not in weeks.split(",")):
            continue
        if (valid_from and day < valid_from) or (valid_until and day >= valid_until):
            continue
        spans[kind] += _window(day, opens, closes, zone)
    desk, use, office = (tuple(merged(spans[kind])) for kind in (HoursKind.DESK, HoursKind.USE, HoursKind.OFFICE))
    return OpenDay(day, desk, use, office)


def _window(day: date, opens: time, closes: time, zone: ZoneInfo) -> list[Span]:
    """One span; none for a window that lies wholly in the hour the clock change skips."""
    starts_at, ends_at = _instant(day, opens, zone), _instant(day, closes, zone)
    return [Span(starts_at, ends_at)] if starts_at < ends_at else []


@lru_cache(maxsize=4096)
def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    if wall == LAST_MINUTE:
        return clock.midnight(day + timedelta(days=1), zone)
    while True:
        try:
            return clock.at(day, wall, zone)
        except clock.NoSuchTime:  # 02:30 on the night in March: the door moves when that hour is over
            wall = (datetime.combine(day, wall) + timedelta(minutes=1)).time()


@dataclass(frozen=True)
class Price:
    """A tariff as it held on a day; `cents` per hour or flat. `season` as in `Tariff`."""

    tariff_id: int
    tariff_class: str
    cents: int
    unit: str
    min_minutes: int
    season: str = ""


def in_season(season: str, day: date) -> bool:
    """Whether `day` lies in the part of a year written ``10-01/04-30``, both days included; empty means all year."""
    if not season:
        return True
    first, last = season.split("/")
    today = f"{day:%m-%d}"
    return first <= today <= last if first <= last else today >= first or today <= last


def prices(house_id: int, code: str, day: date) -> dict[str, Price]:
    """What `code` costs each tariff class on `day`; a class that is missing may not use it."""
    return {key: price for key, price in prices_in_force(house_id, code, day).items() if in_season(price.season, day)}


def prices_in_force(house_id: int, code: str, day: date) -> dict[str, Price]:
    """The same whatever the season: what is set, as whoever sets prices wants to see it."""
    known = remembered(house_id, "prices", lambda: _prices(house_id))
    return {
        price.tariff_class: price
        for valid_from, valid_until, price in known.get(code, ())
        if valid_from <= day and (valid_until is None or day < valid_until)
    }


def _prices(house_id: int) -> dict[str, list[tuple[date, date | None, Price]]]:
    """Every tariff of a house by code, each with the days it holds."""
    rows = session().execute(
        select(
            Tariff.code, Tariff.valid_from, Tariff.valid_until,
            Tariff.id, Tariff.tariff_class, Tariff.cents, Tariff.unit, Tariff.min_minutes, Tariff.season,
        ).where(Tariff.house_id == house_id)
    )  # fmt: skip
    result: dict[str, list[tuple[date, date | None, Price]]] = defaultdict(list)
    for row in rows:
        price = Price(row.id, row.tariff_class, row.cents, row.unit, row.min_minutes, row.season)
        result[row.code].append((row.valid_from, row.valid_until, price))
    return dict(result)


def tariffs(house_id: int, code: str | None = None) -> list[Tariff]:
    """Everything that `code` (or anything in the house) has cost, costs and will cost, by code and class, the newest first."""
    statement = select(Tariff).where(Tariff.house_id == house_id)
    if code is not None:
        statement = statement.where(Tariff.code == code)
    return list(session().scalars(statement.order_by(Tariff.code, Tariff.tariff_class, Tariff.valid_from.desc())))


def spans_of(days: Iterable[OpenDay], kind: HoursKind) -> list[Span]:
    """Windows of one kind over several days; those that touch at midnight become one."""
    return merged(span for day in days for span in getattr(day, kind.value))


# Values of law and of the house --------------------------------------------------------------------------------------


class NoSuchValue(LookupError):
    """No row of `rule_value` holds for this key on that day: the house would have to guess."""


_VALUE = Statement(
    select(RuleValue.value)
    .where(
        RuleValue.key == bindparam("key"),
        RuleValue.valid_from <= bindparam("day"),
        or_(RuleValue.valid_until.is_(None), RuleValue.valid_until > bindparam("day")),
    )
    .order_by(RuleValue.valid_from.desc())
    .limit(1)
)


def rule_value(key: str, day: date) -> str:
    """What held on `day`, as it is written. Raises `NoSuchValue`."""
    found = _VALUE.row(key=key, day=day)
    if found is None:
        raise NoSuchValue(f"{key} on {day}")
    return str(found[0])


def rule_number(key: str, day: date) -> int:
    """The same as a whole number of its unit. Raises `NoSuchValue`."""
    return int(rule_value(key, day))


def tax_rate(tax_code: str, day: date) -> int:
    """Tax contained in a gross price for what is supplied on `day`, in hundredths of a per cent.

    Nothing outside of tax and for exempt supplies, and nothing at all while the house is a small business (§ 19 UStG).
    """
    if tax_code in (TaxCode.NONE, TaxCode.EXEMPT) or small_business(day):
        return 0
    return rule_number(f"vat.{tax_code}", day)


def tax_rates(day: date) -> dict[str, int]:
    """The same for every tax code, in one statement."""
    known = {
        row.key: row.value for row in values_of() if row.valid_from <= day and (row.valid_until is None or day < row.valid_until)
    }
    untaxed = known.get("vat.small_business") == "1"
    return {code.value: 0 if untaxed else int(known.get(f"vat.{code}", "0")) for code in TaxCode}


def small_business(day: date) -> bool:
    return rule_number("vat.small_business", day) == 1


CANCELLATION = "rooms.cancellation"


def cancellation_rule(house_id: int, day: date) -> str:
    """What cancelling a room costs for who books it on `day`, as `cancellation_steps` reads it; empty where nothing is set."""
    rows = remembered(house_id, CANCELLATION, lambda: values_of(CANCELLATION))
    return next((row.value for row in rows if row.valid_from <= day and (row.valid_until is None or day < row.valid_until)), "")


def cancellation_steps(rule: str) -> list[tuple[int, int]]:
    """``14:0 3:50 0:100`` as days before and per cent to be paid: free up to 14 days before, half up to 3 days, then all of it."""
    return [(int(days), int(percent)) for days, percent in (step.split(":") for step in rule.split())]


@dataclass(frozen=True)
class Value:
    """A dated value, as in `models.RuleValue`."""

    id: int
    key: str
    value: str
    unit: str
    source: str
    valid_from: date
    valid_until: date | None


def values_of(key: str | None = None) -> list[Value]:
    """All that `key` (or any) has been, is and will be; by key, the newest first."""
    row = RuleValue.__table__.c
    statement = select(row.id, row.key, row.value, row.unit, row.source, row.valid_from, row.valid_until)
    if key is not None:
        statement = statement.where(row.key == key)
    return [Value(*each) for each in session().execute(statement.order_by(row.key, row.valid_from.desc()))]


def offering(code: str) -> Offering | None:
    return session().scalar(select(Offering).where(Offering.code == code))


def offering_by_id(offering_id: int) -> Offering | None:
    return session().get(Offering, offering_id)


def offerings(house_id: int, *, archived: bool = False) -> list[Offering]:
    """By code; those put away only when asked for."""
    statement = select(Offering).where(Offering.house_id == house_id)
    if not archived:
        statement = statement.where(Offering.archived_at.is_(None))
    return list(session().scalars(statement.order_by(Offering.code)))


_NAMES = select(Offering.code, Offering.name).where(Offering.house_id == bindparam("house_id")).order_by(Offering.code)
_ALL_NAMES, _OFFERED_NAMES = Statement(_NAMES), Statement(_NAMES.where(Offering.archived_at.is_(None)))


def offering_names(house_id: int, *, archived: bool = False) -> list[tuple[str, str]]:
    """Code and name of each, by code, to choose from."""
    return [(code, name) for code, name in (_ALL_NAMES if archived else _OFFERED_NAMES).rows(house_id=house_id)]
