"""Calendar exchange (iCalendar, RFC 5545) without database and without Flask.

`read_calendar` turns an untrusted file into dates, `write_calendar` turns dates into a feed, `write_invitation` into
the one entry that goes with a letter. All that can be said about a file is a typed code; `MESSAGES` has the English
msgid of every code.

Vocabulary: an *entry* is one VEVENT of the file; a *series* is all entries of one UID; a *date* is one time at which
something takes place; a date's *identity* is its UID and the UTC start it had before anybody moved it.
"""

from app.core.ical.codes import MESSAGES, ProblemCode, RefusedCode, UnreadableCalendar, UnreadableCode
from app.core.ical.read import CalendarDate, Counts, OpenSeries, Problem, Reading, read_calendar
from app.core.ical.scan import Limits, Status
from app.core.ical.write import FeedDate, Invitation, Method, Organizer, write_calendar, write_invitation

__all__ = [
    "MESSAGES",
    "CalendarDate",
    "Counts",
    "FeedDate",
    "Invitation",
    "Limits",
    "Method",
    "OpenSeries",
    "Organizer",
    "Problem",
    "ProblemCode",
    "Reading",
    "RefusedCode",
    "Status",
    "UnreadableCalendar",
    "UnreadableCode",
    "read_calendar",
    "write_calendar",
    "write_invitation",
]
