"""Who holds what, when. Reads stay O(log n + k) however long the history grows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Subquery, bindparam, func, literal_column, select, union_all

from app.core.spans import Span
from app.core.statements import Found, Statement
from app.occupancy.models import Occupancy, Resource, Share

HELD, THINGS = Occupancy.__table__.c, Resource.__table__.c


@dataclass(frozen=True, slots=True)
class Held:
    """A promise as far as others need to know it."""

    resource_id: int
    span: Span
    kind: str
    source: str
    source_id: int


def overlapping() -> Subquery:
    """The promises that overlap a window, under the names of their columns; see `bounds`.

    Promises of one resource never overlap, so at most one of those that began before the window still runs: the latest. Told apart
    from those that begin inside, so that PostgreSQL knows how few these are; ``OFFSET 0`` has it look for the latest once a resource.
    """
    moment = HELD.starts_at.type
    starts_at, ends_at = bindparam("window_starts_at", type_=moment), bindparam("window_ends_at", type_=moment)
    columns = (HELD.resource_id, HELD.starts_at, HELD.ends_at, HELD.kind, HELD.source, HELD.source_id)
    wanted = bindparam("resources", expanding=True, type_=Integer)
    inside = select(*columns).where(HELD.resource_id.in_(wanted), HELD.starts_at > starts_at, HELD.starts_at < ends_at)
    earlier = Occupancy.__table__.alias("earlier").c
    latest = select(func.max(earlier.starts_at)).where(earlier.resource_id == THINGS.id, earlier.starts_at <= starts_at)
    since = latest.correlate(Resource.__table__).scalar_subquery().label("since")
    things = select(THINGS.id, since).where(THINGS.id.in_(wanted)).offset(literal_column("0")).subquery("things")
    into = things.join(Occupancy.__table__, (HELD.resource_id == things.c.id) & (HELD.starts_at == things.c.since))
    return union_all(inside, select(*columns).select_from(into).where(HELD.ends_at > starts_at)).subquery("held")


def bounds(resources: Iterable[int], window: Span) -> dict[str, Any]:
    """The values `overlapping` asks for."""
    return {"resources": sorted(resources), "window_starts_at": window.starts_at, "window_ends_at": window.ends_at}


def _holding() -> Statement:
    held = overlapping()
    return Statement(select(held).order_by(held.c.starts_at, held.c.resource_id))


_HOLDING = _holding()


def holding(resources: Iterable[int], window: Span) -> list[Held]:
    """Promises of these resources that overlap `window`, in order of time."""
    return [
        Held(resource_id, Span(starts_at, ends_at), kind, source, source_id)
        for resource_id, starts_at, ends_at, kind, source, source_id in _HOLDING.rows(**bounds(resources, window))
    ]


def conflicts(resources: Iterable[int], span: Span, *, but: tuple[str, int] | None = None) -> list[Held]:
    """What stands in the way of promising `resources` for `span`; `but` names a source that would be released first."""
    return [held for held in holding(resources, span) if but != (held.source, held.source_id)]


def busy(resources: Iterable[int], window: Span, *, but: tuple[str, int] | None = None) -> dict[int, list[Span]]:
    """Held spans per resource."""
    return spans_held(found_busy(resources, window), but=but)


def found_busy(resources: Iterable[int], window: Span) -> Found:
    """The same as it was read, for who remembers what was made of it; `spans_held` reads it."""
    return _HOLDING.found(**bounds(resources, window))


def spans_held(found: Found, *, but: tuple[str, int] | None = None) -> dict[int, list[Span]]:
    result: dict[int, list[Span]] = defaultdict(list)
    for resource_id, starts_at, ends_at, _, source, source_id in found.typed(found.rows):
        if but != (source, source_id):
            result[resource_id].append(Span(starts_at, ends_at))
    return result


@dataclass(frozen=True, slots=True)
class HeldShare:
    """So many of a resource are promised."""

    resource_id: int
    span: Span
    quantity: int
    source: str
    source_id: int


_SHARE = Share.__table__.c
_SHARES = Statement(
    select(_SHARE.resource_id, _SHARE.starts_at, _SHARE.ends_at, _SHARE.quantity, _SHARE.source, _SHARE.source_id)
    .where(
        _SHARE.resource_id.in_(bindparam("resources", expanding=True)),
        _SHARE.ends_at > bindparam("window_starts_at", type_=_SHARE.starts_at.type),
        _SHARE.starts_at < bindparam("window_ends_at", type_=_SHARE.starts_at.type),
    )
    .order_by(_SHARE.starts_at, _SHARE.id)
)


def shares(resources: Iterable[int], window: Span) -> list[HeldShare]:
    """Shares of these resources that overlap `window`, in order of time."""
    return [
        HeldShare(resource_id, Span(starts_at, ends_at), quantity, source, source_id)
        for resource_id, starts_at, ends_at, quantity, source, source_id in _SHARES.rows(**bounds(resources, window))
    ]


def most(shares: Iterable[HeldShare], window: Span) -> int:
    """How many of a resource are promised at the fullest moment of `window`."""
    held = [each for each in shares if each.span.overlaps(window)]
    moments = {window.starts_at, *(each.span.starts_at for each in held if each.span.starts_at > window.starts_at)}
    return max(sum(each.quantity for each in held if each.span.starts_at <= at < each.span.ends_at) for at in moments)
