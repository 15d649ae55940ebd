"""Who may see and change people: the desk, and everyone their own contact data.

People belong to the operator, so that desk of one house is desk for all of them. Beside the rules stands the filter for lists.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, true

from app.core.policy import Actor, Role, Rule, desk, rule, signed_in
from app.people.models import Consent, Person


@rule
def oneself(actor: Actor, subject: Any) -> bool:
    """The subject is the acting person's own record, or a consent they gave."""
    whose = subject.person_id if isinstance(subject, Consent) else subject.id if isinstance(subject, Person) else None
    return actor.person_id is not None and whose == actor.person_id


see_people: Rule = desk
create_person: Rule = desk
change_person: Rule = desk
merge_people: Rule = desk
keep_households: Rule = desk
see_organisations: Rule = desk
keep_organisations: Rule = desk
give_consent: Rule = desk
see_person: Rule = desk | oneself
withdraw_consent: Rule = desk | oneself
see_me: Rule = signed_in
change_me: Rule = signed_in
consent_for_me: Rule = signed_in


def visible_people(actor: Actor) -> ColumnElement[bool]:
    """The rows of `Person` for which `see_person` holds."""
    if actor.has(None, Role.MANAGER, Role.DESK):
        return true()
    return Person.id == actor.person_id if actor.person_id is not None else false()
