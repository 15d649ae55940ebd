"""The questions about money, by drawer: `ledger`, `accounts`, `items`, `funds`, `proof`."""

from __future__ import annotations

from app.money.queries.desk import (
    Found,
    Item,
    Payer,
    Pressing,
    Standing,
    Waiting,
    numbered,
    open_sums,
    own_standing,
    payer,
    payment_lines,
    pressing,
    standing,
    waiting,
)
from app.money.queries.details import (
    charge,
    deposit,
    hand_kinds,
    invoice,
    invoices_of,
    movements,
    operator,
    own_invoices,
    paid_for,
    payment,
    refund,
    refunds_of,
    settlements,
)
from app.money.queries.lists import (
    charges_after,
    deposits_after,
)
from app.money.queries.offerings import KindRow, income_accounts, income_kind, income_kinds, usual_kind
from app.money.queries.owed import Owed, OwedDeposit, owed_for
from app.money.queries.proof import faults

__all__ = [
    "Found",
    "Item",
    "KindRow",
    "Owed",
    "OwedDeposit",
    "Payer",
    "Pressing",
    "Standing",
    "Waiting",
    "charge",
    "charges_after",
    "deposit",
    "deposits_after",
    "faults",
    "hand_kinds",
    "income_accounts",
    "income_kind",
    "income_kinds",
    "invoice",
    "invoices_of",
    "movements",
    "numbered",
    "open_sums",
    "operator",
    "owed_for",
    "own_invoices",
    "own_standing",
    "paid_for",
    "payer",
    "payment",
    "payment_lines",
    "pressing",
    "refund",
    "refunds_of",
    "settlements",
    "standing",
    "usual_kind",
    "waiting",
]
