"""What happened with people. Ids and names of fields only: who somebody is does not go into the journal."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonCreated(Event):
    person_id: int


@dataclass(frozen=True, kw_only=True)
class PersonChanged(Event):
    """`fields` are the names of the columns that have a new value."""

    person_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CardGiven(Event):
    person_id: int


@dataclass(frozen=True, kw_only=True)
class MergeAsked(Event):
    """Two records are about to become one; who hears it may still refuse, for reasons that people do not know of."""

    person_id: int
    duplicate_id: int


@dataclass(frozen=True, kw_only=True)
class PeopleMerged(Event):
    """`person_id` has taken over everything of `duplicate_id`; `moved` counts rows by the table's name."""

    person_id: int
    duplicate_id: int
    moved: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class HouseholdCreated(Event):
    household_id: int


@dataclass(frozen=True, kw_only=True)
class HouseholdChanged(Event):
    """Its name, or a child was written down, changed or taken out."""

    household_id: int


@dataclass(frozen=True, kw_only=True)
class HouseholdJoined(Event):
    household_id: int
    person_id: int


@dataclass(frozen=True, kw_only=True)
class HouseholdLeft(Event):
    household_id: int
    person_id: int


@dataclass(frozen=True, kw_only=True)
class OrganisationCreated(Event):
    organisation_id: int


@dataclass(frozen=True, kw_only=True)
class OrganisationChanged(Event):
    organisation_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OrganisationArchived(Event):
    organisation_id: int


@dataclass(frozen=True, kw_only=True)
class OrganisationReopened(Event):
    organisation_id: int


@dataclass(frozen=True, kw_only=True)
class MemberAdded(Event):
    organisation_id: int
    person_id: int


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(Event):
    organisation_id: int
    person_id: int


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(Event):
    consent_id: int
    person_id: int
    purpose: str


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Event):
    consent_id: int
    person_id: int
    purpose: str
