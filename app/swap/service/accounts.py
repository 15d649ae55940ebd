"""Members, and the one place that moves minutes."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError

from app.core import clock, i18n
from app.core.db import Collision, session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.swap import queries
from app.swap.events import GroupThanked, ListingEnded, MatchEnded, MemberJoined, MemberLeft, MinutesCorrected, MinutesGiven
from app.swap.models import (
    AccountKind,
    EntryKind,
    Hours,
    HoursState,
    Listing,
    ListingState,
    Match,
    MatchState,
    Taken,
    TimeAccount,
    TimeEntry,
)
from app.swap.queries.accounts import reversals_of

STEP = 15
"""Minutes are booked in quarters of an hour."""
LONGEST = 24 * 60


class LimitPassed(Refusal):
    """An account would go below its floor or above its ceiling. `facts`: the account's id and which limit."""

    kind = "limit-passed"


class NotAMember(Refusal):
    kind = "not-a-member"
    message = _l("Only members of the time bank can do this. Joining costs nothing.")


class AccountOpen(Refusal):
    kind = "account-open"
    message = _l("There is a time account already. Nothing has been changed.")


class CannotLeave(Refusal):
    kind = "cannot-leave"
    message = _l("Some hours are not settled yet. Please settle them first; the desk helps.")


class AlreadyCorrected(Refusal):
    kind = "already-corrected"
    message = _l("This has been corrected already, or is itself a correction. Nothing has been changed.")


@dataclass(frozen=True)
class Step:
    """So many minutes from one account to another."""

    source: TimeAccount
    target: TimeAccount
    minutes: int
    reverses_id: int | None = None


def add_first(row: TimeAccount | Taken) -> None:
    """Insert what there may be only one of; raises `Collision` when somebody else did at this very moment."""
    session().add(row)
    try:
        session().flush()
    except IntegrityError as fault:
        raise Collision from fault


def open_house_accounts(house_id: int) -> tuple[TimeAccount, TimeAccount]:
    """The community's account and the social pot, made when they are first needed."""
    found = []
    for kind in (AccountKind.COMMUNITY, AccountKind.POT):
        account = queries.house_account(house_id, kind)
        if account is None:
            account = TimeAccount(house_id=house_id, kind=kind)
            add_first(account)
        found.append(account)
    return found[0], found[1]


def post(
    house_id: int,
    kind: EntryKind,
    steps: Sequence[Step],
    on_day: date,
    *,
    category: str = "",
    note: str = "",
    hours_id: int | None = None,
) -> list[TimeEntry]:
    """Move minutes in one act. Raises `LimitPassed` before anything is written; the database would refuse it as well."""
    changes: dict[int, int] = defaultdict(int)
    accounts: dict[int, TimeAccount] = {}
    for step in steps:
        changes[step.source.id] -= step.minutes
        changes[step.target.id] += step.minutes
        accounts |= {step.source.id: step.source, step.target.id: step.target}
    _set_limits(accounts.values())
    for account_id, change in changes.items():
        refuse_beyond_limits(accounts[account_id], change)
    act, now = secrets.token_hex(8), clock.now()
    entries = [
        TimeEntry(
            house_id=house_id, act=act, kind=kind, from_account_id=step.source.id, to_account_id=step.target.id, minutes=step.minutes,
            on_day=on_day, category=category, note=note, hours_id=hours_id, reverses_id=step.reverses_id, posted_at=now,
        )
        for step in steps
    ]  # fmt: skip
    session().add_all(entries)
    session().flush()
    for account in accounts.values():
        session().refresh(account, ["balance_minutes"])
    return entries


def _set_limits(accounts: Iterable[TimeAccount]) -> None:
    """The rule values of today; where somebody stands beyond a new one already, no further than where they are."""
    rules = queries.rules()
    for account in accounts:
        if account.kind == AccountKind.PERSON:
            account.floor_minutes = min(rules.floor_minutes, account.balance_minutes)
            account.ceiling_minutes = max(rules.ceiling_minutes, account.balance_minutes)
    session().flush()


