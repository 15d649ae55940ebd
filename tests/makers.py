"""Plain makers for tests: each writes in its own transaction and gives back an id or a frozen value."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from app.accounts.models import RoleGrant
from app.core import db
from app.core.policy import Role
from app.houses.models import House
from app.library.models import Part, Piece, Thing, ThingClass, ThingPrice
from app.occupancy.models import Resource
from app.offers.models import OpeningHours, Tariff
from app.people.models import Household, Organisation, Person
from app.rooms.models import Room


@dataclass(frozen=True)
class MadeRoom:
    id: int
    slug: str
    parts: tuple[int, ...]
    """Resource ids."""


def a_house(slug: str = "marten", name: str = "Meilentreff Marten", **more: Any) -> int:
    house = House(slug=slug, name=name, **{"street": "Steinhammerstraße 3", "postcode": "44379", "city": "Dortmund", **more})
    with db.transaction() as session:
        session.add(house)
    return house.id


def a_person(given: str = "Ayşe", family: str = "Yılmaz", *roles: tuple[Role, int], **more: Any) -> int:
    """`roles` are pairs of role and house id; `more` are columns (`email`, `phone`, `language` …)."""
    person = Person(given_name=given, family_name=family, **more)
    with db.transaction() as session:
        session.add(person)
        session.flush()
        session.add_all(RoleGrant(person_id=person.id, house_id=house, role=role) for role, house in roles)
    return person.id


def an_organisation(name: str = "Posaunenchor Marten", **more: Any) -> int:
    organisation = Organisation(name=name, **more)
    with db.transaction() as session:
        session.add(organisation)
    return organisation.id


def grant(person: int, role: Role, house: int) -> int:
    given = RoleGrant(person_id=person, house_id=house, role=role)
    with db.transaction() as session:
        session.add(given)
    return given.id


def a_room(house: int, slug: str = "saal", *, parts: Sequence[str] | Sequence[int] = ("",), **more: Any) -> MadeRoom:
    """A room of new parts (names), or of parts that exist (resource ids); `more` are columns of the room."""
    columns = {"name": slug.replace("-", " ").title(), "capacity": 60, **more}
    with db.transaction() as session:
        resources = []
        for part in parts:
            if isinstance(part, int):
                known = session.get(Resource, part)
                assert known is not None
                resources.append(known)
            else:
                resources.append(Resource(house_id=house, kind="room_part", name=f"{columns['name']} {part}".strip()))
        room = Room(house_id=house, slug=slug, parts=resources, **columns)
        session.add(room)
    return MadeRoom(room.id, room.slug, tuple(part.id for part in resources))


def open_daily(
    house: int, opens: time = time(8), closes: time = time(22), kind: str = "use", weekdays: Sequence[int] = range(7)
) -> None:
    """The same window on all `weekdays` (0 = Monday)."""
    with db.transaction() as session:
        for weekday in weekdays:
            session.add(OpeningHours(house_id=house, kind=kind, weekday=weekday, opens=opens, closes=closes))


def a_tariff(house: int, code: str, tariff_class: str = "C", cents: int = 2200, **more: Any) -> int:
    columns = {"unit": "hour", "valid_from": date(2026, 1, 1), **more}
    tariff = Tariff(house_id=house, code=code, tariff_class=tariff_class, cents=cents, **columns)
    with db.transaction() as session:
        session.add(tariff)
    return tariff.id


def in_turn() -> AbstractContextManager[Any]:
    """An act that may post to the ledger, in turn from its beginning."""
    return db.transaction(turns=["ledger_entry"])


def a_household(name: str = "Yılmaz") -> int:
    made = Household(name=name)
    with db.transaction() as session:
        session.add(made)
    return made.id


@dataclass(frozen=True)
class MadeThing:
    id: int
    class_id: int
    pieces: tuple[int, ...]
    """Ids of its pieces, in the order of their numbers."""

    @property
    def piece(self) -> int:
        return self.pieces[0]


def a_class(house: int, name: str = "Werkzeug", **more: Any) -> int:
    made = ThingClass(house_id=house, name=name, **{"loan_days": 7, "longest_days": 21, **more})
    with db.transaction() as session:
        session.add(made)
    return made.id


def a_thing(
    house: int, class_id: int, name: str = "Akkubohrer", *, numbers: Sequence[str] = ("0147",), counted: int = 0, fee: int = 0,
    deposit: int = 0, piece: dict[str, Any] | None = None, **more: Any,
) -> MadeThing:  # fmt: skip
    """A thing with a piece for each of `numbers`, or with one stack of `counted`; `piece` are columns of the pieces."""
    columns = {"slug": f"{name.lower().replace(' ', '-')}-{numbers[0]}", **more}
    with db.transaction() as session:
        thing = Thing(house_id=house, class_id=class_id, name=name, counted=bool(counted), **columns)
        session.add(thing)
        session.flush()
        if fee or deposit:
            session.add(ThingPrice(thing_id=thing.id, valid_from=date(2026, 1, 1), fee_cents=fee, deposit_cents=deposit))
        pieces = []
        for number in numbers:
            resource = Resource(house_id=house, kind="piece", name=f"{name} {number}", capacity=counted or 1)
            session.add(resource)
            session.flush()
            made = Piece(
                house_id=house, thing_id=thing.id, number=number, resource_id=resource.id, count=counted or 1, **(piece or {})
            )
            session.add(made)
            session.flush()
            pieces.append(made.id)
    return MadeThing(thing.id, class_id, tuple(pieces))


def a_part(kit: int, name: str = "", *, component: int | None = None, **more: Any) -> int:
    """A loose part, or a piece of its own, of the piece `kit`."""
    part = Part(kit_id=kit, name=name, component_id=component, **more)
    with db.transaction() as session:
        session.add(part)
    return part.id
