"""The pages of the drawer, as two people use them after closing time."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock, db
from app.core.policy import Actor, Role
from app.journal.models import JournalEntry
from app.money import service
from app.money.models import CashDay, Expense, LedgerEntry
from app.money.service import CountRequest
from tests.browser_client import Page, Reader
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person, in_turn
from tests.rooms.marten import signed_in

T = TypeVar("T")
TODAY = THURSDAY.date()
SHEET = {"n5000": "3", "n2000": "6", "n1000": "9", "n500": "8", "n200": "9", "n100": "4", "n50": "3", "n20": "2", "n10": "2"}
MILK = {
    "v0_payee": "Kiosk Kaya", "v0_reason": "Milk", "v0_no": "118", "v0_cents": "38,50", "v0_tax": "reduced",
    "v0_account": "5000", "v0_offering": "O03",
}  # fmt: skip
WORKED = {**SHEET, **MILK, "banked": "100", "t0": "164,90", "t1": "247,70"}


class Counting:
    """A house with a drawer, and those who may and may not count it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.house = a_house()
            with in_turn():
                service.furnish_books(self.house)
            self.desk = a_person("Sevgi", "Aydın", (Role.DESK, self.house), language="en")
            self.treasurer = a_person("Jutta", "Möller", (Role.TREASURER, self.house), language="en")
            self.helper = a_person("Aylin", "Kaya", (Role.VOLUNTEER, self.house), language="en")
            self.ayse = a_person("Ayşe", "Yılmaz", (Role.RESIDENT, self.house), language="en")

    @property
    def actor(self) -> Actor:
        return Actor(person_id=self.desk, name="Sevgi Aydın", roles=frozenset({(self.house, Role.DESK)}))

    def look(self, ask: Callable[[], T]) -> T:
        with self.app.app_context():
            return ask()

    def rows(self) -> list[Any]:
        tables = (CashDay, Expense, LedgerEntry)
        return self.look(lambda: [db.session().scalar(select(func.count()).select_from(table)) for table in tables])

    def close(self, days_ago: int, pieces: dict[int, int] | None = None, **more: Any) -> int:
        def act() -> int:
            request = CountRequest(self.house, TODAY - timedelta(days=days_ago), pieces or {5000: 3}, **more)
            with in_turn():
                return service.close_day(request, self.helper, self.actor).id

        return self.look(act)

    def paid(self, cents: int) -> None:
        def act() -> None:
            with in_turn():
                line = service.ChargeLineRequest("room", "Saal", cents)
                owed = service.charge(service.ChargeRequest(self.house, self.ayse, "Saal", [line], TODAY), self.actor)
                service.take_payment(service.PaymentRequest(self.house, "cash", {owed.id: cents}), self.actor)

        self.look(act)


@pytest.fixture
def counting(bare_app: Flask) -> Counting:
    return Counting(bare_app)


@pytest.fixture
def desk(bare_app: Flask, counting: Counting) -> Reader:
    return signed_in(bare_app, counting.desk)


def cell(page: Page, head: str) -> str:
    """The amount in the row that begins so."""
    rows = [row for row in page.main.all("tr") if row.text.startswith(head)]
    assert rows, f"no row {head!r} in {page.text}"
    return rows[0].all("td")[-1].text


