"""Keeping something longer: renewed, moved by a closing day, or a new date told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.core.spans import Span
from app.library import policy
from app.library.events import LoanRenewed, NewDateTold
from app.library.models import (
    Loan,
    LoanLine,
    QueueEntry,
    QueueState,
    Thing,
    ThingClass,
)
from app.library.queries import LINE, RESERVATION, NoOpenDay, Stock, Supply, Why
from app.library.queries.borrowers import Act, against, standing
from app.library.service.arranging import (
    arrange,
    supply_of,
)
from app.library.service.checking import Deal, deal_out, reserved_in, test_no
from app.library.service.facts import line_facts
from app.library.service.refusals import WHY, MayNotBorrow, NoOpenDayKnown, NoRenewal, NotOpen
from app.library.service.reservations import loan_days
from app.occupancy import queries as occupancy
from app.occupancy import service as promises

ONE_DAY = timedelta(days=1)


def renewal(line: LoanLine, by: Actor, due_on: date | None = None) -> datetime:
    """Until when it could be kept longer; writes nothing. Raises `NotOpen`, `MayNotBorrow`, `NoRenewal` or `NoOpenDayKnown`."""
    if line.returned_at is not None:
        raise NotOpen
    row = session().execute(
        select(Thing, ThingClass, Loan)
        .join(ThingClass, ThingClass.id == Thing.class_id)
        .join(Loan, Loan.id == line.loan_id)
        .where(Thing.id == line.thing_id)
    ).one()  # fmt: skip
    thing, thing_class, loan = row
    staff = policy.lend(by, thing)
    if loan.person_id is not None:
        reasons = against(standing(loan.person_id, thing.house_id), thing_class, Act.RENEW)
        if reasons:
            raise MayNotBorrow(reasons)
    if not staff and line.renewals >= thing_class.renewals:
        raise NoRenewal(gettext("It has been renewed as often as is possible."), code="often")
    if not staff and line.due_at <= clock.now() and clock.today(i18n.zone()) > line.due_at.astimezone(i18n.zone()).date():
        raise NoRenewal(gettext("It should have been back already. Please bring it back, or talk to the desk."), code="late")
    waiting = session().scalar(
        select(QueueEntry.id).where(QueueEntry.thing_id == thing.id, QueueEntry.state == QueueState.WAITING).limit(1)
    )
    if waiting is not None:
        raise NoRenewal(gettext("Somebody is waiting for it. Please bring it back on time."), code="waiting")
    supply = supply_of([thing.id], thing.house_id).get(thing.id)
    stock = next((each for each in supply.stocks if each.piece_id == line.piece_id), None) if supply is not None else None
    if supply is None or stock is None:
        raise NoRenewal(str(WHY[Why.GONE]), code="gone")
    openings, today = supply.openings, clock.today(i18n.zone())
    try:
        start = max(today, openings.day_of(line.due_at))
        day = (
            openings.next_day(due_on)
            if due_on is not None
            else openings.due_after(start, loan_days(thing, thing_class), thing_class.closed_days)
        )
        due_at = openings.due_on(day)
    except NoOpenDay:
        raise NoOpenDayKnown from None
    if due_at <= line.due_at:
        raise Invalid({"due_on": [_l("That is not later than it is due now.")]})
    if stock.test_ends(day):
        raise NoRenewal(test_no(stock).words, code="test")
    if not _extended(line, supply, stock, due_at).fits:
        raise NoRenewal(gettext("Somebody has it reserved after you. Please bring it back on time."), code="reserved")
    return due_at


def _extended(line: LoanLine, supply: Supply, stock: Stock, due_at: datetime) -> Deal:
    """Everybody else served anew when this piece stays out until `due_at`."""
    own = {(LINE, line.id)}
    without = replace(
        stock,
        taken=tuple(each for each in stock.taken if (each.source, each.source_id) not in own),
        shares=tuple(each for each in stock.shares if (each.source, each.source_id) not in own),
    )
    others = tuple(without if each.piece_id == stock.piece_id else each for each in supply.stocks)
    return deal_out(replace(supply, stocks=others), without, line.open_count, supply.held(clock.now(), due_at), due_at, None)


def renew_loan(line: LoanLine, by: Actor, due_on: date | None = None) -> datetime:
    """Keep it longer, unless somebody waits; gives the new day due. Raises as `renewal`."""
    session().refresh(line)
    due_at = renewal(line, by, due_on)
    old = line.due_at
    keep_until(line, due_at, by)
    line.renewals += 1
    line.expected_on = None
    session().flush()
    publish(LoanRenewed(**line_facts(line, by), old_due_at=old))
    return due_at


def keep_until(line: LoanLine, due_at: datetime, by: Actor) -> None:
    """It is due at `due_at` from now on; whoever had it reserved then is served anew, or told."""
    again = promise_until(line, due_at)
    arrange([line.thing_id], by, again)


def promise_until(line: LoanLine, due_at: datetime) -> set[int]:
    """The promise of something that is out follows its new day due; gives the reservations that lost theirs by it.

    A piece that is out cannot be argued with: what others were promised of it in that time is released first.
    """
    line.due_at = due_at
    session().flush()
    promises.release(LINE, line.id)
    promises.release_shares(LINE, line.id)
    supply = supply_of([line.thing_id], line.house_id).get(line.thing_id)
    stock = next((each for each in supply.stocks if each.piece_id == line.piece_id), None) if supply is not None else None
    if supply is None or stock is None:
        return set()
    start = clock.now() if stock.counted else line.handed_out_at
    span = Span(start, max(supply.after(due_at), start + timedelta(seconds=1)))
    lost = set() if stock.counted else reserved_in(stock, span)
    if stock.counted:
        room = stock.count - occupancy.most(stock.shares, span)
        if room < line.open_count:
            lost = reserved_in(stock, span)
    for number in sorted(lost):
        promises.release(RESERVATION, number)
        promises.release_shares(RESERVATION, number)
    if stock.counted:
        (resource,) = stock.resources
        promises.promise_share(resource, line.open_count, span, kind="out", source=LINE, source_id=line.id)
        return lost
    firm = [
        each.span.starts_at
        for each in stock.taken
        if each.source not in (RESERVATION, LINE) and each.span.starts_at >= span.starts_at and each.span.overlaps(span)
    ]  # what its owner or the house has fixed stays; that it is still out then, `queries.supply` knows
    until = min([span.ends_at, *firm])
    if until > span.starts_at:
        promises.promise(stock.resources, Span(span.starts_at, until), kind="out", source=LINE, source_id=line.id)
    return lost


def tell_new_date(line: LoanLine, day: date, by: Actor) -> None:
    """The borrower says when it will be back; people after them see that day instead of a guess. Raises `NotOpen` or `Invalid`."""
    if line.returned_at is not None:
        raise NotOpen
    today = clock.today(i18n.zone())
    if not today <= day <= today + timedelta(days=60):
        raise Invalid({"expected_on": [_l("A day within the next two months, please.")]})
    line.expected_on = day
    session().flush()
    publish(NewDateTold(**line_facts(line, by), expected_on=day))
    arrange([line.thing_id], by)
