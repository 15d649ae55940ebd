"""Funds: money that comes, is spent for its purpose and so released, or waits as a liability; and the expenses of the house.

Restricted money is income only as far as it has been used (finance.md b.3). What of an expense a fund bears is said by the rule of
the fund (b.6), reckoned from all its cost so far: so roundings never add up, and money that comes later catches up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.core import clock, i18n
from app.core.db import session, take_turn
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.money import Money
from app.core.policy import Actor
from app.money import events
from app.money.models import (
    AccountKind,
    CashDay,
    Expense,
    Fund,
    FundKind,
    FundRule,
    Known,
    LedgerAccount,
    LedgerEntry,
    LedgerLine,
    Line,
    Method,
)
from app.money.queries import accounts, funds
from app.money.queries.funds import RECEIPTS, RELEASES, Standing
from app.money.service.charges import LARGEST, tax_accounts, vat_in
from app.money.service.ledger import LEDGER, books, first_open_day, post, reverse
from app.money.service.payments import ACCOUNTS, DayIsClosed, check_cash, check_method
from app.offers import queries as offers
from app.offers.models import Sphere

WHOLE = 10_000
"""A hundred per cent in hundredths of a per cent."""
MOST_MINUTES = 60 * 1_000_000


class FundClosed(Refusal):
    kind = "fund-closed"
    message = _l("This fund is closed. Nothing has been changed.")


class ExpenseUndone(Refusal):
    kind = "expense-undone"
    message = _l("This expense has already been taken back. Nothing has been changed.")


# What a fund bears -----------------------------------------------------------------------------------------------------


def eligible(fund: Fund, direct: int) -> int:
    """Cents a fund bears of `direct` cents of cost for its purpose, by its rule (finance.md b.6), before what it holds limits it."""
    if fund.rule == FundRule.FLAT:
        return Money(direct).share(WHOLE + fund.rate_bp, WHOLE).cents
    if fund.rule == FundRule.SHARE:
        return min(direct, Money(direct + accepted_inkind(fund, direct)).share(fund.rate_bp, WHOLE).cents)
    if fund.rule == FundRule.GAP:
        return max(0, direct - fund.covered_cents)
    return direct


def accepted_inkind(fund: Fund, direct: int) -> int:
    """What volunteer time counts for, in cents: its cap is a part of the *total* eligible cost, hence ``cap / (1 - cap)``."""
    worth = Money(fund.inkind_rate_cents).share(fund.inkind_minutes, 60).cents
    return min(worth, Money(direct).share(fund.inkind_cap_bp, WHOLE - fund.inkind_cap_bp).cents)


def settle_fund(fund: Fund, by: Actor, day: date) -> int:
    """Release what has become eligible and is here, or take back what no longer is; returns the cents posted.

    Afterwards the eligible parts of its expenses add up to exactly what has been released.
    """
    if not fund.restricted:
        return 0
    take_turn(LEDGER)
    standing = funds.standings([fund])[fund.id]
    target = min(eligible(fund, standing.spent), standing.received)
    difference = target - standing.released
    entry_id = _release(fund, difference, by, day) if difference else None
    cost = shared_out = 0
    expenses = (
        select(Expense).where(Expense.fund_code == fund.code, Expense.undone_at.is_(None)).order_by(Expense.paid_on, Expense.id)
    )
    for expense in session().scalars(expenses):
        cost += expense.cents - expense.vat_cents
        part = min(eligible(fund, cost), target) - shared_out
        shared_out += part
        if part != expense.eligible_cents:
            expense.eligible_cents = part
            expense.release_entry_id = entry_id or expense.release_entry_id
    session().flush()
    return difference


def _release(fund: Fund, cents: int, by: Actor, day: date) -> int:
    """From the liability to income, or back for cents below zero."""
    waiting, income = (cents, 0) if cents > 0 else (0, -cents)
    lines = [
        _line(fund, Known.RESTRICTED, debit=waiting, credit=income),
        _line(fund, fund.account_code, debit=income, credit=waiting),
    ]
    text = _l("Released: %(fund)s", fund=fund.name) if cents > 0 else _l("Release taken back: %(fund)s", fund=fund.name)
    return post(books(text), lines, by, on=first_open_day(day), house_id=fund.house_id, source=RELEASES, source_id=fund.id).id


def _line(fund: Fund, account: str, debit: int = 0, credit: int = 0) -> Line:
    """A line that belongs to the fund and its purpose."""
    return Line(account, debit, credit, fund.sphere, fund.offering_code, fund.code)


# The funds themselves --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FundRequest:
    """A fund as the treasurer describes it; cents, hundredths of a per cent, minutes. `code` counts only for a new one."""

    code: str
    name: str
    kind: str
    restricted: bool
    amount_cents: int
    starts_on: date
    ends_on: date | None
    sphere: str
    offering_code: str | None
    purpose: str
    funder: str
    notice_no: str
    account_code: str
    rule: str
    rate_bp: int
    inkind_rate_cents: int
    inkind_cap_bp: int
    inkind_minutes: int
    covered_cents: int
    owner_id: int
    warn_days: int
    report_due_on: date | None


def add_fund(house_id: int, request: FundRequest, by: Actor) -> Fund:
    """A new fund. Raises `Invalid`."""
    take_turn(LEDGER)
    if not re.fullmatch(r"[A-Za-z0-9-]{1,8}", request.code):
        raise Invalid({"code": [_l("Up to eight letters and digits, such as G1.")]})
    if funds.fund_with_code(request.code) is not None:
        raise Invalid({"code": [_l("There is already a fund with this short name.")]})
    _check_fund(house_id, request)
    fund = Fund(house_id=house_id, **_columns(request), code=request.code)
    session().add(fund)
    session().flush()
    publish(events.FundOpened(house_id=house_id, by=by.person_id, fund_id=fund.id, cents=fund.amount_cents))
    return fund


def change_fund(fund: Fund, request: FundRequest, by: Actor) -> None:
    """Describe it anew, and release what has become eligible by that.

    Raises `FundClosed`, or `Invalid` where money that is already here would change its meaning.
    """
    take_turn(LEDGER)
    session().refresh(fund)
    if fund.closed_at is not None:
        raise FundClosed
    _check_fund(fund.house_id, request)
    moved = session().scalar(select(LedgerLine.entry_id).where(LedgerLine.fund_code == fund.code).limit(1)) is not None
    if moved and request.restricted != fund.restricted:
        raise Invalid({"restricted": [_l("Money has already moved here; this cannot change any more.")]})
    if moved and request.account_code != fund.account_code:
        raise Invalid({"account_code": [_l("Money has already moved here; this cannot change any more.")]})
    for name, value in _columns(request).items():
        setattr(fund, name, value)
    session().flush()
    settle_fund(fund, by, clock.today(i18n.zone()))
    publish(events.FundChanged(house_id=fund.house_id, by=by.person_id, fund_id=fund.id))


def close_fund(fund: Fund, by: Actor) -> None:
    """Nothing comes and nothing is spent any more. What is unspent stays a liability until it is given back. Raises `FundClosed`."""
    session().refresh(fund)
    if fund.closed_at is not None:
        raise FundClosed
    fund.closed_at = clock.now()
    session().flush()
    publish(events.FundClosed(house_id=fund.house_id, by=by.person_id, fund_id=fund.id))


def reopen_fund(fund: Fund, by: Actor) -> None:
    fund.closed_at = None
    session().flush()
    publish(events.FundChanged(house_id=fund.house_id, by=by.person_id, fund_id=fund.id))


def _columns(request: FundRequest) -> dict[str, Any]:
    values = {name: getattr(request, name) for name in FundRequest.__dataclass_fields__ if name != "code"}
    if request.rule not in (FundRule.FLAT, FundRule.SHARE):
        values["rate_bp"] = 0
    if request.rule != FundRule.SHARE:
        values.update(inkind_rate_cents=0, inkind_cap_bp=0, inkind_minutes=0)
    if request.rule != FundRule.GAP:
        values["covered_cents"] = 0
    return values


def _check_fund(house_id: int, request: FundRequest) -> None:
    wrong: dict[str, list[object]] = {}
    if not request.name:
        wrong["name"] = [_l("Please give it a name.")]
    if request.kind not in set(FundKind):
        wrong["kind"] = [_l("Please choose one of these.")]
    if request.rule not in set(FundRule):
        wrong["rule"] = [_l("Please choose one of these.")]
    if request.sphere not in set(Sphere):
        wrong["sphere"] = [_l("Please choose one of these.")]
    if not 0 <= request.amount_cents <= LARGEST:
        wrong["amount_cents"] = [gettext("At most %(amount)s.", amount=i18n.money(LARGEST))]
    if request.ends_on is not None and request.ends_on < request.starts_on:
        wrong["ends_on"] = [_l("It must not end before it begins.")]
    account = accounts.account(request.account_code)
    if account is None or account.kind != AccountKind.INCOME:
        wrong["account_code"] = [_l("Please choose an account for income.")]
    if request.offering_code is not None:
        offering = offers.offering(request.offering_code)
        if offering is None or offering.house_id != house_id:
            wrong["offering_code"] = [_l("Please choose one of these.")]
    if request.owner_id not in {person_id for person_id, _ in funds.keepers(house_id)}:
        wrong["owner_id"] = [_l("Please choose somebody of the team.")]
    if not 0 <= request.warn_days <= 730:
        wrong["warn_days"] = [_l("Between 0 and 730 days.")]
    if request.rule == FundRule.FLAT and not 0 <= request.rate_bp <= WHOLE:
        wrong["rate_bp"] = [_l("Between 0 and 100 per cent.")]
    if request.rule == FundRule.SHARE:
        if not 0 < request.rate_bp <= WHOLE:
            wrong["rate_bp"] = [_l("Above 0 and up to 100 per cent.")]
        if not 0 <= request.inkind_cap_bp < WHOLE:
            wrong["inkind_cap_bp"] = [_l("Less than 100 per cent.")]
        if not 0 <= request.inkind_minutes <= MOST_MINUTES:
            wrong["inkind_minutes"] = [_l("That is more than anybody can have worked.")]
    if wrong:
        raise Invalid(wrong)


# Money that comes and goes back ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FundMoney:
    """Money of a fund on the bank account: `text` is what stands in the books."""

    cents: int
    on: date
    text: str = ""


def receive_money(fund: Fund, money: FundMoney, by: Actor) -> int:
    """Money has come: restricted money waits as a liability, free money is income at once. Returns the id of the entry.

    Raises `FundClosed` or `Invalid`.
    """
    take_turn(LEDGER)
    session().refresh(fund)
    standing = _checked(fund, money)
    if fund.kind == FundKind.GRANT and standing.received + money.cents > fund.amount_cents:
        told = gettext("Of this grant at most %(amount)s can still come.", amount=i18n.money(standing.outstanding))
        raise Invalid({"cents": [told]})
    held = Known.RESTRICTED if fund.restricted else fund.account_code
    lines = [_line(fund, Known.BANK, debit=money.cents), _line(fund, held, credit=money.cents)]
    entry_id = _post_money(fund, money, lines, books(_l("Received: %(fund)s", fund=fund.name)), by)
    publish(events.FundMoneyReceived(house_id=fund.house_id, by=by.person_id, fund_id=fund.id, cents=money.cents))
    return entry_id


def return_money(fund: Fund, money: FundMoney, by: Actor) -> int:
    """Give unspent restricted money back to who gave it. Raises `Invalid` for more than is unspent."""
    take_turn(LEDGER)
    session().refresh(fund)
    standing = _checked(fund, money, closed=True)
    if not fund.restricted or money.cents > standing.unspent:
        left = standing.unspent if fund.restricted else 0
        raise Invalid({"cents": [gettext("At most %(amount)s.", amount=i18n.money(left))]})
    lines = [_line(fund, Known.RESTRICTED, debit=money.cents), _line(fund, Known.BANK, credit=money.cents)]
    entry_id = _post_money(fund, money, lines, books(_l("Given back: %(fund)s", fund=fund.name)), by)
    publish(events.FundMoneyReturned(house_id=fund.house_id, by=by.person_id, fund_id=fund.id, cents=money.cents))
    return entry_id


def _checked(fund: Fund, money: FundMoney, *, closed: bool = False) -> Standing:
    if fund.closed_at is not None and not closed:
        raise FundClosed
    if not 0 < money.cents <= LARGEST:
        raise Invalid({"cents": [_l("Please write an amount above zero.")]})
    if money.on > clock.today(i18n.zone()):
        raise Invalid({"on": [_l("That day has not come yet.")]})
    return funds.standings([fund])[fund.id]


def _post_money(fund: Fund, money: FundMoney, lines: list[Line], text: str, by: Actor) -> int:
    day = first_open_day(money.on)
    posted = post(
        money.text or text, lines, by, on=day, house_id=fund.house_id, source=RECEIPTS, source_id=fund.id,
        voucher_on=money.on if day != money.on else None,
    )  # fmt: skip
    settle_fund(fund, by, day)
    return posted.id


def undo_fund_money(fund: Fund, entry: LedgerEntry, reason: str, by: Actor) -> int:
    """Take back what was written down by mistake; what it had released waits again. Returns the id of the reversal.

    Raises `AlreadyReversed`, or `Invalid`.
    """
    take_turn(LEDGER)
    if not reason:
        raise Invalid({"reason": [_l("Please say why; it stands in the books.")]})
    posted = reverse(entry.id, reason[:120], by)
    settle_fund(fund, by, posted.posted_on)
    publish(
        events.EntryReversed(
            house_id=fund.house_id, by=by.person_id, ledger_entry_id=entry.id, reversal_id=posted.id, cents=entry.total_cents
        )
    )
    return posted.id


# Expenses --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExpenseRequest:
    """Something was paid: `cents` gross, `rate_bp` the input tax in it that may be deducted (0 for none)."""

    on: date
    method: str
    payee: str
    reason: str
    voucher_no: str
    cents: int
    account: str
    sphere: str
    rate_bp: int = 0
    offering: str | None = None
    fund: str | None = None


def expense_accounts() -> list[LedgerAccount]:
    """What may be bought: everything that is cost, and things that last."""
    found = accounts.accounts(AccountKind.EXPENSE, AccountKind.ASSET)
    return [each for each in found if each.code not in set(Known) and each.vat_bp is None]


def record_expense(house_id: int, request: ExpenseRequest, by: Actor) -> Expense:
    """Write down what was paid, with the next number; a fund bears what its rule says. Cash must lie in today's open drawer.

    Raises `Invalid`, `FundClosed`, `NotEnoughCash` or `DayIsClosed`; nothing has changed then.
    """
    take_turn(LEDGER)
    fund = _check_expense(house_id, request)
    if request.method == Method.CASH:
        check_cash(house_id, request.cents)
    vat = vat_in(request.cents, request.rate_bp)
    offering = request.offering or (fund.offering_code if fund else None)
    lines = [Line(request.account, request.cents - vat, 0, request.sphere, offering, request.fund)]
    if vat:
        lines.append(Line(tax_accounts(AccountKind.ASSET)[request.rate_bp], vat, 0, request.sphere, offering))
    lines.append(Line(ACCOUNTS[Method(request.method)], 0, request.cents, request.sphere, offering))
    day = first_open_day(request.on)
    text = books(_l("%(reason)s, %(payee)s (voucher %(no)s)", reason=request.reason, payee=request.payee, no=request.voucher_no))
    posted = post(
        text, lines, by, on=day, house_id=house_id, source="expense", voucher_on=request.on if day != request.on else None
    )
    last = session().scalar(select(func.max(Expense.number)).where(Expense.year == request.on.year)) or 0
    expense = Expense(
        house_id=house_id, year=request.on.year, number=last + 1, paid_on=request.on, method=request.method, payee=request.payee,
        reason=request.reason, voucher_no=request.voucher_no, cents=request.cents, account_code=request.account,
        sphere=request.sphere, entry_id=posted.id, rate_bp=request.rate_bp, vat_cents=vat, offering_code=offering,
        fund_code=request.fund, created_by_id=by.person_id,
    )  # fmt: skip
    session().add(expense)
    session().flush()
    if fund is not None:
        settle_fund(fund, by, day)
    publish(
        events.ExpenseRecorded(
            house_id=house_id, by=by.person_id, expense_id=expense.id, cents=expense.cents, means=expense.method,
            eligible_cents=expense.eligible_cents,
        )
    )  # fmt: skip
    return expense


def _check_expense(house_id: int, request: ExpenseRequest) -> Fund | None:
    if request.on > clock.today(i18n.zone()):
        raise Invalid({"on": [_l("That day has not come yet.")]})
    if not 0 < request.cents <= LARGEST:
        raise Invalid({"cents": [_l("Please write an amount above zero.")]})
    check_method(house_id, request.method, request.on)
    missing = [name for name in ("payee", "reason", "voucher_no") if not getattr(request, name)]
    if missing:
        raise Invalid({name: [_l("Please fill this in; it stands in the books.")] for name in missing})
    if request.account not in {account.code for account in expense_accounts()}:
        raise Invalid({"account": [_l("Please choose an account for cost.")]})
    if request.sphere not in set(Sphere):
        raise Invalid({"sphere": [_l("Please choose one of these.")]})
    if request.rate_bp and request.rate_bp not in tax_accounts(AccountKind.ASSET):
        raise Invalid({"rate_bp": [_l("There is no account for input tax of this rate.")]})
    if request.offering is not None:
        offering = offers.offering(request.offering)
        if offering is None or offering.house_id != house_id:
            raise Invalid({"offering": [_l("Please choose one of these.")]})
    if request.fund is None:
        return None
    return _check_fund_for(house_id, request)


def _check_fund_for(house_id: int, request: ExpenseRequest) -> Fund:
    fund = session().scalar(select(Fund).where(Fund.code == request.fund).execution_options(populate_existing=True))
    if fund is None or fund.house_id != house_id:
        raise Invalid({"fund": [_l("Please choose one of these.")]})
    if fund.closed_at is not None:
        raise FundClosed
    if request.on < fund.starts_on or (fund.ends_on is not None and request.on > fund.ends_on):
        first, last = i18n.day(fund.starts_on), i18n.day(fund.ends_on) if fund.ends_on else ""
        told = (
            gettext("This fund is for what is paid from %(first)s to %(last)s.", first=first, last=last)
            if last
            else gettext("This fund is for what is paid from %(first)s on.", first=first)
        )
        raise Invalid({"fund": [told]})
    if fund.restricted and fund.offering_code and request.offering not in (None, fund.offering_code):
        raise Invalid({"fund": [gettext("This fund is only for %(offering)s.", offering=fund.offering_code)]})
    return fund


def undo_expense(expense: Expense, reason: str, by: Actor) -> None:
    """An expense that never was: reversed in the ledger, and what its fund had released for it waits again. The number stays.

    Raises `ExpenseUndone`, `DayIsClosed` for cash of a closed day, or `Invalid`.
    """
    take_turn(LEDGER)
    session().refresh(expense)
    if expense.undone_at is not None:
        raise ExpenseUndone
    if not reason:
        raise Invalid({"reason": [_l("Please say why; it stands in the books.")]})
    if expense.method == Method.CASH:
        closed = select(CashDay.id).where(CashDay.house_id == expense.house_id, CashDay.day >= expense.paid_on).limit(1)
        if session().scalar(closed) is not None:
            raise DayIsClosed
    posted = reverse(expense.entry_id, reason[:120], by)
    expense.undone_at, expense.undone_reason, expense.eligible_cents = clock.now(), reason, 0
    session().flush()
    fund = funds.fund_with_code(expense.fund_code) if expense.fund_code else None
    if fund is not None:
        settle_fund(fund, by, posted.posted_on)
    publish(events.ExpenseTakenBack(house_id=expense.house_id, by=by.person_id, expense_id=expense.id, cents=expense.cents))


# Early warning ---------------------------------------------------------------------------------------------------------


def warn_owner(fund: Fund, by: Actor) -> int:
    """Say once that the end or the day of the report is near; returns how much there was to say."""
    found = funds.warnings(fund, clock.today(i18n.zone()))
    if fund.closed_at is not None or not found:
        return 0
    standing = funds.standings([fund])[fund.id]
    for kind, day in found.items():
        if kind == "end":
            fund.end_warned_for = day
        else:
            fund.report_warned_for = day
        publish(
            events.FundEnding(
                house_id=fund.house_id, by=by.person_id, fund_id=fund.id, person_id=fund.owner_id, kind=kind, day=day,
                unspent_cents=standing.unspent if fund.restricted else 0, outstanding_cents=standing.outstanding,
            )
        )  # fmt: skip
    session().flush()
    return len(found)
