"""When rooms are free, and what is nearest to a wish that cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.core import clock
from app.core.memory import recent, until_written
from app.core.spans import Span, common, gaps, merged
from app.occupancy import queries as occupancy
from app.offers import queries as offers
from app.offers.models import HoursKind
from app.rooms.queries.cards import RoomCard, rooms
from app.rooms.queries.days import day_window

MINUTE = timedelta(minutes=1)


def hours_of(card: RoomCard, day: offers.OpenDay) -> tuple[Span, ...]:
    """When `card` may be used on a day."""
    return day.desk if card.only_when_open else day.use


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


def free_by_room(cards: Sequence[RoomCard], first: date, days: int, zone: ZoneInfo) -> dict[int, list[Span]]:
    """Free spans of several rooms from `first` for `days` days, never in the past, cut at midnight; a constant number of queries.

    Kept until something is written: not to be changed by who gets it.
    """
    window = day_window(first, zone, days)
    begins = tuple(max(window.starts_at, soonest(card, zone)) for card in cards)
    if not cards or min(begins) >= window.ends_at:
        return {card.id: [] for card in cards}
    asked = ("free", tuple(card.id for card in cards), begins, days)
    return until_written(
        asked, lambda: _free_by_room(cards, begins, window, [first + timedelta(days=each) for each in range(days)], zone)
    )


def _free_by_room(
    cards: Sequence[RoomCard], begins: Sequence[datetime], window: Span, days: Sequence[date], zone: ZoneInfo
) -> dict[int, list[Span]]:
    open_days = list(offers.open_days(cards[0].house_id, days[0], days[-1], zone).values())
    margin = max(card.before + card.after for card in cards)
    found = occupancy.found_busy(
        {part for card in cards for part in card.parts}, Span(min(begins), window.ends_at).widened(margin, margin)
    )

    def cut() -> dict[int, list[Span]]:
        busy = occupancy.spans_held(found)
        each_day = [day_window(day, zone) for day in days]
        return {
            card.id: _cut(_free(card, Span(since, window.ends_at), open_days, busy), each_day) if since < window.ends_at else []
            for card, since in zip(cards, begins, strict=True)
        }

    return recent("pieces", ("free", tuple(cards), tuple(begins), tuple(open_days), found.rows), cut)


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
