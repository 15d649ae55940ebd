"""The day and the week drawn as tables: cells of equal columns, told in words.

Everything that costs time (names of hours, sentences for screen readers) is made once a column or once a room, because a day
has hundreds of cells. Cells are plain tuples for the template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import url_for
from markupsafe import Markup, escape

from app.core import clock, i18n
from app.core.i18n import gettext, ngettext
from app.core.memory import recent
from app.core.policy import Actor
from app.core.spans import Span, common, gaps, merged
from app.offers.queries import OpenDay
from app.rooms import policy, queries
from app.rooms.models import State
from app.rooms.queries import Entry, RoomCard, Standing

COLUMN = timedelta(minutes=30)


class Cell(NamedTuple):
    """A run of columns. `letter` is its look (docs/frontend.md), `url` where it leads, `time` and `text` what it says.

    `label` is what is spoken of a free one, ready for the page.
    """

    letter: str
    width: int
    url: str = ""
    label: str = ""
    time: str = ""
    text: str = ""


@dataclass(frozen=True)
class Row:
    """A room on a day. `head` is its first cell: the name, which leads to its week, and how many it holds."""

    room: RoomCard
    cells: list[Cell]
    head: Markup

    @cached_property
    def html(self) -> Markup:
        """The row's cells. Made here and not in the template, because a day has hundreds and this is five times as fast."""
        return _drawn(self.cells, free=True)

    @cached_property
    def html_without_free(self) -> Markup:
        """The same for a glance: free time is left empty."""
        return _drawn(self.cells, free=False)


def _drawn(cells: Sequence[Cell], *, free: bool) -> Markup:
    parts = []
    for letter, width, url, label, time, text in cells:
        span = f' colspan="{width}"' if width > 1 else ""
        if label:
            parts.append(
                f'<td class="f"{span}><a href="{url}" aria-label="{label}">{text}</a></td>' if free else f"<td{span}></td>"
            )
        elif text and url:
            parts.append(f'<td class="{letter}"{span}><a href="{url}"><i>{time}</i> {escape(text)}</a></td>')
        elif text:
            parts.append(f'<td class="{letter}"{span}><b><i>{time}</i> {escape(text)}</b></td>')
        else:
            parts.append(f'<td class="{letter}"{span}></td>' if letter else f"<td{span}></td>")
    return Markup("\n".join(parts))


@dataclass(frozen=True)
class DayGrid:
    """Rooms down, half hours across. `hours` are pairs of the hour's word and whether it is now; `now` is the present column."""

    columns: int
    hours: list[tuple[str, int, bool]]
    rows: list[Row]
    now: int | None


