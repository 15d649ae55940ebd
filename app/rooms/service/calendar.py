"""Calendar files: every date of a file becomes a booking of the room, or is written down with the reason why not.

What a file may do, and what it may not:

- Whoever brings a file speaks for a group with a key. So its dates are confirmed at once, last exactly as long as the file says
  (no set-up time is added), may lie in the past, and opening hours do not refuse them; the report says which lie outside.
- A date that the file itself calls free (TRANSP:TRANSPARENT) or cancelled is no booking. Tentative ones are: they need the room.
- Nothing that is promised gives way to a file. Of two dates of one file that overlap, one that is a booking already stays, else
  the first by start and UID gets the room.
- A newer file is followed: moved dates move their booking, cancelled and missing ones cancel it, refused ones are tried again. A
  moved date that finds its new time taken gives its old one back, because nobody comes then.
- Missing means: absent from what the newer file covers. Dates beyond the horizon, series that could not be read, and what is over
  and lies before the first date of the newer file (many programs drop their history) say nothing.
- What somebody in the house has cancelled or moved since stays as they left it, until file and house agree again.
- Two calendars of one room are told apart by their UIDs; a file that shares none with any earlier one is another calendar.
"""

from __future__ import annotations

import unicodedata
import uuid
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError

from app.core import clock, db, i18n, ical
from app.core.db import session
from app.core.errors import Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.ical import CalendarDate, OpenSeries, Problem, Reading
from app.core.policy import Actor
from app.core.spans import Span, merged
from app.occupancy import queries as occupancy
from app.occupancy import service as promises
from app.occupancy.queries import Held
from app.offers import queries as offers
from app.people.models import TariffClass
from app.rooms import queries
from app.rooms.events import CalendarImported
from app.rooms.models import Booking, CalendarSource, CalendarUpload, ImportedDate, State
from app.rooms.queries import BOOKING, KnownDate, RoomCard

HORIZON_DAYS = 400
"""How far rules without an end are carried, unless somebody says otherwise."""
LONGEST_HORIZON_DAYS = 3650
UPLOADS_KEPT = timedelta(days=1)

CANCELLED = "cancelled-in-file"
FREE = "marked-free"
REMOVED = "removed-from-file"
TAKEN = "taken"
TAKEN_BY_WISH = "taken-by-wish"
TAKEN_IN_FILE = "taken-in-file"
KEPT_CANCELLED = "cancelled-here"
KEPT_MOVED = "moved-here"

_REASONS: Mapping[str, Any] = {
    CANCELLED: _l("The file says that this date is cancelled."),
    FREE: _l("The file says that the room stays free then."),
    REMOVED: _l("This date is no longer in the file."),
    TAKEN: _l("The room is already booked then."),
    TAKEN_BY_WISH: _l("Somebody has asked for the room then; the desk has not decided yet."),
    TAKEN_IN_FILE: _l("Another date of this file has the room then."),
    KEPT_CANCELLED: _l("This date was cancelled here in the house, and stays so."),
    KEPT_MOVED: _l("This date was moved here in the house, and stays where it is."),
}


class CalendarUnreadable(Refusal):
    """The file as a whole is refused; `facts['code']` says why."""

    status = 422
    kind = "calendar-unreadable"


class CalendarTooLarge(CalendarUnreadable):
    status = 413


class UploadOver(Refusal):
    """The file that was looked at is not kept any more."""

    status = 409
    kind = "upload-over"
    message = _l("This preview is too old. Please choose the file again; nothing has been changed.")


def reason_words(code: str) -> str:
    """The sentence behind a code of a refused or kept date, in the reader's language."""
    if code in _REASONS:
        return str(_REASONS[code])
    if code in set(ical.RefusedCode):
        return gettext(ical.MESSAGES[ical.RefusedCode(code)], days=ical.Limits().longest.days)
    return code


def problem_words(problem: Problem) -> str:
    """What is odd about an entry of the file, in the reader's language."""
    return gettext(ical.MESSAGES[problem.code], **{"limit": "", **problem.facts})


# The report --------------------------------------------------------------------------------------------------------


