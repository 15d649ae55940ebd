"""Who runs the house in the eyes of the law: what stands on its invoices, and where its money goes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.core.db import session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.money import events
from app.money.models import Operator

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_GERMAN_IBAN = 22
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)


@dataclass(frozen=True)
class OperatorRequest:
    """All of it may be empty until the first invoice; `payment_days` is 0 to 365."""

    name: str
    street: str
    postcode: str
    city: str
    tax_no: str
    iban: str
    bic: str
    payment_days: int


def change_operator(request: OperatorRequest, by: Actor) -> Operator:
    """Write down who runs the house. Raises `Invalid` for an IBAN or BIC that cannot be one."""
    iban, bic = compact(request.iban), compact(request.bic)
    if iban and not iban_is_right(iban):
        raise Invalid({"iban": [_l("This IBAN is not right: one of its characters must be another one.")]})
    if bic and not _BIC.fullmatch(bic):
        raise Invalid({"bic": [_l("A BIC has 8 or 11 letters and digits.")]})
    if not 0 <= request.payment_days <= 365:
        raise Invalid({"payment_days": [_l("Between 0 and 365 days.")]})
    operator = session().get(Operator, 1) or Operator()
    operator.name, operator.street, operator.postcode, operator.city = (
        request.name,
        request.street,
        request.postcode,
        request.city,
    )
    operator.tax_no, operator.iban, operator.bic, operator.payment_days = request.tax_no, iban, bic, request.payment_days
    session().add(operator)
    session().flush()
    publish(events.OperatorChanged(house_id=None, by=by.person_id, operator_id=operator.id))
    return operator


def compact(code: str) -> str:
    """Without blanks, in capitals."""
    return "".join(code.split()).upper()


def iban_is_right(iban: str) -> bool:
    """Whether the check digits fit (ISO 13616: modulo 97 is 1); a German one has 22 characters."""
    if not _IBAN.fullmatch(iban) or (iban.startswith("DE") and len(iban) != _GERMAN_IBAN):
        return False
    return _modulo(iban[4:] + iban[:4]) == 1


def rf_reference(number: str) -> str:
    """A creditor reference (ISO 11649) of a number of ours: ``R-2026-031`` gives ``RF09R2026031``."""
    base = re.sub(r"[^A-Z0-9]", "", number.upper())
    return f"RF{98 - _modulo(base + 'RF00'):02}{base}"


def _modulo(code: str) -> int:
    """Letters count as 10 to 35."""
    return int("".join(str(int(letter, 36)) for letter in code)) % 97


LARGEST_TRANSFER = 999_999_999_99


def transfer_text(operator: Operator, cents: int, *, text: str = "", reference: str = "") -> str:
    """What a GiroCode says (EPC069-12, version 002, UTF-8), with a free `text` or a creditor `reference`.

    Raises `ValueError` for what the standard does not hold: an amount out of range, both texts, more than 140 characters.
    """
    if not 0 < cents <= LARGEST_TRANSFER or (text and reference) or len(text) > 140 or len(reference) > 35:
        raise ValueError("not a transfer")
    lines = [
        "BCD", "002", "1", "SCT", operator.bic, operator.name[:70], operator.iban, f"EUR{cents // 100}.{cents % 100:02}", "",
        reference, text,
    ]  # fmt: skip
    return "\n".join(lines).rstrip("\n")
