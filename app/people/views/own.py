"""What everyone sees and changes of themselves."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, session

from app.core.errors import Invalid, Missing
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.people import policy, queries, service
from app.people.forms import OwnForm, shown_contact
from app.people.models import Person, Purpose
from app.people.service import ConsentRequest
from app.people.views.pages import pages


def myself() -> Person:
    """The acting person's own record; a program's access has none."""
    person = queries.person(actor().person_id or 0)
    if person is None:
        raise Missing
    return person


@pages.get("/me", allow=policy.see_me)
def show_me() -> Any:
    """My contact data, household, groups and consents."""
    person = myself()
    consents = queries.consents(person.id)
    valid = {consent.purpose for consent in consents if consent.withdrawn_at is None}
    open_purposes = [each for each in Purpose if each not in valid and each is not Purpose.OTHER]
    return render_template(
        "people/show_me.html",
        person=person,
        household=queries.household_page(person.household_id) if person.household_id is not None else None,
        memberships=queries.memberships(person.id),
        consents=consents,
        may_consent=[(each, service.wording(each, person.language)) for each in open_purposes],
    )


@pages.get("/me/edit", allow=policy.change_me)
def show_my_form() -> Any:
    return render_template("people/change_me.html", form=shown_contact(myself()))


@pages.post("/me/edit", allow=policy.change_me)
def change_me() -> Any:
    form = OwnForm(request.form)
    if not form.validate():
        return render_template("people/change_me.html", form=form), 422
    try:
        service.change_me(myself(), form.request(), by=actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("people/change_me.html", form=form), refusal.status
    session.pop("language", None)  # what was chosen in this browser before would hide the new language
    say(gettext("Saved."))
    return see_other("people.show_me")


@pages.post("/me/consents", allow=policy.consent_for_me)
def consent_for_me() -> Any:
    """Agree to one of the house's own wordings, as shown on the page."""
    given = request.form.get("purpose", "")
    if given not in set(Purpose) - {Purpose.OTHER}:
        raise Invalid(message=gettext("There is no such consent."))
    service.give_consent(myself(), ConsentRequest(purpose=Purpose(given), via="screen"), by=actor())
    say(gettext("Thank you. You can take it back here at any time."))
    return see_other("people.show_me")
