"""The verbs of rooms: book, confirm, refuse, cancel, change, lapse.

Every act looks, decides and writes in one transaction. What the look has missed, the database refuses, and the act starts
again on the new state; so nobody is ever told "free" about a time that is not.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import update

from app.core import clock, i18n
from app.core.crypto import token
from app.core.db import session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import gettext, ngettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.core.spans import Span, merged
from app.core.statements import add
from app.occupancy import queries as occupancy
from app.occupancy import service as promises
from app.offers import queries as offers
from app.people.models import Organisation, TariffClass
from app.rooms import policy, queries
from app.rooms.events import (
    BookingCancelled,
    BookingChanged,
    BookingConfirmed,
    BookingEvent,
    BookingLapsed,
    BookingMoved,
    BookingRefused,
    BookingWished,
    ChangeRefused,
    ChangeWished,
    FeedRenewed,
)
from app.rooms.models import Booking, Feed, Rule, State
from app.rooms.queries import BOOKING, RoomCard
from app.rooms.service.charging import (
    ReductionRequest,
    charge_booking,
    quote,
    quote_again,
    recharge_booking,
    uncharge_booking,
)

E = TypeVar("E", bound=BookingEvent)
LATE_ENTRY = timedelta(hours=12)
"""How far back the desk may write down what is already going on."""


# Refusals ----------------------------------------------------------------------------------------------------------


class RoomTaken(Refusal):
    """Somebody was first. `facts`: `alternatives` (nearest free spans in this room), `rooms` (others free at that time)."""

    kind = "room-taken"
    message = _l("Somebody was faster: the room is taken at that time.")


class RoomClosed(Refusal):
    """Outside the hours of use, or a closed day."""

    kind = "room-closed"
    message = _l("The room is not open at that time.")


class AlreadyDecided(Refusal):
    """Two people decided at once; the second is told who was first."""

    kind = "already-decided"


class NotOpenAnyMore(Refusal):
    """The booking has been refused, cancelled or has lapsed, or it is over."""

    kind = "not-open"
    message = _l("This booking is already closed. Nothing has been changed.")


# Booking -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BookingRequest:
    """What somebody asks for. `tariff_class` is one of `TariffClass`; `anyway` is the desk's word that hours may be ignored;
    `firm` is the desk's wish to confirm at once."""

    room: RoomCard
    span: Span
    purpose: str
    people: int
    booked_for_id: int
    tariff_class: str = TariffClass.PRIVATE
    organisation_id: int | None = None
    purpose_public: bool = False
    anyway: bool = False
    firm: bool = True
    origin: str = "page"
    extras: Sequence[str] = ()
    """Codes of surcharges that somebody chooses."""
    reduction: ReductionRequest | None = None
    """By word of the desk; nobody else's counts."""


def book_room(request: BookingRequest, by: Actor) -> Booking:
    """Make a booking: confirmed where the room's rule is instant or the desk says so, else a wish.

    Raises `Invalid`, `RoomClosed` or `RoomTaken`; nothing has changed then.
    """
    room, span = request.room, request.span
    staff = policy.manage_bookings(by, room)
    check_times(room, span, staff=staff)
    check_people(room, request.people)
    check_hours(room, span, anyway=request.anyway and staff)
    tariff_class = class_of(request)
    known = queries.surcharges(room.house_id).get(room.id, ()) if request.extras else ()
    extras = [each.code for each in known if each.code in request.extras]
    price = quote(room, span, tariff_class, extras, request.reduction if staff else None)
    confirmed = (staff and request.firm) or room.rule == Rule.INSTANT
    refuse_if_taken(room, span, request.people)
    now = clock.now()
    booking = Booking(
        house_id=room.house_id,
        room_id=room.id,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        before_minutes=room.before_minutes,
        after_minutes=room.after_minutes,
        state=State.CONFIRMED if confirmed else State.WISHED,
        purpose=request.purpose,
        people=request.people,
        booked_for_id=request.booked_for_id,
        created_by_id=by.person_id,
        organisation_id=request.organisation_id,
        purpose_public=request.purpose_public,
        tariff_class=tariff_class,
        price_cents=price.cents,
        price_rule=price.rule,
        extras=extras,
        uid=f"{uuid.uuid4()}@quartiersraum",
        origin=request.origin,
        lapses_at=None if confirmed else min(now + timedelta(days=room.hold_days), span.starts_at),
        decided_at=now if confirmed else None,
        decided_by_id=by.person_id if confirmed and staff else None,
    )
    add(booking)
    if confirmed or room.wishes_hold:
        _promise(booking, room)
    if confirmed:
        charge_booking(booking, room, by)
        publish(_event(BookingConfirmed, booking, room.name, by))
    else:
        publish(_event(BookingWished, booking, room.name, by, lapses_at=booking.lapses_at))
    return booking


