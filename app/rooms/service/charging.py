"""What a use of a room costs, and how the house comes to its money: computed here only, frozen with the booking.

The tariff of the day of use decides about its price; the terms of cancelling are those of the day on which it was booked, and
stay, also when it is moved. A wish is not charged; confirming it charges what it was made with, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from app.core import clock, i18n
from app.core.errors import Invalid
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.core.spans import Span
from app.money import service as money
from app.money.models import DepositKind, Reduction
from app.money.service import ChargeLineRequest, ChargeRequest, DepositRequest
from app.offers import queries as offers
from app.offers.service import price_of
from app.people.models import TariffClass
from app.rooms import queries
from app.rooms.models import Booking, SurchargeHow
from app.rooms.queries import BOOKING, USE, RoomCard

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """A line of the price. `kind` is an income kind, `text` the room's or the surcharge's own name; cents."""

    code: str
    kind: str
    text: str
    cents: int
    normal_cents: int


@dataclass(frozen=True)
class Pledge:
    """A deposit that comes with it; `kind` is one of `DepositKind`."""

    kind: str
    text: str
    cents: int


@dataclass(frozen=True)
class Quote:
    """What a use costs. `minutes` have elapsed, at least `min_minutes` are charged; `cancellation` as `offers.cancellation_steps`."""

    parts: tuple[Part, ...] = ()
    deposits: tuple[Pledge, ...] = ()
    tariff: Mapping[str, Any] | None = None
    """The tariff of the use: ``tariff_id``, ``cents``, ``unit``, ``minutes``, ``min_minutes``."""
    cancellation: str = ""
    reduction: str = ""
    reason: str = ""
    reduced_to: int | None = None

    @property
    def cents(self) -> int:
        return sum(part.cents for part in self.parts)

    @property
    def normal_cents(self) -> int:
        return sum(part.normal_cents for part in self.parts)

    @property
    def rule(self) -> dict[str, object]:
        """As it is frozen in `Booking.price_rule`; empty where the room has no tariff."""
        if self.tariff is None:
            return {}
        rule: dict[str, object] = dict(self.tariff)
        if self.normal_cents or self.deposits:
            rule["lines"] = [
                {"code": part.code, "kind": part.kind, "text": part.text, "cents": part.cents, "normal_cents": part.normal_cents}
                for part in self.parts
            ]
            rule["deposits"] = [{"kind": each.kind, "text": each.text, "cents": each.cents} for each in self.deposits]
            rule["cancellation"] = self.cancellation
        if self.reduction:
            rule |= {"reduction": self.reduction, "reason": self.reason, "reduced_to": self.reduced_to}
        return rule


@dataclass(frozen=True)
class ReductionRequest:
    """Somebody pays less, by word of the desk: `kind` is one of `Reduction`; `cents` what is paid instead, where that is named."""

    kind: str
    reason: str = ""
    cents: int | None = None


def quote(
    room: RoomCard, span: Span, tariff_class: str, extras: Sequence[str] = (), reduction: ReductionRequest | None = None
) -> Quote:
    """Price of a use, and how it comes about, by the tariffs of the day on which it starts.

    Raises `Invalid` when this class may not use the room, or for a reduction that is none. A room without a tariff is free.
    """
    day = _local_day(span.starts_at)
    full = _quote(room, span, tariff_class, extras, day)
    return full if reduction is None else _reduced(full, reduction, room, span, extras, day)


def _quote(room: RoomCard, span: Span, tariff_class: str, extras: Sequence[str], day: date) -> Quote:
    prices = offers.prices(room.house_id, room.tariff_code, day) if room.tariff_code else {}
    if not prices:
        return Quote()
    price = prices.get(tariff_class)
    if price is None:
        raise Invalid({"tariff_class": [_l("This room is not let to this kind of group.")]})
    minutes = span.length // timedelta(minutes=1)
    tariff = {
        "tariff_id": price.tariff_id, "cents": price.cents, "unit": price.unit, "minutes": minutes, "min_minutes": price.min_minutes,
    }  # fmt: skip
    use = price_of(price, minutes).cents
    parts = [Part(USE, room.income_kind, room.name, use, use)] if use else []
    deposits = []
    for each in queries.surcharges(room.house_id).get(room.id, ()):
        own = offers.prices(room.house_id, each.code, day).get(tariff_class)
        chosen = each.how not in (SurchargeHow.CHOSEN, SurchargeHow.KEY) or each.code in extras
        cents = price_of(own, minutes).cents if own is not None and chosen else 0
        if not cents:
            continue
        if each.how == SurchargeHow.KEY:
            deposits.append(Pledge(DepositKind.KEY, each.name, cents))
        elif each.how == SurchargeHow.DEPOSIT:
            deposits.append(Pledge(DepositKind.ROOM, each.name, cents))
        else:
            parts.append(Part(each.code, each.income_kind, each.name, cents, cents))
    terms = offers.cancellation_rule(room.house_id, clock.today(i18n.zone())) if parts else ""
    return Quote(tuple(parts), tuple(deposits), tariff, terms)


def _reduced(full: Quote, wanted: ReductionRequest, room: RoomCard, span: Span, extras: Sequence[str], day: date) -> Quote:
    """The same with less to pay; what it would cost stays in `normal_cents`."""
    if wanted.kind not in set(Reduction):
        raise Invalid({"reduction": [_l("Please choose one of these.")]})
    if not full.normal_cents:
        raise Invalid({"reduction": [_l("It costs nothing anyway.")]})
    if wanted.kind != Reduction.CITY_CARD and not wanted.reason:
        raise Invalid({"reduction_reason": [_l("Please say why; it stands in the books.")]})
    if wanted.cents is not None and wanted.cents > full.normal_cents:
        raise Invalid({"reduced_to": [gettext("At most %(amount)s.", amount=i18n.money(full.normal_cents))]})
    weights = [part.normal_cents for part in full.parts]
    if wanted.kind == Reduction.FREE:
        shares = [0] * len(weights)
    elif wanted.cents is not None:
        shares = money.split(wanted.cents, weights)
    elif wanted.kind == Reduction.CITY_CARD:
        shares = _shares_with_card(full, room, span, extras, day)
    else:
        raise Invalid({"reduced_to": [_l("Please write what is to be paid instead.")]})
    parts = tuple(replace(part, cents=share) for part, share in zip(full.parts, shares, strict=True))
    return replace(full, parts=parts, reduction=wanted.kind, reason=wanted.reason, reduced_to=wanted.cents)


def _shares_with_card(full: Quote, room: RoomCard, span: Span, extras: Sequence[str], day: date) -> list[int]:
    """Whoever has the city's card pays as class B does, where the room is let to B; never more than without it."""
    try:
        card = {part.code: part.cents for part in _quote(room, span, TariffClass.REDUCED, extras, day).parts}
    except Invalid:
        raise Invalid({"reduced_to": [_l("Please write what is to be paid instead.")]}) from None
    return [min(part.normal_cents, card.get(part.code, 0)) for part in full.parts]


