"""Questions about who acts, and lists of sign-ins, slips, roles and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import aliased

from app.accounts.models import Account, ApiToken, Invitation, RoleGrant, SignIn, Slip
from app.core import clock
from app.core.crypto import fingerprint
from app.core.db import session
from app.core.memory import until_written
from app.core.policy import STAFF, Actor, Role
from app.core.statements import Statement
from app.houses.models import House
from app.people.models import Person

STRONG_MEANS = frozenset({"password", "demo"})
"""Only these carry staff roles: a code from a mail or a slip is one factor, and slips get lost."""

_SIGN_IN = Statement(
    select(
        SignIn.person_id, SignIn.means, SignIn.expires_at, Person.given_name, Person.family_name, Person.language,
        RoleGrant.house_id, RoleGrant.role,
    )
    .join(Person, Person.id == SignIn.person_id)
    .outerjoin(RoleGrant, RoleGrant.person_id == SignIn.person_id)
    .where(SignIn.digest == bindparam("digest"), SignIn.ended_at.is_(None), Person.merged_into_id.is_(None))
)  # fmt: skip
_TOKEN = Statement(
    select(
        ApiToken.id, ApiToken.person_id, ApiToken.label, ApiToken.house_id, ApiToken.role,
        Person.given_name, Person.family_name, Person.language,
    )
    .outerjoin(Person, Person.id == ApiToken.person_id)
    .where(ApiToken.digest == bindparam("digest"), ApiToken.revoked_at.is_(None), Person.merged_into_id.is_(None))
)  # fmt: skip


def identify(secret: str, *, demo: bool) -> Actor | None:
    """Who holds the sign-in with this secret; None when it is unknown, ended or over. One statement.

    A sign-in by one click counts only while the house is a demonstration.
    """
    found = until_written(("sign-in", secret), lambda: _signed_in(secret))
    if found is None or found.expires_at <= clock.now() or (found.means == "demo" and not demo):
        return None
    return found.actor


class _SignedIn(NamedTuple):
    actor: Actor
    means: str
    expires_at: datetime


def _signed_in(secret: str) -> _SignedIn | None:
    rows = _SIGN_IN.rows(digest=fingerprint(secret))
    if not rows:
        return None
    person_id, means, expires_at, given, family, language, _, _ = rows[0]
    strong = means in STRONG_MEANS
    roles = frozenset((house_id, _effective(role, strong)) for *_, house_id, role in rows if house_id is not None)
    actor = Actor(person_id=person_id, name=f"{given} {family}".strip(), roles=roles, language=language, session_key=secret)
    return _SignedIn(actor, means, expires_at)


def _effective(role: str, strong: bool) -> Role:
    """What `role` counts for: without second factor staff are residents of their house."""
    return Role.RESIDENT if not strong and role in STAFF else Role(role)


def identify_token(bearer: str) -> Actor | None:
    """Who acts by this bearer token: exactly the token's one role, whatever else the person is. One statement."""
    return until_written(("token", bearer), lambda: _token_holder(bearer))


def _token_holder(bearer: str) -> Actor | None:
    row = _TOKEN.row(digest=fingerprint(bearer))
    if row is None:
        return None
    token_id, person_id, label, house_id, role, given, family, language = row
    name = f"{given} {family}".strip() if person_id is not None else label
    roles = frozenset({(house_id, Role(role))})
    return Actor(person_id=person_id, name=name, roles=roles, language=language, session_key=f"token:{token_id}", via="api")


@dataclass(frozen=True)
class PersonCard:
    """Somebody whose keys are looked after. `role_houses` are all houses in which the person holds a staff role."""

    person_id: int
    name: str
    email: str
    language: str
    role_houses: frozenset[int]
    has_account: bool
    prepared: bool
    """Password and second factor have been chosen."""


def person_card(person_id: int) -> PersonCard | None:
    """None for an unknown or merged person."""
    rows = (
        session()
        .execute(
            select(
                Person.id,
                Person.given_name,
                Person.family_name,
                Person.email,
                Person.language,
                Account.person_id.label("account"),
                Account.totp_confirmed_at,
                RoleGrant.house_id,
            )
            .outerjoin(Account, Account.person_id == Person.id)
            .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, RoleGrant.role.in_([*STAFF])))
            .where(Person.id == person_id, Person.merged_into_id.is_(None))
        )
        .all()
    )
    if not rows:
        return None
    first = rows[0]
    return PersonCard(
        person_id=first.id,
        name=f"{first.given_name} {first.family_name}".strip(),
        email=first.email or "",
        language=first.language,
        role_houses=frozenset(row.house_id for row in rows if row.house_id is not None),
        has_account=first.account is not None,
        prepared=first.totp_confirmed_at is not None,
    )


@dataclass(frozen=True)
class Device:
    """A signed-in device; `current` is the one that asks."""

    id: int
    device: str
    means: str
    created_at: datetime
    expires_at: datetime
    current: bool


def devices(actor: Actor) -> list[Device]:
    """Where this person is signed in, newest first."""
    here = fingerprint(actor.session_key)
    rows = session().execute(
        select(SignIn.id, SignIn.device, SignIn.means, SignIn.created_at, SignIn.expires_at, SignIn.digest)
        .where(SignIn.person_id == actor.person_id, SignIn.ended_at.is_(None), SignIn.expires_at > clock.now())
        .order_by(SignIn.created_at.desc(), SignIn.id.desc())
        .limit(100)
    )
    return [Device(row.id, row.device, row.means, row.created_at, row.expires_at, row.digest == here) for row in rows]


