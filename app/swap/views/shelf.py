"""The swap shelf: for everybody, and the desk's side of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Invalid, Refusal
from app.core.forms import blame
from app.core.i18n import gettext, ngettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.swap import policy, queries, service
from app.swap.forms import KINDS, ReasonForm, SweepForm, ThingForm
from app.swap.models import Claim, ShelfMove, ShelfThing, ThingKind
from app.swap.views.pages import house, pages, words

RECENT = 5


@pages.get("/swap", load=house, allow=policy.see_shelf)
def show_shelf(house: HouseCard) -> Any:
    """What lies there now; ``?kind=`` narrows it."""
    who, kind = actor(), request.args.get("kind", "")
    kind = kind if kind in set(ThingKind) else ""
    return render_template(
        "swap/show_shelf.html",
        lines=queries.lying(house.id, kind, who.person_id),
        mine=queries.claims_of(house.id, who.person_id) if who.person_id else [],
        announced=queries.announced_by(house.id, who.person_id) if who.person_id else [],
        rules=queries.rules(),
        kinds=_kinds(kind),
        until=queries.closing_of_next_open_day(house.id, clock.now()),
        desk=policy.run_shelf(who, house),
        house_card=house,
        **words(),
    )


def _kinds(chosen: str) -> list[tuple[str, str, bool]]:
    every = [(gettext("everything"), url_for("swap.show_shelf"), not chosen)]
    return every + [(str(word), url_for("swap.show_shelf", kind=kind.value), kind == chosen) for kind, word in KINDS.items()]


@pages.get("/swap/bring", load=house, allow=policy.bring_thing)
def show_bring_form(house: HouseCard) -> Any:
    return _bring_page(house, ThingForm())


@pages.post("/swap/bring", load=house, allow=policy.bring_thing)
def bring_thing(house: HouseCard) -> Any:
    """The desk lays it down at once; everybody else says what they would like to bring."""
    form = ThingForm(request.form)
    if not form.validate():
        return _bring_page(house, form), 422
    desk = policy.run_shelf(actor(), house)
    try:
        thing = (service.shelve_thing if desk else service.announce_thing)(form.request(house.id), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _bring_page(house, form), refusal.status
    except Refusal as refusal:
        return _bring_page(house, form, refusal), refusal.status
    if desk:
        say(gettext("It lies on the shelf: %(thing)s", thing=thing.title))
        return see_other("swap.show_shelf_desk")
    say(gettext("Thank you. Bring it whenever the desk is open: %(thing)s", thing=thing.title))
    return see_other("swap.show_shelf")


def _bring_page(house: HouseCard, form: ThingForm, refusal: Refusal | None = None) -> str:
    desk = policy.run_shelf(actor(), house)
    return render_template("swap/bring_thing.html", form=form, desk=desk, rules=queries.rules(), refusal=refusal)


@pages.post("/swap/things/<int:thing_id>/claim", load=queries.thing, allow=policy.claim_thing)
def claim_thing(thing: ShelfThing) -> Any:
    """Set it aside, or wait for it."""
    try:
        claim = service.claim_thing(thing, actor())
    except service.TooManyThings as refusal:
        return render_template("swap/not_now.html", refusal=refusal), refusal.status
    if claim.held_until is not None:
        say(gettext("Set aside for you until %(when)s: %(thing)s", when=i18n.moment(claim.held_until), thing=thing.title))
    else:
        say(gettext("You are told when it is your turn: %(thing)s", thing=thing.title), "info")
    return see_other("swap.show_shelf")


@pages.post("/swap/claims/<int:claim_id>/give-up", load=queries.claim, allow=policy.give_up_claim)
def give_up_claim(claim: Claim) -> Any:
    title = claim.thing.title
    service.give_up_claim(claim, actor())
    say(gettext("It is free for others again: %(thing)s", thing=title))
    return see_other("swap.show_shelf")


@pages.post("/swap/things/<int:thing_id>/withdraw", load=queries.thing, allow=policy.withdraw_thing)
def withdraw_thing(thing: ShelfThing) -> Any:
    service.withdraw_thing(thing, actor())
    say(gettext("Fine, it stays with you: %(thing)s", thing=thing.title))
    return see_other("swap.show_shelf")


# The desk ----------------------------------------------------------------------------------------------------------


@pages.get("/swap/desk", load=house, allow=policy.run_shelf)
def show_shelf_desk(house: HouseCard) -> Any:
    """Count with one tap; what comes, what is set aside, what has lain there for too long."""
    today = clock.today(i18n.zone())
    weeks = queries.rules().sweep_weeks
    moves = queries.moves_on(house.id, today)
    sweep = queries.to_sweep(house.id, today - timedelta(weeks=weeks))
    form = SweepForm()
    form.things.choices = [(each.id, each.title) for each in sweep]
    form.things.data = [each.id for each in sweep]
    return render_template(
        "swap/show_shelf_desk.html",
        moves=moves[:RECENT],
        came=sum(each.what == "came" for each in moves),
        gone=sum(each.what == "gone" for each in moves),
        announced=queries.announced(house.id),
        held=queries.held(house.id),
        lines=queries.lying(house.id),
        sweep=sweep,
        weeks=weeks,
        form=form,
        undo_before=clock.now() - service.UNDO_WITHIN,
        house_card=house,
        **words(),
    )


@pages.post("/swap/count", load=house, allow=policy.run_shelf)
def count_move(house: HouseCard) -> Any:
    """One tap, and undone as easily."""
    move = service.count_move(house.id, request.form.get("what", ""), actor())
    say(gettext("Counted: one thing came.") if move.what == "came" else gettext("Counted: one thing went."))
    return see_other("swap.show_shelf_desk")


@pages.post("/swap/moves/<int:move_id>/undo", load=queries.move, allow=policy.run_shelf)
def undo_move(move: ShelfMove) -> Any:
    service.undo_move(move, actor())
    say(gettext("Taken back."))
    return see_other("swap.show_shelf_desk")


@pages.post("/swap/things/<int:thing_id>/accept", load=queries.thing, allow=policy.run_shelf)
def accept_thing(thing: ShelfThing) -> Any:
    service.accept_thing(thing, actor())
    say(gettext("It lies on the shelf: %(thing)s", thing=thing.title))
    return see_other("swap.show_shelf_desk")


@pages.post("/swap/things/<int:thing_id>/take", load=queries.thing, allow=policy.run_shelf)
def take_thing(thing: ShelfThing) -> Any:
    """One tap: it is gone, and nobody is written down."""
    service.take_thing(thing, actor())
    say(gettext("Counted as taken: %(thing)s", thing=thing.title))
    return see_other("swap.show_shelf_desk")


@pages.get("/swap/things/<int:thing_id>/decline", load=queries.thing, allow=policy.run_shelf)
def show_decline_form(thing: ShelfThing) -> Any:
    return render_template("swap/decline_thing.html", thing=thing, form=ReasonForm())


@pages.post("/swap/things/<int:thing_id>/decline", load=queries.thing, allow=policy.run_shelf)
def decline_thing(thing: ShelfThing) -> Any:
    form = ReasonForm(request.form)
    if not form.validate():
        return render_template("swap/decline_thing.html", thing=thing, form=form), 422
    service.decline_thing(thing, form.reason.data or "", actor())
    say(gettext("Declined: %(thing)s. The person is told why.", thing=thing.title))
    return see_other("swap.show_shelf_desk")


@pages.post("/swap/sweep", load=house, allow=policy.run_shelf)
def sweep_things(house: HouseCard) -> Any:
    """What is ticked goes to charity."""
    chosen = [int(each) for each in request.form.getlist("things") if each.isascii() and each.isdigit() and len(each) < 10]
    number = service.sweep_things(house.id, chosen, actor())
    say(ngettext("One thing goes to charity.", "%(num)d things go to charity.", number), "success" if number else "info")
    return see_other("swap.show_shelf_desk")


@pages.get("/swap/counts", load=house, allow=policy.run_shelf)
def show_counts(house: HouseCard) -> Any:
    """The tally by month, for reports: pieces, never people."""
    return render_template("swap/show_counts.html", months=queries.months(house.id))
