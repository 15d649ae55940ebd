"""Bookings one by one and in lists, and the wishes that wait for the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from app.core import clock
from app.core.db import session
from app.core.spans import Span
from app.occupancy import queries as occupancy
from app.rooms.models import OPEN_STATES, Booking, State
from app.rooms.queries.cards import RoomCard, rooms


def booking(booking_id: int) -> Booking | None:
    """With its room and everybody who has a name in it."""
    statement = (
        select(Booking)
        .where(Booking.id == booking_id)
        .options(
            joinedload(Booking.room), joinedload(Booking.booked_for), joinedload(Booking.created_by),
            joinedload(Booking.decided_by), joinedload(Booking.organisation),
        )
    )  # fmt: skip
    return session().scalar(statement)


def bookings_of(person_id: int, *, past: bool = False, most: int = 50) -> list[Booking]:
    """A person's bookings: coming ones soonest first, or past and undone ones latest first."""
    now = clock.now()
    statement = select(Booking).where(Booking.booked_for_id == person_id).options(joinedload(Booking.room))
    if past:
        statement = statement.where(or_(Booking.ends_at <= now, Booking.state.not_in(OPEN_STATES))).order_by(
            Booking.starts_at.desc()
        )
    else:
        statement = statement.where(Booking.ends_at > now, Booking.state.in_(OPEN_STATES)).order_by(Booking.starts_at)
    return list(session().scalars(statement.limit(most)))


@dataclass(frozen=True)
class Wish:
    """Something the desk decides: a wish with the rivals that want some of its time, or a wish to change (`change`)."""

    booking: Booking
    span: Span
    change: bool
    rivals: tuple[Booking, ...]
    taken: bool
    """Whether a firm promise already stands in the way."""


def wishes(house_id: int) -> list[Wish]:
    """Everything undecided in a house, soonest first; a constant number of queries."""
    people = (joinedload(Booking.room), joinedload(Booking.booked_for), joinedload(Booking.organisation))
    open_wishes = select(Booking).where(Booking.house_id == house_id, Booking.state == State.WISHED).options(*people)
    changes = select(Booking).where(Booking.house_id == house_id, Booking.change_starts_at.is_not(None)).options(*people)
    wished = [(each, each.span, False) for each in session().scalars(open_wishes)]
    wished += [
        (each, Span(each.change_starts_at, each.change_ends_at), True)
        for each in session().scalars(changes)
        if each.change_starts_at and each.change_ends_at and each.state == State.CONFIRMED
    ]
    if not wished:
        return []
    cards = {card.id: card for card in rooms(house_id)}
    window = Span(min(span.starts_at for _, span, _ in wished), max(span.ends_at for _, span, _ in wished))
    widest = max((card.before + card.after for card in cards.values()), default=timedelta(0))
    held = occupancy.holding({part for card in cards.values() for part in card.parts}, window.widened(widest, widest))
    result = []
    for each, span, change in sorted(wished, key=lambda item: (item[1].starts_at, item[0].id)):
        card = cards.get(each.room_id)
        parts = set(card.parts) if card else set()
        rivals = tuple(
            other
            for other, other_span, _ in wished
            if other.id != each.id and other_span.overlaps(span) and card and parts & set(_parts(cards, other.room_id))
        )
        taken = any(
            promise.resource_id in parts and promise.kind != State.WISHED and promise.source_id != each.id
            and promise.span.overlaps(card.held(span) if card else span)
            for promise in held
        )  # fmt: skip
        result.append(Wish(each, span, change, rivals, taken))
    return result


def _parts(cards: dict[int, RoomCard], room_id: int) -> tuple[int, ...]:
    card = cards.get(room_id)
    return card.parts if card else ()


LONGEST_BOOKING = timedelta(days=32)
"""No booking is longer (imported dates last up to 31 days): what overlaps a time began at most so long before."""


def listed(
    house_id: int,
    *,
    person_id: int | None,
    room_id: int | None,
    starts_at: datetime | None,
    ends_at: datetime | None,
    after: tuple[datetime, int] | None,
    most: int,
) -> list[Booking]:
    """Bookings with all names in them by start and id, that overlap `starts_at` … `ends_at`; at most `most` behind `after`.

    One step into an index, and on from there: as fast with a million bookings as with a thousand.
    """
    statement = select(Booking).options(
        joinedload(Booking.room), joinedload(Booking.booked_for), joinedload(Booking.organisation)
    )
    if room_id is not None:
        statement = statement.where(Booking.room_id == room_id)
    elif person_id is None:
        statement = statement.where(Booking.house_id == house_id)
    if person_id is not None:
        statement = statement.where(Booking.booked_for_id == person_id)
    if starts_at is not None:
        statement = statement.where(Booking.starts_at > starts_at - LONGEST_BOOKING, Booking.ends_at > starts_at)
    if ends_at is not None:
        statement = statement.where(Booking.starts_at < ends_at)
    if after is not None:
        begun, last_id = after
        later = or_(Booking.starts_at > begun, Booking.id > last_id)
        statement = statement.where(Booking.starts_at >= begun, later)
    return list(session().scalars(statement.order_by(Booking.starts_at, Booking.id).limit(most)))


def lapsing(moment: datetime) -> list[int]:
    """Ids of wishes that nobody decided in time, or whose time has begun."""
    return list(
        session().scalars(
            select(Booking.id).where(Booking.state == State.WISHED, or_(Booking.lapses_at <= moment, Booking.starts_at <= moment))
        )
    )
