"""What stands in rooms on a day or in a week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, bindparam, case, literal_column, select, union_all

from app.core import clock
from app.core.memory import recent, until_written
from app.core.spans import Span
from app.core.statements import Row, Statement
from app.occupancy import queries as occupancy
from app.people.models import Person
from app.rooms.models import Booking, State
from app.rooms.queries.cards import RoomCard, rooms

BOOKING = "booking"
"""Name of this feature's promises in the occupancy table."""


def day_window(day: date, zone: ZoneInfo, days: int = 1) -> Span:
    """From the beginning of `day` for `days` days of the wall calendar."""
    return Span(clock.midnight(day, zone), clock.midnight(day + timedelta(days=days), zone))


class Entry(NamedTuple):
    """A booking as it stands in a room's time. `span` is the use, `held` includes set-up and clean-up.

    `person` and `purpose` are what the database knows; the view decides what the reader may see. `own` is False in a room that is
    only blocked because it shares parts (half a hall while the hall is booked).
    """

    booking_id: int
    room_id: int
    room_name: str
    span: Span
    before: timedelta
    after: timedelta
    state: str
    purpose: str
    purpose_public: bool
    people: int
    booked_for_id: int | None
    person: str
    own: bool

    @property
    def held(self) -> Span:
        return self.span.widened(self.before, self.after)

    def keeps_out(self, card: RoomCard) -> bool:
        """Whether nobody else can have this time in `card`; a wish where wishes do not hold keeps nobody out."""
        return self.state == State.CONFIRMED or card.wishes_hold or not self.own


_BOOKED, _WHO = Booking.__table__.c, Person.__table__.c
_ENTRY = (
    _BOOKED.id, _BOOKED.room_id, _BOOKED.starts_at, _BOOKED.ends_at, _BOOKED.before_minutes, _BOOKED.after_minutes, _BOOKED.state,
    _BOOKED.purpose, _BOOKED.purpose_public, _BOOKED.people, _BOOKED.booked_for_id, _WHO.given_name, _WHO.family_name,
)  # fmt: skip


def _wished_in_window() -> tuple[ColumnElement[bool], ...]:
    """Undecided wishes of a house in the window of `occupancy.bounds`; they may hold nothing, so the promises do not show them."""
    moment = _BOOKED.starts_at.type
    return (
        _BOOKED.house_id == bindparam("house_id"),
        _BOOKED.state == literal_column(f"'{State.WISHED}'"),  # as it stands in the partial index, or it is not used
        _BOOKED.starts_at < bindparam("window_ends_at", type_=moment),
        _BOOKED.ends_at > bindparam("window_starts_at", type_=moment),
    )


def _entries_in_window() -> Statement:
    """What is promised, and undecided wishes, which may hold nothing: their first column is 0."""
    promises = occupancy.overlapping()
    # As a case, the source is no way in for SQLite, which knows no numbers of rows and would begin with all promises of bookings.
    of_booking = _BOOKED.id == case((promises.c.source == BOOKING, promises.c.source_id))
    held = select(promises.c.resource_id, *_ENTRY).select_from(
        promises.join(Booking.__table__, of_booking).outerjoin(Person.__table__, _WHO.id == _BOOKED.booked_for_id)
    )
    people = Booking.__table__.outerjoin(Person.__table__, _WHO.id == _BOOKED.booked_for_id)
    wished = select(literal_column("0", Integer), *_ENTRY).select_from(people).where(*_wished_in_window())
    return Statement(union_all(held, wished))


_ENTRIES = _entries_in_window()
_RESOURCE, _ID, _ROOM_ID, _BOOKED_FOR = 0, 1, 2, 11


@dataclass(frozen=True)
class Standing:
    """What stands in rooms during a window, as it was read. `rows` can be compared: the same rows are the same bookings and names."""

    cards: tuple[RoomCard, ...]
    rows: tuple[Row, ...]
    _typed: Callable[[Sequence[Row]], Sequence[Row]] = field(compare=False)

    def is_booked_for(self, person_id: int | None) -> bool:
        """Whether something of it is for this person."""
        return person_id is not None and any(row[_BOOKED_FOR] == person_id for row in self.rows)

    @cached_property
    def by_room(self) -> dict[int, tuple[Hashable, list[Entry]]]:
        """By room id: what the room's entries depend on, and the entries in order of time."""
        by_resource: dict[int, list[Row]] = defaultdict(list)
        wishes: dict[int, list[Row]] = defaultdict(list)
        for row in self.rows:
            (by_resource[row[_RESOURCE]] if row[_RESOURCE] else wishes[row[_ROOM_ID]]).append(row)
        names = {card.id: card.name for card in rooms(self.cards[0].house_id)} if self.cards else {}
        result: dict[int, tuple[Hashable, list[Entry]]] = {}
        for card in self.cards:
            found = {row[_ID]: row for part in card.parts for row in by_resource[part]} | {
                row[_ID]: row for row in wishes[card.id]
            }
            told = tuple((row, names.get(row[_ROOM_ID], "") if row[_ROOM_ID] != card.id else card.name) for row in found.values())
            key = card, told
            result[card.id] = key, recent("pieces", ("entries", key), partial(self._entries, card, told))
        return result

    def of(self, card: RoomCard) -> list[Entry]:
        """Not to be changed by who gets it."""
        return self.by_room[card.id][1]

    def _entries(self, card: RoomCard, told: Iterable[tuple[Row, str]]) -> list[Entry]:
        typed = self._typed([row for row, _ in told])
        entries = [_entry(row, card, name) for row, (_, name) in zip(typed, told, strict=True)]
        return sorted(entries, key=lambda entry: (entry.span.starts_at, entry.booking_id))


def standing(cards: Sequence[RoomCard], window: Span) -> Standing:
    """What stands in each room during `window`; one query however many rooms and bookings."""
    return until_written(("standing", tuple(card.id for card in cards), window), lambda: _standing(tuple(cards), window))


def _standing(cards: tuple[RoomCard, ...], window: Span) -> Standing:
    if not cards:
        return Standing((), (), lambda rows: rows)
    values = {**occupancy.bounds({part for card in cards for part in card.parts}, window), "house_id": cards[0].house_id}
    return Standing(cards, *_ENTRIES.found(**values))


def _entry(row: Row, card: RoomCard, room_name: str) -> Entry:
    _, booking_id, room_id, starts_at, ends_at, before, after, state, purpose, public, people, booked_for_id, given, family = row
    return Entry(
        booking_id, room_id, room_name, Span(starts_at, ends_at), timedelta(minutes=before), timedelta(minutes=after),
        state, purpose, public, people, booked_for_id, f"{given or ''} {family or ''}".strip(), room_id == card.id,
    )  # fmt: skip
