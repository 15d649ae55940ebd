"""Charges, payments and deposits for other programs of the desk. Cents are whole; a token acts in the house it was made for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from app.core import i18n, web
from app.core.api import Api, Document, Line, Page
from app.core.errors import Invalid
from app.core.i18n import gettext
from app.houses.queries import HouseCard
from app.houses.views import all_houses
from app.money import policy, queries, service
from app.money.models import Charge, Deposit, DepositKind, Direction, Method, Payment, Reduction
from app.money.queries import Payer
from app.money.queries.desk import PaymentLine
from app.money.queries.lists import ChargeRow, DepositRow

api = Api("money")
blueprint = api.blueprint

MOST_CENTS = 10_000_000_00
Id = Annotated[int, Field(strict=True, ge=1, le=web.LARGEST_ID)]
Cents = Annotated[int, Field(strict=True, ge=0, le=MOST_CENTS)]
SomeCents = Annotated[int, Field(strict=True, ge=1, le=MOST_CENTS)]
Words = Annotated[Line, StringConstraints(min_length=2, max_length=160)]


class ListQuery(Document):
    """Newest first; `cursor` is the ``next`` of the page before, `person` the id of whose they are."""

    state: Literal["open", "all"] = "all"
    person: Annotated[int, Field(ge=1, le=web.LARGEST_ID)] | None = None
    cursor: Annotated[str, StringConstraints(max_length=12)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


# Charges -------------------------------------------------------------------------------------------------------------


class ChargeItem(Document):
    """What somebody owes, in a list."""

    id: int
    title: str
    person: int | None
    organisation: int | None
    total_cents: int
    normal_cents: int
    settled_cents: int
    open_cents: int
    due_on: date
    cancelled: bool


class ChargeLineDocument(Document):
    """`vat_cents` is contained in `cents`; `rate_bp` in hundredths of a per cent."""

    kind: str
    text: str
    cents: int
    normal_cents: int
    rate_bp: int
    vat_cents: int


class ChargeDocument(ChargeItem):
    """The same with its lines. `replaces` is the charge it stands for."""

    supplied_from: date
    supplied_until: date
    reduction: Reduction | None
    reason: str
    replaces: int | None
    lines: list[ChargeLineDocument]


class NewChargeLine(Document):
    """`kind` is the code of an income kind; what the tally of the cash day tells cannot be charged one by one."""

    kind: Annotated[Line, StringConstraints(min_length=1, max_length=30)]
    text: Words
    cents: Cents
    normal_cents: Cents | None = None


class NewCharge(Document):
    """For a `person` or an `organisation`; what makes it cheaper stands in `reduction` and `reason`."""

    person: Id | None = None
    organisation: Id | None = None
    title: Words
    lines: Annotated[list[NewChargeLine], Field(min_length=1, max_length=50)]
    supplied_from: date
    supplied_until: date | None = None
    due_on: date | None = None
    reduction: Reduction | None = None
    reason: Annotated[Line, StringConstraints(max_length=300)] = ""


class Why(Document):
    """Stands in the books."""

    reason: Annotated[Line, StringConstraints(min_length=3, max_length=300)]


def _house() -> HouseCard | None:
    """The house of the token; the first one for whoever has none."""
    own = {house_id for house_id, _ in web.actor().roles}
    houses = all_houses()
    return next((house for house in houses if house.id in own), houses[0] if houses else None)


def _charge(charge_id: int) -> Charge | None:
    house = _house()
    return queries.charge(house.id, charge_id) if house else None


def _deposit(deposit_id: int) -> Deposit | None:
    house = _house()
    return queries.deposit(house.id, deposit_id) if house else None


@api.get("/charges", load=_house, allow=policy.handle_money, query=ListQuery, answer=Page[ChargeItem])
def list_charges(house: HouseCard, query: ListQuery) -> Page[ChargeItem]:
    """What is owed to the house: all of it, or what is open."""
    found = queries.charges_after(
        house.id, only_open=query.state == "open", person_id=query.person, before=_before(query.cursor),
        most=query.limit + 1,
    )  # fmt: skip
    return Page(items=[_charge_item(each) for each in found[: query.limit]], next=_next(found, query.limit))


@api.post("/charges", load=_house, allow=policy.handle_money, body=NewCharge, answer=ChargeDocument, turns=[service.LEDGER])
def make_charge(house: HouseCard, body: NewCharge) -> ChargeDocument:
    """Write down what somebody owes."""
    payer = _payer(body.person, body.organisation)
    if body.supplied_until is not None and body.supplied_until < body.supplied_from:
        raise Invalid({"supplied_until": [gettext("It must end after it starts.")]})
    _sensible({"supplied_from": body.supplied_from, "supplied_until": body.supplied_until, "due_on": body.due_on})
    lines = [service.ChargeLineRequest(line.kind, line.text, line.cents, line.normal_cents) for line in body.lines]
    request = service.ChargeRequest(
        house_id=house.id, person_id=payer.person_id, organisation_id=payer.organisation_id, title=body.title, lines=lines,
        supplied_from=body.supplied_from, supplied_until=body.supplied_until, due_on=body.due_on,
        reduction=body.reduction or "", reason=body.reason,
    )  # fmt: skip
    return _fresh_charge(service.charge_by_hand(request, web.actor()))


def _sensible(days: dict[str, date | None]) -> None:
    for name, day in days.items():
        if day is not None and not 2000 <= day.year <= 2199:
            raise Invalid({name: [gettext("This day lies too far away.")]})


def _payer(person: int | None, organisation: int | None) -> Payer:
    found = queries.payer(person, organisation)
    if found is None:
        name = "person" if organisation is None else "organisation"
        raise Invalid({name: [gettext("For whom is it?") if person is None else gettext("There is no such person.")]})
    return found


@api.get("/charges/<int:charge_id>", load=_charge, allow=policy.see_money, answer=ChargeDocument)
def show_charge(charge: Charge) -> ChargeDocument:
    """One charge with its lines."""
    return _charge_document(charge)


@api.post("/charges/<int:charge_id>/cancel", load=_charge, allow=policy.handle_money, body=Why, answer=ChargeDocument, status=200)
def cancel_charge(charge: Charge, body: Why) -> ChargeDocument:
    """Nobody owes it any more; what was paid is owed back."""
    service.cancel_charge(charge, body.reason, web.actor())
    return _fresh_charge(charge)


def _fresh_charge(charge: Charge) -> ChargeDocument:
    found = queries.charge(charge.house_id, charge.id)
    assert found is not None
    return _charge_document(found)


def _charge_item(row: ChargeRow) -> ChargeItem:
    return ChargeItem(
        id=row.id, title=row.title, person=row.person_id, organisation=row.organisation_id, total_cents=row.total_cents,
        normal_cents=row.normal_cents, settled_cents=row.settled_cents, open_cents=row.open_cents, due_on=row.due_on,
        cancelled=row.cancelled,
    )  # fmt: skip


def _charge_document(charge: Charge) -> ChargeDocument:
    return ChargeDocument(
        id=charge.id, title=charge.title, person=charge.person_id, organisation=charge.organisation_id,
        total_cents=charge.total_cents, normal_cents=charge.normal_cents, settled_cents=charge.settled_cents,
        open_cents=charge.open_cents, due_on=charge.due_on, cancelled=charge.cancelled_at is not None,
        supplied_from=charge.supplied_from, supplied_until=charge.supplied_until,
        reduction=Reduction(charge.reduction) if charge.reduction else None, reason=charge.reason, replaces=charge.replaces_id,
        lines=[
            ChargeLineDocument(
                kind=line.kind_code, text=line.text, cents=line.cents, normal_cents=line.normal_cents, rate_bp=line.rate_bp,
                vat_cents=line.vat_cents,
            )
            for line in charge.lines
        ],
    )  # fmt: skip


# Payments ------------------------------------------------------------------------------------------------------------


class PaymentDocument(Document):
    """A receipt. `direction` is ``in`` for what the house received."""

    id: int
    no: str
    direction: Direction
    method: Method
    cents: int
    on: date
    undone: bool


class Part(Document):
    id: Id
    cents: SomeCents


class NewPayment(Document):
    """Everything of one person or group, in one receipt. `on` is the day a transfer came; cash is handed over today."""

    method: Method
    charges: Annotated[list[Part], Field(max_length=100)] = []
    deposits: Annotated[list[Part], Field(max_length=100)] = []
    on: date | None = None
    note: Annotated[Line, StringConstraints(max_length=160)] = ""


class PaymentQuery(Document):
    """Newest first; `cursor` is the ``next`` of the page before."""

    cursor: Annotated[str, StringConstraints(max_length=12)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@api.get("/payments", load=_house, allow=policy.handle_money, query=PaymentQuery, answer=Page[PaymentDocument])
def list_payments(house: HouseCard, query: PaymentQuery) -> Page[PaymentDocument]:
    """Receipts of the house, newest first."""
    found = queries.payment_lines(Payment.house_id == house.id, before=_before(query.cursor), most=query.limit + 1)
    return Page(items=[_payment_item(each) for each in found[: query.limit]], next=_next(found, query.limit))


@api.post("/payments", load=_house, allow=policy.handle_money, body=NewPayment, answer=PaymentDocument, turns=[service.LEDGER])
def take_payment(house: HouseCard, body: NewPayment) -> PaymentDocument:
    """Take money for charges and deposits; 409 when somebody else was first."""
    request = service.PaymentRequest(
        house.id, body.method, _by_id("charges", body.charges), _by_id("deposits", body.deposits), on=body.on, note=body.note
    )
    return _payment_document(service.take_payment(request, web.actor()))


def _by_id(name: str, parts: list[Part]) -> dict[int, int]:
    paid = {part.id: part.cents for part in parts}
    if len(paid) != len(parts):
        raise Invalid({name: [gettext("Each of them only once.")]})
    return paid


def _payment_item(line: PaymentLine) -> PaymentDocument:
    return PaymentDocument(
        id=line.id, no=line.no, direction=Direction(line.direction), method=Method(line.method), cents=line.cents, on=line.on,
        undone=line.undone,
    )  # fmt: skip


def _payment_document(payment: Payment) -> PaymentDocument:
    return PaymentDocument(
        id=payment.id, no=payment.no, direction=Direction(payment.direction), method=Method(payment.method), cents=payment.cents,
        on=payment.on_day, undone=payment.undone_at is not None,
    )  # fmt: skip


# Deposits ------------------------------------------------------------------------------------------------------------


class DepositDocument(Document):
    """Somebody else's money, or what is asked for. `closed_at` is null while something can still happen to it."""

    id: int
    kind: DepositKind
    title: str
    person: int | None
    organisation: int | None
    cents: int
    held_cents: int
    due_on: date
    back_on: date | None
    closed_at: datetime | None


