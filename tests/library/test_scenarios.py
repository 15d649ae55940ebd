"""The twenty stories a lending library has to get right (lending.md e 1-18; 19 and 20 are told in tests/swap)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock, db
from app.core.errors import Invalid
from app.core.policy import THE_HOUSE
from app.library import service
from app.library.models import Block, Condition, GuardianConsent, LoanLine, MissingPart, PieceTest, QueueEntry
from app.library.models import Part as PartRow
from app.library.models import Piece as PieceRow
from app.library.models import Reservation as ReservationRow
from app.library.queries.things import managed_piece
from app.library.service import pieces as things
from app.money.models import Charge, Deposit
from app.offers import service as offers
from app.people.models import Person
from tests.library.leihladen import Leihladen, at, do, found, free_on, line, piece, read, reservation, wall
from tests.makers import a_household, a_part

THU, FRI = date(2026, 11, 26), date(2026, 11, 27)
MON, TUE, WED = date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)
NEXT_THU, NEXT_FRI, NEXT_MON = date(2026, 12, 3), date(2026, 12, 4), date(2026, 12, 7)


def test_1_a_late_return_puts_the_next_reservation_at_risk_once_and_nobody_is_told_ready(app: Flask, laden: Leihladen) -> None:
    drill = laden.thing()
    (out,) = laden.lend(drill.piece, to=laden.jan, due=MON)
    mine = laden.reserve(drill, NEXT_THU, person=laden.ayse)
    with clock.stopped_at(at(TUE, "09:00")):
        laden.run()
        laden.run()
        assert reservation(mine).at_risk_since is not None
        told = laden.letters(laden.ayse)
        assert [each.split(":")[2] for each in told] == ["reserved", "at-risk"]
    with clock.stopped_at(at(NEXT_THU, "15:00")):
        laden.run()
        assert not any("ready" in each for each in laden.letters(laden.ayse))
        laden.back(out)
        assert reservation(mine).at_risk_since is None
        laden.run()
        assert [each.split(":")[2] for each in laden.letters(laden.ayse)] == ["reserved", "at-risk", "safe", "ready"]


def test_2_what_is_overdue_is_not_offered_as_free_and_nobody_is_named(app: Flask, laden: Leihladen) -> None:
    washer = laden.thing("Hochdruckreiniger", "0301")
    laden.lend(washer.piece, to=laden.jan, due=MON)
    with clock.stopped_at(at(NEXT_THU)):
        assert free_on(washer, laden.house, NEXT_MON, date(2026, 12, 10)) == 0
        with pytest.raises(service.ThingTaken) as refused:
            laden.reserve(washer, NEXT_MON)
        assert str(refused.value) == "It has not come back yet, although it should have."
        assert "Weber" not in str(refused.value.facts)


@pytest.mark.parametrize(
    ("buffer", "picked_up"), [(0, "Thu 03 17:30"), (1, None)], ids=["within one opening", "one open day stays blank"]
)
def test_3_a_thing_changes_hands_within_one_opening(app: Flask, laden: Leihladen, buffer: int, picked_up: str | None) -> None:
    drill = laden.thing(class_id=laden.a_class("Musik", buffer_open_days=buffer))
    mine = laden.reserve(drill, MON, NEXT_THU)
    assert wall(reservation(mine).ends_at) == "Thu 03 17:00"
    if picked_up is not None:
        theirs = laden.reserve(drill, NEXT_THU, NEXT_MON, person=laden.jan)
        assert wall(reservation(theirs).starts_at) == picked_up
        return
    for day in (NEXT_THU, NEXT_FRI):
        with pytest.raises(service.ThingTaken):
            laden.reserve(drill, day, date(2026, 12, 10), person=laden.jan)
    theirs = laden.reserve(drill, NEXT_MON, date(2026, 12, 10), person=laden.jan)
    assert wall(reservation(theirs).starts_at) == "Mon 07 17:30"


def test_4_an_early_return_frees_the_days_and_the_buffer_runs_from_it(app: Flask, laden: Leihladen) -> None:
    projector = laden.thing("Beamer", "0220", class_id=laden.a_class("Technik", buffer_hours=24))
    (out,) = laden.lend(projector.piece, due=NEXT_FRI)
    with clock.stopped_at(at(MON, "18:00")):
        laden.back(out)
        assert free_on(projector, laden.house, MON, WED) == 0
        theirs = laden.reserve(projector, TUE, WED, person=laden.jan)
    assert wall(reservation(theirs).starts_at) == "Tue 01 18:00"


def test_5_a_day_due_on_a_holiday_moves_forward_and_nothing_runs_up_before_it(app: Flask, laden: Leihladen) -> None:
    drill = laden.thing()
    do(lambda: offers.close_days(laden.house, NEXT_THU, NEXT_THU, "Betriebsausflug", laden.at_desk))
    (out,) = laden.lend(drill.piece)
    assert wall(line(out).due_at) == "Fri 04 17:00"
    with clock.stopped_at(at(NEXT_FRI, "18:59")):
        assert laden.back(out).late_cents == 0


def test_6_a_closing_day_added_later_moves_everything_once_and_can_be_undone(app: Flask, laden: Leihladen) -> None:
    things_ = [laden.thing(f"Ding {number}", f"05{number:02}") for number in range(6)]
    for each in things_[:3]:
        laden.lend(each.piece, to=laden.ayse, due=NEXT_FRI, override="x")
    laden.lend(things_[3].piece, to=laden.jan, due=NEXT_FRI)
    pick_up = laden.reserve(things_[4], NEXT_FRI, date(2026, 12, 9), person=laden.jan)
    do(lambda: service.join_queue(things_[5].id, laden.ruth, laden.at_desk))
    with clock.stopped_at(at(NEXT_THU, "12:00")):
        do(
            lambda: db.session().execute(
                ReservationRow.__table__.update().where(ReservationRow.from_queue).values(collect_by=at(NEXT_FRI, "19:00"))
            )
        )
        before = _moments()
        told = {person: len(laden.letters(person)) for person in (laden.ayse, laden.jan, laden.ruth)}
        do(lambda: offers.close_days(laden.house, NEXT_FRI, NEXT_FRI, "Heizung kaputt", laden.at_desk))
        assert {wall(row.due_at) for row in read(lambda: db.session().scalars(select(LoanLine)).all())} == {"Mon 07 17:00"}
        assert wall(reservation(pick_up).starts_at) == "Mon 07 17:30"
        kept = read(lambda: db.session().scalars(select(ReservationRow).where(ReservationRow.from_queue)).one())
        assert wall(kept.collect_by) == "Mon 07 19:00"
        assert {person: len(laden.letters(person)) - count for person, count in told.items()} == dict.fromkeys(told, 1)
        do(lambda: offers.remove_exceptions(laden.house, NEXT_FRI, NEXT_FRI, laden.at_desk))
        assert _moments() == before
        assert {person: len(laden.letters(person)) - count for person, count in told.items()} == dict.fromkeys(told, 2)


def _moments() -> list[object]:
    lines = read(lambda: db.session().execute(select(LoanLine.id, LoanLine.due_at).order_by(LoanLine.id)).all())
    rows = read(
        lambda: (
            db.session()
            .execute(
                select(ReservationRow.id, ReservationRow.starts_at, ReservationRow.ends_at, ReservationRow.collect_by).order_by(
                    ReservationRow.id
                )
            )
            .all()
        )
    )
    return [*map(tuple, lines), *map(tuple, rows)]


def test_7_three_of_five_are_refused_with_two_possible(app: Flask, laden: Leihladen) -> None:
    beamers = laden.thing("Beamer", "0221", "0222", "0223", "0224", "0225")
    laden.lend(*beamers.pieces[:2], to=laden.jan, due=NEXT_FRI)
    do(lambda: things.set_condition(whole(laden, beamers.pieces[2]), Condition.REPAIR, laden.at_desk, note="Lampe"))
    with pytest.raises(service.ThingTaken) as refused:
        laden.reserve(beamers, MON, WED, quantity=3, organisation_id=laden.choir)
    assert str(refused.value).startswith("2 possible.")
    assert refused.value.facts["possible"] == 2
    laden.reserve(beamers, MON, WED, quantity=2, organisation_id=laden.choir)


def test_8_a_component_reserved_alone_blocks_its_kit_and_the_reverse(app: Flask, laden: Leihladen) -> None:
    pa, party = laden.thing("PA-Anlage", "0400"), laden.thing("Party-Set", "0401")
    a_part(party.piece, component=pa.piece)
    mine = laden.reserve(pa, MON, WED)
    with pytest.raises(service.ThingTaken):
        laden.reserve(party, TUE, NEXT_THU, person=laden.jan)
    do(lambda: service.cancel_reservation(found(ReservationRow, mine), "", laden.who(laden.ayse)))
    laden.reserve(party, TUE, NEXT_THU, person=laden.jan)
    with pytest.raises(service.ThingTaken):
        laden.reserve(pa, WED, NEXT_FRI)


def test_9_without_its_pedal_the_loan_stays_open_for_the_pedal_alone(app: Flask, laden: Leihladen) -> None:
    machine = laden.thing("Nähmaschine", "0500")
    pedal = a_part(machine.piece, "Pedal", replacement_cents=3500)
    (out,) = laden.lend(machine.piece, due=WED)
    mine = laden.reserve(machine, NEXT_THU, NEXT_MON, person=laden.jan)
    with clock.stopped_at(at(WED, "16:30")):
        laden.back(out, missing={pedal: 1})
        assert piece(machine.piece).condition == Condition.CHECK
        missing = read(lambda: db.session().scalars(select(MissingPart).where(MissingPart.line_id == out)).one())
        assert missing.closed_at is None
        assert reservation(mine).at_risk_since is not None
        assert [each.split(":")[2] for each in laden.letters(laden.jan)] == ["reserved", "at-risk"]
        do(lambda: service.settle_part(found(MissingPart, missing.id), "found", laden.at_desk))
        assert piece(machine.piece).condition == Condition.FINE
        assert read(lambda: found(PartRow, pedal)).missing == 0
        assert reservation(mine).at_risk_since is None


def test_10_58_of_60_plates_come_back(app: Flask, laden: Leihladen) -> None:
    plates = laden.thing("Teller", "0600", counted=60, deposit=3000, replacement_cents=150)
    (out,) = laden.lend(plates.piece, quantity=60, due=WED)
    assert free_on(plates, laden.house, FRI, MON) == 0
    laden.back(out, count=58)
    assert free_on(plates, laden.house, FRI, MON) == 58
    open_line = line(out)
    assert (open_line.open_count, open_line.returned_at) == (2, None)
    assert read(lambda: service.replacement_of(found(LoanLine, out))) == 300
    deposit = read(lambda: db.session().scalars(select(Deposit)).one())
    assert (deposit.source, deposit.source_id, deposit.cents, deposit.closed_at) == ("loan_line", out, 3000, None)
    do(lambda: service.write_off(found(LoanLine, out), 2, "zerbrochen", laden.at_desk, 300))
    assert line(out).returned_at is not None
    assert piece(plates.piece).count == 58
    assert read(lambda: db.session().scalars(select(Charge.total_cents).where(Charge.source == "loan_loss")).all()) == [300]


def test_11_a_late_fee_counts_open_days_has_grace_and_a_cap_and_can_be_waived_with_a_reason(app: Flask, laden: Leihladen) -> None:
    fees = laden.a_class("Gerät", late_cents=100, late_grace_days=2, late_cap_cents=1000)
    saw, other = laden.thing("Säge", "0700", class_id=fees, replacement_cents=800), laden.thing("Feile", "0701", class_id=fees)
    (late,) = laden.lend(saw.piece, due=FRI)
    (uncapped,) = laden.lend(other.piece, to=laden.jan, due=FRI)
    with clock.stopped_at(at(WED, "18:00")):  # Monday and Tuesday are grace; the weekend was closed
        assert laden.back(uncapped).late_cents == 100
    with clock.stopped_at(at(FRI + timedelta(days=40), "18:00")):
        assert read(lambda: service.expected_late_fee(found(LoanLine, late), clock.now())) == 800
        assert laden.back(late, waive="war im Krankenhaus").late_cents == 0
    waived = read(
        lambda: db.session().scalars(select(Charge).where(Charge.source == "loan_late", Charge.source_id == late)).one()
    )
    assert (waived.total_cents, waived.normal_cents, waived.reason) == (0, 800, "war im Krankenhaus")


def test_12_a_block_ends_by_itself_and_returns_work_throughout(app: Flask, laden: Leihladen) -> None:
    drill = laden.thing()
    (out,) = laden.lend(laden.thing("Leiter", "0150").piece)
    do(
        lambda: service.block_borrower(
            laden.house, service.BlockRequest(laden.ayse, "zweimal nicht gekommen", THU, MON), laden.at_desk
        )
    )
    with clock.stopped_at(at(MON, "10:00")):
        with pytest.raises(service.MayNotBorrow) as refused:
            laden.reserve(drill, date(2026, 12, 10))
        assert str(refused.value) == "Lending is stopped until Monday, 30 November 2026: zweimal nicht gekommen"
        laden.back(out)
    with clock.stopped_at(at(TUE, "10:00")):
        laden.reserve(drill, date(2026, 12, 10))
    assert read(lambda: db.session().scalars(select(Block)).one()).ended_at is None


def test_13_a_test_that_ends_within_the_loan_stops_it_and_a_failed_one_tells_everybody(app: Flask, laden: Leihladen) -> None:
    drill = laden.thing(class_id=laden.a_class("Elektro", test_months=12), piece={"test_due_on": date(2026, 12, 5)})
    with pytest.raises(service.ThingTaken) as refused:
        laden.reserve(drill, TUE, date(2026, 12, 8))
    assert str(refused.value) == "Its safety test is due on Saturday, 5 December 2026."
    _test(laden, drill.piece, passed=True)
    mine = laden.reserve(drill, TUE, date(2026, 12, 8))
    _test(laden, drill.piece, passed=False)
    assert piece(drill.piece).condition == Condition.QUARANTINED
    assert (reservation(mine).at_risk_since is not None, reservation(mine).risk) == (True, "quarantined")
    assert laden.letters(laden.ayse)[-1].split(":")[2] == "at-risk"
    _test(laden, drill.piece, passed=True)
    assert piece(drill.piece).condition == Condition.FINE
    assert reservation(mine).at_risk_since is None
    assert read(lambda: db.session().scalar(select(func.count(PieceTest.id)))) == 3


def whole(laden: Leihladen, piece_id: int) -> PieceRow:
    """With its thing and parts, as the pages load it."""
    loaded = managed_piece(laden.house, piece_id)
    assert loaded is not None
    return loaded


def _test(laden: Leihladen, piece_id: int, *, passed: bool) -> None:
    request = things.TestRequest(on_day=THU, passed=passed, tester="Karl Funke", qualification="Elektrofachkraft")
    do(lambda: things.record_test(whole(laden, piece_id), request, laden.at_desk))


def test_14_a_costume_is_not_lent_before_somebody_ticks_that_it_is_washed(app: Flask, laden: Leihladen) -> None:
    costume = laden.thing("Löwenkostüm", "0800", class_id=laden.a_class("Textil", wash_after=True))
    (out,) = laden.lend(costume.piece, due=MON)
    with clock.stopped_at(at(MON, "16:30")):
        laden.back(out)
        assert piece(costume.piece).condition == Condition.WASH
        with pytest.raises(service.MayNotBorrow) as refused:
            laden.lend(costume.piece, to=laden.jan, override="eilig")
        assert refused.value.facts["firm"]
        do(lambda: things.wash_piece(whole(laden, costume.piece), laden.at_desk))
        laden.lend(costume.piece, to=laden.jan)


def test_15_a_fair_queue_offers_to_one_after_another(app: Flask, laden: Leihladen) -> None:
    raclette = laden.thing("Raclette", "0900")
    (out,) = laden.lend(raclette.piece, to=laden.jan, due=MON)
    people = [laden.ayse, laden.ruth, laden.desk]
    for person in people:
        do(lambda person=person: service.join_queue(raclette.id, person, laden.at_desk))
    with clock.stopped_at(at(MON, "16:30")):
        laden.back(out)
        assert _queue() == ["offered", "waiting", "waiting"]
        first = read(lambda: db.session().scalars(select(ReservationRow).where(ReservationRow.from_queue)).one())
        assert (first.person_id, wall(first.collect_by)) == (laden.ayse, "Tue 01 19:00")
        with pytest.raises(service.OthersWait):
            laden.reserve(raclette, WED, person=laden.jan)
    with clock.stopped_at(at(TUE, "18:59")):
        laden.run()
        assert _queue() == ["offered", "waiting", "waiting"]
    with clock.stopped_at(at(TUE, "19:01")):
        laden.run()
        assert _queue() == ["lapsed", "offered", "waiting"]
    with clock.stopped_at(at(WED, "16:10")):
        second = read(lambda: db.session().scalars(select(ReservationRow.id).where(ReservationRow.person_id == laden.ruth)).one())
        do(lambda: service.pack_reservation(found(ReservationRow, second), laden.at_desk))
    with clock.stopped_at(at(NEXT_MON, "20:00")):
        laden.run()
        assert _queue() == ["lapsed", "offered", "waiting"]
        entry = read(lambda: db.session().scalars(select(QueueEntry.id).where(QueueEntry.person_id == laden.ruth)).one())
        do(lambda: service.leave_queue(found(QueueEntry, entry), laden.who(laden.ruth)))
        assert _queue() == ["lapsed", "left", "offered"]


def _queue() -> list[str]:
    return list(read(lambda: db.session().scalars(select(QueueEntry.state).order_by(QueueEntry.since, QueueEntry.id)).all()))


def test_16_the_limit_counts_what_is_reserved_for_the_whole_household(app: Flask, laden: Leihladen) -> None:
    made = [laden.thing(f"Ding {number}", f"10{number:02}") for number in range(4)]
    home = a_household("Yılmaz")
    do(
        lambda: db.session().execute(
            Person.__table__.update().where(Person.id.in_([laden.ayse, laden.ruth])).values(household_id=home)
        )
    )
    laden.lend(made[0].piece, to=laden.ruth)
    laden.reserve(made[1], MON)
    laden.reserve(made[2], MON)
    with pytest.raises(service.MayNotBorrow) as refused:
        laden.reserve(made[3], MON)
    assert str(refused.value) == "At most 3 things at a time for each household."


def test_17_a_walk_in_does_not_take_what_is_reserved(app: Flask, laden: Leihladen) -> None:
    item = laden.thing("Stichsäge", "0220")
    laden.reserve(item, FRI, NEXT_THU, person=laden.ayse)
    with clock.stopped_at(at(THU, "16:30")):
        request = service.LoanRequest(laden.house, laden.jan, [service.LineRequest(item.piece)])
        checked = read(lambda: service.check_loan(request, laden.at_desk))
        (verdict,) = checked.verdicts
        assert [each.code for each in verdict.against] == ["reserved"]
        assert verdict.until is not None
        assert (wall(verdict.until), verdict.others) == ("Fri 27 17:00", ())
        with pytest.raises(service.MayNotBorrow):
            laden.lend(item.piece, to=laden.jan)
        laden.lend(item.piece, to=laden.jan, override="Notfall, mit Ayşe besprochen")
    mine = read(lambda: db.session().scalars(select(ReservationRow)).one())
    assert mine.at_risk_since is not None
    assert read(lambda: db.session().scalars(select(LoanLine.override)).one()) == "Notfall, mit Ayşe besprochen"


def test_17_a_piece_alike_takes_the_place_of_the_reserved_one_without_a_word(app: Flask, laden: Leihladen) -> None:
    items = laden.thing("Stichsäge", "0220", "0221")
    mine = laden.reserve(items, FRI, NEXT_THU)
    with clock.stopped_at(at(THU, "16:30")):
        for each in items.pieces[:1]:
            laden.lend(each, to=laden.jan)
        assert reservation(mine).at_risk_since is None
        with pytest.raises(service.MayNotBorrow):
            laden.lend(items.pieces[1], to=laden.ruth)


def test_18_a_minor_borrows_what_a_parent_agreed_to_until_the_birthday(app: Flask, laden: Leihladen) -> None:
    games = laden.a_class("Spiele", min_age=6)
    game, saw = laden.thing("Brettspiel", "1100", class_id=games), laden.thing("Kreissäge", "1101")
    consent = service.ConsentRequest(laden.ruth, date(2011, 3, 1), "Petra Sommer", games)
    do(lambda: service.record_consent(laden.house, consent, laden.at_desk))
    laden.lend(game.piece, to=laden.ruth)
    with pytest.raises(service.MayNotBorrow) as refused:
        laden.lend(saw.piece, to=laden.ruth, override="bitte")
    assert str(refused.value) == "A parent must borrow this."
    with clock.stopped_at(at(date(2029, 2, 28))):
        assert do(lambda: service.come_of_age(THE_HOUSE)) == 0
    with clock.stopped_at(at(date(2029, 3, 1))):
        assert do(lambda: service.come_of_age(THE_HOUSE)) == 1
        assert read(lambda: db.session().scalars(select(GuardianConsent)).one()).ended_why == "of_age"
        assert laden.letters(laden.ruth)[-1].split(":")[2] == "of-age"
        laden.lend(saw.piece, to=laden.ruth, override="das Spiel ist noch draußen")


def test_nonsense_is_refused_and_changes_nothing(app: Flask, laden: Leihladen) -> None:
    drill = laden.thing()
    for days in (
        (date(2026, 11, 25), None),
        (date(2026, 11, 28), None),
        (MON, FRI),
        (date(2028, 1, 3), None),
        (MON, date(2027, 3, 1)),
    ):
        with pytest.raises(Invalid):
            laden.reserve(drill, *days)
    with pytest.raises(Invalid):
        laden.reserve(drill, MON, quantity=0)
    assert read(lambda: db.session().scalar(select(func.count(ReservationRow.id)))) == 0
