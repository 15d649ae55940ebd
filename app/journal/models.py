"""The journal's table; triggers refuse UPDATE and DELETE on both engines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Model


class JournalEntry(Model):
    """An act. `facts` are ids and values of the event, never free text about people."""

    __tablename__ = "journal_entry"
    __table_args__ = (Index("ix_journal_entry_subject", "subject", "subject_id"), {"info": {"written_once": True}})

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None] = mapped_column()
    house_id: Mapped[int | None] = mapped_column(ForeignKey("house.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_id: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime] = mapped_column(default_factory=clock.now, index=True)
