"""The day and the week drawn as tables: cells of equal columns, told in words.

Everything that costs time (names of hours, sentences for screen readers) is made once a column or once a room, because a day
has hundreds of cells. Cells are plain tuples for the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import url_for

from app.core import clock, i18n
from app.core.i18n import gettext
from app.core.policy import Actor
from app.core.spans import Span, common, gaps, merged
from app.offers.queries import OpenDay
from app.rooms import policy, queries
from app.rooms.models import State
from app.rooms.queries import Entry, RoomCard

COLUMN = timedelta(minutes=30)


class Cell(NamedTuple):
    """A run of columns. `letter` is its look (docs/frontend.md), `url` where it leads, `time` and `text` what it says."""

    letter: str
    width: int
    url: str = ""
    label: str = ""
    time: str = ""
    text: str = ""


class Row(NamedTuple):
    room: RoomCard
    cells: list[Cell]


@dataclass(frozen=True)
class DayGrid:
    """Rooms down, half hours across. `hours` are pairs of the hour's word and whether it is now; `now` is the present column."""

    columns: int
    hours: list[tuple[str, int, bool]]
    rows: list[Row]
    now: int | None


def day_grid(
    cards: Sequence[RoomCard], entries: dict[int, list[Entry]], day: OpenDay, window: Span, actor: Actor, zone: ZoneInfo
) -> DayGrid:
    """The day view of `cards`; `window` is the whole day."""
    frame = _frame(day, entries, window)
    if frame is None:
        return DayGrid(0, [], [], None)
    starts = [frame.starts_at + COLUMN * index for index in range(frame.length // COLUMN)]
    moment = clock.now()
    present = next((index for index, start in enumerate(starts) if start <= moment < start + COLUMN), None)
    hour_words = [i18n.hours(start, start + 2 * COLUMN) for start in starts]
    half_words = [i18n.hours(start, start + COLUMN) for start in starts]
    numbers = [i18n.clock_time(start) for start in starts]
    hours = [
        (numbers[index], min(2, len(starts) - index), present is not None and index <= present < index + 2)
        for index in range(0, len(starts), 2)
    ]
    pattern = gettext("%(room)s, %(day)s, %(hours)s, free")
    day_words = i18n.day(day.day, "EEEE, d. MMMM")
    words = Words(actor)
    rows = []
    for card in cards:
        address = url_for("rooms.show_booking_form", slug=card.slug)
        free = _free_columns(card, entries.get(card.id, []), day, starts, moment)
        open_columns = _covered(queries.hours_of(card, day), starts)
        cells: list[Cell] = []
        index = 0
        placed = _placed(entries.get(card.id, []), starts, frame)
        label = {"room": card.name, "day": day_words, "hours": ""}
        while index < len(starts):
            if placed and placed[0][0] <= index:
                first, last, group = placed.pop(0)
                cells.append(words.cell(card, group, last - index))
                index = last
            elif free[index]:
                until = placed[0][0] if placed else len(starts)
                whole = index % 2 == 0 and index + 1 < until and free[index + 1]
                label["hours"] = (hour_words if whole else half_words)[index]
                local = starts[index].astimezone(zone)
                cells.append(
                    Cell("f", 2 if whole else 1, f"{address}?start={local:%Y-%m-%dT%H:%M}", pattern % label, "", numbers[index])
                )
                index += 2 if whole else 1
            else:
                letter = "" if open_columns[index] else "x"
                last = index + 1
                until = placed[0][0] if placed else len(starts)
                while last < until and not free[last] and open_columns[last] == open_columns[index]:
                    last += 1
                cells.append(Cell(letter, last - index))
                index = last
        rows.append(Row(card, cells))
    return DayGrid(len(starts), hours, rows, present)


def _frame(day: OpenDay, entries: dict[int, list[Entry]], window: Span) -> Span | None:
    """From the first opening or use to the last, on whole hours; None on a closed and empty day."""
    shown = [part for span in (*day.use, *day.desk) if (part := span.within(window))]
    shown += [part for each in entries.values() for entry in each if (part := entry.span.within(window))]
    if not shown:
        return None
    starts_at, ends_at = min(span.starts_at for span in shown), max(span.ends_at for span in shown)
    starts_at -= (starts_at - window.starts_at) % (2 * COLUMN)
    ends_at += -(ends_at - window.starts_at) % (2 * COLUMN)
    return Span(starts_at, min(ends_at, window.ends_at))


def _covered(spans: Sequence[Span], starts: Sequence[datetime]) -> list[bool]:
    return [any(span.starts_at <= start and start + COLUMN <= span.ends_at for span in spans) for start in starts]


def _free_columns(
    card: RoomCard, entries: Sequence[Entry], day: OpenDay, starts: Sequence[datetime], moment: datetime
) -> list[bool]:
    """Which columns a booking could cover: open, not held by anybody (with our own buffers around), not over."""
    taken = merged(
        entry.held.widened(card.after, card.before)
        for entry in entries
        if entry.state == State.CONFIRMED or (entry.own and card.wishes_hold) or not entry.own
    )
    window = Span(starts[0], starts[-1] + COLUMN)
    free = common(queries.hours_of(card, day), gaps(window, taken))
    return [
        start >= moment and any(span.starts_at <= start and start + COLUMN <= span.ends_at for span in free) for start in starts
    ]


def _placed(entries: Sequence[Entry], starts: Sequence[datetime], frame: Span) -> list[tuple[int, int, list[Entry]]]:
    """Entries as runs of columns; those that share a column (rival wishes, quarter hours) stand in one cell together."""
    placed: list[tuple[int, int, list[Entry]]] = []
    for entry in entries:
        part = entry.span.within(frame)
        if part is None:
            continue
        first = (part.starts_at - frame.starts_at) // COLUMN
        last = -((frame.starts_at - part.ends_at) // COLUMN)
        if placed and first < placed[-1][1]:
            before = placed[-1]
            placed[-1] = (before[0], max(before[1], last), [*before[2], entry])
        else:
            placed.append((first, last, [entry]))
    return placed


class Words:
    """What a reader may see of an entry. The public sees that, not who; people see their own; the desk sees all."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.taken = gettext("booked")
        self.asked = gettext("asked for")
        self.people = gettext("%(count)s people")
        self.in_part = gettext("booked with %(room)s")

    def cell(self, card: RoomCard, group: list[Entry], width: int) -> Cell:
        first = group[0]
        times = i18n.hours(first.span.starts_at, max(entry.span.ends_at for entry in group))
        texts = list(dict.fromkeys(self.text(entry) for entry in group))
        return Cell(self.letter(first), width, self.url(first), "", times, " · ".join(texts))

    def letter(self, entry: Entry) -> str:
        if entry.booked_for_id is not None and entry.booked_for_id == self.actor.person_id:
            return "m"
        return "w" if entry.state == State.WISHED else "c"

    def sees(self, entry: Entry) -> bool:
        mine = entry.booked_for_id is not None and entry.booked_for_id == self.actor.person_id
        return mine or self._desk

    @property
    def _desk(self) -> bool:
        return policy.see_details(self.actor)

    def url(self, entry: Entry) -> str:
        return url_for("rooms.show_booking", booking_id=entry.booking_id) if self.sees(entry) else ""

    def text(self, entry: Entry) -> str:
        state = self.asked if entry.state == State.WISHED else ""
        if not entry.own:
            return self.in_part % {"room": entry.room_name} if entry.room_name else self.taken
        if self.sees(entry):
            who = f" · {entry.person}" if entry.person and entry.person != entry.purpose else ""
            people = " · " + self.people % {"count": entry.people}
            return f"{state}: {entry.purpose}{who}{people}" if state else f"{entry.purpose}{who}{people}"
        if entry.purpose_public and not state:
            return entry.purpose
        return state or self.taken


class Box(NamedTuple):
    """One line of a week's day: a booking or free time."""

    letter: str
    url: str
    time: str
    text: str
    label: str


class WeekDay(NamedTuple):
    day: date
    name: str
    today: bool
    closed_for: str
    boxes: list[Box]


def room_week(
    card: RoomCard, entries: Sequence[Entry], days: Sequence[OpenDay], windows: dict[date, Span], actor: Actor, zone: ZoneInfo
) -> list[WeekDay]:
    """One room, day by day: what stands and what is free, in order of time."""
    moment = clock.now()
    today = clock.today(zone)
    words = Words(actor)
    address = url_for("rooms.show_booking_form", slug=card.slug)
    free_text = gettext("free")
    pattern = gettext("%(room)s, %(day)s, %(hours)s, free")
    taken = merged(
        entry.held.widened(card.after, card.before)
        for entry in entries
        if entry.state == State.CONFIRMED or card.wishes_hold or not entry.own
    )
    shortest = timedelta(minutes=card.min_minutes)
    result = []
    for day in days:
        window = windows[day.day]
        lines: list[tuple[datetime, Box]] = []
        for entry in entries:
            part = entry.span.within(window)
            if part is not None:
                times = i18n.hours(part.starts_at, part.ends_at)
                lines.append((part.starts_at, Box(words.letter(entry), words.url(entry), times, words.text(entry), "")))
        for span in common(queries.hours_of(card, day), gaps(window, taken)):
            rounded = _from_now(span, moment, card)
            if rounded is not None and rounded.length >= shortest:
                times = i18n.hours(rounded.starts_at, rounded.ends_at)
                local = rounded.starts_at.astimezone(zone)
                label = pattern % {"room": card.name, "day": i18n.day(day.day, "EEEE, d. MMMM"), "hours": times}
                lines.append((rounded.starts_at, Box("f", f"{address}?start={local:%Y-%m-%dT%H:%M}", times, free_text, label)))
        lines.sort(key=lambda line: line[0])
        name = i18n.day(day.day, "EE, d. MMM")
        result.append(WeekDay(day.day, name, day.day == today, day.closed_for, [box for _, box in lines]))
    return result


def _from_now(span: Span, moment: datetime, card: RoomCard) -> Span | None:
    """What of a free span still lies ahead, beginning on one of the room's steps."""
    if span.ends_at <= moment:
        return None
    if span.starts_at >= moment:
        return span
    step = timedelta(minutes=card.step_minutes)
    starts_at = span.starts_at + -(-(moment - span.starts_at) // step) * step
    return Span(starts_at, span.ends_at) if starts_at < span.ends_at else None
