"""What the clock does with bookings and imported calendars."""

from __future__ import annotations

import logging
from datetime import timedelta

from app.core import clock
from app.core.db import run_transaction
from app.core.jobs import Job
from app.core.policy import THE_HOUSE
from app.rooms import queries, service

log = logging.getLogger(__name__)


def lapse_wishes() -> str:
    """End wishes that nobody decided in time, each in its own act: one that cannot be ended does not keep the others."""
    ended = 0
    for booking_id in queries.lapsing(clock.now()):

        def act(booking_id: int = booking_id) -> bool:
            booking = queries.booking(booking_id)
            return booking is not None and service.lapse_booking(booking, THE_HOUSE)

        ended += run_transaction(act)
    return f"{ended} lapsed"


def wishes_lapse() -> bool:
    """Whether there is anything to end; asked before a run is written down."""
    return bool(queries.lapsing(clock.now()))


LAPSE_WISHES = Job("lapse wishes", timedelta(minutes=1), lapse_wishes, wanted=wishes_lapse)


def carry_calendars() -> str:
    """Carry the rules of imported calendars on to the horizon of today, and try refused dates again.

    Each calendar in its own act: one that can no longer be carried (its rules have come to more dates than the house takes)
    does not keep the others.
    """
    carried = dates = failed = 0
    for source_id in queries.sources_to_carry(service.horizon_in()):

        def act(source_id: int = source_id) -> service.Report | None:
            source = queries.calendar_source(source_id)
            return service.carry_calendar(source, THE_HOUSE) if source is not None else None

        try:
            report = run_transaction(act)
        except service.CalendarUnreadable as refusal:
            log.warning("calendar %s could not be carried on: %s", source_id, refusal.facts.get("code"))
            failed += 1
            continue
        if report is not None:
            carried, dates = carried + 1, dates + len(report.created)
    forgotten = run_transaction(service.forget_old_uploads)
    return f"{carried} calendars carried, {dates} dates booked, {failed} not possible, {forgotten} old uploads forgotten"


CARRY_CALENDARS = Job("carry calendars", timedelta(days=1), carry_calendars, offset=timedelta(hours=1, minutes=10))
