"""Who is what in a house."""

from __future__ import annotations

from sqlalchemy import func, select, update

from app.accounts import queries
from app.accounts.events import RoleGranted, RoleWithdrawn, TokenRevoked
from app.accounts.models import ApiToken, RoleGrant
from app.accounts.queries import PersonCard
from app.accounts.service.sign_ins import end_sign_ins
from app.core import clock
from app.core.db import session
from app.core.errors import Forbidden, Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import STAFF, THE_HOUSE, Actor, Role
from app.people.models import Person


class LastManager(Refusal):
    kind = "last-manager"
    message = _l("This is the last manager of the house. Make somebody else manager first.")


class StaffRecord(Refusal):
    status = 403
    kind = "staff-record"
    message = _l("One of the two works in the house and has keys. Only a manager may make them one.")


def refuse_unless_manager_of(card: PersonCard, by: int) -> None:
    """Raises `StaffRecord` when `card` has keys of staff and the person `by` does not manage every house they are for."""
    if not card.role_houses and not card.has_account:
        return
    managed = {line.house_id for line in queries.roles_of(by) if line.role is Role.MANAGER}
    if not managed or not card.role_houses <= managed:
        raise StaffRecord


def _may(by: Actor, house_id: int) -> None:
    if by is not THE_HOUSE and not by.has(house_id, Role.MANAGER):
        raise Forbidden


def grant_role(person_id: int, house_id: int, role: Role, *, by: Actor) -> RoleGrant:
    """Make a person something in a house; what they already are stays. Raises `Forbidden` in houses of others."""
    _may(by, house_id)
    known = session().scalar(
        select(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.house_id == house_id, RoleGrant.role == role)
    )
    if known is not None:
        return known
    given = RoleGrant(person_id=person_id, house_id=house_id, role=role, granted_by_id=by.person_id)
    session().add(given)
    session().flush()
    publish(RoleGranted(house_id=house_id, by=by.person_id, person_id=person_id, role=role))
    return given


def withdraw_role(grant: RoleGrant, *, by: Actor) -> None:
    """End a role. With a staff role end the person's sign-ins, and the tokens that act with it for the person.

    Raises `Forbidden` in houses of others, `LastManager` for the last one of the house.
    """
    _may(by, grant.house_id)
    role, person_id, house_id = Role(grant.role), grant.person_id, grant.house_id
    if role is Role.MANAGER:
        left = session().scalar(
            select(func.count())
            .select_from(RoleGrant)
            .join(Person, Person.id == RoleGrant.person_id)
            .where(
                RoleGrant.house_id == house_id,
                RoleGrant.role == Role.MANAGER,
                RoleGrant.person_id != person_id,
                Person.merged_into_id.is_(None),
            )
        )
        if not left:
            raise LastManager
    session().delete(grant)
    session().flush()
    publish(RoleWithdrawn(house_id=house_id, by=by.person_id, person_id=person_id, role=role))
    acting = select(ApiToken.id).where(
        ApiToken.person_id == person_id, ApiToken.house_id == house_id, ApiToken.role == role, ApiToken.revoked_at.is_(None)
    )
    for token_id in session().scalars(acting).all():
        session().execute(update(ApiToken).where(ApiToken.id == token_id).values(revoked_at=clock.now()))
        publish(TokenRevoked(house_id=house_id, by=by.person_id, token_id=token_id))
    if role in STAFF:
        end_sign_ins(person_id, by=by.person_id, reason="role", house_id=house_id)
