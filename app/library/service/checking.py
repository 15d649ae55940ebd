"""What the rules say about a hand-over before it happens.

The desk sees every rule that speaks against it, with what would be possible instead. Most of them it may set aside with a reason, which
is kept with the loan; what is firm (the piece is out, not safe, not whole) must be put right first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.core.spans import Span
from app.library import queries
from app.library.models import (
    OPEN,
    Condition,
    Intake,
    Part,
    Piece,
    Reservation,
    Thing,
    ThingClass,
    Whereabouts,
)
from app.library.queries import LINE, RESERVATION, NoOpenDay, Stock, Supply, Taken, Why
from app.library.queries.borrowers import Act, No, Standing, against, standing, terms
from app.library.service.arranging import (
    Plan,
    Wanted,
    open_reservations,
    plan,
    supply_of,
    wanted_of,
)
from app.library.service.charging import LoanReduction
from app.library.service.refusals import WHY, NoOpenDayKnown
from app.library.service.reservations import loan_days
from app.occupancy.queries import HeldShare
from app.people.models import Organisation, Person

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class LineRequest:
    """A piece to hand out, until `due_on` (as it was reserved, or for as long as usual)."""

    piece_id: int
    quantity: int = 1
    due_on: date | None = None


@dataclass(frozen=True)
class LoanRequest:
    """Things somebody takes home. `override` is the desk's reason for setting rules aside; `handed_out_at` for what was forgotten."""

    house_id: int
    person_id: int
    lines: Sequence[LineRequest]
    organisation_id: int | None = None
    collected_by: str = ""
    note: str = ""
    notices_read: bool = False
    terms_accepted: bool = False
    identity_seen: bool = False
    guarantor: str = ""
    override: str = ""
    handed_out_at: datetime | None = None
    reduction: LoanReduction = field(default_factory=LoanReduction)
    no_deposit: str = ""
    """Why no deposit is asked for."""


@dataclass(frozen=True)
class Verdict:
    """What the rules say about one line; `until` and `others` are what the desk can offer instead of what is reserved."""

    piece: Piece
    thing: Thing
    thing_class: ThingClass
    quantity: int
    due_at: datetime | None
    reservation: Reservation | None
    against: tuple[No, ...] = ()
    until: datetime | None = None
    """It is free up to here, where others have it reserved after that."""
    others: tuple[str, ...] = ()
    """Numbers of pieces alike that are free for all of it."""
    missing: tuple[str, ...] = ()
    """Parts that are not there; none it could not do without."""

    @property
    def firm(self) -> bool:
        return any(each.firm for each in self.against)


@dataclass(frozen=True)
class Checked:
    """A hand-over before it is done. `person_against` holds for all of it."""

    verdicts: tuple[Verdict, ...]
    who: Standing
    needs_terms: date | None
    """The wording that has to be accepted first, by its day."""
    needs_identity: bool

    @property
    def reasons(self) -> list[No]:
        found = {(each.code, each.words): each for verdict in self.verdicts for each in verdict.against}
        return list(found.values())

    @property
    def notices(self) -> list[str]:
        """What has to be read out."""
        return list(dict.fromkeys(each.thing.notice for each in self.verdicts if each.thing.notice))


def check_loan(request: LoanRequest, by: Actor) -> Checked:
    """All that speaks against a hand-over; writes nothing. Raises `Invalid` for what makes no sense."""
    if session().get(Person, request.person_id) is None:
        raise Invalid({"person": [_l("For whom is it?")]})
    if request.organisation_id is not None and session().get(Organisation, request.organisation_id) is None:
        raise Invalid({"organisation": [_l("There is no such group.")]})
    rows = _rows(request.house_id, request.lines)
    who = standing(request.person_id, request.house_id)
    things = {thing.id for _, thing, _ in rows.values()}
    supplies = supply_of(things, request.house_id)
    own = _own_reservations(request.person_id, things)
    missing = _missing_parts(list(rows))
    verdicts, more = [], 0
    for each in request.lines:
        piece, thing, thing_class = rows[each.piece_id]
        reservation = _matching(own, thing.id)
        more += reservation is None
        verdict = _verdict(each, piece, thing, thing_class, reservation, supplies.get(thing.id), by)
        rules = against(
            who, thing_class, Act.BORROW, more=more if reservation is None else 0, group=request.organisation_id is not None
        )
        verdicts.append(replace(verdict, against=(*verdict.against, *rules), missing=missing.get(piece.id, ())))
    wording = terms(request.house_id)
    accepted = who.borrower.terms_on if who.borrower is not None else None
    known = who.borrower is not None and (who.borrower.identity_seen_on is not None or bool(who.borrower.guarantor))
    return Checked(
        tuple(verdicts), who, wording.valid_from if wording is not None and accepted != wording.valid_from else None, not known
    )


