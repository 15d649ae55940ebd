"""What is free of a thing, and when: the one truth behind catalogue, calendar, reservation, hand-over and queue.

A piece is taken while an occupancy of it (or of a part it cannot do without) says so; while it is out and due, until it is in; while it
is not fine, until the day somebody expects it to be. What is read here does not grow with the history of loans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, or_, select

from app.core import clock
from app.core.spans import Span
from app.core.statements import Statement
from app.library.models import Condition, Intake, LoanLine, Part, Piece, Thing, ThingClass, Whereabouts
from app.library.queries.times import NoOpenDay, Openings, rule
from app.occupancy import queries as occupancy
from app.occupancy.queries import HeldShare

FAR = datetime(9999, 1, 1, tzinfo=UTC)
RESERVATION, LINE, BUFFER, BLACKOUT = "reservation", "loan_line", "loan_buffer", "blackout"
"""Sources of promises of pieces."""


class Why(StrEnum):
    """Why a piece is not to be had. Never says who has it."""

    OUT = "out"
    """Lent, in time."""
    OVERDUE = "overdue"
    RESERVED = "reserved"
    REPAIR = "repair"
    CHECK = "check"
    WASH = "wash"
    TEST = "test"
    """Its safety test ends before it would come back, or there was none."""
    QUARANTINED = "quarantined"
    PARTS = "parts"
    """A part it cannot do without is not there."""
    REST = "rest"
    """Between two loans."""
    OWNER = "owner"
    """Its owner keeps it then."""
    GONE = "gone"
    """Lost or retired."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A span in which a piece is not to be had."""

    span: Span
    why: Why
    source: str = ""
    source_id: int = 0


@dataclass(frozen=True)
class Stock:
    """A piece, and when it is taken. `resources` are its own and those of the parts it cannot do without."""

    piece_id: int
    number: str
    thing_id: int
    resources: frozenset[int]
    count: int
    """How many it is; more than 1 only of a counted thing, whose `shares` are what is promised of it."""
    counted: bool
    taken: Sequence[Taken] = ()
    shares: Sequence[HeldShare] = ()
    fit_from: datetime | None = None
    """It is not fine now and expected to be by then; None: it is fine."""
    unfit: Why | None = None
    test_due_on: date | None = None
    tested: bool = False
    """Whether its class is tested at all."""

    def blockers(self, span: Span, but: Iterable[tuple[str, int]] = ()) -> list[Taken]:
        """What stands in the way of having it for `span`, its test excluded; `but` names sources that would be released first."""
        ignored = set(but)
        found = [each for each in self.taken if each.span.overlaps(span) and (each.source, each.source_id) not in ignored]
        if self.unfit is not None and self.fit_from is not None and span.starts_at < self.fit_from:
            found.append(Taken(Span(min(span.starts_at, self.fit_from), self.fit_from), self.unfit))
        return found

    def test_ends(self, back: date) -> bool:
        """Whether its test does not hold up to the day it would be back."""
        return self.tested and (self.test_due_on is None or self.test_due_on < back)

    def free(self, span: Span, back: date, but: Iterable[tuple[str, int]] = ()) -> int:
        """How many of it are free in all of `span`, whose loan ends on `back`."""
        if self.test_ends(back) or self.blockers(span, but):
            return 0
        if not self.counted:
            return 1
        ignored = set(but)
        held = [each for each in self.shares if (each.source, each.source_id) not in ignored]
        return max(0, self.count - occupancy.most(held, span))


