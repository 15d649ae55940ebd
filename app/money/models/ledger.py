"""Tables of the ledger. What must hold there is held by the database: see the guards in the migration ``0002``.

Lines are written before their entry, which seals them: its trigger refuses an entry that is not balanced, does not follow the
last one in number and hash, or lies in a locked period; a second one refuses lines for an entry that stands. So no entry can ever be
seen half written, and nothing in it can be changed, on either engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Cents, Model
from app.offers.models import Sphere
from app.people.models import Person

FIRST_PREV = "0" * 64
"""What the first entry of all is chained to."""


class AccountKind(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class Known(StrEnum):
    """The accounts the program itself posts to; all others are chosen by people or by income kinds."""

    CASH = "1000"
    BANK = "1200"
    RECEIVABLES = "1400"
    IN_TRANSIT = "1500"
    RESTRICTED = "2300"
    DEPOSITS = "2400"
    REFUNDS = "2460"
    WAIVERS = "4090"
    GRANTS = "4600"
    CASH_OVER = "4990"
    CASH_SHORT = "6990"


class LedgerAccount(Model):
    """An account of the chart. `datev_no` is its number in SKR 42 (five digits), as the tax adviser sees it."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint("kind IN ('asset', 'liability', 'equity', 'income', 'expense')", name="kind"),
        CheckConstraint("length(code) BETWEEN 4 AND 8", name="code"),
        UniqueConstraint("kind", "vat_bp"),
    )

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(9))
    datev_no: Mapped[str] = mapped_column(String(5), default="")
    vat_bp: Mapped[int | None] = mapped_column(default=None)
    """Set where an account holds the tax of this rate, in hundredths of a per cent: output tax on a liability, input tax on an asset."""
    archived_at: Mapped[datetime | None] = mapped_column(default=None)


class LedgerEntry(Model):
    """A posted entry: written once. Its id is its place in the chain over all years, without gaps, as is `number` in a year."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("year", "number"),
        CheckConstraint("number > 0 AND id > 0", name="numbers"),
        CheckConstraint("total_cents > 0", name="total"),
        CheckConstraint("length(hash) = 64 AND length(prev) = 64", name="hashes"),
        Index("ix_ledger_entry_source", "source", "source_id"),
        Index("ix_ledger_entry_posted_on", "posted_on", "id"),
        {"info": {"written_once": True}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    posted_on: Mapped[date] = mapped_column()
    text: Mapped[str] = mapped_column(String(200))
    total_cents: Mapped[Cents] = mapped_column()
    """Sum of one side."""
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    house_id: Mapped[int | None] = mapped_column(ForeignKey("house.id"), default=None)
    voucher_on: Mapped[date | None] = mapped_column(default=None)
    """Day of the voucher where it is another one, as after a lock."""
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), unique=True, default=None)
    source: Mapped[str] = mapped_column(String(20), default="manual")
    """What made it: ``charge``, ``payment``, ``deposit``, ``cash_day``, ``expense``, ``fund``, ``manual`` …"""
    source_id: Mapped[int | None] = mapped_column(default=None)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    posted_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    created_by: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False)
    lines: Mapped[list[LedgerLine]] = relationship(
        lazy="raise", init=False, repr=False, order_by="LedgerLine.position", viewonly=True
    )

    @property
    def no(self) -> str:
        """As it stands in the chain: ``J07``, counted anew each year."""
        return f"J{self.number:02}"


class LedgerLine(Model):
    """One side of an entry on one account: exactly one of debit and credit is above zero. Written once, before its entry."""

    __tablename__ = "ledger_line"
    __table_args__ = (
        CheckConstraint("debit_cents >= 0 AND credit_cents >= 0", name="not_negative"),
        CheckConstraint("(debit_cents > 0) <> (credit_cents > 0)", name="one_side"),
        CheckConstraint("sphere IN ('1', '2', '3', '4', '9')", name="sphere"),
        Index("ix_ledger_line_account", "account_code", "entry_id"),
        Index("ix_ledger_line_fund", "fund_code", "account_code"),
        {"info": {"written_once": True}},
    )

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("ledger_entry.id", deferrable=True, initially="DEFERRED"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_code: Mapped[str] = mapped_column(ForeignKey("ledger_account.code"))
    debit_cents: Mapped[Cents] = mapped_column()
    credit_cents: Mapped[Cents] = mapped_column()
    sphere: Mapped[str] = mapped_column(String(1), default="9")
    offering_code: Mapped[str | None] = mapped_column(ForeignKey("offering.code"), default=None)
    fund_code: Mapped[str | None] = mapped_column(ForeignKey("fund.code"), default=None)
    house_id: Mapped[int | None] = mapped_column(ForeignKey("house.id"), default=None)
    account: Mapped[LedgerAccount] = relationship(lazy="raise", init=False, repr=False)


class AccountBalance(Model):
    """What an account has moved in a month, in a house: kept by the trigger that seals an entry, proven by ``flask check``.

    `house_id` is 0 for what belongs to no house, so that it can be part of the key.
    """

    __tablename__ = "account_balance"

    account_code: Mapped[str] = mapped_column(ForeignKey("ledger_account.code"), primary_key=True)
    house_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """``2026-11``."""
    debit_cents: Mapped[Cents] = mapped_column()
    credit_cents: Mapped[Cents] = mapped_column()


class PeriodLock(Model):
    """Up to and including this day nothing is posted any more. Locks only move forward."""

    __tablename__ = "period_lock"
    __table_args__ = {"info": {"written_once": True}}

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    locked_through: Mapped[date] = mapped_column(unique=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)


@dataclass(frozen=True, slots=True)
class Line:
    """One side on one account, in cents. `offering` and `fund` are codes; `sphere` is one of `Sphere`."""

    account: str
    debit: int = 0
    credit: int = 0
    sphere: str = Sphere.COMMON
    offering: str | None = None
    fund: str | None = None


def digest(prev: str, no: str, posted_on: date, text: str, lines: Sequence[Line]) -> str:
    """SHA-256 of an entry, chained to the one before it: over UTF-8 JSON with sorted keys, no blanks, nothing escaped."""
    content = {
        "date": posted_on.isoformat(),
        "lines": [[str(each.account), each.debit, each.credit, str(each.sphere), each.offering, each.fund] for each in lines],
        "no": no,
        "prev": prev,
        "text": text,
    }
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()
