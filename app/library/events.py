"""What can have happened in the lending library."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class LendingEvent(Event):
    """Base of what happens to what somebody borrows: the journal, which forgets nothing, keeps the act and not the person."""

    person_id: int | None = field(metadata={"secret": True})

    @property
    def signed(self) -> int | None:
        """Who did it, as the journal keeps it: nobody, where it was the person themselves."""
        return None if self.by == self.person_id else self.by


# Things ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ClassChanged(Event):
    """A class of things is new, has other rules, or is put away."""

    class_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ThingEvent(Event):
    """A thing as it is after the act."""

    thing_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ThingAdded(ThingEvent):
    """The house has something new; it is lent once it has pieces."""


@dataclass(frozen=True, kw_only=True)
class ThingChanged(ThingEvent):
    """Its words, rules or picture, or it is lent no more, or again."""


@dataclass(frozen=True, kw_only=True)
class ThingPriced(ThingEvent):
    """What a loan of it costs from a day on."""

    valid_from: date
    fee_cents: int
    deposit_cents: int


@dataclass(frozen=True, kw_only=True)
class PieceEvent(Event):
    """A piece as it is after the act."""

    piece_id: int
    piece_number: str
    thing_id: int
    thing_name: str


@dataclass(frozen=True, kw_only=True)
class PieceAdded(PieceEvent):
    """Bought, given or offered."""

    pieces: int
    """How many it is: more than 1 of a counted thing."""


@dataclass(frozen=True, kw_only=True)
class PieceChanged(PieceEvent):
    """Its condition, its whereabouts, its parts, or what is written about it."""


@dataclass(frozen=True, kw_only=True)
class PieceWashed(PieceEvent):
    """It can be lent again."""


@dataclass(frozen=True, kw_only=True)
class PieceTested(PieceEvent):
    passed: bool
    tested_on: date
    next_on: date | None


@dataclass(frozen=True, kw_only=True)
class PieceRetired(PieceEvent):
    """It is lent no more."""


@dataclass(frozen=True, kw_only=True)
class PieceRestored(PieceEvent):
    """It is lent again after all."""


@dataclass(frozen=True, kw_only=True)
class GiftDecided(PieceEvent):
    """Something offered was accepted, declined, or checked and put on the shelf; `kind` is its new state."""

    kind: str


@dataclass(frozen=True, kw_only=True)
class ThingsImported(Event):
    """A table was brought in."""

    created: int
    changed: int
    unchanged: int
    refused: int


# Reservations ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ReservationEvent(LendingEvent):
    """A reservation as it is after the act."""

    reservation_id: int
    thing_id: int
    thing_name: str
    quantity: int
    created_by_id: int | None = field(metadata={"secret": True})
    starts_at: datetime
    ends_at: datetime
    state: str
    version: int


@dataclass(frozen=True, kw_only=True)
class ThingReserved(ReservationEvent):
    """Pieces are set aside."""


@dataclass(frozen=True, kw_only=True)
class ReservationWished(ReservationEvent):
    """Pieces are set aside; the desk has to approve."""


@dataclass(frozen=True, kw_only=True)
class ReservationConfirmed(ReservationEvent):
    """The desk has approved."""


@dataclass(frozen=True, kw_only=True)
class ReservationRefused(ReservationEvent):
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReservationCancelled(ReservationEvent):
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReservationLapsed(ReservationEvent):
    """Nobody came for it in time."""


@dataclass(frozen=True, kw_only=True)
class ReservationPacked(ReservationEvent):
    """It stands ready and does not lapse any more."""


@dataclass(frozen=True, kw_only=True)
class ReservationReady(ReservationEvent):
    """It is the day before, or the day itself, and the pieces are on the shelf."""


@dataclass(frozen=True, kw_only=True)
class ReservationAtRisk(ReservationEvent):
    """No piece is left for it just now; `risk` says why, as `queries.Why`. `alternatives` are pick-up and return days that are free."""

    risk: str
    alternatives: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReservationSafe(ReservationEvent):
    """There are pieces for it again."""


# Loans -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class LineEvent(LendingEvent):
    """A piece on loan, as it is after the act."""

    line_id: int
    loan_id: int
    piece_id: int
    piece_number: str
    thing_id: int
    thing_name: str
    quantity: int
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class LoanMade(LendingEvent):
    """Somebody took things home. `numbers` are the pieces' numbers; `overridden`: the desk set a rule aside."""

    loan_id: int
    numbers: tuple[str, ...]
    due_at: datetime
    overridden: bool = False


