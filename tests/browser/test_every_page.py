"""Every page, as each role sees it: for everybody to use, quiet, and well written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import NewContext
from tests.browser.looking import Ears, invalid, look, magnify, overflow
from tests.plumbing.server import Server
from tools.pages import FOUNDER, ROLES, TRAVELLER, Visit, enter, pages_of

HOUSES = {FOUNDER: "bare_house", TRAVELLER: "two_houses"}


@pytest.mark.parametrize("role", [*ROLES, FOUNDER, TRAVELLER])
def test_every_page_can_be_used_by_everybody(
    role: str, new_context: NewContext, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """axe finds nothing, light or dark, at both widths; nothing scrolls sideways, is too small, warns or calls elsewhere."""
    house: Server = request.getfixturevalue(HOUSES.get(role, "house"))
    tab = new_context().new_page()
    ears = Ears(tab, house.url)
    enter(tab, house, role)
    faults, pages = [], pages_of(role)
    for page in pages:
        try:
            faults += look(tab, Visit(house, role), page, ears, tmp_path)
        except LookupError as fault:
            faults.append(f"{page.name}: {fault}")
    faults += invalid(sorted(tmp_path.glob("*.html")))
    assert not faults, "\n".join(faults)
    assert len(list(tmp_path.glob("*.html"))) == len(pages) > 0


LARGE = {
    "anonymous": ("front", "rooms", "find-room", "room", "sign-in"),
    "resident": ("front", "rooms", "find-room-answers", "book", "book-taken", "my-bookings", "booking", "me", "not-for-you"),
    "desk": ("front", "wishes", "bookings-list", "people", "person", "outbox", "book-on-behalf"),
    "manager": ("house", "hours", "prices", "rooms-manage", "journal"),
}


@pytest.mark.parametrize("role", LARGE)
def test_text_of_twice_the_size_stays_on_a_small_phone(role: str, new_context: NewContext, house: Server) -> None:
    tab = new_context().new_page()
    enter(tab, house, role)
    faults = []
    pages = {page.name: page for page in pages_of(role)}
    for name in LARGE[role]:
        Visit(house, role).open(tab, pages[name])
        magnify(tab, 2)
        faults += [f"{name}: {fault}" for fault in overflow(tab)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("role", "path"),
    [("anonymous", "/"), ("anonymous", "/rooms"), ("anonymous", "/rooms/saal"), ("anonymous", "/sign-in"), ("resident", "/"),
     ("resident", "/rooms/gruppenraum/book"), ("resident", "/bookings"), ("desk", "/"), ("desk", "/wishes")],
)  # fmt: skip
def test_a_first_page_is_light(role: str, path: str, new_context: NewContext, house: Server) -> None:
    """At most 15 requests and 200 kB over the wire for somebody who has never been here."""
    door = new_context()
    enter(door.new_page(), house, role)
    fresh = new_context(storage_state=door.storage_state()).new_page()
    wire = fresh.context.new_cdp_session(fresh)
    wire.send("Network.enable")
    asked: list[str] = []
    weights: list[float] = []
    wire.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    wire.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    fresh.goto(house.url + path, wait_until="networkidle")
    asked = [address for address in asked if not address.startswith("data:")]
    assert 3 <= len(asked) <= 15, asked
    assert len(weights) >= len(asked)
    assert 20_000 < sum(weights) <= 200_000, f"{sum(weights) / 1000:.0f} kB: {asked}"
