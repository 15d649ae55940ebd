"""The front of the house, and *Heute*: what the desk sees first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import render_template

from app.core import clock, i18n
from app.core.i18n import gettext
from app.core.spans import Span
from app.core.web import actor
from app.home import policy
from app.home.views.hands import needs_a_hand
from app.home.views.pages import pages
from app.houses.queries import HouseCard
from app.houses.views import here
from app.offers import queries as offers
from app.offers.queries import OpenDay
from app.rooms import queries as rooms
from app.rooms.views import grid
from app.rooms.views.words import state_words


@pages.get("/", load=here, allow=policy.see_front)
def show_front(house: HouseCard) -> Any:
    """The desk's day for the desk; for everybody else what the house is, what is free, what is mine."""
    if policy.see_today(actor(), house):
        return show_today(house)
    zone = i18n.zone()
    today = clock.today(zone)
    person_id = actor().person_id
    day = offers.open_days(house.id, today, today, zone)[today]
    return render_template(
        "home/show_front.html",
        opening=opening_words(day, clock.now()),
        coming=rooms.bookings_of(person_id, most=3) if person_id else [],
        free=free_now(house),
        state_words=state_words,
    )


def show_today(house: HouseCard) -> Any:
    """What is on, what waits for a hand, and the acts people come for."""
    zone = i18n.zone()
    today = clock.today(zone)
    window = rooms.day_window(today, zone)
    cards = rooms.rooms(house.id)
    day = offers.open_days(house.id, today, today, zone)[today]
    found = rooms.standing(cards, window)
    coming = sorted(
        (entry for card in cards for entry in found.of(card) if entry.own and entry.span.ends_at > clock.now() and entry.state == "confirmed"),
        key=lambda entry: entry.span.starts_at,
    )  # fmt: skip
    return render_template(
        "home/show_today.html",
        today=today,
        opening=opening_words(day, clock.now()),
        hands=needs_a_hand(house, day),
        grid=grid.day_grid(found, day, window, actor(), zone) if cards else None,
        rooms=cards,
        coming=coming[:8],
        now=clock.now(),
    )


def opening_words(day: OpenDay, moment: datetime) -> str:
    """``Open 10–18 · office hour 14–17``."""
    if not day.desk:
        return gettext("Closed today: %(reason)s", reason=day.closed_for) if day.closed_for else gettext("Closed today")
    words = [gettext("Open today %(hours)s", hours=_told(day.desk))]
    if day.office:
        words.append(gettext("office hour %(hours)s", hours=_told(day.office)))
    if any(span.starts_at <= moment < span.ends_at for span in day.desk):
        words.append(gettext("open now"))
    return i18n.dotted(*words)


def _told(spans: Iterable[Span]) -> str:
    return i18n.together(*(i18n.hours(span.starts_at, span.ends_at) for span in spans))


def free_now(house: HouseCard) -> list[dict[str, Any]]:
    """Per room the next free time from now, today or later."""
    zone = i18n.zone()
    cards = rooms.rooms(house.id)
    free = rooms.free_by_room(cards, clock.today(zone), 7, zone)
    lines = []
    for card in cards:
        fitting = [span for span in free[card.id] if span.length.total_seconds() >= 60 * card.min_minutes]
        lines.append({"room": card, "span": fitting[0] if fitting else None})
    return lines
