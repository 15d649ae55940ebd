"""Refusals: the house says no, says why, and has changed nothing.

A refusal is a fact (``RoomTaken``), not a fault of the program. Its `message` is shown in the reader's
language, its `facts` go to the API's problem document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Refusal(Exception):
    """Base of every refusal; subclasses set `status`, `kind` and a translatable `message`."""

    status: ClassVar[int] = 409
    kind: ClassVar[str] = "refused"
    message: Any = ""

    def __init__(self, message: Any = None, **facts: Any) -> None:
        super().__init__()
        if message is not None:
            self.message = message
        self.facts: Mapping[str, Any] = facts

    def __str__(self) -> str:
        return str(self.message)


class Invalid(Refusal):
    """What was sent cannot be understood; `fields` maps a field's name to the reasons."""

    status = 422
    kind = "invalid"

    def __init__(self, fields: Mapping[str, list[Any]] | None = None, message: Any = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.fields: Mapping[str, list[Any]] = fields or {}
        if message is None and self.fields:
            self.message = next(iter(self.fields.values()))[0]


class Missing(Refusal):
    """Nothing is there, or not for this reader; the two answers are the same on purpose."""

    status = 404
    kind = "not-found"


class Forbidden(Refusal):
    status = 403
    kind = "forbidden"


class SignInNeeded(Refusal):
    status = 401
    kind = "sign-in-needed"


class TooMany(Refusal):
    """Throttled; `facts['retry_after']` is in seconds."""

    status = 429
    kind = "too-many"
