"""Tables of what the house lends: classes, things, pieces, parts, tests and photos."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Cents, Model
from app.core.i18n import lazy as _l
from app.people.models import Person


class Trust(StrEnum):
    """Who may borrow things of a class."""

    ANYBODY = "anybody"
    PROVEN = "proven"
    """Who has brought enough back in time and well, or was approved."""
    APPROVED = "approved"
    """Only who was approved by hand."""


class ClosedDays(StrEnum):
    """How days on which the house is closed count in the length of a loan."""

    ALL = "all"
    NONE = "none"
    ONE = "one"
    """Each row of closed days as one day."""


class Condition(StrEnum):
    FINE = "fine"
    CHECK = "check"
    """Somebody has to look at it first: damage, a missing part, a gift that has just come in."""
    WASH = "wash"
    REPAIR = "repair"
    QUARANTINED = "quarantined"
    """A failed test: only a passed one ends it."""


class Whereabouts(StrEnum):
    SHELF = "shelf"
    OUT = "out"
    BOX = "box"
    """In the drop box at night: here, but nobody has looked at it."""
    OWNER = "owner"
    """With the neighbour it belongs to."""
    LOST = "lost"


class Intake(StrEnum):
    """How far something offered to the house has come."""

    OFFERED = "offered"
    DECLINED = "declined"
    ACCEPTED = "accepted"
    """To be checked before it is lent."""
    STOCKED = "stocked"


class Origin(StrEnum):
    BOUGHT = "bought"
    GIFT = "gift"
    PERMANENT_LOAN = "permanent_loan"
    NEIGHBOUR = "neighbour"
    """Stays somebody's own."""


class ThingClass(Model):
    """The rules things of one kind share. Fees per open day; what a loan was made with is frozen in its line."""

    __tablename__ = "thing_class"
    __table_args__ = (
        UniqueConstraint("house_id", "name"),
        CheckConstraint("loan_days > 0 AND longest_days >= loan_days", name="days"),
        CheckConstraint("buffer_hours >= 0 AND buffer_open_days >= 0", name="buffers"),
        CheckConstraint("late_cents >= 0 AND late_grace_days >= 0 AND late_cap_cents >= 0", name="late"),
        CheckConstraint("test_months IS NULL OR test_months > 0", name="test_months"),
        CheckConstraint("closed_days IN ('all', 'none', 'one')", name="closed_days"),
        CheckConstraint("trust IN ('anybody', 'proven', 'approved')", name="trust"),
        CheckConstraint("renewals >= 0 AND min_age >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    name: Mapped[str] = mapped_column(String(80))
    income_kind: Mapped[str] = mapped_column(String(30), default="lending")
    loan_days: Mapped[int] = mapped_column(default=7)
    """How long somebody has a thing unless they say otherwise."""
    longest_days: Mapped[int] = mapped_column(default=14)
    closed_days: Mapped[str] = mapped_column(String(4), default=ClosedDays.ALL)
    renewals: Mapped[int] = mapped_column(default=1)
    buffer_hours: Mapped[int] = mapped_column(default=0)
    """Between two loans, from the real return."""
    buffer_open_days: Mapped[int] = mapped_column(default=0)
    """Open days that stay blank between two loans; with neither buffer a thing changes hands within one opening."""
    wash_after: Mapped[bool] = mapped_column(default=False)
    test_months: Mapped[int | None] = mapped_column(default=None)
    """Months between two safety tests, as whoever answers for it has set them; None where nothing is tested."""
    late_cents: Mapped[Cents] = mapped_column(default=0)
    late_grace_days: Mapped[int] = mapped_column(default=0)
    late_cap_cents: Mapped[Cents] = mapped_column(default=0)
    """At most this much, and never more than what the thing is worth; 0: only the latter holds."""
    trust: Mapped[str] = mapped_column(String(8), default=Trust.ANYBODY)
    min_age: Mapped[int] = mapped_column(default=18)
    """Below 18: younger people may borrow it with the consent of whoever answers for them, from this age on."""
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)


class Thing(Model):
    """What people look for and reserve."""

    __tablename__ = "thing"
    __table_args__ = (
        UniqueConstraint("house_id", "slug"),
        CheckConstraint("length(name) > 0", name="named"),
        CheckConstraint("replacement_cents >= 0", name="replacement"),
        CheckConstraint("share_percent BETWEEN 1 AND 100", name="share"),
        CheckConstraint("loan_days IS NULL OR loan_days > 0", name="days"),
        Index("ix_thing_house_name", "house_id", "name", "id"),
        Index("ix_thing_class", "class_id", "name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    class_id: Mapped[int] = mapped_column(ForeignKey("thing_class.id"))
    slug: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120))
    about: Mapped[str] = mapped_column(Text, default="")
    keywords: Mapped[str] = mapped_column(String(300), default="")
    """Other words people look for it by."""
    notice: Mapped[str] = mapped_column(Text, default="")
    """Read out at every hand-over: "helmet included"."""
    counted: Mapped[bool] = mapped_column(default=False)
    loan_days: Mapped[int | None] = mapped_column(default=None)
    """Where it differs from its class."""
    replacement_cents: Mapped[Cents] = mapped_column(default=0)
    """What one of it costs to get again."""
    share_percent: Mapped[int] = mapped_column(default=100)
    """How much of all pieces one reservation may take."""
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(init=False)
    thing_class: Mapped[ThingClass] = relationship(lazy="raise", init=False, repr=False)

    __mapper_args__ = {"version_id_col": version}


class ThingGram(Model):
    """The index of the catalogue's search; see `core.grams`."""

    __tablename__ = "thing_gram"

    gram: Mapped[str] = mapped_column(String(24), primary_key=True)
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), primary_key=True, index=True)


