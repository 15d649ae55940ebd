"""Questions about people, households, organisations and consents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, bindparam, exists, func, literal, or_, select, true, union_all
from sqlalchemy.orm import joinedload, selectinload

from app.core.db import Model, session
from app.core.folding import fold
from app.core.policy import Actor
from app.core.statements import Statement
from app.people.models import Child, Consent, Household, Membership, Organisation, Person
from app.people.policy import visible_people
from app.people.queries.search import CANDIDATES
from app.people.queries.search import Likeness as Likeness
from app.people.queries.search import PersonLine as PersonLine
from app.people.queries.search import digits_of as digits_of
from app.people.queries.search import grams_of as grams_of
from app.people.queries.search import line_of as line_of
from app.people.queries.search import search_people as search_people
from app.people.queries.search import similar_people as similar_people

PAGE = 50
BIGGEST_ID = 2**31 - 1


def person(person_id: int) -> Person | None:
    """The person with this number; the number of a duplicate leads to the one it was merged into."""
    if not 0 < person_id <= BIGGEST_ID:
        return None
    found = session().get(Person, person_id)
    if found is not None and found.merged_into_id is not None:
        found = session().get(Person, found.merged_into_id)
    return found


def person_with_card(card_number: str) -> Person | None:
    """Whose card this is; a duplicate's card leads to the one it was merged into."""
    owner = session().scalar(select(Person.id).where(Person.card_number == card_number))
    return person(owner) if owner is not None else None


def visible_person(actor: Actor, person_id: int) -> Person | None:
    """The same, for somebody who need not be staff."""
    found = person(person_id)
    if found is None or session().scalar(select(Person.id).where(Person.id == found.id, visible_people(actor))) is None:
        return None
    return found


@dataclass(frozen=True)
class PersonPage:
    """Everything the desk sees of somebody."""

    person: Person
    household: HouseholdPage | None
    memberships: list[Membership]
    consents: list[Consent]
    likely: list[Likeness]


def person_page(person_id: int) -> PersonPage | None:
    """None for an unknown number."""
    found = person(person_id)
    if found is None:
        return None
    return PersonPage(
        person=found,
        household=household_page(found.household_id) if found.household_id is not None else None,
        memberships=memberships(found.id),
        consents=consents(found.id),
        likely=[
            each
            for each in similar_people(found.given_name, found.family_name, found.phone, found.email, but=found.id)
            if "name" in each.reasons  # families share telephone and address
        ],
    )


def memberships(person_id: int) -> list[Membership]:
    return list(
        session().scalars(
            select(Membership)
            .join(Membership.organisation)
            .where(Membership.person_id == person_id)
            .options(joinedload(Membership.organisation))
            .order_by(Organisation.archived_at.is_not(None), Organisation.name)
        )
    )


def consents(person_id: int) -> list[Consent]:
    """Valid ones first, then the newest."""
    return list(
        session().scalars(
            select(Consent)
            .where(Consent.person_id == person_id)
            .order_by(Consent.withdrawn_at.is_not(None), Consent.given_at.desc(), Consent.id.desc())
        )
    )


def consent(consent_id: int) -> Consent | None:
    return session().get(Consent, consent_id) if 0 < consent_id <= BIGGEST_ID else None