def own_device(actor: Actor, sign_in_id: int) -> SignIn | None:
    return session().scalar(
        select(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == actor.person_id, SignIn.ended_at.is_(None))
    )


@dataclass(frozen=True)
class SlipLine:
    id: int
    created_at: datetime
    expires_at: datetime
    issued_by: str


def valid_slips(person_id: int) -> list[SlipLine]:
    """Slips of this person that still open the door, newest first."""
    issuer = aliased(Person)
    rows = session().execute(
        select(Slip.id, Slip.created_at, Slip.expires_at, issuer.given_name, issuer.family_name)
        .outerjoin(issuer, issuer.id == Slip.issued_by_id)
        .where(Slip.person_id == person_id, Slip.withdrawn_at.is_(None), Slip.expires_at > clock.now())
        .order_by(Slip.created_at.desc(), Slip.id.desc())
        .limit(100)
    )
    return [
        SlipLine(row.id, row.created_at, row.expires_at, f"{row.given_name or ''} {row.family_name or ''}".strip())
        for row in rows
    ]


def slip_of(person_id: int, slip_id: int) -> Slip | None:
    return session().scalar(select(Slip).where(Slip.id == slip_id, Slip.person_id == person_id))


@dataclass(frozen=True)
class GrantLine:
    """A role in a house; `id` is that of the grant."""

    id: int
    house_id: int
    house: str
    role: Role
    granted_at: datetime


def roles_of(person_id: int) -> list[GrantLine]:
    rows = session().execute(
        select(RoleGrant.id, RoleGrant.house_id, House.name, RoleGrant.role, RoleGrant.granted_at)
        .join(House, House.id == RoleGrant.house_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(House.position, House.id, RoleGrant.role)
    )
    return [GrantLine(row.id, row.house_id, row.name, Role(row.role), row.granted_at) for row in rows]


def open_invitation(token: str) -> Invitation | None:
    """The invitation behind this link while it can be used."""
    return session().scalar(
        select(Invitation).where(
            Invitation.digest == fingerprint(token), Invitation.used_at.is_(None), Invitation.expires_at > clock.now()
        )
    )


@dataclass(frozen=True)
class TokenLine:
    id: int
    label: str
    role: Role
    house_id: int
    house: str
    person: str
    created_at: datetime
    revoked_at: datetime | None


def tokens(house_ids: frozenset[int] | None = None) -> list[TokenLine]:
    """Tokens of these houses (of all for None), valid ones first, newest first."""
    query = (
        select(
            ApiToken.id,
            ApiToken.label,
            ApiToken.role,
            ApiToken.house_id,
            House.name,
            Person.given_name,
            Person.family_name,
            ApiToken.created_at,
            ApiToken.revoked_at,
        )
        .join(House, House.id == ApiToken.house_id)
        .outerjoin(Person, Person.id == ApiToken.person_id)
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
        .limit(200)
    )
    if house_ids is not None:
        query = query.where(ApiToken.house_id.in_(house_ids))
    return [
        TokenLine(
            row.id,
            row.label,
            Role(row.role),
            row.house_id,
            row.name,
            f"{row.given_name or ''} {row.family_name or ''}".strip(),
            row.created_at,
            row.revoked_at,
        )
        for row in session().execute(query)
    ]


def token(token_id: int) -> ApiToken | None:
    return session().get(ApiToken, token_id)


def grant(grant_id: int) -> RoleGrant | None:
    return session().get(RoleGrant, grant_id)


@dataclass(frozen=True)
class Known:
    """Somebody behind an address."""

    person_id: int
    name: str
    language: str


def behind(email: str) -> list[Known]:
    """Everyone whose address this is, longest known first."""
    rows = session().execute(
        select(Person.id, Person.given_name, Person.family_name, Person.language)
        .where(Person.email == email, Person.merged_into_id.is_(None))
        .order_by(Person.id)
        .limit(50)
    )
    return [Known(row.id, f"{row.given_name} {row.family_name}".strip(), row.language) for row in rows]


@dataclass(frozen=True)
class WayIn:
    """Somebody who can be entered as with one click in a demonstration."""

    role: Role
    person_id: int
    name: str
    email: str


def demo_ways_in() -> list[WayIn]:
    """The longest known person of each role, in the order of the roles."""
    longest = (
        select(RoleGrant.role, func.min(RoleGrant.person_id).label("person_id"))
        .join(Person, and_(Person.id == RoleGrant.person_id, Person.merged_into_id.is_(None)))
        .group_by(RoleGrant.role)
        .subquery()
    )
    rows = (
        session()
        .execute(
            select(longest.c.role, Person.id, Person.given_name, Person.family_name, Person.email).join(
                Person, Person.id == longest.c.person_id
            )
        )
        .all()
    )
    order = list(Role)
    ways = [WayIn(Role(row.role), row.id, f"{row.given_name} {row.family_name}".strip(), row.email or "") for row in rows]
    return sorted(ways, key=lambda way: order.index(way.role))