def test_two_people_count_look_and_close_the_day(desk: Reader, counting: Counting) -> None:
    counting.close(1, put_in_cents=15000)
    page = desk.get("/money/cash")
    assert page.h1 == "Drawer" and "€150.00" in page.text
    assert "§ 146a AO" in page.text and "KassenSichV" in page.text
    page = desk.click("Count the drawer")
    before = counting.rows()
    page = desk.submit("See what it says", **WORKED)
    assert counting.rows() == before
    assert cell(page, "Counted") == "€424.10" and cell(page, "Takings") == "€412.60"
    assert "with 7 % tax: €10.79" in page.text and "with 19 % tax: €39.55" in page.text
    assert "Drawer and tally say the same." in page.text
    page = desk.submit("Close the day", witness=str(counting.helper), agreed=True)
    assert page.h1 == "Cash report K-2026-0002" and "The day is closed" in page.alerts[0]
    assert cell(page, "Takings") == "€412.60" and "Aylin Kaya" in page.text and "Kiosk Kaya" in page.text
    page = desk.get("/money/cash")
    assert "The drawer is closed for today" in page.text and not page.has_link("Count the drawer")
    journal = counting.look(lambda: db.session().scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).first())
    assert journal is not None and (journal.act, journal.subject, journal.facts["takings_cents"]) == (
        "cash_day_closed", "cash_day", 41260,
    )  # fmt: skip


def test_the_first_day_asks_for_the_float(desk: Reader, counting: Counting) -> None:
    assert "No day has been closed yet" in desk.get("/money/cash").text
    page = desk.get("/money/cash/count")
    assert "This is the first day" in page.text
    desk.submit("See what it says", n5000="3", put_in="150")
    page = desk.submit("Close the day", witness=str(counting.treasurer), agreed=True)
    assert page.h1 == "Cash report K-2026-0001" and cell(page, "Takings") == "€0.00"


def test_a_difference_is_shown_and_closes_only_with_a_reason(desk: Reader, counting: Counting) -> None:
    counting.close(1, put_in_cents=15000)
    desk.get("/money/cash/count")
    page = desk.submit("See what it says", **{**WORKED, "t1": "252,70"})
    assert "€5.00 are missing from the drawer" in page.text
    page = desk.submit("Close the day", witness=str(counting.helper), agreed=True, expect=422)
    assert "Please say where the difference may come from" in page.errors["reason"]
    page = desk.submit("Close the day", reason="Wrong change, we think")
    assert "Reason for the difference: Wrong change, we think" in page.text


def test_both_have_to_agree_and_a_second_one_has_to_be_named(desk: Reader, counting: Counting) -> None:
    desk.get("/money/cash/count")
    page = desk.submit("See what it says", n5000="3", put_in="150")
    offered = [each["value"] for each in page.main.one("select", name="witness").all("option")]
    assert str(counting.desk) not in offered and str(counting.ayse) not in offered
    before = counting.rows()
    page = desk.submit("Close the day", witness=str(counting.helper), expect=422)
    assert page.errors["agreed"] == "Both of you have to agree."
    page = desk.submit("Close the day", witness="", agreed=True, expect=422)
    assert "Two people count" in page.errors["witness"]
    assert counting.rows() == before
    values = {name: each["value"] for each in page.main.all("input") if (name := each["name"])}
    for witness in (counting.desk, counting.ayse, 10**9, "x"):
        desk.post("/money/cash/close", {**values, "witness": str(witness), "agreed": "y"}, expect=422)
    assert counting.rows() == before


def test_who_goes_back_to_the_sheet_finds_everything_typed(desk: Reader, counting: Counting) -> None:
    counting.close(1, put_in_cents=15000)
    desk.get("/money/cash/count")
    desk.submit("See what it says", **WORKED)
    page = desk.submit("Back to the sheet")
    shown = {each["name"]: each["value"] for each in page.main.all("input")}
    assert {name: shown[name] for name in SHEET} == SHEET and shown["v0_payee"] == "Kiosk Kaya" and shown["t1"] == "247,70"
    page = desk.submit("More vouchers")
    shown = {each["name"]: each["value"] for each in page.main.all("input")}
    assert shown["v0_payee"] == "Kiosk Kaya" and shown["v4_payee"] == "" and shown["voucher_lines"] == "5"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"n5000": "-3"}, "n5000"),
        ({"n5000": "1.5"}, "n5000"),
        ({"n5000": "9" * 40}, "n5000"),
        ({"n5000": "6000"}, "n5000"),
        ({"banked": "-5"}, "banked"),
        ({"banked": "lots"}, "banked"),
        ({"t0": "1,234"}, "t0"),
        ({"t0": "99999999999"}, "t0"),
        ({"day": "2026-11-27"}, "day"),
        ({"day": "never"}, "day"),
        ({"v0_payee": "Kiosk", "v0_cents": ""}, "v0_cents"),
        ({"v0_cents": "3,50"}, "v0_no"),
    ],
)
def test_nonsense_is_answered_at_its_field(desk: Reader, counting: Counting, typed: dict[str, str], field: str) -> None:
    before = counting.rows()
    page = desk.get("/money/cash/count")
    page = desk.submit("See what it says", put_in="150", **typed, expect=422)
    assert field in page.errors
    assert page.main.one("input", name="put_in")["value"] == "150"
    assert counting.rows() == before


