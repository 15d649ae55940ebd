"""The desk's pages: find somebody, write somebody down, everything about somebody."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from app.core import sheets
from app.core.errors import Invalid
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, inner_address, say, see_other
from app.people import policy, queries, service
from app.people.forms import ConsentForm, PersonForm, shown_person
from app.people.models import Consent, Person, Purpose
from app.people.queries import PersonPage
from app.people.views.pages import asked, chosen_person, number, pages, to_choose_from


@pages.get("/people", allow=policy.see_people)
def show_people() -> Any:
    """The search box; below it who fits, or everybody by name."""
    query = asked()
    if query:
        return render_template("people/show_people.html", query=query, lines=queries.search_people(query, 50), page=None)
    page = queries.people_after(number(request.args.get("after")), count=True)
    return render_template("people/show_people.html", query="", lines=page.lines, page=page)


@pages.get("/people.csv", allow=policy.see_people)
def people_sheet() -> Any:
    """The list to take away: names and ways of contact, no notes."""
    heads = [
        gettext("Number"), gettext("First name"), gettext("Family name"), gettext("Telephone"), gettext("E-mail"),
        gettext("Street and number"), gettext("Postcode"), gettext("Town"), gettext("Card number"), gettext("Tariff"),
    ]  # fmt: skip
    rows = [
        [
            each.id, each.given_name, each.family_name, each.phone_shown, each.email, each.street, each.postcode, each.city,
            each.card_number, each.tariff_class,
        ]
        for each in queries.people_for_sheet(asked())
    ]  # fmt: skip
    return sheets.csv_answer("people", [heads, *rows])


@pages.get("/people/choose", allow=policy.see_people)
def choose_person() -> Any:
    """A step of other pages: search, choose, go on to ``next`` with ``for=<id>``."""
    target = inner_address(request.args.get("next"), url_for("people.show_people"))
    chosen = chosen_person(request.args.get("person"))
    if chosen is not None:
        return redirect(_with_person(target, chosen), 303)
    return render_template("people/choose_person.html", query=asked(), lines=to_choose_from(), target=target)


def _with_person(address: str, person: Person) -> str:
    path, mark, fragment = address.partition("#")
    return f"{path}{'&' if '?' in path else '?'}for={person.id}{mark}{fragment}"


@pages.get("/people/new", allow=policy.create_person)
def show_new_person() -> Any:
    """An empty form; ``?name=`` is what was searched for, ``?next=`` where to go on with the new person."""
    form = PersonForm(None)
    form.given_name.data, form.family_name.data = service.name_from(asked())
    return _new_person_page(form, [])


@pages.post("/people/new", allow=policy.create_person)
def create_person() -> Any:
    """Write somebody down; people who may be the same are shown first."""
    form = PersonForm(request.form)
    if not form.validate():
        return _new_person_page(form, []), 422
    try:
        person = service.create_person(form.request(), by=actor(), look_first="anyway" not in request.form)
    except service.PerhapsKnown as known:
        return _new_person_page(form, known.likely), known.status
    except Invalid as refusal:
        blame(form, refusal)
        return _new_person_page(form, []), refusal.status
    say(gettext("%(name)s is written down.", name=person.name))
    target = inner_address(request.form.get("next"), "")
    return redirect(_with_person(target, person), 303) if target else see_other("people.show_person", person_id=person.id)


def _new_person_page(form: PersonForm, likely: list[queries.Likeness]) -> str:
    target = inner_address(request.values.get("next"), "")
    return render_template("people/new_person.html", form=form, likely=likely, target=target, go_on=_with_person)


@pages.get("/people/<int:person_id>", load=queries.person_page, allow=policy.see_people)
def show_person(page: PersonPage) -> Any:
    """Everything the desk knows; the number of a merged duplicate leads to the person it is now."""
    if request.view_args and request.view_args["person_id"] != page.person.id:
        return see_other("people.show_person", person_id=page.person.id)
    return render_template("people/show_person.html", page=page, person=page.person)


@pages.get("/people/<int:person_id>/edit", load=queries.person, allow=policy.change_person)
def show_person_form(person: Person) -> Any:
    return render_template("people/change_person.html", person=person, form=shown_person(person))


@pages.post("/people/<int:person_id>/edit", load=queries.person, allow=policy.change_person)
def change_person(person: Person) -> Any:
    form = PersonForm(request.form)
    name, person_id = person.name, person.id
    try:
        if form.validate():
            service.change_person(person, form.request(), by=actor())
            say(gettext("Saved."))
            return see_other("people.show_person", person_id=person_id)
        status = 422
    except Invalid as refusal:
        blame(form, refusal)
        status = refusal.status
    return render_template("people/change_person.html", person={"id": person_id, "name": name}, form=form), status


@pages.post("/people/<int:person_id>/card", load=queries.person, allow=policy.change_person)
def give_card(person: Person) -> Any:
    """A new card number, made by the house."""
    card = service.give_card(person, by=actor())
    say(gettext("The new card number is %(number)s.", number=f"{card[:4]} {card[4:]}"))
    return see_other("people.show_person", person_id=person.id)


# Consents ----------------------------------------------------------------------------------------------------------


@pages.get("/people/<int:person_id>/consents/new", load=queries.person, allow=policy.give_consent)
def show_consent_form(person: Person) -> Any:
    return _consent_page(person, ConsentForm(None))


@pages.post("/people/<int:person_id>/consents/new", load=queries.person, allow=policy.give_consent)
def give_consent(person: Person) -> Any:
    """Kept in the words that were shown, in the person's language."""
    form = ConsentForm(request.form)
    if not form.validate():
        return _consent_page(person, form), 422
    try:
        service.give_consent(person, form.request(), by=actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _consent_page(person, form), refusal.status
    except service.ConsentAlreadyGiven as refusal:
        form.form_errors = [str(refusal)]
        return _consent_page(person, form), refusal.status
    say(gettext("The consent is written down."))
    return see_other("people.show_person", person_id=person.id)


def _consent_page(person: Person, form: ConsentForm) -> str:
    wordings = [(purpose, service.wording(purpose, person.language)) for purpose in Purpose if purpose is not Purpose.OTHER]
    return render_template("people/give_consent.html", person=person, form=form, wordings=wordings)


@pages.post("/consents/<int:consent_id>/withdraw", load=queries.consent, allow=policy.withdraw_consent)
def withdraw_consent(consent: Consent) -> Any:
    """By the desk, or by the person who gave it."""
    service.withdraw_consent(consent, by=actor())
    say(gettext("The consent has ended today. That it was given stays on record."))
    if policy.see_people(actor()):
        return see_other("people.show_person", person_id=consent.person_id)
    return see_other("people.show_me")