class ThingPrice(Model):
    """What a loan of a thing costs, and the deposit, from a day on. The newest row that holds counts."""

    __tablename__ = "thing_price"
    __table_args__ = (CheckConstraint("fee_cents >= 0 AND deposit_cents >= 0", name="not_negative"),)

    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    fee_cents: Mapped[Cents] = mapped_column(default=0)
    deposit_cents: Mapped[Cents] = mapped_column(default=0)


class Piece(Model):
    """One of a thing, with the number on its label; of a counted thing the whole stack. It is a resource, so nobody gets it twice."""

    __tablename__ = "piece"
    __table_args__ = (
        UniqueConstraint("house_id", "number"),
        UniqueConstraint("resource_id"),
        CheckConstraint("count > 0", name="count"),
        CheckConstraint("condition IN ('fine', 'check', 'wash', 'repair', 'quarantined')", name="condition"),
        CheckConstraint("whereabouts IN ('shelf', 'out', 'box', 'owner', 'lost')", name="whereabouts"),
        CheckConstraint("intake IN ('offered', 'declined', 'accepted', 'stocked')", name="intake"),
        CheckConstraint("origin IN ('bought', 'gift', 'permanent_loan', 'neighbour')", name="origin"),
        Index("ix_piece_thing", "thing_id", "id"),
        Index("ix_piece_owner", "owner_id"),
        Index("ix_piece_donor", "donor_id"),
        Index(
            "ix_piece_at_hand", "house_id", "condition",
            sqlite_where=text("condition <> 'fine' AND retired_at IS NULL"),
            postgresql_where=text("condition <> 'fine' AND retired_at IS NULL"),
        ),
        Index("ix_piece_test_due", "house_id", "test_due_on"),
        {"info": {"called": _l("Things of one's own")}},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id"))
    number: Mapped[str] = mapped_column(String(12))
    """Printed on the label, and what a scanner reads: it stays, also when things are renamed."""
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    count: Mapped[int] = mapped_column(default=1)
    """How many it is; 1 unless the thing is counted."""
    condition: Mapped[str] = mapped_column(String(11), default=Condition.FINE)
    condition_note: Mapped[str] = mapped_column(String(300), default="")
    fit_on: Mapped[date | None] = mapped_column(default=None)
    """When it is expected to be fine again; nobody counts on it before."""
    whereabouts: Mapped[str] = mapped_column(String(5), default=Whereabouts.SHELF)
    place: Mapped[str] = mapped_column(String(80), default="")
    """Where it stands in the house: "cellar, shelf 3"."""
    serial_no: Mapped[str] = mapped_column(String(60), default="")
    origin: Mapped[str] = mapped_column(String(14), default=Origin.BOUGHT)
    intake: Mapped[str] = mapped_column(String(8), default=Intake.STOCKED)
    intake_note: Mapped[str] = mapped_column(String(300), default="")
    """What the donor wishes, or why it was declined."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    donor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    donor_named: Mapped[bool] = mapped_column(default=False)
    """Whether the catalogue may say who gave it."""
    acquired_on: Mapped[date | None] = mapped_column(default=None)
    test_due_on: Mapped[date | None] = mapped_column(default=None)
    """The last day its last passed test holds; None: never tested."""
    for_sale: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
    retired_why: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(init=False)
    thing: Mapped[Thing] = relationship(lazy="raise", init=False, repr=False)
    owner: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[owner_id])
    donor: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[donor_id])
    parts: Mapped[list[Part]] = relationship(
        lazy="raise", init=False, repr=False, foreign_keys="Part.kit_id", order_by="Part.position", back_populates="kit"
    )

    __mapper_args__ = {"version_id_col": version}


class Part(Model):
    """A part of a kit: a piece with a number of its own, or loose things told by name and count. Kits hold no kits (a trigger)."""

    __tablename__ = "part"
    __table_args__ = (
        UniqueConstraint("component_id"),
        CheckConstraint("(component_id IS NOT NULL) OR length(name) > 0", name="named"),
        CheckConstraint("count > 0 AND missing BETWEEN 0 AND count", name="count"),
        CheckConstraint("component_id IS NULL OR (count = 1 AND missing = 0)", name="component"),
        CheckConstraint("replacement_cents >= 0", name="replacement"),
        Index("ix_part_kit", "kit_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kit_id: Mapped[int] = mapped_column(ForeignKey("piece.id"))
    name: Mapped[str] = mapped_column(String(80), default="")
    component_id: Mapped[int | None] = mapped_column(ForeignKey("piece.id"), default=None)
    count: Mapped[int] = mapped_column(default=1)
    missing: Mapped[int] = mapped_column(default=0)
    """How many of a loose part are not there just now."""
    essential: Mapped[bool] = mapped_column(default=True)
    """Without it the kit is not lent."""
    replacement_cents: Mapped[Cents] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    kit: Mapped[Piece] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[kit_id], back_populates="parts")
    component: Mapped[Piece | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[component_id])


class PieceTest(Model):
    """A safety test of a piece, as the tester wrote it down."""

    __tablename__ = "piece_test"
    __table_args__ = (
        CheckConstraint("passed OR next_on IS NULL", name="only_passed_hold"),
        CheckConstraint("next_on IS NULL OR next_on > on_day", name="order"),
        Index("ix_piece_test_piece", "piece_id", "on_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    piece_id: Mapped[int] = mapped_column(ForeignKey("piece.id"))
    on_day: Mapped[date] = mapped_column()
    passed: Mapped[bool] = mapped_column()
    tester: Mapped[str] = mapped_column(String(120))
    qualification: Mapped[str] = mapped_column(String(120))
    instrument: Mapped[str] = mapped_column(String(120), default="")
    next_on: Mapped[date | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(String(300), default="")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    recorded_at: Mapped[datetime] = mapped_column(default_factory=clock.now)


class ThingUpload(Model):
    """A table of things between preview and import: what was looked at is what is imported. Kept for a day."""

    __tablename__ = "thing_upload"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column()
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    uploaded_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
