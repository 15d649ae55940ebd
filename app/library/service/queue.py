"""The queue for a thing: joined by one tap, left at any time, served in order by reservations that are real."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import Collision, session
from app.core.events import publish
from app.core.policy import Actor
from app.core.spans import Span
from app.library import queries
from app.library.events import QueueJoined, QueueLapsed, QueueLeft, QueueOffered
from app.library.models import QueueEntry, QueueState, Reservation, ReservationState, Thing, ThingClass
from app.library.queries import NoOpenDay, Supply
from app.library.queries.borrowers import Act, against, standing
from app.library.service.arranging import kin_of, set_aside, supply_of
from app.library.service.refusals import MayNotBorrow, NotOpen
from app.library.service.reservations import NEEDS_YES, cancel_reservation, loan_days, thing_with_class

ONE_DAY = timedelta(days=1)
STANDING = (QueueState.WAITING, QueueState.OFFERED)


def join_queue(thing_id: int, person_id: int, by: Actor) -> QueueEntry:
    """Wait for a thing. Who waits already stays where they are. Raises `Missing` or `MayNotBorrow`."""
    thing, thing_class = thing_with_class(thing_id)
    known = session().scalar(
        select(QueueEntry).where(
            QueueEntry.thing_id == thing_id, QueueEntry.person_id == person_id, QueueEntry.state.in_(STANDING)
        )
    )
    if known is not None:
        return known
    reasons = [
        each
        for each in against(standing(person_id, thing.house_id), thing_class, Act.RESERVE)
        if each.code not in NEEDS_YES
    ]  # fmt: skip
    if reasons:
        raise MayNotBorrow(reasons)
    entry = QueueEntry(house_id=thing.house_id, thing_id=thing_id, person_id=person_id, created_by_id=by.person_id)
    session().add(entry)
    try:
        session().flush()
    except IntegrityError as fault:
        raise Collision from fault
    publish(QueueJoined(**_facts(entry, thing, by)))
    serve_queue([thing_id], by)
    return entry


def leave_queue(entry: QueueEntry, by: Actor) -> None:
    """Not wait any more; what was kept goes to the next. Raises `NotOpen`."""
    if entry.state not in STANDING:
        raise NotOpen(state=entry.state)
    thing, _ = thing_with_class(entry.thing_id)
    kept = session().get(Reservation, entry.reservation_id) if entry.reservation_id is not None else None
    entry.state = QueueState.LEFT
    session().flush()
    publish(QueueLeft(**_facts(entry, thing, by)))
    if kept is not None and kept.is_open:
        cancel_reservation(kept, "", by)
    serve_queue([entry.thing_id], by)


def note_lapse(reservation: Reservation, by: Actor) -> None:
    """A kept piece was not picked up in time: its person is told, and it is the next one's turn."""
    entry = session().scalar(select(QueueEntry).where(QueueEntry.reservation_id == reservation.id))
    if entry is not None:
        thing, _ = thing_with_class(entry.thing_id)
        publish(QueueLapsed(**_facts(entry, thing, by)))
    serve_queue([reservation.thing_id], by)


def serve_queue(thing_ids: Iterable[int], by: Actor) -> None:
    """Offer what is free now to whoever has waited the longest; call it after `arrange`, when something may have become free."""
    for thing_id in kin_of(thing_ids):
        waiting = list(
            session().scalars(
                select(QueueEntry)
                .where(QueueEntry.thing_id == thing_id, QueueEntry.state == QueueState.WAITING)
                .order_by(QueueEntry.since, QueueEntry.id)
            )
        )
        if not waiting:
            continue
        thing, thing_class = thing_with_class(thing_id)
        for entry in waiting:
            supply = supply_of([thing_id], thing.house_id)[thing_id]
            if not _offer(entry, thing, thing_class, supply, by):
                break


def _offer(entry: QueueEntry, thing: Thing, thing_class: ThingClass, supply: Supply, by: Actor) -> bool:
    """Keep a piece for this one; False when none is free now for at least a day."""
    now = clock.now()
    try:
        collect_by = supply.openings.closing_after(now, queries.rule(thing.house_id, "hold_open_days"))
        span = _longest(thing, thing_class, supply, now, collect_by)
    except NoOpenDay:
        return False
    if span is None or entry.person_id is None:
        return False
    held = supply.held(span.starts_at, span.ends_at)
    reservation = Reservation(
        house_id=thing.house_id, thing_id=thing.id, quantity=1, person_id=entry.person_id, created_by_id=by.person_id,
        starts_at=span.starts_at, ends_at=span.ends_at, held_until=held.ends_at, collect_by=collect_by,
        state=ReservationState.CONFIRMED, from_queue=True, origin="queue",
    )  # fmt: skip
    session().add(reservation)
    session().flush()
    set_aside(reservation.id, held, supply.pick(held, span.ends_at, 1))
    entry.state, entry.reservation_id = QueueState.OFFERED, reservation.id
    session().flush()
    publish(
        QueueOffered(
            **_facts(entry, thing, by), reservation_id=reservation.id, collect_by=collect_by, ends_at=span.ends_at
        )
    )  # fmt: skip
    return True


def _longest(thing: Thing, thing_class: ThingClass, supply: Supply, now: datetime, collect_by: datetime) -> Span | None:
    """From now, or when the desk opens next, to the usual return day of whoever comes last for it.

    Shorter where it is promised to somebody after that; None where not even a day is left.
    """
    openings = supply.openings
    start = max(now, openings.next(now).starts_at)
    last_pick_up = openings.day_of(collect_by)
    usual = openings.due_after(last_pick_up, loan_days(thing, thing_class), thing_class.closed_days)
    for day in reversed(openings.days(last_pick_up + ONE_DAY, usual)):
        due_at = openings.due_on(day)
        if supply.free(supply.held(start, due_at), due_at):
            return Span(start, due_at)
    return None


def _facts(entry: QueueEntry, thing: Thing, by: Actor) -> dict[str, Any]:
    return {
        "house_id": entry.house_id,
        "by": by.person_id,
        "queue_entry_id": entry.id,
        "thing_id": thing.id,
        "thing_name": thing.name,
        "person_id": entry.person_id,
    }
