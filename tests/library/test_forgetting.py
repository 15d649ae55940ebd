"""Who borrowed what is forgotten after its time, unless something is open; and the journal never knew."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask
from sqlalchemy import select

from app.core import clock, db
from app.core.policy import THE_HOUSE
from app.journal.models import JournalEntry
from app.library import service
from app.library.models import Loan, LoanLine, QueueEntry, Reservation
from app.money import service as money
from app.money.models import Deposit
from tests.library.leihladen import Leihladen, at, do, found, read
from tests.makers import in_turn

FRI, MON = date(2026, 11, 27), date(2026, 11, 30)
LATER = MON + timedelta(days=400)


def names() -> list[int | None]:
    return list(read(lambda: db.session().scalars(select(Loan.person_id).order_by(Loan.id)).all()))


def test_after_a_year_the_name_goes_and_the_count_stays_but_not_while_something_is_open(app: Flask, laden: Leihladen) -> None:
    plain, pledged, late = (
        laden.thing("Ukulele", "0001"),
        laden.thing("Beamer", "0002", deposit=8000),
        laden.thing("Leiter", "0003"),
    )
    for thing, person in ((plain, laden.ayse), (pledged, laden.jan), (late, laden.ruth)):
        (line,) = laden.lend(thing.piece, to=person, due=MON)
        if thing is pledged:
            deposit = read(lambda: db.session().scalars(select(Deposit)).one())
            with in_turn():
                money.take_payment(money.PaymentRequest(laden.house, "cash", deposits={deposit.id: 8000}), laden.at_desk)
        if thing is not late:
            with clock.stopped_at(at(MON, "16:30")):
                laden.back(line)
    done = laden.reserve(laden.thing("Raclette", "0004"), MON)
    do(lambda: service.cancel_reservation(found(Reservation, done), "", laden.who(laden.ayse)))
    with clock.stopped_at(at(MON + timedelta(days=300))):
        assert do(lambda: service.forget_old(laden.house, THE_HOUSE)) == 0
    with clock.stopped_at(at(LATER)):
        assert do(lambda: service.forget_old(laden.house, THE_HOUSE)) == 1
        assert names() == [None, laden.jan, laden.ruth], "a deposit is held, and something is still out"
        assert read(lambda: found(Reservation, done)).person_id is None
        with in_turn():
            money.settle_deposit(db.session().scalars(select(Deposit)).one(), "cash", laden.at_desk)
        assert do(lambda: service.forget_old(laden.house, THE_HOUSE)) == 1
        assert names() == [None, None, laden.ruth]
    assert len(read(lambda: db.session().scalars(select(LoanLine.id)).all())) == 3


def test_the_journal_tells_the_act_and_not_who_borrowed(app: Flask, laden: Leihladen) -> None:
    drill = laden.thing()
    mine = laden.reserve(drill, FRI)
    do(lambda: service.cancel_reservation(found(Reservation, mine), "", laden.who(laden.ayse)))
    (line,) = laden.lend(drill.piece, to=laden.ayse, due=MON)
    entry = do(lambda: service.join_queue(drill.id, laden.jan, laden.who(laden.jan)).id)
    with clock.stopped_at(at(MON, "16:30")):
        laden.back(line)
        do(lambda: service.leave_queue(found(QueueEntry, entry), laden.who(laden.jan)))
    borrowers = {laden.ayse, laden.jan}
    rows = read(lambda: db.session().scalars(select(JournalEntry).order_by(JournalEntry.id)).all())
    lending = [row for row in rows if row.act.split("_")[0] in ("thing", "reservation", "loan", "piece", "queue")]
    assert {row.act for row in lending} >= {
        "thing_reserved",
        "reservation_cancelled",
        "loan_made",
        "piece_returned",
        "queue_offered",
        "queue_left",
    }
    for row in lending:
        assert row.by_id not in borrowers, row.act
        assert row.subject != "person", row.act
        assert "person_id" not in row.facts, row.act
