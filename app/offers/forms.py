"""What the manager fills in about opening hours."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from wtforms import RadioField, SelectMultipleField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.core import i18n
from app.core.forms import Day, Form, Line, WallTime, choices
from app.core.i18n import lazy as _l
from app.offers.models import HoursKind
from app.offers.service import HoursRequest

KINDS = {
    HoursKind.DESK: _l("Somebody is there"),
    HoursKind.USE: _l("Rooms may be used"),
    HoursKind.OFFICE: _l("Office hour of the manager"),
}
KIND_HINTS = {
    HoursKind.DESK: _l("The door is open and somebody helps."),
    HoursKind.USE: _l("Groups may be inside, also with a key and nobody at the desk."),
    HoursKind.OFFICE: _l("Only shown, so that people know when to find you."),
}
WEEKS = {1: _l("first"), 2: _l("second"), 3: _l("third"), 4: _l("fourth"), 5: _l("fifth")}


class HoursForm(Form):
    """The same hours on several weekdays."""

    kind = RadioField(
        _l("What are these hours for?"),
        [InputRequired()],
        choices=choices({kind.value: word for kind, word in KINDS.items()}),
        default=HoursKind.DESK.value,
    )
    weekdays = SelectMultipleField(
        _l("On which days?"), [InputRequired(_l("Please choose at least one day."))], coerce=int,
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    opens = WallTime(_l("From"), [InputRequired()])
    closes = WallTime(_l("To"), [InputRequired()])
    weeks = SelectMultipleField(
        _l("Only in some weeks of the month"), [Optional()], coerce=int, choices=choices(WEEKS),
        description=_l("Such as the first and third Saturday. Choose none for every week."),
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    valid_from = Day(_l("First day"), [Optional()], description=_l("Empty: from today on."))
    last_day = Day(_l("Last day"), [Optional()], description=_l("Empty: until you change it."))

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.weekdays.choices = choices((number, i18n.weekday(number)) for number in range(7))

    def request(self) -> HoursRequest:
        assert self.opens.data is not None and self.closes.data is not None
        return HoursRequest(
            kind=self.kind.data,
            weekdays=tuple(self.weekdays.data or ()),
            opens=self.opens.data,
            closes=self.closes.data,
            weeks=tuple(self.weeks.data or ()),
            valid_from=self.valid_from.data,
            last_day=self.last_day.data,
        )


class EndHoursForm(Form):
    from_day = Day(_l("From which day on do they hold no longer?"), [InputRequired()])

    def day(self) -> date:
        assert self.from_day.data is not None
        return self.from_day.data


class ClosingForm(Form):
    """One closed day, or several in a row."""

    first = Day(_l("First closed day"), [InputRequired()])
    last = Day(_l("Last closed day"), [Optional()], description=_l("Empty: only this one day."))
    reason = Line(_l("Why?"), [InputRequired(), Length(max=120)], description=_l("People read this, such as: summer break."))

    def days(self) -> tuple[date, date]:
        """The first and the last of them."""
        assert self.first.data is not None
        return self.first.data, self.last.data or self.first.data


class OpenDayForm(Form):
    """A day with hours of its own."""

    first = Day(_l("Day"), [InputRequired()])
    opens = WallTime(_l("From"), [InputRequired()])
    closes = WallTime(_l("To"), [InputRequired()])
    reason = Line(
        _l("Why?"), [InputRequired(), Length(max=120)], description=_l("Such as: summer party, open although it is a holiday.")
    )

    def window(self) -> tuple[date, time, time]:
        assert self.first.data is not None and self.opens.data is not None and self.closes.data is not None
        return self.first.data, self.opens.data, self.closes.data
