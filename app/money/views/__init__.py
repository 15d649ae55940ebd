"""Pages of money, by drawer."""

from __future__ import annotations

from app.money.views import (  # noqa: F401 - each declares its pages
    accounts,
    cash,
    charges,
    deposits,
    desk,
    expenses,
    funds,
    items,
    ledger,
    offerings,
    operator,
    own,
    payments,
)
from app.money.views.pages import pages

blueprint = pages.blueprint

__all__ = ["blueprint"]
