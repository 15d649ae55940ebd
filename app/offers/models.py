"""Tables of opening hours, offerings, tariffs and dated values."""

from __future__ import annotations

from datetime import date, datetime, time
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


class Sphere(StrEnum):
    """The four tax spheres of a charitable body, and what belongs to none alone (SKR 42 keeps them in KOST1)."""

    IDEAL = "1"
    ASSETS = "2"
    """Vermögensverwaltung."""
    PURPOSE = "3"
    """Zweckbetrieb."""
    BUSINESS = "4"
    """Wirtschaftlicher Geschäftsbetrieb."""
    COMMON = "9"

    @property
    def letter(self) -> str:
        return {"1": "I", "2": "V", "3": "Z", "4": "W"}.get(self.value, "–")


class TaxCode(StrEnum):
    """How something is taxed; the rate of a code on a day is the rule value ``vat.<code>``."""

    NONE = "none"
    """Not a supply for money: membership, donations, the ideal sphere."""
    EXEMPT = "exempt"
    """§ 4 UStG, such as letting (no. 12) or courses (no. 22)."""
    REDUCED = "reduced"
    STANDARD = "standard"
    FOOD = "food"
    """Food eaten on the spot."""
    DRINKS = "drinks"


class Offering(Model):
    """One of the house's services (Angebot): what bookings, takings, hours and money are counted for.

    `sphere` is one of the first four of `Sphere`; `unit` what is counted (hour, visit, event …).
    """

    __tablename__ = "offering"
    __table_args__ = (
        CheckConstraint("sphere IN ('1', '2', '3', '4')", name="sphere"),
        CheckConstraint("length(code) > 0 AND length(name) > 0", name="named"),
        UniqueConstraint("code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"), index=True)
    code: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(120))
    sphere: Mapped[str] = mapped_column(String(1))
    unit: Mapped[str] = mapped_column(String(30))
    paid: Mapped[bool] = mapped_column()
    archived_at: Mapped[datetime | None] = mapped_column(default=None)


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
    season: Mapped[str] = mapped_column(String(11), default="")
    """First and last day of the part of a year in which it is charged, as ``10-01/04-30``; empty means all year."""


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
    """First day on which it holds no longer."""
