"""Calendar feeds and what they tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from app.core.db import session
from app.rooms.models import OPEN_STATES, Booking, Feed, Room, State


def feed(secret: str) -> Feed | None:
    """A feed that has not been revoked."""
    return session().scalar(select(Feed).where(Feed.secret == secret, Feed.revoked_at.is_(None)))


def feed_of(person_id: int) -> Feed | None:
    return session().scalar(select(Feed).where(Feed.person_id == person_id, Feed.revoked_at.is_(None)))


def feed_bookings(*, room_id: int | None = None, person_id: int | None = None, most: int = 4_000) -> list[Any]:
    """Rows for a calendar feed by start: the `most` latest that are open, or were called off after they had been confirmed.

    Past dates stay for as long as there is room for them: a calendar that fetches the feed anew must not lose its history.
    """
    called_off = (Booking.state == State.CANCELLED) & Booking.decided_at.is_not(None)
    statement = (
        select(
            Booking.id, Booking.uid, Booking.starts_at, Booking.ends_at, Booking.state, Booking.purpose, Booking.purpose_public,
            Booking.sequence, Booking.changed_at, Room.name.label("room_name"),
        )
        .join(Room, Room.id == Booking.room_id)
        .where(or_(Booking.state.in_(OPEN_STATES), called_off))
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(most)
    )  # fmt: skip
    if room_id is not None:
        statement = statement.where(Booking.room_id == room_id)
    if person_id is not None:
        statement = statement.where(Booking.booked_for_id == person_id)
    return list(reversed(session().execute(statement).all()))
