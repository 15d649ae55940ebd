"""Hours: written down by one side, confirmed by the other, and only then moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.swap import policy, queries
from app.swap.events import (
    HoursAccepted,
    HoursBooked,
    HoursChanged,
    HoursDisputed,
    HoursDropped,
    HoursEvent,
    HoursReminded,
    HoursStopped,
    PotGranted,
    PotWished,
)
from app.swap.models import Category, EntryKind, Hours, HoursState
from app.swap.service.accounts import NotAMember, Step, check_day, check_minutes, open_house_accounts, post

E = TypeVar("E", bound=HoursEvent)


class HoursSettled(Refusal):
    """Somebody was faster: the other side, the desk, another window."""

    kind = "hours-settled"
    message = _l("This has been decided already. Nothing has been changed.")


@dataclass(frozen=True)
class HoursRequest:
    """`booked_for_id` is the side that says so: giver or taker. `signed`: both have signed the slip, the desk has it in hand."""

    house_id: int
    giver_id: int
    taker_id: int
    booked_for_id: int
    category: str
    on_day: date
    minutes: int
    note: str = ""
    material: str = ""
    match_id: int | None = None
    signed: bool = False


def book_hours(request: HoursRequest, by: Actor) -> Hours:
    """Write help down; the other side is asked. Raises `Invalid`, `NotAMember`, and `LimitPassed` where both have signed."""
    check_minutes(request.minutes)
    check_day(request.on_day)
    if request.category not in set(Category):
        raise Invalid({"category": [_l("Please choose one of these.")]})
    if request.giver_id == request.taker_id or request.booked_for_id not in (request.giver_id, request.taker_id):
        raise Invalid({"other": [_l("Please choose two different people.")]})
    if len(queries.members(request.house_id, [request.giver_id, request.taker_id])) < 2:
        raise NotAMember(_l("Both must be members of the time bank."))
    hours = Hours(
        house_id=request.house_id, giver_id=request.giver_id, taker_id=request.taker_id, booked_for_id=request.booked_for_id,
        match_id=request.match_id, category=request.category, on_day=request.on_day, minutes=request.minutes, note=request.note,
        material=request.material,
    )  # fmt: skip
    session().add(hours)
    session().flush()
    if request.signed and policy.run_time_bank(by, hours):
        _accept(hours, by)
    else:
        publish(_event(HoursBooked, hours, by, accepts_itself_on=accepts_itself_on(hours)))
    return hours


def accepts_itself_on(hours: Hours) -> date:
    """When silence is taken for a yes."""
    days = timedelta(days=queries.rules().answer_days)
    return (hours.booked_at + days).astimezone(i18n.zone()).date()


def confirm_hours(hours: Hours, by: Actor, *, unanswered: bool = False) -> None:
    """The other side says yes, or has said nothing for so long. Raises `HoursSettled`, `LimitPassed`."""
    _need(hours, HoursState.BOOKED)
    _accept(hours, by, unanswered=unanswered)


def _accept(hours: Hours, by: Actor, *, unanswered: bool = False) -> None:
    accounts = queries.members(hours.house_id, [hours.giver_id, hours.taker_id])
    giver, taker = accounts.get(hours.giver_id), accounts.get(hours.taker_id)
    if giver is None or taker is None:
        raise NotAMember(_l("One of the two is not in the time bank any more. Nothing has been changed."))
    _, pot = open_house_accounts(hours.house_id)
    own = hours.minutes - hours.pot_minutes
    steps = [Step(source, giver, minutes) for source, minutes in ((taker, own), (pot, hours.pot_minutes)) if minutes]
    post(
        hours.house_id, EntryKind.HELP, steps, hours.on_day, category=hours.category, note=hours.note, hours_id=hours.id
    )  # fmt: skip
    hours.state, hours.settled_at = HoursState.ACCEPTED, clock.now()
    hours.stopped_at, hours.pot_wished = None, False
    session().flush()
    publish(_event(HoursAccepted, hours, by, unanswered=unanswered))


def stop_hours(hours: Hours, by: Actor) -> None:
    """They could not be accepted, because an account would have passed its limit: both are told the ways out, once."""
    if hours.state != HoursState.BOOKED or hours.stopped_at is not None:
        return
    hours.stopped_at = clock.now()
    session().flush()
    publish(_event(HoursStopped, hours, by))


def dispute_hours(hours: Hours, reason: str, by: Actor) -> None:
    """The other side says it was not so; nothing is accepted by itself any more, the desk helps."""
    _need(hours, HoursState.BOOKED)
    hours.state, hours.reason = HoursState.DISPUTED, reason
    session().flush()
    publish(_event(HoursDisputed, hours, by, reason=reason))


def change_hours(hours: Hours, minutes: int, by: Actor) -> None:
    """Other minutes, by whoever wrote them down; the other side is asked anew."""
    _need(hours, HoursState.BOOKED, HoursState.DISPUTED)
    check_minutes(minutes)
    hours.minutes, hours.pot_minutes = minutes, min(hours.pot_minutes, minutes)
    hours.state, hours.reason, hours.stopped_at = HoursState.BOOKED, "", None
    hours.booked_at, hours.reminded_at = clock.now(), None
    session().flush()
    publish(_event(HoursChanged, hours, by))


def drop_hours(hours: Hours, reason: str, by: Actor) -> None:
    """They will not be credited."""
    _need(hours, HoursState.BOOKED, HoursState.DISPUTED)
    hours.state, hours.reason, hours.settled_at = HoursState.DROPPED, reason, clock.now()
    hours.stopped_at, hours.pot_wished = None, False
    session().flush()
    publish(_event(HoursDropped, hours, by, reason=reason))


def settle_hours(hours: Hours, minutes: int, by: Actor) -> None:
    """The desk has spoken with both: so many minutes, and done. Raises `HoursSettled`, `LimitPassed`."""
    _need(hours, HoursState.BOOKED, HoursState.DISPUTED)
    check_minutes(minutes)
    hours.minutes, hours.pot_minutes = minutes, min(hours.pot_minutes, minutes)
    _accept(hours, by)


def wish_pot(hours: Hours, by: Actor) -> None:
    """The taker cannot help back just now, and wishes the social pot to pay a part; the manager decides."""
    _need(hours, HoursState.BOOKED)
    if hours.pot_wished:
        return
    hours.pot_wished = True
    session().flush()
    publish(_event(PotWished, hours, by))


def grant_pot(hours: Hours, minutes: int, by: Actor) -> None:
    """The social pot pays so many of the minutes, when they are accepted. Nothing at all takes an earlier grant back."""
    _need(hours, HoursState.BOOKED, HoursState.DISPUTED)
    if minutes:
        check_minutes(minutes)
    if minutes > hours.minutes:
        raise Invalid({"minutes": [_l("The pot can pay all of it, not more.")]})
    _, pot = open_house_accounts(hours.house_id)
    if minutes > pot.balance_minutes:
        raise Invalid({"minutes": [_l("There are not enough minutes in the social pot for that.")]})
    hours.pot_minutes, hours.pot_wished, hours.stopped_at = minutes, False, None
    session().flush()
    publish(_event(PotGranted, hours, by))


def remind_of_hours(hours: Hours, by: Actor) -> bool:
    """Once, before silence is taken for a yes."""
    if hours.state != HoursState.BOOKED or hours.reminded_at is not None:
        return False
    hours.reminded_at = clock.now()
    session().flush()
    publish(_event(HoursReminded, hours, by, accepts_itself_on=accepts_itself_on(hours)))
    return True


def _need(hours: Hours, *states: HoursState) -> None:
    if hours.state not in states:
        raise HoursSettled(state=hours.state)


def _event(kind: type[E], hours: Hours, by: Actor, **more: Any) -> E:
    return kind(
        house_id=hours.house_id, by=by.person_id, hours_id=hours.id, giver_id=hours.giver_id, taker_id=hours.taker_id,
        asked_id=hours.asked_id, time_minutes=hours.minutes, pot_minutes=hours.pot_minutes, on_day=hours.on_day, **more,
    )  # fmt: skip