def refuse_beyond_limits(account: TimeAccount, change: int) -> None:
    """Raises `LimitPassed`. Whose balance it is stays with them: the words name the limit, not where somebody stands."""
    if not account.is_open:
        raise NotAMember(_l("One of the two is not in the time bank any more. Nothing has been changed."))
    new = account.balance_minutes + change
    facts = {"account": account.id, "minutes": abs(change)}
    if account.kind == AccountKind.POT and new < 0:
        raise LimitPassed(_l("There are not enough minutes in the social pot for that."), limit="pot", **facts)
    if account.kind != AccountKind.PERSON:
        return
    name = account.person.name if account.person else ""
    if change < 0 and new < account.floor_minutes:
        text = gettext(
            "The account of %(name)s would fall below %(limit)s.", name=name, limit=i18n.duration(account.floor_minutes)
        )
        raise LimitPassed(text, limit="floor", **facts)
    if change > 0 and new > account.ceiling_minutes:
        text = gettext(
            "The account of %(name)s would rise above %(limit)s.", name=name, limit=i18n.duration(account.ceiling_minutes)
        )
        raise LimitPassed(text, limit="ceiling", **facts)


def check_minutes(minutes: int, field: str = "minutes") -> None:
    if not 0 < minutes <= LONGEST or minutes % STEP:
        raise Invalid({field: [_l("Please choose quarters of an hour, at most 24 hours.")]})


def check_day(day: date, field: str = "on_day") -> None:
    """Help is written down afterwards, and not a year later."""
    today = clock.today(i18n.zone())
    if day > today:
        raise Invalid({field: [_l("That day has not come yet. Hours are written down afterwards.")]})
    if (today - day).days > 366:
        raise Invalid({field: [_l("That is more than a year ago.")]})


# Members -----------------------------------------------------------------------------------------------------------


def join(house_id: int, person_id: int, by: Actor) -> TimeAccount:
    """An account with the start gift from the community. Who comes back finds the old account, without a second gift."""
    known = queries.account_of(house_id, person_id)
    if known is not None and known.is_open:
        raise AccountOpen
    community, _ = open_house_accounts(house_id)
    rules, gift = queries.rules(), 0
    if known is None:
        account = TimeAccount(
            house_id=house_id, kind=AccountKind.PERSON, person_id=person_id, floor_minutes=rules.floor_minutes,
            ceiling_minutes=rules.ceiling_minutes,
        )  # fmt: skip
        add_first(account)
        session().refresh(account, ["person"])
        gift = rules.start_minutes
        if gift:
            post(house_id, EntryKind.START, [Step(community, account, gift)], clock.today(i18n.zone()))
    else:
        account, known.closed_at, known.joined_at = known, None, clock.now()
        session().flush()
    publish(MemberJoined(house_id=house_id, by=by.person_id, account_id=account.id, person_id=person_id, gift_minutes=gift))
    return account


def leave(account: TimeAccount, by: Actor) -> int:
    """Credit goes to the social pot; what is owed the community carries, openly. Gives back the balance there was.

    Listings end, and with them everything agreed. Raises `CannotLeave` while hours wait for somebody.
    """
    if not account.is_open or account.person_id is None:
        raise NotAMember
    me = account.person_id
    waiting = Hours.state.in_((HoursState.BOOKED, HoursState.DISPUTED))
    mine = (Hours.house_id == account.house_id, or_(Hours.giver_id == me, Hours.taker_id == me))
    if session().scalar(select(Hours.id).where(*mine, waiting).limit(1)) is not None:
        raise CannotLeave
    for listing in session().scalars(_living_listings(account)).all():
        listing.state = ListingState.ENDED
        publish(
            ListingEnded(house_id=listing.house_id, by=by.person_id, listing_id=listing.id, person_id=me, kind=listing.kind,
                title=listing.title, with_account=True)
        )  # fmt: skip
    _end_matches(account, by)
    balance = account.balance_minutes
    community, pot = open_house_accounts(account.house_id)
    today = clock.today(i18n.zone())
    if balance > 0:
        post(account.house_id, EntryKind.LEAVING, [Step(account, pot, balance)], today)
    elif balance < 0:
        post(account.house_id, EntryKind.LEAVING, [Step(community, account, -balance)], today)
    account.closed_at = clock.now()
    session().flush()
    publish(
        MemberLeft(
            house_id=account.house_id, by=by.person_id, account_id=account.id, person_id=me, balance_minutes=balance
        )
    )  # fmt: skip
    return balance


