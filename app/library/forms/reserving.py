"""Reserving in somebody's name."""

from __future__ import annotations

from wtforms import SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms import Day, Form, Line, Whole
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.library.service import ReservationRequest
from app.people import queries as people


class ReserveForForm(Form):
    """From when to when, how many, for whom; and why although a rule says no."""

    pick_up_on = Day(_l("Pick-up"), [InputRequired()])
    return_on = Day(_l("Back on"), [Optional()])
    quantity = Whole(_l("How many"), [InputRequired(), NumberRange(1, 99_999)], default=1)
    group = SelectField(_l("For a group"), [Optional()])
    anyway = Line(_l("Why it is reserved all the same"), [Optional(), Length(max=300)])

    def offer(self, person_id: int) -> ReserveForForm:
        """With the groups somebody acts for."""
        groups = people.organisations_of(person_id)
        self.group.choices = [("", gettext("for themselves")), *((str(each.id), each.name) for each in groups)]
        return self

    def request(self, person_id: int, thing_id: int) -> ReservationRequest:
        assert self.pick_up_on.data is not None
        return ReservationRequest(
            thing_id, person_id, self.pick_up_on.data, self.return_on.data, self.quantity.data or 1,
            int(self.group.data) if self.group.data else None, "desk", self.anyway.data or "",
        )  # fmt: skip
