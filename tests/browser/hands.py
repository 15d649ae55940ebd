"""Ways of using a page: by touch, or with the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Locator
from playwright.sync_api import Page as Tab

from tests.browser.looking import focus_is_visible
from tools.pages import press

FAR = 400
"""Presses of the tab key after which something counts as out of reach."""


class Fingers:
    """Taps and types."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    def follow(self, what: str) -> None:
        """Go where this link or button leads."""
        press(self.tab, self.tab.locator(what).first)

    def write(self, what: str, text: str) -> None:
        self.tab.locator(what).first.fill(text)

    def send(self, what: str) -> None:
        """Send the form of which this is the button."""
        self.follow(what)


class Keys(Fingers):
    """Tab, Enter and letters; whatever gets the focus on the way must show it."""

    def reach(self, place: Locator) -> None:
        """Go there with the tab key alone, from wherever the page has put the focus."""
        assert place.count(), f"nothing there to reach on {self.tab.url}"
        target = place.first.element_handle()
        assert target is not None
        for _ in range(FAR):
            self.tab.keyboard.press("Tab")
            faults = focus_is_visible(self.tab)
            at = self.tab.evaluate("document.activeElement && document.activeElement.outerHTML.slice(0, 80)")
            assert not faults or at == "<body" or "nothing has the focus" in faults, faults
            if self.tab.evaluate("(one) => document.activeElement === one", target):
                assert not faults, faults
                return
        raise AssertionError(f"not reached with the tab key: {target.evaluate('one => one.outerHTML')[:150]}")

    def follow(self, what: str) -> None:
        place = self.tab.locator(what).first
        self.reach(place)
        with self.tab.expect_event("load"):
            self.tab.keyboard.press("Enter")

    def write(self, what: str, text: str) -> None:
        self.reach(self.tab.locator(what).first)
        self.tab.keyboard.press("ControlOrMeta+a")
        self.tab.keyboard.type(text)

    def send(self, what: str) -> None:
        """By Enter in the field that was written last."""
        with self.tab.expect_event("load"):
            self.tab.keyboard.press("Enter")
