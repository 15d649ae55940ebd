"""Questions about the houses of this operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.core.db import session
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


_cards = select(
    House.id, House.slug, House.name, House.street, House.postcode, House.city, House.phone, House.email, House.subdivision,
    House.stamp,
).order_by(House.position, House.id)


def houses() -> tuple[HouseCard, ...]:
    """All houses, the main one first. One statement."""
    return tuple(HouseCard(*row) for row in session().execute(_cards))


def house(slug: str | None = None) -> HouseCard | None:
    """The house of this slug, or the first one."""
    query = _cards.limit(1) if slug is None else _cards.where(House.slug == slug)
    row = session().execute(query).first()
    return HouseCard(*row) if row else None
