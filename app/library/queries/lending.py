"""One reservation, loan or line with what its page and the API need, and lists of them; none asks more for more rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.core import clock
from app.core.db import session
from app.library.models import OPEN, Allocation, Loan, LoanLine, QueueEntry, Reservation, Thing


def reservation(reservation_id: int) -> Reservation | None:
    """With its thing, person, group and the pieces set aside."""
    return session().scalar(
        select(Reservation)
        .where(Reservation.id == reservation_id)
        .options(
            joinedload(Reservation.thing), joinedload(Reservation.person), joinedload(Reservation.organisation),
            selectinload(Reservation.allocations).joinedload(Allocation.piece),
        )
        .execution_options(populate_existing=True)
    )  # fmt: skip


def reservations(
    house_id: int,
    *,
    person_id: int | None = None,
    thing_id: int | None = None,
    only_open: bool = False,
    after: int = 0,
    most: int = 51,
) -> Sequence[Reservation]:
    """Of a house, or of one person there, the newest first; `after` is the last id of the page before."""
    statement = (
        select(Reservation)
        .where(Reservation.house_id == house_id)
        .options(joinedload(Reservation.thing), joinedload(Reservation.person), joinedload(Reservation.organisation))
        .options(selectinload(Reservation.allocations).joinedload(Allocation.piece))
        .order_by(Reservation.id.desc())
        .limit(most)
    )
    if person_id is not None:
        statement = statement.where(Reservation.person_id == person_id)
    if thing_id is not None:
        statement = statement.where(Reservation.thing_id == thing_id)
    if only_open:
        statement = statement.where(Reservation.state.in_(OPEN))
    if after:
        statement = statement.where(Reservation.id < after)
    return session().scalars(statement).unique().all()


def loan(loan_id: int) -> Loan | None:
    """With its person, group and lines, each with its piece and thing."""
    return session().scalar(
        select(Loan)
        .where(Loan.id == loan_id)
        .options(joinedload(Loan.person), joinedload(Loan.organisation), joinedload(Loan.handed_out_by))
        .options(selectinload(Loan.lines).joinedload(LoanLine.piece), selectinload(Loan.lines).joinedload(LoanLine.thing))
        .execution_options(populate_existing=True)
    )


def line(line_id: int) -> LoanLine | None:
    """With its loan, piece and thing: the loan's person is whose it is."""
    return session().scalar(
        select(LoanLine)
        .where(LoanLine.id == line_id)
        .join(Loan, Loan.id == LoanLine.loan_id)
        .options(contains_eager(LoanLine.loan).joinedload(Loan.person), joinedload(LoanLine.piece), joinedload(LoanLine.thing))
        .execution_options(populate_existing=True)
    )


def lines(
    house_id: int, *, person_id: int | None = None, out: bool = False, overdue: bool = False, after: int = 0, most: int = 51
) -> Sequence[LoanLine]:
    """Lines of a house, or of one person there, the newest first; `after` as in `reservations`."""
    statement = (
        select(LoanLine)
        .join(Loan, Loan.id == LoanLine.loan_id)
        .where(LoanLine.house_id == house_id)
        .options(contains_eager(LoanLine.loan).joinedload(Loan.person), joinedload(LoanLine.piece), joinedload(LoanLine.thing))
        .order_by(LoanLine.id.desc())
        .limit(most)
    )
    if person_id is not None:
        statement = statement.where(Loan.person_id == person_id)
    if out or overdue:
        statement = statement.where(LoanLine.returned_at.is_(None))
    if overdue:
        statement = statement.where(LoanLine.due_at < clock.now())
    if after:
        statement = statement.where(LoanLine.id < after)
    return session().scalars(statement).all()


def queue_entry(entry_id: int) -> QueueEntry | None:
    """With its thing and person."""
    return session().scalar(
        select(QueueEntry)
        .where(QueueEntry.id == entry_id)
        .options(joinedload(QueueEntry.thing), joinedload(QueueEntry.person))
        .execution_options(populate_existing=True)
    )


def thing_by_slug(house_id: int, slug: str) -> Thing | None:
    return session().scalar(
        select(Thing)
        .where(Thing.house_id == house_id, Thing.slug == slug, Thing.archived_at.is_(None))
        .options(joinedload(Thing.thing_class))
    )
