"""What stands in rooms on a day or in a week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select, true

from app.core import clock
from app.core.memory import until_written
from app.core.spans import Span
from app.core.statements import Row, Statement
from app.occupancy import queries as occupancy
from app.people.models import Person
from app.rooms.models import Booking, State
from app.rooms.queries.cards import RoomCard

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
_OF_BOOKING = (occupancy.HELD.source == BOOKING) & (_BOOKED.id == occupancy.HELD.source_id)


def _held_entries() -> Statement:
    source, conditions = occupancy.overlapping()
    return Statement(
        select(occupancy.HELD.resource_id, *_ENTRY)
        .select_from(source.join(Booking.__table__, _OF_BOOKING).outerjoin(Person.__table__, _WHO.id == _BOOKED.booked_for_id))
        .where(*conditions)
    )


def _wished_in_window() -> tuple[ColumnElement[bool], ...]:
    """Undecided wishes of a house in the window of `occupancy.bounds`; they may hold nothing, so the promises do not show them."""
    moment = _BOOKED.starts_at.type
    return (
        _BOOKED.house_id == bindparam("house_id"),
        _BOOKED.state == literal_column(f"'{State.WISHED}'"),  # as it stands in the partial index, or it is not used
        _BOOKED.starts_at < bindparam("window_ends_at", type_=moment),
        _BOOKED.ends_at > bindparam("window_starts_at", type_=moment),
    )


def _wished_entries() -> Statement:
    people = Booking.__table__.outerjoin(Person.__table__, _WHO.id == _BOOKED.booked_for_id)
    return Statement(select(*_ENTRY).select_from(people).where(*_wished_in_window()))


_HELD_ENTRIES, _WISHED_ENTRIES = _held_entries(), _wished_entries()


def entries(cards: Sequence[RoomCard], window: Span) -> dict[int, list[Entry]]:
    """What stands in each room during `window`, in order, by room id; two queries however many rooms and bookings.

    Kept until something is written: not to be changed by who gets it.
    """
    if not cards:
        return {}
    return until_written(("entries", tuple(card.id for card in cards), window), lambda: _entries(cards, window))


def _entries(cards: Sequence[RoomCard], window: Span) -> dict[int, list[Entry]]:
    values = {**occupancy.bounds({part for card in cards for part in card.parts}, window), "house_id": cards[0].house_id}
    by_resource: dict[int, list[Row]] = defaultdict(list)
    wishes: dict[int, list[Row]] = defaultdict(list)
    for resource_id, *row in _HELD_ENTRIES.rows(**values):
        by_resource[resource_id].append(tuple(row))
    for wish in _WISHED_ENTRIES.rows(**values):
        wishes[wish[1]].append(wish)
    names = {card.id: card.name for card in cards}
    result: dict[int, list[Entry]] = {}
    for card in cards:
        found = {row[0]: row for part in card.parts for row in by_resource[part]} | {row[0]: row for row in wishes[card.id]}
        mine = [_entry(row, card, names) for row in found.values()]
        result[card.id] = sorted(mine, key=lambda entry: (entry.span.starts_at, entry.booking_id))
    return result


def _entry(row: Row, card: RoomCard, names: dict[int, str]) -> Entry:
    booking_id, room_id, starts_at, ends_at, before, after, state, purpose, public, people, booked_for_id, given, family = row
    return Entry(
        booking_id, room_id, names.get(room_id, ""), Span(starts_at, ends_at), timedelta(minutes=before), timedelta(minutes=after),
        state, purpose, public, people, booked_for_id, f"{given or ''} {family or ''}".strip(), room_id == card.id,
    )  # fmt: skip


def _fingerprint() -> Statement:
    source, conditions = occupancy.overlapping()
    held = (
        select(func.count(), func.sum(_BOOKED.id), func.sum(_BOOKED.version), func.max(_BOOKED.changed_at))
        .select_from(source.join(Booking.__table__, _OF_BOOKING))
        .where(*conditions)
        .subquery()
    )
    wished = (
        select(func.count(), func.sum(_BOOKED.id), func.sum(_BOOKED.version), func.max(_BOOKED.changed_at))
        .where(*_wished_in_window())
        .subquery()
    )
    return Statement(select(held, wished).select_from(held.join(wished, true())))


_FINGERPRINT = _fingerprint()


def fingerprint(cards: Sequence[RoomCard], window: Span) -> Row | None:
    """Changes whenever `entries` would: one aggregate over the same rows, far cheaper than rendering them.

    Numbers of rows and sums of ids and versions of what this reader's transaction sees, so it cannot be ahead or behind. Ids of
    bookings, because those of promises, which are deleted, come again on SQLite.
    """
    house_id = cards[0].house_id
    values = occupancy.bounds({part for card in cards for part in card.parts}, window)
    return until_written(
        ("fingerprint", house_id, tuple(values["resources"]), window), lambda: _FINGERPRINT.row(**values, house_id=house_id)
    )
