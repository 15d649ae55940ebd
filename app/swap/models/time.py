"""Accounts in minutes, entries between them, listings, matches and hours."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Model
from app.core.i18n import lazy as _l
from app.people.models import Person


class AccountKind(StrEnum):
    PERSON = "person"
    COMMUNITY = "community"
    POT = "pot"


class Category(StrEnum):
    GARDEN = "garden"
    REPAIR = "repair"
    ERRANDS = "errands"
    COMPANY = "company"
    PAPERS = "papers"
    LANGUAGE = "language"
    DEVICES = "devices"
    COOKING = "cooking"
    TEXTILES = "textiles"
    LEARNING = "learning"
    MUSIC = "music"
    ANIMALS = "animals"
    CARE = "care"
    CHILDREN = "children"
    OTHER = "other"


CAREFUL = frozenset({Category.CARE, Category.CHILDREN})
HOUSES_OWN = text("kind <> 'person'")


class TimeAccount(Model):
    """Minutes somebody has given more than they have had. `balance_minutes` is kept by the database with each entry.

    `floor_minutes` and `ceiling_minutes` are the rule values in force when minutes last moved; the database holds a balance between
    them. The community has neither, the pot only the floor of nothing.
    """

    __tablename__ = "time_account"
    __table_args__ = (
        UniqueConstraint("house_id", "person_id"),
        Index("uq_time_account_own", "house_id", "kind", unique=True, sqlite_where=HOUSES_OWN, postgresql_where=HOUSES_OWN),
        CheckConstraint("kind IN ('person', 'community', 'pot')", name="kind"),
        CheckConstraint("kind = 'person' OR person_id IS NULL", name="house_own"),
        CheckConstraint("kind = 'community' OR balance_minutes >= floor_minutes", name="floor"),
        CheckConstraint("kind <> 'person' OR balance_minutes <= ceiling_minutes", name="ceiling"),
        CheckConstraint("kind <> 'pot' OR floor_minutes = 0", name="pot"),
        CheckConstraint("closed_at IS NULL OR balance_minutes = 0", name="closed_empty"),
        {"info": {"called": _l("Time account")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    kind: Mapped[str] = mapped_column(String(9))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True, default=None)
    """None for the house's own, and for an account that another one of the same person has taken over."""
    balance_minutes: Mapped[int] = mapped_column(default=0)
    floor_minutes: Mapped[int] = mapped_column(default=0)
    ceiling_minutes: Mapped[int] = mapped_column(default=0)
    joined_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    person: Mapped[Person | None] = relationship(lazy="raise", init=False)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class EntryKind(StrEnum):
    START = "start"
    HELP = "help"
    GROUP = "group"
    GIFT = "gift"
    """To the social pot."""
    LEAVING = "leaving"
    MERGER = "merger"
    CORRECTION = "correction"


class TimeEntry(Model):
    """Minutes go from one account to another: every row sums to zero by itself. Rows of one act share `act`."""

    __tablename__ = "time_entry"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("from_account_id <> to_account_id", name="two_accounts"),
        CheckConstraint(
            "kind IN ('start', 'help', 'group', 'gift', 'leaving', 'merger', 'correction')", name="kind"
        ),
        CheckConstraint("(kind = 'correction') = (reverses_id IS NOT NULL)", name="correction"),
        UniqueConstraint("reverses_id"),
        Index("ix_time_entry_from", "from_account_id", "id"),
        Index("ix_time_entry_to", "to_account_id", "id"),
        Index("ix_time_entry_act", "act"),
        {"info": {"written_once": True}},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    act: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    from_account_id: Mapped[int] = mapped_column(ForeignKey("time_account.id"))
    to_account_id: Mapped[int] = mapped_column(ForeignKey("time_account.id"))
    minutes: Mapped[int] = mapped_column()
    on_day: Mapped[date] = mapped_column()
    """The day of the help."""
    category: Mapped[str] = mapped_column(String(9), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    hours_id: Mapped[int | None] = mapped_column(ForeignKey("time_hours.id"), index=True, default=None)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("time_entry.id"), default=None)
    posted_at: Mapped[datetime] = mapped_column(default_factory=clock.now)


class ListingKind(StrEnum):
    OFFER = "offer"
    WISH = "wish"


class ListingState(StrEnum):
    OPEN = "open"
    ENDED = "ended"
    LAPSED = "lapsed"


OPEN_LISTINGS = text("state = 'open'")


