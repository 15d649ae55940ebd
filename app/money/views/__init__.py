"""Pages of money, by drawer."""

from __future__ import annotations

from app.money.views import (
    cash,  # noqa: F401 - it declares its pages
    offerings,  # noqa: F401 - declares its pages
)
from app.money.views.pages import pages

blueprint = pages.blueprint

__all__ = ["blueprint"]
