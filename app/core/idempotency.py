"""A double tap, a retry after a lost answer: one act.

Every form that creates something, and every POST of the API, carries a key. The first act stores where it led to (or what
it answered) under the key, in its own transaction; a second one with the same key is shown that. A refused act stores nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, Text, bindparam, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Collision, Model, session
from app.core.statements import Statement, insertion

KEPT = timedelta(days=3)


class IdempotencyKey(Model):
    """What an act answered, by the digest of who acted where with which key."""

    __tablename__ = "idempotency_key"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)


_EARLIER = Statement(select(IdempotencyKey.answer).where(IdempotencyKey.digest == bindparam("digest")))
_REMEMBER = insertion(IdempotencyKey)


def _digest(scope: str, key: str) -> str:
    return hashlib.sha256(f"{scope}\n{key}".encode()).hexdigest()


def new_key() -> str:
    return secrets.token_urlsafe(16)


def earlier(scope: str, key: str) -> str | None:
    """What the first act under this key answered, None when this is the first."""
    found = _EARLIER.row(digest=_digest(scope, key))
    return str(found[0]) if found else None


def remember(scope: str, key: str, answer: str) -> None:
    """Store the answer; raises `Collision` when another act with this key has just been stored."""
    try:
        _REMEMBER.run(digest=_digest(scope, key), answer=answer, created_at=clock.now())
    except IntegrityError as fault:
        raise Collision from fault


def forget_old() -> int:
    """Delete keys nobody will repeat any more; returns how many."""
    result: Any = session().execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT))
    return int(result.rowcount)
