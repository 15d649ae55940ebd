"""Households and their children."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete

from app.core.db import session
from app.core.events import publish
from app.core.i18n import gettext
from app.core.policy import Actor
from app.people import queries
from app.people.events import HouseholdChanged, HouseholdCreated, HouseholdJoined, HouseholdLeft
from app.people.models import AgeBand, Child, Household, Person
from app.people.service.contact import NameMissing


@dataclass(frozen=True, kw_only=True)
class ChildRequest:
    """All the house writes down of a child."""

    first_name: str
    age_band: AgeBand


def create_household(person: Person, name: str = "", *, by: Actor) -> Household:
    """A household with `person` in it, who leaves any other; without `name` it is called after them."""
    household = Household(name=name.strip() or gettext("Household %(name)s", name=person.family_name or person.given_name)[:120])
    session().add(household)
    session().flush()
    publish(HouseholdCreated(house_id=None, by=by.person_id, household_id=household.id))
    join_household(person, household, by=by)
    return household


def rename_household(household: Household, name: str, *, by: Actor) -> None:
    """Raises `NameMissing`."""
    if not name.strip():
        raise NameMissing
    household.name = name.strip()
    session().flush()
    _changed(household.id, by)


def join_household(person: Person, household: Household, *, by: Actor) -> None:
    """`person` lives there now; joining where one lives already changes nothing."""
    if person.household_id == household.id:
        return
    if person.household_id is not None:
        leave_household(person, by=by)
    person.household_id = household.id
    session().flush()
    publish(HouseholdJoined(house_id=None, by=by.person_id, household_id=household.id, person_id=person.id))


def leave_household(person: Person, *, by: Actor) -> None:
    """With the last grown-up the household and what was written down of its children goes; for none, nothing happens."""
    left = person.household_id
    if left is None:
        return
    person.household_id = None
    session().flush()
    publish(HouseholdLeft(house_id=None, by=by.person_id, household_id=left, person_id=person.id))
    if not queries.members_of_household(left):
        end_household(left)


def end_household(household_id: int) -> None:
    session().execute(delete(Child).where(Child.household_id == household_id))
    session().execute(delete(Household).where(Household.id == household_id))


def add_child(household: Household, request: ChildRequest, *, by: Actor) -> Child:
    """`household` with its children loaded. Raises `NameMissing`."""
    child = Child(household_id=household.id, first_name=_first_name(request), age_band=request.age_band)
    household.children.append(child)
    session().flush()
    _changed(household.id, by)
    return child


def change_child(child: Child, request: ChildRequest, *, by: Actor) -> None:
    """Raises `NameMissing`."""
    child.first_name, child.age_band = _first_name(request), request.age_band
    session().flush()
    _changed(child.household_id, by)


def remove_child(child: Child, *, by: Actor) -> None:
    household_id = child.household_id
    session().delete(child)
    session().flush()
    _changed(household_id, by)


def _first_name(request: ChildRequest) -> str:
    name = request.first_name.strip()
    if not name:
        raise ChildNameMissing
    return name


class ChildNameMissing(NameMissing):
    field = "first_name"


def _changed(household_id: int, by: Actor) -> None:
    publish(HouseholdChanged(house_id=None, by=by.person_id, household_id=household_id))
