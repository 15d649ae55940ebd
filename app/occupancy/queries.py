"""Who holds what, when. Reads stay O(log n + k) however long the history grows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from app.core.db import session
from app.core.spans import Span
from app.occupancy.models import Occupancy, Resource


@dataclass(frozen=True, slots=True)
class Held:
    """A promise as far as others need to know it."""

    resource_id: int
    span: Span
    kind: str
    source: str
    source_id: int


def overlapping(resources: Iterable[int], window: Span) -> tuple[Any, list[ColumnElement[bool]]]:
    """A join of resource and occupancy, and the conditions that leave the promises that overlap `window`.

    Promises of one resource never overlap, so at most one of those that began before the window still runs: the latest. The
    scan starts there.
    """
    earlier = (
        select(func.max(Occupancy.starts_at))
        .where(Occupancy.resource_id == Resource.id, Occupancy.starts_at <= window.starts_at)
        .correlate(Resource)
        .scalar_subquery()
    )
    source = Resource.__table__.join(
        Occupancy.__table__,
        (Occupancy.resource_id == Resource.id)
        & (Occupancy.starts_at < window.ends_at)
        & (Occupancy.starts_at >= func.coalesce(earlier, window.starts_at, type_=Occupancy.starts_at.type)),
    )
    return source, [Resource.id.in_(sorted(resources)), Occupancy.ends_at > window.starts_at]


def holding(resources: Iterable[int], window: Span) -> list[Held]:
    """Promises of these resources that overlap `window`, in order of time."""
    source, conditions = overlapping(resources, window)
    statement: Select[Any] = (
        select(
            Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at, Occupancy.kind, Occupancy.source, Occupancy.source_id
        )
        .select_from(source)
        .where(*conditions)
        .order_by(Occupancy.starts_at, Occupancy.resource_id)
    )
    return [
        Held(row.resource_id, Span(row.starts_at, row.ends_at), row.kind, row.source, row.source_id)
        for row in session().execute(statement)
    ]


def conflicts(resources: Iterable[int], span: Span, *, but: tuple[str, int] | None = None) -> list[Held]:
    """What stands in the way of promising `resources` for `span`; `but` names a source that would be released first."""
    return [held for held in holding(resources, span) if but != (held.source, held.source_id)]


def busy(resources: Iterable[int], window: Span, *, but: tuple[str, int] | None = None) -> dict[int, list[Span]]:
    """Held spans per resource."""
    result: dict[int, list[Span]] = defaultdict(list)
    for held in holding(resources, window):
        if but != (held.source, held.source_id):
            result[held.resource_id].append(held.span)
    return result

