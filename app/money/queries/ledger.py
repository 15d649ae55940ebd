"""Questions about the ledger: entries page by page, one of them, all lines to take away."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select

from app.core.db import session
from app.core.statements import Statement
from app.money.models import (
    Charge,
    DepositMovement,
    Expense,
    Fund,
    LedgerAccount,
    LedgerEntry,
    LedgerLine,
    Payment,
    PeriodLock,
)
from app.offers.models import Offering
from app.people.models import Person

PAGE = 25
_E, _L, _P, _A = LedgerEntry.__table__.c, LedgerLine.__table__.c, Person.__table__.c, LedgerAccount.__table__.c
_BACK = LedgerEntry.__table__.alias("reversal")
_SOME = LedgerLine.__table__.alias("some").c
NUMBER = re.compile(r"[jJ]?\s*0*(\d{1,9})(?:\s*/\s*(\d{4}))?")


@dataclass(frozen=True)
class EntryFilter:
    """What to look for; empty means everything. Codes as they stand on lines; days are inclusive."""

    text: str = ""
    account: str = ""
    offering: str = ""
    sphere: str = ""
    fund: str = ""
    source: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in a list. `debits` and `credits` are the codes of its accounts, in the order of its lines."""

    id: int
    year: int
    number: int
    posted_on: date
    text: str
    cents: int
    source: str
    reverses_id: int | None
    reversed_by_id: int | None
    by: str
    debits: tuple[str, ...]
    credits: tuple[str, ...]

    @property
    def no(self) -> str:
        return f"J{self.number:02}/{self.year}"


_rows = (
    select(
        _E.id, _E.year, _E.number, _E.posted_on, _E.text, _E.total_cents, _E.source, _E.reverses_id, _BACK.c.id, _P.given_name,
        _P.family_name,
    )
    .select_from(
        LedgerEntry.__table__.outerjoin(Person.__table__, _P.id == _E.created_by_id).outerjoin(
            _BACK, _BACK.c.reverses_id == _E.id
        )
    )
    .where(or_(_E.house_id == bindparam("house"), _E.house_id.is_(None)))
    .order_by(_E.id.desc())
    .limit(bindparam("most"))
)  # fmt: skip
_rows_before = _rows.where(_E.id < bindparam("before"))
_sides = (
    select(_L.entry_id, _L.account_code, _L.debit_cents)
    .where(_L.entry_id.between(bindparam("first"), bindparam("last")))
    .order_by(_L.entry_id, _L.position)
)
_NEWEST, _OLDER, _SIDES = Statement(_rows), Statement(_rows_before), Statement(_sides)
"""Lines of all entries of a page: they stand side by side in the chain, so a span is as good as a list of ids."""


def entries(house_id: int, wanted: EntryFilter, before: int | None = None, most: int = PAGE) -> tuple[list[EntryRow], int | None]:
    """A page of the ledger, newest first, of this house and of what belongs to none; and the cursor of the next page."""
    values = {"house": house_id, "most": most + 1} | ({} if before is None else {"before": before})
    if wanted == EntryFilter():
        rows: Iterable[Any] = (_NEWEST if before is None else _OLDER).rows(**values)
    else:
        rows = session().execute(_narrowed(_rows if before is None else _rows_before, wanted), values)
    found = list(rows)
    shown = found[:most]
    if not shown:
        return [], None
    newest, oldest = shown[0][0], shown[-1][0]
    together = newest - oldest < 4 * most
    lines: Iterable[Any] = (
        _SIDES.rows(first=oldest, last=newest) if together else session().execute(_sides_of([row[0] for row in shown]))
    )
    sides: dict[tuple[int, bool], dict[str, None]] = defaultdict(dict)
    for entry_id, account, debit in lines:
        sides[entry_id, bool(debit)][account] = None
    return [
        EntryRow(
            id_, year, number, day, text, cents, source, reverses, reversed_by, f"{given or ''} {family or ''}".strip(),
            tuple(sides[id_, True]), tuple(sides[id_, False]),
        )
        for id_, year, number, day, text, cents, source, reverses, reversed_by, given, family in shown
    ], oldest if len(found) > most else None  # fmt: skip


