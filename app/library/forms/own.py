"""Reserving."""

from __future__ import annotations

from datetime import date

from wtforms import SelectField
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.core.forms import Day, Form, Whole
from app.core.i18n import lazy as _l


def _day(value: str | date | None) -> date | None:
    if isinstance(value, date):
        return value
    return date.fromisoformat(value) if value else None


class ReserveForm(Form):
    """From which day to which, and how many. The choices of return days come from the view."""

    pick_up_on = Day(_l("Pick it up on"), [InputRequired()], widget=HiddenInput())
    return_on = SelectField(_l("Bring it back on"), [Optional()], coerce=_day, validate_choice=False)
    quantity = Whole(_l("How many?"), [InputRequired(), NumberRange(min=1, max=10_000)], default=1)
