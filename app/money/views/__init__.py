"""Pages of money, by drawer."""

from __future__ import annotations

from app.money.views import accounts, cash, expenses, funds, items, ledger  # noqa: F401 - each declares its pages
from app.money.views.pages import pages

blueprint = pages.blueprint

__all__ = ["blueprint"]
