"""The cash day: two people count the drawer once, after closing time; everything else follows from the count (finance.md b.3).

There is no till and no way to write down a sale: takings are counted back, told apart by the counter's own tally on paper
(§ 146a AO, KassenSichV). Closing posts one entry for the counter, one for each voucher and one for each way to or from the bank.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select, update

from app.core import clock, i18n
from app.core.db import session, take_turn
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.money import events
from app.money.models import AccountKind, CashDay, Expense, Known, Line, Method
from app.money.queries import cash_days as queries
from app.money.queries.cash_days import CASH_DAY, TRANSIT, CountedKind, Drawer, InTransit
from app.money.service.charges import LARGEST, tax_account, tax_accounts, vat_in
from app.money.service.ledger import LEDGER, books, post
from app.money.service.payments import cash_in_books
from app.offers import queries as offers
from app.offers.models import Sphere, TaxCode
from app.people.models import Person

DENOMINATIONS = (50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
"""Notes and coins by their cents."""
COINS_FROM = 200
MOST_PIECES = 5_000
INPUT_TAX = (TaxCode.NONE, TaxCode.REDUCED, TaxCode.STANDARD)
"""What can stand on a voucher."""


class AlreadyClosed(Refusal):
    """Two people closed one day: once. `message` tells who was first, and when."""

    kind = "cash-day-already-closed"


class TooMuchTakenOut(Refusal):
    """More left the drawer than can have been in it: a cash balance below zero."""

    status = 422
    kind = "negative-cash"


class AlreadyConfirmed(Refusal):
    kind = "transit-already-confirmed"
    message = _l("The bank has already confirmed this. Nothing has been posted.")


@dataclass(frozen=True)
class VoucherRequest:
    """Paid out of the drawer against a voucher. `tax` is one of `INPUT_TAX`, contained in `cents`; `offering` may be empty."""

    payee: str
    reason: str
    voucher_no: str
    cents: int
    account: str
    tax: str = TaxCode.NONE
    offering: str = ""


@dataclass(frozen=True)
class CountRequest:
    """What two people found: `pieces` by the cents of a note or coin, `tally` in cents by income kind."""

    house_id: int
    day: date
    pieces: Mapping[int, int]
    banked_cents: int = 0
    put_in_cents: int = 0
    vouchers: Sequence[VoucherRequest] = field(default_factory=tuple)
    tally: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TallyLine:
    kind: CountedKind
    cents: int
    rate_bp: int
    vat_cents: int


@dataclass(frozen=True)
class VoucherLine:
    request: VoucherRequest
    sphere: str
    rate_bp: int
    vat_cents: int


@dataclass(frozen=True)
class Count:
    """A day counted back, before it is closed. All amounts in cents."""

    drawer: Drawer
    pieces: Mapping[int, int]
    banked_cents: int
    put_in_cents: int
    vouchers: tuple[VoucherLine, ...]
    tally: tuple[TallyLine, ...]

    @property
    def counted_cents(self) -> int:
        return sum(value * number for value, number in self.pieces.items())

    @property
    def vouchers_cents(self) -> int:
        return sum(each.request.cents for each in self.vouchers)

    @property
    def paid_out_cents(self) -> int:
        return self.vouchers_cents + self.drawer.known_out_cents

    @property
    def takings_cents(self) -> int:
        """counted + paid out + banked − opening − put in (finance.md b.3)."""
        return self.counted_cents + self.paid_out_cents + self.banked_cents - self.drawer.opening_cents - self.put_in_cents

    @property
    def counter_cents(self) -> int:
        """What the counter took: the takings without what receipts tell already."""
        return self.takings_cents - self.drawer.known_in_cents

    @property
    def tally_cents(self) -> int:
        return sum(each.cents for each in self.tally)

    @property
    def difference_cents(self) -> int:
        """Above zero: more lies there than the tally tells; below: some is missing."""
        return self.counter_cents - self.tally_cents

    @property
    def expected_cents(self) -> int:
        """What would lie there by tally, receipts and vouchers."""
        return self.counted_cents - self.difference_cents

    @property
    def fingerprint(self) -> str:
        """Changes with everything that was not typed: whoever saw another one must look again."""
        known = (self.drawer.opening_cents, self.drawer.known_in_cents, self.drawer.known_out_cents)
        return "-".join(str(cents) for cents in known)


def count_day(request: CountRequest) -> Count:
    """What the count says, without writing anything.

    Raises `AlreadyClosed`, `TooMuchTakenOut` or `Invalid`.
    """
    _check_day(request.house_id, request.day)
    for value, number in request.pieces.items():
        if value not in DENOMINATIONS or not 0 <= number <= MOST_PIECES:
            raise Invalid({"pieces": [gettext("At most %(num)d of each note and coin.", num=MOST_PIECES)]})
    for name, cents in (("banked", request.banked_cents), ("put_in", request.put_in_cents)):
        if not 0 <= cents <= LARGEST:
            raise Invalid({name: [_l("This is not an amount.")]})
    count = Count(
        drawer=queries.drawer(request.house_id, request.day),
        pieces={value: number for value, number in request.pieces.items() if number},
        banked_cents=request.banked_cents,
        put_in_cents=request.put_in_cents,
        vouchers=_vouchers(request),
        tally=_tally(request),
    )
    if count.expected_cents < 0:
        told = gettext(
            "By the tally only %(there)s can have been in the drawer, but %(out)s left it. Look again at the tally, the vouchers "
            "and what went to the bank.",
            there=i18n.money(count.expected_cents + count.paid_out_cents + count.banked_cents),
            out=i18n.money(count.paid_out_cents + count.banked_cents),
        )
        raise TooMuchTakenOut(told, cents=count.expected_cents)
    return count


def _check_day(house_id: int, day: date) -> None:
    if day > clock.today(i18n.zone()):
        raise Invalid({"day": [_l("That day has not come yet.")]})
    closed = session().execute(
        select(CashDay.year, CashDay.number, CashDay.closed_at, Person.given_name, Person.family_name)
        .join(Person, Person.id == CashDay.counted_by_id)
        .where(CashDay.house_id == house_id, CashDay.day == day)
    ).first()  # fmt: skip
    if closed is not None:
        told = gettext(
            "%(name)s has already closed this day, on %(when)s, as %(no)s. Nothing has been changed.",
            name=f"{closed.given_name} {closed.family_name}".strip(),
            when=i18n.moment(closed.closed_at),
            no=f"K-{closed.year}-{closed.number:04}",
        )
        raise AlreadyClosed(told, no=f"K-{closed.year}-{closed.number:04}")
    last = queries.last_closed(house_id)
    if last is not None and day < last.day:
        told = gettext("The drawer has been closed up to %(day)s. What was before stands in that report.", day=i18n.day(last.day))
        raise Invalid({"day": [told]})


def _tally(request: CountRequest) -> tuple[TallyLine, ...]:
    kinds = {kind.code: kind for kind in queries.counted_kinds(request.house_id)}
    lines = []
    for code, cents in request.tally.items():
        if code not in kinds:
            raise Invalid({"tally": [gettext("There is no such kind of income: %(code)s", code=code)]})
        if not 0 <= cents <= LARGEST:
            raise Invalid({"tally": [_l("This is not an amount.")]})
        if cents:
            rate = offers.tax_rate(kinds[code].tax_code, request.day)
            lines.append(TallyLine(kinds[code], cents, rate, vat_in(cents, rate)))
    order = list(kinds)
    return tuple(sorted(lines, key=lambda line: order.index(line.kind.code)))


def _vouchers(request: CountRequest) -> tuple[VoucherLine, ...]:
    if not request.vouchers:
        return ()
    accounts, offerings = dict(queries.expense_accounts()), queries.offerings(request.house_id)
    lines = []
    for each in request.vouchers:
        if not (each.payee and each.reason and each.voucher_no):
            raise Invalid(message=_l("A voucher needs whom it was paid to, what for, and its number."))
        if not 0 < each.cents <= LARGEST:
            raise Invalid(message=_l("This is not an amount."))
        if each.account not in accounts or each.tax not in INPUT_TAX or (each.offering and each.offering not in offerings):
            raise Invalid(message=_l("Please choose one of these."))
        sphere = offerings[each.offering][1] if each.offering else Sphere.COMMON.value
        rate = offers.tax_rate(each.tax, request.day)
        lines.append(VoucherLine(each, sphere, rate, vat_in(each.cents, rate)))
    return tuple(lines)


# Closing -------------------------------------------------------------------------------------------------------------


def close_day(request: CountRequest, witness_id: int | None, by: Actor, *, reason: str = "") -> CashDay:
    """Make the day final: its report with the next number, and its entries. `by` counted, `witness_id` counted along.

    Raises as `count_day` does, `Invalid` without a second person or a reason for a difference, and `LockedPeriod`.
    """
    take_turn(LEDGER)
    count = count_day(request)
    if by.person_id is None or witness_id is None or witness_id not in dict(queries.witnesses(request.house_id, by.person_id)):
        raise Invalid({"witness": [_l("Two people count: please choose the second one.")]})
    if count.difference_cents and not reason:
        raise Invalid({"reason": [_l("Please say where the difference may come from; it stands in the books.")]})
    last = session().scalar(
        select(func.max(CashDay.number)).where(CashDay.house_id == request.house_id, CashDay.year == request.day.year)
    )
    closed = CashDay(
        house_id=request.house_id, day=request.day, year=request.day.year, number=(last or 0) + 1,
        opening_cents=count.drawer.opening_cents, counted_cents=count.counted_cents, paid_out_cents=count.paid_out_cents,
        banked_cents=count.banked_cents, put_in_cents=count.put_in_cents, takings_cents=count.takings_cents,
        known_in_cents=count.drawer.known_in_cents, tally_cents=count.tally_cents, difference_cents=count.difference_cents,
        denominations={str(value): number for value, number in count.pieces.items()},
        tally=[
            {
                "kind": line.kind.code, "name": line.kind.name, "cents": line.cents, "rate_bp": line.rate_bp,
                "vat_cents": line.vat_cents,
            }
            for line in count.tally
        ],
        counted_by_id=by.person_id, witnessed_by_id=witness_id, reason=reason if count.difference_cents else "",
    )  # fmt: skip
    session().add(closed)
    session().flush()
    _post(count, closed, by)
    later = queries.known_after(request.house_id, request.day)
    assert cash_in_books(request.house_id) == count.counted_cents + later, "the books hold another amount than was counted"
    publish(
        events.CashDayClosed(
            house_id=request.house_id, by=by.person_id, cash_day_id=closed.id, day=closed.day, witness_id=witness_id,
            counted_cents=closed.counted_cents, takings_cents=closed.takings_cents, difference_cents=closed.difference_cents,
        )
    )  # fmt: skip
    return closed


def _post(count: Count, closed: CashDay, by: Actor) -> None:
    """The entries of a day, what comes in first: the drawer is never below zero between them."""
    about: dict[str, Any] = {"on": closed.day, "house_id": closed.house_id, "source": CASH_DAY, "source_id": closed.id}
    put_in, banked = count.put_in_cents, count.banked_cents
    if put_in:
        lines = [Line(Known.CASH, debit=put_in), Line(Known.IN_TRANSIT, credit=put_in)]
        post(books(_l("Cash in transit, bank to drawer")), lines, by, **about)
    takings = _takings(count)
    if takings:
        post(books(_l("Cash report %(no)s", no=closed.no)), takings, by, **about)
    for each in count.vouchers:
        _spend(each, closed, by, about)
    session().execute(
        update(Expense)
        .where(
            Expense.house_id == closed.house_id, Expense.method == Method.CASH, Expense.cash_day_id.is_(None),
            Expense.undone_at.is_(None), Expense.paid_on <= closed.day,
        )
        .values(cash_day_id=closed.id)
    )  # fmt: skip
    if banked:
        lines = [Line(Known.IN_TRANSIT, debit=banked), Line(Known.CASH, credit=banked)]
        post(books(_l("Cash in transit, drawer to bank")), lines, by, **about)


def _takings(count: Count) -> list[Line]:
    """The counter's takings by kind, with the tax contained, and the difference."""
    accounts = tax_accounts(AccountKind.LIABILITY)
    cash: dict[tuple[str, str], int] = defaultdict(int)
    income: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in count.tally:
        kind = line.kind
        belongs = (kind.sphere, kind.offering)
        cash[belongs] += line.cents
        income[belongs].append(Line(kind.account, 0, line.cents - line.vat_cents, *belongs))
        if line.vat_cents:
            income[belongs].append(Line(tax_account(accounts, line.rate_bp), 0, line.vat_cents, *belongs))
    result = []
    for belongs, cents in cash.items():
        result += [Line(Known.CASH, cents, 0, *belongs), *income[belongs]]
    over = count.difference_cents
    if over > 0:
        result += [Line(Known.CASH, debit=over), Line(Known.CASH_OVER, credit=over)]
    elif over < 0:
        result += [Line(Known.CASH_SHORT, debit=-over), Line(Known.CASH, credit=-over)]
    return [line for line in result if line.debit or line.credit]


