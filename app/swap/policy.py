"""Who may do what at the shelf and in the time bank."""

from __future__ import annotations

from typing import Any

from app.core.policy import Actor, desk, everyone, manager, rule, signed_in


@rule
def a_person(actor: Actor, subject: Any) -> bool:
    """Somebody with a name; a token of the house is nobody."""
    return actor.person_id is not None


@rule
def own(actor: Actor, subject: Any) -> bool:
    """It is this person's: announced, claimed, listed."""
    mine = getattr(subject, "announced_by_id", None) or getattr(subject, "person_id", None)
    return actor.person_id is not None and mine == actor.person_id


@rule
def one_of_both(actor: Actor, subject: Any) -> bool:
    """One of the two a match or hours are about."""
    sides = (getattr(subject, name, None) for name in ("owner_id", "answered_by_id", "giver_id", "taker_id"))
    return actor.person_id is not None and actor.person_id in sides


@rule
def asked(actor: Actor, subject: Any) -> bool:
    """Who has to say yes."""
    who = subject.owner_id if hasattr(subject, "owner_id") else subject.asked_id
    return actor.person_id is not None and actor.person_id == who


@rule
def booked(actor: Actor, subject: Any) -> bool:
    """The side that wrote it down."""
    return actor.person_id is not None and actor.person_id == subject.booked_for_id


@rule
def taker(actor: Actor, subject: Any) -> bool:
    return actor.person_id is not None and actor.person_id == subject.taker_id


see_shelf = everyone
bring_thing = a_person
claim_thing = a_person
give_up_claim = own
withdraw_thing = own
run_shelf = desk

see_listings = signed_in
join = a_person
own_account = a_person
leave = own | desk
add_listing = a_person
end_listing = own | desk
change_listing = own | desk
renew_listing = own | desk
answer_listing = a_person
see_match = one_of_both | desk
decide_match = asked
end_match = one_of_both | desk
book_hours = one_of_both | desk
see_hours = one_of_both | desk
confirm_hours = asked
dispute_hours = asked
change_hours = booked | desk
drop_hours = booked | desk
settle_hours = desk
wish_pot = taker
grant_pot = manager
run_time_bank = desk
thank_group = desk
correct_minutes = manager
