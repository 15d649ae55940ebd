"""A house with its books, and people who pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask

from app.core import clock, i18n
from app.core.check import Progress
from app.core.policy import Actor, Role
from app.money import queries, service
from app.money.models import Charge
from tests.makers import a_house, a_person, an_organisation, in_turn


@dataclass(frozen=True)
class Books:
    """Ids of the house and its people."""

    house: int
    desk: int
    treasurer: int
    manager: int
    ayse: int
    """A resident."""
    karl: int
    """Another one."""
    choir: int
    """An organisation."""

    @property
    def at_desk(self) -> Actor:
        return Actor(person_id=self.desk, name="Sevgi Aydın", roles=frozenset({(self.house, Role.DESK)}))

    @property
    def at_books(self) -> Actor:
        return Actor(person_id=self.treasurer, name="Jutta Kasse", roles=frozenset({(self.house, Role.TREASURER)}))

    def request(self, *cents: int, kind: str = "room", day: date | None = None, **more: object) -> service.ChargeRequest:
        """A charge of Ayşe's with a line for each amount."""
        values: dict[str, object] = {"person_id": self.ayse, "title": "Saal am Donnerstag", **more}
        return service.ChargeRequest(
            house_id=self.house,
            lines=[service.ChargeLineRequest(kind, f"Zeile {number}", each) for number, each in enumerate(cents, 1)],
            supplied_from=day or clock.today(i18n.zone()),
            **values,  # type: ignore[arg-type]
        )

    def charge(self, *cents: int, **more: object) -> Charge:
        """The same, made in an act of its own."""
        with in_turn():
            return service.charge(self.request(*cents, **more), self.at_desk)  # type: ignore[arg-type]


@pytest.fixture
def books(app: Flask) -> Books:
    house = a_house()
    with in_turn():
        service.furnish_books(house)
    return Books(
        house,
        desk=a_person("Sevgi", "Aydın", (Role.DESK, house)),
        treasurer=a_person("Jutta", "Kasse", (Role.TREASURER, house)),
        manager=a_person("Mira", "Brandt", (Role.MANAGER, house)),
        ayse=a_person("Ayşe", "Yılmaz", (Role.RESIDENT, house)),
        karl=a_person("Karl", "Peters", (Role.RESIDENT, house)),
        choir=an_organisation(),
    )


def books_are_right() -> bool:
    """Whether everything adds up: chain, balances, open items, deposits, refunds."""
    found = [fault for fault in queries.faults() if not isinstance(fault, Progress)]
    assert found == []
    return True
