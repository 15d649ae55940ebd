"""What people fill in about rooms and bookings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from wtforms import BooleanField, FileField, HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from app.core import i18n
from app.core.errors import Invalid
from app.core.forms import Day, Euro, Form, Line, Text, WallTime, Whole, choices, clean_line, span_of
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.spans import Span
from app.offers.queries import Price
from app.offers.service import NewPrice
from app.people.models import TariffClass
from app.rooms.models import Rule, SurchargeHow
from app.rooms.queries import RoomCard
from app.rooms.service import BookingRequest, ChangeRequest, ReductionRequest, RoomRequest, SurchargeRequest


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
    people = Whole(_l("How many people?"), [InputRequired(), NumberRange(min=1, max=10_000)])
    tariff_class = RadioField(_l("Who is it?"), [InputRequired()])
    organisation = SelectField(_l("For a group or organisation"), [Optional()], validate_choice=True)
    purpose_public = BooleanField(_l("The purpose may stand on the door sign"))
    anyway = BooleanField(_l("Also outside the opening hours"))
    firm = BooleanField(_l("Confirm at once"), default=True)
    extras = SelectMultipleField(
        _l("What else do you need?"), [Optional()], widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    reduction = SelectField(_l("Pays less"), [Optional()])
    reduced_to = Euro(_l("Pays instead"), [Optional()], description=_l("Empty with Dortmund-Karte: the price of class B."))
    reduction_reason = Line(_l("Why less?"), [Optional(), Length(max=300)], description=_l("This stands in the books."))
    who = Line(_l("For whom?"), [Optional(), Length(max=120)])
    booked_for = HiddenField()

    def less(self) -> ReductionRequest | None:
        """The reduction the desk has chosen."""
        if not self.reduction.data:
            return None
        return ReductionRequest(self.reduction.data, self.reduction_reason.data or "", self.reduced_to.data)

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
            extras=tuple(self.extras.data or ()),
            reduction=self.less(),
        )


class ChangeForm(TimesForm):
    """Another time, purpose or number of people."""

    purpose = Line(_l("What is it for?"), [InputRequired(), Length(min=2, max=160)])
    people = Whole(_l("How many people?"), [InputRequired(), NumberRange(min=1, max=10_000)])
    anyway = BooleanField(_l("Also outside the opening hours"))

    def request(self) -> ChangeRequest:
        return ChangeRequest(self.span(), self.purpose.data or "", self.people.data or 0, self.anyway.data)


class ReasonForm(Form):
    """Why, in words for the person."""

    reason = Text(_l("A sentence for the person"), [Length(max=300)])


class CancelForm(ReasonForm):
    """The tick is the desk's."""

    house_cancels = BooleanField(_l("The house cancels: nothing is to be paid"))


class NeededReasonForm(Form):
    reason = Text(_l("Why not? (the person reads this)"), [InputRequired(), Length(min=3, max=300)])


class RoomForm(Form):
    """All that the manager decides about a room. The choices of features and parts come from the view."""

    name = Line(_l("Name"), [InputRequired(), Length(max=120)])
    about = Text(
        _l("What is it like?"), [Optional(), Length(max=2000)], description=_l("One or two sentences that everybody reads.")
    )
    capacity = Whole(_l("For how many people?"), [InputRequired(), NumberRange(min=1, max=10_000)])
    area_m2 = Whole(_l("Size in square metres"), [Optional(), NumberRange(min=1, max=100_000)])
    features = SelectMultipleField(
        _l("What is there?"), [Optional()], widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    parts = SelectMultipleField(
        _l("This room is made of"),
        [Optional()],
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_l(
            "Choose nothing for a room of its own. A hall that can be divided is made of its halves: who books it books both."
        ),
    )
    rule = RadioField(
        _l("When somebody books"),
        [InputRequired()],
        choices=choices(
            {Rule.REQUEST.value: _l("they ask, and the desk answers"), Rule.INSTANT.value: _l("it is confirmed at once")}
        ),
        default=Rule.REQUEST.value,
    )
    wishes_hold = BooleanField(_l("A wish keeps the time free until the desk has answered"), default=True)
    hold_days = Whole(_l("Days until an unanswered wish lapses"), [InputRequired(), NumberRange(min=1, max=60)], default=5)
    only_when_open = BooleanField(_l("Only while somebody is at the desk"))
    before_minutes = Whole(_l("Minutes to set up, before"), [InputRequired(), NumberRange(min=0, max=480)], default=0)
    after_minutes = Whole(_l("Minutes to clean up, after"), [InputRequired(), NumberRange(min=0, max=480)], default=0)
    step_minutes = SelectField(_l("Bookings begin and end in steps of"), coerce=int, default=30)
    min_minutes = Whole(_l("Shortest booking, in minutes"), [InputRequired(), NumberRange(min=15, max=10_080)], default=30)
    max_minutes = Whole(_l("Longest booking, in minutes"), [InputRequired(), NumberRange(min=15, max=10_080)], default=720)
    ahead_days = Whole(_l("Can be booked this many days ahead"), [InputRequired(), NumberRange(min=1, max=1095)], default=365)
    income_kind = SelectField(_l("Booked as"), [Optional()], default="")

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, obj, **kwargs)
        self.step_minutes.choices = choices((minutes, i18n.duration(minutes)) for minutes in (15, 30, 60))

    def request(self) -> RoomRequest:
        return RoomRequest(
            name=self.name.data or "",
            about=self.about.data or "",
            capacity=self.capacity.data or 0,
            area_m2=self.area_m2.data,
            features=tuple(self.features.data or ()),
            parts=tuple(self.parts.data or ()),
            rule=self.rule.data,
            wishes_hold=self.wishes_hold.data,
            hold_days=self.hold_days.data or 0,
            only_when_open=self.only_when_open.data,
            before_minutes=self.before_minutes.data or 0,
            after_minutes=self.after_minutes.data or 0,
            step_minutes=self.step_minutes.data,
            min_minutes=self.min_minutes.data or 0,
            max_minutes=self.max_minutes.data or 0,
            ahead_days=self.ahead_days.data or 0,
            income_kind=self.income_kind.data or "",
        )


