"""The numbers the house has set for shelf and time bank, as dated values."""

from __future__ import annotations

from dataclasses import dataclass

from app.core import clock, i18n
from app.core.memory import until_written
from app.offers.queries import NoSuchValue, values_of


@dataclass(frozen=True)
class Rules:
    """As they hold today; kept in whole hours, told in minutes. The floor is below zero."""

    visit_pieces: int
    month_pieces: int
    sweep_weeks: int
    start_minutes: int
    floor_minutes: int
    ceiling_minutes: int
    listing_days: int
    answer_days: int


KEYS = {
    "visit_pieces": "swap.visit_pieces",
    "month_pieces": "swap.month_pieces",
    "sweep_weeks": "swap.sweep_weeks",
    "start_minutes": "time.start",
    "floor_minutes": "time.floor",
    "ceiling_minutes": "time.ceiling",
    "listing_days": "time.listing_days",
    "answer_days": "time.answer_days",
}


def rules() -> Rules:
    """One statement. Raises `NoSuchValue` where one of them has been taken away."""
    day = clock.today(i18n.zone())

    def read() -> Rules:
        known = {
            row.key: int(row.value)
            for row in values_of()
            if row.key in KEYS.values() and row.valid_from <= day and (row.valid_until is None or day < row.valid_until)
        }
        missing = set(KEYS.values()) - known.keys()
        if missing:
            raise NoSuchValue(f"{', '.join(sorted(missing))} on {day}")
        numbers = {name: known[key] * (60 if name.endswith("_minutes") else 1) for name, key in KEYS.items()}
        return Rules(**{**numbers, "floor_minutes": -numbers["floor_minutes"]})

    return until_written(("swap rules", day), read)
