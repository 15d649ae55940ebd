"""Tries are counted in the database, so that every process counts together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock, db, throttle
from tests.conftest import THURSDAY

WITHIN = timedelta(minutes=10)


def tries(count: int, what: str = "sign in", who: str = "a@example.org") -> None:
    for _ in range(count):
        with db.transaction():
            throttle.check(what, who, limit=3, within=WITHIN)
            throttle.count(what, who)


def test_the_try_after_the_limit_is_refused_and_told_how_long_to_wait(app: Flask) -> None:
    tries(3)
    with clock.stopped_at(THURSDAY + timedelta(minutes=4)), pytest.raises(throttle.TooManyTries) as refused, db.transaction():
        throttle.check("sign in", "a@example.org", limit=3, within=WITHIN)
    assert refused.value.facts["retry_after"] == 6 * 60
    assert refused.value.status == 429


def test_the_window_moves_on(app: Flask) -> None:
    tries(3)
    with clock.stopped_at(THURSDAY + WITHIN):
        tries(1)


def test_what_somebody_else_or_something_else_tried_does_not_count(app: Flask) -> None:
    tries(3)
    tries(3, who="b@example.org")
    tries(3, what="ask for a code")


def test_success_clears_the_count(app: Flask) -> None:
    tries(3)
    with db.transaction():
        throttle.clear("sign in", "a@example.org")
    tries(3)


def test_the_table_does_not_say_who_tried(app: Flask) -> None:
    tries(1)
    assert "example" not in str(db.session().scalar(select(throttle.Try.key)))


def test_old_tries_are_forgotten(app: Flask) -> None:
    tries(3)
    with clock.stopped_at(THURSDAY + timedelta(days=1, seconds=1)):
        assert db.run_transaction(throttle.forget_old) == 3
    assert db.session().scalar(select(func.count()).select_from(throttle.Try)) == 0
