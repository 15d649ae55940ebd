"""Two records of one person become one: choose, look at both side by side, confirm."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core.errors import Invalid
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.people import policy, queries, service
from app.people.models import Person
from app.people.views.pages import asked, chosen_person, pages, to_choose_from


@pages.get("/people/<int:person_id>/merge", load=queries.person, allow=policy.merge_people)
def show_merge(keep: Person) -> Any:
    """Without ``?with=`` the search for the other one; with it both, and what would move."""
    duplicate = chosen_person(request.args.get("with"))
    if duplicate is None or duplicate.id == keep.id:
        return render_template("people/choose_duplicate.html", person=keep, query=asked(), lines=to_choose_from(but=keep.id))
    return render_template("people/merge_people.html", keep=keep, duplicate=duplicate, moves=queries.belongings(duplicate.id))


@pages.post("/people/<int:person_id>/merge", load=queries.person, allow=policy.merge_people)
def merge_people(keep: Person) -> Any:
    duplicate = chosen_person(request.form.get("with"))
    if duplicate is None:
        raise Invalid(message=gettext("Please choose the other record first."))
    if duplicate.id == keep.id:  # a second tap: it has been done
        return see_other("people.show_person", person_id=keep.id)
    name = keep.name
    service.merge_people(keep, duplicate, by=actor())
    say(gettext("Both records of %(name)s are one now.", name=name))
    return see_other("people.show_person", person_id=keep.id)
