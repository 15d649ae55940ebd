"""Things on the shelf, claims on them, and what came and went."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Model
from app.core.i18n import lazy as _l
from app.people.models import Person


class ThingKind(StrEnum):
    BOOK = "book"
    CLOTHES = "clothes"
    TOY = "toy"
    HOUSEHOLD = "household"
    OTHER = "other"


class ThingState(StrEnum):
    ANNOUNCED = "announced"
    """Somebody at home would like to bring it."""
    LYING = "lying"
    TAKEN = "taken"
    SWEPT = "swept"
    """Went to charity after its weeks on the shelf."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """Announced and never brought."""


LIVING_THINGS = text("state IN ('announced', 'lying')")
LIVING_CLAIMS = "held_until IS NOT NULL"
"""The claim that holds a thing; the others wait behind it."""


class ShelfThing(Model):
    """A piece that has a name. Who announced it is known until it lies there, and to nobody afterwards."""

    __tablename__ = "shelf_thing"
    __table_args__ = (
        CheckConstraint("state IN ('announced', 'lying', 'taken', 'swept', 'declined', 'withdrawn')", name="state"),
        CheckConstraint("kind IN ('book', 'clothes', 'toy', 'household', 'other')", name="kind"),
        CheckConstraint("state = 'announced' OR announced_by_id IS NULL", name="giver_forgotten"),
        CheckConstraint("(state IN ('announced', 'lying')) = (ended_at IS NULL)", name="ended"),
        Index("ix_shelf_thing_living", "house_id", "state", sqlite_where=LIVING_THINGS, postgresql_where=LIVING_THINGS),
        {"info": {"called": _l("Things for the swap shelf")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    kind: Mapped[str] = mapped_column(String(9))
    title: Mapped[str] = mapped_column(String(80))
    about: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(9), default=ThingState.LYING)
    announced_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True, default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    lying_since: Mapped[date | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    announced_by: Mapped[Person | None] = relationship(lazy="raise", init=False)


class Claim(Model):
    """Somebody wants a thing. The row goes as soon as it was taken, given up or lapsed: what somebody took is nobody's business."""

    __tablename__ = "shelf_claim"
    __table_args__ = (
        UniqueConstraint("thing_id", "person_id"),
        Index(
            "uq_shelf_claim_holder", "thing_id", unique=True,
            sqlite_where=text(LIVING_CLAIMS), postgresql_where=text(LIVING_CLAIMS),
        ),
        Index("ix_shelf_claim_held_until", "held_until"),
        {"info": {"called": _l("Things set aside on the swap shelf")}},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    thing_id: Mapped[int] = mapped_column(ForeignKey("shelf_thing.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    claimed_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    held_since: Mapped[datetime | None] = mapped_column(default=None)
    held_until: Mapped[datetime | None] = mapped_column(default=None)
    """Set for the one whose turn it is: closing of the next open day."""
    thing: Mapped[ShelfThing] = relationship(lazy="raise", init=False)
    person: Mapped[Person] = relationship(lazy="raise", init=False)

    @property
    def house_id(self) -> int:
        return self.thing.house_id


class Taken(Model):
    """How many claimed pieces somebody took in a month, not which; rows of earlier months are deleted."""

    __tablename__ = "shelf_taken"
    __table_args__ = (
        UniqueConstraint("house_id", "person_id", "month"),
        CheckConstraint("pieces >= 0", name="pieces"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    month: Mapped[date] = mapped_column()
    """Its first day."""
    pieces: Mapped[int] = mapped_column(default=0)


class MoveKind(StrEnum):
    CAME = "came"
    GONE = "gone"
    SWEPT = "swept"


class ShelfMove(Model):
    """One piece came or went: the tally. A slip of the finger is marked as undone."""

    __tablename__ = "shelf_move"
    __table_args__ = (
        CheckConstraint("what IN ('came', 'gone', 'swept')", name="what"),
        Index("ix_shelf_move_day", "house_id", "on_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    on_day: Mapped[date] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    what: Mapped[str] = mapped_column(String(5))
    thing_id: Mapped[int | None] = mapped_column(ForeignKey("shelf_thing.id"), index=True, default=None)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    thing: Mapped[ShelfThing | None] = relationship(lazy="raise", init=False)
