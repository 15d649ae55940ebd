"""Reserve in three taps, and what a resident has: reservations, loans, places in queues."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for

from app.core import clock, i18n
from app.core.errors import Forbidden, Invalid, Refusal
from app.core.forms import blame, choices
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.library import policy, queries, service
from app.library.forms.own import ReserveForm
from app.library.models import LoanLine, QueueEntry, QueueState, Reservation, ReservationState, Thing
from app.library.queries import lending
from app.library.service import Offer, ReservationRequest
from app.library.views.pages import asked_day, lent_thing, pages
from app.library.views.words import price_words

MOST_OFFERED = 10
"""Of a counted or plentiful thing that can be chosen by tapping; more are typed."""


@pages.get("/things/<slug>/reserve", load=lent_thing, allow=policy.reserve_thing)
def show_reserve_form(thing: Thing) -> Any:
    """The day is chosen already: what remains is the day it comes back, and yes."""
    form = ReserveForm(pick_up_on=asked_day("day") or clock.today(i18n.zone()), quantity=1)
    return _page(thing, form)


@pages.post("/things/<slug>/reserve", load=lent_thing, allow=policy.reserve_thing)
def reserve_thing(thing: Thing) -> Any:
    """``look`` only shows what another choice would mean."""
    form = ReserveForm(request.form)
    if not form.validate():
        return _page(thing, form), 422
    if "look" in request.form:
        return _page(thing, form), 422
    try:
        made = service.reserve_thing(_request(thing, form), actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _page(thing, form), refusal.status
    except Refusal as refusal:
        return _page(thing, form, refusal), refusal.status
    if made.state == ReservationState.WISHED:
        say(gettext("Your wish has arrived. The desk answers soon; until then it is kept for you."))
    else:
        day = i18n.day(made.starts_at, "EEEE, d. MMMM")
        time = i18n.clock_time(made.starts_at)
        say(gettext("Reserved. Pick it up on %(day)s from %(time)s h on.", day=day, time=time))
    return see_other("library.show_my_things")


def _request(thing: Thing, form: ReserveForm) -> ReservationRequest:
    person_id = actor().person_id
    if person_id is None:
        raise Forbidden
    assert form.pick_up_on.data is not None
    return ReservationRequest(thing.id, person_id, form.pick_up_on.data, form.return_on.data, form.quantity.data or 1)


def _page(thing: Thing, form: ReserveForm, refusal: Refusal | None = None) -> str:
    """The form with what it would mean; a refusal with the nearest days that are free."""
    offer: Offer | None = None
    if refusal is None and not form.errors:
        try:
            offer = service.look_up(_request(thing, form), actor())
        except Invalid as wrong:
            blame(form, wrong)
        except Refusal as no:
            refusal = no
    if offer is not None:
        form.return_on.choices = choices(_returns(offer, form.pick_up_on.data))
        form.return_on.data = offer.supply.openings.day_of(offer.ends_at)
    tag = queries.price_tags([thing.id], form.pick_up_on.data or clock.today(i18n.zone())).get(thing.id, queries.PriceTag())
    return render_template(
        "library/reserve_thing.html",
        thing=thing,
        form=form,
        offer=offer,
        refusal=refusal,
        alternatives=_alternatives(thing, refusal),
        price=price_words(tag),
        may_wait=refusal is not None and getattr(refusal, "kind", "") in {"thing-taken", "others-wait"},
    )


def _returns(offer: Offer, start: date | None) -> list[tuple[str, str]]:
    """Open days on which it can come back, the usual one among them."""
    assert start is not None
    openings = offer.supply.openings
    days = max(offer.thing.loan_days or offer.thing_class.loan_days, offer.thing_class.longest_days)
    try:
        longest = openings.due_after(start, days, offer.thing_class.closed_days)
    except queries.NoOpenDay:
        longest = openings.day_of(offer.ends_at)
    until = max(longest, openings.day_of(offer.ends_at))
    return [(day.isoformat(), i18n.day(day, "EEEE, d. MMMM")) for day in openings.days(start, until)]


def _alternatives(thing: Thing, refusal: Refusal | None) -> list[tuple[str, str]]:
    """Days on which it could be had instead, each with the way there."""
    pairs = refusal.facts.get("alternatives", []) if refusal is not None else []
    return [
        (
            gettext("%(first)s to %(last)s", first=i18n.day(first, "EE, d. MMM"), last=i18n.day(last, "EE, d. MMM")),
            url_for("library.show_reserve_form", slug=thing.slug, day=first.isoformat()),
        )
        for first, last in pairs
    ]


@pages.post("/things/<slug>/queue", load=lent_thing, allow=policy.join_queue)
def join_queue(thing: Thing) -> Any:
    person_id = actor().person_id
    if person_id is None:
        raise Forbidden
    service.join_queue(thing.id, person_id, actor())
    say(gettext("You are in the queue. We tell you when it is your turn."))
    return see_other("library.show_my_things")


# My things ---------------------------------------------------------------------------------------------------------


@pages.get("/me/things", allow=policy.see_own_things)
def show_my_things() -> Any:
    """What I have, what is kept for me, and what I wait for."""
    person_id = actor().person_id
    if person_id is None:
        raise Forbidden
    now = clock.now()
    return render_template(
        "library/show_my_things.html",
        reservations=[(each, _state(each), _instead(each)) for each in queries.own_reservations(person_id)],
        lines=[(each, each.due_at <= now) for each in queries.own_lines(person_id)],
        places=[each for each in queries.own_places(person_id) if each.entry.state == QueueState.WAITING],
    )


def _state(reservation: Reservation) -> tuple[str, str]:
    if reservation.at_risk_since is not None:
        return gettext("at risk"), "brick"
    if reservation.state == ReservationState.WISHED:
        return gettext("waits for the desk"), "honey"
    if reservation.packed_at is not None:
        return gettext("stands ready"), "sage"
    return gettext("kept for you"), "sage"


def _instead(reservation: Reservation) -> str | None:
    """Where somebody finds other days, when theirs is at risk."""
    if reservation.at_risk_since is None:
        return None
    day = max(reservation.starts_at + timedelta(days=1), clock.now())
    start = day.astimezone(i18n.zone()).date()
    return url_for("library.show_reserve_form", slug=reservation.thing.slug, day=start.isoformat())


@pages.get("/me/things/reservations/<int:reservation_id>/cancel", load=lending.reservation, allow=policy.cancel_reservation)
def show_cancel_form(reservation: Reservation) -> Any:
    return render_template("library/cancel_reservation.html", reservation=reservation)


@pages.post("/me/things/reservations/<int:reservation_id>/cancel", load=lending.reservation, allow=policy.cancel_reservation)
def cancel_reservation(reservation: Reservation) -> Any:
    service.cancel_reservation(reservation, "", actor())
    say(gettext("Cancelled. %(thing)s is free for others again.", thing=reservation.thing.name))
    return see_other("library.show_my_things")


@pages.post("/me/things/loans/<int:line_id>/renew", load=lending.line, allow=policy.renew_loan)
def renew_loan(line: LoanLine) -> Any:
    """Keep it longer, unless somebody waits."""
    due_at = service.renew_loan(line, actor())
    say(gettext("Renewed. Please bring it back by %(when)s.", when=i18n.moment(due_at)))
    return see_other("library.show_my_things")


@pages.post("/me/things/queue/<int:entry_id>/leave", load=lending.queue_entry, allow=policy.leave_queue)
def leave_queue(entry: QueueEntry) -> Any:
    service.leave_queue(entry, actor())
    say(gettext("You do not wait any more for %(thing)s.", thing=entry.thing.name))
    return see_other("library.show_my_things")
