"""Accounts, their entries, and how far they may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from app.core.check import Progress
from app.core.db import session
from app.core.folding import fold, words
from app.people.models import Person
from app.swap.models import AccountKind, Hours, TimeAccount, TimeEntry

SHOWN = 200


def account(account_id: int) -> TimeAccount | None:
    return session().scalar(select(TimeAccount).where(TimeAccount.id == account_id).options(joinedload(TimeAccount.person)))


def account_of(house_id: int, person_id: int | None) -> TimeAccount | None:
    """Somebody's account, also a closed one."""
    if person_id is None:
        return None
    mine = (TimeAccount.house_id == house_id, TimeAccount.person_id == person_id)
    return session().scalar(select(TimeAccount).where(*mine).options(joinedload(TimeAccount.person)))


def house_account(house_id: int, kind: AccountKind) -> TimeAccount | None:
    return session().scalar(select(TimeAccount).where(TimeAccount.house_id == house_id, TimeAccount.kind == kind.value))


def members(house_id: int, person_ids: list[int]) -> Mapping[int, TimeAccount]:
    """The open accounts of these people, by person. One statement."""
    wanted = select(TimeAccount).where(
        TimeAccount.house_id == house_id, TimeAccount.person_id.in_(person_ids), TimeAccount.closed_at.is_(None)
    )
    found = session().scalars(wanted.options(joinedload(TimeAccount.person)))
    return {each.person_id: each for each in found if each.person_id is not None}


@dataclass(frozen=True)
class AccountLine:
    """An account in the desk's list."""

    id: int
    person_id: int
    name: str
    balance_minutes: int
    floor_minutes: int
    ceiling_minutes: int


def accounts(house_id: int, text: str = "") -> list[AccountLine]:
    """The open accounts of people by name; `text` is any parts of it. One statement."""
    wanted = (
        select(
            TimeAccount.id, Person.id, Person.given_name, Person.family_name,
            TimeAccount.balance_minutes, TimeAccount.floor_minutes, TimeAccount.ceiling_minutes,
        )
        .join(TimeAccount.person)
        .where(TimeAccount.house_id == house_id, TimeAccount.closed_at.is_(None))
    )  # fmt: skip
    for word in words(fold(text)):
        wanted = wanted.where(Person.sort_name.contains(word, autoescape=True))
    rows = session().execute(wanted.order_by(Person.sort_name, Person.id))
    return [AccountLine(number, person, f"{given} {family}".strip(), *rest) for number, person, given, family, *rest in rows]


@dataclass(frozen=True)
class HistoryLine:
    """An entry from one account's side: `minutes` is signed, `other` the other side's name, empty for the house's accounts."""

    entry: TimeEntry
    minutes: int
    other_kind: str
    other: str
    reversed: bool


def moved(account: TimeAccount, limit: int = SHOWN) -> list[HistoryLine]:
    """What moved on an account, the newest first. Three statements."""
    own = account.id
    found = list(
        session().scalars(
            select(TimeEntry)
            .where(or_(TimeEntry.from_account_id == own, TimeEntry.to_account_id == own))
            .order_by(TimeEntry.id.desc())
            .limit(limit)
        )
    )
    others = {each.to_account_id if each.from_account_id == own else each.from_account_id for each in found}
    people = select(TimeAccount.id, TimeAccount.kind, Person.given_name, Person.family_name).outerjoin(TimeAccount.person)
    names = {
        row.id: (row.kind, f"{row.given_name or ''} {row.family_name or ''}".strip())
        for row in session().execute(people.where(TimeAccount.id.in_(others)))
    }
    undone = set(session().scalars(select(TimeEntry.reverses_id).where(TimeEntry.reverses_id.in_([each.id for each in found]))))
    lines = []
    for each in found:
        gained = each.to_account_id == own
        kind, name = names[each.from_account_id if gained else each.to_account_id]
        lines.append(HistoryLine(each, each.minutes if gained else -each.minutes, kind, name, each.id in undone))
    return lines


