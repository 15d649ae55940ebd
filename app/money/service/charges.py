"""What somebody owes: charge, reduce, waive, cancel. Gross amounts in whole cents; tax is what is contained in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from app.core import clock, i18n
from app.core.db import session, take_turn
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.money import Money
from app.core.policy import Actor
from app.core.statements import Statement, add, add_rows
from app.money import events
from app.money.models import (
    AccountKind,
    Charge,
    ChargeLine,
    IncomeKind,
    Known,
    LedgerAccount,
    Line,
    Operator,
    Reduction,
    Refund,
    Settlement,
    SettlementKind,
)
from app.money.service.invoices import correct_invoice
from app.money.service.ledger import LEDGER, books, post, reverse
from app.money.service.ready import furnish_if_bare
from app.offers import queries as offers
from app.offers.models import Offering

LARGEST = 10_000_000_00
"""Cents; more than that is a slip of the finger."""
DEFAULT_DAYS = 14


class ChargeClosed(Refusal):
    """It has been settled or cancelled; `facts` tell what is open now."""

    kind = "charge-closed"
    message = _l("This has already been settled or cancelled. Nothing has been changed.")


@dataclass(frozen=True)
class ChargeLineRequest:
    """`kind` is the code of an income kind; `normal_cents` what it costs without a reduction (the same unless given)."""

    kind: str
    text: str
    cents: int
    normal_cents: int | None = None


@dataclass(frozen=True)
class ChargeRequest:
    """Somebody owes this. Either of `person_id` and `organisation_id` is needed; `due_on` follows from the operator's days."""

    house_id: int
    person_id: int | None
    title: str
    lines: Sequence[ChargeLineRequest]
    supplied_from: date
    organisation_id: int | None = None
    supplied_until: date | None = None
    due_on: date | None = None
    reduction: str = ""
    reason: str = ""
    source: str = "desk"
    source_id: int | None = None
    replaces_id: int | None = None


def vat_in(gross: int, rate_bp: int) -> int:
    """Tax contained in a gross amount: half up of ``g·p/(100+p)`` (finance.md b.3). The net is what remains."""
    return Money(gross).share(rate_bp, 10_000 + rate_bp).cents


@dataclass(frozen=True)
class CombinedOffer:
    """One price for food and drinks in its two parts, with the tax contained in each; all in cents."""

    food: int
    food_vat: int
    drinks: int
    drinks_vat: int


def combined_offer(gross: int, food_bp: int, drinks_bp: int, drinks_share_bp: int) -> CombinedOffer:
    """Split a flat price such as a brunch: drinks are `drinks_share_bp` of it (UStAE 10.1 (12): 30 %), food is what remains."""
    drinks = Money(gross).share(drinks_share_bp, 10_000).cents
    food = gross - drinks
    return CombinedOffer(food, vat_in(food, food_bp), drinks, vat_in(drinks, drinks_bp))


def charge(request: ChargeRequest, by: Actor) -> Charge:
    """Post what somebody owes as an open item; where nothing is to be paid, only the normal price is kept.

    Raises `Invalid` for what makes no sense.
    """
    made = _charge(request, by)
    publish(
        events.ChargeMade(
            house_id=made.house_id, by=by.person_id, charge_id=made.id, person_id=made.person_id, cents=made.total_cents,
            due_on=made.due_on,
        )
    )  # fmt: skip
    return made


def _charge(request: ChargeRequest, by: Actor) -> Charge:
    take_turn(LEDGER)
    kinds = _check(request)
    rates = {code: offers.tax_rate(kind.tax_code, request.supplied_from) for code, kind in kinds.items()}
    total = sum(line.cents for line in request.lines)
    normal = sum(line.cents if line.normal_cents is None else line.normal_cents for line in request.lines)
    entry_id = None
    if total:
        entry_id = post(request.title, _lines_of(request.lines, kinds, rates), by, house_id=request.house_id, source="charge").id
    made = Charge(
        house_id=request.house_id, person_id=request.person_id, organisation_id=request.organisation_id, title=request.title,
        supplied_from=request.supplied_from, supplied_until=request.supplied_until or request.supplied_from,
        due_on=request.due_on or clock.today(i18n.zone()) + timedelta(days=payment_days()), total_cents=total,
        normal_cents=normal, entry_id=entry_id, reduction=request.reduction, reason=request.reason, source=request.source,
        source_id=request.source_id, replaces_id=request.replaces_id, created_by_id=by.person_id,
    )  # fmt: skip
    add(made)
    add_rows(
        ChargeLine,
        [
            {
                "charge_id": made.id, "position": position, "kind_code": line.kind, "text": line.text, "cents": line.cents,
                "normal_cents": line.cents if line.normal_cents is None else line.normal_cents,
                "tax_code": kinds[line.kind].tax_code, "rate_bp": rates[line.kind],
                "vat_cents": vat_in(line.cents, rates[line.kind]),
            }
            for position, line in enumerate(request.lines, 1)
        ],
    )  # fmt: skip
    return made


