"""The page on which the manager reads what was done."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core.web import Pages
from app.houses.queries import HouseCard
from app.houses.views import here
from app.journal import policy, queries
from app.journal.forms import FilterForm
from app.journal.views.words import told

pages = Pages("journal", "app.journal")


def house() -> HouseCard | None:
    return here()


@pages.get("/journal", load=house, allow=policy.see_journal)
def show_journal(house: HouseCard) -> Any:
    """Newest first; ``?before=`` is the cursor of the next page."""
    form = FilterForm(request.args)
    before = request.args.get("before", "")
    cursor = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    lines, following = queries.lines(house.id, form.filter(), cursor)
    asked = {name: value for name, value in request.args.items() if name in {"act", "subject", "number", "day"} and value}
    names = queries.names_in(lines)
    return render_template(
        "journal/show_journal.html",
        form=form,
        lines=[(line, told(line, names)) for line in lines],
        following=following,
        cursor=cursor,
        asked=asked,
    )
