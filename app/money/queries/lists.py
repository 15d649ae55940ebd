"""Charges and deposits in pages, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select

from app.core.db import session
from app.money.models import (
    Charge,
    Deposit,
)


@dataclass(frozen=True)
class ChargeRow:
    id: int
    title: str
    person_id: int | None
    organisation_id: int | None
    total_cents: int
    normal_cents: int
    settled_cents: int
    due_on: date
    cancelled: bool

    @property
    def open_cents(self) -> int:
        return 0 if self.cancelled else self.total_cents - self.settled_cents


@dataclass(frozen=True)
class DepositRow:
    id: int
    kind: str
    title: str
    person_id: int | None
    organisation_id: int | None
    cents: int
    held_cents: int
    due_on: date
    back_on: date | None
    closed_at: datetime | None


def charges_after(house_id: int, *, only_open: bool, person_id: int | None, before: int | None, most: int) -> list[ChargeRow]:
    """Newest first, those made before the one with the id `before`."""
    columns = (
        Charge.id, Charge.title, Charge.person_id, Charge.organisation_id, Charge.total_cents, Charge.normal_cents,
        Charge.settled_cents, Charge.due_on, Charge.cancelled_at.is_not(None),
    )  # fmt: skip
    where = [Charge.settled_cents < Charge.total_cents, Charge.cancelled_at.is_(None)] if only_open else []
    return [ChargeRow(*row) for row in session().execute(_page(Charge, columns, where, house_id, person_id, before, most))]


def deposits_after(house_id: int, *, only_open: bool, person_id: int | None, before: int | None, most: int) -> list[DepositRow]:
    """Newest first, those asked for before the one with the id `before`."""
    columns = (
        Deposit.id, Deposit.kind, Deposit.title, Deposit.person_id, Deposit.organisation_id, Deposit.cents, Deposit.held_cents,
        Deposit.due_on, Deposit.back_on, Deposit.closed_at,
    )  # fmt: skip
    where = [Deposit.closed_at.is_(None)] if only_open else []
    return [DepositRow(*row) for row in session().execute(_page(Deposit, columns, where, house_id, person_id, before, most))]


def _page(
    model: Any, columns: Sequence[Any], where: Sequence[Any], house_id: int, person_id: int | None, before: int | None, most: int
) -> Select[Any]:
    statement = select(*columns).where(model.house_id == house_id, *where).order_by(model.id.desc()).limit(most)
    if person_id is not None:
        statement = statement.where(model.person_id == person_id)
    return statement if before is None else statement.where(model.id < before)
