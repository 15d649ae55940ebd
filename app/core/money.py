"""Amounts in integer cents. Floats never touch money."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of euro as integer `cents`; may be negative."""

    cents: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.cents, int) or isinstance(self.cents, bool):
            raise TypeError("money is counted in whole cents")

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - other.cents)

    def __mul__(self, times: int) -> Money:
        return Money(self.cents * times)

    def __neg__(self) -> Money:
        return Money(-self.cents)

    def __bool__(self) -> bool:
        return self.cents != 0

    def share(self, part: int, whole: int) -> Money:
        """`part`/`whole` of the amount, half a cent rounded away from zero as merchants do."""
        if whole <= 0:
            raise ValueError("whole must be positive")
        product = abs(self.cents * part)
        rounded = (2 * product + whole) // (2 * whole)
        return Money(rounded if self.cents * part >= 0 else -rounded)


_EURO = re.compile(r"(?:(\d{1,3}(?:(?:\.\d{3})+|(?: \d{3})+))(?:,(\d{1,2}))?|(\d{1,9})(?:[.,](\d{1,2}))?)")


def cents_typed(text: str) -> int | None:
    """An amount as people write it (``12,50``, ``12.50``, ``1.234,50 €``) in whole cents; None for what is none, or could be read in
    two ways (``1,234``).

    A point or comma before one or two last digits parts the cents, a point or blank before three parts thousands.
    """
    found = _EURO.fullmatch(re.sub(r"^(?:€|eur|euro)|(?:€|eur|euro)$", "", text.strip().casefold()).strip())
    if found is None:
        return None
    whole = (found[1] or found[3]).replace(".", "").replace(" ", "")
    return int(whole) * 100 + int((found[2] or found[4] or "").ljust(2, "0"))
