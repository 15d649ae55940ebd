"""Who may look after sign-ins, slips, roles and tokens."""

from __future__ import annotations

from typing import Any

from app.core.policy import Actor, Role, Rule, desk, everyone, manager, rule, signed_in

sign_in: Rule = everyone
choose_preferences: Rule = everyone
sign_out: Rule = everyone
keep_own_devices: Rule = signed_in
change_own_password: Rule = signed_in
keep_slips: Rule = desk
keep_roles: Rule = manager
keep_tokens: Rule = manager


@rule
def manager_wherever_they_work(actor: Actor, subject: Any) -> bool:
    """Whoever resets somebody's keys could take them: so only a manager of every house in which they are staff."""
    return actor.has(None, Role.MANAGER) and all(actor.has(house, Role.MANAGER) for house in subject.role_houses)


invite: Rule = manager_wherever_they_work