def quote_again(booking: Booking, room: RoomCard, span: Span) -> Quote:
    """Price at another time: by the tariffs of that day, with the extras, the reduction and the terms it was made with."""
    if booking.booked_for_id is None:
        return Quote()  # a date from a calendar file costs nothing
    rule = booking.price_rule
    reduction = None
    if rule.get("reduction"):
        reduction = ReductionRequest(str(rule["reduction"]), str(rule.get("reason", "")), _cents_or_none(rule.get("reduced_to")))
    full = quote(room, span, booking.tariff_class, booking.extras)
    if reduction is not None and full.normal_cents:
        cents = None if reduction.cents is None else min(reduction.cents, full.normal_cents)
        full = quote(room, span, booking.tariff_class, booking.extras, replace(reduction, cents=cents))
    return replace(full, cancellation=str(rule.get("cancellation") or full.cancellation))


# Charging ------------------------------------------------------------------------------------------------------------


def charge_booking(booking: Booking, room: RoomCard, by: Actor) -> None:
    """Charge what the booking was made with, and ask for its deposits. Call it in the act that confirms."""
    request = _charge_request(booking, room)
    if request.lines:
        money.charge(request, by)
    for each in _deposit_requests(booking, room):
        money.ask_deposit(each, by)


def recharge_booking(booking: Booking, room: RoomCard, before: Mapping[str, Any], old: Span, by: Actor) -> None:
    """After a confirmed booking has moved: charge anew where price or days differ. `before` is the rule it was charged by."""
    days = (_local_day(old.starts_at), _local_day(old.ends_at)) == (_local_day(booking.starts_at), _local_day(booking.ends_at))
    rule = booking.price_rule
    if days and (rule.get("lines"), rule.get("deposits")) == (before.get("lines"), before.get("deposits")):
        return
    if not (_charged(before) or _charged(rule)):
        return
    reason = money.books(_l("moved"))
    money.charge_again(_charge_request(booking, room), _deposit_requests(booking, room), reason, by)


