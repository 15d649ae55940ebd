"""Rooms, free times and bookings for other programs. A token acts in the one house it was made for."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from app.core import clock, i18n, web
from app.core.api import Api, Document, Line, Moment, Page, Text
from app.core.errors import Forbidden, Invalid
from app.core.i18n import gettext
from app.core.policy import Actor
from app.core.spans import Span
from app.houses.queries import HouseCard
from app.houses.views import all_houses
from app.money.service import LEDGER
from app.people import queries as people
from app.people import service as people_service
from app.people.models import TariffClass
from app.people.service import PersonRequest
from app.rooms import policy, queries, service
from app.rooms.models import Booking, Feature, State
from app.rooms.queries import RoomCard
from app.rooms.service import BookingRequest

api = Api("rooms")
blueprint = api.blueprint

LONGEST_WINDOW = timedelta(days=62)
_CURSOR = re.compile(r"([1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z-(\d{1,10})", re.ASCII)
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _sensible(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2199:
        raise ValueError(gettext("This time lies too far away."))
    return moment


def _whole(moment: datetime) -> datetime:
    if moment.second or moment.microsecond:
        raise ValueError(gettext("Please use whole minutes."))
    return moment


def _typed(value: object) -> object:
    """As it arrives in an address: a plus sign that was not escaped is a blank, and a plain day is its midnight here."""
    if not isinstance(value, str):
        return value
    if _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return clock.midnight(day, i18n.zone()) if 2000 <= day.year <= 2199 else value
    return _LOST_PLUS.sub("+", value)


Asked = Annotated[Moment, BeforeValidator(_typed), AfterValidator(_sensible)]
"""A time in an address: ISO 8601 with an offset, or a day."""
Booked = Annotated[Moment, AfterValidator(_sensible), AfterValidator(_whole)]
Id = Annotated[int, Field(strict=True, ge=1, le=web.LARGEST_ID)]


# Documents ---------------------------------------------------------------------------------------------------------


class RoomDocument(Document):
    """A room. Rooms that share one of `parts` cannot be used at the same time. Minutes are whole."""

    slug: str
    name: str
    about: str
    capacity: int
    features: list[Feature]
    parts: list[int]
    rule: str
    before_minutes: int
    after_minutes: int
    step_minutes: int
    min_minutes: int
    max_minutes: int


class Rooms(Document):
    items: list[RoomDocument]


class FreeSpan(Document):
    """From `starts_at` up to, not including, `ends_at`, on the house's clock."""

    starts_at: datetime
    ends_at: datetime


class FreeSpans(Document):
    items: list[FreeSpan]


class FreeQuery(Document):
    """At most 62 days at a time; `minutes` leaves out what is shorter."""

    from_: Annotated[Asked, Field(alias="from")]
    to: Asked
    minutes: Annotated[int, Field(ge=1, le=60 * 24 * 31)] = 1


class Somebody(Document):
    """A person the house does not know yet; a name is enough."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=160)]


class NewBooking(Document):
    """`booked_for` is a person's id, or the name of somebody new; without it, whoever holds the token.

    `firm` and `anyway` are the desk's: confirm at once, and also outside the opening hours.
    """

    room: Annotated[Line, StringConstraints(min_length=1, max_length=60)]
    starts_at: Booked
    ends_at: Booked
    purpose: Annotated[Line, StringConstraints(min_length=2, max_length=160)]
    people: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    booked_for: Id | Somebody | None = None
    tariff_class: TariffClass | None = None
    organisation: Id | None = None
    purpose_public: bool = False
    firm: bool = True
    anyway: bool = False
    extras: Annotated[list[Annotated[Line, StringConstraints(max_length=60)]], Field(max_length=50)] = []
    """Codes of what somebody chooses beside the room; unknown ones are left out."""


class Reason(Document):
    """A sentence for the person."""

    reason: Annotated[Text, StringConstraints(max_length=300)] = ""


class NeededReason(Document):
    """A sentence for the person, who reads it."""

    reason: Annotated[Text, StringConstraints(min_length=3, max_length=300)]


class Nothing(Document):
    """No values are needed."""


class PersonName(Document):
    id: int
    name: str


class BookingDocument(Document):
    """A booking; times are those of the house's clock, cents are whole. `booked_for` is null for a date from a calendar file."""

    id: int
    state: State
    room: str
    starts_at: datetime
    ends_at: datetime
    purpose: str
    people: int
    booked_for: PersonName | None
    organisation: PersonName | None
    tariff_class: str
    price_cents: int
    reason: str
    lapses_at: datetime | None
    change_starts_at: datetime | None
    change_ends_at: datetime | None
    uid: str
    sequence: int


