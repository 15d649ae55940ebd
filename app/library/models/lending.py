"""Tables of reservations, loans and the queue."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Cents, Model
from app.core.i18n import lazy as _l
from app.core.spans import Span
from app.library.models.things import Part, Piece, Thing
from app.people.models import Organisation, Person


class ReservationState(StrEnum):
    WISHED = "wished"
    """Waits for an approval; pieces are set aside meanwhile."""
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    """Nobody came for it in time."""
    COLLECTED = "collected"


OPEN = (ReservationState.WISHED, ReservationState.CONFIRMED)
OPEN_RESERVATIONS = text("state IN ('wished', 'confirmed')")
OUT = text("returned_at IS NULL")
ONLY_ONE_OUT = text("returned_at IS NULL AND single")
STILL_MISSING = text("closed_at IS NULL")
WAITING = text("state IN ('waiting', 'offered')")


class Reservation(Model):
    """A thing is promised to somebody from a pick-up to a day due. `Allocation` says which pieces are set aside just now."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("state IN ('wished', 'confirmed', 'refused', 'cancelled', 'lapsed', 'collected')", name="state"),
        Index(
            "ix_reservation_open", "thing_id", "starts_at",
            sqlite_where=OPEN_RESERVATIONS, postgresql_where=OPEN_RESERVATIONS,
        ),
        Index(
            "ix_reservation_desk", "house_id", "starts_at",
            sqlite_where=OPEN_RESERVATIONS, postgresql_where=OPEN_RESERVATIONS,
        ),
        Index("ix_reservation_person", "person_id", "starts_at"),
        {"info": {"called": _l("Reservations")}},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id"))
    quantity: Mapped[int] = mapped_column()
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """None once it has been forgotten."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column()
    """From when it can be picked up."""
    ends_at: Mapped[datetime] = mapped_column()
    """When it is due back."""
    held_until: Mapped[datetime] = mapped_column()
    """`ends_at` and the buffer after it: what is promised reaches to here."""
    collect_by: Mapped[datetime] = mapped_column()
    """When the promise ends if nobody has come, unless it is packed."""
    state: Mapped[str] = mapped_column(String(9))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True, default=None)
    packed_at: Mapped[datetime | None] = mapped_column(default=None)
    at_risk_since: Mapped[datetime | None] = mapped_column(default=None)
    risk: Mapped[str] = mapped_column(String(12), default="")
    """Why no piece is left for it: see `queries.Why`."""
    ready_told: Mapped[bool] = mapped_column(default=False)
    """The person has been told that it can be picked up."""
    from_queue: Mapped[bool] = mapped_column(default=False)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(String(300), default="")
    origin: Mapped[str] = mapped_column(String(8), default="page")
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    changed_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    version: Mapped[int] = mapped_column(init=False)
    thing: Mapped[Thing] = relationship(lazy="raise", init=False, repr=False)
    person: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise", init=False, repr=False)
    allocations: Mapped[list[Allocation]] = relationship(
        lazy="raise", init=False, repr=False, cascade="all, delete-orphan", back_populates="reservation"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)

    @property
    def held(self) -> Span:
        return Span(self.starts_at, self.held_until)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class Allocation(Model):
    """A piece (or so many of a counted one) is set aside for a reservation; the promise itself is an occupancy."""

    __tablename__ = "allocation"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservation.id", ondelete="CASCADE"), primary_key=True)
    piece_id: Mapped[int] = mapped_column(ForeignKey("piece.id"), primary_key=True, index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    reservation: Mapped[Reservation] = relationship(lazy="raise", init=False, repr=False, back_populates="allocations")
    piece: Mapped[Piece] = relationship(lazy="raise", init=False, repr=False)


class Loan(Model):
    """What somebody carried home in one go."""

    __tablename__ = "loan"
    __table_args__ = (
        Index("ix_loan_person", "person_id", "id"),
        {"info": {"called": _l("Loans")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """None once it has been forgotten: the count stays, the name does not."""
    handed_out_at: Mapped[datetime] = mapped_column()
    handed_out_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True, default=None)
    collected_by: Mapped[str] = mapped_column(String(120), default="")
    """Who came for it, where that was somebody else."""
    note: Mapped[str] = mapped_column(String(300), default="")
    terms_on: Mapped[date | None] = mapped_column(default=None)
    """Which wording of the lending terms was accepted: the day from which it holds."""
    forgotten_at: Mapped[datetime | None] = mapped_column(default=None)
    person: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[person_id])
    handed_out_by: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[handed_out_by_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise", init=False, repr=False)
    lines: Mapped[list[LoanLine]] = relationship(
        lazy="raise", init=False, repr=False, order_by="LoanLine.id", back_populates="loan"
    )


class LoanLine(Model):
    """A piece that is out, or was. Prices and rules are frozen as they were at the hand-over.

    It is closed (`returned_at`) when everything of it is back or written off. No piece is on two open lines: a unique index says so.
    """

    __tablename__ = "loan_line"
    __table_args__ = (
        CheckConstraint(
            "quantity > 0 AND returned >= 0 AND written_off >= 0 AND returned + written_off <= quantity", name="count"
        ),
        CheckConstraint("(returned_at IS NOT NULL) = (returned + written_off = quantity)", name="closed"),
        CheckConstraint("NOT single OR quantity = 1", name="single"),
        Index("ix_loan_line_loan", "loan_id"),
        Index("ix_loan_line_thing_out", "thing_id", sqlite_where=OUT, postgresql_where=OUT),
        Index("ix_loan_line_due", "house_id", "due_at", sqlite_where=OUT, postgresql_where=OUT),
        Index("ix_loan_line_piece", "piece_id", "id"),
        Index("ix_loan_line_returned", "house_id", "returned_at"),
        Index("uq_loan_line_single_out", "piece_id", unique=True, sqlite_where=ONLY_ONE_OUT, postgresql_where=ONLY_ONE_OUT),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    loan_id: Mapped[int] = mapped_column(ForeignKey("loan.id"))
    piece_id: Mapped[int] = mapped_column(ForeignKey("piece.id"))
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id"))
    single: Mapped[bool] = mapped_column()
    """Not of a counted thing."""
    quantity: Mapped[int] = mapped_column()
    handed_out_at: Mapped[datetime] = mapped_column()
    due_at: Mapped[datetime] = mapped_column()
    first_due_at: Mapped[datetime] = mapped_column()
    """As it was told at the hand-over, before renewals and closing days."""
    returned: Mapped[int] = mapped_column(default=0)
    written_off: Mapped[int] = mapped_column(default=0)
    """Lost or broken, and settled: it will not come back."""
    handed_in_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the last of it really came back: fees stop here, also when it is typed in later."""
    returned_at: Mapped[datetime | None] = mapped_column(default=None)
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("reservation.id"), index=True, default=None)
    renewals: Mapped[int] = mapped_column(default=0)
    expected_on: Mapped[date | None] = mapped_column(default=None)
    """When the borrower says it will be back, where that is later than due."""
    backdated: Mapped[bool] = mapped_column(default=False)
    """The hand-over was written down afterwards: nothing is charged by itself."""
    override: Mapped[str] = mapped_column(String(300), default="")
    """Why the desk handed it out although a rule said no."""
    fee_cents: Mapped[Cents] = mapped_column(default=0)
    deposit_cents: Mapped[Cents] = mapped_column(default=0)
    late_cents: Mapped[Cents] = mapped_column(default=0)
    late_grace_days: Mapped[int] = mapped_column(default=0)
    late_cap_cents: Mapped[Cents] = mapped_column(default=0)
    """The lower of the class's cap and what the thing is worth; 0 means no fee at all."""
    replacement_cents: Mapped[Cents] = mapped_column(default=0)
    due_told: Mapped[bool] = mapped_column(default=False)
    """The person has been told that it is due soon."""
    reminders: Mapped[int] = mapped_column(default=0)
    """How often they were reminded since it was due."""
    reminded_at: Mapped[datetime | None] = mapped_column(default=None)
    well: Mapped[bool] = mapped_column(default=True)
    """Came back in time and without damage: counts towards being proven."""
    version: Mapped[int] = mapped_column(init=False)
    loan: Mapped[Loan] = relationship(lazy="raise", init=False, repr=False, back_populates="lines")
    piece: Mapped[Piece] = relationship(lazy="raise", init=False, repr=False)
    thing: Mapped[Thing] = relationship(lazy="raise", init=False, repr=False)

    __mapper_args__ = {"version_id_col": version}

    @property
    def open_count(self) -> int:
        return self.quantity - self.returned - self.written_off


