"""Who may read the journal."""

from __future__ import annotations

from app.core.policy import manager

see_journal = manager
