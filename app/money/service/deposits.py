"""Deposits: somebody else's money in our hands. Never income; what is kept pays for a charge of its own, with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

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
    Deposit,
    DepositKind,
    DepositMovement,
    Direction,
    Known,
    Line,
    Method,
    MovementKind,
    Payment,
    SettlementKind,
)
from app.money.service.charges import LARGEST, ChargeLineRequest, ChargeRequest, charge, settle
from app.money.service.ledger import LEDGER, books, post
from app.money.service.payments import ACCOUNTS, check_method, move, write_payment

DAMAGES = "damages"
"""Income kind of what is kept."""


class DepositClosed(Refusal):
    """Nothing of it is held (any more)."""

    kind = "deposit-closed"
    message = _l("This deposit has already been given back. Nothing has been changed.")


@dataclass(frozen=True)
class DepositRequest:
    """A deposit to be handed in by `due_on` and given back from `back_on`; `kind` is one of `DepositKind`."""

    house_id: int
    person_id: int | None
    kind: str
    title: str
    cents: int
    due_on: date
    organisation_id: int | None = None
    back_on: date | None = None
    source: str = "desk"
    source_id: int | None = None


def ask_deposit(request: DepositRequest, by: Actor) -> Deposit:
    """Write down that a deposit is wanted; it is taken with `payments.take_payment`. Raises `Invalid`."""
    if request.person_id is None and request.organisation_id is None:
        raise Invalid({"person": [_l("For whom is it?")]})
    if request.kind not in set(DepositKind):
        raise Invalid({"kind": [_l("Please choose one of these.")]})
    if not 0 < request.cents <= LARGEST:
        raise Invalid({"cents": [_l("This is not an amount.")]})
    deposit = Deposit(
        house_id=request.house_id, person_id=request.person_id, organisation_id=request.organisation_id, kind=request.kind,
        title=request.title, cents=request.cents, due_on=request.due_on, back_on=request.back_on, source=request.source,
        source_id=request.source_id, created_by_id=by.person_id,
    )  # fmt: skip
    session().add(deposit)
    session().flush()
    publish(
        events.DepositAsked(
            house_id=deposit.house_id, by=by.person_id, deposit_id=deposit.id, person_id=deposit.person_id, cents=deposit.cents
        )
    )
    return deposit


def drop_deposit(deposit: Deposit, by: Actor) -> None:
    """It is not needed any more, and nothing of it is held. Raises `DepositClosed` or `Invalid`."""
    session().refresh(deposit)
    if deposit.closed_at is not None:
        raise DepositClosed
    if deposit.held_cents:
        told = gettext("%(amount)s are held. Give them back instead.", amount=i18n.money(deposit.held_cents))
        raise Invalid(message=told)
    deposit.closed_at = clock.now()
    session().flush()
    publish(events.DepositDropped(house_id=deposit.house_id, by=by.person_id, deposit_id=deposit.id, person_id=deposit.person_id))


@dataclass(frozen=True)
class KeepRequest:
    """Cents kept, and why: a damage, cleaning, a key that did not come back. `kind` is the income kind it is booked as."""

    cents: int
    reason: str
    kind: str = DAMAGES


def settle_deposit(
    deposit: Deposit, method: str, by: Actor, *, keep: Sequence[KeepRequest] = (), on: date | None = None
) -> Payment | None:
    """Give back what is held, less what is kept; gives the receipt, None when nothing is left to give back.

    What is kept becomes a charge that the deposit pays at once. Raises `DepositClosed`, `NotEnoughCash`, `DayIsClosed` or `Invalid`.
    """
    take_turn(LEDGER)
    session().refresh(deposit)
    if deposit.closed_at is not None or not deposit.held_cents:
        raise DepositClosed
    for each in keep:
        if not each.reason:
            raise Invalid({"reason": [_l("Please say why something is kept.")]})
        if each.cents <= 0:
            raise Invalid({"keep": [_l("This is not an amount.")]})
    kept = sum(each.cents for each in keep)
    back = deposit.held_cents - kept
    if back < 0:
        raise Invalid({"keep": [gettext("At most %(amount)s are held.", amount=i18n.money(deposit.held_cents))]})
    for each in keep:
        _keep(deposit, each, by)
    payment = _give_back(deposit, back, method, on, by) if back else None
    deposit.closed_at = clock.now()
    session().flush()
    publish(
        events.DepositSettled(
            house_id=deposit.house_id, by=by.person_id, deposit_id=deposit.id, person_id=deposit.person_id, returned_cents=back,
            kept_cents=kept, held_cents=deposit.held_cents,
        )
    )  # fmt: skip
    return payment


def _keep(deposit: Deposit, request: KeepRequest, by: Actor) -> None:
    today = clock.today(i18n.zone())
    owed = charge(
        ChargeRequest(
            house_id=deposit.house_id, person_id=deposit.person_id, organisation_id=deposit.organisation_id,
            title=f"{deposit.title}: {request.reason}"[:160],
            lines=[ChargeLineRequest(request.kind, request.reason[:160], request.cents)],
            supplied_from=today, due_on=today, source="deposit", source_id=deposit.id,
        ),
        by,
    )  # fmt: skip
    lines = [Line(Known.DEPOSITS, debit=request.cents), Line(Known.RECEIVABLES, credit=request.cents)]
    text = books(_l("Kept of a deposit: %(reason)s", reason=request.reason))
    posted = post(text, lines, by, house_id=deposit.house_id, source="deposit", source_id=deposit.id)
    settle(owed, request.cents, SettlementKind.DEPOSIT, by, entry_id=posted.id, deposit_id=deposit.id, reason=request.reason)
    session().refresh(owed)
    move(deposit, -request.cents, MovementKind.KEPT, posted.id, by, reason=request.reason)


def _give_back(deposit: Deposit, cents: int, method: str, on: date | None, by: Actor) -> Payment:
    day = on or clock.today(i18n.zone())
    check_method(deposit.house_id, method, day)
    lines = [Line(Known.DEPOSITS, debit=cents), Line(ACCOUNTS[Method(method)], credit=cents)]
    payment = write_payment(
        deposit.house_id, Direction.OUT, method, lines, day, by,
        person_id=deposit.person_id, organisation_id=deposit.organisation_id,
    )  # fmt: skip
    move(deposit, -cents, MovementKind.RETURNED, payment.entry_id, by, payment_id=payment.id)
    return payment


def kept_of(deposit: Deposit) -> int:
    """Cents of a deposit that were kept."""
    kept = session().scalar(
        select(func.sum(DepositMovement.cents)).where(
            DepositMovement.deposit_id == deposit.id, DepositMovement.kind == MovementKind.KEPT
        )
    )
    return -int(kept or 0)
