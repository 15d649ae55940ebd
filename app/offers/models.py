"""Tables of opening hours, tariffs and dated values."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class HoursKind(StrEnum):
    DESK = "desk"
    """Somebody is there; doors are open."""
    USE = "use"
    """Rooms may be used, also by a group with a key."""
    OFFICE = "office"
    """The Quartiersmanager's own office hour, shown only."""


class OpeningHours(Model):
    """A window on a weekday (0 = Monday). `weeks` such as ``1,3`` limits it to those weekdays of a month, empty means all."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("opens < closes", name="order"),
        Index("ix_opening_hours_house", "house_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    kind: Mapped[str] = mapped_column(String(8))
    weekday: Mapped[int] = mapped_column()
    opens: Mapped[time] = mapped_column()
    closes: Mapped[time] = mapped_column()
    """The last minute of a day is written 23:59 and read as midnight."""
    weeks: Mapped[str] = mapped_column(String(12), default="")
    valid_from: Mapped[date | None] = mapped_column(default=None)
    valid_until: Mapped[date | None] = mapped_column(default=None)


class OpeningException(Model):
    """One day that differs: closed (no times), or open in this window whatever usually holds. Several windows are several rows."""

    __tablename__ = "opening_exception"
    __table_args__ = (
        CheckConstraint("(opens IS NULL) = (closes IS NULL)", name="both_or_none"),
        Index("ix_opening_exception_day", "house_id", "on_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    on_day: Mapped[date] = mapped_column()
    reason: Mapped[str] = mapped_column(String(120))
    opens: Mapped[time | None] = mapped_column(default=None)
    closes: Mapped[time | None] = mapped_column(default=None)


class Tariff(Model):
    """What `code` (a room's tariff, such as ``room-saal``) costs a class of users from `valid_from` to before `valid_until`."""

    __tablename__ = "tariff"
    __table_args__ = (
        CheckConstraint("cents >= 0", name="not_negative"),
        CheckConstraint("unit IN ('hour', 'flat')", name="unit"),
        UniqueConstraint("house_id", "code", "tariff_class", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    code: Mapped[str] = mapped_column(String(60))
    tariff_class: Mapped[str] = mapped_column(String(1))
    cents: Mapped[int] = mapped_column()
    unit: Mapped[str] = mapped_column(String(4))
    min_minutes: Mapped[int] = mapped_column(default=0)
    """Shorter use is charged as this much."""
    valid_from: Mapped[date] = mapped_column(kw_only=True)
    valid_until: Mapped[date | None] = mapped_column(default=None)


class RuleValue(Model):
    """A number that law, council or the house has set: dated, with unit and source, never a constant in code."""

    __tablename__ = "rule_value"
    __table_args__ = (UniqueConstraint("key", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column()
    valid_until: Mapped[date | None] = mapped_column(default=None)
