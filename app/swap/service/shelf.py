"""The verbs of the shelf: bring, claim, take, sweep, count. Whoever had something is forgotten with the act that ends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from app.core import clock, i18n
from app.core.db import Collision, session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.swap import queries
from app.swap.events import (
    ClaimGivenUp,
    ClaimLapsed,
    ClaimPassed,
    MoveCounted,
    MoveUndone,
    ThingAnnounced,
    ThingClaimed,
    ThingDeclined,
    ThingShelved,
    ThingSwept,
    ThingTaken,
    ThingWithdrawn,
)
from app.swap.models import Claim, MoveKind, ShelfMove, ShelfThing, Taken, ThingKind, ThingState
from app.swap.queries.shelf import month_of
from app.swap.service.accounts import add_first

UNDO_WITHIN = timedelta(hours=12)


class ThingElsewhere(Refusal):
    """Somebody was faster, or it has been decided already."""

    kind = "thing-elsewhere"
    message = _l("This thing is not there any more. Nothing has been changed.")


class TooManyThings(Refusal):
    kind = "too-many-things"


@dataclass(frozen=True)
class ThingRequest:
    house_id: int
    kind: str
    title: str
    about: str = ""


def announce_thing(request: ThingRequest, by: Actor) -> ShelfThing:
    """Somebody at home would like to bring it. Raises `TooManyThings` beyond what one may bring at a visit."""
    most = queries.rules().visit_pieces
    if by.person_id is not None and len(queries.announced_by(request.house_id, by.person_id)) >= most:
        raise TooManyThings(
            gettext("You have announced %(num)d things already. Please bring those first.", num=most), most=most
        )  # fmt: skip
    thing = _add(request, ThingState.ANNOUNCED, by.person_id)
    publish(ThingAnnounced(house_id=thing.house_id, by=by.person_id, shelf_thing_id=thing.id, kind=thing.kind))
    return thing


def shelve_thing(request: ThingRequest, by: Actor) -> ShelfThing:
    """Given at the desk: it lies there at once, and nobody is written down."""
    thing = _add(request, ThingState.LYING, None)
    _lay_down(thing, by)
    return thing


def _add(request: ThingRequest, state: ThingState, giver: int | None) -> ShelfThing:
    if request.kind not in set(ThingKind):
        raise Invalid({"kind": [_l("Please choose one of these.")]})
    thing = ShelfThing(
        house_id=request.house_id, kind=request.kind, title=request.title, about=request.about, state=state, announced_by_id=giver
    )
    session().add(thing)
    session().flush()
    return thing


def accept_thing(thing: ShelfThing, by: Actor) -> None:
    """It has come, and is as the rules want it; who brought it is forgotten."""
    _need(thing, ThingState.ANNOUNCED)
    _lay_down(thing, by)


def _lay_down(thing: ShelfThing, by: Actor) -> None:
    thing.state, thing.announced_by_id, thing.ended_at = ThingState.LYING, None, None
    thing.lying_since = clock.today(i18n.zone())
    session().flush()
    _move(thing.house_id, MoveKind.CAME, thing)
    publish(ThingShelved(house_id=thing.house_id, by=by.person_id, shelf_thing_id=thing.id, kind=thing.kind))


def decline_thing(thing: ShelfThing, reason: str, by: Actor) -> None:
    """The house cannot take what was announced; the person reads why."""
    _need(thing, ThingState.ANNOUNCED)
    giver = thing.announced_by_id
    _end(thing, ThingState.DECLINED)
    publish(
        ThingDeclined(
            house_id=thing.house_id, by=by.person_id, shelf_thing_id=thing.id, kind=thing.kind, giver_id=giver, title=thing.title,
            reason=reason,
        )
    )  # fmt: skip


def withdraw_thing(thing: ShelfThing, by: Actor) -> None:
    """It will not be brought."""
    _need(thing, ThingState.ANNOUNCED)
    _end(thing, ThingState.WITHDRAWN)
    publish(ThingWithdrawn(house_id=thing.house_id, by=by.person_id, shelf_thing_id=thing.id, kind=thing.kind))


def claim_thing(thing: ShelfThing, by: Actor) -> Claim:
    """Set it aside until closing of the next open day, or wait behind those who came first.

    Raises `ThingElsewhere`, and `TooManyThings` beyond what one may take in a month. Asking twice is asking once.
    """
    _need(thing, ThingState.LYING)
    assert by.person_id is not None
    known = session().scalar(select(Claim).where(Claim.thing_id == thing.id, Claim.person_id == by.person_id))
    if known is not None:
        return known
    most, now = queries.rules().month_pieces, clock.now()
    taken = queries.taken_in(thing.house_id, by.person_id, month_of(now))
    if (taken.pieces if taken else 0) + len(queries.claims_of(thing.house_id, by.person_id)) >= most:
        raise TooManyThings(
            gettext("You may take %(num)d things a month, so that there is something for everybody.", num=most), most=most
        )
    claim = Claim(thing_id=thing.id, person_id=by.person_id, claimed_at=now)
    if _holder(thing.id) is None:
        _hold(claim, thing)
    session().add(claim)
    try:
        session().flush()
    except IntegrityError as fault:  # somebody else at this very moment
        raise Collision from fault
    publish(
        ThingClaimed(house_id=thing.house_id, by=None, shelf_thing_id=thing.id, kind=thing.kind, held_until=claim.held_until)
    )  # fmt: skip
    return claim


def _holder(thing_id: int) -> Claim | None:
    return session().scalar(select(Claim).where(Claim.thing_id == thing_id, Claim.held_until.is_not(None)))


def _hold(claim: Claim, thing: ShelfThing) -> None:
    claim.held_since = clock.now()
    claim.held_until = queries.closing_of_next_open_day(thing.house_id, claim.held_since)


def give_up_claim(claim: Claim, by: Actor) -> None:
    """Whoever had it does not want it any more; the next one's turn comes."""
    thing = claim.thing
    _forget(claim)
    publish(ClaimGivenUp(house_id=thing.house_id, by=None, shelf_thing_id=thing.id, kind=thing.kind))
    _pass_on(thing, by)


