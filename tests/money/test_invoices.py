"""Invoices: what law wants on them, numbers without gaps, frozen for good, taken back only by a correction."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core import clock, db
from app.core.errors import Invalid
from app.money import policy, queries, service
from app.money.models import Charge, Deposit, Invoice, Operator, Payment, Refund
from app.money.views import papers
from app.offers.models import RuleValue
from app.people.models import Membership
from tests.makers import in_turn
from tests.money.conftest import Books, books_are_right

BUYER = service.BuyerRequest("Ayşe Yılmaz", "Bärenbruch 7", "44379", "Dortmund")
OPERATOR = service.OperatorRequest(
    name="Nachbarschaftshaus Marten eG", street="Steinhammerstraße 3", postcode="44379", city="Dortmund", tax_no="317/5900/1234",
    iban="DE89 3704 0044 0532 0130 00", bic="", payment_days=14,
)  # fmt: skip


@pytest.fixture
def run(books: Books) -> Books:
    """The books of a house whose operator is written down."""
    with in_turn():
        service.change_operator(OPERATOR, books.at_books)
    return books


def now(charge: Charge) -> Charge:
    return db.session().get_one(Charge, charge.id, populate_existing=True)


def issue(books: Books, charge: Charge, buyer: service.BuyerRequest = BUYER) -> Invoice:
    with in_turn():
        return service.issue_invoice(now(charge), buyer, books.at_desk)


def told(app: Flask, invoice: Invoice) -> str:
    with app.test_request_context():
        document = papers.invoice(invoice).get_data()
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages).split())


def test_a_full_invoice_says_all_that_the_law_wants(app: Flask, run: Books) -> None:
    with clock.stopped_at(clock.now()), in_turn():
        charge = service.charge(
            service.ChargeRequest(
                house_id=run.house, person_id=run.ayse, title="Fest im Saal",
                lines=[
                    service.ChargeLineRequest("room", "Saal, 4 Stunden", 26_000),
                    service.ChargeLineRequest("cleaning", "Reinigung", 4_500),
                ],
                supplied_from=date(2026, 11, 20),
            ),
            run.at_desk,
        )  # fmt: skip
    issued = issue(run, charge)
    words = told(app, issued)
    for wanted in (
        "Rechnung", "R-2026-001", "26.11.2026", "20.11.2026", "Nachbarschaftshaus Marten eG", "Steinhammerstraße 3",
        "44379 Dortmund", "317/5900/1234", "Ayşe Yılmaz", "Bärenbruch 7", "1 × Saal, 4 Stunden", "1 × Reinigung", "19 %",
        "37,82 €", "7,18 €", "260,00 €", "305,00 €", "§ 4 Nr. 12 Buchst. a UStG", "DE89 3704 0044 0532 0130 00", "RF",
    ):  # fmt: skip
        assert wanted in words, wanted
    assert issued.content["rates"] == [
        {"rate_bp": 1900, "exempt": "", "net_cents": 3782, "vat_cents": 718, "gross_cents": 4500},
        {"rate_bp": 0, "exempt": "letting", "net_cents": 26000, "vat_cents": 0, "gross_cents": 26000},
    ]


def test_up_to_the_small_amount_the_name_is_enough_and_above_it_is_not(run: Books) -> None:
    small, large = run.charge(25_000), run.charge(25_001)
    name_alone = service.BuyerRequest("Ayşe Yılmaz")
    with pytest.raises(Invalid) as refused:
        issue(run, large, name_alone)
    assert set(refused.value.fields) == {"street", "postcode", "city"}
    assert issue(run, small, name_alone).content["small"] is True


def test_a_small_business_says_so_instead_of_tax_and_only_for_what_was_supplied_then(app: Flask, run: Books) -> None:
    with db.transaction() as session:
        before = session.scalars(select(RuleValue).where(RuleValue.key == "vat.small_business")).one()
        before.valid_until = date(2026, 11, 1)
        session.add(
            RuleValue(key="vat.small_business", value="1", unit="yes/no", source="UStG § 19", valid_from=date(2026, 11, 1))
        )
    then, later = run.charge(4500, kind="cleaning", day=date(2026, 10, 31)), run.charge(4500, kind="cleaning")
    assert "Umsatzsteuer 19 % 7,18 €" in told(app, issue(run, then))
    words = told(app, issue(run, later))
    assert "§ 19 Abs. 1 UStG" in words and "7,18" not in words


def test_numbers_have_no_gap_and_a_refused_one_takes_none(run: Books) -> None:
    first, second = run.charge(1000), run.charge(2000)
    assert issue(run, first).no == "R-2026-001"
    with pytest.raises(service.AlreadyInvoiced):
        issue(run, first)
    with pytest.raises(Invalid):
        issue(run, second, service.BuyerRequest(""))
    assert issue(run, second).no == "R-2026-002"


def test_nobody_issues_invoices_of_an_unknown_operator(books: Books) -> None:
    charge = books.charge(1000)
    with pytest.raises(service.OperatorUnknown):
        issue(books, charge)


def test_cancelling_and_reducing_correct_the_invoice_with_a_number_of_its_own(app: Flask, run: Books) -> None:
    charge = run.charge(30_000)
    issue(run, charge)
    with in_turn():
        cheaper = service.reduce_charge(now(charge), "hardship", 15_000, "Antrag", run.at_desk)
    correction = db.session().scalars(select(Invoice).where(Invoice.kind == "correction")).one()
    assert (correction.no, correction.charge_id, correction.content["total_cents"]) == ("R-2026-002", charge.id, -30_000)
    words = told(app, correction)
    assert "Rechnungskorrektur" in words and "R-2026-001 vom 26.11.2026" in words and "-300,00 €" in words.replace("−", "-")
    assert issue(run, cheaper).no == "R-2026-003"
    with in_turn():
        service.cancel_charge(now(cheaper), "abgesagt", run.at_desk)
    assert db.session().scalars(select(Invoice.number).order_by(Invoice.id)).all() == [1, 2, 3, 4]
    assert books_are_right()


def test_an_issued_invoice_cannot_be_changed(run: Books) -> None:
    issue(run, run.charge(1000))
    for statement in ("UPDATE invoice SET number = 7", "DELETE FROM invoice"):
        with pytest.raises(DBAPIError), db.transaction() as session:
            session.execute(text(statement))


def test_what_has_been_paid_is_not_asked_for_again(app: Flask, run: Books) -> None:
    charge = run.charge(1000)
    with in_turn():
        service.take_payment(service.PaymentRequest(run.house, "cash", {charge.id: 1000}), run.at_desk)
    words = told(app, issue(run, charge))
    assert "Der Betrag ist bezahlt" in words and "IBAN" not in words


# Ways to pay ---------------------------------------------------------------------------------------------------------


def test_the_code_of_a_transfer_is_that_of_the_standard() -> None:
    operator = Operator(name="Nachbarschaftshaus Marten eG", iban="DE89370400440532013000")
    payload = "BCD\n002\n1\nSCT\n\nNachbarschaftshaus Marten eG\nDE89370400440532013000\nEUR25.00\n\n\nSPENDE 2026-0042"
    assert service.transfer_text(operator, 2500, text="SPENDE 2026-0042") == payload and len(payload.encode()) == 94
    made = papers.giro_code(operator, 2500, text="SPENDE 2026-0042")
    assert made is not None and made.designator == "6-M"
    for wrong in ({"text": "x" * 141}, {"text": "x", "reference": "RF09R2026031"}):
        with pytest.raises(ValueError):
            service.transfer_text(operator, 2500, **wrong)
    assert papers.giro_code(operator, 0, text="x") is None
    assert papers.giro_code(Operator(name="x", iban="DE89370400440532013001"), 100, text="x") is None


@pytest.mark.parametrize("number", ["R2026031", "R-2026-031", "r-2026-031"])
def test_the_reference_of_an_invoice_has_the_check_digits_of_the_standard(number: str) -> None:
    assert service.rf_reference(number) == "RF09R2026031"


@pytest.mark.parametrize(
    ("iban", "right"),
    [
        ("DE89370400440532013000", True),
        ("DE89370400440532013001", False),
        ("DE8937040044053201300", False),
        ("GB82WEST12345698765432", True),
        ("XX00", False),
        ("", False),
    ],
)
def test_an_iban_is_checked(iban: str, right: bool) -> None:
    assert service.iban_is_right(iban) is right


# The rule and its filter ---------------------------------------------------------------------------------------------


def test_the_list_of_ones_own_shows_exactly_what_the_rule_allows(books: Books) -> None:
    with db.transaction() as session:
        session.add(Membership(person_id=books.karl, organisation_id=books.choir))
    books.charge(100)
    books.charge(200, person_id=books.karl)
    books.charge(300, person_id=None, organisation_id=books.choir)
    books.charge(400, organisation_id=books.choir)
    for person in (books.ayse, books.karl, books.desk, None):
        who = books.at_desk.__class__(person_id=person, session_key="x")
        listed = set(db.session().scalars(select(Charge.id).where(policy.only_own(who, Charge))))
        allowed = {each.id for each in db.session().scalars(select(Charge)) if policy.own_money(who, each)}
        assert listed == allowed
    assert {each.cents for each in queries.own_standing(books.house, books.at_desk).open} == set()
    for model in (Deposit, Payment, Refund):
        assert db.session().scalars(select(model).where(policy.only_own(books.at_desk, model))).all() == []


def test_only_what_is_not_on_the_tally_is_charged_by_hand(books: Books) -> None:
    request: dict[str, Any] = {"kind": "cafe-food"}
    with pytest.raises(Invalid), in_turn():
        service.charge_by_hand(books.request(220, **request), books.at_desk)
    with in_turn():
        assert service.charge_by_hand(books.request(220), books.at_desk).total_cents == 220
