"""The filter above the journal."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import DateField, SelectField
from wtforms.validators import NumberRange, Optional

from app.core.forms import Form, Whole
from app.core.i18n import lazy as _l
from app.journal.queries import ACTS, SUBJECTS, Filter

LARGEST = 2**31 - 1


class FilterForm(Form):
    act = SelectField(_l("What"), validators=[Optional()])
    subject = SelectField(_l("About"), validators=[Optional()])
    number = Whole(_l("Number"), [Optional(), NumberRange(1, LARGEST)])
    day = DateField(_l("Day"), [Optional()])

    def __init__(self, formdata: Any = None) -> None:
        super().__init__(formdata)
        self.act.choices = [("", _l("everything")), *sorted(ACTS.items(), key=lambda item: str(item[1]))]
        self.subject.choices = [("", _l("everything")), *sorted(SUBJECTS.items(), key=lambda item: str(item[1]))]

    def filter(self) -> Filter:
        """What was asked for; a field that makes no sense asks for nothing."""
        self.validate()
        day: date | None = None if self.day.errors else self.day.data
        return Filter(
            act="" if self.act.errors else self.act.data or "",
            subject="" if self.subject.errors else self.subject.data or "",
            subject_id=None if self.number.errors else self.number.data,
            day=day if day is not None and 2000 <= day.year <= 2199 else None,
        )