def _price() -> Euro:
    return Euro(_l("Price in euro"), [Optional()])


def _unit() -> SelectField:
    words = {"hour": _l("by the hour"), "flat": _l("once, however long")}
    return SelectField(_l("Charged"), choices=choices(words), default="hour")


def _least() -> Whole:
    return Whole(_l("At least (minutes)"), [Optional(), NumberRange(min=0, max=1440)])


class YearDay(Line):
    """A day of every year, typed ``1.10.``; `data` is ``10-01``."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        typed, self.data = self.data, ""
        if not typed:
            return
        found = re.fullmatch(r"(\d{1,2})\.\s*(\d{1,2})\.?", typed)
        try:
            if found is None:
                raise ValueError
            self.data = f"{date(2028, int(found[2]), int(found[1])):%m-%d}"
        except ValueError:
            raise ValueError(gettext("Please write a day such as 1.10.")) from None

    def _value(self) -> str:
        if self.raw_data:
            return clean_line(self.raw_data[0])
        month, _, day = (self.data or "").partition("-")
        return f"{int(day)}.{int(month)}." if day else ""


class PricesForm(Form):
    """What each class of users pays from a day on. An empty price: the room is not let to them."""

    valid_from = Day(_l("From which day on?"), [InputRequired()])
    season_from = YearDay(_l("Every year from"), [Optional()])
    season_until = YearDay(_l("Every year to"), [Optional()])
    price_a, unit_a, least_a = _price(), _unit(), _least()
    price_b, unit_b, least_b = _price(), _unit(), _least()
    price_c, unit_c, least_c = _price(), _unit(), _least()
    price_d, unit_d, least_d = _price(), _unit(), _least()

    def lines(self) -> list[tuple[str, Any, Any, Any]]:
        """Class, price, unit and least time, in the order of the classes."""
        fields = self._fields
        return [
            (code.value, fields[f"price_{code.lower()}"], fields[f"unit_{code.lower()}"], fields[f"least_{code.lower()}"])
            for code in TariffClass
        ]

    def show(self, prices: Mapping[str, Price]) -> None:
        """Fill in what holds now."""
        for code, price, unit, least in self.lines():
            known = prices.get(code)
            if known is not None:
                price.data, unit.data, least.data = known.cents, known.unit, known.min_minutes or None
                if known.season:
                    self.season_from.data, self.season_until.data = known.season.split("/")

    def season(self) -> str:
        """As tariffs write it. Raises `Invalid` when only one end is named."""
        first, last = self.season_from.data or "", self.season_until.data or ""
        if bool(first) != bool(last):
            raise Invalid({"season_until": [_l("Please write both days, or none for all year.")]})
        return f"{first}/{last}" if first else ""

    def day(self) -> date:
        assert self.valid_from.data is not None
        return self.valid_from.data

    def request(self) -> dict[str, NewPrice | None]:
        season = self.season()
        return {
            code: None
            if price.data is None
            else NewPrice(price.data, unit.data, (least.data or 0) if unit.data == "hour" else 0, season)
            for code, price, unit, least in self.lines()
        }


HOW = {
    SurchargeHow.ALWAYS: _l("always, whoever has a price for it"),
    SurchargeHow.CHOSEN: _l("when somebody chooses it"),
    SurchargeHow.DEPOSIT: _l("as a deposit that is given back"),
    SurchargeHow.KEY: _l("as a deposit for a key, when somebody asks for one"),
}


class SurchargeForm(Form):
    """Something that is charged beside the room. The choices of codes and kinds come from the view."""

    name = Line(_l("What is it?"), [InputRequired(), Length(max=80)])
    how = RadioField(_l("When is it charged?"), [InputRequired()], choices=choices(HOW), default=SurchargeHow.ALWAYS.value)
    code = SelectField(_l("Prices"), [Optional()])
    income_kind = SelectField(_l("Booked as"), [Optional()])

    def request(self) -> SurchargeRequest:
        return SurchargeRequest(self.name.data or "", self.how.data, self.income_kind.data or "room", self.code.data or "")


class CalendarFileForm(Form):
    """A calendar file, to look what it would do."""

    file = FileField(_l("Calendar file"), [InputRequired()])


class CalendarForm(Form):
    """Yes to the file that was looked at; `upload` is its number."""

    upload = Whole(widget=HiddenInput(), validators=[InputRequired(), NumberRange(1, 2**31 - 1)])
    titles_public = BooleanField(_l("Everybody may read the titles"))
