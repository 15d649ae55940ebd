"""Safety tests: what is due, the sheet for whoever tests, writing a result down, and how many fail."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Response, current_app, render_template, request

from app.core import clock, i18n, paper
from app.core.errors import Invalid
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.library import policy, queries, service
from app.library.forms.pieces import TestForm
from app.library.models import Piece
from app.library.queries import PieceLine
from app.library.views.pages import house, pages, piece

LOOKED_BACK = timedelta(days=730)


def _due(house: HouseCard) -> list[PieceLine]:
    return queries.due_tests(house.id, clock.today(i18n.zone()) + timedelta(days=queries.SOON_DAYS))


@pages.get("/library/tests", load=house, allow=policy.keep_things)
def list_tests(house: HouseCard) -> Any:
    """What is due within six weeks, so that things are at home when whoever tests comes; and the fault rate of each class."""
    today = clock.today(i18n.zone())
    return render_template(
        "library/list_tests.html",
        lines=[(line, *_state(line, today)) for line in _due(house)],
        rates=[(rate, _share(rate.per_mille)) for rate in queries.fault_rates(house.id, today - LOOKED_BACK)],
    )


def _share(per_mille: int) -> str:
    """``1,5``, as the reader writes it."""
    return f"{per_mille // 10}{'.' if i18n.language() == 'en' else ','}{per_mille % 10}"


def _state(line: PieceLine, today: date) -> tuple[str, str]:
    if line.test_due_on is None:
        return gettext("never tested"), "brick"
    if line.test_due_on < today:
        return gettext("over since %(day)s", day=i18n.day(line.test_due_on, "d. MMMM")), "brick"
    return gettext("until %(day)s", day=i18n.day(line.test_due_on, "d. MMMM")), "honey"


@pages.get("/library/tests.pdf", load=house, allow=policy.keep_things)
def print_tests(house: HouseCard) -> Response:
    """A line for each piece that is due, with room for the result."""
    today = clock.today(i18n.zone())
    title = gettext("Safety tests")
    data = {
        "house": {"name": house.name, "address": house.address},
        "title": title,
        "sub": i18n.day(today),
        "columns": {
            "number": gettext("No."),
            "what": gettext("What"),
            "due": gettext("Due"),
            "result": gettext("Passed / failed"),
            "value": gettext("Values, remark"),
        },
        "lines": [
            {"number": line.number, "what": i18n.dotted(line.name, line.place), "due": _state(line, today)[0]} for line in _due(house)
        ],
        "foot": [gettext("Tested by"), gettext("What they have learnt"), gettext("Measured with"), gettext("Day and signature")],
        "empty": gettext("Nothing is due within the next six weeks."),
    }  # fmt: skip
    document = paper.render("library/paper/test_sheet.typ", data, language=i18n.language(), title=title, now=clock.now())
    return current_app.response_class(document, mimetype="application/pdf")


@pages.get("/library/pieces/<int:piece_id>/test", load=piece, allow=policy.keep_things)
def show_test_form(found: Piece) -> Any:
    """Who tested last is filled in: on a test day it is the same for all."""
    today = clock.today(i18n.zone())
    last = queries.last_test(found.house_id)
    form = TestForm(on_day=today)
    if last is not None:
        form.tester.data, form.qualification.data, form.instrument.data = last.tester, last.qualification, last.instrument
    return _page(found, form)


@pages.post("/library/pieces/<int:piece_id>/test", load=piece, allow=policy.keep_things)
def record_test(found: Piece) -> Any:
    form = TestForm(request.form)
    if not form.validate():
        return _page(found, form), 422
    try:
        made = service.record_test(found, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _page(found, form), refusal.status
    if made.passed and made.next_on is not None:
        say(gettext("Passed. The next test is due on %(day)s.", day=i18n.day(made.next_on)))
    else:
        say(gettext("Failed: it is not lent until it passes a test. Whoever has it reserved is told."), "warning")
    return see_other("library.show_piece", piece_id=found.id)


def _page(found: Piece, form: TestForm) -> str:
    months = found.thing.thing_class.test_months
    proposed = service.next_test(clock.today(i18n.zone()), months)
    return render_template(
        "library/record_test.html", piece=found, thing=found.thing, form=form, months=months, proposed=i18n.day(proposed)
    )  # fmt: skip
