"""What the manager asks before changing rooms and hours."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.core import clock
from app.core.db import session
from app.core.spans import Span, merged
from app.occupancy.models import Resource
from app.offers import queries as offers
from app.offers.models import HoursKind
from app.people.models import Person
from app.rooms.models import OPEN_STATES, Booking, Room, RoomPart, Surcharge
from app.rooms.queries.cards import rooms


def managed_rooms(house_id: int) -> list[Room]:
    """Every room of the house with its parts, in its order, those out of use last."""
    statement = (
        select(Room)
        .where(Room.house_id == house_id)
        .order_by(Room.archived_at.is_not(None), Room.position, Room.id)
        .options(selectinload(Room.parts))
    )
    return list(session().scalars(statement))


def managed_room(house_id: int, slug: str) -> Room | None:
    """A room with its parts, also one out of use."""
    statement = select(Room).where(Room.house_id == house_id, Room.slug == slug[:60]).options(selectinload(Room.parts))
    return session().scalar(statement)


@dataclass(frozen=True)
class ManagedSurcharge:
    """A surcharge with its room, for the manager."""

    room: Room
    surcharge: Surcharge

    @property
    def house_id(self) -> int:
        return self.room.house_id


def managed_surcharge(house_id: int, slug: str, surcharge_id: int) -> ManagedSurcharge | None:
    row = session().execute(
        select(Room, Surcharge)
        .join(Surcharge, Surcharge.room_id == Room.id)
        .where(Room.house_id == house_id, Room.slug == slug, Surcharge.id == surcharge_id)
    ).first()  # fmt: skip
    return ManagedSurcharge(*row) if row else None


def surcharge_names(house_id: int) -> dict[str, str]:
    """The codes surcharges of this house have, each with the name the first one goes by."""
    rows = session().execute(
        select(Surcharge.code, func.min(Surcharge.name))
        .join(Room, Room.id == Surcharge.room_id)
        .where(Room.house_id == house_id)
        .group_by(Surcharge.code)
        .order_by(func.min(Surcharge.name))
    )
    return {row.code: row[1] for row in rows}


def usable_parts(house_id: int) -> list[Resource]:
    """The parts that at least one room is made of."""
    used = select(RoomPart.resource_id).join(Room, Room.id == RoomPart.room_id).where(Room.house_id == house_id)
    return list(session().scalars(select(Resource).where(Resource.id.in_(used)).order_by(Resource.name, Resource.id)))


def coming_bookings(room_id: int) -> int:
    """How many open bookings of a room still lie ahead or are going on."""
    statement = select(func.count()).where(
        Booking.room_id == room_id, Booking.state.in_(OPEN_STATES), Booking.ends_at > clock.now()
    )
    return session().scalar(statement) or 0


@dataclass(frozen=True, slots=True)
class Affected:
    """An open booking that lies outside the hours of its room; `closed_for` is the holiday or reason of its day, if any."""

    booking_id: int
    room_name: str
    span: Span
    state: str
    purpose: str
    person: str
    phone: str | None
    closed_for: str


def outside_hours(house_id: int, first: date, last: date, zone: ZoneInfo) -> list[Affected]:
    """Open bookings from now on that begin from `first` to `last` and do not lie in the hours of their room, soonest first.

    A constant number of queries; the rest is counted here, because hours are wall time, which the database does not know.
    """
    cards = {card.id: card for card in rooms(house_id)}
    window = Span(clock.midnight(first, zone), clock.midnight(last + timedelta(days=1), zone))
    rows = session().execute(
        select(
            Booking.id, Booking.room_id, Booking.starts_at, Booking.ends_at, Booking.state, Booking.purpose,
            Person.given_name, Person.family_name, Person.phone,
        )
        .outerjoin(Person, Person.id == Booking.booked_for_id)
        .where(
            Booking.room_id.in_(sorted(cards)),
            Booking.state.in_(OPEN_STATES),
            Booking.starts_at >= window.starts_at,
            Booking.starts_at < window.ends_at,
            Booking.ends_at > clock.now(),
        )
        .order_by(Booking.starts_at, Booking.id)
    ).all()  # fmt: skip
    if not rows:
        return []
    latest = max(row.ends_at for row in rows).astimezone(zone).date()
    days = offers.open_days(house_id, first, max(last, latest), zone)
    desk, use = (merged(offers.spans_of(days.values(), kind)) for kind in (HoursKind.DESK, HoursKind.USE))
    starts = {kind: [span.starts_at for span in spans] for kind, spans in ((True, desk), (False, use))}
    result = []
    for row in rows:
        card, span = cards[row.room_id], Span(row.starts_at, row.ends_at)
        at = bisect_right(starts[card.only_when_open], span.starts_at) - 1
        if at >= 0 and (desk if card.only_when_open else use)[at].contains(span):
            continue
        person = f"{row.given_name or ''} {row.family_name or ''}".strip()
        closed_for = days[row.starts_at.astimezone(zone).date()].closed_for
        result.append(Affected(row.id, card.name, span, row.state, row.purpose, person, row.phone, closed_for))
    return result
