"""Questions about what was done, by whom and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from app.core import clock, i18n
from app.core.db import session
from app.core.i18n import lazy as _l
from app.journal.models import JournalEntry
from app.library.models import Thing
from app.people.models import Person
from app.rooms.models import Room

PAGE = 50
HISTORY = 50
"""The most lines of one subject's history; the newest are shown."""

ACTS: Mapping[str, Any] = {
    "account_prepared": _l("Password and second factor chosen"),
    "agreement_made": _l("Lending agreement"),
    "approval_ended": _l("Lending approval ended"),
    "block_ended": _l("Lending block lifted"),
    "booking_cancelled": _l("Booking cancelled"),
    "booking_changed": _l("Booking changed"),
    "booking_confirmed": _l("Booking confirmed"),
    "booking_lapsed": _l("Request lapsed"),
    "booking_moved": _l("Booking moved"),
    "booking_refused": _l("Request refused"),
    "booking_wished": _l("Room requested"),
    "borrower_approved": _l("Lending approval given"),
    "borrower_blocked": _l("Lending stopped for somebody"),
    "calendar_imported": _l("Calendar file imported"),
    "card_given": _l("Card given"),
    "cash_day_closed": _l("Cash day closed"),
    "change_refused": _l("Other time refused"),
    "change_wished": _l("Other time requested"),
    "charge_cancelled": _l("Charge cancelled"),
    "charge_made": _l("Charge made"),
    "charge_reduced": _l("Charge reduced"),
    "charge_waived": _l("Charge waived"),
    "claim_given_up": _l("Claim given up"),
    "claim_lapsed": _l("Claim lapsed"),
    "claim_passed": _l("Claim passed on"),
    "class_changed": _l("Class of things changed"),
    "code_issued": _l("Sign-in code sent"),
    "consent_given": _l("Consent given"),
    "consent_withdrawn": _l("Consent withdrawn"),
    "damage_noted": _l("Damage noted"),
    "damage_resolved": _l("Damage settled"),
    "deposit_asked": _l("Deposit asked for"),
    "deposit_dropped": _l("Deposit not needed any more"),
    "deposit_settled": _l("Deposit given back"),
    "deposit_taken": _l("Deposit taken"),
    "entry_posted": _l("Entry posted"),
    "entry_reversed": _l("Entry reversed"),
    "exception_added": _l("Day with other hours added"),
    "exception_removed": _l("Day with other hours taken away"),
    "expense_recorded": _l("Expense written down"),
    "expense_taken_back": _l("Expense taken back"),
    "feed_renewed": _l("Calendar address renewed"),
    "fund_changed": _l("Fund changed"),
    "fund_closed": _l("Fund closed"),
    "fund_ending": _l("Owner of a fund warned"),
    "fund_money_received": _l("Money of a fund received"),
    "fund_money_returned": _l("Money of a fund given back"),
    "fund_opened": _l("Fund written down"),
    "gift_decided": _l("Decided about something offered"),
    "group_thanked": _l("Group thanked with time"),
    "guardian_consent_ended": _l("Consent for a minor ended"),
    "guardian_consented": _l("Consent for a minor given"),
    "hours_accepted": _l("Hours credited"),
    "hours_booked": _l("Hours written down"),
    "hours_changed": _l("Hours changed"),
    "hours_disputed": _l("Hours disputed"),
    "hours_dropped": _l("Hours dropped"),
    "hours_reminded": _l("Reminded of hours"),
    "hours_stopped": _l("Hours stopped at a limit"),
    "house_changed": _l("House changed"),
    "house_opened": _l("House opened"),
    "household_changed": _l("Household changed"),
    "household_created": _l("Household created"),
    "household_joined": _l("Joined a household"),
    "household_left": _l("Left a household"),
    "income_kind_changed": _l("Income kind changed"),
    "invitation_issued": _l("Invitation issued"),
    "invoice_issued": _l("Invoice issued"),
    "ledger_account_changed": _l("Account changed"),
    "lending_moved": _l("Moved by a closing day"),
    "letter_done": _l("Message passed on"),
    "letter_put_back": _l("Message put back"),
    "letter_released": _l("Mail sent again"),
    "letter_rerouted": _l("Message told another way"),
    "listing_answered": _l("Offer or wish answered"),
    "listing_changed": _l("Offer or wish changed"),
    "listing_ended": _l("Offer or wish taken down"),
    "listing_ending": _l("Owner told of the end"),
    "listing_lapsed": _l("Offer or wish lapsed"),
    "listing_published": _l("Offer or wish put up"),
    "listing_renewed": _l("Offer or wish renewed"),
    "loan_due_soon": _l("Told: due soon"),
    "loan_made": _l("Things handed out"),
    "loan_overdue": _l("Told: should be back"),
    "loan_renewed": _l("Loan renewed"),
    "loans_forgotten": _l("Old loans forgotten"),
    "match_agreed": _l("Both agreed"),
    "match_declined": _l("Answer declined"),
    "match_ended": _l("Agreement ended"),
    "member_added": _l("Member added"),
    "member_joined": _l("Joined the time bank"),
    "member_left": _l("Left the time bank"),
    "member_removed": _l("Member removed"),
    "minutes_corrected": _l("Time corrected"),
    "minutes_given": _l("Time given to the social pot"),
    "move_counted": _l("Piece counted"),
    "move_undone": _l("Count taken back"),
    "new_date_told": _l("New date told"),
    "offering_changed": _l("Offering changed"),
    "opening_hours_changed": _l("Weekly hours changed"),
    "operator_changed": _l("Operator changed"),
    "organisation_archived": _l("Group archived"),
    "organisation_changed": _l("Group changed"),
    "organisation_created": _l("Group created"),
    "organisation_reopened": _l("Group reopened"),
    "part_missing": _l("Part missing"),
    "part_settled": _l("Missing part settled"),
    "password_changed": _l("Password changed"),
    "payment_taken": _l("Payment taken"),
    "payment_undone": _l("Payment taken back"),
    "people_merged": _l("Duplicates merged"),
    "period_locked": _l("Books closed"),
    "person_changed": _l("Person changed"),
    "person_created": _l("Person created"),
    "piece_added": _l("Piece added"),
    "piece_changed": _l("Piece changed"),
    "piece_found": _l("Found again"),
    "piece_restored": _l("Piece lent again"),
    "piece_retired": _l("Piece retired"),
    "piece_returned": _l("Taken back"),
    "piece_tested": _l("Safety test written down"),
    "piece_washed": _l("Piece washed"),
    "piece_written_off": _l("Written off"),
    "pot_granted": _l("Social pot pays"),
    "pot_wished": _l("Social pot asked"),
    "queue_joined": _l("Joined the queue"),
    "queue_lapsed": _l("Did not come for it"),
    "queue_left": _l("Left the queue"),
    "queue_offered": _l("Turn in the queue"),
    "refund_paid": _l("Refund paid"),
    "reservation_at_risk": _l("Reservation at risk"),
    "reservation_cancelled": _l("Reservation cancelled"),
    "reservation_confirmed": _l("Reservation approved"),
    "reservation_lapsed": _l("Reservation lapsed"),
    "reservation_packed": _l("Reservation packed"),
    "reservation_ready": _l("Told: ready"),
    "reservation_refused": _l("Reservation refused"),
    "reservation_safe": _l("Reservation safe again"),
    "reservation_wished": _l("Reservation to approve"),
    "role_granted": _l("Role granted"),
    "role_withdrawn": _l("Role withdrawn"),
    "room_changed": _l("Room changed"),
    "rule_value_changed": _l("Value of law changed"),
    "sign_ins_ended": _l("Devices signed out"),
    "signed_in": _l("Signed in"),
    "slip_issued": _l("Slip issued"),
    "slip_withdrawn": _l("Slip withdrawn"),
    "tariff_changed": _l("Price changed"),
    "terms_changed": _l("Lending terms changed"),
    "thing_added": _l("Thing added"),
    "thing_announced": _l("Thing announced"),
    "thing_changed": _l("Thing changed"),
    "thing_claimed": _l("Thing set aside"),
    "thing_declined": _l("Thing declined"),
    "thing_priced": _l("Price of a thing set"),
    "thing_reserved": _l("Thing reserved"),
    "thing_shelved": _l("Thing put on the shelf"),
    "thing_swept": _l("Thing given to charity"),
    "thing_taken": _l("Thing taken"),
    "thing_withdrawn": _l("Thing withdrawn"),
    "things_imported": _l("Table of things brought in"),
    "token_created": _l("Access for a program created"),
    "token_revoked": _l("Access for a program withdrawn"),
    "transit_confirmed": _l("Cash in transit confirmed by the bank"),
}
"""What each act is called; every event of the house has its words here."""