def test_more_than_was_in_the_drawer_cannot_have_left_it(desk: Reader, counting: Counting) -> None:
    counting.close(1, put_in_cents=15000)
    desk.get("/money/cash/count")
    page = desk.submit("See what it says", banked="500", t0="10", expect=422)
    assert "only €160.00 can have been in the drawer, but €500.00 left it" in page.text


def test_a_receipt_written_since_they_looked_makes_them_look_again(desk: Reader, counting: Counting) -> None:
    counting.close(1, put_in_cents=15000)
    desk.get("/money/cash/count")
    desk.submit("See what it says", n5000="4", t0="50")
    counting.paid(5000)
    page = desk.submit("Close the day", witness=str(counting.helper), agreed=True, expect=409)
    assert "Please look once more" in page.text and "€50.00 are missing from the drawer" in page.text
    page = desk.submit("Back to the sheet")
    desk.submit("See what it says", t0="")
    page = desk.submit("Close the day", witness=str(counting.helper), agreed=True)
    assert page.h1 == "Cash report K-2026-0002" and cell(page, "of these by receipts") == "€50.00"


def test_the_second_who_closes_a_day_is_told_who_was_first(bare_app: Flask, desk: Reader, counting: Counting) -> None:
    other = signed_in(bare_app, counting.treasurer)
    for one in (desk, other):
        one.get("/money/cash/count")
        one.submit("See what it says", n5000="3", put_in="150")
    desk.submit("Close the day", witness=str(counting.helper), agreed=True)
    before = counting.rows()
    page = other.submit("Close the day", witness=str(counting.helper), agreed=True, expect=409)
    assert "Sevgi Aydın has already closed this day" in page.html.text and "K-2026-0001" in page.html.text
    assert counting.rows() == before


def test_a_double_tap_closes_once_and_shows_the_same_report(desk: Reader, counting: Counting) -> None:
    desk.get("/money/cash/count")
    page = desk.submit("See what it says", n5000="3", put_in="150")
    form, _ = page.form("Close the day")
    values = {each["name"]: each["value"] for each in form.all("input")}
    values |= {"witness": str(counting.helper), "agreed": "y"}
    first, second = (desk.post("/money/cash/close", values).path for _ in range(2))
    assert first == second and counting.rows()[0] == 1


def test_the_bank_confirms_what_was_on_its_way(bare_app: Flask, desk: Reader, counting: Counting) -> None:
    counting.close(1, {5000: 2}, put_in_cents=15000, banked_cents=5000)
    assert "€50.00 to the bank" in desk.get("/money/cash").text and not desk.page.has_link("The bank shows it")
    books = signed_in(bare_app, counting.treasurer)
    page = books.get("/money/cash")
    assert "€150.00 from the bank" in page.text
    address = [each["href"] for each in page.main.all("a") if "/transit/" in each["href"]]
    assert len(address) == 2
    desk.get(address[1], expect=404)
    page = books.get(address[1])
    assert page.h1 == "€50.00 to the bank"
    page = books.submit(on="2026-11-01", expect=422)
    assert "cannot have arrived before" in page.errors["on"]
    page = books.submit(on="26.11.2026")
    assert "Confirmed: €50.00." in page.alerts[0] and "€50.00 to the bank" not in page.text
    books.get(address[1], expect=404)


