"""Money handed over, either way: a receipt with a number, one entry in the ledger, and what it was for.

Only claims are paid here (charges, deposits, refunds). What the counter takes is never written down sale by sale: there is no till,
the drawer is counted once a day (§ 146a AO; `cash_days`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.core import clock, i18n
from app.core.db import session, take_turn
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.money import events
from app.money.models import (
    AccountBalance,
    CashDay,
    Charge,
    Deposit,
    DepositMovement,
    Direction,
    Known,
    Line,
    Method,
    MovementKind,
    Payment,
    Refund,
    Settlement,
    SettlementKind,
)
from app.money.service.charges import ChargeClosed, settle
from app.money.service.ledger import LEDGER, books, post, reverse
from app.people.models import Person

ACCOUNTS = {Method.CASH: Known.CASH, Method.BANK: Known.BANK}


class NotEnoughCash(Refusal):
    """More than lies in the drawer by the books: nobody can hand that out. `facts`: `cash_cents`."""

    kind = "not-enough-cash"


class DayIsClosed(Refusal):
    """The cash report of that day is final."""

    kind = "cash-day-closed"
    message = _l("The drawer has already been counted and closed for that day. Write it down for the next day, or as a transfer.")


class AlreadyUndone(Refusal):
    kind = "already-undone"
    message = _l("This payment has already been taken back. Nothing has been changed.")


@dataclass(frozen=True)
class PaymentRequest:
    """Somebody pays: cents by charge id and by deposit id. `on` is the day it came (today unless given)."""

    house_id: int
    method: str
    charges: Mapping[int, int] = field(default_factory=dict)
    deposits: Mapping[int, int] = field(default_factory=dict)
    on: date | None = None
    note: str = ""


def take_payment(request: PaymentRequest, by: Actor) -> Payment:
    """Take money for charges and deposits of one person or group, in one receipt.

    Raises `ChargeClosed` when somebody else was first, `DayIsClosed`, or `Invalid`; nothing has changed then.
    """
    take_turn(LEDGER)
    day = _day(request.on)
    check_method(request.house_id, request.method, day)
    charges = _all(Charge, request.charges, request.house_id)
    deposits = _all(Deposit, request.deposits, request.house_id)
    for charge, cents in charges:
        if not charge.open_cents:
            raise ChargeClosed(_who_was_first(charge), open_cents=0)
        if not 0 < cents <= charge.open_cents:
            raise Invalid({"cents": [gettext("At most %(amount)s.", amount=i18n.money(charge.open_cents))]})
    for deposit, cents in deposits:
        if not deposit.missing_cents:
            raise ChargeClosed(gettext("“%(title)s” is not wanted any more. Nothing has been taken.", title=deposit.title))
        if not 0 < cents <= deposit.missing_cents:
            raise Invalid({"cents": [gettext("At most %(amount)s.", amount=i18n.money(deposit.missing_cents))]})
    subjects: list[Charge | Deposit] = [*(charge for charge, _ in charges), *(deposit for deposit, _ in deposits)]
    person_id, organisation_id = payer(subjects)
    total = sum(cents for _, cents in (*charges, *deposits))
    lines = [Line(ACCOUNTS[Method(request.method)], debit=total)]
    for_charges, for_deposits = sum(cents for _, cents in charges), sum(cents for _, cents in deposits)
    if for_charges:
        lines.append(Line(Known.RECEIVABLES, credit=for_charges))
    if for_deposits:
        lines.append(Line(Known.DEPOSITS, credit=for_deposits))
    payment = write_payment(
        request.house_id, Direction.IN, request.method, lines, day, by, person_id=person_id, organisation_id=organisation_id,
        note=request.note,
    )  # fmt: skip
    for charge, cents in charges:
        settle(charge, cents, SettlementKind.PAYMENT, by, entry_id=payment.entry_id, payment_id=payment.id)
        session().refresh(charge)
    for deposit, cents in deposits:
        move(deposit, cents, MovementKind.TAKEN, payment.entry_id, by, payment_id=payment.id)
        publish(
            events.DepositTaken(
                house_id=deposit.house_id, by=by.person_id, deposit_id=deposit.id, person_id=deposit.person_id, cents=cents,
                means=payment.method,
            )
        )  # fmt: skip
    publish(
        events.PaymentTaken(
            house_id=payment.house_id, by=by.person_id, payment_id=payment.id, person_id=person_id, cents=total,
            means=payment.method,
        )
    )  # fmt: skip
    return payment


def _all(model: Any, wanted: Mapping[int, int], house_id: int) -> list[tuple[Any, int]]:
    """Each of `wanted` as it stands now, with its cents. Raises `Invalid` for what is not of this house."""
    rows = session().scalars(
        select(model).where(model.id.in_(sorted(wanted)), model.house_id == house_id).execution_options(populate_existing=True)
    )
    found = [(row, wanted[row.id]) for row in rows]
    if len(found) != len(wanted):
        raise Invalid(message=_l("Something of this is not there any more. Please look again."))
    return found


def payer(subjects: Sequence[Charge | Deposit | Refund]) -> tuple[int | None, int | None]:
    """Person and organisation that all of these are of. Raises `Invalid` when they are of several, or there are none."""
    if not subjects:
        raise Invalid(message=_l("Please choose what is paid."))
    owners = {("o", each.organisation_id) if each.organisation_id else ("p", each.person_id) for each in subjects}
    if len(owners) > 1:
        raise Invalid(message=_l("One receipt is for one person or one group."))
    return subjects[0].person_id, subjects[0].organisation_id


def _who_was_first(charge: Charge) -> str:
    """In words: who settled this, and when."""
    last = session().execute(
        select(Settlement.created_at, Person.given_name, Person.family_name)
        .outerjoin(Person, Person.id == Settlement.created_by_id)
        .where(Settlement.charge_id == charge.id)
        .order_by(Settlement.id.desc())
        .limit(1)
    ).first()  # fmt: skip
    if charge.cancelled_at is not None or last is None:
        return str(ChargeClosed.message)
    who = f"{last.given_name or ''} {last.family_name or ''}".strip()
    if not who:
        return gettext("“%(title)s” was settled on %(when)s. Nothing has been taken.", title=charge.title,
                       when=i18n.moment(last.created_at))  # fmt: skip
    return gettext("“%(title)s” was settled on %(when)s, by %(who)s. Nothing has been taken.", title=charge.title,
                   when=i18n.moment(last.created_at), who=who)  # fmt: skip


def _day(wanted: date | None) -> date:
    today = clock.today(i18n.zone())
    if wanted is not None and wanted > today:
        raise Invalid({"on": [_l("That day has not come yet.")]})
    return wanted or today


def check_method(house_id: int, method: str, day: date) -> None:
    """Cash is handed over today, and only while today's drawer is open. Raises `Invalid` or `DayIsClosed`."""
    if method not in set(Method):
        raise Invalid({"method": [_l("Please choose one of these.")]})
    if method == Method.CASH and day != clock.today(i18n.zone()):
        raise Invalid({"on": [_l("Cash is written down on the day it is handed over.")]})
    closed = select(CashDay.id).where(CashDay.house_id == house_id, CashDay.day >= day).limit(1)
    if method == Method.CASH and session().scalar(closed) is not None:
        raise DayIsClosed


