"""Deposits: ask for one, look at it, give it back or keep a part, let it drop."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core import clock, i18n
from app.core.errors import Invalid, Missing, Refusal
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, queries, service
from app.money.forms.desk import DepositForm, GiveBackForm
from app.money.models import Deposit, IncomeKind
from app.money.queries import Payer
from app.money.views import payers
from app.money.views.pages import house, pages
from app.money.views.words import deposit_kind_word, deposit_state, movement_word

DAMAGES = "damages"


def deposit(deposit_id: int) -> Deposit | None:
    here = house()
    return queries.deposit(here.id, deposit_id) if here else None


@pages.get("/money/deposits/new", load=house, allow=policy.handle_money)
def show_new_deposit(house: HouseCard) -> Any:
    payer = payers.chosen()
    if payer is None:
        return payers.choose_page(house, gettext("Ask for a deposit"), "money.show_new_deposit")
    return _new_page(payer, DepositForm(due_on=clock.today(i18n.zone())))


@pages.post("/money/deposits/new", load=house, allow=policy.handle_money)
def ask_deposit(house: HouseCard) -> Any:
    payer = payers.chosen()
    if payer is None:
        raise Missing
    form = DepositForm(request.form)
    if not form.validate():
        return _new_page(payer, form), 422
    try:
        asked = service.ask_deposit(form.request(house.id, payer), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _new_page(payer, form), refusal.status
    say(gettext("Written down: %(title)s, %(amount)s.", title=asked.title, amount=i18n.money(asked.cents)))
    return see_other("money.show_deposit", deposit_id=asked.id)


def _new_page(payer: Payer, form: DepositForm) -> str:
    return render_template("money/ask_deposit.html", payer=payer, form=form)


@pages.get("/money/deposits/<int:deposit_id>", load=deposit, allow=policy.handle_money)
def show_deposit(deposit: Deposit) -> Any:
    """Whose money it is, how much is held, and what happened to it."""
    return render_template(
        "money/show_deposit.html",
        deposit=deposit,
        payer=payers.payer_of(deposit),
        state=deposit_state(deposit),
        movements=queries.movements(deposit.id),
        kind_word=deposit_kind_word,
        movement_word=movement_word,
    )


@pages.get("/money/deposits/<int:deposit_id>/give-back", load=deposit, allow=policy.handle_money)
def show_give_back(deposit: Deposit) -> Any:
    return _back_page(deposit, GiveBackForm())


@pages.post("/money/deposits/<int:deposit_id>/give-back", load=deposit, allow=policy.handle_money)
def settle_deposit(deposit: Deposit) -> Any:
    """Give back all that is held, or keep a part of it with a reason."""
    form = _offered(GiveBackForm(request.form), queries.hand_kinds(deposit.house_id))
    if not form.validate():
        return _back_page(deposit, form), 422
    try:
        paid = service.settle_deposit(deposit, form.method.data, actor(), keep=form.kept(), on=form.day)
    except Invalid as refusal:
        blame(form, refusal)
        return _back_page(deposit, form), refusal.status
    except Refusal as refusal:
        return _back_page(deposit, form, refusal), refusal.status
    if paid is None:
        say(gettext("Kept: %(amount)s. Nothing is given back.", amount=i18n.money(int(form.keep.data))))
        return see_other("money.show_deposit", deposit_id=deposit.id)
    say(gettext("Given back: %(amount)s.", amount=i18n.money(paid.cents)))
    return see_other("money.show_payment", payment_id=paid.id)


def _offered(form: GiveBackForm, kinds: list[IncomeKind]) -> GiveBackForm:
    usual = next((kind.code for kind in kinds if kind.code.startswith(DAMAGES)), "")
    return form.offer(kinds, usual)


def _back_page(deposit: Deposit, form: GiveBackForm, refusal: Refusal | None = None) -> str:
    return render_template(
        "money/settle_deposit.html",
        deposit=deposit,
        payer=payers.payer_of(deposit),
        form=_offered(form, queries.hand_kinds(deposit.house_id)),
        refusal=refusal,
    )


@pages.get("/money/deposits/<int:deposit_id>/drop", load=deposit, allow=policy.handle_money)
def show_drop_deposit(deposit: Deposit) -> Any:
    return render_template("money/drop_deposit.html", deposit=deposit, payer=payers.payer_of(deposit))


@pages.post("/money/deposits/<int:deposit_id>/drop", load=deposit, allow=policy.handle_money)
def drop_deposit(deposit: Deposit) -> Any:
    """It is not needed any more."""
    service.drop_deposit(deposit, actor())
    say(gettext("Not needed any more: %(title)s.", title=deposit.title))
    return see_other("money.show_deposit", deposit_id=deposit.id)
