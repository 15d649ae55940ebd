"""Tables of the shelf and of the time bank."""

from __future__ import annotations

from app.swap.models.shelf import (
    LIVING_CLAIMS,
    Claim,
    MoveKind,
    ShelfMove,
    ShelfThing,
    Taken,
    ThingKind,
    ThingState,
)
from app.swap.models.time import (
    CAREFUL,
    AccountKind,
    Category,
    EntryKind,
    Hours,
    HoursState,
    Listing,
    ListingKind,
    ListingState,
    Match,
    MatchState,
    TimeAccount,
    TimeEntry,
)

__all__ = [
    "CAREFUL",
    "LIVING_CLAIMS",
    "AccountKind",
    "Category",
    "Claim",
    "EntryKind",
    "Hours",
    "HoursState",
    "Listing",
    "ListingKind",
    "ListingState",
    "Match",
    "MatchState",
    "MoveKind",
    "ShelfMove",
    "ShelfThing",
    "Taken",
    "ThingKind",
    "ThingState",
    "TimeAccount",
    "TimeEntry",
]  # fmt: skip
