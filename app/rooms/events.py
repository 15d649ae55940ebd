"""What can have happened to a booking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class BookingEvent(Event):
    """A booking as it is after the act. `booked_for_id` is None only for imported dates; `reason` is for the person."""

    booking_id: int
    room_id: int
    room_name: str
    starts_at: datetime
    ends_at: datetime
    state: str
    purpose: str
    people: int
    price_cents: int
    booked_for_id: int | None
    created_by_id: int | None
    uid: str
    sequence: int
    reason: str = ""
    origin: str = "page"
    price_rule: Mapping[str, Any] = field(default_factory=dict)
    """How the price came about, as in `models.Booking`."""


@dataclass(frozen=True, kw_only=True)
class BookingWished(BookingEvent):
    """Somebody asks for a room; the desk decides until `lapses_at`."""

    lapses_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BookingConfirmed(BookingEvent):
    """By the desk, or at once where the room's rule is instant."""


@dataclass(frozen=True, kw_only=True)
class BookingRefused(BookingEvent):
    """The desk said no to a wish."""


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(BookingEvent):
    """It will not take place; the time is free again."""


@dataclass(frozen=True, kw_only=True)
class BookingLapsed(BookingEvent):
    """A wish that nobody decided in time."""


@dataclass(frozen=True, kw_only=True)
class BookingMoved(BookingEvent):
    """Another time or another room; the old one is named."""

    old_room_name: str
    old_starts_at: datetime
    old_ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingChanged(BookingEvent):
    """Purpose or number of people; time and room stayed."""


@dataclass(frozen=True, kw_only=True)
class ChangeWished(BookingEvent):
    """A confirmed booking asks for another time and keeps its own until the desk has decided."""

    change_starts_at: datetime
    change_ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class ChangeRefused(BookingEvent):
    """The desk said no to another time; the booking stays as it was."""

    change_starts_at: datetime
    change_ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class RoomChanged(Event):
    """A room was made, changed or archived by the manager."""

    room_id: int
    slug: str


@dataclass(frozen=True, kw_only=True)
class CalendarImported(Event):
    """A calendar file was followed for a room: counts only."""

    room_id: int
    created: int
    moved: int
    cancelled: int
    refused: int
    unchanged: int


@dataclass(frozen=True, kw_only=True)
class FeedRenewed(Event):
    """A secret calendar address was made; the old one stopped working."""

    feed_id: int
