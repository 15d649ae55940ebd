"""What the manager fills in about the house."""

from __future__ import annotations

from wtforms import SelectField
from wtforms.validators import Email, InputRequired, Length, Optional, Regexp

from app.core.forms import Form, Line, choices
from app.core.i18n import lazy as _l
from app.houses.models import Subdivision
from app.houses.service import HouseRequest

STATES = {
    Subdivision.BW: _l("Baden-Württemberg"),
    Subdivision.BY: _l("Bavaria"),
    Subdivision.BE: _l("Berlin"),
    Subdivision.BB: _l("Brandenburg"),
    Subdivision.HB: _l("Bremen"),
    Subdivision.HH: _l("Hamburg"),
    Subdivision.HE: _l("Hesse"),
    Subdivision.MV: _l("Mecklenburg-Western Pomerania"),
    Subdivision.NI: _l("Lower Saxony"),
    Subdivision.NW: _l("North Rhine-Westphalia"),
    Subdivision.RP: _l("Rhineland-Palatinate"),
    Subdivision.SL: _l("Saarland"),
    Subdivision.SN: _l("Saxony"),
    Subdivision.ST: _l("Saxony-Anhalt"),
    Subdivision.SH: _l("Schleswig-Holstein"),
    Subdivision.TH: _l("Thuringia"),
}


class HouseForm(Form):
    """As it stands on the door and at the end of every letter."""

    name = Line(_l("Name of the house"), [InputRequired(), Length(max=120)])
    street = Line(_l("Street and number"), [Optional(), Length(max=120)])
    postcode = Line(_l("Postcode"), [Optional(), Length(max=12)])
    city = Line(_l("Town"), [Optional(), Length(max=80)])
    phone = Line(
        _l("Telephone"),
        [
            Optional(),
            Length(max=40),
            Regexp(
                r"\+?[\d\s()/.–-]{3,}$",
                message=_l("Please write the telephone number with its area code, such as 0231 471 100."),
            ),
        ],
    )
    email = Line(_l("E-mail"), [Optional(), Length(max=254), Email(_l("This is not a complete e-mail address."))])
    subdivision = SelectField(
        _l("Federal state"),
        description=_l("Its public holidays close the house."),
        choices=choices({code.value: word for code, word in STATES.items()}),
    )

    def request(self) -> HouseRequest:
        return HouseRequest(
            name=self.name.data or "",
            street=self.street.data or "",
            postcode=self.postcode.data or "",
            city=self.city.data or "",
            phone=self.phone.data or "",
            email=self.email.data or "",
            subdivision=self.subdivision.data,
        )
