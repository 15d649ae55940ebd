"""What the counter asks: what waits, what somebody owes and has paid, and what a number stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from app.core.db import session
from app.core.policy import Actor
from app.money.models import (
    CashDay,
    Charge,
    Deposit,
    Invoice,
    Payment,
    Refund,
)
from app.money.policy import only_own
from app.people.models import Organisation, Person

SOON = timedelta(days=14)
MOST = 25
"""Lines of one kind on the page of the desk; what is more stands in the books."""
BIGGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Item:
    """Something to take or to give back. `kind` is ``charge``, ``deposit`` or ``refund``; `on` when it is due or to go back."""

    kind: str
    id: int
    title: str
    cents: int
    on: date | None
    person_id: int | None
    organisation_id: int | None
    name: str

    @property
    def key(self) -> str:
        """Such as ``charge-12``: its name in forms."""
        return f"{self.kind}-{self.id}"


@dataclass(frozen=True)
class Waiting:
    """What the desk has before it; each list soonest first, at most `MOST`."""

    to_take: list[Item]
    """Charges and deposits that are due within `SOON`."""
    to_give_back: list[Item]
    """Deposits held whose day has come."""
    to_pay_out: list[Item]
    """Refunds."""

    def __bool__(self) -> bool:
        return bool(self.to_take or self.to_give_back or self.to_pay_out)


def waiting(house_id: int, today: date) -> Waiting:
    """Four statements."""
    soon = today + SOON
    charges = _open_charges(Charge.house_id == house_id, Charge.due_on <= soon)
    wanted = _open_deposits(Deposit.house_id == house_id, Deposit.held_cents == 0, Deposit.due_on <= soon)
    held = _held_deposits(Deposit.house_id == house_id, Deposit.back_on <= today)
    return Waiting(
        sorted([*charges, *wanted], key=lambda item: (item.on or soon, item.kind, item.id))[:MOST],
        held,
        _owed(Refund.house_id == house_id),
    )


@dataclass(frozen=True)
class Pressing:
    """What of money cannot wait: numbers and cents for the day's page. `counted_on` is the last day whose drawer was closed."""

    overdue: int
    overdue_cents: int
    to_give_back: int
    to_give_back_cents: int
    counted_on: date | None


def pressing(house_id: int, today: date) -> Pressing:
    """One statement, however much there is."""
    late = (
        Charge.house_id == house_id,
        Charge.settled_cents < Charge.total_cents,
        Charge.cancelled_at.is_(None),
        Charge.due_on < today,
    )
    held = (Deposit.house_id == house_id, Deposit.closed_at.is_(None), Deposit.held_cents > 0, Deposit.back_on <= today)
    owed = (Refund.house_id == house_id, Refund.payment_id.is_(None))
    row = session().execute(
        select(
            select(func.count()).select_from(Charge).where(*late).scalar_subquery(),
            select(func.sum(Charge.total_cents - Charge.settled_cents)).where(*late).scalar_subquery(),
            select(func.count()).select_from(Deposit).where(*held).scalar_subquery(),
            select(func.sum(Deposit.held_cents)).where(*held).scalar_subquery(),
            select(func.count()).select_from(Refund).where(*owed).scalar_subquery(),
            select(func.sum(Refund.cents)).where(*owed).scalar_subquery(),
            select(func.max(CashDay.day)).where(CashDay.house_id == house_id).scalar_subquery(),
        )
    ).one()  # fmt: skip
    overdue, overdue_cents, deposits, deposit_cents, refunds, refund_cents, counted_on = row
    return Pressing(
        overdue, int(overdue_cents or 0), deposits + refunds, int(deposit_cents or 0) + int(refund_cents or 0), counted_on
    )


@dataclass(frozen=True)
class Payer:
    """Somebody who pays: a person, or a group (then `person_id` is whom to tell and ask)."""

    person_id: int | None
    organisation_id: int | None
    name: str

    @property
    def way(self) -> dict[str, int | None]:
        """How an address names them."""
        if self.organisation_id is not None:
            return {"organisation": self.organisation_id}
        return {"person": self.person_id}


