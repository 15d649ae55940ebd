"""The journal writes down every event, as it is wired."""

from __future__ import annotations

from app.core import log
from app.core.events import Event
from app.journal import service


def record(event: Event) -> None:
    service.record(event, log.request_id())
