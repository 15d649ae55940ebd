"""Tables of rooms, bookings and imported calendars."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Model
from app.core.i18n import lazy as _l
from app.core.spans import Span
from app.occupancy.models import Resource
from app.people.models import Organisation, Person


class Feature(StrEnum):
    """What people look for in a room."""

    STEP_FREE = "step_free"
    ACCESSIBLE_WC = "accessible_wc"
    HEARING_LOOP = "hearing_loop"
    QUIET = "quiet"
    KITCHEN = "kitchen"
    PROJECTOR = "projector"
    PIANO = "piano"
    CHILD_CORNER = "child_corner"
    WORKBENCH = "workbench"
    WIFI = "wifi"


class Rule(StrEnum):
    """How a resident's booking begins."""

    INSTANT = "instant"
    REQUEST = "request"


class State(StrEnum):
    WISHED = "wished"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


OPEN_STATES = (State.WISHED, State.CONFIRMED)
WISHED_ROWS = text("state = 'wished'")
CHANGE_ROWS = text("change_starts_at IS NOT NULL")


class Room(Model):
    """What people book. Minutes are whole; `hold_days` is how long an undecided wish lives."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("house_id", "slug"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("before_minutes >= 0 AND after_minutes >= 0", name="buffers"),
        CheckConstraint("rule IN ('instant', 'request')", name="rule"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    about: Mapped[str] = mapped_column(Text, default="")
    capacity: Mapped[int] = mapped_column(kw_only=True)
    area_m2: Mapped[int | None] = mapped_column(default=None)
    features: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    before_minutes: Mapped[int] = mapped_column(default=0)
    after_minutes: Mapped[int] = mapped_column(default=0)
    rule: Mapped[str] = mapped_column(String(8), default=Rule.REQUEST)
    wishes_hold: Mapped[bool] = mapped_column(default=True)
    """Whether an undecided wish keeps others out; where it does not, the desk sees all rivals."""
    hold_days: Mapped[int] = mapped_column(default=5)
    only_when_open: Mapped[bool] = mapped_column(default=False)
    """Usable only while the desk is there; otherwise within the hours of use."""
    step_minutes: Mapped[int] = mapped_column(default=30)
    min_minutes: Mapped[int] = mapped_column(default=30)
    max_minutes: Mapped[int] = mapped_column(default=720)
    ahead_days: Mapped[int] = mapped_column(default=365)
    tariff_code: Mapped[str] = mapped_column(String(60), default="")
    income_kind: Mapped[str] = mapped_column(String(30), default="room")
    """What its use is booked as: an income kind of `money`."""
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)
    parts: Mapped[list[Resource]] = relationship(
        secondary="room_part", lazy="raise", order_by="Resource.id", default_factory=list
    )


class RoomPart(Model):
    """A room is made of these resources; booking it promises all of them."""

    __tablename__ = "room_part"

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True, index=True)


class SurchargeHow(StrEnum):
    """When something is charged beside the use of a room."""

    ALWAYS = "always"
    """Whenever its tariff knows the class and the day: cleaning, heating."""
    CHOSEN = "chosen"
    """An extra somebody asks for: projector, piano."""
    DEPOSIT = "deposit"
    KEY = "key"
    """A deposit for a key, where somebody asks for one."""


class Surcharge(Model):
    """What is charged beside the use of a room, by the tariff `code`; a class without a price there does not pay it."""

    __tablename__ = "room_surcharge"
    __table_args__ = (
        UniqueConstraint("room_id", "code"),
        CheckConstraint("how IN ('always', 'chosen', 'deposit', 'key')", name="how"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), index=True)
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(80))
    how: Mapped[str] = mapped_column(String(8))
    income_kind: Mapped[str] = mapped_column(String(30), default="room")
    position: Mapped[int] = mapped_column(default=0)


class Booking(Model):
    """Somebody uses a room. Buffers and price are frozen as they were when it was made."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("people > 0", name="people"),
        CheckConstraint("(change_starts_at IS NULL) = (change_ends_at IS NULL)", name="change_both_or_none"),
        CheckConstraint("state IN ('wished', 'confirmed', 'refused', 'cancelled', 'lapsed')", name="state"),
        Index("ix_booking_room_start", "room_id", "starts_at"),
        Index("ix_booking_house_start", "house_id", "starts_at"),
        Index("ix_booking_person_start", "booked_for_id", "starts_at"),
        Index("ix_booking_wished", "house_id", "starts_at", sqlite_where=WISHED_ROWS, postgresql_where=WISHED_ROWS),
        Index("ix_booking_change", "house_id", sqlite_where=CHANGE_ROWS, postgresql_where=CHANGE_ROWS),
        {"info": {"called": _l("Bookings")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    before_minutes: Mapped[int] = mapped_column()
    after_minutes: Mapped[int] = mapped_column()
    state: Mapped[str] = mapped_column(String(10))
    purpose: Mapped[str] = mapped_column(String(160))
    people: Mapped[int] = mapped_column()
    booked_for_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """None only for an imported date, which names nobody."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True, default=None)
    purpose_public: Mapped[bool] = mapped_column(default=False)
    """Whether the door sign and the public week may name the purpose; else they say "booked"."""
    tariff_class: Mapped[str] = mapped_column(String(1), default="C")
    price_cents: Mapped[int] = mapped_column(default=0)
    price_rule: Mapped[dict[str, object]] = mapped_column(JSON, default_factory=dict)
    """How the price came about, frozen: lines, deposits, and what a cancellation costs; see `service.quote`."""
    extras: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    """Codes of the surcharges somebody chose."""
    uid: Mapped[str] = mapped_column(String(255), unique=True, kw_only=True)
    sequence: Mapped[int] = mapped_column(default=0)
    """Grows with every change somebody outside may have a copy of (RFC 5545 3.8.7.4)."""
    origin: Mapped[str] = mapped_column(String(8), default="page")
    """``page``, ``desk``, ``api`` or ``import``."""
    lapses_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(String(300), default="")
    """Why it was refused or cancelled, in words for the person."""
    change_starts_at: Mapped[datetime | None] = mapped_column(default=None)
    """A confirmed booking keeps its time while the desk decides about a longer or another one; both or none are set."""
    change_ends_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    changed_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    version: Mapped[int] = mapped_column(init=False)
    room: Mapped[Room] = relationship(lazy="raise", init=False)
    booked_for: Mapped[Person | None] = relationship(lazy="raise", init=False, foreign_keys=[booked_for_id])
    created_by: Mapped[Person | None] = relationship(lazy="raise", init=False, foreign_keys=[created_by_id])
    decided_by: Mapped[Person | None] = relationship(lazy="raise", init=False, foreign_keys=[decided_by_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise", init=False)

    __mapper_args__ = {"version_id_col": version}

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class CalendarSource(Model):
    """A calendar that feeds a room; the newest content is kept, so that endless rules can be carried on.

    A room may have several, of different groups. Their dates are told apart by UID: no two sources of a room share one.
    """

    __tablename__ = "calendar_source"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    """What the calendar calls itself, else the file's name."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    imported_at: Mapped[datetime] = mapped_column()
    imported_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    carried_to: Mapped[datetime] = mapped_column()
    """Rules without an end have been carried up to here."""
    titles_public: Mapped[bool] = mapped_column(default=False)
    """Whether everybody may read the titles of its dates; those marked private stay private."""
    report: Mapped[dict[str, object]] = mapped_column(JSON, default_factory=dict)
    """What the last import that changed something did: see `service.Report`."""
    imported_by: Mapped[Person | None] = relationship(lazy="raise", init=False)


class ImportedDate(Model):
    """One date of a source: the booking it became, or why it could not.

    Times and summary are those of the file. A booking that stands at other times was changed by somebody in the house.
    """

    __tablename__ = "imported_date"
    __table_args__ = (UniqueConstraint("room_id", "uid", "recurrence_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    source_id: Mapped[int] = mapped_column(ForeignKey("calendar_source.id"), index=True)
    uid: Mapped[str] = mapped_column(String(255))
    recurrence_id: Mapped[str] = mapped_column(String(40))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    summary: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True, default=None)
    """Stays when the file cancels the date: should it come back, the same booking does."""
    refused: Mapped[str] = mapped_column(String(40), default="")
    """Code of the reason why it is no booking (any more), empty while it is one."""
    booking: Mapped[Booking | None] = relationship(lazy="raise", init=False)


class CalendarUpload(Model):
    """A file between preview and import: what was looked at is what is imported. Kept for a day."""

    __tablename__ = "calendar_upload"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    uploaded_at: Mapped[datetime] = mapped_column(default_factory=clock.now)


class Feed(Model):
    """A secret, revocable calendar address of a person, or of a room with what the desk may see."""

    __tablename__ = "feed"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True, default=None)
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"), index=True, default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
