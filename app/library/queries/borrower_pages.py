"""Everything the desk knows of somebody who borrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core.db import session
from app.library.models import Approval, Block, GuardianConsent, LoanLine, QueueEntry, Reservation, ThingClass
from app.library.queries import lists
from app.library.queries.borrowers import Standing, standing
from app.library.queries.desk import out_with, reserved_for
from app.people.models import Person


@dataclass(frozen=True)
class BorrowerPage:
    """What somebody has, had and has reserved, and what the desk has decided about it."""

    person: Person
    who: Standing
    has: Sequence[LoanLine]
    had: Sequence[LoanLine]
    reserved: Sequence[Reservation]
    waits: Sequence[QueueEntry]
    blocks: Sequence[Block]
    """All that have been, the newest first."""
    approvals: Sequence[Approval]
    consents: Sequence[GuardianConsent]


def borrower_page(house_id: int, person: Person) -> BorrowerPage:
    blocks = session().scalars(
        select(Block)
        .where(Block.person_id == person.id, Block.house_id == house_id)
        .options(joinedload(Block.decided_by))
        .order_by(Block.id.desc())
    )
    approvals = session().scalars(
        select(Approval)
        .where(Approval.person_id == person.id, Approval.house_id == house_id)
        .options(joinedload(Approval.thing_class))
        .order_by(Approval.id.desc())
    )
    consents = session().scalars(
        select(GuardianConsent)
        .where(GuardianConsent.person_id == person.id, GuardianConsent.house_id == house_id)
        .options(joinedload(GuardianConsent.thing_class))
        .order_by(GuardianConsent.id.desc())
    )
    return BorrowerPage(
        person, standing(person.id, house_id), out_with(house_id, person.id),
        lists.loan_lines(house_id, "returned", person_id=person.id, most=20), reserved_for(house_id, person.id),
        [entry for entry in lists.queue(house_id) if entry.person_id == person.id], list(blocks), list(approvals), list(consents),
    )  # fmt: skip


def block(house_id: int, block_id: int) -> Block | None:
    return session().scalar(select(Block).where(Block.id == block_id, Block.house_id == house_id))


def approval(house_id: int, approval_id: int) -> Approval | None:
    return session().scalar(
        select(Approval)
        .where(Approval.id == approval_id, Approval.house_id == house_id)
        .options(joinedload(Approval.thing_class))
    )


def consent(house_id: int, consent_id: int) -> GuardianConsent | None:
    return session().scalar(
        select(GuardianConsent)
        .where(GuardianConsent.id == consent_id, GuardianConsent.house_id == house_id)
        .options(joinedload(GuardianConsent.thing_class))
    )


def lending_classes(house_id: int) -> list[ThingClass]:
    return list(
        session().scalars(
            select(ThingClass)
            .where(ThingClass.house_id == house_id, ThingClass.archived_at.is_(None))
            .order_by(ThingClass.position, ThingClass.name)
        )
    )
