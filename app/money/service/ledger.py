"""Posting: the only place where lines of the ledger are written. Nothing is changed afterwards; a reversal takes an entry back.

Rules of posting: finance.md b.3. What is checked here is checked again by the database (guards of migration ``0002``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select, true
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import clock, i18n
from app.core.db import Collision, session, take_turn
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.core.statements import Statement, add_rows
from app.money import events
from app.money.models import FIRST_PREV, Known, LedgerEntry, LedgerLine, Line, PeriodLock, digest

LEDGER = LedgerEntry.__tablename__
"""The table that acts take turns at."""
BOOKS_ARE_IN = "de"


def books(text: Any) -> str:
    """A lazy text as it stands in the books: in their own language, whoever is acting."""
    with i18n.speaking(BOOKS_ARE_IN):
        return str(text)


class Unbalanced(Refusal):
    """The two sides of an entry differ, or a line has no side or both."""

    status = 422
    kind = "unbalanced"
    message = _l("Debit and credit must be the same amount, with at least one line on each side. Nothing has been posted.")


class LockedPeriod(Refusal):
    kind = "period-locked"
    message = _l("The books are closed up to that day. Choose a later day.")


class AlreadyReversed(Refusal):
    kind = "already-reversed"
    message = _l("This entry has already been taken back. Nothing has been posted.")


class IsReversal(Refusal):
    kind = "is-reversal"
    message = _l("This entry takes another one back and cannot be taken back itself. Post anew instead.")


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry as it stands now in the ledger."""

    id: int
    year: int
    number: int
    posted_on: date
    hash: str

    @property
    def no(self) -> str:
        return f"J{self.number:02}"


_LOCKED = select(func.max(PeriodLock.locked_through))
_LAST = select(LedgerEntry.id, LedgerEntry.hash).order_by(LedgerEntry.id.desc()).limit(1).subquery("last")
_LAST_NUMBER = select(func.max(LedgerEntry.number)).where(LedgerEntry.year == bindparam("year"))
_WHERE_WE_ARE = Statement(
    select(_LOCKED.scalar_subquery(), _LAST_NUMBER.scalar_subquery(), _LAST.c.id, _LAST.c.hash).select_from(
        select(literal_column("1")).subquery("one").outerjoin(_LAST, true())
    )
)


def post(
    text: str,
    lines: Sequence[Line],
    by: Actor,
    *,
    on: date | None = None,
    house_id: int | None = None,
    source: str = "manual",
    source_id: int | None = None,
    voucher_on: date | None = None,
    reverses_id: int | None = None,
) -> Posted:
    """Add an entry to the ledger, on `on` (today unless given). Raises `Unbalanced` or `LockedPeriod`; nothing is written then."""
    _check_lines(lines)
    day = on or clock.today(i18n.zone())
    take_turn(LEDGER)
    where = _WHERE_WE_ARE.row(year=day.year)
    assert where is not None
    locked, last_number, last_id, last_hash = where
    if locked is not None and day <= locked:
        raise LockedPeriod(locked_through=locked.isoformat())
    entry_id, prev = (1, FIRST_PREV) if last_id is None else (last_id + 1, last_hash)
    number = (last_number or 0) + 1
    text = text[:200]
    posted = Posted(entry_id, day.year, number, day, digest(prev, f"J{number:02}", day, text, lines))
    _write(posted, prev, text, lines, by, house_id, source, source_id, voucher_on, reverses_id)
    return posted


def _write(
    posted: Posted,
    prev: str,
    text: str,
    lines: Sequence[Line],
    by: Actor,
    house_id: int | None,
    source: str,
    source_id: int | None,
    voucher_on: date | None,
    reverses_id: int | None,
) -> None:
    rows = [
        {
            "entry_id": posted.id, "position": position, "account_code": str(each.account), "debit_cents": each.debit,
            "credit_cents": each.credit, "sphere": str(each.sphere), "offering_code": each.offering, "fund_code": each.fund,
            "house_id": house_id,
        }
        for position, each in enumerate(lines, 1)
    ]  # fmt: skip
    entry = {
        "id": posted.id, "year": posted.year, "number": posted.number, "posted_on": posted.posted_on, "text": text,
        "total_cents": sum(each.debit for each in lines), "prev": prev, "hash": posted.hash, "house_id": house_id,
        "voucher_on": voucher_on, "reverses_id": reverses_id, "source": source, "source_id": source_id,
        "created_by_id": by.person_id, "posted_at": clock.now(),
    }  # fmt: skip
    try:
        add_rows(LedgerLine, rows)
        add_rows(LedgerEntry, [entry])
    except DBAPIError as fault:
        if "out of order" in str(fault.orig) or "chain broken" in str(fault.orig):
            raise Collision from fault
        if isinstance(fault, IntegrityError) and "account_code" in str(fault.orig):
            raise Invalid({"account": [_l("There is no such account.")]}) from fault
        raise