class MissingPart(Model):
    """A part did not come back with its kit: the loan stays open for it alone."""

    __tablename__ = "missing_part"
    __table_args__ = (
        CheckConstraint("count > 0", name="count"),
        Index("ix_missing_part_line", "line_id"),
        Index("ix_missing_part_open", "part_id", sqlite_where=STILL_MISSING, postgresql_where=STILL_MISSING),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    line_id: Mapped[int] = mapped_column(ForeignKey("loan_line.id"))
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    count: Mapped[int] = mapped_column()
    noted_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[str] = mapped_column(String(12), default="")
    """``found``, ``replaced``, ``paid`` or ``waived``, once closed."""
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), index=True, default=None)
    line: Mapped[LoanLine] = relationship(lazy="raise", init=False, repr=False)
    part: Mapped[Part] = relationship(lazy="raise", init=False, repr=False)


class Damage(Model):
    """Something broke or is worn; `by_use` is ordinary wear and costs nobody anything."""

    __tablename__ = "damage"
    __table_args__ = (Index("ix_damage_piece", "piece_id", "noted_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    piece_id: Mapped[int] = mapped_column(ForeignKey("piece.id"))
    what: Mapped[str] = mapped_column(String(300))
    by_use: Mapped[bool] = mapped_column()
    line_id: Mapped[int | None] = mapped_column(ForeignKey("loan_line.id"), index=True, default=None)
    """The loan it came back from."""
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"), default=None)
    noted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    noted_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[str] = mapped_column(String(200), default="")
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), index=True, default=None)


