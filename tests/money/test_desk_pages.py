"""Money at the counter, through pages: take, give back, charge, print, and everything that can go wrong with it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from app.core import db
from app.core.policy import Role
from app.money import service
from app.money.models import Charge, Deposit, Invoice, LedgerEntry, Payment, Refund
from app.people import service as people_service
from app.people.models import Membership
from app.people.service import PersonRequest
from tests.browser_client import Page, Reader
from tests.makers import a_house, a_person, an_organisation, in_turn
from tests.money.conftest import Books, books_are_right
from tests.rooms.marten import signed_in

TODAY = date(2026, 11, 26)


@dataclass(frozen=True)
class Desk:
    """The house with its people, each with a browser that reads English."""

    app: Flask
    books: Books
    desk: Reader
    colleague: Reader
    treasurer: Reader
    ayse: Reader
    karl: Reader

    def inside(self, act: Callable[[], Any]) -> Any:
        """In an application context of its own, so that no page shares it."""
        with self.app.app_context():
            return act()

    def charge(self, *cents: int, **more: Any) -> int:
        return int(self.inside(lambda: self.books.charge(*cents, **{"due_on": TODAY, **more}).id))

    def deposit(self, cents: int = 15000, **more: Any) -> int:
        def ask() -> int:
            values = {"person_id": self.books.ayse, "kind": "room", "title": "Kaution Saal", "due_on": TODAY, **more}
            with in_turn():
                request = service.DepositRequest(self.books.house, cents=cents, **values)
                return service.ask_deposit(request, self.books.at_desk).id

        return int(self.inside(ask))

    def take(self, charges: dict[int, int], deposits: dict[int, int] | None = None, method: str = "cash") -> int:
        def pay() -> int:
            with in_turn():
                request = service.PaymentRequest(self.books.house, method, charges, deposits or {})
                return service.take_payment(request, self.books.at_desk).id

        return int(self.inside(pay))

    def one(self, model: Any, row_id: int) -> Any:
        return self.inside(lambda: db.session().get_one(model, row_id))

    def count(self, model: Any) -> int:
        return int(self.inside(lambda: db.session().scalar(select(func.count()).select_from(model)) or 0))

    def right(self) -> bool:
        return bool(self.inside(books_are_right))


@pytest.fixture
def desk(bare_app: Flask) -> Desk:
    with bare_app.app_context():
        house = a_house()
        with in_turn():
            service.furnish_books(house)
        ids = Books(
            house,
            desk=a_person("Sevgi", "Aydın", (Role.DESK, house), language="en"),
            treasurer=a_person("Jutta", "Kasse", (Role.TREASURER, house), language="en"),
            manager=a_person("Mira", "Brandt", (Role.MANAGER, house), language="en"),
            ayse=a_person(
                "Ayşe", "Yılmaz", (Role.RESIDENT, house), language="en", street="Bärenbruch 7", postcode="44379", city="Dortmund"
            ),
            karl=a_person("Karl", "Peters", (Role.RESIDENT, house), language="en"),
            choir=an_organisation("Posaunenchor Marten"),
        )
        colleague = a_person("Bernd", "Kolb", (Role.DESK, house), language="en")
    return Desk(
        bare_app,
        ids,
        *(signed_in(bare_app, each) for each in (ids.desk, colleague, ids.treasurer, ids.ayse, ids.karl)),
    )


def somebody(desk: Desk) -> int:
    """Written down through the people's own verb, so that the search knows her."""

    def write() -> int:
        request = PersonRequest(given_name="Magda", family_name="Kowalczyk")
        return db.run_transaction(lambda: people_service.create_person(request, by=desk.books.at_desk).id)

    return int(desk.inside(write))


def number(page: Page) -> int:
    found = re.search(r"/(\d+)(?:\?|$)", page.path)
    assert found is not None, page.path
    return int(found[1])


def words_of(page: Page) -> str:
    return "\n".join(each.extract_text() for each in PdfReader(io.BytesIO(page.response.data)).pages)


# Taking --------------------------------------------------------------------------------------------------------------


