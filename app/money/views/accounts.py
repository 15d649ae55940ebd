"""The chart of accounts with its balances, one account, and what can be changed about it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Invalid
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, kept_page, say, see_other
from app.houses.queries import HouseCard
from app.money import policy, service
from app.money.forms.ledger import AccountForm, AccountNameForm
from app.money.forms.terms import ACCOUNT_KINDS, SPHERES
from app.money.models import AccountKind, Known, LedgerAccount
from app.money.queries import accounts as queries
from app.money.queries.accounts import AccountRow, Period
from app.money.views import asked
from app.money.views.pages import house, pages

ORDER = [kind.value for kind in AccountKind]


def _period() -> Period:
    """The asked one, this month unless it is said."""
    return queries.period(request.args.get("period", "")) or _this_month()


def _this_month() -> Period:
    found = queries.period(f"{clock.today(i18n.zone()):%Y-%m}")
    assert found is not None
    return found


def period_words(code: str) -> str:
    """``November 2026``, ``4. Quartal 2026``, ``2026``."""
    period = queries.period(code)
    if period is None:
        return code
    if "-Q" in code:
        return gettext("quarter %(number)s of %(year)s", number=code[-1], year=period.year)
    return i18n.day(period.days[0], "LLLL y") if "-" in code else code


def periods(house_id: int) -> list[tuple[str, str]]:
    """What can be chosen, newest first: years, quarters and months from the first entry on, three years at most."""
    today = clock.today(i18n.zone())
    first = max(queries.first_month(house_id) or f"{today:%Y-%m}", f"{today.year - 2}-01")
    found = []
    for year in range(today.year, int(first[:4]) - 1, -1):
        codes = [
            str(year),
            *(f"{year}-Q{quarter}" for quarter in (4, 3, 2, 1)),
            *(f"{year}-{month:02}" for month in range(12, 0, -1)),
        ]
        for code in codes:
            period = queries.period(code)
            if period is not None and period.first <= f"{today:%Y-%m}" and period.last >= first:
                found.append((code, period_words(code)))
    return found


@pages.get("/money/accounts", load=house, allow=policy.keep_books)
def list_accounts(house: HouseCard) -> Any:
    """Every account that moved or holds something; the others too when asked."""
    period = _period()
    everything = "all" in request.args
    rows = queries.chart(house.id, period)
    choices = tuple(periods(house.id))

    def values() -> dict[str, Any]:
        shown = [row for row in rows if everything or row.opening or row.debit or row.credit]
        shown.sort(key=lambda row: (ORDER.index(row.kind), row.code))
        groups = [
            (ACCOUNT_KINDS[AccountKind(kind)], members, _sums(members))
            for kind, members in ((kind, list(found)) for kind, found in groupby(shown, key=lambda row: row.kind))
        ]
        return {
            "groups": groups,
            "total": _sums(rows),
            "result": -sum(row.closing for row in rows if row.kind in queries.OF_A_YEAR),
            "period": period,
            "period_words": period_words(period.code),
            "periods": choices,
            "everything": everything,
            "all_url": url_for("money.list_accounts", period=period.code, all="1"),
            "sheets": asked.sheets("money.take_accounts"),
            "of_year": period.year,
        }

    return kept_page("money/list_accounts.html", (period, tuple(rows), choices), values)


def _sums(rows: list[AccountRow]) -> tuple[int, int, int, int]:
    return (
        sum(row.opening for row in rows), sum(row.debit for row in rows), sum(row.credit for row in rows),
        sum(row.closing for row in rows),
    )  # fmt: skip


@pages.get(f"/money/accounts.{asked.KINDS}", load=house, allow=policy.keep_books)
def take_accounts(house: HouseCard, kind: str) -> Any:
    """The whole chart with its balances."""
    heads = [
        gettext("Account"), gettext("Name"), gettext("Kind"), gettext("Number at the tax adviser's"), gettext("Opening"),
        gettext("Debit"), gettext("Credit"), gettext("Closing"),
    ]  # fmt: skip
    period = _period()
    rows = [
        [
            row.code, row.name, str(ACCOUNT_KINDS[AccountKind(row.kind)]), row.datev_no, asked.euro(row.opening),
            asked.euro(row.debit), asked.euro(row.credit), asked.euro(row.closing),
        ]
        for row in queries.chart(house.id, period)
    ]  # fmt: skip
    return asked.sheet(f"accounts-{period.code}", heads, rows, kind)


def account(code: str) -> LedgerAccount | None:
    """An account of the chart; it is the same in all houses of an operator."""
    return queries.account(code) if house() else None


@pages.get("/money/accounts/<code>", load=account, allow=policy.keep_books)
def show_account(account: LedgerAccount) -> Any:
    here = house()
    assert here is not None
    lines, before = queries.account_lines(account.code, here.id, _before())
    balance = queries.balance(account.code, here.id)
    about = (account.name, account.kind, account.datev_no, account.vat_bp, account.archived_at)
    return kept_page(
        "money/show_account.html",
        (about, tuple(lines), before, balance),
        lambda: {
            "account": account,
            "kind": ACCOUNT_KINDS[AccountKind(account.kind)],
            "lines": lines,
            "balance": balance,
            "spheres": SPHERES,
            "next_url": url_for("money.show_account", code=account.code, before=f"{before[0]}.{before[1]}") if before else None,
            "sheets": asked.sheets("money.take_account", code=account.code),
            "may_be_put_away": account.code not in set(Known) and account.vat_bp is None,
        },
    )


def _before() -> tuple[int, int] | None:
    entry, _, position = request.args.get("before", "").partition(".")
    numbers = asked.whole(entry), asked.whole(position)
    return None if numbers[0] is None or numbers[1] is None else (numbers[0], numbers[1])


@pages.get(f"/money/accounts/<code>/lines.{asked.KINDS}", load=account, allow=policy.keep_books)
def take_account(account: LedgerAccount, kind: str) -> Any:
    """All lines of one account, oldest first, with the running balance."""
    here = house()
    assert here is not None
    lines, _ = queries.account_lines(account.code, here.id, most=asked.SHEET + 1)
    heads = [
        gettext("Entry"), gettext("Day"), gettext("Text"), gettext("Debit"), gettext("Credit"), gettext("Sphere"),
        gettext("Offering"), gettext("Fund"), gettext("Balance"),
    ]  # fmt: skip
    rows = (
        [
            line.no, line.posted_on, line.text, asked.euro(line.debit) if line.debit else None,
            asked.euro(line.credit) if line.credit else None, line.sphere, line.offering, line.fund, asked.euro(line.balance),
        ]
        for line in reversed(lines)
    )  # fmt: skip
    return asked.sheet(f"account-{account.code}", heads, rows, kind)


@pages.get("/money/accounts/new", load=house, allow=policy.keep_books)
def show_account_form(house: HouseCard) -> Any:
    return render_template("money/add_account.html", form=AccountForm())


@pages.post("/money/accounts/new", load=house, allow=policy.keep_books)
def add_account(house: HouseCard) -> Any:
    form = AccountForm(request.form)
    if not form.validate():
        return render_template("money/add_account.html", form=form), 422
    try:
        account = service.add_account(house.id, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("money/add_account.html", form=form), refusal.status
    say(gettext("The account is part of the chart now."))
    return see_other("money.show_account", code=account.code)


@pages.get("/money/accounts/<code>/edit", load=account, allow=policy.keep_books)
def show_account_name_form(account: LedgerAccount) -> Any:
    return render_template("money/change_account.html", form=AccountNameForm(obj=account), account=account)


@pages.post("/money/accounts/<code>/edit", load=account, allow=policy.keep_books)
def change_account(account: LedgerAccount) -> Any:
    form = AccountNameForm(request.form)
    if not form.validate():
        return render_template("money/change_account.html", form=form, account=account), 422
    try:
        service.change_account(_house_id(), account, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("money/change_account.html", form=form, account=account), refusal.status
    say(gettext("The account is written down as you see it here."))
    return see_other("money.show_account", code=account.code)


@pages.post("/money/accounts/<code>/put-away", load=account, allow=policy.keep_books)
def put_account_away(account: LedgerAccount) -> Any:
    try:
        service.put_account_away(_house_id(), account, actor())
    except Invalid as refusal:
        say(str(refusal), "warning")
        return see_other("money.show_account", code=account.code)
    say(gettext("The account is no longer offered. What was posted stays."))
    return see_other("money.show_account", code=account.code)


@pages.post("/money/accounts/<code>/take-up", load=account, allow=policy.keep_books)
def take_account_up(account: LedgerAccount) -> Any:
    service.take_account_up(_house_id(), account, actor())
    say(gettext("The account is offered again."))
    return see_other("money.show_account", code=account.code)


def _house_id() -> int:
    here = house()
    assert here is not None
    return here.id
