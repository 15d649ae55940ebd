"""Languages: English msgids, German complete; dates, times and money as the reader writes them.

Texts for services and models come from here (`lazy`, `gettext`), so that they need not know Flask.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_time as babel_time
from babel.numbers import format_currency
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context
from flask_babel.speaklater import LazyString
from markupsafe import Markup

from app.core.money import Money
from config import ROOT, Settings

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
NAMES = {"de": "Deutsch", "en": "English", "tr": "Türkçe", "ar": "العربية", "pl": "Polski", "uk": "Українська"}


def init_app(app: Flask, settings: Settings, choose: Callable[[], str | None]) -> None:
    """`choose` names the reader's language inside a request, None for the first one of the house."""
    app.extensions["zone"] = settings.zone
    app.extensions["languages"] = settings.languages
    app.extensions["choose_language"] = choose
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.globals.update(_=_in_markup, gettext=_in_markup, ngettext=_number_in_markup)


def _in_markup(text: str, /, **values: Any) -> Markup:
    """`gettext` of templates, in a tenth of the time of Jinja's own: a page has dozens of texts. Values are escaped."""
    code, translations = _speech()
    said = _markup(code, text) if not values else Markup(translations.ugettext(text))
    return said % _kept(values) if values else said


def _number_in_markup(one: str, many: str, num: int, /, **values: Any) -> Markup:
    said = Markup(_speech()[1].ungettext(one, many, num))
    return said % _kept({"num": num, **values})


@lru_cache(maxsize=4096)
def _markup(code: str, text: str) -> Markup:
    """A text without values; ``%%`` is a per cent sign as in those with values."""
    return Markup(_speech_in(code)[1].ugettext(text)) % {}


def _speech() -> tuple[str, NullTranslations]:
    """Language and translations being spoken, looked up once a request: a page asks for hundreds of texts."""
    speech: tuple[str, NullTranslations] | None = g.get("speech")
    if speech is None:
        extensions = current_app.extensions
        chosen = extensions["choose_language"]() if has_request_context() else None
        speech = g.speech = _speech_in(chosen or extensions["languages"][0])
    return speech


@lru_cache(maxsize=16)
def _speech_in(code: str) -> tuple[str, NullTranslations]:
    return code, Translations.load(ROOT / "app" / "translations", [code])


def language() -> str:
    """The language being spoken now, such as ``de``."""
    return _speech()[0]


def gettext(text: str, **values: object) -> str:
    """`text` (an English msgid) in the language being spoken, with `values` for its ``%(names)s``."""
    said: str = _speech()[1].ugettext(text)
    return said % _kept(values) if values else said


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The form for `num`, which is ``%(num)d`` in it."""
    said: str = _speech()[1].ungettext(one, many, num)
    return said % _kept({"num": num, **values})


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    return {name: in_one_piece(value) for name, value in values.items()} if language() in RIGHT_TO_LEFT else values


def in_one_piece(value: Any) -> Any:
    """A German name or telephone number in a sentence that runs from right to left, isolated from it: otherwise its quotation
    marks, and numbers beside it, change sides. Anything else, and an address of a page, is given back as it is.
    """
    if language() not in RIGHT_TO_LEFT or isinstance(value, int):
        return value
    text = value if isinstance(value, str) else str(value)
    return FIRST_STRONG_ISOLATE + text + POP_ISOLATE if runs_left_to_right(text) else value


@lru_cache(maxsize=2048)
def runs_left_to_right(text: str) -> bool:
    """Whether its first letter does, or it is a telephone number; addresses of pages are left as they are, to be copied."""
    if "://" in text:
        return False
    strong = next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "")
    return strong == "L" or (not strong and text.startswith("+"))


def lazy(text: str, **values: object) -> Any:
    """A text that is translated when it is shown: for messages that stand in classes and tables."""
    return LazyString(gettext, text, **values)


def languages() -> list[tuple[str, str]]:
    """Code and own name of every language of this house."""
    return [(code, NAMES.get(code, code)) for code in current_app.extensions["languages"]]


def text_direction(code: str | None = None) -> str:
    return "rtl" if (code or language()) in RIGHT_TO_LEFT else "ltr"


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Inside, texts are in language `code`: for letters to somebody else."""
    known = current_app.extensions["languages"]
    before = g.pop("speech", None)
    g.speech = _speech_in(code if code in known else known[0])
    try:
        yield
    finally:
        g.pop("speech", None)
        if before is not None:
            g.speech = before


def zone() -> ZoneInfo:
    """The zone of the house's clock on the wall."""
    here: ZoneInfo = current_app.extensions["zone"]
    return here


_COUNTRIES = {"en": "en_GB"}
"""Whose calendar a language takes, where it has several: 26 November 2026, the day before the month as everywhere here."""


@lru_cache(maxsize=16)
def _locale(code: str) -> Locale:
    return Locale.parse(_COUNTRIES.get(code, code))


_NUMBERS = {"ar": "ar_TN"}
"""Whose numbers a language takes, where it has several: digits 0–9 and a decimal comma, as on price lists here."""


def money(amount: Money | int) -> str:
    """Such as ``412,60 €``."""
    cents = amount.cents if isinstance(amount, Money) else amount
    return _money(cents, language())


@lru_cache(maxsize=2048)
def _money(cents: int, code: str) -> str:
    from decimal import Decimal

    return str(format_currency(Decimal(cents) / 100, "EUR", locale=_locale(_NUMBERS.get(code, code))))


