"""How the library says no: always with the reason and with what is possible instead, never with anybody's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.errors import Refusal
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.library.queries import Why
from app.library.queries.borrowers import No

WHY: dict[Why, Any] = {
    Why.OUT: _l("It is out then."),
    Why.OVERDUE: _l("It has not come back yet, although it should have."),
    Why.RESERVED: _l("It is reserved then."),
    Why.REPAIR: _l("It is being repaired."),
    Why.CHECK: _l("It is being checked."),
    Why.WASH: _l("It is being washed."),
    Why.TEST: _l("Its safety test is due before it would come back."),
    Why.QUARANTINED: _l("It has failed its safety test."),
    Why.PARTS: _l("A part is missing that it cannot do without."),
    Why.REST: _l("It is being made ready for the next."),
    Why.OWNER: _l("It is with its owner then."),
    Why.GONE: _l("The house does not have it any more."),
}


class MayNotBorrow(Refusal):
    """A rule says no. `facts`: `reasons`, pairs of code and words; `firm`: whether one of them cannot be set aside."""

    kind = "may-not-borrow"

    def __init__(self, reasons: Sequence[No], **facts: Any) -> None:
        super().__init__(
            " ".join(each.words for each in reasons),
            reasons=[{"code": each.code, "words": each.words} for each in reasons],
            firm=any(each.firm for each in reasons),
            **facts,
        )


class ThingTaken(Refusal):
    """Not enough of it is free then. `facts`: `possible` (how many are), `why`, `alternatives` (pairs of pick-up and return day)."""

    kind = "thing-taken"

    def __init__(self, why: Why, possible: int, quantity: int, told: str = "", **facts: Any) -> None:
        words = told or str(WHY[why])
        if possible and quantity > 1:
            words = gettext("%(num)d possible.", num=possible) + " " + words
        super().__init__(words, why=why.value, possible=possible, **facts)


class OthersWait(Refusal):
    """People wait for it, and they come first. `facts`: `waiting`."""

    kind = "others-wait"
    message = _l("Others are waiting for it and come first. Join the queue, then your turn comes too.")


class NotOpen(Refusal):
    """It has been collected, cancelled or given back already."""

    kind = "not-open"
    message = _l("This is already done. Nothing has been changed.")


class PieceOut(Refusal):
    """The piece is on loan: it has to come back first."""

    kind = "piece-out"
    message = _l("This is still out on loan. Take it back first.")


class NoOpenDayKnown(Refusal):
    """No open day is known on which it could come back."""

    kind = "no-open-day"
    message = _l("No open day is known for that time. Please look at the opening hours first.")


class NoRenewal(Refusal):
    """It cannot be kept any longer; `facts`: `code`."""

    kind = "no-renewal"