class QueueState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    SERVED = "served"
    LEFT = "left"
    LAPSED = "lapsed"
    """Offered, and not picked up in time."""


class QueueEntry(Model):
    """Somebody waits for a thing; once at a time."""

    __tablename__ = "queue_entry"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'offered', 'served', 'left', 'lapsed')", name="state"),
        CheckConstraint("state <> 'offered' OR reservation_id IS NOT NULL", name="offered_with_reservation"),
        Index("uq_queue_entry_waiting", "thing_id", "person_id", unique=True, sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_queue_entry_person", "person_id"),
        {"info": {"called": _l("Places in a queue")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(8), default=QueueState.WAITING)
    since: Mapped[datetime] = mapped_column(default_factory=clock.now)
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("reservation.id"), index=True, default=None)
    thing: Mapped[Thing] = relationship(lazy="raise", init=False, repr=False)
    person: Mapped[Person | None] = relationship(lazy="raise", init=False, repr=False, foreign_keys=[person_id])
    reservation: Mapped[Reservation | None] = relationship(lazy="raise", init=False, repr=False)


class ClosingMove(Model):
    """A closing day moved a moment: kept so that it can be moved back."""

    __tablename__ = "closing_move"
    __table_args__ = (
        CheckConstraint("subject IN ('loan_line', 'pick_up', 'collect_by', 'ends')", name="subject"),
        Index("ix_closing_move_day", "house_id", "on_day"),
        Index("ix_closing_move_subject", "subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    on_day: Mapped[date] = mapped_column()
    """The day that was closed."""
    subject: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[int] = mapped_column()
    old_at: Mapped[datetime] = mapped_column()
    new_at: Mapped[datetime] = mapped_column()
    moved_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
