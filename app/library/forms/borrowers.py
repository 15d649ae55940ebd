"""What the desk decides about who borrows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, SelectField
from wtforms.validators import InputRequired, Length, Optional

from app.core.forms import Day, Form, Line
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.library.models import ThingClass
from app.library.service import BlockRequest, ConsentRequest


class BlockForm(Form):
    """A stop, for a reason the person reads; it ends by itself."""

    reason = Line(_l("Why? The person reads this."), [InputRequired(), Length(min=2, max=300)])
    from_on = Day(_l("From"), [InputRequired()])
    until_on = Day(_l("Until"), [Optional()])
    loans = BooleanField(_l("borrowing"), default=True)
    reservations = BooleanField(_l("reserving"), default=True)
    renewals = BooleanField(_l("keeping longer"), default=True)

    def request(self, person_id: int) -> BlockRequest:
        assert self.from_on.data is not None
        return BlockRequest(
            person_id, self.reason.data or "", self.from_on.data, self.until_on.data, bool(self.loans.data),
            bool(self.reservations.data), bool(self.renewals.data),
        )  # fmt: skip


class _ClassForm(Form):
    class_id = SelectField(_l("For which things?"), [Optional()])

    def offer(self, classes: Iterable[ThingClass]) -> Any:
        self.class_id.choices = [("", gettext("all things")), *((str(each.id), each.name) for each in classes)]
        return self

    @property
    def chosen(self) -> int | None:
        return int(self.class_id.data) if self.class_id.data else None


class ApprovalForm(_ClassForm):
    """Somebody may borrow what not everybody may."""

    reason = Line(_l("Why?"), [InputRequired(), Length(min=2, max=300)])


class ConsentForm(_ClassForm):
    """Of the day of birth only the day they turn 18 is kept."""

    guardian = Line(_l("Who agrees?"), [InputRequired(), Length(min=2, max=120)])
    born_on = Day(_l("Day of birth of the young person"), [InputRequired()])

    def request(self, person_id: int) -> ConsentRequest:
        assert self.born_on.data is not None
        return ConsentRequest(person_id, self.born_on.data, self.guardian.data or "", self.chosen)
