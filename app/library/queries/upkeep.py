"""What the clock has to look at: each gives ids, so that every piece of work can be an act of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.houses.models import House
from app.library.models import (
    OPEN,
    LoanLine,
    QueueEntry,
    QueueState,
    Reservation,
    ReservationState,
)


def reservation(reservation_id: int) -> Reservation | None:
    return session().get(Reservation, reservation_id)


def line(line_id: int) -> LoanLine | None:
    return session().get(LoanLine, line_id)


def houses() -> Sequence[int]:
    return session().scalars(select(House.id).order_by(House.id)).all()


def lapsing() -> Sequence[int]:
    """Reservations nobody came for in time."""
    return (
        session()
        .scalars(
            select(Reservation.id)
            .where(Reservation.state.in_(OPEN), Reservation.packed_at.is_(None), Reservation.collect_by <= clock.now())
            .order_by(Reservation.collect_by, Reservation.id)
        )
        .all()
    )


def troubled() -> Sequence[int]:
    """Things with something late, with a reservation at risk, or with people who wait."""
    now = clock.now()
    late = select(LoanLine.thing_id).where(LoanLine.returned_at.is_(None), LoanLine.due_at <= now)
    at_risk = select(Reservation.thing_id).where(Reservation.state.in_(OPEN), Reservation.at_risk_since.is_not(None))
    waiting = select(QueueEntry.thing_id).where(QueueEntry.state == QueueState.WAITING)
    return sorted(set(session().scalars(late.union(at_risk, waiting))))


def due_to_be_ready() -> Sequence[int]:
    """Reservations whose pick-up is today or tomorrow and whose people have not been told yet."""
    until = clock.midnight(clock.today(i18n.zone()) + timedelta(days=2), i18n.zone())
    return (
        session()
        .scalars(
            select(Reservation.id)
            .where(
                Reservation.state == ReservationState.CONFIRMED, Reservation.starts_at < until, ~Reservation.ready_told,
                Reservation.at_risk_since.is_(None), ~Reservation.from_queue,
            )
            .order_by(Reservation.id)
        )
        .all()
    )  # fmt: skip


def to_be_told() -> Sequence[int]:
    """What is out and due within the next days, or was."""
    until = clock.now() + timedelta(days=15)
    return (
        session()
        .scalars(select(LoanLine.id).where(LoanLine.returned_at.is_(None), LoanLine.due_at < until).order_by(LoanLine.id))
        .all()
    )
