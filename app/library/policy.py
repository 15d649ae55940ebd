"""Who may do what in the lending library. Lists use the filters that stand beside the rules."""

from __future__ import annotations

from typing import Any

from app.core.policy import Actor, Role, desk, everyone, holding, manager, rule, signed_in


def _person(subject: Any) -> int | None:
    loan = getattr(subject, "loan", None)
    return getattr(loan if loan is not None else subject, "person_id", None)


@rule
def own(actor: Actor, subject: Any) -> bool:
    """It is for this person; a token of the house is nobody."""
    return actor.person_id is not None and _person(subject) == actor.person_id


lend = holding(Role.MANAGER, Role.DESK)
"""Hand out, take back, look after things and borrowers."""
see_things = everyone
reserve_thing = signed_in
cancel_reservation = desk | own
see_reservation = desk | own
renew_loan = desk | own
tell_new_date = desk | own
join_queue = signed_in
leave_queue = desk | own
see_own_things = signed_in
manage_classes = manager
set_prices = manager
set_terms = manager
keep_things = desk
"""Things, pieces, parts, tests, gifts, labels, tables."""
see_piece = everyone
"""The code on a label: leads staff to the piece and everybody else to the thing."""


def only_own(actor: Actor) -> int | None:
    """The filter beside `own`: the person a list is limited to, None for the desk, which sees all."""
    return None if lend(actor) else actor.person_id


see_loan = desk | own
