"""Offers, wishes, and how two people come together over one."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core import clock, i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.people import queries as people
from app.people.models import Person
from app.swap import policy, queries, service
from app.swap.forms import AnswerForm, FilterForm, ListingForm
from app.swap.models import Listing, Match
from app.swap.views.pages import house, my_account, pages, words


@pages.get("/time", load=house, allow=policy.see_listings)
def show_listings(house: HouseCard) -> Any:
    """What neighbours offer and wish for, narrowed by words, field and language."""
    form = FilterForm(request.args)
    return render_template(
        "swap/show_listings.html",
        form=form,
        lines=queries.listings(house.id, form.filter()),
        narrowed=any(request.args.get(name) for name in ("q", "kind", "category", "language")),
        account=my_account(house.id),
        house_card=house,
        **words(),
    )


def _for_whom(house: HouseCard) -> Person | None:
    """The reader; at the desk whoever stands in the address or the form."""
    who, text = actor(), request.values.get("for", "")
    if policy.run_time_bank(who, house) and text.isascii() and text.isdigit() and len(text) < 10:
        return people.person(int(text))
    return people.person(who.person_id or 0)


@pages.get("/time/new", load=house, allow=policy.add_listing)
def show_listing_form(house: HouseCard) -> Any:
    who = _for_whom(house)
    form = ListingForm(kind=request.args.get("kind"), languages=[who.language] if who else [])
    return _listing_page(house, form)


@pages.post("/time/new", load=house, allow=policy.add_listing)
def add_listing(house: HouseCard) -> Any:
    """For oneself; the desk also on behalf of somebody."""
    form, who = ListingForm(request.form), _for_whom(house)
    if who is None or not form.validate():
        return _listing_page(house, form), 422
    try:
        listing = service.add_listing(form.request(house.id, who.id), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _listing_page(house, form), refusal.status
    except Refusal as refusal:
        return _listing_page(house, form, refusal=refusal), refusal.status
    say(gettext("It stands there until %(day)s.", day=i18n.day(listing.lapses_on)))
    return see_other("swap.show_listing", listing_id=listing.id)


@pages.get("/time/listings/<int:listing_id>/change", load=queries.listing, allow=policy.change_listing)
def show_change_listing_form(listing: Listing) -> Any:
    form = ListingForm()
    form.show(listing)
    return _listing_page(listing, form, listing)


@pages.post("/time/listings/<int:listing_id>/change", load=queries.listing, allow=policy.change_listing)
def change_listing(listing: Listing) -> Any:
    form = ListingForm(request.form)
    if not form.validate():
        return _listing_page(listing, form, listing), 422
    try:
        service.change_listing(listing, form.request(listing.house_id, listing.person_id), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _listing_page(listing, form, listing), refusal.status
    say(gettext("Changed."))
    return see_other("swap.show_listing", listing_id=listing.id)


def _listing_page(place: Any, form: ListingForm, listing: Listing | None = None, refusal: Refusal | None = None) -> str:
    """`place` has the house: itself, or the listing that is changed."""
    who = listing.person if listing else _for_whom(place)
    other = who if who is not None and who.id != actor().person_id else None
    return render_template(
        "swap/edit_listing.html", form=form, listing=listing, other=other, refusal=refusal, days=queries.rules().listing_days
    )


@pages.get("/time/listings/<int:listing_id>", load=queries.listing, allow=policy.see_listings)
def show_listing(listing: Listing) -> Any:
    return _show(listing, AnswerForm())


def _show(listing: Listing, form: AnswerForm, refusal: Refusal | None = None) -> str:
    who = actor()
    mine = listing.person_id == who.person_id
    open_still = listing.state == "open" and listing.lapses_on > clock.today(i18n.zone())
    account = my_account(listing.house_id)
    return render_template(
        "swap/show_listing.html",
        listing=listing,
        form=form,
        refusal=refusal,
        open_still=open_still,
        own=mine,
        may_change=policy.change_listing(who, listing),
        answered=queries.answerable(listing.id, who.person_id) if who.person_id and not mine else None,
        account=account,
        **words(),
    )


@pages.post("/time/listings/<int:listing_id>/answer", load=queries.listing, allow=policy.answer_listing)
def answer_listing(listing: Listing) -> Any:
    """Write to whoever listed it; contact is shown to nobody yet."""
    form = AnswerForm(request.form)
    if not form.validate():
        return _show(listing, form), 422
    try:
        match = service.answer_listing(listing, form.message.data or "", actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _show(listing, form), refusal.status
    except Refusal as refusal:
        return _show(listing, form, refusal), refusal.status
    say(gettext("Sent. As soon as the other one agrees, you both see how to reach each other."))
    return see_other("swap.show_match", match_id=match.id)


@pages.post("/time/listings/<int:listing_id>/renew", load=queries.listing, allow=policy.renew_listing)
def renew_listing(listing: Listing) -> Any:
    """One tap."""
    service.renew_listing(listing, actor())
    say(gettext("It stands there until %(day)s.", day=i18n.day(listing.lapses_on)))
    return see_other("swap.show_listing", listing_id=listing.id)


@pages.post("/time/listings/<int:listing_id>/end", load=queries.listing, allow=policy.end_listing)
def end_listing(listing: Listing) -> Any:
    service.end_listing(listing, actor())
    say(gettext("It is not shown any more: %(title)s", title=listing.title))
    return see_other("swap.show_listings")


# Matches -----------------------------------------------------------------------------------------------------------


@pages.get("/time/matches/<int:match_id>", load=queries.match, allow=policy.see_match)
def show_match(match: Match) -> Any:
    """What two have to do with each other; how to reach the other one only while both agree."""
    who = actor()
    side = who.person_id if policy.one_of_both(who, match) else None
    return render_template(
        "swap/show_match.html",
        match=match,
        other=match.other(side) if side else None,
        agreed=match.state == "agreed",
        living=match.state in ("answered", "agreed"),
        may_decide=match.state == "answered" and policy.decide_match(who, match),
        may_book=match.agreed_at is not None and policy.book_hours(who, match) and side is not None,
        **words(),
    )


@pages.post("/time/matches/<int:match_id>/agree", load=queries.match, allow=policy.decide_match)
def agree_match(match: Match) -> Any:
    service.agree_match(match, actor())
    say(gettext("Agreed. You both see now how to reach each other."))
    return see_other("swap.show_match", match_id=match.id)


@pages.post("/time/matches/<int:match_id>/decline", load=queries.match, allow=policy.decide_match)
def decline_match(match: Match) -> Any:
    service.decline_match(match, actor())
    say(gettext("Declined. The other one is told in a friendly way."))
    return see_other("swap.show_match", match_id=match.id)


@pages.post("/time/matches/<int:match_id>/end", load=queries.match, allow=policy.end_match)
def end_match(match: Match) -> Any:
    service.end_match(match, actor())
    say(gettext("Ended. Nobody sees the other one's contact any more."))
    return see_other("swap.show_match", match_id=match.id)