SUBJECTS: Mapping[str, Any] = {
    "account": _l("Time account"),
    "approval": _l("Lending approval"),
    "block": _l("Lending block"),
    "booking": _l("Booking"),
    "cash_day": _l("Cash day"),
    "charge": _l("Charge"),
    "claim": _l("Claim"),
    "class": _l("Class of things"),
    "code": _l("Code"),
    "consent": _l("Consent"),
    "damage": _l("Damage"),
    "deposit": _l("Deposit"),
    "entry": _l("Time entry"),
    "exception": _l("Days with other hours"),
    "expense": _l("Expense"),
    "feed": _l("Calendar address"),
    "fund": _l("Fund"),
    "gift": _l("Gift"),
    "hours": _l("Hours"),
    "house": _l("House"),
    "household": _l("Household"),
    "income": _l("Income kind"),
    "invitation": _l("Invitation"),
    "invoice": _l("Invoice"),
    "ledger": _l("Ledger"),
    "ledger_entry": _l("Ledger entry"),
    "lending": _l("Lending"),
    "letter": _l("Message"),
    "line": _l("Piece on loan"),
    "listing": _l("Offer or wish"),
    "loan": _l("Loan"),
    "loans": _l("Loans"),
    "match": _l("Agreement"),
    "move": _l("Piece"),
    "offering": _l("Offering"),
    "opening_hours": _l("Weekly hours"),
    "operator": _l("Operator"),
    "organisation": _l("Group"),
    "payment": _l("Payment"),
    "period_lock": _l("Closed period"),
    "person": _l("Person"),
    "piece": _l("Piece"),
    "queue_entry": _l("Place in a queue"),
    "refund": _l("Refund"),
    "reservation": _l("Reservation"),
    "room": _l("Room"),
    "rule_value": _l("Value of law"),
    "shelf_thing": _l("Thing on the swap shelf"),
    "sign_in": _l("Sign-in"),
    "slip": _l("Slip"),
    "tariff": _l("Price"),
    "terms": _l("Lending terms"),
    "thing": _l("Thing"),
    "things": _l("Things"),
    "token": _l("Token"),
}


