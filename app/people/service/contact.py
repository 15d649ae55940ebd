"""Telephone numbers, addresses and card numbers as they are kept; each refusal names the field that needs a change."""

from __future__ import annotations

import re
import secrets
from typing import Any, ClassVar

from email_validator import EmailNotValidError, validate_email

from app.core.errors import Invalid
from app.core.folding import plain
from app.core.i18n import lazy as _l
from app.people import queries
from app.people.models import ContactBy


class BadValue(Invalid):
    """One value cannot be taken; `field` is its name in forms and requests."""

    field: ClassVar[str] = ""

    def __init__(self, message: Any = None) -> None:
        text = self.message if message is None else message
        super().__init__({self.field: [text]} if self.field else {}, text)


class NameMissing(BadValue):
    field = "given_name"
    message = _l("A name is needed; a first name is enough.")


class EmailUnreadable(BadValue):
    field = "email"
    message = _l("This is not a complete e-mail address.")


class PhoneUnreadable(BadValue):
    field = "phone"
    message = _l("Please write the telephone number with its area code, such as 0231 471 100.")


class CardMistyped(BadValue):
    field = "card_number"
    message = _l("This is not one of our card numbers: eight digits, and they must fit together. Please look again.")


class CardTaken(BadValue):
    status = 409
    kind = "card-taken"
    field = "card_number"
    message = _l("Somebody else has this card.")


class ContactWayMissing(BadValue):
    field = "contact_by"


MISSING_WAY = {
    ContactBy.MAIL: _l("For news by e-mail we need an e-mail address."),
    ContactBy.PHONE: _l("For news by telephone we need a telephone number."),
    ContactBy.LETTER: _l("For letters we need street and town."),
}

_PHONE_LETTERS = re.compile(r"[\d\s()/.+\-–]+")


def checked_phone(text: str | None) -> str | None:
    """`text` with country code, in the groups it was written in: ``0231 / 47-11`` is ``+49 231 47 11``.

    None for nothing. Raises `PhoneUnreadable`: an area or country code is needed, and no country has longer numbers than
    fifteen digits (ITU-T E.164).
    """
    written = plain(text or "").strip()
    if not written:
        return None
    if not _PHONE_LETTERS.fullmatch(written) or "+" in written[1:]:
        raise PhoneUnreadable
    groups = " ".join(re.findall(r"\d+", re.sub(r"\(\s*0\s*\)", " ", written)))
    if not written.startswith("+"):
        if groups.startswith("00"):
            groups = groups[2:].lstrip()
        elif groups.startswith("0"):
            groups = "49 " + groups[1:].lstrip()
        else:
            raise PhoneUnreadable
    if groups.startswith("49") and not groups.startswith("49 "):
        groups = "49 " + groups[2:]
    if groups.startswith("49 0"):
        groups = "49 " + groups[4:].lstrip()
    if not 7 <= len(groups.replace(" ", "")) <= 15 or groups.startswith("0"):
        raise PhoneUnreadable
    return "+" + groups


def checked_email(text: str | None) -> str | None:
    """`text` in lower case; None for nothing. Raises `EmailUnreadable`. Whether it arrives is not tried."""
    written = (text or "").strip()
    if not written:
        return None
    try:
        found = validate_email(written, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise EmailUnreadable from None
    address = (found.ascii_email or found.normalized).lower()
    if len(address) > 254:
        raise EmailUnreadable
    return address


def checked_way(way: ContactBy | None, *, email: str | None, phone: str | None, street: str, city: str) -> ContactBy:
    """How to reach somebody: as wished, or for None the best there is. Raises `ContactWayMissing`."""
    possible = {ContactBy.MAIL: bool(email), ContactBy.PHONE: bool(phone), ContactBy.LETTER: bool(street and city)}
    if way is None:
        return next((each for each, there in possible.items() if there), ContactBy.NONE)
    if not possible.get(way, True):
        raise ContactWayMissing(MISSING_WAY[way])
    return way


# Cards -------------------------------------------------------------------------------------------------------------

# A quasigroup of order 10 without fixed points on the diagonal's neighbours (H. M. Damm, 2004): the last digit it leads to
# uncovers every single wrong digit and every swap of two neighbours.
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip
CARD_DIGITS = 8


def _check_digit(digits: str) -> str:
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def is_card_number(digits: str) -> bool:
    """Eight ASCII digits of which the last fits the others."""
    return len(digits) == CARD_DIGITS and digits.isascii() and digits.isdigit() and _check_digit(digits) == "0"


def new_card_number() -> str:
    """A number nobody has: seven chance digits, the first not 0, and their check digit."""
    while True:
        digits = str(secrets.choice(range(10 ** (CARD_DIGITS - 2), 10 ** (CARD_DIGITS - 1))))
        number = digits + _check_digit(digits)
        if queries.person_with_card(number) is None:
            return number


def checked_card(text: str | None) -> str | None:
    """The digits of a typed or scanned card number, None for nothing. Raises `CardMistyped`."""
    digits = re.sub(r"[\s.\-–]", "", plain(text or ""))
    if not digits:
        return None
    if not is_card_number(digits):
        raise CardMistyped
    return digits
