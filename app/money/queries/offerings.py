"""Kinds of income with what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core.db import session
from app.money.models import AccountKind, IncomeKind, LedgerAccount
from app.offers.models import Offering


@dataclass(frozen=True)
class KindRow:
    """An income kind as lists tell it."""

    code: str
    name: str
    offering_code: str
    offering: str
    sphere: str
    account_code: str
    account: str
    tax_code: str
    counted: bool
    note: str
    archived_at: datetime | None
    house_id: int


def income_kinds(house_id: int, *, archived: bool = False) -> list[KindRow]:
    """Those of a house, in their order; those put away only when asked for. One statement."""
    conditions = [Offering.house_id == house_id]
    if not archived:
        conditions.append(IncomeKind.archived_at.is_(None))
    rows: Any = session().execute(
        select(
            IncomeKind.code, IncomeKind.name, IncomeKind.offering_code, Offering.name, Offering.sphere, IncomeKind.account_code,
            LedgerAccount.name, IncomeKind.tax_code, IncomeKind.counted, IncomeKind.note, IncomeKind.archived_at,
            Offering.house_id,
        )
        .join(Offering, Offering.code == IncomeKind.offering_code)
        .join(LedgerAccount, LedgerAccount.code == IncomeKind.account_code)
        .where(*conditions)
        .order_by(IncomeKind.position, IncomeKind.code)
    )  # fmt: skip
    return [KindRow(*row) for row in rows]


def income_kind(house_id: int, code: str) -> IncomeKind | None:
    """One of this house, also one that was put away."""
    return session().scalar(
        select(IncomeKind)
        .join(Offering, Offering.code == IncomeKind.offering_code)
        .where(IncomeKind.code == code, Offering.house_id == house_id)
    )


def usual_kind(house_id: int, code: str) -> str:
    """The ready kind `code` of this house: a second house's carry its id. `code` itself where there is none yet."""
    known = {row.code for row in income_kinds(house_id, archived=True)}
    own = f"{code}-{house_id}"
    return own if own in known else code


def income_accounts() -> list[tuple[str, str]]:
    """Code and name of the accounts that takings can be booked to."""
    rows = session().execute(
        select(LedgerAccount.code, LedgerAccount.name)
        .where(LedgerAccount.kind == AccountKind.INCOME, LedgerAccount.archived_at.is_(None))
        .order_by(LedgerAccount.code)
    )
    return [(code, name) for code, name in rows]
