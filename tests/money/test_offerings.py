"""Offerings, kinds of income and dated values: the treasurer's pages, and what a changed value means for tax and cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.core import db, i18n
from app.core.errors import Invalid
from app.core.forms import Form
from app.core.policy import Role
from app.journal.models import JournalEntry
from app.money import service
from app.money.forms.offerings import Percent
from app.money.models import Charge, ChargeLine, IncomeKind
from app.offers import queries as offers
from app.offers import service as offers_service
from app.offers.models import Offering
from tests.browser_client import Reader
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person, in_turn
from tests.money.conftest import Books

TODAY = THURSDAY.date()
NEW_YEAR = date(2027, 1, 1)


@pytest.fixture
def treasurer(books: Books, app: Flask) -> Reader:
    return Reader(app).sign_in_as(books.treasurer)


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    with i18n.speaking("en"):
        yield


def value_on(key: str, day: date) -> str:
    found = offers.rule_value(key, day)
    db.session().close()
    return found


# Scenario 6 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "food_vat"), [(date(2025, 12, 31), 278), (date(2026, 1, 1), 114)])
def test_a_brunch_is_split_by_the_thirty_per_cent_rule_and_taxed_by_the_day_of_supply(
    books: Books, day: date, food_vat: int
) -> None:
    share = offers.rule_number("vat.combined_drinks", date(2026, 1, 1))
    parts = service.combined_offer(2490, offers.tax_rate("food", day), offers.tax_rate("drinks", day), share)
    assert (parts.drinks, parts.drinks_vat, parts.food, parts.food_vat) == (747, 119, 1743, food_vat)


@pytest.mark.parametrize("gross", [0, 1, 2, 3, 99, 100_000_00])
def test_a_combined_offer_never_loses_a_cent(gross: int) -> None:
    parts = service.combined_offer(gross, 700, 1900, 3000)
    assert parts.food + parts.drinks == gross and parts.food >= 0 and parts.drinks >= 0


# Values --------------------------------------------------------------------------------------------------------------


def test_the_treasurer_reads_every_value_in_words_with_its_source(treasurer: Reader) -> None:
    page = treasurer.get("/money/values")
    treasurer.at_most(8)
    assert "VAT on food eaten on the spot: 7 %" in page.text
    assert "UStG § 12 (2) 15" in page.text
    assert "Minimum wage, an hour: €13.90" in page.html.text and "new from" in page.text
    assert "Vouchers are kept for: 8 years" in page.text
    assert "no VAT: no" in page.text
    assert "up to 14 days before: 0 % · up to 3 days before: 50 % · later: 100 %" in page.text


def test_a_new_rate_holds_from_its_day_on_and_the_old_one_stays_readable(treasurer: Reader) -> None:
    treasurer.get("/money/values/vat.food")
    page = treasurer.submit("Set this value", valid_from=NEW_YEAR, percent="12,5", source="UStG § 12 (2) 15, neu")
    assert "12.5 %" in page.text and "planned" in page.text
    assert [value_on("vat.food", day) for day in (date(2025, 12, 31), date(2026, 12, 31), NEW_YEAR)] == ["1900", "700", "1250"]
    treasurer.submit("Take back")
    assert value_on("vat.food", NEW_YEAR) == "700"
    lines = db.session().scalars(select(JournalEntry.act).where(JournalEntry.act == "rule_value_changed")).all()
    assert len(lines) == 2


def test_what_held_on_a_day_that_is_over_is_never_changed(treasurer: Reader) -> None:
    treasurer.get("/money/values/vat.food")
    page = treasurer.submit("Set this value", expect=422, valid_from="2026-11-25", percent="19", source="Irrtum")
    assert "already over" in page.errors["valid_from"]
    assert page.main.one("input", name="percent")["value"] == "19"
    assert value_on("vat.food", date(2026, 11, 25)) == "700"


@pytest.mark.parametrize("typed", ["", "-1", "1e3", "viel", "101", "7,555", "٧"])
def test_a_rate_that_is_none_comes_back_as_typed(treasurer: Reader, typed: str) -> None:
    treasurer.get("/money/values/vat.food")
    page = treasurer.submit("Set this value", expect=422, valid_from=NEW_YEAR, percent=typed, source="x")
    assert set(page.errors) == {"percent"}
    assert value_on("vat.food", NEW_YEAR) == "700"


def test_a_small_business_owes_no_tax_from_that_day_on(treasurer: Reader, books: Books) -> None:
    treasurer.get("/money/values/vat.small_business")
    treasurer.submit("Set this value", valid_from=NEW_YEAR, answer="1", source="Erklärung vom 26.11.2026")
    before, after = books.charge(4500, kind="cleaning"), books.charge(4500, kind="cleaning", day=NEW_YEAR)
    vat = {row.charge_id: row.vat_cents for row in db.session().execute(select(ChargeLine.charge_id, ChargeLine.vat_cents))}
    assert (vat[before.id], vat[after.id]) == (718, 0)


def test_the_terms_of_cancelling_are_three_questions(treasurer: Reader) -> None:
    page = treasurer.get("/money/values/rooms.cancellation")
    shown = [page.main.one("input", name=name)["value"] for name in ("free_days", "share", "share_days", "late_share")]
    assert shown == ["14", "50", "3", "100"]
    page = treasurer.submit(
        "Set this value", valid_from=TODAY, free_days="7", share="40", share_days="2", late_share="80", source="Beschluss"
    )
    assert value_on("rooms.cancellation", TODAY) == "7:0 2:40 0:80"
    page = treasurer.submit("Set this value", expect=422, free_days="2", share_days="7", source="Beschluss")
    assert "fewer from line to line" in page.text
    assert value_on("rooms.cancellation", TODAY) == "7:0 2:40 0:80"


@pytest.mark.parametrize("terms", ["", "x", "14:0", "3:50 14:0 0:100", "14:0 3:101 0:100", "14:50 0:10", "9999:0 0:100"])
def test_terms_that_make_no_sense_are_refused(books: Books, english: None, terms: str) -> None:
    with pytest.raises(Invalid), in_turn():
        offers_service.set_value("rooms.cancellation", terms, NEW_YEAR, "Beschluss", books.at_books)


def test_there_is_no_page_of_a_value_nobody_knows(treasurer: Reader) -> None:
    treasurer.get("/money/values/vat.moon", expect=404)


# Offerings and kinds of income ---------------------------------------------------------------------------------------


def test_an_offering_is_added_changed_put_away_and_used_again(treasurer: Reader) -> None:
    treasurer.get("/money/offerings")
    treasurer.at_most(8)
    treasurer.click("Add an offering")
    page = treasurer.submit("Add", code="O13", name="Tanztee", sphere="4", unit="Besuch", paid="yes")
    assert "O13 Tanztee" in page.text and "W, taxable business" in page.text
    made = db.session().scalars(select(Offering).where(Offering.code == "O13")).one().id
    treasurer.get(f"/money/offerings/{made}")
    page = treasurer.submit("Save", name="Tanztee am Sonntag", paid="no")
    assert "O13 Tanztee am Sonntag" in page.text
    treasurer.get(f"/money/offerings/{made}/archive")
    page = treasurer.submit("Yes, put it away")
    assert page.has_button("Use again")
    page = treasurer.submit("Use again")
    assert not page.has_button("Use again")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "O01"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "O 13"}, "code"),
        ({"name": ""}, "name"),
        ({"unit": ""}, "unit"),
    ],
)
def test_an_offering_that_says_too_little_comes_back_as_typed(treasurer: Reader, values: dict[str, str], field: str) -> None:
    treasurer.get("/money/offerings/new")
    whole = {"code": "O13", "name": "Tanztee", "sphere": "4", "unit": "Besuch", "paid": "yes", **values}
    page = treasurer.submit("Add", expect=422, **whole)
    assert set(page.errors) == {field}
    assert len(offers.offerings(1, archived=True)) == 12


def test_a_kind_of_income_is_added_and_a_charge_is_booked_as_it_says(treasurer: Reader, books: Books) -> None:
    treasurer.get("/money/kinds")
    treasurer.at_most(10)
    treasurer.click("Add a kind of income")
    page = treasurer.submit(
        "Add", name="Bühnenlicht", offering_code="O02", account_code="4020", tax_code="standard", note="Beratung 1.11."
    )
    assert "Bühnenlicht" in page.text and "standard rate, 19 %" in page.text and "Beratung 1.11." in page.text
    made = db.session().scalars(select(IncomeKind).where(IncomeKind.name == "Bühnenlicht")).one().code
    charge = books.charge(1190, kind=made)
    line = db.session().scalars(select(ChargeLine).where(ChargeLine.charge_id == charge.id)).one()
    assert (line.vat_cents, line.rate_bp) == (190, 1900)
    treasurer.get(f"/money/kinds/{made}")
    treasurer.submit("Save", tax_code="exempt")
    assert "exempt by § 4 UStG" in treasurer.page.text
    treasurer.get(f"/money/kinds/{made}")
    assert treasurer.submit("Put away").has_button("Use again")


def test_only_treasurer_and_manager_keep_them_and_only_of_their_house(app: Flask, books: Books, treasurer: Reader) -> None:
    elsewhere = a_house("eving", "Eving")
    with in_turn():
        service.furnish_books(elsewhere)
    theirs = db.session().scalars(select(Offering.id).where(Offering.house_id == elsewhere).limit(1)).one()
    db.session().close()
    treasurer.get(f"/money/offerings/{theirs}", expect=404)
    treasurer.get(f"/money/kinds/room-{elsewhere}", expect=404)
    for person in (books.desk, books.ayse, a_person("Fremd", "Kasse", (Role.TREASURER, elsewhere))):
        reader = Reader(app).sign_in_as(person)
        for path in ("/money/offerings", "/money/kinds", "/money/values", "/money/values/vat.food"):
            reader.get(path, expect=404)


def test_a_house_from_before_there_were_books_begins_with_the_ready_ones(app: Flask) -> None:
    house = a_house()
    manager = Reader(app).sign_in_as(a_person("Mira", "Brandt", (Role.MANAGER, house)))
    assert "There are no offerings yet" in manager.get("/money/offerings").text
    assert "O01 Raumnutzung" in manager.submit("Begin with the ready ones").text
    assert len(offers.offerings(house)) == 12


def test_its_first_charge_does_the_same(app: Flask, english: None) -> None:
    house = a_house()
    person = a_person("Ayşe", "Yılmaz", (Role.RESIDENT, house))
    line = service.ChargeLineRequest("room", "Saal", 1000)
    with in_turn():
        from app.core.policy import THE_HOUSE

        service.charge(service.ChargeRequest(house, person, "Saal", [line], supplied_from=TODAY), THE_HOUSE)
    assert db.session().scalars(select(Charge.total_cents)).one() == 1000


@pytest.mark.parametrize("typed", ["7,²", "²", "7,5,5", "-7", "1000", "sieben"])
def test_nonsense_for_a_rate_is_told_in_our_words(app: Flask, english: None, typed: str) -> None:
    class RateForm(Form):
        rate = Percent("Rate")

    form = RateForm(MultiDict({"rate": typed}))
    assert not form.validate()
    assert form.rate.errors == ["Please write per cent, such as 7 or 7,5."]
