"""What the treasurer fills in about offerings, kinds of income and dated values."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms import Day, Euro, Form, Line, Whole, choices
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.money.service import KindRequest
from app.offers.models import Offering, Sphere, TaxCode
from app.offers.queries import Value, cancellation_steps
from app.offers.service import OfferingRequest

SPHERES = {
    Sphere.IDEAL: _l("ideal sphere: advice, meeting, visits without a price"),
    Sphere.ASSETS: _l("asset management: mostly letting"),
    Sphere.PURPOSE: _l("special-purpose business: it serves the purpose itself"),
    Sphere.BUSINESS: _l("taxable business: café, parties, sponsoring"),
}
TAXES = {
    TaxCode.NONE: _l("not taxed: no supply for money"),
    TaxCode.EXEMPT: _l("exempt by § 4 UStG"),
    TaxCode.REDUCED: _l("reduced rate"),
    TaxCode.STANDARD: _l("standard rate"),
    TaxCode.FOOD: _l("food eaten on the spot"),
    TaxCode.DRINKS: _l("drinks"),
}


class OfferingForm(Form):
    """One of the services of the house."""

    code = Line(_l("Code"), [Optional(), Length(max=8)], description=_l("Short, such as O13. It stands in the books and stays."))
    name = Line(_l("Name"), [InputRequired(), Length(max=120)])
    sphere = RadioField(_l("Which sphere is it in?"), [InputRequired()], choices=choices(SPHERES))
    unit = Line(_l("What is counted?"), [InputRequired(), Length(max=30)], description=_l("Such as: hour, visit, meal."))
    paid = RadioField(
        _l("Does it cost something?"), [InputRequired()], choices=choices({"yes": _l("at a price"), "no": _l("free of charge")})
    )

    def show(self, offering: Offering) -> None:
        self.paid.data = "yes" if offering.paid else "no"

    def request(self, code: str = "") -> OfferingRequest:
        return OfferingRequest(
            code or self.code.data or "", self.name.data or "", self.sphere.data, self.unit.data or "", self.paid.data == "yes"
        )


class KindForm(Form):
    """A kind of income. The choices of offerings and accounts come from the view."""

    name = Line(_l("Name"), [InputRequired(), Length(max=80)])
    offering_code = SelectField(_l("Offering"), [InputRequired()])
    account_code = SelectField(_l("Account"), [InputRequired()])
    tax_code = SelectField(_l("VAT"), [InputRequired()], choices=choices(TAXES))
    counted = BooleanField(_l("Stands on the tally of the cash day"))
    note = Line(
        _l("Why is it taxed so?"), [Optional(), Length(max=300)], description=_l("Who decided that, and when; the adviser asks.")
    )

    def request(self) -> KindRequest:
        return KindRequest(
            self.name.data or "", self.offering_code.data, self.account_code.data, self.tax_code.data, self.counted.data,
            self.note.data or "",
        )  # fmt: skip


class Percent(Line):
    """``7`` or ``7,5``; `data` is in hundredths of a per cent."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        typed, self.data = (self.data or "").removesuffix("%").strip().replace(",", "."), None
        whole, _, rest = typed.partition(".")
        if not typed:
            return
        if not (typed.isascii() and whole.isdigit() and len(whole) <= 3 and len(rest) <= 2 and (not rest or rest.isdigit())):
            raise ValueError(gettext("Please write per cent, such as 7 or 7,5."))
        self.data = int(whole) * 100 + int(rest.ljust(2, "0"))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{int(self.data) / 100:g}".replace(".", ",")


class ValueForm(Form):
    """From a day on something is another value. The fields of one unit are used: see `FIELDS`."""

    valid_from = Day(_l("From which day on?"), [InputRequired()])
    percent = Percent(_l("Per cent"), [Optional()])
    amount = Euro(_l("Amount in euro"), [Optional()], most=9_999_999_999)
    number = Whole(_l("Number"), [Optional(), NumberRange(min=0, max=1000)])
    answer = RadioField(_l("Does it hold?"), [Optional()], choices=choices({"1": _l("yes"), "0": _l("no")}))
    free_days = Whole(_l("Free of charge up to so many days before"), [Optional(), NumberRange(min=1, max=365)])
    share = Whole(_l("Then to be paid, in per cent"), [Optional(), NumberRange(min=0, max=100)])
    share_days = Whole(_l("Up to so many days before"), [Optional(), NumberRange(min=1, max=364)])
    late_share = Whole(_l("After that to be paid, in per cent"), [Optional(), NumberRange(min=0, max=100)])
    source = Line(
        _l("Where does it stand?"), [InputRequired(), Length(max=300)], description=_l("A law, a decision of the house, a date.")
    )

    FIELDS = {
        "bp": ("percent",),
        "cents": ("amount",),
        "years": ("number",),
        "yes/no": ("answer",),
        "days:percent": ("free_days", "share", "share_days", "late_share"),
    }

    def shown(self, unit: str) -> list[Any]:
        """The fields of a unit."""
        return [self[name] for name in self.FIELDS.get(unit, ("number",))]

    def show(self, now: Value) -> None:
        """Fill in what holds now."""
        if now.unit == "days:percent":
            steps = cancellation_steps(now.value)
            if len(steps) == 3:
                (self.free_days.data, _), (self.share_days.data, self.share.data), (_, self.late_share.data) = steps
        elif now.unit == "yes/no":
            self.answer.data = now.value
        elif now.value.isdigit():
            self.shown(now.unit)[0].data = int(now.value)

    def complete(self, unit: str) -> bool:
        """Whether every field of the unit is filled in; puts an error at those that are not."""
        for field in self.shown(unit):
            if field.data is None or field.data == "":
                field.errors = [*field.errors, gettext("Please fill this in.")]
        return not self.errors

    def value(self, unit: str) -> str:
        """As it is stored."""
        if unit == "days:percent":
            return f"{self.free_days.data}:0 {self.share_days.data}:{self.share.data} 0:{self.late_share.data}"
        return str(self.shown(unit)[0].data)

    def day(self) -> date:
        assert self.valid_from.data is not None
        return self.valid_from.data
