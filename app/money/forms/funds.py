"""What the treasurer fills in about funds and expenses."""

from __future__ import annotations

import re
from typing import Any

from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms import Day, Euro, Form, Line, Text, Whole, choices, clean_line
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.money import service
from app.money.forms.terms import FUND_KINDS, FUND_RULES, METHODS, SPHERES
from app.money.models import FundRule, Method

LARGEST_AMOUNT = 1_000_000_000


class Percent(Line):
    """A part of a hundred as people write it (``12,5``, ``80 %``); `data` is in hundredths of a per cent."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = clean_line(valuelist[0]) if valuelist else ""
        self.data = None
        if not typed:
            return
        found = re.fullmatch(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%?", typed)
        if found is None:
            raise ValueError(gettext("Please write a part of a hundred such as 12.5."))
        self.data = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))

    def _value(self) -> str:
        if self.raw_data:
            return clean_line(self.raw_data[0])
        if self.data is None:
            return ""
        return f"{self.data // 100}" + (f",{self.data % 100:02}" if self.data % 100 else "")


class FundForm(Form):
    """A fund. Numbers that its rule does not ask for may stay empty."""

    code = Line(
        _l("Short name"), [InputRequired(), Length(max=8)], description=_l("Stands on every line of the books, such as G1.")
    )
    name = Line(_l("Name"), [InputRequired(), Length(max=120)])
    kind = SelectField(_l("What kind?"), [InputRequired()], choices=choices(FUND_KINDS))
    restricted = RadioField(
        _l("May it be used for one purpose only?"), [InputRequired()], default="yes",
        choices=choices({
            "yes": _l("Yes: it waits until it is used for its purpose"), "no": _l("No: it is free money, income at once"),
        }),
    )  # fmt: skip
    amount_cents = Euro(_l("Amount"), [InputRequired()], most=LARGEST_AMOUNT, description=_l("What was granted or is hoped for."))
    starts_on = Day(_l("From"), [InputRequired()])
    ends_on = Day(_l("To"), [Optional()], description=_l("The last day on which it may be spent."))
    purpose = Text(_l("Purpose"), [Optional(), Length(max=2000)])
    offering_code = SelectField(_l("Only for one offering"), [Optional()])
    sphere = SelectField(_l("Sphere"), choices=choices(SPHERES), default="1")
    funder = Line(_l("Who gives it"), [Optional(), Length(max=120)])
    notice_no = Line(_l("Number of the notice"), [Optional(), Length(max=60)])
    account_code = SelectField(_l("Income account"), [InputRequired()], default="4600")
    rule = RadioField(
        _l("What of an expense does it bear?"), [InputRequired()], choices=choices(FUND_RULES), default=FundRule.DIRECT.value
    )
    rate_bp = Percent(
        _l("Per cent"), [Optional()], description=_l("With a flat part: what is added for overhead. With a share: the share."),
    )  # fmt: skip
    inkind_rate_cents = Euro(_l("An hour of volunteers counts for"), [Optional()], most=100_00)
    inkind_cap_bp = Percent(_l("Volunteer time counts up to, in per cent of all cost"), [Optional()])
    inkind_hours = Whole(
        _l("Volunteer hours for this so far"), [Optional(), NumberRange(0, 1_000_000)],
        description=_l("You can raise it later; what becomes eligible by it is released then."),
    )  # fmt: skip
    covered_cents = Euro(
        _l("Borne by own income and others so far"), [Optional()], most=LARGEST_AMOUNT,
        description=_l("Only where the fund bears what is left."),
    )  # fmt: skip
    owner_id = SelectField(_l("Who looks after it?"), [InputRequired()], coerce=int)
    warn_days = Whole(
        _l("Warn how many days before?"), [InputRequired(), NumberRange(0, 730)], default=60,
        description=_l("Before the end and before the report is due."),
    )  # fmt: skip
    report_due_on = Day(_l("Report due on"), [Optional()])

    def request(self) -> service.FundRequest:
        assert self.starts_on.data is not None
        return service.FundRequest(
            code=self.code.data or "", name=self.name.data or "", kind=self.kind.data, restricted=self.restricted.data == "yes",
            amount_cents=self.amount_cents.data, starts_on=self.starts_on.data, ends_on=self.ends_on.data,
            sphere=self.sphere.data, offering_code=self.offering_code.data or None, purpose=self.purpose.data or "",
            funder=self.funder.data or "", notice_no=self.notice_no.data or "", account_code=self.account_code.data,
            rule=self.rule.data, rate_bp=self.rate_bp.data or 0, inkind_rate_cents=self.inkind_rate_cents.data or 0,
            inkind_cap_bp=self.inkind_cap_bp.data or 0, inkind_minutes=(self.inkind_hours.data or 0) * 60,
            covered_cents=self.covered_cents.data or 0, owner_id=self.owner_id.data, warn_days=self.warn_days.data or 0,
            report_due_on=self.report_due_on.data,
        )  # fmt: skip


class FundMoneyForm(Form):
    """Money of a fund that came, or goes back."""

    cents = Euro(_l("Amount"), [InputRequired()], most=LARGEST_AMOUNT)
    on = Day(_l("Day on the account"), [InputRequired()])
    text = Line(_l("Text in the books"), [Optional(), Length(max=200)])

    def request(self) -> service.FundMoney:
        assert self.on.data is not None
        return service.FundMoney(cents=self.cents.data or 0, on=self.on.data, text=self.text.data or "")


class ExpenseForm(Form):
    """Something that was paid, in the order in which it stands on the voucher."""

    on = Day(_l("Paid on"), [InputRequired()])
    cents = Euro(_l("Amount"), [InputRequired()], most=LARGEST_AMOUNT, description=_l("With tax, as it was paid."))
    payee = Line(_l("To whom?"), [InputRequired(), Length(max=120)])
    reason = Line(_l("What for?"), [InputRequired(), Length(max=160)])
    voucher_no = Line(
        _l("Number of the voucher"), [InputRequired(), Length(max=40)], description=_l("As it stands on the paper.")
    )
    method = RadioField(_l("How?"), [InputRequired()], choices=choices(METHODS), default=Method.BANK.value)
    account = SelectField(_l("Account"), [InputRequired()])
    offering = SelectField(_l("Offering"), [Optional()])
    sphere = SelectField(_l("Sphere"), choices=choices(SPHERES), default="9")
    rate_bp = SelectField(_l("Input tax that may be deducted"), coerce=int, default=0)
    fund = SelectField(_l("Out of which fund?"), [Optional()])

    def request(self) -> service.ExpenseRequest:
        assert self.on.data is not None
        return service.ExpenseRequest(
            on=self.on.data, method=self.method.data, payee=self.payee.data or "", reason=self.reason.data or "",
            voucher_no=self.voucher_no.data or "", cents=self.cents.data or 0, account=self.account.data, sphere=self.sphere.data,
            rate_bp=self.rate_bp.data or 0, offering=self.offering.data or None, fund=self.fund.data or None,
        )  # fmt: skip
