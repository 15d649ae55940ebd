"""The job that sends letters, against a real mail server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import config
from app import create_app
from app.core import clock, db, jobs, mail
from app.notices import queries, service
from app.notices.jobs import send_letters
from app.notices.models import Letter, LetterState
from app.people.models import Person
from tests.conftest import THURSDAY
from tests.core.test_db import in_threads
from tests.makers import a_house, a_person
from tests.plumbing.mailbox import Mailbox, mailbox


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as opened:
        yield opened


@pytest.fixture
def settings(settings: config.Settings, box: Mailbox) -> config.Settings:
    return config.load({}, instance_path=settings.instance_path, database_url=settings.database_url, smtp_url=box.url, demo=True)


def write(occasion: str, **more: object) -> int:
    values = {"subject": "News", "body": f"about {occasion}\n", "address": f"{occasion}@example.org", "language": "de", **more}

    def act() -> int:
        letter = service.write_letter(occasion=occasion, **values)  # type: ignore[arg-type]
        assert letter is not None
        return letter

    return db.run_transaction(act)


def letter(number: int) -> Letter:
    db.session().close()
    return db.session().get_one(Letter, number)


def test_a_letter_is_sent_once_and_marked_as_sent(app: Flask, box: Mailbox) -> None:
    a_house(email="haus@example.org")
    number = write("a")
    assert queries.mail_is_due()
    assert send_letters() == "1 sent, 0 put off, 0 failed"
    assert send_letters() == "0 sent, 0 put off, 0 failed"
    (arrived,) = box.letters
    assert arrived.recipients == ("a@example.org",) and arrived.message["Reply-To"] == "haus@example.org"
    assert letter(number).state == LetterState.SENT and letter(number).ended_at == THURSDAY
    assert not queries.mail_is_due()


def test_phone_and_paper_wait_for_a_person(app: Flask, box: Mailbox) -> None:
    number = a_person(phone="0231 123", contact_by="phone")
    written = write("p", address="", person=db.session().get(Person, number))
    assert not queries.mail_is_due()
    send_letters()
    assert letter(written).state == LetterState.WAITING and box.letters == []


def test_a_temporary_fault_is_tried_again_after_a_pause(app: Flask, box: Mailbox) -> None:
    number = write("a")
    box.answers.append("451 come back later")
    assert send_letters() == "0 sent, 1 put off, 0 failed"
    waiting = letter(number)
    assert waiting.state == LetterState.WAITING and "451" in waiting.fault
    assert waiting.next_try_at == THURSDAY + service.PAUSES[0]
    assert send_letters().startswith("0 sent")
    with clock.stopped_at(waiting.next_try_at):
        assert send_letters() == "1 sent, 0 put off, 0 failed"
    assert letter(number).state == LetterState.SENT and letter(number).fault == ""
    assert len(box.letters) == 1


def test_a_refused_letter_has_failed_at_once_and_holds_nobody_up(app: Flask, box: Mailbox) -> None:
    refused, other = write("a"), write("b")
    box.answers.append("550 nobody of that name")
    assert send_letters() == "1 sent, 0 put off, 1 failed"
    assert letter(refused).state == LetterState.FAILED and "nobody of that name" in letter(refused).fault
    assert letter(other).state == LetterState.SENT


def test_pauses_grow_and_after_ten_tries_it_is_given_up(app: Flask, box: Mailbox) -> None:
    number = write("a")
    moment, waited = THURSDAY, []
    for attempt in range(1, service.TRIES + 1):
        box.answers.append("451 not now")
        with clock.stopped_at(moment):
            send_letters()
        state = letter(number)
        assert state.tries == attempt
        if attempt < service.TRIES:
            assert state.state == LetterState.WAITING
            waited.append(state.next_try_at - moment)
            moment = state.next_try_at
    assert service.TRIES == 10
    assert waited == sorted(waited) and waited[0] == timedelta(minutes=1) and waited[-1] == timedelta(hours=6)
    assert letter(number).state == LetterState.FAILED and "451" in letter(number).fault
    with clock.stopped_at(moment + timedelta(days=3)):
        assert not queries.mail_is_due()


def test_a_server_that_is_away_costs_one_try_of_one_letter(settings: config.Settings, engine: str) -> None:
    with mailbox() as short:
        gone = short.url
    away = create_app(config.load({}, instance_path=settings.instance_path, database_url=settings.database_url, smtp_url=gone))
    with clock.stopped_at(THURSDAY), away.app_context():
        first, second = write("a"), write("b")
        assert send_letters() == "0 sent, 1 put off, 0 failed"
        assert letter(first).tries == 1 and letter(second).tries == 0
        assert send_letters() == "0 sent, 1 put off, 0 failed"
        assert letter(second).tries == 1
    with away.app_context():
        for each in db.db.engines.values():
            each.dispose()


def test_two_senders_at_once_send_each_letter_once(app: Flask, box: Mailbox) -> None:
    numbers = [write(f"x{number}") for number in range(12)]
    box.delay = 0.02
    told = in_threads(app, *[send_letters] * 3)
    assert all(isinstance(each, str) for each in told), told
    assert sorted(each.recipients[0] for each in box.letters) == sorted(f"x{number}@example.org" for number in range(12))
    assert {letter(number).state for number in numbers} == {LetterState.SENT}
    assert {letter(number).tries for number in numbers} == {1}


def test_a_slow_server_does_not_let_a_second_sender_in(app: Flask, box: Mailbox) -> None:
    number = write("a")
    box.delay = 0.5
    assert sorted(in_threads(app, send_letters, send_letters)) == ["0 sent, 0 put off, 0 failed", "1 sent, 0 put off, 0 failed"]
    assert len(box.letters) == 1 and letter(number).tries == 1


def test_dying_between_sending_and_recording_repeats_under_the_same_id(app: Flask, box: Mailbox) -> None:
    number = write("a")
    dispatch = db.run_transaction(service.claim_letter)
    assert dispatch is not None and dispatch.letter_id == number
    mail.send(dispatch.mail)  # and here the process is killed
    assert not queries.mail_is_due(), "nobody else sends it while the claim runs"
    with clock.stopped_at(THURSDAY + service.CLAIM):
        assert send_letters() == "1 sent, 0 put off, 0 failed"
    one, other = box.letters
    assert one.message["Message-ID"] == other.message["Message-ID"]


def test_a_sender_whose_claim_ran_out_does_not_disturb_the_next(app: Flask, box: Mailbox) -> None:
    number = write("a")
    slow = db.run_transaction(service.claim_letter)
    with clock.stopped_at(THURSDAY + service.CLAIM):
        quick = db.run_transaction(service.claim_letter)
        assert slow is not None and quick is not None and (slow.attempt, quick.attempt) == (1, 2)
        assert not db.run_transaction(lambda: service.record_fault(slow, "too slow", final=True))
        assert letter(number).state == LetterState.WAITING
        db.run_transaction(lambda: service.record_sent(quick))
        assert not db.run_transaction(lambda: service.record_fault(slow, "too slow", final=True))
    assert letter(number).state == LetterState.SENT


def test_a_secret_is_gone_once_it_has_been_sent(app: Flask, box: Mailbox) -> None:
    number = write("code", secret=True, body="123456")
    send_letters()
    assert "123456" in box.letters[0].message.get_content()
    assert letter(number).body == "" and letter(number).state == LetterState.SENT


def test_a_secret_that_could_not_be_sent_is_gone_as_well(app: Flask, box: Mailbox) -> None:
    number = write("code", secret=True, body="123456")
    box.answers.append("550 no")
    send_letters()
    assert letter(number).body == "" and letter(number).state == LetterState.FAILED


def test_what_is_of_no_use_any_more_is_not_sent(app: Flask, box: Mailbox) -> None:
    late = write("late", useful_until=THURSDAY + timedelta(minutes=10), secret=True, body="123456")
    good = write("good", useful_until=THURSDAY + timedelta(days=1))
    with clock.stopped_at(THURSDAY + timedelta(minutes=10)):
        assert send_letters() == "1 sent, 0 put off, 0 failed"
    assert letter(late).state == LetterState.FAILED and letter(late).fault == service.Fault.TOO_LATE and letter(late).body == ""
    assert letter(good).state == LetterState.SENT
    assert [each.recipients[0] for each in box.letters] == ["good@example.org"]


def test_a_letter_that_cannot_be_a_mail_fails_alone(app: Flask, box: Mailbox) -> None:
    broken = write("broken", subject="two\nlines")
    good = write("good")
    assert send_letters() == "1 sent, 0 put off, 1 failed"
    assert letter(broken).state == LetterState.FAILED and letter(good).state == LetterState.SENT


def test_a_loop_that_stops_leaves_the_rest_for_the_next(app: Flask, box: Mailbox) -> None:
    write("a")
    jobs.stopping.set()
    try:
        assert send_letters() == "0 sent, 0 put off, 0 failed"
    finally:
        jobs.stopping.clear()
    assert send_letters() == "1 sent, 0 put off, 0 failed"


def test_without_a_server_letters_lie_in_the_folder_and_count_as_sent(app: Flask) -> None:
    app.extensions["smtp"] = None
    number = write("a")
    send_letters()
    assert letter(number).state == LetterState.SENT
    (file,) = (Path(app.instance_path) / "mail").glob("*.eml")
    assert "about a" in file.read_text()


def test_an_occasion_is_told_once(app: Flask) -> None:
    write("once")
    with db.transaction():
        assert service.write_letter(occasion="once", subject="x", body="y", address="b@example.org") is None
    assert len(list(db.session().scalars(select(Letter.id)))) == 1


def test_an_occasion_told_by_two_at_once_is_told_once(app: Flask) -> None:
    ready = threading.Barrier(4)

    def tell() -> bool:
        ready.wait(10)
        return db.run_transaction(
            lambda: service.write_letter(occasion="once", subject="x", body="y", address="b@example.org") is not None
        )

    assert sorted(in_threads(app, *[tell] * 4)) == [False, False, False, True]


def test_a_letter_needs_somebody(app: Flask) -> None:
    with pytest.raises(ValueError), db.transaction():
        service.write_letter(occasion="nobody", subject="x", body="y")


@pytest.mark.parametrize(
    ("contact_by", "email", "phone", "way"),
    [
        ("mail", "a@example.org", "0231", ("mail", "a@example.org")),
        ("mail", None, "0231", ("phone", "0231")),
        ("mail", None, None, ("letter", "")),
        ("phone", "a@example.org", "0231", ("phone", "0231")),
        ("phone", "a@example.org", None, ("letter", "")),
        ("letter", "a@example.org", "0231", ("letter", "")),
        ("none", "a@example.org", "0231", ("phone", "0231")),
        ("none", None, None, ("letter", "")),
    ],
)
def test_everybody_is_told_in_their_own_way(contact_by: str, email: str | None, phone: str | None, way: tuple[str, str]) -> None:
    assert service.way_to(Person(given_name="A", contact_by=contact_by, email=email, phone=phone)) == way


def test_on_the_phone_other_words_are_said_and_no_file_goes_along(app: Flask) -> None:
    person = a_person(phone="0231 5", contact_by="phone")
    number = write(
        "p", address="", person=db.session().get(Person, person), spoken="please say this", calendar=b"BEGIN:VCALENDAR"
    )
    assert letter(number).body == "please say this" and letter(number).calendar is None and letter(number).address == "0231 5"
