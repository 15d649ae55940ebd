"""What is remembered under a house's stamp, and by whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.core import db, memory
from app.houses import queries
from app.houses.models import House
from app.houses.service import touch
from tests.makers import a_house


@pytest.fixture
def made() -> list[int]:
    return []


@pytest.fixture
def ask(app: Flask, made: list[int]) -> Callable[[int], int]:
    """Ask for something that counts how often it had to be made."""

    def look(house: int) -> int:
        def make() -> int:
            made.append(1)
            return len(made)

        return memory.remembered(house, "number", make)

    return look


def test_readers_make_it_once_until_the_stamp_is_raised(ask: Callable[[int], int], made: list[int]) -> None:
    house = a_house()
    for _ in range(3):
        queries.houses()
        assert ask(house) == 1
        db.session().close()
    with db.transaction():
        touch(house)
    queries.houses()
    assert ask(house) == 2


def test_nobody_who_does_not_know_the_stamp_uses_the_memory(ask: Callable[[int], int], made: list[int]) -> None:
    house = a_house()
    queries.houses()
    ask(house)
    with db.transaction():
        assert ask(house) == 2


def test_an_act_reads_the_memory_by_the_stamp_it_has_seen_itself_and_never_adds_to_it(
    ask: Callable[[int], int], made: list[int]
) -> None:
    house = a_house()
    with db.transaction():
        queries.houses()
        assert (ask(house), ask(house)) == (1, 2), "an act has remembered something"
    queries.houses()
    assert ask(house) == 3
    db.session().close()
    with db.transaction():
        queries.houses()
        assert ask(house) == 3


@pytest.mark.parametrize("way", ["row", "statement", "stamp"])
def test_an_act_that_has_written_looks_for_itself(ask: Callable[[int], int], made: list[int], way: str) -> None:
    house = a_house()
    queries.houses()
    ask(house)
    db.session().close()
    with db.transaction() as session:
        queries.houses()
        assert ask(house) == 1
        if way == "row":
            session.get_one(House, house).city = "Dortmund-Marten"
            session.flush()
        elif way == "statement":
            session.execute(update(House).values(city="Dortmund-Marten"))
        else:
            touch(house)
        assert ask(house) == 2


# Until anything is written -------------------------------------------------------------------------------------------


@pytest.fixture
def number(app: Flask, made: list[int]) -> Callable[[], int]:
    """Something kept until anything is written, which counts how often it had to be made; each time in a session of its own."""

    def look() -> int:
        def make() -> int:
            made.append(1)
            return len(made)

        found = memory.until_written("number", make)
        db.session().close()
        return found

    return look


def test_what_was_read_is_kept_until_anything_is_written(number: Callable[[], int], engine: str) -> None:
    house = a_house()
    first = number()
    if engine == "sqlite":  # a server counts the acts of all its databases, also those of other tests
        assert number() == number() == first
    with db.transaction() as session:
        session.execute(update(House).where(House.id == house).values(position=House.position + 1))
    assert number() > first


def test_what_was_undone_is_never_kept(number: Callable[[], int], made: list[int]) -> None:
    a_house()
    before = number()
    with pytest.raises(LookupError), db.transaction() as session:
        session.execute(update(House).values(name="Undone"))
        assert memory.until_written("name", lambda: session.scalar(select(House.name))) == "Undone"
        assert memory.until_written("number", lambda: 0) == 0, "an act was told what others remember"
        raise LookupError
    assert memory.until_written("name", lambda: db.session().scalar(select(House.name))) == "Meilentreff Marten"
    assert number() >= before


def test_a_write_between_the_look_and_the_reading_is_not_missed(app: Flask) -> None:
    """Who has looked whether anything was written, and reads later, may keep something newer but never something older."""
    a_house(name="Old")

    def name() -> str | None:
        return memory.until_written("name", lambda: db.session().scalar(select(House.name)))

    memory.until_written("anything", lambda: None)
    with db.db.engines["writer"].begin() as other:
        other.exec_driver_sql("UPDATE house SET name = 'New'")
    assert name() in ("Old", "New")
    db.session().close()
    assert name() == "New"


def test_it_does_not_grow_without_end(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST", 10)
    for each in range(35):
        assert memory.until_written(each, lambda each=each: each) == each  # type: ignore[misc]
    assert len(db.still() or ()) <= 10
