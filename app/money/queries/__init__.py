"""The questions about money, by drawer."""

from __future__ import annotations

from app.money.queries.owed import Owed, OwedDeposit, owed_for
from app.money.queries.proof import faults

__all__ = ["Owed", "OwedDeposit", "faults", "owed_for"]
