"""Rooms, what is booked in them, and when they are free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, literal, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.core import clock
from app.core.db import session
from app.core.spans import Span, common, gaps, merged
from app.occupancy import queries as occupancy
from app.occupancy.models import Occupancy, Resource
from app.offers import queries as offers
from app.offers.models import HoursKind
from app.people.models import Person
from app.rooms.models import OPEN_STATES, Booking, Feature, Feed, Room, RoomPart, State

BOOKING = "booking"
"""Name of this feature's promises in the occupancy table."""


@dataclass(frozen=True, slots=True)
class RoomCard:
    """A room as pages need it; `parts` are the resources it is made of. Minutes are whole."""

    id: int
    house_id: int
    slug: str
    name: str
    about: str
    capacity: int
    area_m2: int | None
    features: tuple[str, ...]
    before_minutes: int
    after_minutes: int
    rule: str
    wishes_hold: bool
    hold_days: int
    only_when_open: bool
    step_minutes: int
    min_minutes: int
    max_minutes: int
    ahead_days: int
    tariff_code: str
    parts: tuple[int, ...]

    @property
    def before(self) -> timedelta:
        return timedelta(minutes=self.before_minutes)

    @property
    def after(self) -> timedelta:
        return timedelta(minutes=self.after_minutes)

    def held(self, span: Span) -> Span:
        """`span` with set-up and clean-up time, as it is promised."""
        return span.widened(self.before, self.after)


_CARD = (
    Room.id, Room.house_id, Room.slug, Room.name, Room.about, Room.capacity, Room.area_m2, Room.features, Room.before_minutes,
    Room.after_minutes, Room.rule, Room.wishes_hold, Room.hold_days, Room.only_when_open, Room.step_minutes, Room.min_minutes,
    Room.max_minutes, Room.ahead_days, Room.tariff_code,
)  # fmt: skip


def _cards(statement: Select[Any]) -> list[RoomCard]:
    parts: dict[int, list[int]] = {}
    rows: dict[int, Any] = {}
    for row in session().execute(statement):
        rows.setdefault(row.id, row)
        parts.setdefault(row.id, []).append(row.resource_id)
    return [
        RoomCard(*row[:7], tuple(row.features), *row[8:19], tuple(sorted(parts[room_id])))  # type: ignore[arg-type]
        for room_id, row in rows.items()
    ]


def _select_cards() -> Select[Any]:
    return (
        select(*_CARD, RoomPart.resource_id)
        .join(RoomPart, RoomPart.room_id == Room.id)
        .where(Room.archived_at.is_(None))
        .order_by(Room.position, Room.id)
    )


def rooms(house_id: int) -> list[RoomCard]:
    """Rooms in use, in the order of the house."""
    return _cards(_select_cards().where(Room.house_id == house_id))


def room(house_id: int, slug: str) -> RoomCard | None:
    return next(iter(_cards(_select_cards().where(Room.house_id == house_id, Room.slug == slug[:60]))), None)


def room_by_id(room_id: int) -> RoomCard | None:
    return next(iter(_cards(_select_cards().where(Room.id == room_id))), None)


