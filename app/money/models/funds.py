"""Tables of funds and of what was paid."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Cents, Model
from app.people.models import Person


class FundKind(StrEnum):
    GRANT = "grant"
    DONATION = "donation"
    CROWDFUNDING = "crowdfunding"
    SPONSORING = "sponsoring"
    DUES = "dues"
    FEES = "fees"


class FundRule(StrEnum):
    """What of an expense such a fund bears (finance.md b.6)."""

    DIRECT = "direct"
    """All direct cost of the purpose (`spende`)."""
    FLAT = "flat"
    """Direct cost and `rate_bp` on top for overhead (`pauschale`)."""
    SHARE = "share"
    """`rate_bp` of direct cost and accepted volunteer time (`anteil_be`), never above the direct cost."""
    GAP = "gap"
    """What remains after own revenue and others' money (Fehlbedarf)."""


class Fund(Model):
    """A grant, earmarked donations, a campaign, free money. Restricted money waits as a liability until it is used for its purpose."""

    __tablename__ = "fund"
    __table_args__ = (
        CheckConstraint("kind IN ('grant', 'donation', 'crowdfunding', 'sponsoring', 'dues', 'fees')", name="kind"),
        CheckConstraint("rule IN ('direct', 'flat', 'share', 'gap')", name="rule"),
        CheckConstraint("amount_cents >= 0", name="amount"),
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="period"),
        CheckConstraint("sphere IN ('1', '2', '3', '4', '9')", name="sphere"),
        UniqueConstraint("code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    code: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    restricted: Mapped[bool] = mapped_column()
    amount_cents: Mapped[Cents] = mapped_column()
    """What was granted or is hoped for."""
    starts_on: Mapped[date] = mapped_column()
    ends_on: Mapped[date | None] = mapped_column(default=None)
    sphere: Mapped[str] = mapped_column(String(1), default="1")
    offering_code: Mapped[str | None] = mapped_column(ForeignKey("offering.code"), default=None)
    """Its purpose, where it is for one offering."""
    purpose: Mapped[str] = mapped_column(Text, default="")
    funder: Mapped[str] = mapped_column(String(120), default="")
    notice_no: Mapped[str] = mapped_column(String(60), default="")
    account_code: Mapped[str] = mapped_column(ForeignKey("ledger_account.code"), default="4600")
    """The income account it ends on when it is used (or at once, where it is free)."""
    rule: Mapped[str] = mapped_column(String(6), default=FundRule.DIRECT)
    rate_bp: Mapped[int] = mapped_column(default=0)
    inkind_rate_cents: Mapped[Cents] = mapped_column(default=0)
    inkind_cap_bp: Mapped[int] = mapped_column(default=0)
    inkind_minutes: Mapped[int] = mapped_column(default=0)
    """Volunteer time for its purpose so far, as the treasurer states it."""
    covered_cents: Mapped[Cents] = mapped_column(default=0)
    """What own revenue and others' money bear of the cost so far, as the treasurer states it; only `GAP` asks."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    """Who looks after it and is warned."""
    warn_days: Mapped[int] = mapped_column(default=60)
    report_due_on: Mapped[date | None] = mapped_column(default=None)
    end_warned_for: Mapped[date | None] = mapped_column(default=None)
    """The end its owner has been warned of; another end is warned of anew. Likewise `report_warned_for`."""
    report_warned_for: Mapped[date | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    owner: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False)


class Expense(Model):
    """Something the house paid, with its voucher. `cents` is gross; `eligible_cents` of it (and of overhead) came out of the fund."""

    __tablename__ = "expense"
    __table_args__ = (
        UniqueConstraint("year", "number"),
        CheckConstraint("cents > 0", name="cents"),
        CheckConstraint("vat_cents BETWEEN 0 AND cents", name="vat"),
        CheckConstraint("eligible_cents >= 0", name="eligible"),
        CheckConstraint("method IN ('cash', 'bank')", name="method"),
        Index("ix_expense_fund", "fund_code", "paid_on"),
        Index("ix_expense_house_day", "house_id", "paid_on", "method"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    year: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    paid_on: Mapped[date] = mapped_column()
    method: Mapped[str] = mapped_column(String(4))
    payee: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(160))
    voucher_no: Mapped[str] = mapped_column(String(40))
    """What stands on the paper."""
    cents: Mapped[Cents] = mapped_column()
    account_code: Mapped[str] = mapped_column(ForeignKey("ledger_account.code"))
    sphere: Mapped[str] = mapped_column(String(1))
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"), index=True)
    rate_bp: Mapped[int] = mapped_column(default=0)
    """Input tax that may be deducted, as contained in `cents`."""
    vat_cents: Mapped[Cents] = mapped_column(default=0)
    offering_code: Mapped[str | None] = mapped_column(ForeignKey("offering.code"), default=None)
    fund_code: Mapped[str | None] = mapped_column(ForeignKey("fund.code"), default=None)
    eligible_cents: Mapped[Cents] = mapped_column(default=0)
    release_entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), default=None)
    """The last entry that released money for it."""
    cash_day_id: Mapped[int | None] = mapped_column(ForeignKey("cash_day.id"), index=True, default=None)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    undone_reason: Mapped[str] = mapped_column(String(300), default="")

    @property
    def no(self) -> str:
        return f"A-{self.year}-{self.number:04}"
