"""Amounts in integer cents. Floats never touch money."""

from __future__ import annotations

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
