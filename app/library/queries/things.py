"""What the house has, as whoever looks after it wants to see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.core import clock, grams, i18n
from app.core.db import session
from app.core.media import Media
from app.core.spans import Span
from app.library.models import (
    OPEN,
    Condition,
    Intake,
    LendingTerms,
    LoanLine,
    MissingPart,
    Part,
    Piece,
    PieceTest,
    Reservation,
    Thing,
    ThingClass,
    ThingGram,
    ThingPrice,
    ThingUpload,
    Whereabouts,
)
from app.library.queries.supply import BLACKOUT
from app.occupancy.models import Occupancy, Share

PAGE = 50
MOST_LABELS = 400
SOON_DAYS = 42
"""A test is told as due so many days before it is."""
INDEX = grams.Index(ThingGram.gram, ThingGram.thing_id)


# Classes, things, pieces -------------------------------------------------------------------------------------------


def classes(house_id: int, *, archived: bool = False) -> list[ThingClass]:
    """In the order of the house."""
    statement = select(ThingClass).where(ThingClass.house_id == house_id).order_by(ThingClass.position, ThingClass.id)
    return list(session().scalars(statement if archived else statement.where(ThingClass.archived_at.is_(None))))


def thing_class(house_id: int, class_id: int) -> ThingClass | None:
    return session().scalar(select(ThingClass).where(ThingClass.id == class_id, ThingClass.house_id == house_id))


def managed_thing(house_id: int, thing_id: int) -> Thing | None:
    """With its class; also one that is lent no more."""
    statement = select(Thing).where(Thing.id == thing_id, Thing.house_id == house_id).options(joinedload(Thing.thing_class))
    return session().scalar(statement)


def managed_piece(house_id: int, piece_id: int) -> Piece | None:
    return session().scalar(_whole_pieces().where(Piece.id == piece_id, Piece.house_id == house_id))


def piece_by_number(house_id: int, number: str) -> Piece | None:
    """By what stands on its label; ``147`` finds 0147."""
    wanted = number.strip().upper()[:12]
    numbers = {wanted, wanted.zfill(4)} if wanted.isdigit() else {wanted}
    found = list(session().scalars(_whole_pieces().where(Piece.house_id == house_id, Piece.number.in_(sorted(numbers)))))
    return next((piece for piece in found if piece.number == wanted), found[0] if found else None)


def _whole_pieces() -> Select[Piece]:
    return select(Piece).options(
        joinedload(Piece.thing).joinedload(Thing.thing_class), joinedload(Piece.owner), joinedload(Piece.donor),
        selectinload(Piece.parts).joinedload(Part.component).joinedload(Piece.thing),
    )  # fmt: skip


def kit_of(piece_id: int) -> Piece | None:
    """The kit a piece is a part of."""
    kit = select(Part.kit_id).where(Part.component_id == piece_id).scalar_subquery()
    return session().scalar(select(Piece).where(Piece.id == kit).options(joinedload(Piece.thing)))


def photo(media_id: int | None) -> Media | None:
    return session().get(Media, media_id) if media_id is not None else None


def photo_of(digest: str, *, small: bool) -> bytes | None:
    """The picture of this digest, as WebP."""
    column = Media.thumb if small else Media.content
    return session().scalar(select(column).where(Media.digest == digest))


def out_of(piece_id: int) -> int:
    """How many of a piece are out on loan."""
    left = func.sum(LoanLine.quantity - LoanLine.returned - LoanLine.written_off)
    return int(session().scalar(select(left).where(LoanLine.piece_id == piece_id, LoanLine.returned_at.is_(None))) or 0)


def free_number(house_id: int) -> str:
    """The next number for a label: four digits or more, one above the highest there is."""
    longest_first = (
        select(Piece.number)
        .where(Piece.house_id == house_id)
        .order_by(func.length(Piece.number).desc(), Piece.number.desc())
    )  # fmt: skip
    for statement in (longest_first.limit(50), longest_first):  # all of them only where the longest fifty carry letters
        digits = [int(number) for number in session().scalars(statement) if number.isascii() and number.isdigit()]
        if digits:
            return f"{max(digits) + 1:04d}"
    return "0001"


def open_reservations_of(thing_id: int) -> int:
    """How many reservations of a thing are still to be collected."""
    statement = select(func.count(Reservation.id)).where(Reservation.thing_id == thing_id, Reservation.state.in_(OPEN))
    return session().scalar(statement) or 0


def part_is_missed(part_id: int) -> bool:
    """Whether somebody still owes a part."""
    statement = select(MissingPart.id).where(MissingPart.part_id == part_id).limit(1)
    return session().scalar(statement) is not None


# Prices and terms --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PriceTag:
    """What a loan costs, and the deposit, in cents."""

    fee_cents: int = 0
    deposit_cents: int = 0


def price_tags(thing_ids: Iterable[int], day: date) -> Mapping[int, PriceTag]:
    """What holds on `day`, by thing, in one statement; things without a price are free of charge and not in it."""
    newest = (
        select(ThingPrice.thing_id, func.max(ThingPrice.valid_from).label("since"))
        .where(ThingPrice.thing_id.in_(sorted(set(thing_ids))), ThingPrice.valid_from <= day)
        .group_by(ThingPrice.thing_id)
        .subquery()
    )
    rows = session().execute(
        select(ThingPrice.thing_id, ThingPrice.fee_cents, ThingPrice.deposit_cents).join(
            newest, and_(ThingPrice.thing_id == newest.c.thing_id, ThingPrice.valid_from == newest.c.since)
        )
    )
    return {row.thing_id: PriceTag(row.fee_cents, row.deposit_cents) for row in rows}


def prices_of(thing_id: int) -> list[ThingPrice]:
    """Everything it has cost, costs and will cost, the newest first."""
    return list(
        session().scalars(select(ThingPrice).where(ThingPrice.thing_id == thing_id).order_by(ThingPrice.valid_from.desc()))
    )


def all_terms(house_id: int) -> list[LendingTerms]:
    """Every wording of the lending terms, the newest first."""
    return list(
        session().scalars(select(LendingTerms).where(LendingTerms.house_id == house_id).order_by(LendingTerms.valid_from.desc()))
    )


# The list of the desk ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to. `state` is one of `STATES`."""

    text: str = ""
    class_id: int | None = None
    state: str = ""