def test_reports_and_sheets_are_papers_and_the_list_can_be_taken_away(bare_app: Flask, desk: Reader, counting: Counting) -> None:
    closed = counting.close(1, {5000: 4}, put_in_cents=15000, tally={"cafe-food": 5000})
    for path in ("/money/cash/sheet.pdf", f"/money/cash/{closed}/report.pdf"):
        page = desk.get(path)
        assert page.response.mimetype == "application/pdf" and page.response.data.startswith(b"%PDF")
    desk.get("/money/cash/days.csv", expect=404)
    books = signed_in(bare_app, counting.treasurer)
    page = books.get("/money/cash/days.csv")
    heads, row = list(csv.reader(io.StringIO(page.response.data.decode("utf-8-sig")), delimiter=";"))
    told = dict(zip(heads, row, strict=True))
    assert (told["Number"], told["Takings"], told["Tally"], told["Counted by"]) == (
        "K-2026-0001",
        "50,00",
        "50,00",
        "Sevgi Aydın",
    )
    assert books.get("/money/cash/days.xlsx").response.data.startswith(b"PK")
    books.get("/money/cash/days.doc", expect=404)


def test_nobody_sees_the_drawer_of_another_house_or_without_a_role(bare_app: Flask, counting: Counting) -> None:
    closed = counting.close(1, put_in_cents=15000)
    resident = signed_in(bare_app, counting.ayse)
    for path in ("/money/cash", "/money/cash/count", "/money/cash/sheet.pdf"):
        resident.get(path, expect=404)
    resident.get(f"/money/cash/{closed}", expect=404)

    def elsewhere() -> int:
        other = a_house("eving", "Eving")
        return a_person("Eva", "Eving", (Role.DESK, other), language="en")

    stranger = signed_in(bare_app, counting.look(elsewhere))
    stranger.get(f"/money/cash/{closed}", expect=404)
    stranger.get(f"/money/cash/{closed}/report.pdf", expect=404)


def test_pages_ask_as_often_with_many_days_as_with_few(desk: Reader, counting: Counting) -> None:
    counting.close(40, put_in_cents=15000)
    desk.get("/money/cash")
    few = desk.queries
    for days_ago in range(39, 0, -1):
        counting.close(days_ago)
    page = desk.get("/money/cash")
    desk.at_most(few)
    assert len(page.main.all("tbody")[0].all("tr")) == 30
    page = desk.click("Earlier")
    assert len(page.main.all("tbody")[0].all("tr")) == 10
    desk.get("/money/cash/count")
    desk.at_most(14)


def test_a_forgotten_day_is_closed_from_the_sheet(desk: Reader, counting: Counting) -> None:
    counting.close(3, put_in_cents=15000)
    with clock.stopped_at(THURSDAY - timedelta(days=1)):
        counting.paid(2000)
    page = desk.get("/money/cash/count?day=2026-11-25")
    assert page.main.one("input", name="day")["value"] == "2026-11-25"
    desk.submit("See what it says", n5000="3", n2000="1")
    page = desk.submit("Close the day", witness=str(counting.helper), agreed=True)
    assert "25 November 2026" in page.text and cell(page, "of these by receipts") == "€20.00"
    assert desk.get("/money/cash").has_link("Count the drawer")


def test_no_address_of_the_drawer_takes_a_single_sale(bare_app: Flask) -> None:
    """Whatever writes takings counts a whole day: there is no other way into the drawer but receipts for what is owed."""
    posts = sorted(
        rule.rule
        for rule in bare_app.url_map.iter_rules()
        if rule.rule.startswith("/money/cash") and "POST" in (rule.methods or ())
    )
    assert posts == ["/money/cash/close", "/money/cash/count", "/money/cash/transit/<int(max=2147483647):entry_id>"]
