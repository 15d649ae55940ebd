"""The outbox's table."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Model
from app.core.i18n import lazy as _l
from app.people.models import Person

DUE = "state = 'waiting' AND way = 'mail'"
"""What the job that sends mail looks through; in these words, because only so the partial index answers."""


class Way(StrEnum):
    MAIL = "mail"
    PHONE = "phone"
    LETTER = "letter"
    """On paper, handed over at the desk or put into a letter box."""


class LetterState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    """Given up after several tries; somebody must look."""
    DONE = "done"
    """Called or handed over; ticked off by a person."""


class Letter(Model):
    """One message. `occasion` makes sure that nobody is told twice."""

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint("way IN ('mail', 'phone', 'letter')", name="way"),
        CheckConstraint("state IN ('waiting', 'sent', 'failed', 'done')", name="state"),
        Index("ix_letter_due", "next_try_at", sqlite_where=text(DUE), postgresql_where=text(DUE)),
        Index("ix_letter_state", "state", "way", "id"),
        {"info": {"called": _l("Messages")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int | None] = mapped_column(ForeignKey("house.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    way: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(254))
    """Mail address or telephone number at the time of writing; empty for paper."""
    language: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    occasion: Mapped[str] = mapped_column(String(120), unique=True)
    """Such as ``booking:17:confirmed:0``."""
    calendar: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """A calendar entry that goes with it."""
    secret: Mapped[bool] = mapped_column(default=False)
    """Holds a sign-in code: the body is blanked once sent, and never shown to staff."""
    useful_until: Mapped[datetime | None] = mapped_column(default=None)
    """When it is of no use any more, such as a code that has expired: then it is not sent."""
    state: Mapped[str] = mapped_column(String(8), default=LetterState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    fault: Mapped[str] = mapped_column(String(300), default="")
    """Why the last try failed: a word of `service.Fault`, or what the mail server said."""
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    person: Mapped[Person | None] = relationship(lazy="raise", init=False, foreign_keys=[person_id])
    ended_by: Mapped[Person | None] = relationship(lazy="raise", init=False, foreign_keys=[ended_by_id])
