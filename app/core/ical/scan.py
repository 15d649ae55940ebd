"""From bytes to entries: the only place that touches an untrusted file as text.

Only the few properties that say when something takes place are picked out, by one pass of a regular expression.
Everything else (attendees, descriptions, attachments, alarms) is never parsed, so it can cost nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from app.core.ical.codes import UnreadableCalendar, UnreadableCode


class Status(StrEnum):
    """STATUS of an event, RFC 5545 section 3.8.1.11."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a neighbourhood's calendar stays well below and a hostile one does not."""

    bytes: int = 5_000_000
    entries: int = 5_000
    dates: int = 20_000
    series_dates: int = 5_000
    listed: int = 5_000
    """RDATE and EXDATE values of one entry."""
    attendees: int = 1_000
    """Of one entry; they are counted, never read."""
    longest: timedelta = timedelta(days=31)
    earliest_year: int = 1900
    latest_year: int = 2200
    text: int = 500
    """Characters kept of a summary or name."""
    problems: int = 500
    effort: int = 1_500_000
    """Work for repetition rules, in units of about a microsecond."""


@dataclass(frozen=True, slots=True)
class Property:
    """One content line, RFC 5545 section 3.1; the parameters' names are in capitals, the value is still escaped."""

    params: Mapping[str, str]
    value: str


@dataclass(slots=True)
class Part:
    """A component with the properties we read, by name in capitals."""

    name: str
    properties: dict[str, list[Property]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    attendees: int = 0

    def all(self, name: str) -> list[Property]:
        return self.properties.get(name, [])

    def first(self, name: str) -> Property | None:
        found = self.properties.get(name)
        return found[0] if found else None

    def text(self, name: str, limit: int) -> str:
        """The unescaped text of a property, cut to `limit` characters, '' where there is none."""
        found = self.first(name)
        return unescaped(found.value[: 2 * limit]).strip()[:limit] if found else ""

    def word(self, name: str) -> str:
        found = self.first(name)
        return found.value.strip().upper() if found else ""


@dataclass(frozen=True, slots=True)
class Scan:
    calendar: Part
    entries: list[Part]
    zones: Mapping[str, Part]
    skipped: Mapping[str, int]
    """Components that are no events, by name and number: VTODO, VJOURNAL …"""
    encoding_guessed: bool


DEPTH = 8
_LINE = re.compile(
    r"^(BEGIN|END|METHOD|CALSCALE|NAME|X-WR-CALNAME|X-WR-TIMEZONE|TZID|TZOFFSETFROM|TZOFFSETTO|TZNAME|UID|DTSTART|DTEND"
    r"|DURATION|RRULE|EXRULE|RDATE|EXDATE|RECURRENCE-ID|SEQUENCE|STATUS|SUMMARY|CLASS|TRANSP|ATTENDEE)"
    # Possessive: nothing is ever tried a second time, so a line costs what it is long.
    r'((?:;(?:[^":;\n]++|"[^"\n]*+")*+)*+):([^\n]*+)$',
    re.IGNORECASE | re.MULTILINE,
)
_PARAM = re.compile(r';([^=;":]+)=("[^"]*"|[^;":]*)')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BLANK_LINES = re.compile(r"\n{2,}")
_ZONE_PARTS = frozenset({"STANDARD", "DAYLIGHT"})


def unescaped(text: str) -> str:
    """A TEXT value as people wrote it, RFC 5545 section 3.3.11."""
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)


