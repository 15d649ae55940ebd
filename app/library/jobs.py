"""What the clock does in the lending library. Each piece of work is an act of its own: one that fails does not keep the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

from app.core.db import run_transaction
from app.core.jobs import Job
from app.core.policy import THE_HOUSE
from app.library import service
from app.library.queries import upkeep


def lapse_reservations() -> str:
    """What nobody came for is free again, and goes to whoever waits."""
    return f"{_each(upkeep.lapsing(), _lapse)} lapsed"


def _lapse(reservation_id: int) -> bool:
    reservation = upkeep.reservation(reservation_id)
    if reservation is None or not service.lapse_reservation(reservation, THE_HOUSE):
        return False
    service.note_lapse(reservation, THE_HOUSE)
    return True


LAPSE_RESERVATIONS = Job("lapse reservations", timedelta(minutes=5), lapse_reservations, wanted=lambda: bool(upkeep.lapsing()))


def look_after_chains() -> str:
    """Reservations that a late, dirty or broken piece leaves without one are served anew; what is ready is announced."""

    def arranged(thing_id: int) -> bool:
        service.arrange([thing_id], THE_HOUSE)
        service.serve_queue([thing_id], THE_HOUSE)
        return True

    def announced(reservation_id: int) -> bool:
        reservation = upkeep.reservation(reservation_id)
        return reservation is not None and service.announce_ready(reservation, THE_HOUSE)

    return f"{_each(upkeep.troubled(), arranged)} things looked after, {_each(upkeep.due_to_be_ready(), announced)} announced"


LOOK_AFTER_CHAINS = Job("look after chains", timedelta(minutes=15), look_after_chains)


def remind_borrowers() -> str:
    """Tell people what is due on the next open day, and what should have been back."""

    def told(line_id: int) -> bool:
        line = upkeep.line(line_id)
        return line is not None and service.tell_due(line, THE_HOUSE)

    return f"{_each(upkeep.to_be_told(), told)} told"


REMIND_BORROWERS = Job("remind borrowers", timedelta(days=1), remind_borrowers, offset=timedelta(hours=8, minutes=20))


def forget_loans() -> str:
    """Names are taken off old loans; who has turned 18 borrows for themselves."""
    grown = run_transaction(lambda: service.come_of_age(THE_HOUSE))
    forgotten = _each(upkeep.houses(), lambda house_id: service.forget_old(house_id, THE_HOUSE))
    return f"{forgotten} loans forgotten, {grown} of age"


FORGET_LOANS = Job("forget loans", timedelta(days=1), forget_loans, offset=timedelta(hours=1, minutes=40))


def forget_tables() -> str:
    """Tables that were looked at and never brought in."""
    return f"{run_transaction(service.forget_old_uploads)} tables forgotten"


FORGET_TABLES = Job("forget tables", timedelta(days=1), forget_tables, offset=timedelta(hours=1, minutes=50))


def _each(ids: Iterable[int], act: Callable[[int], int]) -> int:
    return sum(run_transaction(partial(act, one)) for one in ids)