def _living_listings(account: TimeAccount) -> Select[Listing]:
    return select(Listing).where(
        Listing.house_id == account.house_id, Listing.person_id == account.person_id, Listing.state != ListingState.ENDED
    )


def _end_matches(account: TimeAccount, by: Actor) -> None:
    me = account.person_id
    living = Match.state.in_((MatchState.ANSWERED, MatchState.AGREED))
    mine = select(Match).where(Match.house_id == account.house_id, living, or_(Match.owner_id == me, Match.answered_by_id == me))
    for match in session().scalars(mine).all():
        match.state, match.ended_at = MatchState.ENDED, clock.now()
        listing = session().get_one(Listing, match.listing_id)
        publish(
            MatchEnded(
                house_id=match.house_id, by=by.person_id, match_id=match.id, listing_id=match.listing_id, owner_id=match.owner_id,
                answered_by_id=match.answered_by_id, title=listing.title,
            )
        )  # fmt: skip


def give_minutes(account: TimeAccount, minutes: int, by: Actor) -> TimeEntry:
    """A gift to the social pot: out of what one has, never on credit."""
    if not account.is_open:
        raise NotAMember
    check_minutes(minutes)
    if minutes > account.balance_minutes:
        raise Invalid({"minutes": [_l("You can give what is on your account.")]})
    _, pot = open_house_accounts(account.house_id)
    (entry,) = post(account.house_id, EntryKind.GIFT, [Step(account, pot, minutes)], clock.today(i18n.zone()))
    assert account.person_id is not None
    publish(
        MinutesGiven(
            house_id=account.house_id, by=by.person_id, entry_id=entry.id, person_id=account.person_id, time_minutes=minutes
        )
    )  # fmt: skip
    return entry


@dataclass(frozen=True)
class GroupRequest:
    """Everybody who helped at one occasion, each with the same minutes."""

    house_id: int
    person_ids: Sequence[int]
    on_day: date
    minutes: int
    note: str
    category: str = ""


def thank_group(request: GroupRequest, by: Actor) -> list[TimeEntry]:
    """Credit each of them from the community account, all or nobody. Raises `LimitPassed` with the first whose account is too full."""
    check_minutes(request.minutes)
    check_day(request.on_day)
    wanted = list(dict.fromkeys(request.person_ids))
    found = queries.members(request.house_id, wanted)
    if not wanted or len(found) < len(wanted):
        raise Invalid({"people": [_l("Please choose members of the time bank.")]})
    community, _ = open_house_accounts(request.house_id)
    steps = [Step(community, found[person_id], request.minutes) for person_id in wanted]
    entries = post(
        request.house_id, EntryKind.GROUP, steps, request.on_day, category=request.category, note=request.note
    )  # fmt: skip
    publish(
        GroupThanked(
            house_id=request.house_id, by=by.person_id, entry_id=entries[0].id, people=len(entries), time_minutes=request.minutes,
            on_day=request.on_day,
        )
    )  # fmt: skip
    return entries


def correct_minutes(entry: TimeEntry, reason: str, by: Actor) -> list[TimeEntry]:
    """The whole act an entry belongs to, back again. Raises `AlreadyCorrected`, `LimitPassed`."""
    rows = queries.entries_of_act(entry.act)
    if entry.kind in (EntryKind.CORRECTION, EntryKind.MERGER) or reversals_of([row.id for row in rows]):
        raise AlreadyCorrected
    accounts: dict[int, TimeAccount] = {}
    for account_id in {row.from_account_id for row in rows} | {row.to_account_id for row in rows}:
        found = queries.account(account_id)
        assert found is not None
        accounts[account_id] = found
    steps = [Step(accounts[row.to_account_id], accounts[row.from_account_id], row.minutes, row.id) for row in rows]
    made = post(
        entry.house_id, EntryKind.CORRECTION, steps, clock.today(i18n.zone()), category=entry.category, note=reason,
        hours_id=entry.hours_id,
    )  # fmt: skip
    publish(
        MinutesCorrected(
            house_id=entry.house_id,
            by=by.person_id,
            entry_id=entry.id,
            rows=len(made),
            time_minutes=sum(row.minutes for row in made),
        )
    )
    return made
