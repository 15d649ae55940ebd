"""Merging two records must not hand anybody the keys of staff."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.accounts import queries, service
from app.core import db
from app.core.policy import Actor, Role
from app.people import service as people
from app.people.models import Person
from tests.makers import a_house, a_person


def merge(keep: int, duplicate: int, by: int) -> None:
    with db.transaction() as session:
        found: list[Any] = [session.get_one(Person, keep), session.get_one(Person, duplicate)]
        people.merge_people(*found, by=Actor(person_id=by))


def test_a_desk_cannot_make_itself_manager_by_merging(app: Flask) -> None:
    house = a_house()
    manager = a_person("Jana", "Krüger", (Role.MANAGER, house))
    desk = a_person("Ben", "Sommer", (Role.DESK, house))
    for keep, duplicate in ((desk, manager), (manager, desk)):
        with pytest.raises(service.StaffRecord):
            merge(keep, duplicate, desk)
    assert [line.role for line in queries.roles_of(desk)] == [Role.DESK]


def test_a_manager_merges_staff_of_their_own_houses_only(app: Flask) -> None:
    house, eving = a_house(), a_house("eving", "Eving")
    manager = a_person("Jana", "Krüger", (Role.MANAGER, house))
    ben, twin = a_person("Ben", "Sommer", (Role.DESK, house)), a_person("Ben", "Sommer", (Role.RESIDENT, house))
    merge(ben, twin, manager)
    assert {line.role for line in queries.roles_of(ben)} == {Role.DESK, Role.RESIDENT}
    elsewhere = a_person("Ben", "Sommer", (Role.DESK, eving))
    with pytest.raises(service.StaffRecord):
        merge(ben, elsewhere, manager)


def test_the_duplicate_is_signed_out(app: Flask) -> None:
    house = a_house()
    desk = a_person("Ben", "Sommer", (Role.DESK, house))
    erna, twin = a_person("Erna", "Albers"), a_person("Erna", "Albers")
    with db.transaction():
        secret = service.open_sign_in(twin, means="slip").secret
        kept = service.open_sign_in(erna, means="slip").secret
    merge(erna, twin, desk)
    assert queries.identify(secret, demo=False) is None
    assert queries.identify(kept, demo=False) is not None
