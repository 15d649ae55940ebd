"""The job loop: one leader, each slot once, late jobs made up once."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from app.core import clock, db, jobs
from app.core.jobs import DONE, FAILED, LEASE, Job, JobLease, JobRun, Loop
from app.core.log import request_id
from tests.conftest import THURSDAY
from tests.core.test_db import in_threads
from tools.serve import flask_command

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _not_stopping() -> Iterator[None]:
    jobs.stopping.clear()
    yield
    jobs.stopping.clear()


def runs(name: str = "count") -> list[JobRun]:
    db.session().close()
    return list(db.session().scalars(select(JobRun).where(JobRun.job == name).order_by(JobRun.id)))


def test_slots_are_counted_from_midnight_utc_plus_the_offset() -> None:
    nightly = Job("n", timedelta(days=1), lambda: None, offset=timedelta(hours=2, minutes=20))
    assert nightly.slot(datetime(2026, 11, 26, 2, 19, 59, tzinfo=UTC)) == datetime(2026, 11, 25, 2, 20, tzinfo=UTC)
    assert nightly.slot(datetime(2026, 11, 26, 2, 20, tzinfo=UTC)) == datetime(2026, 11, 26, 2, 20, tzinfo=UTC)


def test_on_the_night_with_25_hours_a_nightly_job_has_one_slot() -> None:
    nightly = Job("n", timedelta(days=1), lambda: None, offset=timedelta(hours=0, minutes=30))
    night = [datetime(2026, 10, 25, 0, tzinfo=UTC) + timedelta(minutes=10 * step) for step in range(18)]
    assert len({nightly.slot(moment) for moment in night}) == 2  # the one before, and the one of this night


def test_a_run_is_recorded_with_what_it_said(app: Flask) -> None:
    assert jobs.run_job(Job("count", HOUR, lambda: "3 letters"), THURSDAY) == DONE
    (run,) = runs()
    assert (run.state, run.result, run.slot_at) == (DONE, "3 letters", THURSDAY)
    assert run.ended_at is not None


def test_a_failing_job_is_recorded_and_does_not_take_the_loop_down(app: Flask) -> None:
    def fail() -> None:
        raise ZeroDivisionError("the well is dry")

    assert jobs.run_job(Job("count", HOUR, fail), THURSDAY) == FAILED
    assert "the well is dry" in runs()[0].result


def test_a_slot_is_claimed_once_by_many_at_once(app: Flask) -> None:
    done = []
    job = Job("count", HOUR, lambda: done.append(1))
    states = in_threads(app, *[lambda: jobs.run_job(job, THURSDAY)] * 6)
    assert sorted(states, key=str) == [None] * 5 + [DONE]
    assert len(done) == 1 and len(runs()) == 1


def test_what_a_job_does_carries_the_number_of_its_run(app: Flask) -> None:
    seen = []
    jobs.run_job(Job("count", HOUR, lambda: seen.append(request_id())), THURSDAY)
    assert seen == [f"job-{runs()[0].id}"] and request_id() == ""


def test_one_of_many_gets_the_lead(app: Flask) -> None:
    won = in_threads(app, *(lambda holder=holder: jobs.hold_lease(holder) for holder in "abcdef"))
    assert sorted(won) == [False] * 5 + [True]


def test_the_leader_renews_and_nobody_else_takes_over_meanwhile(app: Flask) -> None:
    assert jobs.hold_lease("a")
    for step in range(1, 6):
        with clock.stopped_at(THURSDAY + step * timedelta(seconds=20)):
            assert jobs.led_by_another("b")
            assert not jobs.hold_lease("b")
            assert jobs.hold_lease("a")
    assert db.session().get_one(JobLease, "jobs").fence == 1


def test_a_lead_that_ran_out_is_taken_over_with_a_new_fence(app: Flask) -> None:
    assert jobs.hold_lease("a")
    with clock.stopped_at(THURSDAY + LEASE):
        assert not jobs.led_by_another("b")
        assert jobs.hold_lease("b")
        assert not jobs.hold_lease("a")
    assert db.session().get_one(JobLease, "jobs").fence == 2


def test_a_lead_given_up_is_free_at_once(app: Flask) -> None:
    jobs.hold_lease("a")
    jobs.give_up_lease("a")
    assert jobs.hold_lease("b")


def test_giving_up_does_not_touch_the_lead_of_another(app: Flask) -> None:
    jobs.hold_lease("a")
    jobs.give_up_lease("b")
    assert not jobs.hold_lease("b")


def test_a_lease_from_a_clock_moved_back_since_holds_nobody_up(app: Flask) -> None:
    with clock.stopped_at(THURSDAY + timedelta(days=3)):
        assert jobs.hold_lease("a")
    assert not jobs.led_by_another("b") and jobs.hold_lease("b")


def test_only_the_leader_wakes_jobs_and_each_slot_once(bare_app: Flask) -> None:
    done = []
    job = Job("count", HOUR, lambda: done.append(clock.now()))
    leader, follower = Loop(bare_app, [job]), Loop(bare_app, [job])
    leader.keep_lease()
    follower.keep_lease()
    assert leader.leads and not follower.leads
    for minute in (0, 1, 10, 21, 22):
        with clock.stopped_at(THURSDAY + timedelta(minutes=minute)):
            leader.wake(job)
            follower.wake(job)
    assert [moment - THURSDAY for moment in done] == [timedelta(0), timedelta(minutes=21)]


def test_a_new_leader_does_not_repeat_the_slot_of_the_old_one(bare_app: Flask) -> None:
    done = []
    job = Job("count", HOUR, lambda: done.append(1))
    for _process in range(2):
        loop = Loop(bare_app, [job])
        loop.keep_lease()
        loop.wake(job)
        loop.give_up()
        assert not loop.leads
    assert done == [1]


def test_slots_missed_while_the_house_was_down_are_made_up_once(bare_app: Flask) -> None:
    done = []
    job = Job("count", HOUR, lambda: done.append(clock.now()))
    for moment in (THURSDAY, THURSDAY + timedelta(hours=9, minutes=5)):
        with clock.stopped_at(moment):
            loop = Loop(bare_app, [job])
            loop.keep_lease()
            loop.wake(job)
            loop.wake(job)
            loop.give_up()
    assert len(done) == 2


def test_a_job_that_claims_its_own_work_writes_nothing_when_there_is_none(bare_app: Flask) -> None:
    work, done = [False], []
    job = Job("count", timedelta(seconds=10), lambda: done.append(1), wanted=lambda: work[0])
    loop = Loop(bare_app, [job])
    loop.keep_lease()
    loop.wake(job)
    assert done == []
    work[0] = True
    loop.wake(job)
    assert done == [], "it was asked twice in one slot"
    with clock.stopped_at(THURSDAY + timedelta(seconds=10)):
        loop.wake(job)
    assert done == [1]
    with bare_app.app_context():
        assert runs() == []


def test_a_loop_that_stops_begins_nothing_new(bare_app: Flask) -> None:
    done = []
    job = Job("count", HOUR, lambda: done.append(1))
    loop = Loop(bare_app, [job])
    loop.keep_lease()
    jobs.stopping.set()
    loop.wake(job)
    assert done == []


def test_old_runs_are_forgotten(app: Flask) -> None:
    job = Job("count", HOUR, lambda: None)
    for days in (0, 13, 15, 40):
        jobs.run_job(job, THURSDAY - timedelta(days=days))
    assert db.run_transaction(jobs.forget_old) == 2
    assert db.session().scalar(select(func.count()).select_from(JobRun)) == 2


def test_a_follower_only_reads(bare_app: Flask) -> None:
    with bare_app.app_context():
        jobs.hold_lease("leader")
        written = db.session().get_one(JobLease, "jobs").expires_at
    follower = Loop(bare_app, [])
    held = threading.Event()
    release = threading.Event()

    def write() -> None:
        with bare_app.app_context(), db.transaction():
            held.set()
            release.wait(20)

    writer = threading.Thread(target=write)
    writer.start()
    held.wait(10)
    began = time.monotonic()
    follower.keep_lease()  # on SQLite somebody holds the only pen
    waited = time.monotonic() - began
    release.set()
    writer.join(10)
    assert waited < 2 and not follower.leads
    with bare_app.app_context():
        assert db.session().get_one(JobLease, "jobs").expires_at == written


@contextlib.contextmanager
def served(settings: config.Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        "QR_INSTANCE_PATH": str(settings.instance_path),
        "QR_DATABASE_URL": settings.database_url,
        "QR_DEMO": "1",
        "PATH": "/usr/bin:/bin",
    }
    process = subprocess.Popen(flask_command("jobs", "serve"), cwd=config.ROOT, env=environment, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def wait_until(question: object, within: float = 30.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if question():  # type: ignore[operator]
            return True
        time.sleep(0.1)
    return False


def holder(app: Flask) -> str | None:
    db.session().close()
    lease = db.session().get(JobLease, "jobs")
    return lease.holder if lease is not None and lease.expires_at > datetime.now(UTC) else None


def test_a_served_loop_leads_works_and_goes_when_told(settings: config.Settings, app: Flask) -> None:
    with served(settings) as process:
        assert wait_until(lambda: holder(app))
        assert wait_until(lambda: runs("tidy up"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert holder(app) is None, "the lead was given up"
    assert all(run.state == DONE for run in runs("tidy up"))