def lapse_claim(claim: Claim, by: Actor) -> bool:
    """Its time is over: to the next one, or free again, without a word. False where a closing day has come in between."""
    thing = claim.thing
    if claim.held_since is None or claim.held_until is None or claim.held_until > clock.now():
        return False
    until = queries.closing_of_next_open_day(thing.house_id, claim.held_since)
    if until > clock.now():
        claim.held_until = until
        session().flush()
        return False
    _forget(claim)
    publish(ClaimLapsed(house_id=thing.house_id, by=by.person_id, shelf_thing_id=thing.id, kind=thing.kind))
    _pass_on(thing, by)
    return True


def _forget(claim: Claim) -> None:
    session().delete(claim)
    session().flush()


def _pass_on(thing: ShelfThing, by: Actor) -> None:
    if _holder(thing.id) is not None:
        return
    waiting = select(Claim).where(Claim.thing_id == thing.id).order_by(Claim.claimed_at, Claim.id).limit(1)
    following = session().scalar(waiting)
    if following is None:
        return
    _hold(following, thing)
    session().flush()
    assert following.held_until is not None
    publish(
        ClaimPassed(
            house_id=thing.house_id, by=None, shelf_thing_id=thing.id, kind=thing.kind, claim_id=following.id,
            claimant_id=following.person_id, held_until=following.held_until,
        )
    )  # fmt: skip


