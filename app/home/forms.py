"""The form with which a new house opens."""

from __future__ import annotations

from wtforms import PasswordField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from app.core.forms import Form, Line
from app.core.i18n import lazy as _l


class SetUpForm(Form):
    set_up_code = Line(_l("Set-up code"), [DataRequired(), Length(max=40)])
    name = Line(_l("Name of the house"), [DataRequired(), Length(max=120)])
    street = Line(_l("Street and number"), [Optional(), Length(max=120)])
    postcode = Line(_l("Postcode"), [Optional(), Length(max=12)])
    city = Line(_l("Town"), [Optional(), Length(max=80)])
    given_name = Line(_l("First name"), [DataRequired(), Length(max=80)])
    family_name = Line(_l("Family name"), [DataRequired(), Length(max=80)])
    email = Line(_l("E-mail"), [DataRequired(), Length(max=254)])
    password = PasswordField(_l("New password"), [InputRequired(), Length(max=200)])
    code = Line(_l("Six-digit code from your phone"), [DataRequired(), Length(max=20)])
