"""Rooms in use as pages need them, read once while nobody changes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select

from app.core.memory import remembered
from app.core.spans import Span
from app.core.statements import Row, Statement
from app.rooms.models import Room, RoomPart


@dataclass(frozen=True, slots=True)
class RoomCard:
    """A room as pages need it; `parts` are the resources it is made of. Minutes are whole."""

    id: int
    house_id: int
    slug: str
    name: str
    about: str
    capacity: int
    area_m2: int | None
    features: tuple[str, ...]
    before_minutes: int
    after_minutes: int
    rule: str
    wishes_hold: bool
    hold_days: int
    only_when_open: bool
    step_minutes: int
    min_minutes: int
    max_minutes: int
    ahead_days: int
    tariff_code: str
    income_kind: str
    parts: tuple[int, ...]

    @property
    def before(self) -> timedelta:
        return timedelta(minutes=self.before_minutes)

    @property
    def after(self) -> timedelta:
        return timedelta(minutes=self.after_minutes)

    def held(self, span: Span) -> Span:
        """`span` with set-up and clean-up time, as it is promised."""
        return span.widened(self.before, self.after)


_ROOM, _PART = Room.__table__.c, RoomPart.__table__.c
_NAMES = [field.name for field in fields(RoomCard) if field.name != "parts"]


def _cards_where(*conditions: ColumnElement[bool]) -> Statement:
    return Statement(
        select(*(_ROOM[name] for name in _NAMES), _PART.resource_id)
        .select_from(Room.__table__.join(RoomPart.__table__, _PART.room_id == _ROOM.id))
        .where(_ROOM.archived_at.is_(None), *conditions)
        .order_by(_ROOM.position, _ROOM.id, _PART.resource_id)
    )


_OF_HOUSE = _cards_where(_ROOM.house_id == bindparam("house_id"))
_BY_ID = _cards_where(_ROOM.id == bindparam("room_id"))


def _cards(rows: Iterable[Row]) -> list[RoomCard]:
    found: dict[int, dict[str, Any]] = {}
    for *values, resource_id in rows:
        card = found.setdefault(values[0], {**dict(zip(_NAMES, values, strict=True)), "parts": ()})
        card["parts"] += (resource_id,)
    return [RoomCard(**{**card, "features": tuple(card["features"])}) for card in found.values()]


def rooms(house_id: int) -> list[RoomCard]:
    """Rooms in use, in the order of the house."""
    return list(remembered(house_id, "rooms", lambda: tuple(_cards(_OF_HOUSE.rows(house_id=house_id)))))


def room(house_id: int, slug: str) -> RoomCard | None:
    """A room in use by its name in the address."""
    return next((card for card in rooms(house_id) if card.slug == slug), None)


def room_by_id(room_id: int) -> RoomCard | None:
    return next(iter(_cards(_BY_ID.rows(room_id=room_id))), None)
