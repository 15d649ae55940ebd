"""What the clock does with bookings."""

from __future__ import annotations

from datetime import timedelta

from app.core import clock
from app.core.db import run_transaction
from app.core.jobs import Job
from app.core.policy import THE_HOUSE
from app.rooms import queries, service


def lapse_wishes() -> str:
    """End wishes that nobody decided in time, each in its own act: one that cannot be ended does not keep the others."""
    ended = 0
    for booking_id in queries.lapsing(clock.now()):

        def act(booking_id: int = booking_id) -> bool:
            booking = queries.booking(booking_id)
            return booking is not None and service.lapse_booking(booking, THE_HOUSE)

        ended += run_transaction(act)
    return f"{ended} lapsed"


LAPSE_WISHES = Job("lapse wishes", timedelta(minutes=1), lapse_wishes)
