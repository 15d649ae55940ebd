"""Lists of the library: loans, reservations, the queue, and the day with everything that waits in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import QueryableAttribute, joinedload, selectinload

from app.core import clock, i18n
from app.core.db import session
from app.library.models import (
    OPEN,
    Allocation,
    Condition,
    Damage,
    Intake,
    Loan,
    LoanLine,
    Piece,
    QueueEntry,
    QueueState,
    Reservation,
    ReservationState,
    Thing,
    Whereabouts,
)
from app.library.queries.desk import number_in
from app.people import queries as people

PAGE = 50
SHEET = 20_000
"""Rows of a sheet at most; more is a matter for the API."""
STANDING = (QueueState.WAITING, QueueState.OFFERED)
ONE_DAY = timedelta(days=1)


def _fitting(text: str, person: QueryableAttribute[int | None]) -> ColumnElement[bool]:
    """Things whose name or number, or people whose name fits `text`; the statement joins `Thing` (and `Piece` for numbers)."""
    found = [each.id for each in people.search_people(text, 30)]
    part = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return or_(person.in_(found), Thing.name.ilike(part, escape="\\"))


# Loans -------------------------------------------------------------------------------------------------------------


def _line_list() -> Select[LoanLine]:
    return (
        select(LoanLine)
        .join(Loan, Loan.id == LoanLine.loan_id)
        .join(Thing, Thing.id == LoanLine.thing_id)
        .join(Piece, Piece.id == LoanLine.piece_id)
        .options(
            joinedload(LoanLine.loan).joinedload(Loan.person), joinedload(LoanLine.loan).joinedload(Loan.organisation),
            joinedload(LoanLine.piece), joinedload(LoanLine.thing),
        )
    )  # fmt: skip


def loan_lines(
    house_id: int, state: str = "out", text: str = "", person_id: int | None = None, skip: int = 0, most: int = PAGE
) -> list[LoanLine]:
    """Lines that are ``out``, ``overdue``, ``returned`` or ``all``: what is out by its day due, the rest newest first."""
    statement = _line_list().where(LoanLine.house_id == house_id)
    if state in ("out", "overdue"):
        statement = statement.where(LoanLine.returned_at.is_(None)).order_by(LoanLine.due_at, LoanLine.id)
        if state == "overdue":
            statement = statement.where(LoanLine.due_at < clock.now())
    elif state == "returned":
        statement = statement.where(LoanLine.returned_at.is_not(None)).order_by(LoanLine.returned_at.desc(), LoanLine.id.desc())
    else:
        statement = statement.order_by(LoanLine.id.desc())
    if person_id is not None:
        statement = statement.where(Loan.person_id == person_id)
    if text:
        fits = _fitting(text, Loan.person_id)
        number = number_in(text)
        if number is not None:
            fits = or_(fits, Piece.number.in_([number, number.zfill(4)]))
        statement = statement.where(fits)
    return list(session().scalars(statement.offset(skip).limit(most)))


def damages_of(line_ids: Sequence[int]) -> list[Damage]:
    """What was broken on these lines, the newest first."""
    return list(
        session().scalars(select(Damage).where(Damage.line_id.in_(line_ids)).order_by(Damage.id.desc()))
    )  # fmt: skip


def damage(damage_id: int) -> Damage | None:
    return session().get(Damage, damage_id)


# Reservations ------------------------------------------------------------------------------------------------------


def _reservation_list() -> Select[Reservation]:
    return (
        select(Reservation)
        .join(Thing, Thing.id == Reservation.thing_id)
        .options(
            joinedload(Reservation.thing), joinedload(Reservation.person), joinedload(Reservation.organisation),
            selectinload(Reservation.allocations).joinedload(Allocation.piece),
        )
    )  # fmt: skip


def reservations(
    house_id: int, state: str = "open", text: str = "", person_id: int | None = None, skip: int = 0, most: int = PAGE
) -> list[Reservation]:
    """``open`` ones by pick-up, ``risk`` and ``wished`` likewise; ``all`` newest first."""
    statement = _reservation_list().where(Reservation.house_id == house_id)
    if state == "all":
        statement = statement.order_by(Reservation.id.desc())
    else:
        statement = statement.where(Reservation.state.in_(OPEN)).order_by(Reservation.starts_at, Reservation.id)
        if state == "risk":
            statement = statement.where(Reservation.at_risk_since.is_not(None))
        elif state == "wished":
            statement = statement.where(Reservation.state == ReservationState.WISHED)
    if person_id is not None:
        statement = statement.where(Reservation.person_id == person_id)
    if text:
        statement = statement.where(_fitting(text, Reservation.person_id))
    return list(session().scalars(statement.offset(skip).limit(most)))


def reservation(reservation_id: int) -> Reservation | None:
    """With thing, person and the pieces set aside."""
    return session().scalar(_reservation_list().where(Reservation.id == reservation_id))


# The queue ---------------------------------------------------------------------------------------------------------


def queue(house_id: int, thing_id: int | None = None) -> list[QueueEntry]:
    """Who waits, thing by thing, in the order of their turn."""
    statement = (
        select(QueueEntry)
        .join(Thing, Thing.id == QueueEntry.thing_id)
        .where(QueueEntry.house_id == house_id, QueueEntry.state.in_(STANDING))
        .options(joinedload(QueueEntry.thing), joinedload(QueueEntry.person), joinedload(QueueEntry.reservation))
        .order_by(Thing.name, QueueEntry.thing_id, QueueEntry.since, QueueEntry.id)
    )
    if thing_id is not None:
        statement = statement.where(QueueEntry.thing_id == thing_id)
    return list(session().scalars(statement))


def queue_entry(house_id: int, entry_id: int) -> QueueEntry | None:
    return session().scalar(
        select(QueueEntry)
        .where(QueueEntry.id == entry_id, QueueEntry.house_id == house_id)
        .options(joinedload(QueueEntry.thing), joinedload(QueueEntry.person))
    )


# The day -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LibraryDay:
    """Everything that waits at the library on a day."""

    pick_ups: Sequence[Reservation]
    """Of today and before; wishes and what is at risk stand elsewhere."""
    tomorrow: Sequence[Reservation]
    due: Sequence[LoanLine]
    overdue: Sequence[LoanLine]
    at_risk: Sequence[Reservation]
    wishes: Sequence[Reservation]
    offered: Sequence[QueueEntry]
    upkeep: Sequence[Piece]
    """To wash, to check, or in the return box."""


def library_day(house_id: int, day: date) -> LibraryDay:
    """In five statements, whatever there is."""
    zone = i18n.zone()
    begin, tonight = clock.midnight(day, zone), clock.midnight(day + ONE_DAY, zone)
    following = clock.midnight(day + 2 * ONE_DAY, zone)
    waiting = list(
        session().scalars(
            _reservation_list()
            .where(
                Reservation.house_id == house_id, Reservation.state.in_(OPEN),
                or_(
                    Reservation.starts_at < following, Reservation.at_risk_since.is_not(None),
                    Reservation.state == ReservationState.WISHED,
                ),
            )
            .order_by(Reservation.starts_at, Reservation.id)
        )
    )  # fmt: skip
    fine = [each for each in waiting if each.at_risk_since is None and each.state == ReservationState.CONFIRMED]
    lines = list(
        session().scalars(
            _line_list()
            .where(LoanLine.house_id == house_id, LoanLine.returned_at.is_(None), LoanLine.due_at < tonight)
            .order_by(LoanLine.due_at, LoanLine.id)
        )
    )
    return LibraryDay(
        pick_ups=[each for each in fine if each.starts_at < tonight],
        tomorrow=[each for each in fine if tonight <= each.starts_at < following],
        due=[line for line in lines if line.due_at >= begin],
        overdue=[line for line in lines if line.due_at < begin],
        at_risk=[each for each in waiting if each.at_risk_since is not None],
        wishes=[each for each in waiting if each.state == ReservationState.WISHED and each.at_risk_since is None],
        offered=list(_offered(house_id)),
        upkeep=_upkeep(house_id),
    )


def _offered(house_id: int) -> Sequence[QueueEntry]:
    return list(
        session().scalars(
            select(QueueEntry)
            .where(QueueEntry.house_id == house_id, QueueEntry.state == QueueState.OFFERED)
            .options(joinedload(QueueEntry.thing), joinedload(QueueEntry.person), joinedload(QueueEntry.reservation))
            .order_by(QueueEntry.since)
        )
    )


def _upkeep(house_id: int) -> Sequence[Piece]:
    looked_after = and_(Piece.condition.in_([Condition.WASH, Condition.CHECK]), Piece.whereabouts == Whereabouts.SHELF)
    return list(
        session().scalars(
            select(Piece)
            .where(
                Piece.house_id == house_id, Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED,
                or_(looked_after, Piece.whereabouts == Whereabouts.BOX),
            )
            .options(joinedload(Piece.thing))
            .order_by(Piece.condition, Piece.number)
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Pressing:
    """Counts for the board of the house."""

    pick_ups: int
    unpacked: int
    overdue: int
    at_risk: int
    wishes: int
    upkeep: int
    first_pick_up: datetime | None


def pressing(house_id: int, day: date) -> Pressing:
    """What of the library needs a hand on `day`; two statements whatever there is."""
    tonight = clock.midnight(day + ONE_DAY, i18n.zone())
    rows = session().execute(
        select(Reservation.starts_at, Reservation.packed_at, Reservation.at_risk_since, Reservation.state).where(
            Reservation.house_id == house_id, Reservation.state.in_(OPEN),
            or_(
                Reservation.starts_at < tonight, Reservation.at_risk_since.is_not(None),
                Reservation.state == ReservationState.WISHED,
            ),
        )
    ).all()  # fmt: skip
    ready = [row for row in rows if row.state == ReservationState.CONFIRMED and row.at_risk_since is None]
    overdue, upkeep = _counts(house_id)
    return Pressing(
        pick_ups=len(ready),
        unpacked=sum(row.packed_at is None for row in ready),
        overdue=overdue,
        at_risk=sum(row.at_risk_since is not None for row in rows),
        wishes=sum(row.state == ReservationState.WISHED for row in rows),
        upkeep=upkeep,
        first_pick_up=min((row.starts_at for row in ready), default=None),
    )


def _counts(house_id: int) -> tuple[int, int]:
    late = (
        select(func.count(LoanLine.id))
        .where(LoanLine.house_id == house_id, LoanLine.returned_at.is_(None), LoanLine.due_at < clock.now())
        .scalar_subquery()
    )
    upkeep = (
        select(func.count(Piece.id))
        .where(
            Piece.house_id == house_id, Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED,
            or_(Piece.condition.in_([Condition.WASH, Condition.CHECK]), Piece.whereabouts == Whereabouts.BOX),
        )
        .scalar_subquery()
    )  # fmt: skip
    row = session().execute(select(late, upkeep)).one()
    return row[0], row[1]


def things_called(house_id: int, text: str, most: int = 12) -> list[Thing]:
    """Things to reserve, by a part of their name."""
    part = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return list(
        session().scalars(
            select(Thing)
            .where(
                Thing.house_id == house_id, Thing.archived_at.is_(None),
                or_(Thing.name.ilike(part, escape="\\"), Thing.keywords.ilike(part, escape="\\")),
            )
            .order_by(Thing.name, Thing.id)
            .limit(most)
        )
    )  # fmt: skip


def thing(house_id: int, thing_id: int) -> Thing | None:
    return session().scalar(select(Thing).where(Thing.id == thing_id, Thing.house_id == house_id))
