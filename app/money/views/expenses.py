"""What the house paid, with its vouchers."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, service
from app.money.forms.funds import ExpenseForm
from app.money.forms.ledger import ReasonForm
from app.money.forms.terms import METHODS, SPHERES
from app.money.models import AccountKind, Expense, LedgerAccount, Method
from app.money.queries import accounts, ledger
from app.money.queries import funds as queries
from app.money.queries.funds import ExpenseFilter
from app.money.views import asked
from app.money.views.funds import percent_words
from app.money.views.pages import house, pages
from app.offers import queries as offers
from app.offers.models import Sphere


def expense(expense_id: int) -> Expense | None:
    """An expense of the house the reader is in."""
    here = house()
    return queries.expense(expense_id, here.id) if here else None


def _wanted() -> ExpenseFilter:
    return ExpenseFilter(
        text=asked.text(),
        fund=request.args.get("fund", "")[:8],
        account=request.args.get("account", "")[:8],
        offering=request.args.get("offering", "")[:8],
        first=asked.day("from"),
        last=asked.day("to"),
    )


@pages.get("/money/expenses", load=house, allow=policy.keep_books)
def list_expenses(house: HouseCard) -> Any:
    wanted = _wanted()
    expenses, before = queries.expenses(house.id, wanted, asked.number("before"))
    return render_template(
        "money/list_expenses.html",
        expenses=expenses,
        wanted=wanted,
        funds=[(each.code, f"{each.code} {each.name}") for each in queries.funds(house.id, closed=True)],
        accounts=[(each.code, f"{each.code} {each.name}") for each in service.expense_accounts()],
        methods=METHODS,
        first_page="before" not in request.args,
        next_url=url_for("money.list_expenses", **asked.kept(), before=before) if before else None,
        sheets=asked.sheets("money.take_expenses"),
        narrowed=wanted != ExpenseFilter(),
    )


@pages.get(f"/money/expenses.{asked.KINDS}", load=house, allow=policy.keep_books)
def take_expenses(house: HouseCard, kind: str) -> Any:
    heads = [
        gettext("Number"), gettext("Paid on"), gettext("Payee"), gettext("What for"), gettext("Number of the voucher"),
        gettext("How"), gettext("Amount"), gettext("Input tax"), gettext("Account"), gettext("Sphere"), gettext("Offering"),
        gettext("Fund"), gettext("Of which eligible"), gettext("Entry"), gettext("State"),
    ]  # fmt: skip
    found, _ = queries.expenses(house.id, _wanted(), most=asked.SHEET + 1)
    rows = (
        [
            each.no, each.paid_on, each.payee, each.reason, each.voucher_no, str(METHODS[Method(each.method)]),
            asked.euro(each.cents), asked.euro(each.vat_cents), each.account, each.sphere, each.offering, each.fund,
            asked.euro(each.eligible_cents), each.entry_no, gettext("taken back") if each.undone else "",
        ]
        for each in found
    )  # fmt: skip
    return asked.sheet("expenses", heads, rows, kind)


def _form(house_id: int, *arguments: Any, **more: Any) -> ExpenseForm:
    """The form with what may be chosen in this house."""
    form = ExpenseForm(*arguments, **more)
    form.account.choices = [("", gettext("Please choose")), *(_named(each) for each in service.expense_accounts())]
    form.offering.choices = [
        ("", gettext("none in particular")), *((each.code, f"{each.code} {each.name}") for each in offers.offerings(house_id)),
    ]  # fmt: skip
    rates = sorted(each.vat_bp for each in accounts.accounts(AccountKind.ASSET) if each.vat_bp is not None)
    form.rate_bp.choices = [(0, gettext("none")), *((rate, percent_words(rate)) for rate in rates)]
    form.fund.choices = [
        ("", gettext("none: the house bears it")), *((each.code, f"{each.code} {each.name}") for each in queries.funds(house_id)),
    ]  # fmt: skip
    return form


def _named(account: LedgerAccount) -> tuple[str, str]:
    return account.code, f"{account.code} {account.name}"


@pages.get("/money/expenses/new", load=house, allow=policy.keep_books)
def show_expense_form(house: HouseCard) -> Any:
    """Filled in for the fund that is asked for."""
    form = _form(house.id, on=clock.today(i18n.zone()))
    fund = queries.fund_with_code(request.args.get("fund", ""))
    if fund is not None and fund.house_id == house.id:
        form.fund.data, form.offering.data, form.sphere.data = fund.code, fund.offering_code or "", fund.sphere
    return render_template("money/record_expense.html", form=form)


@pages.post("/money/expenses/new", load=house, allow=policy.keep_books)
def record_expense(house: HouseCard) -> Any:
    form = _form(house.id, request.form)
    if not form.validate():
        return render_template("money/record_expense.html", form=form), 422
    try:
        expense = service.record_expense(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("money/record_expense.html", form=form), refusal.status
    except (service.NotEnoughCash, service.DayIsClosed, service.FundClosed, service.LockedPeriod) as refusal:
        form.form_errors = [str(refusal)]
        return render_template("money/record_expense.html", form=form), refusal.status
    say(gettext("Written down as %(no)s. Write this number on the voucher.", no=expense.no))
    return see_other("money.show_expense", expense_id=expense.id)


@pages.get("/money/expenses/<int:expense_id>", load=expense, allow=policy.keep_books)
def show_expense(expense: Expense) -> Any:
    return render_template(
        "money/show_expense.html",
        expense=expense,
        entry=ledger.entry(expense.entry_id, expense.house_id),
        account=accounts.account(expense.account_code),
        offering=offers.offering(expense.offering_code) if expense.offering_code else None,
        fund=queries.fund_with_code(expense.fund_code) if expense.fund_code else None,
        method=METHODS[Method(expense.method)],
        sphere=SPHERES[Sphere(expense.sphere)],
        rate=percent_words(expense.rate_bp),
    )


@pages.get("/money/expenses/<int:expense_id>/undo", load=expense, allow=policy.keep_books)
def show_undo_expense_form(expense: Expense) -> Any:
    return render_template("money/undo_expense.html", expense=expense, form=ReasonForm())


@pages.post("/money/expenses/<int:expense_id>/undo", load=expense, allow=policy.keep_books)
def undo_expense(expense: Expense) -> Any:
    form = ReasonForm(request.form)
    if not form.validate():
        return render_template("money/undo_expense.html", expense=expense, form=form), 422
    try:
        service.undo_expense(expense, form.reason.data or "", actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("money/undo_expense.html", expense=expense, form=form), refusal.status
    except Refusal as refusal:
        form.form_errors = [str(refusal)]
        return render_template("money/undo_expense.html", expense=expense, form=form), refusal.status
    say(gettext("The expense has been taken back. Its number stays."))
    return see_other("money.show_expense", expense_id=expense.id)
