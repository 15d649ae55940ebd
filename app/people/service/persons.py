"""People: write down, change, find again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from app.core.db import Collision, session
from app.core.errors import Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.people import queries
from app.people.events import CardGiven, PersonChanged, PersonCreated
from app.people.models import ContactBy, Person, PersonGram, TariffClass, sort_name
from app.people.service.contact import (
    CardTaken,
    NameMissing,
    checked_card,
    checked_email,
    checked_phone,
    checked_way,
    new_card_number,
)


class PerhapsKnown(Refusal):
    """Somebody like this is known already; `likely` says who and why."""

    kind = "perhaps-known"
    message = _l("Perhaps this person is known already. Please look first.")

    def __init__(self, likely: list[queries.Likeness]) -> None:
        super().__init__(people=[{"id": each.line.id, "name": each.line.name, "same": list(each.reasons)} for each in likely])
        self.likely = likely


@dataclass(frozen=True, kw_only=True)
class PersonRequest:
    """What the desk writes down of somebody; a name is enough. `contact_by` None takes the best way there is."""

    given_name: str = ""
    family_name: str = ""
    email: str | None = None
    phone: str | None = None
    street: str = ""
    postcode: str = ""
    city: str = ""
    contact_by: ContactBy | None = None
    language: str = "de"
    card_number: str | None = None
    tariff_class: TariffClass = TariffClass.PRIVATE
    desk_note: str | None = None


@dataclass(frozen=True, kw_only=True)
class OwnRequest:
    """What somebody changes of their own record: how to be reached, and in which language."""

    email: str | None
    phone: str | None
    street: str
    postcode: str
    city: str
    contact_by: ContactBy
    language: str


def name_from(text: str) -> tuple[str, str]:
    """Given and family name out of a name said in one breath; the last word is the family name."""
    *given, last = text.split() or [""]
    return (" ".join(given)[:80], last[:80]) if given else (last[:80], "")


def create_person(request: PersonRequest, *, by: Actor, look_first: bool = False) -> Person:
    """Write somebody down. With `look_first`, raises `PerhapsKnown` when somebody like this is there already.

    Raises `NameMissing`, `EmailUnreadable`, `PhoneUnreadable`, `ContactWayMissing`, `CardMistyped`, `CardTaken`.
    """
    values = _checked(request)
    _refuse_taken_card(values["card_number"], None)
    if look_first:
        names = (values["given_name"], values["family_name"])
        likely = queries.similar_people(*names, values["phone"], values["email"])
        if likely:
            raise PerhapsKnown(likely)
    person = Person(**values, created_by_id=by.person_id)
    session().add(person)
    _flush()
    index_person(person)
    publish(PersonCreated(house_id=None, by=by.person_id, person_id=person.id))
    return person


def change_person(person: Person, request: PersonRequest, *, by: Actor) -> None:
    """Give `person` the values of `request`, all of them. Raises like `create_person`."""
    values = _checked(request)
    _refuse_taken_card(values["card_number"], person.id)
    _change(person, values, by)


def change_me(person: Person, request: OwnRequest, *, by: Actor) -> None:
    """Raises `EmailUnreadable`, `PhoneUnreadable`, `ContactWayMissing`."""
    _change(person, _contact(request), by)


def give_card(person: Person, *, by: Actor) -> str:
    """A new card number for `person`; the old one means nothing any more. Returns it."""
    person.card_number = new_card_number()
    _flush()
    index_person(person)
    publish(CardGiven(house_id=None, by=by.person_id, person_id=person.id))
    return person.card_number


def _checked(request: PersonRequest) -> dict[str, Any]:
    if not (request.given_name.strip() or request.family_name.strip()):
        raise NameMissing
    return {
        "given_name": request.given_name.strip(),
        "family_name": request.family_name.strip(),
        **_contact(request),
        "card_number": checked_card(request.card_number),
        "tariff_class": request.tariff_class,
        "desk_note": request.desk_note or None,
    }


def _contact(request: PersonRequest | OwnRequest) -> dict[str, Any]:
    email, phone = checked_email(request.email), checked_phone(request.phone)
    way = checked_way(request.contact_by, email=email, phone=phone, street=request.street, city=request.city)
    return {
        "email": email,
        "phone": phone,
        "street": request.street,
        "postcode": request.postcode,
        "city": request.city,
        "contact_by": way,
        "language": request.language,
    }


def _refuse_taken_card(number: str | None, own_id: int | None) -> None:
    owner = queries.person_with_card(number) if number else None
    if owner is not None and owner.id != own_id:
        raise CardTaken


def _change(person: Person, values: dict[str, Any], by: Actor) -> None:
    changed = tuple(name for name, value in values.items() if getattr(person, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(person, name, values[name])
    person.sort_name = sort_name(person.given_name, person.family_name)
    _flush()
    index_person(person)
    publish(PersonChanged(house_id=None, by=by.person_id, person_id=person.id, fields=changed))


def _flush() -> None:
    """Two desks gave the same card at once: the edge looks again, and then it is `CardTaken`."""
    try:
        session().flush()
    except IntegrityError as fault:
        raise Collision from fault


def index_person(person: Person) -> None:
    """Make the search find `person` by what stands in the row now."""
    cards = session().scalars(
        select(Person.card_number).where(Person.merged_into_id == person.id, Person.card_number.is_not(None))
    )
    wanted = queries.grams_of(person, [card for card in cards if card])
    there = set(session().scalars(select(PersonGram.gram).where(PersonGram.person_id == person.id)))
    gone, fresh = there - wanted, wanted - there
    if gone:
        session().execute(delete(PersonGram).where(PersonGram.person_id == person.id, PersonGram.gram.in_(sorted(gone))))
    if fresh:
        session().execute(insert(PersonGram), [{"gram": gram, "person_id": person.id} for gram in sorted(fresh)])


def index_everybody() -> int:
    """Make the index of the search anew: after people came in by another way than `create_person`. Returns how many."""
    session().execute(delete(PersonGram))
    people = list(session().scalars(select(Person).where(Person.merged_into_id.is_(None)).order_by(Person.id)))
    signposts = select(Person.merged_into_id, Person.card_number).where(Person.merged_into_id.is_not(None))
    old_cards: dict[int | None, list[str]] = {}
    for kept_id, card in session().execute(signposts):
        if card:
            old_cards.setdefault(kept_id, []).append(card)
    for some in _in_lots(people):
        grams = {each.id: queries.grams_of(each, old_cards.get(each.id, [])) for each in some}
        rows = [{"gram": gram, "person_id": person_id} for person_id, own in grams.items() for gram in sorted(own)]
        if rows:
            session().execute(insert(PersonGram), rows)
    for each in people:
        each.sort_name = sort_name(each.given_name, each.family_name)
    session().flush()
    return len(people)


def _in_lots(people: list[Person], size: int = 500) -> Iterable[list[Person]]:
    return (people[at : at + size] for at in range(0, len(people), size))
