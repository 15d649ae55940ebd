"""Who may decide when the house is open and what things cost."""

from __future__ import annotations

from app.core.policy import manager

change_hours = manager
change_prices = manager