class NewDeposit(Document):
    person: Id | None = None
    organisation: Id | None = None
    kind: DepositKind
    title: Words
    cents: SomeCents
    due_on: date
    back_on: date | None = None


class Kept(Document):
    """`kind` is the code of the income kind it is booked as."""

    cents: SomeCents
    reason: Words
    kind: Annotated[Line, StringConstraints(min_length=1, max_length=30)]


class Settle(Document):
    """What is not kept is given back by `method`."""

    method: Method
    keep: Annotated[list[Kept], Field(max_length=20)] = []
    on: date | None = None


@api.get("/deposits", load=_house, allow=policy.handle_money, query=ListQuery, answer=Page[DepositDocument])
def list_deposits(house: HouseCard, query: ListQuery) -> Page[DepositDocument]:
    """Deposits asked for or held, or all there ever were."""
    found = queries.deposits_after(
        house.id, only_open=query.state == "open", person_id=query.person, before=_before(query.cursor),
        most=query.limit + 1,
    )  # fmt: skip
    return Page(items=[_deposit_document(each) for each in found[: query.limit]], next=_next(found, query.limit))


@api.post("/deposits", load=_house, allow=policy.handle_money, body=NewDeposit, answer=DepositDocument)
def ask_deposit(house: HouseCard, body: NewDeposit) -> DepositDocument:
    """Ask somebody for a deposit; it is taken with a payment."""
    payer = _payer(body.person, body.organisation)
    _sensible({"due_on": body.due_on, "back_on": body.back_on})
    request = service.DepositRequest(
        house_id=house.id, person_id=payer.person_id, organisation_id=payer.organisation_id, kind=body.kind, title=body.title,
        cents=body.cents, due_on=body.due_on, back_on=body.back_on,
    )  # fmt: skip
    return _deposit_document(service.ask_deposit(request, web.actor()))


