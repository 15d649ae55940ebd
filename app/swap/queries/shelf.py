"""What lies on the shelf, who waits for what, and what came and went."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import joinedload

from app.core import clock, i18n
from app.core.db import session
from app.offers import queries as offers
from app.swap.models import Claim, Hours, HoursState, MoveKind, ShelfMove, ShelfThing, Taken, ThingState

SHOWN = 200
"""The most things on one page."""
LOOK_AHEAD = 400
IF_NEVER_OPEN = timedelta(days=14)


@dataclass(frozen=True)
class ShelfLine:
    """A thing as the reader sees it: whether it is set aside for somebody, how many wait, and the reader's own claim."""

    thing: ShelfThing
    set_aside: bool
    waiting: int
    mine: Claim | None

    @property
    def ahead(self) -> int:
        """How many come before somebody who asks now."""
        return self.waiting + self.set_aside


def thing(thing_id: int) -> ShelfThing | None:
    return session().get(ShelfThing, thing_id)


def claim(claim_id: int) -> Claim | None:
    return session().scalar(select(Claim).where(Claim.id == claim_id).options(joinedload(Claim.thing)))


def move(move_id: int) -> ShelfMove | None:
    return session().scalar(select(ShelfMove).where(ShelfMove.id == move_id).options(joinedload(ShelfMove.thing)))


def lying(house_id: int, kind: str = "", person_id: int | None = None) -> list[ShelfLine]:
    """What lies there, the newest first. Two statements."""
    wanted = select(ShelfThing).where(ShelfThing.house_id == house_id, ShelfThing.state == ThingState.LYING)
    if kind:
        wanted = wanted.where(ShelfThing.kind == kind)
    things = list(session().scalars(wanted.order_by(ShelfThing.lying_since.desc(), ShelfThing.id.desc()).limit(SHOWN)))
    claims: dict[int, list[Claim]] = defaultdict(list)
    for each in session().scalars(select(Claim).where(Claim.thing_id.in_([one.id for one in things]))):
        claims[each.thing_id].append(each)
    return [_line(one, claims[one.id], person_id) for one in things]


def _line(one: ShelfThing, claims: list[Claim], person_id: int | None) -> ShelfLine:
    mine = next((each for each in claims if person_id is not None and each.person_id == person_id), None)
    holding = sum(each.held_until is not None for each in claims)
    return ShelfLine(one, holding > 0, len(claims) - holding, mine)


def announced(house_id: int) -> list[ShelfThing]:
    """What people at home would like to bring, the oldest first."""
    wanted = select(ShelfThing).where(ShelfThing.house_id == house_id, ShelfThing.state == ThingState.ANNOUNCED)
    return list(session().scalars(wanted.options(joinedload(ShelfThing.announced_by)).order_by(ShelfThing.id)))


def announced_by(house_id: int, person_id: int) -> list[ShelfThing]:
    mine = (ShelfThing.house_id == house_id, ShelfThing.state == ThingState.ANNOUNCED, ShelfThing.announced_by_id == person_id)
    return list(session().scalars(select(ShelfThing).where(*mine).order_by(ShelfThing.id)))


def old_announcements(before: datetime) -> list[int]:
    """Announced so long ago that nobody will bring them any more."""
    return list(
        session().scalars(select(ShelfThing.id).where(ShelfThing.state == ThingState.ANNOUNCED, ShelfThing.created_at < before))
    )


def held(house_id: int) -> list[Claim]:
    """What is set aside, with its thing and person, by when it lapses: for the desk alone."""
    wanted = select(Claim).join(Claim.thing).where(ShelfThing.house_id == house_id, Claim.held_until.is_not(None))
    return list(
        session().scalars(wanted.options(joinedload(Claim.thing), joinedload(Claim.person)).order_by(Claim.held_until, Claim.id))
    )


def claims_of(house_id: int, person_id: int) -> list[Claim]:
    """What somebody has set aside or waits for."""
    wanted = select(Claim).join(Claim.thing).where(ShelfThing.house_id == house_id, Claim.person_id == person_id)
    return list(session().scalars(wanted.options(joinedload(Claim.thing)).order_by(Claim.id)))


def lapsing(now: datetime) -> list[int]:
    """Claims whose time is over."""
    return list(session().scalars(select(Claim.id).where(Claim.held_until <= now).order_by(Claim.id)))


