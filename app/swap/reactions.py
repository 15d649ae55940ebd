"""What shelf and time bank have to do with people becoming one."""

from __future__ import annotations

from app.core.policy import Actor
from app.people.events import MergeAsked
from app.swap import service


def merge_members(event: MergeAsked) -> None:
    """One person has one account, and helps nobody but others. Raises `LimitPassed` where both accounts are too much for one."""
    service.guard_merging(event.person_id, event.duplicate_id, Actor(person_id=event.by))
