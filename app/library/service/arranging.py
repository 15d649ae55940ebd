"""Setting pieces aside, and setting them aside anew when something has changed: the chain behind every late return.

Which piece a reservation gets is decided at the hand-over; until then pieces are exchanged as long as everybody gets one. When that is
no longer possible, a reservation is *at risk* and its person is told once, with what else there is; when it becomes possible again,
they are told that too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.core.events import publish
from app.core.policy import Actor
from app.core.spans import Span
from app.library import queries
from app.library.events import ReservationAtRisk, ReservationSafe
from app.library.models import OPEN, Allocation, Part, Piece, Reservation
from app.library.queries import RESERVATION, Stock, Supply, Taken, Why
from app.library.service.facts import reservation_facts
from app.occupancy import service as promises
from app.occupancy.queries import HeldShare

INSTANT = timedelta(seconds=1)
HORIZON = timedelta(days=730)
"""Reservations and loans end long before."""


def supply_of(thing_ids: Iterable[int], house_id: int) -> dict[int, Supply]:
    """The supply of things from now on, as far as anything can be promised."""
    now, today = clock.now(), clock.today(i18n.zone())
    ahead = queries.rule(house_id, "ahead_days")
    openings = queries.openings(house_id, today - timedelta(days=1), today + timedelta(days=ahead))
    return queries.supply(thing_ids, Span(now - timedelta(days=1), now + HORIZON), openings)


@dataclass(frozen=True)
class Wanted:
    """A reservation as far as the plan needs it; `id` 0 is one that is not written yet. `pinned` pieces are packed."""

    id: int
    span: Span
    """With the buffer after it."""
    ends_at: datetime
    quantity: int
    pieces: tuple[tuple[int, int], ...] = ()
    """Pieces set aside now, each with how many of it."""
    pinned: bool = False


Plan = dict[int, list[tuple[Stock, int]]]


def plan(supply: Supply, reservations: Sequence[Wanted]) -> Plan:
    """Which pieces each reservation gets, by its id. Nobody's piece changes without need; who has none gets what is left.

    Where that leaves somebody without, all that is not packed is dealt out anew in the order of pick-ups, which serves as many as
    can be served where pieces are alike; that plan is taken only when it serves more.
    """
    kept = _deal(supply, reservations, keep=True)
    if all(_served(kept, each) for each in reservations):
        return kept
    anew = _deal(supply, reservations, keep=False)
    gain = sum(_served(anew, each) for each in reservations) - sum(_served(kept, each) for each in reservations)
    lost = any(_served(kept, each) and not _served(anew, each) for each in reservations)
    return anew if gain > 0 and not lost else kept


def _served(made: Plan, wanted: Wanted) -> bool:
    return sum(count for _, count in made[wanted.id]) >= wanted.quantity


def _deal(supply: Supply, reservations: Sequence[Wanted], *, keep: bool) -> Plan:
    movable = {(RESERVATION, each.id) for each in reservations}
    stocks = {stock.piece_id: _without(stock, movable) for stock in supply.stocks}
    made: Plan = {each.id: [] for each in reservations}
    order = sorted(reservations, key=lambda each: (not each.pinned, each.span.starts_at, each.id or 1 << 60))
    if keep:
        for each in order:
            _keep(supply, stocks, each, made)
    else:
        for each in order:
            if each.pinned:
                _keep(supply, stocks, each, made)
    for each in order:
        missing = each.quantity - sum(count for _, count in made[each.id])
        if missing > 0:
            now = replace(supply, stocks=tuple(stocks.values()))
            for stock, count in now.pick(each.span, each.ends_at, missing):
                _take(stocks, stock, count, each, made)
    return made


def _keep(supply: Supply, stocks: dict[int, Stock], wanted: Wanted, made: Plan) -> None:
    """What is set aside stays set aside where it is still to be had."""
    left = wanted.quantity
    for piece_id, count in wanted.pieces:
        stock = stocks.get(piece_id)
        if stock is None or left <= 0:
            continue
        got = min(left, count, stock.free(wanted.span, supply.openings.day_of(wanted.ends_at)))
        if got:
            _take(stocks, stock, got, wanted, made)
            left -= got


def _take(stocks: dict[int, Stock], stock: Stock, count: int, wanted: Wanted, made: Plan) -> None:
    made[wanted.id].append((stock, count))
    if stock.counted:
        share = HeldShare(0, wanted.span, count, RESERVATION, wanted.id)
        stocks[stock.piece_id] = replace(stock, shares=(*stock.shares, share))
        return
    taken = Taken(wanted.span, Why.RESERVED, RESERVATION, wanted.id)
    stocks[stock.piece_id] = replace(stock, taken=tuple(sorted((*stock.taken, taken), key=lambda each: each.span)))


def _without(stock: Stock, sources: set[tuple[str, int]]) -> Stock:
    return replace(
        stock,
        taken=tuple(each for each in stock.taken if (each.source, each.source_id) not in sources),
        shares=tuple(each for each in stock.shares if (each.source, each.source_id) not in sources),
    )


# Writing -----------------------------------------------------------------------------------------------------------


def open_reservations(thing_ids: Iterable[int]) -> list[Reservation]:
    """Those that are wished or confirmed, with their pieces, in the order of pick-ups."""
    return list(
        session()
        .scalars(
            select(Reservation)
            .where(Reservation.thing_id.in_(sorted(set(thing_ids))), Reservation.state.in_(OPEN))
            .order_by(Reservation.starts_at, Reservation.id)
            .execution_options(populate_existing=True)
        )
        .unique()
    )


def wanted_of(reservations: Iterable[Reservation]) -> list[Wanted]:
    """The same for `plan`, in one statement. What of their time is over is not looked at."""
    known, now = list(reservations), clock.now()
    pieces: dict[int, list[tuple[int, int]]] = {}
    if known:
        for reservation_id, piece_id, quantity in session().execute(
            select(Allocation.reservation_id, Allocation.piece_id, Allocation.quantity)
            .where(Allocation.reservation_id.in_([each.id for each in known]))
            .order_by(Allocation.piece_id)
        ):
            pieces.setdefault(reservation_id, []).append((piece_id, quantity))
    return [
        Wanted(
            each.id,
            Span(min(max(each.starts_at, now), each.held_until - INSTANT), each.held_until),
            each.ends_at,
            each.quantity,
            tuple(pieces.get(each.id, ())),
            each.packed_at is not None,
        )
        for each in known
    ]


def write_plan(made: Plan, before: Sequence[Wanted], again: Iterable[int] = ()) -> None:
    """Make allocations and promises what `made` says, for what changes by it and for those `again` whose times have changed.

    All of that is released before anything is promised, because the database looks at each row.
    """
    told = {each.id: each for each in before}
    changed = {number for number, pieces in made.items() if number in told and pieces_of(pieces) != sorted(told[number].pieces)}
    changed |= told.keys() & set(again)
    for number in sorted(changed):
        release_reservation(number)
    for number in sorted(changed):
        set_aside(number, told[number].span, made[number])


def pieces_of(chosen: Iterable[tuple[Stock, int]]) -> list[tuple[int, int]]:
    """The same by their ids, in order."""
    return sorted((stock.piece_id, count) for stock, count in chosen)


def set_aside(reservation_id: int, span: Span, pieces: Iterable[tuple[Stock, int]]) -> None:
    """Promise pieces to a reservation that has none. Raises `db.Collision` where somebody was quicker."""
    for stock, count in pieces:
        session().add(Allocation(reservation_id=reservation_id, piece_id=stock.piece_id, quantity=count))
        if stock.counted:
            (resource,) = stock.resources
            promises.promise_share(resource, count, span, kind="reserved", source=RESERVATION, source_id=reservation_id)
        else:
            promises.promise(stock.resources, span, kind="reserved", source=RESERVATION, source_id=reservation_id)
    session().flush()


def release_reservation(reservation_id: int) -> None:
    """Its pieces are free for others."""
    promises.release(RESERVATION, reservation_id)
    promises.release_shares(RESERVATION, reservation_id)
    for each in session().scalars(select(Allocation).where(Allocation.reservation_id == reservation_id)):
        session().delete(each)
    session().flush()


def arrange(thing_ids: Iterable[int], by: Actor, again: Iterable[int] = ()) -> None:
    """Set pieces aside anew for all open reservations of things; call it after every change that makes more or less of them available.

    Kits and the things their parts can be lent as belong together: all of them are looked at. `again` are reservations whose times have
    changed, or whose promises were taken away.
    """
    renewed = set(again)
    for thing_id in kin_of(thing_ids):
        _arrange(thing_id, by, renewed)


def _arrange(thing_id: int, by: Actor, again: set[int]) -> None:
    reservations = open_reservations([thing_id])
    if not reservations:
        return
    supply = supply_of([thing_id], reservations[0].house_id).get(thing_id)
    if supply is None:
        return
    before = wanted_of(reservations)
    made = plan(supply, before)
    write_plan(made, before, again)
    now = clock.now()
    for reservation, wanted in zip(reservations, before, strict=True):
        served = _served(made, wanted)
        if served and reservation.at_risk_since is not None:
            reservation.at_risk_since, reservation.risk, reservation.changed_at = None, "", now
            session().flush()
            publish(ReservationSafe(**reservation_facts(reservation, by)))
        elif not served and reservation.at_risk_since is None:
            reservation.at_risk_since, reservation.changed_at = now, now
            own = [(RESERVATION, reservation.id)]
            reservation.risk = supply.why(reservation.held, reservation.ends_at, own)
            session().flush()
            others = queries.nearest(
                supply, supply.openings.day_of(reservation.starts_at), reservation.quantity, reservation.ends_at
            )
            publish(ReservationAtRisk(**reservation_facts(reservation, by), risk=reservation.risk, alternatives=tuple(others)))


def kin_of(thing_ids: Iterable[int]) -> list[int]:
    """These things, the kits their pieces are parts of, and the things of the parts of their kits."""
    wanted = sorted(set(thing_ids))
    kit, component = Piece.__table__.alias("kit"), Piece.__table__.alias("component")
    joined = Part.__table__.join(kit, kit.c.id == Part.kit_id).join(component, component.c.id == Part.component_id)
    rows = session().execute(
        select(kit.c.thing_id, component.c.thing_id)
        .select_from(joined)
        .where(kit.c.thing_id.in_(wanted) | component.c.thing_id.in_(wanted))
    )
    return sorted({*wanted, *(each for row in rows for each in row)})
