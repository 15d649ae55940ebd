"""The questions about money, by drawer."""

from __future__ import annotations

from app.money.queries.proof import faults

__all__ = ["faults"]
