"""Handing out: things go home with somebody, in one act or not at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core import clock, i18n
from app.core.db import Collision, session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.library.events import AgreementMade, LoanMade
from app.library.models import (
    Borrower,
    Loan,
    LoanLine,
    QueueState,
    Reservation,
    ReservationState,
    Whereabouts,
)
from app.library.queries import LINE
from app.library.queries.borrowers import terms
from app.library.service.arranging import arrange, pieces_of, release_reservation, set_aside, supply_of
from app.library.service.charging import charge_loan, late_cap, prices
from app.library.service.checking import Checked, LoanRequest, Verdict, check_loan, deal_out, reserved_in
from app.library.service.refusals import MayNotBorrow
from app.library.service.reservations import end_offer
from app.occupancy import service as promises

LONGEST_BACK = timedelta(days=14)
"""How far back a hand-over may be written down that somebody forgot."""


def hand_out(request: LoanRequest, by: Actor) -> Loan:
    """Things go home with somebody, in one act or not at all.

    Raises `Invalid`, `MayNotBorrow` (with every reason, and whether one is firm) or `NoOpenDayKnown`.
    """
    checked = check_loan(request, by)
    if checked.reasons and (not request.override.strip() or any(each.firm for each in checked.reasons)):
        raise MayNotBorrow(checked.reasons)
    if checked.notices and not request.notices_read:
        raise Invalid({"notices_read": [_l("Please read the notices out and tick that you did.")]})
    _agree(request, checked, by)
    moment = _moment(request)
    loan = Loan(
        house_id=request.house_id, person_id=request.person_id, handed_out_at=moment, handed_out_by_id=by.person_id,
        organisation_id=request.organisation_id, collected_by=request.collected_by, note=request.note,
        terms_on=_terms_of(request),
    )  # fmt: skip
    session().add(loan)
    session().flush()
    backdated = request.handed_out_at is not None
    costs = prices({each.thing.id for each in checked.verdicts}, clock.today(i18n.zone()))
    made = []
    for verdict in checked.verdicts:
        cost = costs[verdict.thing.id]
        made.append(
            (
                _hand_out(loan, verdict, cost, request, moment, backdated, by),
                verdict.thing,
                verdict.thing_class,
                verdict.piece.number,
            )
        )
    if not backdated:
        charge_loan(loan, made, request.reduction, by)
    publish(
        LoanMade(
            house_id=loan.house_id, by=by.person_id, loan_id=loan.id, person_id=loan.person_id,
            numbers=tuple(number for _, _, _, number in made), due_at=min(line.due_at for line, _, _, _ in made),
            overridden=bool(checked.reasons),
        )
    )  # fmt: skip
    arrange({thing.id for _, thing, _, _ in made}, by)
    return loan


def _moment(request: LoanRequest) -> datetime:
    now = clock.now()
    if request.handed_out_at is None:
        return now
    if not now - LONGEST_BACK <= request.handed_out_at <= now:
        raise Invalid({"handed_out_at": [_l("That is too long ago, or has not been yet.")]})
    return request.handed_out_at


def _terms_of(request: LoanRequest) -> date | None:
    wording = terms(request.house_id)
    return wording.valid_from if wording is not None else None


def _agree(request: LoanRequest, checked: Checked, by: Actor) -> None:
    """Write down what was seen and accepted; at the first loan, and when the terms have changed."""
    fields: dict[str, list[Any]] = {}
    if checked.needs_terms is not None and not request.terms_accepted:
        fields["terms_accepted"] = [_l("The lending terms have to be accepted first.")]
    if checked.needs_identity and not (request.identity_seen or request.guarantor.strip()):
        fields["identity_seen"] = [_l("Please look at a document once, or write down who answers for this person.")]
    if fields:
        raise Invalid(fields)
    if checked.needs_terms is None and not checked.needs_identity:
        return
    borrower = session().get(Borrower, request.person_id)
    if borrower is None:
        borrower = Borrower(person_id=request.person_id)
        session().add(borrower)
    today = clock.today(i18n.zone())
    if checked.needs_terms is not None:
        borrower.terms_on, borrower.terms_accepted_at = checked.needs_terms, clock.now()
    if request.identity_seen:
        borrower.identity_seen_on, borrower.identity_seen_by_id = today, by.person_id
    if request.guarantor.strip():
        borrower.guarantor = request.guarantor.strip()
    session().flush()
    publish(AgreementMade(house_id=request.house_id, by=by.person_id, person_id=request.person_id))


def _hand_out(
    loan: Loan, verdict: Verdict, cost: Any, request: LoanRequest, moment: datetime, backdated: bool, by: Actor
) -> LoanLine:
    piece, thing, thing_class = verdict.piece, verdict.thing, verdict.thing_class
    assert verdict.due_at is not None
    supply = supply_of([thing.id], loan.house_id)[thing.id]
    stock = next(each for each in supply.stocks if each.piece_id == piece.id)
    span = supply.held(clock.now(), verdict.due_at)
    cap = late_cap(thing_class, thing.replacement_cents * verdict.quantity)
    line = LoanLine(
        house_id=loan.house_id, loan_id=loan.id, piece_id=piece.id, thing_id=thing.id, single=not thing.counted,
        quantity=verdict.quantity, handed_out_at=moment, due_at=verdict.due_at, first_due_at=verdict.due_at,
        reservation_id=verdict.reservation.id if verdict.reservation is not None else None, backdated=backdated,
        override=request.override if verdict.against else "", fee_cents=cost.fee_cents,
        deposit_cents=0 if request.no_deposit.strip() else cost.deposit_cents, late_cents=thing_class.late_cents,
        late_grace_days=thing_class.late_grace_days, late_cap_cents=cap, replacement_cents=thing.replacement_cents,
    )  # fmt: skip
    session().add(line)
    try:
        session().flush()
    except IntegrityError as fault:
        raise Collision from fault  # somebody else has just handed out the same piece
    _collect(verdict.reservation, verdict.quantity if thing.counted else 1)
    deal = deal_out(supply, stock, verdict.quantity, span, verdict.due_at, verdict.reservation)
    told = {each.id: each for each in deal.before}
    if deal.fits:
        moved = [number for number, pieces in deal.made.items() if pieces_of(pieces) != sorted(told[number].pieces)]
    else:  # the desk insists: whoever had it reserved is served anew by `arrange`, or told
        moved = sorted(reserved_in(stock, span) - ({verdict.reservation.id} if verdict.reservation is not None else set()))
    for number in moved:
        release_reservation(number)
    if stock.counted:
        promises.promise_share(piece.resource_id, verdict.quantity, span, kind="out", source=LINE, source_id=line.id)
    else:
        promises.promise(stock.resources, span, kind="out", source=LINE, source_id=line.id)
        piece.whereabouts = Whereabouts.OUT
    if deal.fits:
        for number in moved:
            set_aside(number, told[number].span, deal.made[number])
    session().flush()
    return line


def _collect(reservation: Reservation | None, count: int) -> None:
    """What was reserved is taken: of several pieces one after another."""
    if reservation is None:
        return
    release_reservation(reservation.id)
    now = clock.now()
    if reservation.quantity > count:
        reservation.quantity -= count
        reservation.changed_at = now
        session().flush()
        return
    reservation.state, reservation.changed_at = ReservationState.COLLECTED, now
    reservation.at_risk_since, reservation.risk = None, ""
    session().flush()
    end_offer(reservation, QueueState.SERVED)
