"""Tables of charges, payments, refunds and invoices."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Cents, Model
from app.core.i18n import lazy as _l
from app.people.models import Organisation, Person

OPEN = text("settled_cents < total_cents AND cancelled_at IS NULL")
"""Open items; the partial index answers only in these words."""
UNPAID_REFUND = text("payment_id IS NULL")


class Reduction(StrEnum):
    """Why somebody pays less than the tariff; the normal price stays on the charge."""

    CITY_CARD = "city_card"
    """Dortmund-Karte."""
    HARDSHIP = "hardship"
    FREE = "free_on_application"


class Method(StrEnum):
    CASH = "cash"
    BANK = "bank"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class SettlementKind(StrEnum):
    PAYMENT = "payment"
    WAIVER = "waiver"
    DEPOSIT = "deposit"
    """Paid out of a deposit, of which a part was kept."""
    MOVED = "moved"
    """Taken off a charge that was cancelled, and put on the one that replaces it."""
    UNDONE = "undone"
    """A payment written down by mistake."""


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CORRECTION = "correction"
    """Takes the invoice `corrects_id` back (Storno)."""


class IncomeKind(Model):
    """What money is taken for: the income account, the offering (and with it the sphere) and the tax of one sort of takings.

    `tax_code` names a dated rate (`offers.models.TaxCode`). `counted` ones stand on the tally of the cash day.
    """

    __tablename__ = "income_kind"

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    offering_code: Mapped[str] = mapped_column(ForeignKey("offering.code"))
    account_code: Mapped[str] = mapped_column(ForeignKey("ledger_account.code"))
    tax_code: Mapped[str] = mapped_column(String(10))
    counted: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(300), default="")
    """Why it is taxed so, who decided that, and when."""
    archived_at: Mapped[datetime | None] = mapped_column(default=None)


class Charge(Model):
    """What somebody owes the house. `total_cents` (gross) never changes: a charge is cancelled and, where needed, replaced.

    `settled_cents` is kept by the trigger of `settlement`; its CHECK is why nobody can pay one item twice.
    """

    __tablename__ = "charge"
    __table_args__ = (
        CheckConstraint("settled_cents BETWEEN 0 AND total_cents", name="settled"),
        CheckConstraint("normal_cents >= total_cents", name="normal"),
        CheckConstraint("cancelled_at IS NULL OR settled_cents = 0", name="cancelled_is_empty"),
        CheckConstraint("(total_cents = 0) = (entry_id IS NULL)", name="posted"),
        CheckConstraint("person_id IS NOT NULL OR organisation_id IS NOT NULL", name="debtor"),
        CheckConstraint("supplied_from <= supplied_until", name="supplied"),
        Index("ix_charge_open", "house_id", "due_on", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_charge_person", "person_id", "id"),
        Index("ix_charge_organisation", "organisation_id", "id"),
        Index("ix_charge_source", "source", "source_id"),
        Index("ix_charge_house", "house_id", "id"),
        {"info": {"called": _l("Charges")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who is told and asked; the debtor unless an organisation is named."""
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(160))
    supplied_from: Mapped[date] = mapped_column()
    """Date of supply, which decides the tax."""
    supplied_until: Mapped[date] = mapped_column()
    due_on: Mapped[date] = mapped_column()
    total_cents: Mapped[Cents] = mapped_column()
    normal_cents: Mapped[Cents] = mapped_column()
    """What it costs without a reduction; for reports."""
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), index=True)
    """None only where nothing is to be paid."""
    settled_cents: Mapped[Cents] = mapped_column(default=0)
    reduction: Mapped[str] = mapped_column(String(20), default="")
    """One of `Reduction`, empty for none."""
    reason: Mapped[str] = mapped_column(String(300), default="")
    """Why it is reduced, as somebody at the desk wrote it."""
    source: Mapped[str] = mapped_column(String(20), default="desk")
    """What it is for: ``booking`` …, or ``desk`` when somebody wrote it by hand."""
    source_id: Mapped[int | None] = mapped_column(default=None)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), default=None)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    cancel_reason: Mapped[str] = mapped_column(String(300), default="")
    person: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise", init=False, repr=False)
    created_by: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[created_by_id])
    lines: Mapped[list[ChargeLine]] = relationship(lazy="raise", init=False, repr=False, order_by="ChargeLine.position")
    settlements: Mapped[list[Settlement]] = relationship(
        lazy="raise", init=False, repr=False, order_by="Settlement.id", viewonly=True
    )

    @property
    def open_cents(self) -> int:
        return 0 if self.cancelled_at is not None else self.total_cents - self.settled_cents


