"""What lies on the desk: what a scanned code or a typed name means, and all the desk needs to know about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.core.db import session
from app.core.folding import fold
from app.library.models import (
    OPEN,
    Allocation,
    Intake,
    Loan,
    LoanLine,
    MissingPart,
    Part,
    Piece,
    Reservation,
    Thing,
    Whereabouts,
)
from app.library.queries.supply import LINE
from app.money.models import Charge, Deposit
from app.people import queries as people
from app.people.models import Person
from app.people.queries import PersonLine

AT_ONCE = 8
"""As many are shown of what fits; more say: type a little more."""
_ADDRESS = re.compile(r"(?:https?://[^/\s]+)?/p/([A-Za-z0-9-]{1,12})/?(?:[?#].*)?")
_CARD = re.compile(r"\d{4} ?\d{4}")


@dataclass(frozen=True)
class Found:
    """What was typed: one piece, one person, or several things and people to choose from."""

    piece: Piece | None = None
    person: Person | None = None
    people: tuple[PersonLine, ...] = ()
    pieces: tuple[Piece, ...] = ()

    @property
    def nothing(self) -> bool:
        return self.piece is None and self.person is None and not self.people and not self.pieces


def number_in(text: str) -> str | None:
    """The number on a label, also out of the address its code holds (``https://…/p/0147``); None for other text."""
    found = _ADDRESS.fullmatch(text)
    if found is not None:
        return found[1].upper()
    return text.upper() if len(text) <= 12 and re.fullmatch(r"[A-Za-z]{0,4}-?\d{1,8}", text) else None


def found(house_id: int, text: str) -> Found:
    """What is meant by `text`: the number of a card or a piece, a code's address, a name of somebody or of a thing."""
    if _CARD.fullmatch(text) and (holder := people.person_with_card(text.replace(" ", ""))) is not None:
        return Found(person=holder)
    number = number_in(text)
    if number is not None and (piece := piece_numbered(house_id, number)) is not None:
        return Found(piece=piece)
    if number is not None and "/" in text:
        return Found()
    lines = people.search_people(text, AT_ONCE)
    pieces = _pieces_called(house_id, text)
    if len(lines) == 1 and not pieces and _surely(text, lines[0]):
        return Found(person=people.person(lines[0].id))
    if len(pieces) == 1 and not lines:
        return Found(piece=pieces[0])
    return Found(people=tuple(lines), pieces=tuple(pieces))


def _surely(text: str, line: PersonLine) -> bool:
    """Whether what was typed stands in the name or number as it is; what is only alike has to be chosen."""
    told = f"{fold(line.name)} {line.phone} {line.card_number or ''}"
    return all(fold(word) in told for word in text.split())


def piece_numbered(house_id: int, number: str) -> Piece | None:
    """By what stands on its label; ``147`` finds 0147."""
    numbers = {number, number.zfill(4)} if number.isdigit() else {number}
    rows = list(session().scalars(_pieces().where(Piece.house_id == house_id, Piece.number.in_(sorted(numbers)))))
    return next((piece for piece in rows if piece.number == number), rows[0] if rows else None)


def _pieces_called(house_id: int, text: str) -> Sequence[Piece]:
    """Pieces of things whose name holds `text`: those on the shelf first."""
    if len(text) < 3:
        return []
    part = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return list(
        session().scalars(
            _pieces()
            .join(Thing, Thing.id == Piece.thing_id)
            .where(
                Thing.house_id == house_id, Thing.archived_at.is_(None), Piece.retired_at.is_(None),
                Piece.intake == Intake.STOCKED, or_(Thing.name.ilike(part, escape="\\"), Thing.keywords.ilike(part, escape="\\")),
            )
            .order_by(Piece.whereabouts != Whereabouts.SHELF, Thing.name, Piece.number)
            .limit(AT_ONCE)
        )
    )  # fmt: skip


def _pieces() -> Select[Piece]:
    return select(Piece).options(
        joinedload(Piece.thing), selectinload(Piece.parts).joinedload(Part.component).joinedload(Piece.thing)
    )


def pieces_of(house_id: int, ids: Iterable[int]) -> list[Piece]:
    """With thing and parts, in the order of `ids`; unknown ones are left out."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    rows = {
        piece.id: piece for piece in session().scalars(_pieces().where(Piece.house_id == house_id, Piece.id.in_(wanted)))
    }  # fmt: skip
    return [rows[piece_id] for piece_id in wanted if piece_id in rows]


# What is out -------------------------------------------------------------------------------------------------------


def lines_of(house_id: int, ids: Iterable[int]) -> list[LoanLine]:
    """Lines of loans with who has them and what they are made of, in the order of `ids`."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    rows = {
        line.id: line for line in session().scalars(_lines().where(LoanLine.house_id == house_id, LoanLine.id.in_(wanted)))
    }  # fmt: skip
    return [rows[line_id] for line_id in wanted if line_id in rows]


def _lines() -> Select[LoanLine]:
    return select(LoanLine).options(
        joinedload(LoanLine.loan).joinedload(Loan.person),
        joinedload(LoanLine.loan).joinedload(Loan.organisation),
        joinedload(LoanLine.piece).options(
            joinedload(Piece.thing), selectinload(Piece.parts).joinedload(Part.component).joinedload(Piece.thing)
        ),
        joinedload(LoanLine.thing),
    )


def lines_out(piece_id: int) -> list[LoanLine]:
    """Where a piece, or the kit it is a part of, is out just now; the oldest first."""
    kit = select(Part.kit_id).where(Part.component_id == piece_id).scalar_subquery()
    return list(
        session().scalars(
            _lines()
            .where(or_(LoanLine.piece_id == piece_id, LoanLine.piece_id == kit), LoanLine.returned_at.is_(None))
            .order_by(LoanLine.due_at, LoanLine.id)
        )
    )


