"""The page of the journal, and how it tells facts to people."""

from __future__ import annotations

from app.journal.views.pages import pages

__all__ = ["pages"]