class BookingQuery(Document):
    """Bookings that overlap ``from`` … ``to``, by start; `cursor` is the ``next`` of the page before."""

    room: Annotated[Line, StringConstraints(max_length=60)] = ""
    from_: Annotated[Asked | None, Field(alias="from")] = None
    to: Asked | None = None
    cursor: Annotated[str, StringConstraints(max_length=60)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


# Rooms -------------------------------------------------------------------------------------------------------------


def _house() -> HouseCard | None:
    """The house of the token; the first one for whoever has none."""
    own = {house_id for house_id, _ in web.actor().roles}
    houses = all_houses()
    return next((house for house in houses if house.id in own), houses[0] if houses else None)


def _room(slug: str) -> RoomCard | None:
    house = _house()
    return queries.room(house.id, slug) if house else None


@api.get("/rooms", load=_house, allow=policy.see_rooms, answer=Rooms)
def list_rooms(house: HouseCard) -> Rooms:
    """Every room in use, in the order of the house."""
    return Rooms(items=[_room_document(card) for card in queries.rooms(house.id)])


@api.get("/rooms/<slug>/free", load=_room, allow=policy.see_rooms, query=FreeQuery, answer=FreeSpans)
def list_free(card: RoomCard, query: FreeQuery) -> FreeSpans:
    """When the room is open and free, from now on, with set-up and clean-up time kept."""
    window = _window(query.from_, query.to)
    starts_at = max(window.starts_at, clock.now())
    if starts_at >= window.ends_at:
        return FreeSpans(items=[])
    zone = i18n.zone()
    least = timedelta(minutes=query.minutes)
    return FreeSpans(
        items=[
            FreeSpan(starts_at=span.starts_at.astimezone(zone), ends_at=span.ends_at.astimezone(zone))
            for span in queries.free_spans(card, Span(starts_at, window.ends_at), zone)
            if span.length >= least
        ]
    )


def _window(starts_at: datetime, ends_at: datetime) -> Span:
    try:
        window = Span(starts_at, ends_at)
    except ValueError:
        raise Invalid({"to": [gettext("It must end after it starts.")]}) from None
    if window.length > LONGEST_WINDOW:
        raise Invalid({"to": [gettext("At most %(days)s days at a time.", days=LONGEST_WINDOW.days)]})
    return window


def _room_document(card: RoomCard) -> RoomDocument:
    known = set(Feature)
    return RoomDocument(
        slug=card.slug,
        name=card.name,
        about=card.about,
        capacity=card.capacity,
        features=[Feature(feature) for feature in card.features if feature in known],
        parts=list(card.parts),
        rule=card.rule,
        before_minutes=card.before_minutes,
        after_minutes=card.after_minutes,
        step_minutes=card.step_minutes,
        min_minutes=card.min_minutes,
        max_minutes=card.max_minutes,
    )


# Bookings ----------------------------------------------------------------------------------------------------------


@api.post("/bookings", allow=policy.book_room, body=NewBooking, answer=BookingDocument, turns=[LEDGER])
def book_room(body: NewBooking) -> BookingDocument:
    """Book a room, or ask for it where its rule says so; 409 with `alternatives` when it is taken."""
    who = web.actor()
    card = _room(body.room)
    if card is None:
        raise Invalid({"room": [gettext("There is no such room.")]})
    try:
        span = Span(body.starts_at, body.ends_at)
    except ValueError:
        raise Invalid({"ends_at": [gettext("It must end after it starts.")]}) from None
    staff = policy.manage_bookings(who, card)
    booked_for_id = _booked_for(body, staff, who)
    if body.organisation is not None and not staff:
        own = people.organisations_of(who.person_id) if who.person_id is not None else []
        if body.organisation not in {each.id for each in own}:
            raise Forbidden(gettext("You do not act for this group."))
    request = BookingRequest(
        room=card,
        span=span,
        purpose=body.purpose,
        people=body.people,
        booked_for_id=booked_for_id,
        tariff_class=body.tariff_class or _usual_class(booked_for_id),
        organisation_id=body.organisation,
        purpose_public=body.purpose_public,
        anyway=body.anyway,
        firm=body.firm,
        origin="api",
        extras=tuple(body.extras),
    )
    return _fresh(service.book_room(request, who).id)


def _booked_for(body: NewBooking, staff: bool, who: Actor) -> int:
    """The person's id; somebody new is written down. Raises `Forbidden` for others than oneself, unless the desk asks."""
    chosen = body.booked_for
    if chosen is None:
        chosen = who.person_id
    if chosen is None:
        raise Invalid({"booked_for": [gettext("For whom is it? A name is enough.")]})
    if not staff:
        if chosen != who.person_id or who.person_id is None:
            raise Forbidden(gettext("You can book for yourself only. The desk books for others."))
        return who.person_id
    if isinstance(chosen, Somebody):
        given, family = people_service.name_from(chosen.name)
        return people_service.create_person(PersonRequest(given_name=given, family_name=family), by=who).id
    person = people.person(chosen)
    if person is None:
        raise Invalid({"booked_for": [gettext("There is no such person.")]})
    return person.id


def _usual_class(person_id: int) -> str:
    person = people.person(person_id)
    return person.tariff_class if person else TariffClass.PRIVATE


@api.get("/bookings", allow=policy.list_bookings, query=BookingQuery, answer=Page[BookingDocument])
def list_bookings(query: BookingQuery) -> Page[BookingDocument]:
    """Bookings by start: all of the house for the desk, for anybody else their own."""
    who = web.actor()
    house = _house()
    room_id = None
    if query.room:
        card = _room(query.room)
        if card is None:
            raise Invalid({"room": [gettext("There is no such room.")]})
        room_id = card.id
    if query.from_ is not None and query.to is not None and query.to <= query.from_:
        raise Invalid({"to": [gettext("It must end after it starts.")]})
    own = policy.only_own(who)
    if house is None or (own is None and not policy.manage_bookings(who, house)):
        return Page(items=[])  # a token that is neither the desk nor anybody
    found = queries.listed(
        house.id,
        person_id=own,
        room_id=room_id,
        starts_at=query.from_,
        ends_at=query.to,
        after=_after(query.cursor),
        most=query.limit + 1,
    )
    shown = found[: query.limit]
    return Page(items=[_document(each) for each in shown], next=_cursor(shown[-1]) if len(found) > query.limit else None)


def _cursor(booking: Booking) -> str:
    return f"{booking.starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z-{booking.id}"


def _after(cursor: str) -> tuple[datetime, int] | None:
    """Start and id of the last booking of the page before. Raises `Invalid` for what is no cursor of ours."""
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    try:
        if found is None or int(found[2]) > web.LARGEST_ID:
            raise ValueError
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC), int(found[2])
    except ValueError:
        raise Invalid({"cursor": [gettext("This cursor is not one of ours.")]}) from None