def day(value: date | datetime, pattern: str = "EEEE, d. MMMM y") -> str:
    """A day with its weekday, ``Donnerstag, 26. November 2026``; `pattern` is the German one, others get their own."""
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return _day(value, pattern, language())


_SKELETONS = {
    "EEEE, d. MMMM y": "full",
    "EEEE, d. MMMM": "EEEE, d MMMM",
    "EE, d. MMM": "EEE, d MMM",
    "d. MMMM y": "long",
    "d. MMMM": "d MMMM",
    "EEEE": "EEEE",
    "EE": "EEE",
    "d.M.": "d/M",
    "d": "d",
    "MMMM y": "MMMM y",
    "dd.MM.y": "medium",
}
# With the Arabic comma. Days in mere digits keep points and their order from the left, as every sign and form here has them:
# with slashes and marks for the direction the day would stand where readers of German look for the month.
_ARABIC = {
    "EEEE, d. MMMM": "EEEE، d MMMM",
    "EE, d. MMM": "EEE، d MMM",
    "d.M.": "d.M",
    "dd.MM.y": "dd.MM.y",
}


@lru_cache(maxsize=4096)
def _day(value: date, pattern: str, code: str) -> str:
    if code == "ar" and pattern in _ARABIC:
        pattern = _ARABIC[pattern]
    elif code != "de":
        pattern = _SKELETONS.get(pattern, pattern)
    return str(babel_date(value, pattern, locale=_locale(code)))


def clock_time(value: datetime | time) -> str:
    """``14:30``, in German a full hour as ``14``; English ``14:30``: 24 hours everywhere, as the door sign has it."""
    if isinstance(value, datetime):
        value = value.astimezone(zone()).time()
    return _time(value.replace(second=0, microsecond=0), language())


@lru_cache(maxsize=4096)
def _time(value: time, code: str) -> str:
    if code == "de":
        return f"{value.hour}:{value.minute:02}" if value.minute else str(value.hour)
    return str(babel_time(value, "HH:mm", locale=_locale(code)))


def hours(starts_at: datetime, ends_at: datetime) -> str:
    """``14–18 Uhr``; across a clock change the twice-told hour carries its season, across midnight the end its day."""
    return _hours(starts_at, ends_at, zone(), language())


def hours_teller() -> Callable[[datetime, datetime], str]:
    """`hours` in the present language and zone, for a page that says it a hundred times."""
    here, code = zone(), language()
    return lambda starts_at, ends_at: _hours(starts_at, ends_at, here, code)


@lru_cache(maxsize=8192)
def _hours(starts_at: datetime, ends_at: datetime, here: ZoneInfo, code: str) -> str:
    start, end = starts_at.astimezone(here), ends_at.astimezone(here)
    first, last = (_time(each.time().replace(second=0, microsecond=0), code) + _season(each) for each in (start, end))
    if end.date() != start.date():
        if end.time() == time(0) and end.date() == start.date() + timedelta(days=1):
            last = "24" if code == "de" else "24:00"
        else:
            last = f"{day(end, 'EE, d. MMM')} {last}"
    return gettext("%(first)s–%(last)s h", first=first, last=last)


def _season(local: datetime) -> str:
    """Says which of the two: on the night in October when an hour comes twice."""
    twin = local.replace(fold=1 - local.fold)
    if twin.utcoffset() == local.utcoffset() or local.replace(fold=0).utcoffset() < local.replace(fold=1).utcoffset():  # type: ignore[operator]
        return ""
    return " " + (gettext("(summer time)") if local.dst() else gettext("(winter time)"))


def wall_hours(opens: time, closes: time) -> str:
    """``14–18 Uhr`` of every day; the last minute of a day, 23:59, is read as midnight."""
    last = ("24" if language() == "de" else "24:00") if closes == time(23, 59) else clock_time(closes)
    return gettext("%(first)s–%(last)s h", first=clock_time(opens), last=last)


def weekday(number: int) -> str:
    """``Montag`` for 0."""
    return day(date(2024, 1, 1) + timedelta(days=number), "EEEE")


def moment(value: datetime) -> str:
    """Day and time, ``Do., 26. Nov., 14:30 Uhr``."""
    return together(day(value, "EE, d. MMM"), gettext("%(time)s h", time=clock_time(value)))


def together(*parts: object) -> str:
    """``Donnerstag, 26. November, 14–18 Uhr``: what is said in one breath, with the reader's comma; empty parts are left out."""
    return ("، " if language() == "ar" else ", ").join(str(in_one_piece(part)) for part in parts if part)


def dotted(*parts: object) -> str:
    """``Saal · 14–18 Uhr``: facts side by side; empty ones are left out."""
    return " · ".join(str(in_one_piece(part)) for part in parts if part)


def wall(value: datetime) -> str:
    """The time on the wall for an address, ``2026-11-26T14:00``."""
    return f"{value.astimezone(zone()):%Y-%m-%dT%H:%M}"


def duration(minutes: int) -> str:
    """``2 Std. 30 Min.``; what is owed has its minus, ``−4 Std.``"""
    if minutes < 0:
        return f"\u2212{duration(-minutes)}" if language() not in RIGHT_TO_LEFT else f"\u200e\u2212{duration(-minutes)}"
    whole, rest = divmod(minutes, 60)
    parts = []
    if whole:
        parts.append(ngettext("%(num)d h", "%(num)d h", whole))
    if rest or not whole:
        parts.append(ngettext("%(num)d min", "%(num)d min", rest))
    return gettext("%(hours)s %(minutes)s", hours=parts[0], minutes=parts[1]) if len(parts) == 2 else parts[0]
