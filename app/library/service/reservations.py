"""Reserving a thing, and what becomes of a reservation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid, Missing
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.core.spans import Span
from app.library import policy, queries
from app.library.events import (
    ReservationCancelled,
    ReservationConfirmed,
    ReservationLapsed,
    ReservationPacked,
    ReservationReady,
    ReservationRefused,
    ReservationWished,
    ThingReserved,
)
from app.library.models import (
    Allocation,
    Condition,
    Piece,
    QueueEntry,
    QueueState,
    Reservation,
    ReservationState,
    Thing,
    ThingClass,
    Whereabouts,
)
from app.library.queries import NoOpenDay, Supply, Why
from app.library.queries.borrowers import Act, No, against, standing
from app.library.service.arranging import (
    Plan,
    Wanted,
    arrange,
    open_reservations,
    pieces_of,
    plan,
    release_reservation,
    set_aside,
    supply_of,
    wanted_of,
)
from app.library.service.facts import reservation_facts
from app.library.service.refusals import MayNotBorrow, NoOpenDayKnown, NotOpen, OthersWait, ThingTaken
from app.people.models import Organisation, Person

ONE_DAY = timedelta(days=1)
NEEDS_YES = frozenset({"not-proven", "not-approved"})
"""Reasons that make a wish of a reservation instead of refusing it."""


@dataclass(frozen=True)
class ReservationRequest:
    """A thing from one day to another; without `return_on` for as long as it is usually lent. `anyway` is the desk's reason."""

    thing_id: int
    person_id: int
    pick_up_on: date
    return_on: date | None = None
    quantity: int = 1
    organisation_id: int | None = None
    origin: str = "page"
    anyway: str = ""


@dataclass(frozen=True)
class Offer:
    """What a reservation would be: checked, and not written yet."""

    thing: Thing
    thing_class: ThingClass
    supply: Supply
    starts_at: datetime
    ends_at: datetime
    held: Span
    needs_yes: tuple[No, ...]
    made: Plan
    before: Sequence[Wanted]


def reserve_thing(request: ReservationRequest, by: Actor) -> Reservation:
    """Set pieces aside for somebody. Where trust is needed first it is a wish, which the desk decides about.

    Raises `Invalid`, `MayNotBorrow`, `ThingTaken` (with the nearest days), `OthersWait` or `NoOpenDayKnown`.
    """
    offer = look_up(request, by)
    state = ReservationState.WISHED if offer.needs_yes and not policy.lend(by, offer.thing) else ReservationState.CONFIRMED
    grace = queries.rule(offer.thing.house_id, "grace_open_days")
    reservation = Reservation(
        house_id=offer.thing.house_id, thing_id=offer.thing.id, quantity=request.quantity, person_id=request.person_id,
        created_by_id=by.person_id, starts_at=offer.starts_at, ends_at=offer.ends_at, held_until=offer.held.ends_at,
        collect_by=_collect_by(offer.supply, offer.starts_at, grace), state=state, organisation_id=request.organisation_id,
        origin=request.origin, reason=request.anyway,
    )  # fmt: skip
    session().add(reservation)
    session().flush()
    _write(offer, reservation)
    publish((ReservationWished if state == ReservationState.WISHED else ThingReserved)(**reservation_facts(reservation, by)))
    return reservation


def _collect_by(supply: Supply, starts_at: datetime, grace_open_days: int) -> datetime:
    try:
        return supply.openings.closing_after(starts_at, grace_open_days + 1)
    except NoOpenDay:
        return supply.openings.closing(supply.openings.day_of(starts_at))


def _write(offer: Offer, reservation: Reservation) -> None:
    """Exchange pieces of others where that is what made room, and set aside what this one gets."""
    told = {each.id: each for each in offer.before}
    moved = [
        number for number, pieces in offer.made.items() if number in told and pieces_of(pieces) != sorted(told[number].pieces)
    ]
    for number in moved:
        release_reservation(number)
    for number in moved:
        set_aside(number, told[number].span, offer.made[number])
    set_aside(reservation.id, offer.held, offer.made[0])


