"""Who opens the pages of the books, and what they find there."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.core import db
from app.money import service
from app.money.models import Fund, LedgerEntry, LedgerLine
from app.money.models import Line as LedgerSide
from tests.browser_client import Page, Reader
from tests.makers import in_turn
from tests.money.conftest import Books


def signed_in(app: Flask, person: int) -> Reader:
    return Reader(app).sign_in_as(person)


def post(books: Books, text: str, lines: Sequence[LedgerSide], on: date | None = None) -> int:
    """An entry in an act of its own; its id."""
    with in_turn():
        return service.post(text, lines, books.at_books, on=on, house_id=books.house).id


def lines_of(entry_id: int) -> list[tuple[str, int, int, str, str | None, str | None]]:
    """Account, debit, credit, sphere, offering and fund of each line."""
    rows = db.session().execute(
        select(
            LedgerLine.account_code, LedgerLine.debit_cents, LedgerLine.credit_cents, LedgerLine.sphere, LedgerLine.offering_code,
            LedgerLine.fund_code,
        )
        .where(LedgerLine.entry_id == entry_id)
        .order_by(LedgerLine.position)
    )  # fmt: skip
    return [tuple(row) for row in rows]  # type: ignore[misc]


def last_entry() -> LedgerEntry:
    return db.session().scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc()).limit(1)).one()


def csv_rows(page: Page) -> list[list[str]]:
    """Cells of a CSV answer (none of them holds a semicolon)."""
    text = page.response.get_data().decode("utf-8-sig")
    return [line.split(";") for line in text.splitlines()]


def xlsx_sheet(page: Page) -> tuple[str, str]:
    """The sheet and its texts, as the XML that a workbook is made of."""
    with zipfile.ZipFile(io.BytesIO(page.response.get_data())) as book:
        return book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/sharedStrings.xml").decode()


def a_fund(books: Books, code: str = "G1", **more: Any) -> Fund:
    """The grant of the worked journal unless told otherwise, made in an act of its own."""
    values: dict[str, Any] = {
        "name": "Land NRW Hausbesuche", "kind": "grant", "restricted": True, "amount_cents": 11_180_00,
        "starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31), "sphere": "1", "offering_code": "O08", "purpose": "",
        "funder": "Land NRW", "notice_no": "4711/26", "account_code": "4600", "rule": "direct", "rate_bp": 0,
        "inkind_rate_cents": 0, "inkind_cap_bp": 0, "inkind_minutes": 0, "covered_cents": 0, "owner_id": books.treasurer,
        "warn_days": 60, "report_due_on": None, **more,
    }  # fmt: skip
    with in_turn():
        return service.add_fund(books.house, service.FundRequest(code=code, **values), books.at_books)


def receive(books: Books, fund: Fund, cents: int, on: date = date(2026, 3, 12), text: str = "") -> int:
    with in_turn():
        return service.receive_money(db.session().get_one(Fund, fund.id), service.FundMoney(cents, on, text), books.at_books)


def spend(books: Books, cents: int, fund: str | None = "G1", **more: Any) -> Any:
    """An expense in an act of its own."""
    values: dict[str, Any] = {
        "on": date(2026, 3, 31), "method": "bank", "payee": "Fahrdienst Ruhr", "reason": "Fahrten März", "voucher_no": "118",
        "account": "6210", "sphere": "1", **more,
    }  # fmt: skip
    with in_turn():
        return service.record_expense(books.house, service.ExpenseRequest(cents=cents, fund=fund, **values), books.at_books)
