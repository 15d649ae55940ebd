"""A double tap, a retry after a lost answer: one act."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask, render_template_string, request
from sqlalchemy import func, select

from app.core import clock, db, idempotency
from app.core.policy import everyone
from app.core.web import Pages
from app.houses.models import House
from tests.browser_client import Reader
from tests.core.test_db import in_threads
from tests.makers import a_house

FORM = """{% extends "base.html" %}{% import "macros/ui.html" as ui %}{% block title %}Houses{% endblock %}
{% block lead %}{{ ui.lead("Houses") }}{% endblock %}
{% block content %}<form method="post">{{ ui.form_start() }}{{ ui.button("Build") }}</form>{% endblock %}"""


@pytest.fixture
def street(bare_app: Flask) -> Flask:
    """A page on which each act builds one more house, unless it is asked to refuse."""
    pages = Pages("street", __name__)

    @pages.get("/street", allow=everyone)
    def show_street() -> str:
        return render_template_string(FORM)

    @pages.post("/street", allow=everyone)
    def build() -> object:
        number = houses() + 1
        db.session().add(House(slug=f"house-{number}", name=f"House {number}"))
        db.session().flush()
        if request.form.get("refuse"):
            return render_template_string(FORM), 422
        return "", 303, {"Location": f"/street?built={number}"}

    bare_app.register_blueprint(pages.blueprint)
    with bare_app.app_context():
        a_house()
    return bare_app


def houses() -> int:
    return db.session().scalar(select(func.count()).select_from(House)) or 0


def count(app: Flask) -> int:
    """How many have been built; the first one stood there before."""
    with app.app_context():
        return houses() - 1


def test_the_second_tap_leads_to_where_the_first_one_led(street: Flask) -> None:
    reader = Reader(street)
    reader.get("/street")
    form, _ = reader.page.form("Build")
    sent = {each["name"]: each["value"] for each in form.all("input")}
    assert sent["idempotency_key"]
    for _tap in range(3):
        page = reader.post("/street", sent, follow=False, expect=303)
        assert page.response.headers["Location"] == "/street?built=2"
    assert count(street) == 1


def test_a_new_form_is_a_new_act(street: Flask) -> None:
    reader = Reader(street)
    for built in (2, 3):
        reader.get("/street")
        reader.submit("Build")
        assert reader.page.path == f"/street?built={built}"
    assert count(street) == 2


def test_a_refused_act_may_be_tried_again_under_its_key(street: Flask) -> None:
    reader = Reader(street)
    reader.get("/street")
    sent = {"csrf_token": reader.token(), "idempotency_key": "k" * 22}
    reader.post("/street", {**sent, "refuse": "yes"}, expect=422, follow=False)
    assert count(street) == 0
    reader.post("/street", sent, expect=303, follow=False)
    assert count(street) == 1


def test_one_key_of_two_people_is_two_keys(street: Flask) -> None:
    for _person in range(2):
        reader = Reader(street)
        reader.get("/street")
        reader.post("/street", {"idempotency_key": "same"}, expect=303, follow=False)
    assert count(street) == 2


def test_acts_that_race_under_one_key_build_one_house(app: Flask) -> None:
    def act() -> str:
        done = idempotency.earlier("build", "key")
        if done is not None:
            return done
        number = houses() + 1
        db.session().add(House(slug=f"h{number}", name="H"))
        db.session().flush()
        idempotency.remember("build", "key", f"/houses/{number}")
        return f"/houses/{number}"

    assert in_threads(app, *[lambda: db.run_transaction(act)] * 8) == ["/houses/1"] * 8
    assert houses() == 1


def test_a_key_of_another_scope_is_another_key(app: Flask) -> None:
    with db.transaction():
        idempotency.remember("book:1", "key", "/a")
        assert idempotency.earlier("book:1", "key") == "/a"
        assert idempotency.earlier("book:2", "key") is None


def test_keys_are_forgotten_when_nobody_repeats_them_any_more(app: Flask) -> None:
    with db.transaction():
        idempotency.remember("book", "old", "/a")
    later = clock.now() + idempotency.KEPT
    with clock.stopped_at(later - timedelta(seconds=1)):
        assert db.run_transaction(idempotency.forget_old) == 0
    with clock.stopped_at(later + timedelta(seconds=1)):
        assert db.run_transaction(idempotency.forget_old) == 1
    assert idempotency.earlier("book", "old") is None


def test_a_key_of_any_length_and_script_can_be_remembered(app: Flask) -> None:
    for key in ("k" * 100_000, "ключ\x00🔑", " "):
        with db.transaction():
            idempotency.remember("book", key, "/a")
        assert idempotency.earlier("book", key) == "/a"
