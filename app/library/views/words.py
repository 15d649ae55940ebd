"""Words for states and rules of the lending library, in the reader's language."""

from __future__ import annotations

from typing import Any

from app.core import i18n
from app.core.i18n import gettext, ngettext
from app.core.i18n import lazy as _l
from app.library.models import Condition, Intake, Origin, Thing, ThingClass, Trust, Whereabouts
from app.library.queries import Card, PieceLine, PriceTag

CONDITIONS: dict[Condition, tuple[Any, str]] = {
    Condition.FINE: (_l("fine"), "sage"),
    Condition.CHECK: (_l("to check"), "honey"),
    Condition.WASH: (_l("to wash"), "honey"),
    Condition.REPAIR: (_l("in repair"), "honey"),
    Condition.QUARANTINED: (_l("failed its test"), "brick"),
}
WHEREABOUTS: dict[Whereabouts, Any] = {
    Whereabouts.SHELF: _l("on the shelf"),
    Whereabouts.OUT: _l("on loan"),
    Whereabouts.BOX: _l("in the return box"),
    Whereabouts.OWNER: _l("with its owner"),
    Whereabouts.LOST: _l("lost"),
}
INTAKES: dict[Intake, tuple[Any, str]] = {
    Intake.OFFERED: (_l("offered"), "honey"),
    Intake.DECLINED: (_l("declined"), "plain"),
    Intake.ACCEPTED: (_l("accepted, to be checked"), "honey"),
    Intake.STOCKED: (_l("in stock"), "sage"),
}
ORIGINS: dict[Origin, Any] = {
    Origin.BOUGHT: _l("bought"),
    Origin.GIFT: _l("given to the house"),
    Origin.PERMANENT_LOAN: _l("left to the house for good"),
    Origin.NEIGHBOUR: _l("a neighbour’s own"),
}
TRUSTS: dict[Trust, Any] = {
    Trust.ANYBODY: _l("everybody"),
    Trust.PROVEN: _l("who has brought things back well before"),
    Trust.APPROVED: _l("only after a word with the desk"),
}
STATES: dict[str, Any] = {
    "": _l("all that is lent"),
    "check": _l("to check"),
    "wash": _l("to wash"),
    "repair": _l("in repair"),
    "quarantined": _l("failed its test"),
    "test": _l("test due"),
    "offered": _l("offered or accepted"),
    "out": _l("on loan"),
    "box": _l("in the return box"),
    "owner": _l("with its owner"),
    "lost": _l("lost"),
    "retired": _l("retired or declined"),
}


def price_words(tag: PriceTag) -> str:
    """``3,00 € · Kaution 30,00 €``, or that it is free of charge."""
    fee = i18n.money(tag.fee_cents) if tag.fee_cents else gettext("free of charge")
    deposit = gettext("deposit %(amount)s", amount=i18n.money(tag.deposit_cents)) if tag.deposit_cents else ""
    return i18n.dotted(fee, deposit)


def card_state(card: Card) -> tuple[str, str]:
    """Whether it is there, as word and tone."""
    if card.here:
        return gettext("here now"), "sage"
    if card.from_day is not None:
        return gettext("from %(day)s", day=i18n.day(card.from_day, "EE, d. MMM")), "honey"
    return gettext("not to be had just now"), "plain"


def piece_state(line: PieceLine) -> tuple[str, str]:
    """The one word that matters most about a piece."""
    if line.retired:
        return gettext("retired"), "plain"
    if line.intake != Intake.STOCKED:
        word, tone = INTAKES[Intake(line.intake)]
        return str(word), tone
    if line.whereabouts != Whereabouts.SHELF and line.condition == Condition.FINE:
        return str(WHEREABOUTS[Whereabouts(line.whereabouts)]), "brick" if line.whereabouts == Whereabouts.LOST else "sky"
    word, tone = CONDITIONS[Condition(line.condition)]
    return str(word), tone


def rules_of(thing: Thing, thing_class: ThingClass) -> list[tuple[str, str]]:
    """The rules of a thing as a resident reads them: term and words."""
    days = thing.loan_days or thing_class.loan_days
    longest = max(days, thing_class.longest_days)
    length = ngettext("one day", "%(num)d days", days)
    if longest > days:
        length = gettext("%(usual)s, %(num)d at the longest", usual=length, num=longest)
    renewals = thing_class.renewals
    more = ngettext("once, if nobody waits", "%(num)d times, if nobody waits", renewals) if renewals else gettext("not possible")
    age = ""
    if thing_class.min_age < 18:
        age = ngettext("from the age of one", "from %(num)d years on, with a parent’s consent", thing_class.min_age)
    late = ""
    if thing_class.late_cents:
        late = gettext("%(amount)s for each open day", amount=i18n.money(thing_class.late_cents))
        if thing_class.late_grace_days:
            free = ngettext("the first day is free", "the first %(num)d days are free", thing_class.late_grace_days)
            late = i18n.together(late, free)
    who = "" if thing_class.trust == Trust.ANYBODY else str(TRUSTS[Trust(thing_class.trust)])
    return [
        (gettext("For how long"), length),
        (gettext("Renew the loan"), more),
        (gettext("Who may borrow it"), i18n.together(who, age)),
        (gettext("Brought back late"), late),
    ]
