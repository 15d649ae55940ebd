"""Questions about the shelf, the accounts and the listings."""

from __future__ import annotations

from app.swap.queries.accounts import (
    AccountLine,
    HistoryLine,
    Ways,
    account,
    account_of,
    accounts,
    entries_of_act,
    entry,
    faults,
    house_account,
    members,
    moved,
    ways_out,
)
from app.swap.queries.hours import (
    answerable,
    hours,
    hours_of,
    match,
    matches_of,
    to_answer_by_itself,
    to_remind,
    unsettled,
)
from app.swap.queries.listings import ListingFilter, ending, lapsed, listing, listings, listings_of
from app.swap.queries.rules import Rules, rules
from app.swap.queries.shelf import (
    MonthLine,
    Pressing,
    ShelfLine,
    announced,
    announced_by,
    claim,
    claims_of,
    closing_of_next_open_day,
    held,
    lapsing,
    lying,
    months,
    move,
    moves_on,
    old_announcements,
    pressing,
    taken_in,
    thing,
    to_sweep,
)

__all__ = [
    "AccountLine", "HistoryLine", "ListingFilter", "MonthLine", "Pressing", "Rules", "ShelfLine", "Ways", "account", "account_of",
    "accounts", "announced", "announced_by", "answerable", "claim", "claims_of", "closing_of_next_open_day", "ending",
    "entries_of_act", "entry", "faults", "held", "hours", "hours_of", "house_account", "lapsed", "lapsing", "listing", "listings",
    "listings_of", "lying", "match", "matches_of", "members", "months", "move", "moved", "moves_on", "old_announcements", "pressing",
    "rules", "taken_in", "thing", "to_answer_by_itself", "to_remind", "to_sweep", "unsettled", "ways_out",
]  # fmt: skip
