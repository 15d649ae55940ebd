"""Rooms, what is booked in them, and when they are free."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, bindparam, cast, false, func, literal_column, or_, select, true
from sqlalchemy.orm import defer, joinedload, selectinload

from app.core import clock, i18n
from app.core.db import dialect_name, session
from app.core.db import rows as db_rows
from app.core.i18n import gettext
from app.core.memory import remembered
from app.core.spans import Span, common, gaps, merged
from app.occupancy import queries as occupancy
from app.occupancy.models import Occupancy, Resource
from app.offers import queries as offers
from app.offers.models import HoursKind
from app.people.models import Person
from app.rooms.models import OPEN_STATES, Booking, CalendarSource, Feature, Feed, ImportedDate, Room, RoomPart, State, Surcharge

BOOKING = "booking"
"""Name of this feature's promises in the occupancy table."""
MINUTE = timedelta(minutes=1)


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
    income_kind: str
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


_ROOM = Room.__table__.c
_CARD = [_ROOM[field.name] for field in fields(RoomCard) if field.name != "parts"]


def _cards(*conditions: ColumnElement[bool]) -> list[RoomCard]:
    part = RoomPart.__table__
    statement = (
        select(*_CARD, part.c.resource_id)
        .select_from(Room.__table__.join(part, part.c.room_id == _ROOM.id))
        .where(_ROOM.archived_at.is_(None), *conditions)
        .order_by(_ROOM.position, _ROOM.id, part.c.resource_id)
    )
    found: dict[int, dict[str, Any]] = {}
    for row in db_rows(statement).mappings():
        values = dict(row)
        resource = values.pop("resource_id")
        card = found.setdefault(row["id"], {**values, "features": tuple(row["features"]), "parts": ()})
        card["parts"] += (resource,)
    return [RoomCard(**card) for card in found.values()]


def rooms(house_id: int) -> list[RoomCard]:
    """Rooms in use, in the order of the house."""
    return list(remembered(house_id, "rooms", lambda: tuple(_cards(_ROOM.house_id == house_id))))


def room(house_id: int, slug: str) -> RoomCard | None:
    """A room in use by its name in the address."""
    return next((card for card in rooms(house_id) if card.slug == slug), None)


def room_by_id(room_id: int) -> RoomCard | None:
    return next(iter(_cards(_ROOM.id == room_id)), None)


@dataclass(frozen=True, slots=True)
class SurchargeCard:
    """What may be charged beside the use of a room, as in `models.Surcharge`."""

    id: int
    room_id: int
    code: str
    name: str
    how: str
    income_kind: str


def surcharges(house_id: int) -> dict[int, tuple[SurchargeCard, ...]]:
    """Of every room of the house, in their order, by room id."""
    return remembered(house_id, "surcharges", lambda: _surcharges(house_id))


def _surcharges(house_id: int) -> dict[int, tuple[SurchargeCard, ...]]:
    row = Surcharge.__table__.c
    statement = (
        select(row.id, row.room_id, row.code, row.name, row.how, row.income_kind)
        .join_from(Surcharge.__table__, Room.__table__, _ROOM.id == row.room_id)
        .where(_ROOM.house_id == house_id)
        .order_by(row.room_id, row.position, row.id)
    )
    found: dict[int, tuple[SurchargeCard, ...]] = {}
    for each in db_rows(statement).mappings():
        found[each["room_id"]] = (*found.get(each["room_id"], ()), SurchargeCard(**each))
    return found


USE = "use"
"""Code of the line of a price for the use itself; the others have the code of their surcharge."""


