"""Reading a calendar file: every date up to a horizon, and a typed remark on whatever could not be read.

The dates are those that recurring-ical-events computes for the same file and window. It is given clean entries, built
from the few properties that matter and checked beforehand, because neither it nor the parser below is made for hostile
files. One series is worked out at a time, so that a broken one cannot spoil the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events as rie
from icalendar import Calendar, Event
from icalendar.prop import vDDDLists, vDDDTypes, vDuration, vRecur

from app.core.ical.codes import UNREAD, ProblemCode, RefusedCode, UnreadableCalendar, UnreadableCode
from app.core.ical.rules import Effort, Rule, RuleRefused, date_cost
from app.core.ical.scan import Limits, Part, Property, Scan, Status, scan, unescaped
from app.core.ical.zones import UTC_ZONE, Zones, zone_named

Moment = date | datetime
"""A DATE or DATE-TIME value, RFC 5545 section 3.3: a plain date stands for a whole day, a naive time is floating."""

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)")
_NO_COUNT = re.compile(r";?COUNT=-\d+")
_ENTRY = 150
"""Measured cost of an entry without its dates, as in `Effort`."""
_OWN_ZONE = 300
"""Measured cost of a date in a zone that the file defines itself."""
_SERIAL = "X-QUARTIERSRAUM-ENTRY"


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """One time at which something takes place.

    `recurrence_id` tells the dates of one `uid` apart: the start that the series' rule gave this date, in UTC, as
    ``20190304T130000Z``, and '' for an entry that does not repeat. It stays the same when the date is moved.
    An all-day date lasts from local midnight to local midnight. `clock_shifted`: the start falls into the hour that
    the clock skips in spring and was taken one hour later. A `refused` date cannot be a booking; its `ends_at` may
    lie at or before `starts_at`.
    """

    uid: str
    recurrence_id: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    all_day: bool
    sequence: int
    status: Status
    private: bool
    transparent: bool
    clock_shifted: bool
    refused: RefusedCode | None

    @property
    def cancelled(self) -> bool:
        return self.status is Status.CANCELLED

    @property
    def identity(self) -> tuple[str, str]:
        return self.uid, self.recurrence_id

    @property
    def digest(self) -> str:
        """32 hex digits over everything a reader would notice; DTSTAMP, SEQUENCE and the horizon are not in it."""
        refused = None if self.refused is RefusedCode.BEYOND_HORIZON else self.refused
        parts = (
            self.starts_at.isoformat(),
            self.ends_at.isoformat(),
            self.summary,
            self.status,
            refused or "",
            f"{self.all_day:d}{self.private:d}{self.transparent:d}",
        )
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class OpenSeries:
    """A series with dates beyond the horizon. `next_at` is its first start there, in UTC; `rule` as in the file."""

    uid: str
    summary: str
    rule: str
    endless: bool
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Problem:
    """`entry` counts the file's events from 1, 0 for the file itself; `facts` fill the placeholders of the message."""

    code: ProblemCode
    uid: str
    summary: str
    entry: int
    facts: Mapping[str, Any]

    @property
    def left_out(self) -> bool:
        """Whether the whole series is missing from the reading because of this."""
        return self.code in UNREAD


@dataclass(frozen=True, slots=True)
class Counts:
    """`skipped` has components that are no events, such as VTODO, by name."""

    entries: int
    series: int
    dates: int
    cancelled: int
    refused: int
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """All dates that start before `horizon`, by start, and single dates beyond it marked as refused.

    `unread_uids`: series that are in the file but could not be read. Their absence from `dates` says nothing.
    """

    name: str
    horizon: datetime
    dates: tuple[CalendarDate, ...]
    open_series: tuple[OpenSeries, ...]
    problems: tuple[Problem, ...]
    unread_uids: frozenset[str]
    counts: Counts

    @property
    def endless(self) -> tuple[OpenSeries, ...]:
        """Rules without an end, carried only to the horizon."""
        return tuple(series for series in self.open_series if series.endless)