def take_thing(thing: ShelfThing, by: Actor) -> ShelfMove:
    """It is gone: counted, and everybody who wanted it is forgotten. Who had it set aside has taken one of their month's pieces."""
    _need(thing, ThingState.LYING)
    holder = _holder(thing.id)
    if holder is not None:
        _count_for(thing.house_id, holder.person_id)
    session().execute(delete(Claim).where(Claim.thing_id == thing.id))
    _end(thing, ThingState.TAKEN)
    move = _move(thing.house_id, MoveKind.GONE, thing)
    publish(ThingTaken(house_id=thing.house_id, by=by.person_id, shelf_thing_id=thing.id, kind=thing.kind))
    return move


def _count_for(house_id: int, person_id: int) -> None:
    month = month_of(clock.now())
    taken = queries.taken_in(house_id, person_id, month)
    if taken is None:
        taken = Taken(house_id=house_id, person_id=person_id, month=month)
        add_first(taken)
    taken.pieces += 1
    session().flush()


def sweep_things(house_id: int, thing_ids: Iterable[int], by: Actor) -> int:
    """To charity; what has been set aside meanwhile, or is not there any more, stays as it is. The number swept."""
    swept = 0
    claimed = select(Claim.thing_id)
    wanted = select(ShelfThing).where(
        ShelfThing.id.in_(list(thing_ids)),
        ShelfThing.house_id == house_id,
        ShelfThing.state == ThingState.LYING,
        ShelfThing.id.not_in(claimed),
    )
    for thing in session().scalars(wanted.order_by(ShelfThing.id)).all():
        _end(thing, ThingState.SWEPT)
        _move(house_id, MoveKind.SWEPT, thing)
        publish(ThingSwept(house_id=house_id, by=by.person_id, shelf_thing_id=thing.id, kind=thing.kind))
        swept += 1
    return swept


def count_move(house_id: int, what: str, by: Actor) -> ShelfMove:
    """One tap: a piece without a name came or went."""
    if what not in (MoveKind.CAME, MoveKind.GONE):
        raise Invalid({"what": [_l("Please choose one of these.")]})
    move = _move(house_id, MoveKind(what), None)
    publish(MoveCounted(house_id=house_id, by=by.person_id, move_id=move.id, kind=what))
    return move


def undo_move(move: ShelfMove, by: Actor) -> None:
    """A slip of the finger. What was ticked off as gone lies there again; what was only counted is not counted."""
    now = clock.now()
    if move.undone_at is not None or now - move.at > UNDO_WITHIN:
        raise ThingElsewhere(_l("This cannot be taken back any more. Nothing has been changed."))
    thing = move.thing
    if thing is not None:
        back = {MoveKind.GONE: ThingState.TAKEN, MoveKind.SWEPT: ThingState.SWEPT}.get(MoveKind(move.what))
        if back is None:
            raise ThingElsewhere(_l("This cannot be taken back any more. Nothing has been changed."))
        _need(thing, back)
        thing.state, thing.ended_at = ThingState.LYING, None
    move.undone_at = now
    session().flush()
    publish(MoveUndone(house_id=move.house_id, by=by.person_id, move_id=move.id, kind=move.what))


def forget_takings() -> int:
    """What was counted for somebody in earlier months goes."""
    past = delete(Taken).where(Taken.month < month_of(clock.now()))
    count = session().scalar(select(func.count()).select_from(Taken).where(Taken.month < month_of(clock.now()))) or 0
    session().execute(past)
    return count


def _need(thing: ShelfThing, state: ThingState) -> None:
    if thing.state != state:
        raise ThingElsewhere(state=thing.state)


def _end(thing: ShelfThing, state: ThingState) -> None:
    thing.state, thing.ended_at, thing.announced_by_id = state, clock.now(), None
    session().flush()


def _move(house_id: int, what: MoveKind, thing: ShelfThing | None) -> ShelfMove:
    move = ShelfMove(
        house_id=house_id, on_day=clock.today(i18n.zone()), at=clock.now(), what=what, thing_id=thing.id if thing else None
    )
    session().add(move)
    session().flush()
    return move
