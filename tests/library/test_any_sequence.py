"""Whatever people do with things in whatever order: no piece is with two people, nothing is promised twice, refusals change nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.core import clock, db, i18n
from app.core.errors import Refusal
from app.library import jobs, queries, service
from app.library.models import Allocation, Damage, LoanLine, MissingPart, Part, Piece, QueueEntry, Reservation
from app.library.queries import proof
from app.money import queries as books
from app.money.models import Deposit
from app.occupancy.models import Occupancy, Share
from app.offers import service as offers
from tests.library.leihladen import Leihladen, at
from tests.makers import MadeThing, a_part, a_person, in_turn

BEGIN = date(2026, 11, 26)
TABLES = (Reservation, Allocation, LoanLine, Piece, Part, MissingPart, Damage, QueueEntry, Occupancy, Share, Deposit)
which = st.integers(0, 4)
person = st.integers(0, 5)
thing = st.integers(0, 4)
day = st.sampled_from((0, 1, 4, 5, 6, 7, 8, 11, 12, -1))
length = st.sampled_from((7, 3, 1, 5, 0, 14, 30))
count = st.sampled_from((1, 1, 1, 2, 60, 0))
ACTS = (
    *[st.tuples(st.just("reserve"), thing, person, day, length, count)] * 6,
    *[st.tuples(st.just("lend"), thing, person, which, length, count)] * 6,
    st.tuples(st.just("insist"), thing, person, which, length),
    *[st.tuples(st.just("take_back"), which, count, st.booleans())] * 5,
    st.tuples(st.just("cancel"), which),
    st.tuples(st.just("renew"), which),
    st.tuples(st.just("tell"), which, day),
    st.tuples(st.just("wait"), thing, person),
    st.tuples(st.just("leave"), which),
    st.tuples(st.just("pack"), which),
    st.tuples(st.just("lose"), which),
    st.tuples(st.just("find"), thing, which),
    st.tuples(st.just("break_"), thing, which),
    *[st.tuples(st.just("mend"), st.just(0))] * 2,
    st.tuples(st.just("part_back"), which),
    st.tuples(st.just("close"), day),
    st.tuples(st.just("open_again"), day),
    st.tuples(st.just("days_pass"), st.sampled_from((1, 2, 5))),
    st.tuples(st.just("days_pass"), st.sampled_from((1, 2, 5))),
)
STEPS = st.permutations(ACTS).flatmap(lambda order: st.tuples(*order))


class Act:
    """One step as a person would try it, on what stands there now."""

    def __init__(self, laden: Leihladen, things: list[MadeThing]) -> None:
        self.laden, self.things = laden, things
        self.people = (laden.ayse, laden.jan, laden.ruth, *(a_person("Gast", str(number)) for number in range(3)))
        self.passed = 0

    def today(self) -> date:
        return BEGIN + timedelta(days=self.passed)

    def nth(self, model: Any, index: int, *sensible: Any) -> Any:
        """The `index`-th newest for which it makes sense; with 4 of any."""
        statement = select(model).order_by(model.id.desc()).limit(index + 1)
        rows = list(db.session().scalars(statement.where(*sensible) if index < 4 else statement))
        return rows[-1] if rows else None

    def reserve(self, index: int, who: int, ahead: int, days: int, many: int) -> None:
        first, person = self.today() + timedelta(days=ahead), self.people[who]
        request = service.ReservationRequest(self.things[index].id, person, first, first + timedelta(days=days), many)
        service.reserve_thing(request, self.laden.who(person))

    def _lend(self, index: int, who: int, piece: int, days: int, many: int, override: str) -> None:
        here = select(Piece.id).where(
            Piece.id.in_(self.things[index].pieces), Piece.whereabouts == "shelf", Piece.condition == "fine"
        )
        pieces = db.session().scalars(here.order_by(Piece.id)).all() or self.things[index].pieces
        line = service.LineRequest(pieces[piece % len(pieces)], many, self.today() + timedelta(days=days))
        request = service.LoanRequest(
            self.laden.house,
            self.people[who],
            [line],
            notices_read=True,
            terms_accepted=True,
            identity_seen=True,
            override=override,
        )
        service.hand_out(request, self.laden.at_desk)

    def lend(self, index: int, who: int, piece: int, days: int, many: int) -> None:
        self._lend(index, who, piece, days, many, "")

    def insist(self, index: int, who: int, piece: int, days: int) -> None:
        self._lend(index, who, piece, days, 1, "muss sein")

    def take_back(self, index: int, many: int, whole: bool) -> None:
        if line := self.nth(LoanLine, index, LoanLine.returned_at.is_(None)):
            parts = db.session().scalars(select(Part).where(Part.kit_id == line.piece_id).order_by(Part.id.desc())).all()
            missing = {} if whole else {part.id: 1 for part in parts[:1]}
            service.return_piece(
                line, service.ReturnRequest(None if whole or missing else many, missing=missing), self.laden.at_desk
            )

    def cancel(self, index: int) -> None:
        if found := self.nth(Reservation, index, Reservation.state == "confirmed"):
            service.cancel_reservation(found, "", self.laden.at_desk)

    def renew(self, index: int) -> None:
        if line := self.nth(LoanLine, index, LoanLine.returned_at.is_(None)):
            service.renew_loan(line, self.laden.at_desk)

    def tell(self, index: int, ahead: int) -> None:
        if line := self.nth(LoanLine, index, LoanLine.returned_at.is_(None)):
            service.tell_new_date(line, self.today() + timedelta(days=ahead), self.laden.at_desk)

    def wait(self, index: int, who: int) -> None:
        service.join_queue(self.things[index].id, self.people[who], self.laden.at_desk)

    def leave(self, index: int) -> None:
        if entry := self.nth(QueueEntry, index, QueueEntry.state.in_(["waiting", "offered"])):
            service.leave_queue(entry, self.laden.at_desk)

    def pack(self, index: int) -> None:
        if found := self.nth(Reservation, index, Reservation.state == "confirmed"):
            service.pack_reservation(found, self.laden.at_desk)

    def lose(self, index: int) -> None:
        if line := self.nth(LoanLine, index, LoanLine.returned_at.is_(None)):
            service.write_off(line, 1, "weg", self.laden.at_desk, 500)

    def find(self, index: int, piece: int) -> None:
        lost = db.session().scalars(select(Piece).where(Piece.whereabouts == "lost")).first()
        service.note_found(lost or db.session().get_one(Piece, self.things[index].pieces[piece % 1]), self.laden.at_desk)

    def break_(self, index: int, piece: int) -> None:
        pieces = self.things[index].pieces
        service.note_damage(db.session().get_one(Piece, pieces[piece % len(pieces)]), "kaputt", False, self.laden.at_desk)

    def mend(self, index: int) -> None:
        if damage := self.nth(Damage, index, Damage.resolved_at.is_(None)):
            service.resolve_damage(damage, "geklebt", self.laden.at_desk)

    def part_back(self, index: int) -> None:
        if missing := self.nth(MissingPart, index, MissingPart.closed_at.is_(None)):
            service.settle_part(missing, "found", self.laden.at_desk)

    def close(self, ahead: int) -> None:
        closed = self.today() + timedelta(days=ahead)
        offers.close_days(self.laden.house, closed, closed, "Heizung", self.laden.at_desk)

    def open_again(self, ahead: int) -> None:
        offers.remove_exceptions(self.laden.house, self.today(), self.today() + timedelta(days=15 + ahead), self.laden.at_desk)


def everything() -> list[list[Any]]:
    return [
        [tuple(row) for row in db.session().execute(select(*model.__table__.columns).order_by(*model.__table__.primary_key))]
        for model in TABLES
    ]


def holds(laden: Leihladen) -> None:
    """All that must be true of things, whatever has happened."""
    assert list(proof.faults()) == []
    twice = (
        select(LoanLine.piece_id)
        .where(LoanLine.returned_at.is_(None), LoanLine.single)
        .group_by(LoanLine.piece_id)
        .having(func.count() > 1)
    )
    assert db.session().scalars(twice).all() == []
    assert [fault for fault in books.faults() if isinstance(fault, str)] == []
    zone = i18n.zone()
    for column, model in ((LoanLine.due_at, LoanLine), (Reservation.ends_at, Reservation)):
        still = LoanLine.returned_at.is_(None) if model is LoanLine else Reservation.state == "confirmed"
        days = {moment.astimezone(zone).date() for moment in db.session().scalars(select(column).where(still))}
        if days:
            openings = queries.openings(laden.house, min(days), max(days))
            assert {day for day in days if day >= clock.today(zone) and not openings.is_open(day)} == set(), column


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def try_in_turn(laden: Leihladen, act: Act, done: Counter[str], rounds: Iterator[int], steps: list[tuple[Any, ...]]) -> None:
    next(rounds)
    begin = [("lend", 2, 3, 0, 3, 1), ("take_back", 0, 1, False)]
    for name, *values in (*begin, *steps, ("close", 4), ("open_again", 0)):
        if name == "days_pass":
            act.passed += values[0]
            with clock.stopped_at(at(act.today(), "16:10")):
                db.session().close()
                for job in (jobs.LAPSE_RESERVATIONS, jobs.LOOK_AFTER_CHAINS, jobs.REMIND_BORROWERS):
                    job.run()
                holds(laden)
            done[name] += 1
            continue
        step: Callable[..., None] = getattr(act, name)
        with clock.stopped_at(at(act.today(), "17:00")):
            db.session().close()
            before = everything()
            try:
                with in_turn():
                    step(*values)
            except Refusal:
                assert everything() == before, f"{name}{values} was refused and changed something"
            else:
                db.session().close()
                done[name] += everything() != before
                holds(laden)


def test_any_sequence_of_acts_leaves_no_piece_with_two_people(app: Flask, laden: Leihladen) -> None:
    """The examples go on in the same house, so that later ones meet what earlier ones left behind."""
    kit, part = laden.thing("Party-Set", "0401"), laden.thing("PA-Anlage", "0400")
    a_part(kit.piece, component=part.piece)
    a_part(kit.piece, "Kabel", count=3)
    buffered = laden.a_class("Technik", buffer_hours=24, longest_days=30)
    made = [
        laden.thing("Akkubohrer", "0147", "0148", deposit=3000, fee=300, replacement_cents=9000),
        laden.thing("Teller", "0600", counted=60, replacement_cents=150),
        kit, part, laden.thing("Beamer", "0220", "0221", class_id=buffered),
    ]  # fmt: skip
    done: Counter[str] = Counter()
    try_in_turn(laden, Act(laden, made), done, itertools.count())
    steps = {name for name in vars(Act) if not name.startswith("_")} - {"nth", "today"}
    assert {name for name in steps if not done[name]} == set(), f"never came through: {done}"