@dataclass(slots=True)
class _Entry:
    """One VEVENT, understood. `rules` are the RRULEs as in the file."""

    number: int
    uid: str
    summary: str
    start: Moment
    end: Moment | timedelta | None
    recurrence: Moment | None
    following: bool
    rules: list[str]
    listed: list[Moment | tuple[Moment, Moment | timedelta]]
    excepted: list[Moment]
    sequence: int | None
    status: Status
    private: bool
    transparent: bool

    @property
    def version(self) -> int:
        """An entry without SEQUENCE is older than one with SEQUENCE:0, as the library has it."""
        return -1 if self.sequence is None else self.sequence

    def event(self) -> Event:
        """For the library: nothing in it that has not been checked."""
        event = Event()
        event["UID"] = self.uid
        event[_SERIAL] = self.number
        if self.sequence is not None:
            event["SEQUENCE"] = self.sequence
        event["DTSTART"] = vDDDTypes(self.start)
        if isinstance(self.end, timedelta):
            event["DURATION"] = vDDDTypes(self.end)
        elif self.end is not None:
            event["DTEND"] = vDDDTypes(self.end)
        if self.recurrence is not None:
            event["RECURRENCE-ID"] = vDDDTypes(self.recurrence, params={"RANGE": "THISANDFUTURE"} if self.following else None)
        if self.rules:
            event["RRULE"] = [vRecur.from_ical(_NO_COUNT.sub("", rule.upper())) for rule in self.rules]
        if self.listed:
            event["RDATE"] = vDDDLists(self.listed)
        if self.excepted:
            event["EXDATE"] = vDDDLists(self.excepted)
        return event


class _Adapter(rie.EventAdapter):  # type: ignore[misc]
    """Remembers which entry it was made from, also through the copies that the library makes."""

    def __init__(self, component: Any) -> None:
        super().__init__(component)
        self.serial: int = component[_SERIAL]
        recurrence = component.get("RECURRENCE-ID")
        self.recurrence: Moment | None = None if recurrence is None else recurrence.dt


class _Occurrence(rie.Occurrence):  # type: ignore[misc]
    """`original` is the start before any change; `serial` the entry that has the last word about this date."""

    def __init__(self, adapter: _Adapter, start: Moment | None, end: Moment | None) -> None:
        super().__init__(adapter, start, end)
        self.serial = adapter.serial
        self.original: Moment
        if start is None:
            self.original = adapter.start if adapter.recurrence is None else adapter.recurrence
        else:
            self.original = start - adapter.move_recurrences_by


class _Series(rie.Series):  # type: ignore[misc]
    # The library's own hook: no start means that the adapter is a single changed date.
    def occurrence(self, adapter: _Adapter, start: Moment | None = None, end: Moment | None = None) -> _Occurrence:
        return _Occurrence(adapter, start, end)


_SELECTION = rie.ComponentsWithName("VEVENT", adapter=_Adapter, series=_Series)


def read_calendar(data: bytes, *, zone: ZoneInfo, horizon: datetime, limits: Limits | None = None) -> Reading:
    """The dates of an untrusted iCalendar file up to `horizon` (aware, not included).

    Floating times and all-day dates are those of `zone`, or of the file's X-WR-TIMEZONE where it has one (all-day dates
    never). Raises UnreadableCalendar when the file as a whole is refused.
    """
    if horizon.tzinfo is None:
        raise ValueError("the horizon is an aware instant")
    limits = limits or Limits()
    return _Reader(scan(data, limits), zone, horizon, limits).reading()


