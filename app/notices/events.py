"""What people did with letters. That a letter was written follows from the deed it tells of."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class LetterDone(Event):
    """Somebody was called, or has been given the paper."""

    letter_id: int


@dataclass(frozen=True, kw_only=True)
class LetterPutBack(Event):
    """It had been ticked off too early."""

    letter_id: int


@dataclass(frozen=True, kw_only=True)
class LetterReleased(Event):
    """A mail that had failed is tried again."""

    letter_id: int


@dataclass(frozen=True, kw_only=True)
class LetterRerouted(Event):
    """A mail that had failed is told by phone or on paper instead."""

    letter_id: int
    way: str