@api.get("/bookings/<int:booking_id>", load=queries.booking, allow=policy.see_booking, answer=BookingDocument)
def show_booking(booking: Booking) -> BookingDocument:
    """One booking."""
    return _document(booking)


@api.post("/bookings/<int:booking_id>/cancel", load=queries.booking, allow=policy.cancel_booking, body=Reason,
          answer=BookingDocument, status=200)  # fmt: skip
def cancel_booking(booking: Booking, body: Reason) -> BookingDocument:
    """It will not take place; the time is free at once."""
    service.cancel_booking(booking, body.reason, web.actor())
    return _fresh(booking.id)


@api.post("/bookings/<int:booking_id>/confirm", load=queries.booking, allow=policy.confirm_booking, body=Nothing,
          answer=BookingDocument, status=200, turns=[LEDGER])  # fmt: skip
def confirm_booking(booking: Booking, body: Nothing) -> BookingDocument:
    """Say yes to a wish, or to a wish for another time."""
    service.confirm_booking(booking, web.actor())
    return _fresh(booking.id)


@api.post("/bookings/<int:booking_id>/refuse", load=queries.booking, allow=policy.refuse_booking, body=NeededReason,
          answer=BookingDocument, status=200)  # fmt: skip
def refuse_booking(booking: Booking, body: NeededReason) -> BookingDocument:
    """Say no to a wish, or to a wish for another time, with a sentence for the person."""
    service.refuse_booking(booking, body.reason, web.actor())
    return _fresh(booking.id)


def _fresh(booking_id: int) -> BookingDocument:
    booking = queries.booking(booking_id)
    assert booking is not None
    return _document(booking)


def _document(booking: Booking) -> BookingDocument:
    return BookingDocument(
        id=booking.id,
        state=State(booking.state),
        room=booking.room.slug,
        starts_at=booking.starts_at.astimezone(i18n.zone()),
        ends_at=booking.ends_at.astimezone(i18n.zone()),
        purpose=booking.purpose,
        people=booking.people,
        booked_for=_name(booking.booked_for),
        organisation=_name(booking.organisation),
        tariff_class=booking.tariff_class,
        price_cents=booking.price_cents,
        reason=booking.reason,
        lapses_at=_local(booking.lapses_at),
        change_starts_at=_local(booking.change_starts_at),
        change_ends_at=_local(booking.change_ends_at),
        uid=booking.uid,
        sequence=booking.sequence,
    )


def _local(moment: datetime | None) -> datetime | None:
    return moment.astimezone(i18n.zone()) if moment is not None else None


def _name(who: Any) -> PersonName | None:
    return PersonName(id=who.id, name=who.name) if who is not None else None
