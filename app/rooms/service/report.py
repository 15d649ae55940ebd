"""What an import of a calendar file did, or would do: a line for each date, and the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from app.core import ical
from app.core.errors import Refusal
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.ical import OpenSeries, Problem
from app.core.spans import Span

CANCELLED = "cancelled-in-file"
FREE = "marked-free"
REMOVED = "removed-from-file"
TAKEN = "taken"
TAKEN_BY_WISH = "taken-by-wish"
TAKEN_IN_FILE = "taken-in-file"
KEPT_CANCELLED = "cancelled-here"
KEPT_MOVED = "moved-here"

_REASONS: Mapping[str, Any] = {
    CANCELLED: _l("The file says that this date is cancelled."),
    FREE: _l("The file says that the room stays free then."),
    REMOVED: _l("This date is no longer in the file."),
    TAKEN: _l("The room is already booked then."),
    TAKEN_BY_WISH: _l("Somebody has asked for the room then; the desk has not decided yet."),
    TAKEN_IN_FILE: _l("Another date of this file has the room then."),
    KEPT_CANCELLED: _l("This date was cancelled here in the house, and stays so."),
    KEPT_MOVED: _l("This date was moved here in the house, and stays where it is."),
}


class CalendarUnreadable(Refusal):
    """The file as a whole is refused; `facts['code']` says why."""

    status = 422
    kind = "calendar-unreadable"


class CalendarTooLarge(CalendarUnreadable):
    status = 413


class UploadOver(Refusal):
    """The file that was looked at is not kept any more."""

    status = 409
    kind = "upload-over"
    message = _l("This preview is too old. Please choose the file again; nothing has been changed.")


def reason_words(code: str) -> str:
    """The sentence behind a code of a refused or kept date, in the reader's language."""
    if code in _REASONS:
        return str(_REASONS[code])
    if code in set(ical.RefusedCode):
        return gettext(ical.MESSAGES[ical.RefusedCode(code)], days=ical.Limits().longest.days)
    return code


def problem_words(problem: Problem) -> str:
    """What is odd about an entry of the file, in the reader's language."""
    return gettext(ical.MESSAGES[problem.code], **{"limit": "", **problem.facts})


class What(StrEnum):
    CREATED = "created"
    MOVED = "moved"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one date. `reason` is a code (`reason_words`); `old` the time it had before it was moved."""

    what: What
    summary: str
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    old: Span | None = None
    outside_hours: bool = False

    @property
    def words(self) -> str:
        return reason_words(self.reason) if self.reason else ""


@dataclass(frozen=True)
class Report:
    """What an import did, or in a preview would do. Every date of the file is in exactly one list, or among `unchanged`.

    `cancelled` also has dates that are no longer in the file; `changed` are those with another title at the same time; `kept`
    those that somebody in the house has changed. `horizon`: rules were carried up to here.
    """

    name: str
    horizon: datetime
    follows: bool
    """Whether it is a newer version of a calendar that this room has already."""
    titles_public: bool
    lines: tuple[Line, ...]
    unchanged: int
    open_series: tuple[OpenSeries, ...]
    problems: tuple[Problem, ...]

    def _of(self, what: What) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.what == what)

    @cached_property
    def created(self) -> tuple[Line, ...]:
        return self._of(What.CREATED)

    @cached_property
    def moved(self) -> tuple[Line, ...]:
        return self._of(What.MOVED)

    @cached_property
    def changed(self) -> tuple[Line, ...]:
        return self._of(What.CHANGED)

    @cached_property
    def cancelled(self) -> tuple[Line, ...]:
        return self._of(What.CANCELLED)

    @cached_property
    def kept(self) -> tuple[Line, ...]:
        return self._of(What.KEPT)

    @cached_property
    def refused(self) -> tuple[Line, ...]:
        return self._of(What.REFUSED)

    @property
    def endless(self) -> tuple[OpenSeries, ...]:
        """Rules without an end, carried only to the horizon."""
        return tuple(series for series in self.open_series if series.endless)

    @cached_property
    def outside_hours(self) -> int:
        """How many coming dates, new at their time, lie outside the opening hours."""
        return sum(line.outside_hours for line in self.lines)

    @property
    def counts(self) -> dict[str, int]:
        return {**{str(what): len(self._of(what)) for what in What}, "unchanged": self.unchanged}

    @property
    def changes_bookings(self) -> bool:
        return bool(self.created or self.moved or self.changed or self.cancelled)
