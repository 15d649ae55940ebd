"""``flask check`` finds what must not be, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import text

from app.core import clock, crypto, db
from app.core.check import Check, findings
from app.notices import service
from app.notices.models import Letter
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person


def examine(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["check"])
    return result.exit_code, result.output


def write(*statements: str) -> None:
    with db.transaction() as session:
        for statement in statements:
            session.execute(text(statement))


@pytest.fixture
def house(bare_app: Flask) -> Flask:
    with bare_app.app_context():
        a_house()
        a_person(desk_note="a note")
    return bare_app


def test_a_sound_house_passes(house: Flask) -> None:
    code, told = examine(house)
    assert code == 0, told
    assert told.startswith("all is well") and "database" in told and "letters" in told


def remove_guard(engine: str) -> None:
    write(
        "DROP TRIGGER occupancy_no_overlap_insert"
        if engine == "sqlite"
        else "ALTER TABLE occupancy DROP CONSTRAINT ex_occupancy_no_overlap"
    )


def dangle(engine: str) -> None:
    if engine == "sqlite":
        connection = db.db.engines["writer"].raw_connection()
        connection.cursor().execute("PRAGMA foreign_keys=OFF")
        connection.cursor().execute("INSERT INTO resource (house_id, kind, name) VALUES (99, 'room_part', 'lost')")
        connection.cursor().execute("PRAGMA foreign_keys=ON")
        connection.close()
    else:
        write(
            "ALTER TABLE resource DROP CONSTRAINT fk_resource_house_id_house",
            "INSERT INTO resource (house_id, kind, name) VALUES (99, 'room_part', 'lost')",
            "ALTER TABLE resource ADD CONSTRAINT fk_resource_house_id_house FOREIGN KEY (house_id) REFERENCES house NOT VALID",
        )


def lose_the_key(engine: str) -> None:
    crypto.replace_lines(_keys(), [Fernet.generate_key().decode()])


def _keys() -> Path:
    from flask import current_app

    path: Path = current_app.extensions["field_keys"]
    return path


def open_a_key_file(engine: str) -> None:
    _keys().chmod(0o644)


def leave_a_secret(engine: str) -> None:
    def act() -> None:
        number = service.write_letter(occasion="code", subject="x", body="123456", address="a@example.org", secret=True)
        db.session().get_one(Letter, number).state = "sent"

    db.run_transaction(act)


def fall_behind(engine: str) -> None:
    write("UPDATE alembic_version SET version_num = '0000'")


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (remove_guard, "no longer has its guard"),
        (dangle, "resource"),
        (lose_the_key, "cannot be read with the keys"),
        (open_a_key_file, "can be read by others"),
        (leave_a_secret, "still holds its secret"),
        (fall_behind, "migrations are behind"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_harm_is_found(house: Flask, engine: str, harm: Callable[[str], None], found: str) -> None:
    with house.app_context():
        harm(engine)
    code, told = examine(house)
    assert code == 1 and found in told, told
    assert len(told.splitlines()) == 1, f"one harm, one finding: {told}"


def test_letters_that_should_have_gone_are_a_finding(house: Flask) -> None:
    with house.app_context():
        db.run_transaction(lambda: service.write_letter(occasion="a", subject="x", body="y", address="a@example.org"))
    assert examine(house)[0] == 0
    with clock.stopped_at(THURSDAY + timedelta(hours=2)):
        code, told = examine(house)
    assert code == 1 and "1 letters should have gone" in told


def test_a_check_that_breaks_is_a_finding_and_the_others_still_run(app: Flask) -> None:
    def broken() -> list[str]:
        db.session().execute(text("SELECT * FROM no_such_table"))
        return []

    found = list(findings([Check("broken", broken), Check("next", lambda: ["still here"])]))
    assert [name for name, _ in found] == ["broken", "next"] and "could not be checked" in found[0][1]


def test_the_examination_changes_nothing(house: Flask) -> None:
    with house.app_context():
        before = db.session().execute(text("SELECT * FROM person")).all()
    examine(house)
    with house.app_context():
        assert db.session().execute(text("SELECT * FROM person")).all() == before
