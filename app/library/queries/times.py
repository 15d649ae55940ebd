"""When things are picked up and due: on open days only, and never moved backward.

Things are due within the first hour of an opening and picked up from an hour and a half into it, so that one changes hands within one
opening (lending.md c 11); both lengths are dated values of the house. Lengths are counted in days on the wall calendar; instants are UTC.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.core import clock, i18n
from app.core.memory import remembered, until_written
from app.core.spans import Span
from app.library.models import ClosedDays
from app.offers import queries as offers
from app.offers.models import HoursKind

ONE_DAY = timedelta(days=1)
LOOK_AHEAD = timedelta(days=120)
"""How far the next open day is looked for; a house that is closed for longer has to say so itself."""


class NoOpenDay(LookupError):
    """The house is not open on any day that is known: staff must be told, a guess helps nobody."""


def rule(house_id: int, key: str, day: date | None = None) -> int:
    """The value ``lending.<key>`` on a day (today). Raises `offers.queries.NoSuchValue`."""
    rows = remembered(house_id, "lending rules", lambda: [row for row in offers.values_of() if row.key.startswith("lending.")])
    on = day or clock.today(i18n.zone())
    for row in rows:  # the newest of a key first
        if row.key == f"lending.{key}" and row.valid_from <= on and (row.valid_until is None or on < row.valid_until):
            return int(row.value)
    raise offers.NoSuchValue(f"lending.{key} on {on}")


@dataclass(frozen=True)
class Openings:
    """The openings of the desk from `first` to `last`, in order."""

    first: date
    last: date
    zone: ZoneInfo
    spans: Sequence[Span]
    returns: timedelta
    changeover: timedelta
    _starts: Sequence[datetime] = field(init=False, repr=False)
    _by_day: Mapping[date, list[Span]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_day: dict[date, list[Span]] = {}
        for span in self.spans:
            by_day.setdefault(self.day_of(span.starts_at), []).append(span)
        object.__setattr__(self, "_starts", [span.starts_at for span in self.spans])
        object.__setattr__(self, "_by_day", by_day)

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def on(self, day: date) -> list[Span]:
        return self._by_day.get(day, [])

    def is_open(self, day: date) -> bool:
        return bool(self.on(day))

    def running(self, moment: datetime) -> Span | None:
        """The opening `moment` lies in."""
        at = bisect_right(self._starts, moment) - 1
        return self.spans[at] if at >= 0 and moment < self.spans[at].ends_at else None

    def next(self, moment: datetime) -> Span:
        """The opening that runs or comes next. Raises `NoOpenDay`."""
        found = self.running(moment) or self._after(moment)
        if found is None:
            raise NoOpenDay
        return found

    def _after(self, moment: datetime) -> Span | None:
        at = bisect_right(self._starts, moment)
        return self.spans[at] if at < len(self.spans) else None

    def next_day(self, day: date) -> date:
        """`day` if the house is open on it, else the next open one. Raises `NoOpenDay`."""
        return self.day_of(self.next(clock.midnight(day, self.zone)).starts_at)

    def days(self, first: date, last: date) -> list[date]:
        """The open ones, both included."""
        return [day for day in self._by_day if first <= day <= last]

    def return_by(self, opening: Span) -> datetime:
        """Until when things that are due in this opening come back."""
        return opening.starts_at + min(self.returns, opening.length)

    def pick_up_from(self, opening: Span) -> datetime:
        """From when things that were due in this opening can be picked up."""
        if self.changeover < opening.length:
            return opening.starts_at + self.changeover
        return min(self.return_by(opening), opening.starts_at + opening.length / 2)

    def due_on(self, day: date) -> datetime:
        """When something due on `day` has to be back: on the next open day where that one is closed. Raises `NoOpenDay`."""
        return self.return_by(self.on(self.next_day(day))[0])

    def due_after(self, start: date, days: int, closed: str) -> date:
        """The day something is due that is lent on `start` for `days`; `closed` as in `ClosedDays`. Raises `NoOpenDay`."""
        if closed == ClosedDays.ALL:
            return self.next_day(start + timedelta(days=days))
        day, left, was_open = start, days, True
        while left > 0:
            day += ONE_DAY
            if day > self.last:
                raise NoOpenDay
            is_open = self.is_open(day)
            if is_open or (closed == ClosedDays.ONE and was_open):
                left -= 1
            was_open = is_open
        return self.next_day(day)

    def closing(self, day: date) -> datetime:
        """When the last opening of an open day ends. Raises `NoOpenDay`."""
        found = self.on(day)
        if not found:
            raise NoOpenDay
        return found[-1].ends_at

    def closing_after(self, moment: datetime, open_days: int) -> datetime:
        """The closing of the n-th open day from now on; a day that is open now is the first. Raises `NoOpenDay`."""
        opening = self.next(moment)
        found = self.days(self.day_of(opening.starts_at), self.last)[:open_days]
        if len(found) < open_days:
            raise NoOpenDay
        return self.closing(found[-1])

    def open_days_between(self, after: date, until: date) -> int:
        """Open days after `after`, up to and with `until`."""
        return len(self.days(after + ONE_DAY, until))

    def buffered(self, back: datetime, hours: int, open_days: int) -> datetime:
        """When something that came back at `back` may go out again: hours have passed, so many open days have stayed blank."""
        until = back + timedelta(hours=hours)
        if open_days:
            following = self.days(self.day_of(back) + ONE_DAY, self.last)
            if len(following) <= open_days:
                raise NoOpenDay
            until = max(until, self.on(following[open_days])[0].starts_at)
        return until


def openings(house_id: int, first: date, last: date) -> Openings:
    """The openings of the desk around the days from `first` to `last`; looks further ahead, for what falls on closed days."""
    return until_written(("openings", house_id, first, last), lambda: _openings(house_id, first, last + LOOK_AHEAD))


def _openings(house_id: int, first: date, last: date) -> Openings:
    zone = i18n.zone()
    days = offers.open_days(house_id, first, last, zone)
    return Openings(
        first, last, zone, offers.spans_of(days.values(), HoursKind.DESK),
        timedelta(minutes=rule(house_id, "returns_minutes")), timedelta(minutes=rule(house_id, "changeover_minutes")),
    )  # fmt: skip