def uncharge_booking(booking: Booking, by: Actor, *, house_cancels: bool) -> None:
    """After a confirmed booking was cancelled: what its terms leave to be paid, and everything else back."""
    if not _charged(booking.price_rule):
        return
    percent = 0 if house_cancels else kept_percent(booking.price_rule, booking.starts_at - clock.now())
    title = money.books(_l("Cancelled: %(title)s", title=_title(booking)))[:160]
    money.call_off(BOOKING, booking.id, percent, title, money.books(_l("cancelled")), by)


@dataclass(frozen=True)
class CancellationCost:
    """What cancelling now costs whom: see `kept_percent` and `money.service.Kept`."""

    percent: int
    total_cents: int
    kept_cents: int
    back_cents: int
    held_cents: int = 0
    """Deposits the person gets back."""


def cancellation_cost(booking: Booking, held_cents: int = 0) -> CancellationCost | None:
    """None where nothing was charged."""
    if booking.state != "confirmed" or not _charged(booking.price_rule):
        return None
    percent = kept_percent(booking.price_rule, booking.starts_at - clock.now())
    kept = money.would_keep(BOOKING, booking.id, percent)
    return CancellationCost(percent, kept.total_cents, kept.kept_cents, kept.back_cents, held_cents)


def kept_percent(rule: Mapping[str, Any], left: timedelta) -> int:
    """Per cent of the price that stay to be paid when it is cancelled with so much time `left`, elapsed; 0 without a rule."""
    steps = offers.cancellation_steps(str(rule.get("cancellation") or ""))
    return next((percent for days, percent in steps if left >= days * ONE_DAY), steps[-1][1] if steps else 0)


def _charged(rule: Mapping[str, Any]) -> bool:
    return bool(rule.get("lines") or rule.get("deposits"))


def _charge_request(booking: Booking, room: RoomCard) -> ChargeRequest:
    rule: Mapping[str, Any] = booking.price_rule
    first, last = _days(booking.span)
    today = clock.today(i18n.zone())
    with i18n.speaking(money.BOOKS_ARE_IN):
        texts = [text for text, _, _ in queries.price_lines(rule)]
    lines = [
        ChargeLineRequest(line["kind"], text[:160], line["cents"], line["normal_cents"])
        for line, text in zip(rule.get("lines", ()), texts, strict=True)
    ]
    if not lines and booking.price_cents:  # made before the house charged
        lines = [ChargeLineRequest(room.income_kind, room.name, booking.price_cents)]
    due_on = max(today, min(today + timedelta(days=money.payment_days()), first)) if lines else None
    return ChargeRequest(
        house_id=booking.house_id, person_id=booking.booked_for_id, organisation_id=booking.organisation_id,
        title=_title(booking, room.name), lines=lines, supplied_from=first, supplied_until=last, due_on=due_on,
        reduction=str(rule.get("reduction") or ""), reason=str(rule.get("reason") or ""), source=BOOKING, source_id=booking.id,
    )  # fmt: skip


def _deposit_requests(booking: Booking, room: RoomCard) -> list[DepositRequest]:
    rule: Mapping[str, Any] = booking.price_rule
    first, last = _days(booking.span)
    due_on = max(clock.today(i18n.zone()), first - ONE_DAY)
    return [
        DepositRequest(
            house_id=booking.house_id, person_id=booking.booked_for_id, organisation_id=booking.organisation_id,
            kind=each["kind"], title=f"{each['text']}: {_title(booking, room.name)}"[:160], cents=each["cents"], due_on=due_on,
            back_on=last + ONE_DAY, source=BOOKING, source_id=booking.id,
        )
        for each in rule.get("deposits", ())
    ]  # fmt: skip


def _title(booking: Booking, room_name: str = "") -> str:
    """In the language of the books: ``Saal, Samstag, 5. Dezember 2026, 14–18 Uhr``."""
    with i18n.speaking(money.BOOKS_ARE_IN):
        when = i18n.together(i18n.day(booking.starts_at), i18n.hours(booking.starts_at, booking.ends_at))
        return i18n.together(room_name or booking.room.name, when)[:160]


def _days(span: Span) -> tuple[date, date]:
    """First and last local day of a use; one that ends at midnight ends on the day before."""
    return _local_day(span.starts_at), _local_day(span.ends_at - timedelta(seconds=1))


def _local_day(moment: datetime) -> date:
    return moment.astimezone(i18n.zone()).date()


def _cents_or_none(value: object) -> int | None:
    return value if isinstance(value, int) else None