def scan(data: bytes, limits: Limits) -> Scan:
    """Raises UnreadableCalendar when the file as a whole cannot be trusted to be one complete calendar."""
    if len(data) > limits.bytes:
        raise UnreadableCalendar(UnreadableCode.TOO_LARGE, limit_mb=limits.bytes // 1_000_000, bytes=len(data))
    text, guessed = _decoded(data)
    if not text.strip("\r\n\t \0"):
        raise UnreadableCalendar(UnreadableCode.EMPTY)
    if not text.lstrip()[:15].upper() == "BEGIN:VCALENDAR":
        raise UnreadableCalendar(UnreadableCode.NOT_A_CALENDAR, looks_like=_kind(data))
    if "\0" in text:
        raise UnreadableCalendar(UnreadableCode.BROKEN_ENCODING)
    if text.count("BEGIN:VEVENT") > limits.entries:
        raise UnreadableCalendar(UnreadableCode.TOO_MANY_ENTRIES, limit=limits.entries)
    return _parts(_unfolded(text.lstrip()), limits, guessed)


def _decoded(data: bytes) -> tuple[str, bool]:
    """The text, and whether its encoding had to be guessed."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding != "utf-8-sig"
            except UnicodeDecodeError as error:
                raise UnreadableCalendar(UnreadableCode.BROKEN_ENCODING) from error
    try:
        return data.decode(), False
    except UnicodeDecodeError:
        pass
    if b"BEGIN:VCALENDAR" not in data[:200].upper():
        raise UnreadableCalendar(UnreadableCode.NOT_A_CALENDAR, looks_like=_kind(data))
    try:
        # What programs on Windows write when they do not write UTF-8.
        return data.decode("cp1252"), True
    except UnicodeDecodeError as error:
        raise UnreadableCalendar(UnreadableCode.BROKEN_ENCODING) from error


def _kind(data: bytes) -> str:
    """A guess for the log and the message: html, pdf, zip, image or unknown."""
    start = data[:1000].lstrip().lower()
    for kind, marks in {
        "html": (b"<!doctype html", b"<html", b"<?xml", b"<head"),
        "pdf": (b"%pdf",),
        "zip": (b"pk\x03\x04", b"\x1f\x8b"),
        "image": (b"\x89png", b"\xff\xd8\xff", b"gif8"),
    }.items():
        if start.startswith(marks):
            return kind
    return "unknown"


def _unfolded(text: str) -> str:
    """One content line a line, RFC 5545 section 3.1. Plain replacements: their cost grows with the length alone."""
    text = text.replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    # Some programs leave an empty line inside a folded one.
    return _BLANK_LINES.sub("\n", text).replace("\n ", "").replace("\n\t", "")


def _parts(text: str, limits: Limits, guessed: bool) -> Scan:
    stack: list[Part] = []
    calendar: Part | None = None
    entries: list[Part] = []
    zones: dict[str, Part] = {}
    skipped: Counter[str] = Counter()
    for match in _LINE.finditer(text):
        name = match[1].upper()
        if name == "BEGIN":
            if len(stack) >= DEPTH:
                raise UnreadableCalendar(UnreadableCode.BROKEN_STRUCTURE, part="depth")
            part = Part(match[3].strip().upper())
            if (part.name == "VCALENDAR") != (not stack):
                raise UnreadableCalendar(UnreadableCode.BROKEN_STRUCTURE, part=part.name[:50])
            if part.name == "VCALENDAR":
                if calendar is not None:
                    raise UnreadableCalendar(UnreadableCode.SEVERAL_CALENDARS)
                calendar = part
            elif part.name in ("VEVENT", "VTIMEZONE") and len(stack) > 1:
                raise UnreadableCalendar(UnreadableCode.BROKEN_STRUCTURE, part=part.name)
            elif part.name == "VEVENT":
                if len(entries) >= limits.entries:
                    raise UnreadableCalendar(UnreadableCode.TOO_MANY_ENTRIES, limit=limits.entries)
                entries.append(part)
            elif part.name in _ZONE_PARTS and stack[-1].name == "VTIMEZONE":
                stack[-1].parts.append(part)
            elif part.name != "VTIMEZONE" and len(stack) == 1 and (part.name in skipped or len(skipped) < 20):
                skipped[part.name[:50]] += 1
            stack.append(part)
        elif name == "END":
            ended = match[3].strip().upper()
            if stack and ended != stack[-1].name and match.end() == len(text) and stack[-1].name.startswith(ended):
                raise UnreadableCalendar(UnreadableCode.CUT_SHORT)
            if not stack or ended != stack[-1].name:
                raise UnreadableCalendar(UnreadableCode.BROKEN_STRUCTURE, part=ended[:50])
            part = stack.pop()
            if part.name == "VTIMEZONE" and len(stack) == 1 and (zone := part.first("TZID")):
                zones.setdefault(zone.value.strip(), part)
        elif not stack:
            raise UnreadableCalendar(UnreadableCode.BROKEN_STRUCTURE, part=name)
        elif name == "ATTENDEE":
            stack[-1].attendees += 1
        else:
            stack[-1].properties.setdefault(name, []).append(Property(_params(match[2]), match[3]))
    if stack or calendar is None:
        raise UnreadableCalendar(UnreadableCode.CUT_SHORT)
    return Scan(calendar, entries, zones, skipped, guessed)


def _params(text: str) -> Mapping[str, str]:
    return {match[1].strip().upper(): match[2].strip('" ') for match in _PARAM.finditer(text)} if text else {}