def _sides_of(ids: list[int]) -> Select[Any]:
    return select(_L.entry_id, _L.account_code, _L.debit_cents).where(_L.entry_id.in_(ids)).order_by(_L.entry_id, _L.position)


def _narrowed(statement: Select[Any], wanted: EntryFilter) -> Select[Any]:
    if wanted.text:
        number = NUMBER.fullmatch(wanted.text)
        if number is not None:
            statement = statement.where(_E.number == int(number[1]))
            if number[2]:
                statement = statement.where(_E.year == int(number[2]))
        else:
            statement = statement.where(_E.text.icontains(wanted.text, autoescape=True))
    if wanted.account or wanted.offering or wanted.sphere or wanted.fund:
        on_lines = (
            (_SOME.account_code, wanted.account),
            (_SOME.offering_code, wanted.offering),
            (_SOME.sphere, wanted.sphere),
            (_SOME.fund_code, wanted.fund),
        )
        statement = statement.where(
            exists().where(_SOME.entry_id == _E.id, *(column == value for column, value in on_lines if value))
        )
    if wanted.source:
        statement = statement.where(_E.source == wanted.source)
    if wanted.first:
        statement = statement.where(_E.posted_on >= wanted.first)
    if wanted.last:
        statement = statement.where(_E.posted_on <= wanted.last)
    return statement


def entry(entry_id: int, house_id: int) -> LedgerEntry | None:
    """An entry of this house or of none, with who posted it."""
    found = session().get(LedgerEntry, entry_id)
    return found if found is not None and found.house_id in (house_id, None) else None


@dataclass(frozen=True)
class LineRow:
    """A line with the names that go with its codes."""

    account: str
    account_name: str
    debit: int
    credit: int
    sphere: str
    offering: str
    fund: str


@dataclass(frozen=True)
class Maker:
    """What an entry belongs to: a word such as ``charge``, its id, and its number or title."""

    kind: str
    id: int
    name: str


@dataclass(frozen=True)
class EntryPage:
    """All there is to know about one entry. `prev_id` is the entry it is chained to, `next_id` the one chained to it."""

    lines: list[LineRow]
    by: str
    reverses: tuple[int, str] | None
    reversed_by: tuple[int, str] | None
    prev_id: int | None
    next_id: int | None
    maker: Maker | None


def entry_page(entry: LedgerEntry) -> EntryPage:
    """Eight statements at most, however many lines."""
    lines = [
        LineRow(code, name, debit, credit, sphere, told(offering, offering_name), told(fund, fund_name))
        for code, name, debit, credit, sphere, offering, offering_name, fund, fund_name in session().execute(
            select(
                _L.account_code, _A.name, _L.debit_cents, _L.credit_cents, _L.sphere, _L.offering_code, Offering.name,
                _L.fund_code, Fund.name,
            )
            .join(LedgerAccount.__table__, _A.code == _L.account_code)
            .outerjoin(Offering, Offering.code == _L.offering_code)
            .outerjoin(Fund, Fund.code == _L.fund_code)
            .where(_L.entry_id == entry.id)
            .order_by(_L.position)
        )
    ]  # fmt: skip
    others = session().execute(
        select(_E.id, _E.number, _E.year, _E.reverses_id).where(
            or_(_E.id.in_([each for each in (entry.reverses_id, entry.id - 1, entry.id + 1) if each]), _E.reverses_id == entry.id)
        )
    )
    known = {row.id: row for row in others}
    reversal = next((row for row in known.values() if row.reverses_id == entry.id), None)
    origin = known.get(entry.reverses_id or 0)
    person = session().get(Person, entry.created_by_id) if entry.created_by_id else None
    return EntryPage(
        lines=lines,
        by=person.name if person else "",
        reverses=(origin.id, f"J{origin.number:02}/{origin.year}") if origin else None,
        reversed_by=(reversal.id, f"J{reversal.number:02}/{reversal.year}") if reversal else None,
        prev_id=entry.id - 1 if entry.id - 1 in known else None,
        next_id=entry.id + 1 if entry.id + 1 in known else None,
        maker=_maker(entry),
    )