def charge_by_hand(request: ChargeRequest, by: Actor) -> Charge:
    """The same for what somebody writes at the counter. Raises `Invalid` also for what only the tally of the cash day tells.

    There is no till: whoever could charge a coffee and take its price at once would have one (§ 146a AO).
    """
    kinds = income_kinds([line.kind for line in request.lines])
    for kind in kinds.values():
        if kind.house_id != request.house_id or kind.archived_at is not None:
            raise Invalid({"kind": [_l("Please choose one of these.")]})
        if kind.counted:
            raise Invalid({"kind": [_l("What the counter takes is counted once a day, not sale by sale (§ 146a AO).")]})
    return charge(request, by)


_PAYMENT_DAYS = Statement(select(Operator.payment_days))


def payment_days() -> int:
    row = _PAYMENT_DAYS.row()
    return DEFAULT_DAYS if row is None else int(row[0])


class KindCard(NamedTuple):
    """A kind of income with what it takes from its offering."""

    code: str
    account_code: str
    tax_code: str
    counted: bool
    archived_at: datetime | None
    house_id: int
    offering_code: str
    sphere: str


_KINDS = Statement(
    select(
        IncomeKind.code, IncomeKind.account_code, IncomeKind.tax_code, IncomeKind.counted, IncomeKind.archived_at,
        Offering.house_id, Offering.code, Offering.sphere,
    )
    .join(Offering, Offering.code == IncomeKind.offering_code)
    .where(IncomeKind.code.in_(bindparam("codes", expanding=True)))
)  # fmt: skip


def income_kinds(codes: Sequence[str]) -> dict[str, KindCard]:
    """Kinds with their offerings, by code."""
    if not codes:
        return {}
    return {row[0]: KindCard(*row) for row in _KINDS.rows(codes=sorted(set(codes)))}


def _check(request: ChargeRequest) -> dict[str, KindCard]:
    if request.person_id is None and request.organisation_id is None:
        raise Invalid({"person": [_l("For whom is it?")]})
    if not request.title or not request.lines:
        raise Invalid({"title": [_l("Please say what it is for.")]})
    if request.reduction and request.reduction not in set(Reduction):
        raise Invalid({"reduction": [_l("Please choose one of these.")]})
    if request.reduction and not request.reason and request.reduction != Reduction.CITY_CARD:
        raise Invalid({"reason": [_l("Please say why; it stands in the books.")]})
    kinds = income_kinds([line.kind for line in request.lines])
    if any(line.kind not in kinds for line in request.lines) and furnish_if_bare(request.house_id):
        kinds = income_kinds([line.kind for line in request.lines])
    for line in request.lines:
        if line.kind not in kinds:
            raise Invalid({"kind": [gettext("There is no such kind of income: %(code)s", code=line.kind)]})
        normal = line.cents if line.normal_cents is None else line.normal_cents
        if not 0 <= line.cents <= normal <= LARGEST:
            raise Invalid({"cents": [_l("This is not a price.")]})
    return kinds


def _lines_of(lines: Sequence[ChargeLineRequest], kinds: dict[str, KindCard], rates: dict[str, int]) -> list[Line]:
    """Receivable against income and tax, one pair of lines for each line of the charge."""
    result = []
    accounts = tax_accounts(AccountKind.LIABILITY) if any(rates.values()) else {}
    for line in lines:
        if not line.cents:
            continue
        result += taken(Known.RECEIVABLES, line.cents, kinds[line.kind], rates[line.kind], accounts)
    return result


def taken(on_account: str, gross: int, kind: KindCard, rate_bp: int, accounts: dict[int, str]) -> list[Line]:
    """Lines for takings of one kind: gross on `on_account`, net on the income account, the tax contained on its own."""
    vat = vat_in(gross, rate_bp)
    sphere, code = kind.sphere, kind.offering_code
    lines = [Line(on_account, gross, 0, sphere, code), Line(kind.account_code, 0, gross - vat, sphere, code)]
    if vat:
        lines.append(Line(tax_account(accounts, rate_bp), 0, vat, sphere, code))
    return [line for line in lines if line.debit or line.credit]


