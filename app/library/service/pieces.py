"""Pieces: taken in, described, washed, repaired, tested, retired; their parts; the days their owner keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid, Missing, Refusal
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.core.spans import Span
from app.library import queries
from app.library.events import (
    GiftDecided,
    PieceAdded,
    PieceChanged,
    PieceRestored,
    PieceRetired,
    PieceTested,
    PieceWashed,
)
from app.library.models import Condition, Damage, Intake, Origin, Part, Piece, PieceTest, Thing, Whereabouts
from app.library.queries import BLACKOUT, RESERVATION
from app.library.service.arranging import arrange, release_reservation
from app.library.service.things import check_number, flush_numbers
from app.occupancy import queries as occupancy
from app.occupancy import service as promises
from app.occupancy.models import Occupancy, Resource, Share
from app.people.models import Person

MOST_AT_ONCE = 100
MOST_COUNT = 10_000
MOST_PARTS = 60


class TestNeeded(Refusal):
    """It must pass a safety test before it is lent."""

    __test__ = False
    kind = "test-needed"
    message = _l("It must pass a safety test first. Write the test down, then it can be lent.")


class PieceNotHere(Refusal):
    """It is out on loan, or somebody has it on those days."""

    kind = "piece-not-here"


@dataclass(frozen=True)
class PieceRequest:
    """What is known of a piece; the fields are those of `models.Piece`. `number` empty: the next free one."""

    number: str = ""
    count: int = 1
    place: str = ""
    serial_no: str = ""
    origin: str = Origin.BOUGHT
    owner_id: int | None = None
    donor_id: int | None = None
    donor_named: bool = False
    acquired_on: date | None = None
    for_sale: bool = False
    note: str = ""
    """What the donor wishes."""


def add_pieces(
    thing: Thing, request: PieceRequest, many: int, by: Actor, *, intake: str = Intake.STOCKED, settle: bool = True
) -> list[Piece]:
    """`many` pieces alike, each with a number of its own; of a counted thing one stack of `request.count`. Raises `Invalid`.

    A piece of a class that is tested waits for its test; what is offered waits for a decision. Without `settle` the caller calls
    `arrange`.
    """
    if not 1 <= many <= MOST_AT_ONCE:
        raise Invalid({"many": [gettext("Please choose a number from %(least)s to %(most)s.", least=1, most=MOST_AT_ONCE)]})
    if request.number and many > 1:
        raise Invalid({"number": [_l("Several pieces get the next free numbers: leave this empty.")]})
    _check(thing, request)
    tested = thing.thing_class.test_months is not None
    made = []
    for _ in range(many):
        number = check_number(thing.house_id, request.number) if request.number else queries.free_number(thing.house_id)
        resource = Resource(house_id=thing.house_id, kind="piece", name=f"{thing.name} {number}"[:120], capacity=request.count)
        session().add(resource)
        session().flush()
        piece = Piece(
            house_id=thing.house_id, thing_id=thing.id, number=number, resource_id=resource.id, count=request.count,
            intake=Intake.ACCEPTED if intake == Intake.STOCKED and tested else intake,
            condition=Condition.CHECK if tested or intake != Intake.STOCKED else Condition.FINE,
            intake_note=request.note,
        )  # fmt: skip
        _fill(piece, request)
        session().add(piece)
        flush_numbers()
        made.append(piece)
        publish(PieceAdded(**_facts(piece, thing, by), pieces=piece.count))
    if settle:
        arrange([thing.id], by)
    return made


def change_piece(piece: Piece, request: PieceRequest, by: Actor) -> None:
    """What is written about it; the number stays. Raises `Invalid`, or `PieceNotHere` for a stack smaller than what is out."""
    _check(piece.thing, request)
    if request.count != piece.count:
        out = queries.out_of(piece.id)
        if request.count < out:
            raise PieceNotHere(gettext("%(num)d of them are out on loan just now.", num=out))
        _free_shares(piece)
        piece.count = request.count
        resource = session().get(Resource, piece.resource_id)
        assert resource is not None
        resource.capacity = request.count
    _fill(piece, request)
    session().flush()
    _changed(piece, by)


def _free_shares(piece: Piece) -> None:
    """Reservations of a stack are dealt out anew by `arrange`: before it shrinks, nothing of it may be promised to them."""
    sources = session().scalars(
        select(Share.source_id).where(
            Share.resource_id == piece.resource_id, Share.source == RESERVATION, Share.ends_at > clock.now()
        )
    )
    for reservation_id in set(sources):
        release_reservation(reservation_id)


def _check(thing: Thing, request: PieceRequest) -> None:
    if thing.counted:
        if not 1 <= request.count <= MOST_COUNT:
            raise Invalid({"count": [gettext("Please choose a number from %(least)s to %(most)s.", least=1, most=MOST_COUNT)]})
    elif request.count != 1:
        raise Invalid({"count": [_l("Only counted things are more than one piece under one number.")]})
    if request.origin not in set(Origin):
        raise Invalid({"origin": [_l("Please choose one of these.")]})
    for name, person_id in (("owner", request.owner_id), ("donor", request.donor_id)):
        if person_id is not None and session().get(Person, person_id) is None:
            raise Invalid({name: [_l("Please choose one of these.")]})
    if request.origin == Origin.NEIGHBOUR and request.owner_id is None:
        raise Invalid({"owner": [_l("Whose is it?")]})


def _fill(piece: Piece, request: PieceRequest) -> None:
    piece.place, piece.serial_no, piece.origin = request.place, request.serial_no, request.origin
    piece.owner_id, piece.donor_id, piece.donor_named = request.owner_id, request.donor_id, request.donor_named
    piece.acquired_on, piece.for_sale = request.acquired_on, request.for_sale


# Condition and whereabouts -----------------------------------------------------------------------------------------


def set_condition(piece: Piece, condition: str, by: Actor, *, note: str = "", fit_on: date | None = None) -> None:
    """How it is; `fit_on` is the day by which somebody expects it to be fine.

    What failed its test stays in quarantine until it passes one: raises `TestNeeded`. Also raises `Invalid`.
    """
    if condition not in set(Condition) or condition == Condition.QUARANTINED:
        raise Invalid({"condition": [_l("Please choose one of these.")]})
    if piece.condition == Condition.QUARANTINED:
        raise TestNeeded
    if fit_on is not None and (condition == Condition.FINE or fit_on <= clock.today(i18n.zone())):
        raise Invalid({"fit_on": [_l("This day must lie ahead.")]})
    piece.condition, piece.condition_note, piece.fit_on = condition, note, fit_on
    if condition == Condition.FINE:
        _resolve_damages(piece)
    session().flush()
    _changed(piece, by)


def wash_piece(piece: Piece, by: Actor) -> bool:
    """It has been washed; False when it did not have to be."""
    if piece.condition != Condition.WASH:
        return False
    piece.condition, piece.condition_note, piece.fit_on = Condition.FINE, "", None
    session().flush()
    publish(PieceWashed(**_facts(piece, piece.thing, by)))
    arrange([piece.thing_id], by)
    return True


def set_whereabouts(piece: Piece, whereabouts: str, by: Actor) -> None:
    """Where it is; out and back in go by loans alone. Raises `Invalid` or `PieceNotHere`."""
    if whereabouts not in (Whereabouts.SHELF, Whereabouts.OWNER, Whereabouts.LOST):
        raise Invalid({"whereabouts": [_l("Please choose one of these.")]})
    if queries.out_of(piece.id):
        raise PieceNotHere(_l("This is still out on loan. Take it back first."))
    if whereabouts == Whereabouts.OWNER and piece.owner_id is None:
        raise Invalid({"whereabouts": [_l("It belongs to the house.")]})
    piece.whereabouts = whereabouts
    session().flush()
    _changed(piece, by)


def _resolve_damages(piece: Piece) -> None:
    """Damages nobody has settled otherwise are mended now."""
    for damage in session().scalars(select(Damage).where(Damage.piece_id == piece.id, Damage.resolved_at.is_(None))):
        damage.resolved_at = clock.now()


def retire_piece(piece: Piece, reason: str, by: Actor) -> None:
    """It is lent no more; what was reserved moves to other pieces or is told. It may be out still. Raises `Invalid`."""
    if piece.retired_at is not None:
        return
    if not reason:
        raise Invalid({"reason": [_l("Please say why.")]})
    piece.retired_at, piece.retired_why = clock.now(), reason
    session().flush()
    publish(PieceRetired(**_facts(piece, piece.thing, by)))
    arrange([piece.thing_id], by)


def restore_piece(piece: Piece, by: Actor) -> None:
    """It is lent again after somebody has looked at it."""
    if piece.retired_at is None:
        return
    piece.retired_at, piece.retired_why = None, ""
    if piece.condition == Condition.FINE:
        piece.condition = Condition.CHECK
    session().flush()
    publish(PieceRestored(**_facts(piece, piece.thing, by)))
    arrange([piece.thing_id], by)


# Gifts and loans to the house --------------------------------------------------------------------------------------


def accept_gift(piece: Piece, by: Actor) -> None:
    """The house takes it; somebody has to check it before it is lent."""
    _decide(piece, (Intake.OFFERED,), Intake.ACCEPTED, by)


def decline_gift(piece: Piece, reason: str, by: Actor) -> None:
    """The house does not take it: why, in words for who offered it. Raises `Invalid`."""
    if not reason:
        raise Invalid({"reason": [_l("Please say why; the person reads it.")]})
    piece.intake_note = reason
    _decide(piece, (Intake.OFFERED, Intake.ACCEPTED), Intake.DECLINED, by)


def stock_piece(piece: Piece, by: Actor) -> None:
    """It has been checked and goes on the shelf. Raises `TestNeeded` while a class that is tested has no passed test of it."""
    if piece.intake == Intake.STOCKED:
        return
    today = clock.today(i18n.zone())
    tested = piece.thing.thing_class.test_months is not None
    if piece.condition == Condition.QUARANTINED or (tested and (piece.test_due_on is None or piece.test_due_on < today)):
        raise TestNeeded
    piece.condition, piece.condition_note, piece.fit_on = Condition.FINE, "", None
    piece.whereabouts = Whereabouts.SHELF
    _decide(piece, (Intake.ACCEPTED,), Intake.STOCKED, by)
    arrange([piece.thing_id], by)


def _decide(piece: Piece, before: tuple[Intake, ...], after: Intake, by: Actor) -> None:
    if piece.intake not in before:
        raise Refusal(_l("This has been decided already. Nothing has been changed."))
    piece.intake = after
    session().flush()
    publish(GiftDecided(**_facts(piece, piece.thing, by), kind=after.value))


# Safety tests ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TestRequest:
    """A test as the tester wrote it down. `next_on` without: after as many months as the class says."""

    __test__ = False
    on_day: date
    passed: bool
    tester: str
    qualification: str
    instrument: str = ""
    next_on: date | None = None
    note: str = ""


def record_test(piece: Piece, request: TestRequest, by: Actor) -> PieceTest:
    """Write a test down. The newest counts: passed, the piece is fine until the next is due; failed, it is in quarantine.

    Raises `Invalid`.
    """
    today = clock.today(i18n.zone())
    if request.on_day > today:
        raise Invalid({"on_day": [_l("That day is still to come.")]})
    for name, text in (("tester", request.tester), ("qualification", request.qualification)):
        if not text:
            raise Invalid({name: [_l("Who tests must be named, and what they have learnt.")]})
    next_on = (request.next_on or next_test(request.on_day, piece.thing.thing_class.test_months)) if request.passed else None
    if next_on is not None and next_on <= request.on_day:
        raise Invalid({"next_on": [_l("The next test comes after this one.")]})
    newer = session().scalar(select(func.max(PieceTest.on_day)).where(PieceTest.piece_id == piece.id))
    row = PieceTest(
        piece_id=piece.id, on_day=request.on_day, passed=request.passed, tester=request.tester,
        qualification=request.qualification, instrument=request.instrument, next_on=next_on, note=request.note,
        recorded_by_id=by.person_id,
    )  # fmt: skip
    session().add(row)
    if newer is None or newer <= request.on_day:
        piece.test_due_on = next_on
        if not request.passed:
            piece.condition, piece.condition_note, piece.fit_on = Condition.QUARANTINED, request.note, None
        elif piece.condition == Condition.QUARANTINED:
            waits = piece.intake != Intake.STOCKED
            piece.condition, piece.condition_note = (Condition.CHECK if waits else Condition.FINE), ""
    session().flush()
    publish(
        PieceTested(**_facts(piece, piece.thing, by), passed=request.passed, tested_on=request.on_day, next_on=next_on)
    )  # fmt: skip
    arrange([piece.thing_id], by)
    return row


def next_test(day: date, months: int | None) -> date:
    """When the next test is due after one on `day`; a year later where the class names no interval."""
    wanted = day.month - 1 + (months or 12)
    year, month = day.year + wanted // 12, wanted % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last))


# Parts -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartRequest:
    """A part of a kit: `number` of a piece of its own, or a `name` and how many."""

    name: str = ""
    number: str = ""
    count: int = 1
    essential: bool = True
    replacement_cents: int = 0


def add_part(kit: Piece, request: PartRequest, by: Actor) -> Part:
    """Raises `Invalid`: kits hold no kits, and a piece belongs to one kit at most."""
    if kit.thing.counted:
        raise Invalid({"name": [_l("A counted thing has no parts.")]})
    position = session().scalar(select(func.max(Part.position)).where(Part.kit_id == kit.id))
    if session().scalar(select(func.count()).where(Part.kit_id == kit.id)) == MOST_PARTS:
        raise Invalid({"name": [gettext("At most %(num)d parts.", num=MOST_PARTS)]})
    component = _component(kit, request.number) if request.number else None
    if component is None and not request.name:
        raise Invalid({"name": [_l("A part needs a name or the number of a piece.")]})
    if not 1 <= request.count <= 1000:
        raise Invalid({"count": [gettext("Please choose a number from %(least)s to %(most)s.", least=1, most=1000)]})
    part = Part(
        kit_id=kit.id, name="" if component else request.name, component_id=component.id if component else None,
        count=1 if component else request.count, essential=request.essential, replacement_cents=request.replacement_cents,
        position=0 if position is None else position + 1,
    )  # fmt: skip
    session().add(part)
    session().flush()
    session().refresh(kit, ["parts"])
    _changed(kit, by)
    return part


def _component(kit: Piece, number: str) -> Piece:
    piece = queries.piece_by_number(kit.house_id, number)
    if piece is None:
        raise Invalid({"number": [_l("No piece has this number.")]})
    if piece.id == kit.id or piece.thing.counted or piece.parts:
        raise Invalid({"number": [_l("This cannot be a part: it is a kit itself, or counted.")]})
    if session().scalar(select(Part.id).where(Part.component_id == kit.id)) is not None:
        raise Invalid({"number": [_l("This piece is a part of a kit itself: kits hold no kits.")]})
    if session().scalar(select(Part.id).where(Part.component_id == piece.id)) is not None:
        raise Invalid({"number": [_l("This piece is a part of another kit already.")]})
    return piece


def set_missing(part: Part, kit: Piece, missing: int, by: Actor) -> None:
    """How many of a loose part are not there. Raises `Invalid`."""
    if part.component_id is not None or not 0 <= missing <= part.count:
        raise Invalid(
            {"missing": [gettext("Please choose a number from %(least)s to %(most)s.", least=0, most=part.count)]}
        )  # fmt: skip
    part.missing = missing
    session().flush()
    _changed(kit, by)


def remove_part(part: Part, kit: Piece, by: Actor) -> None:
    """It is not part of the kit any more; a piece of its own stays one. Raises `PieceNotHere` while the kit is out."""
    if queries.out_of(kit.id) or queries.part_is_missed(part.id):
        raise PieceNotHere(_l("This is still out on loan. Take it back first."))
    session().delete(part)
    session().flush()
    session().refresh(kit, ["parts"])
    _changed(kit, by)


# Days its owner keeps it -------------------------------------------------------------------------------------------


def keep_by_owner(piece: Piece, first: date, last: date, by: Actor) -> None:
    """Its owner keeps it from one day to another, both included; reservations move to other pieces or are told.

    Raises `Invalid`, or `PieceNotHere` when it is out on loan then.
    """
    if piece.owner_id is None:
        raise Invalid({"first": [_l("It belongs to the house.")]})
    if last < first or first < clock.today(i18n.zone()) or (last - first).days > 366:
        raise Invalid({"last": [_l("Please choose days that lie ahead, at most a year.")]})
    zone = i18n.zone()
    span = Span(max(clock.midnight(first, zone), clock.now()), clock.midnight(last + timedelta(days=1), zone))
    held = occupancy.shares([piece.resource_id], span) if piece.thing.counted else occupancy.holding([piece.resource_id], span)
    firm = [each for each in held if each.source != RESERVATION]
    if firm:
        told = _l("It is out on loan then.") if firm[0].source != BLACKOUT else _l("These days are written down already.")
        raise PieceNotHere(told)
    for reservation_id in {each.source_id for each in held}:
        release_reservation(reservation_id)
    if piece.thing.counted:
        promises.promise_share(piece.resource_id, piece.count, span, kind="blackout", source=BLACKOUT, source_id=piece.id)
    else:
        promises.promise([piece.resource_id], span, kind="blackout", source=BLACKOUT, source_id=piece.id)
    _changed(piece, by)


def give_back_days(piece: Piece, blackout_id: int, by: Actor) -> None:
    """Its owner does not need it then after all. Raises `Missing`."""
    table = Share if piece.thing.counted else Occupancy
    result: Any = session().execute(
        delete(table).where(table.id == blackout_id, table.source == BLACKOUT, table.source_id == piece.id)
    )
    if not result.rowcount:
        raise Missing
    _changed(piece, by)


# Shared ------------------------------------------------------------------------------------------------------------


def _changed(piece: Piece, by: Actor) -> None:
    publish(PieceChanged(**_facts(piece, piece.thing, by)))
    arrange([piece.thing_id], by)


def _facts(piece: Piece, thing: Thing, by: Actor) -> dict[str, Any]:
    return {
        "house_id": piece.house_id,
        "by": by.person_id,
        "piece_id": piece.id,
        "piece_number": piece.number,
        "thing_id": thing.id,
        "thing_name": thing.name,
    }
