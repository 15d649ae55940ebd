"""Taking back: by the thing that lies on the desk, not by the person who brings it; all of it or a part, whole or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid, Missing
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.core.spans import Span
from app.library import queries
from app.library.events import DamageNoted, DamageResolved, PartMissing, PartSettled, PieceFound, PieceReturned, PieceWrittenOff
from app.library.models import Condition, Damage, Loan, LoanLine, MissingPart, Part, Piece, Thing, ThingClass, Whereabouts
from app.library.queries import BUFFER, LINE, RESERVATION
from app.library.service.arranging import arrange, release_reservation, supply_of
from app.library.service.charging import (
    DAMAGE,
    LOSS,
    PART,
    charge_damages,
    charge_late,
    late_fee,
    release_deposit,
    take_back_damages,
)
from app.library.service.facts import line_facts
from app.library.service.queue import serve_queue
from app.library.service.refusals import NotOpen
from app.money import service as money
from app.occupancy import queries as occupancy
from app.occupancy import service as promises
from app.occupancy.models import Resource

FOUND, REPLACED, PAID, WAIVED = "found", "replaced", "paid", "waived"


@dataclass(frozen=True)
class ReturnRequest:
    """What came back of a line: how many (all that is out), when it was really handed in, and what was wrong with it.

    `missing` counts loose parts, or 1 of a tracked one, by part id. `waive` is the reason for not asking for a late fee.
    """

    count: int | None = None
    handed_in_at: datetime | None = None
    missing: Mapping[int, int] = field(default_factory=dict)
    damage: str = ""
    by_use: bool = False
    waive: str = ""


@dataclass(frozen=True)
class Returned:
    """What a return came to: cents for coming late that are asked for, what is still out, and what the piece needs now."""

    line: LoanLine
    late_cents: int
    still_out: int
    needs: str
    """Its condition, ``fine`` where it can go out again."""


def line_out(piece_id: int) -> LoanLine | None:
    """The loan a piece is out on; of a counted one that of who has had it the longest."""
    return session().scalar(
        select(LoanLine)
        .where(LoanLine.piece_id == piece_id, LoanLine.returned_at.is_(None))
        .order_by(LoanLine.due_at, LoanLine.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )


def expected_late_fee(line: LoanLine, back: datetime) -> int:
    """Cents that would be asked for if it came back at `back`; writes nothing."""
    today = clock.today(i18n.zone())
    first = min(line.due_at.astimezone(i18n.zone()).date(), today)
    return late_fee(line, back, queries.openings(line.house_id, first, today))


def return_piece(line: LoanLine, request: ReturnRequest, by: Actor) -> Returned:
    """Write down what came back. Raises `NotOpen`, or `Invalid` for what cannot be."""
    session().refresh(line)
    if line.returned_at is not None:
        raise NotOpen
    piece, thing, thing_class = _known(line)
    count = line.open_count if request.count is None else request.count
    if not 1 <= count <= line.open_count:
        raise Invalid({"count": [gettext("Between 1 and %(most)s.", most=line.open_count)]})
    now = clock.now()
    back = request.handed_in_at or line.handed_in_at or now
    if not line.handed_out_at <= back <= now:
        raise Invalid({"handed_in_at": [_l("It can only have come back between the hand-over and now.")]})
    _must_load(line)
    line.returned += count
    line.handed_in_at = back
    closed = line.open_count == 0
    if closed:
        line.returned_at, line.received_by_id = now, by.person_id
        line.well = line.well and not _late(line, back) and not (request.damage and not request.by_use) and not request.missing
    missing = _note_missing(line, request.missing, by)
    late = (
        late_fee(line, back, queries.openings(line.house_id, _day(line.due_at), max(_day(back), _day(line.due_at))))
        if closed
        else 0
    )
    if late:
        charge_late(line, f"{thing.name} {piece.number}", thing_class.income_kind, late, by, request.waive.strip())
    needs = _condition(piece, thing_class, bool(request.damage) and not request.by_use, missing)
    if needs != Condition.FINE and not thing.counted:
        piece.condition, piece.condition_note, piece.fit_on = needs, request.damage or gettext_missing(missing), None
    if line.single:
        piece.whereabouts = Whereabouts.SHELF
    session().flush()
    _promise_rest(line, piece, thing, back)
    if request.damage:
        _note_damage(piece, line, request.damage, request.by_use, by)
    if closed:
        release_deposit(line, by)
    publish(
        PieceReturned(
            **line_facts(line, by), returned=count, missing=len(missing), late_cents=0 if request.waive.strip() else late,
            waived_cents=late if request.waive.strip() else 0,
        )
    )  # fmt: skip
    arrange([thing.id], by)
    serve_queue([thing.id], by)
    return Returned(line, 0 if request.waive.strip() else late, line.open_count, piece.condition)


def put_in_box(line: LoanLine, by: Actor) -> None:
    """It lies in the drop box: it is back, no fee runs on, and nobody has looked at it yet. Raises `NotOpen`."""
    if line.returned_at is not None:
        raise NotOpen
    piece, _, _ = _known(line)
    line.handed_in_at = line.handed_in_at or clock.now()
    piece.whereabouts = Whereabouts.BOX
    session().flush()
    publish(PieceReturned(**line_facts(line, by), returned=0, missing=0, late_cents=0))


def _known(line: LoanLine) -> tuple[Piece, Thing, ThingClass]:
    row = session().execute(
        select(Piece, Thing, ThingClass)
        .join(Thing, Thing.id == Piece.thing_id)
        .join(ThingClass, ThingClass.id == Thing.class_id)
        .where(Piece.id == line.piece_id)
    ).one()  # fmt: skip
    return row[0], row[1], row[2]


def _must_load(line: LoanLine) -> None:
    """The loan of a line, for who is charged."""
    loan = session().get(Loan, line.loan_id)
    assert loan is not None
    session().refresh(line, ["loan"])


def _late(line: LoanLine, back: datetime) -> bool:
    return _day(back) > _day(line.due_at)


def _condition(piece: Piece, thing_class: ThingClass, damaged: bool, missing: list[tuple[Part, int]]) -> Condition:
    """What has to be done before it can go out again; what was worse before stays."""
    known = Condition(piece.condition)
    if known in (Condition.QUARANTINED, Condition.REPAIR):
        return known
    if damaged or any(part.essential for part, _ in missing) or known == Condition.CHECK:
        return Condition.CHECK
    return Condition.WASH if thing_class.wash_after else known


def gettext_missing(missing: list[tuple[Part, int]]) -> str:
    """In the language of the house's books, because everybody at the desk reads it."""
    if not missing:
        return ""
    names = ", ".join(f"{count} × {part.name}" for part, count in missing)
    return money.books(_l("Missing: %(parts)s", parts=names))[:300]