class Listing(Model):
    """What somebody offers or wishes. Neither address nor telephone number stands in it."""

    __tablename__ = "time_listing"
    __table_args__ = (
        CheckConstraint("kind IN ('offer', 'wish')", name="kind"),
        CheckConstraint("state IN ('open', 'ended', 'lapsed')", name="state"),
        CheckConstraint("notices BETWEEN 0 AND 3", name="notices"),
        Index("ix_time_listing_open", "house_id", "lapses_on", sqlite_where=OPEN_LISTINGS, postgresql_where=OPEN_LISTINGS),
        {"info": {"called": _l("Offers and wishes")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(5))
    title: Mapped[str] = mapped_column(String(80))
    about: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    """Title and text as the search reads them."""
    category: Mapped[str] = mapped_column(String(9))
    languages: Mapped[list[str]] = mapped_column(JSON)
    careful: Mapped[bool] = mapped_column()
    """About care or children: the coordinator knows of it."""
    lapses_on: Mapped[date] = mapped_column()
    """The first day on which it is not shown any more."""
    notices: Mapped[int] = mapped_column(default=0)
    """How many of the three notices before the end have been given."""
    state: Mapped[str] = mapped_column(String(6), default=ListingState.OPEN)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    person: Mapped[Person] = relationship(lazy="raise", init=False)


class MatchState(StrEnum):
    ANSWERED = "answered"
    AGREED = "agreed"
    DECLINED = "declined"
    ENDED = "ended"


LIVING_MATCHES = text("state IN ('answered', 'agreed')")


class Match(Model):
    """Somebody answered a listing. Only while it is *agreed* the two see how to reach each other."""

    __tablename__ = "time_match"
    __table_args__ = (
        CheckConstraint("state IN ('answered', 'agreed', 'declined', 'ended')", name="state"),
        Index(
            "uq_time_match_living", "listing_id", "answered_by_id", unique=True,
            sqlite_where=LIVING_MATCHES, postgresql_where=LIVING_MATCHES,
        ),
        {"info": {"called": _l("Answers to offers and wishes")}},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("time_listing.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    answered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    message: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(8), default=MatchState.ANSWERED)
    answered_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    agreed_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    listing: Mapped[Listing] = relationship(lazy="raise", init=False)
    owner: Mapped[Person] = relationship(lazy="raise", init=False, foreign_keys=[owner_id])
    answered_by: Mapped[Person] = relationship(lazy="raise", init=False, foreign_keys=[answered_by_id])

    def other(self, person_id: int | None) -> Person:
        return self.answered_by if person_id == self.owner_id else self.owner


class HoursState(StrEnum):
    BOOKED = "booked"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"
    DROPPED = "dropped"


UNSETTLED = text("state IN ('booked', 'disputed')")


class Hours(Model):
    """Help of so many minutes, from `giver` to `taker`. Waits for whoever did not write it down, then becomes entries."""

    __tablename__ = "time_hours"
    __table_args__ = (
        CheckConstraint("state IN ('booked', 'accepted', 'disputed', 'dropped')", name="state"),
        CheckConstraint("minutes > 0 AND minutes % 15 = 0", name="minutes"),
        CheckConstraint("pot_minutes BETWEEN 0 AND minutes", name="pot"),
        Index("ix_time_hours_giver", "giver_id", "state"),
        Index("ix_time_hours_taker", "taker_id", "state"),
        Index("ix_time_hours_unsettled", "house_id", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
        {"info": {"called": _l("Hours of the time bank")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    giver_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    taker_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    booked_for_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    """The side that has said yes by booking: giver or taker; the other one is asked."""
    match_id: Mapped[int | None] = mapped_column(ForeignKey("time_match.id"), index=True)
    category: Mapped[str] = mapped_column(String(9))
    on_day: Mapped[date] = mapped_column()
    minutes: Mapped[int] = mapped_column()
    pot_minutes: Mapped[int] = mapped_column(default=0)
    """The part the social pot pays for the taker."""
    pot_wished: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(200), default="")
    material: Mapped[str] = mapped_column(String(120), default="")
    """What was paid for material, settled between the two; never in minutes."""
    state: Mapped[str] = mapped_column(String(8), default=HoursState.BOOKED)
    reason: Mapped[str] = mapped_column(String(300), default="")
    """Why it is disputed or was dropped."""
    booked_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    reminded_at: Mapped[datetime | None] = mapped_column(default=None)
    stopped_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it could not be accepted because an account would have passed its limit; both were told."""
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    giver: Mapped[Person] = relationship(lazy="raise", init=False, foreign_keys=[giver_id])
    taker: Mapped[Person] = relationship(lazy="raise", init=False, foreign_keys=[taker_id])

    @property
    def asked_id(self) -> int:
        """Who has to say yes."""
        return self.taker_id if self.booked_for_id == self.giver_id else self.giver_id

    @property
    def is_unsettled(self) -> bool:
        return self.state in (HoursState.BOOKED, HoursState.DISPUTED)
