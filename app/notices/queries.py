"""Questions about letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, or_, select, text
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import RoleGrant
from app.core import clock
from app.core.db import session
from app.core.policy import Role
from app.core.statements import Statement
from app.houses.queries import HouseCard
from app.houses.queries import houses as all_houses
from app.notices.models import DUE, Letter, LetterState, Way
from app.people.models import ContactBy, Person

PAGE = 50
CALLS = 200
"""The longest call list on one paper."""


class Shelf(StrEnum):
    """The parts of the outbox, in the order in which they need somebody."""

    PHONE = "phone"
    PAPER = "paper"
    FAILED = "failed"
    WAITING = "waiting"
    SENT = "sent"


_SHELVES: dict[Shelf, tuple[ColumnElement[bool], ...]] = {
    Shelf.PHONE: (Letter.state == LetterState.WAITING, Letter.way == Way.PHONE),
    Shelf.PAPER: (Letter.state == LetterState.WAITING, Letter.way == Way.LETTER),
    Shelf.FAILED: (Letter.state == LetterState.FAILED, Letter.way == Way.MAIL),
    Shelf.WAITING: (Letter.state == LetterState.WAITING, Letter.way == Way.MAIL),
    Shelf.SENT: (Letter.state.in_((LetterState.SENT, LetterState.DONE)),),
}


@dataclass(frozen=True)
class LetterLine:
    """A letter in a list. `body` is empty for secret ones; `name` falls back to the address."""

    id: int
    name: str
    way: str
    address: str
    language: str
    subject: str
    body: str
    secret: bool
    state: str
    tries: int
    next_try_at: datetime
    fault: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str


def _of(house_id: int) -> ColumnElement[bool]:
    """Letters of this house, and those that belong to none, such as sign-in codes."""
    return or_(Letter.house_id == house_id, Letter.house_id.is_(None))


def counts(house_id: int) -> dict[Shelf, int]:
    """How many lie on each shelf that needs somebody; those already sent are not counted. One statement."""
    rows = session().execute(
        select(Letter.state, Letter.way, func.count())
        .where(Letter.state.in_((LetterState.WAITING, LetterState.FAILED)), _of(house_id))
        .group_by(Letter.state, Letter.way)
    )
    found = {(state, way): number for state, way, number in rows}
    return {
        Shelf.PHONE: found.get((LetterState.WAITING, Way.PHONE), 0),
        Shelf.PAPER: found.get((LetterState.WAITING, Way.LETTER), 0),
        Shelf.FAILED: found.get((LetterState.FAILED, Way.MAIL), 0),
        Shelf.WAITING: found.get((LetterState.WAITING, Way.MAIL), 0),
    }


def letters(house_id: int, shelf: Shelf, *, before: int | None = None, limit: int = PAGE) -> tuple[list[LetterLine], int | None]:
    """A page of a shelf and the cursor of the next one. What has gone stands newest first, what waits oldest first."""
    ended_by = aliased(Person)
    newest_first = shelf in (Shelf.SENT, Shelf.FAILED)
    query = (
        select(Letter, Person.given_name, Person.family_name, ended_by.given_name, ended_by.family_name)
        .outerjoin(Person, Person.id == Letter.person_id)
        .outerjoin(ended_by, ended_by.id == Letter.ended_by_id)
        .where(*_SHELVES[shelf], _of(house_id))
        .order_by(Letter.id.desc() if newest_first else Letter.id)
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Letter.id < before if newest_first else Letter.id > before)
    lines = [
        LetterLine(
            id=letter.id,
            name=f"{given or ''} {family or ''}".strip() or letter.address,
            way=letter.way,
            address=letter.address,
            language=letter.language,
            subject=letter.subject,
            body="" if letter.secret else letter.body,
            secret=letter.secret,
            state=letter.state,
            tries=letter.tries,
            next_try_at=letter.next_try_at,
            fault=letter.fault,
            created_at=letter.created_at,
            ended_at=letter.ended_at,
            ended_by=f"{by_given or ''} {by_family or ''}".strip(),
        )
        for letter, given, family, by_given, by_family in session().execute(query)
    ]
    return lines[:limit], lines[limit - 1].id if len(lines) > limit else None


def letter(letter_id: int) -> Letter | None:
    """One letter with its person and who ticked it off."""
    return (
        session()
        .scalars(select(Letter).where(Letter.id == letter_id).options(joinedload(Letter.person), joinedload(Letter.ended_by)))
        .one_or_none()
    )


def mail_is_due() -> bool:
    return bool(session().scalar(select(select(Letter.id).where(text(DUE), Letter.next_try_at <= clock.now()).exists())))


def told_with_calendar(occasions: list[str]) -> bool:
    """Whether one of these was told by a mail with a calendar entry."""
    found = select(Letter.id).where(Letter.occasion.in_(occasions), Letter.calendar.is_not(None)).limit(1)
    return session().scalar(found) is not None


def deciders(house_id: int, apart_from: int | None) -> list[Person]:
    """Desk and manager of a house who want mail, without the one who acted."""
    ids = select(RoleGrant.person_id).where(RoleGrant.house_id == house_id, RoleGrant.role.in_((Role.MANAGER, Role.DESK)))
    wanted = select(Person).where(
        Person.id.in_(ids), Person.contact_by == ContactBy.MAIL, Person.email.is_not(None), Person.merged_into_id.is_(None)
    )
    return [person for person in session().scalars(wanted.order_by(Person.id)) if person.id != apart_from]


class Recipient(NamedTuple):
    """Who is told, and how they want to be."""

    id: int
    given_name: str
    family_name: str
    language: str
    contact_by: str
    email: str | None
    phone: str | None
    merged_into_id: int | None

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


_WHO = Person.__table__.c
_RECIPIENT = Statement(select(*(_WHO[name] for name in Recipient._fields)).where(_WHO.id == bindparam("person_id")))


def recipient(person_id: int | None) -> Recipient | None:
    """The person, or who has taken over after a merge."""
    person = None
    while person_id is not None:
        row = _RECIPIENT.row(person_id=person_id)
        person = Recipient(*row) if row else None
        person_id = person.merged_into_id if person else None
    return person


def house(house_id: int | None) -> HouseCard | None:
    """The house a letter comes from; the first one for what belongs to none."""
    houses = all_houses()
    return next((each for each in houses if house_id in (None, each.id)), None)


def faults() -> Iterator[str]:
    """For ``flask check``: letters that nobody will ever get, and secrets that outlived their sending."""
    lost = select(Letter.id).where(Letter.way != Way.LETTER, Letter.address == "")
    for number in session().scalars(lost):
        yield f"letter {number} has no address"
    kept = select(Letter.id).where(Letter.secret, Letter.state != LetterState.WAITING, Letter.body != "")
    for number in session().scalars(kept):
        yield f"letter {number} is over but still holds its secret"
    late = clock.now() - timedelta(hours=1)
    waiting = session().scalar(select(func.count()).select_from(Letter).where(text(DUE), Letter.next_try_at < late)) or 0
    if waiting:
        yield f"{waiting} letters should have gone more than an hour ago: does `flask jobs serve` run?"
