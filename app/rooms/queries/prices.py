"""What a use is charged beside the room, and how a price is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from app.core import i18n
from app.core.i18n import gettext
from app.core.memory import remembered
from app.core.statements import Statement
from app.rooms.models import Room, Surcharge


@dataclass(frozen=True, slots=True)
class SurchargeCard:
    """What may be charged beside the use of a room, as in `models.Surcharge`."""

    id: int
    room_id: int
    code: str
    name: str
    how: str
    income_kind: str


_ROOM, _ROW = Room.__table__.c, Surcharge.__table__.c
_OF_HOUSE = Statement(
    select(_ROW.id, _ROW.room_id, _ROW.code, _ROW.name, _ROW.how, _ROW.income_kind)
    .select_from(Surcharge.__table__.join(Room.__table__, _ROOM.id == _ROW.room_id))
    .where(_ROOM.house_id == bindparam("house_id"))
    .order_by(_ROW.room_id, _ROW.position, _ROW.id)
)


def surcharges(house_id: int) -> dict[int, tuple[SurchargeCard, ...]]:
    """Of every room of the house, in their order, by room id."""
    return remembered(house_id, "surcharges", lambda: _surcharges(house_id))


def _surcharges(house_id: int) -> dict[int, tuple[SurchargeCard, ...]]:
    found: dict[int, tuple[SurchargeCard, ...]] = {}
    for card in (SurchargeCard(*row) for row in _OF_HOUSE.rows(house_id=house_id)):
        found[card.room_id] = (*found.get(card.room_id, ()), card)
    return found


USE = "use"
"""Code of the line of a price for the use itself; the others have the code of their surcharge."""


def price_lines(rule: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """What a price is made of, in the reader's words: text, cents, and cents without a reduction. `rule` as frozen in a booking."""
    return [(_line_words(line, rule), line["cents"], line["normal_cents"]) for line in rule.get("lines", ())]


def _line_words(line: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    if line["code"] != USE or rule.get("unit") != "hour":
        return str(line["text"])
    length = i18n.duration(max(rule["minutes"], rule["min_minutes"]))
    if rule["minutes"] < rule["min_minutes"]:
        length = gettext("at least %(length)s", length=length)
    return i18n.together(line["text"], length)
