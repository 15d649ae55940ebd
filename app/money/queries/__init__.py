"""The questions about money, by drawer."""

from __future__ import annotations

from app.money.queries.offerings import KindRow, income_accounts, income_kind, income_kinds, usual_kind
from app.money.queries.owed import Owed, OwedDeposit, owed_for
from app.money.queries.proof import faults

__all__ = [
    "KindRow",
    "Owed",
    "OwedDeposit",
    "faults",
    "income_accounts",
    "income_kind",
    "income_kinds",
    "owed_for",
    "usual_kind",
]