def check_times(room: RoomCard, span: Span, *, staff: bool) -> None:
    """Raises `Invalid` for times nobody (or only the desk) may ask for."""
    now = clock.now()
    minutes = span.length // timedelta(minutes=1)
    if span.starts_at < (now - LATE_ENTRY if staff else now):
        raise Invalid({"starts_at": [_l("That time is already over.")]})
    if span.starts_at > now + timedelta(days=room.ahead_days):
        until = i18n.day(now + timedelta(days=room.ahead_days))
        raise Invalid({"starts_at": [gettext("This room can be booked up to %(day)s.", day=until)]})
    if minutes > room.max_minutes:
        raise Invalid({"ends_at": [gettext("At most %(length)s at a time.", length=i18n.duration(room.max_minutes))]})
    if staff:
        return
    if minutes < room.min_minutes:
        raise Invalid({"ends_at": [gettext("At least %(length)s at a time.", length=i18n.duration(room.min_minutes))]})
    _check_steps(room, span)


def _check_steps(room: RoomCard, span: Span) -> None:
    """Whole steps, from a whole step on or right after what stands before: that is what `nearest_free` offers."""
    step = timedelta(minutes=room.step_minutes)
    reason = gettext("Please choose full steps of %(length)s.", length=i18n.duration(room.step_minutes))
    local = span.starts_at.astimezone(i18n.zone())
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    if since_midnight % step and not queries.begins_free(room, span.starts_at):
        raise Invalid({"starts_at": [reason]})
    if span.length % step:
        raise Invalid({"ends_at": [reason]})


def check_people(room: RoomCard, people: int) -> None:
    if people < 1:
        raise Invalid({"people": [_l("At least one person.")]})
    if people > room.capacity:
        text = ngettext("This room holds one person.", "This room holds up to %(num)d people.", room.capacity)
        raise Invalid({"people": [text]}, capacity=room.capacity)


def check_hours(room: RoomCard, span: Span, *, anyway: bool) -> None:
    """Raises `RoomClosed` unless `span` lies inside one window of use; buffers may stick out, people may not."""
    if anyway:
        return
    zone = i18n.zone()
    first, last = span.starts_at.astimezone(zone).date(), (span.ends_at - timedelta(seconds=1)).astimezone(zone).date()
    days = offers.open_days(room.house_id, first, last, zone)
    windows = [window for day in days.values() for window in queries.hours_of(room, day)]
    if any(window.contains(span) for window in merged(windows)):
        return
    closed = next((day for day in days.values() if day.closed_for), None)
    if closed is not None:
        raise RoomClosed(
            gettext("The house is closed on %(day)s: %(reason)s.", day=i18n.day(closed.day), reason=closed.closed_for),
            alternatives=_alternatives(room, span),
        )
    if not windows:
        raise RoomClosed(gettext("The room is closed on %(day)s.", day=i18n.day(first)), alternatives=_alternatives(room, span))
    told = i18n.together(*(i18n.hours(window.starts_at, window.ends_at) for window in windows))
    raise RoomClosed(
        gettext("On %(day)s the room is open %(hours)s.", day=i18n.day(first), hours=told), alternatives=_alternatives(room, span)
    )


def class_of(request: BookingRequest) -> str:
    """An organisation's own class wins over what was ticked; an unknown one is refused."""
    if request.organisation_id is not None:
        organisation = session().get(Organisation, request.organisation_id)
        if organisation is None:
            raise Invalid({"organisation": [_l("There is no such group.")]})
        return organisation.tariff_class
    if request.tariff_class not in set(TariffClass):
        raise Invalid({"tariff_class": [_l("Please choose one of these.")]})
    return request.tariff_class


def refuse_if_taken(
    room: RoomCard, span: Span, people: int, *, but: tuple[str, int] | None = None, held: Span | None = None
) -> None:
    """Raises `RoomTaken` with the nearest free times and the other rooms that are free.

    `held` is `span` with the set-up and clean-up time it was promised with, where that may not be the room's of today.
    """
    if not occupancy.conflicts(room.parts, held or room.held(span), but=but):
        return
    zone = i18n.zone()
    raise RoomTaken(
        alternatives=_alternatives(room, span, but=but),
        rooms=[other.slug for other in queries.other_rooms(room, span, people, zone)],
    )


def _alternatives(room: RoomCard, span: Span, *, but: tuple[str, int] | None = None) -> list[dict[str, object]]:
    zone: ZoneInfo = i18n.zone()
    return [
        {"room": room.slug, "starts_at": free.starts_at.astimezone(zone), "ends_at": free.ends_at.astimezone(zone)}
        for free in queries.nearest_free(room, span, zone, but=but)
    ]


