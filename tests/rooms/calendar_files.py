"""Calendar files for tests: small ones written here, and the real one of a makerspace."""

from __future__ import annotations

from pathlib import Path

from app.core import db
from app.core.policy import THE_HOUSE, Actor
from app.rooms import queries, service
from app.rooms.queries import RoomCard
from app.rooms.service import Report

MACHBAR = Path(__file__).parent.parent / "core" / "data" / "machbar-potsdam-2019.ics"


def event(
    uid: str = "a@choir", start: str = "20261201T180000", end: str = "20261201T200000", summary: str = "Choir", *more: str
) -> str:
    """One entry; times are those of Berlin's clock unless they end in Z. `more` are further lines."""
    zone = "" if start.endswith("Z") else ";TZID=Europe/Berlin"
    lines = [f"UID:{uid}", f"DTSTART{zone}:{start}", f"DTEND{zone}:{end}", f"SUMMARY:{summary}", *more]
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])


def calendar(*events: str, name: str = "Choir of Marten") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", f"X-WR-CALNAME:{name}", *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def bring(room: RoomCard, content: bytes, by: Actor = THE_HOUSE, **more: object) -> Report:
    return db.run_transaction(lambda: service.import_calendar(room, content, "choir.ics", by, **more))  # type: ignore[arg-type]


def card(house: int, slug: str = "saal") -> RoomCard:
    found = queries.room(house, slug)
    assert found is not None
    db.session().close()
    return found
