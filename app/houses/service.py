"""The verbs of a house."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from app.core.db import session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.houses.events import HouseChanged
from app.houses.models import House, Subdivision


@dataclass(frozen=True)
class HouseRequest:
    """How the house is called and reached; `subdivision` is one of `Subdivision`."""

    name: str
    street: str
    postcode: str
    city: str
    phone: str
    email: str
    subdivision: str


def touch(house_id: int) -> None:
    """Rooms, hours, exceptions, prices or the house itself have changed: pages that readers hold are no longer true."""
    session().execute(update(House).where(House.id == house_id).values(stamp=House.stamp + 1))


def touch_all() -> None:
    """Something has changed that all houses go by."""
    session().execute(update(House).values(stamp=House.stamp + 1))


def change_house(house_id: int, request: HouseRequest, by: Actor) -> bool:
    """Write down how the house is called and reached. Gives whether it now keeps other holidays.

    Raises `Invalid` for a missing name or an unknown state.
    """
    if not request.name:
        raise Invalid({"name": [_l("The house needs a name.")]})
    if request.subdivision not in set(Subdivision):
        raise Invalid({"subdivision": [_l("Please choose one of these.")]})
    house = session().get_one(House, house_id)
    holidays_changed = house.subdivision != request.subdivision
    house.name, house.street, house.postcode, house.city = request.name, request.street, request.postcode, request.city
    house.phone, house.email, house.subdivision = request.phone, request.email, request.subdivision
    house.stamp += 1
    session().flush()
    publish(HouseChanged(house_id=house_id, by=by.person_id, holidays_changed=holidays_changed))
    return holidays_changed
