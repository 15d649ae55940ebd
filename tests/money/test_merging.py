"""Two records of one person become one, and everything about their money goes along."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from app.core import db
from app.core.policy import Actor, Role
from app.money import service
from app.money.models import CashDay, Charge, Deposit, Expense, Fund, Payment, Refund
from app.people import queries as people
from app.people import service as keeping
from app.people.models import Person
from tests.makers import in_turn
from tests.money.conftest import Books, books_are_right

TODAY = date(2026, 11, 26)


def merge(books: Books, keep: int, duplicate: int) -> None:
    manager = Actor(person_id=books.manager, roles=frozenset({(books.house, Role.MANAGER)}))
    with db.transaction():
        kept, gone = people.person(keep), people.person(duplicate)
        assert kept is not None and gone is not None
        keeping.merge_people(kept, gone, by=manager)


def named(column: Any) -> set[int | None]:
    return set(db.session().scalars(select(column)))


def money_of_karl(books: Books) -> None:
    """A charge that is paid and cancelled, one that stays open, a deposit that is held, a refund that is owed."""
    paid, _open = (books.charge(cents, person_id=books.karl) for cents in (6600, 4500))
    with in_turn():
        asked = service.DepositRequest(books.house, books.karl, "key", "Schlüssel", 5000, due_on=TODAY)
        deposit = service.ask_deposit(asked, books.at_desk)
    with in_turn():
        service.take_payment(service.PaymentRequest(books.house, "cash", {paid.id: 6600}, {deposit.id: 5000}), books.at_desk)
    with in_turn():
        service.cancel_charge(db.session().get_one(Charge, paid.id), "abgesagt", books.at_desk)


def test_charges_payments_deposits_and_refunds_go_along(books: Books) -> None:
    money_of_karl(books)
    assert {named(table.person_id) == {books.karl} for table in (Charge, Payment, Deposit, Refund)} == {True}
    merge(books, books.ayse, books.karl)
    for table in (Charge, Payment, Deposit, Refund):
        assert named(table.person_id) == {books.ayse}, table.__tablename__
    assert books_are_right()


def test_who_stays_pays_what_the_other_owed_and_gets_back_what_was_theirs(books: Books) -> None:
    money_of_karl(books)
    mine = books.charge(1000)
    merge(books, books.ayse, books.karl)
    owed = db.session().scalars(select(Charge).where(Charge.settled_cents < Charge.total_cents, Charge.cancelled_at.is_(None)))
    wanted = {charge.id: charge.open_cents for charge in owed}
    assert len(wanted) == 2 and mine.id in wanted
    with in_turn():
        receipt = service.take_payment(service.PaymentRequest(books.house, "cash", wanted), books.at_desk)
    assert (receipt.person_id, receipt.cents) == (books.ayse, 5500)
    with in_turn():
        back = service.pay_refund(db.session().scalars(select(Refund)).one(), "cash", books.at_desk)
    with in_turn():
        deposit = service.settle_deposit(db.session().scalars(select(Deposit)).one(), "cash", books.at_desk)
    assert deposit is not None and {back.person_id, deposit.person_id} == {books.ayse}
    assert books_are_right()


def test_who_wrote_something_down_is_followed_where_it_may_be_changed(books: Books) -> None:
    """The treasurer was written down twice. What is written once keeps the number it was written with, and it leads on."""
    with db.transaction() as session:
        session.add(
            Fund(
                house_id=books.house, code="F1", name="Stadt", kind="grant", restricted=False, amount_cents=0,
                starts_on=date(2026, 1, 1), owner_id=books.treasurer,
            )
        )  # fmt: skip
    with in_turn():
        voucher = service.VoucherRequest("Kiosk", "Milch", "1", 500, "5000")
        request = service.CountRequest(books.house, TODAY, {1000: 1}, put_in_cents=1500, vouchers=[voucher])
        service.close_day(request, books.treasurer, books.at_desk)
    charge = books.charge(1000)
    with in_turn():
        service.cancel_charge(db.session().get_one(Charge, charge.id), "Versehen", books.at_books)
    merge(books, books.desk, books.treasurer)
    for column in (Fund.owner_id, Charge.cancelled_by_id, Charge.created_by_id, Expense.created_by_id):
        assert named(column) == {books.desk}, column
    day = db.session().scalars(select(CashDay)).one()
    assert (day.counted_by_id, day.witnessed_by_id) == (books.desk, books.treasurer)
    assert db.session().get_one(Person, books.treasurer).merged_into_id == books.desk
    assert books_are_right()


def test_every_column_of_money_that_names_a_person_is_followed() -> None:
    followed = {(column.table.name, column.name) for _, column in people.references_to_people()}
    tables = (Charge, Payment, Deposit, Refund, Expense, Fund)
    for table in tables:
        wanted = {
            column.name for column in table.__table__.columns
            for key in column.foreign_keys if key.column.table.name == "person"
        }  # fmt: skip
        assert wanted and {(table.__tablename__, name) for name in wanted} <= followed, table.__tablename__
