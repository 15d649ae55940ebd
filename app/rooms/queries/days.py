"""What stands in rooms on a day or in a week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select, true

from app.core import clock
from app.core.db import rows as db_rows
from app.core.spans import Span
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


@cache
def _held_entries() -> Select[*tuple[Any, ...]]:
    source, conditions = occupancy.overlapping()
    return (
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


@cache
def _wished_entries() -> Select[*tuple[Any, ...]]:
    people = Booking.__table__.outerjoin(Person.__table__, _WHO.id == _BOOKED.booked_for_id)
    return select(*_ENTRY).select_from(people).where(*_wished_in_window())


def entries(cards: Sequence[RoomCard], window: Span) -> dict[int, list[Entry]]:
    """What stands in each room during `window`, in order, by room id; two queries however many rooms and bookings."""
    if not cards:
        return {}
    values = {**occupancy.bounds({part for card in cards for part in card.parts}, window), "house_id": cards[0].house_id}
    by_resource: dict[int, list[Any]] = defaultdict(list)
    wishes: dict[int, list[Any]] = defaultdict(list)
    for row in db_rows(_held_entries(), values).all():
        by_resource[row.resource_id].append(row)
    for row in db_rows(_wished_entries(), values).all():
        wishes[row.room_id].append(row)
    names = {card.id: card.name for card in cards}
    result: dict[int, list[Entry]] = {}
    for card in cards:
        found: dict[int, Entry] = {}
        for row in [row for part in card.parts for row in by_resource[part]] + wishes[card.id]:
            if row.id not in found:
                found[row.id] = _entry(row, card, names)
        result[card.id] = sorted(found.values(), key=lambda entry: (entry.span.starts_at, entry.booking_id))
    return result


def _entry(row: Any, card: RoomCard, names: dict[int, str]) -> Entry:
    (
        booking_id, room_id, starts_at, ends_at, before, after, state, purpose, public, people, booked_for_id, given, family
    ) = row[-len(_ENTRY) :]  # fmt: skip
    return Entry(
        booking_id, room_id, names.get(room_id, ""), Span(starts_at, ends_at), timedelta(minutes=before), timedelta(minutes=after),
        state, purpose, public, people, booked_for_id, f"{given or ''} {family or ''}".strip(), room_id == card.id,
    )  # fmt: skip


@cache
def _fingerprint() -> Select[*tuple[Any, ...]]:
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
    return select(held, wished).select_from(held.join(wished, true()))


def fingerprint(cards: Sequence[RoomCard], window: Span) -> tuple[object, ...]:
    """Changes whenever `entries` would: one aggregate over the same rows, far cheaper than rendering them.

    Numbers of rows and sums of ids and versions of what this reader's transaction sees, so it cannot be ahead or behind. Ids of
    bookings, because those of promises, which are deleted, come again on SQLite.
    """
    values = occupancy.bounds({part for card in cards for part in card.parts}, window)
    return tuple(db_rows(_fingerprint(), {**values, "house_id": cards[0].house_id}).one())
