"""The manager's verbs: make a room, change it, put it out of use, order rooms, set their prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.core import clock
from app.core.db import session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.folding import slug
from app.core.i18n import gettext, ngettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.houses.service import touch
from app.money import queries as money
from app.occupancy.models import Resource
from app.offers import service as offers
from app.offers.service import NewPrice
from app.rooms import queries
from app.rooms.events import RoomChanged
from app.rooms.models import Feature, Room, RoomPart, Rule

TAKEN_SLUGS = frozenset({"affected", "find", "manage", "new"})
"""Words that are addresses of their own below ``/rooms/``."""
STEPS = (15, 30, 60)
MOST_BUFFER = 480
MOST_MINUTES = 7 * 24 * 60
MOST_PEOPLE = 10_000


class RoomInUse(Refusal):
    """Open bookings lie ahead. `facts`: `bookings`, their number."""

    kind = "room-in-use"


@dataclass(frozen=True)
class RoomRequest:
    """A room as the manager wants it; the fields are those of `models.Room`. `parts` are ids of parts that exist: a room that is
    made of other rooms' parts; none means that it is a part of its own."""

    name: str
    capacity: int
    about: str = ""
    area_m2: int | None = None
    features: Sequence[str] = ()
    before_minutes: int = 0
    after_minutes: int = 0
    rule: str = Rule.REQUEST
    wishes_hold: bool = True
    hold_days: int = 5
    only_when_open: bool = False
    step_minutes: int = 30
    min_minutes: int = 30
    max_minutes: int = 720
    ahead_days: int = 365
    parts: Sequence[int] = ()
    income_kind: str = ""
    """What its use is booked as; empty leaves it as it is."""


def create_room(house_id: int, request: RoomRequest, by: Actor) -> Room:
    """A new room, last in the order of the house, with an address made from its name. Raises `Invalid`."""
    _check(house_id, request, but=None)
    address = _free_slug(house_id, request.name)
    position = session().scalar(select(func.max(Room.position)).where(Room.house_id == house_id))
    room = Room(
        house_id=house_id,
        slug=address,
        name=request.name,
        capacity=request.capacity,
        tariff_code=f"room-{address}",
        income_kind=money.usual_kind(house_id, "room"),
        position=0 if position is None else position + 1,
        parts=_parts(house_id, request.parts) or [_new_part(house_id, request.name)],
    )
    _fill(room, request)
    session().add(room)
    session().flush()
    _changed(room, by)
    return room


def change_room(room: Room, request: RoomRequest, by: Actor) -> None:
    """Change what is known of a room. Its address and what is booked already stay as they are.

    Raises `Invalid`, or `RoomInUse` when it is to be made of other parts while bookings lie ahead.
    """
    _check(room.house_id, request, but=room.id)
    wanted = _parts(room.house_id, request.parts) or _own_parts(room)
    if {part.id for part in wanted} != {part.id for part in room.parts} or not wanted:
        _refuse_while_booked(room, _l("What the room is made of can only be changed when no booking lies ahead."))
        room.parts = wanted or [_new_part(room.house_id, request.name)]
    elif len(room.parts) == 1 and _own_parts(room) and room.parts[0].name == room.name:
        room.parts[0].name = request.name
    _fill(room, request)
    session().flush()
    _changed(room, by)


def archive_room(room: Room, by: Actor) -> None:
    """Nobody can book it any more; what was booked stays written down. Raises `RoomInUse` while bookings lie ahead."""
    if room.archived_at is not None:
        return
    _refuse_while_booked(room, _l("The room cannot be put out of use yet."))
    room.archived_at = clock.now()
    session().flush()
    _changed(room, by)


def restore_room(room: Room, by: Actor) -> None:
    """It can be booked again. Raises `Invalid` when another room has taken its name meanwhile."""
    if room.archived_at is None:
        return
    _check_name(room.house_id, room.name, but=room.id)
    room.archived_at = None
    session().flush()
    _changed(room, by)


def move_room_up(room: Room, by: Actor) -> None:
    """One place up in the order of the house; the first one stays where it is."""
    order = [each for each in queries.managed_rooms(room.house_id) if each.archived_at is None]
    at = next((index for index, each in enumerate(order) if each.id == room.id), 0)
    if at == 0:
        return
    order[at - 1], order[at] = order[at], order[at - 1]
    for position, each in enumerate(order):
        each.position = position
    session().flush()
    _changed(room, by)


def change_prices(room: Room, valid_from: date, prices: Mapping[str, NewPrice | None], by: Actor) -> list[str]:
    """Set what the room costs from a day on, see `offers.service.change_prices`; gives the classes whose price changed."""
    if not room.tariff_code:
        room.tariff_code = f"room-{room.slug}"[:60]
        session().flush()
    return offers.change_prices(room.house_id, room.tariff_code, valid_from, prices, by)


