"""Tables of things: choose one, look what it would do row by row, bring it in; and take all away in the same shape."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from werkzeug.datastructures import CombinedMultiDict

from app.core import i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame
from app.core.i18n import gettext, ngettext
from app.core.sheets import sheet_answer
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.library import policy, service
from app.library.forms.things import TableForm, UploadForm
from app.library.service import Report, What
from app.library.views.pages import house, pages

MOST_LINES = 300
"""Of one list on a page; the counts tell of the rest."""


@pages.get("/library/things/import", load=house, allow=policy.keep_things)
def show_import_form(house: HouseCard) -> Any:
    return _page(TableForm())


@pages.post("/library/things/import/preview", load=house, allow=policy.keep_things)
def preview_import(house: HouseCard) -> Any:
    """What the table would do. It is kept on the server: what has been looked at is then what is imported."""
    form = TableForm(CombinedMultiDict((request.form, request.files)))
    if not form.validate():
        return _page(form), 422
    with form.file.data.stream as stream:
        content, name = stream.read(), form.file.data.filename or ""
    try:
        report = service.preview_things(house.id, content, name, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _page(form), refusal.status
    upload = service.keep_upload(house.id, content, name, actor())
    return render_template(
        "library/preview_import.html", report=report, upload=upload.id, lists=_lists(report), most=MOST_LINES
    )  # fmt: skip


@pages.post("/library/things/import", load=house, allow=policy.keep_things)
def import_things(house: HouseCard) -> Any:
    form = UploadForm(request.form)
    upload_id = form.upload.data if form.validate() and form.upload.data is not None else 0
    try:
        report = service.import_upload(house.id, upload_id, actor())
    except Refusal as refusal:
        again = TableForm()
        again.file.errors = [str(refusal)]
        return _page(again), refusal.status
    say(_done(report), "success" if report.changes else "info")
    return see_other("library.list_things")


@pages.get("/library/things.<kind>", load=house, allow=policy.keep_things)
def export_things(house: HouseCard, kind: str) -> Response:
    """``csv`` or ``xlsx``."""
    if kind not in ("csv", "xlsx"):
        kind = "csv"
    return sheet_answer("things", service.table_of(house.id), kind)


def _page(form: TableForm) -> str:
    return render_template("library/import_things.html", form=form)


def _lists(report: Report) -> list[tuple[str, str, Any]]:
    """Heading, tone and rows of every list that is not empty; what is not possible first."""
    return [
        (heading, tone, lines)
        for heading, tone, what in (
            (gettext("Not possible"), "brick", What.REFUSED),
            (gettext("New"), "sage", What.NEW),
            (gettext("Changed"), "honey", What.CHANGED),
            (gettext("Unchanged"), "plain", What.UNCHANGED),
        )
        if (lines := report.of(what))
    ]


def _done(report: Report) -> str:
    if not report.changes:
        return gettext("Nothing was new: all rows are as they were.")
    new, changed, refused = (len(report.of(what)) for what in (What.NEW, What.CHANGED, What.REFUSED))
    told = [
        ngettext("one row brought in", "%(num)d rows brought in", new) if new else "",
        ngettext("one row changed", "%(num)d rows changed", changed) if changed else "",
        ngettext("one row was not possible", "%(num)d rows were not possible", refused) if refused else "",
    ]
    return gettext("Done: %(what)s.", what=i18n.together(*told))
