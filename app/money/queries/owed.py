"""What stands open for one thing that was charged, such as a booking: the way other features look at money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, func, select

from app.core.statements import Statement
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


_C, _D, _R = Charge.__table__.c, Deposit.__table__.c, Refund.__table__.c
_OWED_BACK = (
    select(func.sum(_R.cents)).where(_R.charge_id == _C.id, _R.payment_id.is_(None)).correlate(Charge.__table__).scalar_subquery()
)
_CHARGES = Statement(
    select(_C.id, _C.total_cents, _C.normal_cents, _C.settled_cents, _C.due_on, _C.cancelled_at, _OWED_BACK)
    .where(_C.source == bindparam("source"), _C.source_id == bindparam("source_id"))
    .order_by(_C.id)
)
_DEPOSITS = Statement(
    select(_D.id, _D.kind, _D.title, _D.cents, _D.held_cents, _D.due_on, _D.back_on, _D.closed_at)
    .where(_D.source == bindparam("source"), _D.source_id == bindparam("source_id"))
    .order_by(_D.id)
)


def owed_for(source: str, source_id: int, *, deposits: bool = True) -> Owed:
    """Of the thing `source_id` of `source` (such as ``booking``); two statements, one where `deposits` were never asked for."""
    found = _CHARGES.rows(source=source, source_id=source_id)
    standing = [row for row in found if row[5] is None]
    return Owed(
        charges=tuple(row[0] for row in standing),
        total_cents=sum(row[1] for row in standing),
        normal_cents=sum(row[2] for row in standing),
        settled_cents=sum(row[3] for row in standing),
        due_on=min((row[4] for row in standing if row[3] < row[1]), default=None),
        refund_cents=sum(int(row[6] or 0) for row in found),
        deposits=tuple(
            OwedDeposit(id_, kind, title, cents, held, due_on, back_on, closed_at is None)
            for id_, kind, title, cents, held, due_on, back_on, closed_at in (
                _DEPOSITS.rows(source=source, source_id=source_id) if deposits else ()
            )
        ),
    )
