"""What a booking costs, as people see it: while choosing, on its page, before cancelling, in letters; and how the manager sets it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.core import clock, db
from app.core.policy import Role
from app.money import queries as money
from app.money import service as till
from app.money.models import Charge
from app.notices.models import Letter
from app.offers.models import Tariff
from app.people.models import Person
from app.rooms.models import Booking, Surcharge
from tests.browser_client import Page, Reader
from tests.makers import a_house, a_person, a_tariff, in_turn
from tests.money.conftest import books_are_right
from tests.rooms.marten import MONDAY, Marten, at, signed_in

SATURDAY = "2026-12-12"


@pytest.fixture
def hall(bare_app: Flask, marten: Marten) -> Marten:
    with bare_app.app_context():
        till_codes = (("cleaning", "Reinigung", "always"), ("beamer", "Beamer", "chosen"), ("deposit", "Kaution", "deposit"))
        with db.transaction() as session:
            session.execute(update(Tariff).where(Tariff.code == "hall", Tariff.tariff_class == "C").values(min_minutes=180))
            for code, name, how in till_codes:
                session.add(Surcharge(room_id=marten.hall.id, code=code, name=name, how=how))
        for code, cents in (("cleaning", 4500), ("beamer", 500), ("deposit", 15000)):
            a_tariff(marten.house, code, "C", cents, unit="flat")
        a_tariff(marten.house, "hall", "B", 1000)
    return marten


@pytest.fixture
def manager(bare_app: Flask, marten: Marten) -> Reader:
    return signed_in(bare_app, marten.manager)


def ask(reader: Reader, expect: int = 200, **more: Any) -> Page:
    reader.get("/rooms/saal/book")
    values = {"day": SATURDAY, "starts": "14:00", "ends": "16:00", "purpose": "Birthday", "people": "20", "tariff_class": "C"}
    return reader.submit("/rooms/saal/book", expect=expect, **{**values, **more})


def number(page: Page) -> int:
    found = re.search(r"/bookings/(\d+)", page.path)
    assert found is not None, page.path
    return int(found[1])


def by_desk(desk: Reader, marten: Marten, **more: Any) -> int:
    desk.get(f"/rooms/saal/book?for={marten.ayse}")
    values = {"day": SATURDAY, "starts": "14:00", "ends": "16:00", "purpose": "Birthday", "people": "20", "tariff_class": "C"}
    return number(desk.submit("/rooms/saal/book", **{**values, **more}))


def test_the_price_and_its_parts_are_shown_while_choosing(ayse: Reader, hall: Marten) -> None:
    query = f"day={SATURDAY}&starts=14:00&ends=16:00&tariff_class=C&extras=beamer"
    told = ayse.client.get(f"/rooms/saal/price?{query}", headers={"Accept-Language": "en"}).text
    for words in ("Hall, at least 3", "€66.00", "Reinigung", "€45.00", "Beamer", "€5.00", "€116.00", "Kaution", "€150.00",
                  "up to 14 days before: free of charge"):  # fmt: skip
        assert words in told, words


def test_nonsense_while_choosing_is_no_price_and_no_error(ayse: Reader, hall: Marten) -> None:
    for query in ("", "day=x", f"day={SATURDAY}&starts=14:00&ends=13:00&tariff_class=C", f"day={SATURDAY}&starts=1&ends=2&tariff_class=Z",
                  f"day={SATURDAY}&starts=14:00&ends=16:00&tariff_class=C&extras=%00&reduction=gift&reduced_to=1"):  # fmt: skip
        assert ayse.client.get(f"/rooms/saal/price?{query}").status_code == 200


def test_a_wish_says_what_it_will_cost_and_once_confirmed_what_is_to_be_paid(ayse: Reader, desk: Reader, hall: Marten) -> None:
    page = ask(ayse)
    assert "€111.00" in page.text and "To be paid only once it is confirmed." in page.text
    booking = number(page)
    desk.get(f"/bookings/{booking}")
    desk.submit(f"/bookings/{booking}/confirm")
    page = ayse.get(f"/bookings/{booking}")
    assert "€111.00 by Thursday, December 10, 2026" in page.text
    assert "please hand it in by Friday, December 11, 2026" in page.text
    assert not page.has_link("Take money")
    assert desk.get(f"/bookings/{booking}").link("Take money")["href"] == f"/money/take?person={hall.ayse}"
    desk.at_most(14)


def test_prices_in_the_form_are_nobodys_but_the_houses(ayse: Reader, bare_app: Flask, hall: Marten) -> None:
    ayse.get("/rooms/saal/book")
    ayse.post(
        "/rooms/saal/book",
        {"day": SATURDAY, "starts": "14:00", "ends": "16:00", "purpose": "Birthday", "people": "20", "tariff_class": "C",
         "price_cents": "1", "reduction": "free_on_application", "reduced_to": "0", "reduction_reason": "me", "lines": "[]"},
    )  # fmt: skip
    with bare_app.app_context():
        assert db.session().scalars(select(Booking.price_cents)).one() == 11100


def test_the_desk_lets_somebody_pay_less_with_a_reason(desk: Reader, bare_app: Flask, hall: Marten) -> None:
    booking = by_desk(desk, hall, reduction="hardship", reduced_to="20", reduction_reason="Kleine Rente")
    assert "Reduction: hardship" in desk.page.text and "€20.00" in desk.page.text
    with bare_app.app_context():
        charge = db.session().scalars(select(Charge).where(Charge.source_id == booking)).one()
        assert (charge.total_cents, charge.normal_cents, charge.reason) == (2000, 11100, "Kleine Rente")


def test_a_reduction_without_a_reason_comes_back_at_its_field(desk: Reader, bare_app: Flask, hall: Marten) -> None:
    desk.get(f"/rooms/saal/book?for={hall.ayse}")
    page = desk.submit(
        "/rooms/saal/book", expect=422, day=SATURDAY, starts="14:00", ends="16:00", purpose="Birthday", people="20",
        tariff_class="C", reduction="hardship", reduced_to="20",
    )  # fmt: skip
    assert set(page.errors) == {"reduction_reason"}
    with bare_app.app_context():
        assert db.session().scalars(select(Booking)).all() == []


def test_before_cancelling_one_reads_what_it_costs_and_what_comes_back(
    ayse: Reader, desk: Reader, bare_app: Flask, hall: Marten
) -> None:
    booking = by_desk(desk, hall)
    with bare_app.app_context():
        owed = money.owed_for("booking", booking)
        db.session().close()
        with in_turn():
            till.take_payment(
                till.PaymentRequest(hall.house, "bank", {owed.charges[0]: 11100}, {owed.deposits[0].id: 15000}), hall.at_desk()
            )
    with clock.stopped_at(at(MONDAY.replace(month=12, day=5), "12:00")):
        page = ayse.sign_in_as(hall.ayse).get(f"/bookings/{booking}/cancel")
        for words in ("€55.50", "50 % of €111.00", "have been paid already and come back", "The deposit of €150.00 comes back"):
            assert words in page.text, words
        assert "The house cancels" not in page.text
        page = ayse.submit("Yes, cancel it")
        assert "Stays to be paid" in page.text and "Comes back" in page.text
    with bare_app.app_context():
        letter = db.session().scalars(select(Letter).where(Letter.person_id == hall.ayse).order_by(Letter.id.desc())).first()
        assert letter is not None and "You get €55.50 back" in letter.body and "Your deposit of €150.00 waits" in letter.body
        assert books_are_right()


def test_the_desk_says_that_the_house_cancels(desk: Reader, bare_app: Flask, hall: Marten) -> None:
    booking = by_desk(desk, hall)
    with clock.stopped_at(at(MONDAY.replace(month=12, day=12), "09:00")):
        assert "€111.00" in desk.sign_in_as(hall.desk).get(f"/bookings/{booking}/cancel").text
        desk.submit("Yes, cancel it", house_cancels=True)
    with bare_app.app_context():
        assert money.owed_for("booking", booking).total_cents == 0


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["It costs €111.00.", "– Hall, at least 3 h: €66.00", "– Reinigung: €45.00", "Please pay €111.00 by Thursday", "Kaution, €150.00"]),
        ("de", ["Sie kostet 111,00 €.", "– Hall, mindestens 3 Std.: 66,00 €", "Bitte zahle 111,00 € bis spätestens Donnerstag, 10. Dezember 2026",
                "Bitte gib bis Freitag, 11. Dezember 2026 ab: Kaution, 150,00 €"]),
    ],
)  # fmt: skip
def test_the_letter_names_price_parts_due_day_and_deposit(
    desk: Reader, bare_app: Flask, hall: Marten, language: str, words: list[str]
) -> None:
    with bare_app.app_context(), db.transaction() as session:
        session.execute(update(Person).where(Person.id == hall.ayse).values(language=language))
    by_desk(desk, hall)
    with bare_app.app_context():
        letter = db.session().scalars(select(Letter).where(Letter.person_id == hall.ayse)).one()
        text = letter.body.replace("\xa0", " ")
        for each in words[1:]:
            assert each in text, text


def test_a_booking_through_the_api_is_charged_likewise(bare_app: Flask, hall: Marten) -> None:
    from app.accounts import service as accounts
    from app.core.policy import THE_HOUSE

    with bare_app.app_context(), db.transaction():
        token = accounts.create_token(label="t", role=Role.DESK, house_id=hall.house, person_id=hall.desk, by=THE_HOUSE).token
    body = {"room": "saal", "starts_at": f"{SATURDAY}T14:00:00+01:00", "ends_at": f"{SATURDAY}T16:00:00+01:00", "purpose": "Birthday",
            "people": 4, "booked_for": hall.ayse, "tariff_class": "C", "extras": ["beamer"]}  # fmt: skip
    answer = bare_app.test_client().post("/api/v1/bookings", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201 and answer.json is not None and answer.json["price_cents"] == 11600, answer.text
    with bare_app.app_context():
        assert money.owed_for("booking", answer.json["id"]).total_cents == 11600


# The manager ---------------------------------------------------------------------------------------------------------


def test_something_is_charged_beside_a_room_with_prices_in_a_season(manager: Reader, ayse: Reader, marten: Marten) -> None:
    manager.get("/rooms/gruppe/edit")
    manager.click("Add something")
    page = manager.submit("Add", name="Heizung", how="always")
    assert page.h1 == "Prices: Heizung"
    page = manager.submit("Set these prices", price_c="10", unit_c="flat", season_from="1.10.", season_until="30.4.")
    assert "€10.00 flat, 1 October to 30 April" in page.text
    address = "/rooms/gruppe/price?starts=10:00&ends=12:00&tariff_class=C&day="
    assert "€34.00" in ayse.client.get(address + str(MONDAY)).text
    assert "€24.00" in ayse.client.get(address + "2027-06-07").text
    assert "Heizung" in manager.get("/rooms/gruppe/edit").text
    manager.at_most(10)


@pytest.mark.parametrize(("first", "last"), [("1.10.", ""), ("", "30.4."), ("31.2.", "1.3."), ("Oktober", "April")])
def test_a_season_that_is_none_comes_back(manager: Reader, hall: Marten, first: str, last: str) -> None:
    manager.get("/house/surcharges/cleaning/prices")
    page = manager.submit("Set these prices", expect=422, season_from=first, season_until=last)
    assert page.main.one("input", name="season_from")["value"] == first
    assert page.errors


def test_what_costs_the_same_in_two_rooms_shares_its_prices(manager: Reader, ayse: Reader, hall: Marten) -> None:
    manager.get("/rooms/gruppe/surcharges/new")
    assert manager.submit("Add", name="Putzen", code="cleaning").h1 == "Prices: Putzen"
    address = f"/rooms/gruppe/price?starts=10:00&ends=12:00&tariff_class=C&day={MONDAY}"
    assert "€69.00" in ayse.client.get(address).text
    manager.get("/rooms/gruppe/surcharges/new")
    assert "has it already" in manager.submit("Add", expect=422, name="Putzen", code="cleaning").text


def test_a_surcharge_is_changed_and_taken_away_and_bookings_keep_their_price(
    manager: Reader, desk: Reader, bare_app: Flask, hall: Marten
) -> None:
    booking = by_desk(desk, hall)
    with bare_app.app_context():
        cleaning = db.session().scalars(select(Surcharge.id).where(Surcharge.code == "cleaning")).one()
    manager.get(f"/rooms/saal/surcharges/{cleaning}")
    assert "Endreinigung" in manager.submit("Save", name="Endreinigung").text
    manager.get(f"/rooms/saal/surcharges/{cleaning}/remove")
    assert "Endreinigung" not in manager.submit("Yes, take away").main.text.partition("no longer belongs")[2]
    assert "€111.00" in desk.get(f"/bookings/{booking}").text


def test_only_the_manager_of_this_house_decides_what_is_charged(bare_app: Flask, desk: Reader, hall: Marten) -> None:
    with bare_app.app_context():
        elsewhere = a_house("eving", "Eving")
        stranger = signed_in(bare_app, a_person("Fremd", "Chefin", (Role.MANAGER, elsewhere), language="en"))
        cleaning = db.session().scalars(select(Surcharge.id).where(Surcharge.code == "cleaning")).one()
    for reader in (desk, stranger):
        for path in ("/rooms/saal/surcharges/new", f"/rooms/saal/surcharges/{cleaning}", "/house/surcharges/cleaning/prices"):
            reader.get(path, expect=404)
            reader.post(path, {"name": "x", "how": "always"}, expect=404)
