"""A house that lends, its people, and short ways to do what the desk does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

from sqlalchemy import select

from app.core import clock, db
from app.core.policy import Actor, Role
from app.library import service
from app.library.models import LoanLine, Piece, Reservation
from app.notices.models import Letter
from tests.makers import MadeThing, a_class, a_thing
from tests.rooms.marten import BERLIN

T = TypeVar("T")


def at(day: date, wall: str = "12:00") -> datetime:
    return clock.at(day, time.fromisoformat(wall), BERLIN)


def wall(moment: datetime) -> str:
    """``Thu 17:30``."""
    return f"{moment.astimezone(BERLIN):%a %d %H:%M}"


@dataclass(frozen=True)
class Leihladen:
    """Ids of the house and its people; the desk is open 16–19 on weekdays, and on 26 November 2026 (a Thursday) it is noon."""

    house: int
    desk: int
    ayse: int
    jan: int
    ruth: int
    choir: int
    tools: int
    """A class without tests, washing or buffers: 7 days, once more, 1 € a day late."""

    @property
    def at_desk(self) -> Actor:
        return Actor(person_id=self.desk, name="Sevgi Aydın", roles=frozenset({(self.house, Role.DESK)}))

    def who(self, person: int) -> Actor:
        return Actor(person_id=person, roles=frozenset({(self.house, Role.RESIDENT)}))

    def thing(self, name: str = "Akkubohrer", *numbers: str, class_id: int | None = None, **more: Any) -> MadeThing:
        return a_thing(self.house, class_id or self.tools, name, numbers=numbers or ("0147",), **more)

    def a_class(self, name: str, **more: Any) -> int:
        return a_class(self.house, name, **more)

    def reserve(self, thing: MadeThing, day: date, back: date | None = None, person: int | None = None, **more: Any) -> int:
        """By the person, or by the desk for them with ``desk=True``; gives the id."""
        who = person or self.ayse
        by = self.at_desk if more.pop("desk", False) else self.who(who)
        return do(lambda: service.reserve_thing(service.ReservationRequest(thing.id, who, day, back, **more), by).id)

    def lend(self, *pieces: int, to: int | None = None, due: date | None = None, quantity: int = 1, **more: Any) -> list[int]:
        """Hand pieces out at the desk; gives the ids of the lines."""
        lines = [service.LineRequest(piece, quantity, due) for piece in pieces]
        request = service.LoanRequest(
            self.house, to or self.ayse, lines,
            **{"notices_read": True, "terms_accepted": True, "identity_seen": True, **more},
        )  # fmt: skip
        loan = do(lambda: service.hand_out(request, self.at_desk).id)
        return list(
            read(lambda: db.session().scalars(select(LoanLine.id).where(LoanLine.loan_id == loan).order_by(LoanLine.id)).all())
        )

    def back(self, line: int, **more: Any) -> service.Returned:
        return do(lambda: service.return_piece(found(LoanLine, line), service.ReturnRequest(**more), self.at_desk))

    def letters(self, person: int) -> list[str]:
        """What somebody has been told, by the last word but one of each occasion."""
        return list(
            read(
                lambda: [
                    row.occasion
                    for row in db.session().scalars(select(Letter).where(Letter.person_id == person).order_by(Letter.id))
                ]
            )
        )

    def run(self) -> None:
        """What the clock does within a quarter of an hour."""
        from app.library import jobs

        for job in (jobs.LAPSE_RESERVATIONS, jobs.LOOK_AFTER_CHAINS, jobs.REMIND_BORROWERS):
            job.run()


def do(act: Callable[[], T]) -> T:
    """In an act of its own, started again as the edge does."""
    return db.run_transaction(act)


def read(ask: Callable[[], T]) -> T:
    """Outside any act; the session is closed afterwards, so that the next look is a new one."""
    result = ask()
    db.session().close()
    return result


def found(model: type[T], number: int) -> T:
    row = db.session().get(model, number)
    assert row is not None
    return row


def line(number: int) -> LoanLine:
    return read(lambda: found(LoanLine, number))


def reservation(number: int) -> Reservation:
    return read(lambda: found(Reservation, number))


def piece(number: int) -> Piece:
    return read(lambda: found(Piece, number))


def free_on(thing: MadeThing, house: int, day: date, back: date) -> int:
    """How many can be picked up on one day and be kept until another."""

    def ask() -> int:
        supply = service.supply_of([thing.id], house)[thing.id]
        ends_at = supply.openings.due_on(back)
        return next((count for count in range(supply.total, 0, -1) if supply.pick_up(day, count, ends_at)), 0)

    return read(ask)
