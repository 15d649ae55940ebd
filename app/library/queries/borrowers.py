"""Who may borrow what: one truth for reserving, handing out and renewing, and for the words that say no.

Rules come in the order in which people would name them. The desk may set most of them aside with a reason; that is what `firm` is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.core import clock, i18n
from app.core.db import session
from app.core.i18n import gettext, ngettext
from app.library.models import (
    OPEN,
    Approval,
    Block,
    Borrower,
    GuardianConsent,
    LendingTerms,
    LoanLine,
    Reservation,
    Thing,
    ThingClass,
    Trust,
)
from app.library.models.lending import Loan
from app.library.queries.times import rule
from app.people.models import Person

GOOD_ENOUGH = 100
"""Good returns beyond these are not counted: no house asks for so many."""


class Act(StrEnum):
    BORROW = "loans"
    RESERVE = "reservations"
    RENEW = "renewals"


@dataclass(frozen=True)
class No:
    """A rule that says no: `code` for programs, `words` for whoever asks. `firm` ones cannot be set aside by the desk."""

    code: str
    words: str
    firm: bool = False


@dataclass(frozen=True)
class Standing:
    """How somebody stands with the library today, as far as the rules need it."""

    person_id: int
    has: int
    """Things the household has or has reserved."""
    overdue: int
    """Things this person should have brought back."""
    good_returns: int
    blocks: tuple[Block, ...]
    approvals: tuple[Approval, ...]
    consents: tuple[GuardianConsent, ...]
    borrower: Borrower | None

    @property
    def minor(self) -> bool:
        return self.minor_on(clock.today(i18n.zone()))

    def minor_on(self, day: date) -> bool:
        return self.borrower is not None and self.borrower.of_age_on is not None and day < self.borrower.of_age_on

    def age_on(self, day: date) -> int | None:
        """Of minors only."""
        if self.borrower is None or self.borrower.of_age_on is None:
            return None
        of_age = self.borrower.of_age_on
        had_birthday = (day.month, day.day) >= (of_age.month, of_age.day)
        return 18 - (of_age.year - day.year) - (0 if had_birthday else 1)

    def proven(self, needed: int) -> bool:
        return self.good_returns >= needed or any(each.class_id is None for each in self.approvals)

    def approved(self, class_id: int) -> bool:
        return any(each.class_id in (None, class_id) for each in self.approvals)


def standing(person_id: int, house_id: int) -> Standing:
    """How somebody stands, in seven statements."""
    now, today = clock.now(), clock.today(i18n.zone())
    family = _family(person_id)
    # What is out is little, what somebody has ever had may be much: ``+ 0`` keeps every planner with the former.
    out = session().execute(
        select(
            func.count(LoanLine.id),
            func.count(LoanLine.id).filter(and_(LoanLine.due_at < now, Loan.person_id == person_id)),
        )
        .join(Loan, Loan.id == LoanLine.loan_id)
        .where(
            LoanLine.house_id == house_id, LoanLine.returned_at.is_(None), (Loan.person_id + 0).in_(family),
            Loan.organisation_id.is_(None),
        )
    ).one()  # fmt: skip
    reserved = session().execute(
        select(Reservation.quantity, Thing.counted)
        .join(Thing, Thing.id == Reservation.thing_id)
        .where(Reservation.person_id.in_(family), Reservation.organisation_id.is_(None), Reservation.state.in_(OPEN))
    )
    good = (
        select(LoanLine.id)
        .join(Loan, Loan.id == LoanLine.loan_id)
        .where(Loan.person_id == person_id, LoanLine.returned_at.is_not(None), LoanLine.well)
        .limit(GOOD_ENOUGH)
        .subquery()
    )
    return Standing(
        person_id,
        out[0] + sum(1 if counted else quantity for quantity, counted in reserved),
        out[1],
        session().scalar(select(func.count()).select_from(good)) or 0,
        blocks_of(person_id, house_id, today),
        approvals_of(person_id, house_id),
        tuple(
            session().scalars(
                select(GuardianConsent).where(
                    GuardianConsent.person_id == person_id,
                    GuardianConsent.house_id == house_id,
                    GuardianConsent.ended_at.is_(None),
                )
            )
        ),
        session().get(Borrower, person_id),
    )


def _family(person_id: int) -> list[int]:
    """Everybody of the household, for whom one limit holds."""
    household = select(Person.household_id).where(Person.id == person_id).scalar_subquery()
    return list(session().scalars(select(Person.id).where(or_(Person.id == person_id, Person.household_id == household))))


def blocks_of(person_id: int, house_id: int, day: date) -> tuple[Block, ...]:
    """Blocks that hold on `day`; the one that lasts the longest first."""
    rows = session().scalars(
        select(Block)
        .where(Block.person_id == person_id, Block.house_id == house_id, Block.ended_at.is_(None), *holds_on(day))
        .order_by(Block.until_on.is_not(None), Block.until_on.desc())
    )
    return tuple(rows)


def holds_on(day: date) -> Iterable[ColumnElement[bool]]:
    """The filter of a block that holds on `day`."""
    return [Block.from_on <= day, or_(Block.until_on.is_(None), Block.until_on >= day)]


def approvals_of(person_id: int, house_id: int) -> tuple[Approval, ...]:
    rows = session().scalars(
        select(Approval).where(Approval.person_id == person_id, Approval.house_id == house_id, Approval.ended_at.is_(None))
    )
    return tuple(rows)


def terms(house_id: int, day: date | None = None) -> LendingTerms | None:
    """The lending terms that hold on a day (today)."""
    on = day or clock.today(i18n.zone())
    return session().scalar(
        select(LendingTerms)
        .where(LendingTerms.house_id == house_id, LendingTerms.valid_from <= on)
        .order_by(LendingTerms.valid_from.desc())
        .limit(1)
    )


def against(
    who: Standing, thing_class: ThingClass, act: Act, *, more: int = 0, group: bool = False, on: date | None = None
) -> list[No]:
    """Every rule that speaks against `act`; empty when somebody may. `more` things are asked for beyond those they have.

    `on` is the day the thing is handed over. Limits hold for households, not for groups.
    """
    house_id, today = thing_class.house_id, clock.today(i18n.zone())
    day = on or today
    found = [_blocked(block) for block in who.blocks if getattr(block, act.value)]
    if who.overdue and act != Act.RENEW:
        words = ngettext("One thing should have been back already.", "%(num)d things should have been back already.", who.overdue)
        found.append(No("overdue", words))
    found += _too_young(who, thing_class, day)
    if act == Act.RENEW:
        return found
    if thing_class.trust == Trust.PROVEN and not who.approved(thing_class.id):
        needed = rule(house_id, "proven_returns")
        if not who.proven(needed):
            words = gettext("For this one needs %(num)d good returns first, or a word with the desk.", num=needed)
            found.append(No("not-proven", words))
    if thing_class.trust == Trust.APPROVED and not who.approved(thing_class.id):
        found.append(No("not-approved", gettext("The desk has to approve this first.")))
    most = rule(house_id, "most_things")
    if more and not group and who.has + more > most:
        told = ngettext(
            "One thing at a time for each household.", "At most %(num)d things at a time for each household.", most
        )  # fmt: skip
        found.append(No("limit", told))
    return found


def _blocked(block: Block) -> No:
    if block.until_on is None:
        return No("blocked", gettext("Lending is stopped: %(reason)s", reason=block.reason))
    day = i18n.day(block.until_on)
    return No("blocked", gettext("Lending is stopped until %(day)s: %(reason)s", day=day, reason=block.reason))


def _too_young(who: Standing, thing_class: ThingClass, day: date) -> list[No]:
    age = who.age_on(day)
    if age is None or not who.minor_on(day):
        return []
    if age < thing_class.min_age or thing_class.min_age >= 18:
        return [No("minor", gettext("A parent must borrow this."), firm=True)]
    if not any(each.class_id in (None, thing_class.id) for each in who.consents):
        return [No("no-consent", gettext("A parent must borrow this, or agree to it in writing."), firm=True)]
    return []