def look_up(request: ReservationRequest, by: Actor) -> Offer:
    """Everything `reserve_thing` checks, without writing: also what the page shows before somebody confirms. Raises the same."""
    thing, thing_class = thing_with_class(request.thing_id)
    staff = policy.lend(by, thing)
    supply = supply_of([thing.id], thing.house_id).get(thing.id)
    if supply is None or not supply.stocks:
        raise ThingTaken(Why.GONE, 0, request.quantity, alternatives=[])
    _check_person(request, by, staff=staff)
    if request.quantity < 1:
        raise Invalid({"quantity": [_l("At least one.")]})
    ends_at = check_days(request, thing, thing_class, supply, staff=staff)
    needs_yes = _check_rules(request, thing, thing_class, staff=staff)
    if request.quantity > supply.most:
        raise ThingTaken(Why.RESERVED, supply.most, request.quantity, _most(supply), alternatives=[])
    if not staff:
        _others_first(request, thing, thing_class)
    day = request.pick_up_on
    before = wanted_of(open_reservations([thing.id]))
    starts_at = supply.pick_up(day, request.quantity, ends_at)
    if starts_at is not None:
        held = supply.held(starts_at, ends_at)
        made: Plan = {0: supply.pick(held, ends_at, request.quantity)}
        return Offer(thing, thing_class, supply, starts_at, ends_at, held, needs_yes, made, ())
    for base in _starts(supply, day):
        if base >= ends_at:
            continue
        held = supply.held(base, ends_at)
        made = plan(supply, [*before, Wanted(0, held, ends_at, request.quantity)])
        if sum(count for _, count in made[0]) >= request.quantity and not _worse(made, before):
            return Offer(thing, thing_class, supply, base, ends_at, held, needs_yes, made, before)
    raise _taken(request, supply, ends_at)


def thing_with_class(thing_id: int) -> tuple[Thing, ThingClass]:
    """Raises `Missing` for one that is not lent (any more)."""
    row = session().execute(
        select(Thing, ThingClass)
        .join(ThingClass, ThingClass.id == Thing.class_id)
        .where(Thing.id == thing_id, Thing.archived_at.is_(None))
    ).one_or_none()  # fmt: skip
    if row is None:
        raise Missing(_l("There is no such thing."))
    return row[0], row[1]


def _check_person(request: ReservationRequest, by: Actor, *, staff: bool) -> None:
    if session().get(Person, request.person_id) is None or not (staff or request.person_id == by.person_id):
        raise Invalid({"person": [_l("For whom is it?")]})
    if request.organisation_id is not None and session().get(Organisation, request.organisation_id) is None:
        raise Invalid({"organisation": [_l("There is no such group.")]})


def check_days(request: ReservationRequest, thing: Thing, thing_class: ThingClass, supply: Supply, *, staff: bool) -> datetime:
    """When it is due. Both days are open ones; a return day that is not moves forward. Raises `Invalid` or `NoOpenDayKnown`."""
    openings, today, day = supply.openings, clock.today(i18n.zone()), request.pick_up_on
    if day < today:
        raise Invalid({"pick_up_on": [_l("That day is already over.")]})
    ahead = queries.rule(thing.house_id, "ahead_days")
    if day > today + timedelta(days=ahead):
        last = i18n.day(today + timedelta(days=ahead))
        raise Invalid({"pick_up_on": [gettext("Things can be reserved up to %(day)s.", day=last)]})
    if not openings.is_open(day):
        try:
            told = gettext(
                "The house is closed on %(day)s. The next open day is %(next)s.",
                day=i18n.day(day), next=i18n.day(openings.next_day(day)),
            )  # fmt: skip
        except NoOpenDay:
            raise NoOpenDayKnown from None
        raise Invalid({"pick_up_on": [told]})
    try:
        usual = openings.due_after(day, loan_days(thing, thing_class), thing_class.closed_days)
        back = openings.next_day(request.return_on) if request.return_on is not None else usual
        longest = openings.due_after(day, max(thing_class.longest_days, loan_days(thing, thing_class)), thing_class.closed_days)
    except NoOpenDay:
        raise NoOpenDayKnown from None
    if back < day:
        raise Invalid({"return_on": [_l("It comes back after it was picked up.")]})
    if back > longest and not (staff and request.anyway):
        raise Invalid({"return_on": [gettext("It can be borrowed until %(day)s at the longest.", day=i18n.day(longest))]})
    return openings.closing(day) if back == day else openings.due_on(back)


