"""Repetition rules (RRULE, RFC 5545 section 3.3.10): which may be worked out at all, and at what cost.

The dates themselves are worked out by recurring-ical-events and, below it, dateutil. dateutil stops only at a date
that lies beyond the end it was given; for a rule that leads to no such date it counts on to the year 9999, nine
seconds for ``FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30``. So before a rule is handed over, `Rule.admit` looks for a date on
which dateutil will stop, and adds up what the way there costs.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from app.core.ical.codes import ProblemCode, UnreadableCalendar, UnreadableCode


class RuleRefused(Exception):
    """This rule is not worked out; `code` says why."""

    def __init__(self, code: ProblemCode) -> None:
        super().__init__(code.value)
        self.code = code


class Effort:
    """What may still be spent on one file, in units of about a microsecond. Counted, not timed: the same file is read
    or refused alike on every machine.
    """

    def __init__(self, units: int) -> None:
        self.left = units

    def spend(self, units: float) -> None:
        self.left -= int(units)
        if self.left < 0:
            raise UnreadableCalendar(UnreadableCode.TOO_COSTLY)


LOOK_AHEAD_YEARS = 42
"""Far enough for 29 February on each weekday (28 years, 40 across the year 2100)."""
CHEAP = 20_000
_STEP = {"DAILY": 3.1, "WEEKLY": 7.5, "MONTHLY": 10.0, "YEARLY": 73.0}
"""Measured cost of one turn of dateutil's loop, without dates."""
_DATE = 22.0
"""Measured cost of one date through both libraries."""
_DAYS = {"DAILY": 1.0, "WEEKLY": 7.0, "MONTHLY": 30.437, "YEARLY": 365.25}
_TIMES_A_DAY = 24
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?\d{1,9}")
_UNTIL = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})Z?)?")
_RANGES = {
    "BYSECOND": (0, 59, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
"""Lowest, highest, and whether they may be counted from the end."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The parts of an RRULE. Weekdays are numbers, Monday 0; `byday` has the ordinal (0: each) and the weekday."""

    freq: str
    interval: int
    count: int | None
    until: date | None
    byday: tuple[tuple[int, int], ...]
    wkst: int
    numbers: dict[str, tuple[int, ...]]

    @classmethod
    def parsed(cls, text: str) -> Rule:
        """Raises RuleRefused for nonsense and for rules by the hour, minute or second."""
        parts: dict[str, str] = {}
        if len(text) > 2_000:
            raise RuleRefused(ProblemCode.BAD_RULE)
        for pair in text.strip().upper().split(";"):
            key, equals, value = pair.partition("=")
            if not equals and not key.strip():
                continue
            if not equals or "=" in value or not value or key in parts:
                raise RuleRefused(ProblemCode.BAD_RULE)
            parts[key] = value
        freq = parts.pop("FREQ", "")
        if freq in ("HOURLY", "MINUTELY", "SECONDLY"):
            raise RuleRefused(ProblemCode.RULE_TOO_FINE)
        if freq not in _STEP:
            raise RuleRefused(ProblemCode.BAD_RULE)
        interval = _number(parts.pop("INTERVAL", "1"))
        count = _number(parts.pop("COUNT")) if "COUNT" in parts else None
        if not 1 <= interval <= 100_000 or count == 0:
            raise RuleRefused(ProblemCode.BAD_RULE)
        wkst = parts.pop("WKST", "MO")
        until = _until(parts.pop("UNTIL")) if "UNTIL" in parts else None
        byday = tuple(_weekday(value) for value in parts.pop("BYDAY").split(",")) if "BYDAY" in parts else ()
        if wkst not in _WEEKDAYS or parts.keys() - _RANGES.keys() or len(byday) > 400:
            raise RuleRefused(ProblemCode.BAD_RULE)
        numbers = {key: _numbers(value, *_RANGES[key]) for key, value in parts.items()}
        # A negative COUNT means none, as recurring-ical-events has it.
        ends = None if count is None or count < 0 else count
        rule = cls(freq, interval, ends, until, byday, _WEEKDAYS.index(wkst), numbers)
        if rule._times > _TIMES_A_DAY:
            raise RuleRefused(ProblemCode.RULE_TOO_FINE)
        if rule._get("BYWEEKNO") and (
            freq != "YEARLY" or numbers.keys() & {"BYMONTH", "BYMONTHDAY", "BYYEARDAY"} or any(ordinal for ordinal, _ in byday)
        ):
            # The standard forbids most of these, and the rest fit together never or hardly ever.
            raise RuleRefused(ProblemCode.BAD_RULE)
        return rule

    @property
    def endless(self) -> bool:
        return self.count is None and self.until is None

    @property
    def bymonth(self) -> tuple[int, ...]:
        return self._get("BYMONTH")

    def admit(self, start: date, end: date, effort: Effort) -> date | None:
        """Charges `effort` for working out the dates from `start` to `end`, without the dates themselves.

        The result is a day after `end` by which the rule surely has a date, None when the rule leads to none but is
        worked out quickly all the same. Raises RuleRefused when working it out would come to no end.
        """
        stop = max(start, min(end, self.until) if self.until else end)
        # UNTIL is in UTC and `end` somewhere else: a day more, so that the witness lies beyond both in every zone.
        stop = min(stop, date(9990, 1, 1)) + timedelta(days=1)
        ahead = stop.replace(year=min(stop.year + LOOK_AHEAD_YEARS, 9998), day=min(stop.day, 28))
        witness = self._first_after(start, stop, ahead, effort)
        if witness is None:
            to_the_end = self._steps(start, date(9999, 12, 31)) * _STEP[self.freq]
            if to_the_end > CHEAP:
                raise RuleRefused(ProblemCode.RULE_TOO_RARE)
            effort.spend(to_the_end)
        else:
            effort.spend(self._steps(start, witness) * _STEP[self.freq])
        return witness

    def most_dates(self, start: date, end: date) -> int:
        """An upper bound of the number of dates from `start` to `end`."""
        end = min(end, self.until) if self.until else end
        dates = int(self._steps(start, end) * self._days_in_period() * self._times) + 1
        return dates if self.count is None else min(dates, self.count)

    def look_cost(self, first: date, last: date) -> float:
        """Units for going on from one day to another, dates included."""
        return self._steps(first, last) * _STEP[self.freq] + date_cost(self.most_dates(first, last))

    def _get(self, key: str) -> tuple[int, ...]:
        return self.numbers.get(key, ())

    @property
    def _times(self) -> int:
        return max(1, len(self._get("BYHOUR"))) * max(1, len(self._get("BYMINUTE"))) * max(1, len(self._get("BYSECOND")))

    def _steps(self, start: date, end: date) -> float:
        return 1 + max(0, (end - start).days) / (_DAYS[self.freq] * self.interval)

    def _days_in_period(self) -> int:
        """At most; months and years that BYMONTH leaves out are counted all the same."""
        if self._get("BYSETPOS"):
            return len(self._get("BYSETPOS"))
        if self.freq == "DAILY":
            return 1
        if self.freq == "WEEKLY":
            return max(1, len({day for _, day in self.byday}))
        months = 1 if self.freq == "MONTHLY" else max(1, len(self.bymonth)) if self.bymonth else 12
        days: list[int] = []
        if self._get("BYMONTHDAY"):
            days.append(len(self._get("BYMONTHDAY")) * months)
        if self.byday:
            each = 5 if self.freq == "MONTHLY" or self.bymonth else 53
            days.append(sum(1 if ordinal else each for ordinal, _ in self.byday) * (months if each == 5 else 1))
        if self._get("BYYEARDAY"):
            days.append(len(self._get("BYYEARDAY")))
        if self._get("BYWEEKNO"):
            days.append(7 * len(self._get("BYWEEKNO")))
        return min(days) if days else (1 if self.freq == "MONTHLY" else max(1, len(self.bymonth)))

    def _first_after(self, start: date, stop: date, ahead: date, effort: Effort) -> date | None:
        """A day after `stop`, at most `ahead`, at which the rule surely has a date."""
        if self._get("BYWEEKNO"):
            # Each year has its weeks 1 to 52, and every sixth or fifth a 53rd. With nothing else to fit, that will do.
            if self._get("BYSETPOS") or 42 // self.interval < 12:
                return None
            return ahead
        step = 0
        while True:
            first, last = self._period(start, stop, step)
            if first > ahead:
                return None
            days = 0
            day = first
            while day <= last:
                if self._fits(day, start):
                    days += 1
                day += timedelta(days=1)
            effort.spend(3.5 * ((last - first).days + 1) + 3)
            if days and self._has_position(days) and first > stop:
                return last
            step += 1

    def _period(self, start: date, stop: date, step: int) -> tuple[date, date]:
        """First and last day of the `step`-th day, week, month or year of the rule, counted from the one of `stop`."""
        if self.freq == "DAILY":
            turns = (stop - start).days // self.interval + step
            day = start + timedelta(days=min(turns * self.interval, (date(9998, 1, 1) - start).days))
            return day, day
        if self.freq == "WEEKLY":
            monday = start - timedelta(days=min((start.weekday() - self.wkst) % 7, start.toordinal() - 1))
            weeks = ((stop - monday).days // 7 // self.interval + step) * self.interval
            day = monday + timedelta(weeks=min(weeks, (date(9998, 1, 1) - monday).days // 7))
            return day, day + timedelta(days=6)
        if self.freq == "MONTHLY":
            months = (stop.year - start.year) * 12 + stop.month - start.month
            month = start.year * 12 + start.month - 1 + (months // self.interval + step) * self.interval
            year, month = min(month // 12, 9998), month % 12 + 1
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        year = min(start.year + ((stop.year - start.year) // self.interval + step) * self.interval, 9998)
        return date(year, 1, 1), date(year, 12, 31)

    def _has_position(self, days: int) -> bool:
        """Whether a period with so many days has a date at one of the rule's positions."""
        positions = self._get("BYSETPOS")
        return not positions or any(abs(position) <= days * self._times for position in positions)

    def _fits(self, day: date, start: date) -> bool:
        """Whether the rule's filters let this day through; the same defaults from the start as in dateutil."""
        months, month_days, year_days = self.bymonth, self._get("BYMONTHDAY"), self._get("BYYEARDAY")
        if not (month_days or year_days or self.byday):
            if self.freq == "YEARLY":
                months = months or (start.month,)
            if self.freq in ("YEARLY", "MONTHLY"):
                month_days = (start.day,)
            elif self.freq == "WEEKLY" and day.weekday() != start.weekday():
                return False
        if months and day.month not in months:
            return False
        if month_days:
            length = monthrange(day.year, day.month)[1]
            if day.day not in month_days and day.day - length - 1 not in month_days:
                return False
        if year_days:
            number = day.timetuple().tm_yday
            if number not in year_days and number - 366 - isleap(day.year) not in year_days:
                return False
        return not self.byday or self._fits_weekday(day)

    def _fits_weekday(self, day: date) -> bool:
        each = {weekday for ordinal, weekday in self.byday if not ordinal or self.freq in ("DAILY", "WEEKLY")}
        if each and day.weekday() not in each:
            return False
        nth = [pair for pair in self.byday if pair[0] and self.freq in ("MONTHLY", "YEARLY")]
        if not nth:
            return True
        if self.freq == "YEARLY" and not self.bymonth:
            number, length = day.timetuple().tm_yday, 365 + isleap(day.year)
        else:
            number, length = day.day, monthrange(day.year, day.month)[1]
        forth, back = (number - 1) // 7 + 1, -((length - number) // 7 + 1)
        return any(day.weekday() == weekday and ordinal in (forth, back) for ordinal, weekday in nth)


def date_cost(dates: int) -> float:
    """Units for so many dates of a rule."""
    return dates * _DATE


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise RuleRefused(ProblemCode.BAD_RULE)
    return int(text)


def _numbers(text: str, lowest: int, highest: int, from_the_end: bool) -> tuple[int, ...]:
    numbers = tuple(_number(value) for value in text.split(","))
    if len(numbers) > 400:
        raise RuleRefused(ProblemCode.BAD_RULE)
    for number in numbers:
        if not lowest <= (abs(number) if from_the_end else number) <= highest:
            raise RuleRefused(ProblemCode.BAD_RULE)
    return tuple(dict.fromkeys(numbers))


def _weekday(text: str) -> tuple[int, int]:
    match = _BYDAY.fullmatch(text)
    if match is None or not -53 <= int(match[1] or 0) <= 53 or (match[1] and int(match[1]) == 0):
        raise RuleRefused(ProblemCode.BAD_RULE)
    return int(match[1] or 0), _WEEKDAYS.index(match[2])


def _until(text: str) -> date:
    match = _UNTIL.fullmatch(text)
    if match is None:
        raise RuleRefused(ProblemCode.BAD_RULE)
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise RuleRefused(ProblemCode.BAD_RULE) from error
