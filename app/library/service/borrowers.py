"""What the desk decides about who borrows: agreement, blocks, approvals, consent for minors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.library import events
from app.library.models import Approval, Block, Borrower, GuardianConsent, LendingTerms, ThingClass
from app.library.service.refusals import NotOpen
from app.people.models import Person


@dataclass(frozen=True)
class BlockRequest:
    """`until_on` is its last day, None where it has no end; what is stopped is any of borrowing, reserving and renewing."""

    person_id: int
    reason: str
    from_on: date
    until_on: date | None = None
    loans: bool = True
    reservations: bool = True
    renewals: bool = True


def block_borrower(house_id: int, request: BlockRequest, by: Actor) -> Block:
    """Stop lending to somebody for a time, for a reason they read. Raises `Invalid`."""
    _known(request.person_id)
    if not request.reason.strip():
        raise Invalid({"reason": [_l("Please say why; the person reads it.")]})
    if request.until_on is not None and request.until_on < max(request.from_on, clock.today(i18n.zone())):
        raise Invalid({"until_on": [_l("The last day cannot come before the first.")]})
    if not (request.loans or request.reservations or request.renewals):
        raise Invalid({"loans": [_l("What is stopped?")]})
    block = Block(
        house_id=house_id, person_id=request.person_id, reason=request.reason.strip()[:300], from_on=request.from_on,
        until_on=request.until_on, loans=request.loans, reservations=request.reservations, renewals=request.renewals,
        decided_by_id=by.person_id,
    )  # fmt: skip
    session().add(block)
    session().flush()
    publish(
        events.BorrowerBlocked(
            house_id=house_id, by=by.person_id, person_id=block.person_id, block_id=block.id, reason=block.reason,
            from_on=block.from_on, until_on=block.until_on,
        )
    )  # fmt: skip
    return block


def end_block(block: Block, by: Actor) -> None:
    """Lift it before its day. Raises `NotOpen`."""
    if block.ended_at is not None:
        raise NotOpen
    block.ended_at = clock.now()
    session().flush()
    publish(events.BlockEnded(house_id=block.house_id, by=by.person_id, person_id=block.person_id, block_id=block.id))


def approve_borrower(house_id: int, person_id: int, class_id: int | None, reason: str, by: Actor) -> Approval:
    """Somebody may borrow what not everybody may: things of one class, or of all. Raises `Invalid`."""
    _known(person_id)
    _known_class(class_id, house_id)
    if not reason.strip():
        raise Invalid({"reason": [_l("Please say why.")]})
    known = session().scalar(
        select(Approval).where(
            Approval.person_id == person_id, Approval.house_id == house_id, Approval.ended_at.is_(None),
            Approval.class_id.is_(None) if class_id is None else Approval.class_id == class_id,
        )
    )  # fmt: skip
    if known is not None:
        return known
    approval = Approval(
        house_id=house_id, person_id=person_id, class_id=class_id, reason=reason.strip()[:300], decided_by_id=by.person_id
    )
    session().add(approval)
    session().flush()
    publish(
        events.BorrowerApproved(
            house_id=house_id, by=by.person_id, person_id=person_id, approval_id=approval.id, class_id=class_id,
            reason=approval.reason,
        )
    )  # fmt: skip
    return approval


def end_approval(approval: Approval, reason: str, by: Actor) -> None:
    """It does not hold any more, for a reason. Raises `NotOpen` or `Invalid`."""
    if approval.ended_at is not None:
        raise NotOpen
    if not reason.strip():
        raise Invalid({"reason": [_l("Please say why.")]})
    approval.ended_at, approval.ended_why = clock.now(), reason.strip()[:300]
    session().flush()
    publish(
        events.ApprovalEnded(
            house_id=approval.house_id, by=by.person_id, person_id=approval.person_id, approval_id=approval.id,
            reason=approval.ended_why,
        )
    )  # fmt: skip


@dataclass(frozen=True)
class ConsentRequest:
    """Whoever answers for a minor agrees; of the minor only the day they turn 18 is kept. `class_id` None: all things."""

    person_id: int
    born_on: date
    guardian: str
    class_id: int | None = None


def record_consent(house_id: int, request: ConsentRequest, by: Actor) -> GuardianConsent:
    """Write down a guardian's consent. Raises `Invalid`, also for somebody who is of age."""
    _known(request.person_id)
    _known_class(request.class_id, house_id)
    today, of_age_on = clock.today(i18n.zone()), of_age(request.born_on)
    if of_age_on <= today:
        raise Invalid({"born_on": [_l("This person is of age and borrows for themselves.")]})
    if request.born_on > today:
        raise Invalid({"born_on": [_l("That day has not been yet.")]})
    if not request.guardian.strip():
        raise Invalid({"guardian": [_l("Who agrees?")]})
    borrower = session().get(Borrower, request.person_id)
    if borrower is None:
        borrower = Borrower(person_id=request.person_id)
        session().add(borrower)
    borrower.of_age_on = of_age_on
    borrower.guarantor = borrower.guarantor or request.guardian.strip()[:120]
    consent = GuardianConsent(
        house_id=house_id, person_id=request.person_id, class_id=request.class_id, guardian=request.guardian.strip()[:120],
        given_on=today, recorded_by_id=by.person_id,
    )  # fmt: skip
    session().add(consent)
    session().flush()
    publish(
        events.GuardianConsented(
            house_id=house_id, by=by.person_id, person_id=request.person_id, consent_id=consent.id, class_id=request.class_id,
            guardian=consent.guardian,
        )
    )  # fmt: skip
    return consent


