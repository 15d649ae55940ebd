"""The funds of the demonstration house, and what was paid out of them: amounts as in the worked example of a year."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from app.core import clock, i18n
from app.core.policy import Actor, Role
from app.houses.models import House
from app.money import service
from app.money.models import Line
from app.money.service import EntryRequest, ExpenseRequest, FundMoney, FundRequest
from app.offers.models import Sphere

PLAIN: dict[str, Any] = {
    "ends_on": None, "sphere": Sphere.IDEAL, "offering_code": None, "purpose": "", "funder": "", "notice_no": "",
    "account_code": "4600", "rule": "direct", "rate_bp": 0, "inkind_rate_cents": 0, "inkind_cap_bp": 0, "inkind_minutes": 0,
    "covered_cents": 0, "warn_days": 60, "report_due_on": None,
}  # fmt: skip


def furnish_funds(house: House, treasurer_id: int) -> None:
    """Two grants of this year, donations, expenses of the last weeks, and what the bank had at the beginning."""
    today = clock.today(i18n.zone())
    by = Actor(person_id=treasurer_id, name="Reinhard Möller", roles=frozenset({(house.id, Role.TREASURER)}), language="de")
    begins, ends = date(today.year, 1, 1), date(today.year, 12, 31)
    opening = [Line("1200", debit=18_400_00), Line("2000", credit=18_400_00)]
    service.post_entry(house.id, EntryRequest(begins, "Anfangsbestand der Bank", opening), by)
    wanted: tuple[dict[str, Any], ...] = (
            {
                "code": "G1", "name": "Hausbesuche in Marten", "kind": "grant", "restricted": True, "amount_cents": 11_180_00,
                "ends_on": ends, "funder": "Land NRW", "notice_no": "48.01-4711/26", "rule": "share", "rate_bp": 8000,
                "inkind_rate_cents": 15_00, "inkind_cap_bp": 2000, "inkind_minutes": 62_400,
                "purpose": "Besuche bei älteren Menschen, die selten aus dem Haus kommen.",
                "report_due_on": date(today.year + 1, 3, 31),
            },
            {
                "code": "S1", "name": "Werkstattecke für alle", "kind": "crowdfunding", "restricted": True,
                "amount_cents": 4_000_00, "account_code": "4620", "purpose": "Werkzeug, das alle leihen können.",
            },
            {
                "code": "F3", "name": "Freie Spenden", "kind": "donation", "restricted": False, "amount_cents": 0,
                "account_code": "4610",
            },
    )  # fmt: skip
    visits, repairs, gifts = (
        service.add_fund(house.id, FundRequest(**{**PLAIN, "owner_id": treasurer_id, "starts_on": begins, **values}), by)
        for values in wanted
    )
    service.receive_money(
        visits, FundMoney(5_590_00, min(today, begins + timedelta(days=70)), "Land NRW Hausbesuche Abruf 1"), by
    )
    service.receive_money(
        repairs, FundMoney(3_150_00, min(today, begins + timedelta(days=120)), "Crowdfunding Werkstattecke"), by
    )
    service.receive_money(gifts, FundMoney(620_00, min(today, begins + timedelta(days=200)), "Sammlung beim Sommerfest"), by)
    for days, cents, payee, reason, voucher, account, fund in (
        (190, 1_240_00, "Pflegedienst Emscher", "Schulung der Ehrenamtlichen", "RE 2026-077", "6220", "G1"),
        (120, 864_50, "Verkehrsverein", "Fahrkarten Hausbesuche", "V-118", "6210", "G1"),
        (75, 1_389_00, "Werkzeug Schulte", "Akkuschrauber und Sägen", "20931", "6700", "S1"),
        (41, 412_60, "Druckerei Marten", "Faltblatt Hausbesuche", "D 5512", "6600", "G1"),
        (12, 118_95, "Bürohaus West", "Papier und Porto", "88123", "6400", None),
        (3, 246_00, "Werkzeug Schulte", "Bohrer und Ersatzakkus", "21044", "6700", "S1"),
    ):
        service.record_expense(
            house.id,
            ExpenseRequest(
                on=max(begins, today - timedelta(days=days)), method="bank", payee=payee, reason=reason, voucher_no=voucher,
                cents=cents, account=account, sphere=Sphere.IDEAL, fund=fund,
            ),
            by,
        )  # fmt: skip
