"""Who may touch money. The desk takes and gives it; the treasurer and the manager read and keep the books."""

from __future__ import annotations

from typing import Any

from app.core.policy import Actor, Role, holding, rule

handle_money = holding(Role.MANAGER, Role.DESK, Role.TREASURER)
"""Take money, give it back, charge, print: what is done at the counter."""
count_cash = handle_money
"""Count the drawer and close its day, with a second person; read what was counted."""
keep_books = holding(Role.MANAGER, Role.TREASURER)
"""Read the ledger, post by hand, reverse, lock, waive, keep funds and offerings."""


@rule
def own_money(actor: Actor, subject: Any) -> bool:
    """A charge, payment, deposit or invoice of this very person."""
    return actor.person_id is not None and getattr(subject, "person_id", None) == actor.person_id


see_money = handle_money | own_money