# Deciding ----------------------------------------------------------------------------------------------------------


def confirm_booking(booking: Booking, by: Actor) -> None:
    """Say yes to a wish, or to a wish for another time. Raises `AlreadyDecided`, `NotOpenAnyMore` or `RoomTaken`."""
    room = _room(booking)
    if booking.change_starts_at is not None and booking.change_ends_at is not None and booking.state == State.CONFIRMED:
        _move(booking, room, Span(booking.change_starts_at, booking.change_ends_at), by)
        return
    _must_be_undecided(booking)
    # Also where wishes hold: this one may have been made before they did.
    refuse_if_taken(room, booking.span, booking.people, but=(BOOKING, booking.id), held=_held(booking))
    promises.release(BOOKING, booking.id)
    _decide(booking, State.CONFIRMED, by)
    _promise(booking, room)
    charge_booking(booking, room, by)
    publish(_event(BookingConfirmed, booking, room.name, by))


def refuse_booking(booking: Booking, reason: str, by: Actor) -> None:
    """Say no to a wish, or to a wish for another time, which leaves the booking as it was."""
    room = _room(booking)
    if booking.change_starts_at is not None and booking.change_ends_at is not None and booking.state == State.CONFIRMED:
        wished = {"change_starts_at": booking.change_starts_at, "change_ends_at": booking.change_ends_at}
        booking.change_starts_at = booking.change_ends_at = None
        booking.changed_at = clock.now()
        session().flush()
        publish(_event(ChangeRefused, booking, room.name, by, reason=reason, **wished))
        return
    _must_be_undecided(booking)
    promises.release(BOOKING, booking.id)
    booking.reason = reason
    _decide(booking, State.REFUSED, by)
    publish(_event(BookingRefused, booking, room.name, by))


def _must_be_undecided(booking: Booking) -> None:
    if booking.state == State.WISHED:
        return
    if booking.decided_at is not None and booking.state in (State.CONFIRMED, State.REFUSED):
        raise AlreadyDecided(
            gettext(
                "%(name)s has already decided about this on %(when)s. Nothing has been changed.",
                name=booking.decided_by.name if booking.decided_by else gettext("Somebody"),
                when=i18n.moment(booking.decided_at),
            ),
            state=booking.state,
        )
    raise NotOpenAnyMore(state=booking.state)


def _decide(booking: Booking, state: State, by: Actor) -> None:
    booking.state = state
    booking.decided_by_id, booking.decided_at = by.person_id, clock.now()
    booking.lapses_at = None
    booking.changed_at = clock.now()
    booking.sequence += 1
    session().flush()


# Changing ----------------------------------------------------------------------------------------------------------


def cancel_booking(booking: Booking, reason: str, by: Actor, *, house_cancels: bool = False) -> None:
    """It will not take place; the time is free at once. Raises `NotOpenAnyMore` when it is closed or over.

    What stays to be paid follows from the terms it was booked with; nothing does when the desk says that the house cancels.
    """
    if not booking.is_open or (booking.ends_at <= clock.now() and not policy.manage_bookings(by, booking)):
        raise NotOpenAnyMore(state=booking.state)
    promises.release(BOOKING, booking.id)
    charged = booking.state == State.CONFIRMED
    booking.state = State.CANCELLED
    booking.reason = reason
    booking.change_starts_at = booking.change_ends_at = booking.lapses_at = None
    booking.sequence += 1
    booking.changed_at = clock.now()
    session().flush()
    if charged:
        uncharge_booking(booking, by, house_cancels=house_cancels and policy.manage_bookings(by, booking))
    publish(_event(BookingCancelled, booking, _room(booking).name, by))


@dataclass(frozen=True)
class ChangeRequest:
    """What is to become of a booking; `anyway` as in `BookingRequest`."""

    span: Span
    purpose: str
    people: int
    anyway: bool = False