def price_lines(rule: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """What a price is made of, in the reader's words: text, cents, and cents without a reduction. `rule` as frozen in a booking."""
    return [(_line_words(line, rule), line["cents"], line["normal_cents"]) for line in rule.get("lines", ())]


def _line_words(line: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    if line["code"] != USE or rule.get("unit") != "hour":
        return str(line["text"])
    length = i18n.duration(max(rule["minutes"], rule["min_minutes"]))
    if rule["minutes"] < rule["min_minutes"]:
        length = gettext("at least %(length)s", length=length)
    return i18n.together(line["text"], length)


# The day and the week ----------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """A booking as it stands in a room's time. `span` is the use, `held` includes set-up and clean-up.

    `person` and `purpose` are what the database knows; the view decides what the reader may see. `own` is False in a room that is
    only blocked because it shares parts (half a hall while the hall is booked).
    """

    booking_id: int
    room_id: int
    room_name: str
    span: Span
    before: timedelta
    after: timedelta
    state: str
    purpose: str
    purpose_public: bool
    people: int
    booked_for_id: int | None
    person: str
    own: bool

    @property
    def held(self) -> Span:
        return self.span.widened(self.before, self.after)

    def keeps_out(self, card: RoomCard) -> bool:
        """Whether nobody else can have this time in `card`; a wish where wishes do not hold keeps nobody out."""
        return self.state == State.CONFIRMED or card.wishes_hold or not self.own


_BOOKED, _WHO = Booking.__table__.c, Person.__table__.c
_ENTRY = (
    _BOOKED.id, _BOOKED.room_id, _BOOKED.starts_at, _BOOKED.ends_at, _BOOKED.before_minutes, _BOOKED.after_minutes, _BOOKED.state,
    _BOOKED.purpose, _BOOKED.purpose_public, _BOOKED.people, _BOOKED.booked_for_id, _WHO.given_name, _WHO.family_name,
)  # fmt: skip
_OF_BOOKING = (occupancy.HELD.source == BOOKING) & (_BOOKED.id == occupancy.HELD.source_id)


@cache
def _held_entries() -> Select[*tuple[Any, ...]]:
    source, conditions = occupancy.overlapping()
    return (
        select(occupancy.HELD.resource_id, *_ENTRY)
        .select_from(source.join(Booking.__table__, _OF_BOOKING).outerjoin(Person.__table__, _WHO.id == _BOOKED.booked_for_id))
        .where(*conditions)
    )


def _wished_in_window() -> tuple[ColumnElement[bool], ...]:
    """Undecided wishes of a house in the window of `occupancy.bounds`; they may hold nothing, so the promises do not show them."""
    moment = _BOOKED.starts_at.type
    return (
        _BOOKED.house_id == bindparam("house_id"),
        _BOOKED.state == literal_column(f"'{State.WISHED}'"),  # as it stands in the partial index, or it is not used
        _BOOKED.starts_at < bindparam("window_ends_at", type_=moment),
        _BOOKED.ends_at > bindparam("window_starts_at", type_=moment),
    )


@cache
def _wished_entries() -> Select[*tuple[Any, ...]]:
    people = Booking.__table__.outerjoin(Person.__table__, _WHO.id == _BOOKED.booked_for_id)
    return select(*_ENTRY).select_from(people).where(*_wished_in_window())


def entries(cards: Sequence[RoomCard], window: Span) -> dict[int, list[Entry]]:
    """What stands in each room during `window`, in order, by room id; two queries however many rooms and bookings."""
    if not cards:
        return {}
    values = {**occupancy.bounds({part for card in cards for part in card.parts}, window), "house_id": cards[0].house_id}
    by_resource: dict[int, list[Any]] = defaultdict(list)
    wishes: dict[int, list[Any]] = defaultdict(list)
    for row in db_rows(_held_entries(), values).all():
        by_resource[row.resource_id].append(row)
    for row in db_rows(_wished_entries(), values).all():
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
    (
        booking_id, room_id, starts_at, ends_at, before, after, state, purpose, public, people, booked_for_id, given, family
    ) = row[-len(_ENTRY) :]  # fmt: skip
    return Entry(
        booking_id, room_id, names.get(room_id, ""), Span(starts_at, ends_at), timedelta(minutes=before), timedelta(minutes=after),
        state, purpose, public, people, booked_for_id, f"{given or ''} {family or ''}".strip(), room_id == card.id,
    )  # fmt: skip


@cache
def _fingerprint() -> Select[*tuple[Any, ...]]:
    source, conditions = occupancy.overlapping()
    held = (
        select(func.count(), func.sum(_BOOKED.id), func.sum(_BOOKED.version), func.max(_BOOKED.changed_at))
        .select_from(source.join(Booking.__table__, _OF_BOOKING))
        .where(*conditions)
        .subquery()
    )
    wished = (
        select(func.count(), func.sum(_BOOKED.id), func.sum(_BOOKED.version), func.max(_BOOKED.changed_at))
        .where(*_wished_in_window())
        .subquery()
    )
    return select(held, wished).select_from(held.join(wished, true()))


def fingerprint(cards: Sequence[RoomCard], window: Span) -> tuple[object, ...]:
    """Changes whenever `entries` would: one aggregate over the same rows, far cheaper than rendering them.

    Numbers of rows and sums of ids and versions of what this reader's transaction sees, so it cannot be ahead or behind. Ids of
    bookings, because those of promises, which are deleted, come again on SQLite.
    """
    values = occupancy.bounds({part for card in cards for part in card.parts}, window)
    return tuple(db_rows(_fingerprint(), {**values, "house_id": cards[0].house_id}).one())


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


def soonest(card: RoomCard, zone: ZoneInfo) -> datetime:
    """The earliest moment from now on at which `card` can be booked: a whole step of the wall clock."""
    now = clock.now()
    local = now.astimezone(zone)
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return now + -since_midnight % timedelta(minutes=card.step_minutes)


def begins_free(card: RoomCard, moment: datetime) -> bool:
    """Whether `moment` is the first at which `card` can be used after something else, set-up time included."""
    edge = moment - card.before
    return any(held.span.ends_at == edge for held in occupancy.holding(card.parts, Span(edge - MINUTE, edge)))


def nearest_free(card: RoomCard, span: Span, zone: ZoneInfo, *, but: tuple[str, int] | None = None, most: int = 3) -> list[Span]:
    """Up to `most` spans as long as `span` in the same room, the nearest in time first, from now on within two weeks."""
    week = timedelta(days=7)
    start = max(soonest(card, zone), span.starts_at - week)
    end = span.ends_at + week
    if start >= end:
        return []
    step = timedelta(minutes=card.step_minutes)
    found: list[Span] = []
    for free in free_spans(card, Span(start, end), zone, but=but):
        if free.length < span.length:
            continue
        found.append(_fits(free, span, step, zone))
    found.sort(key=lambda each: abs(each.starts_at - span.starts_at))
    return found[:most]


def _fits(free: Span, span: Span, step: timedelta, zone: ZoneInfo) -> Span:
    """The place in `free` nearest to `span`: on a whole step of the wall clock, or at the very beginning of the gap."""
    latest = free.ends_at - span.length
    if span.starts_at <= free.starts_at:
        starts_at = free.starts_at
    elif span.starts_at <= latest:
        return span
    else:
        local = latest.astimezone(zone)
        starts_at = max(free.starts_at, latest - timedelta(hours=local.hour, minutes=local.minute) % step)
    return Span(starts_at, starts_at + span.length)


def other_rooms(card: RoomCard, span: Span, people: int, zone: ZoneInfo) -> list[RoomCard]:
    """Rooms of the house that are large enough and free at the same time."""
    others = [other for other in rooms(card.house_id) if other.id != card.id and other.capacity >= people]
    resources = {part for other in others for part in other.parts}
    widest = span.widened(
        max((other.before for other in others), default=timedelta(0)),
        max((other.after for other in others), default=timedelta(0)),
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
        statement = statement.where(or_(Booking.ends_at <= now, Booking.state.not_in(OPEN_STATES))).order_by(
            Booking.starts_at.desc()
        )
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


LONGEST_BOOKING = timedelta(days=32)
"""No booking is longer (imported dates last up to 31 days): what overlaps a time began at most so long before."""


def listed(
    house_id: int,
    *,
    person_id: int | None,
    room_id: int | None,
    starts_at: datetime | None,
    ends_at: datetime | None,
    after: tuple[datetime, int] | None,
    most: int,
) -> list[Booking]:
    """Bookings with all names in them by start and id, that overlap `starts_at` … `ends_at`; at most `most` behind `after`.

    One step into an index, and on from there: as fast with a million bookings as with a thousand.
    """
    statement = select(Booking).options(
        joinedload(Booking.room), joinedload(Booking.booked_for), joinedload(Booking.organisation)
    )
    if room_id is not None:
        statement = statement.where(Booking.room_id == room_id)
    elif person_id is None:
        statement = statement.where(Booking.house_id == house_id)
    if person_id is not None:
        statement = statement.where(Booking.booked_for_id == person_id)
    if starts_at is not None:
        statement = statement.where(Booking.starts_at > starts_at - LONGEST_BOOKING, Booking.ends_at > starts_at)
    if ends_at is not None:
        statement = statement.where(Booking.starts_at < ends_at)
    if after is not None:
        begun, last_id = after
        later = or_(Booking.starts_at > begun, Booking.id > last_id)
        statement = statement.where(Booking.starts_at >= begun, later)
    return list(session().scalars(statement.order_by(Booking.starts_at, Booking.id).limit(most)))


def lapsing(moment: datetime) -> list[int]:
    """Ids of wishes that nobody decided in time, or whose time has begun."""
    return list(
        session().scalars(
            select(Booking.id).where(Booking.state == State.WISHED, or_(Booking.lapses_at <= moment, Booking.starts_at <= moment))
        )
    )


# Calendar feeds ----------------------------------------------------------------------------------------------------


def feed(secret: str) -> Feed | None:
    """A feed that has not been revoked."""
    return session().scalar(select(Feed).where(Feed.secret == secret, Feed.revoked_at.is_(None)))


def feed_of(person_id: int) -> Feed | None:
    return session().scalar(select(Feed).where(Feed.person_id == person_id, Feed.revoked_at.is_(None)))


def feed_bookings(*, room_id: int | None = None, person_id: int | None = None, most: int = 4_000) -> list[Any]:
    """Rows for a calendar feed by start: the `most` latest that are open, or were called off after they had been confirmed.

    Past dates stay for as long as there is room for them: a calendar that fetches the feed anew must not lose its history.
    """
    called_off = (Booking.state == State.CANCELLED) & Booking.decided_at.is_not(None)
    statement = (
        select(
            Booking.id, Booking.uid, Booking.starts_at, Booking.ends_at, Booking.state, Booking.purpose, Booking.purpose_public,
            Booking.sequence, Booking.changed_at, Room.name.label("room_name"),
        )
        .join(Room, Room.id == Booking.room_id)
        .where(or_(Booking.state.in_(OPEN_STATES), called_off))
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(most)
    )  # fmt: skip
    if room_id is not None:
        statement = statement.where(Booking.room_id == room_id)
    if person_id is not None:
        statement = statement.where(Booking.booked_for_id == person_id)
    return list(reversed(session().execute(statement).all()))


# Imported calendars ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownDate:
    """A date of an imported calendar as it was in the file, and its booking as it is now."""

    id: int
    source_id: int
    uid: str
    recurrence_id: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    digest: str
    booking_id: int | None
    refused: str
    state: str
    booked_from: datetime | None
    booked_to: datetime | None
    purpose: str
    purpose_public: bool

    @property
    def identity(self) -> tuple[str, str]:
        return self.uid, self.recurrence_id

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def booked(self) -> bool:
        """Whether it is a booking now."""
        return self.booking_id is not None and not self.refused and self.is_open

    @property
    def edited(self) -> bool:
        """Whether somebody in the house has cancelled or moved what the file made."""
        made = self.booking_id is not None and not self.refused
        return made and (not self.is_open or (self.booked_from, self.booked_to) != (self.starts_at, self.ends_at))

    @property
    def row(self) -> dict[str, Any]:
        """The columns that follow the file, and the id."""
        return {
            "id": self.id, "uid": self.uid, "recurrence_id": self.recurrence_id, "starts_at": self.starts_at,
            "ends_at": self.ends_at, "summary": self.summary, "digest": self.digest, "booking_id": self.booking_id,
            "refused": self.refused,
        }  # fmt: skip


def known_dates(room_id: int) -> list[KnownDate]:
    """Every date of every calendar of a room, in order of time. One statement."""
    rows: Iterable[Any] = session().execute(
        select(
            ImportedDate.id, ImportedDate.source_id, ImportedDate.uid, ImportedDate.recurrence_id, ImportedDate.starts_at,
            ImportedDate.ends_at, ImportedDate.summary, ImportedDate.digest, ImportedDate.booking_id, ImportedDate.refused,
            func.coalesce(Booking.state, ""), Booking.starts_at, Booking.ends_at, func.coalesce(Booking.purpose, ""),
            func.coalesce(Booking.purpose_public, false()),
        )
        .outerjoin(Booking, Booking.id == ImportedDate.booking_id)
        .where(ImportedDate.room_id == room_id)
        .order_by(ImportedDate.starts_at, ImportedDate.id)
    )  # fmt: skip
    return [KnownDate(*row) for row in rows]


def calendar_sources(room_id: int) -> list[CalendarSource]:
    """Calendars that feed a room with who brought them, the oldest first; without their content."""
    statement = select(CalendarSource).where(CalendarSource.room_id == room_id).order_by(CalendarSource.id)
    options = (defer(CalendarSource.content, raiseload=True), joinedload(CalendarSource.imported_by))
    return list(session().scalars(statement.options(*options)))


def calendar_source(source_id: int) -> CalendarSource | None:
    return session().get(CalendarSource, source_id)


def sources_to_carry(horizon: datetime) -> list[int]:
    """Ids of calendars whose rules have not been carried on to `horizon`."""
    behind = select(CalendarSource.id).where(CalendarSource.carried_to < horizon)
    return list(session().scalars(behind.order_by(CalendarSource.id)))


def refused_dates(room_id: int, most: int) -> dict[int, tuple[int, list[ImportedDate]]]:
    """By source: how many dates of its file are no booking, and the first `most` of them, coming ones before past ones."""
    refused = (ImportedDate.room_id == room_id, ImportedDate.refused.not_in(("", "removed-from-file")))
    past = ImportedDate.ends_at <= clock.now()
    counted = func.count().over(partition_by=ImportedDate.source_id).label("total")
    place = (
        func.row_number()
        .over(partition_by=ImportedDate.source_id, order_by=(past, ImportedDate.starts_at, ImportedDate.id))
        .label("place")
    )
    ranked = select(ImportedDate.id, counted, place).where(*refused).subquery()
    statement = (
        select(ImportedDate, ranked.c.total)
        .join(ranked, ranked.c.id == ImportedDate.id)
        .where(ranked.c.place <= most)
        .order_by(ImportedDate.source_id, ranked.c.place)
    )
    result: dict[int, tuple[int, list[ImportedDate]]] = {}
    for row, total in session().execute(statement):
        result.setdefault(row.source_id, (total, []))[1].append(row)
    return result


def all_features() -> list[Feature]:
    return list(Feature)


def resources(house_id: int) -> list[Resource]:
    """Indivisible parts of rooms in this house."""
    return list(
        session().scalars(
            select(Resource).where(Resource.house_id == house_id, Resource.kind == "room_part").order_by(Resource.id)
        )
    )


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
    found: dict[int, list[Span]] = {}
    for card in cards:
        begins = max(window.starts_at, soonest(card, zone))
        ahead = Span(begins, window.ends_at) if begins < window.ends_at else None
        found[card.id] = _cut(_free(card, ahead, open_days, busy), each_day) if ahead else []
    return found


def _cut(spans: Iterable[Span], days: Sequence[Span]) -> list[Span]:
    """`spans` cut where a day ends; both in order, the days without gaps."""
    result = []
    ahead = iter(days)
    day = next(ahead)
    for span in spans:
        while day.ends_at <= span.starts_at:
            day = next(ahead)
        while day.ends_at < span.ends_at:
            result.append(Span(span.starts_at, day.ends_at))
            span = Span(day.ends_at, span.ends_at)
            day = next(ahead)
        result.append(span)
    return result


# For the manager ---------------------------------------------------------------------------------------------------


def managed_rooms(house_id: int) -> list[Room]:
    """Every room of the house with its parts, in its order, those out of use last."""
    statement = (
        select(Room)
        .where(Room.house_id == house_id)
        .order_by(Room.archived_at.is_not(None), Room.position, Room.id)
        .options(selectinload(Room.parts))
    )
    return list(session().scalars(statement))


def managed_room(house_id: int, slug: str) -> Room | None:
    """A room with its parts, also one out of use."""
    statement = select(Room).where(Room.house_id == house_id, Room.slug == slug[:60]).options(selectinload(Room.parts))
    return session().scalar(statement)


@dataclass(frozen=True)
class ManagedSurcharge:
    """A surcharge with its room, for the manager."""

    room: Room
    surcharge: Surcharge

    @property
    def house_id(self) -> int:
        return self.room.house_id


def managed_surcharge(house_id: int, slug: str, surcharge_id: int) -> ManagedSurcharge | None:
    row = session().execute(
        select(Room, Surcharge)
        .join(Surcharge, Surcharge.room_id == Room.id)
        .where(Room.house_id == house_id, Room.slug == slug, Surcharge.id == surcharge_id)
    ).first()  # fmt: skip
    return ManagedSurcharge(*row) if row else None


def surcharge_names(house_id: int) -> dict[str, str]:
    """The codes surcharges of this house have, each with the name the first one goes by."""
    rows = session().execute(
        select(Surcharge.code, func.min(Surcharge.name))
        .join(Room, Room.id == Surcharge.room_id)
        .where(Room.house_id == house_id)
        .group_by(Surcharge.code)
        .order_by(func.min(Surcharge.name))
    )
    return {row.code: row[1] for row in rows}


def usable_parts(house_id: int) -> list[Resource]:
    """The parts that at least one room is made of."""
    used = select(RoomPart.resource_id).join(Room, Room.id == RoomPart.room_id).where(Room.house_id == house_id)
    return list(session().scalars(select(Resource).where(Resource.id.in_(used)).order_by(Resource.name, Resource.id)))


def coming_bookings(room_id: int) -> int:
    """How many open bookings of a room still lie ahead or are going on."""
    statement = select(func.count()).where(
        Booking.room_id == room_id, Booking.state.in_(OPEN_STATES), Booking.ends_at > clock.now()
    )
    return session().scalar(statement) or 0


@dataclass(frozen=True, slots=True)
class Affected:
    """An open booking that lies outside the hours of its room; `closed_for` is the holiday or reason of its day, if any."""

    booking_id: int
    room_name: str
    span: Span
    state: str
    purpose: str
    person: str
    phone: str | None
    closed_for: str


def outside_hours(house_id: int, first: date, last: date, zone: ZoneInfo) -> list[Affected]:
    """Open bookings from now on that begin from `first` to `last` and do not lie in the hours of their room, soonest first.

    A constant number of queries; the rest is counted here, because hours are wall time, which the database does not know.
    """
    cards = {card.id: card for card in rooms(house_id)}
    window = Span(clock.midnight(first, zone), clock.midnight(last + timedelta(days=1), zone))
    rows = session().execute(
        select(
            Booking.id, Booking.room_id, Booking.starts_at, Booking.ends_at, Booking.state, Booking.purpose,
            Person.given_name, Person.family_name, Person.phone,
        )
        .outerjoin(Person, Person.id == Booking.booked_for_id)
        .where(
            Booking.room_id.in_(sorted(cards)),
            Booking.state.in_(OPEN_STATES),
            Booking.starts_at >= window.starts_at,
            Booking.starts_at < window.ends_at,
            Booking.ends_at > clock.now(),
        )
        .order_by(Booking.starts_at, Booking.id)
    ).all()  # fmt: skip
    if not rows:
        return []
    latest = max(row.ends_at for row in rows).astimezone(zone).date()
    days = offers.open_days(house_id, first, max(last, latest), zone)
    desk, use = (merged(offers.spans_of(days.values(), kind)) for kind in (HoursKind.DESK, HoursKind.USE))
    starts = {kind: [span.starts_at for span in spans] for kind, spans in ((True, desk), (False, use))}
    result = []
    for row in rows:
        card, span = cards[row.room_id], Span(row.starts_at, row.ends_at)
        at = bisect_right(starts[card.only_when_open], span.starts_at) - 1
        if at >= 0 and (desk if card.only_when_open else use)[at].contains(span):
            continue
        person = f"{row.given_name or ''} {row.family_name or ''}".strip()
        closed_for = days[row.starts_at.astimezone(zone).date()].closed_for
        result.append(Affected(row.id, card.name, span, row.state, row.purpose, person, row.phone, closed_for))
    return result


# Do bookings and promises agree? -----------------------------------------------------------------------------------

MOST_FAULTS = 100


def faults() -> Iterator[str]:
    """For ``flask check``: promises without their booking, and bookings without their promises. At most `MOST_FAULTS` of a kind.

    A room may have been made of other parts once, so the parts of what is over are not asked for. An open wish holds all parts
    or, where wishes do not hold, none.
    """
    begins = _seconds(Booking.starts_at) - 60 * Booking.before_minutes
    ends = _seconds(Booking.ends_at) + 60 * Booking.after_minutes
    ahead = Booking.ends_at > clock.now()
    own_part = (RoomPart.room_id == Booking.room_id) & (RoomPart.resource_id == Occupancy.resource_id)
    wrong = {
        "belongs to no booking": Booking.id.is_(None),
        "holds time for a booking that is closed": Booking.state.not_in(OPEN_STATES),
        "is for another time than its booking": or_(_seconds(Occupancy.starts_at) != begins, _seconds(Occupancy.ends_at) != ends),
        "says otherwise than its booking whether it is firm": Occupancy.kind != Booking.state,
        "holds what does not belong to the room of its booking": ahead & RoomPart.resource_id.is_(None),
    }
    for words, condition in wrong.items():
        promises = (
            select(Occupancy.id, Occupancy.source_id)
            .outerjoin(Booking, Booking.id == Occupancy.source_id)
            .outerjoin(RoomPart, own_part)
            .where(Occupancy.source == BOOKING, condition)
            .limit(MOST_FAULTS)
        )
        for number, booking_id in session().execute(promises):
            yield f"promise {number} (booking {booking_id}) {words}"
    held = select(func.count()).where(Occupancy.source == BOOKING, Occupancy.source_id == Booking.id).scalar_subquery()
    parts = select(func.count()).where(RoomPart.room_id == Booking.room_id).scalar_subquery()
    unheld = (
        select(Booking.id, Booking.state)
        .where(
            or_(
                (Booking.state == State.CONFIRMED) & (held == 0),
                ahead & (Booking.state == State.CONFIRMED) & (held != parts),
                ahead & (Booking.state == State.WISHED) & held.not_in((0, parts)),
            )
        )
        .order_by(Booking.id)
        .limit(MOST_FAULTS)
    )
    for number, state in session().execute(unheld):
        yield f"booking {number} is {state} but does not hold every part of its room"


def _seconds(moment: Any) -> ColumnElement[int]:
    """Whole seconds of a column of instants, to count with on both engines."""
    if dialect_name() == "sqlite":
        return cast(func.strftime("%s", moment), Integer)
    return cast(func.extract("epoch", moment), BigInteger)
