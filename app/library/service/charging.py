"""What a loan costs, and its deposits: through `money`, with prices as they were at the hand-over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.library.models import Loan, LoanLine, Thing, ThingClass, ThingPrice
from app.library.queries import LINE, Openings
from app.money import service as money
from app.money.models import DepositKind, Reduction
from app.money.service import ChargeLineRequest, ChargeRequest, DepositRequest

LOAN, LATE, LOSS, PART, DAMAGE = "loan", "loan_late", "loan_loss", "loan_part", "loan_damage"
"""Sources of charges; the deposit of a line has the line itself as its source (`queries.LINE`)."""
DAMAGES = "damages"


@dataclass(frozen=True)
class Price:
    fee_cents: int = 0
    deposit_cents: int = 0


def prices(thing_ids: Iterable[int], day: date) -> dict[int, Price]:
    """What a loan of each thing costs on `day`; one statement. A thing without a price costs nothing."""
    wanted = sorted(set(thing_ids))
    rows = session().execute(
        select(ThingPrice.thing_id, ThingPrice.fee_cents, ThingPrice.deposit_cents)
        .where(ThingPrice.thing_id.in_(wanted), ThingPrice.valid_from <= day)
        .order_by(ThingPrice.valid_from)
    )
    found = {row.thing_id: Price(row.fee_cents, row.deposit_cents) for row in rows}
    return {thing_id: found.get(thing_id, Price()) for thing_id in wanted}


@dataclass(frozen=True)
class LoanReduction:
    """Somebody pays no fee: with the city's card, for hardship or on application, with the reason where one is needed."""

    kind: str = ""
    reason: str = ""


def charge_loan(
    loan: Loan, lines: Sequence[tuple[LoanLine, Thing, ThingClass, str]], reduction: LoanReduction, by: Actor
) -> None:
    """Charge the fees of a hand-over as one open item, and ask for the deposit of each line. The last of each row is the number."""
    today = clock.today(i18n.zone())
    fees = [
        ChargeLineRequest(
            thing_class.income_kind, f"{thing.name} {number}"[:160], 0 if reduction.kind else line.fee_cents, line.fee_cents
        )
        for line, thing, thing_class, number in lines
        if line.fee_cents
    ]  # fmt: skip
    if reduction.kind and reduction.kind not in set(Reduction):
        raise Invalid({"reduction": [_l("Please choose one of these.")]})
    if fees:
        last = max(_day(line.due_at) for line, _, _, _ in lines)
        money.charge(
            ChargeRequest(
                house_id=loan.house_id, person_id=loan.person_id, organisation_id=loan.organisation_id,
                title=money.books(_l("Loan of %(day)s", day=f"{today:%d.%m.%Y}")), lines=fees, supplied_from=today,
                supplied_until=last, due_on=today, reduction=reduction.kind, reason=reduction.reason, source=LOAN,
                source_id=loan.id,
            ),
            by,
        )  # fmt: skip
    for line, thing, _, number in lines:
        if line.deposit_cents:
            money.ask_deposit(
                DepositRequest(
                    house_id=loan.house_id, person_id=loan.person_id, organisation_id=loan.organisation_id,
                    kind=DepositKind.THING, title=f"{thing.name} {number}"[:160], cents=line.deposit_cents, due_on=today,
                    back_on=_day(line.due_at), source=LINE, source_id=line.id,
                ),
                by,
            )  # fmt: skip


def release_deposit(line: LoanLine, by: Actor) -> None:
    """The line is settled: its deposit waits to be given back, or is not needed any more where it was never handed in."""
    money.call_off(LINE, line.id, 100, "", "", by)


def late_days(line: LoanLine, back: datetime, openings: Openings) -> int:
    """Open days for which it is charged that something came late: those after the day it was due, less the days of grace.

    Days on the wall calendar count, not hours: whoever comes on the day it is due is in time (lending.md c 16).
    """
    return max(0, openings.open_days_between(_day(line.due_at), _day(back)) - line.late_grace_days)


def late_fee(line: LoanLine, back: datetime, openings: Openings) -> int:
    """Cents for coming late: by open day, up to the cap frozen at the hand-over. Nothing for what was written down afterwards."""
    if line.backdated or _day(back) <= _day(line.due_at):
        return 0
    return min(line.late_cap_cents, late_days(line, back, openings) * line.late_cents)


def late_cap(thing_class: ThingClass, replacement_cents: int) -> int:
    """The lower of what the class says and what the thing is worth. Where neither is known nothing is charged: no fee without an end."""
    known = [cents for cents in (thing_class.late_cap_cents, replacement_cents) if cents]
    return min(known, default=0)


def charge_late(line: LoanLine, name: str, kind: str, cents: int, by: Actor, waived: str = "") -> None:
    """Charge a fee for coming late; with `waived`, a reason, nothing is to be paid and the normal price is kept."""
    today = clock.today(i18n.zone())
    title = money.books(_l("Back late: %(name)s", name=name))[:160]
    money.charge(
        ChargeRequest(
            house_id=line.house_id, person_id=line.loan.person_id, organisation_id=line.loan.organisation_id, title=title,
            lines=[ChargeLineRequest(kind, title, 0 if waived else cents, cents)], supplied_from=today, due_on=today,
            reduction=Reduction.HARDSHIP if waived else "", reason=waived, source=LATE, source_id=line.id,
        ),
        by,
    )  # fmt: skip


def charge_damages(line: LoanLine, source: str, source_id: int, text: str, cents: int, by: Actor) -> int:
    """Charge what replaces something lost or broken; gives the id of the charge."""
    today = clock.today(i18n.zone())
    made = money.charge(
        ChargeRequest(
            house_id=line.house_id, person_id=line.loan.person_id, organisation_id=line.loan.organisation_id, title=text[:160],
            lines=[ChargeLineRequest(DAMAGES, text[:160], cents)], supplied_from=today, source=source, source_id=source_id,
        ),
        by,
    )  # fmt: skip
    return made.id


def take_back_damages(source: str, source_id: int, reason: str, by: Actor) -> int:
    """What was lost has been found: its charge is taken back, and what was paid is owed back. Gives those cents."""
    kept = money.would_keep(source, source_id, 0)
    money.call_off(source, source_id, 0, "", reason, by)
    return kept.back_cents


def _day(moment: datetime) -> date:
    return moment.astimezone(i18n.zone()).date()