def write_payment(
    house_id: int,
    direction: Direction,
    method: str,
    lines: Sequence[Line],
    day: date,
    by: Actor,
    *,
    person_id: int | None,
    organisation_id: int | None,
    note: str = "",
) -> Payment:
    """The receipt with the next number, and its entry. Raises `NotEnoughCash` for cash that is not there."""
    cents = sum(line.debit for line in lines)
    if direction == Direction.OUT and method == Method.CASH:
        check_cash(house_id, cents)
    last = session().scalar(select(func.max(Payment.number)).where(Payment.year == day.year)) or 0
    no = f"Q-{day.year}-{last + 1:04}"
    text = books(_l("Receipt %(no)s", no=no) if direction == Direction.IN else _l("Paid out, receipt %(no)s", no=no))
    posted = post(text, lines, by, on=day, house_id=house_id, source="payment")
    payment = Payment(
        house_id=house_id, year=day.year, number=last + 1, direction=direction, method=method, cents=cents, on_day=day,
        person_id=person_id, organisation_id=organisation_id, entry_id=posted.id, note=note, created_by_id=by.person_id,
    )  # fmt: skip
    session().add(payment)
    session().flush()
    return payment


def cash_in_books(house_id: int) -> int:
    """Cents that should lie in the drawer of a house by the ledger."""
    row = session().execute(
        select(func.sum(AccountBalance.debit_cents), func.sum(AccountBalance.credit_cents)).where(
            AccountBalance.account_code == Known.CASH, AccountBalance.house_id == house_id
        )
    ).one()  # fmt: skip
    return int(row[0] or 0) - int(row[1] or 0)


def check_cash(house_id: int, cents: int) -> None:
    """Raises `NotEnoughCash` when `cents` would leave the drawer below zero."""
    there = cash_in_books(house_id)
    if cents > there:
        told = gettext("By the books there are only %(amount)s in the drawer. Count and close the day first, or pay by transfer.",
                       amount=i18n.money(max(there, 0)))  # fmt: skip
        raise NotEnoughCash(told, cash_cents=there)