def payer(person_id: int | None, organisation_id: int | None) -> Payer | None:
    if organisation_id is not None and 0 < organisation_id <= BIGGEST_ID:
        group = session().get(Organisation, organisation_id)
        return Payer(group.contact_id, group.id, group.name) if group is not None else None
    if person_id is not None and 0 < person_id <= BIGGEST_ID:
        person = session().get(Person, person_id)
        if person is not None and person.merged_into_id is not None:
            person = session().get(Person, person.merged_into_id)
        return Payer(person.id, None, person.name) if person is not None else None
    return None


@dataclass(frozen=True)
class Standing:
    """Everything between the house and one payer."""

    charges: list[Item]
    deposits: list[Item]
    """Not yet handed in in full."""
    held: list[Item]
    refunds: list[Item]
    payments: list[PaymentLine]
    """The newest."""

    @property
    def open(self) -> list[Item]:
        return [*self.charges, *self.deposits]


@dataclass(frozen=True)
class PaymentLine:
    id: int
    no: str
    on: date
    direction: str
    method: str
    cents: int
    name: str
    undone: bool


def standing(house_id: int, payer: Payer) -> Standing:
    """Five statements."""

    def of(model: Any) -> list[ColumnElement[bool]]:
        if payer.organisation_id is not None:
            return [model.house_id == house_id, model.organisation_id == payer.organisation_id]
        return [model.house_id == house_id, model.person_id == payer.person_id, model.organisation_id.is_(None)]

    return _standing(of(Charge), of(Deposit), of(Refund), of(Payment))


def own_standing(house_id: int, actor: Actor) -> Standing:
    """The same for the reader and the groups they act for."""

    def of(model: Any) -> list[ColumnElement[bool]]:
        return [model.house_id == house_id, only_own(actor, model)]

    return _standing(of(Charge), of(Deposit), of(Refund), of(Payment))


def _standing(charges: Any, deposits: Any, refunds: Any, payments: Any) -> Standing:
    return Standing(
        _open_charges(*charges),
        _open_deposits(*deposits),
        _held_deposits(*deposits),
        _owed(*refunds),
        payment_lines(*payments),
    )


def _named(model: Any, *columns: Any) -> Select[Any]:
    return (
        select(
            model.id, model.person_id, model.organisation_id, *columns, Person.given_name, Person.family_name,
            Organisation.name.label("group"),
        )
        .outerjoin(Person, Person.id == model.person_id)
        .outerjoin(Organisation, Organisation.id == model.organisation_id)
        .limit(MOST)
    )  # fmt: skip


def _name(row: Any) -> str:
    return row.group or f"{row.given_name or ''} {row.family_name or ''}".strip()


def _items(kind: str, statement: Select[Any]) -> list[Item]:
    return [
        Item(kind, row.id, row.title, int(row.cents), row.on, row.person_id, row.organisation_id, _name(row))
        for row in session().execute(statement)
    ]


def _open_charges(*where: ColumnElement[bool]) -> list[Item]:
    cents = (Charge.total_cents - Charge.settled_cents).label("cents")
    statement = _named(Charge, Charge.title, cents, Charge.due_on.label("on"))
    is_open = (Charge.settled_cents < Charge.total_cents, Charge.cancelled_at.is_(None))
    return _items("charge", statement.where(*is_open, *where).order_by(Charge.due_on, Charge.id))


def _open_deposits(*where: ColumnElement[bool]) -> list[Item]:
    cents = (Deposit.cents - Deposit.held_cents).label("cents")
    statement = _named(Deposit, Deposit.title, cents, Deposit.due_on.label("on"))
    is_open = (Deposit.closed_at.is_(None), Deposit.held_cents < Deposit.cents)
    return _items("deposit", statement.where(*is_open, *where).order_by(Deposit.due_on, Deposit.id))


def _held_deposits(*where: ColumnElement[bool]) -> list[Item]:
    statement = _named(Deposit, Deposit.title, Deposit.held_cents.label("cents"), Deposit.back_on.label("on"))
    is_held = (Deposit.closed_at.is_(None), Deposit.held_cents > 0)
    return _items("deposit", statement.where(*is_held, *where).order_by(Deposit.back_on, Deposit.id))


