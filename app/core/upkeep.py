"""What the ground does by itself: it forgets what nobody will ask for any more, and backs the house up every night."""

from __future__ import annotations

from datetime import timedelta

from app.core import backup, idempotency, jobs, throttle
from app.core.db import run_transaction


def tidy_up() -> str:
    """Each kind in an act of its own, so that none holds up the others."""
    keys, tries, runs = (run_transaction(each) for each in (idempotency.forget_old, throttle.forget_old, jobs.forget_old))
    return f"{keys} idempotency keys, {tries} tries, {runs} job runs forgotten"


def back_up() -> str:
    return backup.make_backup().name


TIDY_UP = jobs.Job("tidy up", timedelta(hours=1), tidy_up, offset=timedelta(minutes=7))
BACK_UP = jobs.Job("back up", timedelta(days=1), back_up, offset=timedelta(hours=2, minutes=20))
