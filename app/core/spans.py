"""Half-open spans of time ``[starts_at, ends_at)`` in UTC: what touches does not overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `starts_at` up to, not including, `ends_at`; both aware. Raises ValueError when empty or naive."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("a span needs aware instants")
        # In UTC first: two aware times of one zone compare by their wall clocks, which clock changes make wrong.
        if self.starts_at.tzinfo is not UTC:
            object.__setattr__(self, "starts_at", self.starts_at.astimezone(UTC))
        if self.ends_at.tzinfo is not UTC:
            object.__setattr__(self, "ends_at", self.ends_at.astimezone(UTC))
        if self.ends_at <= self.starts_at:
            raise ValueError("a span ends after it starts")

    @property
    def length(self) -> timedelta:
        """Elapsed time, true across clock changes."""
        return self.ends_at - self.starts_at

    def overlaps(self, other: Span) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, other: Span) -> bool:
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def widened(self, before: timedelta, after: timedelta) -> Span:
        """With set-up time before and clean-up time after."""
        return Span(self.starts_at - before, self.ends_at + after)

    def within(self, window: Span) -> Span | None:
        """The part inside `window`, None when there is none."""
        starts_at, ends_at = max(self.starts_at, window.starts_at), min(self.ends_at, window.ends_at)
        return Span(starts_at, ends_at) if starts_at < ends_at else None


_start = attrgetter("starts_at")


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time covered by the fewest spans, in order; spans that touch become one."""
    result: list[Span] = []
    for span in sorted(spans, key=_start):
        if result and span.starts_at <= result[-1].ends_at:
            if span.ends_at > result[-1].ends_at:
                result[-1] = Span(result[-1].starts_at, span.ends_at)
        else:
            result.append(span)
    return result


def gaps(window: Span, busy: Iterable[Span]) -> Iterator[Span]:
    """What of `window` no span of `busy` covers, in order."""
    cursor = window.starts_at
    for span in merged(busy):
        if span.starts_at >= window.ends_at:
            break
        if span.starts_at > cursor:
            yield Span(cursor, span.starts_at)
        cursor = max(cursor, span.ends_at)
    if cursor < window.ends_at:
        yield Span(cursor, window.ends_at)


def common(left: Iterable[Span], right: Iterable[Span]) -> list[Span]:
    """The time that both sides cover."""
    ones, others = merged(left), merged(right)
    result: list[Span] = []
    one = other = 0
    while one < len(ones) and other < len(others):  # both in order: whichever ends first can meet nothing more
        part = ones[one].within(others[other])
        if part is not None:
            result.append(part)
        if ones[one].ends_at <= others[other].ends_at:
            one += 1
        else:
            other += 1
    return result
