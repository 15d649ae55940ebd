"""Rooms charge: what a use costs, what is charged when it is confirmed, and what comes back when it is not to be."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.core import clock, db, i18n
from app.core.errors import Invalid
from app.money import queries as money
from app.money import service as till
from app.money.models import Charge, Deposit, LedgerEntry, Refund
from app.offers.models import Tariff
from app.rooms import service
from app.rooms.models import Booking, Room, State, Surcharge
from app.rooms.service import ReductionRequest
from tests.makers import a_tariff, in_turn
from tests.money.conftest import books_are_right
from tests.rooms.marten import MONDAY, Marten, at, book, card, do, found, span

SATURDAY = date(2026, 12, 12)
JULY = date(2027, 7, 10)


@pytest.fixture(autouse=True)
def english(app: Flask) -> Any:
    with i18n.speaking("en"):
        yield


@pytest.fixture
def hall(app: Flask, marten: Marten) -> Marten:
    """The hall with prices and surcharges as in centre.md (d), free of what the small house begins with."""
    with db.transaction() as session:
        session.execute(update(Tariff).where(Tariff.code == "hall").values(code="old"))
        for code, name, how, kind in (
            ("cleaning", "Reinigung", "always", "cleaning"),
            ("heating", "Heizung", "always", "room"),
            ("projector", "Beamer", "chosen", "room-extra"),
            ("deposit", "Kaution", "deposit", "room"),
            ("key", "Schlüsselpfand", "key", "room"),
        ):
            session.add(Surcharge(room_id=marten.hall.id, code=code, name=name, how=how, income_kind=kind))
    for tariff_class, cents in (("A", 0), ("B", 1000), ("C", 2200), ("D", 3800)):
        a_tariff(marten.house, "hall", tariff_class, cents, min_minutes=180 if tariff_class in "CD" else 0)
        a_tariff(marten.house, "projector", tariff_class, 500, unit="flat")
        a_tariff(marten.house, "key", tariff_class, 5000, unit="flat")
    for tariff_class, cents in (("C", 15000), ("D", 20000)):
        a_tariff(marten.house, "deposit", tariff_class, cents, unit="flat")
        a_tariff(marten.house, "cleaning", tariff_class, 4500, unit="flat")
    for tariff_class in "BCD":
        a_tariff(marten.house, "heating", tariff_class, 1000, unit="flat", season="10-01/04-30")
    for tariff_class, cents in (("A", 0), ("B", 1500), ("C", 3000), ("D", 5000)):
        a_tariff(marten.house, "kitchen", tariff_class, cents, unit="flat")
    return marten


def owed(booking_id: int) -> money.Owed:
    result = money.owed_for("booking", booking_id)
    db.session().close()
    return result


def count(table: Any) -> int:
    result = db.session().scalar(select(func.count()).select_from(table)) or 0
    db.session().close()
    return result


def pay(marten: Marten, booking_id: int, method: str = "cash") -> None:
    """Everything that is open for it, deposits too, in one receipt."""
    due = owed(booking_id)
    charges = dict.fromkeys(due.charges, due.open_cents) if due.open_cents else {}
    deposits = {each.id: each.cents for each in due.deposits}
    with in_turn():
        till.take_payment(till.PaymentRequest(marten.house, method, charges, deposits), marten.at_desk())


def confirmed(marten: Marten, day: date = SATURDAY, first: str = "14:00", last: str = "18:00", **more: Any) -> int:
    """The hall on a day, booked by the desk for Ayşe as class C."""
    return book(marten.hall, span(first, last, day), marten.at_desk(), marten.ayse, **more)


# What it costs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tariff_class", "day", "last", "extras", "cents", "deposit"),
    [
        ("C", date(2026, 11, 30), "18:00", (), 4 * 2200 + 4500 + 1000, 15000),
        ("C", JULY, "18:00", (), 4 * 2200 + 4500, 15000),
        ("C", date(2027, 4, 30), "18:00", (), 4 * 2200 + 4500 + 1000, 15000),
        ("C", date(2027, 5, 1), "18:00", (), 4 * 2200 + 4500, 15000),
        ("C", date(2027, 1, 4), "16:00", (), 3 * 2200 + 4500 + 1000, 15000),
        ("D", date(2026, 11, 30), "18:00", (), 4 * 3800 + 4500 + 1000, 20000),
        ("B", date(2026, 11, 30), "18:00", (), 4 * 1000 + 1000, 0),
        ("B", date(2026, 11, 30), "16:00", (), 2 * 1000 + 1000, 0),
        ("A", date(2026, 11, 30), "18:00", (), 0, 0),
        ("C", JULY, "18:00", ("projector", "key", "unknown"), 4 * 2200 + 4500 + 500, 20000),
        ("A", JULY, "18:00", ("projector",), 500, 0),
    ],
)
def test_the_hall_costs_what_the_tariff_says(
    hall: Marten, tariff_class: str, day: date, last: str, extras: tuple[str, ...], cents: int, deposit: int
) -> None:
    price = service.quote(card(hall.hall), span("14:00", last, day), tariff_class, extras)
    assert (price.cents, price.normal_cents, sum(each.cents for each in price.deposits)) == (cents, cents, deposit)


@pytest.mark.parametrize(("tariff_class", "cents"), [("A", 0), ("B", 1500), ("C", 3000), ("D", 5000)])
@pytest.mark.parametrize("last", ["15:00", "20:00"])
def test_the_kitchen_costs_the_same_however_long(hall: Marten, tariff_class: str, cents: int, last: str) -> None:
    with db.transaction() as session:
        session.execute(update(Room).where(Room.id == hall.quiet.id).values(tariff_code="kitchen"))
    assert service.quote(card(hall.quiet), span("14:00", last), tariff_class).cents == cents


@pytest.mark.parametrize(("day", "hours"), [(date(2027, 3, 28), 2), (date(2027, 10, 31), 4)])
def test_one_to_four_over_the_clock_change_is_priced_by_the_time_that_passes(hall: Marten, day: date, hours: int) -> None:
    assert service.quote(card(hall.hall), span("01:00", "04:00", day), "B").cents == hours * 1000 + 1000


def test_a_season_that_wraps_the_year_holds_on_its_first_and_last_day() -> None:
    from app.offers.queries import in_season

    days = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 31), date(2027, 1, 1), date(2027, 4, 30), date(2027, 5, 1)]
    assert [in_season("10-01/04-30", day) for day in days] == [False, True, True, True, True, False]
    assert [in_season("06-01/08-31", day) for day in days] == [False] * 6
    assert in_season("", days[0])


# Confirming charges --------------------------------------------------------------------------------------------------


def test_confirming_charges_posts_and_asks_for_the_deposit_in_one_act(hall: Marten) -> None:
    wish = book(hall.hall, span("14:00", "18:00", SATURDAY), hall.resident(), extras=("key",))
    assert (found(wish).price_cents, owed(wish).nothing, count(LedgerEntry)) == (14300, True, 0)
    do(service.confirm_booking, wish, hall.at_desk())
    due = owed(wish)
    assert (due.total_cents, due.open_cents, due.due_on) == (14300, 14300, date(2026, 12, 10))
    assert [(each.kind, each.cents, each.due_on, each.back_on) for each in due.deposits] == [
        ("room", 15000, date(2026, 12, 11), date(2026, 12, 13)), ("key", 5000, date(2026, 12, 11), date(2026, 12, 13))
    ]  # fmt: skip
    charge = db.session().scalars(select(Charge)).one()
    assert charge.title == "Hall, Samstag, 12. Dezember 2026, 14–18 Uhr"
    assert (charge.person_id, charge.supplied_from, charge.supplied_until) == (hall.ayse, SATURDAY, SATURDAY)
    db.session().close()
    assert books_are_right()


def test_what_is_not_charged_when_the_ledger_refuses_is_not_confirmed(hall: Marten) -> None:
    wish = book(hall.hall, span("14:00", "18:00", SATURDAY), hall.resident())
    with db.transaction() as session:
        rule = {
            **session.get_one(Booking, wish).price_rule,
            "lines": [{"code": "use", "kind": "gone", "text": "?", "cents": 5, "normal_cents": 5}],
        }
        session.execute(update(Booking).where(Booking.id == wish).values(price_rule=rule))
    with pytest.raises(Invalid):
        do(service.confirm_booking, wish, hall.at_desk())
    assert (found(wish).state, count(Charge), count(Deposit)) == (State.WISHED, 0, 0)


def test_the_second_of_two_confirmers_charges_nothing(hall: Marten) -> None:
    wish = book(hall.hall, span("14:00", "18:00", SATURDAY), hall.resident())
    do(service.confirm_booking, wish, hall.at_desk())
    with pytest.raises(service.AlreadyDecided):
        do(service.confirm_booking, wish, hall.at_desk(hall.colleague))
    assert (count(Charge), count(LedgerEntry), count(Deposit)) == (1, 1, 1)


def test_a_wish_that_is_refused_or_cancelled_was_never_charged(hall: Marten) -> None:
    for end in (lambda each: do(service.refuse_booking, each, "No.", hall.at_desk()),
                lambda each: do(service.cancel_booking, each, "", hall.resident())):  # fmt: skip
        end(book(hall.hall, span("14:00", "18:00", SATURDAY), hall.resident()))
    assert (count(Charge), count(LedgerEntry)) == (0, 0)


def test_a_free_group_makes_no_charge(hall: Marten) -> None:
    booking = confirmed(hall, tariff_class="A")
    assert (found(booking).price_cents, owed(booking).nothing, count(Charge)) == (0, True, 0)


def test_a_later_tariff_does_not_touch_what_was_asked_for(hall: Marten) -> None:
    wish = book(hall.hall, span("14:00", "18:00", SATURDAY), hall.resident())
    with db.transaction() as session:
        session.execute(update(Tariff).values(cents=99_00))
    do(service.confirm_booking, wish, hall.at_desk())
    assert owed(wish).total_cents == 14300


def test_a_group_owes_what_its_member_booked(hall: Marten) -> None:
    from tests.makers import an_organisation

    booking = confirmed(hall, organisation_id=an_organisation(tariff_class="D"))
    charge = db.session().scalars(select(Charge)).one()
    assert (charge.organisation_id is not None, charge.person_id, charge.total_cents) == (True, hall.ayse, 4 * 3800 + 5500)
    assert owed(booking).deposits[0].cents == 20000


# Paying less ---------------------------------------------------------------------------------------------------------


def test_free_on_application_keeps_the_normal_price_whatever_the_tariff_becomes(hall: Marten) -> None:
    booking = confirmed(hall, reduction=ReductionRequest("free_on_application", "Initiative, Antrag vom 3.11."))
    with db.transaction() as session:
        session.execute(update(Tariff).values(cents=1))
    due = owed(booking)
    assert (due.total_cents, due.normal_cents, found(booking).price_cents) == (0, 14300, 0)
    charge = db.session().scalars(select(Charge)).one()
    assert (charge.reduction, charge.reason, charge.entry_id) == ("free_on_application", "Initiative, Antrag vom 3.11.", None)
    db.session().close()
    assert books_are_right()


def test_with_the_citys_card_one_pays_as_class_b(hall: Marten) -> None:
    due = owed(confirmed(hall, reduction=ReductionRequest("city_card")))
    assert (due.total_cents, due.normal_cents) == (4 * 1000 + 1000, 14300)


def test_hardship_names_what_is_paid_and_why(hall: Marten) -> None:
    due = owed(confirmed(hall, reduction=ReductionRequest("hardship", "Witwe, kleine Rente", 5001)))
    assert (due.total_cents, due.normal_cents) == (5001, 14300)


@pytest.mark.parametrize(
    ("kind", "reason", "cents", "field"),
    [
        ("hardship", "", 100, "reduction_reason"),
        ("hardship", "Grund", None, "reduced_to"),
        ("hardship", "Grund", 14301, "reduced_to"),
        ("free_on_application", "", None, "reduction_reason"),
        ("gift", "Grund", 0, "reduction"),
    ],
)
def test_a_reduction_that_says_too_little_is_refused(hall: Marten, kind: str, reason: str, cents: int | None, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        confirmed(hall, reduction=ReductionRequest(kind, reason, cents))
    assert set(refusal.value.fields) == {field}
    assert (count(Booking), count(Charge)) == (0, 0)


def test_nobody_reduces_their_own_price(hall: Marten) -> None:
    wish = book(
        hall.hall, span("14:00", "18:00", SATURDAY), hall.resident(), reduction=ReductionRequest("free_on_application", "x")
    )
    assert found(wish).price_cents == 14300


# Cancelling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "percent"),
    [
        (timedelta(days=15), 0),
        (timedelta(days=14), 0),
        (timedelta(days=14) - timedelta(minutes=1), 50),
        (timedelta(days=4), 50),
        (timedelta(days=3), 50),
        (timedelta(days=3) - timedelta(minutes=1), 100),
        (timedelta(days=1), 100),
        (timedelta(minutes=-30), 100),
    ],
)
def test_what_cancelling_costs_follows_the_time_that_is_left(hall: Marten, before: timedelta, percent: int) -> None:
    booking = confirmed(hall)
    pay(hall, booking)
    with clock.stopped_at(at(SATURDAY, "14:00") - before):
        cost = service.cancellation_cost(found(booking))
        assert cost is not None and (cost.percent, cost.kept_cents) == (percent, 14300 * percent // 100)
        db.session().close()
        do(service.cancel_booking, booking, "Krank", hall.resident())
        due = owed(booking)
        kept = 14300 * percent // 100
        assert (due.total_cents, due.open_cents, due.refund_cents) == (kept, 0, 14300 - kept)
        assert (due.held_cents, due.deposits[0].back_on) == (15000, clock.today(i18n.zone()))
        assert books_are_right()


def test_the_terms_of_cancelling_are_those_it_was_booked_with(hall: Marten) -> None:
    from app.offers.models import RuleValue

    booking = confirmed(hall)
    with db.transaction() as session:
        session.execute(update(RuleValue).where(RuleValue.key == "rooms.cancellation").values(value="60:0 0:100"))
    with clock.stopped_at(at(SATURDAY, "14:00") - timedelta(days=14)):
        do(service.cancel_booking, booking, "", hall.resident())
    assert owed(booking).total_cents == 0


def test_when_the_house_cancels_nothing_is_to_be_paid(hall: Marten) -> None:
    booking = confirmed(hall)
    pay(hall, booking)
    with clock.stopped_at(at(SATURDAY, "10:00")):
        with in_turn():
            service.cancel_booking(found(booking), "Rohrbruch", hall.at_desk(), house_cancels=True)
        assert (owed(booking).total_cents, owed(booking).refund_cents) == (0, 14300)
    assert books_are_right()


def test_a_resident_cannot_say_that_the_house_cancels(hall: Marten) -> None:
    booking = confirmed(hall)
    with clock.stopped_at(at(SATURDAY, "10:00")), in_turn():
        service.cancel_booking(found(booking), "", hall.resident(), house_cancels=True)
    assert owed(booking).total_cents == 14300


def test_a_deposit_that_was_not_handed_in_is_dropped(hall: Marten) -> None:
    booking = confirmed(hall)
    do(service.cancel_booking, booking, "", hall.resident())
    assert [each.open for each in owed(booking).deposits] == [False]
    with pytest.raises(service.NotOpenAnyMore):
        do(service.cancel_booking, booking, "", hall.resident())
    assert count(Refund) == 0 and books_are_right()


# Moving --------------------------------------------------------------------------------------------------------------


def move(marten: Marten, booking: int, first: str, last: str, day: date = SATURDAY) -> None:
    wanted = service.ChangeRequest(span(first, last, day), "Choir practice", 4)
    do(service.change_booking, booking, wanted, marten.at_desk())


def test_a_longer_use_is_charged_anew_and_what_was_paid_moves_along(hall: Marten) -> None:
    booking = confirmed(hall)
    pay(hall, booking)
    move(hall, booking, "14:00", "20:00")
    due = owed(booking)
    assert (due.total_cents, due.settled_cents, found(booking).price_cents) == (14300 + 4400, 14300, 18700)
    old, new = db.session().scalars(select(Charge).order_by(Charge.id)).all()
    assert (old.cancelled_at is not None, new.replaces_id, new.title) == (
        True,
        old.id,
        "Hall, Samstag, 12. Dezember 2026, 14–20 Uhr",
    )
    db.session().close()
    assert due.held_cents == 15000 and len(due.deposits) == 1
    assert books_are_right()


def test_a_shorter_use_gives_back_what_was_paid_too_much(hall: Marten) -> None:
    booking = confirmed(hall)
    pay(hall, booking)
    move(hall, booking, "14:00", "17:00")
    due = owed(booking)
    assert (due.total_cents, due.open_cents, due.refund_cents) == (12100, 0, 2200)
    assert books_are_right()


def test_another_day_moves_the_day_of_supply_and_the_deposit_along(hall: Marten) -> None:
    booking = confirmed(hall)
    other = date(2026, 12, 19)
    move(hall, booking, "14:00", "18:00", other)
    charge = db.session().scalars(select(Charge).where(Charge.cancelled_at.is_(None))).one()
    assert (charge.supplied_from, charge.total_cents) == (other, 14300)
    db.session().close()
    (deposit,) = owed(booking).deposits
    assert (deposit.due_on, deposit.back_on) == (date(2026, 12, 18), date(2026, 12, 20))


def test_an_hour_later_on_the_same_day_changes_no_money(hall: Marten) -> None:
    booking = confirmed(hall)
    move(hall, booking, "15:00", "19:00")
    assert (count(Charge), count(LedgerEntry)) == (1, 1)


def test_a_reduction_goes_along_when_it_is_moved(hall: Marten) -> None:
    booking = confirmed(hall, reduction=ReductionRequest("free_on_application", "Antrag"))
    move(hall, booking, "14:00", "20:00")
    due = owed(booking)
    assert (due.total_cents, due.normal_cents) == (0, 18700)
    assert books_are_right()


def test_a_wish_for_another_time_is_charged_when_the_desk_says_yes(hall: Marten) -> None:
    booking = confirmed(hall)
    longer = service.ChangeRequest(span("14:00", "20:00", SATURDAY), "Choir practice", 4)
    assert do(service.change_booking, booking, longer, hall.resident()) is False
    assert owed(booking).total_cents == 14300
    do(service.confirm_booking, booking, hall.at_desk())
    assert owed(booking).total_cents == 18700


def test_a_date_from_a_calendar_costs_nothing_also_when_it_is_moved(hall: Marten) -> None:
    booking = confirmed(hall, tariff_class="A")
    with db.transaction() as session:
        session.execute(update(Booking).values(booked_for_id=None, origin="import", tariff_class="C"))
    move(hall, booking, "14:00", "20:00", MONDAY)
    assert (found(booking).price_cents, count(Charge)) == (0, 0)


def test_a_booking_from_before_the_house_charged_can_still_be_confirmed(hall: Marten) -> None:
    wish = book(hall.hall, span("14:00", "18:00", SATURDAY), hall.resident())
    with db.transaction() as session:
        session.execute(update(Booking).values(price_rule={"cents": 2200, "unit": "hour", "minutes": 240, "min_minutes": 0}))
    do(service.confirm_booking, wish, hall.at_desk())
    assert owed(wish).total_cents == 14300


def test_it_is_posted_when_it_is_confirmed_and_supplied_when_it_is_used(hall: Marten) -> None:
    confirmed(hall, date(2027, 1, 9))
    charge = db.session().scalars(select(Charge)).one()
    entry = db.session().scalars(select(LedgerEntry)).one()
    assert (charge.supplied_from, entry.posted_on) == (date(2027, 1, 9), datetime(2026, 11, 26).date())
    db.session().close()
