"""What of money stands on the desk's first page."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from flask import Flask

from app.core import clock
from app.money import service
from tests.browser_client import Reader, counted
from tests.conftest import THURSDAY
from tests.makers import in_turn, open_daily
from tests.money.conftest import Books


@pytest.fixture
def desk(books: Books, app: Flask, reader: Reader) -> Reader:
    app.extensions["languages"] = ("en", "de")
    open_daily(books.house, time(10), time(18), kind="desk")
    return reader.sign_in_as(books.desk)


def today(desk: Reader) -> str:
    return desk.get("/").main.text


def test_nothing_of_money_is_said_where_nothing_waits(desk: Reader) -> None:
    told = today(desk)
    assert "overdue" not in told and "drawer" not in told and "give back" not in told


def test_what_is_overdue_is_told_in_one_line_with_its_sum(desk: Reader, books: Books) -> None:
    for cents in (6600, 1000):
        books.charge(cents, due_on=THURSDAY.date() - timedelta(days=1))
    books.charge(5000, due_on=THURSDAY.date())
    told = today(desk)
    assert "2 payments are overdue" in told and "76.00" in told


def test_the_drawer_is_asked_for_at_closing_time_once_it_was_ever_counted(desk: Reader, books: Books) -> None:
    with clock.stopped_at(THURSDAY - timedelta(days=1)), in_turn():
        count = service.CountRequest(books.house, date(2026, 11, 25), {5000: 3}, put_in_cents=15000)
        service.close_day(count, books.treasurer, books.at_desk)
    assert "Count the drawer" in today(desk) and "after closing" in today(desk)


def test_the_page_asks_the_same_however_much_waits(desk: Reader, books: Books) -> None:
    today(desk)
    books.charge(1000, due_on=date(2026, 11, 1))
    with counted() as few:
        today(desk)
    for _ in range(12):
        books.charge(1000, due_on=date(2026, 11, 1))
    with counted() as many:
        today(desk)
    assert len(few) == len(many)