def change_booking(booking: Booking, request: ChangeRequest, by: Actor) -> bool:
    """Change purpose, people or time. Returns whether it holds already; False: the desk is asked, the old time stays.

    Shorter stays confirmed; longer or elsewhere needs the desk again where the room's rule is to ask (scenario 12).
    """
    if not booking.is_open or booking.ends_at <= clock.now():
        raise NotOpenAnyMore(state=booking.state)
    room = _room(booking)
    staff = policy.manage_bookings(by, booking)
    check_people(room, request.people)
    told = (booking.purpose, booking.people)
    booking.purpose, booking.people = request.purpose, request.people
    if request.span == booking.span:
        if told != (booking.purpose, booking.people):
            _changed(booking, room, by)
        return True
    running = booking.starts_at <= clock.now()
    if not (running and request.span.starts_at == booking.starts_at and request.span.ends_at > clock.now()):
        check_times(room, request.span, staff=staff)
    check_hours(room, request.span, anyway=request.anyway and staff)
    own = (BOOKING, booking.id)
    if staff or room.rule == Rule.INSTANT or booking.span.contains(request.span) or booking.state == State.WISHED:
        _move(booking, room, request.span, by)
        return True
    refuse_if_taken(room, request.span, request.people, but=own)
    booking.change_starts_at, booking.change_ends_at = request.span.starts_at, request.span.ends_at
    booking.changed_at = clock.now()
    session().flush()
    wished = {"change_starts_at": request.span.starts_at, "change_ends_at": request.span.ends_at}
    publish(_event(ChangeWished, booking, room.name, by, **wished))
    return False


def _changed(booking: Booking, room: RoomCard, by: Actor) -> None:
    booking.sequence += 1
    booking.changed_at = clock.now()
    session().flush()
    publish(_event(BookingChanged, booking, room.name, by))


def _move(booking: Booking, room: RoomCard, span: Span, by: Actor) -> None:
    """To another time, with the price of that time. Raises `RoomTaken`."""
    refuse_if_taken(room, span, booking.people, but=(BOOKING, booking.id))
    old: dict[str, Any] = {"old_room_name": room.name, "old_starts_at": booking.starts_at, "old_ends_at": booking.ends_at}
    held = booking.state == State.CONFIRMED or room.wishes_hold
    promises.release(BOOKING, booking.id)
    booking.starts_at, booking.ends_at = span.starts_at, span.ends_at
    booking.before_minutes, booking.after_minutes = room.before_minutes, room.after_minutes
    booking.change_starts_at = booking.change_ends_at = None
    if booking.lapses_at is not None:
        booking.lapses_at = min(booking.lapses_at, span.starts_at)
    before, used = booking.price_rule, Span(old["old_starts_at"], old["old_ends_at"])
    price = quote_again(booking, room, span)
    booking.price_cents, booking.price_rule = price.cents, price.rule
    booking.sequence += 1
    booking.changed_at = clock.now()
    session().flush()
    if held:
        _promise(booking, room)
    if booking.state == State.CONFIRMED:
        recharge_booking(booking, room, before, used, by)
    publish(_event(BookingMoved, booking, room.name, by, **old))


def lapse_booking(booking: Booking, by: Actor) -> bool:
    """End a wish whose time to decide has run out; False when it has been decided meanwhile."""
    now = clock.now()
    if booking.state != State.WISHED or not ((booking.lapses_at and booking.lapses_at <= now) or booking.starts_at <= now):
        return False
    promises.release(BOOKING, booking.id)
    booking.state, booking.lapses_at, booking.changed_at = State.LAPSED, None, now
    booking.sequence += 1
    session().flush()
    publish(_event(BookingLapsed, booking, _room(booking).name, by))
    return True


# Shared ------------------------------------------------------------------------------------------------------------


def _promise(booking: Booking, room: RoomCard) -> None:
    promises.promise(room.parts, _held(booking), kind=booking.state, source=BOOKING, source_id=booking.id)


def _held(booking: Booking) -> Span:
    return booking.span.widened(timedelta(minutes=booking.before_minutes), timedelta(minutes=booking.after_minutes))


def _room(booking: Booking) -> RoomCard:
    room = queries.room_by_id(booking.room_id)
    if room is None:
        raise NotOpenAnyMore(_l("This room is no longer used. Nothing has been changed."))
    return room


_FIELDS = {field.name for field in dataclasses.fields(BookingEvent)}


def _event(kind: type[E], booking: Booking, room_name: str, by: Actor, **more: Any) -> E:
    values = {name: getattr(booking, name) for name in _FIELDS if hasattr(booking, name)}
    values.update(booking_id=booking.id, room_name=room_name, by=by.person_id)
    return kind(**{**values, **more})


# Calendar addresses ------------------------------------------------------------------------------------------------


def renew_feed(by: Actor) -> Feed:
    """A new secret calendar address for the acting person; one that existed stops working at once."""
    revoke_feed(by)
    feed = Feed(secret=token(), person_id=by.person_id)
    session().add(feed)
    session().flush()
    publish(FeedRenewed(house_id=None, by=by.person_id, feed_id=feed.id))
    return feed


def revoke_feed(by: Actor) -> None:
    """The address of the acting person stops working."""
    session().execute(
        update(Feed).where(Feed.person_id == by.person_id, Feed.revoked_at.is_(None)).values(revoked_at=clock.now())
    )
