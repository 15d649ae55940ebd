"""Questions about what is open, held and paid: lists to look through and to take away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, Select, and_, bindparam, exists, func, or_, select

from app.core.db import session
from app.core.statements import Statement
from app.money.models import Charge, ChargeLine, Deposit, IncomeKind, Payment
from app.money.models.charges import OPEN
from app.money.models.deposits import NOT_DONE
from app.people.models import Organisation, Person

PAGE = 25
_C, _D, _Y, _P, _O = (
    Charge.__table__.c,
    Deposit.__table__.c,
    Payment.__table__.c,
    Person.__table__.c,
    Organisation.__table__.c,
)
Cursor = tuple[str, int]
"""Day and id of the last line of a page."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose money it is: a group, or a person."""

    person_id: int | None
    organisation_id: int | None
    person: str
    organisation: str

    @property
    def name(self) -> str:
        return self.organisation or self.person


def _owner(row: Any) -> Owner:
    return Owner(
        row.person_id, row.organisation_id, f"{row.given_name or ''} {row.family_name or ''}".strip(), row.group_name or ""
    )


_NAMES = (_P.given_name, _P.family_name, _O.name.label("group_name"))


def _named(text: str, *more: Any) -> Any:
    """Every word of `text` stands in a name, or `text` in one of `more`."""
    words = [
        or_(*(column.icontains(word, autoescape=True) for column in (_P.given_name, _P.family_name, _O.name)))
        for word in text.split()[:6]
    ]
    return or_(and_(*words), *(column.icontains(text, autoescape=True) for column in more))


def _joined(table: Any) -> Any:
    return table.outerjoin(Person.__table__, _P.id == table.c.person_id).outerjoin(
        Organisation.__table__, _O.id == table.c.organisation_id
    )


# Open items ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemFilter:
    """What to look for among the open items; empty means everything."""

    text: str = ""
    overdue: bool = False
    person_id: int | None = None
    organisation_id: int | None = None
    offering: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An open item, in cents. `late` is how many days it is overdue, below zero what is left until then."""

    id: int
    title: str
    owner: Owner
    supplied_from: date
    due_on: date
    total: int
    open: int
    late: int
    source: str


@dataclass(frozen=True)
class Sums:
    """Of everything that is looked for, not of one page."""

    count: int
    cents: int
    overdue_count: int
    overdue_cents: int


def _items(house_id: int, wanted: ItemFilter, today: date) -> list[Any]:
    conditions: list[Any] = [_C.house_id == house_id, OPEN]
    if wanted.text:
        number = wanted.text.lstrip("#0")
        named = _named(wanted.text, _C.title)
        is_number = number.isascii() and number.isdigit() and len(number) < 10
        conditions.append(or_(named, _C.id == int(number)) if is_number else named)
    if wanted.overdue:
        conditions.append(_C.due_on < today)
    if wanted.person_id:
        conditions.append(_C.person_id == wanted.person_id)
    if wanted.organisation_id:
        conditions.append(_C.organisation_id == wanted.organisation_id)
    if wanted.source:
        conditions.append(_C.source == wanted.source)
    if wanted.offering:
        line, kind = ChargeLine.__table__.c, IncomeKind.__table__.c
        for_it = exists().where(line.charge_id == _C.id, kind.code == line.kind_code, kind.offering_code == wanted.offering)
        conditions.append(for_it)
    return conditions


_COLUMNS = select(
    _C.id, _C.title, _C.person_id, _C.organisation_id, *_NAMES, _C.supplied_from, _C.due_on, _C.total_cents, _C.settled_cents,
    _C.source,
).select_from(_joined(Charge.__table__)).order_by(_C.due_on, _C.id)  # fmt: skip
_LEFT = _C.total_cents - _C.settled_cents
_LATE = _C.due_on < bindparam("today", type_=Date)
_SUM = select(
    func.count(), func.coalesce(func.sum(_LEFT), 0), func.count().filter(_LATE), func.coalesce(func.sum(_LEFT).filter(_LATE), 0)
)  # fmt: skip
_ALL = (_C.house_id == bindparam("house"), OPEN)
_FIRST_PAGE = Statement(_COLUMNS.where(*_ALL).limit(bindparam("most")))
_SUM_OF_ALL = Statement(_SUM.select_from(Charge.__table__).where(*_ALL))


def open_items(
    house_id: int, wanted: ItemFilter, today: date, after: Cursor | None = None, most: int = PAGE
) -> tuple[list[ItemRow], Cursor | None]:
    """The longest due first; and the cursor of the next page. One statement, by the index of what is open alone."""
    if wanted == ItemFilter() and after is None:
        rows: Iterable[Any] = _FIRST_PAGE.rows(house=house_id, most=most + 1)
    else:
        statement = _COLUMNS.where(*_items(house_id, wanted, today)).limit(most + 1)
        if after is not None:
            day = date.fromisoformat(after[0])
            statement = statement.where(_C.due_on >= day, or_(_C.due_on > day, _C.id > after[1]))
        rows = session().execute(statement)
    found = [
        ItemRow(
            id_, title, Owner(person_id, organisation_id, f"{given or ''} {family or ''}".strip(), group or ""), supplied, due,
            total, total - settled, (today - due).days, source,
        )
        for id_, title, person_id, organisation_id, given, family, group, supplied, due, total, settled, source in rows
    ]  # fmt: skip
    shown = found[:most]
    return shown, (shown[-1].due_on.isoformat(), shown[-1].id) if len(found) > most else None


def sums(house_id: int, wanted: ItemFilter, today: date) -> Sums:
    """What all of it comes to; the cost grows with what is open, not with what was ever charged."""
    if wanted == ItemFilter():
        found: Any = _SUM_OF_ALL.row(house=house_id, today=today)
    else:
        table = _joined(Charge.__table__) if wanted.text else Charge.__table__
        statement = _SUM.select_from(table).where(*_items(house_id, wanted, today))
        found = session().execute(statement, {"today": today}).one()
    return Sums(*(int(value) for value in found))


def owners(person_id: int | None, organisation_id: int | None) -> str:
    """The name of whom a list is narrowed to, empty when there is nobody."""
    if organisation_id is not None:
        return session().execute(select(_O.name).where(_O.id == organisation_id)).scalar() or ""
    if person_id is not None:
        row = session().execute(select(_P.given_name, _P.family_name).where(_P.id == person_id)).first()
        return f"{row[0]} {row[1]}".strip() if row else ""
    return ""


# Deposits --------------------------------------------------------------------------------------------------------------


class DepositShelf(StrEnum):
    HELD = "held"
    ASKED = "asked"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit, in cents."""

    id: int
    title: str
    kind: str
    owner: Owner
    cents: int
    held: int
    due_on: date
    back_on: date | None
    closed_on: Any