class _Unread(Exception):
    """The series of this entry is left out."""

    def __init__(self, code: ProblemCode, **facts: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.facts = facts


class _Reader:
    def __init__(self, file: Scan, zone: ZoneInfo, horizon: datetime, limits: Limits) -> None:
        self.file, self.zone, self.limits = file, zone, limits
        self.horizon = horizon.astimezone(zone)
        self.effort = Effort(limits.effort)
        first = date(limits.earliest_year, 1, 1)
        self.zones = Zones(file.zones, self._first_day(first), self.horizon.date(), self.effort)
        self.window_start = datetime(limits.earliest_year, 1, 1, tzinfo=zone)
        self.far = max(datetime(limits.latest_year + 1, 1, 1, tzinfo=zone), self.horizon)
        self.all_cancelled = file.calendar.word("METHOD") == "CANCEL"
        self.problems: list[Problem] = []
        self.problems_left_out = 0
        self.unread: set[str] = set()
        self.open: list[OpenSeries] = []
        self.calendar_zone = self._calendar_zone()

    def reading(self) -> Reading:
        if (scale := self.file.calendar.word("CALSCALE")) not in ("", "GREGORIAN"):
            raise UnreadableCalendar(UnreadableCode.OTHER_CALENDAR_SYSTEM, scale=scale[:50])
        if self.file.encoding_guessed:
            self._remark(ProblemCode.ENCODING_GUESSED)
        series: dict[str, list[tuple[int, Part]]] = {}
        for number, part in enumerate(self.file.entries, 1):
            series.setdefault(self._uid(number, part, series), []).append((number, part))
        dates: list[CalendarDate] = []
        for uid, parts in series.items():
            dates += self._series(uid, parts)
            if len(dates) > self.limits.dates:
                raise UnreadableCalendar(UnreadableCode.TOO_MANY_DATES, limit=self.limits.dates)
        dates.sort(key=lambda one: (one.starts_at, one.uid, one.recurrence_id))
        if self.problems_left_out:
            more = Problem(ProblemCode.MORE_PROBLEMS, "", "", 0, {"count": self.problems_left_out})
            self.problems.append(more)
        calendar = self.file.calendar
        return Reading(
            name=calendar.text("X-WR-CALNAME", self.limits.text) or calendar.text("NAME", self.limits.text),
            horizon=self.horizon.astimezone(UTC),
            dates=tuple(dates),
            open_series=tuple(self.open),
            problems=tuple(self.problems),
            unread_uids=frozenset(self.unread),
            counts=Counts(
                entries=len(self.file.entries),
                series=len(series),
                dates=len(dates),
                cancelled=sum(one.cancelled for one in dates),
                refused=sum(one.refused is not None for one in dates),
                skipped=dict(self.file.skipped),
            ),
        )

    def _remark(self, code: ProblemCode, uid: str = "", summary: str = "", entry: int = 0, **facts: Any) -> None:
        if len(self.problems) >= self.limits.problems:
            self.problems_left_out += 1
        else:
            self.problems.append(Problem(code, uid, summary, entry, facts))

    def _first_day(self, earliest: date) -> date:
        """No entry of the file starts before this day."""
        years = [
            int(start.value[:4]) for part in self.file.entries if (start := part.first("DTSTART")) and _DATE.match(start.value)
        ]
        return date(max(min(years, default=earliest.year), earliest.year), 1, 1)

    def _calendar_zone(self) -> ZoneInfo | None:
        name = self.file.calendar.text("X-WR-TIMEZONE", 100)
        found = zone_named(name) if name else None
        if name and found is None:
            self._remark(ProblemCode.UNKNOWN_CALENDAR_ZONE, zone=name)
        return found

    def _uid(self, number: int, part: Part, taken: Mapping[str, Any]) -> str:
        """The entry's UID; for one that has none, a name made of its content, so that it is the same next time."""
        found = part.first("UID")
        uid = unescaped(found.value).strip() if found else ""
        if uid and len(uid) <= 1_000:
            return uid
        summary = part.text("SUMMARY", self.limits.text)
        words = [found.value if found else "", summary]
        words += [one.value for name in ("DTSTART", "DTEND", "DURATION", "RRULE") for one in part.all(name)[:5]]
        digest = sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        if not uid:
            self._remark(ProblemCode.NO_UID, f"no-uid-{digest}", summary, number)
        return f"no-uid-{digest}" if not uid else f"long-uid-{digest}"

    # One series

    def _series(self, uid: str, parts: list[tuple[int, Part]]) -> list[CalendarDate]:
        """All dates of one UID; [] with a problem when the series cannot be read."""
        number, part = parts[0]
        summary = part.text("SUMMARY", self.limits.text)
        try:
            entries = []
            for number, part in parts:
                summary = part.text("SUMMARY", self.limits.text)
                entries.append(self._entry(number, uid, summary, part))
            return self._dates(uid, entries)
        except _Unread as reason:
            self._remark(reason.code, uid, summary, number, **reason.facts)
        except UnreadableCalendar:
            raise
        except Exception as error:
            # Whatever the libraries stumble over is this one series' problem.
            self._remark(ProblemCode.NOT_UNDERSTOOD, uid, summary, number, error=type(error).__name__)
        self.unread.add(uid)
        return []

    def _entry(self, number: int, uid: str, summary: str, part: Part) -> _Entry:
        if part.attendees > self.limits.attendees:
            raise _Unread(ProblemCode.TOO_MANY_ATTENDEES, limit=self.limits.attendees, count=part.attendees)
        start = part.first("DTSTART")
        if start is None:
            raise _Unread(ProblemCode.NO_START)
        about = (uid, summary, number)
        begins = self._moment(start, start.value, about)
        end = self._end(part, about)
        if end is not None:
            self._check_length(begins, end)
        self.effort.spend(_ENTRY + (_OWN_ZONE if _own_zone(begins) else 0))
        recurrence = part.first("RECURRENCE-ID")
        following = recurrence is not None and recurrence.params.get("RANGE", "").upper() == "THISANDFUTURE"
        if following:
            self._remark(ProblemCode.FOLLOWING_CHANGED, *about)
        if part.all("EXRULE"):
            self._remark(ProblemCode.EXCEPTION_RULE, *about)
        sequence = part.word("SEQUENCE")
        status = part.word("STATUS")
        rules = [rule.value.strip() for rule in part.all("RRULE")]
        if len(rules) > 10:
            raise _Unread(ProblemCode.BAD_RULE, rule=rules[0][:200])
        return _Entry(
            number=number,
            uid=uid,
            summary=summary,
            start=begins,
            end=end,
            recurrence=self._moment(recurrence, recurrence.value, about) if recurrence else None,
            following=following,
            rules=rules,
            listed=list(self._listed(part.all("RDATE"), about)),
            excepted=[moment for moment in self._listed(part.all("EXDATE"), about) if not isinstance(moment, tuple)],
            sequence=int(sequence) if sequence.isdecimal() and len(sequence) < 10 else None,
            status=Status.CANCELLED
            if self.all_cancelled
            else Status(status)
            if status in Status.__members__
            else Status.CONFIRMED,
            private=part.word("CLASS") in ("PRIVATE", "CONFIDENTIAL"),
            transparent=part.word("TRANSP") == "TRANSPARENT",
        )

    def _check_length(self, start: Moment, end: Moment | timedelta) -> None:
        """What lasts for years is a mistake, and would make the library look for its dates as far back."""
        length = end if isinstance(end, timedelta) else self._instant(end) - self._instant(start)
        if abs(length) > 12 * self.limits.longest:
            raise _Unread(ProblemCode.FAR_TOO_LONG, days=abs(length).days)

    def _end(self, part: Part, about: tuple[str, str, int]) -> Moment | timedelta | None:
        end = part.first("DTEND")
        if end is not None:
            return self._moment(end, end.value, about)
        duration = part.first("DURATION")
        return None if duration is None else _duration(duration.value)

    def _listed(
        self, properties: Iterable[Property], about: tuple[str, str, int]
    ) -> Iterator[Moment | tuple[Moment, Moment | timedelta]]:
        """The values of RDATE or EXDATE, periods as pairs of a start and an end or a duration."""
        total = 0
        for one in properties:
            total += one.value.count(",") + 1
            if total > self.limits.listed:
                raise _Unread(ProblemCode.TOO_MANY_LISTED, limit=self.limits.listed)
            self.effort.spend(5 * (one.value.count(",") + 1))
            for value in one.value.split(","):
                start, slash, end = value.strip().partition("/")
                if slash:
                    begins = self._moment(one, start, about)
                    period = end.upper().startswith(("P", "+P", "-P"))
                    yield begins, _duration(end) if period else self._moment(one, end, about)
                elif start:
                    yield self._moment(one, start, about)

    def _moment(self, one: Property, text: str, about: tuple[str, str, int]) -> Moment:
        """A DATE or DATE-TIME, RFC 5545 sections 3.3.4 and 3.3.5."""
        text = text.strip()
        named = one.params.get("TZID")
        zone: tzinfo | None = self.zones.named(named) if named else None
        if named and zone is None:
            self._remark(ProblemCode.UNKNOWN_ZONE, *about, zone=named[:100])
        found: Moment | None = None
        try:
            if match := _TIME.fullmatch(text):
                year, month, day, hour, minute, second = (int(match[index]) for index in range(1, 7))
                if zone is None and match[7]:
                    zone = UTC_ZONE
                found = datetime(year, month, day, hour, minute, second, tzinfo=zone)
            elif match := _DATE.fullmatch(text):
                found = date(int(match[1]), int(match[2]), int(match[3]))
                if zone is not None:
                    # With a zone the library takes a day for its midnight, though RFC 5545 forbids the zone here.
                    found = datetime(found.year, found.month, found.day, tzinfo=zone)
        except ValueError:
            pass
        if found is None:
            raise _Unread(ProblemCode.BAD_TIME, value=text[:100])
        if found.year < self.limits.earliest_year:
            raise _Unread(ProblemCode.TOO_EARLY, year=self.limits.earliest_year)
        if found.year > self.limits.latest_year:
            raise _Unread(ProblemCode.TOO_LATE, year=self.limits.latest_year)
        return found

    def _dates(self, uid: str, entries: list[_Entry]) -> list[CalendarDate]:
        self._remark_older_versions(entries)
        core = _core(entries)
        rules = self._admitted(core, entries) if core else []
        calendar = Calendar()
        if self.calendar_zone is not None:
            calendar["X-WR-TIMEZONE"] = self.calendar_zone.key
        for entry in entries:
            calendar.subcomponents.append(entry.event())
        (series,) = rie.of(calendar, components=[_SELECTION]).series
        repeats = core is None or bool(core.rules or core.listed)
        by_number = {entry.number: entry for entry in entries}
        dates = []
        for found in self._found(series, bool(rules)):
            one = self._date(found, series, by_number[found.serial], repeats)
            if one.starts_at >= self.horizon:
                one = replace(one, refused=one.refused or RefusedCode.BEYOND_HORIZON)
            dates.append(one)
            if len(dates) > self.limits.series_dates:
                raise _Unread(ProblemCode.TOO_MANY_SERIES_DATES, limit=self.limits.series_dates)
        if rules and core:
            self._note_open(series, core, rules)
        return self._told_apart(dates, entries[0])

    def _remark_older_versions(self, entries: list[_Entry]) -> None:
        """Of the versions of one entry in one file the highest SEQUENCE counts, RFC 5546 section 2.1.5."""
        seen: set[Moment | None] = set()
        for entry in entries:
            if entry.recurrence in seen:
                self._remark(ProblemCode.OLDER_VERSION, entry.uid, entry.summary, entry.number)
            seen.add(entry.recurrence)

    def _admitted(self, core: _Entry, entries: list[_Entry]) -> list[tuple[Rule, date | None]]:
        """The core's rules with a day beyond the horizon by which each goes on; charges for working them out."""
        start, end = _day(core.start), self.horizon.date()
        rules, dates, text = [], len(core.listed) + 1, ""
        for entry in entries:
            for text in entry.rules:
                try:
                    rule = Rule.parsed(text)
                    if entry is core:
                        rules.append((rule, rule.admit(start, end, self.effort)))
                        dates += rule.most_dates(start, end)
                except RuleRefused as refusal:
                    raise _Unread(refusal.code, rule=text[:200]) from refusal
        # The number is an upper bound; exceptions and BYMONTH may leave far fewer.
        if dates > 4 * self.limits.series_dates:
            raise _Unread(ProblemCode.TOO_MANY_SERIES_DATES, limit=self.limits.series_dates)
        self.effort.spend(date_cost(dates) + (_OWN_ZONE * dates if _own_zone(core.start) else 0))
        # The library goes through the rule once more for each changed date that has rules of its own, and through the
        # changes of all following dates once for each date.
        again = sum(bool(e.rules or e.listed or e.excepted) for e in entries if e.recurrence is not None)
        self.effort.spend(dates * (2 * again + sum(e.following for e in entries) / 10))
        return rules

    def _found(self, series: Any, by_rule: bool) -> Iterator[_Occurrence]:
        """All dates up to the horizon, and those beyond it that the file names one by one."""
        if not by_rule:
            yield from series.between(self.window_start, self.far)
            return
        yield from series.between(self.window_start, self.horizon)
        for adapter in series.modifications:
            excepted = series.recurrence.check_exdates_datetime & set(adapter.recurrence_ids)
            if not excepted and self._instant(adapter.start) >= self.horizon:
                yield _Occurrence(adapter, None, None)

    def _note_open(self, series: Any, core: _Entry, rules: list[tuple[Rule, date | None]]) -> None:
        """Lists the series when its rules go on beyond the horizon."""
        endless = any(rule.endless for rule, _ in rules)
        today = self.horizon.date()
        if not endless and all(rule.until and rule.until < today - timedelta(days=1) for rule, _ in rules):
            return
        witness = min((day for _, day in rules if day is not None), default=today)
        next_at: datetime | None = None
        # The first look finds it, unless exceptions take the date away.
        for last in (witness + timedelta(days=1), witness + timedelta(days=400), today + timedelta(days=15_000)):
            for rule, _ in rules:
                self.effort.spend(rule.look_cost(today, last + (witness - today)))
            until = self.horizon + (last - today)
            starts = [self._instant(one.start) for one in series.between(self.horizon, until)]
            next_at = min((at.astimezone(UTC) for at in starts if at >= self.horizon), default=None)
            if next_at or not endless:
                break
        if endless or next_at:
            text = ", ".join(rule[: self.limits.text] for rule in core.rules)
            self.open.append(OpenSeries(core.uid, core.summary, text, endless, next_at))

    # One date

    def _date(self, found: _Occurrence, series: Any, entry: _Entry, repeats: bool) -> CalendarDate:
        starts_at, ends_at = self._instant(found.start).astimezone(UTC), self._instant(found.end).astimezone(UTC)
        original = self._original(found.original, series)
        first = self._original(series.recurrence.original_start, series) if series.recurrence.has_core else None
        single = not repeats and original == first
        return CalendarDate(
            uid=entry.uid,
            recurrence_id="" if single else f"{original:%Y%m%dT%H%M%SZ}",
            starts_at=starts_at,
            ends_at=ends_at,
            summary=entry.summary,
            all_day=not isinstance(found.start, datetime),
            sequence=entry.sequence or 0,
            status=entry.status,
            private=entry.private,
            transparent=entry.transparent,
            clock_shifted=_skipped(found.start, self.zone),
            refused=self._refused(starts_at, ends_at, entry),
        )

    def _instant(self, moment: Moment) -> datetime:
        """Aware: a day is its midnight in the house's zone, a floating time a time there."""
        if not isinstance(moment, datetime):
            return datetime(moment.year, moment.month, moment.day, tzinfo=self.zone)
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)

    def _original(self, moment: Moment, series: Any) -> datetime:
        """The start that identifies a date, in UTC. A RECURRENCE-ID may be written in another form than the series'
        start; it then means the same wall clock, as the library has it when it matches the two.
        """
        if series.recurrence.has_core:
            start: Moment = series.recurrence.original_start
            if not isinstance(start, datetime):
                moment = date(moment.year, moment.month, moment.day)
            else:
                if not isinstance(moment, datetime):
                    moment = datetime(moment.year, moment.month, moment.day)
                if moment.tzinfo is None or start.tzinfo is None:
                    moment = moment.replace(tzinfo=start.tzinfo)
        return self._instant(moment).astimezone(UTC)

    def _refused(self, starts_at: datetime, ends_at: datetime, entry: _Entry) -> RefusedCode | None:
        if entry.end is None and ends_at <= starts_at:
            return RefusedCode.NO_END
        # The library turns such an entry round; that somebody meant it so is a guess nobody should book on.
        if isinstance(entry.end, timedelta) and entry.end < timedelta():
            return RefusedCode.ENDS_BEFORE_START
        if entry.end is not None and not isinstance(entry.end, timedelta):
            start, end = self._instant(entry.start), self._instant(entry.end)
            if end < start:
                return RefusedCode.ENDS_BEFORE_START
        if ends_at == starts_at:
            return RefusedCode.ZERO_LENGTH
        if ends_at < starts_at:
            return RefusedCode.ENDS_BEFORE_START
        return RefusedCode.TOO_LONG if ends_at - starts_at > self.limits.longest else None

    def _told_apart(self, dates: list[CalendarDate], first: _Entry) -> list[CalendarDate]:
        """Identities are unique, also where a file gives two dates the same."""
        seen: dict[str, int] = {}
        result = []
        for one in dates:
            times = seen[one.recurrence_id] = seen.get(one.recurrence_id, 0) + 1
            if times > 1:
                self._remark(ProblemCode.SAME_IDENTITY, one.uid, one.summary, first.number)
                one = replace(one, recurrence_id=f"{one.recurrence_id}#{times}")
            result.append(one)
        return result


