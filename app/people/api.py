"""People for other programs of the desk."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.core import web
from app.core.api import Api, Document, Line, Page, Text
from app.core.errors import Invalid
from app.core.i18n import gettext, languages
from app.people import policy, queries, service
from app.people.models import ContactBy, Person, TariffClass
from app.people.queries import PersonLine

api = Api("people")
blueprint = api.blueprint

_OFFSET = "from-"


class PersonItem(Document):
    """Somebody in a list."""

    id: int
    name: str
    phone: str
    card_number: str | None
    address: str


class PersonDocument(Document):
    """Somebody; the desk's note is never given away."""

    id: int
    given_name: str
    family_name: str
    name: str
    email: str | None
    phone: str | None
    street: str
    postcode: str
    city: str
    contact_by: ContactBy
    language: str
    card_number: str | None
    tariff_class: TariffClass


class PersonQuery(Document):
    q: Annotated[Line, StringConstraints(max_length=200)] = ""
    cursor: Annotated[str, StringConstraints(max_length=40)] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class NewPerson(Document):
    """A name is enough. `anyway` writes down somebody although a similar person is known."""

    given_name: Annotated[Line, StringConstraints(max_length=80)] = ""
    family_name: Annotated[Line, StringConstraints(max_length=80)] = ""
    email: Annotated[Line, StringConstraints(max_length=254)] | None = None
    phone: Annotated[Line, StringConstraints(max_length=60)] | None = None
    street: Annotated[Line, StringConstraints(max_length=120)] = ""
    postcode: Annotated[Line, StringConstraints(max_length=12)] = ""
    city: Annotated[Line, StringConstraints(max_length=80)] = ""
    contact_by: ContactBy | None = None
    language: Annotated[str, StringConstraints(max_length=8)] = "de"
    card_number: Annotated[Line, StringConstraints(max_length=20)] | None = None
    tariff_class: TariffClass = TariffClass.PRIVATE
    desk_note: Annotated[Text, StringConstraints(max_length=4000)] | None = None
    anyway: bool = False


@api.get("/people", allow=policy.see_people, query=PersonQuery, answer=Page[PersonItem])
def list_people(query: PersonQuery) -> Page[PersonItem]:
    """Everybody by name, or with `q` who fits best: any part of a name, telephone or card number."""
    if query.q:
        offset = _number(query.cursor, _OFFSET)
        found = queries.search_people(query.q, query.limit + 1, offset)
        more = f"{_OFFSET}{offset + query.limit}" if len(found) > query.limit else None
        return Page(items=[_item(line) for line in found[: query.limit]], next=more)
    page = queries.people_after(_number(query.cursor, "") or None, query.limit)
    return Page(items=[_item(line) for line in page.lines], next=str(page.next) if page.next is not None else None)


def _number(cursor: str, mark: str) -> int:
    """What stands in a cursor we gave out; 0 for none. Raises `Invalid` for anything else."""
    digits = cursor.removeprefix(mark)
    if not cursor:
        return 0
    if (mark and not cursor.startswith(mark)) or not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise Invalid({"cursor": [gettext("This cursor is not one of ours.")]})
    return int(digits)


def _item(line: PersonLine) -> PersonItem:
    return PersonItem(id=line.id, name=line.name, phone=line.phone, card_number=line.card_number, address=line.hint)


@api.get("/people/<int:person_id>", allow=policy.see_people, load=queries.person, answer=PersonDocument)
def show_person(person: Person) -> PersonDocument:
    """One person; the number of a merged duplicate gives the person it is now."""
    return _document(person)


@api.post("/people", allow=policy.create_person, body=NewPerson, answer=PersonDocument)
def create_person(body: NewPerson) -> PersonDocument:
    """Write somebody down; 409 with `people` when somebody like this is known, unless `anyway`."""
    if body.language not in dict(languages()):
        raise Invalid({"language": [gettext("This house does not speak that language.")]})
    request = service.PersonRequest(**body.model_dump(exclude={"anyway"}))
    return _document(service.create_person(request, by=web.actor(), look_first=not body.anyway))


def _document(person: Person) -> PersonDocument:
    return PersonDocument(
        id=person.id,
        given_name=person.given_name,
        family_name=person.family_name,
        name=person.name,
        email=person.email,
        phone=person.phone,
        street=person.street,
        postcode=person.postcode,
        city=person.city,
        contact_by=ContactBy(person.contact_by),
        language=person.language,
        card_number=person.card_number,
        tariff_class=TariffClass(person.tariff_class),
    )
