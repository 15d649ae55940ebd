"""Reservations and loans for other programs: the same verbs and the same rules as the pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from app.core import i18n, web
from app.core.api import Api, Document, Line, Page, Text
from app.core.errors import Forbidden, Invalid, Missing
from app.core.i18n import gettext
from app.houses.queries import HouseCard
from app.houses.views import all_houses
from app.library import policy, service
from app.library.models import Loan, LoanLine, Reservation, ReservationState, Thing
from app.library.queries import lending, things
from app.library.service import LineRequest, LoanReduction, LoanRequest, ReservationRequest, ReturnRequest

api = Api("lending")
blueprint = api.blueprint

Id = Annotated[int, Field(strict=True, ge=1, le=web.LARGEST_ID)]
Number = Annotated[Line, StringConstraints(min_length=1, max_length=12)]
Sentence = Annotated[Text, StringConstraints(max_length=300)]


# Documents ---------------------------------------------------------------------------------------------------------


class NewReservation(Document):
    """A thing by its slug, from one day to another; without `return_on` for as long as it is usually lent.

    `person` is the desk's: for whom it is; without it, whoever holds the token. `anyway` is the desk's reason for setting a rule aside.
    """

    thing: Annotated[Line, StringConstraints(min_length=1, max_length=80)]
    pick_up_on: date
    return_on: date | None = None
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    person: Id | None = None
    organisation: Id | None = None
    anyway: Sentence = ""


class BorrowerName(Document):
    id: int
    name: str


class ReservationDocument(Document):
    """`at_risk` says why no piece is left for it just now, null while there is one. Numbers of pieces may change until the hand-over."""

    id: int
    state: ReservationState
    thing: str
    name: str
    quantity: int
    person: BorrowerName | None
    starts_at: datetime
    ends_at: datetime
    collect_by: datetime
    packed: bool
    at_risk: str | None
    pieces: list[str]
    reason: str


class ReservationQuery(Document):
    """All of the house for the desk, for anybody else their own; the newest first. `cursor` is the ``next`` of the page before."""

    thing: Annotated[Line, StringConstraints(max_length=80)] = ""
    open: bool = False
    cursor: Annotated[int, Field(ge=0, le=web.LARGEST_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class LendingReason(Document):
    """A sentence for the person."""

    reason: Sentence = ""


class NoValues(Document):
    """No values are needed."""


class NewLine(Document):
    """A piece by the number on its label; `quantity` of a counted one."""

    number: Number
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    due_on: date | None = None


class NewLoan(Document):
    """Things somebody takes home now. `override` sets aside what can be set aside, with a reason."""

    person: Id
    lines: Annotated[list[NewLine], Field(min_length=1, max_length=50)]
    organisation: Id | None = None
    collected_by: Annotated[Line, StringConstraints(max_length=120)] = ""
    notices_read: bool = False
    terms_accepted: bool = False
    identity_seen: bool = False
    guarantor: Annotated[Line, StringConstraints(max_length=120)] = ""
    override: Sentence = ""
    reduction: Literal["", "city_card", "hardship", "free_on_application"] = ""
    reduction_reason: Sentence = ""


class LineDocument(Document):
    """A piece on loan. `returned` and `written_off` of `quantity`; closed when none is open."""

    id: int
    loan: int
    number: str
    thing: str
    name: str
    quantity: int
    returned: int
    written_off: int
    handed_out_at: datetime
    due_at: datetime
    returned_at: datetime | None
    renewals: int
    fee_cents: int
    deposit_cents: int
    person: BorrowerName | None


class LoanDocument(Document):
    id: int
    person: BorrowerName | None
    handed_out_at: datetime
    lines: list[LineDocument]


class LineQuery(Document):
    """Pieces on loan, the newest first: all of the house for the desk, for anybody else their own."""

    state: Literal["all", "out", "overdue"] = "all"
    cursor: Annotated[int, Field(ge=0, le=web.LARGEST_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class NewReturn(Document):
    """What came back, by the number on its label; `count` of a counted one. `missing` counts parts by their id."""

    number: Number
    count: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    handed_in_at: datetime | None = None
    missing: Annotated[dict[int, int], Field(max_length=50)] = {}
    damage: Sentence = ""
    by_use: bool = False
    waive: Sentence = ""


class ReturnDocument(Document):
    """`needs` is the condition of the piece now, ``fine`` where it can go out again; `late_cents` is what is asked for coming late."""

    line: LineDocument
    late_cents: int
    still_out: int
    needs: str


class Renewal(Document):
    """Until a day of one's own, or for as long as it is usually lent."""

    due_on: date | None = None