def _spend(voucher: VoucherLine, closed: CashDay, by: Actor, about: Mapping[str, Any]) -> None:
    wanted = voucher.request
    belongs = (voucher.sphere, wanted.offering or None)
    lines = [Line(wanted.account, wanted.cents - voucher.vat_cents, 0, *belongs)]
    if voucher.vat_cents:
        lines.append(Line(tax_account(tax_accounts(AccountKind.ASSET), voucher.rate_bp), voucher.vat_cents, 0, *belongs))
    lines.append(Line(Known.CASH, 0, wanted.cents, *belongs))
    text = books(_l("Paid in cash: %(reason)s (voucher %(no)s)", reason=wanted.reason, no=wanted.voucher_no))
    posted = post(text, lines, by, **about)
    last = session().scalar(select(func.max(Expense.number)).where(Expense.year == closed.year)) or 0
    session().add(
        Expense(
            house_id=closed.house_id, year=closed.year, number=last + 1, paid_on=closed.day, method=Method.CASH.value,
            payee=wanted.payee, reason=wanted.reason, voucher_no=wanted.voucher_no, cents=wanted.cents,
            account_code=wanted.account, sphere=voucher.sphere, entry_id=posted.id, rate_bp=voucher.rate_bp,
            vat_cents=voucher.vat_cents, offering_code=wanted.offering or None, cash_day_id=closed.id,
            created_by_id=by.person_id,
        )
    )  # fmt: skip
    session().flush()