class ChargeLine(Model):
    """A line of a charge. `vat_cents` is contained in `cents`."""

    __tablename__ = "charge_line"
    __table_args__ = (
        CheckConstraint("cents >= 0 AND normal_cents >= cents", name="cents"),
        CheckConstraint("vat_cents BETWEEN 0 AND cents", name="vat"),
        {"info": {"written_once": True}},
    )

    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind_code: Mapped[str] = mapped_column(ForeignKey("income_kind.code"))
    text: Mapped[str] = mapped_column(String(160))
    cents: Mapped[Cents] = mapped_column()
    normal_cents: Mapped[Cents] = mapped_column()
    tax_code: Mapped[str] = mapped_column(String(10))
    rate_bp: Mapped[int] = mapped_column()
    vat_cents: Mapped[Cents] = mapped_column()
    kind: Mapped[IncomeKind] = relationship(lazy="raise", init=False, repr=False)


class Payment(Model):
    """Money handed over between the house and somebody; `number` counts receipts without gaps in a year.

    What it was for stands in settlements, movements of deposits and refunds; together they are `cents`.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("year", "number"),
        CheckConstraint("cents > 0", name="cents"),
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint("method IN ('cash', 'bank')", name="method"),
        Index("ix_payment_person", "person_id", "id"),
        Index("ix_payment_house_day", "house_id", "on_day", "method"),
        {"info": {"called": _l("Payments")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    year: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    direction: Mapped[str] = mapped_column(String(3))
    method: Mapped[str] = mapped_column(String(4))
    cents: Mapped[Cents] = mapped_column()
    on_day: Mapped[date] = mapped_column()
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"), index=True)
    note: Mapped[str] = mapped_column(String(160), default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    """Written down by mistake; the number stays, the ledger holds the reversal."""
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    undone_reason: Mapped[str] = mapped_column(String(300), default="")
    person: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise", init=False, repr=False)
    created_by: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[created_by_id])

    @property
    def no(self) -> str:
        return f"Q-{self.year}-{self.number:04}"


class Settlement(Model):
    """Cents that went onto a charge (or, below zero, off it again). Written once; its trigger keeps `Charge.settled_cents`."""

    __tablename__ = "settlement"
    __table_args__ = (
        CheckConstraint("cents <> 0", name="cents"),
        CheckConstraint("kind IN ('payment', 'waiver', 'deposit', 'moved', 'undone')", name="kind"),
        Index("ix_settlement_charge", "charge_id"),
        Index("ix_settlement_payment", "payment_id"),
        {"info": {"written_once": True}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    kind: Mapped[str] = mapped_column(String(8))
    cents: Mapped[Cents] = mapped_column()
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), default=None)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), default=None)
    deposit_id: Mapped[int | None] = mapped_column(ForeignKey("deposit.id"), default=None)
    reason: Mapped[str] = mapped_column(String(300), default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    charge: Mapped[Charge] = relationship(lazy="raise", init=False, repr=False, viewonly=True)


class Refund(Model):
    """What the house owes somebody who paid for something that was cancelled. `payment_id` is set once it is paid out."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("cents > 0", name="cents"),
        Index("ix_refund_unpaid", "house_id", "id", sqlite_where=UNPAID_REFUND, postgresql_where=UNPAID_REFUND),
        Index("ix_refund_charge", "charge_id"),
        {"info": {"called": _l("Refunds")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    cents: Mapped[Cents] = mapped_column()
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"))
    """Where it became owed."""
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    charge: Mapped[Charge] = relationship(lazy="raise", init=False, repr=False)
    person: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False)
    organisation: Mapped[Organisation | None] = relationship(lazy="raise", init=False, repr=False)


class Invoice(Model):
    """A paper about a charge as § 14 UStG wants it: everything on it is frozen in `content`. Numbered without gaps in a year."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("year", "number"),
        UniqueConstraint("charge_id", "kind"),
        CheckConstraint("kind IN ('invoice', 'correction')", name="kind"),
        {"info": {"written_once": True}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    kind: Mapped[str] = mapped_column(String(10))
    year: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    issued_on: Mapped[date] = mapped_column()
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Seller, buyer, lines, sums per rate, wording, payment address: values, not sentences of one language alone."""
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), default=None)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    charge: Mapped[Charge] = relationship(lazy="raise", init=False, repr=False)

    @property
    def no(self) -> str:
        return f"R-{self.year}-{self.number:03}"
