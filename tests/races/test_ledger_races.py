"""Many people write down money at the same moment: no gap, no fork, nothing paid or closed twice, nothing acknowledged lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from app.core import clock, db
from app.core.errors import Refusal
from app.money import service
from app.money.models import CashDay, Charge, LedgerEntry, Payment
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person, in_turn
from tests.money.conftest import books_are_right
from tests.plumbing.server import ROOT
from tests.races import charging
from tests.races.crowd import Busy, together

WRITERS, EACH = 8, 10
TODAY = THURSDAY.date()
EMPTY = {"tax": "none", "account": "5000", "offering": ""}
"""What a browser sends of a voucher line nobody wrote into."""
PROCESSES, ENOUGH = 3, 24
"""Processes that are killed, and what they have acknowledged before."""


@dataclass(frozen=True)
class Purse:
    app: Flask
    house: int
    person: int


@pytest.fixture
def purse(bare_app: Flask) -> Purse:
    with bare_app.app_context():
        house = a_house()
        with in_turn():
            service.furnish_books(house)
        return Purse(bare_app, house, a_person())


def at_once(app: Flask, acts: Sequence[Callable[[], int]]) -> list[int | Refusal]:
    """Each act in a thread with a connection of its own, all at the same moment; what each got."""
    results: list[int | Refusal | None] = [None] * len(acts)
    start = threading.Barrier(len(acts))
    faults: list[BaseException] = []

    def run(index: int) -> None:
        with clock.stopped_at(THURSDAY), app.app_context():
            start.wait()
            try:
                results[index] = db.run_transaction(acts[index])
            except Refusal as refusal:
                results[index] = refusal
            except BaseException as fault:
                faults.append(fault)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:3]
    return [each for each in results if each is not None]


def test_eight_writers_at_once_leave_no_gap_and_no_fork(purse: Purse) -> None:
    made: list[int] = []
    for _ in range(EACH):
        made += [each for each in at_once(purse.app, [partial(charging.charge, purse.house, purse.person)] * WRITERS)
                 if isinstance(each, int)]  # fmt: skip
    assert len(set(made)) == WRITERS * EACH
    with purse.app.app_context():
        count, last, highest = db.session().execute(
            select(func.count(), func.max(LedgerEntry.id), func.max(LedgerEntry.number))
        ).one()  # fmt: skip
        assert count == last == highest == WRITERS * EACH
        assert db.session().scalar(select(func.count(func.distinct(LedgerEntry.prev)))) == count, "two entries follow one"
        assert books_are_right()


def test_two_people_pay_one_item_once_and_the_other_is_told(purse: Purse) -> None:
    for _ in range(6):
        with purse.app.app_context():
            owed = db.run_transaction(partial(charging.charge, purse.house, purse.person))
        answers = at_once(purse.app, [partial(charging.pay, purse.house, owed)] * 2)
        assert Counter(type(each) for each in answers) == {int: 1, service.ChargeClosed: 1}
        (told,) = [each for each in answers if isinstance(each, service.ChargeClosed)]
        with purse.app.app_context():
            assert str(told.message)
            assert db.session().get_one(Charge, owed).settled_cents == 4500
    with purse.app.app_context():
        assert db.session().scalar(select(func.max(Payment.number))) == 6
        assert books_are_right()


def test_parts_paid_at_once_never_pay_more_than_all(purse: Purse) -> None:
    with purse.app.app_context():
        owed = db.run_transaction(partial(charging.charge, purse.house, purse.person))
    answers = at_once(purse.app, [partial(charging.pay, purse.house, owed, 1000)] * 6)
    assert sum(isinstance(each, int) for each in answers) == 4
    with purse.app.app_context():
        assert db.session().get_one(Charge, owed).open_cents == 500
        assert service.cash_in_books(purse.house) == 4000
        assert books_are_right()


def test_two_close_one_cash_day_and_the_second_is_told_who_was_first(busy: Busy) -> None:
    for number in range(4):
        day = TODAY - timedelta(days=9 - number)
        opening = 15000 if number else 0
        form = {
            "day": day.isoformat(), "n5000": "3", "put_in": "" if number else "150", "voucher_lines": "2", "agreed": "y",
            "seen": f"{opening}-0-0", **{f"v{line}_{part}": value for line in (0, 1) for part, value in EMPTY.items()},
        }  # fmt: skip
        acts = [
            partial(
                visitor.post, "/money/cash/close", idempotency_key=f"close-{number}-{visitor.person}",
                witness=str(busy.desk[1 - index].person), **form,
            )
            for index, visitor in enumerate(busy.desk)
        ]  # fmt: skip
        answers = together(acts, busy.desk)
        assert Counter(answer.status for answer in answers) == {303: 1, 409: 1}, [answer.body[:800] for answer in answers]
        first = next(index for index, answer in enumerate(answers) if answer.status == 303)
        assert f"Gast{50 + first} Sander has already closed this day" in answers[1 - first].body
        with busy.looking() as session:
            closed = session.scalars(select(CashDay).where(CashDay.day == day)).one()
            assert closed.number == number + 1
            assert books_are_right()


@pytest.fixture
def killed(purse: Purse, settings: config.Settings) -> Iterator[list[str]]:
    """What several processes had said was written when all of them were killed at the same moment."""
    command = [
        sys.executable, "-m", "tests.races.charging", str(settings.instance_path), settings.database_url,
        str(purse.house), str(purse.person),
    ]  # fmt: skip
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    said: list[str] = []

    def listen(process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        said.extend(line.strip() for line in process.stdout if line.endswith("\n"))

    threads = [threading.Thread(target=listen, args=(process,)) for process in processes]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 90
    while len(said) < ENOUGH and time.monotonic() < until:
        time.sleep(0.005)
    for process in processes:
        process.kill()
    for process, thread in zip(processes, threads, strict=True):
        process.wait(10)
        thread.join(10)
        assert process.stdout is not None
        process.stdout.close()
    yield said


def test_after_kill_minus_nine_every_acknowledged_charge_and_payment_is_there(purse: Purse, killed: list[str]) -> None:
    assert len(killed) >= ENOUGH
    with purse.app.app_context():
        for name, table in (("charge", Charge), ("payment", Payment)):
            acknowledged = {int(line.split()[1]) for line in killed if line.startswith(f"{name} ")}
            assert acknowledged and acknowledged <= set(db.session().scalars(select(table.id)))
        assert books_are_right()
