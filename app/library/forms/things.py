"""What desk and manager decide about things and their classes."""

from __future__ import annotations

from wtforms import BooleanField, FileField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms import Day, Euro, Form, Line, Text, Whole, choices
from app.core.i18n import lazy as _l
from app.library.models import ClosedDays, Trust
from app.library.service import ClassRequest, ThingRequest

CLOSED = {
    ClosedDays.ALL.value: _l("they count like other days"),
    ClosedDays.NONE.value: _l("they do not count"),
    ClosedDays.ONE.value: _l("each row of them counts as one day"),
}
WHO = {
    Trust.ANYBODY.value: _l("everybody"),
    Trust.PROVEN.value: _l("who has brought things back well before"),
    Trust.APPROVED.value: _l("only after a word with the desk"),
}


class ClassForm(Form):
    """The rules things of one kind share."""

    name = Line(_l("Name"), [InputRequired(), Length(max=80)])
    loan_days = Whole(_l("Lent for how many days?"), [InputRequired(), NumberRange(min=1, max=365)], default=7)
    longest_days = Whole(_l("At the longest"), [InputRequired(), NumberRange(min=1, max=365)], default=14)
    closed_days = RadioField(_l("Days on which the house is closed"), [InputRequired()], choices=choices(CLOSED), default="all")
    renewals = Whole(_l("Can be renewed how often?"), [InputRequired(), NumberRange(min=0, max=20)], default=1)
    buffer_hours = Whole(_l("Hours of rest between two loans"), [InputRequired(), NumberRange(min=0, max=720)], default=0)
    buffer_open_days = Whole(_l("Open days of rest between two loans"), [InputRequired(), NumberRange(min=0, max=30)], default=0)
    wash_after = BooleanField(_l("Has to be washed after each loan"))
    test_months = Whole(
        _l("Months between two safety tests"), [Optional(), NumberRange(min=1, max=120)],
        description=_l("Empty: it is not tested. The one who answers for it decides how often."),
    )  # fmt: skip
    late_fee = Euro(_l("Brought back late, for each open day"), [Optional()])
    late_grace_days = Whole(_l("Open days that are free"), [InputRequired(), NumberRange(min=0, max=60)], default=0)
    late_cap = Euro(_l("At most"), [Optional()], description=_l("Never more than what the thing is worth."))
    trust = RadioField(_l("Who may borrow it?"), [InputRequired()], choices=choices(WHO), default="anybody")
    min_age = Whole(
        _l("From which age on?"), [InputRequired(), NumberRange(min=0, max=18)], default=18,
        description=_l("Below 18 a parent has to agree in writing."),
    )  # fmt: skip
    income_kind = SelectField(_l("Booked as"), [Optional()], default="")

    def request(self) -> ClassRequest:
        return ClassRequest(
            name=self.name.data or "",
            loan_days=self.loan_days.data or 0,
            longest_days=self.longest_days.data or 0,
            closed_days=self.closed_days.data,
            renewals=self.renewals.data or 0,
            buffer_hours=self.buffer_hours.data or 0,
            buffer_open_days=self.buffer_open_days.data or 0,
            wash_after=self.wash_after.data,
            test_months=self.test_months.data,
            late_cents=self.late_fee.data or 0,
            late_grace_days=self.late_grace_days.data or 0,
            late_cap_cents=self.late_cap.data or 0,
            trust=self.trust.data,
            min_age=self.min_age.data or 0,
            income_kind=self.income_kind.data or "",
        )


class TermsForm(Form):
    """The lending terms from a day on."""

    valid_from = Day(_l("From which day on?"), [InputRequired()])
    wording = Text(_l("What holds"), [InputRequired(), Length(max=20_000)])


class ThingForm(Form):
    """A thing. The choices of classes come from the view."""

    name = Line(_l("What is it?"), [InputRequired(), Length(max=120)])
    class_id = SelectField(_l("Class"), [InputRequired()], coerce=int)
    about = Text(_l("Description"), [Optional(), Length(max=4000)], description=_l("One or two sentences that everybody reads."))
    keywords = Line(
        _l("Other words for it"),
        [Optional(), Length(max=300)],
        description=_l("By which people look for it: drill, screwdriver."),
    )
    notice = Text(
        _l("Read out at the hand-over"), [Optional(), Length(max=1000)], description=_l("For example: helmet included.")
    )
    counted = BooleanField(_l("Counted: many alike under one number, such as 60 plates"))
    loan_days = Whole(
        _l("Lent for how many days?"), [Optional(), NumberRange(min=1, max=365)], description=_l("Empty: as its class says.")
    )
    replacement = Euro(_l("What one of it costs to get again"), [Optional()])
    share_percent = Whole(
        _l("One reservation may take at most so many per cent"), [InputRequired(), NumberRange(min=1, max=100)], default=100
    )

    def request(self) -> ThingRequest:
        return ThingRequest(
            name=self.name.data or "",
            class_id=self.class_id.data,
            about=self.about.data or "",
            keywords=self.keywords.data or "",
            notice=self.notice.data or "",
            counted=self.counted.data,
            loan_days=self.loan_days.data,
            replacement_cents=self.replacement.data or 0,
            share_percent=self.share_percent.data or 0,
        )


class PriceForm(Form):
    """What a loan costs from a day on."""

    valid_from = Day(_l("From which day on?"), [InputRequired()])
    fee = Euro(_l("Price per loan"), [Optional()], description=_l("Empty or 0: free of charge."))
    deposit = Euro(_l("Deposit"), [Optional()])


class PhotoForm(Form):
    photo = FileField(_l("Photo"), [InputRequired()])


class TableForm(Form):
    """A table of things, to look what it would do."""

    file = FileField(_l("Table"), [InputRequired()])


class UploadForm(Form):
    """Yes to the table that was looked at; `upload` is its number."""

    upload = Whole(_l("Table"), [InputRequired(), NumberRange(1, 2**31 - 1)])
