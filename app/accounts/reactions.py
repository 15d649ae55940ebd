"""What signing in has to do with people becoming one."""

from __future__ import annotations

from app.accounts import queries, service
from app.core.errors import Missing
from app.people.events import MergeAsked


def guard_keys(event: MergeAsked) -> None:
    """Whoever merges two records gives each the keys of the other: where one of them works in a house, that is its manager's to
    decide, or a desk could make itself manager. Devices of the duplicate are signed out. Raises `StaffRecord`."""
    cards = [queries.person_card(event.person_id), queries.person_card(event.duplicate_id)]
    for card in cards:
        if card is None:
            raise Missing
        if event.by is not None:
            service.refuse_unless_manager_of(card, event.by)
    service.end_sign_ins(event.duplicate_id, by=event.by, reason="merged")
