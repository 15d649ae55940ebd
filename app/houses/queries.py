"""Questions about the houses of this operator."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import bindparam, select

from app.core import memory
from app.core.statements import Statement
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
_cards = select(*(_H[field.name] for field in fields(HouseCard))).order_by(_H.position, _H.id)
_HOUSES = Statement(_cards)
_HOUSE = Statement(_cards.where(_H.slug == bindparam("slug")))


def houses() -> tuple[HouseCard, ...]:
    """All houses, the main one first. One statement."""
    found = memory.until_written("houses", lambda: tuple(HouseCard(*row) for row in _HOUSES.rows()))
    memory.know({each.id: each.stamp for each in found})
    return found


def house(slug: str | None = None) -> HouseCard | None:
    """The house of this slug, or the first one."""
    row = _HOUSES.row() if slug is None else _HOUSE.row(slug=slug)
    return HouseCard(*row) if row else None
