"""Tables of sign-ins, codes, roles and tokens. Secrets are kept as keyed fingerprints."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.crypto import Encrypted
from app.core.db import Model
from app.core.i18n import lazy as _l
from app.people.models import Person


class Account(Model):
    """Password (argon2) and second factor (TOTP) of a member of staff."""

    __tablename__ = "account"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(Encrypted, default=None)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    totp_step: Mapped[int] = mapped_column(default=0)
    """The last 30-second step whose code was used: a code works once."""
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    person: Mapped[Person] = relationship(lazy="raise", init=False)


class RoleGrant(Model):
    """A person is something in a house."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("person_id", "house_id", "role"), {"info": {"called": _l("Roles")}})

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    role: Mapped[str] = mapped_column(String(12))
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    granted_at: Mapped[datetime] = mapped_column(default_factory=clock.now)


class SignIn(Model):
    """One signed-in device. The cookie holds the secret, the row its fingerprint."""

    __tablename__ = "sign_in"
    __table_args__ = {"info": {"called": _l("Signed-in devices")}}

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    means: Mapped[str] = mapped_column(String(12))
    """``mail``, ``slip``, ``password`` or ``demo``."""
    device: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    expires_at: Mapped[datetime] = mapped_column(kw_only=True)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class OneTimeCode(Model):
    """Six digits sent to an address. `person_id` is None while the address is new to the house."""

    __tablename__ = "one_time_code"
    __table_args__ = {"sqlite_autoincrement": True}  # letters are known by these numbers: none comes twice

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    email: Mapped[str] = mapped_column(String(254), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class Slip(Model):
    """A secret code on paper; may be used often until it expires or is withdrawn."""

    __tablename__ = "slip"
    __table_args__ = {"info": {"called": _l("Slips")}}

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    expires_at: Mapped[datetime] = mapped_column(kw_only=True)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    person: Mapped[Person] = relationship(lazy="raise", init=False, foreign_keys=[person_id])


class Invitation(Model):
    """A link with which a member of staff chooses password and second factor, once."""

    __tablename__ = "invitation"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    expires_at: Mapped[datetime] = mapped_column(kw_only=True)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class ApiToken(Model):
    """Bearer token of another program: it acts as `person_id` (or as the house) with one role in one house."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    role: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
