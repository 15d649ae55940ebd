"""What people are told when something happens to their booking, and when they need a way in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.events import CodeIssued, InvitationIssued
from app.core import db, i18n
from app.core.events import Event, publish
from app.core.policy import Role
from app.notices.models import Letter
from app.people.models import Person
from app.rooms import events as rooms
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person

BEGIN = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)


@pytest.fixture
def house(app: Flask) -> int:
    app.extensions["languages"] = ("en", "de")  # texts are tested where they are written
    return a_house(phone="0231 999", email="haus@example.org")


def booking(house: int, person: int | None, **more: Any) -> dict[str, Any]:
    return {
        "house_id": house,
        "by": None,
        "booking_id": 17,
        "room_id": 3,
        "room_name": "Saal Germania",
        "starts_at": BEGIN,
        "ends_at": BEGIN + timedelta(hours=4),
        "state": "confirmed",
        "purpose": "Taufe Kaya",
        "people": 40,
        "price_cents": 6600,
        "booked_for_id": person,
        "created_by_id": person,
        "uid": "b17@house.test",
        "sequence": 1,
        **more,
    }


def tell(event: Event) -> None:
    with db.transaction():
        publish(event)


def letters() -> list[Letter]:
    db.session().close()
    return list(db.session().scalars(select(Letter).order_by(Letter.id)))


def reader(**more: Any) -> int:
    return a_person(contact_by="mail", email="ayse@example.org", language="en", **more)


def entry(letter: Letter) -> Any:
    assert letter.calendar is not None
    (event,) = icalendar.Calendar.from_ical(letter.calendar).walk("VEVENT")
    return event


def test_a_confirmation_says_what_when_where_and_how_to_go_back(house: int) -> None:
    tell(rooms.BookingConfirmed(**booking(house, reader())))
    (letter,) = letters()
    assert letter.way == "mail" and letter.address == "ayse@example.org" and letter.language == "en"
    where_and_when = ("Saal Germania", "Thursday, 3 December 2026", "14:00–18:00", "Steinhammerstraße 3")
    for words in ("Ayşe Yılmaz", *where_and_when, "€66.00", "0231 999", "40 people"):
        assert words in letter.body, words
    assert "http://127.0.0.1:8000/bookings/17" in letter.body


def test_the_link_in_the_letter_leads_to_a_page(house: int, app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    for path in ("/bookings/17", "/rooms", "/wishes", "/invitation/abc"):
        assert adapter.match(path, method="GET")


def test_the_subject_says_neither_room_nor_purpose(house: int) -> None:
    person = reader()
    change = {"change_starts_at": BEGIN, "change_ends_at": BEGIN + timedelta(hours=1)}
    old = {"old_room_name": "Saal Germania", "old_starts_at": BEGIN, "old_ends_at": BEGIN + timedelta(hours=1)}
    events = [
        rooms.BookingWished(**booking(house, person, sequence=0)),
        rooms.BookingConfirmed(**booking(house, person)),
        rooms.BookingRefused(**booking(house, person)),
        rooms.BookingLapsed(**booking(house, person)),
        rooms.BookingMoved(**booking(house, person), **old),
        rooms.BookingCancelled(**booking(house, person)),
        rooms.ChangeWished(**booking(house, person), **change),
        rooms.ChangeRefused(**booking(house, person), **change),
    ]
    for event in events:
        tell(event)
    told = letters()
    assert len(told) == len(events)
    for letter in told:
        assert letter.subject and "Saal" not in letter.subject and "Kaya" not in letter.subject
        assert "Saal Germania" in letter.body


def test_a_confirmation_carries_the_calendar_entry_of_the_feed(house: int) -> None:
    tell(rooms.BookingConfirmed(**booking(house, reader())))
    found = entry(letters()[0])
    assert str(found["UID"]) == "b17@house.test" and found["SEQUENCE"] == 1 and str(found["STATUS"]) == "CONFIRMED"
    assert found.start == BEGIN and found.end == BEGIN + timedelta(hours=4)
    assert b"METHOD:PUBLISH" in (letters()[0].calendar or b"")


def test_a_cancellation_takes_the_entry_back_with_a_higher_sequence(house: int) -> None:
    person = reader()
    tell(rooms.BookingConfirmed(**booking(house, person)))
    tell(rooms.BookingCancelled(**booking(house, person, state="cancelled", sequence=2, reason="Wasserschaden")))
    confirmed, cancelled = letters()
    assert "Wasserschaden" in cancelled.body and "€66.00" not in cancelled.body
    assert str(entry(cancelled)["UID"]) == str(entry(confirmed)["UID"])
    assert str(entry(cancelled)["STATUS"]) == "CANCELLED" and entry(cancelled)["SEQUENCE"] > entry(confirmed)["SEQUENCE"]
    assert b"METHOD:CANCEL" in (cancelled.calendar or b"")


def test_cancelling_what_was_never_confirmed_sends_no_entry(house: int) -> None:
    person = reader()
    tell(rooms.BookingWished(**booking(house, person, state="wished", sequence=0)))
    tell(rooms.BookingCancelled(**booking(house, person, state="cancelled", by=person)))
    wished, cancelled = letters()
    assert wished.calendar is None and cancelled.calendar is None
    assert "you have cancelled" in cancelled.body


def test_a_move_tells_old_and_new_and_moves_the_entry(house: int) -> None:
    old = {"old_room_name": "Werkstatt", "old_starts_at": BEGIN - timedelta(days=1), "old_ends_at": BEGIN - timedelta(hours=20)}
    tell(rooms.BookingMoved(**booking(house, reader(), sequence=2), **old))
    (letter,) = letters()
    assert "Werkstatt" in letter.body and "2 December" in letter.body and "3 December" in letter.body
    assert entry(letter)["SEQUENCE"] == 2


def test_a_wish_says_until_when_it_is_decided(house: int) -> None:
    tell(rooms.BookingWished(**booking(house, reader(), state="wished", sequence=0), lapses_at=THURSDAY + timedelta(days=5)))
    (letter,) = letters()
    assert "Tue, 1 Dec" in letter.body and "nothing is fixed yet" in letter.body


def test_a_refusal_says_why_and_where_to_look_for_another_time(house: int) -> None:
    tell(rooms.BookingRefused(**booking(house, reader(), state="refused", reason="Die Heizung wird gewartet")))
    (letter,) = letters()
    assert "Die Heizung wird gewartet" in letter.body and "http://127.0.0.1:8000/rooms" in letter.body


def test_everybody_reads_in_their_own_language(house: int, app: Flask) -> None:
    app.extensions["languages"] = ("de", "en")
    tell(rooms.BookingConfirmed(**booking(house, a_person(contact_by="mail", email="d@example.org", language="de"))))
    with i18n.speaking("en"):  # whoever acts speaks English
        tell(
            rooms.BookingConfirmed(
                **booking(house, a_person(contact_by="mail", email="e@example.org", language="en"), booking_id=18)
            )
        )
        tell(
            rooms.BookingConfirmed(
                **booking(house, a_person(contact_by="mail", email="f@example.org", language="tr"), booking_id=19)
            )
        )
    german, english, turkish = letters()
    assert "Donnerstag" in german.body and german.language == "de"
    assert "Thursday" in english.body and english.language == "en"
    assert turkish.language == "de", "no Turkish in this house: its first language"


def test_whoever_is_phoned_gets_a_sentence_to_be_said_without_links(house: int) -> None:
    tell(rooms.BookingConfirmed(**booking(house, a_person(phone="0231 5", contact_by="phone", language="en"))))
    (letter,) = letters()
    assert letter.way == "phone" and letter.address == "0231 5" and letter.calendar is None
    assert "Saal Germania" in letter.body and "€66.00" in letter.body and "http" not in letter.body


def test_whoever_has_neither_gets_paper(house: int) -> None:
    tell(rooms.BookingConfirmed(**booking(house, a_person(language="en"))))
    (letter,) = letters()
    assert letter.way == "letter" and letter.address == "" and letter.calendar is None
    assert "calendar" not in letter.body and "0231 999" in letter.body


def test_an_imported_date_tells_nobody(house: int) -> None:
    tell(rooms.BookingConfirmed(**booking(house, None, origin="import")))
    assert letters() == []


def test_the_same_news_is_told_once_and_a_newer_one_again(house: int) -> None:
    event = rooms.BookingConfirmed(**booking(house, reader()))
    tell(event)
    tell(event)
    assert len(letters()) == 1
    tell(replace(event, sequence=2))
    assert len(letters()) == 2


def test_a_merged_duplicate_is_told_under_the_one_that_stayed(house: int) -> None:
    stayed = reader()
    duplicate = a_person("Ayse", "Yilmaz", contact_by="mail", email="old@example.org", merged_into_id=stayed)
    tell(rooms.BookingConfirmed(**booking(house, duplicate)))
    (letter,) = letters()
    assert letter.person_id == stayed and letter.address == "ayse@example.org"


def test_a_new_wish_is_told_to_those_who_decide_and_read_mail(house: int) -> None:
    other = a_house("eving", "Meilentreff Eving")
    wisher = reader()
    desk = a_person("Deniz", "Desk", (Role.DESK, house), contact_by="mail", email="desk@example.org", language="en")
    acting = a_person("Mara", "Manager", (Role.MANAGER, house), contact_by="mail", email="mara@example.org")
    a_person("Paul", "Phone", (Role.DESK, house), contact_by="phone", phone="1", email="paul@example.org")
    a_person("Eva", "Elsewhere", (Role.DESK, other), contact_by="mail", email="eva@example.org")
    a_person("Vera", "Volunteer", (Role.VOLUNTEER, house), contact_by="mail", email="vera@example.org")
    tell(rooms.BookingWished(**booking(house, wisher, state="wished", sequence=0, by=acting)))
    to_wisher, to_desk = letters()
    assert to_wisher.person_id == wisher and to_desk.person_id == desk
    assert "/wishes" in to_desk.body and "Ayşe" not in to_desk.body and "Kaya" not in to_desk.body


def test_when_the_act_is_undone_nobody_is_told(house: int) -> None:
    person = reader()
    with pytest.raises(LookupError), db.transaction():
        publish(rooms.BookingConfirmed(**booking(house, person)))
        raise LookupError
    assert letters() == []


def test_telling_costs_the_same_few_questions_each_time(house: int) -> None:
    from tests.browser_client import counted

    person = reader()
    with counted() as queries:
        tell(rooms.BookingConfirmed(**booking(house, person)))
    assert len(queries) <= 6, queries


def test_a_code_goes_by_mail_to_the_typed_address_whatever_the_person_prefers(house: int) -> None:
    person = a_person(contact_by="phone", phone="0231 5", email="a@example.org")
    tell(
        CodeIssued(
            house_id=None,
            by=None,
            code_id=5,
            email="typed@example.org",
            name="Ayşe",
            language="en",
            person_id=person,
            minutes=10,
            code="123456",
        )
    )
    (letter,) = letters()
    assert (letter.way, letter.address, letter.secret) == ("mail", "typed@example.org", True)
    assert "123456" in letter.body and "123456" not in letter.subject and "10 minutes" in letter.body
    assert letter.useful_until == THURSDAY + timedelta(minutes=10)


def test_an_invitation_holds_the_link_and_is_a_secret(house: int) -> None:
    person = reader()
    invitation = InvitationIssued(
        house_id=house,
        by=None,
        invitation_id=5,
        person_id=person,
        name="Ayşe Yılmaz",
        email="ayse@example.org",
        language="en",
        expires_at=THURSDAY + timedelta(days=7),
        token="tok-en_123",
    )
    tell(invitation)
    tell(replace(invitation, invitation_id=6, email=""))
    (letter,) = letters()
    assert letter.secret and "http://127.0.0.1:8000/invitation/tok-en_123" in letter.body and letter.useful_until is not None


def test_names_with_line_breaks_or_html_do_no_harm(house: int) -> None:
    person = a_person("Eve\nBcc: all@example.org", "<script>", contact_by="mail", email="eve@example.org", language="en")
    tell(rooms.BookingConfirmed(**booking(house, person, room_name="Saal\r\nX: y", purpose="a\nEND:VEVENT")))
    (letter,) = letters()
    assert "\n" not in letter.subject and len(icalendar.Calendar.from_ical(letter.calendar or b"").walk("VEVENT")) == 1
    assert db.session().get_one(Person, person).name in letter.body