def _owed(*where: ColumnElement[bool]) -> list[Item]:
    statement = (
        _named(Refund, Charge.title, Refund.cents, Charge.due_on.label("on"))
        .join(Charge, Charge.id == Refund.charge_id)
        .where(Refund.payment_id.is_(None), *where)
    )
    return _items("refund", statement.order_by(Refund.id))


def payment_lines(*where: ColumnElement[bool], before: int | None = None, most: int = MOST) -> list[PaymentLine]:
    """Newest first."""
    statement = (
        _named(
            Payment, Payment.year, Payment.number, Payment.on_day, Payment.direction, Payment.method, Payment.cents,
            Payment.undone_at,
        )
        .where(*where)
        .order_by(Payment.id.desc())
        .limit(most)
    )  # fmt: skip
    if before is not None:
        statement = statement.where(Payment.id < before)
    return [
        PaymentLine(
            row.id, f"Q-{row.year}-{row.number:04}", row.on_day, row.direction, row.method, int(row.cents), _name(row),
            row.undone_at is not None,
        )
        for row in session().execute(statement)
    ]  # fmt: skip


# Finding -------------------------------------------------------------------------------------------------------------

_PAYMENT = re.compile(r"Q-?(\d{4})-?(\d{1,6})", re.ASCII | re.IGNORECASE)
_INVOICE = re.compile(r"(?:RF\d\d)?R-?(\d{4})-?(\d{1,6})", re.ASCII | re.IGNORECASE)
_CHARGE = re.compile(r"F?-?(\d{1,10})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """`kind` is ``payment`` or ``charge``."""

    kind: str
    id: int


def numbered(house_id: int, text: str) -> Found | None:
    """What has this number: a receipt ``Q-2026-0001``, an invoice ``R-2026-031`` (or its bank reference), a charge ``F-12``."""
    wanted = "".join(text.split())
    if (found := _PAYMENT.fullmatch(wanted)) is not None:
        number = (Payment.house_id == house_id, Payment.year == int(found[1]), Payment.number == int(found[2]))
        row = session().scalar(select(Payment.id).where(*number))
        return Found("payment", row) if row is not None else None
    if (found := _INVOICE.fullmatch(wanted)) is not None:
        of_invoice = (Invoice.house_id == house_id, Invoice.year == int(found[1]), Invoice.number == int(found[2]))
        row = session().scalar(select(Invoice.charge_id).where(*of_invoice))
        return Found("charge", row) if row is not None else None
    if (found := _CHARGE.fullmatch(wanted)) is not None and 0 < int(found[1]) <= BIGGEST_ID:
        row = session().scalar(select(Charge.id).where(Charge.house_id == house_id, Charge.id == int(found[1])))
        return Found("charge", row) if row is not None else None
    return None


def open_sums(house_id: int, person_ids: Sequence[int], organisation_ids: Sequence[int]) -> dict[tuple[str, int], int]:
    """Cents open by ``("person", id)`` and ``("organisation", id)``: charges and deposits together. Two statements."""
    sums: dict[tuple[str, int], int] = {}
    for model, open_cents, where in (
        (Charge, Charge.total_cents - Charge.settled_cents, Charge.cancelled_at.is_(None)),
        (Deposit, Deposit.cents - Deposit.held_cents, Deposit.closed_at.is_(None)),
    ):
        rows = session().execute(
            select(model.person_id, model.organisation_id, func.sum(open_cents))
            .where(
                model.house_id == house_id, where, open_cents > 0,
                or_(model.person_id.in_(person_ids), model.organisation_id.in_(organisation_ids)),
            )
            .group_by(model.person_id, model.organisation_id)
        )  # fmt: skip
        for person_id, organisation_id, cents in rows:
            key = ("person", person_id or 0) if organisation_id is None else ("organisation", organisation_id)
            sums[key] = sums.get(key, 0) + int(cents)
    return sums
