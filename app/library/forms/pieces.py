"""What the desk writes down about pieces."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core import i18n
from app.core.forms import Day, Euro, Form, Line, Text, Whole, choices
from app.core.i18n import lazy as _l
from app.library.models import Condition, Origin, Whereabouts
from app.library.service import PartRequest, PieceRequest, TestRequest


class PieceForm(Form):
    """A piece, or several alike. `person` is chosen by search: the owner of a neighbour's own thing, else who gave it."""

    many = Whole(_l("How many pieces?"), [Optional(), NumberRange(min=1, max=100)], default=1)
    number = Line(_l("Number"), [Optional(), Length(max=12)], description=_l("Empty: the next free one."))
    count = Whole(_l("How many are counted under this number?"), [Optional(), NumberRange(min=1, max=10_000)], default=1)
    place = Line(_l("Where does it stand?"), [Optional(), Length(max=80)], description=_l("For example: cellar, shelf 3."))
    serial_no = Line(_l("Serial number"), [Optional(), Length(max=60)])
    acquired_on = Day(_l("In the house since"), [Optional()])
    origin = RadioField(_l("Where does it come from?"), [InputRequired()], default=Origin.BOUGHT.value)
    who = Line(
        _l("Whose is it, or who gave it?"), [Optional(), Length(max=120)], description=_l("Name, telephone or card number.")
    )
    person = RadioField(_l("Who is it?"), [Optional()], validate_choice=False)
    donor_named = BooleanField(_l("The catalogue may say who gave it"))
    note = Line(_l("What the person wishes"), [Optional(), Length(max=300)])
    for_sale = BooleanField(_l("It is for sale"))

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, obj, **kwargs)
        words = {
            Origin.BOUGHT.value: i18n.gettext("bought"),
            Origin.GIFT.value: i18n.gettext("given to the house"),
            Origin.PERMANENT_LOAN.value: i18n.gettext("left to the house for good"),
            Origin.NEIGHBOUR.value: i18n.gettext("a neighbour’s own"),
        }
        self.origin.choices = choices(words)
        self.person.choices = []

    def request(self, person_id: int | None) -> PieceRequest:
        own = self.origin.data == Origin.NEIGHBOUR
        return PieceRequest(
            number=self.number.data or "",
            count=self.count.data or 1,
            place=self.place.data or "",
            serial_no=self.serial_no.data or "",
            origin=self.origin.data,
            owner_id=person_id if own else None,
            donor_id=None if own else person_id,
            donor_named=self.donor_named.data,
            acquired_on=self.acquired_on.data,
            for_sale=self.for_sale.data,
            note=self.note.data or "",
        )


class ConditionForm(Form):
    """How it is, and since when it is expected to be fine again."""

    condition = SelectField(_l("Condition"), [InputRequired()])
    note = Line(_l("What is the matter?"), [Optional(), Length(max=300)])
    fit_on = Day(_l("Fine again on"), [Optional()], description=_l("Empty: nobody knows yet."))

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, obj, **kwargs)
        words = {
            Condition.FINE.value: i18n.gettext("fine"),
            Condition.CHECK.value: i18n.gettext("to check"),
            Condition.WASH.value: i18n.gettext("to wash"),
            Condition.REPAIR.value: i18n.gettext("in repair"),
        }
        self.condition.choices = choices(words)


class WhereaboutsForm(Form):
    whereabouts = SelectField(_l("Where is it?"), [InputRequired()])

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, obj, **kwargs)
        words = {
            Whereabouts.SHELF.value: i18n.gettext("on the shelf"),
            Whereabouts.OWNER.value: i18n.gettext("with its owner"),
            Whereabouts.LOST.value: i18n.gettext("lost"),
        }
        self.whereabouts.choices = choices(words)


class TestForm(Form):
    """A safety test."""

    __test__ = False
    on_day = Day(_l("Tested on"), [InputRequired()])
    passed = RadioField(
        _l("Result"), [InputRequired()], choices=choices({"yes": _l("passed"), "no": _l("failed")}), validate_choice=True
    )
    tester = Line(_l("Tested by"), [InputRequired(), Length(max=120)])
    qualification = Line(_l("What they have learnt"), [InputRequired(), Length(max=120)])
    instrument = Line(_l("Measured with"), [Optional(), Length(max=120)])
    next_on = Day(_l("Next test on"), [Optional()], description=_l("Empty: as its class says."))
    note = Line(_l("Remark"), [Optional(), Length(max=300)])

    def request(self) -> TestRequest:
        assert self.on_day.data is not None
        return TestRequest(
            self.on_day.data, self.passed.data == "yes", self.tester.data or "", self.qualification.data or "",
            self.instrument.data or "", self.next_on.data, self.note.data or "",
        )  # fmt: skip


class PartForm(Form):
    """A part: loose, by name and count, or a piece with a number of its own."""

    name = Line(_l("Name"), [Optional(), Length(max=80)])
    count = Whole(_l("How many?"), [Optional(), NumberRange(min=1, max=1000)], default=1)
    number = Line(_l("Or a piece with the number"), [Optional(), Length(max=12)])
    essential = BooleanField(_l("It is not lent without it"), default=True)
    replacement = Euro(_l("What one of it costs to get again"), [Optional()])

    def request(self) -> PartRequest:
        return PartRequest(
            self.name.data or "", self.number.data or "", self.count.data or 1, self.essential.data, self.replacement.data or 0
        )


class MissingForm(Form):
    missing = Whole(_l("Missing"), [InputRequired(), NumberRange(min=0, max=1000)])


class WhyForm(Form):
    """Why it is retired or declined."""

    reason = Text(_l("Why?"), [InputRequired(), Length(min=2, max=200)])


class DaysForm(Form):
    """Days on which its owner keeps it."""

    first = Day(_l("From"), [InputRequired()])
    last = Day(_l("Up to and with"), [InputRequired()])


class LabelsForm(Form):
    """Which labels, on which sheet, beginning where."""

    shape = RadioField(
        _l("Labels"), [InputRequired()], default="sheet",
        choices=choices({"sheet": _l("70 × 37 mm, 24 on a sheet"), "cord": _l("narrow, for cables: 70 × 16 mm")}),
    )  # fmt: skip
    start = Whole(
        _l("Begin at label number"), [InputRequired(), NumberRange(min=1, max=51)], default=1,
        description=_l("For a sheet some labels are gone from already."),
    )  # fmt: skip