def _promise_rest(line: LoanLine, piece: Piece, thing: Thing, back: datetime) -> None:
    """What is still out stays promised; what came back rests as long as its class says, from the real return on."""
    promises.release(LINE, line.id)
    promises.release_shares(LINE, line.id)
    supply = supply_of([thing.id], line.house_id).get(thing.id)
    now = clock.now()
    if supply is None:
        return
    stock = next((each for each in supply.stocks if each.piece_id == piece.id), None)
    if stock is None:
        return
    if line.open_count:
        until = max(supply.after(line.due_at), now + timedelta(days=1))
        promises.promise_share(piece.resource_id, line.open_count, Span(now, until), kind="out", source=LINE, source_id=line.id)
    free_at = supply.after(back)
    if free_at <= now or thing.counted:
        return
    rest = Span(max(back, line.handed_out_at), free_at)
    for each in stock.taken:
        if each.source == RESERVATION and each.span.overlaps(rest):
            release_reservation(each.source_id)
    others = [each for each in stock.taken if each.source not in (RESERVATION, LINE) and each.span.overlaps(rest)]
    if not others:
        promises.promise([piece.resource_id], Span(now, free_at), kind="rest", source=BUFFER, source_id=line.id)


# Parts -------------------------------------------------------------------------------------------------------------


def _note_missing(line: LoanLine, missing: Mapping[int, int], by: Actor) -> list[tuple[Part, int]]:
    """Write down the parts that did not come; a tracked one is to be looked for under its own number."""
    if not missing:
        return []
    rows = {
        part.id: part for part in session().scalars(select(Part).where(Part.kit_id == line.piece_id, Part.id.in_(list(missing))))
    }
    found = []
    for part_id, count in missing.items():
        part = rows.get(part_id)
        if part is None or not 1 <= count <= part.count - part.missing:
            raise Invalid({"missing": [_l("So many of this part cannot be missing.")]})
        session().add(MissingPart(line_id=line.id, part_id=part.id, count=count))
        name = part.name
        if part.component_id is None:
            part.missing += count
        else:
            component = session().get(Piece, part.component_id)
            assert component is not None
            component.condition, component.condition_note = Condition.CHECK, money.books(_l("Did not come back with its kit"))
            name = name or component.number
        found.append((part, count))
        session().flush()
        publish(PartMissing(**line_facts(line, by), part=name, count=count))
    return found


def open_parts(line_id: int) -> list[MissingPart]:
    """What is still missing of a line."""
    return list(
        session().scalars(
            select(MissingPart).where(MissingPart.line_id == line_id, MissingPart.closed_at.is_(None)).order_by(MissingPart.id)
        )
    )


