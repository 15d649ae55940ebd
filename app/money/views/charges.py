"""What somebody owes: write it down, look at it, ask for less, let somebody off, take it back, make an invoice of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, render_template, request

from app.core import clock, i18n
from app.core.errors import Invalid, Missing, Refusal
from app.core.forms import Form, blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, queries, service
from app.money.forms.desk import BuyerForm, ChargeForm, ReduceForm, WaiveForm, WhyForm
from app.money.models import Charge, InvoiceKind
from app.money.queries import Payer
from app.money.queries.details import InvoicePage
from app.money.views import papers, payers
from app.money.views.pages import house, pages
from app.money.views.words import charge_state, reduction_word, settlement_word
from app.people import queries as people


def charge(charge_id: int) -> Charge | None:
    here = house()
    return queries.charge(here.id, charge_id) if here else None


def invoice(invoice_id: int) -> InvoicePage | None:
    here = house()
    return queries.invoice(here.id, invoice_id) if here else None


@pages.get("/money/charges/new", load=house, allow=policy.handle_money)
def show_new_charge(house: HouseCard) -> Any:
    """For whom? Then what."""
    payer = payers.chosen()
    if payer is None:
        return payers.choose_page(house, gettext("New charge"), "money.show_new_charge")
    today = clock.today(i18n.zone())
    form = ChargeForm(supplied_from=today, due_on=today + timedelta(days=service.payment_days()))
    return _new_page(house, payer, form)


@pages.post("/money/charges/new", load=house, allow=policy.handle_money, turns=[service.LEDGER])
def make_charge(house: HouseCard) -> Any:
    payer = payers.chosen()
    if payer is None:
        raise Missing
    form = ChargeForm(request.form).offer(queries.hand_kinds(house.id))
    if not form.validate():
        return _new_page(house, payer, form), 422
    try:
        made = service.charge_by_hand(form.request(house.id, payer), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _new_page(house, payer, form), refusal.status
    say(gettext("Written down: %(title)s, %(amount)s.", title=made.title, amount=i18n.money(made.total_cents)))
    return see_other("money.show_charge", charge_id=made.id)


def _new_page(house: HouseCard, payer: Payer, form: ChargeForm) -> str:
    kinds = queries.hand_kinds(house.id)
    return render_template("money/make_charge.html", payer=payer, form=form.offer(kinds), kinds=kinds)


@pages.get("/money/charges/<int:charge_id>", load=charge, allow=policy.handle_money)
def show_charge(charge: Charge) -> Any:
    """What it is for, what was paid, and what can be done."""
    invoices = queries.invoices_of(charge.id)
    return render_template(
        "money/show_charge.html",
        charge=charge,
        payer=payers.payer_of(charge),
        state=charge_state(charge),
        settlements=queries.settlements(charge.id),
        refunds=queries.refunds_of(charge.id),
        invoices=invoices,
        invoiced=any(each.kind == InvoiceKind.INVOICE for each in invoices),
        may_waive=policy.keep_books(actor(), charge),
        today=clock.today(i18n.zone()),
        reduction_word=reduction_word,
        settlement_word=settlement_word,
    )


# Afterwards ----------------------------------------------------------------------------------------------------------


@pages.get("/money/charges/<int:charge_id>/reduce", load=charge, allow=policy.handle_money)
def show_reduce_charge(charge: Charge) -> Any:
    return _page("money/reduce_charge.html", charge, ReduceForm())


@pages.post("/money/charges/<int:charge_id>/reduce", load=charge, allow=policy.handle_money)
def reduce_charge(charge: Charge) -> Any:
    """Less is to be paid, for a reason; the normal price stays for the reports."""
    form = ReduceForm(request.form)
    if not form.validate():
        return _page("money/reduce_charge.html", charge, form), 422
    try:
        made = service.reduce_charge(
            charge, form.reduction.data, int(form.cents.data), _reason(form.reason.data, form.reduction.data), actor()
        )
    except Refusal as refusal:
        return _refused("money/reduce_charge.html", charge, form, refusal)
    say(gettext("Reduced to %(amount)s.", amount=i18n.money(made.total_cents)))
    return see_other("money.show_charge", charge_id=made.id)


def _reason(typed: str | None, reduction: str) -> str:
    """The card alone is reason enough."""
    return typed or (reduction_word(reduction) if reduction == "city_card" else "")


@pages.get("/money/charges/<int:charge_id>/waive", load=charge, allow=policy.keep_books)
def show_waive_charge(charge: Charge) -> Any:
    return _page("money/waive_charge.html", charge, WaiveForm(cents=charge.open_cents))


@pages.post("/money/charges/<int:charge_id>/waive", load=charge, allow=policy.keep_books)
def waive_charge(charge: Charge) -> Any:
    """Let somebody off what is open, or a part of it."""
    form = WaiveForm(request.form)
    if not form.validate():
        return _page("money/waive_charge.html", charge, form), 422
    try:
        service.waive_charge(charge, int(form.cents.data), form.reason.data or "", actor())
    except Refusal as refusal:
        return _refused("money/waive_charge.html", charge, form, refusal)
    say(gettext("Waived: %(amount)s.", amount=i18n.money(int(form.cents.data))))
    return see_other("money.show_charge", charge_id=charge.id)


@pages.get("/money/charges/<int:charge_id>/cancel", load=charge, allow=policy.handle_money)
def show_cancel_charge(charge: Charge) -> Any:
    return _page("money/cancel_charge.html", charge, WhyForm())


@pages.post("/money/charges/<int:charge_id>/cancel", load=charge, allow=policy.handle_money)
def cancel_charge(charge: Charge) -> Any:
    """Nobody owes this any more; what was paid is owed back."""
    form = WhyForm(request.form)
    if not form.validate():
        return _page("money/cancel_charge.html", charge, form), 422
    try:
        service.cancel_charge(charge, form.reason.data or "", actor())
    except Refusal as refusal:
        return _refused("money/cancel_charge.html", charge, form, refusal)
    say(gettext("Cancelled: %(title)s.", title=charge.title))
    return see_other("money.show_charge", charge_id=charge.id)


def _page(template: str, charge: Charge, form: Form, refusal: Refusal | None = None) -> str:
    return render_template(template, charge=charge, payer=payers.payer_of(charge), form=form, refusal=refusal)


def _refused(template: str, charge: Charge, form: Form, refusal: Refusal) -> tuple[str, int]:
    if isinstance(refusal, Invalid):
        blame(form, refusal)
        return _page(template, charge, form), refusal.status
    return _page(template, charge, form, refusal), refusal.status


# Invoices ------------------------------------------------------------------------------------------------------------


@pages.get("/money/charges/<int:charge_id>/invoice", load=charge, allow=policy.handle_money)
def show_issue_invoice(charge: Charge) -> Any:
    """To whom, with the address the house knows."""
    payer = payers.payer_of(charge)
    person = people.person(charge.person_id or 0)
    form = BuyerForm(
        name=payer.name,
        street=person.street if person else "",
        postcode=person.postcode if person else "",
        city=person.city if person else "",
    )
    return _invoice_page(charge, form)


@pages.post("/money/charges/<int:charge_id>/invoice", load=charge, allow=policy.handle_money)
def issue_invoice(charge: Charge) -> Any:
    form = BuyerForm(request.form)
    if not form.validate():
        return _invoice_page(charge, form), 422
    try:
        issued = service.issue_invoice(charge, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _invoice_page(charge, form), refusal.status
    except Refusal as refusal:
        return _invoice_page(charge, form, refusal), refusal.status
    say(gettext("Issued: invoice %(no)s. It stays as it is now.", no=issued.no))
    return see_other("money.show_charge", charge_id=charge.id)


def _invoice_page(charge: Charge, form: BuyerForm, refusal: Refusal | None = None) -> str:
    return render_template(
        "money/issue_invoice.html",
        charge=charge,
        form=form,
        refusal=refusal,
        small=charge.total_cents <= service.small_amount(charge),
        may_keep_books=policy.keep_books(actor(), charge),
    )


@pages.get("/money/invoices/<int:invoice_id>/invoice.pdf", load=invoice, allow=policy.see_money)
def print_invoice(page: InvoicePage) -> Response:
    """As it was issued, in German: the wording is that of the law."""
    return papers.invoice(page.invoice)
