"""What the events of reservations and loans tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.core.db import session
from app.core.policy import Actor
from app.library.models import Loan, LoanLine, Piece, Reservation, Thing


def reservation_facts(reservation: Reservation, by: Actor) -> dict[str, Any]:
    """What every event of a reservation tells."""
    name = session().scalar(select(Thing.name).where(Thing.id == reservation.thing_id)) or ""
    return {
        "house_id": reservation.house_id,
        "by": by.person_id,
        "reservation_id": reservation.id,
        "thing_id": reservation.thing_id,
        "thing_name": name,
        "quantity": reservation.quantity,
        "person_id": reservation.person_id,
        "created_by_id": reservation.created_by_id,
        "starts_at": reservation.starts_at,
        "ends_at": reservation.ends_at,
        "state": reservation.state,
        "version": reservation.version,
    }


def line_facts(line: LoanLine, by: Actor) -> dict[str, Any]:
    """What every event of a line tells."""
    number, name, person_id = session().execute(
        select(Piece.number, Thing.name, Loan.person_id)
        .select_from(LoanLine)
        .join(Piece, Piece.id == LoanLine.piece_id)
        .join(Thing, Thing.id == LoanLine.thing_id)
        .join(Loan, Loan.id == LoanLine.loan_id)
        .where(LoanLine.id == line.id)
    ).one()  # fmt: skip
    return {
        "house_id": line.house_id,
        "by": by.person_id,
        "line_id": line.id,
        "loan_id": line.loan_id,
        "piece_id": line.piece_id,
        "piece_number": number,
        "thing_id": line.thing_id,
        "thing_name": name,
        "person_id": person_id,
        "quantity": line.open_count,
        "due_at": line.due_at,
    }
