"""The verbs of money, by drawer: `ledger`, `charges`, `payments`, `deposits`, `invoices`, `cash_days`, `funds`."""

from __future__ import annotations

from app.money.service.charges import (
    ChargeClosed,
    ChargeLineRequest,
    ChargeRequest,
    cancel_charge,
    charge,
    reduce_charge,
    split,
    vat_in,
    waive_charge,
)
from app.money.service.deposits import DepositClosed, DepositRequest, KeepRequest, ask_deposit, drop_deposit, settle_deposit
from app.money.service.ledger import (
    AlreadyReversed,
    EntryRequest,
    IsReversal,
    LockedPeriod,
    Posted,
    Unbalanced,
    lock_period,
    post,
    post_entry,
    reverse,
    reverse_entry,
)
from app.money.service.payments import (
    AlreadyUndone,
    DayIsClosed,
    NotEnoughCash,
    PaymentRequest,
    cash_in_books,
    pay_refund,
    take_payment,
    undo_payment,
)
from app.money.service.ready import furnish_books

__all__ = [
    "AlreadyReversed",
    "AlreadyUndone",
    "ChargeClosed",
    "ChargeLineRequest",
    "ChargeRequest",
    "DayIsClosed",
    "DepositClosed",
    "DepositRequest",
    "EntryRequest",
    "IsReversal",
    "KeepRequest",
    "LockedPeriod",
    "NotEnoughCash",
    "PaymentRequest",
    "Posted",
    "Unbalanced",
    "ask_deposit",
    "cancel_charge",
    "cash_in_books",
    "charge",
    "drop_deposit",
    "furnish_books",
    "lock_period",
    "pay_refund",
    "post",
    "post_entry",
    "reduce_charge",
    "reverse",
    "reverse_entry",
    "settle_deposit",
    "split",
    "take_payment",
    "undo_payment",
    "vat_in",
    "waive_charge",
]