def has_consented(person_id: int, purpose: str) -> bool:
    """Whether a consent for `purpose` is valid now."""
    valid = exists().where(Consent.person_id == person_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
    return bool(session().scalar(select(valid)))


# The list ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PeoplePage:
    """Part of the list of everybody by name; `next` is the number of the person after whom it goes on."""

    lines: list[PersonLine]
    next: int | None
    total: int | None = None


def people_after(after: int | None = None, limit: int = PAGE, *, count: bool = False) -> PeoplePage:
    """Everybody in the order of their names, `limit` at a time."""
    query = select(Person).where(Person.merged_into_id.is_(None)).order_by(Person.sort_name, Person.id)
    if after is not None:
        last = session().get(Person, after) if 0 < after <= BIGGEST_ID else None
        if last is None:
            return PeoplePage([], None)
        later = and_(Person.sort_name == last.sort_name, Person.id > last.id)
        query = query.where(or_(Person.sort_name > last.sort_name, later))
    found = list(session().scalars(query.limit(limit + 1)))
    total = None
    if count:
        total = session().scalar(select(func.count()).select_from(Person).where(Person.merged_into_id.is_(None)))
    return PeoplePage([line_of(each) for each in found[:limit]], found[limit - 1].id if len(found) > limit else None, total)


def people_for_sheet(text: str) -> list[Person]:
    """Everybody, or those who fit `text`, with all that a sheet shows."""
    query = select(Person).where(Person.merged_into_id.is_(None)).order_by(Person.sort_name, Person.id)
    if not text.strip():
        return list(session().scalars(query))
    wanted = [line.id for line in search_people(text, limit=CANDIDATES)]
    found = {each.id: each for each in session().scalars(query.where(Person.id.in_(wanted)))}
    return [found[each] for each in wanted if each in found]


# Households --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HouseholdPage:
    household: Household
    members: list[Person]

    @property
    def children(self) -> list[Child]:
        return self.household.children


def household(household_id: int) -> Household | None:
    """With its children."""
    if not 0 < household_id <= BIGGEST_ID:
        return None
    return session().get(Household, household_id, options=[selectinload(Household.children)])


def household_page(household_id: int) -> HouseholdPage | None:
    found = household(household_id)
    return HouseholdPage(found, members_of_household(found.id)) if found is not None else None


def members_of_household(household_id: int) -> list[Person]:
    people = select(Person).where(Person.household_id == household_id, Person.merged_into_id.is_(None))
    return list(session().scalars(people.order_by(Person.sort_name, Person.id)))


def child(household_id: int, child_id: int) -> Child | None:
    """A child of this household, with the household and its other children."""
    home = household(household_id)
    return next((each for each in home.children if each.id == child_id), None) if home is not None else None


# Organisations -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrganisationLine:
    id: int
    name: str
    tariff_class: str
    contact: str
    members: int
    archived: bool


def organisations(text: str = "", *, archived: bool = False, limit: int = 500) -> list[OrganisationLine]:
    """By name; those put away only when asked for. `text` is any part of the name, as `fold` reads it."""
    counted = select(func.count()).where(Membership.organisation_id == Organisation.id).correlate(Organisation).scalar_subquery()
    query = (
        select(
            Organisation.id, Organisation.name, Organisation.tariff_class, Organisation.archived_at, Person.given_name,
            Person.family_name, counted.label("members"),
        )
        .outerjoin(Person, Person.id == Organisation.contact_id)
        .where(true() if archived else Organisation.archived_at.is_(None))
    )  # fmt: skip
    wanted = fold(text).split()
    lines = [
        OrganisationLine(
            row.id, row.name, row.tariff_class, f"{row.given_name or ''} {row.family_name or ''}".strip(), row.members,
            row.archived_at is not None,
        )
        for row in session().execute(query)
        if all(word in fold(row.name) for word in wanted)
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.archived, fold(line.name), line.id))[:limit]


def organisation(organisation_id: int) -> Organisation | None:
    """With its contact."""
    if not 0 < organisation_id <= BIGGEST_ID:
        return None
    return session().get(Organisation, organisation_id, options=[joinedload(Organisation.contact)])


def organisation_named(name: str) -> Organisation | None:
    return session().scalar(select(Organisation).where(Organisation.name == name))


def members_of_organisation(organisation_id: int) -> list[Membership]:
    return list(
        session().scalars(
            select(Membership)
            .join(Membership.person)
            .where(Membership.organisation_id == organisation_id)
            .options(joinedload(Membership.person))
            .order_by(Person.sort_name, Person.id)
        )
    )


def membership(organisation_id: int, membership_id: int) -> Membership | None:
    """With person and organisation."""
    if not (0 < organisation_id <= BIGGEST_ID and 0 < membership_id <= BIGGEST_ID):
        return None
    return session().scalar(
        select(Membership)
        .where(Membership.id == membership_id, Membership.organisation_id == organisation_id)
        .options(joinedload(Membership.person), joinedload(Membership.organisation))
    )


class Group(NamedTuple):
    """An organisation by its name."""

    id: int
    name: str


_ACTING_FOR = Statement(
    select(Organisation.id, Organisation.name)
    .join(Membership, Membership.organisation_id == Organisation.id)
    .where(Membership.person_id == bindparam("person_id"), Organisation.archived_at.is_(None))
    .order_by(Organisation.name)
)


def organisations_of(person_id: int) -> list[Group]:
    """Those a person may act for, put-away ones left out."""
    return [Group(*row) for row in _ACTING_FOR.rows(person_id=person_id)]


# What belongs to a person ------------------------------------------------------------------------------------------


def references_to_people() -> Iterator[tuple[Table, Any]]:
    """Every column of the whole house that names a person, with its table; tables that are written once are left out."""
    for table in Model.metadata.sorted_tables:
        if table.info.get("written_once"):
            continue
        for column in table.columns:
            if any(key.column is Person.__table__.c.id for key in column.foreign_keys):
                yield table, column


@dataclass(frozen=True)
class Belonging:
    """How many rows of one kind name a person; `called` is the kind in words, None for what has no name of its own."""

    called: Any
    count: int


def belongings(person_id: int) -> list[Belonging]:
    """What would go to somebody else in a merge. One statement for all tables.

    A table is named by ``info={"called": …}``; index entries, and traces of acts, count among the unnamed.
    """
    counts = []
    for table, column in references_to_people():
        if table.name == "person_gram":
            continue
        counts.append(select(literal(table.name).label("name"), func.count().label("rows")).where(column == person_id))
    rows = session().execute(union_all(*counts)).all()
    tables = Model.metadata.tables
    by_words: dict[str, Belonging] = {}
    for row in rows:
        called = tables[row.name].info.get("called")
        key = row.name if called is not None else ""
        before = by_words[key].count if key in by_words else 0
        by_words[key] = Belonging(called, before + row.rows)
    return [each for each in by_words.values() if each.count]