class What(StrEnum):
    CREATED = "created"
    MOVED = "moved"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one date. `reason` is a code (`reason_words`); `old` the time it had before it was moved."""

    what: What
    summary: str
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    old: Span | None = None
    outside_hours: bool = False

    @property
    def words(self) -> str:
        return reason_words(self.reason) if self.reason else ""


@dataclass(frozen=True)
class Report:
    """What an import did, or in a preview would do. Every date of the file is in exactly one list, or among `unchanged`.

    `cancelled` also has dates that are no longer in the file; `changed` are those with another title at the same time; `kept`
    those that somebody in the house has changed. `horizon`: rules were carried up to here.
    """

    name: str
    horizon: datetime
    follows: bool
    """Whether it is a newer version of a calendar that this room has already."""
    titles_public: bool
    lines: tuple[Line, ...]
    unchanged: int
    open_series: tuple[OpenSeries, ...]
    problems: tuple[Problem, ...]

    def _of(self, what: What) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.what == what)

    @cached_property
    def created(self) -> tuple[Line, ...]:
        return self._of(What.CREATED)

    @cached_property
    def moved(self) -> tuple[Line, ...]:
        return self._of(What.MOVED)

    @cached_property
    def changed(self) -> tuple[Line, ...]:
        return self._of(What.CHANGED)

    @cached_property
    def cancelled(self) -> tuple[Line, ...]:
        return self._of(What.CANCELLED)

    @cached_property
    def kept(self) -> tuple[Line, ...]:
        return self._of(What.KEPT)

    @cached_property
    def refused(self) -> tuple[Line, ...]:
        return self._of(What.REFUSED)

    @property
    def endless(self) -> tuple[OpenSeries, ...]:
        """Rules without an end, carried only to the horizon."""
        return tuple(series for series in self.open_series if series.endless)

    @cached_property
    def outside_hours(self) -> int:
        """How many coming dates, new at their time, lie outside the opening hours."""
        return sum(line.outside_hours for line in self.lines)

    @property
    def counts(self) -> dict[str, int]:
        return {**{str(what): len(self._of(what)) for what in What}, "unchanged": self.unchanged}

    @property
    def changes_bookings(self) -> bool:
        return bool(self.created or self.moved or self.changed or self.cancelled)


# Importing ---------------------------------------------------------------------------------------------------------


def horizon_in(days: int = HORIZON_DAYS) -> datetime:
    """The midnight `days` days ahead: the same all day, so that a second import of a day sees the same dates."""
    zone = i18n.zone()
    return clock.midnight(clock.today(zone) + timedelta(days=days), zone)


def import_calendar(
    room: RoomCard, content: bytes, name: str, by: Actor, horizon: datetime | None = None, titles_public: bool | None = None
) -> Report:
    """Make the room follow this file. Raises `CalendarUnreadable`, with nothing changed.

    `name` is the file's; `horizon` is never less than what this calendar has been carried to; `titles_public` None leaves it
    as it is for this calendar. A file that says nothing new changes not one row.
    """
    db.lock(f"import:{room.id}")
    plan = _plan(room, content, name, horizon or horizon_in(), titles_public)
    _carry_out(plan, content, by)
    return plan.report


def preview_calendar(
    room: RoomCard, content: bytes, name: str, horizon: datetime | None = None, titles_public: bool | None = None
) -> Report:
    """What `import_calendar` would do now. Changes nothing."""
    return _plan(room, content, name, horizon or horizon_in(), titles_public).report


def carry_calendar(source: CalendarSource, by: Actor) -> Report | None:
    """Carry the rules of a stored calendar on to the horizon of today; None when that has been done, or the room is gone."""
    room = queries.room_by_id(source.room_id)
    horizon = horizon_in()
    if room is None or source.carried_to >= horizon:
        return None
    plan = _plan(room, source.content, source.name, horizon, None, source)
    plan.carried = True
    _carry_out(plan, source.content, by)
    return plan.report


def keep_upload(room: RoomCard, content: bytes, name: str, by: Actor) -> CalendarUpload:
    """Keep a file between preview and import; an earlier one of the same person for this room goes."""
    mine = (CalendarUpload.room_id == room.id, CalendarUpload.uploaded_by_id == by.person_id)
    session().execute(delete(CalendarUpload).where(*mine))
    upload = CalendarUpload(room_id=room.id, name=_line(name)[:200], content=content, uploaded_by_id=by.person_id)
    session().add(upload)
    session().flush()
    return upload


def forget_old_uploads() -> int:
    """Files that were looked at and never imported."""
    result = session().execute(delete(CalendarUpload).where(CalendarUpload.uploaded_at < clock.now() - UPLOADS_KEPT))
    return int(result.rowcount)  # type: ignore[attr-defined]


def import_upload(room: RoomCard, upload_id: int, by: Actor, titles_public: bool) -> Report:
    """Import the file that `by` has looked at. Raises `UploadOver` when it is not there any more."""
    upload = session().get(CalendarUpload, upload_id)
    if upload is None or upload.room_id != room.id or upload.uploaded_by_id != by.person_id:
        raise UploadOver
    report = import_calendar(room, upload.content, upload.name, by, titles_public=titles_public)
    session().delete(upload)
    session().flush()
    return report


# Planning: what the file means for this room ------------------------------------------------------------------------


@dataclass(slots=True)
class _Wanted:
    """A date that wants the room: a new one, one that moves, or one that was refused before."""

    date: CalendarDate
    summary: str
    known: KnownDate | None
    row: dict[str, Any]

    @property
    def span(self) -> Span:
        return Span(self.date.starts_at, self.date.ends_at)


@dataclass(slots=True)
class _Plan:
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
    books: list[_Wanted] = field(default_factory=list)
    revives: list[_Wanted] = field(default_factory=list)
    moves: list[_Wanted] = field(default_factory=list)
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


def _plan(
    room: RoomCard, content: bytes, name: str, horizon: datetime, titles_public: bool | None, source: CalendarSource | None = None
) -> _Plan:
    zone = i18n.zone()
    reading = _read(content, zone, horizon)
    known = queries.known_dates(room.id)
    uids = {_short(one.uid) for one in reading.dates} | {_short(uid) for uid in reading.unread_uids}
    if source is None:
        source = _followed(room.id, reading, known, uids)
    if source is not None and source.carried_to > reading.horizon:
        reading = _read(content, zone, source.carried_to)
    public = titles_public if titles_public is not None else source is not None and source.titles_public
    plan = _Plan(room, source, (_line(reading.name) or _line(name))[:200], reading, public)
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
        same = [source for source in queries.calendar_sources(room_id) if source.name == _line(reading.name)[:200]]
        return same[0] if len(same) == 1 else None
    return None


def _compare(plan: _Plan, mine: dict[tuple[str, str], KnownDate], zone: ZoneInfo) -> list[_Wanted]:
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


def _look_at(plan: _Plan, identity: tuple[str, str], one: CalendarDate, known: KnownDate | None) -> _Wanted | None:
    """What one date of the file means beside what is known of it; a wish when it needs a time it has not got."""
    summary = _line(one.summary)[:200]
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
        return _Wanted(one, summary, known, row)
    _write(plan, known, row)
    public = plan.titles_public and not one.private
    renamed = summary != known.summary and known.purpose == purpose_of(known.summary)
    if renamed or public != known.purpose_public:
        plan.renames.append((known.booking_id or 0, purpose_of(summary) if renamed else known.purpose, public))
        plan.lines.append(Line(What.CHANGED, summary, one.starts_at, one.ends_at))
    else:
        plan.unchanged += 1
    return None


def _look_at_missing(plan: _Plan, missing: Iterable[KnownDate]) -> None:
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


def _give_room(plan: _Plan, wanted: list[_Wanted], mine: Mapping[tuple[str, str], KnownDate]) -> None:
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


def _write(plan: _Plan, known: KnownDate | None, row: dict[str, Any]) -> None:
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


def _line(text: str) -> str:
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


# Carrying out ------------------------------------------------------------------------------------------------------

_bookings, _dates = cast(Table, Booking.__table__), cast(Table, ImportedDate.__table__)


def _carry_out(plan: _Plan, content: bytes, by: Actor) -> None:
    """Write the plan in a constant number of statements. Raises `Collision` when the room was taken in this very moment."""
    report = plan.report
    source = _write_source(plan, content, report, by)
    if source is None:
        return
    now = clock.now()
    _cancel_bookings(plan, now)
    promises.release_each(BOOKING, [wish.known.booking_id for wish in plan.moves if wish.known and wish.known.booking_id])
    _change_bookings(plan, now, by)
    booked = _insert_bookings(plan, now, by)
    held = [(wish.known.booking_id, wish.span) for wish in (*plan.moves, *plan.revives) if wish.known and wish.known.booking_id]
    promises.promise_each(plan.room.parts, sorted(held + booked), kind=State.CONFIRMED, source=BOOKING)
    _write_rows(plan, source.id)
    if report.changes_bookings:
        counts = report.counts
        publish(
            CalendarImported(
                house_id=plan.room.house_id, by=by.person_id, room_id=plan.room.id, created=counts["created"],
                moved=counts["moved"] + counts["changed"], cancelled=counts["cancelled"], refused=counts["refused"],
                unchanged=counts["unchanged"] + counts["kept"],
            )
        )  # fmt: skip


def _write_source(plan: _Plan, content: bytes, report: Report, by: Actor) -> CalendarSource | None:
    """The source with what is new about it; None when the file has nothing to say."""
    source, horizon = plan.source, plan.reading.horizon
    told = plan.touches_rows or bool(plan.books or plan.moves or plan.revives)
    if source is None:
        if not (plan.reading.dates or plan.reading.unread_uids):
            return None
        source = CalendarSource(
            room_id=plan.room.id, name=plan.name, content=content, titles_public=plan.titles_public, imported_at=clock.now(),
            imported_by_id=by.person_id, carried_to=horizon, report=_told(report),
        )  # fmt: skip
        session().add(source)
        session().flush()
        return source
    if not plan.carried and (told or content != source.content or plan.titles_public != source.titles_public):
        source.name, source.content, source.titles_public = plan.name, content, plan.titles_public
        source.imported_at, source.imported_by_id, source.report = clock.now(), by.person_id, _told(report)
    source.carried_to = max(source.carried_to, horizon)
    session().flush()
    return source


def _told(report: Report) -> dict[str, object]:
    """What stays readable on the page of imports. Refused dates are rows of their own."""
    return {
        "counts": report.counts,
        "problems": [
            {
                "code": str(each.code),
                "summary": each.summary,
                "entry": each.entry,
                "facts": {key: str(value) for key, value in each.facts.items()},
            }
            for each in report.problems[:50]
        ],
        "open_series": [
            {
                "summary": each.summary,
                "rule": each.rule,
                "endless": each.endless,
                "next_at": each.next_at.isoformat() if each.next_at else None,
            }
            for each in report.open_series[:50]
        ],
    }


def _cancel_bookings(plan: _Plan, now: datetime) -> None:
    promises.release_each(BOOKING, [booking_id for booking_id, _ in plan.cancels])
    if not plan.cancels:
        return
    with i18n.speaking(None):
        words = {reason: reason_words(reason)[:300] for _, reason in plan.cancels}
    session().connection().execute(
        update(_bookings)
        .where(_bookings.c.id == bindparam("booking"))
        .values(
            state=State.CANCELLED, reason=bindparam("why"), change_starts_at=None, change_ends_at=None, changed_at=now,
            sequence=_bookings.c.sequence + 1, version=_bookings.c.version + 1,
        ),
        [{"booking": booking_id, "why": words[reason]} for booking_id, reason in sorted(plan.cancels)],
    )  # fmt: skip


def _change_bookings(plan: _Plan, now: datetime, by: Actor) -> None:
    grown = {"sequence": _bookings.c.sequence + 1, "version": _bookings.c.version + 1, "changed_at": now}
    this = _bookings.c.id == bindparam("booking")
    if plan.moves or plan.revives:
        session().connection().execute(
            update(_bookings)
            .where(this)
            .values(
                starts_at=bindparam("begins"), ends_at=bindparam("stops"), purpose=bindparam("what"),
                purpose_public=bindparam("open"), before_minutes=0, after_minutes=0, state=State.CONFIRMED, reason="",
                decided_at=now, decided_by_id=by.person_id, **grown,
            ),
            [
                {
                    "booking": wish.known.booking_id, "begins": wish.date.starts_at, "stops": wish.date.ends_at,
                    "what": _purpose_kept(wish), "open": plan.titles_public and not wish.date.private,
                }
                for wish in (*plan.moves, *plan.revives)
                if wish.known
            ],
        )  # fmt: skip
    if plan.renames:
        session().connection().execute(
            update(_bookings).where(this).values(purpose=bindparam("what"), purpose_public=bindparam("open"), **grown),
            [{"booking": booking_id, "what": purpose, "open": public} for booking_id, purpose, public in plan.renames],
        )


def _purpose_kept(wish: _Wanted) -> str:
    """The file's title, unless somebody in the house has written another one."""
    known = wish.known
    return known.purpose if known and known.purpose != purpose_of(known.summary) else purpose_of(wish.summary)


