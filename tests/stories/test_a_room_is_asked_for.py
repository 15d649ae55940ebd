"""From a tap on a free time to the letter with its calendar entry; and nobody can have the same time again."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from flask import Flask

from app.core.db import session
from app.core.policy import Role
from app.notices.jobs import send_letters
from tests import makers
from tests.browser_client import Reader

FRIDAY = "2026-12-04"
"""The tests stand on Thursday, 26 November."""


@pytest.fixture
def house(app: Flask) -> int:
    house = makers.a_house()
    makers.open_daily(house)
    makers.open_daily(house, kind="desk")
    makers.a_room(house, "gruppenraum", name="Gruppenraum", capacity=18, after_minutes=15)
    return house


def letters(app: Flask) -> list[EmailMessage]:
    """What has gone out, as files under instance/mail, oldest first."""
    session().close()
    send_letters()
    folder: Path = app.extensions["mail_folder"]
    files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [cast(EmailMessage, email.message_from_bytes(file.read_bytes(), policy=email.policy.default)) for file in files]


def text(letter: EmailMessage) -> str:
    body = letter.get_body()
    assert body is not None
    return str(body.get_content())


def to(app: Flask, address: str) -> list[EmailMessage]:
    return [letter for letter in letters(app) if address in letter["To"]]


def sign_in_by_mail(app: Flask, browser: Reader, address: str) -> None:
    """As people do: address, six digits from the mail."""
    browser.submit("Go on", key=address)
    found = re.search(r"\b(\d{3}) ?(\d{3})\b", text(to(app, address)[-1]))
    assert found, "the letter carries the code"
    browser.submit("Sign in", code=found[1] + found[2])


def test_a_newcomer_books_the_desk_confirms_and_the_time_is_gone(app: Flask, house: int) -> None:
    desk_id = makers.a_person("Sevgi", "Aydın", (Role.DESK, house), email="sevgi@haus.example", contact_by="mail")
    newcomer, desk, rival = Reader(app), Reader(app), Reader(app)

    day = newcomer.get(f"/rooms?day={FRIDAY}")
    free = next(link for link in day.html.all("a") if "14–16" in link["aria-label"] or link.text == "14:00")
    newcomer.get(free["href"])  # leads to signing in, and from there back to the tapped time
    sign_in_by_mail(app, newcomer, "nour@post.example")
    newcomer.submit("Go on", given_name="Nour", family_name="Haddad") if newcomer.page.has_button("Go on") else newcomer.submit(
        given_name="Nour", family_name="Haddad"
    )
    form = newcomer.page.form("Ask for the room")[0]
    assert form.one("input", name="day")["value"] == FRIDAY
    assert form.one("input", name="starts")["value"].startswith("14:00")
    newcomer.submit("Ask for the room", ends="16:00", purpose="Chorprobe", people="12")
    assert "asked for" in newcomer.page.text

    desk.sign_in_as(desk_id)
    assert "Chorprobe" in desk.get("/").text
    desk.get("/wishes")
    desk.submit("Confirm")
    assert "Confirmed" in desk.page.text

    confirmation = to(app, "nour@post.example")[-1]
    entries = [part for part in confirmation.walk() if part.get_content_type() == "text/calendar"]
    assert len(entries) == 1
    calendar = entries[0].get_content()
    calendar = calendar.decode() if isinstance(calendar, bytes) else calendar
    assert "DTSTART;TZID=Europe/Berlin:20261204T140000" in calendar
    uid = re.search(r"UID:(.+)", calendar.replace("\r\n ", ""))
    feed_page = newcomer.get("/bookings")
    newcomer.submit("Make an address")
    address = re.search(r"/calendar/\S+\.ics", newcomer.page.text)
    assert address and uid
    feed = newcomer.client.get(address[0]).get_data(as_text=True).replace("\r\n ", "")
    assert uid[1].strip() in feed, "letter and feed speak of one entry"
    assert "Chorprobe" in feed_page.text

    rival.sign_in_as(makers.a_person("Ibrahim", "Yıldız", email="ibrahim@post.example"), means="mail")
    rival.get(f"/rooms/gruppenraum/book?start={FRIDAY}T15:00")
    rival.submit("Ask for the room", expect=409, ends="17:00", purpose="Verlobung", people="10")
    assert "Somebody was faster" in rival.page.text
    assert rival.page.form("Ask for the room")[0].one("input", name="purpose")["value"] == "Verlobung", "what was typed is kept"
    nearest = next(link for link in rival.page.main.all("a") if "16:15" in link.text)
    rival.get(nearest["href"])
    rival.submit("Ask for the room")
    assert "asked for" in rival.page.text


def test_the_desk_books_for_somebody_without_mail_and_the_call_list_tells_them(app: Flask, house: int) -> None:
    desk = Reader(app).sign_in_as(makers.a_person("Sevgi", "Aydın", (Role.DESK, house)))
    erna = makers.a_person("Erna", "Wischnewski", phone="+492315550181", contact_by="phone")
    desk.get(f"/rooms/gruppenraum/book?start={FRIDAY}T10:00&for={erna}")
    desk.submit("Book now", ends="12:00", purpose="Geburtstag", people="15")
    assert "confirmed" in desk.page.text
    outbox = desk.get("/outbox")
    assert "Erna Wischnewski" in outbox.text
    assert "5550181" in outbox.text.replace(" ", "")
    desk.submit("Called")
    assert "Erna Wischnewski" not in desk.get("/outbox").main.text


def test_cancelling_frees_the_time_and_tells_the_person_once(app: Flask, house: int) -> None:
    nour = makers.a_person("Nour", "Haddad", email="nour@post.example", contact_by="mail")
    desk = Reader(app).sign_in_as(makers.a_person("Sevgi", "Aydın", (Role.DESK, house)))
    desk.get(f"/rooms/gruppenraum/book?start={FRIDAY}T10:00&for={nour}")
    desk.submit("Book now", ends="12:00", purpose="Chorprobe", people="15")
    person = Reader(app).sign_in_as(nour, means="mail")
    person.get("/bookings")
    person.click("Open")
    person.click("Cancel")
    assert "confirmed" in Reader(app).sign_in_as(nour, means="mail").get("/bookings").text, "a link alone cancels nothing"
    person.submit("Yes, cancel it")
    assert "free again" in person.page.text
    told = to(app, "nour@post.example")
    cancellations = [
        letter for letter in told if any("METHOD:CANCEL" in str(part.get_payload(decode=True)) for part in letter.walk())
    ]
    assert len(cancellations) == 1
    again = desk.get(f"/rooms?day={FRIDAY}")
    assert any("10" in link["aria-label"] and "free" in link["aria-label"] for link in again.html.all("a"))