def loan_days(thing: Thing, thing_class: ThingClass) -> int:
    return thing.loan_days or thing_class.loan_days


def _check_rules(request: ReservationRequest, thing: Thing, thing_class: ThingClass, *, staff: bool) -> tuple[No, ...]:
    found = against(
        standing(request.person_id, thing.house_id), thing_class, Act.RESERVE, more=1 if thing.counted else request.quantity,
        group=request.organisation_id is not None, on=request.pick_up_on,
    )  # fmt: skip
    needs_yes = tuple(each for each in found if each.code in NEEDS_YES)
    others = [each for each in found if each.code not in NEEDS_YES]
    if others and not (staff and request.anyway and not any(each.firm for each in others)):
        raise MayNotBorrow(others)
    return needs_yes


def _others_first(request: ReservationRequest, thing: Thing, thing_class: ThingClass) -> None:
    """Whoever waits in the queue gets the next days; nobody books past them. Later days are free for all."""
    waiting = len(
        session()
        .scalars(
            select(QueueEntry.id).where(
                QueueEntry.thing_id == thing.id, QueueEntry.state == QueueState.WAITING, QueueEntry.person_id != request.person_id
            )
        )
        .all()
    )
    theirs = timedelta(days=waiting * (loan_days(thing, thing_class) + queries.rule(thing.house_id, "hold_open_days")))
    if waiting and request.pick_up_on <= clock.today(i18n.zone()) + theirs:
        raise OthersWait(waiting=waiting)


def _starts(supply: Supply, day: date) -> list[datetime]:
    now = clock.now()
    return [
        max(supply.openings.pick_up_from(opening), now) for opening in supply.openings.on(day) if opening.ends_at > now
    ]  # fmt: skip


def _worse(made: Plan, before: Sequence[Wanted]) -> bool:
    """Whether somebody who has all their pieces would not have them any more."""
    return any(
        sum(count for _, count in each.pieces) >= each.quantity > sum(count for _, count in made[each.id]) for each in before
    )


def _most(supply: Supply) -> str:
    return gettext("At most %(num)d of them can be reserved at once.", num=supply.most)


def _taken(request: ReservationRequest, supply: Supply, ends_at: datetime) -> ThingTaken:
    possible = next(
        (count for count in range(request.quantity - 1, 0, -1) if supply.pick_up(request.pick_up_on, count, ends_at)), 0
    )  # fmt: skip
    starts = _starts(supply, request.pick_up_on)
    span = supply.held(min(starts[0], ends_at - timedelta(minutes=1)), ends_at) if starts else Span(ends_at - ONE_DAY, ends_at)
    why = supply.why(span, ends_at)
    told = ""
    if why == Why.TEST:
        due = min((stock.test_due_on for stock in supply.stocks if stock.test_due_on), default=None)
        if due is not None:
            told = gettext("Its safety test is due on %(day)s.", day=i18n.day(due))
    return ThingTaken(
        why, possible, request.quantity, told, alternatives=queries.nearest(supply, request.pick_up_on, request.quantity, ends_at)
    )


# What becomes of it ------------------------------------------------------------------------------------------------


def must_be_open(reservation: Reservation) -> None:
    """Raises `NotOpen`."""
    if not reservation.is_open:
        raise NotOpen(state=reservation.state)


def confirm_reservation(reservation: Reservation, by: Actor) -> None:
    """The desk says yes to a wish. Raises `NotOpen`."""
    if reservation.state != ReservationState.WISHED:
        raise NotOpen(state=reservation.state)
    _decide(reservation, ReservationState.CONFIRMED, by)
    publish(ReservationConfirmed(**reservation_facts(reservation, by)))


