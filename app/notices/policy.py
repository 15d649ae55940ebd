"""Who may look after letters."""

from __future__ import annotations

from app.core.policy import desk

see_outbox = desk
tick_off = desk
put_back = desk
send_again = desk
tell_otherwise = desk
