"""Signing in with a code on paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.events import SlipIssued, SlipWithdrawn
from app.accounts.models import Slip
from app.accounts.service.sign_ins import Opened, end_sign_ins, open_sign_in
from app.core import clock, crypto, throttle
from app.core.db import session
from app.core.errors import Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.people.models import Person

LETTERS = 10
VALID = timedelta(days=30)
SPAN = timedelta(minutes=15)
WRONG_PER_IP = 30

_MISREAD = str.maketrans({"O": "Q", "0": "Q", "U": "V"})
"""Signs that are in no code, and what they were on paper."""


class WrongSlip(Refusal):
    status = 422
    kind = "wrong-slip"
    message = _l("This code is not known, or no longer valid. Please check each letter, or ask at the desk for a new slip.")


class SlipOver(Refusal):
    kind = "slip-over"
    message = _l("This slip has already been withdrawn.")


@dataclass(frozen=True)
class IssuedSlip:
    """`code` is shown once and kept nowhere."""

    slip_id: int
    person_id: int
    code: str
    expires_at: datetime


def normal_code(typed: str) -> str:
    """What was meant by what somebody copied from paper: blanks, dashes and lower case do not matter."""
    return "".join(letter for letter in typed.upper() if letter.isalnum()).translate(_MISREAD)


def in_groups(code: str) -> str:
    """``K7PMX-42QRT``."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))


def issue_slip(person_id: int, *, by: Actor, valid: timedelta = VALID, code: str | None = None) -> IssuedSlip:
    """A new code on paper for this person. A fixed `code` is for demonstrations."""
    code = normal_code(code) if code else crypto.code(LETTERS)
    slip = Slip(
        digest=crypto.fingerprint(f"slip\n{code}"), person_id=person_id, issued_by_id=by.person_id, expires_at=clock.now() + valid
    )
    session().add(slip)
    session().flush()
    publish(SlipIssued(house_id=None, by=by.person_id, slip_id=slip.id, person_id=person_id, expires_at=slip.expires_at))
    return IssuedSlip(slip.id, person_id, code, slip.expires_at)


def withdraw_slip(slip: Slip, *, by: Actor) -> None:
    """The code opens nothing any more, and whoever came in with a slip of this person is signed out."""
    if slip.withdrawn_at is not None:
        raise SlipOver
    slip.withdrawn_at = clock.now()
    session().flush()
    publish(SlipWithdrawn(house_id=None, by=by.person_id, slip_id=slip.id, person_id=slip.person_id))
    end_sign_ins(slip.person_id, by=by.person_id, reason="slip", means=["slip"])


def sign_in_by_slip(typed: str, *, ip: str, device: str) -> Opened:
    """Raises `WrongSlip` (a counted try: keep it) or `TooManyTries`."""
    throttle.check("wrong slip from", ip, limit=WRONG_PER_IP, within=SPAN)
    person_id = session().scalar(
        select(Slip.person_id)
        .join(Person, Person.id == Slip.person_id)
        .where(
            Slip.digest == crypto.fingerprint(f"slip\n{normal_code(typed)}"),
            Slip.withdrawn_at.is_(None),
            Slip.expires_at > clock.now(),
            Person.merged_into_id.is_(None),
        )
    )
    if person_id is None:
        throttle.count("wrong slip from", ip)
        raise WrongSlip
    return open_sign_in(person_id, means="slip", device=device)
