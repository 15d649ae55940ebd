"""Who may decide about a house."""

from __future__ import annotations

from app.core.policy import manager

change_house = manager
