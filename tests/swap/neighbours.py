"""The house in which neighbours swap and help, and makers for it; each act in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import func, select

from app.core import db
from app.core.check import Progress
from app.core.policy import Actor, Role
from app.swap import queries, service
from app.swap.models import AccountKind, Hours, Listing, ShelfThing, TimeAccount, TimeEntry
from tests.browser_client import Reader
from tests.conftest import THURSDAY

T = TypeVar("T")
TODAY = THURSDAY.date()
H = 60


@dataclass(frozen=True)
class Neighbours:
    """Ids. Kemal, Ruth and Amal are residents; nobody has joined the time bank yet."""

    app: Flask
    house: int
    desk: int
    manager: int
    kemal: int
    ruth: int
    amal: int

    def actor(self, person: int) -> Actor:
        role = {self.desk: Role.DESK, self.manager: Role.MANAGER}.get(person, Role.RESIDENT)
        return Actor(person_id=person, roles=frozenset({(self.house, role)}))

    def act(self, doing: Callable[[], T]) -> T:
        """In an application context and a transaction of its own, as a page does it."""
        with self.app.app_context():
            return db.run_transaction(doing)

    def look(self, asking: Callable[[], T]) -> T:
        with self.app.app_context():
            return asking()

    # The shelf

    def thing(self, title: str = "Der Trafikant", kind: str = "book") -> int:
        request = service.ThingRequest(self.house, kind, title)
        return self.act(lambda: service.shelve_thing(request, self.actor(self.desk)).id)

    def claim(self, thing: int, person: int) -> int:
        return self.act(lambda: service.claim_thing(found(queries.thing(thing)), self.actor(person)).id)

    def take(self, thing: int) -> int:
        return self.act(lambda: service.take_thing(found(queries.thing(thing)), self.actor(self.desk)).id)

    def state(self, thing: int) -> str:
        return self.look(lambda: db.session().get_one(ShelfThing, thing).state)

    # The time bank

    def join(self, *people: int) -> None:
        for person in people:
            self.act(lambda person=person: service.join(self.house, person, self.actor(person)))  # type: ignore[misc]

    def balance(self, person: int | None, kind: AccountKind = AccountKind.PERSON) -> int:
        def ask() -> int:
            account = queries.account_of(self.house, person) if person else queries.house_account(self.house, kind)
            return found(account).balance_minutes

        return self.look(ask)

    def bring_to(self, person: int, minutes: int) -> None:
        """Move somebody's balance there, by help nobody needs to confirm, with whoever has room for it."""
        missing = minutes - self.balance(person)
        if missing > 0:
            request = service.GroupRequest(self.house, [person], TODAY, missing, "Gartentag")
            self.act(lambda: service.thank_group(request, self.actor(self.desk)))
        elif missing < 0:
            self.hours(self.amal, person, -missing, signed=True)

    def hours(
        self, giver: int, taker: int, minutes: int = 2 * H, said_by: int | None = None, *, signed: bool = False, **more: Any
    ) -> int:
        request = service.HoursRequest(
            self.house, giver, taker, said_by or giver, "garden", more.pop("on_day", TODAY), minutes, signed=signed, **more
        )
        by = self.actor(self.desk if signed else said_by or giver)
        return self.act(lambda: service.book_hours(request, by).id)

    def on_hours(self, verb: Callable[..., Any], hours: int, *values: Any, by: int) -> Any:
        return self.act(lambda: verb(found(queries.hours(hours)), *values, self.actor(by)))

    def one_hours(self, hours: int) -> Hours:
        return self.look(lambda: db.session().get_one(Hours, hours))

    def listing(self, person: int, title: str = "Hecke schneiden", **more: Any) -> int:
        values = {
            "kind": "offer", "about": "Ich habe eine gute Schere.", "category": "garden", "languages": ("de",), "not_a_living": True, **more,
        }  # fmt: skip
        request = service.ListingRequest(house_id=self.house, person_id=person, title=title, **values)
        return self.act(lambda: service.add_listing(request, self.actor(person)).id)

    def one_listing(self, listing: int) -> Listing:
        return self.look(lambda: db.session().get_one(Listing, listing))

    def match(self, listing: int, person: int, *, agreed: bool = True) -> int:
        number = self.act(
            lambda: service.answer_listing(found(queries.listing(listing)), "Das kann ich gut brauchen.", self.actor(person)).id
        )
        if agreed:
            owner = self.one_listing(listing).person_id
            self.act(lambda: service.agree_match(found(queries.match(number)), self.actor(owner)))
        return number

    def count(self, table: Any) -> int:
        return self.look(lambda: db.session().scalar(select(func.count()).select_from(table)) or 0)

    def signed_in(self, person: int) -> Reader:
        reader = Reader(self.app)
        reader.headers["Accept-Language"] = "en"
        return reader.sign_in_as(person)


def found(thing: T | None) -> T:
    assert thing is not None
    return thing


def sums_are_zero(house: Neighbours) -> bool:
    """All that must hold of the accounts, whatever has happened."""

    def look() -> bool:
        assert [each for each in queries.faults() if not isinstance(each, Progress)] == []
        session = db.session()
        assert (session.scalar(select(func.sum(TimeAccount.balance_minutes))) or 0) == 0
        people = session.scalars(select(TimeAccount).where(TimeAccount.kind == AccountKind.PERSON)).all()
        assert all(each.floor_minutes <= each.balance_minutes <= each.ceiling_minutes for each in people)
        assert all(
            each.balance_minutes >= 0 for each in session.scalars(select(TimeAccount).where(TimeAccount.kind == AccountKind.POT))
        )
        return True

    return house.look(look)


def entries(house: Neighbours, hours: int) -> list[tuple[int, int, int]]:
    """From, to and minutes of what these hours became."""

    def look() -> list[tuple[int, int, int]]:
        rows = db.session().scalars(select(TimeEntry).where(TimeEntry.hours_id == hours).order_by(TimeEntry.id))
        return [(each.from_account_id, each.to_account_id, each.minutes) for each in rows]

    return house.look(look)


def lines(house: Neighbours, hours: int) -> dict[int, int]:
    """What the same act means for each account: signed minutes, which sum to zero."""
    sums: dict[int, int] = {}
    for source, target, minutes in entries(house, hours):
        sums[source] = sums.get(source, 0) - minutes
        sums[target] = sums.get(target, 0) + minutes
    return sums


def day(month: int, number: int) -> date:
    return date(2026, month, number)
