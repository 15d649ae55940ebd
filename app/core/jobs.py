"""What the clock does: one leader by lease, each slot of each job claimed once.

APScheduler wakes the loop; whether a job runs is decided by the database. A process that holds the lease does the work, another
waits; a slot (job, planned time) is a unique row, so even two leaders for a moment would run it once.
"""

from __future__ import annotations

import logging
import secrets
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask
from sqlalchemy import String, Text, UniqueConstraint, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Collision, Model, run_transaction, session
from app.core.log import working_as

log = logging.getLogger("app.jobs")
LEASE = timedelta(seconds=30)
RENEW_SECONDS, LOOK_SECONDS = 10, 5
"""How often the leader renews its lease, and how often the others look whether it is free."""
RUNNING, DONE, FAILED = "running", "done", "failed"
stopping = threading.Event()
"""Set when the loop has been asked to stop: a job that does many things looks here between two of them."""


@dataclass(frozen=True)
class Job:
    """Something the house does by itself every `every`, at slots counted from midnight UTC plus `offset`.

    `run` is an edge: it opens its own transactions. UTC slots, because a 02:30 Berlin comes twice in October.
    A job with `wanted` looks (reading only) whether there is work and claims each piece of it by itself; nothing is
    written for its slots. Any other runs once in each slot, whoever leads; of slots missed it makes up the last.
    """

    name: str
    every: timedelta
    run: Callable[[], object]
    offset: timedelta = timedelta(0)
    wanted: Callable[[], bool] | None = None

    def slot(self, moment: datetime) -> datetime:
        """The latest planned time at or before `moment`."""
        start = datetime(2020, 1, 1, tzinfo=UTC) + self.offset
        return start + (moment - start) // self.every * self.every


class JobLease(Model):
    """Who leads. `fence` grows with every change of leader."""

    __tablename__ = "job_lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(40))
    fence: Mapped[int] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()


