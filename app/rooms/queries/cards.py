"""Rooms in use as pages need them, read once while nobody changes them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from app.core.db import rows as db_rows
from app.core.memory import remembered
from app.core.spans import Span
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


_ROOM = Room.__table__.c
_CARD = [_ROOM[field.name] for field in fields(RoomCard) if field.name != "parts"]


def _cards(*conditions: ColumnElement[bool]) -> list[RoomCard]:
    part = RoomPart.__table__
    statement = (
        select(*_CARD, part.c.resource_id)
        .select_from(Room.__table__.join(part, part.c.room_id == _ROOM.id))
        .where(_ROOM.archived_at.is_(None), *conditions)
        .order_by(_ROOM.position, _ROOM.id, part.c.resource_id)
    )
    found: dict[int, dict[str, Any]] = {}
    for row in db_rows(statement).mappings():
        values = dict(row)
        resource = values.pop("resource_id")
        card = found.setdefault(row["id"], {**values, "features": tuple(row["features"]), "parts": ()})
        card["parts"] += (resource,)
    return [RoomCard(**card) for card in found.values()]


def rooms(house_id: int) -> list[RoomCard]:
    """Rooms in use, in the order of the house."""
    return list(remembered(house_id, "rooms", lambda: tuple(_cards(_ROOM.house_id == house_id))))


def room(house_id: int, slug: str) -> RoomCard | None:
    """A room in use by its name in the address."""
    return next((card for card in rooms(house_id) if card.slug == slug), None)


def room_by_id(room_id: int) -> RoomCard | None:
    return next(iter(_cards(_ROOM.id == room_id)), None)
