"""Funds: restricted money waits, is released by what is eligible of the expenses, and the list of vouchers adds up to it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock, db
from app.core.errors import Invalid
from app.journal.models import JournalEntry
from app.money import service
from app.money.jobs import ends_are_near, warn_of_ends
from app.money.models import Expense, Fund, FundRule
from app.money.queries import funds as queries
from app.money.service.funds import accepted_inkind
from app.notices.models import Letter
from tests.browser_client import Reader
from tests.makers import in_turn
from tests.money.conftest import Books, books_are_right
from tests.money.reading import a_fund, csv_rows, last_entry, lines_of, receive, signed_in, spend, xlsx_sheet


def now(fund: Fund) -> Fund:
    return db.session().get_one(Fund, fund.id, populate_existing=True)


def standing(fund: Fund) -> queries.Standing:
    return queries.standings([now(fund)])[fund.id]


def change(books: Books, fund: Fund, **more: Any) -> None:
    with in_turn():
        fund = now(fund)
        values = {name: getattr(fund, name) for name in service.FundRequest.__dataclass_fields__}
        service.change_fund(fund, service.FundRequest(**{**values, **more}), books.at_books)


@pytest.fixture
def jutta(app: Flask, books: Books) -> Reader:
    return signed_in(app, books.treasurer)


# What a fund bears: the numbers of finance.md b.6 and b.10 -------------------------------------------------------------------


def rule(**values: Any) -> Fund:
    base: dict[str, Any] = {"house_id": 1, "code": "X", "name": "X", "kind": "grant", "restricted": True, "amount_cents": 0}
    return Fund(**{**base, "starts_on": date(2026, 1, 1), **values})


def test_all_direct_cost_is_borne() -> None:
    assert service.eligible(rule(rule="direct"), 4_720_00) == 4_720_00


@pytest.mark.parametrize(
    ("direct", "percent", "borne"), [(11_210_00, 3000, 14_573_00), (6_100_00, 2500, 7_625_00), (9_480_00, 3000, 12_324_00)]
)
def test_a_flat_part_for_overhead_comes_on_top(direct: int, percent: int, borne: int) -> None:
    assert service.eligible(rule(rule="flat", rate_bp=percent), direct) == borne


def test_a_share_counts_volunteer_time_up_to_its_cap_of_the_total_and_never_exceeds_cash_cost() -> None:
    visits = rule(rule="share", rate_bp=8000, inkind_rate_cents=15_00, inkind_cap_bp=2000, inkind_minutes=1300 * 60)
    assert accepted_inkind(visits, 11_180_00) == 2_795_00
    assert service.eligible(visits, 11_180_00) == 11_180_00
    more_hours = rule(rule="share", rate_bp=8000, inkind_rate_cents=15_00, inkind_cap_bp=2000, inkind_minutes=5000 * 60)
    assert service.eligible(more_hours, 11_180_00) == 11_180_00
    few_hours = rule(rule="share", rate_bp=8000, inkind_rate_cents=15_00, inkind_cap_bp=2000, inkind_minutes=100 * 60)
    assert accepted_inkind(few_hours, 11_180_00) == 1_500_00
    assert service.eligible(few_hours, 11_180_00) == 10_144_00
    assert service.eligible(rule(rule="share", rate_bp=8000), 11_180_00) == 8_944_00


def test_a_gap_is_what_others_do_not_bear() -> None:
    gap = rule(rule="gap", covered_cents=3_000_00)
    assert (service.eligible(gap, 5_000_00), service.eligible(gap, 2_000_00)) == (2_000_00, 0)


# In the books ----------------------------------------------------------------------------------------------------------------


def test_restricted_money_waits_and_is_released_by_what_was_spent(books: Books) -> None:
    """J07 and J08 of the worked journal: 5,590.00 come, 2,795.00 are used."""
    fund = a_fund(books)
    entry = receive(books, fund, 5_590_00, text="Land NRW Hausbesuche Abruf 1")
    assert lines_of(entry) == [("1200", 559000, 0, "1", "O08", "G1"), ("2300", 0, 559000, "1", "O08", "G1")]
    expense = spend(books, 2_795_00)
    assert lines_of(expense.entry_id) == [("6210", 279500, 0, "1", "O08", "G1"), ("1200", 0, 279500, "1", "O08", None)]
    assert lines_of(last_entry().id) == [("2300", 279500, 0, "1", "O08", "G1"), ("4600", 0, 279500, "1", "O08", "G1")]
    assert last_entry().posted_on == date(2026, 3, 31) and expense.no == "A-2026-0001"
    assert standing(fund) == queries.Standing(granted=1118000, received=559000, released=279500, spent=279500)
    assert standing(fund).unspent == 279500 and books_are_right()


def test_no_more_is_released_than_is_here_and_money_that_comes_later_catches_up(books: Books) -> None:
    fund = a_fund(books)
    receive(books, fund, 1_000_00)
    first, second = spend(books, 800_00), spend(books, 700_00)
    assert (first.eligible_cents, second.eligible_cents) == (80000, 20000)
    assert standing(fund).unspent == 0
    receive(books, fund, 2_000_00, on=date(2026, 4, 10))
    assert standing(fund).released == 150000 and standing(fund).unspent == 150000
    assert [each.eligible_cents for each in queries.vouchers(now(fund))] == [80000, 70000]
    assert books_are_right()


def test_unspent_money_stays_a_liability_after_the_end(books: Books) -> None:
    """O09 of the example: 16,500.00 granted, 14,573.00 eligible, 1,927.00 stay."""
    fund = a_fund(books, "G9", amount_cents=16_500_00, rule="flat", rate_bp=3000, offering_code="O09", ends_on=date(2026, 10, 31))
    receive(books, fund, 16_500_00)
    spend(books, 11_210_00, "G9", account="6000", on=date(2026, 9, 30))
    assert (standing(fund).released, standing(fund).unspent) == (1_457_300, 192_700)
    with in_turn():
        service.close_fund(now(fund), books.at_books)
    assert standing(fund).unspent == 192_700
    with pytest.raises(Invalid), in_turn():
        service.return_money(now(fund), service.FundMoney(192_701, date(2026, 11, 2)), books.at_books)
    with in_turn():
        service.return_money(now(fund), service.FundMoney(192_700, date(2026, 11, 2)), books.at_books)
    assert standing(fund).unspent == 0 and standing(fund).received == 1_457_300 and books_are_right()


def test_parts_of_a_cent_never_add_up(books: Books) -> None:
    fund = a_fund(books, rule="flat", rate_bp=3333)
    receive(books, fund, 5_000_00)
    for _ in range(9):
        spend(books, 1_01)
    assert standing(fund).released == service.eligible(now(fund), 9_09)
    assert sum(each.eligible_cents for each in queries.vouchers(now(fund))) == standing(fund).released


def test_volunteer_time_and_what_others_bear_release_and_take_back(books: Books) -> None:
    share = a_fund(books, rule="share", rate_bp=8000, inkind_rate_cents=15_00, inkind_cap_bp=2000)
    receive(books, share, 5_000_00)
    spend(books, 1_000_00)
    assert standing(share).released == 80000
    change(books, share, inkind_minutes=600)
    assert standing(share).released == 92000
    gap = a_fund(books, "G2", rule="gap", offering_code=None)
    receive(books, gap, 5_000_00)
    spend(books, 1_000_00, "G2")
    assert standing(gap).released == 100000
    change(books, gap, covered_cents=300_00)
    assert standing(gap).released == 70000 and standing(gap).unspent == 430000
    assert [each.eligible_cents for each in queries.vouchers(now(gap))] == [70000]
    assert books_are_right()


def test_free_money_is_income_at_once(books: Books) -> None:
    fund = a_fund(books, "F3", kind="donation", restricted=False, offering_code=None, account_code="4610", amount_cents=12_050_00)
    entry = receive(books, fund, 500_00)
    assert lines_of(entry) == [("1200", 50000, 0, "1", None, "F3"), ("4610", 0, 50000, "1", None, "F3")]
    expense = spend(books, 100_00, "F3")
    assert expense.eligible_cents == 0 and last_entry().id == expense.entry_id
    assert standing(fund).received == 50000


def test_money_written_down_by_mistake_goes_back_and_takes_its_release_along(app: Flask, books: Books, jutta: Reader) -> None:
    fund = a_fund(books)
    entry = receive(books, fund, 500_00)
    spend(books, 200_00)
    jutta.get(f"/money/ledger/{entry}/reverse")
    jutta.submit("Take back", reason="anderes Konto")
    assert standing(fund) == queries.Standing(granted=1118000, received=0, released=0, spent=20000)
    assert jutta.post(f"/money/ledger/{entry}/reverse", {"reason": "x"}, expect=409).status == 409
    assert books_are_right()


# Expenses --------------------------------------------------------------------------------------------------------------------


def test_input_tax_is_taken_out_as_in_the_worked_journal(books: Books) -> None:
    """J04: milk for 38.50, of which 2.52 tax; here by transfer."""
    expense = spend(
        books, 38_50, None, reason="Milch", account="5000", sphere="4", offering="O03", rate_bp=700, on=date(2026, 3, 7)
    )
    assert lines_of(expense.entry_id) == [
        ("5000", 3598, 0, "4", "O03", None), ("1577", 252, 0, "4", "O03", None), ("1200", 0, 3850, "4", "O03", None)
    ]  # fmt: skip


def test_cash_must_lie_in_the_drawer_and_is_paid_today(books: Books) -> None:
    with pytest.raises(service.NotEnoughCash):
        spend(books, 10_00, None, method="cash", on=date(2026, 11, 26))
    charge = books.charge(2000)
    with in_turn():
        service.take_payment(service.PaymentRequest(books.house, "cash", {charge.id: 2000}), books.at_desk)
    with pytest.raises(Invalid):
        spend(books, 10_00, None, method="cash", on=date(2026, 11, 25))
    spend(books, 10_00, None, method="cash", on=date(2026, 11, 26))
    assert service.cash_in_books(books.house) == 1000


def test_an_expense_is_taken_back_once_and_its_release_with_it(books: Books) -> None:
    fund = a_fund(books)
    receive(books, fund, 500_00)
    first, second = spend(books, 200_00), spend(books, 100_00)
    with in_turn():
        service.undo_expense(db.session().get_one(Expense, first.id), "doppelt", books.at_books)
    assert standing(fund) == queries.Standing(granted=1118000, received=50000, released=10000, spent=10000)
    assert [each.id for each in queries.vouchers(now(fund))] == [second.id]
    with pytest.raises(service.ExpenseUndone), in_turn():
        service.undo_expense(db.session().get_one(Expense, first.id), "nochmal", books.at_books)
    assert spend(books, 5_00).no == "A-2026-0003" and books_are_right()


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": date(2025, 12, 31)}, {"on": date(2026, 11, 27)}, {"offering": "O09"}, {"cents": 0}, {"cents": -5},
        {"cents": 10**12}, {"account": "4600"}, {"account": "1200"}, {"account": "9999"}, {"rate_bp": 1600}, {"payee": ""},
        {"voucher_no": ""}, {"fund": "G7"}, {"sphere": "8"}, {"method": "gold"}, {"offering": "O99"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_stores_nothing(books: Books, wrong: dict[str, Any]) -> None:
    fund = a_fund(books)
    receive(books, fund, 500_00)
    before = last_entry().id
    with pytest.raises(Invalid):
        spend(books, **{"cents": 100_00, **wrong})
    assert last_entry().id == before and db.session().scalar(select(Expense.id)) is None


def test_a_closed_fund_bears_nothing(books: Books) -> None:
    fund = a_fund(books)
    with in_turn():
        service.close_fund(now(fund), books.at_books)
    with pytest.raises(service.FundClosed):
        spend(books, 100_00)
    with pytest.raises(service.FundClosed):
        receive(books, fund, 100_00)


def test_what_was_paid_before_the_lock_is_posted_on_the_first_open_day(books: Books) -> None:
    with in_turn():
        service.lock_period(date(2026, 10, 31), books.at_books)
    expense = spend(books, 100_00, None)
    assert (last_entry().posted_on, last_entry().voucher_on) == (date(2026, 11, 1), date(2026, 3, 31))
    assert expense.paid_on == date(2026, 3, 31)


# Pages -----------------------------------------------------------------------------------------------------------------------


def test_a_fund_is_written_down_spent_and_proven_through_pages(books: Books, jutta: Reader) -> None:
    assert "No funds yet" in jutta.get("/money/funds").text
    jutta.click("Add a fund")
    page = jutta.submit(
        "Add the fund", code="G1", name="Land NRW Hausbesuche", kind="grant", amount_cents="11.180,00", starts_on="2026-01-01",
        ends_on="2026-12-31", funder="Land NRW", notice_no="4711/26", offering_code="O08", rule="share", rate_bp="80",
        inkind_rate_cents="15,00", inkind_cap_bp="20 %", inkind_hours="1300",
    )  # fmt: skip
    assert page.h1 == "G1 Land NRW Hausbesuche" and "80 % of direct cost and volunteer time" in page.text
    jutta.click("Money has come")
    page = jutta.submit("Money has come", cents="5590", on="2026-03-12")
    assert "€5,590.00" in page.text and "90 % of the time is gone" in page.text
    jutta.click("Write down an expense")
    assert jutta.page.html.one("select", name="fund").all("option", selected="")[0]["value"] in {"", "G1"}
    page = jutta.submit(
        "Write down", on="2026-03-31", cents="2.795,00", payee="Fahrdienst Ruhr", reason="=Fahrten", voucher_no="118",
        account="6210", fund="G1", method="bank",
    )  # fmt: skip
    assert page.h1 == "Expense A-2026-0001" and "Released for it" in page.text
    jutta.get(f"/money/funds/{now_id()}")
    page = jutta.click("List of vouchers")
    assert "the same as the sum of this list" in page.text and "€2,795.00" in page.text
    rows = csv_rows(jutta.get(f"/money/funds/{now_id()}/vouchers.csv"))
    assert (
        rows[1][:3] == ["1", "118", "2026-03-31"] and rows[1][4] == "'=Fahrten" and rows[1][5:8] == ["2795,00", "2795,00", "G1"]
    )
    assert rows[-1][0] == "Sum" and rows[-1][6] == "2795,00"
    sheet, _ = xlsx_sheet(jutta.get(f"/money/funds/{now_id()}/vouchers.xlsx"))
    assert sheet.count("<v>2795</v>") == 4
    jutta.get("/money/funds")
    jutta.at_most(8)
    assert "Restricted money not used yet" in jutta.page.text and "It ends on" in jutta.page.text
    assert "Fahrdienst" in jutta.get("/money/expenses?fund=G1&q=fahrdienst").text
    assert books_are_right()


def now_id() -> int:
    return db.session().scalars(select(Fund.id)).one()


def test_the_list_of_vouchers_sums_to_the_released_amount(books: Books, jutta: Reader) -> None:
    """Scenario 20."""
    fund = a_fund(books, rule="flat", rate_bp=1234)
    receive(books, fund, 400_00)
    for cents in (33_33, 66_67, 250_01, 99_99):
        spend(books, cents)
    undone = db.session().scalars(select(Expense.id).order_by(Expense.id)).all()[1]
    with in_turn():
        service.undo_expense(db.session().get_one(Expense, undone), "Irrtum", books.at_books)
    rows = csv_rows(jutta.get(f"/money/funds/{fund.id}/vouchers.csv"))
    released = f"{standing(fund).released / 100:.2f}".replace(".", ",")
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "Sum"] and rows[-1][6] == released
    assert sum(int(row[6].replace(",", "")) for row in rows[1:-1]) == standing(fund).released
    assert "the same as the sum of this list" in jutta.get(f"/money/funds/{fund.id}/vouchers").text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "zu lang!"}, "code"), ({"amount_cents": "-5"}, "amount_cents"), ({"ends_on": "2025-01-01"}, "ends_on"),
        ({"rule": "flat", "rate_bp": "120"}, "rate_bp"), ({"rule": "share", "rate_bp": "80", "inkind_cap_bp": "100"}, "inkind_cap_bp"),
        ({"name": ""}, "name"), ({"warn_days": "9999"}, "warn_days"), ({"rate_bp": "viel"}, "rate_bp"), ({"starts_on": "bald"}, "starts_on"),
    ],
)  # fmt: skip
def test_a_fund_that_makes_no_sense_is_refused_with_everything_kept(
    books: Books, jutta: Reader, values: dict[str, str], field: str
) -> None:
    jutta.get("/money/funds/new")
    good = {"code": "G1", "name": "Stiftung", "amount_cents": "7600", "starts_on": "2026-01-01"}
    page = jutta.submit("Add the fund", expect=422, **{**good, **values})
    assert field in page.errors and page.html.one("input", name="amount_cents")["value"] == {**good, **values}["amount_cents"]
    assert db.session().scalar(select(Fund.id)) is None


def test_what_money_has_moved_for_cannot_change_its_meaning(books: Books, jutta: Reader) -> None:
    fund = a_fund(books)
    receive(books, fund, 100_00)
    jutta.get(f"/money/funds/{fund.id}/edit")
    assert jutta.submit("Save", expect=422, restricted="no").errors
    jutta.get(f"/money/funds/{fund.id}/edit")
    page = jutta.submit("Save", name="Land NRW Besuche", warn_days="30")
    assert page.h1 == "G1 Land NRW Besuche" and now(fund).warn_days == 30
    with pytest.raises(Invalid), in_turn():
        service.receive_money(now(fund), service.FundMoney(11_080_01, date(2026, 4, 1)), books.at_books)


def test_a_fund_is_closed_after_a_question_and_opened_again(books: Books, jutta: Reader) -> None:
    fund = a_fund(books)
    receive(books, fund, 100_00)
    jutta.get(f"/money/funds/{fund.id}/close")
    assert "€100.00 are unspent" in jutta.page.text
    page = jutta.submit("Close it")
    assert now(fund).closed_at is not None and "No funds yet" in jutta.get("/money/funds").text
    assert "Land NRW" in jutta.get("/money/funds?closed=1").text
    jutta.get(f"/money/funds/{fund.id}")
    page = jutta.submit("Open again")
    assert page.has_link("Money has come") and now(fund).closed_at is None


def test_an_expense_is_refused_at_its_fields_and_taken_back_on_its_page(books: Books, jutta: Reader) -> None:
    jutta.get("/money/expenses/new")
    page = jutta.submit("Write down", expect=422, cents="0", payee="Bäckerei", account="6500")
    assert {"reason", "voucher_no"} <= page.errors.keys() and page.html.one("input", name="payee")["value"] == "Bäckerei"
    jutta.get("/money/expenses/new")
    good = {"cents": "12,50", "payee": "Bäckerei", "reason": "Brötchen", "voucher_no": "7", "account": "6500"}
    assert "drawer" in jutta.submit("Write down", expect=409, **good, method="cash").text
    page = jutta.submit("Write down", method="bank")
    assert page.h1 == "Expense A-2026-0001"
    jutta.click("Take back")
    page = jutta.submit("Take back", reason="doppelt eingetragen")
    assert "Taken back: doppelt eingetragen" in page.text and not page.has_link("Take back")
    assert "taken back" in jutta.get("/money/expenses").text
    assert jutta.post("/money/expenses/1/undo", {"reason": "x"}, expect=409).status == 409
    acts = db.session().scalars(select(JournalEntry.act).where(JournalEntry.subject == "expense")).all()
    assert sorted(acts) == ["expense_recorded", "expense_taken_back"]


# Early warning -----------------------------------------------------------------------------------------------------------------


def letters() -> list[tuple[str, str]]:
    db.session().close()
    rows = db.session().execute(select(Letter.occasion, Letter.body).where(Letter.occasion.like("fund:%")).order_by(Letter.id))
    return [(occasion, body) for occasion, body in rows]


def test_the_owner_is_told_once_before_the_end_and_before_the_report(books: Books) -> None:
    fund = a_fund(books, warn_days=40, ends_on=date(2026, 12, 31), report_due_on=date(2027, 3, 31))
    far = a_fund(books, "G2", warn_days=10, ends_on=date(2027, 6, 30))
    receive(books, fund, 500_00)
    assert ends_are_near()
    assert warn_of_ends() == "1 warned" and warn_of_ends() == "0 warned" and not ends_are_near()
    assert [occasion for occasion, _ in letters()] == [f"fund:{fund.id}:end:2026-12-31"]
    assert "Land NRW Hausbesuche" in letters()[0][1] and "500,00" in letters()[0][1]
    change(books, fund, ends_on=date(2026, 12, 15))
    assert warn_of_ends() == "1 warned"
    with clock.stopped_at(clock.now().replace(year=2027, month=3, day=1)):
        assert warn_of_ends() == "1 warned"
    assert [occasion for occasion, _ in letters()][1:] == [f"fund:{fund.id}:end:2026-12-15", f"fund:{fund.id}:report:2027-03-31"]
    assert now(far).end_warned_for is None


def test_a_closed_fund_warns_nobody(books: Books) -> None:
    fund = a_fund(books, warn_days=400)
    with in_turn():
        service.close_fund(now(fund), books.at_books)
    assert warn_of_ends() == "0 warned" and letters() == []


def test_every_rule_has_words() -> None:
    from app.money.forms.terms import FUND_RULES

    assert set(FUND_RULES) == set(FundRule)