def settle_part(missing: MissingPart, outcome: str, by: Actor, cents: int = 0) -> None:
    """A missing part was found, replaced, is paid for, or let go. What was paid for and is found is owed back.

    Raises `NotOpen` or `Invalid`.
    """
    part = session().get(Part, missing.part_id)
    line = session().get(LoanLine, missing.line_id)
    assert part is not None
    assert line is not None
    _must_load(line)
    if missing.closed_at is not None and not (missing.outcome == PAID and outcome == FOUND):
        raise NotOpen
    if outcome not in (FOUND, REPLACED, PAID, WAIVED):
        raise Invalid({"outcome": [_l("Please choose one of these.")]})
    name = part.name or gettext("Part %(number)s", number=part.id)
    if outcome == PAID:
        if cents <= 0:
            raise Invalid({"cents": [_l("This is not an amount.")]})
        text = money.books(_l("Missing part: %(part)s", part=f"{missing.count} × {name}"))
        missing.charge_id = charge_damages(line, PART, missing.id, text, cents, by)
    if missing.outcome == PAID and outcome == FOUND:
        take_back_damages(PART, missing.id, money.books(_l("found again")), by)
    missing.outcome, missing.closed_at = outcome, clock.now()
    if outcome in (FOUND, REPLACED):
        _complete(part, missing.count)
    session().flush()
    publish(PartSettled(**line_facts(line, by), part=name, outcome=outcome))
    arrange([line.thing_id], by)
    serve_queue([line.thing_id], by)


def _complete(part: Part, count: int) -> None:
    """The part is there again; a kit that was only waiting for it can go out."""
    if part.component_id is None:
        part.missing = max(0, part.missing - count)
    else:
        component = session().get(Piece, part.component_id)
        if component is not None and component.condition == Condition.CHECK:
            component.condition, component.condition_note = Condition.FINE, ""
    session().flush()
    kit = session().get(Piece, part.kit_id)
    left = session().scalar(
        select(MissingPart.id)
        .join(Part, Part.id == MissingPart.part_id)
        .where(Part.kit_id == part.kit_id, Part.essential, MissingPart.closed_at.is_(None))
        .limit(1)
    )
    damaged = session().scalar(
        select(Damage.id).where(Damage.piece_id == part.kit_id, Damage.resolved_at.is_(None), ~Damage.by_use).limit(1)
    )
    if kit is not None and kit.condition == Condition.CHECK and left is None and damaged is None:
        kit.condition, kit.condition_note = Condition.FINE, ""


# Damage ------------------------------------------------------------------------------------------------------------


def note_damage(
    piece: Piece, what: str, by_use: bool, by: Actor, line: LoanLine | None = None, photo_id: int | None = None
) -> Damage:
    """Somebody has seen that something is broken or worn. What is not mere wear stops the piece until it was looked at."""
    if not what.strip():
        raise Invalid({"what": [_l("What is broken?")]})
    made = _note_damage(piece, line, what.strip(), by_use, by, photo_id)
    if not by_use and piece.condition in (Condition.FINE, Condition.WASH):
        piece.condition, piece.condition_note, piece.fit_on = Condition.CHECK, what.strip()[:300], None
        session().flush()
        arrange([piece.thing_id], by)
    return made


def _note_damage(piece: Piece, line: LoanLine | None, what: str, by_use: bool, by: Actor, photo_id: int | None = None) -> Damage:
    damage = Damage(
        piece_id=piece.id, what=what[:300], by_use=by_use, line_id=line.id if line is not None else None, photo_id=photo_id,
        noted_by_id=by.person_id,
    )  # fmt: skip
    session().add(damage)
    session().flush()
    name = session().scalar(select(Thing.name).where(Thing.id == piece.thing_id)) or ""
    publish(
        DamageNoted(
            house_id=piece.house_id, by=by.person_id, piece_id=piece.id, piece_number=piece.number, thing_name=name,
            damage_id=damage.id, line_id=damage.line_id, what=damage.what, by_use=by_use,
        )
    )  # fmt: skip
    return damage


