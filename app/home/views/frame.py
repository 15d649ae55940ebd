"""What the frame of every page offers: the rooms of the program this person may enter."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

from flask import render_template, request, url_for
from markupsafe import Markup

from app.accounts.views.reader import me_links, theme
from app.core import i18n
from app.core.i18n import gettext
from app.core.memory import recent
from app.core.policy import Actor
from app.core.web import HERE, NAME, TOKEN, actor, is_for_all, own, pieces
from app.houses.queries import HouseCard
from app.houses.views import all_houses, here
from app.journal import policy as journal
from app.library import policy as library
from app.money import policy as money
from app.notices import policy as notices
from app.people import policy as people
from app.rooms import policy as rooms
from app.swap import policy as swap

OWN_PLACE = ("rooms.show_wishes", "rooms.list_bookings", "rooms.show_my_bookings")
MANAGING = (
    "rooms.manage_rooms",
    "rooms.show_new_room_form",
    "rooms.show_room_form",
    "rooms.show_prices",
    "rooms.show_prices_form",
    "rooms.show_new_surcharge_form",
    "rooms.show_surcharge_form",
    "rooms.show_remove_surcharge_form",
    "rooms.show_surcharge_prices_form",
)
"""Pages of rooms that the manager finds under *House*."""


class Way(NamedTuple):
    """A link of the frame; `current` when the reader is there."""

    label: str
    url: str
    current: bool


def frame() -> dict[str, Any]:
    """`page_header` and `footer_links` of base.html."""
    return {"page_header": page_header, "footer_links": []}


def reader_kind() -> Hashable:
    """All that the frame of a page depends on besides the address and the reader's name; may this reader enter the same rooms?"""
    who = actor()
    return who.roles, who.is_authenticated, who.person_id is None, here(), len(all_houses()), theme()


def page_header() -> Markup:
    """The top of the page, remembered for all who may enter the same rooms and are at the same place."""
    who, house, brightness = actor(), here(), theme()
    key = (reader_kind(), request.endpoint, i18n.language())
    drawn = recent("heads", key, lambda: pieces(_header(who, house, brightness).encode()))
    return Markup(b"".join(drawn if is_for_all() else own(drawn)).decode())


def _header(who: Actor, house: HouseCard | None, brightness: str) -> str:
    nav, me_links, search_url = _ways(who, house)
    return render_template(
        "header.html",
        nav=nav,
        me_links=me_links,
        search_url=search_url,
        languages=i18n.languages(),
        theme=brightness,
        preferences_url=url_for("accounts.choose_preferences"),
        sign_in_url=url_for("accounts.sign_in"),
        sign_out_url=url_for("accounts.sign_out"),
        signed_in=who.is_authenticated,
        name=NAME,
        token=TOKEN,
        here=HERE,
    )


def _ways(who: Actor, house: HouseCard | None) -> tuple[list[Way], list[Any], str | None]:
    """The main menu, the reader's own menu, and where the search leads."""
    if house is None:
        return [], [], None
    may = _Ways()
    nav = [
        may.way(gettext("Today") if rooms.see_details(who, house) else gettext("Home"), "home.show_front"),
        may.way(gettext("Rooms"), "rooms.show_day", ("rooms.",), but=(*OWN_PLACE, *MANAGING)),
    ]
    if rooms.see_wishes(who, house):
        nav.append(may.way(gettext("Wishes"), "rooms.show_wishes"))
        nav.append(may.way(gettext("Bookings"), "rooms.list_bookings"))
    if library.lend(who, house):
        nav.append(may.way(gettext("Lending"), "library.show_desk", ("library.",), but=("library.show_my_things",)))
    else:
        nav.append(may.way(gettext("Lending"), "library.show_catalogue", ("library.",), but=("library.show_my_things",)))
    if swap.see_shelf(who, house):
        nav.append(may.way(gettext("Swap"), "swap.show_shelf", ("swap.",)))
    if people.see_people(who, house):
        nav.append(may.way(gettext("People"), "people.show_people", ("people.",)))
    if money.handle_money(who, house):
        nav.append(may.way(gettext("Money"), "money.show_desk", ("money.",), but=("money.show_my_money",)))
    if notices.see_outbox(who, house):
        nav.append(may.way(gettext("Outbox"), "notices.show_outbox", ("notices.",)))
    if rooms.manage_rooms(who, house):
        nav.append(may.way(gettext("House"), "houses.show_house", ("houses.", "offers.", "journal.", *MANAGING)))
    mine: list[Any] = []
    if who.person_id is not None:
        (mine if rooms.see_wishes(who, house) else nav).append(may.way(gettext("My bookings"), "rooms.show_my_bookings"))
        mine.append(may.way(gettext("My things"), "library.show_my_things"))
        mine.append(may.way(gettext("My payments"), "money.show_my_money"))
        mine.append(may.way(gettext("My details"), "people.show_me"))
    if journal.see_journal(who, house):
        mine.append(may.way(gettext("Journal"), "journal.show_journal"))
    mine += me_links(who)
    search = url_for("people.show_people") if people.see_people(who, house) else None
    return nav, mine, search


class _Ways:
    """Makes links, and knows where the reader is."""

    def __init__(self) -> None:
        self.endpoint = request.endpoint or ""

    def way(self, label: str, endpoint: str, prefixes: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> Way:
        inside = any(self.endpoint.startswith(prefix) for prefix in prefixes) and self.endpoint not in but
        return Way(label, url_for(endpoint), self.endpoint == endpoint or inside)
