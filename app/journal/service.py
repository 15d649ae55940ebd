"""Writing the journal: what may stand there is decided by kind, so that no new event can tell it a secret."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from typing import Any

from app.core import clock
from app.core.events import Event
from app.core.statements import insertion
from app.journal.models import JournalEntry

PLAIN_WORDS = frozenset({"state", "role", "means", "way", "origin", "kind", "unit", "tariff_class"})
"""Fields whose text is one of a few words of the program. All other text is about people, or could be."""
_OWN_COLUMNS = frozenset({"house_id", "by"})


_ENTRY = insertion(JournalEntry)


def record(event: Event, request_id: str = "") -> int:
    """One line about `event`: ids, numbers, moments and words of the program. Names, reasons, purposes and codes stay out.

    Gives back the line's id.
    """
    subject, subject_id = subject_of(event)
    row = _ENTRY.row(
        act=act_of(type(event)),
        subject=subject,
        subject_id=subject_id,
        house_id=event.house_id,
        by_id=event.signed,
        facts=facts_of(event),
        request_id=request_id[:64],
        at=clock.now(),
    )
    assert row is not None
    return int(row[0])


def act_of(kind: type[Event]) -> str:
    """``BookingConfirmed`` is written ``booking_confirmed``."""
    return _words(kind.__name__)


@cache
def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def subject_of(event: Event) -> tuple[str, int | None]:
    """What it happened to: the id the event is named after, else the first one it has."""
    told = [each.name for each in fields(event) if each.name not in _OWN_COLUMNS and not each.metadata.get("secret")]
    ids = [name for name in told if name.endswith("_id")]
    act = act_of(type(event))
    own = [name for name in ids if act.startswith(name.removesuffix("_id"))] or ids
    if not own:
        return act.split("_")[0], None
    return own[0].removesuffix("_id")[:40], getattr(event, own[0])


def facts_of(event: Event) -> dict[str, Any]:
    """The event's values that say nothing personal, as JSON holds them."""
    facts = {}
    for each in fields(event):
        if each.name in _OWN_COLUMNS or each.metadata.get("secret"):
            continue
        value = _plain(getattr(event, each.name), each.name in PLAIN_WORDS)
        if value is not None:
            facts[each.name] = value
    return facts


def _plain(value: Any, word: bool) -> Any:
    if isinstance(value, Enum):
        value, word = value.value, True
    if isinstance(value, str):
        return value if word else None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return None