def withdraw_prices(room: Room, valid_from: date, by: Actor) -> int:
    """Take back what is planned from a coming day on; gives how many prices."""
    return offers.withdraw_prices(room.house_id, room.tariff_code, valid_from, by)


# Shared ------------------------------------------------------------------------------------------------------------


def _check(house_id: int, request: RoomRequest, *, but: int | None) -> None:
    """Raises `Invalid` for a room that could not be."""
    limits = {
        "capacity": (request.capacity, 1, MOST_PEOPLE),
        "area_m2": (1 if request.area_m2 is None else request.area_m2, 1, 100_000),
        "before_minutes": (request.before_minutes, 0, MOST_BUFFER),
        "after_minutes": (request.after_minutes, 0, MOST_BUFFER),
        "hold_days": (request.hold_days, 1, 60),
        "min_minutes": (request.min_minutes, 15, MOST_MINUTES),
        "max_minutes": (request.max_minutes, 15, MOST_MINUTES),
        "ahead_days": (request.ahead_days, 1, 1095),
    }
    for name, (number, least, most) in limits.items():
        if not least <= number <= most:
            raise Invalid({name: [gettext("Please choose a number from %(least)s to %(most)s.", least=least, most=most)]})
    if request.step_minutes not in STEPS:
        raise Invalid({"step_minutes": [_l("Please choose one of these.")]})
    if request.rule not in set(Rule):
        raise Invalid({"rule": [_l("Please choose one of these.")]})
    if request.max_minutes < request.min_minutes:
        raise Invalid({"max_minutes": [_l("The longest booking cannot be shorter than the shortest one.")]})
    if request.max_minutes < request.step_minutes:
        raise Invalid({"max_minutes": [_l("The longest booking cannot be shorter than one step.")]})
    if not set(request.features) <= set(Feature):
        raise Invalid({"features": [_l("Please choose one of these.")]})
    if request.income_kind and request.income_kind not in {row.code for row in money.income_kinds(house_id)}:
        raise Invalid({"income_kind": [_l("Please choose one of these.")]})
    _check_name(house_id, request.name, but=but)


def _check_name(house_id: int, name: str, *, but: int | None) -> None:
    if not name:
        raise Invalid({"name": [_l("The room needs a name.")]})
    others = session().execute(select(Room.id, Room.name).where(Room.house_id == house_id, Room.archived_at.is_(None)))
    if any(other.name.casefold() == name.casefold() and other.id != but for other in others):
        raise Invalid({"name": [_l("There is already a room with this name.")]})


def _free_slug(house_id: int, name: str) -> str:
    """An address nobody has had yet, so that old links and door signs never lead to another room."""
    known = set(session().scalars(select(Room.slug).where(Room.house_id == house_id))) | TAKEN_SLUGS
    wanted = slug(name) or "room"
    return next(each for each in (wanted, *(f"{wanted}-{number}" for number in range(2, len(known) + 3))) if each not in known)


def _fill(room: Room, request: RoomRequest) -> None:
    room.name, room.about, room.capacity, room.area_m2 = request.name, request.about, request.capacity, request.area_m2
    room.features = [feature.value for feature in Feature if feature in request.features]
    room.before_minutes, room.after_minutes = request.before_minutes, request.after_minutes
    room.rule, room.wishes_hold, room.hold_days = request.rule, request.wishes_hold, request.hold_days
    room.only_when_open, room.ahead_days = request.only_when_open, request.ahead_days
    room.income_kind = request.income_kind or room.income_kind
    room.step_minutes, room.min_minutes, room.max_minutes = request.step_minutes, request.min_minutes, request.max_minutes


def _parts(house_id: int, wanted: Sequence[int]) -> list[Resource]:
    found = [part for part in queries.usable_parts(house_id) if part.id in wanted]
    if len(found) != len(set(wanted)):
        raise Invalid({"parts": [_l("Please choose one of these.")]})
    return found


def _new_part(house_id: int, name: str) -> Resource:
    return Resource(house_id=house_id, kind="room_part", name=name)


def _own_parts(room: Room) -> list[Resource]:
    """Those of the room's parts that belong to no other room."""
    shared = set(
        session().scalars(
            select(RoomPart.resource_id).where(
                RoomPart.resource_id.in_([part.id for part in room.parts]), RoomPart.room_id != room.id
            )
        )
    )
    return [part for part in room.parts if part.id not in shared]


def _refuse_while_booked(room: Room, text: object) -> None:
    coming = queries.coming_bookings(room.id)
    if coming:
        told = ngettext("One open booking still lies ahead.", "%(num)d open bookings still lie ahead.", coming)
        raise RoomInUse(f"{text} {told}", bookings=coming)


def _changed(room: Room, by: Actor) -> None:
    touch(room.house_id)
    publish(RoomChanged(house_id=room.house_id, by=by.person_id, room_id=room.id, slug=room.slug))
