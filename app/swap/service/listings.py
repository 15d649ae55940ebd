"""Offers and wishes, and how two people come together over one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.core import clock, i18n
from app.core.db import Collision, session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.folding import fold
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.swap import queries
from app.swap.events import (
    ListingAnswered,
    ListingChanged,
    ListingEnded,
    ListingEnding,
    ListingLapsed,
    ListingPublished,
    ListingRenewed,
    MatchAgreed,
    MatchDeclined,
    MatchEnded,
    MatchEvent,
)
from app.swap.models import CAREFUL, Category, Listing, ListingKind, ListingState, Match, MatchState
from app.swap.queries.listings import NOTICE_DAYS
from app.swap.service.accounts import NotAMember

E = TypeVar("E", bound=MatchEvent)

_NUMBER = re.compile(r"(?:\+|\b0)[\d\s/().-]{5,}\d")
_MAIL = re.compile(r"\S+@\S+\.\w+|\bhttps?://|\bwww\.", re.I)
_STREET = re.compile(r"(?:str(?:a(?:ß|ss)e|\.)|weg|platz|allee|gasse|ring|ufer)\s*(?:nr\.?\s*)?\d+", re.I)


class ListingClosed(Refusal):
    """An old offer is not written to."""

    kind = "listing-closed"
    message = _l("This offer or wish has ended. Nobody can answer it any more.")


class OwnListing(Refusal):
    kind = "own-listing"
    message = _l("This is your own.")


class AlreadyAnswered(Refusal):
    kind = "already-answered"
    message = _l("You have answered this already.")


class MatchOver(Refusal):
    kind = "match-over"
    message = _l("This has been decided already. Nothing has been changed.")


@dataclass(frozen=True)
class ListingRequest:
    """`not_a_living`: what is offered is not what the person lives on. `careful`: about care or children."""

    house_id: int
    person_id: int
    kind: str
    title: str
    about: str
    category: str
    languages: Sequence[str]
    not_a_living: bool
    careful: bool = False


def add_listing(request: ListingRequest, by: Actor) -> Listing:
    """An offer or a wish of a member, for the days of the rule. Raises `NotAMember`, `Invalid`."""
    account = queries.account_of(request.house_id, request.person_id)
    if account is None or not account.is_open:
        raise NotAMember
    _check(request)
    listing = Listing(
        house_id=request.house_id, person_id=request.person_id, kind=request.kind, title=request.title, about=request.about,
        folded=_folded(request), category=request.category, languages=list(request.languages), careful=_is_careful(request),
        lapses_on=clock.today(i18n.zone()) + timedelta(days=queries.rules().listing_days),
    )  # fmt: skip
    session().add(listing)
    session().flush()
    publish(
        ListingPublished(
            house_id=listing.house_id, by=by.person_id, listing_id=listing.id, person_id=listing.person_id, kind=listing.kind,
            careful=listing.careful, lapses_on=listing.lapses_on,
        )
    )  # fmt: skip
    return listing


def change_listing(listing: Listing, request: ListingRequest, by: Actor) -> None:
    """Other words; how long it stands does not change. Raises `ListingClosed`, `Invalid`."""
    if listing.state == ListingState.ENDED:
        raise ListingClosed
    _check(request)
    newly_careful = _is_careful(request) and not listing.careful
    listing.kind, listing.title, listing.about, listing.category = request.kind, request.title, request.about, request.category
    listing.languages, listing.careful, listing.folded = list(request.languages), _is_careful(request), _folded(request)
    session().flush()
    publish(
        ListingChanged(
            house_id=listing.house_id, by=by.person_id, listing_id=listing.id, person_id=listing.person_id, kind=listing.kind,
            careful=newly_careful,
        )
    )  # fmt: skip


def _check(request: ListingRequest) -> None:
    faults: dict[str, list[Any]] = {}
    for name in ("title", "about"):
        if reason := contact_in(getattr(request, name)):
            faults[name] = [reason]
    if request.kind not in set(ListingKind):
        faults["kind"] = [_l("Please choose one of these.")]
    if request.category not in set(Category):
        faults["category"] = [_l("Please choose one of these.")]
    if not request.languages or not set(request.languages) <= set(i18n.NAMES):
        faults["languages"] = [_l("Please choose at least one language.")]
    if request.kind == ListingKind.OFFER and not request.not_a_living:
        faults["not_a_living"] = [_l("What somebody lives on cannot be offered here.")]
    if faults:
        raise Invalid(faults)


def contact_in(text: str) -> Any:
    """Why these words cannot stand there: telephone, address of any kind. None when they can."""
    if _MAIL.search(text):
        return _l("Please leave out mail and web addresses. You both see how to reach each other once you agree.")
    if _NUMBER.search(text):
        return _l("Please leave out telephone numbers. You both see how to reach each other once you agree.")
    if _STREET.search(text):
        return _l("Please leave out the address. You both see how to reach each other once you agree.")
    return None


def _folded(request: ListingRequest) -> str:
    return fold(f"{request.title} {request.about}")


def _is_careful(request: ListingRequest) -> bool:
    return request.careful or request.category in CAREFUL


def renew_listing(listing: Listing, by: Actor) -> None:
    """Once more for the days of the rule; also when it has lapsed. Raises `ListingClosed` for one that its owner has ended."""
    if listing.state == ListingState.ENDED:
        raise ListingClosed
    account = queries.account_of(listing.house_id, listing.person_id)
    if account is None or not account.is_open:
        raise NotAMember
    listing.state, listing.notices = ListingState.OPEN, 0
    listing.lapses_on = clock.today(i18n.zone()) + timedelta(days=queries.rules().listing_days)
    session().flush()
    publish(
        ListingRenewed(
            house_id=listing.house_id, by=by.person_id, listing_id=listing.id, person_id=listing.person_id, kind=listing.kind,
            lapses_on=listing.lapses_on,
        )
    )  # fmt: skip


def end_listing(listing: Listing, by: Actor) -> None:
    """It is not shown any more; what two have agreed goes on."""
    if listing.state == ListingState.ENDED:
        raise ListingClosed
    listing.state = ListingState.ENDED
    session().flush()
    publish(
        ListingEnded(house_id=listing.house_id, by=by.person_id, listing_id=listing.id, person_id=listing.person_id, kind=listing.kind,
            title=listing.title, with_account=False)
    )  # fmt: skip


def tell_of_end(listing: Listing, by: Actor) -> bool:
    """The next of the three notices, where it is due; those missed meanwhile are not made up one by one."""
    today = clock.today(i18n.zone())
    left = (listing.lapses_on - today).days
    due = sum(left <= days for days in NOTICE_DAYS)
    if listing.state != ListingState.OPEN or left <= 0 or due <= listing.notices:
        return False
    listing.notices = due
    session().flush()
    publish(
        ListingEnding(
            house_id=listing.house_id, by=by.person_id, listing_id=listing.id, person_id=listing.person_id, kind=listing.kind,
            title=listing.title, notice=due, lapses_on=listing.lapses_on,
        )
    )  # fmt: skip
    return True


def lapse_listing(listing: Listing, by: Actor) -> bool:
    """Its time is over: not shown and not written to until its owner renews it."""
    if listing.state != ListingState.OPEN or listing.lapses_on > clock.today(i18n.zone()):
        return False
    listing.state = ListingState.LAPSED
    session().flush()
    publish(
        ListingLapsed(
            house_id=listing.house_id, by=by.person_id, listing_id=listing.id, person_id=listing.person_id, kind=listing.kind,
            title=listing.title,
        )
    )  # fmt: skip
    return True


# Matches -----------------------------------------------------------------------------------------------------------


def answer_listing(listing: Listing, message: str, by: Actor) -> Match:
    """Write to whoever listed it. Raises `ListingClosed`, `OwnListing`, `AlreadyAnswered`, `NotAMember`, `Invalid`."""
    if listing.state != ListingState.OPEN or listing.lapses_on <= clock.today(i18n.zone()):
        raise ListingClosed
    assert by.person_id is not None
    if listing.person_id == by.person_id:
        raise OwnListing
    account = queries.account_of(listing.house_id, by.person_id)
    if account is None or not account.is_open:
        raise NotAMember
    if queries.answerable(listing.id, by.person_id) is not None:
        raise AlreadyAnswered
    if reason := contact_in(message):
        raise Invalid({"message": [reason]})
    match = Match(
        house_id=listing.house_id, listing_id=listing.id, owner_id=listing.person_id, answered_by_id=by.person_id, message=message
    )
    session().add(match)
    try:
        session().flush()
    except IntegrityError as fault:  # the same answer from another window, at this very moment
        raise Collision from fault
    publish(_event(ListingAnswered, match, by, title=listing.title, message=message))
    return match


def agree_match(match: Match, by: Actor) -> None:
    """Now both have said yes, and see how to reach each other."""
    _decide(match, MatchState.AGREED)
    match.agreed_at = clock.now()
    session().flush()
    publish(_event(MatchAgreed, match, by))


def decline_match(match: Match, by: Actor) -> None:
    _decide(match, MatchState.DECLINED)
    match.ended_at = clock.now()
    session().flush()
    publish(_event(MatchDeclined, match, by))


def _decide(match: Match, state: MatchState) -> None:
    if match.state != MatchState.ANSWERED:
        raise MatchOver
    match.state = state


def end_match(match: Match, by: Actor) -> None:
    """Either of the two is done; nobody sees the other's contact any more."""
    if match.state not in (MatchState.ANSWERED, MatchState.AGREED):
        raise MatchOver
    match.state, match.ended_at = MatchState.ENDED, clock.now()
    session().flush()
    publish(_event(MatchEnded, match, by))


def _event(kind: type[E], match: Match, by: Actor, **more: str) -> E:
    title = more.pop("title", "") or session().scalar(select(Listing.title).where(Listing.id == match.listing_id)) or ""
    return kind(
        house_id=match.house_id, by=by.person_id, match_id=match.id, listing_id=match.listing_id, owner_id=match.owner_id,
        answered_by_id=match.answered_by_id, title=title, **more,
    )  # fmt: skip


def forget_messages(before: datetime) -> int:
    """What two wrote to each other is of no use once it is over: words of matches that ended before that are emptied."""
    over = (Match.ended_at < before, Match.message != "")
    count = session().scalar(select(func.count()).select_from(Match).where(*over)) or 0
    session().execute(update(Match).where(*over).values(message=""))
    return count
