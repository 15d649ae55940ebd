"""Who sees the pages across features."""

from app.core.policy import desk, everyone

see_front = everyone
see_today = desk
set_up = everyone
"""With the code that only the operator of the machine can read, and only while there is no house."""
