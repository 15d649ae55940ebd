"""What can be wrong with a calendar: three lists of codes, and the English msgid of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


def N_(msgid: str) -> str:
    """Marks a msgid for the extractor; it is translated where it is shown."""
    return msgid


class UnreadableCode(StrEnum):
    """Why a whole file is refused; nothing of it was read."""

    TOO_LARGE = "too-large"
    EMPTY = "empty"
    NOT_A_CALENDAR = "not-a-calendar"
    BROKEN_ENCODING = "broken-encoding"
    CUT_SHORT = "cut-short"
    BROKEN_STRUCTURE = "broken-structure"
    SEVERAL_CALENDARS = "several-calendars"
    OTHER_CALENDAR_SYSTEM = "other-calendar-system"
    TOO_MANY_ENTRIES = "too-many-entries"
    TOO_MANY_DATES = "too-many-dates"
    TOO_COSTLY = "too-costly"


class ProblemCode(StrEnum):
    """What is odd about one entry, or about the file where the problem has no UID."""

    # The file as a whole.
    ENCODING_GUESSED = "encoding-guessed"
    UNKNOWN_CALENDAR_ZONE = "unknown-calendar-zone"
    MORE_PROBLEMS = "more-problems"
    # The series could not be read: it has no dates in the reading, which does not mean that it has none at all.
    NO_START = "no-start"
    BAD_TIME = "bad-time"
    BAD_RULE = "bad-rule"
    RULE_TOO_FINE = "rule-too-fine"
    RULE_TOO_RARE = "rule-too-rare"
    TOO_EARLY = "too-early"
    TOO_LATE = "too-late"
    FAR_TOO_LONG = "far-too-long"
    TOO_MANY_SERIES_DATES = "too-many-series-dates"
    TOO_MANY_LISTED = "too-many-listed"
    TOO_MANY_ATTENDEES = "too-many-attendees"
    NOT_UNDERSTOOD = "not-understood"
    # Read, but somebody should look.
    NO_UID = "no-uid"
    UNKNOWN_ZONE = "unknown-zone"
    OLDER_VERSION = "older-version"
    FOLLOWING_CHANGED = "following-changed"
    EXCEPTION_RULE = "exception-rule"
    SAME_IDENTITY = "same-identity"


UNREAD = frozenset(
    {
        ProblemCode.NO_START,
        ProblemCode.BAD_TIME,
        ProblemCode.BAD_RULE,
        ProblemCode.RULE_TOO_FINE,
        ProblemCode.RULE_TOO_RARE,
        ProblemCode.TOO_EARLY,
        ProblemCode.TOO_LATE,
        ProblemCode.FAR_TOO_LONG,
        ProblemCode.TOO_MANY_SERIES_DATES,
        ProblemCode.TOO_MANY_LISTED,
        ProblemCode.TOO_MANY_ATTENDEES,
        ProblemCode.NOT_UNDERSTOOD,
    }
)
"""Problems that leave the whole series out."""


class RefusedCode(StrEnum):
    """Why a date, though understood, cannot become a booking."""

    NO_END = "no-end"
    ZERO_LENGTH = "zero-length"
    ENDS_BEFORE_START = "ends-before-start"
    TOO_LONG = "too-long"
    BEYOND_HORIZON = "beyond-horizon"


MESSAGES: Mapping[StrEnum, str] = {
    UnreadableCode.TOO_LARGE: N_("The file is larger than %(limit_mb)s MB."),
    UnreadableCode.EMPTY: N_("The file is empty."),
    UnreadableCode.NOT_A_CALENDAR: N_("This is not a calendar file. A calendar file usually ends in .ics."),
    UnreadableCode.BROKEN_ENCODING: N_("The letters in this file cannot be read. Please save it again as UTF-8."),
    UnreadableCode.CUT_SHORT: N_("The file breaks off before its end. Please download it again."),
    UnreadableCode.BROKEN_STRUCTURE: N_("The parts of this calendar file do not fit together."),
    UnreadableCode.SEVERAL_CALENDARS: N_("The file holds more than one calendar. Please save each one on its own."),
    UnreadableCode.OTHER_CALENDAR_SYSTEM: N_("The file does not use the Gregorian calendar."),
    UnreadableCode.TOO_MANY_ENTRIES: N_("The file has more than %(limit)s entries."),
    UnreadableCode.TOO_MANY_DATES: N_("The file has more than %(limit)s dates."),
    UnreadableCode.TOO_COSTLY: N_("The repeating entries in this file are too many or too unusual to work out."),
    ProblemCode.ENCODING_GUESSED: N_("The file is not in UTF-8. Please check the umlauts."),
    ProblemCode.UNKNOWN_CALENDAR_ZONE: N_("The calendar's time zone “%(zone)s” is unknown. The house's own was used instead."),
    ProblemCode.MORE_PROBLEMS: N_("There are %(count)s more remarks."),
    ProblemCode.NO_START: N_("The entry has no start."),
    ProblemCode.BAD_TIME: N_("“%(value)s” is not a time."),
    ProblemCode.BAD_RULE: N_("The repetition rule “%(rule)s” cannot be understood."),
    ProblemCode.RULE_TOO_FINE: N_("The rule “%(rule)s” repeats more often than a room can be booked."),
    ProblemCode.RULE_TOO_RARE: N_("The rule “%(rule)s” leads to no date within a lifetime."),
    ProblemCode.TOO_EARLY: N_("The entry starts before the year %(year)s."),
    ProblemCode.TOO_LATE: N_("The entry starts after the year %(year)s."),
    ProblemCode.FAR_TOO_LONG: N_("The entry lasts %(days)s days."),
    ProblemCode.TOO_MANY_SERIES_DATES: N_("The series has more than %(limit)s dates."),
    ProblemCode.TOO_MANY_LISTED: N_("The series lists more than %(limit)s single dates."),
    ProblemCode.TOO_MANY_ATTENDEES: N_("The entry invites more than %(limit)s people."),
    ProblemCode.NOT_UNDERSTOOD: N_("The entry cannot be understood."),
    ProblemCode.NO_UID: N_("The entry has no identifier, so a later change of it cannot be recognised."),
    ProblemCode.UNKNOWN_ZONE: N_("The time zone “%(zone)s” is unknown. The times were read as local times."),
    ProblemCode.OLDER_VERSION: N_("The entry is in the file more than once. The newest version counts."),
    ProblemCode.FOLLOWING_CHANGED: N_("One date changes all the following ones, too. Please check the dates from there on."),
    ProblemCode.EXCEPTION_RULE: N_("A rule for exceptions was not followed. Please check the dates."),
    ProblemCode.SAME_IDENTITY: N_("Two dates of the series cannot be told apart."),
    RefusedCode.NO_END: N_("The entry has no end."),
    RefusedCode.ZERO_LENGTH: N_("The entry ends when it starts."),
    RefusedCode.ENDS_BEFORE_START: N_("The entry ends before it starts."),
    RefusedCode.TOO_LONG: N_("The entry is longer than %(days)s days."),
    RefusedCode.BEYOND_HORIZON: N_("The date lies too far in the future."),
}
"""English msgid of every code. Placeholders are filled from the `facts` that come with the code."""


class UnreadableCalendar(Exception):
    """The file as a whole is refused. `facts` fill the placeholders of the code's message."""

    def __init__(self, code: UnreadableCode, **facts: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.facts: Mapping[str, Any] = facts
