"""Half-open spans: what touches does not overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.spans import Span, common, gaps, merged

START = datetime(2026, 10, 24, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


spans = st.builds(lambda begin, length: Span(at(begin), at(begin + length)), st.integers(0, 300), st.integers(1, 60))
lists = st.lists(spans, max_size=12)


def covered(some: list[Span]) -> set[datetime]:
    """Every minute that is covered: the plainest way to say what the functions must agree with."""
    return {span.starts_at + timedelta(minutes=minute) for span in some for minute in range(span.length // timedelta(minutes=1))}


def test_what_touches_does_not_overlap() -> None:
    assert not Span(at(0), at(60)).overlaps(Span(at(60), at(120)))
    assert Span(at(0), at(61)).overlaps(Span(at(60), at(120)))


@pytest.mark.parametrize("end", [START, START - timedelta(seconds=1)])
def test_a_span_ends_after_it_starts(end: datetime) -> None:
    with pytest.raises(ValueError):
        Span(START, end)


def test_a_naive_time_is_no_instant() -> None:
    with pytest.raises(ValueError):
        Span(datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC))


def test_length_is_elapsed_time_across_the_clock_change() -> None:
    assert Span(datetime(2026, 3, 29, 1, tzinfo=BERLIN), datetime(2026, 3, 29, 4, tzinfo=BERLIN)).length == timedelta(hours=2)
    assert Span(datetime(2026, 10, 25, 1, tzinfo=BERLIN), datetime(2026, 10, 25, 4, tzinfo=BERLIN)).length == timedelta(hours=4)


def test_an_end_before_the_start_on_the_wall_may_still_be_after_it() -> None:
    twice = Span(datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN, fold=1))
    assert twice.length == timedelta(minutes=30)


@given(spans, spans)
def test_overlapping_is_sharing_a_minute(one: Span, other: Span) -> None:
    assert one.overlaps(other) == other.overlaps(one) == bool(covered([one]) & covered([other]))
    assert one.contains(other) == (covered([other]) <= covered([one]))


@given(lists)
def test_merging_keeps_the_covered_time_and_leaves_no_two_that_touch(some: list[Span]) -> None:
    result = merged(some)
    assert covered(result) == covered(some)
    assert all(one.ends_at < other.starts_at for one, other in pairwise(result))


@given(spans, lists)
def test_gaps_and_what_is_busy_make_up_the_window(window: Span, busy: list[Span]) -> None:
    free = list(gaps(window, busy))
    assert covered(free) == covered([window]) - covered(busy)
    assert merged(free) == free


@given(lists, lists)
def test_common_time_is_covered_by_both_sides(left: list[Span], right: list[Span]) -> None:
    assert covered(common(left, right)) == covered(left) & covered(right)


@given(spans, spans)
def test_what_lies_within_a_window_is_its_part_of_it(one: Span, window: Span) -> None:
    part = one.within(window)
    assert (covered([part]) if part else set()) == covered([one]) & covered([window])


@given(spans, st.integers(0, 90), st.integers(0, 90))
def test_buffers_widen_on_both_sides(one: Span, before: int, after: int) -> None:
    wide = one.widened(timedelta(minutes=before), timedelta(minutes=after))
    assert wide.contains(one) and wide.length == one.length + timedelta(minutes=before + after)
