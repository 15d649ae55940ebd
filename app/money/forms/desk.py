"""What is filled in at the counter, in the order people say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms import Day, Euro, Form, Line, Whole, choices
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.money.models import DepositKind, IncomeKind, Method, Reduction
from app.money.queries import Item, Payer
from app.money.service import (
    BuyerRequest,
    ChargeLineRequest,
    ChargeRequest,
    DepositRequest,
    KeepRequest,
    OperatorRequest,
    PaymentRequest,
)

METHODS = {Method.CASH: _l("cash"), Method.BANK: _l("bank transfer")}
REDUCTIONS = {
    Reduction.CITY_CARD: _l("Dortmund-Karte"),
    Reduction.HARDSHIP: _l("hardship"),
    Reduction.FREE: _l("free on application"),
}
DEPOSIT_KINDS = {
    DepositKind.ROOM: _l("for a room"),
    DepositKind.KEY: _l("for a key"),
    DepositKind.THING: _l("for a thing"),
    DepositKind.OTHER: _l("for something else"),
}


class MethodForm(Form):
    """How money is handed over; a transfer may have come on an earlier day."""

    method = RadioField(_l("How?"), [InputRequired()], choices=choices(METHODS), default=Method.CASH)
    on = Day(_l("Day of the transfer"), [Optional()])

    @property
    def day(self) -> Any:
        """None for cash: that is handed over today."""
        return self.on.data if self.method.data == Method.BANK else None


class TakeForm(MethodForm):
    """One tick and one amount for each open item, see `take_form`."""

    given = Euro(_l("Cash given"), [Optional()])
    note = Line(_l("Note on the receipt"), [Optional(), Length(max=160)])
    items: Sequence[Item] = ()

    def ticked(self) -> list[tuple[Item, int | None]]:
        """What is to be paid, with its cents (None where no amount is written)."""
        return [(item, self[f"cents-{item.key}"].data) for item in self.items if self[f"pay-{item.key}"].data]

    def total(self) -> int:
        return sum(cents or 0 for _, cents in self.ticked())

    def change(self) -> int | None:
        """Cents to give back of what was handed over; below zero when it is too little, None when nothing is said."""
        if self.method.data != Method.CASH or self.given.data is None:
            return None
        return int(self.given.data) - self.total()

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        for item, cents in self.ticked():
            field = self[f"cents-{item.key}"]
            if not field.errors and not cents:
                field.errors = [gettext("How much?")]
                fine = False
        change = self.change()
        if fine and change is not None and change < 0:
            self.given.errors = [gettext("That is less than what is to be paid.")]
            fine = False
        return fine

    def request(self, house_id: int, gone: Iterable[tuple[str, int]] = ()) -> PaymentRequest:
        """`gone` are items that were ticked and are not open any more: the service says who was first."""
        paid: dict[str, dict[int, int]] = {"charge": {}, "deposit": {}}
        for item, cents in self.ticked():
            paid[item.kind][item.id] = cents or 0
        for kind, number in gone:
            paid[kind][number] = 1
        return PaymentRequest(
            house_id, self.method.data, paid["charge"], paid["deposit"], on=self.day, note=self.note.data or ""
        )  # fmt: skip


def take_form(items: Sequence[Item], data: Any, ticked: Iterable[str] = ()) -> TakeForm:
    """The form for these open items; those whose keys are in `ticked` are chosen when nothing was typed yet."""
    fields: dict[str, Any] = {"items": items}
    chosen = set(ticked)
    for item in items:
        fields[f"pay-{item.key}"] = BooleanField(item.title, default=item.key in chosen)
        fields[f"cents-{item.key}"] = Euro(gettext("Amount: %(what)s", what=item.title), [Optional()], default=item.cents)
    made: TakeForm = type("TakeFormOfItems", (TakeForm,), fields)(data)
    return made


class ChargeForm(Form):
    """A charge by hand."""

    title = Line(_l("What is it for?"), [InputRequired(), Length(min=2, max=160)])
    kind = SelectField(_l("Kind of income"), [InputRequired()])
    normal = Euro(_l("Price"), [InputRequired()])
    reduction = RadioField(_l("Reduced?"), [Optional()], choices=choices([("", _l("no")), *REDUCTIONS.items()]), default="")
    cents = Euro(_l("To pay instead"), [Optional()])
    reason = Line(_l("Why reduced"), [Optional(), Length(max=300)])
    supplied_from = Day(_l("Day of the service"), [InputRequired()])
    due_on = Day(_l("Due on"), [InputRequired()])

    def offer(self, kinds: Sequence[IncomeKind]) -> ChargeForm:
        self.kind.choices = [(kind.code, kind.name) for kind in kinds]
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        if self.reduction.data and self.reduction.data != Reduction.FREE and self.cents.data is None and not self.cents.errors:
            self.cents.errors = [gettext("How much is to be paid?")]
            return False
        if not self.reduction.data and self.normal.data == 0:
            self.normal.errors = [gettext("How much is to be paid?")]
            return False
        return fine

    def request(self, house_id: int, payer: Payer) -> ChargeRequest:
        normal = int(self.normal.data)
        cents = normal
        if self.reduction.data:
            cents = int(self.cents.data or 0)
        line = ChargeLineRequest(self.kind.data, self.title.data or "", cents, normal)
        assert self.supplied_from.data
        return ChargeRequest(
            house_id=house_id, person_id=payer.person_id, organisation_id=payer.organisation_id, title=self.title.data or "",
            lines=[line], supplied_from=self.supplied_from.data, due_on=self.due_on.data, reduction=self.reduction.data or "",
            reason=(self.reason.data or "") if self.reduction.data else "",
        )  # fmt: skip


class ReduceForm(Form):
    reduction = RadioField(_l("Why less?"), [InputRequired()], choices=choices(REDUCTIONS))
    cents = Euro(_l("To pay instead"), [InputRequired()])
    reason = Line(_l("Reason"), [Optional(), Length(max=300)])


class WaiveForm(Form):
    cents = Euro(_l("Amount"), [InputRequired()])
    reason = Line(_l("Reason"), [InputRequired(), Length(min=3, max=300)])


class WhyForm(Form):
    """Why something is taken back; it stands in the books."""

    reason = Line(_l("Reason"), [InputRequired(), Length(min=3, max=300)])


class BuyerForm(Form):
    """To whom the invoice is made out."""

    name = Line(_l("Name"), [InputRequired(), Length(max=160)])
    street = Line(_l("Street and number"), [Optional(), Length(max=120)])
    postcode = Line(_l("Postcode"), [Optional(), Length(max=12)])
    city = Line(_l("Town"), [Optional(), Length(max=80)])

    def request(self) -> BuyerRequest:
        return BuyerRequest(self.name.data or "", self.street.data or "", self.postcode.data or "", self.city.data or "")


class DepositForm(Form):
    """A deposit that is asked for by hand."""

    kind = RadioField(_l("What is it for?"), [InputRequired()], choices=choices(DEPOSIT_KINDS))
    title = Line(_l("In words"), [InputRequired(), Length(min=2, max=160)])
    cents = Euro(_l("Amount"), [InputRequired()])
    due_on = Day(_l("To be handed in by"), [InputRequired()])
    back_on = Day(_l("To be given back on"), [Optional()])

    def request(self, house_id: int, payer: Payer) -> DepositRequest:
        assert self.due_on.data
        return DepositRequest(
            house_id=house_id, person_id=payer.person_id, organisation_id=payer.organisation_id, kind=self.kind.data,
            title=self.title.data or "", cents=int(self.cents.data), due_on=self.due_on.data, back_on=self.back_on.data,
        )  # fmt: skip


class GiveBackForm(MethodForm):
    """Give a deposit back; what is kept needs a reason."""

    keep = Euro(_l("Keep of it"), [Optional()])
    reason = Line(_l("Why it is kept"), [Optional(), Length(max=160)])
    kind = SelectField(_l("Kind of income"), [Optional()])

    def offer(self, kinds: Sequence[IncomeKind], usual: str) -> GiveBackForm:
        self.kind.choices = [(kind.code, kind.name) for kind in kinds]
        if self.kind.data is None or self.kind.data == "None":
            self.kind.data = usual
        return self

    def kept(self) -> list[KeepRequest]:
        return [KeepRequest(int(self.keep.data), self.reason.data or "", self.kind.data)] if self.keep.data else []


class OperatorForm(Form):
    name = Line(_l("Name of the operator"), [InputRequired(), Length(max=70)])
    street = Line(_l("Street and number"), [InputRequired(), Length(max=120)])
    postcode = Line(_l("Postcode"), [InputRequired(), Length(max=12)])
    city = Line(_l("Town"), [InputRequired(), Length(max=80)])
    tax_no = Line(_l("Tax number or VAT id"), [InputRequired(), Length(max=30)])
    iban = Line(_l("IBAN"), [Optional(), Length(max=42)])
    bic = Line(_l("BIC"), [Optional(), Length(max=14)])
    payment_days = Whole(_l("Days to pay"), [InputRequired(), NumberRange(min=0, max=365)])

    def request(self) -> OperatorRequest:
        return OperatorRequest(
            name=self.name.data or "", street=self.street.data or "", postcode=self.postcode.data or "",
            city=self.city.data or "", tax_no=self.tax_no.data or "", iban=self.iban.data or "", bic=self.bic.data or "",
            payment_days=self.payment_days.data or 0,
        )  # fmt: skip
