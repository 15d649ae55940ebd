"""Who may see and change people; the rule and the filter beside it agree."""

from __future__ import annotations

import itertools

from flask import Flask
from sqlalchemy import select

from app.core import db
from app.core.policy import ANONYMOUS, Actor, Role
from app.people import policy, queries, service
from app.people.models import Person, Purpose
from app.people.service import ConsentRequest
from tests.people.acting import DESK, known


def actors(*person_ids: int | None) -> list[Actor]:
    held = [frozenset(((1, role),)) for role in Role] + [frozenset[tuple[int, Role]]()]
    return [ANONYMOUS, *(Actor(person_id=each, roles=roles) for each, roles in itertools.product(person_ids, held))]


def test_rule_and_filter_agree_for_every_role_and_person(app: Flask) -> None:
    ids = [known("Gerda Müller"), known("Ali Kaya"), known("Jana Krüger")]
    everybody = db.session().scalars(select(Person)).all()
    seen = set()
    for actor in actors(*ids, None):
        by_rule = {each.id for each in everybody if policy.see_person(actor, each)}
        by_filter = set(db.session().scalars(select(Person.id).where(policy.visible_people(actor))))
        assert by_rule == by_filter, actor
        seen.add(len(by_rule))
    assert seen == {0, 1, 3}


def test_only_desk_and_manager_keep_people(app: Flask) -> None:
    rules = (
        policy.see_people, policy.create_person, policy.change_person, policy.merge_people, policy.keep_households,
        policy.see_organisations, policy.keep_organisations, policy.give_consent,
    )  # fmt: skip
    for role in Role:
        actor = Actor(person_id=1, roles=frozenset({(1, role)}))
        for rule in rules:
            assert rule(actor, None) == (role in {Role.DESK, Role.MANAGER}), (role, rule.name)
    assert not any(rule(ANONYMOUS, None) for rule in rules)


def test_a_consent_is_taken_back_by_who_gave_it_or_the_desk(app: Flask) -> None:
    gerda, ali = known("Gerda Müller"), known("Ali Kaya")
    with db.transaction():
        person = queries.person(gerda)
        assert person is not None
        consent = service.give_consent(person, ConsentRequest(purpose=Purpose.NEWS, via="paper"), by=DESK)
    assert policy.withdraw_consent(Actor(person_id=gerda), consent)
    assert policy.withdraw_consent(DESK, consent)
    assert not policy.withdraw_consent(Actor(person_id=ali), consent)
    assert not policy.withdraw_consent(ANONYMOUS, consent)


def test_a_stranger_does_not_learn_that_a_number_exists(app: Flask) -> None:
    gerda, ali = known("Gerda Müller"), known("Ali Kaya")
    assert queries.visible_person(Actor(person_id=gerda), gerda) is not None
    assert queries.visible_person(Actor(person_id=gerda), ali) is None
    assert queries.visible_person(ANONYMOUS, gerda) is None
    assert queries.visible_person(DESK, ali) is not None
