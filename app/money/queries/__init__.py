"""The questions about money, by drawer: `ledger`, `accounts`, `items`, `funds`, `proof`."""

from __future__ import annotations

from app.money.queries.proof import faults

__all__ = ["faults"]
