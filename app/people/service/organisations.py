"""Groups, clubs, firms and partners, and who acts for them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import Collision, session
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.people import queries
from app.people.events import (
    MemberAdded,
    MemberRemoved,
    OrganisationArchived,
    OrganisationChanged,
    OrganisationCreated,
    OrganisationReopened,
)
from app.people.models import Membership, Organisation, Person, TariffClass
from app.people.service.contact import BadValue, checked_email, checked_phone


class OrganisationNameMissing(BadValue):
    field = "name"
    message = _l("The organisation needs a name.")


class NameTaken(BadValue):
    status = 409
    kind = "name-taken"
    field = "name"
    message = _l("There is already an organisation of this name.")


class AlreadyMember(BadValue):
    status = 409
    kind = "already-member"
    message = _l("This person already acts for the organisation.")


@dataclass(frozen=True, kw_only=True)
class OrganisationRequest:
    name: str
    tariff_class: TariffClass = TariffClass.FREE
    email: str | None = None
    phone: str | None = None


def create_organisation(request: OrganisationRequest, *, by: Actor) -> Organisation:
    """Raises `OrganisationNameMissing`, `NameTaken`, `EmailUnreadable`, `PhoneUnreadable`."""
    name, email, phone = _checked(request, None)
    organisation = Organisation(name=name, tariff_class=request.tariff_class, email=email, phone=phone)
    session().add(organisation)
    _flush()
    publish(OrganisationCreated(house_id=None, by=by.person_id, organisation_id=organisation.id))
    return organisation


def change_organisation(organisation: Organisation, request: OrganisationRequest, *, by: Actor) -> None:
    """Raises like `create_organisation`. Bookings that are made keep the price of their day."""
    name, email, phone = _checked(request, organisation.id)
    values = {"name": name, "tariff_class": str(request.tariff_class), "email": email, "phone": phone}
    changed = tuple(field for field, value in values.items() if getattr(organisation, field) != value)
    if not changed:
        return
    for field in changed:
        setattr(organisation, field, values[field])
    _flush()
    publish(OrganisationChanged(house_id=None, by=by.person_id, organisation_id=organisation.id, fields=changed))


def archive_organisation(organisation: Organisation, *, by: Actor) -> None:
    """Put away: not offered any more, kept with all it did."""
    if organisation.archived_at is None:
        organisation.archived_at = clock.now()
        session().flush()
        publish(OrganisationArchived(house_id=None, by=by.person_id, organisation_id=organisation.id))


def reopen_organisation(organisation: Organisation, *, by: Actor) -> None:
    if organisation.archived_at is not None:
        organisation.archived_at = None
        session().flush()
        publish(OrganisationReopened(house_id=None, by=by.person_id, organisation_id=organisation.id))


def add_member(organisation: Organisation, person: Person, *, by: Actor) -> Membership:
    """`person` may act for it; the first one becomes the one to ask. Raises `AlreadyMember`."""
    members = queries.members_of_organisation(organisation.id)
    if any(member.person_id == person.id for member in members):
        raise AlreadyMember
    membership = Membership(person_id=person.id, organisation_id=organisation.id)
    session().add(membership)
    if organisation.contact_id is None:
        organisation.contact_id = person.id
    _flush()
    publish(MemberAdded(house_id=None, by=by.person_id, organisation_id=organisation.id, person_id=person.id))
    return membership


def remove_member(membership: Membership, *, by: Actor) -> None:
    """`membership` with its organisation loaded. Who was the one to ask is so no more."""
    organisation, person_id = membership.organisation, membership.person_id
    if organisation.contact_id == person_id:
        organisation.contact_id = None
    session().delete(membership)
    session().flush()
    publish(MemberRemoved(house_id=None, by=by.person_id, organisation_id=organisation.id, person_id=person_id))


def choose_contact(membership: Membership, *, by: Actor) -> None:
    """The member to ask. `membership` with its organisation loaded."""
    organisation = membership.organisation
    if organisation.contact_id != membership.person_id:
        organisation.contact_id = membership.person_id
        session().flush()
        publish(OrganisationChanged(house_id=None, by=by.person_id, organisation_id=organisation.id, fields=("contact_id",)))


def _checked(request: OrganisationRequest, own_id: int | None) -> tuple[str, str | None, str | None]:
    name = request.name.strip()
    if not name:
        raise OrganisationNameMissing
    email, phone = checked_email(request.email), checked_phone(request.phone)
    other = queries.organisation_named(name)
    if other is not None and other.id != own_id:
        raise NameTaken
    return name, email, phone


def _flush() -> None:
    """The name or the membership was taken at the same moment: the edge looks again, and then it is refused."""
    try:
        session().flush()
    except IntegrityError as fault:
        raise Collision from fault