def resolve_damage(damage: Damage, outcome: str, by: Actor, cents: int = 0) -> None:
    """It was repaired, is to be lived with, or is paid for. Raises `NotOpen` or `Invalid`."""
    if damage.resolved_at is not None:
        raise NotOpen
    if not outcome.strip():
        raise Invalid({"outcome": [_l("What became of it?")]})
    piece = session().get(Piece, damage.piece_id)
    assert piece is not None
    if cents:
        line = session().get(LoanLine, damage.line_id) if damage.line_id is not None else None
        if line is None or cents < 0 or damage.by_use:
            raise Invalid({"cents": [_l("Nobody can be asked to pay for this.")]})
        _must_load(line)
        damage.charge_id = charge_damages(
            line, DAMAGE, damage.id, money.books(_l("Damage: %(what)s", what=damage.what)), cents, by
        )
    damage.resolved_at, damage.outcome = clock.now(), outcome.strip()[:200]
    session().flush()
    publish(
        DamageResolved(
            house_id=piece.house_id, by=by.person_id, piece_id=piece.id, piece_number=piece.number, damage_id=damage.id,
            outcome=damage.outcome,
        )
    )  # fmt: skip
    open_still = session().scalar(
        select(Damage.id).where(Damage.piece_id == piece.id, Damage.resolved_at.is_(None), ~Damage.by_use).limit(1)
    )
    if open_still is None and piece.condition in (Condition.CHECK, Condition.REPAIR):
        piece.condition, piece.condition_note, piece.fit_on = Condition.FINE, "", None
        session().flush()
        arrange([piece.thing_id], by)
        serve_queue([piece.thing_id], by)


# Loss --------------------------------------------------------------------------------------------------------------


def replacement_of(line: LoanLine) -> int:
    """Cents to propose for what is still out."""
    return line.replacement_cents * line.open_count


def write_off(line: LoanLine, count: int, reason: str, by: Actor, cents: int = 0) -> None:
    """It will not come back: lost or broken beyond repair. With `cents` its value is charged. Raises `NotOpen` or `Invalid`."""
    session().refresh(line)
    if line.returned_at is not None:
        raise NotOpen
    if not 1 <= count <= line.open_count:
        raise Invalid({"count": [gettext("Between 1 and %(most)s.", most=line.open_count)]})
    if not reason.strip():
        raise Invalid({"reason": [_l("Please say why.")]})
    piece, thing, _ = _known(line)
    _must_load(line)
    line.written_off += count
    line.well = False
    if line.open_count == 0:
        line.returned_at, line.received_by_id = clock.now(), by.person_id
        line.handed_in_at = line.handed_in_at or clock.now()
    if cents:
        if cents < 0:
            raise Invalid({"cents": [_l("This is not an amount.")]})
        text = money.books(_l("Not brought back: %(name)s", name=f"{thing.name} {piece.number}"))
        charge_damages(line, LOSS, line.id, text, cents, by)
    session().flush()
    promises.release(LINE, line.id)
    promises.release_shares(LINE, line.id)
    if thing.counted:
        _shrink(piece, count, line)
    else:
        piece.whereabouts = Whereabouts.LOST
    session().flush()
    if line.open_count == 0:
        release_deposit(line, by)
    publish(PieceWrittenOff(**line_facts(line, by), count=count, cents=cents, reason=reason.strip()))
    arrange([thing.id], by)


def _shrink(piece: Piece, count: int, line: LoanLine) -> None:
    """There are fewer of it now. The last one stays written down, as lost, so that the number is not given again."""
    if piece.count > count:
        piece.count -= count
        for share in occupancy.shares([piece.resource_id], Span(clock.now(), clock.now() + timedelta(days=3650))):
            if share.source == RESERVATION:
                release_reservation(share.source_id)
        session().execute(update(Resource).where(Resource.id == piece.resource_id).values(capacity=piece.count))
    else:
        piece.whereabouts = Whereabouts.LOST
    if line.open_count:
        until = max(line.due_at, clock.now() + timedelta(days=1))
        promises.promise_share(
            piece.resource_id, line.open_count, Span(clock.now(), until), kind="out", source=LINE, source_id=line.id
        )


def note_found(piece: Piece, by: Actor) -> int:
    """What was written off has turned up: it is looked at first, and its replacement is owed back. Gives those cents."""
    if piece.whereabouts != Whereabouts.LOST:
        raise Missing(_l("This is not written down as lost."))
    piece.whereabouts, piece.condition = Whereabouts.SHELF, Condition.CHECK
    piece.condition_note = money.books(_l("Found again"))
    back = 0
    line = session().scalar(
        select(LoanLine).where(LoanLine.piece_id == piece.id, LoanLine.written_off > 0).order_by(LoanLine.id.desc()).limit(1)
    )
    if line is not None:
        back = take_back_damages(LOSS, line.id, money.books(_l("found again")), by)
    session().flush()
    name = session().scalar(select(Thing.name).where(Thing.id == piece.thing_id)) or ""
    publish(
        PieceFound(
            house_id=piece.house_id, by=by.person_id, piece_id=piece.id, piece_number=piece.number, thing_name=name,
            refunded_cents=back,
        )
    )  # fmt: skip
    return back


def _day(moment: datetime) -> date:
    return moment.astimezone(i18n.zone()).date()