# The day and the week ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking as it stands in a room's time. `span` is the use, `held` includes set-up and clean-up.

    `person` and `purpose` are what the database knows; the view decides what the reader may see. `own` is False in a room that is
    only blocked because it shares parts (half a hall while the hall is booked).
    """

    booking_id: int
    room_id: int
    room_name: str
    span: Span
    held: Span
    state: str
    purpose: str
    purpose_public: bool
    people: int
    booked_for_id: int | None
    person: str
    own: bool


_ENTRY = (
    Booking.id, Booking.room_id, Booking.starts_at, Booking.ends_at, Booking.before_minutes, Booking.after_minutes, Booking.state,
    Booking.purpose, Booking.purpose_public, Booking.people, Booking.booked_for_id, Person.given_name, Person.family_name,
)  # fmt: skip


def entries(cards: Sequence[RoomCard], window: Span) -> dict[int, list[Entry]]:
    """What stands in each room during `window`, in order, by room id; two queries however many rooms and bookings."""
    resources = {part for card in cards for part in card.parts}
    if not resources:
        return {}
    source, conditions = occupancy.overlapping(resources, window)
    held = (
        select(Occupancy.resource_id, *_ENTRY)
        .select_from(source)
        .join(Booking, (Occupancy.source == BOOKING) & (Booking.id == Occupancy.source_id))
        .outerjoin(Person, Person.id == Booking.booked_for_id)
        .where(*conditions)
    )
    wished = (
        select(literal(0).label("resource_id"), *_ENTRY)
        .outerjoin(Person, Person.id == Booking.booked_for_id)
        .where(
            Booking.house_id == cards[0].house_id,
            Booking.state == State.WISHED,
            Booking.starts_at < window.ends_at,
            Booking.ends_at > window.starts_at,
        )
    )
    by_resource: dict[int, list[Any]] = defaultdict(list)
    wishes: dict[int, list[Any]] = defaultdict(list)
    for row in session().execute(held):
        by_resource[row.resource_id].append(row)
    for row in session().execute(wished):
        wishes[row.room_id].append(row)
    names = {card.id: card.name for card in cards}
    result: dict[int, list[Entry]] = {}
    for card in cards:
        found: dict[int, Entry] = {}
        for row in [row for part in card.parts for row in by_resource[part]] + wishes[card.id]:
            if row.id not in found:
                found[row.id] = _entry(row, card, names)
        result[card.id] = sorted(found.values(), key=lambda entry: (entry.span.starts_at, entry.booking_id))
    return result


def _entry(row: Any, card: RoomCard, names: dict[int, str]) -> Entry:
    span = Span(row.starts_at, row.ends_at)
    return Entry(
        row.id, row.room_id, names.get(row.room_id, ""), span,
        span.widened(timedelta(minutes=row.before_minutes), timedelta(minutes=row.after_minutes)),
        row.state, row.purpose, row.purpose_public, row.people, row.booked_for_id,
        f"{row.given_name or ''} {row.family_name or ''}".strip(), row.room_id == card.id,
    )  # fmt: skip


def fingerprint(cards: Sequence[RoomCard], window: Span) -> tuple[object, ...]:
    """Changes whenever `entries` would: one aggregate over the same rows, far cheaper than rendering them.

    Numbers of rows and sums of ids and versions of what this reader's transaction sees, so it cannot be ahead or behind.
    """
    source, conditions = occupancy.overlapping({part for card in cards for part in card.parts}, window)
    held = (
        select(func.count(), func.sum(Occupancy.id), func.sum(Booking.version), func.max(Booking.changed_at))
        .select_from(source)
        .join(Booking, (Occupancy.source == BOOKING) & (Booking.id == Occupancy.source_id))
        .where(*conditions)
        .subquery()
    )
    wished = (
        select(func.count(), func.sum(Booking.id), func.sum(Booking.version), func.max(Booking.changed_at))
        .where(
            Booking.house_id == cards[0].house_id,
            Booking.state == State.WISHED,
            Booking.starts_at < window.ends_at,
            Booking.ends_at > window.starts_at,
        )
        .subquery()
    )
    return tuple(session().execute(select(held, wished)).one())


def hours_of(card: RoomCard, day: offers.OpenDay) -> tuple[Span, ...]:
    """When `card` may be used on a day."""
    return day.desk if card.only_when_open else day.use


# Free time ---------------------------------------------------------------------------------------------------------


def free_spans(card: RoomCard, window: Span, zone: ZoneInfo, *, but: tuple[str, int] | None = None) -> list[Span]:
    """When a booking could lie inside `window`: open, and free with set-up and clean-up time around it."""
    first, last = window.starts_at.astimezone(zone).date(), window.ends_at.astimezone(zone).date()
    days = offers.open_days(card.house_id, first, last, zone)
    return _free(card, window, days.values(), occupancy.busy(card.parts, card.held(window), but=but))


def _free(card: RoomCard, window: Span, days: Iterable[offers.OpenDay], busy: dict[int, list[Span]]) -> list[Span]:
    kind = HoursKind.DESK if card.only_when_open else HoursKind.USE
    # Around what is held, our own buffers must fit as well: a use may begin `before` after it, and end `after` before it.
    taken = merged(span.widened(card.after, card.before) for part in card.parts for span in busy.get(part, []))
    return common(offers.spans_of(days, kind), gaps(window, taken))


def nearest_free(card: RoomCard, span: Span, zone: ZoneInfo, *, but: tuple[str, int] | None = None, most: int = 3) -> list[Span]:
    """Up to `most` spans as long as `span` in the same room, the nearest in time first, from now on within two weeks."""
    week = timedelta(days=7)
    start = max(clock.now(), span.starts_at - week)
    end = span.ends_at + week
    if start >= end:
        return []
    step = timedelta(minutes=card.step_minutes)
    found: list[Span] = []
    for free in free_spans(card, Span(start, end), zone, but=but):
        if free.length < span.length:
            continue
        found += _fits(free, span, step)
    found.sort(key=lambda each: abs(each.starts_at - span.starts_at))
    return found[:most]


def _fits(free: Span, span: Span, step: timedelta) -> list[Span]:
    """The one or two places in `free` that lie nearest to `span`, on the room's steps unless it begins with the gap itself."""
    latest = free.ends_at - span.length
    if span.starts_at < free.starts_at:
        return [Span(free.starts_at, free.starts_at + span.length)]
    if span.starts_at > latest:
        aligned = latest - (latest - free.starts_at) % step
        return [Span(aligned, aligned + span.length)]
    return [span]


