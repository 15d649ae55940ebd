"""Hours: written down, confirmed, disputed, and what to do when an account cannot bear them."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, render_template, request, url_for

from app.core import clock, i18n, paper
from app.core.errors import Invalid, Refusal
from app.core.forms import blame
from app.core.i18n import gettext
from app.core.web import actor, keep_anyway, say, see_other
from app.houses.views import here
from app.swap import policy, queries, service
from app.swap.forms import HoursForm, MinutesForm, PotForm, ReasonForm
from app.swap.models import Hours, ListingKind, Match
from app.swap.service import HoursRequest
from app.swap.service.hours import accepts_itself_on
from app.swap.views.pages import category_word, hours_words, pages, short, words


@pages.get("/time/matches/<int:match_id>/hours", load=queries.match, allow=policy.one_of_both)
def show_hours_form(match: Match) -> Any:
    giver = match.owner_id if match.listing.kind == ListingKind.OFFER else match.answered_by_id
    helped = "me" if giver == actor().person_id else "other"
    return _form_page(match, HoursForm(on_day=clock.today(i18n.zone()), minutes=60, helped=helped, note=match.listing.title))


@pages.post("/time/matches/<int:match_id>/hours", load=queries.match, allow=policy.one_of_both)
def book_hours(match: Match) -> Any:
    """One side writes it down, the other is asked."""
    form = HoursForm(request.form)
    form.helped.choices = _sides(match)
    if match.agreed_at is None or not form.validate():
        return _form_page(match, form), 422
    assert form.on_day.data is not None
    me = actor().person_id or 0
    other = match.other(me).id
    giver, taker = (me, other) if form.helped.data == "me" else (other, me)
    wanted = HoursRequest(
        house_id=match.house_id, giver_id=giver, taker_id=taker, booked_for_id=me, category=match.listing.category,
        on_day=form.on_day.data, minutes=form.minutes.data, note=form.note.data or "", material=form.material.data or "",
        match_id=match.id,
    )  # fmt: skip
    try:
        hours = service.book_hours(wanted, actor())
    except Invalid as refusal:
        blame(form, refusal)
        return _form_page(match, form), refusal.status
    except Refusal as refusal:
        return _form_page(match, form, refusal), refusal.status
    say(gettext("Written down. %(name)s is asked; without an answer it counts from %(day)s.",
                name=short(match.other(me)), day=i18n.day(accepts_itself_on(hours))))  # fmt: skip
    return see_other("swap.show_hours", hours_id=hours.id)


def _sides(match: Match) -> list[tuple[str, str]]:
    return [("me", gettext("I did")), ("other", short(match.other(actor().person_id)))]


def _form_page(match: Match, form: HoursForm, refusal: Refusal | None = None) -> str:
    form.helped.choices = _sides(match)
    return render_template("swap/book_hours.html", match=match, form=form, refusal=refusal, **words())


@pages.get("/time/hours/<int:hours_id>", load=queries.hours, allow=policy.see_hours)
def show_hours(hours: Hours) -> Any:
    return _show(hours)


def _show(hours: Hours, refusal: Refusal | None = None, reason: ReasonForm | None = None) -> str:
    who = actor()
    desk = policy.settle_hours(who, hours)
    ways = queries.ways_out(hours)
    changing = MinutesForm(minutes=ways.possible if ways and ways.blocked and ways.possible else hours.minutes)
    pot = PotForm(pot=(ways.pot_could_pay if ways else 0) or hours.pot_minutes)
    waiting = hours.state == "booked"
    return render_template(
        "swap/show_hours.html",
        hours=hours,
        refusal=refusal,
        ways=ways if ways and ways.blocked else None,
        may_confirm=waiting and policy.confirm_hours(who, hours),
        may_change=hours.is_unsettled and policy.change_hours(who, hours) and not desk,
        may_drop=hours.is_unsettled and policy.drop_hours(who, hours),
        may_settle=hours.is_unsettled and desk,
        may_wish_pot=waiting and bool(ways and ways.taker_lacks) and policy.wish_pot(who, hours) and not hours.pot_wished,
        may_grant=hours.is_unsettled and policy.grant_pot(who, hours),
        reason=reason or ReasonForm(),
        changing=changing,
        pot=pot,
        accepts_on=accepts_itself_on(hours),
        full_names=desk,
        **words(),
    )


@pages.post("/time/hours/<int:hours_id>/confirm", load=queries.hours, allow=policy.confirm_hours)
def confirm_hours(hours: Hours) -> Any:
    """The other side says yes. Where an account cannot bear it both are told the ways out."""
    try:
        service.confirm_hours(hours, actor())
    except service.LimitPassed as refusal:
        service.stop_hours(hours, actor())
        keep_anyway()
        return _show(hours, refusal), refusal.status
    say(gettext("Thank you. %(minutes)s are credited.", minutes=i18n.duration(hours.minutes)))
    return see_other("swap.show_hours", hours_id=hours.id)


@pages.post("/time/hours/<int:hours_id>/dispute", load=queries.hours, allow=policy.dispute_hours)
def dispute_hours(hours: Hours) -> Any:
    form = ReasonForm(request.form)
    if not form.validate():
        return _show(hours, reason=form), 422
    service.dispute_hours(hours, form.reason.data or "", actor())
    say(gettext("Nothing is credited. The desk talks to both of you."), "info")
    return see_other("swap.show_hours", hours_id=hours.id)


@pages.post("/time/hours/<int:hours_id>/change", load=queries.hours, allow=policy.change_hours)
def change_hours(hours: Hours) -> Any:
    """Other minutes; the other side is asked anew."""
    form = MinutesForm(request.form)
    if not form.validate():
        return _show(hours), 422
    service.change_hours(hours, form.minutes.data, actor())
    say(gettext("Now %(minutes)s. The other side is asked.", minutes=i18n.duration(hours.minutes)))
    return see_other("swap.show_hours", hours_id=hours.id)


@pages.post("/time/hours/<int:hours_id>/drop", load=queries.hours, allow=policy.drop_hours)
def drop_hours(hours: Hours) -> Any:
    service.drop_hours(hours, "", actor())
    say(gettext("Nothing is credited."))
    return see_other("swap.show_hours", hours_id=hours.id)


@pages.post("/time/hours/<int:hours_id>/settle", load=queries.hours, allow=policy.settle_hours)
def settle_hours(hours: Hours) -> Any:
    """The desk has spoken with both."""
    form = MinutesForm(request.form)
    if not form.validate():
        return _show(hours), 422
    try:
        service.settle_hours(hours, form.minutes.data, actor())
    except service.LimitPassed as refusal:
        return _show(hours, refusal), refusal.status
    say(gettext("Settled: %(minutes)s are credited.", minutes=i18n.duration(hours.minutes)))
    return see_other("swap.show_hours", hours_id=hours.id)


@pages.post("/time/hours/<int:hours_id>/wish-pot", load=queries.hours, allow=policy.wish_pot)
def wish_pot(hours: Hours) -> Any:
    service.wish_pot(hours, actor())
    say(gettext("The house is asked whether the social pot can pay a part."))
    return see_other("swap.show_hours", hours_id=hours.id)


@pages.post("/time/hours/<int:hours_id>/grant-pot", load=queries.hours, allow=policy.grant_pot)
def grant_pot(hours: Hours) -> Any:
    """The social pot pays a part; the other side still has to say yes."""
    form = PotForm(request.form)
    if not form.validate():
        return _show(hours), 422
    try:
        service.grant_pot(hours, form.pot.data, actor())
    except Refusal as refusal:
        return _show(hours, refusal), refusal.status
    say(
        gettext(
            "The social pot pays %(minutes)s.",
            minutes=i18n.duration(hours.pot_minutes) if hours.pot_minutes else gettext("nothing"),
        )
    )
    return see_other("swap.show_hours", hours_id=hours.id)


@pages.get("/time/hours/<int:hours_id>/slip.pdf", load=queries.hours, allow=policy.see_hours)
def print_hours(hours: Hours) -> Response:
    """The slip both sign: for people who do all of this on paper."""
    house = here()
    rows = [
        (gettext("Helped"), hours.giver.name),
        (gettext("Was helped"), hours.taker.name),
        (gettext("When"), i18n.day(hours.on_day)),
        (gettext("How long"), i18n.duration(hours.minutes)),
        (gettext("With what"), hours.note or category_word(hours.category)),
        (gettext("Material"), hours.material),
        (gettext("Signatures"), "__________________   __________________"),
    ]
    word, tone = hours_words(hours.state)
    address = url_for("swap.show_hours", hours_id=hours.id, _external=True)
    data = {
        "house": {"name": house.name if house else "", "address": house.address if house else ""},
        "slips": [
            {
                "heading": gettext("Time bank"),
                "name": gettext("Help between neighbours"),
                "state": {"word": word, "tone": tone},
                "rows": [{"label": label, "value": value} for label, value in rows if value],
                "code_label": gettext("Number"),
                "code": f"{hours.id:06}",
                "qr": {
                    "svg": paper.qr_svg(address),
                    "alt": gettext("QR code with the address of these hours"),
                    "words": gettext("Say yes here, or sign and bring it to the desk"),
                    "address": address,
                },
                "valid": gettext("Printed on %(when)s", when=i18n.moment(clock.now())),
            }
        ],
    }
    title = gettext("Hours %(number)s", number=hours.id)
    document = paper.render("swap/paper/hours_slip.typ", data, language=i18n.language(), title=title, now=clock.now())
    return current_app.response_class(document, mimetype="application/pdf")