def test_three_taps_from_the_waiting_list_to_the_receipt(desk: Desk) -> None:
    charge = desk.charge(6600)
    page = desk.desk.get("/money")
    assert "Saal am Donnerstag" in page.text and "due today" in page.text
    desk.desk.click(f"/money/take?charge={charge}")
    page = desk.desk.submit("Take the money")
    assert page.h1 == "Receipt Q-2026-0001" and "€66.00" in page.text
    assert desk.one(Charge, charge).open_cents == 0
    receipt = desk.desk.get(f"/money/payments/{number(page)}/receipt.pdf")
    assert receipt.response.mimetype == "application/pdf"
    assert desk.right()


def test_two_items_and_a_deposit_in_one_receipt_with_change(desk: Desk) -> None:
    first, second, deposit = desk.charge(6600), desk.charge(1250, title="Beamer"), desk.deposit()
    desk.desk.get(f"/money/take?person={desk.books.ayse}")
    page = desk.desk.submit("Take the money", given="250")
    assert "€228.50" in page.text and "€21.50" in page.text
    paid = desk.one(Payment, number(page))
    assert (paid.cents, paid.method, paid.direction, desk.count(Payment)) == (22850, "cash", "in", 1)
    assert desk.one(Charge, first).open_cents == desk.one(Charge, second).open_cents == 0
    assert desk.one(Deposit, deposit).held_cents == 15000
    told = words_of(desk.desk.get(f"/money/payments/{paid.id}/receipt.pdf"))
    assert all(word in told for word in ("Q-2026-0001", "€228.50", "Beamer", "Deposit: Kaution Saal", "Ayşe Yılmaz", "Sevgi"))
    assert desk.right()


def test_only_what_is_ticked_is_paid_and_a_part_of_it_is_enough(desk: Desk) -> None:
    first, second = desk.charge(6600), desk.charge(1250, title="Beamer")
    desk.desk.get(f"/money/take?person={desk.books.ayse}")
    desk.desk.submit(
        "Take the money", **{f"pay-charge-{second}": False, f"cents-charge-{first}": "20,00", "method": "bank", "on": "2026-11-24"}
    )  # fmt: skip
    assert desk.one(Charge, first).open_cents == 4600 and desk.one(Charge, second).open_cents == 1250
    paid = desk.one(Payment, 1)
    assert (paid.method, paid.on_day) == ("bank", date(2026, 11, 24))
    page = desk.desk.get(f"/money/charges/{first}")
    assert "partly paid" in page.text and "Q-2026-0001" in page.text and "€46.00" in page.text


def test_the_change_is_worked_out_before_anything_is_taken(desk: Desk) -> None:
    desk.charge(1890)
    page = desk.desk.get(f"/money/take?person={desk.books.ayse}&method=cash&pay-charge-1=y&cents-charge-1=18,90&given=20")
    assert "€1.10" in page.text and desk.count(Payment) == 0


@pytest.mark.parametrize(
    "typed",
    [
        {"cents-charge-1": "abc"},
        {"cents-charge-1": "-5"},
        {"cents-charge-1": "0"},
        {"cents-charge-1": ""},
        {"cents-charge-1": "66,01"},
        {"cents-charge-1": "99999999999999999999"},
        {"given": "10"},
        {"given": "1e9"},
        {"pay-charge-1": False},
        {"method": "bank", "on": "2027-01-01"},
        {"note": "x" * 400},
    ],
    ids=str,
)
def test_nonsense_is_told_at_its_place_and_changes_nothing(desk: Desk, typed: dict[str, Any]) -> None:
    desk.charge(6600)
    desk.desk.get(f"/money/take?person={desk.books.ayse}")
    page = desk.desk.submit("Take the money", expect=422, **typed)
    assert page.alerts
    assert desk.count(Payment) == 0 and desk.one(Charge, 1).open_cents == 6600
    kept = page.main.one("input", name="cents-charge-1")["value"]
    assert kept == str(typed.get("cents-charge-1", "66.00"))


def test_a_double_tap_is_one_payment(desk: Desk) -> None:
    desk.charge(6600)
    page = desk.desk.get(f"/money/take?person={desk.books.ayse}")
    form, _ = page.form("Take the money")
    data = {each["name"]: each["value"] for each in form.all("input") if each["type"] in {"hidden", "text", ""}}
    data |= {"pay-charge-1": "y", "method": "cash", "given": ""}
    first = desk.desk.post("/money/take", data)
    second = desk.desk.post("/money/take", data)
    assert first.h1 == second.h1 == "Receipt Q-2026-0001"
    assert desk.count(Payment) == 1


