"""Money handed over: take it, give it back, print the receipt, take back what was written down by mistake."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, render_template, request

from app.core import clock, i18n
from app.core.errors import Invalid, Missing, Refusal
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, queries, service
from app.money.forms.desk import MethodForm, TakeForm, WhyForm, take_form
from app.money.models import Direction, Payment, Refund
from app.money.queries import Payer, Standing
from app.money.views import papers, payers
from app.money.views.pages import house, pages
from app.money.views.words import method_word

_TICKED = re.compile(r"pay-(charge|deposit)-(\d{1,10})", re.ASCII)


def payment(payment_id: int) -> Payment | None:
    here = house()
    return queries.payment(here.id, payment_id) if here else None


def refund(refund_id: int) -> Refund | None:
    here = house()
    return queries.refund(here.id, refund_id) if here else None


# Taking --------------------------------------------------------------------------------------------------------------


@pages.get("/money/take", load=house, allow=policy.handle_money)
def show_take_money(house: HouseCard) -> Any:
    """Who pays? Then everything they have to pay, what is due already ticked; `charge` and `deposit` name what else is."""
    payer = _payer_by_item(house) or payers.chosen()
    if payer is None:
        return payers.choose_page(house, gettext("Take money"), "money.show_take_money")
    standing = queries.standing(house.id, payer)
    if "method" in request.args:
        form = take_form(standing.open, request.args)
        form.validate()
    else:
        form = take_form(standing.open, None, _usual(standing))
    return _take_page(payer, standing, form)


@pages.post("/money/take", load=house, allow=policy.handle_money, turns=[service.LEDGER])
def take_payment(house: HouseCard) -> Any:
    """One receipt for everything that is ticked."""
    payer = payers.chosen()
    if payer is None:
        raise Missing
    standing = queries.standing(house.id, payer)
    form = take_form(standing.open, request.form)
    if not form.validate():
        return _take_page(payer, standing, form), 422
    try:
        paid = service.take_payment(form.request(house.id, _gone(standing)), actor())
    except Invalid as refusal:
        blame(form, refusal, {"cents": "given"})
        return _take_page(payer, standing, form), refusal.status
    except Refusal as refusal:
        return _take_page(payer, standing, form, refusal), refusal.status
    say(gettext("Taken: %(amount)s, %(how)s.", amount=i18n.money(paid.cents), how=method_word(paid.method)))
    given = form.given.data if form.change() is not None else None
    return see_other("money.show_payment", payment_id=paid.id, given=given)


def _payer_by_item(house: HouseCard) -> Payer | None:
    charge_id, deposit_id = payers.id_in(request.args.get("charge")), payers.id_in(request.args.get("deposit"))
    subject: Any = queries.charge(house.id, charge_id) if charge_id else None
    subject = subject or (queries.deposit(house.id, deposit_id) if deposit_id else None)
    return payers.payer_of(subject) if subject is not None else None


def _usual(standing: Standing) -> set[str]:
    """What is due, and what was tapped; where nothing is due yet, everything."""
    today = clock.today(i18n.zone())
    tapped = {f"{kind}-{request.args[kind]}" for kind in ("charge", "deposit") if kind in request.args}
    due = {item.key for item in standing.open if item.on is not None and item.on <= today}
    return (due | tapped) or {item.key for item in standing.open}


def _gone(standing: Standing) -> list[tuple[str, int]]:
    """What was ticked on the page and is not open any more."""
    known = {item.key for item in standing.open}
    ticked = [found for name in request.form if (found := _TICKED.fullmatch(name)) is not None]
    return [(found[1], int(found[2])) for found in ticked if f"{found[1]}-{found[2]}" not in known]


def _take_page(payer: Payer, standing: Standing, form: TakeForm, refusal: Refusal | None = None) -> str:
    return render_template(
        "money/take_payment.html",
        payer=payer,
        standing=standing,
        form=form,
        refusal=refusal,
        today=clock.today(i18n.zone()),
        method_word=method_word,
    )


# One payment ---------------------------------------------------------------------------------------------------------


@pages.get("/money/payments/<int:payment_id>", load=payment, allow=policy.handle_money)
def show_payment(payment: Payment) -> Any:
    """The number in large type, the change to give, what it was for, and the paper."""
    given = payers.id_in(request.args.get("given")) if payment.direction == Direction.IN else None
    return render_template(
        "money/show_payment.html",
        payment=payment,
        payer=payers.payer_of(payment),
        paid_for=queries.paid_for(payment.id),
        given=given if given is not None and given >= payment.cents else None,
        method_word=method_word,
    )


@pages.get("/money/payments/<int:payment_id>/receipt.pdf", load=payment, allow=policy.see_money)
def print_receipt(payment: Payment) -> Response:
    """The receipt, in the language of whoever opens it."""
    return papers.receipt(payment, queries.paid_for(payment.id), queries.operator())


@pages.get("/money/payments/<int:payment_id>/undo", load=payment, allow=policy.handle_money)
def show_undo_payment(payment: Payment) -> Any:
    return _undo_page(payment, WhyForm())


@pages.post("/money/payments/<int:payment_id>/undo", load=payment, allow=policy.handle_money)
def undo_payment(payment: Payment) -> Any:
    """It was written down by mistake: what it paid for is open again."""
    form = WhyForm(request.form)
    if not form.validate():
        return _undo_page(payment, form), 422
    try:
        service.undo_payment(payment, form.reason.data or "", actor())
    except Refusal as refusal:
        return _undo_page(payment, form, refusal), refusal.status
    say(gettext("Taken back: receipt %(no)s. What it paid for is open again.", no=payment.no))
    return see_other("money.show_payment", payment_id=payment.id)


def _undo_page(payment: Payment, form: WhyForm, refusal: Refusal | None = None) -> str:
    return render_template("money/undo_payment.html", payment=payment, form=form, refusal=refusal)


# Refunds -------------------------------------------------------------------------------------------------------------


@pages.get("/money/refunds/<int:refund_id>/pay", load=refund, allow=policy.handle_money)
def show_pay_refund(refund: Refund) -> Any:
    return _refund_page(refund, MethodForm())


@pages.post("/money/refunds/<int:refund_id>/pay", load=refund, allow=policy.handle_money)
def pay_refund(refund: Refund) -> Any:
    """Hand back what is owed for something cancelled."""
    form = MethodForm(request.form)
    if not form.validate():
        return _refund_page(refund, form), 422
    try:
        paid = service.pay_refund(refund, form.method.data, actor(), on=form.day)
    except Invalid as refusal:
        blame(form, refusal)
        return _refund_page(refund, form), refusal.status
    except Refusal as refusal:
        return _refund_page(refund, form, refusal), refusal.status
    say(gettext("Paid out: %(amount)s, %(how)s.", amount=i18n.money(paid.cents), how=method_word(paid.method)))
    return see_other("money.show_payment", payment_id=paid.id)


def _refund_page(refund: Refund, form: MethodForm, refusal: Refusal | None = None) -> str:
    return render_template(
        "money/pay_refund.html", refund=refund, payer=payers.payer_of(refund), form=form, refusal=refusal
    )  # fmt: skip
