"""What residents see without signing in: the catalogue, and one thing with its calendar. Never anybody's name."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Missing
from app.core.i18n import gettext, ngettext
from app.core.web import actor
from app.houses.queries import HouseCard
from app.houses.views import here
from app.library import policy, queries
from app.library.models import Piece, Thing
from app.library.queries import Asked, DayCell
from app.library.views.pages import asked_day, asked_id, asked_page, house, lent_thing, pages
from app.library.views.words import card_state, price_words, rules_of

ONE_WEEK = timedelta(days=7)
MOST_WEEKS_AHEAD = 12


@pages.get("/things", load=house, allow=policy.see_things)
def show_catalogue(house: HouseCard) -> Any:
    """All that is lent, by name; ``?q=`` looks for it, ``?class=``, ``?now=1`` and ``?free=1`` narrow it."""
    asked = Asked(
        request.args.get("q", "")[:200], asked_id("class"), request.args.get("now") == "1", request.args.get("free") == "1",
        asked_id("after"), asked_id("before"), asked_page(),
    )  # fmt: skip
    page = queries.catalogue(house.id, asked)
    kept = {
        "q": asked.text or None,
        "class": asked.class_id,
        "now": "1" if asked.now else None,
        "free": "1" if asked.free else None,
    }
    if asked.looks_for:
        ways: tuple[Any, Any] = ({"page": page.before} if page.before else None, {"page": page.after} if page.after else None)
    else:
        ways = ({"before": page.before} if page.before else None, {"after": page.after} if page.after else None)
    urls = [url_for("library.show_catalogue", **{**kept, **way}) if way else None for way in ways]
    return render_template(
        "library/show_catalogue.html",
        asked=asked,
        cards=[(card, card_state(card), price_words(card.tag)) for card in page.cards],
        total=page.total,
        classes=queries.classes(house.id),
        previous_url=urls[0],
        next_url=urls[1],
        narrowed=bool(asked.text or asked.class_id or asked.now or asked.free),
        may_keep=policy.keep_things(actor(), house),
    )


@pages.get("/things/<slug>", load=lent_thing, allow=policy.see_things)
def show_thing(thing: Thing) -> Any:
    """What it is, what it costs, and when it can be had: ``?from=`` begins the calendar at another week."""
    today = clock.today(i18n.zone())
    first = min(max(asked_day("from") or today, today), today + MOST_WEEKS_AHEAD * ONE_WEEK)
    weeks = queries.calendar_of(thing, first)
    tag = queries.price_tags([thing.id], today).get(thing.id, queries.PriceTag())
    photo = queries.photo(thing.photo_id)
    return render_template(
        "library/show_thing.html",
        thing=thing,
        price=price_words(tag),
        tag=tag,
        photo=photo,
        rules=rules_of(thing, thing.thing_class),
        parts=queries.parts_of(thing.id),
        donors=queries.donors_of(thing.id),
        weeks=[[_told(cell, today) for cell in week] for week in weeks],
        weekdays=[(i18n.day(cell.day, "EE"), i18n.day(cell.day, "EEEE")) for cell in weeks[0]],
        earlier=_week_url(thing, first - len(weeks) * ONE_WEEK) if first > today else None,
        later=_week_url(thing, first + len(weeks) * ONE_WEEK) if first < today + MOST_WEEKS_AHEAD * ONE_WEEK else None,
        any_free=any(cell.free for week in weeks for cell in week),
        waiting=queries.waiting_for(thing.id),
        may_keep=policy.keep_things(actor(), thing),
    )


def _week_url(thing: Thing, day: date) -> str:
    begin: dict[str, Any] = {"from": day.isoformat()}
    return url_for("library.show_thing", slug=thing.slug, **begin) + "#calendar"


def _told(cell: DayCell, today: date) -> tuple[DayCell, str, str]:
    """A day with its short and its full name: ``Donnerstag, 3. Dezember, 2 frei``."""
    full = i18n.day(cell.day, "EEEE, d. MMMM")
    short = i18n.day(cell.day, "d.M.") if cell.day.day == 1 else str(cell.day.day)
    if cell.free is None:
        return cell, short, i18n.together(full, gettext("closed") if cell.day >= today else gettext("over"))
    state = ngettext("one free", "%(num)d free", cell.free) if cell.free else gettext("nothing free")
    return cell, short, i18n.together(full, state)


def piece_here(number: str) -> Piece | None:
    place = here()
    return queries.piece_by_number(place.id, number) if place else None


@pages.get("/p/<number>", load=piece_here, allow=policy.see_piece)
def follow_label(piece: Piece) -> Any:
    """The code on a label: staff come to the piece, everybody else to the thing. Nothing about people is in it."""
    if policy.keep_things(actor(), piece):
        return redirect(url_for("library.show_piece", piece_id=piece.id))
    thing = queries.lent_thing(piece.house_id, piece.thing.slug)
    if thing is None:
        raise Missing
    return redirect(url_for("library.show_thing", slug=thing.slug))
