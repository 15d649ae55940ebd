"""The page of money at the desk: what waits, one search, and the way to everything else."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from app.core import clock, i18n
from app.core.i18n import lazy as _l
from app.core.web import actor, see_other
from app.houses.queries import HouseCard
from app.money import policy, queries
from app.money.views import payers
from app.money.views.pages import house, pages

BOOKS = (
    ("money.list_entries", _l("Ledger")),
    ("money.list_accounts", _l("Accounts")),
    ("money.list_items", _l("Open items")),
    ("money.list_payments", _l("Payments")),
    ("money.list_deposits", _l("Deposits")),
    ("money.list_funds", _l("Funds")),
    ("money.list_expenses", _l("Expenses")),
    ("money.show_cash", _l("Cash days")),
    ("money.list_offerings", _l("Offerings")),
    ("money.list_values", _l("Values of law and house")),
    ("money.show_operator", _l("Operator")),
)
"""Pages of the treasurer."""


@pages.get("/money", load=house, allow=policy.handle_money)
def show_desk(house: HouseCard) -> Any:
    """Take and give money, and everything that waits; a number in the search opens what has it."""
    query = payers.asked()
    if query and (hit := queries.numbered(house.id, query)) is not None:
        if hit.kind == "payment":
            return see_other("money.show_payment", payment_id=hit.id)
        return see_other("money.show_charge", charge_id=hit.id)
    today = clock.today(i18n.zone())
    return render_template(
        "money/show_desk.html",
        query=query,
        lines=payers.found(house, query),
        waiting=queries.waiting(house.id, today),
        today=today,
        books=[(url_for(endpoint), word) for endpoint, word in BOOKS] if policy.keep_books(actor(), house) else [],
    )