def _check_lines(lines: Sequence[Line]) -> None:
    one_sided = all(min(each.debit, each.credit) == 0 < max(each.debit, each.credit) for each in lines)
    if len(lines) < 2 or not one_sided or sum(each.debit for each in lines) != sum(each.credit for each in lines):
        raise Unbalanced


def reverse(entry_id: int, reason: str, by: Actor, *, on: date | None = None) -> Posted:
    """Take an entry back: the same accounts with the sides swapped. Raises `AlreadyReversed`, `IsReversal` or `LockedPeriod`."""
    take_turn(LEDGER)
    entry = session().get_one(LedgerEntry, entry_id)
    if entry.reverses_id is not None:
        raise IsReversal
    if session().scalar(select(LedgerEntry.id).where(LedgerEntry.reverses_id == entry_id)) is not None:
        raise AlreadyReversed
    rows = session().scalars(select(LedgerLine).where(LedgerLine.entry_id == entry_id).order_by(LedgerLine.position))
    lines = [
        Line(row.account_code, row.credit_cents, row.debit_cents, row.sphere, row.offering_code, row.fund_code) for row in rows
    ]
    text = f"STORNO {entry.no}" + (f" ({reason})" if reason else "")
    return post(
        text, lines, by, on=on, house_id=entry.house_id, source=entry.source, source_id=entry.source_id,
        voucher_on=entry.posted_on, reverses_id=entry_id,
    )  # fmt: skip


# What the treasurer does by hand ---------------------------------------------------------------------------------------

SUB_LEDGERS = frozenset({Known.CASH, Known.RECEIVABLES, Known.RESTRICTED, Known.DEPOSITS, Known.REFUNDS})
"""Accounts that must agree with the drawer, charges, funds, deposits and refunds: only those acts post to them."""


@dataclass(frozen=True)
class EntryRequest:
    """An entry written by hand; `on` is its day, not in the future."""

    on: date
    text: str
    lines: Sequence[Line]


def post_entry(house_id: int, request: EntryRequest, by: Actor) -> Posted:
    """Post what somebody wrote. Raises `Invalid`, `Unbalanced` or `LockedPeriod`; `lines` are named by their place, from 1."""
    for place, line in enumerate(request.lines, 1):
        if line.account in SUB_LEDGERS:
            told = _l("This account follows from charges, payments, deposits, funds and the cash day. Use those instead.")
            raise Invalid({f"account_{place}": [told]})
    if not request.text:
        raise Invalid({"text": [_l("Please say what it is for.")]})
    if request.on > clock.today(i18n.zone()):
        raise Invalid({"on": [_l("That day has not come yet.")]})
    posted = post(request.text, request.lines, by, on=request.on, house_id=house_id)
    cents = sum(line.debit for line in request.lines)
    publish(events.EntryPosted(house_id=house_id, by=by.person_id, ledger_entry_id=posted.id, cents=cents))
    return posted


def reverse_entry(entry: LedgerEntry, reason: str, by: Actor) -> Posted:
    """Take back what was posted by hand; what another act posted is taken back by that act. Raises as `reverse` does, and `Invalid`."""
    if not reason:
        raise Invalid({"reason": [_l("Please say why; it stands in the books.")]})
    if entry.source != "manual":
        raise Invalid(message=_l("This entry belongs to something else. Take that back, and the entry goes with it."))
    posted = reverse(entry.id, reason, by)
    publish(
        events.EntryReversed(
            house_id=entry.house_id, by=by.person_id, ledger_entry_id=entry.id, reversal_id=posted.id, cents=entry.total_cents
        )
    )
    return posted


def lock_period(locked_through: date, by: Actor) -> None:
    """Close the books up to and including a day that is over. Raises `Invalid`; there is no way back."""
    take_turn(LEDGER)
    if locked_through >= clock.today(i18n.zone()):
        raise Invalid({"locked_through": [_l("Only days that are over can be closed.")]})
    before = session().scalar(_LOCKED)
    if before is not None and locked_through <= before:
        told = gettext("The books are already closed up to %(day)s.", day=i18n.day(before))
        raise Invalid({"locked_through": [told]})
    lock = PeriodLock(locked_through=locked_through, created_by_id=by.person_id)
    session().add(lock)
    session().flush()
    publish(events.PeriodLocked(house_id=None, by=by.person_id, period_lock_id=lock.id, locked_through=locked_through))


def first_open_day(wanted: date) -> date:
    """`wanted`, or the first day after the lock where it lies before that."""
    locked = session().scalar(_LOCKED)
    return wanted if locked is None or wanted > locked else locked + timedelta(days=1)