@api.post("/deposits/<int:deposit_id>/settle", load=_deposit, allow=policy.handle_money, body=Settle, answer=DepositDocument,
          status=200)  # fmt: skip
def settle_deposit(deposit: Deposit, body: Settle) -> DepositDocument:
    """Give back what is held, less what is kept with a reason."""
    kinds = {kind.code for kind in queries.hand_kinds(deposit.house_id)}
    if any(each.kind not in kinds for each in body.keep):
        raise Invalid({"keep": [gettext("Please choose one of these.")]})
    keep = [service.KeepRequest(each.cents, each.reason, each.kind) for each in body.keep]
    service.settle_deposit(deposit, body.method, web.actor(), keep=keep, on=body.on)
    return _deposit_document(deposit)


def _deposit_document(row: Deposit | DepositRow) -> DepositDocument:
    return DepositDocument(
        id=row.id, kind=DepositKind(row.kind), title=row.title, person=row.person_id, organisation=row.organisation_id,
        cents=row.cents, held_cents=row.held_cents, due_on=row.due_on, back_on=row.back_on,
        closed_at=row.closed_at.astimezone(i18n.zone()) if row.closed_at is not None else None,
    )  # fmt: skip


# Cursors -------------------------------------------------------------------------------------------------------------


def _before(cursor: str) -> int | None:
    """The id of the last one of the page before. Raises `Invalid` for what is no cursor of ours."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and 0 < int(cursor) <= web.LARGEST_ID):
        raise Invalid({"cursor": [gettext("This cursor is not one of ours.")]})
    return int(cursor)


def _next(found: list[Any], limit: int) -> str | None:
    return str(found[limit - 1].id) if len(found) > limit else None
