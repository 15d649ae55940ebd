"""Offers and wishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import String, and_, cast, or_, select
from sqlalchemy.orm import joinedload

from app.core.db import session
from app.core.folding import fold, words
from app.swap.models import Listing, ListingState

SHOWN = 200
NOTICE_DAYS = (14, 7, 1)
"""How many days before a listing lapses its owner is told."""


@dataclass(frozen=True)
class ListingFilter:
    """Empty means all. `text` is words that must all be in it; ä, ae and a are one."""

    text: str = ""
    kind: str = ""
    category: str = ""
    language: str = ""


def listing(listing_id: int) -> Listing | None:
    return session().scalar(select(Listing).where(Listing.id == listing_id).options(joinedload(Listing.person)))


def listings(house_id: int, wanted: ListingFilter) -> list[Listing]:
    """What stands there now, the newest first. One statement."""
    query = select(Listing).where(Listing.house_id == house_id, Listing.state == ListingState.OPEN)
    for word in words(fold(wanted.text)):
        query = query.where(Listing.folded.contains(word, autoescape=True))
    if wanted.kind:
        query = query.where(Listing.kind == wanted.kind)
    if wanted.category:
        query = query.where(Listing.category == wanted.category)
    if wanted.language:
        query = query.where(cast(Listing.languages, String).contains(f'"{wanted.language}"', autoescape=True))
    return list(session().scalars(query.options(joinedload(Listing.person)).order_by(Listing.id.desc()).limit(SHOWN)))


def listings_of(house_id: int, person_id: int) -> list[Listing]:
    """Somebody's own that stand, and those that have lapsed and could be renewed."""
    mine = (Listing.house_id == house_id, Listing.person_id == person_id, Listing.state != ListingState.ENDED)
    return list(session().scalars(select(Listing).where(*mine).order_by(Listing.state.desc(), Listing.id.desc())))


def ending(today: date) -> list[int]:
    """Those whose next notice is due: 14, 7 and 1 day before they lapse."""
    due = or_(
        *(
            and_(Listing.notices <= number, Listing.lapses_on <= today + timedelta(days=days))
            for number, days in enumerate(NOTICE_DAYS)
        )
    )
    open_still = (Listing.state == ListingState.OPEN, Listing.lapses_on > today)
    return list(session().scalars(select(Listing.id).where(*open_still, due).order_by(Listing.id)))


def lapsed(today: date) -> list[int]:
    """Those whose time is over."""
    over = (Listing.state == ListingState.OPEN, Listing.lapses_on <= today)
    return list(session().scalars(select(Listing.id).where(*over).order_by(Listing.id)))
