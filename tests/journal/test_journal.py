"""Who did what, when: written once, without a word about anybody."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from app.accounts.events import CodeIssued
from app.core import clock, db, log
from app.core.events import Event, publish
from app.core.policy import Role
from app.journal import queries, service
from app.journal.models import JournalEntry
from app.journal.reactions import record as record_reaction
from app.journal.views import words
from app.people.events import PeopleMerged, PersonCreated
from app.rooms.events import BookingConfirmed
from tests.browser_client import Reader, counted
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person, a_room


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class KettleBoiled(Event):
    """Everything an event may hold."""

    kettle_id: int
    cup_id: int
    state: str
    colour: Colour
    purpose: str
    name: str
    code: str = field(metadata={"secret": True})
    pin: int = field(metadata={"secret": True})
    price_cents: int
    boiled_at: datetime
    on_day: date
    hot: bool
    nothing: int | None = None
    fields: tuple[str, ...] = ("email",)


def kettle(house: int | None, by: int | None = None, **more: object) -> KettleBoiled:
    values: dict[str, object] = {
        "kettle_id": 7,
        "cup_id": 3,
        "state": "boiled",
        "colour": Colour.RED,
        "purpose": "Tee für Frau Kaya",
        "name": "Kaya",
        "code": "123456",
        "pin": 4711,
        "price_cents": 120,
        "boiled_at": THURSDAY,
        "on_day": THURSDAY.date(),
        "hot": True,
        **more,
    }
    return KettleBoiled(house_id=house, by=by, **values)  # type: ignore[arg-type]


def record(event: Event) -> int:
    return db.run_transaction(lambda: service.record(event, "req-1"))


def entries() -> list[JournalEntry]:
    db.session().close()
    return list(db.session().scalars(select(JournalEntry).order_by(JournalEntry.id)))


def confirmed(
    house: int, by: int | None, booking_id: int = 17, *, room_id: int = 3, booked_for_id: int | None = None, price_cents: int = 0
) -> BookingConfirmed:
    return BookingConfirmed(
        house_id=house,
        by=by,
        booking_id=booking_id,
        room_id=room_id,
        room_name="Saal",
        starts_at=THURSDAY,
        ends_at=THURSDAY + timedelta(hours=1),
        state="confirmed",
        purpose="Taufe Kaya",
        people=4,
        price_cents=price_cents,
        booked_for_id=booked_for_id,
        created_by_id=None,
        uid="u",
        sequence=1,
    )


def tell(event: Event) -> None:
    with db.transaction():
        publish(event)


def test_an_entry_keeps_ids_words_of_the_program_and_moments_and_nothing_about_people(app: Flask) -> None:
    record(kettle(a_house(), a_person()))
    (entry,) = entries()
    assert (entry.act, entry.subject, entry.subject_id, entry.request_id) == ("kettle_boiled", "kettle", 7, "req-1")
    assert entry.facts == {
        "kettle_id": 7,
        "cup_id": 3,
        "state": "boiled",
        "colour": "red",
        "price_cents": 120,
        "boiled_at": THURSDAY.isoformat(),
        "on_day": "2026-11-26",
        "hot": True,
    }
    assert entry.at == THURSDAY


def test_no_secret_and_no_name_gets_into_the_journal_through_real_events(app: Flask) -> None:
    house, person = a_house(), a_person()
    tell(
        CodeIssued(
            house_id=None,
            by=None,
            code_id=1,
            email="a@example.org",
            name="Ayşe",
            language="de",
            person_id=person,
            minutes=10,
            code="987654",
        )
    )
    tell(confirmed(house, person))
    told = str([entry.facts for entry in entries()])
    for secret in ("987654", "example.org", "Ayşe", "Kaya", "Saal"):
        assert secret not in told
    assert "'minutes': 10" in told and "'booking_id': 17" in told


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        (PersonCreated(house_id=None, by=None, person_id=5), ("person", 5)),
        (PeopleMerged(house_id=None, by=None, person_id=5, duplicate_id=6, moved={}), ("person", 5)),
    ],
)
def test_the_subject_is_what_the_event_is_named_after_or_its_first_id(event: Event, subject: tuple[str, int]) -> None:
    assert service.subject_of(event) == subject


def test_an_act_that_is_undone_leaves_no_line(app: Flask) -> None:
    house = a_house()
    with pytest.raises(LookupError), db.transaction():
        publish(confirmed(house, None))
        raise LookupError
    assert entries() == []


def test_the_database_itself_refuses_to_change_or_delete_a_line(app: Flask) -> None:
    record(kettle(None))
    for statement in (update(JournalEntry).values(act="nothing"), delete(JournalEntry)):
        with pytest.raises(DBAPIError, match="once"), db.transaction() as session:
            session.execute(statement)
    assert [entry.act for entry in entries()] == ["kettle_boiled"]


def test_a_line_carries_the_id_of_the_request_or_job_it_was_written_in(app: Flask) -> None:
    with log.working_as("job-17"):
        tell(PersonCreated(house_id=None, by=None, person_id=a_person()))
    assert entries()[0].request_id == "job-17"


def test_every_event_of_the_house_has_its_words(app: Flask) -> None:
    from app import wiring

    written = {service.act_of(kind) for kind, reactions in wiring.REACTIONS.items() if record_reaction in reactions}
    nameless = written - queries.ACTS.keys()
    assert not nameless, f"app/journal/queries.py has no words for {sorted(nameless)}"


def test_every_fact_of_every_event_is_told_in_words_or_left_out_on_purpose(app: Flask) -> None:
    from app import wiring

    silent = set()
    for kind, reactions in wiring.REACTIONS.items():
        for each in fields(kind) if record_reaction in reactions else ():
            plain = str(each.type).partition(" ")[0] in {"int", "bool", "date", "datetime", "time"}
            if plain and not each.name.endswith("_id") and each.name not in {"by", *words.LABELS, *words.LEFT_OUT}:
                silent.add(f"{kind.__name__}.{each.name}")
    assert silent == set(), "app/journal/views/words.py does not know these"


def test_the_history_of_a_thing_is_told_in_order_by_name(app: Flask) -> None:
    house, person = a_house(), a_person("Deniz", "Demir")
    for hour, by in enumerate((person, None)):
        with clock.stopped_at(THURSDAY + timedelta(hours=hour)):
            tell(confirmed(house, by))
    tell(confirmed(house, person, booking_id=18))
    with counted() as asked:
        lines = queries.history("booking", 17)
    assert [(line.by, line.at) for line in lines] == [("Deniz Demir", THURSDAY), ("", THURSDAY + timedelta(hours=1))]
    assert lines[0].words and lines[0].act == "booking_confirmed" and len(asked) == 1


# The page --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def house(app: Flask) -> int:
    app.extensions["languages"] = ("en", "de")
    return a_house()


@pytest.fixture
def manager(house: int, reader: Reader) -> Reader:
    return reader.sign_in_as(a_person("Mara", "Manager", (Role.MANAGER, house), language="en"))


def rows(reader: Reader) -> list[str]:
    return [each.text for each in reader.page.main.all("tr")[1:]]


def test_the_manager_reads_newest_first_who_did_what(manager: Reader, house: int) -> None:
    person = a_person("Deniz", "Demir")
    tell(confirmed(house, person))
    with clock.stopped_at(THURSDAY + timedelta(hours=1)):
        tell(confirmed(house, None, booking_id=18))
    manager.get("/journal?subject=booking")
    newest, oldest = rows(manager)
    assert "Booking 18" in newest and "the house itself" in newest
    assert "Booking confirmed" in oldest and "Booking 17" in oldest and "Deniz Demir" in oldest


def test_details_are_told_in_words_with_names_instead_of_ids(manager: Reader, house: int) -> None:
    guest, room = a_person("Ayşe", "Yılmaz"), a_room(house, "saal")
    tell(confirmed(house, None, room_id=room.id, booked_for_id=guest, price_cents=6600))
    manager.get("/journal?subject=booking")
    details = rows(manager)[0]
    assert "Saal" in details and "for: Ayşe Yılmaz" in details and "66.00" in details and "13:40" in details
    assert "_id" not in details and "cents" not in details and "sequence" not in details


def test_it_can_be_narrowed_by_act_subject_number_and_day(manager: Reader, house: int) -> None:
    for number, days in ((17, 0), (18, 1)):
        with clock.stopped_at(THURSDAY + timedelta(days=days)):
            tell(confirmed(house, None, booking_id=number))
    tell(PersonCreated(house_id=house, by=None, person_id=a_person()))
    for query, found in (
        ("act=booking_confirmed", 2),
        ("subject=person&act=person_created", 1),
        ("subject=booking&number=18", 1),
        ("subject=booking&day=2026-11-26", 1),
        ("day=2026-11-28", 0),
        ("subject=booking", 2),
    ):
        manager.get(f"/journal?{query}")
        assert len(rows(manager)) == found, query


def test_a_day_is_a_day_on_the_houses_clock(manager: Reader, house: int) -> None:
    with clock.stopped_at(datetime(2026, 11, 26, 23, 30, tzinfo=UTC)):
        tell(confirmed(house, None))
    manager.get("/journal?subject=booking&day=2026-11-27")
    assert len(rows(manager)) == 1
    manager.get("/journal?subject=booking&day=2026-11-26")
    assert rows(manager) == []


@pytest.mark.parametrize(
    "query",
    [
        "number=99999999999999999999",
        "number=-1",
        "number=x",
        "day=0001-01-01",
        "day=9999-12-31",
        "day=x",
        "act=nothing",
        "before=x",
        "before=999999999999",
        "before=²",
        "subject=%00",
        "number=%00",
    ],
)
def test_nonsense_in_the_address_is_no_fault(manager: Reader, query: str) -> None:
    manager.get(f"/journal?{query}")


def test_pages_follow_one_another_without_gap_and_with_constant_questions(manager: Reader, house: int) -> None:
    def many() -> None:
        for number in range(1, queries.PAGE + 12):
            service.record(confirmed(house, None, booking_id=number))

    db.run_transaction(many)
    manager.get("/journal?subject=booking")
    first = rows(manager)
    manager.click("Earlier")
    assert len(first) == queries.PAGE and len(rows(manager)) == 11 and not set(first) & set(rows(manager))
    manager.at_most(5)


def test_what_happened_in_another_house_is_not_shown(manager: Reader, house: int) -> None:
    other = a_house("eving", "Meilentreff Eving")
    tell(confirmed(other, None))
    manager.get("/journal?subject=booking")
    assert rows(manager) == []


@pytest.mark.parametrize("role", [Role.DESK, Role.TREASURER, Role.VOLUNTEER, Role.RESIDENT])
def test_only_the_manager_reads_the_journal(house: int, reader: Reader, role: Role) -> None:
    reader.sign_in_as(a_person("Nora", "Neugier", (role, house)))
    reader.get("/journal", expect=404)


def test_the_filter_comes_back_as_it_was_chosen(manager: Reader, house: int) -> None:
    tell(confirmed(house, None))
    manager.get("/journal?act=booking_confirmed&subject=booking&number=17&day=2026-11-26")
    chosen = [each["value"] for each in manager.page.main.all("option") if "selected" in each]
    assert chosen == ["booking_confirmed", "booking"]
    manager.click("Show everything")
    assert rows(manager)
