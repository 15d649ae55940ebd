"""What a calendar file means for a room: read, compared with what is known of it, and given room. Nothing is written here."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from app.core import clock, i18n, ical
from app.core.db import session
from app.core.i18n import gettext
from app.core.ical import CalendarDate, Reading
from app.core.spans import Span, merged
from app.occupancy import queries as occupancy
from app.occupancy.queries import Held
from app.offers import queries as offers
from app.rooms import queries
from app.rooms.models import CalendarSource, State
from app.rooms.queries import BOOKING, KnownDate, RoomCard
from app.rooms.service.report import (
    CANCELLED,
    FREE,
    KEPT_CANCELLED,
    KEPT_MOVED,
    REMOVED,
    TAKEN,
    TAKEN_BY_WISH,
    TAKEN_IN_FILE,
    CalendarTooLarge,
    CalendarUnreadable,
    Line,
    Report,
    What,
)


@dataclass(slots=True)
class Wanted:
    """A date that wants the room: a new one, one that moves, or one that was refused before."""

    date: CalendarDate
    summary: str
    known: KnownDate | None
    row: dict[str, Any]

    @property
    def span(self) -> Span:
        return Span(self.date.starts_at, self.date.ends_at)


@dataclass(slots=True)
class Plan:
    """Rows to write, and the report. Nothing here has touched the database for more than reading."""

    room: RoomCard
    source: CalendarSource | None
    name: str
    reading: Reading
    titles_public: bool
    carried: bool = False
    """Nobody brought a file: the house carries on the one it has."""
    lines: list[Line] = field(default_factory=list)
    unchanged: int = 0
    cancels: list[tuple[int, str]] = field(default_factory=list)
    """Booking and reason code."""
    books: list[Wanted] = field(default_factory=list)
    revives: list[Wanted] = field(default_factory=list)
    moves: list[Wanted] = field(default_factory=list)
    renames: list[tuple[int, str, bool]] = field(default_factory=list)
    """Booking, purpose, whether it is public."""
    new_rows: list[dict[str, Any]] = field(default_factory=list)
    changed_rows: list[dict[str, Any]] = field(default_factory=list)
    """All columns of an imported date by its ``id``."""
    dropped_rows: list[int] = field(default_factory=list)

    @property
    def report(self) -> Report:
        return Report(
            name=self.name,
            horizon=self.reading.horizon,
            follows=self.source is not None,
            titles_public=self.titles_public,
            lines=tuple(sorted(self.lines, key=lambda line: (line.starts_at, line.ends_at, line.summary))),
            unchanged=self.unchanged,
            open_series=self.reading.open_series,
            problems=self.reading.problems,
        )

    @property
    def touches_rows(self) -> bool:
        return bool(self.new_rows or self.changed_rows or self.dropped_rows or self.cancels or self.renames)


def planned(
    room: RoomCard, content: bytes, name: str, horizon: datetime, titles_public: bool | None, source: CalendarSource | None = None
) -> Plan:
    zone = i18n.zone()
    reading = _read(content, zone, horizon)
    known = queries.known_dates(room.id)
    uids = {_short(one.uid) for one in reading.dates} | {_short(uid) for uid in reading.unread_uids}
    if source is None:
        source = _followed(room.id, reading, known, uids)
    if source is not None and source.carried_to > reading.horizon:
        reading = _read(content, zone, source.carried_to)
    public = titles_public if titles_public is not None else source is not None and source.titles_public
    plan = Plan(room, source, (one_line(reading.name) or one_line(name))[:200], reading, public)
    mine = {each.identity: each for each in known if (source and each.source_id == source.id) or each.uid in uids}
    wanted = _compare(plan, mine, zone)
    _give_room(plan, wanted, mine)
    return plan


def _read(content: bytes, zone: ZoneInfo, horizon: datetime) -> Reading:
    try:
        return ical.read_calendar(content, zone=zone, horizon=horizon)
    except ical.UnreadableCalendar as fault:
        large = fault.code == ical.UnreadableCode.TOO_LARGE
        refusal = CalendarTooLarge if large else CalendarUnreadable
        raise refusal(gettext(ical.MESSAGES[fault.code], **fault.facts), code=str(fault.code)) from fault


def _followed(room_id: int, reading: Reading, known: Sequence[KnownDate], uids: set[str]) -> CalendarSource | None:
    """The calendar of this room of which the file is a newer version: the one with which it shares the most series.

    A file without any entry can only be known by the calendar's name.
    """
    shared = Counter(source_id for source_id, uid in {(each.source_id, each.uid) for each in known} if uid in uids)
    if shared:
        best = min(shared, key=lambda source_id: (-shared[source_id], source_id))
        return session().get(CalendarSource, best)
    if not reading.counts.entries and reading.name:
        same = [source for source in queries.calendar_sources(room_id) if source.name == one_line(reading.name)[:200]]
        return same[0] if len(same) == 1 else None
    return None


def _compare(plan: Plan, mine: dict[tuple[str, str], KnownDate], zone: ZoneInfo) -> list[Wanted]:
    """Sort every date of the file, and every known one that is missing, by what it means; returns those that want the room."""
    unread = {_short(uid) for uid in plan.reading.unread_uids}
    dates = {(_short(one.uid), one.recurrence_id): one for one in plan.reading.dates}
    missing = {
        each.identity: each
        for each in mine.values()
        if each.identity not in dates and each.uid not in unread and each.starts_at < plan.reading.horizon
    }
    shifted = _shifted(dates, mine, missing, zone)
    wanted = []
    for identity, one in dates.items():
        known = mine.get(identity) or shifted.get(identity)
        wish = _look_at(plan, identity, one, known)
        if wish is not None:
            wanted.append(wish)
    _look_at_missing(plan, missing.values())
    return wanted


def _shifted(
    dates: Mapping[tuple[str, str], CalendarDate],
    mine: Mapping[tuple[str, str], KnownDate],
    missing: dict[tuple[str, str], KnownDate],
    zone: ZoneInfo,
) -> dict[tuple[str, str], KnownDate]:
    """New identities that are old dates: a series that begins at another hour now gives its dates new names.

    Two dates of one UID and one day are the same. They are taken out of `missing`.
    """
    by_day: dict[tuple[str, date], list[KnownDate]] = defaultdict(list)
    for each in missing.values():
        by_day[each.uid, _own_day(each.recurrence_id, each.starts_at, zone)].append(each)
    found = {}
    for identity, one in dates.items():
        if identity in mine:
            continue
        candidates = by_day.get((identity[0], _own_day(one.recurrence_id, one.starts_at, zone)))
        if candidates:
            found[identity] = candidates.pop(0)
            del missing[found[identity].identity]
    return found


def _own_day(recurrence_id: str, starts_at: datetime, zone: ZoneInfo) -> date:
    """The local day that the rule gave this date."""
    if recurrence_id:
        starts_at = datetime.strptime(recurrence_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return starts_at.astimezone(zone).date()


def _look_at(plan: Plan, identity: tuple[str, str], one: CalendarDate, known: KnownDate | None) -> Wanted | None:
    """What one date of the file means beside what is known of it; a wish when it needs a time it has not got."""
    summary = one_line(one.summary)[:200]
    against = one.refused.value if one.refused else CANCELLED if one.cancelled else FREE if one.transparent else ""
    row = {
        "uid": identity[0],
        "recurrence_id": identity[1],
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "summary": summary,
        "digest": one.digest,
        "refused": against,
        "booking_id": known.booking_id if known else None,
    }
    line = Line(What.REFUSED, summary, one.starts_at, one.ends_at, against)
    if known is not None and known.edited:
        agreed = known.booked_from == one.starts_at and known.booked_to == one.ends_at if known.is_open else against == CANCELLED
        if not agreed or (known.is_open and against):
            stays = KEPT_MOVED if known.is_open else KEPT_CANCELLED
            plan.lines.append(Line(What.KEPT, summary, one.starts_at, one.ends_at, stays))
            return None
        _write(plan, known, row)
        if against:
            plan.lines.append(line)
        else:
            plan.unchanged += 1
        return None
    if against:
        if known is not None and known.booked:
            plan.cancels.append((known.booking_id or 0, against))
            line = Line(What.CANCELLED, summary, one.starts_at, one.ends_at, against)
        plan.lines.append(line)
        _write(plan, known, row)
        return None
    if known is None or not known.booked or (known.starts_at, known.ends_at) != (one.starts_at, one.ends_at):
        return Wanted(one, summary, known, row)
    _write(plan, known, row)
    public = plan.titles_public and not one.private
    renamed = summary != known.summary and known.purpose == purpose_of(known.summary)
    if renamed or public != known.purpose_public:
        plan.renames.append((known.booking_id or 0, purpose_of(summary) if renamed else known.purpose, public))
        plan.lines.append(Line(What.CHANGED, summary, one.starts_at, one.ends_at))
    else:
        plan.unchanged += 1
    return None


def _look_at_missing(plan: Plan, missing: Iterable[KnownDate]) -> None:
    """Dates that the newer file no longer has, as far as it covers their time."""
    starts = [one.starts_at for one in plan.reading.dates]
    single = [one.starts_at for one in plan.reading.dates if not one.recurrence_id]
    now = clock.now()
    series = {_short(one.uid) for one in plan.reading.dates}
    for known in missing:
        begins = min(single if not known.recurrence_id else starts, default=None)
        covered = known.ends_at > now or known.uid in series or (begins is not None and begins <= known.starts_at)
        if not covered:
            continue
        if known.booked and not known.edited:
            plan.cancels.append((known.booking_id or 0, REMOVED))
            plan.lines.append(Line(What.CANCELLED, known.summary, known.starts_at, known.ends_at, REMOVED))
            plan.changed_rows.append({**known.row, "refused": REMOVED})
        elif known.edited:
            if known.is_open:
                plan.lines.append(Line(What.KEPT, known.summary, known.starts_at, known.ends_at, KEPT_MOVED))
        elif known.booking_id is None:
            plan.dropped_rows.append(known.id)
        elif known.refused != REMOVED:
            plan.changed_rows.append({**known.row, "refused": REMOVED})


def _give_room(plan: Plan, wanted: list[Wanted], mine: Mapping[tuple[str, str], KnownDate]) -> None:
    """Give the room to the dates that want it, in order; refuse those that find it taken."""
    if not wanted:
        return
    wanted.sort(key=lambda wish: (wish.date.starts_at, wish.row["uid"], wish.row["recurrence_id"]))
    window = Span(min(wish.date.starts_at for wish in wanted), max(wish.date.ends_at for wish in wanted))
    gone = {booking_id for booking_id, _ in plan.cancels}
    gone |= {wish.known.booking_id for wish in wanted if wish.known and wish.known.booked and wish.known.booking_id}
    own = {each.booking_id for each in mine.values() if each.booked}
    busy = _Busy(
        held for held in occupancy.holding(plan.room.parts, window) if held.source != BOOKING or held.source_id not in gone
    )
    outside = _outside_hours(plan.room, [wish.span for wish in wanted])
    for wish in wanted:
        known, span = wish.known, wish.span
        moving = known is not None and known.booked
        old = Span(known.starts_at, known.ends_at) if known and moving else None
        in_the_way = busy.first(span)
        if in_the_way is not None:
            reason = TAKEN_IN_FILE if in_the_way == OWN or in_the_way[1] in own else in_the_way[0]
            wish.row["refused"] = reason
            if known is not None and moving:
                plan.cancels.append((known.booking_id or 0, reason))
            plan.lines.append(Line(What.REFUSED, wish.summary, span.starts_at, span.ends_at, reason, old))
            _write(plan, known, wish.row)
            continue
        busy.take(span)
        if moving:
            plan.moves.append(wish)
        elif known is not None and known.booking_id is not None:
            plan.revives.append(wish)
        else:
            plan.books.append(wish)
        what = What.MOVED if moving else What.CREATED
        plan.lines.append(Line(what, wish.summary, span.starts_at, span.ends_at, old=old, outside_hours=span in outside))
        if known is not None and known.booking_id is not None:
            _write(plan, known, wish.row)


OWN: tuple[str, int] = (TAKEN_IN_FILE, 0)


class _Busy:
    """Held spans of a room's parts, and those that this file has taken. Spans of one part never overlap."""

    def __init__(self, held: Iterable[Held]) -> None:
        parts: dict[int, tuple[list[datetime], list[tuple[datetime, tuple[str, int]]]]] = defaultdict(lambda: ([], []))
        for each in held:  # in order of time
            starts, ends = parts[each.resource_id]
            starts.append(each.span.starts_at)
            code = TAKEN_BY_WISH if each.kind == State.WISHED else TAKEN
            ends.append((each.span.ends_at, (code, each.source_id if each.source == BOOKING else 0)))
        self._parts = list(parts.values())
        self._taken: tuple[list[datetime], list[tuple[datetime, tuple[str, int]]]] = ([], [])

    def first(self, span: Span) -> tuple[str, int] | None:
        """What stands in the way: a code and the booking, `OWN` for a date of the same file; None when nothing does."""
        for starts, ends in (self._taken, *self._parts):
            last = bisect_left(starts, span.ends_at) - 1  # the last to begin before our end is also the last to end
            if last >= 0 and ends[last][0] > span.starts_at:
                return ends[last][1]
        return None

    def take(self, span: Span) -> None:
        starts, ends = self._taken
        place = bisect_right(starts, span.starts_at)
        starts.insert(place, span.starts_at)
        ends.insert(place, (span.ends_at, OWN))


