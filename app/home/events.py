"""What happened with the house itself."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class HouseOpened(Event):
    """A house has been set up; `by` is its first manager."""