_TAX_ACCOUNTS = Statement(
    select(LedgerAccount.vat_bp, LedgerAccount.code).where(
        LedgerAccount.kind == bindparam("kind"), LedgerAccount.vat_bp.is_not(None)
    )
)


def tax_accounts(kind: AccountKind) -> dict[int, str]:
    """Account of each tax rate: output tax on liabilities, input tax on assets."""
    return dict(_TAX_ACCOUNTS.rows(kind=kind.value))


def tax_account(accounts: dict[int, str], rate_bp: int) -> str:
    """Raises `Invalid` when the chart has no account for a rate that the law now has."""
    if rate_bp not in accounts:
        told = gettext("The chart of accounts has no account for a tax of %(rate)s %%. Add one first.", rate=f"{rate_bp / 100:g}")
        raise Invalid(message=told)
    return accounts[rate_bp]


# Afterwards ------------------------------------------------------------------------------------------------------------


def cancel_charge(
    charge: Charge,
    reason: str,
    by: Actor,
    *,
    keep: Sequence[ChargeLineRequest] = (),
    title: str = "",
    supplied: tuple[date, date] | None = None,
    due_on: date | None = None,
) -> Charge | None:
    """Take a charge back, by a reversal; `keep` is charged anew, and gives the charge that replaces it.

    The new one has title, days of supply and due day of the old one unless others are given. What had been paid goes onto it as
    far as it reaches; the rest is owed back as a `Refund`. Raises `ChargeClosed` when it was cancelled before, `Invalid`.
    """
    take_turn(LEDGER)
    session().refresh(charge)
    if charge.cancelled_at is not None:
        raise ChargeClosed(open_cents=0)
    replacement, refund = _replace(
        charge, reason, by, keep, title=title, reduction=charge.reduction, why=charge.reason, supplied=supplied, due_on=due_on
    )
    publish(
        events.ChargeCancelled(
            house_id=charge.house_id, by=by.person_id, charge_id=charge.id, person_id=charge.person_id, cents=charge.total_cents,
            replaced_by_id=replacement.id if replacement else None, refund_cents=refund,
        )
    )  # fmt: skip
    return replacement


def reduce_charge(charge: Charge, kind: str, cents: int, reason: str, by: Actor) -> Charge:
    """Somebody pays `cents` instead: taken back and charged anew, with the normal price kept for reports; gives the new charge.

    Raises `ChargeClosed`, or `Invalid` where that is not less or no reason is given.
    """
    take_turn(LEDGER)
    session().refresh(charge)
    if charge.cancelled_at is not None:
        raise ChargeClosed(open_cents=0)
    if not 0 <= cents < charge.total_cents:
        raise Invalid({"cents": [gettext("Less than %(amount)s.", amount=i18n.money(charge.total_cents))]})
    if kind not in set(Reduction):
        raise Invalid({"reduction": [_l("Please choose one of these.")]})
    lines = _lines(charge)
    shares = split(cents, [line.cents for line in lines])
    keep = [
        ChargeLineRequest(line.kind_code, line.text, share, line.normal_cents) for line, share in zip(lines, shares, strict=True)
    ]
    replacement, _ = _replace(charge, reason, by, keep, title=charge.title, reduction=kind, why=reason)
    assert replacement is not None
    publish(
        events.ChargeReduced(
            house_id=charge.house_id, by=by.person_id, charge_id=charge.id, person_id=charge.person_id, cents=cents,
            replaced_by_id=replacement.id, kind=kind,
        )
    )  # fmt: skip
    return replacement


def split(total: int, weights: Sequence[int]) -> list[int]:
    """`total` cents in shares by `weights`, largest remainder, ties to the lower index (finance.md b.4)."""
    whole = sum(weights)
    if whole <= 0:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-(total * weights[index] % whole), index))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _lines(charge: Charge) -> list[ChargeLine]:
    return list(session().scalars(select(ChargeLine).where(ChargeLine.charge_id == charge.id).order_by(ChargeLine.position)))


