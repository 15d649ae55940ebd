"""The one way to write, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from app.core import db
from app.core.policy import everyone
from app.core.web import Pages
from app.houses.models import House
from tests.browser_client import Reader
from tests.makers import a_house


def houses() -> int:
    return db.session().scalar(select(func.count()).select_from(House)) or 0


def in_threads(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Each act in a thread and an application context of its own; what they returned, or raised."""
    results: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            try:
                results[number] = act()
            except Exception as fault:
                results[number] = fault

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_a_naive_time_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError, match="offset"):
        a_house(created_at=datetime(2026, 11, 26, 12))
    assert houses() == 0


def test_an_instant_comes_back_in_utc_whatever_it_was_given_in(app: Flask) -> None:
    given = datetime(2026, 11, 26, 13, 40, 1, 234567, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    number = a_house(created_at=given)
    found = db.session().get(House, number)
    assert found is not None and found.created_at == given and found.created_at.tzinfo is UTC


def test_instants_are_compared_as_instants_in_the_database(app: Flask) -> None:
    a_house(created_at=datetime(2026, 11, 26, 12, tzinfo=UTC))
    later = datetime(2026, 11, 26, 12, 30, tzinfo=timezone(timedelta(hours=1)))  # 11:30 UTC, though its clock shows more
    assert db.session().scalar(select(House.id).where(House.created_at < later)) is None
    assert db.session().scalar(select(House.id).where(House.created_at > later)) is not None


def test_outside_a_transaction_the_database_refuses_to_write(app: Flask) -> None:
    for statement in (
        insert(House).values(slug="x", name="X"),
        text("DELETE FROM house"),
        text("CREATE TABLE tricks (id INTEGER)"),
    ):
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            db.session().execute(statement)
        db.session().rollback()


def test_a_page_that_reads_cannot_write(bare_app: Flask) -> None:
    pages = Pages("sly", __name__)

    @pages.get("/sly", allow=everyone)
    def sly() -> str:
        db.session().add(House(slug="sly", name="Sly"))
        db.session().commit()
        return "done"

    bare_app.register_blueprint(pages.blueprint)
    with bare_app.app_context():
        a_house()
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        Reader(bare_app).client.get("/sly")
    with bare_app.app_context():
        assert houses() == 1


def test_a_transaction_keeps_what_was_done(app: Flask) -> None:
    a_house()
    assert houses() == 1


def test_an_exception_undoes_the_whole_act(app: Flask) -> None:
    def act() -> None:
        db.session().add(House(slug="one", name="One"))
        db.session().flush()
        raise LookupError

    with pytest.raises(LookupError):
        db.run_transaction(act)
    assert houses() == 0 and not db.in_transaction()


def test_a_transaction_inside_another_is_refused(app: Flask) -> None:
    with pytest.raises(db.NestedTransaction), db.transaction():
        assert db.in_transaction()
        with db.transaction():
            raise AssertionError("one act has become two")
    assert not db.in_transaction()
    a_house()


def test_what_was_loaded_before_is_looked_at_anew(app: Flask) -> None:
    number = a_house(name="Old")
    before = db.session().get(House, number)
    assert before is not None and before.name == "Old"

    def rename() -> None:
        db.session().get_one(House, number).name = "New"

    in_threads(app, lambda: db.run_transaction(rename))
    assert db.run_transaction(lambda: db.session().get_one(House, number).name) == "New"


def test_two_who_check_and_then_write_do_not_both_win(app: Flask, engine: str) -> None:
    """Check-then-write on the same emptiness: SQLite lets one in after the other, PostgreSQL starts the loser again."""
    looked = threading.Barrier(2, timeout=10)
    tries = []

    def first_only(slug: str) -> bool:
        here = threading.get_ident()
        tries.append(here)
        empty = houses() == 0
        if engine == "postgresql" and tries.count(here) == 1:
            looked.wait()  # both have seen an empty table before either writes
        if empty:
            db.session().add(House(slug=slug, name=slug))
            db.session().flush()
        return empty

    won = in_threads(app, *(lambda slug=slug: db.run_transaction(lambda: first_only(slug)) for slug in ("a", "b")))
    assert sorted(won) == [False, True]
    assert houses() == 1
    assert len(tries) == (3 if engine == "postgresql" else 2)


def test_many_writers_lose_nothing(app: Flask) -> None:
    number = a_house(position=0)

    def count_up() -> None:
        for _ in range(10):

            def act() -> None:
                house = db.session().get_one(House, number)
                house.position += 1
                db.session().flush()

            db.run_transaction(act)

    assert in_threads(app, *[count_up] * 4) == [None] * 4
    assert db.session().get_one(House, number).position == 40


def test_acts_that_keep_getting_in_each_others_way_need_two_tries_at_most(app: Flask) -> None:
    """Each reads all and adds one: PostgreSQL lets one of them through at a time. The second try waits until it is alone."""
    tries: dict[int, int] = {}

    def add(number: int) -> None:
        def act() -> None:
            tries[number] = tries.get(number, 0) + 1
            houses()
            db.session().add(House(slug=f"h{number}", name="H"))
            db.session().flush()

        db.run_transaction(act)

    assert in_threads(app, *(lambda number=number: add(number) for number in range(8))) == [None] * 8
    assert houses() == 8
    assert max(tries.values()) <= 2


def test_a_collision_is_tried_again_on_the_new_state(app: Flask) -> None:
    tries = []

    def act() -> int:
        tries.append(houses())
        db.session().add(House(slug=f"h{len(tries)}", name="H"))
        db.session().flush()
        if len(tries) < 3:
            raise db.Collision
        return len(tries)

    assert db.run_transaction(act) == 3
    assert tries == [0, 0, 0] and houses() == 1


def test_an_act_that_never_gets_through_says_so_and_changes_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    tries = []

    def act() -> None:
        tries.append(1)
        db.session().add(House(slug="x", name="X"))
        db.session().flush()
        raise db.Collision

    with pytest.raises(db.Busy):
        db.run_transaction(act)
    assert len(tries) == db.ATTEMPTS and houses() == 0


def test_what_the_database_refuses_for_good_is_not_tried_again(app: Flask) -> None:
    a_house(slug="marten")
    tries = []

    def act() -> None:
        tries.append(1)
        db.session().add(House(slug="marten", name="Twin"))
        db.session().flush()

    with pytest.raises(IntegrityError):
        db.run_transaction(act)
    assert len(tries) == 1


def test_acts_under_one_lock_go_one_after_the_other(app: Flask) -> None:
    inside, most = [], []

    def act() -> None:
        db.lock("the till")
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.05)
        inside.pop()

    in_threads(app, *[lambda: db.run_transaction(act)] * 4)
    assert most == [1, 1, 1, 1]


def test_references_that_lead_nowhere_are_refused(app: Flask) -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(text("INSERT INTO resource (house_id, kind, name) VALUES (99, 'room_part', 'Nowhere')"))


def test_rows_may_flow_past_a_reader_who_keeps_few_of_them(app: Flask) -> None:
    for slug in ("a", "b", "c"):
        a_house(slug)
    for _ in range(2):
        options = {"stream_results": True, "yield_per": 1}
        assert [*db.session().execute(select(House.slug).order_by(House.slug), execution_options=options).scalars()] == [
            "a",
            "b",
            "c",
        ]
        db.session().close()
    a_house("d")
    assert houses() == 4


def test_every_table_of_the_migration_is_what_the_models_say(app: Flask) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with db.db.engines[None].connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda item, name, *rest: name != "ex_occupancy_no_overlap"}
        )
        assert compare_metadata(context, db.metadata) == []


def test_what_is_read_in_one_moment_does_not_see_what_is_written_meanwhile(app: Flask) -> None:
    a_house("marten")
    db.session().close()
    with db.one_moment():
        assert houses() == 1
        in_threads(app, lambda: a_house("eving"))
        assert houses() == 1
    db.session().close()
    assert houses() == 2