def test_of_two_desks_that_pay_one_item_the_second_is_told_who_was_first(desk: Desk) -> None:
    charge, other = desk.charge(6600), desk.charge(1250, title="Beamer")
    desk.desk.get(f"/money/take?charge={charge}")
    desk.colleague.get(f"/money/take?charge={charge}")
    desk.desk.submit("Take the money", **{f"pay-charge-{other}": False})
    page = desk.colleague.submit("Take the money", expect=409)
    assert any("by Sevgi Aydın" in alert and "Nothing has been taken" in alert for alert in page.alerts)
    assert desk.count(Payment) == 1 and desk.one(Charge, other).open_cents == 1250
    assert desk.right()


def test_a_group_is_found_by_its_name_and_pays_for_itself(desk: Desk) -> None:
    desk.charge(4000, organisation_id=desk.books.choir, person_id=None)
    desk.charge(6600)
    page = desk.desk.get("/money/take?q=posaunen")
    assert "€40.00" in page.text
    desk.desk.click("Choose: Posaunenchor Marten")
    assert "€66.00" not in desk.desk.page.text
    assert "Posaunenchor Marten" in desk.desk.submit("Take the money").text


# Finding -------------------------------------------------------------------------------------------------------------


def test_one_search_finds_receipts_invoices_charges_and_people(desk: Desk) -> None:
    charge = desk.charge(6600)
    paid = desk.take({charge: 6600})
    assert desk.desk.get("/money?q=q-2026-0001").path == f"/money/payments/{paid}"
    assert desk.desk.get(f"/money?q=F-{charge}").path == f"/money/charges/{charge}"
    somebody(desk)
    assert desk.desk.get("/money?q=kowal").has_link("Open: Magda Kowalczyk")
    assert "Nothing found" in desk.desk.get("/money?q=Q-2026-0099").text


def test_the_page_of_the_desk_asks_the_same_few_questions_however_much_waits(desk: Desk) -> None:
    desk.charge(100)
    few = len(desk.desk.get("/money").queries)
    for cents in range(101, 120):
        desk.charge(cents)
    assert len(desk.desk.get("/money").queries) == few


# Charges -------------------------------------------------------------------------------------------------------------


def test_a_charge_is_written_by_hand_with_a_reduction_and_its_reason(desk: Desk) -> None:
    desk.desk.get(f"/money/charges/new?person={desk.books.ayse}")
    page = desk.desk.submit(
        "Write it down",
        title="Schlüssel ersetzt",
        kind="room-extra",
        normal="20",
        reduction="hardship",
        cents="5",
        reason="Rente",
    )
    made = desk.one(Charge, number(page))
    assert (made.total_cents, made.normal_cents, made.reduction, made.reason) == (500, 2000, "hardship", "Rente")
    assert "€20.00" in page.text and "hardship" in page.text
    desk.desk.get(f"/money/charges/new?person={desk.books.ayse}")
    assert desk.desk.submit("Write it down", expect=422, title="x", kind="room", normal="12").errors["title"]
    page = desk.desk.submit(
        "Write it down", expect=422, title="Saal", kind="room", normal="12", reduction="hardship", cents="4", reason=""
    )
    assert page.errors["reason"] and desk.count(Charge) == 1


def test_free_on_application_keeps_the_normal_price(desk: Desk) -> None:
    desk.desk.get(f"/money/charges/new?person={desk.books.ayse}")
    page = desk.desk.submit(
        "Write it down", title="Saal", kind="room", normal="88", reduction="free_on_application", reason="Antrag vom 3.11."
    )
    made = desk.one(Charge, number(page))
    assert (made.total_cents, made.normal_cents) == (0, 8800) and "free of charge" in page.text


def test_what_stands_on_the_tally_cannot_be_charged_one_by_one(desk: Desk) -> None:
    page = desk.desk.get(f"/money/charges/new?person={desk.books.ayse}")
    offered = {each["value"] for each in page.main.one("select", name="kind").all("option")}
    assert "room" in offered and not offered & {"cafe-food", "cafe-drinks", "lunch", "lending"}
    assert "§ 146a AO" in page.text
    data = {"person": desk.books.ayse, "title": "Kaffee", "kind": "cafe-drinks", "normal": "2,20", "supplied_from": "2026-11-26",
            "due_on": "2026-11-26", "reduction": ""}  # fmt: skip
    desk.desk.post("/money/charges/new", data, expect=422)
    assert desk.count(Charge) == 0


