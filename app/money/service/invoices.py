"""Invoices: frozen papers about a charge with the duties of § 14 UStG, numbered without gaps, taken back by a correction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from app.core import clock, i18n
from app.core.db import session, take_turn
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.money import events
from app.money.models import Charge, ChargeLine, IncomeKind, Invoice, InvoiceKind, Operator
from app.money.service.ledger import LEDGER
from app.money.service.operator import rf_reference
from app.offers import queries as offers
from app.offers.models import Offering, Sphere, TaxCode

SMALL_AMOUNT = "invoice.small_amount"


class OperatorUnknown(Refusal):
    """Nobody can issue an invoice before it is written down who does."""

    kind = "operator-unknown"
    message = _l("Name, address and tax number of the operator are missing. The treasurer writes them down first.")


class AlreadyInvoiced(Refusal):
    """`facts`: `invoice`, its number."""

    kind = "already-invoiced"
    message = _l("There is already an invoice for this. Nothing has been changed.")


@dataclass(frozen=True)
class BuyerRequest:
    """Name and address as they shall stand on the invoice; up to the small amount the name alone is enough (§ 33 UStDV)."""

    name: str
    street: str = ""
    postcode: str = ""
    city: str = ""


def issue_invoice(charge: Charge, buyer: BuyerRequest, by: Actor) -> Invoice:
    """Freeze what an invoice says and give it the next number. Raises `OperatorUnknown`, `AlreadyInvoiced` or `Invalid`."""
    take_turn(LEDGER)
    session().refresh(charge)
    if charge.cancelled_at is not None or not charge.total_cents:
        raise Invalid(message=_l("There is nothing to pay here any more, so there is no invoice about it."))
    stands = session().scalar(select(Invoice).where(Invoice.charge_id == charge.id, Invoice.kind == InvoiceKind.INVOICE))
    if stands is not None:
        raise AlreadyInvoiced(invoice=stands.no)
    operator = session().get(Operator, 1)
    if operator is None or not all((operator.name, operator.street, operator.postcode, operator.city, operator.tax_no)):
        raise OperatorUnknown
    small = charge.total_cents <= small_amount(charge)
    if not buyer.name:
        raise Invalid({"name": [_l("Please say who gets the invoice.")]})
    missing = [] if small else [name for name in ("street", "postcode", "city") if not getattr(buyer, name)]
    if missing:
        raise Invalid({name: [_l("An invoice of this amount needs the whole address.")] for name in missing})
    content = {
        "seller": {
            name: getattr(operator, name) for name in ("name", "street", "postcode", "city", "tax_no", "iban", "bic")
        },
        "buyer": {"name": buyer.name, "street": buyer.street, "postcode": buyer.postcode, "city": buyer.city},
        "title": charge.title,
        "supplied_from": charge.supplied_from.isoformat(),
        "supplied_until": charge.supplied_until.isoformat(),
        "due_on": charge.due_on.isoformat(),
        "small": small,
        "settled_cents": charge.settled_cents,
        **_sums(charge),
    }  # fmt: skip
    return _write(charge, InvoiceKind.INVOICE, content, by)


def small_amount(charge: Charge) -> int:
    """Cents up to which the small form is enough on the day of supply (§ 33 UStDV)."""
    return offers.rule_number(SMALL_AMOUNT, charge.supplied_from)


def correct_invoice(charge: Charge, reason: str, by: Actor) -> Invoice | None:
    """Take the invoice of a charge back, if there is one: a paper of its own with the same lines below zero."""
    issued = session().scalar(select(Invoice).where(Invoice.charge_id == charge.id, Invoice.kind == InvoiceKind.INVOICE))
    if issued is None:
        return None
    take_turn(LEDGER)
    before = issued.content
    content = {
        **before,
        "lines": [_below_zero(line) for line in before["lines"]],
        "rates": [_below_zero(rate) for rate in before["rates"]],
        "total_cents": -before["total_cents"],
        "settled_cents": 0,
        "corrects": issued.no,
        "corrects_on": issued.issued_on.isoformat(),
        "reason": reason,
    }
    return _write(charge, InvoiceKind.CORRECTION, content, by, corrects_id=issued.id)


def _below_zero(row: dict[str, Any]) -> dict[str, Any]:
    return {name: -value if name.endswith("_cents") else value for name, value in row.items()}


def _write(charge: Charge, kind: InvoiceKind, content: dict[str, Any], by: Actor, *, corrects_id: int | None = None) -> Invoice:
    today = clock.today(i18n.zone())
    number = (session().scalar(select(func.max(Invoice.number)).where(Invoice.year == today.year)) or 0) + 1
    invoice = Invoice(
        house_id=charge.house_id, charge_id=charge.id, kind=kind, year=today.year, number=number, issued_on=today,
        content=content, corrects_id=corrects_id, created_by_id=by.person_id,
    )  # fmt: skip
    invoice.content = {**content, "no": invoice.no, "reference": rf_reference(invoice.no)}
    session().add(invoice)
    session().flush()
    publish(
        events.InvoiceIssued(
            house_id=charge.house_id, by=by.person_id, invoice_id=invoice.id, charge_id=charge.id, person_id=charge.person_id
        )
    )
    return invoice


def _sums(charge: Charge) -> dict[str, Any]:
    """``lines``, ``rates`` (net, tax and gross of each rate and exemption), ``total_cents``."""
    rows = (
        session()
        .execute(
            select(ChargeLine, Offering.sphere)
            .join(IncomeKind, IncomeKind.code == ChargeLine.kind_code)
            .join(Offering, Offering.code == IncomeKind.offering_code)
            .where(ChargeLine.charge_id == charge.id, ChargeLine.cents > 0)
            .order_by(ChargeLine.position)
        )
        .all()
    )
    small_business = offers.small_business(charge.supplied_from)
    lines = [
        {
            "text": line.text, "gross_cents": line.cents, "net_cents": line.cents - line.vat_cents, "vat_cents": line.vat_cents,
            "rate_bp": line.rate_bp, "exempt": exemption(line.tax_code, sphere, small_business=small_business),
        }
        for line, sphere in rows
    ]  # fmt: skip
    return {"lines": lines, "rates": _by_rate(lines), "total_cents": charge.total_cents}


def _by_rate(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        row = sums[line["rate_bp"], line["exempt"]]
        row[0] += line["net_cents"]
        row[1] += line["vat_cents"]
    return [
        {"rate_bp": rate, "exempt": exempt, "net_cents": net, "vat_cents": vat, "gross_cents": net + vat}
        for (rate, exempt), (net, vat) in sorted(sums.items(), reverse=True)
    ]


def exemption(tax_code: str, sphere: str, *, small_business: bool) -> str:
    """Why no tax is in a line, as a word for its wording in law; empty where there is tax.

    The sphere of the offering tells which number of § 4 UStG is meant: letting (Nr. 12), courses of a Zweckbetrieb (Nr. 22).
    """
    if tax_code == TaxCode.NONE:
        return "outside"
    if small_business:
        return "small_business"
    if tax_code != TaxCode.EXEMPT:
        return ""
    return {Sphere.ASSETS.value: "letting", Sphere.PURPOSE.value: "courses"}.get(sphere, "exempt")
