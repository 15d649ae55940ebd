"""``flask jobs``: seeing and doing by hand what the clock does."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from app import wiring
from app.core import db, jobs
from app.core.jobs import Job
from app.notices import service
from tests.makers import a_house


def call(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["jobs", *words])
    return result.exit_code, result.output


def test_the_list_names_every_job_and_says_who_leads(bare_app: Flask) -> None:
    code, told = call(bare_app, "list")
    assert code == 0 and "nobody runs the jobs" in told
    assert all(job.name in told for job in wiring.JOBS)
    with bare_app.app_context():
        jobs.hold_lease("me")
        a_house()
        db.run_transaction(lambda: service.write_letter(occasion="a", subject="x", body="y", address="a@example.org"))
    told = call(bare_app, "list")[1]
    assert "led by me" in told and "work is waiting" in told and "has not run yet" in told


def test_a_job_is_run_by_hand_and_then_stands_in_the_list(bare_app: Flask) -> None:
    code, told = call(bare_app, "run", "tidy up")
    assert code == 0 and told.startswith("tidy up: done: 0 idempotency keys")
    assert "done 2026-11-26 12:40 UTC" in call(bare_app, "list")[1]


def test_a_job_that_fails_by_hand_says_so(bare_app: Flask) -> None:
    def fail() -> None:
        raise LookupError("the well is dry")

    bare_app.extensions["jobs"] = [Job("draw water", timedelta(hours=1), fail)]
    code, told = call(bare_app, "run", "draw water")
    assert code == 1 and "the well is dry" in told


def test_an_unknown_job_is_refused(bare_app: Flask) -> None:
    code, told = call(bare_app, "run", "nothing")
    assert code == 1 and "there is no job 'nothing'" in told


def test_no_two_jobs_share_a_name() -> None:
    names = [job.name for job in wiring.JOBS]
    assert len(names) == len(set(names)) and all(len(name) <= 60 for name in names)