def out_with(house_id: int, person_id: int) -> list[LoanLine]:
    """What somebody has, the most urgent first."""
    return list(
        session().scalars(
            _lines()
            .join(Loan, Loan.id == LoanLine.loan_id)
            .where(Loan.person_id == person_id, LoanLine.house_id == house_id, LoanLine.returned_at.is_(None))
            .order_by(LoanLine.due_at, LoanLine.id)
        )
    )


def reserved_for(house_id: int, person_id: int) -> list[Reservation]:
    """Open reservations of somebody with the pieces set aside, by pick-up."""
    return list(
        session().scalars(
            select(Reservation)
            .where(Reservation.person_id == person_id, Reservation.house_id == house_id, Reservation.state.in_(OPEN))
            .options(joinedload(Reservation.thing), selectinload(Reservation.allocations).joinedload(Allocation.piece))
            .order_by(Reservation.starts_at, Reservation.id)
        )
    )


# After a return ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Promised:
    """The next reservation a piece is set aside for; staff see the name."""

    reservation_id: int
    name: str
    starts_at: datetime
    packed: bool


def promised_next(piece_ids: Iterable[int], until: datetime) -> Mapping[int, Promised]:
    """By piece: the next open reservation it is set aside for whose pick-up is before `until`; one statement."""
    rows = session().execute(
        select(Allocation.piece_id, Reservation.id, Person.given_name, Person.family_name, Reservation.starts_at, Reservation.packed_at)
        .join(Reservation, Reservation.id == Allocation.reservation_id)
        .outerjoin(Person, Person.id == Reservation.person_id)
        .where(Allocation.piece_id.in_(sorted(set(piece_ids))), Reservation.state.in_(OPEN), Reservation.starts_at < until)
        .order_by(Reservation.starts_at.desc(), Reservation.id.desc())
    )  # fmt: skip
    return {
        row.piece_id: Promised(row.id, f"{row.given_name or ''} {row.family_name or ''}".strip(), row.starts_at, row.packed_at is not None)
        for row in rows
    }  # fmt: skip


@dataclass(frozen=True)
class Money:
    """What of a line has to do with money: what is asked for coming late, and its deposit."""

    late_cents: int = 0
    late_waived: str = ""
    deposit_id: int | None = None
    deposit_held_cents: int = 0


def money_of(lines: Iterable[int]) -> Mapping[int, Money]:
    """By line; two statements."""
    wanted = sorted(set(lines))
    charges = {
        row.source_id: row
        for row in session().execute(
            select(Charge.source_id, Charge.total_cents, Charge.reason).where(
                Charge.source == "loan_late", Charge.source_id.in_(wanted), Charge.cancelled_at.is_(None)
            )
        )
    }
    deposits = {
        row.source_id: row
        for row in session().execute(
            select(Deposit.source_id, Deposit.id, Deposit.held_cents).where(
                Deposit.source == LINE, Deposit.source_id.in_(wanted), Deposit.closed_at.is_(None)
            )
        )
    }
    made = {}
    for line_id in wanted:
        late, deposit = charges.get(line_id), deposits.get(line_id)
        made[line_id] = Money(
            late.total_cents if late else 0, late.reason if late and not late.total_cents else "",
            deposit.id if deposit else None, deposit.held_cents if deposit else 0,
        )  # fmt: skip
    return made


def missing_of(line_ids: Iterable[int]) -> Mapping[int, list[MissingPart]]:
    """Parts of lines that are still missing, by line; one statement."""
    made = {number: [each for each in parts if each.closed_at is None] for number, parts in parts_of_lines(line_ids).items()}
    return {number: parts for number, parts in made.items() if parts}


# One loan ----------------------------------------------------------------------------------------------------------


def loan(house_id: int, loan_id: int) -> Loan | None:
    """With its lines and whose it is."""
    return session().scalar(
        select(Loan)
        .where(Loan.id == loan_id, Loan.house_id == house_id)
        .options(
            joinedload(Loan.person), joinedload(Loan.organisation), joinedload(Loan.handed_out_by),
            selectinload(Loan.lines).options(joinedload(LoanLine.piece), joinedload(LoanLine.thing)),
        )
    )  # fmt: skip


def line(house_id: int, line_id: int) -> LoanLine | None:
    return next(iter(lines_of(house_id, [line_id])), None)


def counts_of(house_id: int, day_ends: datetime, now: datetime) -> tuple[int, int, int]:
    """For the head of the desk: things out, of these overdue, and reservations to be picked up before `day_ends`."""
    out, late = session().execute(
        select(func.count(LoanLine.id), func.count(LoanLine.id).filter(LoanLine.due_at < now)).where(
            LoanLine.house_id == house_id, LoanLine.returned_at.is_(None)
        )
    ).one()  # fmt: skip
    pick_ups = session().scalar(
        select(func.count(Reservation.id)).where(
            Reservation.house_id == house_id, Reservation.state.in_(OPEN), Reservation.starts_at < day_ends
        )
    )
    return out, late, pick_ups or 0


def parts_of_line(line_id: int) -> list[MissingPart]:
    """Everything that did not come with it, settled or not."""
    return parts_of_lines([line_id]).get(line_id, [])


def parts_of_lines(line_ids: Iterable[int]) -> Mapping[int, list[MissingPart]]:
    """The same by line; one statement."""
    made: dict[int, list[MissingPart]] = {}
    for missing in session().scalars(
        select(MissingPart)
        .where(MissingPart.line_id.in_(sorted(set(line_ids))))
        .options(joinedload(MissingPart.part).joinedload(Part.component).joinedload(Piece.thing))
        .order_by(MissingPart.id)
    ):
        made.setdefault(missing.line_id, []).append(missing)
    return made
