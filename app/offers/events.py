"""What can have happened to opening hours and prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class OpeningHoursChanged(Event):
    """A weekly window was added (`added`), or will hold no longer. It holds from `valid_from` to before `valid_until`."""

    opening_hours_id: int
    added: bool
    kind: str
    weekday: int
    opens: time
    closes: time
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class ExceptionAdded(Event):
    """Every day from `first` to `last` differs: closed, or open in this window only."""

    first: date
    last: date
    opens: time | None
    closes: time | None


@dataclass(frozen=True, kw_only=True)
class ExceptionRemoved(Event):
    """From `first` to `last` the usual hours hold again."""

    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class TariffChanged(Event):
    """What a class pays from a day on; `cents` is None where it may use the room no longer."""

    tariff_id: int | None
    tariff_class: str
    cents: int | None
    unit: str
    min_minutes: int
    valid_from: date


@dataclass(frozen=True, kw_only=True)
class OfferingChanged(Event):
    """Made, changed, put away or taken back into use."""

    offering_id: int


@dataclass(frozen=True, kw_only=True)
class RuleValueChanged(Event):
    """A value of law or of the house is another from a day on."""

    rule_value_id: int
    valid_from: date