def told(code: str | None, name: str | None) -> str:
    """``O08 Hausbesuche``."""
    return " ".join(filter(None, (code, name)))


def _maker(entry: LedgerEntry) -> Maker | None:
    """What this entry, or the one it takes back, belongs to."""
    own = [each for each in (entry.id, entry.reverses_id) if each is not None]
    if entry.source == "charge":
        charge = session().execute(select(Charge.id, Charge.title).where(Charge.entry_id.in_(own))).first()
        return Maker("charge", charge.id, charge.title) if charge else None
    if entry.source == "payment":
        payment = session().scalar(select(Payment).where(Payment.entry_id.in_(own)))
        return Maker("payment", payment.id, payment.no) if payment else None
    if entry.source == "deposit":
        deposit_id = session().scalar(select(DepositMovement.deposit_id).where(DepositMovement.entry_id.in_(own)))
        return Maker("deposit", deposit_id, "") if deposit_id else None
    if entry.source == "expense":
        expense = session().scalar(select(Expense).where(Expense.entry_id.in_(own)))
        return Maker("expense", expense.id, expense.no) if expense else None
    if entry.source in ("fund", "release") and entry.source_id is not None:
        fund = session().get(Fund, entry.source_id)
        return Maker("fund", fund.id, f"{fund.code} {fund.name}") if fund else None
    return None


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of the ledger as it is taken away."""

    number: int
    year: int
    posted_on: date
    text: str
    account: str
    account_name: str
    debit: int
    credit: int
    sphere: str
    offering: str | None
    fund: str | None
    voucher_on: date | None
    source: str
    reverses: str
    by: str
    posted_at: datetime
    hash: str


def lines_to_take(house_id: int, wanted: EntryFilter, most: int) -> Iterator[SheetLine]:
    """All lines of the entries that are looked for, oldest entry first; `most` of them."""
    origin = LedgerEntry.__table__.alias("origin")
    statement = (
        select(
            _E.number, _E.year, _E.posted_on, _E.text, _L.account_code, _A.name, _L.debit_cents, _L.credit_cents, _L.sphere,
            _L.offering_code, _L.fund_code, _E.voucher_on, _E.source, origin.c.number, origin.c.year, _P.given_name,
            _P.family_name, _E.posted_at, _E.hash,
        )
        .select_from(
            LedgerEntry.__table__.join(LedgerLine.__table__, _L.entry_id == _E.id)
            .join(LedgerAccount.__table__, _A.code == _L.account_code)
            .outerjoin(Person.__table__, _P.id == _E.created_by_id)
            .outerjoin(origin, origin.c.id == _E.reverses_id)
        )
        .where(or_(_E.house_id == house_id, _E.house_id.is_(None)))
        .order_by(_E.id, _L.position)
        .limit(most)
    )  # fmt: skip
    for row in session().execute(_narrowed(statement, wanted)):
        reverses = f"J{row[13]:02}/{row[14]}" if row[13] else ""
        told: list[Any] = [*row[:13], reverses, f"{row[15] or ''} {row[16] or ''}".strip(), row[17], row[18]]
        yield SheetLine(*told)


def locks() -> list[tuple[PeriodLock, str]]:
    """What has been closed, newest first, and by whom."""
    statement = (
        select(PeriodLock, Person)
        .outerjoin(Person, Person.id == PeriodLock.created_by_id)
        .order_by(PeriodLock.locked_through.desc())
    )
    return [(lock, person.name if person else "") for lock, person in session().execute(statement)]


def locked_through() -> date | None:
    """The last day of what is closed."""
    return session().scalar(select(func.max(PeriodLock.locked_through)))


def entries_between(house_id: int, first: date | None, last: date) -> int:
    """How many entries a lock up to `last` closes, after `first` that is closed already."""
    conditions = [or_(LedgerEntry.house_id == house_id, LedgerEntry.house_id.is_(None)), LedgerEntry.posted_on <= last]
    if first is not None:
        conditions.append(LedgerEntry.posted_on > first)
    return session().scalar(select(func.count()).select_from(LedgerEntry).where(and_(*conditions))) or 0
