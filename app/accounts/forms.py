"""Forms of signing in and of keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import HiddenField, PasswordField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3, the stubs are older
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from app.core.forms import Form, Line
from app.core.i18n import lazy as _l

ROLE_WORDS = {
    "manager": _l("Manager"),
    "desk": _l("Desk"),
    "volunteer": _l("Volunteer"),
    "treasurer": _l("Treasurer"),
    "partner": _l("Partner"),
    "resident": _l("Resident"),
}

WAYS = {"mail": _l("By e-mail"), "paper": _l("On paper or from this screen")}


def choices(words: Mapping[Any, Any]) -> list[Any]:
    """Value and word of each choice, for a select or radio field."""
    return [SelectChoice(value=value, label=word) for value, word in words.items()]


class SignInForm(Form):
    key = Line(_l("E-mail or code from your slip or card"), [DataRequired(), Length(max=254)])
    next = HiddenField()


class CodeForm(Form):
    code = Line(_l("Six-digit code"), [DataRequired(), Length(max=40)])


class JoinForm(Form):
    given_name = Line(_l("First name"), [DataRequired(), Length(max=80)])
    family_name = Line(_l("Family name"), [DataRequired(), Length(max=80)])


class StaffForm(Form):
    email = Line(_l("E-mail"), [DataRequired(), Length(max=254)])
    password = PasswordField(_l("Password"), [InputRequired(), Length(max=200)])
    code = Line(_l("Six-digit code from your phone"), [DataRequired(), Length(max=20)])
    next = HiddenField()


class KeysForm(Form):
    """Password and second factor, chosen for the first time."""

    password = PasswordField(_l("New password"), [InputRequired(), Length(max=200)])
    code = Line(_l("Six-digit code from your phone"), [DataRequired(), Length(max=20)])


class PasswordForm(Form):
    current = PasswordField(_l("Present password"), [InputRequired(), Length(max=200)])
    password = PasswordField(_l("New password"), [InputRequired(), Length(max=200)])


class SlipForm(Form):
    days = SelectField(
        _l("Valid for"),
        coerce=int,
        default=30,
        choices=choices({7: _l("a week"), 30: _l("30 days"), 180: _l("half a year"), 365: _l("a year")}),
    )


class RoleForm(Form):
    """`house` gets its choices from the page."""

    house = SelectField(_l("House"), coerce=int)
    role = SelectField(_l("Role"), choices=choices(ROLE_WORDS))


class InvitationForm(Form):
    way = RadioField(
        _l("How does the link get there?"),
        default="paper",
        choices=choices(WAYS),
    )


class TokenForm(Form):
    label = Line(_l("What is it for?"), [DataRequired(), Length(max=80)])
    house = SelectField(_l("House"), coerce=int)
    role = SelectField(_l("Role"), choices=choices(ROLE_WORDS), default="desk")
    person = Line(_l("Number of the person it acts for"), [Optional(), Length(max=12)])