def check_pieces(house_id: int, lines: Sequence[LineRequest], by: Actor) -> tuple[Verdict, ...]:
    """What speaks against the pieces themselves, before it is known for whom; writes nothing. Raises as `check_loan`."""
    rows = _rows(house_id, lines)
    supplies = supply_of({thing.id for _, thing, _ in rows.values()}, house_id)
    missing = _missing_parts(list(rows))
    made = []
    for each in lines:
        piece, thing, thing_class = rows[each.piece_id]
        verdict = _verdict(each, piece, thing, thing_class, None, supplies.get(thing.id), by)
        made.append(replace(verdict, missing=missing.get(piece.id, ())))
    return tuple(made)


def _rows(house_id: int, lines: Sequence[LineRequest]) -> dict[int, tuple[Piece, Thing, ThingClass]]:
    """Piece, thing and class of each line, by piece. Raises `Invalid`."""
    if not lines:
        raise Invalid({"lines": [_l("What is handed out?")]})
    if len({each.piece_id for each in lines}) != len(lines):
        raise Invalid({"lines": [_l("The same number is there twice.")]})
    rows = {
        piece.id: (piece, thing, thing_class)
        for piece, thing, thing_class in session().execute(
            select(Piece, Thing, ThingClass)
            .join(Thing, Thing.id == Piece.thing_id)
            .join(ThingClass, ThingClass.id == Thing.class_id)
            .where(Piece.id.in_([each.piece_id for each in lines]), Piece.house_id == house_id)
            .execution_options(populate_existing=True)
        )
    }
    if len(rows) != len(lines):
        raise Invalid({"lines": [_l("There is no such number.")]})
    return rows


def _own_reservations(person_id: int, things: Iterable[int]) -> dict[int, list[Reservation]]:
    """Reservations of somebody that can be collected today, by thing."""
    tonight = clock.midnight(clock.today(i18n.zone()) + ONE_DAY, i18n.zone())
    found: dict[int, list[Reservation]] = {}
    for each in session().scalars(
        select(Reservation)
        .where(
            Reservation.person_id == person_id, Reservation.thing_id.in_(sorted(things)), Reservation.state.in_(OPEN),
            Reservation.starts_at < tonight,
        )
        .order_by(Reservation.starts_at)
    ):  # fmt: skip
        found.setdefault(each.thing_id, []).extend([each] * each.quantity)
    return found


def _matching(own: Mapping[int, list[Reservation]], thing_id: int) -> Reservation | None:
    left = own.get(thing_id)
    return left.pop(0) if left else None


