"""Tables of people, households, organisations and consents."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.crypto import Encrypted
from app.core.db import Model
from app.core.folding import fold, words
from app.core.i18n import lazy as _l


class ContactBy(StrEnum):
    """How somebody wants to hear from the house."""

    MAIL = "mail"
    PHONE = "phone"
    LETTER = "letter"
    NONE = "none"


class AgeBand(StrEnum):
    """All the house keeps of a child's age."""

    UNDER_3 = "0-2"
    UNDER_6 = "3-5"
    UNDER_10 = "6-9"
    UNDER_14 = "10-13"
    UNDER_18 = "14-17"


class TariffClass(StrEnum):
    """Who pays what for a room: A free groups, B non-profit with takings or Dortmund-Karte, C private, D commercial."""

    FREE = "A"
    REDUCED = "B"
    PRIVATE = "C"
    COMMERCIAL = "D"


class Purpose(StrEnum):
    """What a consent is for. The words of all but `OTHER` are the house's own (`service.wording`)."""

    NEWS = "news"
    PHOTOS = "photos"
    SHARE_CONTACT = "share_contact"
    OTHER = "other"


class Household(Model):
    """People who live together. It ends with the last of its grown-ups."""

    __tablename__ = "household"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(120))
    children: Mapped[list[Child]] = relationship(
        lazy="raise", init=False, repr=False, order_by="Child.id", cascade="all, delete-orphan"
    )


class Child(Model):
    """First name and age band only."""

    __tablename__ = "child"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"), index=True)
    first_name: Mapped[str] = mapped_column(String(60))
    age_band: Mapped[str] = mapped_column(String(6))


def sort_name(given_name: str, family_name: str) -> str:
    """What lists of people are ordered by."""
    return " ".join(words(fold(f"{family_name} {given_name}")))[:170]


def _sort_name_of_row(row: Any) -> str:
    values = row.get_current_parameters()
    return sort_name(values.get("given_name") or "", values.get("family_name") or "")


class Person(Model):
    """Somebody the house deals with.

    `merged_into_id` is set on a duplicate: its id and its card number stay as signposts, everything else has gone to the one it
    points to, which is never a duplicate itself.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("length(given_name) + length(family_name) > 0", name="named"),
        Index("ix_person_email", "email"),
        Index("ix_person_sort_name", "sort_name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    given_name: Mapped[str] = mapped_column(String(80), default="")
    family_name: Mapped[str] = mapped_column(String(80), default="")
    email: Mapped[str | None] = mapped_column(String(254), default=None)
    """In lower case; two people may share one."""
    phone: Mapped[str | None] = mapped_column(String(40), default=None)
    """With country code and the blanks somebody wrote, ``+49 231 4711``."""
    street: Mapped[str] = mapped_column(String(120), default="")
    postcode: Mapped[str] = mapped_column(String(12), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    contact_by: Mapped[str] = mapped_column(String(8), default=ContactBy.NONE)
    language: Mapped[str] = mapped_column(String(8), default="de")
    card_number: Mapped[str | None] = mapped_column(String(20), unique=True, default=None)
    """Eight digits, the last of them a check digit (`service.new_card_number`)."""
    tariff_class: Mapped[str] = mapped_column(String(1), default=TariffClass.PRIVATE)
    desk_note: Mapped[str | None] = mapped_column(Encrypted, default=None, repr=False)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"), index=True, default=None)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True, default=None)
    sort_name: Mapped[str] = mapped_column(String(170), init=False, insert_default=_sort_name_of_row)
    household: Mapped[Household | None] = relationship(lazy="raise", init=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def address(self) -> str:
        return ", ".join(part for part in (self.street, f"{self.postcode} {self.city}".strip()) if part)

    @property
    def phone_shown(self) -> str:
        return shown(self.phone)


def shown(phone: str | None) -> str:
    """A telephone number as people here write it: ``0231 4711``, and with its country code from elsewhere."""
    return "0" + phone.removeprefix("+49 ") if phone and phone.startswith("+49 ") else phone or ""


class PersonGram(Model):
    """The index of the one search box, made by `queries.grams_of`.

    Three letters of a folded word with two blanks before it and one behind (``  m``, `` mu``, ``mul`` … ``er ``), and the word's
    `core.folding.misspellings` behind a ``-``. Of numbers: three digits, and the whole number behind a ``-``.
    """

    __tablename__ = "person_gram"

    gram: Mapped[str] = mapped_column(String(24), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)


class Organisation(Model):
    """A group, club, firm or partner."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(160), unique=True)
    tariff_class: Mapped[str] = mapped_column(String(1), default=TariffClass.FREE)
    email: Mapped[str | None] = mapped_column(String(254), default=None)
    phone: Mapped[str | None] = mapped_column(String(40), default=None)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)
    contact: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False)

    @property
    def phone_shown(self) -> str:
        return shown(self.phone)


class Membership(Model):
    """A person acts for an organisation."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id"), {"info": {"called": _l("Memberships")}})

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person: Mapped[Person] = relationship(lazy="raise", init=False, repr=False)
    organisation: Mapped[Organisation] = relationship(lazy="raise", init=False, repr=False)


class Consent(Model):
    """What somebody agreed to. The wording is kept as it was shown; withdrawing ends it and keeps the proof."""

    __tablename__ = "consent"
    __table_args__ = {"info": {"called": _l("Consents")}}

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    wording: Mapped[str] = mapped_column(Text)
    via: Mapped[str] = mapped_column(String(10))
    """``screen``, ``paper`` or ``phone``."""
    given_at: Mapped[datetime] = mapped_column()
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