@dataclass(frozen=True, kw_only=True)
class PieceReturned(LineEvent):
    """So many came back; the loan of it is closed when none is missing."""

    returned: int
    missing: int
    late_cents: int
    waived_cents: int = 0
    """Of a fee for coming late; the reason stands on the charge."""


@dataclass(frozen=True, kw_only=True)
class LoanRenewed(LineEvent):
    old_due_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewDateTold(LineEvent):
    """The borrower says when it will be back."""

    expected_on: date


@dataclass(frozen=True, kw_only=True)
class LoanOverdue(LineEvent):
    """It was due and is not back; `times` counts how often its person has been reminded."""

    times: int


@dataclass(frozen=True, kw_only=True)
class LoanDueSoon(LineEvent):
    """It is due on the next open day."""


@dataclass(frozen=True, kw_only=True)
class PieceWrittenOff(LineEvent):
    """Lost or broken beyond repair, and settled."""

    count: int
    cents: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PieceFound(Event):
    """What was written off has turned up."""

    piece_id: int
    piece_number: str
    thing_name: str
    refunded_cents: int


@dataclass(frozen=True, kw_only=True)
class PartMissing(LineEvent):
    part: str
    count: int


@dataclass(frozen=True, kw_only=True)
class PartSettled(LineEvent):
    """A missing part was found, replaced, paid for or let go."""

    part: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class DamageNoted(Event):
    piece_id: int
    piece_number: str
    thing_name: str
    damage_id: int
    line_id: int | None
    what: str
    by_use: bool


@dataclass(frozen=True, kw_only=True)
class DamageResolved(Event):
    piece_id: int
    piece_number: str
    damage_id: int
    outcome: str


@dataclass(frozen=True, kw_only=True)
class LoansForgotten(Event):
    """Names were taken off old loans."""

    count: int


# Queue -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class QueueEvent(LendingEvent):
    queue_entry_id: int
    thing_id: int
    thing_name: str


@dataclass(frozen=True, kw_only=True)
class QueueJoined(QueueEvent):
    """Somebody waits for a thing."""


@dataclass(frozen=True, kw_only=True)
class QueueLeft(QueueEvent):
    """They do not wait any more."""


@dataclass(frozen=True, kw_only=True)
class QueueOffered(QueueEvent):
    """It is their turn: a piece is kept until `collect_by`."""

    reservation_id: int
    collect_by: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class QueueLapsed(QueueEvent):
    """They did not come in time."""


# Closing days ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class LendingMoved(LendingEvent):
    """A closing day moved what somebody has or expects; one such fact a person. Each move: what, name of the thing, old and new moment."""

    on_day: date
    back: bool
    """Whether the day is open again after all, and everything is as before."""
    moves: tuple[tuple[str, str, datetime, datetime], ...] = field(default=())


# Borrowers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BorrowerEvent(Event):
    person_id: int


@dataclass(frozen=True, kw_only=True)
class AgreementMade(BorrowerEvent):
    """Identity seen or vouched for, terms accepted."""


@dataclass(frozen=True, kw_only=True)
class BorrowerBlocked(BorrowerEvent):
    block_id: int
    reason: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class BlockEnded(BorrowerEvent):
    """By hand, before its day."""

    block_id: int


@dataclass(frozen=True, kw_only=True)
class BorrowerApproved(BorrowerEvent):
    approval_id: int
    class_id: int | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class ApprovalEnded(BorrowerEvent):
    approval_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class GuardianConsented(BorrowerEvent):
    consent_id: int
    class_id: int | None
    guardian: str


@dataclass(frozen=True, kw_only=True)
class GuardianConsentEnded(BorrowerEvent):
    """``withdrawn``, or ``of_age``: they are 18 now and borrow for themselves."""

    consent_id: int
    why: str


@dataclass(frozen=True, kw_only=True)
class TermsChanged(Event):
    """The lending terms are others from a day on."""

    valid_from: date