def test_a_charge_is_reduced_waived_and_cancelled(desk: Desk) -> None:
    charge = desk.charge(6600)
    desk.desk.get(f"/money/charges/{charge}/reduce")
    page = desk.desk.submit("Reduce", reduction="city_card", cents="33")
    reduced = number(page)
    assert desk.one(Charge, reduced).normal_cents == 6600
    desk.desk.get(f"/money/charges/{reduced}/waive", expect=404)
    desk.treasurer.get(f"/money/charges/{reduced}/waive")
    assert desk.treasurer.submit("Waive", expect=422, cents="33,01", reason="Heizung aus").errors["cents"]
    desk.treasurer.get(f"/money/charges/{reduced}/waive")
    desk.treasurer.submit("Waive", cents="10", reason="Heizung war aus")
    assert desk.one(Charge, reduced).open_cents == 2300
    desk.desk.get(f"/money/charges/{reduced}/cancel")
    assert desk.desk.submit("Cancel the charge", expect=422, reason="").errors["reason"]
    page = desk.desk.submit("Cancel the charge", reason="abgesagt")
    assert "cancelled" in page.text and "abgesagt" in page.text


def test_what_was_paid_for_a_cancelled_charge_is_paid_out_once(desk: Desk) -> None:
    charge = desk.charge(6600)
    desk.take({charge: 6600})
    desk.desk.get(f"/money/charges/{charge}/cancel")
    desk.desk.submit("Cancel the charge", reason="abgesagt")
    refund = desk.inside(lambda: db.session().scalars(select(Refund)).one().id)
    page = desk.desk.get("/money")
    assert page.has_link("Pay out")
    desk.desk.click(f"/money/refunds/{refund}/pay")
    desk.colleague.get(f"/money/refunds/{refund}/pay")
    page = desk.desk.submit("Pay out")
    assert "Paid out" in page.text and "€66.00" in page.text
    assert desk.colleague.submit("Pay out", expect=409).alerts
    assert desk.count(Payment) == 2 and desk.right()


# Payments ------------------------------------------------------------------------------------------------------------


def test_a_payment_by_mistake_is_taken_back_with_a_reason(desk: Desk) -> None:
    charge = desk.charge(6600)
    paid = desk.take({charge: 6600})
    desk.desk.get(f"/money/payments/{paid}/undo")
    assert desk.desk.submit("Take the payment back", expect=422, reason="").errors["reason"]
    page = desk.desk.submit("Take the payment back", reason="falsche Person")
    assert "Taken back on" in page.text and not page.has_link("/undo")
    assert desk.one(Charge, charge).open_cents == 6600
    assert "does not count" in words_of(desk.desk.get(f"/money/payments/{paid}/receipt.pdf"))
    desk.desk.get(f"/money/payments/{paid}/undo")
    desk.desk.submit("Take the payment back", expect=409, reason="noch einmal")
    assert desk.right()


# Deposits ------------------------------------------------------------------------------------------------------------


def test_a_deposit_goes_back_in_three_taps(desk: Desk) -> None:
    deposit = desk.deposit(back_on=TODAY)
    desk.take({}, {deposit: 15000})
    desk.desk.get("/money")
    desk.desk.click(f"/money/deposits/{deposit}/give-back")
    page = desk.desk.submit("Give back")
    assert "Paid out" in page.text and "€150.00" in page.text
    assert "Deposit back: Kaution Saal" in words_of(desk.desk.get(f"/money/payments/{number(page)}/receipt.pdf"))
    assert "closed" in desk.desk.get(f"/money/deposits/{deposit}").text
    assert desk.right()