# What the bank says --------------------------------------------------------------------------------------------------


def confirm_transit(on_way: InTransit, on: date, by: Actor) -> None:
    """The bank shows what was on its way, on that day. Raises `AlreadyConfirmed`, `LockedPeriod` or `Invalid`."""
    take_turn(LEDGER)
    if queries.transit(on_way.entry_id) is None:
        raise AlreadyConfirmed
    if on > clock.today(i18n.zone()):
        raise Invalid({"on": [_l("That day has not come yet.")]})
    if on < on_way.day:
        raise Invalid({"on": [gettext("It left on %(day)s, and cannot have arrived before.", day=i18n.day(on_way.day))]})
    cents = abs(on_way.cents)
    if on_way.cents > 0:
        text, lines = _l("Credited by the bank"), [Line(Known.BANK, debit=cents), Line(Known.IN_TRANSIT, credit=cents)]
    else:
        text, lines = _l("Withdrawn from the bank"), [Line(Known.IN_TRANSIT, debit=cents), Line(Known.BANK, credit=cents)]
    posted = post(books(text), lines, by, on=on, house_id=on_way.house_id, source=TRANSIT, source_id=on_way.entry_id)
    publish(
        events.TransitConfirmed(
            house_id=on_way.house_id, by=by.person_id, ledger_entry_id=posted.id, cents=on_way.cents, arrived_on=on
        )
    )
