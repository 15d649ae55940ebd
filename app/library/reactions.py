"""What the lending library does when others say that something has happened."""

from __future__ import annotations

from app.core.policy import THE_HOUSE, Actor
from app.library import service
from app.offers.events import ExceptionAdded, ExceptionRemoved
from app.people.events import MergeAsked


def move_off_closing_day(event: ExceptionAdded) -> None:
    """Days are closed: what is due, picked up or kept on them moves."""
    if event.opens is None and event.house_id is not None:
        service.move_off(event.house_id, event.first, event.last, _who(event.by))


def move_back_from_closing_day(event: ExceptionRemoved) -> None:
    """The usual hours hold again."""
    if event.house_id is not None:
        service.move_back(event.house_id, event.first, event.last, _who(event.by))


def join_lending_agreements(event: MergeAsked) -> None:
    """One person has one lending agreement."""
    service.join_borrowers(event.person_id, event.duplicate_id)


def _who(person_id: int | None) -> Actor:
    return THE_HOUSE if person_id is None else Actor(person_id=person_id)