def move(
    deposit: Deposit, cents: int, kind: MovementKind, entry_id: int, by: Actor, *, payment_id: int | None = None, reason: str = ""
) -> None:
    """Put cents onto a deposit, or off it below zero; its CHECK refuses more than is held."""
    session().add(
        DepositMovement(
            deposit_id=deposit.id, kind=kind, cents=cents, entry_id=entry_id, payment_id=payment_id, reason=reason,
            created_by_id=by.person_id,
        )
    )  # fmt: skip
    session().flush()
    session().refresh(deposit)


# Paying back ---------------------------------------------------------------------------------------------------------


def pay_refund(refund: Refund, method: str, by: Actor, *, on: date | None = None) -> Payment:
    """Hand back what is owed for something cancelled. Raises `ChargeClosed` when it has been, `NotEnoughCash`, `DayIsClosed`."""
    take_turn(LEDGER)
    day = _day(on)
    session().refresh(refund)
    if refund.payment_id is not None:
        raise ChargeClosed(_l("This has already been paid back. Nothing has been changed."))
    check_method(refund.house_id, method, day)
    lines = [Line(Known.REFUNDS, debit=refund.cents), Line(ACCOUNTS[Method(method)], credit=refund.cents)]
    payment = write_payment(
        refund.house_id, Direction.OUT, method, lines, day, by,
        person_id=refund.person_id, organisation_id=refund.organisation_id,
    )  # fmt: skip
    refund.payment_id = payment.id
    session().flush()
    publish(
        events.RefundPaid(
            house_id=refund.house_id, by=by.person_id, refund_id=refund.id, payment_id=payment.id, person_id=refund.person_id,
            cents=refund.cents, means=method,
        )
    )  # fmt: skip
    return payment


# Taking back what was written down by mistake ------------------------------------------------------------------------


def undo_payment(payment: Payment, reason: str, by: Actor) -> None:
    """A payment that never was: reversed in the ledger, and what it settled is open again. The number stays.

    Raises `AlreadyUndone`, `DayIsClosed` for cash of a closed day, or `Invalid` where what it paid for has changed since.
    """
    take_turn(LEDGER)
    session().refresh(payment)
    if payment.undone_at is not None:
        raise AlreadyUndone
    if not reason:
        raise Invalid({"reason": [_l("Please say why; it stands in the books.")]})
    if payment.method == Method.CASH:
        closed = select(CashDay.id).where(CashDay.house_id == payment.house_id, CashDay.day >= payment.on_day).limit(1)
        if session().scalar(closed) is not None:
            raise DayIsClosed
        if payment.direction == Direction.IN:
            check_cash(payment.house_id, payment.cents)
    _undo_settlements(payment, reason, by)
    _undo_movements(payment, reason, by)
    for refund in session().scalars(select(Refund).where(Refund.payment_id == payment.id)):
        refund.payment_id = None
    reverse(payment.entry_id, reason[:120], by)
    payment.undone_at, payment.undone_by_id, payment.undone_reason = clock.now(), by.person_id, reason
    session().flush()
    publish(
        events.PaymentUndone(
            house_id=payment.house_id, by=by.person_id, payment_id=payment.id, person_id=payment.person_id, cents=payment.cents
        )
    )


_CHANGED = _l("What this paid for has changed since. Take that back first.")


def _undo_settlements(payment: Payment, reason: str, by: Actor) -> None:
    rows = session().execute(select(Settlement.charge_id, Settlement.cents).where(Settlement.payment_id == payment.id)).all()
    for charge_id, cents in rows:
        charge = session().get_one(Charge, charge_id, populate_existing=True)
        if charge.cancelled_at is not None or charge.settled_cents < cents:
            raise Invalid(message=_CHANGED)
        settle(charge, -cents, SettlementKind.UNDONE, by, payment_id=None, reason=reason)
        session().refresh(charge)


def _undo_movements(payment: Payment, reason: str, by: Actor) -> None:
    rows = session().execute(
        select(DepositMovement.deposit_id, DepositMovement.cents).where(DepositMovement.payment_id == payment.id)
    )
    for deposit_id, cents in rows.all():
        deposit = session().get_one(Deposit, deposit_id, populate_existing=True)
        if not 0 <= deposit.held_cents - cents <= deposit.cents:
            raise Invalid(message=_CHANGED)
        deposit.closed_at = None
        session().flush()
        move(deposit, -cents, MovementKind.UNDONE, payment.entry_id, by, reason=reason)