def other_rooms(card: RoomCard, span: Span, people: int, zone: ZoneInfo) -> list[RoomCard]:
    """Rooms of the house that are large enough and free at the same time."""
    others = [other for other in rooms(card.house_id) if other.id != card.id and other.capacity >= people]
    resources = {part for other in others for part in other.parts}
    widest = span.widened(
        max((other.before for other in others), default=timedelta(0)), max((other.after for other in others), default=timedelta(0))
    )
    busy = occupancy.busy(resources, widest) if resources else {}
    first, last = span.starts_at.astimezone(zone).date(), span.ends_at.astimezone(zone).date()
    days = list(offers.open_days(card.house_id, first, last, zone).values())
    return [other for other in others if any(free.contains(span) for free in _free(other, span, days, busy))]


# Bookings ----------------------------------------------------------------------------------------------------------


def booking(booking_id: int) -> Booking | None:
    """With its room and everybody who has a name in it."""
    statement = (
        select(Booking)
        .where(Booking.id == booking_id)
        .options(
            joinedload(Booking.room), joinedload(Booking.booked_for), joinedload(Booking.created_by),
            joinedload(Booking.decided_by), joinedload(Booking.organisation),
        )
    )  # fmt: skip
    return session().scalar(statement)


def bookings_of(person_id: int, *, past: bool = False, most: int = 50) -> list[Booking]:
    """A person's bookings: coming ones soonest first, or past and undone ones latest first."""
    now = clock.now()
    statement = select(Booking).where(Booking.booked_for_id == person_id).options(joinedload(Booking.room))
    if past:
        statement = statement.where(or_(Booking.ends_at <= now, Booking.state.not_in(OPEN_STATES))).order_by(Booking.starts_at.desc())
    else:
        statement = statement.where(Booking.ends_at > now, Booking.state.in_(OPEN_STATES)).order_by(Booking.starts_at)
    return list(session().scalars(statement.limit(most)))


@dataclass(frozen=True)
class Wish:
    """Something the desk decides: a wish with the rivals that want some of its time, or a wish to change (`change`)."""

    booking: Booking
    span: Span
    change: bool
    rivals: tuple[Booking, ...]
    taken: bool
    """Whether a firm promise already stands in the way."""


def wishes(house_id: int) -> list[Wish]:
    """Everything undecided in a house, soonest first; a constant number of queries."""
    people = (joinedload(Booking.room), joinedload(Booking.booked_for), joinedload(Booking.organisation))
    open_wishes = select(Booking).where(Booking.house_id == house_id, Booking.state == State.WISHED).options(*people)
    changes = select(Booking).where(Booking.house_id == house_id, Booking.change_starts_at.is_not(None)).options(*people)
    wished = [(each, each.span, False) for each in session().scalars(open_wishes)]
    wished += [
        (each, Span(each.change_starts_at, each.change_ends_at), True)
        for each in session().scalars(changes)
        if each.change_starts_at and each.change_ends_at and each.state == State.CONFIRMED
    ]
    if not wished:
        return []
    cards = {card.id: card for card in rooms(house_id)}
    window = Span(min(span.starts_at for _, span, _ in wished), max(span.ends_at for _, span, _ in wished))
    widest = max((card.before + card.after for card in cards.values()), default=timedelta(0))
    held = occupancy.holding({part for card in cards.values() for part in card.parts}, window.widened(widest, widest))
    result = []
    for each, span, change in sorted(wished, key=lambda item: (item[1].starts_at, item[0].id)):
        card = cards.get(each.room_id)
        parts = set(card.parts) if card else set()
        rivals = tuple(
            other
            for other, other_span, _ in wished
            if other.id != each.id and other_span.overlaps(span) and card and parts & set(_parts(cards, other.room_id))
        )
        taken = any(
            promise.resource_id in parts and promise.kind != State.WISHED and promise.source_id != each.id
            and promise.span.overlaps(card.held(span) if card else span)
            for promise in held
        )  # fmt: skip
        result.append(Wish(each, span, change, rivals, taken))
    return result


