"""Facts that have happened, and who is told, in the same transaction.

A feature defines frozen dataclasses in its ``events.py`` (past tense, ids and values only) and publishes them from
its service. What follows stands in ``app.wiring.REACTIONS``; an event that is missing there is an error, because a fact
that nobody decided about is a fact that gets lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all facts. `house_id` and `by` (person id of who did it, None for the house itself) go to the journal."""

    house_id: int | None
    by: int | None

    @property
    def signed(self) -> int | None:
        """Who did it, as it is written down for good."""
        return self.by


Reaction = Callable[[Any], None]
_reactions: Mapping[type[Event], Sequence[Reaction]] = {}


class UnwiredEvent(LookupError):
    """An event was published that `wiring.REACTIONS` does not name."""


def wire(reactions: Mapping[type[Event], Sequence[Reaction]]) -> None:
    global _reactions
    _reactions = reactions


def publish(event: Event) -> None:
    """Tell everyone who is wired to `event`, in order; an exception undoes the whole act."""
    try:
        reactions = _reactions[type(event)]
    except KeyError:
        raise UnwiredEvent(f"{type(event).__name__} is not in wiring.REACTIONS") from None
    for react in reactions:
        react(event)
