"""The sheet that two people fill in after closing time: count, bank, vouchers, tally; then reason and second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, Field, HiddenField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms import Day, Euro, Form, Line, Whole, choices
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.money.queries.cash_days import CountedKind
from app.money.service import DENOMINATIONS, INPUT_TAX, CountRequest, VoucherRequest
from app.money.service.cash_days import MOST_PIECES
from app.offers.models import TaxCode

VOUCHERS, MORE_VOUCHERS, MOST_VOUCHERS = 2, 3, 20
"""Voucher lines on an empty sheet, how many come with a tap, and how many there can be."""
PARTS = ("payee", "reason", "no", "cents", "tax", "account", "offering")


class CountForm(Form):
    """Built by `count_form`, which adds a field for each note and coin, each line of the tally and each voucher."""

    day = Day(_l("Which day?"), [InputRequired()])
    put_in = Euro(_l("Put into the drawer"), [Optional()], description=_l("Change from the bank, or the first float."))
    banked = Euro(_l("Taken out for the bank"), [Optional()], description=_l("It is on its way until the bank shows it."))
    voucher_lines = HiddenField()

    pieces: list[tuple[int, Field]]
    kinds: list[tuple[CountedKind, Field]]
    vouchers: list[dict[str, Field]]

    def request(self, house_id: int) -> CountRequest:
        assert self.day.data is not None
        return CountRequest(
            house_id=house_id,
            day=self.day.data,
            pieces={value: field.data or 0 for value, field in self.pieces},
            banked_cents=self.banked.data or 0,
            put_in_cents=self.put_in.data or 0,
            vouchers=[_voucher(parts) for parts in self.vouchers if _is_filled(parts)],
            tally={kind.code: field.data or 0 for kind, field in self.kinds},
        )

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        for parts in self.vouchers:
            if not _is_filled(parts):
                continue
            for name in ("payee", "reason", "no", "cents"):
                if not parts[name].data and not parts[name].errors:
                    parts[name].errors = [*parts[name].errors, gettext("A voucher needs this.")]
                    valid = False
        return valid


def _is_filled(parts: dict[str, Field]) -> bool:
    return any(parts[name].data or parts[name].errors for name in ("payee", "reason", "no", "cents"))


def _voucher(parts: dict[str, Field]) -> VoucherRequest:
    return VoucherRequest(
        payee=parts["payee"].data,
        reason=parts["reason"].data,
        voucher_no=parts["no"].data,
        cents=parts["cents"].data or 0,
        account=parts["account"].data,
        tax=parts["tax"].data,
        offering=parts["offering"].data,
    )


def piece_name(value: int) -> str:
    """``50 €`` or ``20 ct``, as people call it."""
    return f"{value // 100} €" if value >= 100 else f"{value} ct"


def count_form(
    formdata: Any,
    kinds: Sequence[CountedKind],
    accounts: Sequence[tuple[str, str]],
    offerings: Sequence[tuple[str, str]],
    *,
    more: bool = False,
    **values: Any,
) -> CountForm:
    """The sheet of a house; `more` adds voucher lines. `accounts` and `offerings` are codes and names."""
    asked = str(formdata.get("voucher_lines", "")) if formdata is not None else ""
    lines = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else VOUCHERS
    lines = min(max(lines, VOUCHERS) + (MORE_VOUCHERS if more else 0), MOST_VOUCHERS)
    fields: dict[str, Any] = {f"n{value}": _piece(value) for value in DENOMINATIONS}
    fields |= {f"t{number}": Euro(kind.name, [Optional()]) for number, kind in enumerate(kinds)}
    for number in range(lines):
        fields |= _voucher_fields(number, accounts, offerings)
    form: CountForm = type("CountForm", (CountForm,), fields)(formdata, **values)
    form.voucher_lines.data = str(lines)
    form.pieces = [(value, form[f"n{value}"]) for value in DENOMINATIONS]
    form.kinds = [(kind, form[f"t{number}"]) for number, kind in enumerate(kinds)]
    form.vouchers = [{part: form[f"v{number}_{part}"] for part in PARTS} for number in range(lines)]
    return form


def _piece(value: int) -> Any:
    return Whole(piece_name(value), [Optional(), NumberRange(0, MOST_PIECES)])


def _voucher_fields(number: int, accounts: Sequence[tuple[str, str]], offerings: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        f"v{number}_payee": Line(_l("Paid to"), [Optional(), Length(max=120)]),
        f"v{number}_reason": Line(_l("What for"), [Optional(), Length(max=120)]),
        f"v{number}_no": Line(_l("Number on the voucher"), [Optional(), Length(max=40)]),
        f"v{number}_cents": Euro(_l("Amount"), [Optional()]),
        f"v{number}_tax": SelectField(_l("Tax on the voucher"), choices=choices((tax.value, _tax(tax)) for tax in INPUT_TAX)),
        f"v{number}_account": SelectField(_l("Account"), choices=choices((code, f"{code} {name}") for code, name in accounts)),
        f"v{number}_offering": SelectField(
            _l("Offering"), choices=choices([("", _l("for the whole house")), *((code, name) for code, name in offerings)])
        ),
    }


def _tax(tax: TaxCode) -> Any:
    if tax == TaxCode.NONE:
        return _l("none")
    return _l("reduced, mostly food") if tax == TaxCode.REDUCED else _l("usual")


def rate_words(rate_bp: int) -> str:
    return f"{rate_bp / 100:g} %"


class CloseForm(Form):
    """After the count: where a difference comes from, who counted along. `seen` is the state of the drawer they looked at."""

    reason = Line(_l("Where may the difference come from?"), [Optional(), Length(max=300)])
    witness = SelectField(_l("Who counted with you?"), coerce=str)
    agreed = BooleanField(_l("We both counted, and both agree."), [InputRequired(_l("Both of you have to agree."))])
    seen = HiddenField()

    def __init__(self, people: Sequence[tuple[int, str]], formdata: Any = None, **values: Any) -> None:
        super().__init__(formdata, **values)
        self.someone = bool(people)
        self.witness.choices = choices([("", _l("Please choose")), *((str(number), name) for number, name in people)])

    def witness_id(self) -> int | None:
        return int(self.witness.data) if self.witness.data else None


class ArrivedForm(Form):
    on = Day(_l("On which day does the bank statement show it?"), [InputRequired()])