def test_a_part_of_a_deposit_is_kept_only_with_a_reason(desk: Desk) -> None:
    deposit = desk.deposit(back_on=TODAY)
    desk.take({}, {deposit: 15000})
    desk.desk.get(f"/money/deposits/{deposit}/give-back")
    assert desk.desk.submit("Give back", expect=422, keep="45", reason="").errors["reason"]
    assert desk.desk.submit("Give back", expect=422, keep="150,01", reason="Reinigung").errors["keep"]
    page = desk.desk.submit("Give back", keep="45", reason="Reinigung nach dem Fest", kind="cleaning")
    assert "€105.00" in page.text
    assert desk.one(Deposit, deposit).held_cents == 0
    kept = desk.inside(lambda: db.session().scalars(select(Charge).where(Charge.source == "deposit")).one())
    assert (kept.total_cents, kept.open_cents) == (4500, 0)
    assert "Reinigung nach dem Fest" in desk.desk.get(f"/money/deposits/{deposit}").text
    assert desk.right()


def test_a_deposit_is_asked_for_by_hand_and_dropped(desk: Desk) -> None:
    somebody(desk)
    desk.desk.get("/money/deposits/new?q=kowal")
    desk.desk.click("Choose: Magda Kowalczyk")
    page = desk.desk.submit("Write it down", kind="key", title="Schlüssel Werkstatt", cents="25")
    deposit = number(page)
    assert "to be handed in" in page.text
    desk.desk.click("Not needed any more")
    assert "closed" in desk.desk.submit("Yes, let it drop").text
    desk.desk.get(f"/money/deposits/{deposit}/drop")
    desk.desk.submit("Yes, let it drop", expect=409)


# Whose is it ---------------------------------------------------------------------------------------------------------

STAFF_ONLY = ["/money", "/money/take", "/money/charges/new", "/money/deposits/new", "/money/operator"]


@pytest.mark.parametrize("path", STAFF_ONLY)
def test_the_counter_is_not_for_residents(desk: Desk, path: str) -> None:
    desk.ayse.get(path, expect=404)


def test_the_operator_is_the_treasurers(desk: Desk) -> None:
    desk.desk.get("/money/operator", expect=404)
    desk.treasurer.get("/money/operator")


def test_a_record_of_another_house_is_not_there(desk: Desk) -> None:
    def elsewhere() -> tuple[int, int, int]:
        other = a_house("eving", "Haus Eving")
        with in_turn():
            service.furnish_books(other)
        books = Books(other, *[desk.books.desk, desk.books.treasurer, desk.books.manager], ayse=desk.books.ayse,
                      karl=desk.books.karl, choir=desk.books.choir)  # fmt: skip
        charge = books.charge(5000, kind=f"room-{other}")
        with in_turn():
            paid = service.take_payment(service.PaymentRequest(other, "bank", {charge.id: 100}), books.at_desk)
            request = service.DepositRequest(other, books.ayse, "key", "Schlüssel", 2500, due_on=TODAY)
            return charge.id, paid.id, service.ask_deposit(request, books.at_desk).id

    charge, paid, deposit = desk.inside(elsewhere)
    for path in (
        f"/money/charges/{charge}", f"/money/charges/{charge}/cancel", f"/money/charges/{charge}/invoice", f"/money/payments/{paid}",
        f"/money/payments/{paid}/receipt.pdf", f"/money/payments/{paid}/undo", f"/money/deposits/{deposit}",
        f"/money/deposits/{deposit}/give-back",
    ):  # fmt: skip
        desk.desk.get(path, expect=404)
    assert "€50.00" not in desk.desk.get(f"/money/take?person={desk.books.ayse}").text
    own = desk.charge(6600)
    data = {"person": desk.books.ayse, f"pay-charge-{charge}": "y", f"pay-charge-{own}": "y", f"cents-charge-{own}": "66",
            "method": "cash"}  # fmt: skip
    desk.desk.post("/money/take", data, expect=422)
    assert desk.one(Charge, own).open_cents == 6600


# A resident ----------------------------------------------------------------------------------------------------------


def operator(desk: Desk, **more: Any) -> None:
    desk.treasurer.get("/money/operator")
    desk.treasurer.submit("Save", **{
        "name": "Nachbarschaftshaus Marten eG", "street": "Steinhammerstraße 3", "postcode": "44379", "city": "Dortmund",
        "tax_no": "317/5900/1234", "iban": "DE89 3704 0044 0532 0130 00", **more,
    })  # fmt: skip