def _core(entries: list[_Entry]) -> _Entry | None:
    """The newest entry that is no changed date; of equals the first, as the library has it."""
    cores = [entry for entry in entries if entry.recurrence is None]
    return max(cores, key=lambda entry: entry.version, default=None)


def _own_zone(moment: Moment) -> bool:
    """Whether the file itself defines the zone; such zones are slow to ask."""
    return isinstance(moment, datetime) and not isinstance(moment.tzinfo, ZoneInfo | None)


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _duration(text: str) -> timedelta:
    try:
        found: timedelta = vDuration.from_ical(text.strip())  # type: ignore[no-untyped-call]
        return found
    except (ValueError, OverflowError) as error:
        raise _Unread(ProblemCode.BAD_TIME, value=text[:100]) from error


def _skipped(moment: Moment, zone: ZoneInfo) -> bool:
    """Whether the clock on the wall never showed this time, on a night in spring."""
    if not isinstance(moment, datetime):
        return False
    here = moment.tzinfo or zone
    # Zones that a file defines itself are slow to ask and known for their quirks.
    if here is UTC_ZONE or not isinstance(here, ZoneInfo):
        return False
    there_and_back = moment.replace(tzinfo=here).astimezone(UTC).astimezone(here)
    return there_and_back.replace(tzinfo=None) != moment.replace(tzinfo=None)
