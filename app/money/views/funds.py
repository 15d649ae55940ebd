"""Funds: money for a purpose or free, where it stands, what it bore, and the list of vouchers for who gave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Invalid
from app.core.forms import blame
from app.core.i18n import gettext, ngettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, service
from app.money.forms.funds import FundForm, FundMoneyForm
from app.money.forms.terms import FUND_KINDS, SPHERES
from app.money.models import AccountKind, Fund, FundKind, FundRule
from app.money.queries import accounts
from app.money.queries import funds as queries
from app.money.queries.funds import Standing
from app.money.service.funds import accepted_inkind
from app.money.views import asked
from app.money.views.pages import house, pages
from app.offers import queries as offers
from app.offers.models import Sphere


def fund(fund_id: int) -> Fund | None:
    """A fund of the house the reader is in."""
    here = house()
    return queries.fund(fund_id, here.id) if here else None


@dataclass(frozen=True)
class FundLine:
    """A fund as it stands today. Parts are in whole per cent; None where there is nothing to measure by."""

    fund: Fund
    standing: Standing
    used: int
    """Cents that count as used: what was released, or spent out of free money."""
    used_percent: int | None
    gone_percent: int | None
    """Of its time."""
    time: str
    warning: str


def fund_line(fund: Fund, standing: Standing, today: date) -> FundLine:
    used = standing.released if fund.restricted else standing.spent
    of_all = standing.granted or standing.received
    gone = None
    if fund.ends_on is not None:
        whole = (fund.ends_on - fund.starts_on).days + 1
        gone = min(100, max(0, (today - fund.starts_on).days) * 100 // whole)
    return FundLine(
        fund, standing, used, min(100, used * 100 // of_all) if of_all else None, gone, _time_words(fund, today),
        _warning(fund, standing, today),
    )  # fmt: skip


def _time_words(fund: Fund, today: date) -> str:
    if fund.closed_at is not None:
        return gettext("closed")
    if fund.ends_on is None:
        return gettext("without an end")
    if today > fund.ends_on:
        return gettext("over since %(day)s", day=i18n.day(fund.ends_on, "d. MMMM y"))
    left = (fund.ends_on - today).days
    return gettext("ends today") if left == 0 else ngettext("one day left", "%(num)d days left", left)


def _warning(fund: Fund, standing: Standing, today: date) -> str:
    """What needs a hand now, empty for nothing."""
    if fund.closed_at is not None:
        return ""
    told = []
    if fund.ends_on is not None:
        if today > fund.ends_on and fund.restricted and standing.unspent:
            told.append(
                gettext("%(amount)s were not spent in time: ask whether they must go back.", amount=i18n.money(standing.unspent))
            )
        elif 0 <= (fund.ends_on - today).days <= fund.warn_days:
            told.append(gettext("It ends on %(day)s.", day=i18n.day(fund.ends_on)))
    if fund.report_due_on is not None and (fund.report_due_on - today).days <= fund.warn_days:
        told.append(gettext("The report is due on %(day)s.", day=i18n.day(fund.report_due_on)))
    return " ".join(told)


def rule_words(fund: Fund) -> str:
    """The rule with its numbers."""
    rate = percent_words(fund.rate_bp)
    if fund.rule == FundRule.FLAT:
        return gettext("direct cost and %(rate)s on top for overhead", rate=rate)
    if fund.rule == FundRule.SHARE:
        return gettext(
            "%(rate)s of direct cost and volunteer time, an hour at %(hour)s, volunteer time up to %(cap)s of all cost, and never "
            "more than the direct cost",
            rate=rate, hour=i18n.money(fund.inkind_rate_cents), cap=percent_words(fund.inkind_cap_bp),
        )  # fmt: skip
    if fund.rule == FundRule.GAP:
        return gettext(
            "what own income and others do not bear; they bear %(amount)s so far", amount=i18n.money(fund.covered_cents)
        )
    return gettext("all direct cost")


def percent_words(bp: int) -> str:
    whole, part = divmod(bp, 100)
    return f"{whole},{part:02} %".replace(",", "." if i18n.language() == "en" else ",") if part else f"{whole} %"


def _lines(house_id: int, *, closed: bool) -> list[FundLine]:
    today, funds = clock.today(i18n.zone()), queries.funds(house_id, closed=closed)
    standings = queries.standings(funds)
    return [fund_line(each, standings[each.id], today) for each in funds]


@pages.get("/money/funds", load=house, allow=policy.keep_books)
def list_funds(house: HouseCard) -> Any:
    """What ends first, first."""
    closed = "closed" in request.args
    lines = _lines(house.id, closed=closed)
    return render_template(
        "money/list_funds.html",
        lines=lines,
        kinds=FUND_KINDS,
        closed=closed,
        unspent=sum(line.standing.unspent for line in lines if line.fund.restricted),
        sheets=asked.sheets("money.take_funds"),
    )


@pages.get(f"/money/funds.{asked.KINDS}", load=house, allow=policy.keep_books)
def take_funds(house: HouseCard, kind: str) -> Any:
    heads = [
        gettext("Short name"), gettext("Name"), gettext("Kind"), gettext("Restricted"), gettext("Who gives it"),
        gettext("Number of the notice"), gettext("From"), gettext("To"), gettext("Granted"), gettext("Received"),
        gettext("Spent"), gettext("Released"), gettext("Unspent"), gettext("Report due on"),
    ]  # fmt: skip
    rows = [
        [
            line.fund.code, line.fund.name, str(FUND_KINDS[FundKind(line.fund.kind)]),
            gettext("yes") if line.fund.restricted else gettext("no"), line.fund.funder, line.fund.notice_no, line.fund.starts_on,
            line.fund.ends_on, asked.euro(line.standing.granted), asked.euro(line.standing.received),
            asked.euro(line.standing.spent), asked.euro(line.standing.released if line.fund.restricted else 0),
            asked.euro(line.standing.unspent if line.fund.restricted else 0), line.fund.report_due_on,
        ]
        for line in _lines(house.id, closed=True)
    ]  # fmt: skip
    return asked.sheet("funds", heads, rows, kind)


@pages.get("/money/funds/<int:fund_id>", load=fund, allow=policy.keep_books)
def show_fund(fund: Fund) -> Any:
    standing = queries.standings([fund])[fund.id]
    owner = dict(queries.keepers(fund.house_id)).get(fund.owner_id or 0, "")
    return render_template(
        "money/show_fund.html",
        line=fund_line(fund, standing, clock.today(i18n.zone())),
        fund=fund,
        standing=standing,
        kind=FUND_KINDS[FundKind(fund.kind)],
        sphere=SPHERES[Sphere(fund.sphere)],
        rule=rule_words(fund),
        inkind=accepted_inkind(fund, standing.spent) if fund.rule == FundRule.SHARE else None,
        eligible=service.eligible(fund, standing.spent),
        offering=offers.offering(fund.offering_code) if fund.offering_code else None,
        owner=owner,
        moves=queries.moves(fund),
    )


# Writing a fund down -----------------------------------------------------------------------------------------------------


def _form(house_id: int, *arguments: Any, **more: Any) -> FundForm:
    """The form with what may be chosen in this house."""
    form = FundForm(*arguments, **more)
    form.offering_code.choices = [
        ("", gettext("no")), *((each.code, f"{each.code} {each.name}") for each in offers.offerings(house_id)),
    ]  # fmt: skip
    form.account_code.choices = [(each.code, f"{each.code} {each.name}") for each in accounts.accounts(AccountKind.INCOME)]
    form.owner_id.choices = list(queries.keepers(house_id))
    return form


@pages.get("/money/funds/new", load=house, allow=policy.keep_books)
def show_fund_form(house: HouseCard) -> Any:
    form = _form(house.id, starts_on=clock.today(i18n.zone()), owner_id=actor().person_id)
    return render_template("money/add_fund.html", form=form, fund=None)


@pages.post("/money/funds/new", load=house, allow=policy.keep_books)
def add_fund(house: HouseCard) -> Any:
    form = _form(house.id, request.form)
    if not form.validate():
        return render_template("money/add_fund.html", form=form, fund=None), 422
    try:
        fund = service.add_fund(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal, {"inkind_minutes": "inkind_hours"})
        return render_template("money/add_fund.html", form=form, fund=None), refusal.status
    say(gettext("The fund is written down. Money that comes for it is entered here."))
    return see_other("money.show_fund", fund_id=fund.id)


@pages.get("/money/funds/<int:fund_id>/edit", load=fund, allow=policy.keep_books)
def show_change_fund_form(fund: Fund) -> Any:
    form = _form(
        fund.house_id, obj=fund, restricted="yes" if fund.restricted else "no", inkind_hours=fund.inkind_minutes // 60,
    )  # fmt: skip
    form.restricted.data = "yes" if fund.restricted else "no"
    form.offering_code.data = fund.offering_code or ""
    return render_template("money/add_fund.html", form=form, fund=fund)


@pages.post("/money/funds/<int:fund_id>/edit", load=fund, allow=policy.keep_books)
def change_fund(fund: Fund) -> Any:
    form = _form(fund.house_id, request.form, code=fund.code)
    form.code.validators = []
    if not form.validate():
        return render_template("money/add_fund.html", form=form, fund=fund), 422
    try:
        service.change_fund(fund, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal, {"inkind_minutes": "inkind_hours"})
        return render_template("money/add_fund.html", form=form, fund=fund), refusal.status
    say(gettext("The fund is written down as you see it here."))
    return see_other("money.show_fund", fund_id=fund.id)


@pages.get("/money/funds/<int:fund_id>/close", load=fund, allow=policy.keep_books)
def confirm_close_fund(fund: Fund) -> Any:
    return render_template("money/close_fund.html", fund=fund, standing=queries.standings([fund])[fund.id])


@pages.post("/money/funds/<int:fund_id>/close", load=fund, allow=policy.keep_books)
def close_fund(fund: Fund) -> Any:
    service.close_fund(fund, actor())
    say(gettext("The fund is closed."))
    return see_other("money.show_fund", fund_id=fund.id)


@pages.post("/money/funds/<int:fund_id>/reopen", load=fund, allow=policy.keep_books)
def reopen_fund(fund: Fund) -> Any:
    service.reopen_fund(fund, actor())
    say(gettext("The fund is open again."))
    return see_other("money.show_fund", fund_id=fund.id)


# Its money ---------------------------------------------------------------------------------------------------------------


@pages.get("/money/funds/<int:fund_id>/receive", load=fund, allow=policy.keep_books)
def show_receive_form(fund: Fund) -> Any:
    standing = queries.standings([fund])[fund.id]
    return _money_page(fund, FundMoneyForm(on=clock.today(i18n.zone()), cents=standing.outstanding or None), back=False)


@pages.post("/money/funds/<int:fund_id>/receive", load=fund, allow=policy.keep_books)
def receive_money(fund: Fund) -> Any:
    return _move(fund, back=False)


@pages.get("/money/funds/<int:fund_id>/return", load=fund, allow=policy.keep_books)
def show_return_form(fund: Fund) -> Any:
    standing = queries.standings([fund])[fund.id]
    return _money_page(fund, FundMoneyForm(on=clock.today(i18n.zone()), cents=max(0, standing.unspent) or None), back=True)


@pages.post("/money/funds/<int:fund_id>/return", load=fund, allow=policy.keep_books)
def return_money(fund: Fund) -> Any:
    """Unspent money goes back to who gave it."""
    return _move(fund, back=True)


def _move(fund: Fund, *, back: bool) -> Any:
    form = FundMoneyForm(request.form)
    if not form.validate():
        return _money_page(fund, form, back=back), 422
    try:
        (service.return_money if back else service.receive_money)(fund, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _money_page(fund, form, back=back), refusal.status
    amount = i18n.money(form.cents.data)
    say(gettext("%(amount)s went back.", amount=amount) if back else gettext("%(amount)s have come.", amount=amount))
    return see_other("money.show_fund", fund_id=fund.id)


def _money_page(fund: Fund, form: FundMoneyForm, *, back: bool) -> str:
    return render_template(
        "money/move_fund_money.html", fund=fund, form=form, back=back, standing=queries.standings([fund])[fund.id]
    )


# The list of vouchers ------------------------------------------------------------------------------------------------------


@pages.get("/money/funds/<int:fund_id>/vouchers", load=fund, allow=policy.keep_books)
def show_vouchers(fund: Fund) -> Any:
    rows = queries.vouchers(fund)
    return render_template(
        "money/show_vouchers.html",
        fund=fund,
        rows=rows,
        cents=sum(row.cents for row in rows),
        eligible=sum(row.eligible_cents for row in rows),
        standing=queries.standings([fund])[fund.id],
        sheets=[(kind.upper(), url_for("money.take_vouchers", fund_id=fund.id, kind=kind)) for kind in ("csv", "xlsx")],
    )


@pages.get(f"/money/funds/<int:fund_id>/vouchers.{asked.KINDS}", load=fund, allow=policy.keep_books)
def take_vouchers(fund: Fund, kind: str) -> Any:
    """The list of vouchers as who gave the money wants it; the last line adds up."""
    heads = [
        gettext("No."), gettext("Number of the voucher"), gettext("Day"), gettext("Payee"), gettext("What for"), gettext("Amount"),
        gettext("Of which eligible"), gettext("Fund"), gettext("Entry"),
    ]  # fmt: skip
    rows = queries.vouchers(fund)
    lines: list[list[object]] = [
        [
            place, row.voucher_no, row.paid_on, row.payee, row.reason, asked.euro(row.cents), asked.euro(row.eligible_cents),
            fund.code, row.entry_no,
        ]
        for place, row in enumerate(rows, 1)
    ]  # fmt: skip
    sums = asked.euro(sum(row.cents for row in rows)), asked.euro(sum(row.eligible_cents for row in rows))
    lines.append([gettext("Sum"), "", "", "", "", *sums, fund.code, ""])
    return asked.sheet(f"vouchers-{fund.code}", heads, lines, kind)
