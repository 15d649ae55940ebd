"""The page of money at the desk: what waits, one search, and the way to everything else."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template
from werkzeug.exceptions import HTTPException

from app.core import clock, i18n
from app.core.i18n import lazy as _l
from app.core.web import actor, see_other
from app.houses.queries import HouseCard
from app.money import policy, queries
from app.money.views import payers
from app.money.views.pages import house, pages

CASH_DAY = "/money/cash"
BOOKS = (
    ("/money/ledger", _l("Ledger")),
    ("/money/accounts", _l("Accounts")),
    ("/money/items", _l("Open items")),
    ("/money/deposits", _l("Deposits")),
    ("/money/funds", _l("Funds")),
    ("/money/expenses", _l("Expenses")),
    ("/money/cash", _l("Cash days")),
    ("/money/offerings", _l("Offerings")),
    ("/money/operator", _l("Operator")),
)
"""Pages of the treasurer, by their addresses: each drawer brings its own."""


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
        cash_day=CASH_DAY if _stands(CASH_DAY) else None,
        books=[way for way in BOOKS if _stands(way[0])] if policy.keep_books(actor(), house) else [],
    )


def _stands(path: str) -> bool:
    try:
        return bool(current_app.url_map.bind("").match(path))
    except HTTPException:
        return False
