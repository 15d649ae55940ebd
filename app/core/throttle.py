"""Counting tries in the database, so that every process and every machine counts together."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Model, session
from app.core.errors import TooMany
from app.core.i18n import lazy as _l


class Try(Model):
    """One counted try under a key; keys are digests, because they are made of addresses and names."""

    __tablename__ = "throttle_try"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(40), index=True)
    tried_at: Mapped[datetime] = mapped_column(index=True)


class TooManyTries(TooMany):
    message = _l("That was tried too often. Please wait a few minutes, or ask at the desk.")


def _key(what: str, who: str) -> str:
    return hashlib.blake2s(f"{what}\n{who}".encode(), digest_size=16).hexdigest()


def check(what: str, who: str, *, limit: int, within: timedelta) -> None:
    """Raises `TooManyTries` when `who` has already tried `what` `limit` times in the time span."""
    since = clock.now() - within
    counted = (
        session()
        .execute(select(func.count(), func.min(Try.tried_at)).where(Try.key == _key(what, who), Try.tried_at > since))
        .one()
    )
    if counted[0] >= limit:
        wait = (counted[1] + within - clock.now()).total_seconds()
        raise TooManyTries(retry_after=max(1, int(wait)))


def count(what: str, who: str) -> None:
    session().add(Try(key=_key(what, who), tried_at=clock.now()))
    session().flush()


def clear(what: str, who: str) -> None:
    session().execute(delete(Try).where(Try.key == _key(what, who)))


def forget_old() -> int:
    result = session().execute(delete(Try).where(Try.tried_at < clock.now() - timedelta(days=1)))
    return int(result.rowcount)  # type: ignore[attr-defined]