# Reservations ------------------------------------------------------------------------------------------------------


def _house() -> HouseCard | None:
    """The house of the token."""
    own = {house_id for house_id, _ in web.actor().roles}
    houses = all_houses()
    return next((house for house in houses if house.id in own), houses[0] if houses else None)


def _thing(slug: str) -> Thing:
    house = _house()
    found = lending.thing_by_slug(house.id, slug) if house is not None else None
    if found is None:
        raise Invalid({"thing": [gettext("There is no such thing.")]})
    return found


@api.post("/reservations", allow=policy.reserve_thing, body=NewReservation, answer=ReservationDocument)
def reserve_thing(body: NewReservation) -> ReservationDocument:
    """Reserve a thing; 409 with `possible`, `why` and `alternatives` when not enough of it is free."""
    who, thing = web.actor(), _thing(body.thing)
    staff = policy.lend(who, thing)
    person_id = body.person if body.person is not None else who.person_id
    if person_id is None:
        raise Invalid({"person": [gettext("For whom is it?")]})
    if not staff and person_id != who.person_id:
        raise Forbidden(gettext("You can reserve for yourself only. The desk reserves for others."))
    made = service.reserve_thing(
        ReservationRequest(
            thing.id, person_id, body.pick_up_on, body.return_on, body.quantity,
            body.organisation if staff else None, "api", body.anyway if staff else "",
        ),
        who,
    )  # fmt: skip
    return _fresh(made.id)


@api.get("/reservations", allow=policy.see_own_things, query=ReservationQuery, answer=Page[ReservationDocument])
def list_reservations(query: ReservationQuery) -> Page[ReservationDocument]:
    """Reservations, the newest first."""
    house, who = _house(), web.actor()
    own = None if house is not None and policy.lend(who, house) else who.person_id
    if house is None or (own is None and not policy.lend(who, house)):
        return Page(items=[])
    thing_id = _thing(query.thing).id if query.thing else None
    found = lending.reservations(
        house.id, person_id=own, thing_id=thing_id, only_open=query.open, after=query.cursor, most=query.limit + 1
    )
    shown = found[: query.limit]
    return Page(items=[_reservation(each) for each in shown], next=str(shown[-1].id) if len(found) > query.limit else None)


@api.get("/reservations/<int:reservation_id>", load=lending.reservation, allow=policy.see_reservation, answer=ReservationDocument)
def show_reservation(reservation: Reservation) -> ReservationDocument:
    """One reservation."""
    return _reservation(reservation)


@api.post("/reservations/<int:reservation_id>/cancel", load=lending.reservation, allow=policy.cancel_reservation, body=LendingReason,
          answer=ReservationDocument, status=200)  # fmt: skip
def cancel_reservation(reservation: Reservation, body: LendingReason) -> ReservationDocument:
    """It is not needed any more; the pieces are free at once."""
    service.cancel_reservation(reservation, body.reason, web.actor())
    return _fresh(reservation.id)


@api.post("/reservations/<int:reservation_id>/pack", load=lending.reservation, allow=policy.lend, body=NoValues,
          answer=ReservationDocument, status=200)  # fmt: skip
def pack_reservation(reservation: Reservation, body: NoValues) -> ReservationDocument:
    """It stands ready, and does not lapse any more."""
    service.pack_reservation(reservation, web.actor())
    return _fresh(reservation.id)


def _fresh(reservation_id: int) -> ReservationDocument:
    found = lending.reservation(reservation_id)
    assert found is not None
    return _reservation(found)


def _reservation(each: Reservation) -> ReservationDocument:
    return ReservationDocument(
        id=each.id,
        state=ReservationState(each.state),
        thing=each.thing.slug,
        name=each.thing.name,
        quantity=each.quantity,
        person=_name(each.person),
        starts_at=_local(each.starts_at),
        ends_at=_local(each.ends_at),
        collect_by=_local(each.collect_by),
        packed=each.packed_at is not None,
        at_risk=each.risk if each.at_risk_since is not None else None,
        pieces=sorted(allocation.piece.number for allocation in each.allocations),
        reason=each.reason,
    )


# Loans -------------------------------------------------------------------------------------------------------------


