"""Prices: what a use costs by a tariff."""

from __future__ import annotations

from app.core.money import Money
from app.offers.queries import Price


def price_of(price: Price, minutes: int) -> Money:
    """Cents for `minutes` of elapsed use; hourly tariffs charge by the minute, at least `min_minutes`."""
    if price.unit == "flat":
        return Money(price.cents)
    return Money(price.cents).share(max(minutes, price.min_minutes), 60)
