"""The verbs of hours and prices. The past is never edited: what held on a day that is over goes on having held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

from sqlalchemy import delete, update

from app.core import clock, i18n
from app.core.db import session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.money import Money
from app.core.policy import Actor
from app.houses.service import touch, touch_all
from app.offers import queries
from app.offers.events import (
    ExceptionAdded,
    ExceptionRemoved,
    OfferingChanged,
    OpeningHoursChanged,
    RuleValueChanged,
    TariffChanged,
)
from app.offers.models import HoursKind, Offering, OpeningException, OpeningHours, RuleValue, Sphere, Tariff
from app.offers.queries import LAST_MINUTE, ONE_DAY, Price
from app.people.models import TariffClass

LONGEST_CLOSING = 366
"""Days."""


# Weekly hours ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HoursRequest:
    """The same window on several weekdays (0 = Monday). A `closes` of midnight ends the day; `weeks` are the first to fifth such
    weekday of a month, empty for all; `last_day` is the last one on which it holds."""

    kind: str
    weekdays: Sequence[int]
    opens: time
    closes: time
    weeks: Sequence[int] = ()
    valid_from: date | None = None
    last_day: date | None = None


def add_hours(house_id: int, request: HoursRequest, by: Actor) -> list[OpeningHours]:
    """Write down weekly hours, from today unless a later day is named. Raises `Invalid`; nothing has changed then."""
    if request.kind not in set(HoursKind):
        raise Invalid({"kind": [_l("Please choose one of these.")]})
    if not request.weekdays or not set(request.weekdays) <= set(range(7)):
        raise Invalid({"weekdays": [_l("Please choose at least one day.")]})
    if not set(request.weeks) <= set(range(1, 6)):
        raise Invalid({"weeks": [_l("Please choose one of these.")]})
    closes = _closing_time(request.opens, request.closes)
    today = clock.today(i18n.zone())
    valid_from = request.valid_from or today
    if valid_from < today:
        raise Invalid({"valid_from": [_l("That day is already over. Hours can be changed from today on.")]})
    if request.last_day is not None and request.last_day < valid_from:
        raise Invalid({"last_day": [_l("The last day cannot come before the first.")]})
    weeks = [] if len(set(request.weeks)) == 5 else sorted(set(request.weeks))
    rows = [
        OpeningHours(
            house_id=house_id,
            kind=request.kind,
            weekday=weekday,
            opens=request.opens,
            closes=closes,
            weeks=",".join(str(week) for week in weeks),
            valid_from=valid_from,
            valid_until=None if request.last_day is None else request.last_day + ONE_DAY,
        )
        for weekday in sorted(set(request.weekdays))
    ]
    known = queries.weekly_hours(house_id, today)
    for row in rows:
        clash = next((other for other in known if _clash(row, other)), None)
        if clash is not None:
            told = gettext(
                "On %(day)s there are already the hours %(hours)s. Hours of one kind cannot overlap.",
                day=i18n.weekday(row.weekday), hours=i18n.wall_hours(clash.opens, clash.closes),
            )  # fmt: skip
            raise Invalid({"opens": [told]})
    session().add_all(rows)
    session().flush()
    touch(house_id)
    for row in rows:
        publish(_hours_changed(row, by, added=True))
    return rows


def end_hours(hours: OpeningHours, from_day: date, by: Actor) -> None:
    """From `from_day` on the window holds no longer; one that never held goes altogether. Raises `Invalid`."""
    if from_day < clock.today(i18n.zone()):
        raise Invalid({"from_day": [_l("That day is already over. Hours can be changed from today on.")]})
    if hours.valid_until is not None and hours.valid_until <= from_day:
        raise Invalid({"from_day": [_l("These hours have ended by then anyway.")]})
    if hours.valid_from is not None and from_day <= hours.valid_from:
        hours.valid_until = hours.valid_from
        session().delete(hours)
    else:
        hours.valid_until = from_day
    session().flush()
    touch(hours.house_id)
    publish(_hours_changed(hours, by, added=False))


def _closing_time(opens: time, closes: time) -> time:
    """`closes` as it is stored. Raises `Invalid` unless it comes after `opens`."""
    stored = LAST_MINUTE if closes == time(0) else closes
    if stored <= opens:
        raise Invalid({"closes": [_l("It must close after it opens. Hours past midnight are a second line, on the next day.")]})
    return stored


def _clash(one: OpeningHours, other: OpeningHours) -> bool:
    if (one.kind, one.weekday) != (other.kind, other.weekday):
        return False
    weeks = set(one.weeks.split(",")) & set(other.weeks.split(",")) if one.weeks and other.weeks else {""}
    return bool(weeks) and one.opens < other.closes and other.opens < one.closes and _both_hold(one, other)


def _both_hold(one: OpeningHours, other: OpeningHours) -> bool:
    """Whether there are days on which both are valid."""
    begin = max(one.valid_from or date.min, other.valid_from or date.min)
    return begin < min(one.valid_until or date.max, other.valid_until or date.max)


def _hours_changed(row: OpeningHours, by: Actor, *, added: bool) -> OpeningHoursChanged:
    return OpeningHoursChanged(
        house_id=row.house_id, by=by.person_id, opening_hours_id=row.id, added=added, kind=row.kind, weekday=row.weekday,
        opens=row.opens, closes=row.closes, valid_from=row.valid_from, valid_until=row.valid_until,
    )  # fmt: skip


# Days that differ --------------------------------------------------------------------------------------------------


def close_days(house_id: int, first: date, last: date, reason: str, by: Actor) -> list[date]:
    """Close every day from `first` to `last`, both included. Days that are closed already keep their reason.

    Gives the days that are closed now and were not before. Raises `Invalid`; nothing has changed then.
    """
    _check_days(first, last, reason)
    known = {row.on_day: row for row in queries.exceptions(house_id, first, last)}
    special = next((row for row in known.values() if row.opens is not None), None)
    if special is not None:
        told = gettext(
            "%(day)s has hours of its own: %(reason)s. Take these away first.",
            day=i18n.day(special.on_day),
            reason=special.reason,
        )
        raise Invalid({"first": [told]})
    days = [day for day in _days(first, last) if day not in known]
    if not days:
        raise Invalid({"first": [_l("The house is already closed then.")]})
    session().add_all(OpeningException(house_id=house_id, on_day=day, reason=reason) for day in days)
    session().flush()
    touch(house_id)
    publish(ExceptionAdded(house_id=house_id, by=by.person_id, first=days[0], last=days[-1], opens=None, closes=None))
    return days


def open_day(house_id: int, day: date, opens: time, closes: time, reason: str, by: Actor) -> None:
    """On `day` this window holds instead of the usual hours, also on a holiday; several windows are several acts.

    Raises `Invalid`; nothing has changed then.
    """
    _check_days(day, day, reason)
    closes = _closing_time(opens, closes)
    for other in queries.exceptions(house_id, day, day):
        if other.opens is None or other.closes is None:
            told = gettext("The house is closed on that day: %(reason)s. Take this away first.", reason=other.reason)
            raise Invalid({"first": [told]})
        if opens < other.closes and other.opens < closes:
            told = gettext("On that day there are already the hours %(hours)s.", hours=i18n.wall_hours(other.opens, other.closes))
            raise Invalid({"opens": [told]})
    session().add(OpeningException(house_id=house_id, on_day=day, reason=reason, opens=opens, closes=closes))
    session().flush()
    touch(house_id)
    publish(ExceptionAdded(house_id=house_id, by=by.person_id, first=day, last=day, opens=opens, closes=closes))


def remove_exceptions(house_id: int, first: date, last: date, by: Actor) -> int:
    """From `first` (from today, when it lies before) to `last` the usual hours hold again; gives the number of days.

    Raises `Invalid` when there is nothing to take away.
    """
    first = max(first, clock.today(i18n.zone()))
    days = {row.on_day for row in queries.exceptions(house_id, first, last)}
    if not days:
        raise Invalid(message=_l("These days already have the usual hours."))
    session().execute(
        delete(OpeningException).where(OpeningException.house_id == house_id, OpeningException.on_day.between(first, last))
    )
    touch(house_id)
    publish(ExceptionRemoved(house_id=house_id, by=by.person_id, first=min(days), last=max(days)))
    return len(days)


def _check_days(first: date, last: date, reason: str) -> None:
    if first < clock.today(i18n.zone()):
        raise Invalid({"first": [_l("That day is already over. Hours can be changed from today on.")]})
    if last < first:
        raise Invalid({"last": [_l("The last day cannot come before the first.")]})
    if last - first >= LONGEST_CLOSING * ONE_DAY:
        raise Invalid({"last": [gettext("At most %(days)s days at once.", days=LONGEST_CLOSING)]})
    if not reason:
        raise Invalid({"reason": [_l("Please say why; people read it where the house is closed or open otherwise.")]})


def _days(first: date, last: date) -> list[date]:
    return [first + index * ONE_DAY for index in range((last - first).days + 1)]


# Prices ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewPrice:
    """`unit` is ``hour`` or ``flat``; shorter use is charged as `min_minutes`; `season` as in `models.Tariff`."""

    cents: int
    unit: str = "hour"
    min_minutes: int = 0
    season: str = ""


def change_prices(house_id: int, code: str, valid_from: date, prices: Mapping[str, NewPrice | None], by: Actor) -> list[str]:
    """From `valid_from` on each class in `prices` pays this; None: it may use it no longer. Gives the classes that changed.

    A row that holds before ends on that day and stays readable; prices that are planned for a later day stay planned. Only what
    has been set for this very day is replaced. Raises `Invalid`; nothing has changed then.
    """
    _check_prices(valid_from, prices)
    history = queries.tariffs(house_id, code)
    changed = []
    for tariff_class, price in prices.items():
        rows = [row for row in history if row.tariff_class == tariff_class]
        if _change_price(house_id, code, tariff_class, valid_from, price, rows, by):
            changed.append(tariff_class)
    if changed:
        touch(house_id)
    return changed


def _check_prices(valid_from: date, prices: Mapping[str, NewPrice | None]) -> None:
    if valid_from < clock.today(i18n.zone()):
        raise Invalid({"valid_from": [_l("That day is already over. Prices can be changed from today on.")]})
    if not set(prices) <= set(TariffClass):
        raise Invalid({"tariff_class": [_l("Please choose one of these.")]})
    if not any(prices.values()):
        raise Invalid(message=_l("At least one price is needed. Write 0 where nothing is to be paid."))
    for price in prices.values():
        if price is not None and (price.cents < 0 or price.unit not in ("hour", "flat") or not 0 <= price.min_minutes <= 24 * 60):
            raise Invalid(message=_l("This is not a price."))
        if price is not None and not is_season(price.season):
            raise Invalid({"season_from": [_l("Please write the first and the last day, such as 1.10. and 30.4.")]})


def is_season(text: str) -> bool:
    """Whether this is a part of a year as `models.Tariff` writes it, or empty."""
    days = text.split("/") if text else []
    try:
        return not text or ([f"{date.fromisoformat(f'2028-{day}'):%m-%d}" for day in days] == days and len(days) == 2)
    except ValueError:
        return False


def _change_price(
    house_id: int, code: str, tariff_class: str, valid_from: date, price: NewPrice | None, history: Sequence[Tariff], by: Actor
) -> bool:
    """False when this holds anyway."""
    same_day = next((row for row in history if row.valid_from == valid_from), None)
    earlier = (row for row in history if row.valid_from < valid_from)
    before = next((row for row in earlier if row.valid_until is None or row.valid_until > valid_from), None)
    current = same_day or before
    known = None if current is None else NewPrice(current.cents, current.unit, current.min_minutes, current.season)
    if price == known:
        return False
    later = min((row.valid_from for row in history if row.valid_from > valid_from), default=None)
    if same_day is not None:
        later = same_day.valid_until
        session().delete(same_day)
        session().flush()
    elif before is not None:
        later = before.valid_until
        before.valid_until = valid_from
    row = None
    if price is not None:
        row = Tariff(
            house_id=house_id, code=code, tariff_class=tariff_class, cents=price.cents, unit=price.unit,
            min_minutes=price.min_minutes, valid_from=valid_from, valid_until=later, season=price.season,
        )  # fmt: skip
        session().add(row)
    session().flush()
    publish(_tariff_changed(house_id, tariff_class, row, valid_from, by))
    return True


def withdraw_prices(house_id: int, code: str, valid_from: date, by: Actor) -> int:
    """Take back what is planned from a coming day on; what holds before goes on. Gives the number of prices taken back.

    Raises `Invalid` for prices that hold already.
    """
    if valid_from <= clock.today(i18n.zone()):
        raise Invalid(message=_l("These prices hold already. Set new ones instead."))
    history = queries.tariffs(house_id, code)
    count = 0
    for tariff_class in TariffClass:
        rows = [row for row in history if row.tariff_class == tariff_class]
        before = next((row for row in rows if row.valid_until == valid_from), None)
        planned = next((row for row in rows if row.valid_from == valid_from), None)
        if before is None and planned is None:
            continue
        count += 1
        if planned is not None:
            session().delete(planned)
            session().flush()
        if before is not None:
            before.valid_until = min((row.valid_from for row in rows if row.valid_from > valid_from), default=None)
        session().flush()
        publish(_tariff_changed(house_id, tariff_class, before, valid_from, by))
    if not count:
        raise Invalid(message=_l("Nothing is planned for this day any more."))
    touch(house_id)
    return count


def _tariff_changed(house_id: int, tariff_class: str, row: Tariff | None, valid_from: date, by: Actor) -> TariffChanged:
    return TariffChanged(
        house_id=house_id, by=by.person_id, tariff_id=None if row is None else row.id, tariff_class=tariff_class,
        cents=None if row is None else row.cents, unit="" if row is None else row.unit,
        min_minutes=0 if row is None else row.min_minutes, valid_from=valid_from,
    )  # fmt: skip


# Offerings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfferingRequest:
    """A service of the house; `sphere` is one of the first four of `Sphere`. The code of one that exists stays."""

    code: str
    name: str
    sphere: str
    unit: str
    paid: bool


def add_offering(house_id: int, request: OfferingRequest, by: Actor) -> Offering:
    """Raises `Invalid`; a code is taken once, in all houses, because the ledger knows offerings by it."""
    _check_offering(request)
    if not request.code or len(request.code) > 8 or not request.code.replace("-", "").isalnum() or not request.code.isascii():
        raise Invalid({"code": [_l("At most eight letters and digits, such as O13.")]})
    if queries.offering(request.code) is not None:
        raise Invalid({"code": [_l("There is already an offering with this code.")]})
    made = Offering(
        house_id=house_id, code=request.code, name=request.name, sphere=request.sphere, unit=request.unit, paid=request.paid
    )
    session().add(made)
    session().flush()
    publish(OfferingChanged(house_id=house_id, by=by.person_id, offering_id=made.id))
    return made


def change_offering(offering: Offering, request: OfferingRequest, by: Actor) -> None:
    """What was booked under it stays where it is, also in the sphere it had. Raises `Invalid`."""
    _check_offering(request)
    offering.name, offering.sphere, offering.unit, offering.paid = request.name, request.sphere, request.unit, request.paid
    session().flush()
    publish(OfferingChanged(house_id=offering.house_id, by=by.person_id, offering_id=offering.id))


def archive_offering(offering: Offering, by: Actor, *, archived: bool = True) -> None:
    """Put away, or back in use; its past stays in the books."""
    if (offering.archived_at is not None) == archived:
        return
    offering.archived_at = clock.now() if archived else None
    session().flush()
    publish(OfferingChanged(house_id=offering.house_id, by=by.person_id, offering_id=offering.id))


def _check_offering(request: OfferingRequest) -> None:
    for field, text, most in (("name", request.name, 120), ("unit", request.unit, 30)):
        if not 0 < len(text) <= most:
            raise Invalid({field: [gettext("Please write 1 to %(most)s letters.", most=most)]})
    if request.sphere not in (Sphere.IDEAL, Sphere.ASSETS, Sphere.PURPOSE, Sphere.BUSINESS):
        raise Invalid({"sphere": [_l("Please choose one of these.")]})


# Values of law and of the house ------------------------------------------------------------------------------------


def set_value(key: str, value: str, valid_from: date, source: str, by: Actor) -> bool:
    """From `valid_from` on `key` is `value`, in its unit; False when that holds anyway.

    What held on a day that is over is never changed; what is planned for later stays planned. Raises `Invalid`.
    """
    history = queries.values_of(key)
    if not history:
        raise Invalid(message=_l("There is no such value."))
    if valid_from < clock.today(i18n.zone()):
        raise Invalid({"valid_from": [_l("That day is already over. Values can be changed from today on.")]})
    if not source:
        raise Invalid({"source": [_l("Please say where it stands: a law, a decision, a date.")]})
    _check_value(history[0].unit, value)
    same_day = next((row for row in history if row.valid_from == valid_from), None)
    before = next((row for row in history if row.valid_from < valid_from), None)
    current = same_day or (before if before and (before.valid_until is None or before.valid_until > valid_from) else None)
    if current is not None and (current.value, current.source) == (value, source):
        return False
    later = min((row.valid_from for row in history if row.valid_from > valid_from), default=None)
    if same_day is not None:
        session().execute(delete(RuleValue).where(RuleValue.id == same_day.id))
    elif current is not None:
        session().execute(update(RuleValue).where(RuleValue.id == current.id).values(valid_until=valid_from))
    row = RuleValue(
        key=key, value=value, unit=history[0].unit, source=source, valid_from=valid_from, valid_until=later
    )  # fmt: skip
    session().add(row)
    _value_changed(row.valid_from, row, by)
    return True


def withdraw_value(key: str, valid_from: date, by: Actor) -> None:
    """Take back what is planned from a coming day on. Raises `Invalid` for what holds already."""
    history = queries.values_of(key)
    planned = next((row for row in history if row.valid_from == valid_from), None)
    if planned is None or valid_from <= clock.today(i18n.zone()):
        raise Invalid(message=_l("This holds already. Set a new value instead."))
    before = next((row for row in history if row.valid_until == valid_from), None)
    session().execute(delete(RuleValue).where(RuleValue.id == planned.id))
    if before is None:
        raise Invalid(message=_l("Without this there would be no value at all."))
    session().execute(update(RuleValue).where(RuleValue.id == before.id).values(valid_until=planned.valid_until))
    _value_changed(valid_from, session().get_one(RuleValue, before.id), by)


def _value_changed(valid_from: date, row: RuleValue, by: Actor) -> None:
    session().flush()
    touch_all()
    publish(RuleValueChanged(house_id=None, by=by.person_id, rule_value_id=row.id, valid_from=valid_from))


def _check_value(unit: str, value: str) -> None:
    """Raises `Invalid` at ``value`` for what its unit cannot be."""
    if unit == "days:percent":
        _check_terms(value)
        return
    most = {"yes/no": 1, "bp": 10_000, "years": 100}.get(unit, 10_000_000_000)
    if not value.isascii() or not value.isdigit() or len(value) > 12 or int(value) > most:
        raise Invalid({"value": [_l("This is not such a value.")]})


def _check_terms(value: str) -> None:
    """Days go down to 0, per cents up."""
    wrong = Invalid({"value": [_l("The days must become fewer from line to line, and the share larger.")]})
    try:
        steps = queries.cancellation_steps(value)
    except ValueError:
        raise wrong from None
    days, percents = [step[0] for step in steps], [step[1] for step in steps]
    falling = all(first > second for first, second in pairwise(days))
    if not steps or not falling or percents != sorted(percents) or days[-1] != 0 or days[0] > 365:
        raise wrong
    if not all(0 <= percent <= 100 for percent in percents):
        raise wrong


def price_of(price: Price, minutes: int) -> Money:
    """Cents for `minutes` of elapsed use; hourly tariffs charge by the minute, at least `min_minutes`."""
    if price.unit == "flat":
        return Money(price.cents)
    return Money(price.cents).share(max(minutes, price.min_minutes), 60)
