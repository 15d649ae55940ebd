"""Promise and release. The database refuses an overlap; here that refusal becomes a `Collision`, and the act starts again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert
from sqlalchemy.exc import DBAPIError

from app.core import db
from app.core.spans import Span
from app.core.statements import insertion
from app.occupancy.models import Occupancy, Share

_PROMISE = insertion(Occupancy)
_PROMISE_SHARE = insertion(Share)


def promise(resources: Iterable[int], span: Span, *, kind: str, source: str, source_id: int) -> None:
    """Promise every resource for `span`, or none. Callers have looked first, with `queries.conflicts`, for a friendly answer."""
    try:
        for resource in sorted(resources):  # one order everywhere: two acts never wait for each other in a circle
            _PROMISE.run(
                resource_id=resource,
                starts_at=span.starts_at,
                ends_at=span.ends_at,
                kind=kind,
                source=source,
                source_id=source_id,
            )
    except DBAPIError as fault:
        if db.is_overlap(fault):
            raise db.Collision from fault
        raise


def promise_share(resource_id: int, quantity: int, span: Span, *, kind: str, source: str, source_id: int) -> None:
    """Promise so many of a resource that consists of many alike. Callers have looked first, with `queries.shares`."""
    try:
        _PROMISE_SHARE.run(
            resource_id=resource_id,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            quantity=quantity,
            kind=kind,
            source=source,
            source_id=source_id,
        )
    except DBAPIError as fault:
        if db.is_overlap(fault):
            raise db.Collision from fault
        raise


def release(source: str, source_id: int) -> None:
    """Take every promise of `source` back."""
    db.session().execute(delete(Occupancy).where(Occupancy.source == source, Occupancy.source_id == source_id))


def release_shares(source: str, source_id: int) -> None:
    """Take every share promised to `source` back."""
    db.session().execute(delete(Share).where(Share.source == source, Share.source_id == source_id))


def promise_each(resources: Iterable[int], spans: Iterable[tuple[int, Span]], *, kind: str, source: str) -> None:
    """Promise every resource for many spans, each with the id it is for; all or none, in one statement."""
    parts = sorted(resources)
    rows = [
        {
            "resource_id": resource,
            "starts_at": span.starts_at,
            "ends_at": span.ends_at,
            "kind": kind,
            "source": source,
            "source_id": source_id,
        }
        for source_id, span in spans
        for resource in parts
    ]
    if not rows:
        return
    try:
        db.session().execute(insert(Occupancy), rows)
    except DBAPIError as fault:
        if db.is_overlap(fault):
            raise db.Collision from fault
        raise


def release_each(source: str, source_ids: Iterable[int]) -> None:
    """Take the promises of many sources back."""
    ids = sorted(source_ids)
    for start in range(0, len(ids), 500):
        mine = Occupancy.source_id.in_(ids[start : start + 500])
        db.session().execute(delete(Occupancy).where(Occupancy.source == source, mine))
