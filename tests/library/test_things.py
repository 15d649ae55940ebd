"""Things, pieces, parts, tests and gifts: what the desk can do with them, and what the database holds anyway."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.core import db
from app.core.errors import Invalid
from app.library import queries, service
from app.library.models import Condition, Intake, Origin, Part, Piece, Thing, ThingPrice, Whereabouts
from app.library.queries import Asked
from app.library.service import ClassRequest, PartRequest, PieceRequest, TestRequest, ThingRequest
from tests.conftest import THURSDAY
from tests.library.leihladen import Leihladen, do, found, piece, read, reservation
from tests.makers import a_part

TODAY = THURSDAY.date()
DAY = timedelta(days=1)
MONDAY = date(2026, 11, 30)
TESTER = {"tester": "Dieter Kolb", "qualification": "Electrician"}


def whole(laden: Leihladen, number: int) -> Piece:
    row = queries.managed_piece(laden.house, number)
    assert row is not None
    return row


def add(laden: Leihladen, name: str = "Jigsaw", class_id: int | None = None, many: int = 1, **more: Any) -> tuple[int, list[int]]:
    """A thing with pieces, through the verbs; `more` are fields of the pieces, ``counted`` of the thing. Ids."""
    counted, intake = more.pop("counted", False), more.pop("intake", Intake.STOCKED)

    def act() -> tuple[int, list[int]]:
        made = service.add_thing(laden.house, ThingRequest(name, class_id or laden.tools, counted=counted), laden.at_desk)
        pieces = service.add_pieces(made, PieceRequest(**more), many, laden.at_desk, intake=intake)
        return made.id, [each.id for each in pieces]

    return do(act)


def catalogue(laden: Leihladen, **asked: Any) -> list[str]:
    return read(lambda: [card.name for card in queries.catalogue(laden.house, Asked(**asked)).cards])


def test_numbers_are_given_in_a_row_kept_with_their_zeros_and_never_given_twice(laden: Leihladen) -> None:
    _, first = add(laden, many=2)
    _, typed = add(laden, "Drill", number="147")
    _, label = add(laden, "Ladder", number="a-12")
    _, next_one = add(laden, "Saw")
    assert [piece(each).number for each in (*first, *typed, *label, *next_one)] == ["0001", "0002", "0147", "A-12", "0148"]
    assert read(lambda: getattr(queries.piece_by_number(laden.house, " 147 "), "id", None)) == typed[0]
    for wrong in ("0147", "a b", "1/2", "ö", "1234567890123"):
        with pytest.raises(Invalid) as refusal:
            add(laden, f"Other {wrong}"[:30], number=wrong)
        assert "number" in refusal.value.fields


def test_an_address_is_never_given_to_another_thing_and_a_name_only_once(laden: Leihladen) -> None:
    first, _ = add(laden, "Küche im Hof")
    with pytest.raises(Invalid):
        add(laden, "küche im hof")
    do(lambda: service.archive_thing(queries.managed_thing(laden.house, first), laden.at_desk))  # type: ignore[arg-type]
    second, _ = add(laden, "Küche im Hof")
    assert [read(lambda n=each: found(Thing, n)).slug for each in (first, second)] == ["kueche-im-hof", "kueche-im-hof-2"]  # type: ignore[misc]
    assert catalogue(laden) == ["Küche im Hof"]


def test_what_must_be_tested_stays_out_of_the_catalogue_until_it_has_passed(laden: Leihladen) -> None:
    electric = laden.a_class("Electric", test_months=12)
    _, (number,) = add(laden, "Toaster", electric, origin=Origin.GIFT, donor_id=laden.ruth, intake=Intake.OFFERED)
    assert catalogue(laden) == []
    do(lambda: service.accept_gift(whole(laden, number), laden.at_desk))
    with pytest.raises(service.TestNeeded):
        do(lambda: service.stock_piece(whole(laden, number), laden.at_desk))
    assert (piece(number).intake, piece(number).condition, catalogue(laden)) == ("accepted", "check", [])
    do(lambda: service.record_test(whole(laden, number), TestRequest(TODAY, True, **TESTER), laden.at_desk))
    do(lambda: service.stock_piece(whole(laden, number), laden.at_desk))
    stocked = piece(number)
    assert (stocked.intake, stocked.condition, stocked.test_due_on) == ("stocked", "fine", date(2027, 11, 26))
    assert catalogue(laden) == ["Toaster"]
    _, (refused,) = add(laden, "Heater", electric, origin=Origin.GIFT, intake=Intake.OFFERED)
    do(lambda: service.decline_gift(whole(laden, refused), "Recalled by its maker", laden.at_desk))
    assert (piece(refused).intake, piece(refused).intake_note, catalogue(laden)) == (
        "declined",
        "Recalled by its maker",
        ["Toaster"],
    )


def test_a_failed_test_puts_it_in_quarantine_and_tells_whoever_has_it_reserved(laden: Leihladen) -> None:
    electric = laden.a_class("Electric", test_months=6)
    thing = laden.thing("Drill", "0001", class_id=electric, piece={"test_due_on": date(2027, 3, 1)})
    number, kept = thing.pieces[0], laden.reserve(thing, MONDAY)
    do(lambda: service.record_test(whole(laden, number), TestRequest(TODAY, False, **TESTER, note="Cord"), laden.at_desk))
    assert (piece(number).condition, piece(number).test_due_on) == ("quarantined", None)
    assert reservation(kept).at_risk_since is not None
    with pytest.raises(service.TestNeeded):
        do(lambda: service.set_condition(whole(laden, number), Condition.FINE, laden.at_desk))
    old = TestRequest(TODAY - DAY, True, **TESTER)
    do(lambda: service.record_test(whole(laden, number), old, laden.at_desk))
    assert piece(number).condition == "quarantined", "an older test says nothing about today"
    do(lambda: service.record_test(whole(laden, number), TestRequest(TODAY, True, **TESTER), laden.at_desk))
    assert (piece(number).condition, piece(number).test_due_on) == ("fine", date(2027, 5, 26))
    assert reservation(kept).at_risk_since is None
    (rate,) = read(lambda: queries.fault_rates(laden.house, TODAY - 30 * DAY))
    assert (rate.tests, rate.failed, rate.per_mille) == (3, 1, 333)
    assert read(lambda: queries.due_tests(laden.house, TODAY + 42 * DAY)) == []
    assert [line.number for line in read(lambda: queries.due_tests(laden.house, date(2027, 5, 26)))] == ["0001"]


def test_the_day_of_the_next_test_is_counted_in_months(laden: Leihladen) -> None:
    assert service.next_test(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert service.next_test(date(2026, 12, 31), 12) == date(2027, 12, 31)
    with pytest.raises(Invalid):
        number = laden.thing("Drill", "0001").pieces[0]
        late = TestRequest(TODAY + DAY, True, **TESTER)
        do(lambda: service.record_test(whole(laden, number), late, laden.at_desk))


def test_what_is_to_be_washed_is_lent_again_by_one_tick_and_repair_names_a_day(laden: Leihladen) -> None:
    thing = laden.thing("Costume", "0001", piece={"condition": Condition.WASH})
    number = thing.pieces[0]
    assert [line.number for line in read(lambda: queries.piece_lines(laden.house, queries.Wanted(state="wash")))] == ["0001"]
    assert do(lambda: service.wash_piece(whole(laden, number), laden.at_desk)) is True
    assert do(lambda: service.wash_piece(whole(laden, number), laden.at_desk)) is False
    kept = laden.reserve(thing, MONDAY)
    do(
        lambda: service.set_condition(
            whole(laden, number), Condition.REPAIR, laden.at_desk, note="Seam", fit_on=date(2026, 12, 3)
        )
    )
    assert reservation(kept).at_risk_since is not None
    do(lambda: service.set_condition(whole(laden, number), Condition.REPAIR, laden.at_desk, fit_on=MONDAY))
    assert reservation(kept).at_risk_since is None
    with pytest.raises(Invalid):
        do(lambda: service.set_condition(whole(laden, number), Condition.REPAIR, laden.at_desk, fit_on=TODAY))


def test_a_stack_cannot_become_smaller_than_what_is_out_and_reservations_follow_it(laden: Leihladen) -> None:
    plates = laden.thing("Plates", "0100", counted=60)
    stack = plates.pieces[0]
    laden.lend(stack, to=laden.jan, quantity=20)
    kept = laden.reserve(plates, MONDAY, quantity=30)
    with pytest.raises(service.PieceNotHere):
        do(lambda: service.change_piece(whole(laden, stack), PieceRequest(count=19), laden.at_desk))
    do(lambda: service.change_piece(whole(laden, stack), PieceRequest(count=50), laden.at_desk))
    assert reservation(kept).at_risk_since is None
    do(lambda: service.change_piece(whole(laden, stack), PieceRequest(count=49), laden.at_desk))
    assert reservation(kept).at_risk_since is not None


def test_kits_hold_pieces_and_loose_parts_but_no_kits(laden: Leihladen) -> None:
    kit, other, box = laden.thing("Party set", "0001"), laden.thing("PA", "0002"), laden.thing("Box", "0003")
    part = do(lambda: service.add_part(whole(laden, kit.pieces[0]), PartRequest(number="2"), laden.at_desk).id)
    do(lambda: service.add_part(whole(laden, kit.pieces[0]), PartRequest("Cable", count=2, essential=False), laden.at_desk))
    for into, request in (
        (box.pieces[0], PartRequest(number="0001")),
        (other.pieces[0], PartRequest(number="0003")),
        (box.pieces[0], PartRequest(number="0002")),
        (box.pieces[0], PartRequest(number="0003")),
        (box.pieces[0], PartRequest(number="9999")),
        (box.pieces[0], PartRequest()),
    ):
        with pytest.raises(Invalid):
            do(lambda into=into, request=request: service.add_part(whole(laden, into), request, laden.at_desk))  # type: ignore[misc]
    with pytest.raises(DBAPIError):
        a_part(box.pieces[0], component=kit.pieces[0])
    laden.reserve(other, MONDAY)
    assert not read(lambda: service.supply_of([kit.id], laden.house)[kit.id].pick_up(MONDAY, 1, THURSDAY + 9 * DAY))
    row = read(lambda: found(Part, part))
    do(lambda: service.remove_part(db.session().merge(row), whole(laden, kit.pieces[0]), laden.at_desk))
    assert [each.name for each in read(lambda: queries.parts_of(kit.id))] == ["Cable"]


def test_its_owner_keeps_it_on_some_days_and_reservations_move_out_of_the_way(laden: Leihladen) -> None:
    thing = laden.thing("Washer", "0001", "0002", piece={"owner_id": laden.ruth, "origin": Origin.NEIGHBOUR})
    kept = laden.reserve(thing, MONDAY)
    for number in thing.pieces:
        do(lambda number=number: service.keep_by_owner(whole(laden, number), MONDAY, MONDAY + DAY, laden.at_desk))  # type: ignore[misc]
        assert (reservation(kept).at_risk_since is not None) == (number == thing.pieces[1])
    (blackout, _), *_ = read(lambda: queries.blackouts(whole(laden, thing.pieces[0])))
    with pytest.raises(service.PieceNotHere):
        do(lambda: service.keep_by_owner(whole(laden, thing.pieces[0]), MONDAY, MONDAY, laden.at_desk))
    do(lambda: service.give_back_days(whole(laden, thing.pieces[0]), blackout, laden.at_desk))
    assert reservation(kept).at_risk_since is None
    laden.lend(thing.pieces[1], to=laden.jan, due=TODAY + DAY)
    with pytest.raises(service.PieceNotHere):
        do(lambda: service.keep_by_owner(whole(laden, thing.pieces[1]), TODAY, TODAY, laden.at_desk))
    own = laden.thing("House's own", "0005").pieces[0]
    with pytest.raises(Invalid):
        do(lambda: service.keep_by_owner(whole(laden, own), MONDAY, MONDAY, laden.at_desk))


def test_retired_and_lost_pieces_leave_and_come_back(laden: Leihladen) -> None:
    thing = laden.thing("Raclette", "0001", "0002")
    first, second = thing.pieces
    kept = laden.reserve(thing, MONDAY)
    do(lambda: service.retire_piece(whole(laden, first), "Burnt out", laden.at_desk))
    assert reservation(kept).at_risk_since is None and piece(first).retired_why == "Burnt out"
    do(lambda: service.set_whereabouts(whole(laden, second), Whereabouts.LOST, laden.at_desk))
    assert reservation(kept).at_risk_since is not None
    assert catalogue(laden) == []
    do(lambda: service.restore_piece(whole(laden, first), laden.at_desk))
    assert piece(first).condition == "check", "somebody looks at it first"
    do(lambda: service.set_condition(whole(laden, first), Condition.FINE, laden.at_desk))
    assert reservation(kept).at_risk_since is None
    laden.lend(first, to=laden.ayse, due=TODAY + DAY)
    with pytest.raises(service.PieceNotHere):
        do(lambda: service.set_whereabouts(whole(laden, first), Whereabouts.LOST, laden.at_desk))
    with pytest.raises(service.ThingInUse):
        do(lambda: service.archive_thing(queries.managed_thing(laden.house, thing.id), laden.at_desk))  # type: ignore[arg-type]


def test_a_price_holds_from_its_day_on_and_is_never_changed_backwards(laden: Leihladen) -> None:
    thing = laden.thing("Drill", "0001")

    def price(day: date, fee: int, deposit: int = 0) -> bool:
        return do(lambda: service.set_price(queries.managed_thing(laden.house, thing.id), day, fee, deposit, laden.at_desk))  # type: ignore[arg-type]

    assert price(TODAY, 300, 3000) and price(date(2027, 1, 1), 400, 3000)
    assert not price(TODAY, 300, 3000)
    with pytest.raises(Invalid):
        price(TODAY - DAY, 100)
    tags = [read(lambda d=day: queries.price_tags([thing.id], d)) for day in (TODAY - DAY, TODAY, date(2027, 1, 1))]  # type: ignore[misc]
    assert [tag.get(thing.id) for tag in tags] == [None, queries.PriceTag(300, 3000), queries.PriceTag(400, 3000)]
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.add(ThingPrice(thing_id=thing.id, valid_from=date(2028, 1, 1), fee_cents=-1))


def test_classes_keep_their_rules_together_and_stay_while_things_are_of_them(laden: Leihladen) -> None:
    manager = laden.at_desk
    games = do(lambda: service.add_class(laden.house, ClassRequest("Games", 14, 28, min_age=10), manager).id)
    for wrong in (
        ClassRequest("Games"),
        ClassRequest(""),
        ClassRequest("X", 7, 6),
        ClassRequest("X", min_age=19),
        ClassRequest("X", closed_days="some"),
        ClassRequest("X", trust="friends"),
        ClassRequest("X", income_kind="none"),
        ClassRequest("X", test_months=0),
    ):
        with pytest.raises(Invalid):
            do(lambda wrong=wrong: service.add_class(laden.house, wrong, manager))  # type: ignore[misc]
    add(laden, "Chess", games)

    def thing_class() -> Any:
        return queries.thing_class(laden.house, games)

    with pytest.raises(service.ThingInUse):
        do(lambda: service.archive_class(thing_class(), manager))
    do(lambda: service.change_class(thing_class(), ClassRequest("Board games", 21, 28), manager))
    assert catalogue(laden, text="board") == ["Chess"], "what a class is called is looked for, too"
