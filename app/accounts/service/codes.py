"""Signing in with six digits from a mail. Whether an address is known is told to nobody but its owner."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from app.accounts import queries
from app.accounts.events import CodeIssued
from app.accounts.models import OneTimeCode
from app.accounts.queries import Known
from app.accounts.service.roles import grant_role
from app.accounts.service.sign_ins import Opened, open_sign_in
from app.core import clock, crypto, throttle
from app.core.db import session
from app.core.errors import Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import THE_HOUSE, Role
from app.people import service as people

DIGITS = 6
VALID = timedelta(minutes=10)
TRIES = 5
"""Wrong guesses before a code is worthless: with `PER_ADDRESS` codes, 25 guesses of a million in a quarter of an hour."""
FINISH_WITHIN = timedelta(minutes=15)
"""From the right code to the choice of who one is."""
SPAN = timedelta(minutes=15)
PER_ADDRESS = 5
CODES_PER_IP = 40
WRONG_PER_IP = 40
"""Generous, because everybody in the house may share one address on the net."""


class NoAddress(Refusal):
    status = 422
    kind = "no-address"
    message = _l("This is no e-mail address and no code. A code has ten letters and digits.")


class WrongCode(Refusal):
    """Wrong, over, used or guessed at too often: the same words, so that nothing is learned by trying."""

    status = 422
    kind = "wrong-code"
    message = _l("This code is wrong or no longer valid. Look into your mail again, or ask for a new code.")


class TooLate(Refusal):
    kind = "too-late"
    message = _l("That took a little too long. Please ask for a new code.")


def email_address(text: str) -> str:
    """The address as it is kept: checked for its form, in lower case. Raises `NoAddress`."""
    try:
        address = people.checked_email(text)
    except people.EmailUnreadable:
        raise NoAddress from None
    if address is None:
        raise NoAddress
    return address


def request_code(email: str, *, language: str, ip: str) -> None:
    """Send six digits to `email` (as `email_address` gives it); earlier ones become worthless.

    Known or not, the same happens. Raises `TooManyTries`.
    """
    throttle.check("code to", email, limit=PER_ADDRESS, within=SPAN)
    throttle.check("code from", ip, limit=CODES_PER_IP, within=SPAN)
    throttle.count("code to", email)
    throttle.count("code from", ip)
    known = queries.behind(email)
    only = known[0] if len(known) == 1 else None
    now = clock.now()
    digits = crypto.digits(DIGITS)
    session().execute(delete(OneTimeCode).where(OneTimeCode.email == email))
    code = OneTimeCode(email=email, digest=_digest(email, digits), created_at=now, expires_at=now + VALID)
    session().add(code)
    session().flush()
    publish(
        CodeIssued(
            house_id=None,
            by=None,
            code_id=code.id,
            email=email,
            name=only.name if only else "",
            language=only.language if only else language,
            person_id=only.person_id if only else None,
            minutes=int(VALID.total_seconds() // 60),
            code=digits,
        )
    )


def _digest(email: str, digits: str) -> str:
    return crypto.fingerprint(f"{email}\n{digits}")


@dataclass(frozen=True)
class Proven:
    """Whoever holds this has shown that `email` is theirs; `known` is who that may be."""

    code_id: int
    email: str
    known: list[Known]


def redeem_code(email: str, typed: str, *, ip: str) -> Proven:
    """Use the code sent to `email`. Raises `WrongCode` (a counted try: keep it) or `TooManyTries`."""
    throttle.check("wrong code from", ip, limit=WRONG_PER_IP, within=SPAN)
    now = clock.now()
    code = session().scalar(
        select(OneTimeCode).where(OneTimeCode.email == email, OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now)
    )
    right = _digest(email, re.sub(r"\D", "", typed))
    if code is None or code.tries >= TRIES or not hmac.compare_digest(code.digest, right):
        if code is not None:
            code.tries += 1
        throttle.count("wrong code from", ip)
        raise WrongCode
    code.used_at = now
    session().flush()
    return Proven(code.id, email, queries.behind(email))


def proven(code_id: int, email: str) -> Proven | None:
    """What `redeem_code` gave, a little later; None when that is too long ago or has led to a sign-in."""
    since = clock.now() - FINISH_WITHIN
    found = session().scalar(
        select(OneTimeCode.id).where(OneTimeCode.id == code_id, OneTimeCode.email == email, OneTimeCode.used_at > since)
    )
    return None if found is None else Proven(code_id, email, queries.behind(email))


def enter(shown: Proven, person_id: int, *, device: str) -> Opened:
    """Sign in as one of the people behind the address. Once. Raises `TooLate`."""
    if person_id not in {one.person_id for one in shown.known}:
        raise TooLate
    _spend(shown)
    return open_sign_in(person_id, means="mail", device=device)


def join(shown: Proven, *, given_name: str, family_name: str, language: str, house_id: int | None, device: str) -> Opened:
    """Somebody new: a person with this address becomes a resident and is signed in. Raises `TooLate`."""
    if shown.known:
        raise TooLate
    _spend(shown)
    request = people.PersonRequest(given_name=given_name, family_name=family_name, email=shown.email, language=language)
    person = people.create_person(request, by=THE_HOUSE)
    if house_id is not None:
        grant_role(person.id, house_id, Role.RESIDENT, by=THE_HOUSE)
    return open_sign_in(person.id, means="mail", device=device)


def _spend(shown: Proven) -> None:
    code = session().get(OneTimeCode, shown.code_id)
    if code is None:
        raise TooLate
    session().delete(code)
    session().flush()


def forget_old_codes() -> int:
    """Delete codes nobody can use any more; returns how many."""
    result = session().execute(delete(OneTimeCode).where(OneTimeCode.expires_at < clock.now() - timedelta(hours=1)))
    return int(result.rowcount)  # type: ignore[attr-defined]
