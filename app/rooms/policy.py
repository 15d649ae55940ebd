"""Who may do what with rooms and bookings. Lists use the filters that stand beside the rules."""

from __future__ import annotations

from typing import Any

from app.core.policy import Actor, desk, everyone, manager, rule, signed_in


def _booked_for(subject: Any) -> int | None:
    return getattr(getattr(subject, "booking", subject), "booked_for_id", None)


@rule
def own_booking(actor: Actor, subject: Any) -> bool:
    """It is for this person; a token of the house is nobody."""
    return actor.person_id is not None and _booked_for(subject) == actor.person_id


see_rooms = everyone
book_room = signed_in
manage_bookings = desk
list_bookings = signed_in
"""The desk lists all of its house, everybody else their own: see `only_own`."""
see_booking = desk | own_booking
change_booking = desk | own_booking
cancel_booking = desk | own_booking
confirm_booking = desk
refuse_booking = desk
see_wishes = desk
see_details = desk
"""Names and purposes in the week and on the day."""
manage_rooms = manager
import_calendar = desk
own_feed = signed_in


def only_own(actor: Actor) -> int | None:
    """The filter beside `own_booking`: the person a list is limited to, None for the desk, which sees all."""
    return None if desk(actor) else actor.person_id