def of_age(born_on: date) -> date:
    """The day somebody turns 18; who was born on 29 February does so on 1 March (§ 187 (2), § 188 (3) BGB)."""
    try:
        return born_on.replace(year=born_on.year + 18)
    except ValueError:
        return date(born_on.year + 18, 3, 1)


def end_consent(consent: GuardianConsent, why: str, by: Actor) -> None:
    """``withdrawn``, or ``of_age``. Raises `NotOpen`."""
    if consent.ended_at is not None:
        raise NotOpen
    consent.ended_at, consent.ended_why = clock.now(), why
    session().flush()
    publish(
        events.GuardianConsentEnded(
            house_id=consent.house_id, by=by.person_id, person_id=consent.person_id, consent_id=consent.id, why=why
        )
    )


def come_of_age(by: Actor) -> int:
    """End the consents of everybody who is 18 today or was before; the day itself is forgotten. Gives how many."""
    today = clock.today(i18n.zone())
    grown = list(session().scalars(select(Borrower).where(Borrower.of_age_on <= today)))
    for borrower in grown:
        for consent in session().scalars(
            select(GuardianConsent).where(GuardianConsent.person_id == borrower.person_id, GuardianConsent.ended_at.is_(None))
        ):
            end_consent(consent, "of_age", by)
        borrower.of_age_on = None
    session().flush()
    return len(grown)


def join_borrowers(person_id: int, duplicate_id: int) -> None:
    """Two records of one person become one: what was seen and agreed with either holds for both, and a minor stays one."""
    kept, theirs = session().get(Borrower, person_id), session().get(Borrower, duplicate_id)
    if kept is None or theirs is None:
        return
    if kept.identity_seen_on is None:
        kept.identity_seen_on, kept.identity_seen_by_id = theirs.identity_seen_on, theirs.identity_seen_by_id
    kept.guarantor = kept.guarantor or theirs.guarantor
    kept.of_age_on = kept.of_age_on or theirs.of_age_on
    if theirs.terms_on is not None and (kept.terms_on is None or kept.terms_on < theirs.terms_on):
        kept.terms_on, kept.terms_accepted_at = theirs.terms_on, theirs.terms_accepted_at
    session().flush()


def set_terms(house_id: int, valid_from: date, wording: str, by: Actor) -> LendingTerms:
    """The lending terms from a day on; what held before stays written down. Raises `Invalid`."""
    if valid_from < clock.today(i18n.zone()):
        raise Invalid({"valid_from": [_l("That day is already over.")]})
    if not wording.strip():
        raise Invalid({"wording": [_l("What are the terms?")]})
    found = session().get(LendingTerms, (house_id, valid_from))
    if found is None:
        found = LendingTerms(house_id=house_id, valid_from=valid_from, wording=wording.strip())
        session().add(found)
    found.wording = wording.strip()
    session().flush()
    publish(events.TermsChanged(house_id=house_id, by=by.person_id, valid_from=valid_from))
    return found


def _known(person_id: int) -> None:
    if session().get(Person, person_id) is None:
        raise Invalid({"person": [gettext("For whom is it?")]})


def _known_class(class_id: int | None, house_id: int) -> None:
    if class_id is None:
        return
    found = session().get(ThingClass, class_id)
    if found is None or found.house_id != house_id:
        raise Invalid({"class_id": [_l("Please choose one of these.")]})