@api.post("/loans", load=_house, allow=policy.lend, body=NewLoan, answer=LoanDocument)
def hand_out(house: HouseCard, body: NewLoan) -> LoanDocument:
    """Hand things out; 409 with every reason when a rule says no, and whether one of them is `firm`."""
    numbers = {each.number: things.piece_by_number(house.id, each.number) for each in body.lines}
    unknown = next((number for number, piece in numbers.items() if piece is None), None)
    if unknown is not None:
        raise Invalid({"lines": [gettext("There is no such number: %(number)s", number=unknown)]})
    lines = [LineRequest(piece.id, each.quantity, each.due_on) for each in body.lines if (piece := numbers[each.number])]
    made = service.hand_out(
        LoanRequest(
            house.id, body.person, lines, body.organisation, body.collected_by, notices_read=body.notices_read,
            terms_accepted=body.terms_accepted, identity_seen=body.identity_seen, guarantor=body.guarantor, override=body.override,
            reduction=LoanReduction(body.reduction, body.reduction_reason),
        ),
        web.actor(),
    )  # fmt: skip
    found = lending.loan(made.id)
    assert found is not None
    return _loan(found)


@api.get("/loans/<int:loan_id>", load=lending.loan, allow=policy.see_reservation, answer=LoanDocument)
def show_loan(loan: Loan) -> LoanDocument:
    """What somebody carried home in one go."""
    return _loan(loan)


@api.get("/loan-lines", allow=policy.see_own_things, query=LineQuery, answer=Page[LineDocument])
def list_lines(query: LineQuery) -> Page[LineDocument]:
    """Pieces on loan."""
    house, who = _house(), web.actor()
    own = None if house is not None and policy.lend(who, house) else who.person_id
    if house is None or (own is None and not policy.lend(who, house)):
        return Page(items=[])
    found = lending.lines(
        house.id,
        person_id=own,
        out=query.state == "out",
        overdue=query.state == "overdue",
        after=query.cursor,
        most=query.limit + 1,
    )
    shown = found[: query.limit]
    return Page(items=[_line(each, each.loan) for each in shown], next=str(shown[-1].id) if len(found) > query.limit else None)


@api.post("/loan-lines/<int:line_id>/renew", load=lending.line, allow=policy.renew_loan, body=Renewal,
          answer=LineDocument, status=200)  # fmt: skip
def renew_loan(line: LoanLine, body: Renewal) -> LineDocument:
    """Keep it longer, unless somebody waits for it."""
    who = web.actor()
    service.renew_loan(line, who, body.due_on if policy.lend(who, line) else None)
    return _line_again(line.id)


@api.post("/returns", load=_house, allow=policy.lend, body=NewReturn, answer=ReturnDocument)
def return_piece(house: HouseCard, body: NewReturn) -> ReturnDocument:
    """Take something back by its number, whoever brings it."""
    piece = things.piece_by_number(house.id, body.number)
    line = service.line_out(piece.id) if piece is not None else None
    if line is None:
        raise Missing(gettext("Nothing with this number is out."))
    moment = body.handed_in_at
    if moment is not None and moment.tzinfo is None:
        raise Invalid({"handed_in_at": [gettext("Please add the offset from UTC.")]})
    done = service.return_piece(
        line, ReturnRequest(body.count, moment, body.missing, body.damage, body.by_use, body.waive), web.actor()
    )
    return ReturnDocument(line=_line_again(line.id), late_cents=done.late_cents, still_out=done.still_out, needs=done.needs)


def _line_again(line_id: int) -> LineDocument:
    found = lending.line(line_id)
    assert found is not None
    return _line(found, found.loan)


def _loan(loan: Loan) -> LoanDocument:
    return LoanDocument(
        id=loan.id,
        person=_name(loan.person),
        handed_out_at=_local(loan.handed_out_at),
        lines=[_line(each, loan) for each in loan.lines],
    )


def _line(each: LoanLine, loan: Loan) -> LineDocument:
    return LineDocument(
        id=each.id,
        loan=each.loan_id,
        number=each.piece.number,
        thing=each.thing.slug,
        name=each.thing.name,
        quantity=each.quantity,
        returned=each.returned,
        written_off=each.written_off,
        handed_out_at=_local(each.handed_out_at),
        due_at=_local(each.due_at),
        returned_at=_local(each.returned_at) if each.returned_at is not None else None,
        renewals=each.renewals,
        fee_cents=each.fee_cents,
        deposit_cents=each.deposit_cents,
        person=_name(loan.person),
    )


def _local(moment: datetime) -> datetime:
    return moment.astimezone(i18n.zone())


def _name(who: Any) -> BorrowerName | None:
    return BorrowerName(id=who.id, name=who.name) if who is not None else None
