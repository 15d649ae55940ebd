"""Questions about funds and expenses: what came, what was spent, what is left, and the list of vouchers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from app.accounts.models import RoleGrant
from app.core.db import session
from app.core.policy import STAFF
from app.money.models import Expense, Fund, Known, LedgerEntry, LedgerLine
from app.people.models import Person

PAGE = 40
_X, _L, _E, _P, _F = (
    Expense.__table__.c,
    LedgerLine.__table__.c,
    LedgerEntry.__table__.c,
    Person.__table__.c,
    Fund.__table__.c,
)
RECEIPTS = "fund"
"""Source of the entries by which money of a fund comes, or goes back to who gave it."""
RELEASES = "release"
"""Source of the entries by which restricted money is used up."""


@dataclass(frozen=True)
class Standing:
    """Where a fund stands, in cents. `spent` is its cost without deductible tax; `unspent` is the liability of restricted money."""

    granted: int
    received: int
    released: int
    spent: int

    @property
    def unspent(self) -> int:
        return self.received - self.released

    @property
    def outstanding(self) -> int:
        """Granted and not here yet."""
        return max(0, self.granted - self.received)


def standings(funds: Iterable[Fund]) -> dict[int, Standing]:
    """Of each fund by its id. Two statements, however many funds."""
    funds = list(funds)
    codes = [fund.code for fund in funds]
    moved: dict[tuple[str, str, str], int] = {}
    spent: dict[str, int] = {}
    if codes:
        lines = (
            select(_L.fund_code, _L.account_code, _E.source, func.sum(_L.credit_cents) - func.sum(_L.debit_cents))
            .join(LedgerEntry.__table__, _E.id == _L.entry_id)
            .where(
                _L.fund_code.in_(codes),
                or_(_L.account_code == Known.RESTRICTED, _L.account_code.in_([f.account_code for f in funds])),
            )
            .group_by(_L.fund_code, _L.account_code, _E.source)
        )
        moved = {(fund, account, source): int(cents) for fund, account, source, cents in session().execute(lines)}
        cost = (
            select(_X.fund_code, func.sum(_X.cents) - func.sum(_X.vat_cents))
            .where(_X.fund_code.in_(codes), _X.undone_at.is_(None))
            .group_by(_X.fund_code)
        )
        spent = {fund: int(cents) for fund, cents in session().execute(cost)}
    return {fund.id: _standing(fund, moved, spent.get(fund.code, 0)) for fund in funds}


def _standing(fund: Fund, moved: dict[tuple[str, str, str], int], spent: int) -> Standing:
    if not fund.restricted:
        received = sum(cents for (code, account, _), cents in moved.items() if (code, account) == (fund.code, fund.account_code))
        return Standing(fund.amount_cents, received, received, spent)
    waiting = {
        source: cents for (code, account, source), cents in moved.items() if (code, account) == (fund.code, Known.RESTRICTED)
    }
    received = waiting.pop(RECEIPTS, 0)
    return Standing(fund.amount_cents, received, -sum(waiting.values()), spent)


def funds(house_id: int, *, closed: bool = False) -> list[Fund]:
    """Those that end first, first; those without an end last. Closed ones only when asked for."""
    statement = select(Fund).where(Fund.house_id == house_id).order_by(Fund.ends_on.is_(None), Fund.ends_on, Fund.code)
    if not closed:
        statement = statement.where(Fund.closed_at.is_(None))
    return list(session().scalars(statement))


def fund(fund_id: int, house_id: int) -> Fund | None:
    found = session().get(Fund, fund_id)
    return found if found is not None and found.house_id == house_id else None


def fund_with_code(code: str) -> Fund | None:
    return session().scalar(select(Fund).where(Fund.code == code))


@dataclass(frozen=True, slots=True)
class FundMove:
    """Money that came for a fund, was released or went back; `cents` as it changes what is unspent."""

    entry_id: int
    no: str
    posted_on: date
    text: str
    cents: int


def moves(fund: Fund, most: int = 50) -> list[FundMove]:
    """The newest first: of restricted money on its liability account, of free money on its income account."""
    account = Known.RESTRICTED if fund.restricted else fund.account_code
    statement = (
        select(_E.id, _E.number, _E.year, _E.posted_on, _E.text, func.sum(_L.credit_cents) - func.sum(_L.debit_cents))
        .join(LedgerLine.__table__, _L.entry_id == _E.id)
        .where(_L.fund_code == fund.code, _L.account_code == account)
        .group_by(_E.id, _E.number, _E.year, _E.posted_on, _E.text)
        .order_by(_E.id.desc())
        .limit(most)
    )
    return [
        FundMove(id_, f"J{number:02}/{year}", day, text, int(cents))
        for id_, number, year, day, text, cents in session().execute(statement)
    ]


def keepers(house_id: int) -> list[tuple[int, str]]:
    """Who can look after a fund: those with a staff role in the house, by name."""
    statement = (
        select(_P.id, _P.given_name, _P.family_name)
        .join(RoleGrant.__table__, RoleGrant.__table__.c.person_id == _P.id)
        .where(RoleGrant.__table__.c.house_id == house_id, RoleGrant.__table__.c.role.in_(sorted(STAFF)))
        .distinct()
        .order_by(_P.family_name, _P.given_name, _P.id)
    )
    return [(id_, f"{given} {family}".strip()) for id_, given, family in session().execute(statement)]


# Early warning ---------------------------------------------------------------------------------------------------------


def to_warn(today: date) -> list[Fund]:
    """Open funds whose owner has not been told yet that their end or the day of their report is near."""
    candidates = session().scalars(
        select(Fund).where(
            Fund.closed_at.is_(None),
            Fund.owner_id.is_not(None),
            or_(
                and_(Fund.ends_on.is_not(None), or_(Fund.end_warned_for.is_(None), Fund.end_warned_for != Fund.ends_on)),
                and_(
                    Fund.report_due_on.is_not(None),
                    or_(Fund.report_warned_for.is_(None), Fund.report_warned_for != Fund.report_due_on),
                ),
            ),
        )
    )
    return [fund for fund in candidates if warnings(fund, today)]


def warnings(fund: Fund, today: date) -> dict[str, date]:
    """What the owner is to be told of now: ``end`` and ``report`` with their days."""
    soon = today + timedelta(days=fund.warn_days)
    found = {}
    if fund.ends_on is not None and fund.ends_on <= soon and fund.end_warned_for != fund.ends_on:
        found["end"] = fund.ends_on
    if fund.report_due_on is not None and fund.report_due_on <= soon and fund.report_warned_for != fund.report_due_on:
        found["report"] = fund.report_due_on
    return found


# Expenses --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExpenseFilter:
    """What to look for among the expenses; empty means everything. Days are inclusive."""

    text: str = ""
    fund: str = ""
    account: str = ""
    offering: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class ExpenseRow:
    """An expense in a list, in cents."""

    id: int
    no: str
    paid_on: date
    method: str
    payee: str
    reason: str
    voucher_no: str
    cents: int
    vat_cents: int
    account: str
    sphere: str
    offering: str | None
    fund: str | None
    eligible_cents: int
    entry_no: str
    entry_id: int
    undone: bool


_expenses = select(
    _X.id, _X.year, _X.number, _X.paid_on, _X.method, _X.payee, _X.reason, _X.voucher_no, _X.cents, _X.vat_cents, _X.account_code,
    _X.sphere, _X.offering_code, _X.fund_code, _X.eligible_cents, _E.number.label("entry_number"), _E.year.label("entry_year"),
    _X.entry_id, _X.undone_at,
).join(LedgerEntry.__table__, _E.id == _X.entry_id)  # fmt: skip


def _expense_row(row: Any) -> ExpenseRow:
    return ExpenseRow(
        row.id, f"A-{row.year}-{row.number:04}", row.paid_on, row.method, row.payee, row.reason, row.voucher_no, row.cents,
        row.vat_cents, row.account_code, row.sphere, row.offering_code, row.fund_code, row.eligible_cents,
        f"J{row.entry_number:02}/{row.entry_year}", row.entry_id, row.undone_at is not None,
    )  # fmt: skip


def expenses(
    house_id: int, wanted: ExpenseFilter, before: int | None = None, most: int = PAGE
) -> tuple[list[ExpenseRow], int | None]:
    """Newest first, those that were taken back among them; and the cursor of the next page."""
    statement: Select[Any] = _expenses.where(_X.house_id == house_id).order_by(_X.id.desc()).limit(most + 1)
    if wanted.text:
        number = wanted.text.upper().removeprefix("A-").rpartition("-")
        if number[2].isascii() and number[2].isdigit() and number[0].isascii() and number[0].isdigit() and len(wanted.text) < 20:
            statement = statement.where(_X.year == int(number[0]), _X.number == int(number[2]))
        else:
            statement = statement.where(
                or_(*(column.icontains(wanted.text, autoescape=True) for column in (_X.payee, _X.reason, _X.voucher_no)))
            )
    for column, value in ((_X.fund_code, wanted.fund), (_X.account_code, wanted.account), (_X.offering_code, wanted.offering)):
        if value:
            statement = statement.where(column == value)
    if wanted.first:
        statement = statement.where(_X.paid_on >= wanted.first)
    if wanted.last:
        statement = statement.where(_X.paid_on <= wanted.last)
    if before is not None:
        statement = statement.where(_X.id < before)
    found = [_expense_row(row) for row in session().execute(statement)]
    shown = found[:most]
    return shown, shown[-1].id if len(found) > most else None


def expense(expense_id: int, house_id: int) -> Expense | None:
    found = session().get(Expense, expense_id)
    return found if found is not None and found.house_id == house_id else None


def vouchers(fund: Fund) -> list[ExpenseRow]:
    """The list of vouchers of a fund, in the order in which they were paid; without what was taken back."""
    statement = _expenses.where(_X.fund_code == fund.code, _X.undone_at.is_(None)).order_by(_X.paid_on, _X.id)
    return [_expense_row(row) for row in session().execute(statement)]