def deposits(
    house_id: int, shelf: DepositShelf, text: str = "", before: int | None = None, most: int = PAGE
) -> tuple[list[DepositRow], int | None]:
    """Those held, those that are asked for and not here yet, or those that are settled; newest first."""
    conditions: dict[DepositShelf, list[Any]] = {
        DepositShelf.HELD: [NOT_DONE, _D.held_cents > 0],
        DepositShelf.ASKED: [NOT_DONE, _D.held_cents == 0],
        DepositShelf.CLOSED: [_D.closed_at.is_not(None)],
    }
    statement = (
        select(
            _D.id, _D.title, _D.kind, _D.person_id, _D.organisation_id, *_NAMES, _D.cents, _D.held_cents, _D.due_on, _D.back_on,
            _D.closed_at,
        )
        .select_from(_joined(Deposit.__table__))
        .where(_D.house_id == house_id, *conditions[shelf])
        .order_by(_D.id.desc())
        .limit(most + 1)
    )  # fmt: skip
    if text:
        statement = statement.where(_named(text, _D.title))
    if before is not None:
        statement = statement.where(_D.id < before)
    found = [
        DepositRow(row.id, row.title, row.kind, _owner(row), row.cents, row.held_cents, row.due_on, row.back_on, row.closed_at)
        for row in session().execute(statement)
    ]
    shown = found[:most]
    return shown, shown[-1].id if len(found) > most else None


def held(house_id: int) -> int:
    """Cents of all deposits in our hands."""
    return int(
        session().execute(select(func.coalesce(func.sum(_D.held_cents), 0)).where(_D.house_id == house_id, NOT_DONE)).scalar()
        or 0
    )


# Payments --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaymentFilter:
    """What to look for among the payments; empty means everything. Days are inclusive."""

    text: str = ""
    direction: str = ""
    method: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, in cents."""

    id: int
    no: str
    on_day: date
    owner: Owner
    direction: str
    method: str
    cents: int
    undone: bool
    note: str


def payments(
    house_id: int, wanted: PaymentFilter, before: int | None = None, most: int = PAGE
) -> tuple[list[PaymentRow], int | None]:
    """Newest first, those that were taken back among them; and the cursor of the next page."""
    statement: Select[Any] = (
        select(
            _Y.id, _Y.year, _Y.number, _Y.on_day, _Y.person_id, _Y.organisation_id, *_NAMES, _Y.direction, _Y.method, _Y.cents,
            _Y.undone_at, _Y.note,
        )
        .select_from(_joined(Payment.__table__))
        .where(_Y.house_id == house_id)
        .order_by(_Y.id.desc())
        .limit(most + 1)
    )  # fmt: skip
    if wanted.text:
        parts = wanted.text.upper().removeprefix("Q-").rpartition("-")
        if parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 10:
            statement = statement.where(_Y.number == int(parts[2]))
            if parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 10:
                statement = statement.where(_Y.year == int(parts[0]))
        else:
            statement = statement.where(_named(wanted.text, _Y.note))
    for column, value in ((_Y.direction, wanted.direction), (_Y.method, wanted.method)):
        if value:
            statement = statement.where(column == value)
    if wanted.first:
        statement = statement.where(_Y.on_day >= wanted.first)
    if wanted.last:
        statement = statement.where(_Y.on_day <= wanted.last)
    if before is not None:
        statement = statement.where(_Y.id < before)
    found = [
        PaymentRow(
            row.id, f"Q-{row.year}-{row.number:04}", row.on_day, _owner(row), row.direction, row.method, row.cents,
            row.undone_at is not None, row.note,
        )
        for row in session().execute(statement)
    ]  # fmt: skip
    shown = found[:most]
    return shown, shown[-1].id if len(found) > most else None
