"""The desk's pages of pieces: added, described, washed, repaired, retired; gifts decided; parts; days an owner keeps it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, request

from app.core import clock, i18n
from app.core.errors import Invalid, Missing, Refusal
from app.core.forms import Form, blame, choices
from app.core.i18n import gettext
from app.core.web import LARGEST_ID, actor, say, see_other
from app.library import policy, queries, service
from app.library.forms.pieces import ConditionForm, DaysForm, MissingForm, PartForm, PieceForm, WhereaboutsForm, WhyForm
from app.library.models import Condition, Intake, Origin, Part, Piece, Thing, Whereabouts
from app.library.views.pages import pages, piece, thing
from app.library.views.words import CONDITIONS, INTAKES, ORIGINS, WHEREABOUTS
from app.people import queries as people

ONE_SECOND = timedelta(seconds=1)
OFFERED = 8
"""So many people are offered to choose from."""


# Adding ------------------------------------------------------------------------------------------------------------


@pages.get("/library/things/<int:thing_id>/pieces/new", load=thing, allow=policy.keep_things)
def show_new_pieces_form(found: Thing) -> Any:
    offered = request.args.get("offered") == "1"
    return _new_page(found, PieceForm(origin=Origin.GIFT if offered else Origin.BOUGHT), offered=offered)


@pages.post("/library/things/<int:thing_id>/pieces/new", load=thing, allow=policy.keep_things)
def add_pieces(found: Thing) -> Any:
    """``offered`` writes down what somebody offers: it waits for a decision."""
    form, offered = PieceForm(request.form), request.form.get("offered") == "1"
    if not form.validate():
        return _new_page(found, form, offered=offered), 422
    person_id = _person(form)
    if form.errors:
        return _new_page(found, form, offered=offered), 422
    many = 1 if found.counted else form.many.data or 1
    intake = Intake.OFFERED if offered else Intake.STOCKED
    try:
        made = service.add_pieces(found, form.request(person_id), many, actor(), intake=intake)
    except Invalid as refusal:
        blame(form, refusal, {"owner": "who", "donor": "who"})
        return _new_page(found, form, offered=offered), refusal.status
    numbers = i18n.together(*(each.number for each in made[:6]), "…" if len(made) > 6 else "")
    if made[0].intake == Intake.ACCEPTED:
        say(gettext("Written down: %(numbers)s. It is lent once it has passed a safety test.", numbers=numbers))
    elif offered:
        say(gettext("Written down: %(numbers)s. Decide whether the house takes it.", numbers=numbers))
    else:
        say(gettext("In stock now: %(numbers)s.", numbers=numbers))
    return (
        see_other("library.show_piece", piece_id=made[0].id)
        if len(made) == 1
        else see_other("library.show_kept_thing", thing_id=found.id)
    )


def _person(form: PieceForm, known: int | None = None) -> int | None:
    """Whoever is named; an error stands in the form, with those to choose from, when that is not clear."""
    chosen = form.person.data or ""
    if chosen.isascii() and chosen.isdigit() and int(chosen) <= LARGEST_ID and people.person(int(chosen)) is not None:
        return int(chosen)
    typed = form.who.data or ""
    if not typed:
        return None
    if known is not None and (person := people.person(known)) is not None and person.name == typed:
        return known
    lines = people.search_people(typed, OFFERED)
    if len(lines) == 1:
        return lines[0].id
    if lines:
        form.person.choices = choices((line.id, i18n.dotted(line.name, line.hint, line.phone)) for line in lines)
        form.person.errors = [gettext("Several people fit. Who is it?")]
    else:
        form.who.errors = [gettext("Nobody fits this. Write the person down first, under People.")]
    return None


def _new_page(found: Thing, form: PieceForm, *, offered: bool) -> str:
    return render_template("library/add_pieces.html", thing=found, form=form, offered=offered)


# One piece ---------------------------------------------------------------------------------------------------------


@pages.get("/library/pieces/<int:piece_id>", load=piece, allow=policy.keep_things)
def show_piece(found: Piece) -> Any:
    return _page(found)


def _page(found: Piece, refusal: Refusal | None = None, **forms: Form) -> str:
    today = clock.today(i18n.zone())
    condition, whereabouts = ConditionForm(), WhereaboutsForm()
    condition.condition.data = found.condition if found.condition != Condition.QUARANTINED else Condition.FINE
    condition.note.data, condition.fit_on.data = found.condition_note, found.fit_on
    whereabouts.whereabouts.data = found.whereabouts
    tested = found.thing.thing_class.test_months is not None
    return render_template(
        "library/show_piece.html",
        piece=found,
        thing=found.thing,
        tested=tested,
        test_over=tested and (found.test_due_on is None or found.test_due_on < today),
        state=(str(CONDITIONS[Condition(found.condition)][0]), CONDITIONS[Condition(found.condition)][1]),
        where=str(WHEREABOUTS[Whereabouts(found.whereabouts)]),
        origin=str(ORIGINS[Origin(found.origin)]),
        intake=(str(INTAKES[Intake(found.intake)][0]), INTAKES[Intake(found.intake)][1]),
        kit=queries.kit_of(found.id),
        tests=queries.tests_of(found.id, 10),
        blackouts=[(number, span, span.ends_at - ONE_SECOND) for number, span in queries.blackouts(found)],
        out=queries.out_of(found.id),
        refusal=refusal,
        forms={
            "condition": condition,
            "whereabouts": whereabouts,
            "part": PartForm(),
            "days": DaysForm(first=today, last=today),
            "why": WhyForm(),
            **forms,
        },
    )


@pages.get("/library/pieces/<int:piece_id>/edit", load=piece, allow=policy.keep_things)
def show_piece_form(found: Piece) -> Any:
    who = found.owner or found.donor
    form = PieceForm(obj=found, who=who.name if who else "", note=found.intake_note)
    return render_template("library/change_piece.html", piece=found, thing=found.thing, form=form)


@pages.post("/library/pieces/<int:piece_id>/edit", load=piece, allow=policy.keep_things)
def change_piece(found: Piece) -> Any:
    """Its number stays: it is printed on it."""
    form = PieceForm(request.form)
    valid = form.validate()
    person_id = _person(form, found.owner_id or found.donor_id) if valid else None
    if not valid or form.errors:
        return render_template("library/change_piece.html", piece=found, thing=found.thing, form=form), 422
    try:
        service.change_piece(found, form.request(person_id), actor())
    except Invalid as refusal:
        blame(form, refusal, {"owner": "who", "donor": "who"})
        return render_template("library/change_piece.html", piece=found, thing=found.thing, form=form), refusal.status
    except Refusal as refusal:
        form.count.errors = [str(refusal)]
        return render_template("library/change_piece.html", piece=found, thing=found.thing, form=form), refusal.status
    say(gettext("No. %(number)s has been changed.", number=found.number))
    return see_other("library.show_piece", piece_id=found.id)


@pages.post("/library/pieces/<int:piece_id>/condition", load=piece, allow=policy.keep_things)
def set_condition(found: Piece) -> Any:
    form = ConditionForm(request.form)
    if not form.validate():
        return _page(found, condition=form), 422
    try:
        service.set_condition(
            found, form.condition.data, actor(), note=form.note.data or "", fit_on=form.fit_on.data
        )  # fmt: skip
    except Invalid as refusal:
        blame(form, refusal)
        return _page(found, condition=form), refusal.status
    except Refusal as refusal:
        return _page(found, refusal), refusal.status
    say(gettext("Written down: %(state)s.", state=str(CONDITIONS[Condition(found.condition)][0])))
    return see_other("library.show_piece", piece_id=found.id)


@pages.post("/library/pieces/<int:piece_id>/wash", load=piece, allow=policy.keep_things)
def wash_piece(found: Piece) -> Any:
    """The one tick of whoever has washed it."""
    if service.wash_piece(found, actor()):
        say(gettext("%(thing)s is clean and can be lent again.", thing=found.thing.name))
    else:
        say(gettext("It did not have to be washed. Nothing has been changed."), "info")
    return (
        see_other("library.list_things", state="wash")
        if request.form.get("list")
        else see_other("library.show_piece", piece_id=found.id)
    )


@pages.post("/library/pieces/<int:piece_id>/fine", load=piece, allow=policy.keep_things)
def mark_fine(found: Piece) -> Any:
    """Checked or repaired: it can be lent again."""
    before = found.condition
    try:
        service.set_condition(found, Condition.FINE, actor())
    except Refusal as refusal:
        return _page(found, refusal), refusal.status
    say(gettext("%(thing)s is fine and can be lent again.", thing=found.thing.name))
    if request.form.get("list"):
        return see_other("library.list_things", state=before)
    return see_other("library.show_piece", piece_id=found.id)


@pages.post("/library/pieces/<int:piece_id>/whereabouts", load=piece, allow=policy.keep_things)
def set_whereabouts(found: Piece) -> Any:
    form = WhereaboutsForm(request.form)
    if not form.validate():
        return _page(found, whereabouts=form), 422
    try:
        service.set_whereabouts(found, form.whereabouts.data, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _page(found, whereabouts=form), refusal.status
    except Refusal as refusal:
        return _page(found, refusal), refusal.status
    say(gettext("Written down: %(state)s.", state=str(WHEREABOUTS[Whereabouts(found.whereabouts)])))
    return see_other("library.show_piece", piece_id=found.id)


@pages.get("/library/pieces/<int:piece_id>/retire", load=piece, allow=policy.keep_things)
def show_retire_form(found: Piece) -> Any:
    return _retire_page(found, WhyForm())


@pages.post("/library/pieces/<int:piece_id>/retire", load=piece, allow=policy.keep_things)
def retire_piece(found: Piece) -> Any:
    """What was reserved moves to other pieces; where there is none, people are told."""
    form = WhyForm(request.form)
    if not form.validate():
        return _retire_page(found, form), 422
    service.retire_piece(found, form.reason.data or "", actor())
    say(gettext("No. %(number)s is retired. Its past stays written down.", number=found.number))
    return see_other("library.show_piece", piece_id=found.id)


def _retire_page(found: Piece, form: WhyForm) -> str:
    return render_template("library/retire_piece.html", piece=found, thing=found.thing, form=form, out=queries.out_of(found.id))


@pages.post("/library/pieces/<int:piece_id>/restore", load=piece, allow=policy.keep_things)
def restore_piece(found: Piece) -> Any:
    service.restore_piece(found, actor())
    say(gettext("No. %(number)s is back. Have a look at it, then it can be lent.", number=found.number))
    return see_other("library.show_piece", piece_id=found.id)


# Gifts -------------------------------------------------------------------------------------------------------------


@pages.post("/library/pieces/<int:piece_id>/accept", load=piece, allow=policy.keep_things)
def accept_gift(found: Piece) -> Any:
    service.accept_gift(found, actor())
    say(gettext("Accepted. Have a look at it, then it goes on the shelf."))
    return see_other("library.show_piece", piece_id=found.id)


@pages.get("/library/pieces/<int:piece_id>/decline", load=piece, allow=policy.keep_things)
def show_decline_form(found: Piece) -> Any:
    return render_template("library/decline_gift.html", piece=found, thing=found.thing, form=WhyForm())


@pages.post("/library/pieces/<int:piece_id>/decline", load=piece, allow=policy.keep_things)
def decline_gift(found: Piece) -> Any:
    form = WhyForm(request.form)
    if not form.validate():
        return render_template("library/decline_gift.html", piece=found, thing=found.thing, form=form), 422
    service.decline_gift(found, form.reason.data or "", actor())
    say(gettext("Declined. The reason is written down for the person who offered it."))
    return see_other("library.show_piece", piece_id=found.id)


@pages.post("/library/pieces/<int:piece_id>/stock", load=piece, allow=policy.keep_things)
def stock_piece(found: Piece) -> Any:
    """It has been checked and goes on the shelf."""
    try:
        service.stock_piece(found, actor())
    except Refusal as refusal:
        return _page(found, refusal), refusal.status
    say(gettext("%(thing)s, no. %(number)s, can be lent now.", thing=found.thing.name, number=found.number))
    return see_other("library.show_piece", piece_id=found.id)


# Parts -------------------------------------------------------------------------------------------------------------


@pages.post("/library/pieces/<int:piece_id>/parts", load=piece, allow=policy.keep_things)
def add_part(found: Piece) -> Any:
    form = PartForm(request.form)
    if not form.validate():
        return _page(found, part=form), 422
    try:
        service.add_part(found, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _page(found, part=form), refusal.status
    say(gettext("The part belongs to it now."))
    return see_other("library.show_piece", piece_id=found.id)


def _part_of(found: Piece, part_id: int) -> Part:
    part = next((each for each in found.parts if each.id == part_id), None)
    if part is None:
        raise Missing
    return part


@pages.post("/library/pieces/<int:piece_id>/parts/<int:part_id>/missing", load=piece, allow=policy.keep_things)
def set_missing(found: Piece, part_id: int) -> Any:
    part, form = _part_of(found, part_id), MissingForm(request.form)
    if not form.validate():
        raise Invalid({"missing": [form.missing.errors[0]]})
    service.set_missing(part, found, form.missing.data or 0, actor())
    say(gettext("Written down. Without an essential part it is not lent."))
    return see_other("library.show_piece", piece_id=found.id)


@pages.post("/library/pieces/<int:piece_id>/parts/<int:part_id>/remove", load=piece, allow=policy.keep_things)
def remove_part(found: Piece, part_id: int) -> Any:
    try:
        service.remove_part(_part_of(found, part_id), found, actor())
    except service.PieceNotHere as refusal:
        return _page(found, refusal), refusal.status
    say(gettext("The part does not belong to it any more."))
    return see_other("library.show_piece", piece_id=found.id)


# Days its owner keeps it -------------------------------------------------------------------------------------------


@pages.post("/library/pieces/<int:piece_id>/days", load=piece, allow=policy.keep_things)
def keep_by_owner(found: Piece) -> Any:
    form = DaysForm(request.form)
    if not form.validate():
        return _page(found, days=form), 422
    assert form.first.data is not None and form.last.data is not None
    try:
        service.keep_by_owner(found, form.first.data, form.last.data, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _page(found, days=form), refusal.status
    except Refusal as refusal:
        return _page(found, refusal, days=form), refusal.status
    say(gettext("On these days its owner keeps it."))
    return see_other("library.show_piece", piece_id=found.id)


@pages.post("/library/pieces/<int:piece_id>/days/<int:blackout_id>/remove", load=piece, allow=policy.keep_things)
def give_back_days(found: Piece, blackout_id: int) -> Any:
    service.give_back_days(found, blackout_id, actor())
    say(gettext("On these days it can be lent again."))
    return see_other("library.show_piece", piece_id=found.id)