def _missing_parts(piece_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Loose parts that are not there just now, by kit, in words."""
    found: dict[int, list[str]] = {}
    for each in session().scalars(select(Part).where(Part.kit_id.in_(piece_ids), Part.missing > 0).order_by(Part.position)):
        words = gettext("%(count)s × %(part)s", count=each.missing, part=each.name)
        found.setdefault(each.kit_id, []).append(words)
    return {kit: tuple(words) for kit, words in found.items()}


def _verdict(
    line: LineRequest, piece: Piece, thing: Thing, thing_class: ThingClass, reservation: Reservation | None,
    supply: Supply | None, by: Actor,
) -> Verdict:  # fmt: skip
    made = Verdict(piece, thing, thing_class, line.quantity, None, reservation)
    firm = _not_whole(piece, thing)
    stock = next((each for each in supply.stocks if each.piece_id == piece.id), None) if supply is not None else None
    if firm or supply is None or stock is None:
        return replace(made, against=tuple(firm) or (No("gone", str(WHY[Why.GONE]), firm=True),))
    if not 1 <= line.quantity <= piece.count:
        raise Invalid({"quantity": [gettext("Between 1 and %(most)s.", most=piece.count)]})
    try:
        due_at = _due(line, thing, thing_class, reservation, supply)
    except NoOpenDay:
        raise NoOpenDayKnown from None
    made = replace(made, due_at=due_at)
    if stock.test_ends(supply.openings.day_of(due_at)):
        return replace(made, against=(test_no(stock),))
    if stock.unfit is not None:
        return replace(made, against=(No(stock.unfit, str(WHY[stock.unfit]), firm=True),))
    span = supply.held(clock.now(), due_at)
    if any(each.source == LINE and each.span.starts_at <= span.starts_at < each.span.ends_at for each in stock.taken):
        return replace(made, against=(No("parts-out", gettext("A part of it is out on loan, or all of it is."), firm=True),))
    if not deal_out(supply, stock, line.quantity, span, due_at, reservation).fits:
        reserved = No("reserved", gettext("It is reserved for somebody else."))
        own = [(RESERVATION, reservation.id)] if reservation is not None else []
        others = tuple(
            each.number for each in supply.stocks if each is not stock and each.free(span, supply.openings.day_of(due_at), own)
        )
        return replace(made, against=(reserved,), until=_free_until(supply, stock, span.starts_at), others=others)
    return made


def _not_whole(piece: Piece, thing: Thing) -> list[No]:
    """What must be put right before it can go out."""
    if piece.retired_at is not None or piece.intake != Intake.STOCKED or thing.archived_at is not None:
        return [No("gone", str(WHY[Why.GONE]), firm=True)]
    if piece.whereabouts in (Whereabouts.OUT, Whereabouts.BOX) and not thing.counted:
        return [No("out", gettext("This is still out on loan. Take it back first."), firm=True)]
    if piece.whereabouts == Whereabouts.LOST:
        return [No("lost", gettext("This is written down as lost. Write down first that it has been found."), firm=True)]
    if piece.whereabouts == Whereabouts.OWNER:
        return [No("owner", str(WHY[Why.OWNER]), firm=True)]
    if piece.condition != Condition.FINE:
        why = {Condition.CHECK: Why.CHECK, Condition.WASH: Why.WASH, Condition.REPAIR: Why.REPAIR}.get(
            Condition(piece.condition), Why.QUARANTINED
        )
        return [No(why, str(WHY[why]), firm=True)]
    return []


def test_no(stock: Stock) -> No:
    if stock.test_due_on is None:
        return No("test", gettext("It has not been tested for safety yet."), firm=True)
    return No("test", gettext("Its safety test is due on %(day)s.", day=i18n.day(stock.test_due_on)), firm=True)


def _due(line: LineRequest, thing: Thing, thing_class: ThingClass, reservation: Reservation | None, supply: Supply) -> datetime:
    """On an open day, never before today; what was reserved keeps its day unless it came from the queue. Raises `NoOpenDay`."""
    openings, today = supply.openings, clock.today(i18n.zone())
    if line.due_on is not None:
        if line.due_on < today:
            raise Invalid({"due_on": [_l("That day is already over.")]})
        return _due_on(openings, openings.next_day(line.due_on), today)
    usual = openings.due_on(openings.due_after(today, loan_days(thing, thing_class), thing_class.closed_days))
    if reservation is None:
        return usual
    return (
        min(usual, reservation.ends_at) if reservation.from_queue else max(reservation.ends_at, _due_on(openings, today, today))
    )


def _due_on(openings: queries.Openings, day: date, today: date) -> datetime:
    day = openings.next_day(day)
    if day == today and openings.on(day)[-1].ends_at > clock.now():
        return openings.closing(day)
    return openings.due_on(day if day > today else openings.next_day(today + ONE_DAY))


def _free_until(supply: Supply, stock: Stock, now: datetime) -> datetime | None:
    """The last moment a loan could end before somebody else's begins; None where that is not for another day."""
    openings = supply.openings
    starts = [each.span.starts_at for each in stock.taken if each.span.starts_at > now and each.source == RESERVATION]
    if not starts:
        return None
    for day in reversed(openings.days(openings.day_of(now), openings.day_of(min(starts)))):
        due_at = openings.return_by(openings.on(day)[0])
        if due_at > now and supply.held(now, due_at).ends_at <= min(starts):
            return due_at
    return None


@dataclass(frozen=True)
class Deal:
    """How others are served when a piece goes out; `fits` when nobody loses what they have."""

    fits: bool
    made: Plan
    before: Sequence[Wanted]
    own: Reservation | None


def deal_out(supply: Supply, stock: Stock, quantity: int, span: Span, due_at: datetime, own: Reservation | None) -> Deal:
    """Take `quantity` of `stock` for `span` out of the supply and serve everybody else anew."""
    but = [(RESERVATION, own.id)] if own is not None else []
    before = wanted_of(each for each in open_reservations([supply.thing_id]) if own is None or each.id != own.id)
    movable = [(RESERVATION, each.id) for each in before]
    if stock.free(span, supply.openings.day_of(due_at), [*but, *movable]) < quantity:
        return Deal(False, {}, before, own)
    left = tuple(_less(each, stock, quantity, span, set(but)) for each in supply.stocks)
    made = plan(replace(supply, stocks=left), before)
    worse = any(
        sum(count for _, count in each.pieces) >= each.quantity > sum(count for _, count in made[each.id]) for each in before
    )
    return Deal(not worse, made, before, own)


def _less(each: Stock, stock: Stock, quantity: int, span: Span, but: set[tuple[str, int]]) -> Stock:
    """Without the own reservation, and with the loan that is about to be."""
    freed = replace(
        each,
        taken=tuple(taken for taken in each.taken if (taken.source, taken.source_id) not in but),
        shares=tuple(share for share in each.shares if (share.source, share.source_id) not in but),
    )
    if each.piece_id != stock.piece_id:
        return freed
    if each.counted:
        return replace(freed, shares=(*freed.shares, HeldShare(0, span, quantity, LINE, 0)))
    return replace(freed, taken=(*freed.taken, Taken(span, Why.OUT, LINE, 0)))


def reserved_in(stock: Stock, span: Span) -> set[int]:
    """Reservations that have some of a piece set aside within `span`."""
    held = [(each.source, each.source_id, each.span) for each in (*stock.taken,)]
    held += [(each.source, each.source_id, each.span) for each in stock.shares]
    return {source_id for source, source_id, their in held if source == RESERVATION and their.overlaps(span)}
