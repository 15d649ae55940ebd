"""The one set of pages of this folder, and the words they share."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app.core import i18n
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.web import Pages, actor
from app.houses.queries import HouseCard
from app.houses.views import here
from app.people.models import Person
from app.swap import policy, queries
from app.swap.forms import CATEGORIES, KINDS
from app.swap.models import AccountKind, Category, EntryKind, HoursState, MatchState, ThingKind, TimeAccount
from app.swap.queries import HistoryLine

pages = Pages("swap", "app.swap")

MATCH_STATES = {
    MatchState.ANSWERED: (_l("waits for an answer"), "honey"),
    MatchState.AGREED: (_l("agreed"), "sage"),
    MatchState.DECLINED: (_l("declined"), "plain"),
    MatchState.ENDED: (_l("ended"), "plain"),
}
HOURS_STATES = {
    HoursState.BOOKED: (_l("waits for a yes"), "honey"),
    HoursState.ACCEPTED: (_l("credited"), "sage"),
    HoursState.DISPUTED: (_l("disputed"), "brick"),
    HoursState.DROPPED: (_l("dropped"), "plain"),
}
ENTRIES = {
    EntryKind.START: _l("Gift at the start"),
    EntryKind.HELP: _l("Help"),
    EntryKind.GROUP: _l("Thanks for helping together"),
    EntryKind.GIFT: _l("Gift to the social pot"),
    EntryKind.LEAVING: _l("Left the time bank"),
    EntryKind.MERGER: _l("From the other record"),
    EntryKind.CORRECTION: _l("Correction"),
}
HOUSE_ACCOUNTS = {AccountKind.COMMUNITY: _l("the community"), AccountKind.POT: _l("the social pot")}


def house() -> HouseCard | None:
    return here()


def kind_word(kind: str) -> str:
    return str(KINDS[ThingKind(kind)])


def category_word(category: str) -> str:
    return str(CATEGORIES[Category(category)]) if category else ""


def hours_words(state: str) -> tuple[str, str]:
    """Word and tone."""
    word, tone = HOURS_STATES[HoursState(state)]
    return str(word), tone


def match_words(state: str) -> tuple[str, str]:
    word, tone = MATCH_STATES[MatchState(state)]
    return str(word), tone


def entry_words(line: HistoryLine) -> str:
    """Such as ``Help from Kemal Y.: hedge``."""
    who = line.other or str(HOUSE_ACCOUNTS.get(AccountKind(line.other_kind), gettext("somebody")))
    what = str(ENTRIES[EntryKind(line.entry.kind)])
    if line.entry.kind == EntryKind.HELP:
        what = gettext("Help for %(name)s", name=who) if line.minutes > 0 else gettext("Help from %(name)s", name=who)
    elif line.other or line.entry.kind in (EntryKind.CORRECTION, EntryKind.MERGER):
        what = i18n.dotted(what, who)
    return f"{what}: {line.entry.note}" if line.entry.note else what


def short(person: Person) -> str:
    """As others see somebody before both have agreed: ``Kemal Y.``"""
    if not person.given_name or not person.family_name:
        return person.name
    return f"{person.given_name} {person.family_name[0]}."


def words() -> dict[str, Any]:
    """What the templates say codes with."""
    return {
        "kind_word": kind_word, "category_word": category_word, "short": short, "entry_words": entry_words,
        "languages_told": lambda codes: i18n.together(*(i18n.NAMES.get(code, code) for code in codes)),
        "match_words": match_words, "hours_words": hours_words, "switch": switch,
    }  # fmt: skip


def switch(current: str, house: HouseCard | None) -> list[tuple[str, str, bool]]:
    """The ways between the pages of this area that a reader may enter."""
    who = actor()
    ways = [("shelf", gettext("Swap shelf"), "swap.show_shelf"), ("time", gettext("Time bank"), "swap.show_listings")]
    if who.person_id is not None:
        ways.append(("account", gettext("My time account"), "swap.show_my_account"))
    if policy.run_shelf(who, house):
        ways += [("shelf-desk", gettext("Shelf at the desk"), "swap.show_shelf_desk"),
                 ("time-desk", gettext("Time bank at the desk"), "swap.show_time_desk")]  # fmt: skip
    return [(word, url_for(endpoint), key == current) for key, word, endpoint in ways]


def my_account(house_id: int) -> TimeAccount | None:
    """The reader's open account."""
    account = queries.account_of(house_id, actor().person_id)
    return account if account is not None and account.is_open else None
