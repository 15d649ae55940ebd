"""What is remembered under a house's stamp, and by whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

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
