"""Secrets in the instance, and fields that only this centre can read."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from app import create_app
from app.core import crypto, db, keys
from app.people.models import Person
from tests.core.test_db import in_threads
from tests.makers import a_person


def note(person: int) -> str | None:
    db.session().close()
    return db.session().get_one(Person, person).desk_note


def stored(person: int) -> bytes:
    return bytes(db.session().execute(text("SELECT desk_note FROM person WHERE id = :id"), {"id": person}).scalar_one())


def key_lines(app: Flask) -> list[str]:
    return crypto.lines_of(app.extensions["field_keys"], "")


@pytest.fixture
def person(app: Flask) -> int:
    return a_person(desk_note="hört schlecht, bitte laut sprechen 🦻")


def test_an_encrypted_field_stands_in_the_database_as_a_token_only(app: Flask, person: int) -> None:
    assert note(person) == "hört schlecht, bitte laut sprechen 🦻"
    token = stored(person)
    assert b"schlecht" not in token
    assert Fernet(key_lines(app)[0]).decrypt(token).decode() == note(person)


def test_nothing_stays_nothing(app: Flask) -> None:
    assert note(a_person()) is None


def test_key_files_are_for_their_owner_alone_and_made_once(settings: object, bare_app: Flask) -> None:
    folder = Path(bare_app.instance_path)
    before = {name: (folder / name).read_text() for name in ("secret.key", "field.keys", "fingerprint.key")}
    assert all((folder / name).stat().st_mode & 0o777 == 0o600 for name in before)
    create_app(bare_app.extensions["settings"])
    assert before == {name: (folder / name).read_text() for name in before}


def test_many_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    found: list[list[str]] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait(10)
        found.append(crypto.lines_of(tmp_path / "new.key", Fernet.generate_key().decode()))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8 and all(each == found[0] and len(each) == 1 for each in found)
    assert [path.name for path in tmp_path.iterdir()] == ["new.key"]


def test_a_row_under_a_foreign_key_is_told_apart_from_an_empty_one(app: Flask, person: int) -> None:
    crypto.replace_lines(app.extensions["field_keys"], [Fernet.generate_key().decode()])
    with pytest.raises((crypto.Unreadable, StatementError)):
        note(person)


def test_rotating_writes_every_field_under_one_new_key(app: Flask) -> None:
    people = [a_person(desk_note=f"note {number}") for number in range(7)]
    silent = a_person()
    old_key, old_tokens = key_lines(app)[0], [stored(each) for each in people]
    assert keys.rotate_field_keys(batch=3) == 7
    assert len(key_lines(app)) == 1 and key_lines(app) != [old_key]
    assert [note(each) for each in people] == [f"note {number}" for number in range(7)]
    assert note(silent) is None
    newest = Fernet(key_lines(app)[0])
    for each, before in zip(people, old_tokens, strict=True):
        assert stored(each) != before and newest.decrypt(stored(each))


def test_a_rotation_broken_off_leaves_everything_readable_and_is_finished_by_the_next(app: Flask, person: int) -> None:
    crypto.add_field_key(app)  # and then the power failed
    other = a_person(desk_note="written in between")
    assert note(person) and note(other)
    assert keys.rotate_field_keys() == 2
    assert len(key_lines(app)) == 1 and note(other) == "written in between"


def test_a_process_that_runs_follows_the_rotation_of_another(app: Flask, person: int) -> None:
    elsewhere = create_app(app.extensions["settings"])
    with elsewhere.app_context():
        assert keys.rotate_field_keys() == 1
    assert note(person) == "hört schlecht, bitte laut sprechen 🦻"
    late = a_person(desk_note="after")
    with elsewhere.app_context():
        assert note(late) == "after"
    with elsewhere.app_context():
        for each in db.db.engines.values():
            each.dispose()


def test_acts_that_write_during_a_rotation_lose_nothing(app: Flask) -> None:
    people = [a_person(desk_note="0") for _ in range(4)]
    stop = threading.Event()

    def write(person: int) -> int:
        number = 0
        while not stop.is_set():
            number += 1

            def act() -> None:
                db.session().get_one(Person, person).desk_note = str(number)  # noqa: B023 - run before it changes

            db.run_transaction(act)
        return number

    def rotate() -> None:
        for _ in range(3):
            keys.rotate_field_keys(batch=2)
        stop.set()

    *last, rotated = in_threads(app, *(lambda person=person: write(person) for person in people), rotate)
    assert rotated is None
    assert [note(person) for person in people] == [str(number) for number in last]
    assert len(key_lines(app)) == 1


def test_old_keys_stay_while_an_older_act_is_under_way(
    app: Flask, engine: str, person: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "sqlite":
        pytest.skip("SQLite's writers stand in one line: no act can be older than the rotation's own")
    monkeypatch.setattr(keys, "PATIENCE_SECONDS", 0.5)
    began, finish = threading.Event(), threading.Event()

    def slow() -> None:
        with db.transaction() as session:
            session.scalar(select(Person.id))
            began.set()
            finish.wait(20)

    def rotate() -> None:
        began.wait(10)
        try:
            keys.rotate_field_keys()
        finally:
            finish.set()

    _slow, rotated = in_threads(app, slow, rotate)
    assert isinstance(rotated, keys.StillInUse)
    assert len(key_lines(app)) == 2 and note(person)
    keys.rotate_field_keys()
    assert len(key_lines(app)) == 1 and note(person)


def test_codes_hold_no_letters_that_look_like_others() -> None:
    written = "".join(crypto.code(10) for _ in range(500))
    assert not set(written) & set("01ILOU")
    assert {len(crypto.code(length)) for length in (4, 4)} == {4}
    assert all(crypto.digits(6).isdigit() and len(crypto.digits(6)) == 6 for _ in range(50))


def test_fingerprints_are_of_this_house_alone(app: Flask, tmp_path: Path) -> None:
    here = crypto.fingerprint("123456")
    assert here == crypto.fingerprint("123456") != crypto.fingerprint("123457")
    crypto.init_fingerprints(app, tmp_path)
    assert crypto.fingerprint("123456") != here