@dataclass(frozen=True)
class Line:
    """One line of the journal. `by` is empty when the house itself did it."""

    id: int
    at: datetime
    act: str
    subject: str
    subject_id: int | None
    by: str
    facts: dict[str, Any]
    request_id: str

    @property
    def words(self) -> str:
        return str(ACTS.get(self.act, self.act))

    @property
    def about(self) -> str:
        """Such as ``Booking 17``."""
        word = str(SUBJECTS.get(self.subject, self.subject))
        return word if self.subject_id is None else f"{word} {self.subject_id}"


@dataclass(frozen=True)
class Names:
    """Names by id, of the people, rooms and things that some lines are about."""

    people: Mapping[int, str]
    rooms: Mapping[int, str]
    things: Mapping[int, str]


NAMING = ("person_id", "booked_for_id", "duplicate_id", "witness_id", "giver_id", "taker_id", "owner_id", "answered_by_id")
"""Facts that are ids of people."""


def names_in(lines: Iterable[Line]) -> Names:
    """In a statement for each of the three that occurs, however many lines."""
    facts = [line.facts for line in lines]
    people = {each[name] for each in facts for name in NAMING if each.get(name)}
    who = select(Person.id, Person.given_name, Person.family_name).where(Person.id.in_(people))
    return Names(
        {row.id: f"{row.given_name} {row.family_name}".strip() for row in session().execute(who)} if people else {},
        _named(Room, {each["room_id"] for each in facts if each.get("room_id")}),
        _named(Thing, {each["thing_id"] for each in facts if each.get("thing_id")}),
    )


def _named(model: type[Room] | type[Thing], ids: set[int]) -> Mapping[int, str]:
    if not ids:
        return {}
    return {row.id: row.name for row in session().execute(select(model.id, model.name).where(model.id.in_(ids)))}


@dataclass(frozen=True)
class Filter:
    """What to look for; None or empty means everything. `day` is a day on the house's calendar."""

    act: str = ""
    subject: str = ""
    subject_id: int | None = None
    day: date | None = None


_lines = select(
    JournalEntry.id,
    JournalEntry.at,
    JournalEntry.act,
    JournalEntry.subject,
    JournalEntry.subject_id,
    Person.given_name,
    Person.family_name,
    JournalEntry.facts,
    JournalEntry.request_id,
).outerjoin(Person, Person.id == JournalEntry.by_id)


def lines(house_id: int, wanted: Filter, before: int | None = None) -> tuple[list[Line], int | None]:
    """A page, newest first, of this house and of what belongs to none; and the cursor of the next page. One statement."""
    query = _lines.where(or_(JournalEntry.house_id == house_id, JournalEntry.house_id.is_(None)))
    if wanted.act:
        query = query.where(JournalEntry.act == wanted.act)
    if wanted.subject:
        query = query.where(JournalEntry.subject == wanted.subject)
    if wanted.subject_id is not None:
        query = query.where(JournalEntry.subject_id == wanted.subject_id)
    if wanted.day is not None:
        zone = i18n.zone()
        begin, end = clock.midnight(wanted.day, zone), clock.midnight(wanted.day + timedelta(days=1), zone)
        query = query.where(JournalEntry.at >= begin, JournalEntry.at < end)
    if before is not None:
        query = query.where(JournalEntry.id < before)
    found = [_line(row) for row in session().execute(query.order_by(JournalEntry.id.desc()).limit(PAGE + 1))]
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def history(subject: str, subject_id: int) -> list[Line]:
    """What happened to one thing, oldest first: for the page of that thing. One statement."""
    about = _lines.where(JournalEntry.subject == subject, JournalEntry.subject_id == subject_id)
    rows = session().execute(about.order_by(JournalEntry.id.desc()).limit(HISTORY)).all()
    return [_line(row) for row in reversed(rows)]


def _line(row: Any) -> Line:
    number, at, act, subject, subject_id, given, family, facts, request_id = row
    return Line(number, at, act, subject, subject_id, f"{given or ''} {family or ''}".strip(), facts, request_id)
