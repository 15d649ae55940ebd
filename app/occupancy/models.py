"""The table of promises. Exclusion constraint (PostgreSQL) and triggers (SQLite) stand in the migration."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Resource(Model):
    """What can be promised once at a time."""

    __tablename__ = "resource"
    __table_args__ = (CheckConstraint("capacity > 0", name="capacity"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """``room_part`` or ``piece``; later ``seat``, ``person``."""
    name: Mapped[str] = mapped_column(String(120))
    capacity: Mapped[int] = mapped_column(default=1)
    """More than 1 for many alike that are promised by number (60 plates): see `Share`."""


class Occupancy(Model):
    """A promise: `source` and `source_id` name what it is for (``booking`` 17); `kind` says how firm it is.

    Rows of one resource never overlap, so their order by start is their order by end. Queries use that to stay O(log n + k).
    """

    __tablename__ = "occupancy"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_occupancy_resource_start", "resource_id", "starts_at"),
        Index("ix_occupancy_source", "source", "source_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    kind: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[int] = mapped_column()


class Share(Model):
    """So many of a resource are promised. At no moment may the shares of a resource come to more than its capacity (a trigger)."""

    __tablename__ = "occupancy_share"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_occupancy_share_resource_end", "resource_id", "ends_at"),
        Index("ix_occupancy_share_source", "source", "source_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    quantity: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[int] = mapped_column()
