"""Matches, and hours that wait for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from app.core.db import session
from app.swap.models import Hours, HoursState, Match, MatchState

SHOWN = 100
_BOTH = (joinedload(Match.listing), joinedload(Match.owner), joinedload(Match.answered_by))
_SIDES = (joinedload(Hours.giver), joinedload(Hours.taker))


def match(match_id: int) -> Match | None:
    return session().scalar(select(Match).where(Match.id == match_id).options(*_BOTH))


def matches_of(house_id: int, person_id: int) -> list[Match]:
    """Somebody's that are answered or agreed, and the latest of the others."""
    mine = (Match.house_id == house_id, or_(Match.owner_id == person_id, Match.answered_by_id == person_id))
    living = Match.state.in_((MatchState.ANSWERED, MatchState.AGREED))
    query = select(Match).where(*mine).options(*_BOTH).order_by(living.desc(), Match.id.desc()).limit(SHOWN)
    return list(session().scalars(query))


def answerable(listing_id: int, person_id: int) -> Match | None:
    """The match this person has with that listing already."""
    living = Match.state.in_((MatchState.ANSWERED, MatchState.AGREED))
    mine = (Match.listing_id == listing_id, Match.answered_by_id == person_id, living)
    return session().scalar(select(Match).where(*mine))


def hours(hours_id: int) -> Hours | None:
    return session().scalar(select(Hours).where(Hours.id == hours_id).options(*_SIDES))


def hours_of(house_id: int, person_id: int) -> list[Hours]:
    """Somebody's that are not settled, the newest first."""
    mine = (Hours.house_id == house_id, or_(Hours.giver_id == person_id, Hours.taker_id == person_id))
    open_still = Hours.state.in_((HoursState.BOOKED, HoursState.DISPUTED))
    return list(session().scalars(select(Hours).where(*mine, open_still).options(*_SIDES).order_by(Hours.id.desc())))


def unsettled(house_id: int) -> list[Hours]:
    """For the desk: disputed ones first, then those that wait, the oldest first."""
    open_still = (Hours.house_id == house_id, Hours.state.in_((HoursState.BOOKED, HoursState.DISPUTED)))
    query = select(Hours).where(*open_still).options(*_SIDES).order_by(Hours.state.desc(), Hours.id).limit(SHOWN)
    return list(session().scalars(query))


def to_remind(booked_before: datetime) -> Sequence[int]:
    """Booked before that, and nobody has been reminded."""
    waiting = (Hours.state == HoursState.BOOKED, Hours.booked_at <= booked_before, Hours.reminded_at.is_(None))
    return session().scalars(select(Hours.id).where(*waiting).order_by(Hours.id)).all()


def to_answer_by_itself(booked_before: datetime, reminded_before: datetime) -> Sequence[int]:
    """Nobody has said anything for so long, although they were reminded; those that could not be accepted are left out."""
    waiting = (
        Hours.state == HoursState.BOOKED, Hours.booked_at <= booked_before, Hours.reminded_at <= reminded_before,
        Hours.stopped_at.is_(None),
    )  # fmt: skip
    return session().scalars(select(Hours.id).where(*waiting).order_by(Hours.id)).all()