def day_grid(found: Standing, day: OpenDay, window: Span, actor: Actor, zone: ZoneInfo, on_behalf: int | None = None) -> DayGrid:
    """The day view of the rooms of `found`; `window` is the whole day. Free cells lead to a booking for the person `on_behalf`, if any."""
    frame = _frame(day, found, window)
    if frame is None:
        return DayGrid(0, [], [], None)
    columns = frame.length // COLUMN
    starts = [frame.starts_at + COLUMN * index for index in range(columns)]
    moment = clock.now()
    present = (moment - frame.starts_at) // COLUMN
    now = present if 0 <= present < columns else None
    words = _RoomWords(day, starts, zone, on_behalf)
    numbers = words.numbers
    hours = [(numbers[index], min(2, columns - index), now in (index, index + 1)) for index in range(0, columns, 2)]
    booked = Words(actor, found.cards[0])
    over = max(0, -((frame.starts_at - moment) // COLUMN))
    looks = (frame, over, on_behalf, i18n.language(), booked.desk, zone.key)

    def drawn(card: RoomCard, mine: list[Entry], hours: tuple[Span, ...]) -> Row:
        opened = _columns(hours, frame)
        free = _free_columns(card, mine, opened, frame, over)
        return Row(card, _cells(_placed(mine, frame), opened, free, words.of(card), numbers, booked), words.head(card))

    def row(card: RoomCard) -> Row:
        depends, mine = found.by_room[card.id]
        hours = queries.hours_of(card, day)
        key = ("row", looks, day.day, depends, hours, booked.person if booked.has_any(mine) else None)
        return recent("pieces", key, lambda: drawn(card, mine, hours))

    return DayGrid(columns, hours, [row(card) for card in found.cards], now)


def _cells(
    placed: list[tuple[int, int, list[Entry]]],
    opened: list[bool],
    free: list[bool],
    place: Callable[[int, int], tuple[str, str]],
    numbers: list[str],
    booked: Words,
) -> list[Cell]:
    """What stands, and between it what is free (two half hours from a full hour on are one cell), past, or not open."""
    columns = len(free)
    cells: list[Cell] = []
    index = 0
    for first, last, group in [*placed, (columns, columns, [])]:
        while index < first:
            if free[index]:
                width = 2 if index % 2 == 0 and index + 1 < first and free[index + 1] else 1
                url, label = place(index, width)
                cells.append(Cell("f", width, url, label, "", numbers[index]))
                index += width
            else:
                end = index + 1
                while end < first and not free[end] and opened[end] == opened[index]:
                    end += 1
                cells.append(Cell("" if opened[index] else "x", end - index))
                index = end
        if group:
            cells.append(booked.cell(group, last - first))
            index = last
    return cells


class _RoomWords:
    """Head of a room's row, and address and spoken name of its free cells: the parts that repeat are made once."""

    def __init__(self, day: OpenDay, starts: Sequence[datetime], zone: ZoneInfo, on_behalf: int | None) -> None:
        self.pattern = gettext("%(room)s, %(day)s, %(hours)s, free")
        self.day = i18n.day(day.day, "EEEE, d. MMMM")
        self.address = url_for("rooms.show_booking_form", slug="~")
        self.question = f"?for={on_behalf}&amp;start=" if on_behalf else "?start="
        self.week = url_for("rooms.show_room", slug="~", day=day.day)
        self.numbers, self.walls, self.spoken = _column_words(starts[0], len(starts), zone, i18n.language())

    def head(self, card: RoomCard) -> Markup:
        holds = ngettext("up to one person", "up to %(num)d people", card.capacity)
        link = f'<a href="{self.week.replace("~", card.slug)}">{escape(card.name)}</a>'
        return Markup(f'<th scope="row">{link}<small>{escape(holds)}</small></th>')

    def of(self, card: RoomCard) -> Callable[[int, int], tuple[str, str]]:
        """Address and spoken name by column and width."""
        address = self.address.replace("~", card.slug) + self.question
        before, after = escape(self.pattern % {"room": card.name, "day": self.day, "hours": "\0"}).split("\0")
        return lambda index, width: (address + self.walls[index], f"{before}{self.spoken[width][index]}{after}")


@lru_cache(maxsize=64)
def _column_words(first: datetime, columns: int, zone: ZoneInfo, code: str) -> tuple[list[str], list[str], dict[int, list[str]]]:
    """Of a day's columns: numbers for the head, wall times for addresses, hours in words by width; `code` is the language they are said in."""
    starts = [first + COLUMN * index for index in range(columns)]
    walls = [f"{start.astimezone(zone):%Y-%m-%dT%H:%M}" for start in starts]
    numbers = [i18n.clock_time(start) for start in starts]
    return numbers, walls, {width: [i18n.hours(start, start + COLUMN * width) for start in starts] for width in (1, 2)}


def _frame(day: OpenDay, found: Standing, window: Span) -> Span | None:
    """From the first opening or use to the last, on whole hours; None on a closed and empty day."""
    booked = (entry.span for card in found.cards for entry in found.of(card))
    spans = [span for span in (*day.use, *day.desk, *booked) if span.overlaps(window)]
    if not spans:
        return None
    starts_at = max(min(span.starts_at for span in spans), window.starts_at)
    ends_at = min(max(span.ends_at for span in spans), window.ends_at)
    starts_at -= (starts_at - window.starts_at) % (2 * COLUMN)
    ends_at += -(ends_at - window.starts_at) % (2 * COLUMN)
    return Span(starts_at, min(ends_at, window.ends_at))


def _columns(spans: Iterable[Span], frame: Span) -> list[bool]:
    """Which half hours of `frame` lie wholly inside one of `spans`."""
    inside = [False] * (frame.length // COLUMN)
    for span in spans:
        first = max(0, -((frame.starts_at - span.starts_at) // COLUMN))  # rounded up
        last = min(len(inside), (span.ends_at - frame.starts_at) // COLUMN)
        for index in range(first, last):
            inside[index] = True
    return inside


def _free_columns(card: RoomCard, entries: Sequence[Entry], opened: list[bool], frame: Span, over: int) -> list[bool]:
    """Which columns a booking could cover: open, not among the first `over`, and with our own buffers clear of what others hold."""
    free = opened.copy()
    start, before, after = frame.starts_at, card.before, card.after
    blocked = [(0, over)]
    blocked += [
        (
            (entry.span.starts_at - entry.before - after - start) // COLUMN,
            -((start - entry.span.ends_at - entry.after - before) // COLUMN),
        )
        for entry in entries
        if entry.keeps_out(card)
    ]
    for first, last in blocked:
        first, last = max(0, first), min(last, len(free))
        if first < last:
            free[first:last] = [False] * (last - first)
    return free


def _placed(entries: Sequence[Entry], frame: Span) -> list[tuple[int, int, list[Entry]]]:
    """Entries as runs of columns; those that share a column (rival wishes, quarter hours) stand in one cell together."""
    placed: list[tuple[int, int, list[Entry]]] = []
    columns = frame.length // COLUMN
    for entry in entries:
        first = max(0, (entry.span.starts_at - frame.starts_at) // COLUMN)
        last = min(columns, -((frame.starts_at - entry.span.ends_at) // COLUMN))
        if first >= last:
            continue
        if placed and first < placed[-1][1]:
            before = placed[-1]
            placed[-1] = (before[0], max(before[1], last), [*before[2], entry])
        else:
            placed.append((first, last, [entry]))
    return placed


class Words:
    """What a reader may see of an entry. The public sees that, not who; people see their own; the desk sees all of its house."""

    def __init__(self, actor: Actor, card: RoomCard) -> None:
        self.person = actor.person_id
        self.desk = policy.see_details(actor, card)
        self.address = url_for("rooms.show_booking", booking_id=0).removesuffix("0")
        self.hours = i18n.hours_teller()
        self.taken = gettext("booked")
        self.asked = gettext("asked for")
        self.people = gettext("%(count)s people")
        self.in_part = gettext("booked with %(room)s")

    def cell(self, group: list[Entry], width: int) -> Cell:
        first = group[0]
        if len(group) == 1:
            times, text = self.hours(first.span.starts_at, first.span.ends_at), self.text(first)
        else:
            times = self.hours(first.span.starts_at, max(entry.span.ends_at for entry in group))
            text = i18n.dotted(*dict.fromkeys(self.text(entry) for entry in group))
        return Cell(self.letter(first), width, self.url(first), "", times, text)

    def has_any(self, entries: Iterable[Entry]) -> bool:
        """Whether any of them is the reader's own."""
        return self.person is not None and any(entry.booked_for_id == self.person for entry in entries)

    def letter(self, entry: Entry) -> str:
        if self.is_mine(entry):
            return "m"
        return "w" if entry.state == State.WISHED else "c"

    def is_mine(self, entry: Entry) -> bool:
        return self.person is not None and entry.booked_for_id == self.person

    def sees(self, entry: Entry) -> bool:
        return self.desk or self.is_mine(entry)

    def url(self, entry: Entry) -> str:
        return f"{self.address}{entry.booking_id}" if self.sees(entry) else ""

    def text(self, entry: Entry) -> str:
        state = self.asked if entry.state == State.WISHED else ""
        if not entry.own:
            return self.in_part % {"room": i18n.in_one_piece(entry.room_name)} if entry.room_name else self.taken
        if self.sees(entry):
            what = f"{state}: {i18n.in_one_piece(entry.purpose)}" if state else entry.purpose
            return i18n.dotted(what, entry.person if entry.person != entry.purpose else "", self.people % {"count": entry.people})
        if entry.purpose_public and not state:
            return entry.purpose
        return state or self.taken


class Box(NamedTuple):
    """One line of a week's day: a booking or free time, which says in full what it is."""

    letter: str
    url: str
    time: str
    text: str
    label: str

    @property
    def html(self) -> str:
        body = f"<i>{self.time}</i> {escape(self.text)}"
        if not self.url:
            return f'<b class="{self.letter}">{body}</b>'
        label = f' aria-label="{escape(self.label)}"' if self.label else ""
        return f'<a class="{self.letter}" href="{self.url}"{label}>{body}</a>'


class WeekDay(NamedTuple):
    day: date
    name: str
    today: bool
    closed_for: str
    boxes: list[Box]

    @property
    def html(self) -> Markup:
        """The boxes, made here for the same reason as the cells of a `Row`."""
        return Markup("".join(box.html for box in self.boxes))


def room_week(
    card: RoomCard, entries: Sequence[Entry], days: Sequence[OpenDay], windows: dict[date, Span], actor: Actor, zone: ZoneInfo
) -> list[WeekDay]:
    """One room, day by day: what stands and what is free, in order of time."""
    moment, today = clock.now(), clock.today(zone)
    words, hours = Words(actor, card), i18n.hours_teller()
    address = url_for("rooms.show_booking_form", slug=card.slug) + "?start="
    free, pattern = gettext("free"), gettext("%(room)s, %(day)s, %(hours)s, free")
    taken = merged(entry.held.widened(card.after, card.before) for entry in entries if entry.keeps_out(card))
    shortest = timedelta(minutes=card.min_minutes)
    result = []
    for day in days:
        window = windows[day.day]
        spoken = i18n.day(day.day, "EEEE, d. MMMM")
        lines: list[tuple[datetime, Box]] = []
        for entry in entries:
            if entry.span.overlaps(window) and (part := entry.span.within(window)):
                times = hours(part.starts_at, part.ends_at)
                lines.append((part.starts_at, Box(words.letter(entry), words.url(entry), times, words.text(entry), "")))
        between = gaps(window, (span for span in taken if span.overlaps(window)))
        for span in common(queries.hours_of(card, day), between):
            rounded = _from_now(span, moment, card)
            if rounded is not None and rounded.length >= shortest:
                times = hours(rounded.starts_at, rounded.ends_at)
                start = f"{rounded.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}"
                label = pattern % {"room": card.name, "day": spoken, "hours": times}
                lines.append((rounded.starts_at, Box("f", address + start, times, free, label)))
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
