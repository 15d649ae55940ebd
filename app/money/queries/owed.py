"""What stands open for one thing that was charged, such as a booking: the way other features look at money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.core.db import session
from app.money.models import Charge, Deposit, Refund


@dataclass(frozen=True)
class OwedDeposit:
    """A deposit of something; `open` until it has been given back, kept or dropped."""

    id: int
    kind: str
    title: str
    cents: int
    held_cents: int
    due_on: date
    back_on: date | None
    open: bool


@dataclass(frozen=True)
class Owed:
    """Charges that stand (cancelled ones are gone), what is owed back, and the deposits of one thing. Cents."""

    charges: tuple[int, ...] = ()
    """Their ids."""
    total_cents: int = 0
    normal_cents: int = 0
    settled_cents: int = 0
    due_on: date | None = None
    """The first day on which something of it is due that is still open."""
    refund_cents: int = 0
    """Owed back and not paid out yet."""
    deposits: tuple[OwedDeposit, ...] = ()

    @property
    def open_cents(self) -> int:
        return self.total_cents - self.settled_cents

    @property
    def held_cents(self) -> int:
        """Deposits that lie with the house."""
        return sum(deposit.held_cents for deposit in self.deposits)

    @property
    def missing_cents(self) -> int:
        """Deposits that still have to be handed in."""
        return sum(deposit.cents - deposit.held_cents for deposit in self.deposits if deposit.open)

    @property
    def nothing(self) -> bool:
        return not (self.charges or self.refund_cents or self.deposits)


def owed_for(source: str, source_id: int) -> Owed:
    """Of the thing `source_id` of `source` (such as ``booking``); three statements."""
    charge = Charge.__table__.c
    charges = session().execute(
        select(charge.id, charge.total_cents, charge.normal_cents, charge.settled_cents, charge.due_on)
        .where(charge.source == source, charge.source_id == source_id, charge.cancelled_at.is_(None))
        .order_by(charge.id)
    ).all()  # fmt: skip
    refund = session().scalar(
        select(func.sum(Refund.cents))
        .join(Charge, Charge.id == Refund.charge_id)
        .where(Charge.source == source, Charge.source_id == source_id, Refund.payment_id.is_(None))
    )
    deposit = Deposit.__table__.c
    deposits = session().execute(
        select(
            deposit.id, deposit.kind, deposit.title, deposit.cents, deposit.held_cents, deposit.due_on, deposit.back_on,
            deposit.closed_at.is_(None),
        )
        .where(deposit.source == source, deposit.source_id == source_id)
        .order_by(deposit.id)
    )  # fmt: skip
    return Owed(
        charges=tuple(row.id for row in charges),
        total_cents=sum(row.total_cents for row in charges),
        normal_cents=sum(row.normal_cents for row in charges),
        settled_cents=sum(row.settled_cents for row in charges),
        due_on=min((row.due_on for row in charges if row.settled_cents < row.total_cents), default=None),
        refund_cents=int(refund or 0),
        deposits=tuple(OwedDeposit(*row) for row in deposits),
    )