def refuse_reservation(reservation: Reservation, reason: str, by: Actor) -> None:
    """The desk says no to a wish. Raises `NotOpen`, or `Invalid` without a reason."""
    if reservation.state != ReservationState.WISHED:
        raise NotOpen(state=reservation.state)
    if not reason.strip():
        raise Invalid({"reason": [_l("Please say why; the person reads it.")]})
    reservation.reason = reason
    _close(reservation, ReservationState.REFUSED, by)
    publish(ReservationRefused(**reservation_facts(reservation, by), reason=reason))
    arrange([reservation.thing_id], by)


def cancel_reservation(reservation: Reservation, reason: str, by: Actor) -> None:
    """It is not needed any more; the pieces are free at once. Raises `NotOpen`."""
    must_be_open(reservation)
    reservation.reason = reason
    _close(reservation, ReservationState.CANCELLED, by)
    end_offer(reservation, QueueState.LEFT)
    publish(ReservationCancelled(**reservation_facts(reservation, by), reason=reason))
    arrange([reservation.thing_id], by)


def lapse_reservation(reservation: Reservation, by: Actor) -> bool:
    """Nobody has come for it in time; False when it was packed, collected or moved meanwhile."""
    if not reservation.is_open or reservation.packed_at is not None or reservation.collect_by > clock.now():
        return False
    _close(reservation, ReservationState.LAPSED, by)
    end_offer(reservation, QueueState.LAPSED)
    publish(ReservationLapsed(**reservation_facts(reservation, by)))
    arrange([reservation.thing_id], by)
    return True


def end_offer(reservation: Reservation, state: QueueState) -> None:
    """What becomes of the place in the queue a reservation came from."""
    entry = session().scalar(
        select(QueueEntry).where(QueueEntry.reservation_id == reservation.id, QueueEntry.state == QueueState.OFFERED)
    )
    if entry is not None:
        entry.state = state
        session().flush()


def pack_reservation(reservation: Reservation, by: Actor) -> None:
    """It stands ready: from now on it does not lapse, and these very pieces are kept. Raises `NotOpen` or `ThingTaken`."""
    must_be_open(reservation)
    if reservation.packed_at is not None:
        return
    ready = pieces_ready(reservation)
    if ready < reservation.quantity:
        raise ThingTaken(Why(reservation.risk) if reservation.risk else Why.OUT, ready, reservation.quantity)
    reservation.packed_at = reservation.changed_at = clock.now()
    session().flush()
    publish(ReservationPacked(**reservation_facts(reservation, by)))


def pieces_ready(reservation: Reservation) -> int:
    """How many of what is set aside for it stand on the shelf and are fine."""
    rows = session().execute(
        select(Allocation.quantity, Thing.counted, Piece.condition, Piece.whereabouts)
        .join(Piece, Piece.id == Allocation.piece_id)
        .join(Thing, Thing.id == Piece.thing_id)
        .where(Allocation.reservation_id == reservation.id)
    )
    return sum(
        quantity
        for quantity, counted, condition, whereabouts in rows
        if condition == Condition.FINE and (counted or whereabouts == Whereabouts.SHELF)
    )


def announce_ready(reservation: Reservation, by: Actor) -> bool:
    """Tell somebody that it can be picked up; never before the pieces are on the shelf. False when they are not."""
    if reservation.ready_told or reservation.state != ReservationState.CONFIRMED or reservation.at_risk_since is not None:
        return False
    if pieces_ready(reservation) < reservation.quantity:
        return False
    reservation.ready_told = True
    session().flush()
    publish(ReservationReady(**reservation_facts(reservation, by)))
    return True


def _decide(reservation: Reservation, state: ReservationState, by: Actor) -> None:
    now = clock.now()
    reservation.state, reservation.decided_by_id, reservation.decided_at, reservation.changed_at = state, by.person_id, now, now
    session().flush()


def _close(reservation: Reservation, state: ReservationState, by: Actor) -> None:
    release_reservation(reservation.id)
    reservation.at_risk_since, reservation.risk = None, ""
    _decide(reservation, state, by)
