"""Bearer tokens of other programs."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.events import TokenCreated, TokenRevoked
from app.accounts.models import ApiToken
from app.core import clock, crypto
from app.core.db import session
from app.core.errors import Forbidden, Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.policy import THE_HOUSE, Actor, Role


class TokenOver(Refusal):
    kind = "token-over"
    message = _l("This token has already been revoked.")


@dataclass(frozen=True)
class CreatedToken:
    """`token` is shown once and kept nowhere."""

    token_id: int
    token: str


def create_token(*, label: str, role: Role, house_id: int, person_id: int | None, by: Actor) -> CreatedToken:
    """A token that acts with exactly `role` in this house, as `person_id` or nobody. Raises `Forbidden` in others' houses."""
    if by is not THE_HOUSE and not by.has(house_id, Role.MANAGER):
        raise Forbidden
    secret = f"qr_{crypto.token()}"
    row = ApiToken(digest=crypto.fingerprint(secret), label=label[:80], person_id=person_id, house_id=house_id, role=role)
    session().add(row)
    session().flush()
    publish(TokenCreated(house_id=house_id, by=by.person_id, token_id=row.id, label=row.label, role=role, person_id=person_id))
    return CreatedToken(row.id, secret)


def revoke_token(token: ApiToken, *, by: Actor) -> None:
    """The token opens nothing any more."""
    if by is not THE_HOUSE and not by.has(token.house_id, Role.MANAGER):
        raise Forbidden
    if token.revoked_at is not None:
        raise TokenOver
    token.revoked_at = clock.now()
    session().flush()
    publish(TokenRevoked(house_id=token.house_id, by=by.person_id, token_id=token.id))
