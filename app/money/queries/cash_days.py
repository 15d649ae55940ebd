"""The drawer: what of it is known before it is counted, the closed days, and what is on its way to or from the bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import RoleGrant
from app.core.db import session
from app.core.policy import Role
from app.money.models import (
    AccountKind,
    CashDay,
    Direction,
    Expense,
    IncomeKind,
    Known,
    LedgerAccount,
    LedgerEntry,
    LedgerLine,
    Method,
    Payment,
)
from app.offers.models import Offering
from app.people.models import Person

PAGE = 30
SHEET = 20_000
"""Rows of a sheet at most: more than fifty years."""
MAY_WITNESS = (Role.MANAGER, Role.DESK, Role.TREASURER, Role.VOLUNTEER)
CASH_DAY = "cash_day"
"""Source of the entries that closing a day makes."""
TRANSIT = "transit"
"""Source of the entries with which the bank confirms."""
TOLD_BY_THEMSELVES = ("payment", "expense", CASH_DAY)
"""Sources of entries that are counted by the rows that made them; whatever else moved the drawer is counted by its lines."""


@dataclass(frozen=True)
class Movement:
    """Cash that the books know of before anybody counts: what it was, and its cents (above zero)."""

    what: str
    cents: int
    number: int = 1
    """How many payments are told as one."""


@dataclass(frozen=True)
class Drawer:
    """What is known of a day's drawer: what lay in it, what came in and went out by receipts.

    It covers all days since the last closed one, so that nothing between two counts is lost.
    """

    house_id: int
    day: date
    opening_cents: int
    last_day: date | None
    """The last closed one; None before the first."""
    receipts_in: Movement
    receipts_out: Movement
    expenses: tuple[Movement, ...]
    others_in: int
    """Cents that were posted onto the drawer by hand."""
    others_out: int

    @property
    def known_in_cents(self) -> int:
        return self.receipts_in.cents + self.others_in

    @property
    def known_out_cents(self) -> int:
        return self.receipts_out.cents + self.others_out + sum(each.cents for each in self.expenses)

    @property
    def by_the_books_cents(self) -> int:
        """What would lie there if the counter had taken nothing."""
        return self.opening_cents + self.known_in_cents - self.known_out_cents


def drawer(house_id: int, day: date) -> Drawer:
    """The drawer of a house on a day that is not closed yet, in five queries."""
    last = last_closed(house_id)
    after, opening = (last.day, last.counted_cents) if last else (None, 0)
    paid = _receipts(house_id, after, day)
    others_in, others_out = _others(house_id, after, day)
    return Drawer(
        house_id=house_id, day=day, opening_cents=opening, last_day=after, receipts_in=paid[Direction.IN],
        receipts_out=paid[Direction.OUT], expenses=tuple(_expenses(house_id, after, day)), others_in=others_in,
        others_out=others_out,
    )  # fmt: skip


def known_after(house_id: int, day: date) -> int:
    """Cents by which receipts, vouchers and hand-written entries of later days moved the drawer."""
    paid = _receipts(house_id, day, date.max)
    others_in, others_out = _others(house_id, day, date.max)
    spent = sum(each.cents for each in _expenses(house_id, day, date.max))
    return paid[Direction.IN].cents - paid[Direction.OUT].cents + others_in - others_out - spent


def last_closed(house_id: int) -> CashDay | None:
    return session().scalar(select(CashDay).where(CashDay.house_id == house_id).order_by(CashDay.day.desc()).limit(1))


def _receipts(house_id: int, after: date | None, until: date) -> dict[str, Movement]:
    """Cash payments by direction; those that were taken back have never been."""
    statement = (
        select(Payment.direction, func.sum(Payment.cents), func.count())
        .where(
            Payment.house_id == house_id, Payment.method == Method.CASH, Payment.undone_at.is_(None),
            Payment.on_day > (after or date.min), Payment.on_day <= until,
        )
        .group_by(Payment.direction)
    )  # fmt: skip
    found = {direction: Movement("", int(cents), number) for direction, cents, number in session().execute(statement)}
    nothing = Movement("", 0, 0)
    return {Direction.IN: found.get(Direction.IN, nothing), Direction.OUT: found.get(Direction.OUT, nothing)}


def _expenses(house_id: int, after: date | None, until: date) -> list[Movement]:
    statement = (
        select(Expense.payee, Expense.reason, Expense.voucher_no, Expense.cents)
        .where(
            Expense.house_id == house_id, Expense.method == Method.CASH, Expense.undone_at.is_(None),
            Expense.paid_on > (after or date.min), Expense.paid_on <= until,
        )
        .order_by(Expense.id)
    )  # fmt: skip
    return [
        Movement(" · ".join(part for part in (payee, reason, voucher_no) if part), cents)
        for payee, reason, voucher_no, cents in session().execute(statement)
    ]


def _others(house_id: int, after: date | None, until: date) -> tuple[int, int]:
    debit, credit = session().execute(
        select(func.sum(LedgerLine.debit_cents), func.sum(LedgerLine.credit_cents))
        .select_from(LedgerEntry)
        .join(LedgerLine, LedgerLine.entry_id == LedgerEntry.id)
        .where(
            LedgerEntry.house_id == house_id, LedgerEntry.source.not_in(TOLD_BY_THEMSELVES),
            LedgerEntry.posted_on > (after or date.min), LedgerEntry.posted_on <= until, LedgerLine.account_code == Known.CASH,
        )
    ).one()  # fmt: skip
    return int(debit or 0), int(credit or 0)


# What the form offers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CountedKind:
    """A line of the tally."""

    code: str
    name: str
    account: str
    tax_code: str
    sphere: str
    offering: str


def counted_kinds(house_id: int) -> list[CountedKind]:
    """What the tally of a house has lines for, in the order of the form."""
    statement = (
        select(
            IncomeKind.code, IncomeKind.name, IncomeKind.account_code, IncomeKind.tax_code, Offering.sphere,
            Offering.code.label("offering"),
        )
        .join(Offering, Offering.code == IncomeKind.offering_code)
        .where(Offering.house_id == house_id, IncomeKind.counted, IncomeKind.archived_at.is_(None))
        .order_by(IncomeKind.position, IncomeKind.code)
    )  # fmt: skip
    return [CountedKind(*row) for row in session().execute(statement)]


def expense_accounts() -> list[tuple[str, str]]:
    """Code and name of what a voucher can be for."""
    statement = (
        select(LedgerAccount.code, LedgerAccount.name)
        .where(
            LedgerAccount.kind == AccountKind.EXPENSE, LedgerAccount.archived_at.is_(None), LedgerAccount.code != Known.CASH_SHORT
        )
        .order_by(LedgerAccount.code)
    )
    return [(code, name) for code, name in session().execute(statement)]


def offerings(house_id: int) -> dict[str, tuple[str, str]]:
    """Name and sphere of the offerings a voucher can be for, by code."""
    statement = (
        select(Offering.code, Offering.name, Offering.sphere)
        .where(Offering.house_id == house_id, Offering.archived_at.is_(None))
        .order_by(Offering.code)
    )
    return {code: (name, sphere) for code, name, sphere in session().execute(statement)}


def witnesses(house_id: int, but: int | None) -> list[tuple[int, str]]:
    """Id and name of those who may count along: who works in the house, but for one."""
    statement = (
        select(Person.id, Person.given_name, Person.family_name)
        .where(
            Person.merged_into_id.is_(None),
            exists().where(
                RoleGrant.person_id == Person.id, RoleGrant.house_id == house_id, RoleGrant.role.in_(MAY_WITNESS)
            ),
        )
        .order_by(Person.given_name, Person.family_name, Person.id)
    )  # fmt: skip
    return [(number, f"{given} {family}".strip()) for number, given, family in session().execute(statement) if number != but]


# Closed days ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DayLine:
    """A closed day in the list."""

    id: int
    day: date
    year: int
    number: int
    opening_cents: int
    put_in_cents: int
    paid_out_cents: int
    banked_cents: int
    counted_cents: int
    takings_cents: int
    known_in_cents: int
    tally_cents: int
    difference_cents: int
    reason: str
    counted_by: str
    witnessed_by: str
    closed_at: datetime

    @property
    def no(self) -> str:
        return f"K-{self.year}-{self.number:04}"


def cash_days(house_id: int, *, before: date | None = None, most: int = PAGE) -> tuple[list[DayLine], date | None]:
    """Closed days, the newest first, and the day before which the next page begins. One statement."""
    counted_by, witnessed_by = aliased(Person), aliased(Person)
    statement = (
        select(
            CashDay.id, CashDay.day, CashDay.year, CashDay.number, CashDay.opening_cents, CashDay.put_in_cents,
            CashDay.paid_out_cents, CashDay.banked_cents, CashDay.counted_cents, CashDay.takings_cents, CashDay.known_in_cents,
            CashDay.tally_cents, CashDay.difference_cents, CashDay.reason, counted_by.given_name, counted_by.family_name,
            witnessed_by.given_name, witnessed_by.family_name, CashDay.closed_at,
        )
        .join(counted_by, counted_by.id == CashDay.counted_by_id)
        .join(witnessed_by, witnessed_by.id == CashDay.witnessed_by_id)
        .where(CashDay.house_id == house_id)
        .order_by(CashDay.day.desc())
        .limit(most + 1)
    )  # fmt: skip
    if before is not None:
        statement = statement.where(CashDay.day < before)
    found = []
    for row in session().execute(statement):
        told: list[Any] = [*row[:14], f"{row[14]} {row[15]}".strip(), f"{row[16]} {row[17]}".strip(), row[18]]
        found.append(DayLine(*told))
    return found[:most], found[most - 1].day if len(found) > most else None


def cash_day(cash_day_id: int) -> CashDay | None:
    """A closed day with those who counted."""
    return session().scalar(
        select(CashDay).where(CashDay.id == cash_day_id).options(joinedload(CashDay.counted_by), joinedload(CashDay.witnessed_by))
    )


def vouchers_of(cash_day_id: int) -> list[tuple[str, str, str, int, int]]:
    """Payee, reason, number, cents and input tax contained of everything that this day paid against a voucher."""
    statement = (
        select(Expense.payee, Expense.reason, Expense.voucher_no, Expense.cents, Expense.vat_cents)
        .where(Expense.cash_day_id == cash_day_id)
        .order_by(Expense.id)
    )
    return [(payee, reason, no, cents, vat) for payee, reason, no, cents, vat in session().execute(statement)]


@dataclass(frozen=True)
class EntryLine:
    """An entry that closing the day made."""

    id: int
    year: int
    number: int
    text: str
    total_cents: int

    @property
    def no(self) -> str:
        return f"J{self.number:02}"


def entries_of(cash_day_id: int) -> list[EntryLine]:
    statement = (
        select(LedgerEntry.id, LedgerEntry.year, LedgerEntry.number, LedgerEntry.text, LedgerEntry.total_cents)
        .where(LedgerEntry.source == CASH_DAY, LedgerEntry.source_id == cash_day_id)
        .order_by(LedgerEntry.id)
    )
    return [EntryLine(*row) for row in session().execute(statement)]


# On its way to the bank, or from there -------------------------------------------------------------------------------


@dataclass(frozen=True)
class InTransit:
    """Cash that left the drawer for the bank (`cents` above zero) or came from there (below), which the bank has not shown yet."""

    entry_id: int
    house_id: int | None
    day: date
    cents: int
    year: int
    number: int

    @property
    def no(self) -> str:
        """Of the cash report."""
        return f"K-{self.year}-{self.number:04}"


_CONFIRMATION = aliased(LedgerEntry)
_IN_TRANSIT = (
    select(
        LedgerEntry.id, LedgerEntry.house_id, LedgerEntry.posted_on, LedgerLine.debit_cents - LedgerLine.credit_cents,
        CashDay.year, CashDay.number,
    )
    .join(LedgerLine, LedgerLine.entry_id == LedgerEntry.id)
    .join(CashDay, CashDay.id == LedgerEntry.source_id)
    .where(
        LedgerEntry.source == CASH_DAY, LedgerLine.account_code == Known.IN_TRANSIT,
        ~exists().where(_CONFIRMATION.source == TRANSIT, _CONFIRMATION.source_id == LedgerEntry.id),
    )
)  # fmt: skip


def in_transit(house_id: int) -> list[InTransit]:
    """What the bank has still to show, the oldest first."""
    statement = _IN_TRANSIT.where(LedgerEntry.house_id == house_id).order_by(LedgerEntry.id).limit(SHEET)
    return [InTransit(*row) for row in session().execute(statement)]


def transit(entry_id: int) -> InTransit | None:
    """One of these; None once it is confirmed."""
    found = session().execute(_IN_TRANSIT.where(LedgerEntry.id == entry_id)).first()
    return InTransit(*found) if found else None
