"""A closing day added later: everything that falls on it moves forward once, everybody concerned is told once, and it can be undone.

Loans due, pick-ups, days due of reservations and the ends of kept pieces move to the next open day; nothing moves backward, and no fee
runs on for a day on which nobody could have come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from app.core import clock, i18n
from app.core.db import session
from app.core.events import publish
from app.core.policy import Actor
from app.library import queries
from app.library.events import LendingMoved
from app.library.models import OPEN, ClosingMove, Loan, LoanLine, Reservation, Thing
from app.library.queries import RESERVATION, NoOpenDay, Openings
from app.library.service.arranging import arrange, supply_of
from app.library.service.renewals import promise_until
from app.occupancy import service as promises

LINE_DUE, PICK_UP, COLLECT_BY, ENDS = "loan_line", "pick_up", "collect_by", "ends"
Told = dict[int | None, list[tuple[str, str, datetime, datetime]]]
ONE_DAY = timedelta(days=1)


def move_off(house_id: int, first: date, last: date, by: Actor) -> int:
    """The days from `first` to `last` are closed: move what falls on them. Gives how many people are told."""
    zone = i18n.zone()
    begin, end = clock.midnight(first, zone), clock.midnight(last + ONE_DAY, zone)
    openings = queries.openings(house_id, first - ONE_DAY, last + ONE_DAY)
    closed = [day for day in _days(first, last) if not openings.is_open(day)]
    if not closed:
        return 0
    told: Told = defaultdict(list)
    again: set[int] = set()
    things: set[int] = set()
    reservations = _reservations_on(house_id, begin, end)
    for reservation, name in reservations:
        if _move_reservation(reservation, name, closed, openings, told):
            promises.release(RESERVATION, reservation.id)
            promises.release_shares(RESERVATION, reservation.id)
            again.add(reservation.id)
            things.add(reservation.thing_id)
    for line, person_id, name in _lines_on(house_id, begin, end):
        day = openings.day_of(line.due_at)
        if day not in closed:
            continue
        try:
            due_at = openings.due_on(day)
        except NoOpenDay:
            continue
        _note(house_id, day, LINE_DUE, line.id, line.due_at, due_at)
        told[person_id].append((LINE_DUE, name, line.due_at, due_at))
        again |= promise_until(line, due_at)
        things.add(line.thing_id)
    return _settle(house_id, closed[0], told, things, again, by, back=False)


def move_back(house_id: int, first: date, last: date, by: Actor) -> int:
    """The days are open again after all: what they moved, and nobody has changed since, gets its old day back."""
    moves = list(
        session().scalars(
            select(ClosingMove)
            .where(ClosingMove.house_id == house_id, ClosingMove.on_day.between(first, last), ClosingMove.undone_at.is_(None))
            .order_by(ClosingMove.id.desc())
        )
    )
    now = clock.now()
    told: Told = defaultdict(list)
    again: set[int] = set()
    things: set[int] = set()
    for move in moves:
        if move.old_at <= now:
            continue
        if move.subject == LINE_DUE:
            line = session().get(LoanLine, move.subject_id)
            if line is None or line.returned_at is not None or line.due_at != move.new_at:
                continue
            person_id, name = _whose(line)
            again |= promise_until(line, move.old_at)
            things.add(line.thing_id)
        else:
            reservation = session().get(Reservation, move.subject_id)
            if reservation is None or not reservation.is_open or getattr(reservation, _COLUMNS[move.subject]) != move.new_at:
                continue
            person_id, name = reservation.person_id, _name(reservation.thing_id)
            setattr(reservation, _COLUMNS[move.subject], move.old_at)
            promises.release(RESERVATION, reservation.id)
            promises.release_shares(RESERVATION, reservation.id)
            again.add(reservation.id)
            things.add(reservation.thing_id)
        move.undone_at = now
        if move.subject != COLLECT_BY or _from_queue(move):
            told[person_id].append((move.subject, name, move.new_at, move.old_at))
    session().flush()
    _hold_again(again)
    return _settle(house_id, first, told, things, again, by, back=True)


_COLUMNS = {PICK_UP: "starts_at", COLLECT_BY: "collect_by", ENDS: "ends_at"}


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=index) for index in range((last - first).days + 1))


def _lines_on(house_id: int, begin: datetime, end: datetime) -> Sequence[tuple[LoanLine, int | None, str]]:
    rows = session().execute(
        select(LoanLine, Loan.person_id, Thing.name)
        .join(Loan, Loan.id == LoanLine.loan_id)
        .join(Thing, Thing.id == LoanLine.thing_id)
        .where(LoanLine.house_id == house_id, LoanLine.returned_at.is_(None), LoanLine.due_at >= begin, LoanLine.due_at < end)
        .order_by(LoanLine.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _reservations_on(house_id: int, begin: datetime, end: datetime) -> Sequence[tuple[Reservation, str]]:
    columns = (Reservation.starts_at, Reservation.collect_by, Reservation.ends_at)
    rows = session().execute(
        select(Reservation, Thing.name)
        .join(Thing, Thing.id == Reservation.thing_id)
        .where(
            Reservation.house_id == house_id, Reservation.state.in_(OPEN),
            or_(*((column >= begin) & (column < end) for column in columns)),
        )
        .order_by(Reservation.id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def _move_reservation(reservation: Reservation, name: str, closed: Sequence[date], openings: Openings, told: Told) -> bool:
    """Each of its moments that lies on a closed day moves to the next open one; the day due moves along where it must."""
    supply = supply_of([reservation.thing_id], reservation.house_id).get(reservation.thing_id)
    if supply is None:
        return False
    moved: list[tuple[str, datetime]] = []
    try:
        if openings.day_of(reservation.starts_at) in closed and not reservation.from_queue:
            opening = openings.on(openings.next_day(openings.day_of(reservation.starts_at)))[0]
            moved.append((PICK_UP, openings.pick_up_from(opening)))
        ends = reservation.ends_at
        if openings.day_of(ends) in closed:
            ends = openings.due_on(openings.day_of(ends))
        starts = moved[0][1] if moved else reservation.starts_at
        if ends <= starts:
            ends = openings.closing(openings.day_of(starts))
        if ends != reservation.ends_at:
            moved.append((ENDS, ends))
        if openings.day_of(reservation.collect_by) in closed:
            collect_by = openings.closing(openings.next_day(openings.day_of(reservation.collect_by)))
            moved.append((COLLECT_BY, collect_by))
    except NoOpenDay:
        return False
    for subject, moment in moved:
        column = _COLUMNS[subject]
        old = getattr(reservation, column)
        day = next((each for each in closed if each == openings.day_of(old)), closed[0])
        _note(reservation.house_id, day, subject, reservation.id, old, moment)
        setattr(reservation, column, moment)
        if subject != COLLECT_BY or reservation.from_queue:
            told[reservation.person_id].append((subject, name, old, moment))
    if moved:
        reservation.held_until = supply.held(reservation.starts_at, reservation.ends_at).ends_at
        reservation.changed_at = clock.now()
        session().flush()
    return bool(moved)


def _hold_again(reservation_ids: Iterable[int]) -> None:
    """What is promised follows the days of a reservation."""
    for number in sorted(reservation_ids):
        reservation = session().get(Reservation, number)
        if reservation is not None:
            supply = supply_of([reservation.thing_id], reservation.house_id)[reservation.thing_id]
            reservation.held_until = supply.held(reservation.starts_at, reservation.ends_at).ends_at
            reservation.changed_at = clock.now()
    session().flush()


def _note(house_id: int, day: date, subject: str, subject_id: int, old: datetime, new: datetime) -> None:
    session().add(ClosingMove(house_id=house_id, on_day=day, subject=subject, subject_id=subject_id, old_at=old, new_at=new))
    session().flush()


def _whose(line: LoanLine) -> tuple[int | None, str]:
    return session().scalar(select(Loan.person_id).where(Loan.id == line.loan_id)), _name(line.thing_id)


def _name(thing_id: int) -> str:
    return session().scalar(select(Thing.name).where(Thing.id == thing_id)) or ""


def _from_queue(move: ClosingMove) -> bool:
    reservation = session().get(Reservation, move.subject_id)
    return reservation is not None and reservation.from_queue


def _settle(house_id: int, day: date, told: Told, things: set[int], again: set[int], by: Actor, *, back: bool) -> int:
    if things:
        arrange(things, by, again)
    for person_id, moves in told.items():
        publish(
            LendingMoved(
                house_id=house_id, by=by.person_id, person_id=person_id, on_day=day, back=back, moves=tuple(moves)
            )
        )  # fmt: skip
    return len(told)
