"""Opening a new house for the first time."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path

from app.accounts import service as accounts
from app.core import crypto, db, throttle
from app.core.db import session
from app.core.errors import Refusal
from app.core.events import publish
from app.core.folding import slug
from app.core.i18n import lazy as _l
from app.core.policy import THE_HOUSE, Role
from app.home.events import HouseOpened
from app.houses import queries as houses
from app.houses.models import House
from app.money import service as money
from app.offers.models import HoursKind, OpeningHours
from app.people import service as people

CODE_FILE = "set-up-code"
WRONG_PER_IP, SPAN = 10, timedelta(minutes=15)


class WrongSetUpCode(Refusal):
    status = 422
    kind = "wrong-set-up-code"
    message = _l("This is not the set-up code. It stands in the terminal in which the house was started.")


class AlreadyOpen(Refusal):
    status = 404
    kind = "not-found"


@dataclass(frozen=True, kw_only=True)
class SetUpRequest:
    """Everything a house needs to open: itself, and its first manager with password and second factor."""

    name: str
    street: str
    postcode: str
    city: str
    given_name: str
    family_name: str
    email: str
    password: str
    totp_secret: str
    totp_code: str
    language: str


def set_up_code(instance: Path) -> str:
    """What only the operator of this machine can read (mode 600): so that no stranger on the net claims the house."""
    return crypto.lines_of(instance / CODE_FILE, accounts.in_groups(crypto.code(10)))[0]


def check_set_up_code(typed: str, instance: Path, *, ip: str) -> None:
    """Raises `WrongSetUpCode` (a counted try: keep it) or `TooManyTries`."""
    throttle.check("set-up code from", ip, limit=WRONG_PER_IP, within=SPAN)
    right = accounts.normal_code(set_up_code(instance))
    if not hmac.compare_digest(right.encode(), accounts.normal_code(typed).encode()):
        throttle.count("set-up code from", ip)
        raise WrongSetUpCode


def open_house(request: SetUpRequest, *, device: str) -> accounts.Opened:
    """The house, its hours to begin with and its first manager, who is then signed in. The caller has checked the code.

    Raises `AlreadyOpen`, `Invalid` for password and second factor, and what `people.create_person` refuses.
    """
    db.lock("home:set-up")
    if houses.house() is not None:
        raise AlreadyOpen
    house = House(
        slug=slug(request.name) or "house", name=request.name, street=request.street, postcode=request.postcode, city=request.city
    )
    session().add(house)
    session().flush()
    for weekday in range(7):
        session().add(OpeningHours(house_id=house.id, kind=HoursKind.USE, weekday=weekday, opens=time(8), closes=time(22)))
        if weekday < 5:
            session().add(OpeningHours(house_id=house.id, kind=HoursKind.DESK, weekday=weekday, opens=time(10), closes=time(18)))
    money.furnish_books(house.id)
    person = people.create_person(
        people.PersonRequest(
            given_name=request.given_name, family_name=request.family_name, email=request.email, language=request.language
        ),
        by=THE_HOUSE,
    )
    accounts.grant_role(person.id, house.id, Role.MANAGER, by=THE_HOUSE)
    accounts.prepare_account(
        person.id,
        own_words=[person.name, request.email, request.name],
        password=request.password,
        totp_secret=request.totp_secret,
        code=request.totp_code,
    )
    publish(HouseOpened(house_id=house.id, by=person.id))
    return accounts.open_sign_in(person.id, means="password", device=device)


def forget_set_up_code(instance: Path) -> None:
    (instance / CODE_FILE).unlink(missing_ok=True)
