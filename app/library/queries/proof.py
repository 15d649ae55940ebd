"""For ``flask check``: what must always hold between pieces, reservations, loans and promises."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, exists, func, select

from app.core.db import session
from app.library.models import OPEN, Allocation, LoanLine, Piece, Reservation, Thing, Whereabouts
from app.library.queries.supply import LINE, RESERVATION
from app.occupancy.models import Occupancy, Share


def faults() -> Iterator[str]:
    """One sentence for each thing that is wrong; nine statements, whatever the history."""
    out = exists(select(LoanLine.id).where(LoanLine.piece_id == Piece.id, LoanLine.returned_at.is_(None)))
    single = select(Piece.number).join(Thing, Thing.id == Piece.thing_id).where(~Thing.counted)
    away = Piece.whereabouts.in_([Whereabouts.OUT, Whereabouts.BOX])
    for number in session().scalars(single.where(away, ~out)):
        yield f"piece {number} is said to be out, and no loan knows of it"
    for number in session().scalars(single.where(~away, out)):
        yield f"piece {number} is out on loan, and said to be here"
    open_count = LoanLine.quantity - LoanLine.returned - LoanLine.written_off
    stacks = (
        select(Piece.number)
        .join(LoanLine, LoanLine.piece_id == Piece.id)
        .where(LoanLine.returned_at.is_(None))
        .group_by(Piece.id, Piece.number, Piece.count)
        .having(func.sum(open_count) > Piece.count)
    )
    for number in session().scalars(stacks):
        yield f"more of {number} is out than there is"
    is_open = Reservation.state.in_(OPEN)
    given = (
        select(Reservation.id)
        .outerjoin(Allocation, Allocation.reservation_id == Reservation.id)
        .where(is_open, Reservation.at_risk_since.is_(None))
        .group_by(Reservation.id, Reservation.quantity)
        .having(func.coalesce(func.sum(Allocation.quantity), 0) != Reservation.quantity)
    )
    for reservation_id in session().scalars(given):
        yield f"reservation {reservation_id} has not the pieces it is promised, and is not said to be at risk"
    for reservation_id in session().scalars(
        select(Allocation.reservation_id)
        .join(Reservation, Reservation.id == Allocation.reservation_id)
        .where(~is_open)
        .distinct()
    ):
        yield f"reservation {reservation_id} is over and still has pieces set aside"
    yield from _promises()


def _promises() -> Iterator[str]:
    """Every piece set aside and every piece out is promised, and nothing else is."""
    held = exists(
        select(Occupancy.id).where(
            Occupancy.source == RESERVATION,
            Occupancy.source_id == Allocation.reservation_id,
            Occupancy.resource_id == Piece.resource_id,
        )
    )
    shared = exists(
        select(Share.id).where(
            Share.source == RESERVATION, Share.source_id == Allocation.reservation_id, Share.resource_id == Piece.resource_id
        )
    )
    loose = select(Allocation.reservation_id, Piece.number).join(Piece, Piece.id == Allocation.piece_id).where(~held, ~shared)
    for number, piece in session().execute(loose):
        yield f"piece {piece} is set aside for reservation {number}, and not promised"
    for table in (Occupancy, Share):
        over = (
            select(table.source_id)
            .outerjoin(Reservation, and_(Reservation.id == table.source_id, Reservation.state.in_(OPEN)))
            .where(table.source == RESERVATION, Reservation.id.is_(None))
            .distinct()
        )
        for number in session().scalars(over):
            yield f"something is promised to reservation {number}, which is over"
        done = (
            select(table.source_id)
            .outerjoin(LoanLine, and_(LoanLine.id == table.source_id, LoanLine.returned_at.is_(None)))
            .where(table.source == LINE, LoanLine.id.is_(None))
            .distinct()
        )
        for number in session().scalars(done):
            yield f"something is promised to loan line {number}, which is back"
