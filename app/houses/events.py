"""What can have happened to a house."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class HouseChanged(Event):
    """Name, address or ways to reach the house; `holidays_changed` when it now keeps the holidays of another state."""

    holidays_changed: bool
