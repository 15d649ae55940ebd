"""Households: who lives together, and their children."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core.errors import Invalid
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.people import policy, queries, service
from app.people.forms import ChildForm, HouseholdForm
from app.people.models import Child, Person
from app.people.queries import HouseholdPage
from app.people.views.pages import asked, chosen_person, pages, to_choose_from


@pages.get("/people/<int:person_id>/household", load=queries.person, allow=policy.keep_households)
def show_household_choice(person: Person) -> Any:
    """Begin a household, or live where somebody else already lives."""
    return _choice_page(person)


def _choice_page(person: Person, fault: str = "") -> str:
    return render_template(
        "people/choose_household.html", person=person, query=asked(), lines=to_choose_from(but=person.id), fault=fault
    )


@pages.post("/people/<int:person_id>/household", load=queries.person, allow=policy.keep_households)
def create_household(person: Person) -> Any:
    """A household of their own."""
    household = service.create_household(person, by=actor())
    say(gettext("The household is there. Who else lives in it?"))
    return see_other("people.show_household", household_id=household.id)


@pages.post("/people/<int:person_id>/household/join", load=queries.person, allow=policy.keep_households)
def join_household(person: Person) -> Any:
    """Live with the chosen person; where they have no household yet, it begins now."""
    other = chosen_person(request.form.get("person"))
    if other is None or other.id == person.id:
        return _choice_page(person, gettext("Please choose somebody.")), 422
    household = queries.household(other.household_id) if other.household_id is not None else None
    if household is None:
        household = service.create_household(other, by=actor())
    service.join_household(person, household, by=actor())
    say(gettext("%(name)s lives there now.", name=person.name))
    return see_other("people.show_household", household_id=household.id)


@pages.post("/people/<int:person_id>/household/leave", load=queries.person, allow=policy.keep_households)
def leave_household(person: Person) -> Any:
    service.leave_household(person, by=actor())
    say(gettext("%(name)s does not belong to a household any more.", name=person.name))
    return see_other("people.show_person", person_id=person.id)


@pages.get("/households/<int:household_id>", load=queries.household_page, allow=policy.keep_households)
def show_household(page: HouseholdPage) -> Any:
    return render_template(
        "people/show_household.html", page=page, form=ChildForm(None), name_form=HouseholdForm(None, page.household)
    )


@pages.post("/households/<int:household_id>", load=queries.household_page, allow=policy.keep_households)
def rename_household(page: HouseholdPage) -> Any:
    form = HouseholdForm(request.form)
    try:
        if form.validate():
            service.rename_household(page.household, form.name.data or "", by=actor())
            say(gettext("Saved."))
            return see_other("people.show_household", household_id=page.household.id)
        status = 422
    except Invalid as refusal:
        form.name.errors = [str(refusal)]
        status = refusal.status
    return render_template("people/show_household.html", page=page, form=ChildForm(None), name_form=form), status


@pages.post("/households/<int:household_id>/children", load=queries.household_page, allow=policy.keep_households)
def add_child(page: HouseholdPage) -> Any:
    form = ChildForm(request.form)
    name_form = HouseholdForm(None, page.household)
    if not form.validate():
        return render_template("people/show_household.html", page=page, form=form, name_form=name_form), 422
    service.add_child(page.household, form.request(), by=actor())
    say(gettext("The child is written down."))
    return see_other("people.show_household", household_id=page.household.id)


@pages.get("/households/<int:household_id>/children/<int:child_id>", load=queries.child, allow=policy.keep_households)
def show_child_form(child: Child) -> Any:
    return render_template("people/change_child.html", child=child, form=ChildForm(None, child))


@pages.post("/households/<int:household_id>/children/<int:child_id>", load=queries.child, allow=policy.keep_households)
def change_child(child: Child) -> Any:
    form = ChildForm(request.form)
    if not form.validate():
        return render_template("people/change_child.html", child=child, form=form), 422
    service.change_child(child, form.request(), by=actor())
    say(gettext("Saved."))
    return see_other("people.show_household", household_id=child.household_id)


@pages.post("/households/<int:household_id>/children/<int:child_id>/remove", load=queries.child, allow=policy.keep_households)
def remove_child(child: Child) -> Any:
    household_id = child.household_id
    service.remove_child(child, by=actor())
    say(gettext("The child is no longer written down."))
    return see_other("people.show_household", household_id=household_id)
