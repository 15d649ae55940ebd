"""Questions about the houses of this operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.core import memory
from app.core.db import rows
from app.houses.models import House


@dataclass(frozen=True)
class HouseCard:
    """A house as pages and papers show it."""

    id: int
    slug: str
    name: str
    street: str
    postcode: str
    city: str
    phone: str
    email: str
    subdivision: str
    stamp: int

    @property
    def house_id(self) -> int:
        """Lets rules ask in which house something is."""
        return self.id

    @property
    def address(self) -> str:
        return ", ".join(part for part in (self.street, f"{self.postcode} {self.city}".strip()) if part)


_H = House.__table__.c
_cards = select(
    _H.id,
    _H.slug,
    _H.name,
    _H.street,
    _H.postcode,
    _H.city,
    _H.phone,
    _H.email,
    _H.subdivision,
    _H.stamp,
).order_by(_H.position, _H.id)


def houses() -> tuple[HouseCard, ...]:
    """All houses, the main one first. One statement."""
    found = tuple(HouseCard(**row) for row in rows(_cards).mappings())
    memory.know({each.id: each.stamp for each in found})
    return found


def house(slug: str | None = None) -> HouseCard | None:
    """The house of this slug, or the first one."""
    query = _cards.limit(1) if slug is None else _cards.where(House.slug == slug)
    row = rows(query).mappings().first()
    return HouseCard(**row) if row else None
