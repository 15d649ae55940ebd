"""The manager's pages: classes of things with all their rules, and the lending terms."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core import clock, i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame, choices
from app.core.i18n import gettext, ngettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.library import policy, queries, service
from app.library.forms.things import ClassForm, TermsForm
from app.library.models import ThingClass, Trust
from app.library.views.pages import house, pages, thing_class
from app.library.views.words import TRUSTS
from app.money import queries as money

NAMES = {"late_cents": "late_fee", "late_cap_cents": "late_cap"}


@pages.get("/library/classes", load=house, allow=policy.manage_classes)
def list_classes(house: HouseCard) -> Any:
    rows = queries.classes(house.id, archived=True)
    return render_template(
        "library/list_classes.html",
        classes=[(each, _told(each)) for each in rows if each.archived_at is None],
        archived=[each for each in rows if each.archived_at is not None],
        terms=queries.all_terms(house.id),
        today=clock.today(i18n.zone()),
    )


def _told(each: ThingClass) -> str:
    """The rules that matter most, in a line."""
    return i18n.dotted(
        ngettext("one day", "%(num)d days", each.loan_days),
        ngettext("tested every month", "tested every %(num)d months", each.test_months) if each.test_months else "",
        gettext("washed after each loan") if each.wash_after else "",
        gettext("%(amount)s for each late day", amount=i18n.money(each.late_cents)) if each.late_cents else "",
        "" if each.trust == "anybody" else str(TRUSTS[Trust(each.trust)]),
    )


@pages.get("/library/classes/new", load=house, allow=policy.manage_classes)
def show_new_class_form(house: HouseCard) -> Any:
    return _page(house.id, None, _form(house.id, None))


@pages.post("/library/classes/new", load=house, allow=policy.manage_classes)
def add_class(house: HouseCard) -> Any:
    form = _form(house.id, request.form)
    if not form.validate():
        return _page(house.id, None, form), 422
    try:
        made = service.add_class(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal, NAMES)
        return _page(house.id, None, form), refusal.status
    say(gettext("%(name)s is a class of its own now.", name=made.name))
    return see_other("library.list_classes")


@pages.get("/library/classes/<int:class_id>", load=thing_class, allow=policy.manage_classes)
def show_class_form(found: ThingClass) -> Any:
    return _page(found.house_id, found, _form(found.house_id, None, found))


@pages.post("/library/classes/<int:class_id>", load=thing_class, allow=policy.manage_classes)
def change_class(found: ThingClass) -> Any:
    """What is out keeps the rules it was lent by."""
    form = _form(found.house_id, request.form, found)
    if not form.validate():
        return _page(found.house_id, found, form), 422
    try:
        service.change_class(found, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal, NAMES)
        return _page(found.house_id, found, form), refusal.status
    say(gettext("%(name)s has been changed. What is out keeps the rules it was lent by.", name=found.name))
    return see_other("library.list_classes")


@pages.post("/library/classes/<int:class_id>/archive", load=thing_class, allow=policy.manage_classes)
def archive_class(found: ThingClass) -> Any:
    try:
        service.archive_class(found, actor())
    except Refusal as refusal:
        return _page(found.house_id, found, _form(found.house_id, None, found), refusal), refusal.status
    say(gettext("%(name)s is put away.", name=found.name))
    return see_other("library.list_classes")


@pages.post("/library/classes/<int:class_id>/restore", load=thing_class, allow=policy.manage_classes)
def restore_class(found: ThingClass) -> Any:
    service.restore_class(found, actor())
    say(gettext("%(name)s can be used again.", name=found.name))
    return see_other("library.list_classes")


def _form(house_id: int, data: Any, found: ThingClass | None = None) -> ClassForm:
    form = (
        ClassForm(data, obj=found)
        if found is None
        else ClassForm(data, obj=found, late_fee=found.late_cents, late_cap=found.late_cap_cents)
    )
    kinds = [(row.code, row.name) for row in money.income_kinds(house_id)]
    known = found is not None and found.income_kind in dict(kinds)
    form.income_kind.choices = choices(kinds if known else [("", gettext("lending things")), *kinds])
    return form


def _page(house_id: int, found: ThingClass | None, form: ClassForm, refusal: Refusal | None = None) -> str:
    return render_template("library/show_class.html", found=found, form=form, refusal=refusal)


# Terms -------------------------------------------------------------------------------------------------------------


@pages.get("/library/terms", load=house, allow=policy.set_terms)
def show_terms_form(house: HouseCard) -> Any:
    rows = queries.all_terms(house.id)
    return _terms_page(house, TermsForm(valid_from=clock.today(i18n.zone()), wording=rows[0].wording if rows else ""))


@pages.post("/library/terms", load=house, allow=policy.set_terms)
def set_terms(house: HouseCard) -> Any:
    """Who agreed to an earlier wording is asked again at the next loan."""
    form = TermsForm(request.form)
    if not form.validate():
        return _terms_page(house, form), 422
    assert form.valid_from.data is not None
    try:
        service.set_terms(house.id, form.valid_from.data, form.wording.data or "", actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _terms_page(house, form), refusal.status
    say(gettext("The lending terms are written down."))
    return see_other("library.list_classes")


def _terms_page(house: HouseCard, form: TermsForm) -> str:
    return render_template(
        "library/show_terms.html", form=form, rows=queries.all_terms(house.id), today=clock.today(i18n.zone())
    )  # fmt: skip
