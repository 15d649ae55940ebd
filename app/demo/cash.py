"""Closed cash days of the invented house: a float, café days with small differences, cash on its way to the bank."""

from __future__ import annotations

from datetime import date, time, timedelta

from sqlalchemy import select

from app.core import clock, i18n
from app.core.db import session
from app.core.policy import Actor
from app.money import service
from app.money.queries import cash_days as queries
from app.money.service import DENOMINATIONS, CountRequest, VoucherRequest
from app.offers.models import Offering

FLOAT = 150_00
DAYS_BACK = 24
CLOSING_TIME = time(18, 40)
KEPT_IN_DRAWER = 300_00
CAFE_DAYS = {1: (61_40, 88_20), 2: (102_80, 139_50), 3: (57_90, 74_60), 4: (134_20, 171_30)}
"""Food and drinks by weekday, in cents; on other days the counter is closed."""
MILK = VoucherRequest("Kiosk Kaya", "Milch und Kaffee", "118", 38_50, "5000", tax="reduced", offering="O03")
SHORT_BY = -1_20


def close_cash_days(house_id: int, witness_id: int, by: Actor) -> int:
    """Count and close the days up to yesterday, as two people would have; the number of days."""
    if session().scalar(select(Offering.id).where(Offering.house_id == house_id).limit(1)) is None:
        service.furnish_books(house_id)
    today = clock.today(i18n.zone())
    closed = 0
    for back in range(DAYS_BACK, 0, -1):
        day = today - timedelta(days=back)
        if day.year == today.year and (day.weekday() in CAFE_DAYS or not closed):
            with clock.stopped_at(clock.at(day, CLOSING_TIME, i18n.zone())):
                _close(house_id, day, closed, witness_id, by)
            closed += 1
    _let_the_bank_confirm(house_id, today - timedelta(days=4), by)
    return closed


def _close(house_id: int, day: date, before: int, witness_id: int, by: Actor) -> None:
    drawer = queries.drawer(house_id, day)
    food, drinks = CAFE_DAYS.get(day.weekday(), (0, 0))
    kinds = [kind.code for kind in queries.counted_kinds(house_id)]
    vouchers = [MILK] if day.weekday() == 4 else []
    short = SHORT_BY if before % 5 == 3 else 0
    put_in = 0 if before else FLOAT
    lies_there = drawer.by_the_books_cents + food + drinks + put_in + short - sum(each.cents for each in vouchers)
    banked = max(0, (lies_there - KEPT_IN_DRAWER) // 50_00 * 50_00) if day.weekday() == 4 else 0
    request = CountRequest(
        house_id=house_id, day=day, pieces=_pieces(lies_there - banked), banked_cents=banked, put_in_cents=put_in,
        vouchers=vouchers, tally={kinds[0]: food, kinds[1]: drinks} if food else {},
    )  # fmt: skip
    reason = "Wechselgeld vermutlich falsch herausgegeben" if short else ""
    service.close_day(request, witness_id, by, reason=reason)


def _pieces(cents: int) -> dict[int, int]:
    pieces = {}
    for value in DENOMINATIONS:
        if value <= 50_00:
            pieces[value], cents = divmod(cents, value)
    return pieces


def _let_the_bank_confirm(house_id: int, until: date, by: Actor) -> None:
    for on_way in queries.in_transit(house_id)[:-1]:  # the last one is still on its way
        if on_way.day <= until:
            day = on_way.day + timedelta(days=3)
            with clock.stopped_at(clock.at(day, CLOSING_TIME, i18n.zone())):
                service.confirm_transit(on_way, day, by)
