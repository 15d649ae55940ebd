"""Receipts and invoices on paper, and the code that fills in a transfer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import segno
from flask import Response, current_app

from app.core import clock, i18n, paper
from app.core.i18n import gettext
from app.houses.views import here
from app.money import service
from app.money.models import Direction, Invoice, InvoiceKind, Operator, Payment
from app.money.queries.details import PaidFor
from app.money.views import payers
from app.money.views.words import method_word

INVOICES_ARE_IN = "de"
EXEMPTIONS = {
    "small_business": "Steuerfreier Umsatz eines Kleinunternehmers (§ 19 Abs. 1 UStG).",
    "letting": "Steuerfrei nach § 4 Nr. 12 Buchst. a UStG (Überlassung von Räumen).",
    "courses": "Steuerfrei nach § 4 Nr. 22 Buchst. a UStG (Kurse und Vorträge einer gemeinnützigen Einrichtung).",
    "exempt": "Steuerfreie Leistung nach § 4 UStG.",
    "outside": "Nicht umsatzsteuerbar (keine Gegenleistung, Schadenersatz).",
}
"""Wording of the law: an invoice is German, whoever reads it."""


def giro_code(operator: Operator, cents: int, *, text: str = "", reference: str = "") -> segno.QRCode | None:
    """The GiroCode (EPC069-12) of a transfer to the operator; None where it has no right IBAN or there is nothing to pay.

    Either `text` (at most 140 characters) or `reference` (ISO 11649) is given.
    """
    if cents <= 0 or not operator.name or not service.iban_is_right(operator.iban):
        return None
    told = service.transfer_text(operator, cents, text=text, reference=reference)
    return segno.make_qr(told.encode(), error="m", boost_error=False)  # the standard wants M, and no other level


def iban_in_fours(iban: str) -> str:
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


# Receipts ------------------------------------------------------------------------------------------------------------


def receipt(payment: Payment, paid_for: Sequence[PaidFor], operator: Operator) -> Response:
    """A slip that says who gave how much to whom, for what and when."""
    house, payer = here(), payers.payer_of(payment)
    taken = payment.direction == Direction.IN
    rows = [
        (gettext("Day"), i18n.day(payment.on_day)),
        (gettext("Received from") if taken else gettext("Paid to"), payer.name),
        (gettext("How"), method_word(payment.method)),
        (gettext("Taken by") if taken else gettext("Paid out by"), payment.created_by.name if payment.created_by else ""),
        (gettext("Note"), payment.note),
        (gettext("Operator"), operator.name),
    ]
    data = {
        "house": {"name": house.name if house else "", "address": house.address if house else ""},
        "heading": gettext("Receipt") if taken else gettext("Payout receipt"),
        "no": payment.no,
        "amount": i18n.money(payment.cents),
        "undone": gettext("Taken back: this receipt does not count.") if payment.undone_at else None,
        "rows": [{"label": label, "value": value} for label, value in rows if value],
        "lines_label": gettext("For"),
        "lines": [{"text": _paid_for_words(each, taken=taken), "amount": i18n.money(each.cents)} for each in paid_for],
        "total_label": gettext("Sum"),
        "sign": gettext("Signature"),
        "printed": gettext("Printed on %(when)s", when=i18n.moment(clock.now())),
    }
    title = gettext("Receipt %(no)s", no=payment.no)
    return _pdf("money/paper/receipt.typ", data, i18n.language(), title)


def _paid_for_words(each: PaidFor, *, taken: bool) -> str:
    if each.kind == "deposit":
        return gettext("Deposit: %(title)s", title=each.title) if taken else gettext("Deposit back: %(title)s", title=each.title)
    return gettext("Refund: %(title)s", title=each.title) if each.kind == "refund" else each.title


# Invoices ------------------------------------------------------------------------------------------------------------


def invoice(issued: Invoice) -> Response:
    """What was frozen when it was issued, with the duties of § 14 UStG or, up to the small amount, § 33 UStDV."""
    with i18n.speaking(INVOICES_ARE_IN):
        return _pdf("money/paper/invoice.typ", _invoice_data(issued), INVOICES_ARE_IN, f"{_heading(issued)} {issued.no}")


def _heading(issued: Invoice) -> str:
    return "Rechnungskorrektur" if issued.kind == InvoiceKind.CORRECTION else "Rechnung"


def _invoice_data(issued: Invoice) -> dict[str, Any]:
    content, house = issued.content, here()
    seller, buyer = content["seller"], content["buyer"]
    exempt = list(dict.fromkeys(EXEMPTIONS[rate["exempt"]] for rate in content["rates"] if rate["exempt"]))
    rows = [
        ("Nummer", issued.no),
        ("Datum", _day(issued.issued_on)),
        ("Leistungszeit", _period(content)),
        ("Steuernummer / USt-IdNr.", seller["tax_no"]),
        ("Korrigiert", f"{content['corrects']} vom {_day(_iso(content['corrects_on']))}" if "corrects" in content else ""),
        ("Grund", content.get("reason", "")),
    ]
    return {
        "house": {"name": house.name if house else seller["name"], "address": house.address if house else ""},
        "seller": {"name": seller["name"], "line": _address(seller)},
        "buyer": [part for part in (buyer["name"], buyer["street"], f"{buyer['postcode']} {buyer['city']}".strip()) if part],
        "heading": _heading(issued),
        "title": content["title"],
        "rows": [{"label": label, "value": value} for label, value in rows if value],
        "columns": {"text": "Leistung", "rate": "USt", "net": "Netto", "gross": "Betrag"},
        "lines": [
            {
                "text": f"1 × {line['text']}",
                "rate": _rate(line),
                "net": i18n.money(line["net_cents"]),
                "gross": i18n.money(line["gross_cents"]),
            }
            for line in content["lines"]
        ],
        "sums": [{"label": label, "amount": i18n.money(cents)} for rate in content["rates"] for label, cents in _sums(rate)],
        "total": {"label": "Gesamtbetrag", "amount": i18n.money(content["total_cents"])},
        "wordings": exempt,
        "pay": _pay(issued),
    }


def _pay(issued: Invoice) -> dict[str, Any] | None:
    """How to pay, with the code; None where nothing is to be paid any more."""
    content = issued.content
    left = content["total_cents"] - content["settled_cents"]
    if issued.kind == InvoiceKind.CORRECTION:
        return None
    if left <= 0:
        return {"words": "Der Betrag ist bezahlt.", "rows": [], "qr": None}
    seller = content["seller"]
    operator = Operator(name=seller["name"], iban=seller["iban"], bic=seller["bic"])
    code = giro_code(operator, left, reference=content["reference"])
    rows = [
        ("Zu zahlen", i18n.money(left)),
        ("Bis", _day(_iso(content["due_on"]))),
        ("IBAN", iban_in_fours(seller["iban"])),
        ("BIC", seller["bic"]),
        ("Verwendungszweck", content["reference"] if seller["iban"] else ""),
    ]
    return {
        "words": "Bitte überweise den Betrag, oder zahle bar an der Theke.",
        "rows": [{"label": label, "value": value} for label, value in rows if value],
        "qr": {"svg": paper.drawn(code), "alt": f"GiroCode: {i18n.money(left)} an {seller['name']}"} if code else None,
    }


def _sums(rate: dict[str, Any]) -> list[tuple[str, int]]:
    if rate["exempt"]:
        return [("Ohne Umsatzsteuer", rate["net_cents"])]
    return [(f"Netto {_rate(rate)}", rate["net_cents"]), (f"Umsatzsteuer {_rate(rate)}", rate["vat_cents"])]


def _rate(row: dict[str, Any]) -> str:
    return "–" if row["exempt"] else f"{row['rate_bp'] / 100:g} %".replace(".", ",")


def _address(seller: dict[str, str]) -> str:
    return ", ".join(part for part in (seller["street"], f"{seller['postcode']} {seller['city']}".strip()) if part)


def _period(content: dict[str, Any]) -> str:
    first, last = _iso(content["supplied_from"]), _iso(content["supplied_until"])
    return _day(first) if first == last else f"{_day(first)} bis {_day(last)}"


def _iso(text: str) -> date:
    return date.fromisoformat(text)


def _day(value: date) -> str:
    return i18n.day(value, "dd.MM.y")


def _pdf(template: str, data: dict[str, Any], language: str, title: str) -> Response:
    document = paper.render(template, data, language=language, title=title, now=clock.now())
    return current_app.response_class(document, mimetype="application/pdf")