class JobRun(Model):
    """One slot of one job: claimed, done or failed."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("job", "slot_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    job: Mapped[str] = mapped_column(String(60))
    slot_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    result: Mapped[str] = mapped_column(Text, default="")


def hold_lease(holder: str) -> bool:
    """Take or renew the lead; False when somebody else holds it."""

    def act() -> bool:
        now = clock.now()
        lease = session().get(JobLease, "jobs")
        if lease is None:
            session().add(JobLease(name="jobs", holder=holder, fence=1, expires_at=now + LEASE))
            try:
                session().flush()
            except IntegrityError as fault:
                raise Collision from fault
            return True
        # A lease that runs longer than leases do was taken by a clock that has been moved back since.
        if lease.holder != holder and now < lease.expires_at <= now + LEASE:
            return False
        if lease.holder != holder:
            lease.holder, lease.fence = holder, lease.fence + 1
        lease.expires_at = now + LEASE
        return True

    return run_transaction(act)


def give_up_lease(holder: str) -> None:
    """Let the next process lead at once, not after the lease has run out."""

    def act() -> None:
        session().execute(update(JobLease).where(JobLease.holder == holder).values(expires_at=clock.now()))

    run_transaction(act)


def run_job(job: Job, slot_at: datetime | None = None) -> str | None:
    """Claim a slot and run it; returns the state, None when the slot was taken. Without `slot_at`: now, by hand."""
    claimed = slot_at or clock.now()

    def claim() -> int | None:
        taken = select(JobRun.id).where(JobRun.job == job.name, JobRun.slot_at == claimed)
        if session().scalar(taken) is not None:
            return None
        run = JobRun(job=job.name, slot_at=claimed, state=RUNNING, started_at=clock.now())
        session().add(run)
        try:
            session().flush()
        except IntegrityError as fault:
            raise Collision from fault
        return run.id

    run_id = run_transaction(claim)
    if run_id is None:
        return None
    state, result = DONE, ""
    with working_as(f"job-{run_id}"):
        try:
            outcome = job.run()
            result = "" if outcome is None else str(outcome)
        except Exception:
            state, result = FAILED, traceback.format_exc(limit=-8)
            log.exception("job %s failed", job.name)

    def close() -> None:
        values = {"state": state, "ended_at": clock.now(), "result": result[:4000]}
        session().execute(update(JobRun).where(JobRun.id == run_id).values(values))

    run_transaction(close)
    return state


def forget_old() -> int:
    """Runs older than two weeks."""
    result = session().execute(delete(JobRun).where(JobRun.slot_at < clock.now() - timedelta(days=14)))
    return int(result.rowcount)  # type: ignore[attr-defined]


@dataclass
class Loop:
    """The job loop of one process: keeps the lease, and wakes each job when its slot has come."""

    app: Flask
    jobs: Sequence[Job]
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    leads_until: float = 0.0
    """By the monotonic clock of this process: while it is ahead, nobody else can have taken the lead."""
    _last: dict[str, datetime] = field(default_factory=dict)

    @property
    def leads(self) -> bool:
        return time.monotonic() < self.leads_until

    def keep_lease(self) -> None:
        """Take or renew the lead. The database is only written when there is something to win or to keep."""
        asked_at = time.monotonic()
        with self.app.app_context():
            if not self.leads and led_by_another(self.holder):
                return
            if hold_lease(self.holder):
                if not self.leads:
                    log.info("jobs are led by %s", self.holder)
                self.leads_until = asked_at + LEASE.total_seconds()
            else:
                self.leads_until = 0.0

    def wake(self, job: Job) -> None:
        """Run `job` if this process leads and a slot has come that it has not looked at yet."""
        if not self.leads or stopping.is_set():
            return
        slot_at = job.slot(clock.now())
        if self._last.get(job.name) == slot_at:
            return
        try:
            with self.app.app_context():
                if job.wanted is None:
                    run_job(job, slot_at)
                elif job.wanted():
                    _run_wanted(job)
        except Exception:  # of the loop's own questions, not of the job: asked again in a second
            log.exception("job %s could not be started", job.name)
            return
        self._last[job.name] = slot_at

    def give_up(self) -> None:
        self.leads_until = 0.0
        with self.app.app_context():
            give_up_lease(self.holder)


def led_by_another(holder: str) -> bool:
    """Whether somebody else holds a lease that still runs; only reads."""
    now = clock.now()
    lease = session().execute(select(JobLease.holder, JobLease.expires_at).where(JobLease.name == "jobs")).one_or_none()
    return lease is not None and lease.holder != holder and now < lease.expires_at <= now + LEASE


def _run_wanted(job: Job) -> None:
    with working_as(f"job-{secrets.token_hex(6)}"):
        try:
            job.run()
        except Exception:
            log.exception("job %s failed", job.name)


def serve(app: Flask, jobs: Sequence[Job]) -> None:
    """Run until SIGTERM or SIGINT. Several processes may serve; one leads. Jobs under way are waited for."""
    loop = Loop(app, jobs)
    stopping.clear()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": {"type": "threadpool", "max_workers": len(jobs) + 1}},
        job_defaults={"misfire_grace_time": 3600, "coalesce": True, "max_instances": 1},
    )
    for job in jobs:
        scheduler.add_job(loop.wake, IntervalTrigger(seconds=1, timezone=UTC), [job], next_run_time=datetime.now(UTC))
    # Every slot shorter than a job's run is skipped on purpose; APScheduler need not say so each second.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler.start()
    log.info("jobs are served by %s", loop.holder)
    while not stopping.is_set():
        try:
            loop.keep_lease()
        except Exception:  # the database may be away for a while; the loop is still there when it comes back
            log.exception("the lease could not be looked after")
        stopping.wait(RENEW_SECONDS if loop.leads else LOOK_SECONDS)
    scheduler.shutdown(wait=True)
    loop.give_up()
