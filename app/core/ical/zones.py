"""Time zones that files name, and the VTIMEZONE block that our own files carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from io import StringIO
from zoneinfo import ZoneInfo, available_timezones

from dateutil.tz import tzical
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from app.core.ical.codes import UnreadableCalendar
from app.core.ical.rules import Effort, Rule, RuleRefused
from app.core.ical.scan import Part

UTC_ZONE = ZoneInfo("UTC")
_LOCAL_TIME = re.compile(r"\d{8}T\d{6}")
_OFFSET = re.compile(r"[+-](?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?")
_ZONE_DATES = 1_000
_DEFINITION = 3_000
"""Measured cost of making a zone from its definition."""


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    """By IANA name, Windows name (``W. Europe Standard Time``), or a vendor's path that ends in an IANA name."""
    if len(name) > 200:
        return None
    name = name.strip().strip("/")
    name = WINDOWS_TO_OLSON.get(name, name)
    parts = name.split("/")
    for first in range(min(len(parts), 8)):
        candidate = "/".join(parts[first:])
        if candidate in _known():
            return ZoneInfo(candidate)
    return None


class Zones:
    """The zones of one file. Its own definitions live and die with it: a zone that one file calls X means nothing to
    the next, which is why the library's process-wide cache of zones is never filled from here.
    """

    def __init__(self, definitions: Mapping[str, Part], first: date, last: date, effort: Effort) -> None:
        self._definitions = definitions
        self._first, self._last = first, last
        self._effort = effort
        self._found: dict[str, tzinfo | None] = {}

    def named(self, name: str) -> tzinfo | None:
        """None when neither the world nor the file knows the zone."""
        if name not in self._found:
            self._found[name] = zone_named(name) or self._defined(name)
        return self._found[name]

    def _defined(self, name: str) -> tzinfo | None:
        part = self._definitions.get(name)
        if part is None:
            return None
        self._effort.spend(_DEFINITION)
        try:
            lines = self._lines(part)
            return tzical(StringIO("\n".join(lines))).get()
        except UnreadableCalendar:
            raise
        except (ValueError, OverflowError, TypeError, IndexError, RuleRefused):
            return None

    def _lines(self, zone: Part) -> list[str]:
        """The definition cut down to what has a meaning; raises ValueError or RuleRefused where it has none.

        Only yearly rules, RFC 5545 section 3.6.5. They may begin in 1601, as Microsoft's do; no date that we look at
        is older than `first`, so they begin just before it, which saves counting through the centuries at each date.
        """
        lines = ["BEGIN:VTIMEZONE", "TZID:X"]
        if not 1 <= len(zone.parts) <= 50:
            raise ValueError("a zone has some observances")
        for part in zone.parts:
            start, before, after = part.first("DTSTART"), part.first("TZOFFSETFROM"), part.first("TZOFFSETTO")
            if start is None or before is None or after is None:
                raise ValueError("an observance has a start and two offsets")
            if not _LOCAL_TIME.fullmatch(start.value) or not (_OFFSET.fullmatch(before.value) and _OFFSET.fullmatch(after.value)):
                raise ValueError("an observance has a local start and offsets in hours and minutes")
            begins = start.value
            rules = part.all("RRULE")[:2]
            for rule in rules:
                parsed = Rule.parsed(rule.value)
                if parsed.freq != "YEARLY" or parsed.count is not None:
                    raise ValueError("a zone changes by the year")
                year = self._first.year - 2
                if parsed.interval == 1 and parsed.byday and parsed.bymonth and int(begins[:4]) < year:
                    begins = f"{year:04}{begins[4:]}"
                parsed.admit(datetime.strptime(begins, "%Y%m%dT%H%M%S").date(), self._last, self._effort)
            dates = [value for rdate in part.all("RDATE") for value in rdate.value.split(",", _ZONE_DATES)]
            if len(dates) > _ZONE_DATES or not all(_LOCAL_TIME.fullmatch(value) for value in dates):
                raise ValueError("a zone changes at local times, and not that often")
            self._effort.spend(10 * len(dates))
            lines += [f"BEGIN:{part.name}", f"DTSTART:{begins}"]
            lines += [f"TZOFFSETFROM:{before.value}", f"TZOFFSETTO:{after.value}", "TZNAME:X"]
            lines += [f"RRULE:{rule.value.strip()}" for rule in rules]
            lines += [f"RDATE:{value}" for value in dates]
            lines.append(f"END:{part.name}")
        return [*lines, "END:VTIMEZONE"]


@lru_cache(maxsize=64)
def zone_block(zone: ZoneInfo, first_year: int, last_year: int) -> tuple[str, ...]:
    """The content lines of a VTIMEZONE that is right from `first_year` to `last_year`, RFC 5545 section 3.6.5.

    Changes that follow a yearly rule are written as one, because Outlook knows no others; else they are listed.
    """
    changes = _changes(zone, first_year - 1, last_year)
    if not changes:
        offset = datetime(first_year, 1, 1, tzinfo=zone)
        return (
            "BEGIN:VTIMEZONE",
            f"TZID:{zone.key}",
            *_observance("STANDARD", offset, offset, [datetime(1970, 1, 1)], by_rule=False),
            "END:VTIMEZONE",
        )
    groups: dict[tuple[timedelta | None, timedelta | None, bool], list[tuple[datetime, datetime]]] = {}
    for before, after in changes:
        groups.setdefault((before.utcoffset(), after.utcoffset(), bool(after.dst())), []).append((before, after))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}"]
    years = last_year - first_year + 2
    for (_, _, summer), pairs in groups.items():
        # A change happens at the moment at which the clock still shows the old time: RFC 5545, DTSTART of observances.
        locals_ = [(after.astimezone(UTC) + (before.utcoffset() or timedelta())).replace(tzinfo=None) for before, after in pairs]
        by_rule = len(pairs) == years and len({(at.month, at.time()) for at in locals_}) == 1 and _is_last(locals_)
        lines += _observance("DAYLIGHT" if summer else "STANDARD", *pairs[0], locals_, by_rule=by_rule)
    return (*lines, "END:VTIMEZONE")


def _changes(zone: ZoneInfo, first_year: int, last_year: int) -> list[tuple[datetime, datetime]]:
    """The seconds before and after each change of the clock, in the zone's time."""
    found = []
    at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        low, high = at, at + timedelta(days=7)
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            found.append((low.astimezone(zone), high.astimezone(zone)))
        at += timedelta(days=7)
    return found


def _is_last(moments: list[datetime]) -> bool:
    """Whether each is the last of its weekday in its month, and all on the same weekday."""
    return len({at.weekday() for at in moments}) == 1 and all((at + timedelta(days=7)).month != at.month for at in moments)


def _observance(name: str, before: datetime, after: datetime, moments: list[datetime], *, by_rule: bool) -> tuple[str, ...]:
    first = moments[0]
    lines = [
        f"BEGIN:{name}",
        f"DTSTART:{first:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_offset(before)}",
        f"TZOFFSETTO:{_offset(after)}",
        f"TZNAME:{after.tzname()}",
    ]
    if by_rule:
        day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[first.weekday()]
        lines.append(f"RRULE:FREQ=YEARLY;BYMONTH={first.month};BYDAY=-1{day}")
    else:
        lines += [f"RDATE:{at:%Y%m%dT%H%M%S}" for at in moments[1:]]
    return (*lines, f"END:{name}")


def _offset(moment: datetime) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}{minutes % 60:02}" + (f"{rest:02}" if rest else "")
