"""Imported calendars and their dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import false, func, select
from sqlalchemy.orm import defer, joinedload

from app.core import clock
from app.core.db import session
from app.rooms.models import OPEN_STATES, Booking, CalendarSource, ImportedDate


@dataclass(frozen=True, slots=True)
class KnownDate:
    """A date of an imported calendar as it was in the file, and its booking as it is now."""

    id: int
    source_id: int
    uid: str
    recurrence_id: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    digest: str
    booking_id: int | None
    refused: str
    state: str
    booked_from: datetime | None
    booked_to: datetime | None
    purpose: str
    purpose_public: bool

    @property
    def identity(self) -> tuple[str, str]:
        return self.uid, self.recurrence_id

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def booked(self) -> bool:
        """Whether it is a booking now."""
        return self.booking_id is not None and not self.refused and self.is_open

    @property
    def edited(self) -> bool:
        """Whether somebody in the house has cancelled or moved what the file made."""
        made = self.booking_id is not None and not self.refused
        return made and (not self.is_open or (self.booked_from, self.booked_to) != (self.starts_at, self.ends_at))

    @property
    def row(self) -> dict[str, Any]:
        """The columns that follow the file, and the id."""
        return {
            "id": self.id, "uid": self.uid, "recurrence_id": self.recurrence_id, "starts_at": self.starts_at,
            "ends_at": self.ends_at, "summary": self.summary, "digest": self.digest, "booking_id": self.booking_id,
            "refused": self.refused,
        }  # fmt: skip


def known_dates(room_id: int) -> list[KnownDate]:
    """Every date of every calendar of a room, in order of time. One statement."""
    rows: Iterable[Any] = session().execute(
        select(
            ImportedDate.id, ImportedDate.source_id, ImportedDate.uid, ImportedDate.recurrence_id, ImportedDate.starts_at,
            ImportedDate.ends_at, ImportedDate.summary, ImportedDate.digest, ImportedDate.booking_id, ImportedDate.refused,
            func.coalesce(Booking.state, ""), Booking.starts_at, Booking.ends_at, func.coalesce(Booking.purpose, ""),
            func.coalesce(Booking.purpose_public, false()),
        )
        .outerjoin(Booking, Booking.id == ImportedDate.booking_id)
        .where(ImportedDate.room_id == room_id)
        .order_by(ImportedDate.starts_at, ImportedDate.id)
    )  # fmt: skip
    return [KnownDate(*row) for row in rows]


def calendar_sources(room_id: int) -> list[CalendarSource]:
    """Calendars that feed a room with who brought them, the oldest first; without their content."""
    statement = select(CalendarSource).where(CalendarSource.room_id == room_id).order_by(CalendarSource.id)
    options = (defer(CalendarSource.content, raiseload=True), joinedload(CalendarSource.imported_by))
    return list(session().scalars(statement.options(*options)))


def calendar_source(source_id: int) -> CalendarSource | None:
    return session().get(CalendarSource, source_id)


def sources_to_carry(horizon: datetime) -> list[int]:
    """Ids of calendars whose rules have not been carried on to `horizon`."""
    behind = select(CalendarSource.id).where(CalendarSource.carried_to < horizon)
    return list(session().scalars(behind.order_by(CalendarSource.id)))


def refused_dates(room_id: int, most: int) -> dict[int, tuple[int, list[ImportedDate]]]:
    """By source: how many dates of its file are no booking, and the first `most` of them, coming ones before past ones."""
    refused = (ImportedDate.room_id == room_id, ImportedDate.refused.not_in(("", "removed-from-file")))
    past = ImportedDate.ends_at <= clock.now()
    counted = func.count().over(partition_by=ImportedDate.source_id).label("total")
    place = (
        func.row_number()
        .over(partition_by=ImportedDate.source_id, order_by=(past, ImportedDate.starts_at, ImportedDate.id))
        .label("place")
    )
    ranked = select(ImportedDate.id, counted, place).where(*refused).subquery()
    statement = (
        select(ImportedDate, ranked.c.total)
        .join(ranked, ranked.c.id == ImportedDate.id)
        .where(ranked.c.place <= most)
        .order_by(ImportedDate.source_id, ranked.c.place)
    )
    result: dict[int, tuple[int, list[ImportedDate]]] = {}
    for row, total in session().execute(statement):
        result.setdefault(row.source_id, (total, []))[1].append(row)
    return result