def _insert_bookings(plan: _Plan, now: datetime, by: Actor) -> list[tuple[int, Span]]:
    """New bookings with their ids and spans; the ids go into the rows of their dates."""
    if not plan.books:
        return []
    shared = {
        "house_id": plan.room.house_id, "room_id": plan.room.id, "before_minutes": 0, "after_minutes": 0, "people": 1,
        "state": State.CONFIRMED, "booked_for_id": None, "created_by_id": by.person_id, "organisation_id": None,
        "tariff_class": TariffClass.FREE,
        "price_cents": 0, "price_rule": {}, "sequence": 0, "origin": "import", "lapses_at": None, "decided_by_id": by.person_id,
        "decided_at": now, "reason": "", "change_starts_at": None, "change_ends_at": None, "created_at": now, "changed_at": now,
        "version": 1,
    }  # fmt: skip
    rows = [
        {
            **shared, "starts_at": wish.date.starts_at, "ends_at": wish.date.ends_at, "purpose": purpose_of(wish.summary),
            "purpose_public": plan.titles_public and not wish.date.private, "uid": f"{uuid.uuid4()}@quartiersraum",
        }
        for wish in plan.books
    ]  # fmt: skip
    # By UID: in the order of the rows the answer would come only if they were sent one by one.
    answer = session().connection().execute(insert(_bookings).returning(_bookings.c.uid, _bookings.c.id), rows)
    by_uid = {uid: booking_id for uid, booking_id in answer}
    ids = [by_uid[row["uid"]] for row in rows]
    for wish, booking_id in zip(plan.books, ids, strict=True):
        wish.row["booking_id"] = booking_id
        if wish.known is None:
            plan.new_rows.append(wish.row)
        else:
            plan.changed_rows.append({**wish.known.row, **wish.row})
    return [(booking_id, wish.span) for wish, booking_id in zip(plan.books, ids, strict=True)]


def _write_rows(plan: _Plan, source_id: int) -> None:
    """The dates themselves. Two imports at once are told apart here: the second one starts again."""
    connection = session().connection()
    for start in range(0, len(plan.dropped_rows), 500):
        connection.execute(delete(_dates).where(_dates.c.id.in_(plan.dropped_rows[start : start + 500])))
    columns = ("uid", "recurrence_id", "starts_at", "ends_at", "summary", "digest", "booking_id", "refused")
    try:
        if plan.changed_rows:
            connection.execute(
                update(_dates)
                .where(_dates.c.id == bindparam("date"))
                .values(source_id=source_id, **{name: bindparam(f"new_{name}") for name in columns}),
                [{"date": row["id"], **{f"new_{name}": row[name] for name in columns}} for row in plan.changed_rows],
            )
        if plan.new_rows:
            rows = [{"room_id": plan.room.id, "source_id": source_id, **row} for row in plan.new_rows]
            connection.execute(insert(_dates), rows)
    except IntegrityError as fault:
        raise db.Collision from fault
