"""What the treasurer fills in about entries, accounts and closed periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from wtforms import Field, RadioField, SelectField
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from app.core import i18n
from app.core.forms import Day, Euro, Form, Line, choices
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.money import service
from app.money.forms.terms import ACCOUNT_KINDS, SPHERES
from app.money.models import Line as LedgerLine
from app.money.service.ledger import SUB_LEDGERS

FEWEST, MOST, MORE = 2, 20, 2
"""Lines of an entry written by hand: at first, at most, and how many are added at once."""
LARGEST_AMOUNT = 1_000_000_000


@dataclass(frozen=True)
class Books:
    """What may be chosen: accounts, offerings and funds of the house as (code, name)."""

    accounts: list[tuple[str, str]]
    offerings: list[tuple[str, str]]
    funds: list[tuple[str, str]]


class EntryForm(Form):
    """An entry written by hand. Its lines are made by `entry_form`: ``account_1``, ``debit_1`` … ``fund_1``, ``account_2`` …"""

    on = Day(_l("Day"), [InputRequired()])
    text = Line(
        _l("Text"), [InputRequired(), Length(max=200)], description=_l("What happened, so that somebody else understands it.")
    )
    lines: int

    def rows(self) -> Iterator[tuple[int, list[Field]]]:
        """Number and fields of each line."""
        for number in range(1, self.lines + 1):
            yield number, [self[f"{name}_{number}"] for name in ("account", "debit", "credit", "sphere", "offering", "fund")]

    def request(self) -> service.EntryRequest | None:
        """What was written; None with the reasons at their fields where it cannot be posted."""
        lines = []
        for number, (account, debit, credit, sphere, offering, fund) in self.rows():
            if not any((account.data, debit.data, credit.data)):
                continue
            if not account.data:
                account.errors = [gettext("Which account?")]
            if bool(debit.data) == bool(credit.data):
                debit.errors = [gettext("Line %(number)s needs an amount in debit or in credit, not in both.", number=number)]
            lines.append(
                LedgerLine(account.data, debit.data or 0, credit.data or 0, sphere.data, offering.data or None, fund.data or None)
            )
        debits, credits = sum(line.debit for line in lines), sum(line.credit for line in lines)
        if not self.errors and not lines:
            self.form_errors = [gettext("Please fill in at least two lines.")]
        elif not self.errors and debits != credits:
            told = gettext(
                "Debit is %(debit)s, credit is %(credit)s: a difference of %(difference)s.",
                debit=i18n.money(debits), credit=i18n.money(credits), difference=i18n.money(abs(debits - credits)),
            )  # fmt: skip
            self.form_errors = [told]
        if self.errors or self.on.data is None:
            return None
        return service.EntryRequest(on=self.on.data, text=self.text.data or "", lines=lines)


def entry_form(books: Books, formdata: Any = None, *, more: bool = False, on: date | None = None) -> EntryForm:
    """The form with as many lines as came with `formdata` (and some `more`)."""
    known = 0
    if formdata is not None:
        known = sum(1 for number in range(1, MOST + 1) if f"account_{number}" in formdata)
    lines = min(MOST, max(FEWEST, known) + (MORE if more else 0))
    fields: dict[str, Any] = {"lines": lines}
    for number in range(1, lines + 1):
        fields[f"account_{number}"] = SelectField(_l("Account"), [Optional()], choices=choices([("", "–"), *books.accounts]))
        fields[f"debit_{number}"] = Euro(_l("Debit"), [Optional(), _above_zero], most=LARGEST_AMOUNT)
        fields[f"credit_{number}"] = Euro(_l("Credit"), [Optional(), _above_zero], most=LARGEST_AMOUNT)
        fields[f"sphere_{number}"] = SelectField(_l("Sphere"), choices=choices(SPHERES), default="9")
        fields[f"offering_{number}"] = SelectField(_l("Offering"), [Optional()], choices=choices([("", "–"), *books.offerings]))
        fields[f"fund_{number}"] = SelectField(_l("Fund"), [Optional()], choices=choices([("", "–"), *books.funds]))
    made: EntryForm = type("EntryFormOfLines", (EntryForm,), fields)(formdata, on=on)
    return made


def _above_zero(form: Any, field: Any) -> None:
    if field.data == 0:
        raise StopValidation(gettext("Please write an amount above zero."))


def free_accounts(accounts: list[Any]) -> list[tuple[str, str]]:
    """Those that may be posted to by hand, as code and name."""
    return [(account.code, f"{account.code} {account.name}") for account in accounts if account.code not in SUB_LEDGERS]


class ReasonForm(Form):
    """Why something is taken back."""

    reason = Line(
        _l("Why?"), [InputRequired(), Length(max=120)], description=_l("It stands in the books for as long as they are kept.")
    )


class LockForm(Form):
    locked_through = Day(_l("Close the books up to and including"), [InputRequired()])


class AccountForm(Form):
    """A new account."""

    code = Line(_l("Number"), [InputRequired(), Length(max=8)], description=_l("Four to eight digits."))
    kind = RadioField(_l("What kind?"), [InputRequired()], choices=choices(ACCOUNT_KINDS))
    name = Line(_l("Name"), [InputRequired(), Length(max=120)])
    datev_no = Line(
        _l("Number at the tax adviser's"), [Optional(), Length(max=5)], description=_l("As in SKR 42, such as 42000.")
    )

    def request(self) -> service.AccountRequest:
        return service.AccountRequest(
            name=self.name.data or "", datev_no=self.datev_no.data or "", code=self.code.data or "", kind=self.kind.data
        )


class AccountNameForm(Form):
    """Name and number of an account that stands."""

    name = Line(_l("Name"), [InputRequired(), Length(max=120)])
    datev_no = Line(
        _l("Number at the tax adviser's"), [Optional(), Length(max=5)], description=_l("As in SKR 42, such as 42000.")
    )

    def request(self) -> service.AccountRequest:
        return service.AccountRequest(name=self.name.data or "", datev_no=self.datev_no.data or "")
