"""Who may touch money. The desk takes and gives it; the treasurer and the manager read and keep the books."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, or_, select

from app.core.policy import Actor, Role, holding, rule, signed_in
from app.money.models import Charge, Deposit, Payment, Refund
from app.people import queries as people
from app.people.models import Membership, Organisation

handle_money = holding(Role.MANAGER, Role.DESK, Role.TREASURER)
"""Take money, give it back, charge, print: what is done at the counter."""
count_cash = handle_money
"""Count the drawer and close its day, with a second person; read what was counted."""
keep_books = holding(Role.MANAGER, Role.TREASURER)
"""Read the ledger, post by hand, reverse, lock, waive, keep funds and offerings."""
see_own_money = signed_in


@rule
def own_money(actor: Actor, subject: Any) -> bool:
    """A charge, payment, deposit or invoice of this very person, or of a group they act for."""
    if actor.person_id is None:
        return False
    if getattr(subject, "person_id", None) == actor.person_id:
        return True
    group = getattr(subject, "organisation_id", None)
    return group is not None and group in {each.id for each in people.organisations_of(actor.person_id)}


see_money = handle_money | own_money


def only_own(actor: Actor, model: type[Charge | Deposit | Payment | Refund]) -> ColumnElement[bool]:
    """The rows of `model` for which `own_money` holds."""
    if actor.person_id is None:
        return false()
    groups = (
        select(Membership.organisation_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == actor.person_id, Organisation.archived_at.is_(None))
    )
    return or_(model.person_id == actor.person_id, model.organisation_id.in_(groups))
