"""A resident books on a phone, the desk decides, a letter goes out, and nobody else gets the same time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from playwright.sync_api import Page as Tab
from pypdf import PdfReader

from tests.browser.conftest import NewContext
from tests.browser.hands import Fingers, Keys
from tests.plumbing.demo_house import one
from tests.plumbing.server import Server
from tools.pages import SIX_DIGITS, code_in, enter, letters, press, text_of, wait_for_letter

SUBMIT = "main form[method=post] button[type=submit]:not([formmethod])"


@dataclass(frozen=True)
class Way:
    """How somebody comes: on which `day`, as whom, with what kind of browser."""

    day: str
    email: str
    hand: type[Fingers] = Fingers
    house: str = "house"
    browser: dict[str, Any] = field(default_factory=dict)


WAYS = {
    "touch": Way("2026-12-07", "lena.brandt@meilentreff.example", browser={"has_touch": True}),
    "keyboard": Way("2026-12-08", "tobias.kruger@meilentreff.example", Keys),
    "without-script": Way("2026-12-09", "mehmet.sahin@meilentreff.example", browser={"java_script_enabled": False}),
    "dark": Way("2026-12-10", "piotr.wojcik@meilentreff.example", browser={"dark": True}),
    "postgresql": Way("2026-12-07", "lena.brandt@meilentreff.example", house="postgresql_house"),
}


@pytest.mark.parametrize("way", [pytest.param(way, id=name) for name, way in WAYS.items() if way.house == "house"])
def test_a_room_is_asked_for_on_a_phone_and_confirmed_at_the_desk(way: Way, new_context: NewContext, house: Server) -> None:
    _the_whole_story(way, new_context, house)


@pytest.mark.postgres
def test_the_same_story_on_postgresql(new_context: NewContext, postgresql_house: Server) -> None:
    _the_whole_story(WAYS["postgresql"], new_context, postgresql_house)


def _the_whole_story(way: Way, new_context: NewContext, house: Server) -> None:
    purpose = f"Kleine Feier am {way.day}"
    # On the phone: a free time, who I am, what for.
    phone = new_context(360, **way.browser).new_page()
    hand = way.hand(phone)
    phone.goto(f"{house.url}/rooms?day={way.day}")
    hand.follow(f'td.f > a[href*="/gruppenraum/"][href*="{way.day}T18:00"]')
    _sign_in(hand, house, way.email)
    assert (_value(phone, "day"), _value(phone, "starts"), _value(phone, "ends")) == (way.day, "18:00", "19:00")
    hand.write("[name=purpose]", purpose)
    hand.send(SUBMIT)
    assert "/bookings/" in phone.url
    assert phone.locator("main .pill.honey").count() == 1, "it waits for the desk"

    # At the desk: Today shows it, the page of wishes decides it.
    desk = new_context(1440).new_page()
    enter(desk, house, "desk")
    line = desk.locator("main .act-list > li", has_text=purpose)
    assert line.count() == 1
    press(desk, line.locator("a.kern-btn"))
    card = desk.locator("main .card", has_text=purpose)
    press(desk, card.locator('form[action$="/confirm"] button'))
    assert desk.locator("main .card", has_text=purpose).count() == 0
    phone.reload()
    assert phone.locator("main .pill.sage").count() == 1

    # The letter, with the entry for one's own calendar.
    letter = wait_for_letter(house, way.email, known=1, holding=re.escape(purpose))  # the first said that it is being decided
    entries = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    assert [str(part.get_content()).count("BEGIN:VEVENT") for part in entries] == [1]
    assert f"DTSTART;TZID=Europe/Berlin:{way.day.replace('-', '')}T180000" in str(entries[0].get_content())

    # Somebody else: the time is gone, whoever insists is told what is free, and that works.
    other = new_context(360, **way.browser).new_page()
    enter(other, house, "resident")
    other.goto(f"{house.url}/rooms?day={way.day}")
    assert other.locator('td.f > a[href*="/gruppenraum/"]').count() > 0
    assert other.locator(f'td.f > a[href*="/gruppenraum/"][href*="{way.day}T18:00"]').count() == 0
    other.goto(f"{house.url}/rooms/gruppenraum/book?start={way.day}T18:00")
    other.locator("[name=purpose]").fill("Auch am Abend")
    answer = press(other, SUBMIT)
    assert answer.status == 409
    offered = other.locator(".kern-alert a")
    assert offered.count() >= 3
    press(other, offered.first)
    assert _value(other, "purpose") == "Auch am Abend"
    assert press(other, SUBMIT).status == 200
    assert "/bookings/" in other.url
    assert other.locator("main .pill.honey").count() == 1


def _sign_in(hand: Fingers, house: Server, email: str) -> None:
    known = len([letter for letter in letters(house, email) if re.search(SIX_DIGITS, text_of(letter))])
    hand.write("main [name=key]", email)
    hand.send('form[action="/sign-in"] button')
    code = code_in(wait_for_letter(house, email, known, SIX_DIGITS))
    hand.write("main [name=code]", code)
    hand.send(SUBMIT)


def _bare(text: str) -> str:
    """Letters and digits alone: a code is written in groups."""
    return re.sub(r"[\W_]", "", text)


def _value(tab: Tab, name: str) -> str:
    return tab.locator(f"main [name={name}]").first.input_value()


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_a_double_tap_books_once(script: bool, new_context: NewContext, house: Server) -> None:
    purpose = f"Doppelt getippt, Skript {script}"
    tab = new_context(360, java_script_enabled=script).new_page()
    enter(tab, house, "resident")
    tab.goto(f"{house.url}/rooms/werkstatt/book?start=2026-12-{'15' if script else '16'}T16:00")
    tab.locator("[name=purpose]").fill(purpose)
    tab.locator(SUBMIT).dblclick(no_wait_after=True)
    tab.wait_for_url("**/bookings/*")
    assert one(house, "SELECT count(*) FROM booking WHERE purpose = :purpose", purpose=purpose) == 1


def test_the_desk_books_for_somebody_without_mail_by_keyboard(new_context: NewContext, house: Server) -> None:
    """Search, the person, a free time, what for, the slip: five steps, each ended with Enter."""
    tab = new_context(1440).new_page()
    enter(tab, house, "desk")
    keys = Keys(tab)
    tab.keyboard.press("/")
    tab.keyboard.type("grabow")
    keys.send("")
    keys.follow('main a[href*="/rooms?for="]')
    tab.goto(tab.url + "&day=2026-12-14")
    keys.follow('td.f > a[href*="/gruppenraum/"][href*="T10:00"]')
    keys.write("[name=purpose]", "Skatrunde")
    keys.send("")
    assert "Otto Grabowski" in tab.locator("main").inner_text()
    number = int(tab.url.rpartition("/")[2])

    slip = tab.context.request.get(house.url + str(tab.locator('main a[href$="/slip.pdf"]').get_attribute("href")))
    assert slip.headers["content-type"] == "application/pdf"
    paper = PdfReader(BytesIO(slip.body())).pages[0].extract_text()
    assert f"{number:06}" in _bare(paper) and "Skatrunde" in paper

    # Weeks later he stands at the counter with the slip.
    tab.goto(house.url + "/bookings/list")
    keys.write("main [name=number]", f"{number:06}")
    keys.send("")
    assert tab.url == f"{house.url}/bookings/{number}"
    # He has neither mail nor telephone: what the house has to tell him waits on paper.
    tab.goto(house.url + "/outbox?shelf=paper")
    assert tab.locator("main li", has_text="Otto Grabowski").count() >= 1


def test_a_slip_from_the_desk_opens_the_door(new_context: NewContext, house: Server) -> None:
    desk = new_context(1440).new_page()
    enter(desk, house, "desk")
    otto = one(house, "SELECT id FROM person WHERE family_name = 'Grabowski'")
    desk.goto(f"{house.url}/people/{otto}/slip")
    press(desk, "main form.form button[type=submit]")
    code = desk.locator("main .pin").first.inner_text()
    pdf = desk.context.request.get(desk.url + ".pdf")
    assert pdf.body().startswith(b"%PDF")
    assert _bare(code) in _bare(PdfReader(BytesIO(pdf.body())).pages[0].extract_text())

    phone = new_context(360).new_page()
    phone.goto(house.url + "/sign-in")
    phone.locator("main [name=key]").fill(code.lower())
    press(phone, 'form[action="/sign-in"] button')
    assert phone.locator("details.menu summary").inner_text().strip() == "Otto Grabowski"