@dataclass(frozen=True)
class PieceLine:
    """A piece in a list; `digest` is that of the thing's photo."""

    id: int
    number: str
    thing_id: int
    name: str
    class_name: str
    count: int
    condition: str
    whereabouts: str
    place: str
    intake: str
    test_due_on: date | None
    tested: bool
    retired: bool


def _states(today: date) -> Mapping[str, ColumnElement[bool]]:
    here = and_(Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED)
    due = and_(here, ThingClass.test_months.is_not(None), or_(Piece.test_due_on.is_(None), Piece.test_due_on < today))
    return {
        "check": and_(Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED, Piece.condition == Condition.CHECK),
        "wash": and_(here, Piece.condition == Condition.WASH),
        "repair": and_(here, Piece.condition == Condition.REPAIR),
        "quarantined": and_(Piece.retired_at.is_(None), Piece.condition == Condition.QUARANTINED),
        "test": due,
        "offered": and_(Piece.retired_at.is_(None), Piece.intake.in_([Intake.OFFERED, Intake.ACCEPTED])),
        "out": and_(Piece.retired_at.is_(None), Piece.whereabouts == Whereabouts.OUT),
        "box": and_(Piece.retired_at.is_(None), Piece.whereabouts == Whereabouts.BOX),
        "owner": and_(Piece.retired_at.is_(None), Piece.whereabouts == Whereabouts.OWNER),
        "lost": and_(Piece.retired_at.is_(None), Piece.whereabouts == Whereabouts.LOST),
        "retired": or_(Piece.retired_at.is_not(None), Piece.intake == Intake.DECLINED),
    }


STATES = ("check", "wash", "repair", "quarantined", "test", "offered", "out", "box", "owner", "lost", "retired")


def _lines() -> Any:
    return (
        select(
            Piece.id, Piece.number, Piece.thing_id, Thing.name, ThingClass.name.label("class_name"), Piece.count.label("many"), Piece.condition,
            Piece.whereabouts, Piece.place, Piece.intake, Piece.test_due_on, ThingClass.test_months, Piece.retired_at,
        )
        .join(Thing, Thing.id == Piece.thing_id)
        .join(ThingClass, ThingClass.id == Thing.class_id)
    )  # fmt: skip


