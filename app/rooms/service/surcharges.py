"""What is charged beside the use of a room: add, change, take away. Prices stand in the tariff of the surcharge's code."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from app.core.db import session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.folding import slug
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.houses.service import touch
from app.money import queries as money
from app.offers import queries as offers
from app.rooms import queries
from app.rooms.events import RoomChanged
from app.rooms.models import Room, Surcharge, SurchargeHow


@dataclass(frozen=True)
class SurchargeRequest:
    """`how` is one of `SurchargeHow`; `code` that of a surcharge whose prices it shares, empty for prices of its own."""

    name: str
    how: str
    income_kind: str
    code: str = ""


def add_surcharge(room: Room, request: SurchargeRequest, by: Actor) -> Surcharge:
    """From now on it belongs to what this room costs; what is booked already keeps its price. Raises `Invalid`."""
    _check(room, request)
    known = queries.surcharge_names(room.house_id)
    if request.code and request.code not in known:
        raise Invalid({"code": [_l("Please choose one of these.")]})
    code = request.code or _free_code(room.house_id, request.name, set(known))
    own = set(session().scalars(select(Surcharge.code).where(Surcharge.room_id == room.id)))
    if code in own:
        raise Invalid({"code": [_l("This room has it already.")]})
    position = session().scalar(select(func.max(Surcharge.position)).where(Surcharge.room_id == room.id))
    made = Surcharge(
        room_id=room.id, code=code, name=request.name, how=request.how, income_kind=request.income_kind,
        position=0 if position is None else position + 1,
    )  # fmt: skip
    session().add(made)
    _changed(room, by)
    return made


def change_surcharge(room: Room, surcharge: Surcharge, request: SurchargeRequest, by: Actor) -> None:
    """Its name, when it is charged, what it is booked as. Raises `Invalid`."""
    _check(room, request)
    surcharge.name, surcharge.how, surcharge.income_kind = request.name, request.how, request.income_kind
    _changed(room, by)


def remove_surcharge(room: Room, surcharge: Surcharge, by: Actor) -> None:
    """It is charged no longer; its prices stay written down, also for other rooms."""
    session().delete(surcharge)
    _changed(room, by)


def _check(room: Room, request: SurchargeRequest) -> None:
    if not request.name or len(request.name) > 80:
        raise Invalid({"name": [_l("It needs a name.")]})
    if request.how not in set(SurchargeHow):
        raise Invalid({"how": [_l("Please choose one of these.")]})
    kinds = {row.code for row in money.income_kinds(room.house_id)}
    if kinds and request.income_kind not in kinds:
        raise Invalid({"income_kind": [_l("Please choose one of these.")]})


def _free_code(house_id: int, name: str, known: set[str]) -> str:
    """A code nothing has had a price under yet."""
    taken = known | {row.code for row in offers.tariffs(house_id)}
    wanted = slug(name)[:50] or "extra"
    return next(each for each in (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3))) if each not in taken)


def _changed(room: Room, by: Actor) -> None:
    session().flush()
    touch(room.house_id)
    publish(RoomChanged(house_id=room.house_id, by=by.person_id, room_id=room.id, slug=room.slug))
