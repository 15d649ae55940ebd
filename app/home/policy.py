"""Who sees the pages across features."""

from app.core.policy import desk, everyone

see_front = everyone
see_today = desk
