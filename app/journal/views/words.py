"""The facts of an act as a person says them: names for ids, euro for cents, days for dates; what only programs need stays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from app.core import i18n
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.journal.queries import NAMING, Line, Names

LABELS: Mapping[str, Any] = {
    "accepts_itself_on": _l("counts from"),
    "account_no": _l("account"),
    "added": _l("added"),
    "answered_by_id": _l("answered by"),
    "archived": _l("put away"),
    "arrived_on": _l("arrived on"),
    "back": _l("open after all"),
    "balance_minutes": _l("on the account"),
    "booked_for_id": _l("for"),
    "by_use": _l("by ordinary use"),
    "cancelled": _l("cancelled"),
    "careful": _l("care or children"),
    "cents": _l("amount"),
    "change_starts_at": _l("asked for"),
    "changed": _l("changed"),
    "closes": _l("to"),
    "collect_by": _l("kept until"),
    "count": _l("devices"),
    "counted_cents": _l("counted"),
    "created": _l("new"),
    "day": _l("day"),
    "deposit_cents": _l("deposit"),
    "difference_cents": _l("difference"),
    "due_at": _l("due"),
    "due_on": _l("due"),
    "duplicate_id": _l("duplicate"),
    "eligible_cents": _l("out of its fund"),
    "expected_on": _l("expected"),
    "expires_at": _l("valid until"),
    "fee_cents": _l("price"),
    "first": _l("from"),
    "from_on": _l("from"),
    "gift_minutes": _l("gift"),
    "giver_id": _l("helped"),
    "held_cents": _l("still held"),
    "held_until": _l("until"),
    "holidays_changed": _l("other holidays"),
    "kept_cents": _l("kept"),
    "lapses_at": _l("decide by"),
    "lapses_on": _l("until"),
    "last": _l("until"),
    "late_cents": _l("for coming late"),
    "locked_through": _l("up to"),
    "min_minutes": _l("at least"),
    "minutes": _l("valid for"),
    "missing": _l("parts missing"),
    "moved": _l("moved"),
    "next_on": _l("next test"),
    "notice": _l("notice"),
    "old_due_at": _l("before"),
    "old_starts_at": _l("before"),
    "on_day": _l("day"),
    "opens": _l("from"),
    "outstanding_cents": _l("still to come"),
    "overridden": _l("rule set aside"),
    "owner_id": _l("listed by"),
    "passed": _l("passed"),
    "people": _l("people"),
    "person_id": _l("person"),
    "pieces": _l("how many"),
    "pot_minutes": _l("from the social pot"),
    "price_cents": _l("price"),
    "quantity": _l("how many"),
    "refund_cents": _l("owed back"),
    "refunded_cents": _l("owed back"),
    "refused": _l("refused"),
    "returned": _l("came back"),
    "returned_cents": _l("given back"),
    "rows": _l("counter-entries"),
    "starts_at": _l("when"),
    "taker_id": _l("was helped"),
    "takings_cents": _l("takings"),
    "tested_on": _l("tested on"),
    "time_minutes": _l("time"),
    "times": _l("reminder"),
    "unanswered": _l("without an answer"),
    "unchanged": _l("unchanged"),
    "unspent_cents": _l("unspent"),
    "until_on": _l("until"),
    "valid_from": _l("from"),
    "valid_until": _l("until"),
    "waived_cents": _l("waived"),
    "weekday": _l("weekday"),
    "with_account": _l("with the account"),
    "witness_id": _l("counted along"),
}
WORDS: Mapping[str, Any] = {
    "accepted": _l("accepted"),
    "bank": _l("by transfer"),
    "book": _l("book"),
    "came": _l("came"),
    "cash": _l("in cash"),
    "city_card": _l("Dortmund-Karte"),
    "clothes": _l("clothes"),
    "code": _l("by mail code"),
    "declined": _l("declined"),
    "demo": _l("demonstration"),
    "desk": _l("at the desk"),
    "end": _l("end"),
    "flat": _l("flat"),
    "free_on_application": _l("free on application"),
    "gone": _l("went"),
    "hardship": _l("hardship"),
    "hour": _l("an hour"),
    "household": _l("household"),
    "import": _l("calendar file"),
    "letter": _l("on paper"),
    "mail": _l("by mail"),
    "manager": _l("manager"),
    "offer": _l("offer"),
    "office": _l("office hour"),
    "other": _l("something else"),
    "partner": _l("partner"),
    "password": _l("by password"),
    "phone": _l("by phone"),
    "report": _l("report"),
    "resident": _l("resident"),
    "slip": _l("by slip"),
    "stocked": _l("onto the shelf"),
    "toy": _l("toy or game"),
    "treasurer": _l("treasurer"),
    "use": _l("use of rooms"),
    "volunteer": _l("volunteer"),
    "wish": _l("wish"),
}
"""Words that stand by themselves; a word of the program that is missing here is not told."""
LEFT_OUT = frozenset(
    {"version", "created_by_id", "sequence", "state", "ends_at", "old_ends_at", "change_ends_at", "opening_hours_id"}
)
"""Told by the act itself or by another fact, or of no use to anybody who reads."""


def told(line: Line, names: Names) -> str:
    """Everything worth knowing about one line, in the reader's language."""
    return i18n.dotted(*(part for name, value in line.facts.items() if (part := _part(line, name, value, names))))


def _part(line: Line, name: str, value: Any, names: Names) -> str:
    if name in LEFT_OUT or name == f"{line.subject}_id":
        return ""
    if name == "room_id":
        return names.rooms.get(value, "")
    if name == "thing_id":
        return names.things.get(value, "")
    if isinstance(value, str) and name not in LABELS:
        return str(WORDS.get(value, ""))
    if name not in LABELS:
        return ""
    if name in NAMING:
        value = names.people.get(value, "")
    else:
        value = _shown(name, value, line.facts)
    return gettext("%(label)s: %(value)s", label=str(LABELS[name]), value=value) if value != "" else ""


def _shown(name: str, value: Any, facts: Mapping[str, Any]) -> str:
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if name.endswith("cents"):
        return i18n.money(value)
    if name.endswith("minutes"):
        return i18n.duration(value)
    if name == "weekday":
        return i18n.weekday(value)
    if isinstance(value, str):
        return _moment(name, value, facts)
    return str(value)


_READ: tuple[Callable[[str], date | time], ...] = (date.fromisoformat, time.fromisoformat)


def _moment(name: str, value: str, facts: Mapping[str, Any]) -> str:
    if "T" not in value:
        for read in _READ:
            try:
                found = read(value)
            except ValueError:
                continue
            return i18n.clock_time(found) if isinstance(found, time) else i18n.day(found, "EEE, d. MMM y")
        return value
    starts_at, ends = datetime.fromisoformat(value), facts.get(name.replace("starts", "ends"))
    if name.endswith("starts_at") and ends:
        return i18n.together(i18n.day(starts_at, "EEE, d. MMM y"), i18n.hours(starts_at, datetime.fromisoformat(ends)))
    return i18n.moment(starts_at)
