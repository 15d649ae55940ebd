"""Who may: named rules that combine, and read as law in ``tests/architecture/access.txt``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a person is in a house. Each name is a job, not a rank: nobody inherits from another."""

    MANAGER = "manager"
    DESK = "desk"
    VOLUNTEER = "volunteer"
    TREASURER = "treasurer"
    PARTNER = "partner"
    RESIDENT = "resident"


STAFF = frozenset({Role.MANAGER, Role.DESK, Role.TREASURER})
"""Who sees other people's data in bulk, and therefore signs in with password and second factor."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting in this request. `ANONYMOUS` has no `person_id`; `THE_HOUSE` is the house itself (jobs, commands).

    `roles` holds pairs of house id and role. `session_key` names the sign-in or the token. A token may act without a
    person: signed in, and yet `person_id` is None, so never take two Nones for the same person.
    """

    person_id: int | None = None
    name: str = ""
    roles: frozenset[tuple[int, Role]] = frozenset()
    language: str | None = None
    session_key: str = ""
    via: str = "page"
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    def has(self, house_id: int | None, *wanted: Role) -> bool:
        """Whether this person holds one of `wanted` in that house (in any house for None)."""
        return any(role in wanted and house_id in (None, house) for house, role in self.roles)

    def is_staff(self, house_id: int | None = None) -> bool:
        return self.has(house_id, *STAFF)

    # What Flask-Login asks of a user.
    @property
    def is_authenticated(self) -> bool:
        return self.person_id is not None or self.session_key != ""

    @property
    def is_active(self) -> bool:
        return self.is_authenticated

    @property
    def is_anonymous(self) -> bool:
        return not self.is_authenticated

    def get_id(self) -> str:
        return self.session_key


ANONYMOUS = Actor()
THE_HOUSE = Actor(name="Quartiersraum", via="house")

Check = Callable[[Actor, Any], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named answer to "may `actor` do this to `subject`?"; combine with ``|`` and ``&``."""

    name: str
    check: Check

    def __call__(self, actor: Actor, subject: Any = None) -> bool:
        return self.check(actor, subject)

    def __or__(self, other: Rule) -> Rule:
        return Rule(f"{self.name} | {other.name}", lambda actor, subject: self(actor, subject) or other(actor, subject))

    def __and__(self, other: Rule) -> Rule:
        return Rule(f"({self.name}) & ({other.name})", lambda actor, subject: self(actor, subject) and other(actor, subject))


def rule(check: Check) -> Rule:
    """Make a rule of a function; its name becomes the word in ``access.txt``."""
    return Rule(check.__name__, check)


def house_of(subject: Any) -> int | None:
    """The house a subject belongs to; None for what belongs to the operator."""
    return getattr(subject, "house_id", None)


def holding(*roles: Role) -> Rule:
    """The person holds one of `roles` in the house of the subject (in any house when the subject has none)."""
    return Rule(" | ".join(role.value for role in roles), lambda actor, subject: actor.has(house_of(subject), *roles))


everyone = Rule("everyone", lambda actor, subject: True)
signed_in = Rule("signed_in", lambda actor, subject: actor.is_authenticated)
manager = holding(Role.MANAGER)
desk = holding(Role.MANAGER, Role.DESK)
staff = holding(Role.MANAGER, Role.DESK, Role.TREASURER)
