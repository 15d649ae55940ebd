"""Questions about accounts: the chart with its balances, and the lines of one account."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, case, func, literal_column, or_, select

from app.core.db import session
from app.core.statements import Statement
from app.money.models import AccountBalance, AccountKind, LedgerAccount, LedgerEntry, LedgerLine

PAGE = 50
_B, _A, _L, _E = AccountBalance.__table__.c, LedgerAccount.__table__.c, LedgerLine.__table__.c, LedgerEntry.__table__.c
OF_A_YEAR = (AccountKind.INCOME, AccountKind.EXPENSE)
"""Accounts that begin anew each year."""


@dataclass(frozen=True)
class Period:
    """A month, quarter or year: `code` as ``2026-11``, ``2026-Q4`` or ``2026``; months inclusive, as ``2026-10``."""

    code: str
    first: str
    last: str

    @property
    def year(self) -> int:
        return int(self.first[:4])

    @property
    def days(self) -> tuple[date, date]:
        """Its first and its last day."""
        year, month = int(self.last[:4]), int(self.last[5:])
        return date(self.year, int(self.first[5:]), 1), date(year, month, monthrange(year, month)[1])


def period(code: str) -> Period | None:
    """The period of this code, None for nonsense."""
    found = re.fullmatch(r"(20\d\d|21\d\d)(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", code)
    if found is None:
        return None
    year, quarter, month = found[1], found[2], found[3]
    if month:
        return Period(code, code, code)
    if quarter:
        return Period(code, f"{year}-{int(quarter) * 3 - 2:02}", f"{year}-{int(quarter) * 3:02}")
    return Period(code, f"{year}-01", f"{year}-12")


_FIRST_MONTH = Statement(select(func.min(_B.month)).where(or_(_B.house_id == bindparam("house"), _B.house_id == 0)))


def first_month(house_id: int) -> str | None:
    """The first month in which anything was posted."""
    row = _FIRST_MONTH.row(house=house_id)
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in a period, in cents. `opening` and `closing` are debit minus credit; turnover is of the period alone."""

    code: str
    name: str
    kind: str
    datev_no: str
    archived: bool
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        return self.opening + self.debit - self.credit


_INSIDE = _B.month.between(bindparam("first"), bindparam("last"))
_BEFORE = and_(
    _B.month < bindparam("first"),
    or_(and_(_A.kind != AccountKind.INCOME.value, _A.kind != AccountKind.EXPENSE.value), _B.month >= bindparam("new_year")),
)
_CHART = Statement(
    select(
        _A.code, _A.name, _A.kind, _A.datev_no, _A.archived_at,
        func.coalesce(func.sum(case((_BEFORE, _B.debit_cents - _B.credit_cents), else_=0)), 0),
        func.coalesce(func.sum(case((_INSIDE, _B.debit_cents), else_=0)), 0),
        func.coalesce(func.sum(case((_INSIDE, _B.credit_cents), else_=0)), 0),
    )
    .select_from(
        LedgerAccount.__table__.outerjoin(
            AccountBalance.__table__,
            and_(
                _B.account_code == _A.code, or_(_B.house_id == bindparam("house"), _B.house_id == 0),
                _B.month <= bindparam("last"),
            ),
        )
    )
    .group_by(_A.code, _A.name, _A.kind, _A.datev_no, _A.archived_at)
    .order_by(_A.code)
)  # fmt: skip


def chart(house_id: int, period: Period) -> list[AccountRow]:
    """Every account with its balances, from the kept sums alone: one statement, whose cost grows with months, not with entries."""
    values = {"first": period.first, "last": period.last, "new_year": f"{period.year}-01", "house": house_id}
    return [
        AccountRow(code, name, kind, datev, archived is not None, int(opening), int(debit), int(credit))
        for code, name, kind, datev, archived, opening, debit, credit in _CHART.rows(**values)
    ]


def account(code: str) -> LedgerAccount | None:
    return session().get(LedgerAccount, code)


def accounts(*kinds: AccountKind, archived: bool = False) -> list[LedgerAccount]:
    """By code; of all kinds unless some are named, and without those put away."""
    statement = select(LedgerAccount).order_by(LedgerAccount.code)
    if kinds:
        statement = statement.where(LedgerAccount.kind.in_(kinds))
    if not archived:
        statement = statement.where(LedgerAccount.archived_at.is_(None))
    return list(session().scalars(statement))


_STANDS = Statement(
    select(func.sum(_B.debit_cents) - func.sum(_B.credit_cents)).where(
        _B.account_code == bindparam("code"), or_(_B.house_id == bindparam("house"), _B.house_id == 0)
    )
)


def balance(code: str, house_id: int) -> int:
    """Debit minus credit of all time."""
    row = _STANDS.row(code=code, house=house_id)
    return int(row[0] or 0) if row else 0


def balance_of_all(code: str) -> int:
    """The same in all houses: the chart is one."""
    statement = select(func.sum(_B.debit_cents) - func.sum(_B.credit_cents)).where(_B.account_code == code)
    return int(session().scalar(statement) or 0)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A line on an account. `balance` is what stood on it when this had been posted, debit minus credit."""

    entry_id: int
    position: int
    no: str
    posted_on: date
    text: str
    debit: int
    credit: int
    sphere: str
    offering: str | None
    fund: str | None
    balance: int


_HERE = and_(_L.account_code == bindparam("code"), or_(_L.house_id == bindparam("house"), _L.house_id.is_(None)))
_LINES = (
    select(
        _L.entry_id, _L.position, _E.number, _E.year, _E.posted_on, _E.text, _L.debit_cents, _L.credit_cents, _L.sphere,
        _L.offering_code, _L.fund_code,
    )
    .join(LedgerEntry.__table__, _E.id == _L.entry_id)
    .where(_HERE)
    .order_by(_L.entry_id.desc(), _L.position.desc())
)  # fmt: skip
_NEWEST = Statement(_LINES.limit(literal_column(str(PAGE + 1))))
"""The limit stands in the text, or PostgreSQL would plan for a tenth of all lines."""


def account_lines(
    code: str, house_id: int, before: tuple[int, int] | None = None, most: int = PAGE
) -> tuple[list[AccountLine], tuple[int, int] | None]:
    """A page of an account in the order of the chain, newest first, with its running balance; and the cursor of the next page.

    The first page costs the same however much was posted; a later one adds up what is newer.
    """
    values = {"code": code, "house": house_id}
    stands = balance(code, house_id)
    statement = _LINES.limit(most + 1)
    if before is None:
        rows: Iterable[Any] = _NEWEST.rows(**values) if most == PAGE else session().execute(statement, values)
    else:
        entry_id, position = before
        newer = or_(_L.entry_id > entry_id, and_(_L.entry_id == entry_id, _L.position >= position))
        passed = select(func.sum(_L.debit_cents) - func.sum(_L.credit_cents)).where(_HERE, newer)
        stands -= int(session().scalar(passed, values) or 0)
        older = or_(_L.entry_id < entry_id, and_(_L.entry_id == entry_id, _L.position < position))
        rows = session().execute(statement.where(older), values)
    found = []
    for entry_id, position, number, year, posted_on, text, debit, credit, sphere, offering, fund in rows:
        found.append(
            AccountLine(
                entry_id, position, f"J{number:02}/{year}", posted_on, text, debit, credit, sphere, offering, fund, stands
            )
        )
        stands -= debit - credit
    shown = found[:most]
    return shown, (shown[-1].entry_id, shown[-1].position) if len(found) > most else None
