"""What is booked and what is free: the day of all rooms, the week of one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import render_template, request

from app.core import clock, i18n
from app.core.i18n import gettext, ngettext
from app.core.web import actor, kept_page
from app.houses.queries import HouseCard
from app.offers import queries as offers
from app.people import queries as people
from app.rooms import policy, queries
from app.rooms.models import Feature
from app.rooms.queries import RoomCard
from app.rooms.views import grid
from app.rooms.views.pages import house, id_in, pages, room, wanted_day
from app.rooms.views.words import class_words, feature_words, price_words

ONE_DAY = timedelta(days=1)


@pages.get("/rooms", load=house, allow=policy.see_rooms)
def show_day(house: HouseCard) -> Any:
    """All rooms on one day, drawn anew when something on it has changed."""
    zone = i18n.zone()
    day = wanted_day(zone)
    window = queries.day_window(day, zone)
    cards = queries.rooms(house.id)
    if not cards:
        return render_template("rooms/no_rooms.html", house=house, may_manage=policy.manage_rooms(actor(), house))
    today = clock.today(zone)
    present = (day == today, _half_hour() if day == today else day < today)
    open_day = offers.open_days(house.id, day, day, zone)[day]
    on_behalf = people.person(id_in(request.args.get("for", "")) or 0) if policy.manage_bookings(actor(), house) else None
    customer = (on_behalf.id, on_behalf.name) if on_behalf else None
    found = queries.standing(cards, window)
    reader = actor().person_id if found.is_booked_for(actor().person_id) else None

    def values() -> dict[str, Any]:
        return {
            "day": day,
            "today": today,
            "day_words": i18n.day(day),
            "open_day": open_day,
            "grid": grid.day_grid(found, open_day, window, actor(), zone, on_behalf.id if on_behalf else None),
            "before": day - ONE_DAY,
            "after": day + ONE_DAY,
            "on_behalf": on_behalf,
            "as_table": request.args.get("as") == "table",
        }

    return kept_page("rooms/show_day.html", (day, present, open_day, customer, found.cards, found.rows, reader), values)


@pages.get("/rooms/<slug>", load=room, allow=policy.see_rooms)
def show_room(card: RoomCard) -> Any:
    """One room: what it is, and its week."""
    zone = i18n.zone()
    day = wanted_day(zone)
    monday = day - timedelta(days=day.weekday())
    window = queries.day_window(monday, zone, 7)
    today = clock.today(zone)
    days = [monday + timedelta(days=index) for index in range(7)]
    open_days = offers.open_days(card.house_id, days[0], days[-1], zone)
    rooms, prices = tuple(queries.rooms(card.house_id)), _price_lines(card, today)
    found = queries.standing([card], window)
    reader = actor().person_id if found.is_booked_for(actor().person_id) else None

    def values() -> dict[str, Any]:
        windows = {each: queries.day_window(each, zone) for each in days}
        return {
            "room": card,
            "week": grid.room_week(card, found.of(card), [open_days[each] for each in days], windows, actor(), zone),
            "monday": monday,
            "sunday": days[-1],
            "before": monday - timedelta(days=7),
            "after": monday + timedelta(days=7),
            "features": feature_words(card.features),
            "prices": prices,
            "may_manage": policy.manage_rooms(actor(), card),
            "may_import": policy.import_calendar(actor(), card),
            "others": [other for other in rooms if other.id != card.id],
        }

    present = int(clock.now().timestamp()) // 60 if today in days else 0  # free time begins at the next step that is still ahead
    state = (monday, today, present, tuple(open_days.values()), rooms, prices, found.cards, found.rows, reader)
    return kept_page("rooms/show_room.html", state, values)


@pages.get("/rooms/find", load=house, allow=policy.see_rooms)
def find_room(house: HouseCard) -> Any:
    """When does it fit: rooms for so many people with these features, and their free times on a day."""
    zone = i18n.zone()
    day = max(wanted_day(zone), clock.today(zone))
    people = _number("people", 1, 10_000, 10)
    minutes = _number("minutes", 15, 24 * 60, 120)
    wanted = [feature for feature in Feature if feature in request.args.getlist("feature")]
    answers = finder(house, day, people, minutes, wanted)
    state = (day, tuple((each["room"], each["words"], each["reason"], each["later"]) for each in answers))
    return kept_page(
        "rooms/find_room.html",
        state,
        lambda: {
            "answers": answers,
            "day": day,
            "day_words": i18n.day(day),
            "people": people,
            "minutes": minutes,
            "wanted": wanted,
            "choices": list(zip(Feature, feature_words(Feature), strict=True)),
            "lengths": [(each, i18n.duration(each)) for each in (30, 60, 90, 120, 180, 240, 360, 480)],
        },
    )


def finder(house: HouseCard, day: Any, people: int, minutes: int, wanted: list[Feature]) -> list[dict[str, Any]]:
    """Every room with its free times, or with the reason why not and the nearest yes. A constant number of queries."""
    zone = i18n.zone()
    cards = queries.rooms(house.id)
    length = timedelta(minutes=minutes)
    free = queries.free_by_room(cards, day, 1, zone)
    fitting = {card.id: [span for span in free[card.id] if span.length >= length] for card in cards}
    suiting = [card for card in cards if card.capacity >= people and set(wanted) <= set(card.features)]
    later = queries.free_by_room([card for card in suiting if not fitting[card.id]], day + ONE_DAY, 7, zone)
    words = dict(zip(wanted, feature_words(wanted), strict=True))
    answers = []
    for card in cards:
        missing = [word for feature, word in words.items() if feature not in card.features]
        today = fitting[card.id]
        reason = ""
        if card.capacity < people:
            reason = ngettext("only for one person", "only for %(num)d people", card.capacity)
        elif missing:
            reason = gettext("without: %(features)s", features=i18n.together(*missing))
        elif minutes > card.max_minutes:
            reason = gettext("at most %(length)s at a time", length=i18n.duration(card.max_minutes))
        elif not today:
            reason = gettext("nothing free for that long on this day")
        answers.append(
            {
                "room": card,
                "spans": [] if reason else today,
                "words": "" if reason else i18n.together(*(i18n.hours(span.starts_at, span.ends_at) for span in today)),
                "reason": reason,
                "later": next((span for span in later.get(card.id, ()) if span.length >= length), None) if reason else None,
            }
        )
    return sorted(answers, key=lambda answer: (bool(answer["reason"]), answer["room"].capacity))


def _number(name: str, least: int, most: int, usual: int) -> int:
    try:
        return min(most, max(least, int(request.args.get(name, ""))))
    except ValueError:
        return usual


def _half_hour() -> int:
    """Changes when the line for *now* and the first free slot move on."""
    return int(clock.now().timestamp()) // 1800


def _price_lines(card: RoomCard, today: date) -> tuple[tuple[str, str], ...]:
    prices = offers.prices(card.house_id, card.tariff_code, today)
    return tuple((word, price_words(prices[code])) for code, word in class_words() if code in prices)
