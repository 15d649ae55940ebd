"""Calendars to subscribe to: every room without names, every person under a secret address."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, current_app, request, url_for

from app.core import clock, i18n, ical
from app.core.errors import Missing
from app.core.i18n import gettext
from app.core.policy import everyone
from app.core.web import actor, say, see_other, version
from app.houses.views import here
from app.rooms import policy, queries, service
from app.rooms.models import Feed, State
from app.rooms.queries import RoomCard
from app.rooms.views.pages import pages, room

_STATUS = {
    State.WISHED: ical.Status.TENTATIVE,
    State.CONFIRMED: ical.Status.CONFIRMED,
    State.CANCELLED: ical.Status.CANCELLED,
}


@pages.get("/rooms/<slug>/calendar.ics", load=room, allow=policy.see_rooms)
def subscribe_room(card: RoomCard) -> Response:
    """What stands in a room, without names; purposes only where their owner agreed."""
    rows = [row for row in queries.feed_bookings(room_id=card.id) if row.state != State.WISHED]
    taken = gettext("booked")
    return _calendar(card.name, [(row, row.purpose if row.purpose_public else taken, "") for row in rows])


@pages.get("/calendar/<secret>.ics", allow=everyone)
def subscribe_person(secret: str) -> Response:
    """The bookings of whoever holds this address; a revoked one is not found."""
    feed = queries.feed(secret[:64])
    if feed is None or feed.person_id is None:
        raise Missing
    house = here()
    dates = [
        (row, f"{row.purpose} · {row.room_name}", url_for("rooms.show_booking", booking_id=row.id, _external=True))
        for row in queries.feed_bookings(person_id=feed.person_id)
    ]
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


def _calendar(name: str, dates: list[tuple[Any, str, str]]) -> Response:
    """The file, of rows with summary and address. Programs come back hourly: when nothing is new, nothing is written for them."""
    house = here()
    place = [part for part in (house.name if house else "", house.address if house else "") if part]
    state = [(*row, summary, url) for row, summary, url in dates]
    tag = hashlib.blake2s(repr((name, place, version(), state)).encode("utf-8", "replace"), digest_size=12).hexdigest()
    if tag in request.if_none_match:
        response = current_app.response_class(status=304)
    else:
        written = (_date(row, summary, url, place) for row, summary, url in dates)
        document = ical.write_calendar(name, written, zone=i18n.zone(), now=clock.now())
        response = current_app.response_class(document, mimetype="text/calendar")
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _date(row: Any, summary: str, url: str, place: list[str]) -> ical.FeedDate:
    return ical.FeedDate(
        uid=row.uid,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        summary=summary,
        location=", ".join([row.room_name, *place]),
        url=url,
        sequence=row.sequence,
        status=_STATUS[State(row.state)],
        last_modified=row.changed_at,
    )
