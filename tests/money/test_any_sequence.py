"""Whatever people do with money in whatever order: it adds up after every step, and what is refused changes nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.core import clock, db, i18n
from app.core.errors import Refusal
from app.money import service
from app.money.models import (
    CashDay,
    Charge,
    Deposit,
    DepositMovement,
    Invoice,
    LedgerEntry,
    LedgerLine,
    Line,
    Payment,
    Refund,
    Settlement,
)
from tests.conftest import THURSDAY
from tests.makers import in_turn
from tests.money.conftest import Books, books_are_right

KINDS = ("room", "cleaning", "cafe-food", "damages")
METHODS = ("cash", "bank")
TABLES = (LedgerEntry, LedgerLine, Charge, Payment, Settlement, Deposit, DepositMovement, Refund, Invoice, CashDay)
cents = st.sampled_from((1, 2, 99, 1190, 3300, 4500, 6600, 15000, 0, -1, 10**13))
share = st.sampled_from((1000, 1, 250, 333, 500, 1000, 0, -5, 1001, 10**12))
"""Thousandths of what is open."""
which = st.integers(0, 4)
method = st.sampled_from(("cash", "bank", "cash", "bank", "card"))
reason = st.sampled_from(("Heizung aus", "Antrag", ""))
person = st.sampled_from((0, 1))
some = st.lists(st.tuples(cents, st.sampled_from(KINDS)), min_size=1, max_size=3)
ACTS = (
    st.tuples(st.just("charge"), some, person),
    st.tuples(st.just("pay"), which, share, which, share, method),
    st.tuples(st.just("pay_charge"), which, share, method),
    st.tuples(st.just("take_deposit"), which, share, method),
    st.tuples(st.just("waive"), which, share, reason),
    st.tuples(st.just("reduce"), which, share, st.sampled_from(("hardship", "free_on_application", "nonsense")), reason),
    st.tuples(st.just("cancel"), which, reason, st.one_of(st.just([]), some)),
    st.tuples(st.just("refund"), which, method),
    st.tuples(st.just("ask_deposit"), cents, person),
    st.tuples(st.just("settle_deposit"), which, st.lists(share, max_size=2), method),
    st.tuples(st.just("drop_deposit"), which),
    st.tuples(st.just("undo"), which, reason),
    st.tuples(st.just("by_hand"), st.sampled_from((5000, 5000, 1, 0, -1)), st.just(5000)),
    st.tuples(st.just("reverse"), which),
    st.tuples(st.just("close_day"), st.integers(0, 20), cents),
)

STEPS = st.permutations(ACTS).flatmap(lambda order: st.tuples(*order))
"""Every act once, in any order."""
UNPAID = (Charge.settled_cents < Charge.total_cents) & Charge.cancelled_at.is_(None)
WANTED = (Deposit.held_cents < Deposit.cents) & Deposit.closed_at.is_(None)


class Act:
    """One step as a person would try it, on the rows that stand there now."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def nth(self, model: Any, index: int, sensible: Any = None) -> Any:
        """The `index`-th newest, or the oldest; the first ones among those for which it makes sense. None where there is none."""
        statement = select(model).order_by(model.id.desc()).limit(index + 1)
        if sensible is not None and index < 3:
            statement = statement.where(sensible)
        newest = list(db.session().scalars(statement))
        return newest[-1] if newest else None

    def charge(self, lines: list[tuple[int, str]], who: int) -> None:
        person_id = (self.books.ayse, self.books.karl)[who]
        wanted = [service.ChargeLineRequest(kind, "Zeile", amount) for amount, kind in lines]
        request = service.ChargeRequest(self.books.house, person_id, "Saal", wanted, date(2026, 11, 26))
        service.charge(request, self.books.at_desk)

    def pay(self, charge_index: int, of_charge: int, deposit_index: int, of_deposit: int, how: str) -> None:
        charge, deposit = self.nth(Charge, charge_index, UNPAID), self.nth(Deposit, deposit_index, WANTED)
        if charge and deposit:
            for_charges = {charge.id: charge.open_cents * of_charge // 1000}
            for_deposits = {deposit.id: deposit.missing_cents * of_deposit // 1000}
            service.take_payment(service.PaymentRequest(self.books.house, how, for_charges, for_deposits), self.books.at_desk)

    def pay_charge(self, index: int, part: int, how: str) -> None:
        if charge := self.nth(Charge, index, UNPAID):
            wanted = {charge.id: charge.open_cents * part // 1000}
            service.take_payment(service.PaymentRequest(self.books.house, how, wanted), self.books.at_desk)

    def take_deposit(self, index: int, part: int, how: str) -> None:
        if deposit := self.nth(Deposit, index, WANTED):
            wanted = {deposit.id: deposit.missing_cents * part // 1000}
            service.take_payment(service.PaymentRequest(self.books.house, how, deposits=wanted), self.books.at_desk)

    def waive(self, index: int, part: int, why: str) -> None:
        if charge := self.nth(Charge, index, UNPAID):
            service.waive_charge(charge, charge.open_cents * part // 1000, why, self.books.at_books)

    def reduce(self, index: int, part: int, kind: str, why: str) -> None:
        if charge := self.nth(Charge, index, UNPAID):
            service.reduce_charge(charge, kind, charge.total_cents * part // 1000, why, self.books.at_books)

    def cancel(self, index: int, why: str, keep: list[tuple[int, str]]) -> None:
        if charge := self.nth(Charge, index, Charge.settled_cents > 0):
            kept = [service.ChargeLineRequest(kind, "Ausfall", amount) for amount, kind in keep]
            service.cancel_charge(charge, why, self.books.at_desk, keep=kept)

    def refund(self, index: int, how: str) -> None:
        if refund := self.nth(Refund, index, Refund.payment_id.is_(None)):
            service.pay_refund(refund, how, self.books.at_desk)

    def ask_deposit(self, amount: int, who: int) -> None:
        person_id = (self.books.ayse, self.books.karl)[who]
        request = service.DepositRequest(self.books.house, person_id, "key", "Schlüssel", amount, due_on=date(2026, 12, 1))
        service.ask_deposit(request, self.books.at_desk)

    def settle_deposit(self, index: int, keep: list[int], how: str) -> None:
        if deposit := self.nth(Deposit, index, Deposit.held_cents > 0):
            kept = [service.KeepRequest(deposit.held_cents * part // 1000, "Reinigung", "cleaning") for part in keep]
            service.settle_deposit(deposit, how, self.books.at_desk, keep=kept)

    def drop_deposit(self, index: int) -> None:
        if deposit := self.nth(Deposit, index):
            service.drop_deposit(deposit, self.books.at_desk)

    def undo(self, index: int, why: str) -> None:
        if payment := self.nth(Payment, index):
            service.undo_payment(payment, why, self.books.at_desk)

    def by_hand(self, debit: int, credit: int) -> None:
        lines = [Line("1200", debit=debit), Line("4610", credit=credit)]
        request = service.EntryRequest(date(2026, 11, 26), "Spende", lines)
        service.post_entry(self.books.house, request, self.books.at_books)

    def reverse(self, index: int) -> None:
        if entry := self.nth(LedgerEntry, index, LedgerEntry.source == "manual"):
            service.reverse_entry(entry, "Versehen", self.books.at_books)

    def close_day(self, fifties: int, tally: int) -> None:
        today = clock.today(i18n.zone())
        request = service.CountRequest(self.books.house, today, {5000: fifties}, tally={"cafe-drinks": tally}, put_in_cents=15000)
        service.close_day(request, self.books.treasurer, self.books.at_desk, reason="nachgezählt")


def everything() -> list[list[Any]]:
    return [
        [tuple(row) for row in db.session().execute(select(*model.__table__.columns).order_by(*model.__table__.primary_key))]
        for model in TABLES
    ]


def gapless(model: Any) -> bool:
    rows = db.session().execute(
        select(model.year, func.count(), func.min(model.number), func.max(model.number)).group_by(model.year)
    )
    return all((first, last) == (1, count) for _, count, first, last in rows)


def holds(books: Books) -> None:
    """All that must be true of money, whatever has happened."""
    assert books_are_right()
    session = db.session()
    debit, credit = session.execute(select(func.sum(LedgerLine.debit_cents), func.sum(LedgerLine.credit_cents))).one()
    assert debit == credit
    assert session.scalar(select(func.count()).where(Charge.settled_cents > Charge.total_cents)) == 0
    assert all(charge.open_cents >= 0 for charge in session.scalars(select(Charge)))
    assert session.scalar(select(func.count()).where(Refund.cents <= 0)) == 0
    assert session.scalar(select(func.count()).where(Deposit.held_cents < 0)) == 0
    assert service.cash_in_books(books.house) >= 0
    assert gapless(Payment) and gapless(LedgerEntry) and gapless(CashDay)


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def try_in_turn(books: Books, done: Counter[str], days: Iterator[int], steps: list[tuple[Any, ...]]) -> None:
    act = Act(books)
    begin = [("charge", [(6600, "room"), (4500, "cleaning")], 0), ("ask_deposit", 15000, 0)]
    with clock.stopped_at(THURSDAY + timedelta(days=next(days))):
        before = everything()
        for name, *values in (*begin, *steps):
            step: Callable[..., None] = getattr(act, name)
            try:
                with in_turn():
                    step(*values)
            except Refusal:
                assert everything() == before, f"{name}{values} was refused and changed something"
            else:
                after = everything()
                done[name] += after != before
                before = after
                holds(books)


def test_any_sequence_of_acts_adds_up_and_refusals_change_nothing(books: Books) -> None:
    """The examples go on in the same house, each on a day of its own, so that later ones meet what earlier ones left behind."""
    done: Counter[str] = Counter()
    try_in_turn(books, done, itertools.count())
    steps = {name for name in vars(Act) if not name.startswith("_")} - {"nth"}
    assert {name for name in steps if not done[name]} == set(), f"never came through: {done}"


@pytest.mark.parametrize("how", METHODS)
def test_what_was_paid_and_undone_and_paid_again_is_paid_once(app: Flask, books: Books, how: str) -> None:
    charge = books.charge(6600, 4500, kind="cleaning")
    for number in range(1, 4):
        with in_turn():
            payment = service.take_payment(service.PaymentRequest(books.house, how, {charge.id: 11100}), books.at_desk)
        assert payment.no == f"Q-2026-{number:04}"
        holds(books)
        if number < 3:
            with in_turn():
                service.undo_payment(db.session().get_one(Payment, payment.id), "Versehen", books.at_desk)
            holds(books)
    assert db.session().get_one(Charge, charge.id, populate_existing=True).open_cents == 0
