"""What a person has to pay themselves, and the papers about what they paid."""

from __future__ import annotations

from typing import Any

from flask import render_template

from app.core import clock, i18n
from app.core.errors import Missing
from app.core.i18n import gettext
from app.core.web import actor
from app.houses.queries import HouseCard
from app.money import policy, queries
from app.money.views import papers
from app.money.views.pages import house, pages
from app.money.views.words import method_word


@pages.get("/me/money", allow=policy.see_own_money)
def show_my_money() -> Any:
    """To be paid, deposits, receipts and invoices: one's own, and those of groups one acts for."""
    here: HouseCard | None = house()
    if here is None or actor().person_id is None:
        raise Missing
    standing, operator = queries.own_standing(here.id, actor()), queries.operator()
    total = sum(item.cents for item in standing.open)
    picture = None
    if total and operator.iban:
        picture = papers.giro_code(operator, total, text=_purpose(standing.open, actor().name))
    return render_template(
        "money/show_my_money.html",
        standing=standing,
        invoices=queries.own_invoices(here.id, actor()),
        operator=operator,
        iban=papers.iban_in_fours(operator.iban),
        total=total,
        purpose=_purpose(standing.open, actor().name),
        picture=picture.svg_data_uri(scale=4, border=4, light="#fff") if picture is not None else None,
        today=clock.today(i18n.zone()),
        method_word=method_word,
    )


def _purpose(items: list[queries.Item], name: str) -> str:
    """What the treasurer reads on the statement: ``F-12 F-13 Ayşe Yılmaz``."""
    numbers = [f"F-{item.id}" if item.kind == "charge" else gettext("Deposit %(number)s", number=item.id) for item in items]
    return " ".join([*numbers[:6], name])[:140]
