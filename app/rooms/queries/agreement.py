"""Do bookings and promises agree?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func, or_, select

from app.core import clock
from app.core.db import dialect_name, session
from app.occupancy.models import Occupancy
from app.rooms.models import OPEN_STATES, Booking, RoomPart, State
from app.rooms.queries.days import BOOKING

MOST_FAULTS = 100


def faults() -> Iterator[str]:
    """For ``flask check``: promises without their booking, and bookings without their promises. At most `MOST_FAULTS` of a kind.

    A room may have been made of other parts once, so the parts of what is over are not asked for. An open wish holds all parts
    or, where wishes do not hold, none.
    """
    begins = _seconds(Booking.starts_at) - 60 * Booking.before_minutes
    ends = _seconds(Booking.ends_at) + 60 * Booking.after_minutes
    ahead = Booking.ends_at > clock.now()
    own_part = (RoomPart.room_id == Booking.room_id) & (RoomPart.resource_id == Occupancy.resource_id)
    wrong = {
        "belongs to no booking": Booking.id.is_(None),
        "holds time for a booking that is closed": Booking.state.not_in(OPEN_STATES),
        "is for another time than its booking": or_(_seconds(Occupancy.starts_at) != begins, _seconds(Occupancy.ends_at) != ends),
        "says otherwise than its booking whether it is firm": Occupancy.kind != Booking.state,
        "holds what does not belong to the room of its booking": ahead & RoomPart.resource_id.is_(None),
    }
    for words, condition in wrong.items():
        promises = (
            select(Occupancy.id, Occupancy.source_id)
            .outerjoin(Booking, Booking.id == Occupancy.source_id)
            .outerjoin(RoomPart, own_part)
            .where(Occupancy.source == BOOKING, condition)
            .limit(MOST_FAULTS)
        )
        for number, booking_id in session().execute(promises):
            yield f"promise {number} (booking {booking_id}) {words}"
    held = select(func.count()).where(Occupancy.source == BOOKING, Occupancy.source_id == Booking.id).scalar_subquery()
    parts = select(func.count()).where(RoomPart.room_id == Booking.room_id).scalar_subquery()
    unheld = (
        select(Booking.id, Booking.state)
        .where(
            or_(
                (Booking.state == State.CONFIRMED) & (held == 0),
                ahead & (Booking.state == State.CONFIRMED) & (held != parts),
                ahead & (Booking.state == State.WISHED) & held.not_in((0, parts)),
            )
        )
        .order_by(Booking.id)
        .limit(MOST_FAULTS)
    )
    for number, state in session().execute(unheld):
        yield f"booking {number} is {state} but does not hold every part of its room"


def _seconds(moment: Any) -> ColumnElement[int]:
    """Whole seconds of a column of instants, to count with on both engines."""
    if dialect_name() == "sqlite":
        return cast(func.strftime("%s", moment), Integer)
    return cast(func.extract("epoch", moment), BigInteger)
