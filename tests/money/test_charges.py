"""Charges, payments, refunds and deposits: what is owed, paid and given back always adds up."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.core import clock, db
from app.core.errors import Invalid
from app.money import service
from app.money.models import Charge, Deposit, LedgerLine, Payment, Refund
from tests.conftest import THURSDAY
from tests.makers import in_turn
from tests.money.conftest import Books, books_are_right


def lines(entry_id: int | None) -> list[tuple[str, int, int]]:
    rows = db.session().execute(
        select(LedgerLine.account_code, LedgerLine.debit_cents, LedgerLine.credit_cents)
        .where(LedgerLine.entry_id == entry_id)
        .order_by(LedgerLine.position)
    )
    return [(code, debit, credit) for code, debit, credit in rows]


def now(charge: Charge) -> Charge:
    return db.session().get_one(Charge, charge.id, populate_existing=True)


def pay(books: Books, cents: dict[int, int], method: str = "cash", **more: object) -> Payment:
    with in_turn():
        return service.take_payment(service.PaymentRequest(books.house, method, cents, **more), books.at_desk)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "day", "gross", "vat"),
    [
        ("cafe-food", date(2025, 12, 31), 1743, 278),
        ("cafe-food", date(2026, 1, 1), 1743, 114),
        ("cafe-drinks", date(2025, 12, 31), 747, 119),
        ("cafe-drinks", date(2026, 1, 1), 747, 119),
        ("cafe-food", date(2026, 3, 7), 16490, 1079),
        ("cafe-drinks", date(2026, 3, 7), 24770, 3955),
        ("room", date(2026, 3, 7), 18000, 0),
    ],
)
def test_tax_is_what_is_contained_and_follows_the_date_of_supply(
    books: Books, kind: str, day: date, gross: int, vat: int
) -> None:
    charge = books.charge(gross, kind=kind, day=day)
    entry = lines(charge.entry_id)
    assert entry[0] == ("1400", gross, 0)
    assert sum(credit for code, _, credit in entry if code.startswith("25")) == vat
    assert entry[1][2] == gross - vat


def test_a_charge_is_paid_in_parts_and_never_beyond(books: Books) -> None:
    charge = books.charge(6600, 4500)
    first = pay(books, {charge.id: 5000})
    assert (now(charge).settled_cents, now(charge).open_cents, first.no) == (5000, 6100, "Q-2026-0001")
    with pytest.raises(Invalid):
        pay(books, {charge.id: 6101})
    assert pay(books, {charge.id: 6100}, "bank").no == "Q-2026-0002"
    with pytest.raises(service.ChargeClosed):
        pay(books, {charge.id: 1})
    assert books_are_right()


def test_a_waiver_needs_a_reason_and_takes_the_tax_along(books: Books) -> None:
    charge = books.charge(4500, kind="cleaning")
    with pytest.raises(Invalid), in_turn():
        service.waive_charge(now(charge), 4500, "", books.at_books)
    with in_turn():
        service.waive_charge(now(charge), 4500, "Heizung war aus", books.at_books)
    assert now(charge).open_cents == 0
    assert books_are_right()


def test_a_reduction_keeps_the_normal_price(books: Books) -> None:
    charge = books.charge(6600)
    with in_turn():
        free = service.reduce_charge(now(charge), "free_on_application", 0, "Initiative, Antrag vom 3.11.", books.at_books)
    assert (free.total_cents, free.normal_cents, free.entry_id, free.replaces_id) == (0, 6600, None, charge.id)
    assert now(charge).cancelled_at is not None
    assert books_are_right()


def test_what_was_paid_for_something_cancelled_is_owed_back_once(books: Books) -> None:
    charge = books.charge(6600)
    pay(books, {charge.id: 6600})
    with in_turn():
        kept = service.cancel_charge(
            now(charge), "abgesagt", books.at_desk, keep=[service.ChargeLineRequest("room", "Ausfall 50 %", 3300, 6600)]
        )
    assert kept is not None and now(kept).open_cents == 0
    refund = db.session().scalars(select(Refund)).one()
    assert refund.cents == 3300
    assert books_are_right()
    with in_turn():
        paid = service.pay_refund(db.session().get_one(Refund, refund.id), "cash", books.at_desk)
    assert (paid.direction, paid.cents) == ("out", 3300)
    with pytest.raises(service.ChargeClosed), in_turn():
        service.pay_refund(db.session().get_one(Refund, refund.id), "cash", books.at_desk)
    assert service.cash_in_books(books.house) == 3300
    assert books_are_right()


def test_nobody_hands_out_cash_that_is_not_there(books: Books) -> None:
    charge = books.charge(6600)
    pay(books, {charge.id: 6600}, "bank")
    with in_turn():
        service.cancel_charge(now(charge), "abgesagt", books.at_desk)
    refund = db.session().scalars(select(Refund)).one().id
    with pytest.raises(service.NotEnoughCash), in_turn():
        service.pay_refund(db.session().get_one(Refund, refund), "cash", books.at_desk)
    assert books_are_right()


def deposit(books: Books, cents: int = 15000) -> Deposit:
    with in_turn():
        request = service.DepositRequest(books.house, books.ayse, "room", "Kaution Saal", cents, due_on=date(2026, 12, 1))
        return service.ask_deposit(request, books.at_desk)


def held(made: Deposit) -> Deposit:
    return db.session().get_one(Deposit, made.id, populate_existing=True)


def test_a_deposit_is_taken_with_the_price_in_one_receipt_and_is_never_income(books: Books) -> None:
    charge, made = books.charge(6600), deposit(books)
    payment = pay(books, {charge.id: 6600}, deposits={made.id: 15000})
    assert payment.cents == 21600
    assert lines(payment.entry_id) == [("1000", 21600, 0), ("1400", 0, 6600), ("2400", 0, 15000)]
    assert held(made).held_cents == 15000
    assert books_are_right()


def test_a_deposit_goes_back_less_what_is_kept_with_a_reason(books: Books) -> None:
    made = deposit(books)
    pay(books, {}, deposits={made.id: 15000})
    with pytest.raises(Invalid), in_turn():
        service.settle_deposit(held(made), "cash", books.at_desk, keep=[service.KeepRequest(4500, "")])
    with in_turn():
        back = service.settle_deposit(
            held(made), "cash", books.at_desk, keep=[service.KeepRequest(4500, "Reinigung nach dem Fest", "cleaning")]
        )
    assert back is not None and back.cents == 10500
    assert (held(made).held_cents, held(made).closed_at is not None) == (0, True)
    with pytest.raises(service.DepositClosed), in_turn():
        service.settle_deposit(held(made), "cash", books.at_desk)
    damage = db.session().scalars(select(Charge).where(Charge.source == "deposit")).one()
    assert (damage.total_cents, damage.open_cents) == (4500, 0)
    assert books_are_right()


def test_a_payment_written_down_by_mistake_is_taken_back_once(books: Books) -> None:
    charge, made = books.charge(6600), deposit(books)
    payment = pay(books, {charge.id: 6600}, deposits={made.id: 15000})
    with in_turn():
        service.undo_payment(db.session().get_one(Payment, payment.id), "falsche Person", books.at_desk)
    assert (now(charge).open_cents, held(made).held_cents) == (6600, 0)
    with pytest.raises(service.AlreadyUndone), in_turn():
        service.undo_payment(db.session().get_one(Payment, payment.id), "noch einmal", books.at_desk)
    assert pay(books, {charge.id: 6600}).no == "Q-2026-0002"
    assert books_are_right()


def test_one_receipt_is_for_one_person(books: Books) -> None:
    mine, theirs = books.charge(1000), books.charge(1000, person_id=books.karl)
    with pytest.raises(Invalid):
        pay(books, {mine.id: 1000, theirs.id: 1000})


def test_a_charge_is_due_after_the_days_of_the_operator(books: Books) -> None:
    with clock.stopped_at(THURSDAY):
        assert books.charge(1000).due_on == date(2026, 12, 10)