def _replace(
    old: Charge,
    reason: str,
    by: Actor,
    keep: Sequence[ChargeLineRequest],
    *,
    title: str,
    reduction: str,
    why: str,
    supplied: tuple[date, date] | None = None,
    due_on: date | None = None,
) -> tuple[Charge | None, int]:
    """The charge in place of `old`, and the cents that are owed back."""
    if not reason:
        raise Invalid({"reason": [_l("Please say why; it stands in the books.")]})
    if old.entry_id is not None:
        reverse(old.entry_id, reason[:120], by)
    correct_invoice(old, reason, by)
    paid = old.settled_cents
    if paid:
        settle(old, -paid, SettlementKind.MOVED, by, reason=reason)
    session().refresh(old)
    old.cancelled_at, old.cancelled_by_id, old.cancel_reason = clock.now(), by.person_id, reason
    session().flush()
    new = None
    if keep:
        supplied_from, supplied_until = supplied or (old.supplied_from, old.supplied_until)
        request = ChargeRequest(
            house_id=old.house_id, person_id=old.person_id, organisation_id=old.organisation_id, title=title or old.title,
            lines=keep, supplied_from=supplied_from, supplied_until=supplied_until, due_on=due_on or old.due_on,
            reduction=reduction, reason=why, source=old.source, source_id=old.source_id, replaces_id=old.id,
        )  # fmt: skip
        new = _charge(request, by)
    moved = min(paid, new.total_cents if new else 0)
    if new is not None and moved:
        settle(new, moved, SettlementKind.MOVED, by, reason=reason)
        session().refresh(new)
    owed = paid - moved
    if owed:
        _owe(old, owed, by)
    return new, owed


def _owe(charge: Charge, cents: int, by: Actor) -> Refund:
    text = books(_l("To be paid back: %(title)s", title=charge.title))
    lines = [Line(Known.RECEIVABLES, debit=cents), Line(Known.REFUNDS, credit=cents)]
    posted = post(text, lines, by, house_id=charge.house_id, source="refund", source_id=charge.id)
    refund = Refund(
        house_id=charge.house_id, charge_id=charge.id, person_id=charge.person_id, organisation_id=charge.organisation_id,
        cents=cents, entry_id=posted.id,
    )  # fmt: skip
    session().add(refund)
    session().flush()
    return refund


def waive_charge(charge: Charge, cents: int, reason: str, by: Actor) -> None:
    """Let somebody off `cents` of what is open; the tax contained falls with it (§ 17 UStG). Raises `ChargeClosed` or `Invalid`."""
    take_turn(LEDGER)
    session().refresh(charge)
    if not charge.open_cents:
        raise ChargeClosed(open_cents=0)
    if not reason:
        raise Invalid({"reason": [_l("Please say why; it stands in the books.")]})
    if not 0 < cents <= charge.open_cents:
        raise Invalid({"cents": [gettext("At most %(amount)s.", amount=i18n.money(charge.open_cents))]})
    text = books(_l("Waived: %(title)s", title=charge.title))
    posted = post(text, _waiver_lines(charge, cents), by, house_id=charge.house_id, source="waiver", source_id=charge.id)
    settle(charge, cents, SettlementKind.WAIVER, by, entry_id=posted.id, reason=reason)
    session().refresh(charge)
    publish(
        events.ChargeWaived(
            house_id=charge.house_id, by=by.person_id, charge_id=charge.id, person_id=charge.person_id, cents=charge.total_cents,
            waived_cents=cents,
        )
    )  # fmt: skip


def _waiver_lines(charge: Charge, cents: int) -> list[Line]:
    lines = _lines(charge)
    kinds = income_kinds([line.kind_code for line in lines])
    accounts = tax_accounts(AccountKind.LIABILITY)
    result = []
    for line, share in zip(lines, split(cents, [line.cents for line in lines]), strict=True):
        if not share:
            continue
        sphere, code = kinds[line.kind_code].sphere, kinds[line.kind_code].offering_code
        vat = vat_in(share, line.rate_bp)
        if share - vat:
            result.append(Line(Known.WAIVERS, share - vat, 0, sphere, code))
        if vat:
            result.append(Line(tax_account(accounts, line.rate_bp), vat, 0, sphere, code))
        result.append(Line(Known.RECEIVABLES, 0, share, sphere, code))
    return result


def settle(
    charge: Charge,
    cents: int,
    kind: SettlementKind,
    by: Actor,
    *,
    entry_id: int | None = None,
    payment_id: int | None = None,
    deposit_id: int | None = None,
    reason: str = "",
) -> None:
    """Put cents onto a charge, or off it below zero; its CHECK refuses more than is open."""
    session().execute(
        insert(Settlement),
        {
            "charge_id": charge.id, "kind": kind, "cents": cents, "entry_id": entry_id, "payment_id": payment_id,
            "deposit_id": deposit_id, "reason": reason, "created_by_id": by.person_id, "created_at": clock.now(),
        },
    )  # fmt: skip