def taken_in(house_id: int, person_id: int, month: date) -> Taken | None:
    mine = (Taken.house_id == house_id, Taken.person_id == person_id, Taken.month == month)
    return session().scalar(select(Taken).where(*mine))


def to_sweep(house_id: int, since: date) -> list[ShelfThing]:
    """What has lain there since before `since` and is set aside for nobody, the oldest first."""
    wanted = select(ShelfThing).where(
        ShelfThing.house_id == house_id,
        ShelfThing.state == ThingState.LYING,
        ShelfThing.lying_since < since,
        ~exists().where(Claim.thing_id == ShelfThing.id),
    )
    return list(session().scalars(wanted.order_by(ShelfThing.lying_since, ShelfThing.id).limit(SHOWN)))


def moves_on(house_id: int, day: date) -> list[ShelfMove]:
    """What came and went on a day, the newest first, without what was undone."""
    wanted = select(ShelfMove).where(ShelfMove.house_id == house_id, ShelfMove.on_day == day, ShelfMove.undone_at.is_(None))
    return list(session().scalars(wanted.options(joinedload(ShelfMove.thing)).order_by(ShelfMove.id.desc())))


@dataclass(frozen=True)
class MonthLine:
    """Pieces of a month; `month` is its first day."""

    month: date
    came: int
    gone: int
    swept: int


def months(house_id: int) -> list[MonthLine]:
    """The tally by month, the newest first. One statement over days."""
    counted = [func.sum(case((ShelfMove.what == what, 1), else_=0)) for what in MoveKind]
    rows = session().execute(
        select(ShelfMove.on_day, *counted)
        .where(ShelfMove.house_id == house_id, ShelfMove.undone_at.is_(None))
        .group_by(ShelfMove.on_day)
    )
    sums: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
    for on_day, *numbers in rows:
        month = sums[on_day.replace(day=1)]
        for place, number in enumerate(numbers):
            month[place] += int(number)
    return [MonthLine(month, *numbers) for month, numbers in sorted(sums.items(), reverse=True)]


def closing_of_next_open_day(house_id: int, moment: datetime) -> datetime:
    """When the desk closes on the first day after the one of `moment` on which it opens; closed days and holidays do not count.

    A house that opens on no day of the coming year holds things for two weeks.
    """
    zone = i18n.zone()
    tomorrow = moment.astimezone(zone).date() + timedelta(days=1)
    days = offers.open_days(house_id, tomorrow, tomorrow + timedelta(days=LOOK_AHEAD), zone)
    return next((day.desk[-1].ends_at for day in days.values() if day.desk), moment + IF_NEVER_OPEN)


@dataclass(frozen=True)
class Pressing:
    """What the desk must see on *Heute*."""

    announced: int = 0
    held: int = 0
    to_sweep: int = 0
    disputed: int = 0
    pot_wishes: int = 0
    lapses_at: datetime | None = None
    """When the first of the held things lapses."""


def pressing(house_id: int, since: date) -> Pressing:
    """One statement; `since` as in `to_sweep`."""
    here = (ShelfThing.house_id == house_id, ShelfThing.state == ThingState.LYING)
    living = select(func.count()).select_from(ShelfThing).where(ShelfThing.house_id == house_id)
    holding = select(Claim.id).join(Claim.thing).where(ShelfThing.house_id == house_id, Claim.held_until.is_not(None))
    waiting = select(func.count()).select_from(Hours).where(Hours.house_id == house_id)
    row = session().execute(
        select(
            living.where(ShelfThing.state == ThingState.ANNOUNCED).scalar_subquery(),
            holding.with_only_columns(func.count()).scalar_subquery(),
            select(func.count()).select_from(ShelfThing)
            .where(*here, ShelfThing.lying_since < since, ~exists().where(Claim.thing_id == ShelfThing.id)).scalar_subquery(),
            waiting.where(Hours.state == HoursState.DISPUTED).scalar_subquery(),
            waiting.where(Hours.state == HoursState.BOOKED, Hours.pot_wished).scalar_subquery(),
            holding.with_only_columns(func.min(Claim.held_until)).scalar_subquery(),
        )
    ).one()  # fmt: skip
    return Pressing(*row)


def month_of(moment: datetime) -> date:
    return moment.astimezone(i18n.zone()).date().replace(day=1)


def this_month() -> date:
    return month_of(clock.now())
