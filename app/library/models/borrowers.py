"""Tables of what the house needs to know of who borrows, and no more: identity seen, terms accepted, trust, blocks, consent."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Model
from app.core.i18n import lazy as _l
from app.library.models.things import ThingClass
from app.people.models import Person

STANDING = text("ended_at IS NULL")


class Borrower(Model):
    """A person with whom the house has a lending agreement. No copy of a document is kept: only that one was seen."""

    __tablename__ = "borrower"
    __table_args__ = ({"info": {"called": _l("Lending agreements")}},)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    identity_seen_on: Mapped[date | None] = mapped_column(default=None)
    identity_seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    guarantor: Mapped[str] = mapped_column(String(120), default="")
    """A neighbour who answers for somebody without papers."""
    terms_on: Mapped[date | None] = mapped_column(default=None)
    """Day from which the accepted wording of the terms holds."""
    terms_accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    of_age_on: Mapped[date | None] = mapped_column(default=None)
    """Of minors only, and instead of a birthday: the day they turn 18."""


class LendingTerms(Model):
    """The house's lending terms from a day on."""

    __tablename__ = "lending_terms"

    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    wording: Mapped[str] = mapped_column(Text)


class Approval(Model):
    """Somebody may borrow what not everybody may: of one class, or of all. Who said so, why, and whether it still holds."""

    __tablename__ = "lending_approval"
    __table_args__ = (
        Index("ix_lending_approval_person", "person_id"),
        {"info": {"called": _l("Lending approvals")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("thing_class.id"))
    reason: Mapped[str] = mapped_column(String(300))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_why: Mapped[str] = mapped_column(String(300), default="")
    thing_class: Mapped[ThingClass | None] = relationship(lazy="raise", init=False, repr=False)


class Block(Model):
    """Somebody may not borrow, reserve or renew for a time. It ends by itself; giving back is always possible."""

    __tablename__ = "lending_block"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="order"),
        CheckConstraint("loans OR reservations OR renewals", name="blocks_something"),
        Index("ix_lending_block_person", "person_id", sqlite_where=STANDING, postgresql_where=STANDING),
        {"info": {"called": _l("Lending blocks")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(300))
    """The person reads it."""
    from_on: Mapped[date] = mapped_column()
    until_on: Mapped[date | None] = mapped_column()
    """The last day of it."""
    loans: Mapped[bool] = mapped_column(default=True)
    reservations: Mapped[bool] = mapped_column(default=True)
    renewals: Mapped[bool] = mapped_column(default=True)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    decided_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    """Ended by hand before its day."""
    decided_by: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[decided_by_id])


class GuardianConsent(Model):
    """Whoever answers for a minor agrees that they borrow things of one class, or of all. It lapses when they are of age."""

    __tablename__ = "guardian_consent"
    __table_args__ = (
        Index("ix_guardian_consent_person", "person_id"),
        {"info": {"called": _l("Consents for minors")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("thing_class.id"))
    guardian: Mapped[str] = mapped_column(String(120))
    given_on: Mapped[date] = mapped_column()
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_why: Mapped[str] = mapped_column(String(12), default="")
    """``withdrawn`` or ``of_age``."""
    thing_class: Mapped[ThingClass | None] = relationship(lazy="raise", init=False, repr=False)
