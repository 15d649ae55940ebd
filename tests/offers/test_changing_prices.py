"""Dated prices: a new price ends the old one on a day, and neither the past nor what is planned for later is touched."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock, db, i18n
from app.core.errors import Invalid
from app.core.policy import THE_HOUSE
from app.houses.models import House
from app.journal.models import JournalEntry
from app.offers import queries, service
from app.offers.service import NewPrice
from tests.conftest import THURSDAY
from tests.makers import a_house, a_tariff

TODAY = THURSDAY.date()
NEW_YEAR = date(2027, 1, 1)
MARCH = date(2027, 3, 1)
CODE = "room-saal"


@pytest.fixture(autouse=True)
def english(app: Flask) -> Any:
    with i18n.speaking("en"):
        yield


@pytest.fixture
def house(app: Flask) -> int:
    made = a_house()
    a_tariff(made, CODE, "A", 0)
    a_tariff(made, CODE, "C", 2200)
    a_tariff(made, "room-kueche", "C", 3000)
    return made


def change(house: int, day: date, **prices: NewPrice | None) -> list[str]:
    with db.transaction():
        return service.change_prices(house, CODE, day, prices, THE_HOUSE)


def told(house: int) -> list[tuple[str, int, str, str]]:
    """Class, cents, first day and day before which it holds, in the order of time."""
    found = queries.tariffs(house, CODE)
    db.session().close()
    rows = [(row.tariff_class, row.cents, str(row.valid_from), str(row.valid_until or "")) for row in found]
    return sorted(rows, key=lambda row: (row[0], row[2]))


def test_a_new_price_ends_the_old_one_on_that_day(house: int) -> None:
    assert change(house, NEW_YEAR, A=NewPrice(0), C=NewPrice(2500, min_minutes=120)) == ["C"]
    assert told(house) == [("A", 0, "2026-01-01", ""), ("C", 2200, "2026-01-01", "2027-01-01"), ("C", 2500, "2027-01-01", "")]
    assert queries.prices(house, CODE, date(2026, 12, 31))["C"].cents == 2200
    price = queries.prices(house, CODE, NEW_YEAR)["C"]
    assert (price.cents, price.unit, price.min_minutes) == (2500, "hour", 120)
    assert service.price_of(price, 30).cents == 5000
    assert queries.prices(house, "room-kueche", NEW_YEAR)["C"].cents == 3000
    lines = db.session().scalars(select(JournalEntry).where(JournalEntry.act == "tariff_changed")).all()
    facts = [(line.facts["tariff_class"], line.facts["cents"], line.facts["valid_from"]) for line in lines]
    assert facts == [("C", 2500, "2027-01-01")]
    assert db.session().get_one(House, house).stamp == 1


def test_a_price_in_between_holds_until_the_one_that_is_planned_already(house: int) -> None:
    change(house, MARCH, C=NewPrice(3000))
    change(house, NEW_YEAR, C=NewPrice(2500))
    assert told(house)[1:] == [
        ("C", 2200, "2026-01-01", "2027-01-01"), ("C", 2500, "2027-01-01", "2027-03-01"), ("C", 3000, "2027-03-01", "")
    ]  # fmt: skip


def test_a_class_that_had_no_price_gets_one_until_its_next(house: int) -> None:
    change(house, MARCH, D=NewPrice(4000, "flat"), C=NewPrice(2200))
    change(house, TODAY, D=NewPrice(3800))
    commercial = [row for row in told(house) if row[0] == "D"]
    assert commercial == [("D", 3800, "2026-11-26", "2027-03-01"), ("D", 4000, "2027-03-01", "")]


def test_a_class_may_use_it_no_longer_from_a_day_on(house: int) -> None:
    assert change(house, NEW_YEAR, A=NewPrice(0), C=None, D=None) == ["C"]
    assert sorted(queries.prices(house, CODE, date(2026, 12, 31))) == ["A", "C"]
    assert sorted(queries.prices(house, CODE, NEW_YEAR)) == ["A"]
    assert change(house, NEW_YEAR, A=NewPrice(0), C=None) == []


def test_what_was_set_for_this_very_day_is_replaced(house: int) -> None:
    change(house, TODAY, C=NewPrice(225))
    change(house, TODAY, C=NewPrice(2250))
    assert told(house)[1:] == [("C", 2200, "2026-01-01", "2026-11-26"), ("C", 2250, "2026-11-26", "")]


def test_what_is_planned_can_be_taken_back_and_the_old_price_goes_on(house: int) -> None:
    before = told(house)
    change(house, MARCH, C=NewPrice(3000))
    later = told(house)
    change(house, NEW_YEAR, A=None, C=NewPrice(2500), D=NewPrice(5000))
    with db.transaction():
        assert service.withdraw_prices(house, CODE, NEW_YEAR, THE_HOUSE) == 3
    assert told(house) == later
    with db.transaction():
        assert service.withdraw_prices(house, CODE, MARCH, THE_HOUSE) == 1
    assert told(house) == before


def test_a_price_that_holds_is_not_taken_back(house: int) -> None:
    change(house, NEW_YEAR, C=NewPrice(2500))
    with clock.stopped_at(clock.midnight(NEW_YEAR, i18n.zone())), pytest.raises(Invalid), db.transaction():
        service.withdraw_prices(house, CODE, NEW_YEAR, THE_HOUSE)
    with pytest.raises(Invalid), db.transaction():
        service.withdraw_prices(house, CODE, MARCH, THE_HOUSE)
    assert len(told(house)) == 3


@pytest.mark.parametrize(
    ("day", "prices"),
    [
        (date(2026, 11, 25), {"C": NewPrice(2500)}),
        (NEW_YEAR, {"A": None, "C": None}),
        (NEW_YEAR, {}),
        (NEW_YEAR, {"E": NewPrice(100)}),
        (NEW_YEAR, {"C": NewPrice(-1)}),
        (NEW_YEAR, {"C": NewPrice(100, "minute")}),
        (NEW_YEAR, {"C": NewPrice(100, "hour", 1441)}),
    ],
)
def test_prices_that_cannot_be_are_refused_and_nothing_changes(house: int, day: date, prices: dict[str, Any]) -> None:
    before = told(house)
    with pytest.raises(Invalid):
        change(house, day, **prices)
    assert told(house) == before
