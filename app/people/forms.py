"""What people and desk fill in, in the order it is said at the counter."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, Optional

from app.core import i18n
from app.core.forms import Form, Line, Text, choices
from app.core.i18n import lazy as _l
from app.people.models import AgeBand, ContactBy, Organisation, Person, Purpose, TariffClass
from app.people.service import ChildRequest, ConsentRequest, OrganisationRequest, OwnRequest, PersonRequest

WAYS = {
    ContactBy.MAIL: _l("by e-mail"),
    ContactBy.PHONE: _l("by telephone"),
    ContactBy.LETTER: _l("by letter"),
    ContactBy.NONE: _l("not at all"),
}
CLASSES = {
    TariffClass.FREE: _l("A · neighbours' group, free"),
    TariffClass.REDUCED: _l("B · non-profit with takings, or Dortmund-Karte"),
    TariffClass.PRIVATE: _l("C · private"),
    TariffClass.COMMERCIAL: _l("D · commercial"),
}
AGES = {
    AgeBand.UNDER_3: _l("0 to 2 years"),
    AgeBand.UNDER_6: _l("3 to 5 years"),
    AgeBand.UNDER_10: _l("6 to 9 years"),
    AgeBand.UNDER_14: _l("10 to 13 years"),
    AgeBand.UNDER_18: _l("14 to 17 years"),
}
PURPOSES = {
    Purpose.NEWS: _l("News of the house"),
    Purpose.PHOTOS: _l("Photos"),
    Purpose.SHARE_CONTACT: _l("Telephone number for volunteers"),
    Purpose.OTHER: _l("Something else"),
}
VIAS = {"paper": _l("signed on paper"), "phone": _l("said on the telephone"), "screen": _l("on the screen")}


class ContactForm(Form):
    """How somebody is reached, and in which language."""

    phone = Line(_l("Telephone"), [Length(max=60)], description=_l("With area code. Somebody else's is fine."))
    email = Line(_l("E-mail"), [Length(max=254)])
    street = Line(_l("Street and number"), [Length(max=120)])
    postcode = Line(_l("Postcode"), [Length(max=12)])
    city = Line(_l("Town"), [Length(max=80)])
    contact_by = RadioField(_l("How shall we reach you?"), [Optional()], choices=choices(WAYS))
    language = SelectField(_l("Language"))

    def __init__(self, formdata: Any = None, obj: Any = None, **more: Any) -> None:
        super().__init__(formdata, obj, **more)
        offered = dict(i18n.languages())
        if formdata is None and self.language.data:  # a language the house has given up stays what somebody speaks
            offered.setdefault(self.language.data, i18n.NAMES.get(self.language.data, self.language.data))
        self.language.choices = choices(offered)


class OwnForm(ContactForm):
    def request(self) -> OwnRequest:
        return OwnRequest(
            email=self.email.data,
            phone=self.phone.data,
            street=self.street.data or "",
            postcode=self.postcode.data or "",
            city=self.city.data or "",
            contact_by=ContactBy(self.contact_by.data or ContactBy.NONE),
            language=self.language.data,
        )


class PersonForm(ContactForm):
    """What the desk writes down; the order is that of the fields on the page, not of this class."""

    given_name = Line(_l("First name"), [Length(max=80)])
    family_name = Line(_l("Family name"), [Length(max=80)])
    contact_by = RadioField(_l("How shall we reach them?"), [Optional()], choices=choices(WAYS))
    card_number = Line(_l("Card number"), [Length(max=20)], description=_l("Type or scan it."))
    tariff_class = SelectField(_l("Tariff"), choices=choices(CLASSES), default=TariffClass.PRIVATE)
    desk_note = Text(
        _l("Note for the desk"),
        [Length(max=4000)],
        description=_l("Only the desk sees it; it is stored encrypted. No diagnoses."),
    )

    def request(self) -> PersonRequest:
        return PersonRequest(
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            email=self.email.data,
            phone=self.phone.data,
            street=self.street.data or "",
            postcode=self.postcode.data or "",
            city=self.city.data or "",
            contact_by=ContactBy(self.contact_by.data) if self.contact_by.data else None,
            language=self.language.data,
            card_number=self.card_number.data,
            tariff_class=TariffClass(self.tariff_class.data),
            desk_note=self.desk_note.data,
        )


class HouseholdForm(Form):
    name = Line(_l("Name of the household"), [Length(max=120)])


class ChildForm(Form):
    first_name = Line(_l("First name"), [InputRequired(), Length(max=60)])
    age_band = SelectField(_l("Age"), choices=choices(AGES))

    def request(self) -> ChildRequest:
        return ChildRequest(first_name=self.first_name.data or "", age_band=AgeBand(self.age_band.data))


class OrganisationForm(Form):
    name = Line(_l("Name"), [InputRequired(), Length(max=160)])
    tariff_class = SelectField(_l("Tariff"), choices=choices(CLASSES), default=TariffClass.FREE)
    phone = Line(_l("Telephone"), [Length(max=60)])
    email = Line(_l("E-mail"), [Length(max=254)])

    def request(self) -> OrganisationRequest:
        return OrganisationRequest(
            name=self.name.data or "",
            tariff_class=TariffClass(self.tariff_class.data),
            email=self.email.data,
            phone=self.phone.data,
        )


class ConsentForm(Form):
    """A consent given at the desk."""

    purpose = RadioField(_l("What for?"), [InputRequired()], choices=choices(PURPOSES))
    wording = Text(
        _l("In which words"),
        [Length(max=4000)],
        description=_l("Only for “Something else”; the others have their own words."),
    )
    via = RadioField(_l("How was it given?"), [InputRequired()], choices=choices(VIAS), default="paper")

    def request(self) -> ConsentRequest:
        return ConsentRequest(purpose=Purpose(self.purpose.data), via=self.via.data, wording=self.wording.data or "")


class ListForm(Form):
    """What a list of organisations shows."""

    archived = BooleanField(_l("also those put away"))


def shown_person(person: Person) -> PersonForm:
    """The form with what is written down; the telephone number as people write it here."""
    form = PersonForm(None, person)
    form.phone.data = person.phone_shown
    return form


def shown_contact(person: Person) -> OwnForm:
    form = OwnForm(None, person)
    form.phone.data = person.phone_shown
    return form


def shown_organisation(organisation: Organisation) -> OrganisationForm:
    form = OrganisationForm(None, organisation)
    form.phone.data = organisation.phone_shown
    return form
