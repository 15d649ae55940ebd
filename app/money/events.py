"""What can have happened to money. Ids and amounts in cents; never names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.core.events import Event


@dataclass(frozen=True, kw_only=True)
class EntryPosted(Event):
    """Somebody posted by hand; what other acts post is told by their own events."""

    ledger_entry_id: int
    cents: int


@dataclass(frozen=True, kw_only=True)
class EntryReversed(Event):
    """`reversal_id` is the entry that takes it back."""

    ledger_entry_id: int
    reversal_id: int
    cents: int


@dataclass(frozen=True, kw_only=True)
class PeriodLocked(Event):
    period_lock_id: int
    locked_through: date


@dataclass(frozen=True, kw_only=True)
class ChargeEvent(Event):
    """Base: a charge of somebody (`person_id` is who is told)."""

    charge_id: int
    person_id: int | None
    cents: int
    """What is to be paid in all."""


@dataclass(frozen=True, kw_only=True)
class ChargeMade(ChargeEvent):
    due_on: date


@dataclass(frozen=True, kw_only=True)
class ChargeCancelled(ChargeEvent):
    """`replaced_by_id` is the charge for what stays to be paid; `refund_cents` is owed back."""

    replaced_by_id: int | None
    refund_cents: int


@dataclass(frozen=True, kw_only=True)
class ChargeReduced(ChargeEvent):
    """`cents` is what is to be paid now, by the charge `replaced_by_id`; `kind` is a `Reduction`."""

    replaced_by_id: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class ChargeWaived(ChargeEvent):
    waived_cents: int


@dataclass(frozen=True, kw_only=True)
class PaymentTaken(Event):
    payment_id: int
    person_id: int | None
    cents: int
    means: str
    """``cash`` or ``bank``."""


@dataclass(frozen=True, kw_only=True)
class PaymentUndone(Event):
    payment_id: int
    person_id: int | None
    cents: int


@dataclass(frozen=True, kw_only=True)
class RefundPaid(Event):
    refund_id: int
    payment_id: int
    person_id: int | None
    cents: int
    means: str


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    invoice_id: int
    charge_id: int
    person_id: int | None


@dataclass(frozen=True, kw_only=True)
class OperatorChanged(Event):
    operator_id: int


@dataclass(frozen=True, kw_only=True)
class DepositAsked(Event):
    deposit_id: int
    person_id: int | None
    cents: int


@dataclass(frozen=True, kw_only=True)
class DepositTaken(Event):
    deposit_id: int
    person_id: int | None
    cents: int
    means: str


@dataclass(frozen=True, kw_only=True)
class DepositSettled(Event):
    """Given back, or partly kept; nothing is held any more when `held_cents` is 0."""

    deposit_id: int
    person_id: int | None
    returned_cents: int
    kept_cents: int
    held_cents: int


@dataclass(frozen=True, kw_only=True)
class DepositDropped(Event):
    """Not needed any more, before anything of it was taken."""

    deposit_id: int
    person_id: int | None


@dataclass(frozen=True, kw_only=True)
class IncomeKindChanged(Event):
    """A kind of income was made, changed, put away or taken back into use."""


@dataclass(frozen=True, kw_only=True)
class LedgerAccountChanged(Event):
    """Added, renamed, put away or taken up again."""

    account_no: int
    archived: bool


@dataclass(frozen=True, kw_only=True)
class FundOpened(Event):
    fund_id: int
    cents: int
    """What was granted or is hoped for."""


@dataclass(frozen=True, kw_only=True)
class FundChanged(Event):
    fund_id: int


@dataclass(frozen=True, kw_only=True)
class FundClosed(Event):
    fund_id: int


@dataclass(frozen=True, kw_only=True)
class FundMoneyReceived(Event):
    fund_id: int
    cents: int


@dataclass(frozen=True, kw_only=True)
class FundMoneyReturned(Event):
    fund_id: int
    cents: int


@dataclass(frozen=True, kw_only=True)
class FundEnding(Event):
    """The end of a fund (`kind` is ``end``) or the day of its report (``report``) is near; `person_id` looks after it."""

    fund_id: int
    person_id: int | None
    kind: str
    day: date
    unspent_cents: int
    outstanding_cents: int


@dataclass(frozen=True, kw_only=True)
class ExpenseRecorded(Event):
    expense_id: int
    cents: int
    means: str
    eligible_cents: int


@dataclass(frozen=True, kw_only=True)
class ExpenseTakenBack(Event):
    expense_id: int
    cents: int


@dataclass(frozen=True, kw_only=True)
class CashDayClosed(Event):
    """Counted by `by` and `witness_id`, and final."""

    cash_day_id: int
    day: date
    witness_id: int
    counted_cents: int
    takings_cents: int
    difference_cents: int


@dataclass(frozen=True, kw_only=True)
class TransitConfirmed(Event):
    """The bank shows cash that was on its way: towards it (`cents` above zero), or from it."""

    ledger_entry_id: int
    cents: int
    arrived_on: date
