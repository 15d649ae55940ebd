"""The verbs of the shelf and of the time bank."""

from __future__ import annotations

from app.swap.service.accounts import (
    AccountOpen,
    AlreadyCorrected,
    CannotLeave,
    GroupRequest,
    LimitPassed,
    NotAMember,
    correct_minutes,
    give_minutes,
    join,
    leave,
    open_house_accounts,
    thank_group,
)
from app.swap.service.hours import (
    HoursRequest,
    HoursSettled,
    book_hours,
    change_hours,
    confirm_hours,
    dispute_hours,
    drop_hours,
    grant_pot,
    remind_of_hours,
    settle_hours,
    stop_hours,
    wish_pot,
)
from app.swap.service.listings import (
    AlreadyAnswered,
    ListingClosed,
    ListingRequest,
    MatchOver,
    OwnListing,
    add_listing,
    agree_match,
    answer_listing,
    change_listing,
    decline_match,
    end_listing,
    end_match,
    forget_messages,
    lapse_listing,
    renew_listing,
    tell_of_end,
)
from app.swap.service.merging import guard_merging
from app.swap.service.shelf import (
    UNDO_WITHIN,
    ThingElsewhere,
    ThingRequest,
    TooManyThings,
    accept_thing,
    announce_thing,
    claim_thing,
    count_move,
    decline_thing,
    forget_takings,
    give_up_claim,
    lapse_claim,
    shelve_thing,
    sweep_things,
    take_thing,
    undo_move,
    withdraw_thing,
)

__all__ = [
    "UNDO_WITHIN", "AccountOpen", "AlreadyAnswered", "AlreadyCorrected", "CannotLeave", "GroupRequest", "HoursRequest",
    "HoursSettled", "LimitPassed", "ListingClosed", "ListingRequest", "MatchOver", "NotAMember", "OwnListing", "ThingElsewhere",
    "ThingRequest", "TooManyThings", "accept_thing", "add_listing", "agree_match", "announce_thing", "answer_listing",
    "book_hours", "change_hours", "change_listing", "claim_thing", "confirm_hours", "correct_minutes", "count_move",
    "decline_match", "decline_thing", "dispute_hours", "drop_hours", "end_listing", "end_match", "forget_messages",
    "forget_takings", "give_minutes", "give_up_claim", "grant_pot", "guard_merging", "join", "lapse_claim", "lapse_listing",
    "leave", "open_house_accounts", "remind_of_hours", "renew_listing", "settle_hours", "shelve_thing", "stop_hours",
    "sweep_things", "take_thing", "tell_of_end", "thank_group", "undo_move", "wish_pot", "withdraw_thing",
]  # fmt: skip
