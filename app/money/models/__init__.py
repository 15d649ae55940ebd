"""Tables of money, drawer by drawer."""

from __future__ import annotations

from app.money.models.cash import CashDay
from app.money.models.charges import (
    Charge,
    ChargeLine,
    Direction,
    IncomeKind,
    Invoice,
    InvoiceKind,
    Method,
    Payment,
    Reduction,
    Refund,
    Settlement,
    SettlementKind,
)
from app.money.models.deposits import Deposit, DepositKind, DepositMovement, MovementKind
from app.money.models.funds import Expense, Fund, FundKind, FundRule
from app.money.models.ledger import (
    FIRST_PREV,
    AccountBalance,
    AccountKind,
    Known,
    LedgerAccount,
    LedgerEntry,
    LedgerLine,
    Line,
    PeriodLock,
    digest,
)
from app.money.models.operator import Operator

__all__ = [
    "FIRST_PREV",
    "AccountBalance",
    "AccountKind",
    "CashDay",
    "Charge",
    "ChargeLine",
    "Deposit",
    "DepositKind",
    "DepositMovement",
    "Direction",
    "Expense",
    "Fund",
    "FundKind",
    "FundRule",
    "IncomeKind",
    "Invoice",
    "InvoiceKind",
    "Known",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerLine",
    "Line",
    "Method",
    "MovementKind",
    "Operator",
    "Payment",
    "PeriodLock",
    "Reduction",
    "Refund",
    "Settlement",
    "SettlementKind",
    "digest",
]
