"""The house that lends things in tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any

import pytest
from flask import Flask

from app.core import i18n
from app.core.policy import Role
from app.money import service as money
from tests.library.leihladen import Leihladen
from tests.makers import a_class, a_house, a_person, an_organisation, in_turn, open_daily


@pytest.fixture
def laden(app: Flask) -> Leihladen:
    house = a_house()
    with in_turn():
        money.furnish_books(house)
    open_daily(house, time(16), time(19), "desk", range(5))

    def somebody(given: str, family: str, role: Role = Role.RESIDENT, **more: Any) -> int:
        return a_person(
            given, family, (role, house), email=f"{family.lower()}@example.org", contact_by="mail", language="en", **more
        )

    return Leihladen(
        house,
        desk=somebody("Sevgi", "Aydin", Role.DESK),
        ayse=somebody("Ayşe", "Yilmaz"),
        jan=somebody("Jan", "Weber"),
        ruth=somebody("Ruth", "Sommer"),
        choir=an_organisation(),
        tools=a_class(house, late_cents=100, late_cap_cents=1000),
    )


@pytest.fixture(autouse=True)
def english(app: Flask) -> Iterator[None]:
    with i18n.speaking("en"):
        yield
