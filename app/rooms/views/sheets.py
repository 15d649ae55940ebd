"""The sheet on the door: one room, one day, on paper."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, url_for

from app.core import clock, i18n, paper
from app.core.i18n import gettext, ngettext
from app.core.policy import ANONYMOUS
from app.houses.views import here
from app.rooms import policy, queries
from app.rooms.models import State
from app.rooms.queries import RoomCard
from app.rooms.views import grid
from app.rooms.views.pages import pages, room, wanted_day
from app.rooms.views.words import feature_words, state_words


@pages.get("/rooms/<slug>/sheet.pdf", load=room, allow=policy.see_rooms)
def print_room_sheet(card: RoomCard) -> Response:
    """What anybody may read at the door: never a name, a purpose only where its owner agreed."""
    zone = i18n.zone()
    day = wanted_day(zone)
    house = here()
    entries = queries.standing([card], queries.day_window(day, zone)).of(card)
    words = grid.Words(ANONYMOUS, card)
    bookings: list[dict[str, Any]] = []
    for entry in entries:
        if entry.state == State.CONFIRMED:
            word, tone = state_words(entry.state)
            times = i18n.hours(entry.span.starts_at, entry.span.ends_at)
            bookings.append({"time": times, "what": words.text(entry), "state": {"word": word, "tone": tone}})
    address = url_for("rooms.show_room", slug=card.slug, _external=True)
    facts = [ngettext("up to one person", "up to %(num)d people", card.capacity), *feature_words(card.features)]
    data = {
        "house": {"name": house.name if house else "", "address": house.address if house else ""},
        "room": card.name,
        "facts": facts,
        "date": i18n.day(day),
        "columns": {"time": gettext("Time"), "what": gettext("What"), "state": gettext("State")},
        "bookings": bookings,
        "free": gettext("Free all day. Ask at the desk, or book with the code below."),
        "qr": {
            "svg": paper.qr_svg(address),
            "alt": gettext("QR code with the address of this room"),
            "words": gettext("See what is free, and book"),
            "address": address,
        },
        "as_of": gettext("As of %(when)s", when=i18n.moment(clock.now())),
    }
    title = i18n.together(card.name, i18n.day(day))
    document = paper.render("rooms/paper/room_sheet.typ", data, language=i18n.language(), title=title, now=clock.now())
    return current_app.response_class(document, mimetype="application/pdf")
