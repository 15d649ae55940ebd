"""What happened with sign-ins, roles and keys. Fields that open a door are marked secret: the journal leaves them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.events import Event

SECRET: dict[str, Any] = {"secret": True}
"""Metadata of a field that goes into a letter and nowhere else."""


@dataclass(frozen=True, kw_only=True)
class CodeIssued(Event):
    """Somebody asked for six digits at `email`. `person_id` is None for an address that is new or belongs to several."""

    code_id: int
    email: str
    name: str
    language: str
    person_id: int | None
    minutes: int
    code: str = field(repr=False, metadata=SECRET)


@dataclass(frozen=True, kw_only=True)
class SignedIn(Event):
    sign_in_id: int
    person_id: int
    means: str


@dataclass(frozen=True, kw_only=True)
class SignInsEnded(Event):
    """`count` devices of a person were signed out, `reason` is ``asked``, ``role``, ``password``, ``slip`` or ``merged``."""

    person_id: int
    count: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SlipIssued(Event):
    slip_id: int
    person_id: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class SlipWithdrawn(Event):
    slip_id: int
    person_id: int


@dataclass(frozen=True, kw_only=True)
class InvitationIssued(Event):
    """A link to choose password and second factor. `email` is empty when it is handed over on paper.

    The link is ``<public_url>/invitation/<token>``.
    """

    invitation_id: int
    person_id: int
    name: str
    email: str
    language: str
    expires_at: datetime
    token: str = field(repr=False, metadata=SECRET)


@dataclass(frozen=True, kw_only=True)
class AccountPrepared(Event):
    """Somebody chose a password and a second factor, by invitation or as the first manager."""

    person_id: int


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    person_id: int


@dataclass(frozen=True, kw_only=True)
class RoleGranted(Event):
    person_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class RoleWithdrawn(Event):
    person_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class TokenCreated(Event):
    token_id: int
    label: str
    role: str
    person_id: int | None


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Event):
    token_id: int
