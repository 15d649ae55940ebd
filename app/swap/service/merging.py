"""Two records of one person become one: what the shelf and the time bank have to put in order before."""

from __future__ import annotations

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import joinedload

from app.core import clock, i18n
from app.core.db import session
from app.core.policy import Actor
from app.swap import queries
from app.swap.models import Claim, EntryKind, Hours, HoursState, Match, MatchState, TimeAccount
from app.swap.service.accounts import Step, post
from app.swap.service.hours import drop_hours
from app.swap.service.listings import end_match


def guard_merging(person_id: int, duplicate_id: int, by: Actor) -> None:
    """Nobody helps themselves, one person has one account, and one claim on a thing. Raises `LimitPassed`."""
    _part_from_oneself(person_id, duplicate_id, by)
    _join_claims(person_id, duplicate_id)
    _join_matches(person_id, duplicate_id)
    _join_accounts(person_id, duplicate_id)


def _part_from_oneself(one: int, other: int, by: Actor) -> None:
    unsettled = Hours.state.in_((HoursState.BOOKED, HoursState.DISPUTED))
    between = or_(and_(Hours.giver_id == one, Hours.taker_id == other), and_(Hours.giver_id == other, Hours.taker_id == one))
    for hours in session().scalars(select(Hours).where(unsettled, between)).all():
        drop_hours(hours, "", by)
    living = Match.state.in_((MatchState.ANSWERED, MatchState.AGREED))
    both = or_(
        and_(Match.owner_id == one, Match.answered_by_id == other), and_(Match.owner_id == other, Match.answered_by_id == one)
    )
    for match in session().scalars(select(Match).where(living, both)).all():
        end_match(match, by)


def _join_claims(person_id: int, duplicate_id: int) -> None:
    """Where both want a thing, the claim whose turn it is stays."""
    kept = {each.thing_id: each for each in session().scalars(select(Claim).where(Claim.person_id == person_id))}
    for theirs in session().scalars(select(Claim).where(Claim.person_id == duplicate_id)).all():
        own = kept.get(theirs.thing_id)
        if own is not None:
            session().delete(own if theirs.held_until is not None else theirs)
    session().flush()


def _join_matches(person_id: int, duplicate_id: int) -> None:
    """Hours keep a match to belong to where both have answered the same listing: only one of the two answers stays."""
    kept = {each.listing_id: each.id for each in session().scalars(select(Match).where(Match.answered_by_id == person_id))}
    for theirs in session().scalars(select(Match).where(Match.answered_by_id == duplicate_id)).all():
        if theirs.listing_id in kept:
            session().execute(update(Hours).where(Hours.match_id == theirs.id).values(match_id=kept[theirs.listing_id]))


def _join_accounts(person_id: int, duplicate_id: int) -> None:
    theirs = select(TimeAccount).where(TimeAccount.person_id == duplicate_id).options(joinedload(TimeAccount.person))
    for old in session().scalars(theirs).all():
        kept = queries.account_of(old.house_id, person_id)
        if kept is None:
            continue
        if old.is_open:
            kept.closed_at = None
        if old.balance_minutes:
            minutes = old.balance_minutes
            step = Step(old, kept, minutes) if minutes > 0 else Step(kept, old, -minutes)
            post(old.house_id, EntryKind.MERGER, [step], clock.today(i18n.zone()))
        old.person_id, old.closed_at = None, clock.now()
        session().flush()