def piece_lines(house_id: int, wanted: Wanted, offset: int = 0, limit: int = PAGE) -> list[PieceLine]:
    """Pieces of the house, by name and number; those with a fitting number or name where something is looked for. Two statements."""
    statement = _lines().where(Piece.house_id == house_id)
    if wanted.class_id is not None:
        statement = statement.where(Thing.class_id == wanted.class_id)
    states = _states(clock.today(i18n.zone()))
    statement = statement.where(
        states.get(wanted.state, and_(Piece.retired_at.is_(None), Piece.intake == Intake.STOCKED))
    )  # fmt: skip
    if wanted.text:
        number = wanted.text.strip().upper()[:12]
        numbers = {number, number.zfill(4)}
        statement = statement.where(or_(Piece.number.in_(sorted(numbers)), Piece.thing_id.in_(look_for(house_id, wanted.text))))
    rows = session().execute(statement.order_by(Thing.name, Piece.number, Piece.id).offset(offset).limit(limit))
    return [_line(row) for row in rows]


def lines_of(house_id: int, piece_ids: Sequence[int]) -> list[PieceLine]:
    """These pieces, by name and number."""
    rows = session().execute(
        _lines().where(Piece.house_id == house_id, Piece.id.in_(sorted(set(piece_ids)))).order_by(Thing.name, Piece.number)
    )
    return [_line(row) for row in rows]


def piece_lines_of(thing_id: int) -> list[PieceLine]:
    """All pieces of a thing, those that are retired or declined last."""
    gone = or_(Piece.retired_at.is_not(None), Piece.intake == Intake.DECLINED)
    return [_line(row) for row in session().execute(_lines().where(Piece.thing_id == thing_id).order_by(gone, Piece.number))]


def _line(row: Any) -> PieceLine:
    return PieceLine(
        row.id, row.number, row.thing_id, row.name, row.class_name, row.many, row.condition, row.whereabouts, row.place,
        row.intake, row.test_due_on, row.test_months is not None, row.retired_at is not None,
    )  # fmt: skip


def bare_things(house_id: int, limit: int = 30) -> list[Thing]:
    """Things that no piece stands for: nobody can borrow them yet."""
    stocked = select(Piece.id).where(
        Piece.thing_id == Thing.id, Piece.retired_at.is_(None), Piece.intake != Intake.DECLINED
    )  # fmt: skip
    return list(
        session().scalars(
            select(Thing)
            .where(Thing.house_id == house_id, Thing.archived_at.is_(None), ~stocked.exists())
            .order_by(Thing.name, Thing.id)
            .limit(limit)
        )
    )


def archived_things(house_id: int, limit: int = 100) -> list[Thing]:
    return list(
        session().scalars(
            select(Thing).where(Thing.house_id == house_id, Thing.archived_at.is_not(None)).order_by(Thing.name).limit(limit)
        )
    )


# Looking for things ------------------------------------------------------------------------------------------------


def words_of(thing: Any, class_name: str) -> list[grams.Word]:
    """All the words a thing is found by; composed ones also as one (``Akku-Schrauber``)."""
    text = f"{thing.name} {thing.keywords} {class_name}"
    joined = text.replace("-", "").replace("’", "").replace("'", "")
    return list(dict.fromkeys([*grams.words_in(text), *grams.words_in(joined)]))


def grams_of(thing: Thing, class_name: str) -> set[str]:
    """The index entries of a thing."""
    return {gram for word in words_of(thing, class_name) for gram in grams.grams_of_word(word)}


CANDIDATES = 200


def look_for(house_id: int, text: str) -> list[int]:
    """Ids of things that fit, the best first. One statement, none for an empty question.

    Whoever fits every word comes alone; only when nothing does, those that fit some.
    """
    asked = grams.words_in(text[:200])[: grams.MOST_WORDS]
    if not asked:
        return []
    total = grams.together([INDEX.word_hits(word) for word in asked])
    rows = session().execute(
        select(Thing.id, Thing.name, Thing.keywords, ThingClass.name.label("class_name"))
        .join(total, total.c.row == Thing.id)
        .join(ThingClass, ThingClass.id == Thing.class_id)
        .where(Thing.house_id == house_id)
        .order_by(total.c.met.desc(), total.c.worth.desc(), Thing.name, Thing.id)
        .limit(CANDIDATES)
    )
    judged: list[tuple[int, int, int, str, int]] = []
    for row in rows:
        written = words_of(row, row.class_name)
        marks = [grams.meets(word, written) for word in asked]
        met = [mark for mark in marks if mark is not None]
        if met:
            judged.append((len(asked) - len(met), max(met), sum(met), row.name, row.id))
    judged.sort()
    whole = [each for each in judged if each[0] == 0] or judged
    sure = [each for each in whole if each[1] < grams.ALIKE] or whole
    return [each[-1] for each in sure]


