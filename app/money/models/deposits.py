"""Tables of deposits: a ledger of their own beside the ledger; what is held is always what stands on the liability account."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Cents, Model
from app.core.i18n import lazy as _l
from app.people.models import Organisation, Person

NOT_DONE = text("closed_at IS NULL")


class DepositKind(StrEnum):
    ROOM = "room"
    KEY = "key"
    THING = "thing"
    OTHER = "other"


class MovementKind(StrEnum):
    TAKEN = "taken"
    RETURNED = "returned"
    KEPT = "kept"
    UNDONE = "undone"
    """A movement written down by mistake."""


class Deposit(Model):
    """Asked for, then held, then given back or partly kept. `held_cents` is kept by the trigger of `deposit_movement`."""

    __tablename__ = "deposit"
    __table_args__ = (
        CheckConstraint("cents > 0", name="cents"),
        CheckConstraint("held_cents BETWEEN 0 AND cents", name="held"),
        CheckConstraint("closed_at IS NULL OR held_cents = 0", name="closed_is_empty"),
        CheckConstraint("person_id IS NOT NULL OR organisation_id IS NOT NULL", name="owner"),
        CheckConstraint("kind IN ('room', 'key', 'thing', 'other')", name="kind"),
        Index("ix_deposit_not_done", "house_id", "due_on", sqlite_where=NOT_DONE, postgresql_where=NOT_DONE),
        Index("ix_deposit_person", "person_id", "id"),
        Index("ix_deposit_source", "source", "source_id"),
        {"info": {"called": _l("Deposits")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(6))
    title: Mapped[str] = mapped_column(String(160))
    cents: Mapped[Cents] = mapped_column()
    """What is asked for."""
    due_on: Mapped[date] = mapped_column()
    """When it must be here at the latest."""
    back_on: Mapped[date | None] = mapped_column(default=None)
    """From when on it is to be given back."""
    held_cents: Mapped[Cents] = mapped_column(default=0)
    source: Mapped[str] = mapped_column(String(20), default="desk")
    source_id: Mapped[int | None] = mapped_column(default=None)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    """Given back in full, kept in full, or not needed any more."""
    person: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise", init=False, repr=False)
    movements: Mapped[list[DepositMovement]] = relationship(
        lazy="raise", init=False, repr=False, order_by="DepositMovement.id", viewonly=True
    )

    @property
    def missing_cents(self) -> int:
        """What has still to be handed in: a deposit is taken as a whole or in parts, and not again once some of it went back."""
        return 0 if self.closed_at is not None else self.cents - self.held_cents


class DepositMovement(Model):
    """Taken (above zero), given back or kept (below zero). Written once."""

    __tablename__ = "deposit_movement"
    __table_args__ = (
        CheckConstraint("cents <> 0", name="cents"),
        CheckConstraint("kind IN ('taken', 'returned', 'kept', 'undone')", name="kind"),
        CheckConstraint("kind <> 'kept' OR reason <> ''", name="kept_with_reason"),
        Index("ix_deposit_movement_deposit", "deposit_id"),
        Index("ix_deposit_movement_payment", "payment_id"),
        {"info": {"written_once": True}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    deposit_id: Mapped[int] = mapped_column(ForeignKey("deposit.id"))
    kind: Mapped[str] = mapped_column(String(8))
    cents: Mapped[Cents] = mapped_column()
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), default=None)
    reason: Mapped[str] = mapped_column(String(300), default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    deposit: Mapped[Deposit] = relationship(lazy="raise", init=False, repr=False, viewonly=True)