def entry(entry_id: int) -> TimeEntry | None:
    return session().get(TimeEntry, entry_id)


def entries_of_act(act: str) -> list[TimeEntry]:
    return list(session().scalars(select(TimeEntry).where(TimeEntry.act == act).order_by(TimeEntry.id)))


def reversals_of(entry_ids: list[int]) -> int:
    """How many of these entries have been corrected."""
    return session().scalar(select(func.count()).where(TimeEntry.reverses_id.in_(entry_ids))) or 0


@dataclass(frozen=True)
class Ways:
    """Why hours cannot be accepted as they are, and what would go. Minutes are in steps of 15."""

    taker_lacks: int
    """How many minutes the taker's account is short of."""
    giver_too_full: int
    """By how many minutes the giver's account would pass the ceiling."""
    pot_lacks: int
    possible: int
    """The most that could be accepted as it stands."""
    pot_could_pay: int
    """What the pot would have to pay so that all of it goes; 0 where it cannot."""

    @property
    def blocked(self) -> bool:
        return bool(self.taker_lacks or self.giver_too_full or self.pot_lacks)


def ways_out(hours: Hours) -> Ways | None:
    """None for hours that are settled, or where one of the two has left. Two statements."""
    if not hours.is_unsettled:
        return None
    both = members(hours.house_id, [hours.giver_id, hours.taker_id])
    giver, taker = both.get(hours.giver_id), both.get(hours.taker_id)
    pot = house_account(hours.house_id, AccountKind.POT)
    if giver is None or taker is None or pot is None:
        return None
    own_part = hours.minutes - hours.pot_minutes
    can_pay = max(0, taker.balance_minutes - taker.floor_minutes)
    can_get = max(0, giver.ceiling_minutes - giver.balance_minutes)
    lacks = max(0, own_part - can_pay)
    needed = -(-lacks // 15) * 15 + hours.pot_minutes
    return Ways(
        taker_lacks=lacks,
        giver_too_full=max(0, hours.minutes - can_get),
        pot_lacks=max(0, hours.pot_minutes - pot.balance_minutes),
        possible=min(hours.minutes, can_pay + min(hours.pot_minutes, pot.balance_minutes), can_get) // 15 * 15,
        pot_could_pay=needed if lacks and needed <= min(pot.balance_minutes, hours.minutes) else 0,
    )


def faults() -> Iterator[str | Progress]:
    """What is wrong with the time bank: sums that are not zero, kept balances that are not the sum of their entries."""
    came = select(TimeEntry.to_account_id.label("account"), func.sum(TimeEntry.minutes).label("minutes")).group_by("account")
    went = select(TimeEntry.from_account_id.label("account"), -func.sum(TimeEntry.minutes).label("minutes")).group_by("account")
    sums: dict[int, int] = {}
    for query in (came, went):
        for account_id, minutes in session().execute(query):
            sums[account_id] = sums.get(account_id, 0) + int(minutes)
    kept: dict[int, int] = {
        row.id: row.balance_minutes for row in session().execute(select(TimeAccount.id, TimeAccount.balance_minutes))
    }
    for account_id, minutes in sorted(kept.items()):
        if minutes != sums.get(account_id, 0):
            yield f"time account {account_id} says {minutes} minutes, its entries sum to {sums.get(account_id, 0)}"
    if total := sum(kept.values()):
        yield f"all time accounts together are {total} minutes instead of zero"
    mirrored = TimeEntry.__table__.alias("original")
    wrong = select(TimeEntry.id).join(mirrored, mirrored.c.id == TimeEntry.reverses_id).where(
        or_(
            TimeEntry.from_account_id != mirrored.c.to_account_id,
            TimeEntry.to_account_id != mirrored.c.from_account_id,
            TimeEntry.minutes != mirrored.c.minutes,
        )
    )  # fmt: skip
    for entry_id in session().scalars(wrong):
        yield f"time entry {entry_id} corrects another one and is not its mirror"
