"""Words for what stands as a code in the tables."""

from __future__ import annotations

from app.core import i18n
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.money.forms.desk import DEPOSIT_KINDS, METHODS, REDUCTIONS
from app.money.models import Charge, Deposit, MovementKind, Reduction, SettlementKind

_SETTLEMENTS = {
    SettlementKind.PAYMENT: _l("paid"),
    SettlementKind.WAIVER: _l("waived"),
    SettlementKind.DEPOSIT: _l("paid out of the deposit"),
    SettlementKind.MOVED: _l("moved from one charge to the other"),
    SettlementKind.UNDONE: _l("taken back"),
}
_MOVEMENTS = {
    MovementKind.TAKEN: _l("taken"),
    MovementKind.RETURNED: _l("given back"),
    MovementKind.KEPT: _l("kept"),
    MovementKind.UNDONE: _l("taken back"),
}


def method_word(method: str) -> str:
    return str({each.value: word for each, word in METHODS.items()}.get(method, method))


def reduction_word(reduction: str) -> str:
    return str(REDUCTIONS[Reduction(reduction)]) if reduction in set(Reduction) else ""


def deposit_kind_word(kind: str) -> str:
    return str({each.value: word for each, word in DEPOSIT_KINDS.items()}.get(kind, kind))


def settlement_word(kind: str) -> str:
    return str({each.value: word for each, word in _SETTLEMENTS.items()}.get(kind, kind))


def movement_word(kind: str) -> str:
    return str({each.value: word for each, word in _MOVEMENTS.items()}.get(kind, kind))


def charge_state(charge: Charge) -> tuple[str, str]:
    """Word and tone."""
    if charge.cancelled_at is not None:
        return gettext("cancelled"), "plain"
    if not charge.total_cents:
        return gettext("free of charge"), "sage"
    if not charge.open_cents:
        return gettext("settled"), "sage"
    if charge.settled_cents:
        return gettext("partly paid"), "honey"
    return gettext("open"), "honey"


def deposit_state(deposit: Deposit) -> tuple[str, str]:
    """Word and tone."""
    if deposit.closed_at is not None:
        return gettext("closed"), "plain"
    if not deposit.held_cents:
        return gettext("to be handed in"), "honey"
    return gettext("held: %(amount)s", amount=i18n.money(deposit.held_cents)), "sage"
