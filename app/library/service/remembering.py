"""What the house does by itself: reminds, keeps the chain in order, and forgets who had what once nothing is open any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from dateutil.relativedelta import relativedelta
from sqlalchemy import CursorResult, exists, or_, select, update

from app.core import clock, i18n
from app.core.db import session
from app.core.events import publish
from app.core.policy import Actor
from app.library import queries
from app.library.events import LoanDueSoon, LoanOverdue, LoansForgotten
from app.library.models import OPEN, Damage, Loan, LoanLine, MissingPart, QueueEntry, QueueState, Reservation
from app.library.queries import LINE, NoOpenDay
from app.library.service.charging import DAMAGE, LATE, LOAN, LOSS, PART
from app.library.service.facts import line_facts
from app.money.models import Charge, Deposit

BETWEEN_REMINDERS = timedelta(days=7)
MOST_REMINDERS = 3
"""After that a person calls."""


def tell_due(line: LoanLine, by: Actor) -> bool:
    """Tell somebody that a thing is due on the next open day, or that it should have been back; False when there is nothing to tell."""
    now, zone = clock.now(), i18n.zone()
    if line.returned_at is not None or line.handed_in_at is not None:
        return False
    today, due_on = now.astimezone(zone).date(), line.due_at.astimezone(zone).date()
    if due_on < today:
        if line.expected_on is not None and line.expected_on >= today:
            return False
        if line.reminders >= MOST_REMINDERS or (line.reminded_at is not None and now - line.reminded_at < BETWEEN_REMINDERS):
            return False
        line.reminders, line.reminded_at, line.well = line.reminders + 1, now, False
        session().flush()
        publish(LoanOverdue(**line_facts(line, by), times=line.reminders))
        return True
    if line.due_told:
        return False
    try:
        following = queries.openings(line.house_id, today, today).next_day(today + timedelta(days=1))
    except NoOpenDay:
        return False
    if due_on > following:
        return False
    line.due_told = True
    session().flush()
    publish(LoanDueSoon(**line_facts(line, by)))
    return True


def forget_old(house_id: int, by: Actor) -> int:
    """Take names off loans that were all back a while ago and of which nothing is open: no money, no deposit, no damage, no part.

    Gives how many. Reservations and places in a queue that came to an end are forgotten with them.
    """
    months = queries.rule(house_id, "forget_months")
    before = clock.now() - relativedelta(months=months)
    of_loan = LoanLine.loan_id == Loan.id
    lines = select(LoanLine.id).where(of_loan).correlate(Loan)
    missing = select(MissingPart.id).join(LoanLine, LoanLine.id == MissingPart.line_id).where(of_loan).correlate(Loan)
    damages = select(Damage.id).join(LoanLine, LoanLine.id == Damage.line_id).where(of_loan).correlate(Loan)
    unpaid = (Charge.settled_cents < Charge.total_cents) & Charge.cancelled_at.is_(None)
    open_still = (
        lines.where(or_(LoanLine.returned_at.is_(None), LoanLine.returned_at >= before)),
        missing.where(MissingPart.closed_at.is_(None)),
        damages.where(Damage.resolved_at.is_(None)),
        select(Deposit.id)
        .where(Deposit.source == LINE, Deposit.source_id.in_(lines), Deposit.closed_at.is_(None))
        .correlate(Loan),
        select(Charge.id).where(unpaid, Charge.source == LOAN, Charge.source_id == Loan.id).correlate(Loan),
        select(Charge.id).where(unpaid, Charge.source.in_([LATE, LOSS]), Charge.source_id.in_(lines)).correlate(Loan),
        select(Charge.id).where(unpaid, Charge.source == PART, Charge.source_id.in_(missing)).correlate(Loan),
        select(Charge.id).where(unpaid, Charge.source == DAMAGE, Charge.source_id.in_(damages)).correlate(Loan),
    )
    forgetting = (
        update(Loan)
        .where(
            Loan.house_id == house_id, Loan.person_id.is_not(None), Loan.handed_out_at < before,
            *(~exists(each) for each in open_still),
        )
        .values(person_id=None, collected_by="", note="", forgotten_at=clock.now())
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    done = cast(CursorResult[Any], session().execute(forgetting)).rowcount
    session().execute(
        update(Reservation)
        .where(
            Reservation.house_id == house_id, Reservation.person_id.is_not(None), Reservation.state.not_in(OPEN),
            Reservation.ends_at < before,
        )
        .values(person_id=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    session().execute(
        update(QueueEntry)
        .where(
            QueueEntry.house_id == house_id, QueueEntry.person_id.is_not(None), QueueEntry.since < before,
            QueueEntry.state.not_in([QueueState.WAITING, QueueState.OFFERED]),
        )
        .values(person_id=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    count = int(done or 0)
    if count:
        publish(LoansForgotten(house_id=house_id, by=by.person_id, count=count))
    return count
