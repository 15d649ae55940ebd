"""Groups, clubs, firms and partners."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core import sheets
from app.core.errors import Invalid
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.people import policy, queries, service
from app.people.forms import ListForm, OrganisationForm, shown_organisation
from app.people.models import Membership, Organisation
from app.people.views.pages import asked, chosen_person, pages, to_choose_from


@pages.get("/organisations", allow=policy.see_organisations)
def show_organisations() -> Any:
    form = ListForm(request.args)
    lines = queries.organisations(asked(), archived=form.archived.data)
    return render_template("people/show_organisations.html", lines=lines, query=asked(), form=form)


@pages.get("/organisations.csv", allow=policy.see_organisations)
def organisations_sheet() -> Any:
    heads = [gettext("Number"), gettext("Name"), gettext("Tariff"), gettext("Contact"), gettext("Members"), gettext("Put away")]
    rows = [
        [line.id, line.name, line.tariff_class, line.contact, line.members, gettext("yes") if line.archived else ""]
        for line in queries.organisations(asked(), archived=ListForm(request.args).archived.data, limit=100_000)
    ]
    return sheets.csv_answer("organisations", [heads, *rows])


@pages.get("/organisations/new", allow=policy.keep_organisations)
def show_new_organisation() -> Any:
    return render_template("people/new_organisation.html", form=OrganisationForm(None))


@pages.post("/organisations/new", allow=policy.keep_organisations)
def create_organisation() -> Any:
    form = OrganisationForm(request.form)
    if not form.validate():
        return render_template("people/new_organisation.html", form=form), 422
    try:
        organisation = service.create_organisation(form.request(), by=actor())
    except Invalid as refusal:
        blame(form, refusal)
        return render_template("people/new_organisation.html", form=form), refusal.status
    say(gettext("%(name)s is written down.", name=organisation.name))
    return see_other("people.show_organisation", organisation_id=organisation.id)


@pages.get("/organisations/<int:organisation_id>", load=queries.organisation, allow=policy.see_organisations)
def show_organisation(organisation: Organisation) -> Any:
    return render_template(
        "people/show_organisation.html", organisation=organisation, members=queries.members_of_organisation(organisation.id)
    )


@pages.get("/organisations/<int:organisation_id>/edit", load=queries.organisation, allow=policy.keep_organisations)
def show_organisation_form(organisation: Organisation) -> Any:
    return render_template("people/change_organisation.html", organisation=organisation, form=shown_organisation(organisation))


@pages.post("/organisations/<int:organisation_id>/edit", load=queries.organisation, allow=policy.keep_organisations)
def change_organisation(organisation: Organisation) -> Any:
    form = OrganisationForm(request.form)
    known = {"id": organisation.id, "name": organisation.name}
    try:
        if form.validate():
            service.change_organisation(organisation, form.request(), by=actor())
            say(gettext("Saved."))
            return see_other("people.show_organisation", organisation_id=organisation.id)
        status = 422
    except Invalid as refusal:
        blame(form, refusal)
        status = refusal.status
    return render_template("people/change_organisation.html", organisation=known, form=form), status


@pages.post("/organisations/<int:organisation_id>/archive", load=queries.organisation, allow=policy.keep_organisations)
def archive_organisation(organisation: Organisation) -> Any:
    service.archive_organisation(organisation, by=actor())
    say(gettext("%(name)s is put away. Everything it did stays.", name=organisation.name))
    return see_other("people.show_organisation", organisation_id=organisation.id)


@pages.post("/organisations/<int:organisation_id>/reopen", load=queries.organisation, allow=policy.keep_organisations)
def reopen_organisation(organisation: Organisation) -> Any:
    service.reopen_organisation(organisation, by=actor())
    say(gettext("%(name)s is back.", name=organisation.name))
    return see_other("people.show_organisation", organisation_id=organisation.id)


# Members -----------------------------------------------------------------------------------------------------------


@pages.get("/organisations/<int:organisation_id>/members", load=queries.organisation, allow=policy.keep_organisations)
def show_member_choice(organisation: Organisation) -> Any:
    return _choice_page(organisation)


def _choice_page(organisation: Organisation, fault: str = "") -> str:
    return render_template(
        "people/add_member.html", organisation=organisation, query=asked(), lines=to_choose_from(), fault=fault
    )


@pages.post("/organisations/<int:organisation_id>/members", load=queries.organisation, allow=policy.keep_organisations)
def add_member(organisation: Organisation) -> Any:
    person = chosen_person(request.form.get("person"))
    if person is None:
        return _choice_page(organisation, gettext("Please choose somebody.")), 422
    try:
        service.add_member(organisation, person, by=actor())
    except service.AlreadyMember as refusal:
        return _choice_page(organisation, str(refusal)), refusal.status
    say(gettext("%(name)s acts for %(organisation)s now.", name=person.name, organisation=organisation.name))
    return see_other("people.show_organisation", organisation_id=organisation.id)


@pages.post(
    "/organisations/<int:organisation_id>/members/<int:membership_id>/remove",
    load=queries.membership, allow=policy.keep_organisations,
)  # fmt: skip
def remove_member(membership: Membership) -> Any:
    organisation_id, name = membership.organisation_id, membership.person.name
    service.remove_member(membership, by=actor())
    say(gettext("%(name)s does not act for it any more.", name=name))
    return see_other("people.show_organisation", organisation_id=organisation_id)


@pages.post(
    "/organisations/<int:organisation_id>/members/<int:membership_id>/contact",
    load=queries.membership, allow=policy.keep_organisations,
)  # fmt: skip
def choose_contact(membership: Membership) -> Any:
    """The one to ask."""
    service.choose_contact(membership, by=actor())
    say(gettext("%(name)s is the one to ask now.", name=membership.person.name))
    return see_other("people.show_organisation", organisation_id=membership.organisation_id)
