"""A backup is the whole house; a restore brings it back, or changes nothing."""

from __future__ import annotations

import gzip
import io
import json
import stat
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

import config
from app import create_app
from app.core import backup, clock, crypto, db, keys, upkeep
from app.notices import service
from app.notices.models import Letter, LetterState
from app.occupancy.models import Occupancy
from app.people.models import Person
from app.rooms.models import Booking
from tests.conftest import THURSDAY, Template, settings_for
from tests.core.test_db import in_threads
from tests.makers import a_house, a_person, a_room

BEGIN = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)


def furnish() -> dict[str, int]:
    """A house with a person whose note is encrypted, a booking that holds its room, and letters of three kinds."""
    house = a_house()
    person = a_person("Ayşe", "Yılmaz", desk_note="hört schlecht", email="ayse@example.org", contact_by="mail")
    on_paper = a_person("Paul", "Papier")
    room = a_room(house)
    booking = Booking(
        house_id=house,
        room_id=room.id,
        starts_at=BEGIN,
        ends_at=BEGIN + timedelta(hours=2),
        before_minutes=0,
        after_minutes=0,
        state="confirmed",
        purpose="Erzählcafé ☕",
        people=12,
        booked_for_id=person,
        created_by_id=person,
        uid="b@house.test",
    )
    with db.transaction() as session:
        session.add(booking)
        session.flush()
        session.add(
            Occupancy(
                resource_id=room.parts[0],
                starts_at=BEGIN,
                ends_at=BEGIN + timedelta(hours=2),
                kind="confirmed",
                source="booking",
                source_id=booking.id,
            )
        )
        service.write_letter(occasion="mail", subject="x", body="y", address="a@example.org", house_id=house)
        service.write_letter(occasion="secret", subject="x", body="123456", address="a@example.org", secret=True)
        service.write_letter(occasion="paper", subject="x", body="y", person=session.get(Person, on_paper), house_id=house)
    return {"house": house, "person": person, "booking": booking.id, "room": room.id, "part": room.parts[0]}


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables as the database holds them."""
    db.session().close()
    return {
        table.name: sorted((tuple(row) for row in db.session().execute(text(f'SELECT * FROM "{table.name}"'))), key=repr)
        for table in db.metadata.sorted_tables
    }


def letter(occasion: str) -> Letter:
    db.session().close()
    return db.session().scalars(select(Letter).where(Letter.occasion == occasion)).one()


def dispose(app: Flask) -> None:
    with app.app_context():
        for each in db.db.engines.values():
            each.dispose()


@pytest.fixture
def elsewhere(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Another machine: an instance of its own with other keys, and a database without a single table."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    template: Template = request.getfixturevalue(f"{engine}_template")
    url = template.cluster.make_database() if template.cluster else ""
    app = create_app(settings_for(folder, url))
    yield app
    dispose(app)
    if template.cluster:
        template.cluster.drop_database(url)


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive.getmembers()}  # type: ignore[union-attr]


def repacked(file: Path, contents: dict[str, bytes]) -> Path:
    target = file.with_name("other.tar.gz")
    with tarfile.open(target, "w:gz") as archive:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target


def test_a_restore_on_another_machine_brings_everything_back(app: Flask, elsewhere: Flask) -> None:
    ids = furnish()
    file = backup.make_backup()
    before = everything()
    with elsewhere.app_context():
        manifest = backup.restore(file)
    with elsewhere.app_context():
        after = everything()
        assert db.session().get_one(Person, ids["person"]).desk_note == "hört schlecht"
        assert db.session().get_one(Booking, ids["booking"]).purpose == "Erzählcafé ☕"
    with elsewhere.app_context():
        a_person("Neu", "Hier", desk_note="written after the restore")
    assert {name: rows for name, rows in after.items() if name != "letter"} == {n: r for n, r in before.items() if n != "letter"}
    assert manifest.counts == {name: len(rows) for name, rows in before.items()}
    assert (Path(elsewhere.instance_path) / "secret.key").read_text() == (Path(app.instance_path) / "secret.key").read_text()


def test_what_guards_the_promises_is_restored_too(app: Flask, elsewhere: Flask) -> None:
    ids = furnish()
    file = backup.make_backup()
    with elsewhere.app_context():
        backup.restore(file)
    with elsewhere.app_context():
        with pytest.raises(IntegrityError), db.transaction() as session:
            session.add(
                Occupancy(
                    resource_id=ids["part"],
                    starts_at=BEGIN,
                    ends_at=BEGIN + timedelta(minutes=1),
                    kind="confirmed",
                    source="x",
                    source_id=1,
                )
            )
        result = elsewhere.test_cli_runner().invoke(args=["check"])
    assert result.exit_code == 0, result.output


def test_mail_that_was_waiting_is_held_and_everything_else_waits_on(app: Flask, elsewhere: Flask) -> None:
    furnish()
    file = backup.make_backup()
    with elsewhere.app_context():
        backup.restore(file)
        assert (letter("mail").state, letter("mail").fault) == (LetterState.FAILED, service.Fault.RESTORED)
        assert letter("secret").state == LetterState.FAILED and letter("secret").body == ""
        assert letter("paper").state == LetterState.WAITING
    assert letter("mail").state == LetterState.WAITING, "the house that was backed up goes on"


def test_a_house_where_somebody_lives_is_only_replaced_when_told_so(app: Flask) -> None:
    ids = furnish()
    file = backup.make_backup()
    with db.transaction() as session:
        session.get_one(Person, ids["person"]).given_name = "Changed since"
    before = everything()
    with pytest.raises(backup.NotRestored, match="--replace"):
        backup.restore(file)
    assert everything() == before
    backup.restore(file, replace=True)
    db.session().close()
    assert db.session().get_one(Person, ids["person"]).given_name == "Ayşe"


def test_a_table_of_a_newer_program_does_not_survive_the_restore(app: Flask) -> None:
    furnish()
    file = backup.make_backup()
    with db.transaction() as session:
        session.execute(text("CREATE TABLE from_the_future (id INTEGER)"))
    backup.restore(file, replace=True)
    with pytest.raises(Exception, match="from_the_future"):
        db.session().execute(text("SELECT * FROM from_the_future"))


def test_a_field_written_before_a_key_rotation_is_readable_from_the_backup_before_it(app: Flask) -> None:
    ids = furnish()
    file = backup.make_backup()
    keys.rotate_field_keys()
    backup.restore(file, replace=True)
    db.session().close()
    assert db.session().get_one(Person, ids["person"]).desk_note == "hört schlecht"
    keys.rotate_field_keys()
    db.session().close()
    assert db.session().get_one(Person, ids["person"]).desk_note == "hört schlecht"


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def damaged(file: Path, how: str) -> Path:
    """The backup after something has happened to it."""
    contents = members(file)
    database = next(name for name in contents if name.startswith("centre."))
    manifest = json.loads(contents["manifest.json"])
    if how == "one bit of the file":
        target = file.with_name("other.tar.gz")
        target.write_bytes(flipped(file.read_bytes()))
        return target
    if how == "cut off":
        target = file.with_name("other.tar.gz")
        target.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        return target
    if how == "one bit of the database":
        contents[database] = flipped(contents[database])
    elif how == "one bit of a key":
        contents["field.keys"] = flipped(contents["field.keys"])
    elif how == "a file is missing":
        del contents["fingerprint.key"]
    elif how == "no keys at all":
        del contents["field.keys"], manifest["files"]["field.keys"]
    elif how == "a file too many":
        contents["../../evil"] = b"x"
    elif how == "a file too many, named":
        contents["../../evil"] = b"x"
        manifest["files"]["../../evil"] = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    elif how == "another format":
        manifest["format"] = 99
    elif how == "a newer program":
        manifest["migration"] = "9999"
    elif how == "another engine":
        manifest["engine"] = "postgresql" if manifest["engine"] == "sqlite" else "sqlite"
    elif how == "nonsense in the manifest":
        return repacked(file, {"manifest.json": b'{"files": 3}'})
    elif how == "no backup at all":
        target = file.with_name("other.tar.gz")
        target.write_bytes(gzip.compress(b"hello"))
        return target
    contents["manifest.json"] = json.dumps(manifest).encode()
    return repacked(file, contents)


@pytest.mark.parametrize(
    "how",
    [
        "one bit of the file",
        "cut off",
        "one bit of the database",
        "one bit of a key",
        "a file is missing",
        "no keys at all",
        "a file too many",
        "a file too many, named",
        "another format",
        "a newer program",
        "another engine",
        "nonsense in the manifest",
        "no backup at all",
    ],
)
def test_a_file_that_is_not_what_it_was_is_refused_and_nothing_changes(app: Flask, how: str) -> None:
    furnish()
    file = backup.make_backup()
    folder = Path(app.instance_path)
    before, files = everything(), {name: (folder / name).read_bytes() for name in ("secret.key", "field.keys", "fingerprint.key")}
    with pytest.raises(backup.NotRestored):
        backup.restore(damaged(file, how), replace=True)
    assert everything() == before
    assert files == {name: (folder / name).read_bytes() for name in files}
    assert not (folder.parent / "evil").exists() and not list((folder / "backups").glob(".work-*"))


def test_a_backup_is_for_its_owner_alone_and_says_what_it_holds(app: Flask, engine: str) -> None:
    furnish()
    file = backup.make_backup()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.name == "20261126T124000Z.tar.gz"
    contents = members(file)
    manifest = json.loads(contents.pop("manifest.json"))
    assert manifest["engine"] == engine and manifest["migration"] and manifest["counts"]["person"] == 2
    assert manifest["files"].keys() == contents.keys() >= {"field.keys", "secret.key", "fingerprint.key"}
    assert list(file.parent.iterdir()) == [file], "nothing half-made is left"


def test_only_the_newest_backups_stay_and_foreign_files_are_left_alone(app: Flask) -> None:
    a_house()
    foreign = backup.folder() / "before-the-move.tar.gz"
    backup.folder().mkdir(mode=0o700)
    foreign.touch()
    for day in range(5):
        with clock.stopped_at(THURSDAY + timedelta(days=day)):
            backup.make_backup(keep=3)
    kept = sorted(path.name for path in backup.folder().iterdir())
    assert kept == ["20261128T124000Z.tar.gz", "20261129T124000Z.tar.gz", "20261130T124000Z.tar.gz", foreign.name]


def test_a_backup_while_people_book_is_one_moment_of_the_house(app: Flask, elsewhere: Flask, tmp_path: Path) -> None:
    """Each act writes two people at once: a backup never holds one without the other."""
    a_house()

    def write() -> None:
        for number in range(25):
            with db.transaction() as session:
                session.add_all([Person(given_name=f"left {number}"), Person(given_name=f"right {number}")])

    def save() -> list[Path]:
        return [backup.make_backup(tmp_path / f"{number}.tar.gz") for number in range(3)]

    *written, files = in_threads(app, write, write, save)
    assert written == [None, None] and len(files) == 3
    for file in files:
        with elsewhere.app_context():
            manifest = backup.restore(file, replace=True)
            db.session().close()
            found = list(db.session().scalars(select(Person.given_name)))
            assert sum(name.startswith("left") for name in found) == sum(name.startswith("right") for name in found)
            assert len(found) == manifest.counts["person"]


def test_settings_of_this_machine_stay_and_the_others_lie_beside(app: Flask, elsewhere: Flask) -> None:
    a_house()
    (Path(app.instance_path) / "config.toml").write_text('public_url = "https://old.example.org"\n')
    file = backup.make_backup()
    there = Path(elsewhere.instance_path)
    with elsewhere.app_context():
        backup.restore(file)
        assert "old.example.org" in (there / "config.toml").read_text()
        (there / "config.toml").write_text('public_url = "https://new.example.org"\n')
        backup.restore(file, replace=True)
    assert "new.example.org" in (there / "config.toml").read_text()
    assert "old.example.org" in (there / "config.restored.toml").read_text()


def test_the_nightly_job_makes_a_backup(app: Flask) -> None:
    a_house()
    assert (backup.folder() / upkeep.back_up()).exists()


def test_a_backup_that_cannot_be_written_says_so_and_leaves_nothing(app: Flask, tmp_path: Path) -> None:
    a_house()
    (tmp_path / "file").touch()
    with pytest.raises(backup.BackupFailed):
        backup.make_backup(tmp_path / "file" / "below.tar.gz")
    assert (tmp_path / "file").read_bytes() == b""


def test_a_house_without_tables_cannot_be_backed_up(elsewhere: Flask) -> None:
    with elsewhere.app_context(), pytest.raises(Exception, match=r"alembic_version|no tables"):
        backup.make_backup()


def test_the_commands_say_what_they_did(bare_app: Flask, elsewhere: Flask, tmp_path: Path) -> None:
    with bare_app.app_context():
        furnish()
    runner, target = bare_app.test_cli_runner(), tmp_path / "house.tar.gz"
    made = runner.invoke(args=["backup", str(target)])
    assert made.exit_code == 0 and str(target) in made.output
    refused = runner.invoke(args=["restore", str(target)])
    assert refused.exit_code == 1 and "nothing has been restored" in refused.output
    restored = elsewhere.test_cli_runner().invoke(args=["restore", str(target)])
    assert restored.exit_code == 0, restored.output
    assert "2026-11-26" in restored.output and "held in the outbox" in restored.output
    rotated = runner.invoke(args=["keys", "rotate"])
    assert rotated.exit_code == 0 and rotated.output.startswith("1 fields")


def test_a_restored_house_can_be_migrated_on(app: Flask, elsewhere: Flask) -> None:
    a_house()
    file = backup.make_backup()
    with elsewhere.app_context():
        backup.restore(file)
        upgrade(directory=str(config.ROOT / "migrations"))
        assert db.session().scalar(text("SELECT count(*) FROM house")) == 1


def test_every_key_that_opens_a_field_travels_with_the_backup(app: Flask) -> None:
    a_house()
    crypto.add_field_key(app)
    assert members(backup.make_backup())["field.keys"].decode().split() == crypto.lines_of(app.extensions["field_keys"], "")