def _parts(cards: dict[int, RoomCard], room_id: int) -> tuple[int, ...]:
    card = cards.get(room_id)
    return card.parts if card else ()


def listed(
    *, room_id: int | None, window: Span | None, after: int, most: int, person_id: int | None = None
) -> list[tuple[Booking, str]]:
    """Bookings with their room's slug for the API, by id after `after`; at most `most`."""
    statement = select(Booking, Room.slug).join(Room, Room.id == Booking.room_id).where(Booking.id > after)
    if room_id is not None:
        statement = statement.where(Booking.room_id == room_id)
    if person_id is not None:
        statement = statement.where(Booking.booked_for_id == person_id)
    if window is not None:
        statement = statement.where(Booking.starts_at < window.ends_at, Booking.ends_at > window.starts_at)
    return [(row[0], row[1]) for row in session().execute(statement.order_by(Booking.id).limit(most))]


def lapsing(moment: datetime) -> list[int]:
    """Ids of wishes that nobody decided in time, or whose time has begun."""
    return list(
        session().scalars(
            select(Booking.id).where(
                Booking.state == State.WISHED, or_(Booking.lapses_at <= moment, Booking.starts_at <= moment)
            )
        )
    )


# Calendar feeds ----------------------------------------------------------------------------------------------------


def feed(secret: str) -> Feed | None:
    """A feed that has not been revoked."""
    return session().scalar(select(Feed).where(Feed.secret == secret, Feed.revoked_at.is_(None)))


def feed_of(person_id: int) -> Feed | None:
    return session().scalar(select(Feed).where(Feed.person_id == person_id, Feed.revoked_at.is_(None)))


def feed_bookings(*, since: datetime, room_id: int | None = None, person_id: int | None = None, most: int = 2000) -> list[Any]:
    """Rows for a calendar feed: open bookings, and those called off after they were confirmed; from `since` on."""
    called_off = (Booking.state == State.CANCELLED) & Booking.decided_at.is_not(None)
    holder = aliased(Person)
    statement = (
        select(
            Booking.id, Booking.uid, Booking.starts_at, Booking.ends_at, Booking.state, Booking.purpose, Booking.purpose_public,
            Booking.sequence, Booking.changed_at, Room.name.label("room_name"), Room.id.label("room_id"),
            holder.given_name, holder.family_name,
        )
        .join(Room, Room.id == Booking.room_id)
        .outerjoin(holder, holder.id == Booking.booked_for_id)
        .where(Booking.ends_at > since, or_(Booking.state.in_(OPEN_STATES), called_off))
        .order_by(Booking.starts_at)
        .limit(most)
    )  # fmt: skip
    if room_id is not None:
        statement = statement.where(Booking.room_id == room_id)
    if person_id is not None:
        statement = statement.where(Booking.booked_for_id == person_id)
    return list(session().execute(statement))


def all_features() -> list[Feature]:
    return list(Feature)


def resources(house_id: int) -> list[Resource]:
    """Indivisible parts of rooms in this house."""
    return list(session().scalars(select(Resource).where(Resource.house_id == house_id, Resource.kind == "room_part").order_by(Resource.id)))


def day_window(day: date, zone: ZoneInfo, days: int = 1) -> Span:
    """From the beginning of `day` for `days` days of the wall calendar."""
    return Span(clock.midnight(day, zone), clock.midnight(day + timedelta(days=days), zone))


def free_by_room(cards: Sequence[RoomCard], first: date, days: int, zone: ZoneInfo) -> dict[int, list[Span]]:
    """Free spans of several rooms from `first` for `days` days, never in the past, cut at midnight; a constant number of queries."""
    window = day_window(first, zone, days)
    if window.ends_at <= clock.now() or not cards:
        return {card.id: [] for card in cards}
    window = Span(max(window.starts_at, clock.now()), window.ends_at)
    open_days = list(offers.open_days(cards[0].house_id, first, first + timedelta(days=days - 1), zone).values())
    margin = max(card.before + card.after for card in cards)
    busy = occupancy.busy({part for card in cards for part in card.parts}, window.widened(margin, margin))
    each_day = [day_window(first + timedelta(days=index), zone) for index in range(days)]
    return {
        card.id: [part for span in _free(card, window, open_days, busy) for day in each_day if (part := span.within(day))]
        for card in cards
    }
