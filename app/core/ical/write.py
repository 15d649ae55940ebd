"""Writing calendars: feeds for rooms and people, and the entry that goes with a letter.

Lines are written here and not by the icalendar library because a feed is made on request: 2,000 dates take that
library a second, and these few lines some hundredths of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.core.ical.scan import Status
from app.core.ical.zones import zone_block

PRODUCT = "-//Quartiersraum//Quartiersraum//EN"
_FOLD_AT = 75
"""Octets in a line without its line break, RFC 5545 section 3.1."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Method(StrEnum):
    """What a calendar entry asks of its reader, RFC 5546 section 1.4."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class FeedDate:
    """One date to write. `starts_at` and `ends_at` are aware; an `all_day` one lasts from local midnight to midnight.

    `uid` and `sequence` are the same in the feed and in every letter about it; `sequence` grows with every change that
    a reader must notice. `last_modified` also is the DTSTAMP, so that an unchanged date is written alike each time.
    """

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""
    sequence: int = 0
    status: Status = Status.CONFIRMED
    last_modified: datetime | None = None
    all_day: bool = False
    private: bool = False
    transparent: bool = False

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("a date in a feed has aware instants")
        if not self.uid:
            raise ValueError("a date in a feed has a uid")


@dataclass(frozen=True, slots=True)
class Organizer:
    """The house that vouches for an entry; RFC 5546 wants it in every entry that is sent by mail."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """A file for a letter, and the type under which it is attached."""

    data: bytes
    method: Method

    @property
    def content_type(self) -> str:
        return f"text/calendar; charset=utf-8; method={self.method}"


def write_calendar(
    name: str,
    dates: Iterable[FeedDate],
    *,
    zone: ZoneInfo,
    now: datetime,
    prodid: str = PRODUCT,
    refresh: timedelta | None = timedelta(hours=1),
    description: str = "",
) -> bytes:
    """A feed to subscribe to. `refresh` tells programs how often to come back, RFC 7986 section 5.7.

    The same dates give the same bytes, whatever the time, when each has its `last_modified`.
    """
    head = [_text("NAME", name), _text("X-WR-CALNAME", name)]
    if description:
        head += [_text("DESCRIPTION", description), _text("X-WR-CALDESC", description)]
    if refresh is not None:
        minutes = max(1, int(refresh.total_seconds()) // 60)
        head += [f"REFRESH-INTERVAL;VALUE=DURATION:PT{minutes}M", f"X-PUBLISHED-TTL:PT{minutes}M"]
    return _calendar(Method.PUBLISH, head, dates, zone, now, prodid, None)


def write_invitation(date: FeedDate, *, organizer: Organizer, zone: ZoneInfo, now: datetime, prodid: str = PRODUCT) -> Invitation:
    """The one entry that goes with a letter, under the UID it has in the feeds.

    PUBLISH, not REQUEST: a confirmed booking is a fact and asks nothing back. A REQUEST would show buttons whose
    answers the house does not read, and needs the reader as ATTENDEE. A cancelled date goes as CANCEL; its `sequence`
    must be higher than that of the letter before, or calendars leave it where it is (RFC 5546 section 3.2.5).
    """
    method = Method.CANCEL if date.status is Status.CANCELLED else Method.PUBLISH
    return Invitation(_calendar(method, [], [date], zone, now, prodid, organizer), method)


def _calendar(
    method: Method,
    head: list[str],
    dates: Iterable[FeedDate],
    zone: ZoneInfo,
    now: datetime,
    prodid: str,
    organizer: Organizer | None,
) -> bytes:
    entries, years = [], {now.astimezone(zone).year}
    for one in dates:
        years |= {one.starts_at.year, one.ends_at.year}
        entries += list(_entry(one, zone, now, organizer))
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", _text("PRODID", prodid), "CALSCALE:GREGORIAN", f"METHOD:{method}"]
    lines += head
    # No X-WR-TIMEZONE: with it, readers take UTC times for local ones and lose the second of two equal hours.
    lines += zone_block(zone, min(years), max(years) + 1)
    lines += entries
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _entry(one: FeedDate, zone: ZoneInfo, now: datetime, organizer: Organizer | None) -> Iterator[str]:
    changed = _utc(one.last_modified or now)
    yield "BEGIN:VEVENT"
    yield _text("UID", one.uid)
    yield f"DTSTAMP:{changed}"
    if one.last_modified is not None:
        yield f"LAST-MODIFIED:{changed}"
    yield f"SEQUENCE:{one.sequence}"
    start, end = one.starts_at.astimezone(zone), one.ends_at.astimezone(zone)
    if one.all_day:
        yield f"DTSTART;VALUE=DATE:{start:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{end:%Y%m%d}"
    elif start.fold or end.fold:
        # The second of two equal hours in October has no local name: RFC 5545 section 3.3.5 means the first.
        yield f"DTSTART:{_utc(start)}"
        yield f"DTEND:{_utc(end)}"
    else:
        yield f"DTSTART;TZID={zone.key}:{start:%Y%m%dT%H%M%S}"
        yield f"DTEND;TZID={zone.key}:{end:%Y%m%dT%H%M%S}"
    yield _text("SUMMARY", one.summary)
    if one.description:
        yield _text("DESCRIPTION", one.description)
    if one.location:
        yield _text("LOCATION", one.location)
    if one.url:
        yield f"URL:{_one_line(one.url)}"
    yield f"STATUS:{one.status}"
    yield f"TRANSP:{'TRANSPARENT' if one.transparent else 'OPAQUE'}"
    if one.private:
        yield "CLASS:PRIVATE"
    if organizer is not None:
        common_name = _one_line(organizer.name).replace('"', "'")
        yield f'ORGANIZER;CN="{common_name}":mailto:{_one_line(organizer.email)}'
    yield "END:VEVENT"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _one_line(value: str) -> str:
    return _CONTROL.sub("", value.replace("\n", " ").replace("\t", " "))


def _text(name: str, value: str) -> str:
    """A property of type TEXT, RFC 5545 section 3.3.11."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = _CONTROL.sub("", value).replace("\\", "\\\\").replace("\n", "\\n")
    return f"{name}:{value.replace(';', chr(92) + ';').replace(',', chr(92) + ',')}"


def _folded(line: str) -> bytes:
    """The line with its break, cut where it grows too long, never inside a letter."""
    rest = line.encode("utf-8", "replace")
    if len(rest) <= _FOLD_AT:
        return rest + b"\r\n"
    pieces, width = [], _FOLD_AT
    while len(rest) > width:
        cut = width
        # 10xxxxxx is a byte inside a letter.
        while rest[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(rest[:cut])
        # Continued lines begin with a blank, which counts.
        rest, width = rest[cut:], _FOLD_AT - 1
    pieces.append(rest)
    return b"\r\n ".join(pieces) + b"\r\n"
