"""Classes of things and their rules, things, what a loan costs, the terms, photos, and the index of the search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from app.core import clock, i18n
from app.core.db import Collision, session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.folding import slug
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.media import keep_picture
from app.core.policy import Actor
from app.library import queries
from app.library.events import ClassChanged, ThingAdded, ThingChanged, ThingPriced
from app.library.models import (
    ClosedDays,
    Piece,
    Thing,
    ThingClass,
    ThingGram,
    ThingPrice,
    Trust,
    Whereabouts,
)
from app.library.service.arranging import arrange
from app.money import queries as money

MOST_CENTS = 10_000_00
MOST_DAYS = 365
TAKEN_SLUGS = frozenset({"find", "new", "mine"})
NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9.\-]{0,11})")


class ThingInUse(Refusal):
    """It is out, or somebody has reserved it."""

    kind = "thing-in-use"


# Classes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassRequest:
    """A class as the manager wants it; the fields are those of `models.ThingClass`."""

    name: str
    loan_days: int = 7
    longest_days: int = 14
    closed_days: str = ClosedDays.ALL
    renewals: int = 1
    buffer_hours: int = 0
    buffer_open_days: int = 0
    wash_after: bool = False
    test_months: int | None = None
    late_cents: int = 0
    late_grace_days: int = 0
    late_cap_cents: int = 0
    trust: str = Trust.ANYBODY
    min_age: int = 18
    income_kind: str = ""


def add_class(house_id: int, request: ClassRequest, by: Actor) -> ThingClass:
    """A new class, last in the order of the house. Raises `Invalid`."""
    _check_class(house_id, request, but=None)
    position = session().scalar(select(func.max(ThingClass.position)).where(ThingClass.house_id == house_id))
    made = ThingClass(
        house_id=house_id, name=request.name, income_kind=money.usual_kind(house_id, "lending"),
        position=0 if position is None else position + 1,
    )  # fmt: skip
    _fill_class(made, request)
    session().add(made)
    session().flush()
    publish(ClassChanged(house_id=house_id, by=by.person_id, class_id=made.id, name=made.name))
    return made


def change_class(thing_class: ThingClass, request: ClassRequest, by: Actor) -> None:
    """Other rules; what is out keeps those it was lent by. Raises `Invalid`."""
    _check_class(thing_class.house_id, request, but=thing_class.id)
    renamed = thing_class.name != request.name
    availability = (thing_class.buffer_hours, thing_class.buffer_open_days, thing_class.test_months is None)
    _fill_class(thing_class, request)
    session().flush()
    things = list(session().scalars(select(Thing).where(Thing.class_id == thing_class.id))) if renamed else []
    for thing in things:
        index_thing(thing, thing_class.name)
    publish(ClassChanged(house_id=thing_class.house_id, by=by.person_id, class_id=thing_class.id, name=thing_class.name))
    if availability != (thing_class.buffer_hours, thing_class.buffer_open_days, thing_class.test_months is None):
        arrange(session().scalars(select(Thing.id).where(Thing.class_id == thing_class.id)), by)


def archive_class(thing_class: ThingClass, by: Actor) -> None:
    """Nothing new can be of it. Raises `ThingInUse` while things that are lent are of it."""
    lent = session().scalar(select(func.count()).where(Thing.class_id == thing_class.id, Thing.archived_at.is_(None))) or 0
    if lent:
        raise ThingInUse(_l("Things that are lent still belong to it. Give them another class first."))
    thing_class.archived_at = clock.now()
    session().flush()
    publish(ClassChanged(house_id=thing_class.house_id, by=by.person_id, class_id=thing_class.id, name=thing_class.name))


def restore_class(thing_class: ThingClass, by: Actor) -> None:
    thing_class.archived_at = None
    session().flush()
    publish(ClassChanged(house_id=thing_class.house_id, by=by.person_id, class_id=thing_class.id, name=thing_class.name))


def _check_class(house_id: int, request: ClassRequest, *, but: int | None) -> None:
    limits = {
        "loan_days": (request.loan_days, 1, MOST_DAYS),
        "longest_days": (request.longest_days, 1, MOST_DAYS),
        "renewals": (request.renewals, 0, 20),
        "buffer_hours": (request.buffer_hours, 0, 24 * 30),
        "buffer_open_days": (request.buffer_open_days, 0, 30),
        "test_months": (1 if request.test_months is None else request.test_months, 1, 120),
        "late_cents": (request.late_cents, 0, MOST_CENTS),
        "late_grace_days": (request.late_grace_days, 0, 60),
        "late_cap_cents": (request.late_cap_cents, 0, MOST_CENTS),
        "min_age": (request.min_age, 0, 18),
    }
    _check_limits(limits)
    if request.longest_days < request.loan_days:
        raise Invalid({"longest_days": [_l("The longest loan cannot be shorter than the usual one.")]})
    if request.closed_days not in set(ClosedDays):
        raise Invalid({"closed_days": [_l("Please choose one of these.")]})
    if request.trust not in set(Trust):
        raise Invalid({"trust": [_l("Please choose one of these.")]})
    if request.income_kind and request.income_kind not in {row.code for row in money.income_kinds(house_id)}:
        raise Invalid({"income_kind": [_l("Please choose one of these.")]})
    if not request.name:
        raise Invalid({"name": [_l("It needs a name.")]})
    others = session().execute(select(ThingClass.id, ThingClass.name).where(ThingClass.house_id == house_id))
    if any(other.name.casefold() == request.name.casefold() and other.id != but for other in others):
        raise Invalid({"name": [_l("There is already a class with this name.")]})


def _check_limits(limits: dict[str, tuple[int, int, int]]) -> None:
    for name, (number, least, most) in limits.items():
        if not least <= number <= most:
            raise Invalid({name: [gettext("Please choose a number from %(least)s to %(most)s.", least=least, most=most)]})


def _fill_class(made: ThingClass, request: ClassRequest) -> None:
    made.name, made.loan_days, made.longest_days = request.name, request.loan_days, request.longest_days
    made.closed_days, made.renewals = request.closed_days, request.renewals
    made.buffer_hours, made.buffer_open_days = request.buffer_hours, request.buffer_open_days
    made.wash_after, made.test_months = request.wash_after, request.test_months
    made.late_cents, made.late_grace_days, made.late_cap_cents = (
        request.late_cents,
        request.late_grace_days,
        request.late_cap_cents,
    )
    made.trust, made.min_age = request.trust, request.min_age
    made.income_kind = request.income_kind or made.income_kind


# Things ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ThingRequest:
    """A thing as the desk wants it; the fields are those of `models.Thing`. `counted` cannot change once there are pieces."""

    name: str
    class_id: int
    about: str = ""
    keywords: str = ""
    notice: str = ""
    counted: bool = False
    loan_days: int | None = None
    replacement_cents: int = 0
    share_percent: int = 100


def add_thing(house_id: int, request: ThingRequest, by: Actor) -> Thing:
    """A new thing with an address made from its name; nobody can borrow it before it has a piece. Raises `Invalid`."""
    thing_class = _check_thing(house_id, request, but=None)
    made = Thing(
        house_id=house_id, class_id=request.class_id, slug=_free_slug(house_id, request.name), name=request.name,
        counted=request.counted,
    )  # fmt: skip
    _fill_thing(made, request)
    session().add(made)
    session().flush()
    set_committed_value(made, "thing_class", thing_class)
    index_thing(made, thing_class.name)
    publish(ThingAdded(house_id=house_id, by=by.person_id, thing_id=made.id, name=made.name))
    return made


def change_thing(thing: Thing, request: ThingRequest, by: Actor) -> None:
    """Other words or rules; its address stays, what is out keeps its rules. Raises `Invalid`."""
    thing_class = _check_thing(thing.house_id, request, but=thing.id)
    if request.counted != thing.counted:
        if session().scalar(select(Piece.id).where(Piece.thing_id == thing.id).limit(1)) is not None:
            raise Invalid({"counted": [_l("There are pieces already: whether they are counted stays as it is.")]})
        thing.counted = request.counted
    moved = thing.class_id != request.class_id or thing.share_percent != request.share_percent
    thing.class_id = request.class_id
    _fill_thing(thing, request)
    session().flush()
    set_committed_value(thing, "thing_class", thing_class)
    index_thing(thing, thing_class.name)
    _thing_changed(thing, by)
    if moved:
        arrange([thing.id], by)


def archive_thing(thing: Thing, by: Actor) -> None:
    """It is lent no more; its past stays. Raises `ThingInUse` while a piece is out or reserved."""
    out = session().scalar(
        select(func.count()).where(Piece.thing_id == thing.id, Piece.whereabouts == Whereabouts.OUT, Piece.retired_at.is_(None))
    )
    reserved = queries.open_reservations_of(thing.id)
    if out or reserved:
        raise ThingInUse(_l("A piece of it is out or reserved. Take it back or cancel that first."))
    thing.archived_at = clock.now()
    session().flush()
    _thing_changed(thing, by)


def restore_thing(thing: Thing, by: Actor) -> None:
    thing.archived_at = None
    session().flush()
    _thing_changed(thing, by)


def take_photo(thing: Thing, raw: bytes, by: Actor) -> None:
    """A picture of it, made small and freed of where and when it was taken. Raises `Invalid` for what is no picture."""
    thing.photo_id = keep_picture(raw).id
    session().flush()
    _thing_changed(thing, by)


def remove_photo(thing: Thing, by: Actor) -> None:
    thing.photo_id = None
    session().flush()
    _thing_changed(thing, by)


def set_price(thing: Thing, valid_from: date, fee_cents: int, deposit_cents: int, by: Actor) -> bool:
    """What a loan costs from a day on; what is out keeps its price. False when this holds anyway. Raises `Invalid`."""
    if valid_from < clock.today(i18n.zone()):
        raise Invalid({"valid_from": [_l("Prices can only change from today on.")]})
    _check_limits({"fee": (fee_cents, 0, MOST_CENTS), "deposit": (deposit_cents, 0, MOST_CENTS)})
    held = queries.price_tags([thing.id], valid_from).get(thing.id, queries.PriceTag())
    row = session().get(ThingPrice, (thing.id, valid_from))
    if (held.fee_cents, held.deposit_cents) == (fee_cents, deposit_cents):
        return False
    if row is None:
        session().add(ThingPrice(thing_id=thing.id, valid_from=valid_from, fee_cents=fee_cents, deposit_cents=deposit_cents))
    else:
        row.fee_cents, row.deposit_cents = fee_cents, deposit_cents
    session().flush()
    publish(
        ThingPriced(
            house_id=thing.house_id, by=by.person_id, thing_id=thing.id, name=thing.name, valid_from=valid_from,
            fee_cents=fee_cents, deposit_cents=deposit_cents,
        )
    )  # fmt: skip
    return True


def _check_thing(house_id: int, request: ThingRequest, *, but: int | None) -> ThingClass:
    _check_limits(
        {
            "loan_days": (1 if request.loan_days is None else request.loan_days, 1, MOST_DAYS),
            "replacement": (request.replacement_cents, 0, 100 * MOST_CENTS),
            "share_percent": (request.share_percent, 1, 100),
        }
    )
    found = session().get(ThingClass, request.class_id)
    if found is None or found.house_id != house_id:
        raise Invalid({"class_id": [_l("Please choose one of these.")]})
    if not request.name:
        raise Invalid({"name": [_l("It needs a name.")]})
    same = session().scalars(
        select(Thing.id).where(
            Thing.house_id == house_id, func.lower(Thing.name) == request.name.lower(), Thing.archived_at.is_(None)
        )
    )
    if any(other != but for other in same):
        raise Invalid({"name": [_l("There is already a thing with this name. Add a piece to it instead.")]})
    return found


def _free_slug(house_id: int, name: str) -> str:
    """An address nothing has had yet, so that printed codes and old links never lead to another thing."""
    wanted = slug(name, 60) or "thing"
    known = set(
        session().scalars(select(Thing.slug).where(Thing.house_id == house_id, Thing.slug.startswith(wanted, autoescape=True)))
    )
    known |= TAKEN_SLUGS
    return next(each for each in (wanted, *(f"{wanted}-{number}" for number in range(2, len(known) + 3))) if each not in known)


def _fill_thing(thing: Thing, request: ThingRequest) -> None:
    thing.name, thing.about, thing.keywords, thing.notice = request.name, request.about, request.keywords, request.notice
    thing.loan_days, thing.replacement_cents, thing.share_percent = (
        request.loan_days,
        request.replacement_cents,
        request.share_percent,
    )


def _thing_changed(thing: Thing, by: Actor) -> None:
    publish(ThingChanged(house_id=thing.house_id, by=by.person_id, thing_id=thing.id, name=thing.name))


def index_thing(thing: Thing, class_name: str) -> None:
    """Make the search find `thing` by what stands in the row now."""
    wanted = queries.grams_of(thing, class_name)
    there = set(session().scalars(select(ThingGram.gram).where(ThingGram.thing_id == thing.id)))
    gone, fresh = there - wanted, wanted - there
    if gone:
        session().execute(delete(ThingGram).where(ThingGram.thing_id == thing.id, ThingGram.gram.in_(sorted(gone))))
    if fresh:
        session().execute(insert(ThingGram), [{"gram": gram, "thing_id": thing.id} for gram in sorted(fresh)])


# Numbers -----------------------------------------------------------------------------------------------------------


def check_number(house_id: int, number: str) -> str:
    """A number as it is printed: capitals, digits, dots and dashes. Raises `Invalid` when it cannot be, or is taken."""
    wanted = number.strip().upper()
    if not NUMBER.fullmatch(wanted):
        raise Invalid({"number": [_l("A number has up to 12 digits and letters, without blanks.")]})
    wanted = wanted.zfill(4) if wanted.isdigit() else wanted
    if session().scalar(select(Piece.id).where(Piece.house_id == house_id, Piece.number == wanted)) is not None:
        raise Invalid({"number": [_l("This number is taken already.")]})
    return wanted


def flush_numbers() -> None:
    """Write new pieces; somebody who has taken the same number in this moment makes the act start again."""
    try:
        session().flush()
    except IntegrityError as fault:
        raise Collision from fault
