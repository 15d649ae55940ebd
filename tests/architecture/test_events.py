"""Every fact is decided about, and every fact stands in the journal."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from app import wiring
from app.core.events import Event, UnwiredEvent, publish, wire
from app.journal.reactions import record
from config import ROOT


def all_events() -> set[type[Event]]:
    """Every class in the ``events.py`` of a feature that is not itself a base of others there."""
    found: set[type[Event]] = set()
    for file in sorted((ROOT / "app").glob("*/events.py")):
        if file.parent.name != "core":
            module = importlib.import_module(f"app.{Path(file).parent.name}.events")
            classes = {each for each in vars(module).values() if isinstance(each, type)}
            found |= {each for each in classes if issubclass(each, Event) and each is not Event}
    return {kind for kind in found if not any(other is not kind and issubclass(other, kind) for other in found)}


def test_every_event_stands_in_the_wiring() -> None:
    missing = all_events() - set(wiring.REACTIONS)
    assert not missing, f"nobody has decided what follows from {sorted(kind.__name__ for kind in missing)}"


def test_every_fact_is_written_into_the_journal_first() -> None:
    """A question (``…Asked``), which others may still refuse, is no fact yet."""
    facts = {kind: reactions for kind, reactions in wiring.REACTIONS.items() if not kind.__name__.endswith("Asked")}
    assert [kind.__name__ for kind, reactions in facts.items() if not reactions or reactions[0] is not record] == []


def test_an_event_is_a_frozen_fact() -> None:
    thawed = [kind.__name__ for kind in all_events() if not kind.__dataclass_params__.frozen]  # type: ignore[attr-defined]
    assert all_events() and thawed == []


def test_an_event_that_nobody_decided_about_is_refused() -> None:
    wire({})
    try:
        with pytest.raises(UnwiredEvent):
            publish(Event(house_id=None, by=None))
    finally:
        wire(wiring.REACTIONS)
