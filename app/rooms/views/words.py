"""Words for states, features, tariff classes and prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.core import i18n
from app.core.i18n import gettext, ngettext
from app.core.i18n import lazy as _l
from app.money.models import Reduction
from app.offers.queries import Price, cancellation_steps
from app.people.models import TariffClass
from app.rooms.models import Feature, State

FEATURES = {
    Feature.STEP_FREE: _l("step-free"),
    Feature.ACCESSIBLE_WC: _l("accessible toilet"),
    Feature.HEARING_LOOP: _l("hearing loop"),
    Feature.QUIET: _l("quiet"),
    Feature.KITCHEN: _l("kitchen"),
    Feature.PROJECTOR: _l("projector"),
    Feature.PIANO: _l("piano"),
    Feature.CHILD_CORNER: _l("children's corner"),
    Feature.WORKBENCH: _l("workbench"),
    Feature.WIFI: _l("Wi-Fi"),
}
CLASSES = {
    TariffClass.FREE: _l("Free group of residents, or an offer of the house: no money flows"),
    TariffClass.REDUCED: _l("Non-profit with takings, or with Dortmund-Karte"),
    TariffClass.PRIVATE: _l("Private, such as a birthday"),
    TariffClass.COMMERCIAL: _l("Business"),
}
STATES = {
    State.WISHED: (_l("asked for"), "honey"),
    State.CONFIRMED: (_l("confirmed"), "sage"),
    State.REFUSED: (_l("refused"), "brick"),
    State.CANCELLED: (_l("cancelled"), "plain"),
    State.LAPSED: (_l("not decided in time"), "plain"),
}


def feature_words(features: Iterable[str]) -> list[str]:
    return [str(FEATURES[Feature(feature)]) for feature in features if feature in set(Feature)]


def class_words() -> list[tuple[str, str]]:
    return [(code.value, str(word)) for code, word in CLASSES.items()]


def state_words(state: str) -> tuple[str, str]:
    """The word and the tone of a booking's state."""
    word, tone = STATES[State(state)]
    return str(word), tone


def price_words(price: Price) -> str:
    """``22,00 € an hour, at least 3 Std.``"""
    if not price.cents:
        return gettext("free of charge")
    if price.unit == "flat":
        told = gettext("%(money)s flat", money=i18n.money(price.cents))
    elif price.min_minutes:
        told = gettext(
            "%(money)s an hour, at least %(length)s", money=i18n.money(price.cents), length=i18n.duration(price.min_minutes)
        )
    else:
        told = gettext("%(money)s an hour", money=i18n.money(price.cents))
    return i18n.together(told, season_words(price.season)) if price.season else told


def season_words(season: str) -> str:
    """``1 October to 30 April``"""
    first, last = (i18n.day(date.fromisoformat(f"2028-{day}"), "d. MMMM") for day in season.split("/"))
    return gettext("%(first)s to %(last)s", first=first, last=last)


REDUCTIONS = {
    Reduction.CITY_CARD: _l("Dortmund-Karte"),
    Reduction.HARDSHIP: _l("hardship"),
    Reduction.FREE: _l("free of charge on application"),
}


def reduction_words(kind: object) -> str:
    return str(REDUCTIONS[Reduction(str(kind))]) if kind in set(Reduction) else ""


def cancellation_words(rule: Mapping[str, Any]) -> str:
    """``up to 14 days before: free of charge · up to 3 days before: 50 % · later: 100 %``, empty without terms."""
    told = []
    for days, percent in cancellation_steps(str(rule.get("cancellation") or "")):
        share = gettext("%(percent)s %% of the price", percent=percent) if percent else gettext("free of charge")
        if days:
            told.append(
                ngettext("up to one day before: %(share)s", "up to %(num)d days before: %(share)s", days, share=share)
            )  # fmt: skip
        else:
            told.append(gettext("later: %(share)s", share=share))
    return i18n.dotted(*told)
