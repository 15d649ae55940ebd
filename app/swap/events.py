"""What can have happened at the shelf and in the time bank. What the journal must not know is marked as secret, or left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from app.core.events import Event

# The shelf: nobody is named but who announces. Claims are published by nobody.


@dataclass(frozen=True, kw_only=True)
class ThingEvent(Event):
    shelf_thing_id: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class ThingAnnounced(ThingEvent):
    """Somebody at home would like to bring it."""


@dataclass(frozen=True, kw_only=True)
class ThingShelved(ThingEvent):
    """It lies there now."""


@dataclass(frozen=True, kw_only=True)
class ThingDeclined(ThingEvent):
    """The house cannot take it."""

    giver_id: int | None = field(metadata={"secret": True})
    title: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ThingWithdrawn(ThingEvent):
    """It will not be brought."""


@dataclass(frozen=True, kw_only=True)
class ThingClaimed(ThingEvent):
    held_until: datetime | None
    """None: it is somebody else's turn first."""


@dataclass(frozen=True, kw_only=True)
class ClaimPassed(ThingEvent):
    """It is the turn of somebody who has waited."""

    claim_id: int = field(metadata={"secret": True})
    claimant_id: int = field(metadata={"secret": True})
    held_until: datetime


@dataclass(frozen=True, kw_only=True)
class ClaimGivenUp(ThingEvent):
    """By whoever had it."""


@dataclass(frozen=True, kw_only=True)
class ClaimLapsed(ThingEvent):
    """Nobody came."""


@dataclass(frozen=True, kw_only=True)
class ThingTaken(ThingEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class ThingSwept(ThingEvent):
    """To charity."""


@dataclass(frozen=True, kw_only=True)
class MoveCounted(Event):
    """A piece without a name came or went."""

    move_id: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class MoveUndone(Event):
    move_id: int
    kind: str


# The time bank


@dataclass(frozen=True, kw_only=True)
class MemberJoined(Event):
    account_id: int
    person_id: int
    gift_minutes: int


@dataclass(frozen=True, kw_only=True)
class MemberLeft(Event):
    """`balance_minutes` went to the pot, or, where it was a debt, to the community."""

    account_id: int
    person_id: int
    balance_minutes: int


@dataclass(frozen=True, kw_only=True)
class ListingEvent(Event):
    listing_id: int
    person_id: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class ListingPublished(ListingEvent):
    careful: bool
    lapses_on: date


@dataclass(frozen=True, kw_only=True)
class ListingChanged(ListingEvent):
    careful: bool


@dataclass(frozen=True, kw_only=True)
class ListingEnding(ListingEvent):
    """One of three notices before it lapses."""

    title: str
    notice: int
    lapses_on: date


@dataclass(frozen=True, kw_only=True)
class ListingRenewed(ListingEvent):
    lapses_on: date


@dataclass(frozen=True, kw_only=True)
class ListingLapsed(ListingEvent):
    title: str


@dataclass(frozen=True, kw_only=True)
class ListingEnded(ListingEvent):
    """By its owner, or by the desk; `with_account`: because the owner leaves."""

    title: str
    with_account: bool


@dataclass(frozen=True, kw_only=True)
class MatchEvent(Event):
    match_id: int
    listing_id: int
    owner_id: int
    answered_by_id: int
    title: str


@dataclass(frozen=True, kw_only=True)
class ListingAnswered(MatchEvent):
    message: str


@dataclass(frozen=True, kw_only=True)
class MatchAgreed(MatchEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class MatchDeclined(MatchEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class MatchEnded(MatchEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class HoursEvent(Event):
    """`asked_id` is who has to say yes."""

    hours_id: int
    giver_id: int
    taker_id: int
    asked_id: int
    time_minutes: int
    pot_minutes: int
    on_day: date


@dataclass(frozen=True, kw_only=True)
class HoursBooked(HoursEvent):
    accepts_itself_on: date


@dataclass(frozen=True, kw_only=True)
class HoursChanged(HoursEvent):
    """Other minutes; whoever is asked decides about those."""


@dataclass(frozen=True, kw_only=True)
class HoursReminded(HoursEvent):
    accepts_itself_on: date


@dataclass(frozen=True, kw_only=True)
class HoursAccepted(HoursEvent):
    unanswered: bool
    """Because nobody said anything for the days of the rule."""


@dataclass(frozen=True, kw_only=True)
class HoursStopped(HoursEvent):
    """An account would have passed its limit."""


@dataclass(frozen=True, kw_only=True)
class HoursDisputed(HoursEvent):
    reason: str


@dataclass(frozen=True, kw_only=True)
class HoursDropped(HoursEvent):
    reason: str


@dataclass(frozen=True, kw_only=True)
class PotWished(HoursEvent):
    """The taker wishes the social pot to pay a part."""


@dataclass(frozen=True, kw_only=True)
class PotGranted(HoursEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class MinutesGiven(Event):
    """To the social pot."""

    entry_id: int
    person_id: int
    time_minutes: int


@dataclass(frozen=True, kw_only=True)
class GroupThanked(Event):
    """Each of `people` was credited `time_minutes` from the community."""

    entry_id: int
    people: int
    time_minutes: int
    on_day: date


@dataclass(frozen=True, kw_only=True)
class MinutesCorrected(Event):
    """By counter-entries."""

    entry_id: int
    rows: int
    time_minutes: int
