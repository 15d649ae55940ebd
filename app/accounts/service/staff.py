"""Password and second factor of staff: choosing them by invitation, signing in, changing, resetting."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update

from app.accounts.events import AccountPrepared, InvitationIssued, PasswordChanged
from app.accounts.models import Account, Invitation
from app.accounts.queries import PersonCard
from app.accounts.service.sign_ins import Opened, end_sign_ins, open_sign_in
from app.core import clock, crypto, throttle
from app.core.db import session
from app.core.errors import Invalid, Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import Actor
from app.people.models import Person

HASHER = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
"""About 25 ms: an act holds SQLite's only writer while it checks. OWASP's floor is 19 MiB with the same passes."""
SHORTEST, LONGEST = 12, 200
STEP_SECONDS = 30
SPAN = timedelta(minutes=15)
WRONG_PER_ACCOUNT = 10
WRONG_PER_IP = 40
INVITED_FOR = timedelta(days=3)
COMMON = frozenset(
    [
        "passwort1234",
        "passwort12345",
        "passwort123456",
        "passwort123!",
        "passwort2024",
        "passwort2025",
        "passwort2026",
        "meinpasswort",
        "geheimespasswort",
        "password1234",
        "password12345",
        "password123456",
        "password123!",
        "mypassword123",
        "letmein12345",
        "welcome12345",
        "changeme12345",
        "administrator",
        "administrator1",
        "hallohallohallo",
        "hallowelt1234",
        "ichliebedich",
        "schatzischatzi",
        "qwertzuiop123",
        "qwertzuiopü+",
        "qwertyuiop12",
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "1q2w3e4r5t6z",
        "1qaz2wsx3edc",
        "123456789012",
        "1234567890ab",
        "abcdefghijkl",
        "abcd12345678",
        "borussia1909",
        "borussiadortmund",
        "quartiersraum",
        "quartiersraum1",
        "sommer2026sommer",
        "trustno1trustno1",
        "iloveyou1234",
        "football1234",
        "dragon123456",
    ]
)


class WrongKeys(Refusal):
    """One answer for an unknown address, a wrong password and a wrong or used code."""

    status = 422
    kind = "wrong-keys"
    message = _l("E-mail, password or six-digit code is not right. Wait for the next code before you try again.")


class InvitationOver(Refusal):
    status = 404
    kind = "invitation-over"
    message = _l("This link has been used or is too old. Ask the manager of the house for a new one.")


class WrongStep(Invalid):
    """The six digits do not belong to the secret shown."""

    message = _l("These six digits do not fit. Check that your phone shows the right time, and type the newest ones.")


class NoAccount(Refusal):
    kind = "no-account"
    message = _l("You have no password in this house.")


def check_password(password: str, *, own_words: Sequence[str]) -> str:
    """`password` in composed form; raises `Invalid` when it is short, well known, or made of `own_words` (name, address)."""
    password = unicodedata.normalize("NFC", password)
    if len(password) < SHORTEST:
        raise Invalid({"password": [_l("Please take at least 12 characters; a sentence is fine.")]})
    if len(password) > LONGEST:
        raise Invalid({"password": [_l("Please take at most 200 characters.")]})
    plain = password.casefold()
    if plain in COMMON or len(set(plain)) < 5:
        raise Invalid({"password": [_l("This password is among the first ones that are tried. Please take another.")]})
    for word in sorted({part for text in own_words for part in re.split(r"[\W_]+", text.casefold()) if len(part) > 2}, key=len)[
        ::-1
    ]:
        plain = plain.replace(word, "")
    if len(re.sub(r"[\W\d_]+", "", plain)) < 4 and plain != password.casefold():
        raise Invalid({"password": [_l("This password is made of your name or address. Please take another.")]})
    return password


@lru_cache(maxsize=1)
def _decoy() -> str:
    """What an unknown address is checked against, so that it takes as long as a known one."""
    return HASHER.hash(crypto.token())


def _fits(password_hash: str | None, password: str) -> bool:
    try:
        HASHER.verify(password_hash or _decoy(), unicodedata.normalize("NFC", password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def new_totp_secret() -> str:
    return str(pyotp.random_base32())


def totp_address(secret: str, *, name: str, issuer: str) -> str:
    """What the QR code for the phone says (``otpauth://…``)."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))


def current_totp(secret: str) -> str:
    """The six digits that a phone shows now: for the ways into a demonstration, and for tests."""
    return str(pyotp.TOTP(secret).generate_otp(_step()))


def _step() -> int:
    return int(clock.now().timestamp()) // STEP_SECONDS


def matching_step(secret: str, typed: str, *, after: int = 0) -> int | None:
    """The step whose code was typed: this one or a neighbour, later than `after`; None when there is none."""
    digits = re.sub(r"\D", "", typed)
    found = None
    for step in range(_step() - 1, _step() + 2):
        if hmac.compare_digest(str(pyotp.TOTP(secret).generate_otp(step)), digits) and step > after:
            found = step
    return found


def sign_in_with_password(email: str, password: str, code: str, *, ip: str, device: str) -> Opened:
    """Raises `WrongKeys` (a counted try: keep it) or `TooManyTries`."""
    address = email.strip().lower()
    throttle.check("wrong keys for", address, limit=WRONG_PER_ACCOUNT, within=SPAN)
    throttle.check("wrong keys from", ip, limit=WRONG_PER_IP, within=SPAN)
    accounts = (
        session()
        .scalars(
            select(Account)
            .join(Person, Person.id == Account.person_id)
            .where(
                Person.email == address,
                Person.merged_into_id.is_(None),
                Account.disabled_at.is_(None),
                Account.totp_confirmed_at.is_not(None),
            )
            .limit(5)
        )
        .all()
    )
    for account in accounts or (None,):
        if not _fits(account.password_hash if account else None, password) or account is None:
            continue
        step = matching_step(account.totp_secret or "", code, after=account.totp_step)
        if step is None:
            continue
        account.totp_step = step
        if HASHER.check_needs_rehash(account.password_hash):
            account.password_hash = HASHER.hash(unicodedata.normalize("NFC", password))
        throttle.clear("wrong keys for", address)
        return open_sign_in(account.person_id, means="password", device=device)
    throttle.count("wrong keys for", address)
    throttle.count("wrong keys from", ip)
    raise WrongKeys


# Choosing password and second factor -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Invited:
    """`token` opens ``/invitation/<token>`` once; it is kept nowhere."""

    invitation_id: int
    token: str
    expires_at: datetime
    mailed: bool


def invite(card: PersonCard, *, by: Actor, mail: bool) -> Invited:
    """A link with which this person chooses password and second factor; earlier links end.

    Where both had been chosen, this is the reset: the old ones open nothing from now on, and all devices are signed out.
    The link goes out by mail, or back to the caller to be handed over.
    """
    mail = mail and bool(card.email)
    session().execute(delete(Invitation).where(Invitation.person_id == card.person_id, Invitation.used_at.is_(None)))
    if card.has_account:
        session().execute(delete(Account).where(Account.person_id == card.person_id))
        end_sign_ins(card.person_id, by=by.person_id, reason="password")
    token = crypto.token()
    row = Invitation(
        digest=crypto.fingerprint(token),
        person_id=card.person_id,
        issued_by_id=by.person_id,
        expires_at=clock.now() + INVITED_FOR,
    )
    session().add(row)
    session().flush()
    publish(
        InvitationIssued(
            house_id=None,
            by=by.person_id,
            invitation_id=row.id,
            person_id=card.person_id,
            name=card.name,
            email=card.email if mail else "",
            language=card.language,
            expires_at=row.expires_at,
            token=token,
        )
    )
    return Invited(row.id, token, row.expires_at, mail)


def accept_invitation(
    invitation: Invitation | None, card: PersonCard | None, *, password: str, totp_secret: str, code: str, device: str
) -> Opened:
    """Choose password and second factor, once; signs in. Raises `Invalid`, `WrongStep` or `InvitationOver`."""
    if invitation is None or card is None:
        raise InvitationOver
    prepare_account(card.person_id, own_words=[card.name, card.email], password=password, totp_secret=totp_secret, code=code)
    invitation.used_at = clock.now()
    end_sign_ins(card.person_id, by=card.person_id, reason="password")
    return open_sign_in(card.person_id, means="password", device=device)


def prepare_account(person_id: int, *, own_words: Sequence[str], password: str, totp_secret: str, code: str) -> None:
    """Check password and first code, then keep both. Raises `Invalid` or `WrongStep`."""
    password = check_password(password, own_words=own_words)
    step = matching_step(totp_secret, code)
    if step is None:
        raise WrongStep({"code": [WrongStep.message]})
    give_account(person_id, password=password, totp_secret=totp_secret, step=step)
    publish(AccountPrepared(house_id=None, by=person_id, person_id=person_id))


def give_account(person_id: int, *, password: str, totp_secret: str, step: int = 0) -> None:
    """Password and second factor as given, unchecked: for the demonstration's people."""
    account = session().get(Account, person_id)
    if account is None:
        account = Account(person_id=person_id, password_hash="")
        session().add(account)
    account.password_hash = HASHER.hash(unicodedata.normalize("NFC", password))
    account.totp_secret, account.totp_step, account.totp_confirmed_at = totp_secret, step, clock.now()
    account.disabled_at = None
    session().flush()


def change_password(by: Actor, *, current: str, password: str, own_words: Sequence[str]) -> None:
    """Raises `Invalid` (a wrong current one is a counted try: keep it), `NoAccount`, `TooManyTries`; ends other sign-ins."""
    account = session().get(Account, by.person_id) if by.person_id is not None else None
    if account is None or by.person_id is None:
        raise NoAccount
    throttle.check("wrong password of", str(by.person_id), limit=WRONG_PER_ACCOUNT, within=SPAN)
    if not _fits(account.password_hash, current):
        throttle.count("wrong password of", str(by.person_id))
        raise Invalid({"current": [_l("This is not your present password.")]})
    account.password_hash = HASHER.hash(check_password(password, own_words=own_words))
    session().flush()
    publish(PasswordChanged(house_id=None, by=by.person_id, person_id=by.person_id))
    end_sign_ins(by.person_id, by=by.person_id, reason="password", but=by.session_key)


def disable_account(person_id: int, *, by: Actor) -> bool:
    """Password and second factor open nothing any more; False when there was nothing to disable."""
    result = session().execute(
        update(Account).where(Account.person_id == person_id, Account.disabled_at.is_(None)).values(disabled_at=clock.now())
    )
    end_sign_ins(person_id, by=by.person_id, reason="password", means=["password", "demo"])
    return bool(result.rowcount)  # type: ignore[attr-defined]
