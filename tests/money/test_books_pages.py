"""The treasurer's pages: ledger, posting by hand, accounts, closing the books, open items, deposits, payments."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import db
from app.core.policy import Role
from app.journal.models import JournalEntry
from app.money import service
from app.money.models import Known, LedgerAccount, LedgerEntry, LedgerLine, Payment, PeriodLock
from app.money.models import Line as Side
from tests.browser_client import Reader
from tests.makers import a_house, a_person, in_turn
from tests.money.conftest import Books, books_are_right
from tests.money.reading import a_fund, csv_rows, last_entry, lines_of, post, receive, signed_in, spend, xlsx_sheet

DONATION = [Side("1200", debit=100_00, sphere="1"), Side("4610", credit=100_00, sphere="1")]
READ = (
    "/money/ledger", "/money/ledger/new", "/money/ledger.csv", "/money/accounts", "/money/accounts/1200", "/money/accounts.xlsx",
    "/money/accounts/new", "/money/accounts/1200/edit", "/money/accounts/1200/lines.csv", "/money/items", "/money/items.csv",
    "/money/deposits", "/money/deposits.csv", "/money/payments", "/money/payments.csv", "/money/lock",
    "/money/lock/confirm?locked_through=2026-10-31", "/money/funds", "/money/funds.csv", "/money/funds/new", "/money/expenses",
    "/money/expenses.csv", "/money/expenses/new",
)  # fmt: skip


@pytest.fixture
def jutta(app: Flask, books: Books) -> Reader:
    """The treasurer."""
    return signed_in(app, books.treasurer)


def counts() -> tuple[int, ...]:
    return tuple(
        db.session().scalar(select(func.count()).select_from(table)) or 0 for table in (LedgerEntry, LedgerLine, JournalEntry)
    )


# Who may -----------------------------------------------------------------------------------------------------------------


def test_the_books_are_for_those_who_keep_them(app: Flask, books: Books) -> None:
    treasurer, desk, resident = (signed_in(app, person) for person in (books.treasurer, books.desk, books.ayse))
    for path in READ:
        treasurer.get(path)
        desk.get(path, expect=404)
        resident.get(path, expect=404)
        assert Reader(app).get(path).path.startswith("/sign-in")


def test_what_belongs_to_another_house_is_not_found(app: Flask, books: Books, jutta: Reader) -> None:
    other = a_house("eving", "Treff Eving")
    stranger = a_person("Olga", "Fremd", (Role.TREASURER, other))
    fund = a_fund(books)
    receive(books, fund, 500_00)
    expense = spend(books, 100_00)
    reader = signed_in(app, stranger)
    with reader.client.session_transaction() as session:
        session["house"] = other
    for path in (f"/money/ledger/{expense.entry_id}", f"/money/funds/{fund.id}", f"/money/expenses/{expense.id}"):
        jutta.get(path)
        reader.get(path, expect=404)
    assert "Land NRW" not in reader.get("/money/funds").text and "Fahrdienst" not in reader.get("/money/ledger").text
    reader.post(f"/money/funds/{fund.id}/close", expect=404)
    reader.post(f"/money/expenses/{expense.id}/undo", {"reason": "neugierig"}, expect=404)
    with reader.client.session_transaction() as session:
        session["house"] = books.house
    reader.get("/money/ledger", expect=404)


# The ledger ----------------------------------------------------------------------------------------------------------------


def test_an_empty_ledger_says_how_to_begin(jutta: Reader) -> None:
    assert "The ledger is empty" in jutta.get("/money/ledger").text


def test_the_ledger_shows_the_newest_first_page_by_page_in_constant_statements(books: Books, jutta: Reader) -> None:
    for number in range(30):
        post(books, f"Spende {number:02}", DONATION)
    page = jutta.get("/money/ledger")
    asked = jutta.queries
    assert "Spende 29" in page.text and "Spende 05" in page.text and "Spende 04" not in page.text
    assert "J30/2026" in page.text and "1200 → 4610" in page.text and "Jutta Kasse" in page.text
    page = jutta.click("Earlier ones")
    assert "Spende 04" in page.text and "Spende 05" not in page.text and not page.has_link("Earlier ones")
    assert jutta.queries <= asked
    jutta.at_most(8)


def test_entries_are_found_by_number_text_and_filters(books: Books, jutta: Reader) -> None:
    post(books, "Spende Sommerfest", DONATION, on=date(2026, 6, 1))
    post(books, "Miete Juli", [Side("6100", debit=900_00), Side("1200", credit=900_00)], on=date(2026, 7, 1))
    post(books, "Café 100%", [Side("1200", debit=50_00), Side("4100", credit=50_00, sphere="4", offering="O03")])

    def shown(query: str) -> set[str]:
        text = " ".join(each.text for each in jutta.get(f"/money/ledger?{query}").html.all("tbody"))
        return {word for word in ("Sommerfest", "Miete", "Café") if word in text}

    assert shown("q=sommer") == {"Sommerfest"}
    assert shown("q=100%25") == {"Café"}
    assert shown("q=J02/2026") == {"Miete"} and shown("q=2") == {"Miete"} and shown("q=J02/2025") == set()
    assert shown("account=6100") == {"Miete"}
    assert shown("offering=O03") == {"Café"} and shown("sphere=4") == {"Café"}
    assert shown("from=2026-07-01&to=2026-07-31") == {"Miete"}
    assert shown("source=manual") == {"Sommerfest", "Miete", "Café"} and shown("source=charge") == set()
    assert shown("from=nonsense&before=x&sphere=77&source=zzz") == {"Sommerfest", "Miete", "Café"}


def test_the_ledger_is_taken_away_as_it_is_filtered_and_runs_no_formula(books: Books, jutta: Reader) -> None:
    post(books, '=HYPERLINK("http://böse")', DONATION, on=date(2026, 6, 1))
    post(books, "Miete Juli", [Side("6100", debit=900_00), Side("1200", credit=900_00)], on=date(2026, 7, 1))
    rows = csv_rows(jutta.get("/money/ledger.csv"))
    assert len(rows) == 5 and rows[0][:3] == ["Entry", "Day", "Text"]
    assert rows[1][2].strip('"').startswith("'=HYPERLINK") and rows[1][5] == "100,00" and rows[1][6] == ""
    assert rows[4][3] == "1200" and rows[4][6] == "900,00" and len(rows[4][15]) == 64
    assert len(csv_rows(jutta.get("/money/ledger.csv?account=6100"))) == 3
    sheet, texts = xlsx_sheet(jutta.get("/money/ledger.xlsx"))
    assert "<v>900</v>" in sheet and "<f>" not in sheet and "=HYPERLINK" in texts


def test_an_entry_shows_its_lines_its_chain_and_what_made_it(books: Books, jutta: Reader) -> None:
    charge = books.charge(6600)
    post(books, "Spende", DONATION)
    page = jutta.get(f"/money/ledger/{charge.entry_id}")
    entry = db.session().get_one(LedgerEntry, charge.entry_id)
    assert entry.hash in page.text and "1400 Forderungen" in page.text and "O01 Raumnutzung" in page.text
    assert page.link("Open: Saal am Donnerstag")["href"] == f"/money/charges/{charge.id}"
    assert not page.has_link("Take back")
    assert jutta.click("The one after").h1 == "Entry J02/2026"
    jutta.get("/money/ledger/99999", expect=404)


# By hand -------------------------------------------------------------------------------------------------------------------


def test_what_is_posted_by_hand_stands_in_the_ledger(books: Books, jutta: Reader) -> None:
    jutta.get("/money/ledger/new")
    page = jutta.submit(
        "Post", on="2026-11-20", text="Zinsen", account_1="1200", debit_1="1.234,50", account_2="4900", credit_2="1234.5",
        sphere_2="2", offering_2="O01",
    )  # fmt: skip
    assert page.h1 == "Entry J01/2026" and page.alerts
    assert lines_of(1) == [("1200", 123450, 0, "9", None, None), ("4900", 0, 123450, "2", "O01", None)]
    assert db.session().scalars(select(JournalEntry.act).where(JournalEntry.act == "entry_posted")).all() == ["entry_posted"]
    assert books_are_right()


def test_an_entry_that_differs_by_a_cent_is_refused_and_stores_nothing(books: Books, jutta: Reader) -> None:
    before = counts()
    jutta.get("/money/ledger/new")
    page = jutta.submit(
        "Post",
        expect=422,
        on="2026-11-20",
        text="Versehen",
        account_1="1200",
        debit_1="100,00",
        account_2="4900",
        credit_2="99,99",
    )
    assert "a difference of €0.01" in page.text or "0,01" in page.text or "0.01" in page.text
    assert (
        page.html.one("input", name="text")["value"] == "Versehen" and page.html.one("input", name="credit_2")["value"] == "99,99"
    )
    assert counts() == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"account_1": "", "debit_1": "5"}, "account_1"),
        ({"credit_1": "5"}, "debit_1"),
        ({"debit_1": "-5"}, "debit_1"),
        ({"debit_1": "0"}, "debit_1"),
        ({"debit_1": "99999999999"}, "debit_1"),
        ({"debit_1": "fünf"}, "debit_1"),
        ({"on": "2026-11-27"}, "on"),
        ({"on": "31.02.2026"}, "on"),
        ({"text": ""}, "text"),
        ({"text": "x" * 201}, "text"),
    ],
)
def test_nonsense_by_hand_is_named_at_its_field(books: Books, jutta: Reader, values: dict[str, str], field: str) -> None:
    before = counts()
    jutta.get("/money/ledger/new")
    good = {"on": "2026-11-20", "text": "Zinsen", "account_1": "1200", "debit_1": "5", "account_2": "4900", "credit_2": "5"}
    page = jutta.submit("Post", expect=422, **{**good, **values})
    assert field in page.errors
    assert counts() == before


@pytest.mark.parametrize("account", ["1000", "1400", "2300", "2400", "2460"])
def test_accounts_that_follow_from_other_acts_are_not_offered_by_hand(books: Books, jutta: Reader, account: str) -> None:
    page = jutta.get("/money/ledger/new")
    assert account not in [option["value"] for option in page.html.one("select", name="account_1").all("option")]
    token = jutta.token()
    values = {"csrf_token": token, "on": "2026-11-20", "text": "x", "account_1": "1200", "debit_1": "5", "account_2": account,
              "credit_2": "5", "sphere_1": "9", "sphere_2": "9"}  # fmt: skip
    jutta.post("/money/ledger/new", values, expect=422)
    with pytest.raises(service.ledger.Invalid), in_turn():  # type: ignore[attr-defined]
        request = service.EntryRequest(date(2026, 11, 20), "x", [Side("1200", debit=5), Side(account, credit=5)])
        service.post_entry(books.house, request, books.at_books)


def test_more_lines_keep_everything_typed(books: Books, jutta: Reader) -> None:
    jutta.get("/money/ledger/new")
    page = jutta.get(
        "/money/ledger/new?on=2026-11-20&text=Sammelbuchung&account_1=1200&debit_1=10&account_2=4610&credit_2=4&more=1"
    )
    assert page.html.one("input", name="text")["value"] == "Sammelbuchung"
    assert page.html.one("input", name="debit_1")["value"] == "10" and page.html.all("select", name="account_4")
    page = jutta.submit("Post", account_3="4640", credit_3="6")
    assert [line[:3] for line in lines_of(last_entry().id)] == [("1200", 1000, 0), ("4610", 0, 400), ("4640", 0, 600)]


def test_a_double_tap_posts_once(books: Books, jutta: Reader) -> None:
    page = jutta.get("/money/ledger/new")
    key = page.html.all("input", name="idempotency_key")[-1]["value"]
    values = {"idempotency_key": key, "on": "2026-11-20", "text": "Zinsen", "account_1": "1200", "debit_1": "5", "sphere_1": "9",
              "account_2": "4900", "credit_2": "5", "sphere_2": "9"}  # fmt: skip
    jutta.post("/money/ledger/new", values)
    jutta.get("/money/ledger/new")
    jutta.post("/money/ledger/new", values)
    assert counts()[0] == 1


def test_an_entry_is_taken_back_once_with_a_reason(books: Books, jutta: Reader) -> None:
    number = post(books, "Spende", DONATION)
    jutta.get(f"/money/ledger/{number}/reverse")
    assert "reason" in jutta.submit("Take back", expect=422, reason="").errors
    jutta.get(f"/money/ledger/{number}/reverse")
    page = jutta.submit("Take back", reason="doppelt")
    assert "STORNO J01 (doppelt)" in page.text and "Takes back J01/2026" in page.text and not page.has_link("Take back")
    assert "Taken back by J02/2026" in jutta.get(f"/money/ledger/{number}").text
    before = counts()
    assert "already been taken back" in jutta.post(f"/money/ledger/{number}/reverse", {"reason": "nochmal"}, expect=409).text
    assert "cannot be taken back itself" in jutta.post(f"/money/ledger/{number + 1}/reverse", {"reason": "x"}, expect=409).text
    assert counts() == before


def test_what_another_act_posted_is_not_taken_back_in_the_ledger(books: Books, jutta: Reader) -> None:
    charge = books.charge(6600)
    page = jutta.post(f"/money/ledger/{charge.entry_id}/reverse", {"reason": "so"}, expect=422)
    assert "belongs to something else" in page.text
    assert counts()[0] == 1


# Closing the books -----------------------------------------------------------------------------------------------------------


def test_the_books_are_closed_after_a_question_and_then_for_good(books: Books, jutta: Reader) -> None:
    post(books, "Oktober", DONATION, on=date(2026, 10, 5))
    page = jutta.get("/money/lock")
    assert page.html.one("input", name="locked_through")["value"] == "2026-10-31"
    page = jutta.submit("Go on")
    assert "One entry is closed by this." in page.text
    page = jutta.submit("Close up to")
    assert "Closed up to Saturday, 31 October 2026" in page.text
    assert [lock.locked_through for lock in db.session().scalars(select(PeriodLock))] == [date(2026, 10, 31)]
    jutta.get("/money/ledger/new")
    page = jutta.submit(
        "Post", expect=409, on="2026-10-31", text="zu spät", account_1="1200", debit_1="5", account_2="4900", credit_2="5"
    )
    assert "The books are closed up to that day" in page.text and page.html.one("input", name="text")["value"] == "zu spät"
    jutta.get("/money/lock/confirm?locked_through=2026-10-31", expect=422)
    jutta.post("/money/lock", {"locked_through": "2026-09-30"}, expect=422)


@pytest.mark.parametrize("day", ["2026-11-26", "2027-01-31", "", "gestern"])
def test_days_that_are_not_over_are_not_closed(books: Books, jutta: Reader, day: str) -> None:
    assert "locked_through" in jutta.get(f"/money/lock/confirm?locked_through={day}", expect=422).errors
    assert "locked_through" in jutta.post("/money/lock", {"locked_through": day}, expect=422).errors
    assert db.session().scalar(select(func.count()).select_from(PeriodLock)) == 0


# Accounts --------------------------------------------------------------------------------------------------------------------


def test_balances_follow_month_quarter_and_year(books: Books, jutta: Reader) -> None:
    post(books, "Vorjahr", DONATION, on=date(2025, 12, 30))
    post(books, "Spende", DONATION, on=date(2026, 9, 1))
    post(books, "Miete", [Side("6100", debit=30_00), Side("1200", credit=30_00)], on=date(2026, 11, 2))

    def row(period: str, code: str) -> list[str]:
        table = csv_rows(jutta.get(f"/money/accounts.csv?period={period}"))
        return next(line[4:8] for line in table if line[0] == code)

    assert row("2026-11", "1200") == ["200,00", "0,00", "30,00", "170,00"]
    assert row("2026-Q3", "1200") == ["100,00", "100,00", "0,00", "200,00"]
    assert row("2026", "4610") == ["0,00", "0,00", "100,00", "-100,00"]
    assert row("2026-11", "4610") == ["-100,00", "0,00", "0,00", "-100,00"]
    page = jutta.get("/money/accounts?period=2026-11")
    jutta.at_most(7)
    assert "6100 Miete" in page.text and "Income less cost in 2026" in page.text and "€70.00" in page.text
    assert "2460" not in page.text and "2460" in jutta.get("/money/accounts?all=1").text
    jutta.get("/money/accounts?period=2026-13")


def test_an_account_tells_its_running_balance_page_by_page(books: Books, jutta: Reader) -> None:
    for _ in range(55):
        post(books, "Spende", DONATION)
    page = jutta.get("/money/accounts/1200")
    assert "€5,500.00" in page.text and "J55/2026" in page.text and "J05/2026" not in page.text
    page = jutta.click("Earlier ones")
    assert "J05/2026" in page.text and "€500.00" in page.text and "J06/2026" not in page.text
    rows = csv_rows(jutta.get("/money/accounts/1200/lines.csv"))
    assert len(rows) == 56 and rows[1][8] == "100,00" and rows[55][8] == "5500,00"
    jutta.get("/money/accounts/1200?before=99999999999.1")
    jutta.get("/money/accounts/0815", expect=404)


def test_an_account_is_added_renamed_and_put_away(books: Books, jutta: Reader) -> None:
    jutta.get("/money/accounts/new")
    jutta.submit("Add", code="6910", kind="expense", name="Gartenpflege", datev_no="63160")
    jutta.get("/money/accounts/6910/edit")
    page = jutta.submit("Save", name="Garten")
    assert page.h1 == "6910 Garten"
    page = jutta.submit("Put away")
    assert "put away" in page.text
    assert db.session().get_one(LedgerAccount, "6910", populate_existing=True).archived_at is not None
    assert "6910" not in [
        each["value"] for each in jutta.get("/money/ledger/new").html.one("select", name="account_1").all("option")
    ]
    jutta.get("/money/accounts/6910")
    jutta.submit("Offer it again")
    assert db.session().get_one(LedgerAccount, "6910", populate_existing=True).archived_at is None


@pytest.mark.parametrize(
    ("values", "field"),
    [({"code": "1200"}, "code"), ({"code": "12"}, "code"), ({"code": "12AB"}, "code"), ({"name": ""}, "name"),
     ({"datev_no": "x"}, "datev_no"), ({"code": "123456789"}, "code")],
)  # fmt: skip
def test_an_account_that_makes_no_sense_is_refused(jutta: Reader, values: dict[str, str], field: str) -> None:
    jutta.get("/money/accounts/new")
    page = jutta.submit("Add", expect=422, **{"code": "6910", "kind": "expense", "name": "Garten", **values})
    assert field in page.errors


def test_accounts_of_the_program_and_with_money_on_them_stay(books: Books, jutta: Reader) -> None:
    jutta.get("/money/ledger/new")
    jutta.post("/money/accounts/1200/put-away")
    assert db.session().get_one(LedgerAccount, Known.BANK, populate_existing=True).archived_at is None
    post(books, "Einlage", [Side("1200", debit=1), Side("2050", credit=1)])
    assert "still something on this account" in jutta.post("/money/accounts/2050/put-away").alerts[0]


# Open items, deposits, payments ------------------------------------------------------------------------------------------------


def test_open_items_are_found_summed_and_taken_away(books: Books, jutta: Reader) -> None:
    late = books.charge(6600, title="=SUMME(A1)", due_on=date(2026, 11, 1))
    books.charge(2000, title="Leihe Bohrmaschine", kind="lending", person_id=books.karl)
    books.charge(4000, title="Chorprobe", organisation_id=books.choir)
    paid = books.charge(1000, title="Bezahlt")
    with in_turn():
        service.take_payment(
            service.PaymentRequest(
                books.house,
                "bank",
                {
                    paid.id: 1000,
                },
            ),
            books.at_desk,
        )
        service.take_payment(service.PaymentRequest(books.house, "bank", {late.id: 600}), books.at_desk)
    page = jutta.get("/money/items")
    jutta.at_most(7)
    assert (
        "€120.00" in page.text and "3 open items" in page.text and "25 days overdue" in page.text and "Bezahlt" not in page.text
    )
    assert page.link("Chorprobe")["href"].startswith("/money/charges/")

    def shown(query: str) -> str:
        return jutta.get(f"/money/items?{query}").text

    assert "SUMME" in shown("overdue=1") and "Chorprobe" not in shown("overdue=1") and "€60.00" in shown("overdue=1")
    assert "Leihe" in shown("q=peters") and "Chorprobe" not in shown("q=peters")
    assert "Chorprobe" in shown("q=posaunen") and "Chorprobe" in shown(f"group={books.choir}")
    assert "Leihe" in shown(f"person={books.karl}") and "Leihe" in shown("offering=O05") and "Leihe" not in shown("offering=O01")
    assert "Nothing found" in shown("source=booking") and "Leihe" in shown("q=karl+peters")
    assert "SUMME" in shown(f"q={late.id}")
    rows = csv_rows(jutta.get("/money/items.csv"))
    assert rows[1][1].startswith("'=SUMME") and rows[1][8] == "60,00" and rows[1][6] == "25" and len(rows) == 4


def test_open_items_go_on_on_the_next_page(books: Books, jutta: Reader) -> None:
    with in_turn():
        for number in range(27):
            service.charge(books.request(100, title=f"Posten {number:02}"), books.at_desk)
    assert "Posten 24" in jutta.get("/money/items").text and "Posten 25" not in jutta.page.text
    assert "Posten 25" in jutta.click("Earlier ones").text and "Posten 24" not in jutta.page.text


def test_deposits_held_are_what_stands_on_their_account(books: Books, jutta: Reader) -> None:
    with in_turn():
        held = service.ask_deposit(
            service.DepositRequest(house_id=books.house, person_id=books.ayse, kind="key", title="Schlüssel", cents=50_00,
                                   due_on=date(2026, 11, 26)), books.at_desk)  # fmt: skip
        service.ask_deposit(
            service.DepositRequest(house_id=books.house, person_id=books.karl, kind="room", title="Saal", cents=200_00,
                                   due_on=date(2026, 11, 20)), books.at_desk)  # fmt: skip
    with in_turn():
        service.take_payment(service.PaymentRequest(books.house, "bank", deposits={held.id: 50_00}), books.at_desk)
    page = jutta.get("/money/deposits")
    assert "Schlüssel" in page.text and "Saal" not in page.text and "the same as on account 2400" in page.text
    assert page.link("Schlüssel")["href"] == f"/money/deposits/{held.id}"
    page = jutta.get("/money/deposits?shelf=asked")
    assert "Saal" in page.text and "late" in page.text and "Schlüssel" not in page.text
    assert "No deposits here" in jutta.get("/money/deposits?shelf=closed").text
    assert csv_rows(jutta.get("/money/deposits.csv"))[1][8] == "50,00"


def test_payments_are_found_and_taken_away(books: Books, jutta: Reader) -> None:
    first, second = books.charge(6600), books.charge(2000, person_id=books.karl)
    with in_turn():
        payment = service.take_payment(service.PaymentRequest(books.house, "bank", {first.id: 6600}), books.at_desk)
    with in_turn():
        service.take_payment(service.PaymentRequest(books.house, "cash", {second.id: 2000}, note="+danke"), books.at_desk)
    with in_turn():
        service.undo_payment(db.session().get_one(Payment, payment.id), "verklickt", books.at_desk)
    page = jutta.get("/money/payments")
    jutta.at_most(6)
    assert "Q-2026-0001" in page.text and "taken back" in page.text and "Karl Peters" in page.text
    assert "Q-2026-0002" not in jutta.get("/money/payments?method=bank").text
    assert "Q-2026-0001" not in jutta.get("/money/payments?q=Q-2026-0002").text
    assert "Q-2026-0002" in jutta.get("/money/payments?q=karl").text
    assert "Nothing found" in jutta.get("/money/payments?direction=out&from=2026-01-01&to=2026-01-02").text
    rows = csv_rows(jutta.get("/money/payments.csv"))
    assert rows[1][8] == "'+danke" and rows[1][6] == "20,00" and rows[2][7] == "taken back"