# Safety tests ------------------------------------------------------------------------------------------------------


def tests_of(piece_id: int, limit: int = 20) -> list[PieceTest]:
    """The newest first."""
    statement = select(PieceTest).where(PieceTest.piece_id == piece_id)
    return list(session().scalars(statement.order_by(PieceTest.on_day.desc(), PieceTest.id.desc()).limit(limit)))


def last_test(house_id: int) -> PieceTest | None:
    """The test that was written down last."""
    statement = select(PieceTest).join(Piece, Piece.id == PieceTest.piece_id).where(Piece.house_id == house_id)
    return session().scalar(statement.order_by(PieceTest.id.desc()).limit(1))


def due_tests(house_id: int, until: date, limit: int = MOST_LABELS) -> list[PieceLine]:
    """Pieces of tested classes whose test ends by `until` or that have none, also those that wait to be taken in."""
    rows = session().execute(
        _lines()
        .where(
            Piece.house_id == house_id, Piece.retired_at.is_(None), Piece.intake.in_([Intake.ACCEPTED, Intake.STOCKED]),
            ThingClass.test_months.is_not(None), or_(Piece.test_due_on.is_(None), Piece.test_due_on <= until),
        )
        .order_by(Piece.test_due_on.is_not(None), Piece.test_due_on, Thing.name, Piece.number)
        .limit(limit)
    )  # fmt: skip
    return [_line(row) for row in rows]


@dataclass(frozen=True)
class FaultRate:
    """How many of the tests of a class were failed. A guide value says: below 2 % the interval may be longer."""

    class_id: int
    name: str
    test_months: int
    tests: int
    failed: int

    @property
    def per_mille(self) -> int:
        return round(1000 * self.failed / self.tests) if self.tests else 0


def fault_rates(house_id: int, since: date) -> list[FaultRate]:
    """Of every class that is tested, from the tests since a day."""
    tested = (
        select(Thing.class_id, func.count(PieceTest.id).label("tests"), func.count(PieceTest.id).filter(~PieceTest.passed).label("failed"))
        .join(Piece, Piece.id == PieceTest.piece_id)
        .join(Thing, Thing.id == Piece.thing_id)
        .where(Piece.house_id == house_id, PieceTest.on_day >= since)
        .group_by(Thing.class_id)
        .subquery()
    )  # fmt: skip
    rows = session().execute(
        select(
            ThingClass.id, ThingClass.name, ThingClass.test_months, func.coalesce(tested.c.tests, 0).label("tests"),
            func.coalesce(tested.c.failed, 0).label("failed"),
        )
        .outerjoin(tested, tested.c.class_id == ThingClass.id)
        .where(ThingClass.house_id == house_id, ThingClass.test_months.is_not(None), ThingClass.archived_at.is_(None))
        .order_by(ThingClass.position, ThingClass.id)
    )  # fmt: skip
    return [FaultRate(row.id, row.name, row.test_months, row.tests, row.failed) for row in rows]


# Days its owner keeps it -------------------------------------------------------------------------------------------


def blackouts(piece: Piece) -> list[tuple[int, Span]]:
    """Spans to come in which its owner keeps it, each with its id."""
    table = Share if piece.count > 1 or piece.thing.counted else Occupancy
    rows = session().execute(
        select(table.id, table.starts_at, table.ends_at)
        .where(table.source == BLACKOUT, table.source_id == piece.id, table.ends_at > clock.now())
        .order_by(table.starts_at)
    )
    return [(row.id, Span(row.starts_at, row.ends_at)) for row in rows]


# Tables ------------------------------------------------------------------------------------------------------------


def upload(house_id: int, upload_id: int, person_id: int | None) -> ThingUpload | None:
    """A table between preview and import, of who brought it."""
    found = session().get(ThingUpload, upload_id)
    return found if found is not None and (found.house_id, found.uploaded_by_id) == (house_id, person_id) else None
