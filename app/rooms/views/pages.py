"""The one set of pages all of this folder declares, and what their addresses load."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import request

from app.core import clock
from app.core.web import LARGEST_ID, Pages
from app.houses.queries import HouseCard
from app.houses.views import here
from app.rooms import queries
from app.rooms.queries import RoomCard

pages = Pages("rooms", "app.rooms")


def room(slug: str) -> RoomCard | None:
    """The room of this house by its name in the address."""
    house = here()
    return queries.room(house.id, slug) if house else None


def house() -> HouseCard | None:
    return here()


def wanted_day(zone: ZoneInfo) -> date:
    """``?day=2026-11-26``; today when it is missing or nonsense, so that an old link still opens."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return clock.today(zone)
    return day if 2000 <= day.year <= 2199 else clock.today(zone)


def wanted_start(zone: ZoneInfo) -> datetime | None:
    """``?start=2026-11-26T14:00`` on the wall clock, None when missing, nonsense or skipped by the clock change."""
    try:
        moment = datetime.fromisoformat(request.args.get("start", ""))
    except ValueError:
        return None
    if not 2000 <= moment.year <= 2199:
        return None
    if moment.tzinfo is not None:
        return moment
    try:
        return clock.at(moment.date(), moment.time(), zone)
    except clock.NoSuchTime:
        return None


def id_in(text: str) -> int | None:
    """The number of a row as it stands in an address or a hidden field; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID else None