def _outside_hours(room: RoomCard, spans: Sequence[Span]) -> frozenset[Span]:
    """Which of the coming `spans` people could not have booked by hand."""
    now = clock.now()
    coming = [span for span in spans if span.starts_at > now]
    if not coming:
        return frozenset()
    zone = i18n.zone()
    first = min(span.starts_at for span in coming).astimezone(zone).date()
    last = max(span.ends_at for span in coming).astimezone(zone).date()
    days = offers.open_days(room.house_id, first, last, zone)
    windows = merged(window for day in days.values() for window in queries.hours_of(room, day))
    starts = [window.starts_at for window in windows]
    return frozenset(
        span for span in coming if (place := bisect_right(starts, span.starts_at) - 1) < 0 or not windows[place].contains(span)
    )


def _write(plan: Plan, known: KnownDate | None, row: dict[str, Any]) -> None:
    """Write the row of a date if it says something new."""
    if known is None:
        plan.new_rows.append(row)
    elif (changed := {**known.row, **row}) != known.row or (plan.source and known.source_id != plan.source.id):
        plan.changed_rows.append(changed)


def purpose_of(summary: str) -> str:
    """What stands as the purpose of an imported date, in the language of the house where the file has no title."""
    if summary:
        return summary[:160].rstrip()
    with i18n.speaking(None):
        return gettext("Date from a calendar")


def one_line(text: str) -> str:
    """One line of text, composed, without control, format and direction characters."""
    kept = (
        " " if letter in "\n\r\t" else letter
        for letter in text
        if letter in "\n\r\t" or unicodedata.category(letter) not in _UNSEEN
    )
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


def _short(uid: str) -> str:
    """A UID as it is kept: one that is too long by its digest."""
    return uid if len(uid) <= 255 else f"sha256-{sha256(uid.encode('utf-8', 'surrogatepass')).hexdigest()}"
