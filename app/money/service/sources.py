"""What another feature asks for when something it charged for is moved or does not take place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session, take_turn
from app.core.money import Money
from app.core.policy import Actor
from app.money.models import Charge, ChargeLine, Deposit
from app.money.service.charges import ChargeLineRequest, ChargeRequest, cancel_charge, charge
from app.money.service.deposits import DepositRequest, ask_deposit, drop_deposit
from app.money.service.ledger import LEDGER


@dataclass(frozen=True)
class Kept:
    """What calling something off costs: cents of its charges now, what stays to be paid, and what was paid beyond that."""

    total_cents: int
    kept_cents: int
    back_cents: int


def would_keep(source: str, source_id: int, percent: int) -> Kept:
    """What `call_off` would do, without doing it; two statements."""
    charges = _charges(source, source_id)
    total = kept = back = 0
    for each, lines in charges:
        total += each.total_cents
        share = sum(_share(line.cents, percent) for line in lines)
        kept += share
        back += max(0, each.settled_cents - share)
    return Kept(total, kept, back)


def call_off(source: str, source_id: int, percent: int, title: str, reason: str, by: Actor) -> None:
    """It does not take place: of each line `percent` stays to be paid, under `title`; the rest is owed back where it was paid.

    Deposits that were not handed in are dropped; those that are held wait to be given back from today on.
    """
    charges = _charges(source, source_id)
    if charges:
        take_turn(LEDGER)
    for each, lines in charges:
        if percent >= 100:
            continue
        keep = [
            ChargeLineRequest(line.kind_code, line.text, share, _share(line.normal_cents, percent))
            for line in lines
            if (share := _share(line.cents, percent))
        ]
        cancel_charge(each, reason, by, keep=keep, title=title)
    today = clock.today(i18n.zone())
    for deposit in _deposits(source, source_id):
        if deposit.held_cents:
            deposit.back_on = today
        else:
            drop_deposit(deposit, by)
    session().flush()


def charge_again(request: ChargeRequest, deposits: Sequence[DepositRequest], reason: str, by: Actor) -> None:
    """It takes place otherwise: what was charged for it is taken back and `request` stands in its place; what was paid moves along.

    A deposit of a kind that is wanted again stays and follows the new days; one that is not, or of another amount, is dropped
    unless it is held.
    """
    source, source_id = request.source, request.source_id
    assert source_id is not None
    known = [each for each, _ in _charges(source, source_id)]
    take_turn(LEDGER)
    supplied = (request.supplied_from, request.supplied_until or request.supplied_from)
    if known:
        cancel_charge(
            known[0], reason, by, keep=request.lines, title=request.title, supplied=supplied, due_on=request.due_on
        )  # fmt: skip
        for each in known[1:]:
            cancel_charge(each, reason, by)
    elif request.lines:
        charge(request, by)
    _follow(_deposits(source, source_id), deposits, by)


def _follow(known: Sequence[Deposit], wanted: Sequence[DepositRequest], by: Actor) -> None:
    left = list(wanted)
    for deposit in known:
        same = next((each for each in left if each.kind == deposit.kind), None)
        if same is not None and (same.cents == deposit.cents or deposit.held_cents):
            left.remove(same)
            deposit.due_on, deposit.back_on, deposit.title = same.due_on, same.back_on, same.title
        elif not deposit.held_cents:
            drop_deposit(deposit, by)
    session().flush()
    for each in left:
        ask_deposit(each, by)


def _share(cents: int, percent: int) -> int:
    return Money(cents).share(percent, 100).cents


def _charges(source: str, source_id: int) -> list[tuple[Charge, list[ChargeLine]]]:
    """The charges that stand, each with its lines."""
    rows = session().execute(
        select(Charge, ChargeLine)
        .join(ChargeLine, ChargeLine.charge_id == Charge.id)
        .where(Charge.source == source, Charge.source_id == source_id, Charge.cancelled_at.is_(None))
        .order_by(Charge.id, ChargeLine.position)
        .execution_options(populate_existing=True)
    )
    found: dict[int, tuple[Charge, list[ChargeLine]]] = {}
    for each, line in rows:
        found.setdefault(each.id, (each, []))[1].append(line)
    return list(found.values())


def _deposits(source: str, source_id: int) -> list[Deposit]:
    """Those that are not settled yet."""
    return list(
        session().scalars(
            select(Deposit)
            .where(Deposit.source == source, Deposit.source_id == source_id, Deposit.closed_at.is_(None))
            .order_by(Deposit.id)
            .execution_options(populate_existing=True)
        )
    )
