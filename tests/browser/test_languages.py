"""Every language the house speaks, on a small phone."""

from __future__ import annotations

import pytest

from app.core.i18n import RIGHT_TO_LEFT
from tests.browser.conftest import NewContext, languages
from tests.browser.looking import AXE, axe, overflow
from tests.plumbing.server import Server
from tools.pages import enter

PATHS = ("/", "/rooms?day=2026-12-04", "/rooms/saal", "/rooms/gruppenraum/book?start=2026-12-01T10:00", "/bookings", "/me")


@pytest.mark.parametrize("code", languages().split(","))
def test_pages_in_every_language_fit_and_say_so(code: str, new_context: NewContext, house: Server) -> None:
    tab = new_context(360).new_page()
    enter(tab, house, "resident", code)
    faults = []
    for path in PATHS:
        tab.goto(house.url + path)
        assert tab.locator("html").get_attribute("lang") == code
        assert tab.locator("html").get_attribute("dir") == ("rtl" if code in RIGHT_TO_LEFT else "ltr")
        tab.evaluate(AXE)
        faults += [f"{path}: {fault}" for fault in (*overflow(tab), *axe(tab))]
    assert not faults, "\n".join(faults)


def test_the_chosen_language_stays(new_context: NewContext, house: Server) -> None:
    tab = new_context(360).new_page()
    tab.goto(house.url + "/rooms")
    german = tab.locator("h1").inner_text()
    enter(tab, house, "anonymous", "en")
    tab.goto(house.url + "/rooms")
    assert tab.locator("html").get_attribute("lang") == "en"
    assert tab.locator("h1").inner_text() != german
    assert "November" in tab.locator("h1").inner_text()
