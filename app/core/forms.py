"""Forms: WTForms with the house's languages and clean text, and the secret every page's form carries."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, session
from wtforms import DateField as WTDateField
from wtforms import Form as WTForm
from wtforms import IntegerField as WTIntegerField
from wtforms import StringField as WTStringField
from wtforms import TextAreaField as WTTextAreaField
from wtforms import TimeField as WTTimeField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs are of 3.2

from app.core import clock, i18n
from app.core.errors import Invalid
from app.core.money import cents_typed
from app.core.spans import Span

_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def clean_line(text: str | None) -> str:
    """One line of text in composed form, without control characters; runs of blanks become one."""
    return " ".join(unicodedata.normalize("NFC", _UNWANTED.sub("", text or "")).split())


def clean_text(text: str | None) -> str:
    """Several lines, likewise."""
    lines = unicodedata.normalize("NFC", _UNWANTED.sub("", text or "")).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


class Line(WTStringField):
    """One line; control and direction characters are taken out."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = clean_line(valuelist[0]) if valuelist else ""


class Text(WTTextAreaField):
    """Several lines."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = clean_text(valuelist[0]) if valuelist else ""


def choices(words: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> list[Any]:
    """Value and word of each choice, for select, radio and check boxes."""
    pairs = words.items() if isinstance(words, Mapping) else words
    return [SelectChoice(value=value, label=word) for value, word in pairs]


class Whole(WTIntegerField):
    """A whole number; a row of digits longer than any number people mean is refused like any other nonsense."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = clean_line(valuelist[0]) if valuelist else ""
        super().process_formdata([typed if len(typed) <= 12 else "…"] if valuelist else [])


class Form(WTForm):
    """Base of every form; WTForms' own messages come in the reader's language."""

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("meta", {}).setdefault("locales", [i18n.language()])
        super().__init__(formdata, obj, **kwargs)


def page_token() -> str:
    """The secret that ties a form to this browser's session; every form that posts carries it."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_hex(20)
    key = str(current_app.config["SECRET_KEY"])
    return hmac.new(key.encode(), str(session["csrf"]).encode(), hashlib.sha256).hexdigest()


def is_page_token(given: str) -> bool:
    return "csrf" in session and hmac.compare_digest(given.encode(), page_token().encode())


class WallTime(WTTimeField):
    """A time on the wall clock; takes what people type: ``14``, ``14.30``, ``14:30 Uhr``."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = clean_line(valuelist[0]) if valuelist else ""
        if not typed:
            self.data = None
            return
        found = re.fullmatch(r"(\d{1,2})(?:[:.h]?(\d{2}))?(?::\d{2})?\s*(?:uhr|h)?", typed.casefold())
        if found is None or int(found[1]) > 24 or int(found[2] or 0) > 59:
            self.data = None
            raise ValueError(i18n.gettext("Please write a time such as 14:30."))
        # 24:00 is how a day ends; it is read as midnight, and who asks decides which.
        self.data = time(int(found[1]) % 24, int(found[2] or 0))


class Day(WTDateField):
    """A day; takes ISO as browsers send it, and ``26.11.2026`` as people type it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["format"] = ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y"]
        super().__init__(*args, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata([clean_line(each) for each in valuelist])
        except ValueError:
            self.data = None
            raise ValueError(i18n.gettext("Please write a day such as 26.11.2026.")) from None
        if self.data is not None and not 2000 <= self.data.year <= 2199:
            self.data = None
            raise ValueError(i18n.gettext("Please write a day such as 26.11.2026."))


class Euro(WTStringField):
    """An amount as people write it, see `money.cents_typed`; `data` is in whole cents, never negative."""

    data: Any

    def __init__(self, *args: Any, most: int = 9_999_999, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = clean_line(valuelist[0]) if valuelist else ""
        self.data = None
        if not typed:
            return
        cents = cents_typed(typed)
        if cents is None:
            raise ValueError(i18n.gettext("Please write an amount such as 12.50."))
        if cents > self.most:
            raise ValueError(i18n.gettext("At most %(amount)s.", amount=i18n.money(self.most)))
        self.data = cents

    def _value(self) -> str:
        if self.raw_data:
            return clean_line(self.raw_data[0])
        return "" if self.data is None else f"{self.data // 100}{'.' if i18n.language() == 'en' else ','}{self.data % 100:02}"


def span_of(day: date, starts: time, ends: time, zone: ZoneInfo) -> Span:
    """The span between two wall times of a day; an end of 00:00 is the midnight that ends the day.

    Raises `Invalid` at ``ends`` when it does not end after it starts, and for a time that the clock change skips.
    """
    last = day + timedelta(days=1) if ends == time(0) else day
    moments = []
    for name, on, wall in (("starts", day, starts), ("ends", last, ends)):
        try:
            moments.append(clock.at(on, wall, zone))
        except clock.NoSuchTime:
            reason = i18n.gettext(
                "There is no %(time)s on %(day)s: the clocks go forward in that night.",
                time=i18n.clock_time(wall),
                day=i18n.day(on),
            )
            raise Invalid({name: [reason]}) from None
    if moments[1] <= moments[0]:
        raise Invalid({"ends": [i18n.lazy("It must end after it starts.")]})
    return Span(moments[0], moments[1])


def blame(form: WTForm, refusal: Invalid, names: dict[str, str] | None = None) -> None:
    """Put a service's refusal at the fields it names; `names` maps the service's words to the form's. The rest goes on top."""
    for name, reasons in refusal.fields.items():
        field = form._fields.get((names or {}).get(name, name))
        if field is not None:
            field.errors = [*field.errors, *(str(reason) for reason in reasons)]
        else:
            form.form_errors = [*form.form_errors, *(str(reason) for reason in reasons)]
    if not refusal.fields:
        form.form_errors = [*form.form_errors, str(refusal)]
