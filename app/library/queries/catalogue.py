"""What residents see: things that are lent, in a constant number of statements whatever the house has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import joinedload

from app.core import clock, grams, i18n
from app.core.db import session
from app.core.media import Media
from app.core.spans import Span
from app.library.models import (
    OPEN,
    Condition,
    Intake,
    Loan,
    LoanLine,
    Part,
    Piece,
    QueueEntry,
    QueueState,
    Reservation,
    Thing,
    ThingClass,
    ThingPrice,
    Whereabouts,
)
from app.library.queries.supply import Supply, supply
from app.library.queries.things import PriceTag, look_for, price_tags
from app.library.queries.times import NoOpenDay, openings
from app.occupancy.models import Occupancy
from app.people.models import Person

CARDS = 24
WEEKS = 6
"""Of the calendar of a thing."""
LOOK_AHEAD = timedelta(days=60)


@dataclass(frozen=True)
class Asked:
    """What the catalogue is narrowed to. `after` and `before` are ids of the things a page begins after, or ends before."""

    text: str = ""
    class_id: int | None = None
    now: bool = False
    free: bool = False
    after: int | None = None
    before: int | None = None
    page: int = 1
    """Of an answer to a search, whose order is not that of the names."""

    @property
    def looks_for(self) -> bool:
        """Whether there is a word to look for."""
        return bool(grams.words_in(self.text))


@dataclass(frozen=True)
class Card:
    """A thing in the catalogue. `from_day` is the next day it can be picked up; `here` whether that is at once."""

    id: int
    slug: str
    name: str
    class_name: str
    tag: PriceTag
    digest: str | None
    here: bool
    from_day: date | None
    pieces: int


@dataclass(frozen=True)
class CardPage:
    cards: Sequence[Card]
    before: int | None
    """Id for the page before; None when this is the first."""
    after: int | None
    total: int | None = None
    """Of an answer to a search."""


def _lent() -> ColumnElement[bool]:
    """A thing has a piece that is lent."""
    return (
        select(Piece.id)
        .where(
            Piece.thing_id == Thing.id, Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED,
            Piece.whereabouts != Whereabouts.LOST,
        )
        .exists()
    )  # fmt: skip


def _at_hand() -> ColumnElement[bool]:
    """A piece of a thing stands on the shelf, fine, and is promised to nobody just now."""
    now = clock.now()
    promised = select(Occupancy.id).where(
        Occupancy.resource_id == Piece.resource_id, Occupancy.starts_at <= now, Occupancy.ends_at > now
    )
    return (
        select(Piece.id)
        .where(
            Piece.thing_id == Thing.id, Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED,
            Piece.condition == Condition.FINE, or_(Piece.whereabouts == Whereabouts.SHELF, Thing.counted), ~promised.exists(),
        )
        .exists()
    )  # fmt: skip


def _fee(day: date) -> Any:
    newest = (
        select(ThingPrice.fee_cents)
        .where(ThingPrice.thing_id == Thing.id, ThingPrice.valid_from <= day)
        .order_by(ThingPrice.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(newest, 0)


def catalogue(house_id: int, asked: Asked) -> CardPage:
    """A page of things, by name; the best first where something is looked for."""
    today = clock.today(i18n.zone())
    conditions = [Thing.house_id == house_id, Thing.archived_at.is_(None), _lent()]
    if asked.class_id is not None:
        conditions.append(Thing.class_id == asked.class_id)
    if asked.free:
        conditions.append(_fee(today) == 0)
    if asked.now:
        conditions.append(_at_hand())
    rows = (
        select(Thing.id, Thing.slug, Thing.name, ThingClass.name.label("class_name"), Media.digest)
        .join(ThingClass, ThingClass.id == Thing.class_id)
        .outerjoin(Media, Media.id == Thing.photo_id)
        .where(*conditions)
    )
    if asked.looks_for:
        return _answer(house_id, rows, asked, today)
    order = (Thing.name, Thing.id)
    found = []
    if asked.before is not None and (edge := _edge(house_id, asked.before)) is not None:
        backwards = rows.where(tuple_(*order) < edge).order_by(Thing.name.desc(), Thing.id.desc()).limit(CARDS + 1)
        found = list(session().execute(backwards))[::-1]
        more_before, more_after = len(found) > CARDS, True
        found = found[-CARDS:]
    if not found:
        edge = _edge(house_id, asked.after) if asked.after is not None else None
        forwards = rows.where(tuple_(*order) > edge) if edge is not None else rows
        found = list(session().execute(forwards.order_by(*order).limit(CARDS + 1)))
        more_before, more_after = edge is not None, len(found) > CARDS
        found = found[:CARDS]
    cards = _cards(house_id, found, today)
    return CardPage(
        [card for card in cards if card.here or not asked.now],
        found[0].id if found and more_before else None,
        found[-1].id if found and more_after else None,
    )


def _edge(house_id: int, thing_id: int) -> Any:
    row = session().execute(select(Thing.name, Thing.id).where(Thing.id == thing_id, Thing.house_id == house_id)).one_or_none()
    return tuple_(row.name, row.id) if row is not None else None


def _answer(house_id: int, rows: Any, asked: Asked, today: date) -> CardPage:
    """The order of a search is that of its fitness; it is short, so that pages are counted."""
    ids = look_for(house_id, asked.text)
    if not ids:
        return CardPage([], None, None, 0)
    rank = case({thing_id: place for place, thing_id in enumerate(ids)}, value=Thing.id)
    found = list(session().execute(rows.where(Thing.id.in_(ids)).order_by(rank)))
    first = (asked.page - 1) * CARDS
    cards = _cards(house_id, found[first : first + CARDS], today)
    return CardPage(
        [card for card in cards if card.here or not asked.now],
        asked.page - 1 if asked.page > 1 else None,
        asked.page + 1 if len(found) > first + CARDS else None,
        len(found),
    )


def _cards(house_id: int, rows: Sequence[Any], today: date) -> list[Card]:
    ids = [row.id for row in rows]
    tags = price_tags(ids, today) if ids else {}
    days = first_days(house_id, ids, today)
    return [
        Card(
            row.id, row.slug, row.name, row.class_name, tags.get(row.id, PriceTag()), row.digest,
            days[row.id].here, days[row.id].day, days[row.id].pieces,
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class FirstDay:
    """The next open day a thing can be picked up on; `here`: it stands on the shelf now, and that day is the next open one."""

    here: bool
    day: date | None
    pieces: int


def first_days(house_id: int, thing_ids: Iterable[int], today: date) -> Mapping[int, FirstDay]:
    """When things can be had next, in the statements of `supply`."""
    ids = list(thing_ids)
    if not ids:
        return {}
    known = openings(house_id, today, today + LOOK_AHEAD)
    now = clock.now()
    stocks = supply(ids, Span(now - timedelta(days=1), now + 2 * LOOK_AHEAD), known)
    days = known.days(today, today + LOOK_AHEAD)
    found = {}
    for thing_id in ids:
        each = stocks.get(thing_id)
        day = next((day for day in days if each is not None and _free(each, day)), None)
        first_open = next((day for day in days if any(span.ends_at > now for span in known.on(day))), None)
        here = day is not None and day == first_open and each is not None and _stands(each)
        found[thing_id] = FirstDay(here, day, each.total if each else 0)
    return found


def _stands(stock: Supply) -> bool:
    """Whether a piece of it is fine and there now, and not only by the time somebody comes for it."""
    now = clock.now()
    moment = Span(now, now + timedelta(seconds=1))
    return any(each.unfit is None and not each.blockers(moment) for each in stock.stocks)


def _free(stock: Supply, day: date, quantity: int = 1) -> bool:
    """Whether it can be picked up on a day and brought back on the next open one."""
    try:
        back = stock.openings.due_on(day + timedelta(days=1))
    except NoOpenDay:
        return False
    return stock.pick_up(day, quantity, back) is not None


# One thing ---------------------------------------------------------------------------------------------------------


def lent_thing(house_id: int, slug: str) -> Thing | None:
    """A thing that residents can see, with its class."""
    statement = select(Thing).where(Thing.house_id == house_id, Thing.slug == slug, Thing.archived_at.is_(None), _lent())
    return session().scalar(statement.options(joinedload(Thing.thing_class)))


def card_of(thing: Thing) -> Card:
    """The same as in the catalogue."""
    today = clock.today(i18n.zone())
    found = first_days(thing.house_id, [thing.id], today)[thing.id]
    tag = price_tags([thing.id], today).get(thing.id, PriceTag())
    return Card(
        thing.id, thing.slug, thing.name, thing.thing_class.name, tag, None, found.here, found.day, found.pieces
    )  # fmt: skip


@dataclass(frozen=True)
class PartLine:
    """A part of a kit as residents read it."""

    name: str
    count: int
    missing: int
    essential: bool


def parts_of(thing_id: int) -> list[PartLine]:
    """What belongs to it, as its first kit has it."""
    first = (
        select(func.min(Part.kit_id))
        .join(Piece, Piece.id == Part.kit_id)
        .where(Piece.thing_id == thing_id, Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED)
        .scalar_subquery()
    )
    component, of = Piece.__table__.alias("component"), Thing.__table__.alias("of")
    rows = session().execute(
        select(Part.name, Part.count.label("many"), Part.missing, Part.essential, of.c.name.label("component_name"))
        .outerjoin(component, component.c.id == Part.component_id)
        .outerjoin(of, of.c.id == component.c.thing_id)
        .where(Part.kit_id == first)
        .order_by(Part.position, Part.id)
    )
    return [PartLine(row.component_name or row.name, row.many, row.missing, row.essential) for row in rows]


def donors_of(thing_id: int) -> list[str]:
    """Who gave it and agreed to be named."""
    rows = session().execute(
        select(Person.given_name, Person.family_name)
        .join(Piece, Piece.donor_id == Person.id)
        .where(Piece.thing_id == thing_id, Piece.donor_named, Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED)
        .distinct()
        .order_by(Person.family_name, Person.given_name)
    )
    return [f"{row.given_name} {row.family_name}".strip() for row in rows]


@dataclass(frozen=True)
class DayCell:
    """A day in the calendar of a thing; `free` is None on days the house is closed or that are over."""

    day: date
    free: int | None


def calendar_of(thing: Thing, first: date, weeks: int = WEEKS) -> list[list[DayCell]]:
    """Weeks of seven days from the Monday of `first`: how many can be picked up that day for at least a night."""
    today = clock.today(i18n.zone())
    monday = first - timedelta(days=first.weekday())
    last = monday + timedelta(days=7 * weeks - 1)
    known = openings(thing.house_id, today, max(last, today) + LOOK_AHEAD)
    window = Span(clock.now() - timedelta(days=1), clock.midnight(last, i18n.zone()) + LOOK_AHEAD)
    stock = supply([thing.id], window, known).get(thing.id)
    return [
        [_cell(stock, monday + timedelta(days=7 * week + day), today) for day in range(7)]
        for week in range(weeks)
    ]  # fmt: skip


def _cell(stock: Supply | None, day: date, today: date) -> DayCell:
    if stock is None or day < today or not stock.openings.is_open(day):
        return DayCell(day, None)
    now = clock.now()
    if all(opening.ends_at <= now for opening in stock.openings.on(day)):
        return DayCell(day, None)
    return DayCell(day, _most_free(stock, day))


def _most_free(stock: Supply, day: date) -> int:
    """How many at once can be picked up on a day; a few are counted one by one, many by halves."""
    try:
        back = stock.openings.due_on(day + timedelta(days=1))
    except NoOpenDay:
        return 0
    low, high = 0, stock.most
    while low < high:
        middle = (low + high + 1) // 2
        if stock.pick_up(day, middle, back) is not None:
            low = middle
        else:
            high = middle - 1
    return low


# One's own ---------------------------------------------------------------------------------------------------------


def own_reservations(person_id: int) -> list[Reservation]:
    """Open ones, the next first, with their things."""
    statement = select(Reservation).where(Reservation.person_id == person_id, Reservation.state.in_(OPEN))
    return list(
        session().scalars(statement.options(joinedload(Reservation.thing)).order_by(Reservation.starts_at, Reservation.id))
    )


def own_lines(person_id: int) -> list[LoanLine]:
    """What somebody has at home, what is due first first."""
    statement = (
        select(LoanLine)
        .join(Loan, Loan.id == LoanLine.loan_id)
        .where(Loan.person_id == person_id, LoanLine.returned_at.is_(None))
        .options(joinedload(LoanLine.thing).joinedload(Thing.thing_class), joinedload(LoanLine.piece), joinedload(LoanLine.loan))
    )
    return list(session().scalars(statement.order_by(LoanLine.due_at, LoanLine.id)))


@dataclass(frozen=True)
class QueuePlace:
    """A place in a queue; `before` is how many come first."""

    entry: QueueEntry
    before: int


def own_places(person_id: int) -> list[QueuePlace]:
    earlier = QueueEntry.__table__.alias("earlier")
    ahead = (
        select(func.count())
        .where(
            earlier.c.thing_id == QueueEntry.thing_id, earlier.c.state == QueueState.WAITING,
            or_(earlier.c.since < QueueEntry.since, and_(earlier.c.since == QueueEntry.since, earlier.c.id < QueueEntry.id)),
        )
        .scalar_subquery()
    )  # fmt: skip
    rows = session().execute(
        select(QueueEntry, ahead)
        .where(QueueEntry.person_id == person_id, QueueEntry.state.in_([QueueState.WAITING, QueueState.OFFERED]))
        .options(joinedload(QueueEntry.thing))
        .order_by(QueueEntry.since)
    )
    return [QueuePlace(row[0], int(row[1])) for row in rows]


def waiting_for(thing_id: int) -> int:
    """How many wait for a thing."""
    statement = select(func.count()).where(QueueEntry.thing_id == thing_id, QueueEntry.state == QueueState.WAITING)
    return session().scalar(statement) or 0
