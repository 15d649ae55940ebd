"""Two records of one person become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, UniqueConstraint, and_, delete, exists, select, update

from app.core.db import session
from app.core.errors import Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.people import queries
from app.people.events import MergeAsked, PeopleMerged
from app.people.models import Child, ContactBy, Person, PersonGram
from app.people.service.households import end_household
from app.people.service.persons import index_person


class SamePerson(Refusal):
    status = 422
    kind = "same-person"
    message = _l("This is one and the same record.")


class AlreadyMerged(Refusal):
    kind = "already-merged"
    message = _l("One of the two has been merged already. Please look at the person again.")


CONTACT = ("email", "phone")
ADDRESS = ("street", "postcode", "city")


def merge_people(keep: Person, duplicate: Person, *, by: Actor) -> None:
    """Everything that names `duplicate` names `keep` from now on.

    Gaps in `keep`'s record are filled, differing contact data goes into the desk's note, so that nothing is lost. What both
    hold and only one may (the same role, the same membership, a password) stays as `keep` has it. Tables that are written once
    stay as they are. `duplicate` remains a signpost of id, name and card. Raises `SamePerson`, `AlreadyMerged`, and whatever
    those refuse with who are asked first (`MergeAsked`).
    """
    if keep.id == duplicate.id:
        raise SamePerson
    if keep.merged_into_id is not None or duplicate.merged_into_id is not None:
        raise AlreadyMerged
    publish(MergeAsked(house_id=None, by=by.person_id, person_id=keep.id, duplicate_id=duplicate.id))
    session().execute(delete(PersonGram).where(PersonGram.person_id == duplicate.id))
    _merge_households(keep, duplicate)
    _fill_gaps(keep, duplicate)
    session().flush()
    moved: Counter[str] = Counter()
    for table, column in queries.references_to_people():
        if table.name != PersonGram.__tablename__:
            _drop_doubles(table, column, keep.id, duplicate.id)
            result: Any = session().execute(update(table).where(column == duplicate.id).values({column: keep.id}))
            moved[table.name] += result.rowcount
    own_maker = update(Person).where(Person.id == keep.id, Person.created_by_id == keep.id)
    session().execute(own_maker.values(created_by_id=None), execution_options={"synchronize_session": False})
    duplicate.merged_into_id = keep.id
    session().flush()
    session().expire_all()
    index_person(keep)
    publish(
        PeopleMerged(
            house_id=None, by=by.person_id, person_id=keep.id, duplicate_id=duplicate.id,
            moved={name: count for name, count in sorted(moved.items()) if count},
        )
    )  # fmt: skip


def _fill_gaps(keep: Person, duplicate: Person) -> None:
    left_over: list[str] = []
    for field in CONTACT:
        theirs = getattr(duplicate, field)
        if theirs and not getattr(keep, field):
            setattr(keep, field, theirs)
        elif theirs and theirs != getattr(keep, field):
            left_over.append(theirs)
    if not keep.address:
        for field in ADDRESS:
            setattr(keep, field, getattr(duplicate, field))
    elif duplicate.address and duplicate.address != keep.address:
        left_over.append(duplicate.address)
    if keep.contact_by == ContactBy.NONE:
        keep.contact_by = duplicate.contact_by
    if keep.card_number is None and duplicate.card_number is not None:
        number, duplicate.card_number = duplicate.card_number, None
        session().flush()
        keep.card_number = number
    notes = [note for note in (keep.desk_note, duplicate.desk_note) if note]
    if left_over:
        notes.append(gettext("From the record that was merged: %(values)s", values="; ".join(left_over)))
    keep.desk_note = "\n".join(notes) or None
    duplicate.email = duplicate.phone = duplicate.desk_note = None
    duplicate.street = duplicate.postcode = duplicate.city = ""
    duplicate.contact_by = ContactBy.NONE


def _merge_households(keep: Person, duplicate: Person) -> None:
    """`keep` stays where they live; the duplicate's children come along when nobody else lives with them."""
    old, duplicate.household_id = duplicate.household_id, None
    if old is None or old == keep.household_id:
        return
    if keep.household_id is None:
        keep.household_id = old
        return
    session().flush()
    if queries.members_of_household(old):
        return
    here = {(name, band) for name, band in session().execute(_children(keep.household_id))}
    for name, band in session().execute(_children(old)).all():
        if (name, band) not in here:
            session().add(Child(household_id=keep.household_id, first_name=name, age_band=band))
    session().flush()
    end_household(old)


def _children(household_id: int) -> Any:
    return select(Child.first_name, Child.age_band).where(Child.household_id == household_id).order_by(Child.id)


def _drop_doubles(table: Table, column: Any, keep_id: int, duplicate_id: int) -> None:
    """Take out rows of the duplicate that would stand beside an equal one of `keep` where the table allows but one."""
    for unique in _unique_sets(table):
        if column.name not in unique:
            continue
        theirs = table.alias("theirs")
        same = [theirs.c[name] == table.c[name] for name in unique if name != column.name]
        twin = exists(select(theirs.c[column.name]).where(theirs.c[column.name] == keep_id, *same))
        session().execute(delete(table).where(and_(column == duplicate_id, twin)))


def _unique_sets(table: Table) -> Iterator[list[str]]:
    """The names of columns that may hold the same values only once: primary key, unique constraints, unique indexes."""
    yield [column.name for column in table.primary_key]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield [column.name for column in index.columns]
