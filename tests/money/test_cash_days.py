"""The cash day: counted back from the drawer, once, by two people. Scenario (f) 4 of finance.md, and J03 to J06 to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core import clock, db, i18n
from app.core.errors import Invalid
from app.money import service
from app.money.models import AccountBalance, CashDay, Expense, LedgerEntry, LedgerLine, Line
from app.money.queries import cash_days as queries
from app.money.service import CountRequest, VoucherRequest
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person, in_turn
from tests.money.conftest import Books, books_are_right

TODAY = THURSDAY.date()
MARCH_7 = date(2026, 3, 7)
PIECES = {5000: 3, 2000: 6, 1000: 9, 500: 8, 200: 9, 100: 4, 50: 3, 20: 2, 10: 2}
"""424,10 €, as in finance.md b.3."""
FLOAT = {5000: 3}
"""150 €."""
MILK = VoucherRequest("Kiosk Kaya", "Milch", "118", 3850, "5000", tax="reduced", offering="O03")


def close(books: Books, day: date = TODAY, pieces: dict[int, int] | None = None, *, reason: str = "", **more: Any) -> CashDay:
    with in_turn():
        request = CountRequest(books.house, day, FLOAT if pieces is None else pieces, **more)
        return service.close_day(request, books.treasurer, books.at_desk, reason=reason)


def put_float_in(books: Books, day: date) -> CashDay:
    return close(books, day, put_in_cents=15000)


def march_7(books: Books, **more: Any) -> CashDay:
    values: dict[str, Any] = {
        "banked_cents": 10000, "vouchers": [MILK], "tally": {"cafe-food": 16490, "cafe-drinks": 24770}, **more,
    }  # fmt: skip
    return close(books, MARCH_7, PIECES, **values)


def entry(entry_id: int) -> list[tuple[str, int, int, str, str | None]]:
    rows = db.session().execute(
        select(
            LedgerLine.account_code, LedgerLine.debit_cents, LedgerLine.credit_cents, LedgerLine.sphere, LedgerLine.offering_code
        )
        .where(LedgerLine.entry_id == entry_id)
        .order_by(LedgerLine.position)
    )  # fmt: skip
    return [tuple(row) for row in rows]  # type: ignore[misc]


def balance(account: str) -> int:
    found = select(func.sum(AccountBalance.debit_cents - AccountBalance.credit_cents)).where(
        AccountBalance.account_code == account
    )
    return int(db.session().scalar(found) or 0)


def everything() -> list[Any]:
    return [db.session().scalar(select(func.count()).select_from(table)) for table in (LedgerEntry, LedgerLine, CashDay, Expense)]


def test_the_worked_day_is_posted_to_the_cent_as_the_sixty_first_of_its_year(books: Books) -> None:
    put_float_in(books, date(2026, 1, 6))
    for number in range(1, 60):
        close(books, date(2026, 1, 6) + timedelta(days=number))
    closed = march_7(books)
    assert closed.no == "K-2026-0061"
    assert (closed.opening_cents, closed.counted_cents, closed.takings_cents) == (15000, 42410, 41260)
    assert (closed.known_in_cents, closed.tally_cents, closed.difference_cents) == (0, 41260, 0)
    takings, milk, bank = queries.entries_of(closed.id)
    assert [each.text for each in (takings, milk, bank)] == [
        "Kassenbericht K-2026-0061", "Barausgabe Milch (Beleg 118)", "Geldtransit Kasse an Bank",
    ]  # fmt: skip
    assert entry(takings.id) == [
        ("1000", 41260, 0, "4", "O03"), ("4100", 0, 15411, "4", "O03"), ("2507", 0, 1079, "4", "O03"),
        ("4110", 0, 20815, "4", "O03"), ("2519", 0, 3955, "4", "O03"),
    ]  # fmt: skip
    assert entry(milk.id) == [("5000", 3598, 0, "4", "O03"), ("1577", 252, 0, "4", "O03"), ("1000", 0, 3850, "4", "O03")]
    assert entry(bank.id) == [("1500", 10000, 0, "9", None), ("1000", 0, 10000, "9", None)]
    expense = db.session().scalars(select(Expense)).one()
    assert (expense.no, expense.cents, expense.vat_cents, expense.cash_day_id) == ("A-2026-0001", 3850, 252, closed.id)
    assert service.cash_in_books(books.house) == 42410
    assert books_are_right()


def test_the_bank_confirms_what_was_on_its_way_once(books: Books) -> None:
    put_float_in(books, date(2026, 3, 6))
    march_7(books)
    float_in, to_bank = queries.in_transit(books.house)
    assert (float_in.cents, to_bank.cents, to_bank.no) == (-15000, 10000, "K-2026-0002")
    with pytest.raises(Invalid), in_turn():
        service.confirm_transit(to_bank, date(2026, 3, 6), books.at_books)
    with pytest.raises(Invalid), in_turn():
        service.confirm_transit(to_bank, TODAY + timedelta(days=1), books.at_books)
    with in_turn():
        service.confirm_transit(to_bank, date(2026, 3, 9), books.at_books)
    last = db.session().scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc())).first()
    assert last is not None and (last.text, last.posted_on) == ("Gutschrift Bank", date(2026, 3, 9))
    assert entry(last.id) == [("1200", 10000, 0, "9", None), ("1500", 0, 10000, "9", None)]
    with pytest.raises(service.AlreadyConfirmed), in_turn():
        service.confirm_transit(to_bank, date(2026, 3, 9), books.at_books)
    with in_turn():
        service.confirm_transit(float_in, date(2026, 3, 6), books.at_books)
    assert queries.in_transit(books.house) == []
    assert (balance("1500"), balance("1200")) == (0, -5000)
    assert books_are_right()


@pytest.mark.parametrize(
    ("tally", "difference", "account", "cents"),
    [
        ({"cafe-food": 16490, "cafe-drinks": 24270}, 500, "4990", -500),
        ({"cafe-food": 16490, "cafe-drinks": 25270}, -500, "6990", 500),
    ],
)
def test_a_difference_is_kept_as_difference_and_needs_a_reason(
    books: Books, tally: dict[str, int], difference: int, account: str, cents: int
) -> None:
    put_float_in(books, date(2026, 3, 6))
    before = everything()
    with pytest.raises(Invalid) as refused:
        march_7(books, tally=tally)
    assert "reason" in refused.value.fields and everything() == before
    closed = march_7(books, tally=tally, reason="Wechselgeld vermutlich falsch herausgegeben")
    assert (closed.difference_cents, closed.takings_cents) == (difference, 41260)
    assert closed.reason == "Wechselgeld vermutlich falsch herausgegeben"
    assert balance(account) == cents
    assert service.cash_in_books(books.house) == 42410
    assert books_are_right()


def test_money_missing_from_a_drawer_that_took_nothing_is_a_difference(books: Books) -> None:
    put_float_in(books, date(2026, 3, 6))
    closed = close(books, MARCH_7, {5000: 2}, reason="Ein Schein fehlt, beide haben gesucht")
    assert (closed.takings_cents, closed.difference_cents, balance("6990")) == (-5000, -5000, 5000)
    assert service.cash_in_books(books.house) == 10000
    assert books_are_right()


def test_a_day_is_closed_once_and_the_second_is_told_by_whom_and_when(books: Books) -> None:
    put_float_in(books, MARCH_7)
    before = everything()
    with pytest.raises(service.AlreadyClosed) as refused, i18n.speaking("en"):
        close(books, MARCH_7)
    assert "Sevgi Aydın" in str(refused.value) and "K-2026-0001" in str(refused.value) and "13:40" in str(refused.value)
    with pytest.raises(Invalid):
        close(books, MARCH_7 - timedelta(days=1))
    with pytest.raises(Invalid):
        close(books, TODAY + timedelta(days=1))
    assert everything() == before


def test_no_cash_balance_below_zero(books: Books) -> None:
    put_float_in(books, date(2026, 3, 6))
    before = everything()
    for more in ({"banked_cents": 50000}, {"vouchers": [VoucherRequest("Kiosk", "Milch", "1", 20000, "5000")]}):
        with pytest.raises(service.TooMuchTakenOut):
            close(books, MARCH_7, {}, reason="weiß nicht", tally={"cafe-food": 1000}, **more)
    assert everything() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"pieces": {5000: -1}},
        {"pieces": {5000: 10**9}},
        {"pieces": {300: 1}},
        {"banked_cents": -1},
        {"put_in_cents": 10**15},
        {"tally": {"cafe-food": -5}},
        {"tally": {"cafe-food": 10**15}},
        {"tally": {"room": 500}},
        {"tally": {"nothing": 500}},
        {"vouchers": [VoucherRequest("Kiosk", "Milch", "1", 0, "5000")]},
        {"vouchers": [VoucherRequest("Kiosk", "Milch", "1", -100, "5000")]},
        {"vouchers": [VoucherRequest("Kiosk", "Milch", "1", 100, "1200")]},
        {"vouchers": [VoucherRequest("Kiosk", "Milch", "1", 100, "9999")]},
        {"vouchers": [VoucherRequest("Kiosk", "Milch", "", 100, "5000")]},
        {"vouchers": [VoucherRequest("Kiosk", "Milch", "1", 100, "5000", tax="food")]},
        {"vouchers": [VoucherRequest("Kiosk", "Milch", "1", 100, "5000", offering="O99")]},
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(books: Books, wrong: dict[str, Any]) -> None:
    put_float_in(books, date(2026, 3, 6))
    before = everything()
    with pytest.raises(Invalid):
        close(books, MARCH_7, reason="irgendwas", **wrong)
    assert everything() == before


def test_two_people_count_and_both_work_in_this_house(books: Books) -> None:
    stranger = a_person("Eva", "Eving", ("desk", a_house("eving", "Eving")))  # type: ignore[arg-type]
    for witness in (None, books.desk, books.ayse, stranger, 10**6):
        with pytest.raises(Invalid) as refused, in_turn():
            service.close_day(CountRequest(books.house, TODAY, {}), witness, books.at_desk)
        assert "witness" in refused.value.fields
    assert db.session().scalar(select(func.count()).select_from(CashDay)) == 0


def paid(books: Books, cents: int) -> None:
    charge = books.charge(cents)
    with in_turn():
        service.take_payment(service.PaymentRequest(books.house, "cash", {charge.id: cents}), books.at_desk)


def test_what_receipts_tell_is_known_and_is_not_posted_again(books: Books) -> None:
    paid(books, 6600)
    closed = close(books, TODAY, {5000: 4, 1000: 2, 500: 1}, put_in_cents=15000, tally={"cafe-food": 900})
    assert (closed.takings_cents, closed.known_in_cents, closed.tally_cents, closed.difference_cents) == (7500, 6600, 900, 0)
    assert service.cash_in_books(books.house) == 22500
    with pytest.raises(service.DayIsClosed):
        paid(books, 1000)
    assert books_are_right()


def test_a_deposit_handed_back_left_the_drawer_without_a_voucher(books: Books) -> None:
    with in_turn():
        made = service.ask_deposit(
            service.DepositRequest(books.house, books.ayse, "key", "Schlüssel", 5000, due_on=TODAY), books.at_desk
        )
        service.take_payment(service.PaymentRequest(books.house, "cash", deposits={made.id: 5000}), books.at_desk)
        service.settle_deposit(made, "cash", books.at_desk)
    closed = close(books, TODAY, put_in_cents=15000)
    assert (closed.known_in_cents, closed.paid_out_cents, closed.difference_cents) == (5000, 5000, 0)
    assert books_are_right()


def test_a_forgotten_day_is_closed_later_and_keeps_its_own_receipts(books: Books) -> None:
    with clock.stopped_at(THURSDAY - timedelta(days=2)):
        put_float_in(books, TODAY - timedelta(days=2))
    with clock.stopped_at(THURSDAY - timedelta(days=1)):
        paid(books, 6600)
    paid(books, 1000)
    yesterday = close(books, TODAY - timedelta(days=1), {5000: 4, 1000: 1, 500: 1, 100: 1})
    assert (yesterday.known_in_cents, yesterday.counted_cents) == (6600, 21600)
    assert service.cash_in_books(books.house) == 22600
    today = close(books, TODAY, {5000: 4, 1000: 2, 500: 1, 100: 1})
    assert (today.known_in_cents, today.opening_cents, today.difference_cents) == (1000, 21600, 0)
    assert books_are_right()


def test_a_day_left_out_is_told_by_the_next_one(books: Books) -> None:
    with clock.stopped_at(THURSDAY - timedelta(days=1)):
        paid(books, 6600)
    assert close(books, TODAY, {5000: 1, 1000: 1, 500: 1, 100: 1}).known_in_cents == 6600


def test_a_payment_taken_back_on_a_later_day_never_was_in_the_drawer(books: Books) -> None:
    with clock.stopped_at(THURSDAY - timedelta(days=1)):
        charge = books.charge(6600)
        with in_turn():
            payment = service.take_payment(service.PaymentRequest(books.house, "cash", {charge.id: 6600}), books.at_desk)
    with in_turn():
        service.undo_payment(db.session().merge(payment, load=True), "falsche Person", books.at_desk)
    assert close(books, TODAY - timedelta(days=1), {}).known_in_cents == 0
    assert close(books, TODAY, put_in_cents=15000).difference_cents == 0
    assert books_are_right()


def test_what_something_else_has_posted_onto_the_drawer_is_known_too(books: Books) -> None:
    with in_turn():
        lines = [Line("1000", debit=15000), Line("2000", credit=15000)]
        service.post("Anfangsbestand", lines, books.at_books, on=TODAY, house_id=books.house)
    closed = close(books, TODAY)
    assert (closed.known_in_cents, closed.difference_cents, queries.in_transit(books.house)) == (15000, 0, [])
    assert books_are_right()


def test_tax_follows_the_day_and_not_the_day_it_is_written_down(books: Books) -> None:
    closed = close(books, date(2025, 12, 31), {5000: 1}, tally={"cafe-food": 2500, "cafe-drinks": 2500})
    assert [(line["rate_bp"], line["vat_cents"]) for line in closed.tally] == [(1900, 399), (1900, 399)]
    closed = close(books, date(2026, 1, 1), {5000: 2}, tally={"cafe-food": 2500, "cafe-drinks": 2500})
    assert [(line["rate_bp"], line["vat_cents"]) for line in closed.tally] == [(700, 164), (1900, 399)]
    assert closed.no == "K-2026-0001"


def test_takings_of_several_offerings_keep_their_sphere(books: Books) -> None:
    closed = close(books, TODAY, {5000: 1}, tally={"lunch": 3000, "donation-box": 2000})
    (made,) = queries.entries_of(closed.id)
    assert entry(made.id) == [
        ("1000", 3000, 0, "3", "O11"), ("4100", 0, 2804, "3", "O11"), ("2507", 0, 196, "3", "O11"),
        ("1000", 2000, 0, "1", "O10"), ("4610", 0, 2000, "1", "O10"),
    ]  # fmt: skip


def test_a_locked_day_cannot_be_closed(books: Books) -> None:
    with in_turn():
        service.lock_period(TODAY - timedelta(days=1), books.at_books)
    with pytest.raises(service.LockedPeriod):
        close(books, TODAY - timedelta(days=1), put_in_cents=15000)
    assert db.session().scalar(select(func.count()).select_from(CashDay)) == 0


def test_every_house_counts_its_own_drawer(books: Books) -> None:
    put_float_in(books, TODAY)
    other = a_house("eving", "Eving")
    with in_turn():
        service.furnish_books(other)
    assert queries.drawer(other, TODAY).opening_cents == 0
    assert [kind.code for kind in queries.counted_kinds(other)][:2] == [f"cafe-food-{other}", f"cafe-drinks-{other}"]
