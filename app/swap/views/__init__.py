"""Pages of the shelf and of the time bank."""

from __future__ import annotations

from app.swap.views import bank, hours, listings, shelf  # noqa: F401 - each declares its pages
from app.swap.views.pages import pages

blueprint = pages.blueprint

__all__ = ["blueprint"]
