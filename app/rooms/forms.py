"""What people fill in about rooms and bookings."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core import i18n
from app.core.forms import Day, Form, Line, Text, WallTime, span_of
from app.core.i18n import lazy as _l
from app.core.spans import Span
from app.rooms.queries import RoomCard
from app.rooms.service import BookingRequest, ChangeRequest


class TimesForm(Form):
    """Day, from, to."""

    day = Day(_l("Day"), [InputRequired()])
    starts = WallTime(_l("From"), [InputRequired()])
    ends = WallTime(_l("To"), [InputRequired()])

    def span(self) -> Span:
        """The span in UTC; raises `Invalid` at ``starts`` or ``ends``."""
        assert self.day.data and self.starts.data is not None and self.ends.data is not None
        return span_of(self.day.data, self.starts.data, self.ends.data, i18n.zone())


class BookingForm(TimesForm):
    """A booking, in the order a person at the counter says it."""

    purpose = Line(_l("What is it for?"), [InputRequired(), Length(min=2, max=160)])
    people = IntegerField(_l("How many people?"), [InputRequired(), NumberRange(min=1, max=10_000)])
    tariff_class = RadioField(_l("Who is it?"), [InputRequired()])
    organisation = SelectField(_l("For a group or organisation"), [Optional()], validate_choice=True)
    purpose_public = BooleanField(_l("The purpose may stand on the door sign"))
    anyway = BooleanField(_l("Also outside the opening hours"))
    firm = BooleanField(_l("Confirm at once"), default=True)
    who = Line(_l("For whom?"), [Optional(), Length(max=120)])
    booked_for = HiddenField()

    def request(self, room: RoomCard, booked_for_id: int, origin: str) -> BookingRequest:
        """Raises `Invalid` when the times make no span."""
        return BookingRequest(
            room=room,
            span=self.span(),
            purpose=self.purpose.data or "",
            people=self.people.data or 0,
            booked_for_id=booked_for_id,
            tariff_class=self.tariff_class.data,
            organisation_id=int(self.organisation.data) if self.organisation.data else None,
            purpose_public=self.purpose_public.data,
            anyway=self.anyway.data,
            firm=self.firm.data,
            origin=origin,
        )


class ChangeForm(TimesForm):
    """Another time, purpose or number of people."""

    purpose = Line(_l("What is it for?"), [InputRequired(), Length(min=2, max=160)])
    people = IntegerField(_l("How many people?"), [InputRequired(), NumberRange(min=1, max=10_000)])
    anyway = BooleanField(_l("Also outside the opening hours"))

    def request(self) -> ChangeRequest:
        return ChangeRequest(self.span(), self.purpose.data or "", self.people.data or 0, self.anyway.data)


class ReasonForm(Form):
    """Why, in words for the person."""

    reason = Text(_l("A sentence for the person"), [Length(max=300)])


class NeededReasonForm(Form):
    reason = Text(_l("Why not? (the person reads this)"), [InputRequired(), Length(min=3, max=300)])

