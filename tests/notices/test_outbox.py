"""The pages on which the desk looks after letters."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import db
from app.core.policy import Role
from app.journal.models import JournalEntry
from app.notices import queries, service
from app.notices.jobs import send_letters
from app.notices.models import Letter, LetterState
from app.people.models import Person
from tests.browser_client import Reader, cold
from tests.makers import a_house, a_person


@pytest.fixture
def house(app: Flask) -> int:
    app.extensions["languages"] = ("en", "de")
    return a_house()


@pytest.fixture
def desk(house: int, reader: Reader) -> Reader:
    return reader.sign_in_as(a_person("Deniz", "Demir", (Role.DESK, house), language="en"))


def write(house: int | None, occasion: str, person: int | None = None, **more: Any) -> int:
    def act() -> int:
        known = db.session().get(Person, person) if person else None
        letter = service.write_letter(
            occasion=occasion,
            subject=f"About {occasion}",
            body=f"Body of {occasion}.\n\nSecond part https://example.org/x",
            person=known,
            house_id=house,
            **more,
        )
        assert letter is not None
        return letter

    return db.run_transaction(act)


def on_phone(**more: Any) -> int:
    return a_person(contact_by="phone", phone="0231 12 34", **{"language": "de", **more})


def letter(number: int) -> Letter:
    db.session().close()
    return db.session().get_one(Letter, number)


def failed(house: int, person: int, occasion: str = "broken") -> int:
    number = write(house, occasion, person, address="a@example.org")

    def fail() -> None:
        dispatch = service.claim_letter()
        assert dispatch is not None
        service.record_fault(dispatch, "550 nobody here", final=True)

    db.run_transaction(fail)
    return number


def test_whom_to_call_stands_with_number_language_and_words(desk: Reader, house: int) -> None:
    write(house, "a move", on_phone())
    page = desk.get("/outbox")
    assert "To phone (1)" in page.text
    for words in ("Ayşe Yılmaz", "0231 12 34", "About a move", "Body of a move.", "speaks Deutsch"):
        assert words in page.text, words
    assert page.link("0231 12 34")["href"].startswith("tel:0231")


def test_called_is_one_tap_and_says_who_called(desk: Reader, house: int) -> None:
    number = write(house, "a move", on_phone())
    desk.get("/outbox")
    page = desk.submit("Called")
    assert "Done: Ayşe Yılmaz." in page.alerts[0] and "Nobody has to be called" in page.text
    assert letter(number).state == LetterState.DONE and letter(number).ended_by_id is not None
    assert "Deniz Demir" in desk.get("/outbox?shelf=sent").text


def test_a_call_ticked_off_too_early_goes_back(desk: Reader, house: int) -> None:
    number = write(house, "a move", on_phone())
    desk.get("/outbox")
    desk.submit("Called")
    desk.get(f"/outbox/{number}")
    desk.submit("Put back on the list")
    assert letter(number).state == LetterState.WAITING and letter(number).ended_by_id is None


def test_the_second_who_calls_is_told_that_it_has_been_done(desk: Reader, house: int) -> None:
    number = write(house, "a move", on_phone())
    desk.get("/outbox")
    desk.submit("Called")
    page = desk.post(f"/outbox/{number}/tick-off", expect=409)
    assert "already been done" in page.text


def test_paper_is_printed_and_handed_over(desk: Reader, house: int) -> None:
    number = write(house, "paper", a_person())
    page = desk.get("/outbox?shelf=paper")
    assert "Ayşe Yılmaz" in page.text
    assert "Second part" in desk.get(f"/outbox/{number}").text
    desk.submit("Handed over")
    assert letter(number).state == LetterState.DONE


def test_a_failed_mail_says_why_and_can_be_sent_again(desk: Reader, house: int, app: Flask) -> None:
    number = failed(house, a_person(email="a@example.org"))
    assert "550 nobody here" in desk.get("/outbox?shelf=failed").text
    desk.click("What now?")
    desk.submit("Send again")
    assert letter(number).state == LetterState.WAITING and letter(number).tries == 0
    send_letters()
    assert letter(number).state == LetterState.SENT


def test_a_failed_mail_can_become_a_call_or_paper(desk: Reader, house: int) -> None:
    by_phone = failed(house, on_phone(), "one")
    on_paper = failed(house, a_person(), "two")
    desk.get(f"/outbox/{by_phone}")
    assert "Now on the call list" in desk.submit("Call instead").alerts[0]
    desk.get(f"/outbox/{on_paper}")
    assert "Now to be handed over" in desk.submit("Hand over on paper").alerts[0]
    assert (letter(by_phone).way, letter(by_phone).address) == ("phone", "0231 12 34")
    assert (letter(on_paper).way, letter(on_paper).address) == ("letter", "")


def test_a_secret_is_never_shown_nor_sent_twice(desk: Reader, house: int) -> None:
    number = write(None, "code", address="a@example.org", secret=True, language="de")
    page = desk.get(f"/outbox/{number}")
    assert "Body of code" not in page.body and "not shown to anybody" in page.text
    assert "Body of code" not in desk.get("/outbox?shelf=waiting").body

    def fail() -> None:
        dispatch = service.claim_letter()
        assert dispatch is not None
        service.record_fault(dispatch, "550", final=True)

    db.run_transaction(fail)
    desk.get(f"/outbox/{number}")
    assert not desk.page.has_button("Send again")
    desk.post(f"/outbox/{number}/send-again", expect=409)
    desk.post(f"/outbox/{number}/tell-otherwise", expect=409)


def test_after_a_restore_waiting_mail_says_that_it_may_have_gone(desk: Reader, house: int) -> None:
    number = write(house, "held", a_person(), address="a@example.org")
    with db.transaction() as session:
        for statement in service.hold_after_restore():
            session.execute(statement)
    assert letter(number).state == LetterState.FAILED
    assert "restored from a backup" in desk.get("/outbox?shelf=failed").text


def test_the_call_list_is_a_paper_that_can_be_read_aloud(desk: Reader, house: int) -> None:
    for number in range(3):
        write(house, f"call {number}", on_phone(given=f"Person {number}"))
    answer = desk.client.get("/outbox/calls.pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    import io

    from pypdf import PdfReader

    words = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    assert "Person 2 Yılmaz" in words and "0231 12 34" in words and "About call 2" in words


def test_an_empty_call_list_says_so(desk: Reader) -> None:
    assert desk.client.get("/outbox/calls.pdf").data.startswith(b"%PDF")


def test_every_shelf_is_readable_when_empty_and_when_asked_nonsense(desk: Reader) -> None:
    shelves = [f"?shelf={shelf}" for shelf in queries.Shelf]
    for query in ("", *shelves, "?shelf=nonsense", "?before=x", "?before=99999999999999", "?shelf=sent&before=-1", "?before=²"):
        desk.get(f"/outbox{query}")


def test_long_shelves_are_turned_page_by_page_without_losing_a_letter(desk: Reader, house: int) -> None:
    person = a_person()
    numbers = {write(house, f"paper-{number:03}", person) for number in range(queries.PAGE + 7)}
    page = desk.get("/outbox?shelf=paper")
    first = {each["href"] for each in page.main.all("a") if "/outbox/" in each["href"]}
    page = desk.click("More")
    second = {each["href"] for each in page.main.all("a") if "/outbox/" in each["href"]}
    assert {int(href.rpartition("/")[2]) for href in first | second} == numbers and not first & second


def test_the_number_of_questions_does_not_grow_with_the_letters(desk: Reader, house: int) -> None:
    write(house, "one", on_phone())
    desk.get("/outbox?shelf=phone")  # what a process keeps in mind has been looked up
    with cold():
        before = len(desk.get("/outbox?shelf=phone").queries)
        for number in range(30):
            write(house, f"more-{number}", on_phone())
        desk.get("/outbox?shelf=phone")
    assert desk.queries == before
    desk.at_most(6)


@pytest.mark.parametrize("role", [Role.VOLUNTEER, Role.TREASURER, Role.PARTNER, Role.RESIDENT, None])
def test_only_the_desk_sees_letters(house: int, reader: Reader, role: Role | None) -> None:
    number = write(house, "a move", on_phone())
    roles = ((role, house),) if role else ()
    reader.sign_in_as(a_person("Nora", "Neugier", *roles))
    reader.get("/outbox", expect=404)
    reader.get(f"/outbox/{number}", expect=404)
    reader.post(f"/outbox/{number}/tick-off", expect=404)
    assert letter(number).state == LetterState.WAITING


def test_the_desk_of_another_house_does_not_see_these_letters(house: int, reader: Reader) -> None:
    other = a_house("eving", "Meilentreff Eving")
    number = write(house, "a move", on_phone())
    reader.sign_in_as(a_person("Eva", "Elsewhere", (Role.DESK, other)))
    reader.get(f"/outbox/{number}", expect=404)
    reader.post(f"/outbox/{number}/tick-off", expect=404)
    assert letter(number).state == LetterState.WAITING


def test_what_people_do_with_letters_stands_in_the_journal(desk: Reader, house: int) -> None:
    number = write(house, "a move", on_phone())
    desk.get("/outbox")
    desk.submit("Called")
    entry = db.session().scalars(select(JournalEntry).where(JournalEntry.act == "letter_done")).one()
    assert (entry.subject, entry.subject_id, entry.house_id) == ("letter", number, house) and entry.request_id


def test_html_in_a_letter_is_shown_as_text(desk: Reader, house: int) -> None:
    number = write(house, "<b>x</b>", a_person("<i>Eve</i>", "E"))
    assert "<b>x" not in desk.get(f"/outbox/{number}").body
    assert "<i>Eve" not in desk.get("/outbox?shelf=paper").body