def test_a_resident_sees_what_to_pay_how_and_their_receipts_and_nobody_elses(desk: Desk) -> None:
    operator(desk)
    charge, paid_one = desk.charge(6600), desk.charge(500, title="Kopien")
    paid = desk.take({paid_one: 500})
    page = desk.ayse.get("/me/money")
    assert "Saal am Donnerstag" in page.text and "DE89 3704 0044 0532 0130 00" in page.text and f"F-{charge}" in page.text
    assert page.main.all("img")[0]["alt"].startswith("GiroCode")
    assert desk.ayse.get(f"/money/payments/{paid}/receipt.pdf").response.mimetype == "application/pdf"
    desk.karl.get(f"/money/payments/{paid}/receipt.pdf", expect=404)
    assert "Nothing to pay" in desk.karl.get("/me/money").text


def test_who_acts_for_a_group_sees_what_the_group_pays(desk: Desk) -> None:
    charge = desk.charge(4000, organisation_id=desk.books.choir, person_id=None)
    paid = desk.take({charge: 1000})
    desk.karl.get(f"/money/payments/{paid}/receipt.pdf", expect=404)

    def join() -> None:
        with db.transaction() as session:
            session.add(Membership(person_id=desk.books.karl, organisation_id=desk.books.choir))

    desk.inside(join)
    assert "€30.00" in desk.karl.get("/me/money").text
    desk.karl.get(f"/money/payments/{paid}/receipt.pdf")


# Invoices ------------------------------------------------------------------------------------------------------------


def test_an_invoice_needs_an_operator_is_issued_once_and_stays(desk: Desk) -> None:
    charge = desk.charge(30000)
    desk.desk.get(f"/money/charges/{charge}/invoice")
    assert any("Name, address and tax number" in each for each in desk.desk.submit("Issue the invoice", expect=409).alerts)
    operator(desk)
    desk.desk.get(f"/money/charges/{charge}/invoice")
    assert desk.desk.submit("Issue the invoice", expect=422, city="").errors["city"]
    page = desk.desk.submit("Issue the invoice", city="Dortmund")
    assert "R-2026-001" in page.text and not page.has_link("Issue an invoice")
    invoice = desk.inside(lambda: db.session().scalars(select(Invoice)).one().id)
    operator(desk, name="Anderer Verein e. V.")
    told = words_of(desk.ayse.get(f"/money/invoices/{invoice}/invoice.pdf"))
    assert "Nachbarschaftshaus Marten eG" in told and "Anderer Verein" not in told
    desk.karl.get(f"/money/invoices/{invoice}/invoice.pdf", expect=404)
    assert desk.desk.get("/money?q=R-2026-001").path == f"/money/charges/{charge}"
    desk.desk.get(f"/money/charges/{charge}/invoice")
    desk.desk.submit("Issue the invoice", expect=409)


def test_an_iban_with_a_wrong_digit_is_refused(desk: Desk) -> None:
    desk.treasurer.get("/money/operator")
    values = {"name": "Verein", "street": "Weg 1", "postcode": "44379", "city": "Dortmund", "tax_no": "1"}
    page = desk.treasurer.submit("Save", expect=422, iban="DE89 3704 0044 0532 0130 01", **values)
    assert page.errors["iban"] and page.main.one("input", name="iban")["value"] == "DE89 3704 0044 0532 0130 01"


# No till -------------------------------------------------------------------------------------------------------------


def test_no_way_leads_to_a_single_sale(desk: Desk) -> None:
    """Walks the whole map: whatever takes money takes it for a claim somebody has; takings come from the cash day alone."""
    posts = {rule.endpoint for rule in desk.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert not {each for each in posts if re.search(r"sale|sell|till|bon\b|checkout|takings", each)}
    before = desk.count(LedgerEntry)
    for values in ({"kind": "cafe-drinks", "cents": "2,20"}, {"cents-charge-1": "2,20", "pay-charge-1": "y"}, {}):
        data = {"person": desk.books.ayse, "method": "cash", **values}
        desk.desk.post("/money/take", data, expect=422)
    desk.desk.post("/money/take", {"method": "cash", "kind": "cafe-drinks", "cents": "2,20"}, expect=404)
    assert desk.count(LedgerEntry) == before
    assert "§ 146a AO" in desk.desk.get("/money").text
