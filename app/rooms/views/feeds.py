"""Calendars to subscribe to: every room without names, every person under a secret address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import Response, current_app, request, url_for

from app.core import clock, i18n, ical
from app.core.errors import Missing
from app.core.i18n import gettext
from app.core.policy import everyone
from app.core.web import actor, say, see_other
from app.houses.views import here
from app.rooms import policy, queries, service
from app.rooms.models import Feed, State
from app.rooms.queries import RoomCard
from app.rooms.views.pages import pages, room

HISTORY = timedelta(days=400)
"""How far back a feed goes: past dates stay, but not for ever."""
_STATUS = {
    State.WISHED: ical.Status.TENTATIVE,
    State.CONFIRMED: ical.Status.CONFIRMED,
    State.CANCELLED: ical.Status.CANCELLED,
}


@pages.get("/rooms/<slug>/calendar.ics", load=room, allow=policy.see_rooms)
def subscribe_room(card: RoomCard) -> Response:
    """What stands in a room, without names; purposes only where their owner agreed."""
    rows = queries.feed_bookings(since=clock.now() - HISTORY, room_id=card.id)
    taken = gettext("booked")
    dates = [_date(row, row.purpose if row.purpose_public else taken) for row in rows if row.state != State.WISHED]
    return _calendar(card.name, dates)


@pages.get("/calendar/<secret>.ics", allow=everyone)
def subscribe_person(secret: str) -> Response:
    """The bookings of whoever holds this address; a revoked one is not found."""
    feed = queries.feed(secret[:64])
    if feed is None or feed.person_id is None:
        raise Missing
    rows = queries.feed_bookings(since=clock.now() - HISTORY, person_id=feed.person_id)
    house = here()
    dates = [_date(row, f"{row.purpose} · {row.room_name}", url_for("rooms.show_booking", booking_id=row.id, _external=True)) for row in rows]
    return _calendar(gettext("My dates: %(house)s", house=house.name if house else ""), dates)


@pages.post("/calendar/renew", allow=policy.own_feed)
def renew_feed() -> Any:
    service.renew_feed(actor())
    say(gettext("Here is your calendar address. Whoever knows it sees your dates; renew it when it has got into wrong hands."))
    return see_other("rooms.show_my_bookings")


@pages.post("/calendar/revoke", allow=policy.own_feed)
def revoke_feed() -> Any:
    service.revoke_feed(actor())
    say(gettext("The calendar address has been switched off."))
    return see_other("rooms.show_my_bookings")


def address_of(feed: Feed) -> str:
    return url_for("rooms.subscribe_person", secret=feed.secret, _external=True)


def _date(row: Any, summary: str, url: str = "") -> ical.FeedDate:
    house = here()
    return ical.FeedDate(
        uid=row.uid,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        summary=summary,
        location=", ".join(part for part in (row.room_name, house.name if house else "", house.address if house else "") if part),
        url=url,
        sequence=row.sequence,
        status=_STATUS[State(row.state)],
        last_modified=row.changed_at,
    )


def _calendar(name: str, dates: Iterable[ical.FeedDate]) -> Response:
    """The file, with a tag so that programs that come back hourly get 304."""
    document = ical.write_calendar(name, dates, zone=i18n.zone(), now=clock.now())
    tag = hashlib.blake2s(document, digest_size=12).hexdigest()
    if tag in request.if_none_match:
        response = current_app.response_class(status=304)
    else:
        response = current_app.response_class(document, mimetype="text/calendar")
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