@dataclass(frozen=True)
class Supply:
    """All pieces of a thing that could be lent, with what is known about them up to the end of `window`."""

    thing_id: int
    house_id: int
    counted: bool
    buffer_hours: int
    buffer_open_days: int
    share_percent: int
    stocks: Sequence[Stock]
    window: Span
    openings: Openings

    @property
    def total(self) -> int:
        return sum(stock.count for stock in self.stocks)

    @property
    def most(self) -> int:
        """How many one reservation may take: its share of the pool, at least one."""
        return max(1, self.total * self.share_percent // 100)

    def held(self, starts_at: datetime, ends_at: datetime) -> Span:
        """What a loan from `starts_at` to `ends_at` promises, with the buffer after it."""
        return Span(starts_at, max(ends_at, self.after(ends_at)))

    def after(self, back: datetime) -> datetime:
        """When something that is back at `back` may go out again."""
        try:
            return self.openings.buffered(back, self.buffer_hours, self.buffer_open_days)
        except NoOpenDay:
            return self.window.ends_at

    def free(self, span: Span, ends_at: datetime, but: Iterable[tuple[str, int]] = ()) -> int:
        """How many are free for `span` (buffer included), whose loan is due at `ends_at`."""
        back = self.openings.day_of(ends_at)
        return sum(stock.free(span, back, but) for stock in self.stocks)

    def pick(
        self, span: Span, ends_at: datetime, quantity: int, but: Iterable[tuple[str, int]] = (), first: Iterable[int] = ()
    ) -> list[tuple[Stock, int]]:
        """Pieces for `span`, as many as are free and wanted: those in `first`, then those whose last promise ends the latest."""
        back, wanted, chosen = self.openings.day_of(ends_at), quantity, []
        known = list(first)

        def order(stock: Stock) -> tuple[bool, float, int]:
            before = [each.span.ends_at for each in stock.taken if each.span.ends_at <= span.starts_at]
            return (stock.piece_id not in known, -max(before).timestamp() if before else 0.0, stock.piece_id)

        for stock in sorted(self.stocks, key=order):
            if wanted <= 0:
                break
            got = min(wanted, stock.free(span, back, but))
            if got:
                chosen.append((stock, got))
                wanted -= got
        return chosen

    def pick_up(
        self, day: date, quantity: int, ends_at: datetime, but: Iterable[tuple[str, int]] = (), now: datetime | None = None
    ) -> datetime | None:
        """The earliest moment of an opening on `day` from which so many are free up to `ends_at`; None when there is none."""
        moment = now or clock.now()
        for opening in self.openings.on(day):
            if opening.ends_at <= moment:
                continue
            base = max(self.openings.pick_up_from(opening), moment)
            later = {
                each.span.ends_at for stock in self.stocks for each in stock.taken if base < each.span.ends_at < opening.ends_at
            } | {
                stock.fit_from for stock in self.stocks if stock.fit_from is not None and base < stock.fit_from < opening.ends_at
            }
            for at in (base, *sorted(later)):
                if at >= ends_at:
                    break
                if self.free(self.held(at, ends_at), ends_at, but) >= quantity:
                    return at
        return None

    def why(self, span: Span, ends_at: datetime, but: Iterable[tuple[str, int]] = ()) -> Why:
        """The reason to tell when nothing is free: that of the piece that would be the easiest to have."""
        back = self.openings.day_of(ends_at)
        reasons = [each.why for stock in self.stocks for each in stock.blockers(span, but)]
        if not reasons and any(stock.test_ends(back) for stock in self.stocks):
            return Why.TEST
        if self.counted and self.stocks and not reasons:
            return Why.RESERVED
        return min(reasons, key=_EASIEST.index, default=Why.GONE)


def nearest(supply: Supply, day: date, quantity: int, ends_at: datetime, most: int = 3) -> list[tuple[date, date]]:
    """Pick-up days around `day`, each with its return day, on which so many are free for as long; in their order."""
    openings, today = supply.openings, clock.today(supply.openings.zone)
    length = openings.day_of(ends_at) - day
    ahead = today + timedelta(days=rule(supply.house_id, "ahead_days"))
    found: list[tuple[date, date]] = []
    for other in openings.days(max(today, day - timedelta(days=14)), min(ahead, day + timedelta(days=42))):
        try:
            due_at = openings.closing(other) if not length else openings.due_on(other + length)
        except NoOpenDay:
            break
        if other != day and supply.pick_up(other, quantity, due_at) is not None:
            found.append((other, openings.day_of(due_at)))
    found.sort(key=lambda pair: (abs(pair[0] - day), pair[0]))
    return sorted(found[:most])


_EASIEST = [
    Why.REST, Why.RESERVED, Why.OUT, Why.OVERDUE, Why.WASH, Why.TEST, Why.CHECK, Why.PARTS, Why.REPAIR, Why.QUARANTINED, Why.OWNER, Why.GONE,
]  # fmt: skip
_SOURCES = {LINE: Why.OUT, BUFFER: Why.REST, BLACKOUT: Why.OWNER}
_UNFIT = {
    Condition.CHECK: Why.CHECK,
    Condition.WASH: Why.WASH,
    Condition.REPAIR: Why.REPAIR,
    Condition.QUARANTINED: Why.QUARANTINED,
}

P, T, C, A, L = (table.__table__.c for table in (Piece, Thing, ThingClass, Part, LoanLine))
_THINGS = Statement(
    select(T.id, T.house_id, T.counted, C.buffer_hours, C.buffer_open_days, T.share_percent, C.test_months)
    .select_from(Thing.__table__.join(ThingClass.__table__, C.id == T.class_id))
    .where(T.id.in_(bindparam("things", expanding=True)))
)
_PIECES = Statement(
    select(
        P.id, P.number, P.thing_id, P.resource_id, P.count, P.condition, P.fit_on, P.whereabouts, P.test_due_on
    )
    .where(P.thing_id.in_(bindparam("things", expanding=True)), P.retired_at.is_(None), P.intake == Intake.STOCKED)
    .order_by(P.id)
)  # fmt: skip
_KIT, _COMPONENT = Piece.__table__.alias("kit"), Piece.__table__.alias("component")
_COMPONENT_THING = Thing.__table__.alias("component_thing")
_COMPONENT_CLASS = ThingClass.__table__.alias("component_class")
_PARTS = Statement(
    select(
        A.kit_id, A.component_id, A.essential, A.missing, _KIT.c.resource_id, _COMPONENT.c.resource_id, _COMPONENT.c.condition,
        _COMPONENT.c.fit_on, _COMPONENT.c.whereabouts, _COMPONENT.c.retired_at, _COMPONENT.c.test_due_on, _COMPONENT_CLASS.c.test_months,
    )
    .select_from(
        Part.__table__.join(_KIT, _KIT.c.id == A.kit_id)
        .outerjoin(_COMPONENT, _COMPONENT.c.id == A.component_id)
        .outerjoin(_COMPONENT_THING, _COMPONENT_THING.c.id == _COMPONENT.c.thing_id)
        .outerjoin(_COMPONENT_CLASS, _COMPONENT_CLASS.c.id == _COMPONENT_THING.c.class_id)
    )
    .where(
        or_(A.kit_id.in_(bindparam("pieces", expanding=True)), A.component_id.in_(bindparam("same_pieces", expanding=True)))
    )
)  # fmt: skip
_OUT = Statement(
    select(L.id, L.piece_id, L.due_at, L.expected_on, L.quantity - L.returned - L.written_off, L.single)
    .where(L.piece_id.in_(bindparam("pieces", expanding=True)), L.returned_at.is_(None))
)  # fmt: skip


@dataclass
class _Making:
    """A piece while its stock is put together."""

    row: Any
    resources: set[int] = field(default_factory=set)
    kin: set[int] = field(default_factory=set)
    """Kits it is in, and parts it is made of: when one of them is out and due, so is it."""
    unfit: list[tuple[Why, datetime]] = field(default_factory=list)
    tests: list[date | None] = field(default_factory=list)


def supply(thing_ids: Iterable[int], window: Span, openings: Openings) -> dict[int, Supply]:
    """The supply of things of one house, by thing; in six statements however many they are."""
    wanted = sorted(set(thing_ids))
    if not wanted:
        return {}
    things = {row[0]: row for row in _THINGS.rows(things=wanted)}
    pieces = {row[0]: _Making(row, {row[3]}) for row in _PIECES.rows(things=wanted)}
    ids = sorted(pieces)
    now = clock.now()
    for making in pieces.values():
        row = making.row
        _note_unfit(making, row[5], row[6], row[7], now, openings)
        if things[row[2]][6] is not None:
            making.tests.append(row[8])
    if ids:
        _note_parts(pieces, _PARTS.rows(pieces=ids, same_pieces=ids), now, openings)
    kin = sorted({each for making in pieces.values() for each in making.kin} | set(ids))
    lines = defaultdict(list)
    for line_id, piece_id, due_at, expected_on, count, single in _OUT.rows(pieces=kin) if kin else ():
        lines[piece_id].append((line_id, due_at, expected_on, count, single))
    plain = sorted({each for making in pieces.values() if not things[making.row[2]][2] for each in making.resources})
    stacks = sorted({making.row[3] for making in pieces.values() if things[making.row[2]][2]})
    held = defaultdict(list)
    for each in occupancy.holding(plain, window) if plain else ():
        held[each.resource_id].append(each)
    shares = defaultdict(list)
    for share in occupancy.shares(stacks, window) if stacks else ():
        shares[share.resource_id].append(share)
    stocks: dict[int, list[Stock]] = defaultdict(list)
    for piece_id, making in pieces.items():
        thing = things[making.row[2]]
        stocks[thing[0]].append(_stock(piece_id, making, thing, lines, held, shares, now, openings))
    return {
        thing_id: Supply(
            thing_id, thing[1], thing[2], thing[3], thing[4], thing[5], tuple(stocks[thing_id]), window, openings
        )
        for thing_id, thing in things.items()
    }  # fmt: skip


def _note_unfit(
    making: _Making, condition: str, fit_on: date | None, whereabouts: str, now: datetime, openings: Openings
) -> None:
    if whereabouts == Whereabouts.LOST:
        making.unfit.append((Why.GONE, FAR))
    elif whereabouts == Whereabouts.OWNER:
        making.unfit.append((Why.OWNER, FAR))
    if condition != Condition.FINE:
        making.unfit.append((_UNFIT[Condition(condition)], _fit_from(condition, fit_on, now, openings)))


def _fit_from(condition: str, fit_on: date | None, now: datetime, openings: Openings) -> datetime:
    """Washing is done by the next open day unless somebody says otherwise; for the rest a day must be named, and not be over."""
    if fit_on is not None and (moment := clock.midnight(fit_on, openings.zone)) > now:
        return moment
    if condition == Condition.WASH:
        try:
            running = openings.running(now)
            following = openings.next(running.ends_at if running else now)
            return following.starts_at if following.starts_at > now else FAR
        except NoOpenDay:
            return FAR
    return FAR


def _note_parts(pieces: Mapping[int, _Making], rows: Iterable[Any], now: datetime, openings: Openings) -> None:
    for row in rows:
        (
            kit_id,
            component_id,
            essential,
            missing,
            _,
            resource_id,
            condition,
            fit_on,
            whereabouts,
            retired_at,
            tested_to,
            tested,
        ) = row
        kit, component = pieces.get(kit_id), pieces.get(component_id)
        if component is not None and essential:
            component.kin.add(kit_id)
        if kit is None or not essential:
            continue
        if component_id is None:
            if missing:
                kit.unfit.append((Why.PARTS, FAR))
            continue
        kit.resources.add(resource_id)
        kit.kin.add(component_id)
        if retired_at is not None or whereabouts in (Whereabouts.LOST, Whereabouts.OWNER):
            kit.unfit.append((Why.PARTS, FAR))
        if condition != Condition.FINE:
            kit.unfit.append((Why.PARTS, _fit_from(condition, fit_on, now, openings)))
        if tested is not None:
            kit.tests.append(tested_to)


def _stock(
    piece_id: int, making: _Making, thing: Any, lines: Mapping[int, Any], held: Mapping[int, Any], shares: Mapping[int, Any],
    now: datetime, openings: Openings,
) -> Stock:  # fmt: skip
    row, counted = making.row, bool(thing[2])
    taken = [
        Taken(each.span, _SOURCES.get(each.source, Why.RESERVED), each.source, each.source_id)
        for resource in making.resources
        for each in held[resource]
    ]
    own_shares = list(shares[row[3]])
    for other in {piece_id, *making.kin}:
        for line_id, due_at, expected_on, count, single in lines[other]:
            until = _until(due_at, expected_on, now, openings)
            if until is None:
                continue
            if single:
                taken.append(Taken(Span(min(due_at, now), until), Why.OVERDUE, LINE, line_id))
            elif counted:
                own_shares = [share for share in own_shares if (share.source, share.source_id) != (LINE, line_id)]
                own_shares.append(HeldShare(row[3], Span(min(due_at, now), until), count, LINE, line_id))
    unfit, fit_from = max(making.unfit, key=lambda each: each[1], default=(None, None))
    return Stock(
        piece_id, row[1], row[2], frozenset(making.resources), row[4], counted,
        tuple(sorted(taken, key=lambda each: each.span)), tuple(own_shares), fit_from, unfit,
        None if None in making.tests else min((day for day in making.tests if day is not None), default=None), bool(making.tests),
    )  # fmt: skip


def _until(due_at: datetime, expected_on: date | None, now: datetime, openings: Openings) -> datetime | None:
    """How long something that is out is out beyond its promise; None while it is not due.

    What is due is out until it is in. Where the borrower has named a day, that day counts until it is over.
    """
    if expected_on is not None:
        try:
            promised = openings.due_on(expected_on)
        except NoOpenDay:
            return FAR
        if promised > max(now, due_at):
            return promised
    return FAR if due_at <= now else None
