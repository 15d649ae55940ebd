"""One charge, payment, deposit, refund or invoice, with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload, selectinload

from app.core.db import session
from app.core.policy import Actor
from app.money.models import (
    Charge,
    Deposit,
    DepositMovement,
    IncomeKind,
    Invoice,
    Operator,
    Payment,
    Refund,
    Settlement,
)
from app.money.policy import only_own
from app.offers.models import Offering
from app.people.models import Person

MOST = 25
"""Papers of one kind shown at once."""


def charge(house_id: int, charge_id: int) -> Charge | None:
    """With its lines, its owner and who wrote it."""
    return session().scalar(
        select(Charge)
        .where(Charge.id == charge_id, Charge.house_id == house_id)
        .options(
            selectinload(Charge.lines), joinedload(Charge.person), joinedload(Charge.organisation),
            joinedload(Charge.created_by),
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Move:
    """Cents that went onto a charge or a deposit, or off it; `payment_no` is empty for what was not a payment."""

    kind: str
    cents: int
    at: datetime
    by: str
    reason: str
    payment_id: int | None
    payment_no: str


def settlements(charge_id: int) -> list[Move]:
    """What went onto a charge and off it, oldest first."""
    return _moves(Settlement, Settlement.charge_id == charge_id)


def movements(deposit_id: int) -> list[Move]:
    """What came in for a deposit and went out, oldest first."""
    return _moves(DepositMovement, DepositMovement.deposit_id == deposit_id)


def _moves(model: type[Settlement] | type[DepositMovement], *where: ColumnElement[bool]) -> list[Move]:
    rows = session().execute(
        select(
            model.kind, model.cents, model.created_at, model.reason, model.payment_id, Payment.year, Payment.number,
            Person.given_name, Person.family_name,
        )
        .outerjoin(Payment, Payment.id == model.payment_id)
        .outerjoin(Person, Person.id == model.created_by_id)
        .where(*where)
        .order_by(model.id)
    )  # fmt: skip
    return [
        Move(
            row.kind, int(row.cents), row.created_at, f"{row.given_name or ''} {row.family_name or ''}".strip(), row.reason,
            row.payment_id, f"Q-{row.year}-{row.number:04}" if row.payment_id is not None else "",
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class InvoiceLine:
    """Who may see it follows from its charge."""

    id: int
    no: str
    kind: str
    issued_on: date
    title: str
    cents: int


def invoices_of(charge_id: int) -> list[InvoiceLine]:
    return _invoice_lines(Invoice.charge_id == charge_id)


def own_invoices(house_id: int, actor: Actor) -> list[InvoiceLine]:
    """Newest first, of the reader and the groups they act for."""
    return _invoice_lines(Invoice.house_id == house_id, only_own(actor, Charge))


def _invoice_lines(*where: ColumnElement[bool]) -> list[InvoiceLine]:
    rows = session().execute(
        select(
            Invoice.id, Invoice.year, Invoice.number, Invoice.kind, Invoice.issued_on, Charge.title, Charge.total_cents
        )
        .join(Charge, Charge.id == Invoice.charge_id)
        .where(*where)
        .order_by(Invoice.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return [
        InvoiceLine(row.id, f"R-{row.year}-{row.number:03}", row.kind, row.issued_on, row.title, int(row.total_cents))
        for row in rows
    ]


@dataclass(frozen=True)
class InvoicePage:
    """An invoice as its rule sees it: whose charge it is about."""

    invoice: Invoice
    house_id: int
    person_id: int | None
    organisation_id: int | None


def invoice(house_id: int, invoice_id: int) -> InvoicePage | None:
    found = session().execute(
        select(Invoice, Charge.person_id, Charge.organisation_id)
        .join(Charge, Charge.id == Invoice.charge_id)
        .where(Invoice.id == invoice_id, Invoice.house_id == house_id)
    ).first()  # fmt: skip
    return InvoicePage(found[0], found[0].house_id, found[1], found[2]) if found is not None else None


def payment(house_id: int, payment_id: int) -> Payment | None:
    """With its owner and who took it."""
    return session().scalar(
        select(Payment)
        .where(Payment.id == payment_id, Payment.house_id == house_id)
        .options(joinedload(Payment.person), joinedload(Payment.organisation), joinedload(Payment.created_by))
    )


@dataclass(frozen=True)
class PaidFor:
    """What a payment was for: `kind` is ``charge``, ``deposit`` or ``refund``, `id` of that (for a refund, of its charge)."""

    kind: str
    id: int
    title: str
    cents: int


def paid_for(payment_id: int) -> list[PaidFor]:
    """Three statements; cents are what was handed over, whichever way."""
    charges = (
        select(Charge.id, Charge.title, Settlement.cents)
        .join(Settlement, Settlement.charge_id == Charge.id)
        .where(Settlement.payment_id == payment_id)
        .order_by(Settlement.id)
    )
    deposits = (
        select(Deposit.id, Deposit.title, func.abs(DepositMovement.cents))
        .join(DepositMovement, DepositMovement.deposit_id == Deposit.id)
        .where(DepositMovement.payment_id == payment_id)
        .order_by(DepositMovement.id)
    )
    refunds = (
        select(Charge.id, Charge.title, Refund.cents)
        .join(Refund, Refund.charge_id == Charge.id)
        .where(Refund.payment_id == payment_id)
        .order_by(Refund.id)
    )
    return [
        PaidFor(kind, number, title, int(cents))
        for kind, statement in (("charge", charges), ("deposit", deposits), ("refund", refunds))
        for number, title, cents in session().execute(statement)
    ]


def deposit(house_id: int, deposit_id: int) -> Deposit | None:
    """With its owner."""
    return session().scalar(
        select(Deposit)
        .where(Deposit.id == deposit_id, Deposit.house_id == house_id)
        .options(joinedload(Deposit.person), joinedload(Deposit.organisation))
    )


def refund(house_id: int, refund_id: int) -> Refund | None:
    """With its charge and its owner."""
    return session().scalar(
        select(Refund)
        .where(Refund.id == refund_id, Refund.house_id == house_id)
        .options(joinedload(Refund.charge), joinedload(Refund.person), joinedload(Refund.organisation))
    )


def refunds_of(charge_id: int) -> list[Refund]:
    return list(session().scalars(select(Refund).where(Refund.charge_id == charge_id).order_by(Refund.id)))


def hand_kinds(house_id: int) -> list[IncomeKind]:
    """What can be charged by hand: all but what only the tally of the cash day tells."""
    return list(
        session().scalars(
            select(IncomeKind)
            .join(Offering, Offering.code == IncomeKind.offering_code)
            .where(Offering.house_id == house_id, IncomeKind.archived_at.is_(None), IncomeKind.counted.is_(False))
            .order_by(IncomeKind.position, IncomeKind.code)
        )
    )


def operator() -> Operator:
    """Who runs the house; empty until it is written down."""
    return session().get(Operator, 1) or Operator()
