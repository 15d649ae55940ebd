"""Opening and ending sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, update

from app.accounts.events import SignedIn, SignInsEnded
from app.accounts.models import SignIn
from app.core import clock, crypto
from app.core.db import session
from app.core.events import publish

LASTS = {
    "mail": timedelta(days=60),
    "slip": timedelta(days=60),
    "password": timedelta(hours=12),
    "demo": timedelta(hours=12),
}
"""How long a sign-in holds: residents on their own phone long, staff for a working day."""
LONGEST_DEVICE = 200


@dataclass(frozen=True)
class Opened:
    """`secret` goes into the cookie and is kept nowhere else."""

    sign_in_id: int
    person_id: int
    secret: str


def open_sign_in(person_id: int, *, means: str, device: str = "") -> Opened:
    """A new sign-in of this person by `means` (``mail``, ``slip``, ``password``, ``demo``). The caller knows who it is."""
    secret = crypto.token()
    row = SignIn(
        digest=crypto.fingerprint(secret),
        person_id=person_id,
        means=means,
        device=device[:LONGEST_DEVICE],
        expires_at=clock.now() + LASTS[means],
    )
    session().add(row)
    session().flush()
    publish(SignedIn(house_id=None, by=person_id, sign_in_id=row.id, person_id=person_id, means=means))
    return Opened(row.id, person_id, secret)


def end_sign_in(secret: str) -> None:
    """Sign out: the secret in the cookie opens nothing any more."""
    session().execute(
        update(SignIn).where(SignIn.digest == crypto.fingerprint(secret), SignIn.ended_at.is_(None)).values(ended_at=clock.now())
    )


def end_sign_ins(
    person_id: int,
    *,
    by: int | None,
    reason: str,
    means: Sequence[str] | None = None,
    only: int | None = None,
    but: str = "",
    house_id: int | None = None,
) -> int:
    """Sign this person out everywhere, or by certain `means`, or on the one device `only` (its id), `but` not the one
    with that secret. Returns how many ended."""
    ended = update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None), SignIn.expires_at > clock.now())
    if means is not None:
        ended = ended.where(SignIn.means.in_(means))
    if only is not None:
        ended = ended.where(SignIn.id == only)
    if but:
        ended = ended.where(SignIn.digest != crypto.fingerprint(but))
    result: Any = session().execute(ended.values(ended_at=clock.now()))
    count = int(result.rowcount)
    if count:
        publish(SignInsEnded(house_id=house_id, by=by, person_id=person_id, count=count, reason=reason))
    return count


def forget_old_sign_ins() -> int:
    """Delete sign-ins that ended or ran out a month ago; returns how many."""
    before = clock.now() - timedelta(days=30)
    result: Any = session().execute(delete(SignIn).where(or_(SignIn.ended_at < before, SignIn.expires_at < before)))
    return int(result.rowcount)
