"""The desk of the library at speed: five things out and back with the keyboard alone, with script and without."""

from __future__ import annotations

import time
from datetime import date

import pytest
from playwright.sync_api import Page as Tab
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from app.houses.models import House
from app.library.models import Borrower, Piece, Thing, ThingClass
from app.occupancy.models import Resource
from app.people.models import Person
from tests.browser.conftest import NewContext
from tests.browser.hands import Keys
from tests.plumbing.server import Server
from tools.pages import enter

LISTEN = """
window.heard = [];
const made = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  const tone = made.call(this);
  queueMicrotask(() => window.heard.push(tone.frequency.value));
  return tone;
};
"""


def five_things(house: Server, first: int) -> list[str]:
    """Five things with numbers from `first` on; Tobias has shown a document before."""
    engine = create_engine(house.settings.effective_database_url)
    numbers = [str(number) for number in range(first, first + 5)]
    with Session(engine) as session:
        house_id = session.scalars(select(House.id)).first()
        assert house_id is not None
        kind = ThingClass(house_id=house_id, name=f"Probe {first}")
        session.add(kind)
        session.flush()
        for number in numbers:
            resource = Resource(house_id=house_id, kind="piece", name=number, capacity=1)
            thing = Thing(house_id=house_id, class_id=kind.id, slug=f"probe-{number}", name=f"Probestück {number}")
            session.add_all([resource, thing])
            session.flush()
            session.add(Piece(house_id=house_id, thing_id=thing.id, number=number, resource_id=resource.id))
        tobias = session.scalars(select(Person.id).where(Person.given_name == "Tobias", Person.family_name == "Krüger")).one()
        if session.get(Borrower, tobias) is None:
            session.add(Borrower(person_id=tobias, identity_seen_on=date(2026, 1, 2)))
        session.commit()
    engine.dispose()
    return numbers


@pytest.mark.parametrize("script", [True, False], ids=["keyboard", "without-script"])
def test_five_things_go_out_and_come_back_within_a_minute(script: bool, new_context: NewContext, house: Server) -> None:
    numbers = five_things(house, 7100 if script else 7200)
    tab = new_context(1280, java_script_enabled=script).new_page()
    if script:
        tab.add_init_script(LISTEN)
    enter(tab, house, "desk")
    tab.goto(f"{house.url}/library")
    began = time.monotonic()
    for number in numbers:
        scan(tab, number, f"{number} Probestück {number}")
    scan(tab, "Tobias Krüger", "Tobias Krüger")
    keys = Keys(tab)
    if script:
        tab.keyboard.press("Enter")  # nothing typed: the reason is asked for first
        tab.wait_for_function("document.activeElement.id === 'override'")
        tab.keyboard.type("Sommerfest, mit der Leitung besprochen")
    else:
        keys.write("#override", "Sommerfest, mit der Leitung besprochen")
    for box in ("#terms_accepted", "#notices_read"):
        if tab.locator(box).count():
            keys.reach(tab.locator(box))
            tab.keyboard.press("Space")
    keys.send("")
    assert "5 Dinge" in tab.locator("main").inner_text()
    for number in numbers:
        scan(tab, number, f"{number} Probestück {number}")
    if script:
        with tab.expect_event("load"):
            tab.keyboard.press("Enter")
    else:
        keys.send("")  # an empty field: the page comes back with the button in focus
        keys.send("")
    assert "5 Dinge sind zurück." in tab.locator("main").inner_text()
    assert time.monotonic() - began < 60
    if script:
        scan(tab, "nichts dergleichen 4711", "Nichts gefunden")
        assert tab.locator("#desk-told").get_attribute("data-sound") == "no"
        assert 165 in tab.evaluate("window.heard")


def scan(tab: Tab, text: str, told: str) -> None:
    """As a scanner does: the field has the focus, letters, Enter."""
    assert tab.evaluate("document.activeElement.id") == "desk-q"
    tab.keyboard.type(text)
    tab.keyboard.press("Enter")
    tab.locator("#desk-told", has_text=told).wait_for()
