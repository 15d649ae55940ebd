"""Short ways to act in tests of people."""

from __future__ import annotations

from typing import Any

from app.core import db
from app.core.policy import Actor, Role
from app.people import service
from app.people.models import ContactBy, TariffClass
from app.people.service import PersonRequest

DESK = Actor(person_id=None, name="Desk", roles=frozenset({(1, Role.DESK)}))


def known(name: str = "Gerda Müller", **more: Any) -> int:
    """Somebody written down by the desk; the last word is the family name."""
    given, family = service.name_from(name)
    with db.transaction():
        return service.create_person(PersonRequest(given_name=given, family_name=family, **more), by=DESK).id


def changed(**more: Any) -> PersonRequest:
    columns: dict[str, Any] = {
        "given_name": "Gerda", "family_name": "Müller", "contact_by": ContactBy.NONE, "tariff_class": TariffClass.PRIVATE
    }  # fmt: skip
    return PersonRequest(**{**columns, **more})
