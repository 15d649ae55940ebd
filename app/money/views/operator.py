"""Who runs the house: what stands on invoices, and where transfers go."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core.errors import Invalid
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, queries, service
from app.money.forms.desk import OperatorForm
from app.money.views.pages import house, pages


@pages.get("/money/operator", load=house, allow=policy.keep_books)
def show_operator(house: HouseCard) -> Any:
    return render_template("money/change_operator.html", form=OperatorForm(obj=queries.operator()))


@pages.post("/money/operator", load=house, allow=policy.keep_books)
def change_operator(house: HouseCard) -> Any:
    form = OperatorForm(request.form)
    if not form.validate():
        return render_template("money/change_operator.html", form=form), 422
    try:
        service.change_operator(form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("money/change_operator.html", form=form), refusal.status
    say(gettext("Saved. It stands on every invoice from now on."))
    return see_other("money.show_operator")
