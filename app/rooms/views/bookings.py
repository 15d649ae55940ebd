"""Booking a room, and what becomes of a booking: the pages of residents, and of the desk on behalf of somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Response, current_app, render_template, request, url_for

from app.core import clock, i18n, paper
from app.core.errors import Invalid, Refusal
from app.core.forms import blame, clean_line
from app.core.i18n import gettext
from app.core.spans import Span
from app.core.web import actor, say, see_other
from app.houses.views import here
from app.money.queries import Owed, owed_for
from app.money.service import LEDGER
from app.offers import queries as offers
from app.people import queries as people
from app.people import service as people_service
from app.people.service import PersonRequest
from app.rooms import policy, queries, service
from app.rooms.forms import BookingForm, CancelForm, ChangeForm, ReasonForm
from app.rooms.models import Booking, SurchargeHow
from app.rooms.queries import RoomCard
from app.rooms.views.pages import id_in, pages, room, wanted_start
from app.rooms.views.words import (
    CLASSES,
    REDUCTIONS,
    cancellation_words,
    class_words,
    price_words,
    reduction_words,
    state_words,
)

SOMEBODY_NEW = "new"


@pages.get("/rooms/<slug>/book", load=room, allow=policy.book_room)
def show_booking_form(card: RoomCard) -> Any:
    """The form with everything known filled in; it comes back here while the desk looks for the person."""
    given = "purpose" in request.args
    form = _form(card, request.args if given else None, _defaults(card) if not given else {})
    return _booking_page(card, form)


@pages.post("/rooms/<slug>/book", load=room, allow=policy.book_room, turns=[LEDGER])
def book_room(card: RoomCard) -> Any:
    """Ask for the room, or book it at once where its rule or the desk says so."""
    form = _form(card, request.form, {})
    if not form.validate():
        return _booking_page(card, form), 422
    staff = policy.manage_bookings(actor(), card)
    try:
        person_id = _booked_for(form) if staff else actor().person_id
        if person_id is None:
            return _booking_page(card, form), 422
        booking = service.book_room(form.request(card, person_id, "desk" if staff else "page"), actor())
    except Invalid as refusal:
        blame(form, refusal, {"starts_at": "starts", "ends_at": "ends"})
        return _booking_page(card, form), refusal.status
    except Refusal as refusal:
        return _booking_page(card, form, refusal), refusal.status
    word, _ = state_words(booking.state)
    say(gettext("%(room)s, %(when)s: %(state)s.", room=card.name, when=_when(booking.span), state=word))
    return see_other("rooms.show_booking", booking_id=booking.id)


@pages.get("/rooms/<slug>/price", load=room, allow=policy.book_room)
def show_price(card: RoomCard) -> Any:
    """The price line while somebody fills in the form."""
    form = _form(card, request.args, {})
    return render_template("rooms/_price.html", **_price(card, form))


@pages.get("/bookings", allow=policy.own_feed)
def show_my_bookings() -> Any:
    """My bookings, coming and past."""
    person_id = actor().person_id or 0
    return render_template(
        "rooms/show_my_bookings.html",
        coming=queries.bookings_of(person_id),
        past=queries.bookings_of(person_id, past=True, most=20),
        feed=queries.feed_of(person_id),
        state_words=state_words,
    )


@pages.get("/bookings/<int:booking_id>", load=queries.booking, allow=policy.see_booking)
def show_booking(booking: Booking) -> Any:
    """One booking: what, when, for whom, what it costs, and what can still be done."""
    staff = policy.manage_bookings(actor(), booking)
    open_still = booking.is_open and (booking.ends_at > clock.now() or staff)
    return render_template(
        "rooms/show_booking.html",
        booking=booking,
        state=state_words(booking.state),
        class_word=str(CLASSES[booking.tariff_class]) if booking.tariff_class in dict(class_words()) else "",  # type: ignore[index]
        staff=staff,
        may_change=open_still and booking.ends_at > clock.now(),
        may_cancel=open_still,
        may_decide=staff and (booking.state == "wished" or booking.change_starts_at is not None),
        decide_form=ReasonForm(),
        owed=owed_for(queries.BOOKING, booking.id)
        if booking.price_rule.get("lines") or booking.price_rule.get("deposits")
        else Owed(),
        lines=queries.price_lines(booking.price_rule),
        reduction=reduction_words(booking.price_rule.get("reduction")),
        terms=cancellation_words(booking.price_rule) if booking.is_open else "",
    )


@pages.get("/bookings/<int:booking_id>/change", load=queries.booking, allow=policy.change_booking)
def show_change_form(booking: Booking) -> Any:
    zone = i18n.zone()
    starts, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    form = ChangeForm(
        day=starts.date(), starts=starts.time(), ends=ends.time(), purpose=booking.purpose, people=booking.people
    )  # fmt: skip
    return _change_page(booking, form)


@pages.post("/bookings/<int:booking_id>/change", load=queries.booking, allow=policy.change_booking)
def change_booking(booking: Booking) -> Any:
    """Another time, purpose or number of people."""
    form = ChangeForm(request.form)
    if not form.validate():
        return _change_page(booking, form), 422
    try:
        holds = service.change_booking(booking, form.request(), actor())
    except Invalid as refusal:
        blame(form, refusal, {"starts_at": "starts", "ends_at": "ends"})
        return _change_page(booking, form), refusal.status
    except Refusal as refusal:
        return _change_page(booking, form, refusal), refusal.status
    if holds:
        say(gettext("Changed: %(when)s.", when=_when(booking.span)))
    else:
        say(gettext("The desk decides about the new time. Until then your booking stays as it is."), "info")
    return see_other("rooms.show_booking", booking_id=booking.id)


@pages.get("/bookings/<int:booking_id>/cancel", load=queries.booking, allow=policy.cancel_booking)
def show_cancel_form(booking: Booking) -> Any:
    """Asks once more: a link alone never cancels anything, because mail scanners open links."""
    return _cancel_page(booking, CancelForm())


@pages.post("/bookings/<int:booking_id>/cancel", load=queries.booking, allow=policy.cancel_booking)
def cancel_booking(booking: Booking) -> Any:
    form = CancelForm(request.form)
    if not form.validate():
        return _cancel_page(booking, form), 422
    service.cancel_booking(booking, form.reason.data or "", actor(), house_cancels=form.house_cancels.data)
    say(gettext("Cancelled: %(room)s, %(when)s. The time is free again.", room=booking.room.name, when=_when(booking.span)))
    return see_other("rooms.show_booking", booking_id=booking.id)


@pages.get("/bookings/<int:booking_id>/slip.pdf", load=queries.booking, allow=policy.see_booking)
def print_booking(booking: Booking) -> Response:
    """A slip for people without mail: what is booked, and where to ask."""
    house = here()
    word, tone = state_words(booking.state)
    address = url_for("rooms.show_booking", booking_id=booking.id, _external=True)
    rows = [
        (gettext("When"), _when(booking.span)),
        (gettext("What for"), booking.purpose),
        (gettext("People"), str(booking.people)),
        (gettext("For"), booking.booked_for.name if booking.booked_for else ""),
        (gettext("Price"), i18n.money(booking.price_cents) if booking.price_cents else gettext("free of charge")),
    ]
    data = {
        "house": {"name": house.name if house else "", "address": house.address if house else ""},
        "slips": [
            {
                "heading": gettext("Your booking"),
                "name": booking.room.name,
                "state": {"word": word, "tone": tone},
                "rows": [{"label": label, "value": value} for label, value in rows if value],
                "code_label": gettext("Booking number"),
                "code": f"{booking.id:06}",
                "qr": {
                    "svg": paper.qr_svg(address),
                    "alt": gettext("QR code with the address of this booking"),
                    "words": gettext("Change or cancel: here, or at the desk"),
                    "address": address,
                },
                "valid": gettext("Printed on %(when)s", when=i18n.moment(clock.now())),
            }
        ],
    }
    title = gettext("Booking %(number)s", number=booking.id)
    document = paper.render("rooms/paper/booking_slip.typ", data, language=i18n.language(), title=title, now=clock.now())
    return current_app.response_class(document, mimetype="application/pdf")


# Shared ------------------------------------------------------------------------------------------------------------


def _when(span: Span) -> str:
    return i18n.together(i18n.day(span.starts_at), i18n.hours(span.starts_at, span.ends_at))


def _form(card: RoomCard, data: Any, defaults: dict[str, Any]) -> BookingForm:
    form = BookingForm(data, **defaults)
    staff = policy.manage_bookings(actor(), card)
    prices = offers.prices(card.house_id, card.tariff_code, _day_of(form))
    classes = [
        (code, f"{word} ({price_words(prices[code])})" if prices else word)
        for code, word in class_words()
        if code in prices or not prices
    ]
    form.tariff_class.choices = classes
    if form.tariff_class.data not in dict(classes) and data is None:
        form.tariff_class.data = classes[0][0]
    groups = people.organisations() if staff else people.organisations_of(actor().person_id or 0)
    form.organisation.choices = [("", gettext("no, privately or as neighbours"))] + [(str(each.id), each.name) for each in groups]
    form.extras.choices = _extras(card, _day_of(form), set(prices))
    form.reduction.choices = [
        ("", gettext("no, the full price")),
        *((kind.value, str(word)) for kind, word in REDUCTIONS.items()),
    ]
    if not staff:
        form.anyway.data, form.firm.data, form.reduction.data = False, False, ""
    return form


def _extras(card: RoomCard, day: date, classes: set[str]) -> list[tuple[str, str]]:
    """What can be chosen beside the room, with its price where that is the same for everybody."""
    result = []
    for each in queries.surcharges(card.house_id).get(card.id, ()):
        if each.how not in (SurchargeHow.CHOSEN, SurchargeHow.KEY):
            continue
        prices = {price_words(price) for key, price in offers.prices(card.house_id, each.code, day).items() if key in classes}
        if prices:
            price = prices.pop() if len(prices) == 1 else ""
            told = gettext("%(price)s, comes back", price=price) if price and each.how == SurchargeHow.KEY else price
            result.append((each.code, f"{each.name} ({told})" if told else each.name))
    return result


def _day_of(form: BookingForm) -> Any:
    return form.day.data or clock.today(i18n.zone())


def _defaults(card: RoomCard) -> dict[str, Any]:
    """From the tapped slot: that time, as long as the room asks for at least, and the class the person usually has."""
    zone = i18n.zone()
    starts = (wanted_start(zone) or _next_slot(card)).astimezone(zone)
    length = timedelta(minutes=max(60, card.min_minutes))
    ends = (starts.astimezone(UTC) + length).astimezone(zone)
    if ends.date() != starts.date():
        ends = ends.replace(hour=0, minute=0)
    who = people.person(id_in(request.args.get("for", "")) or actor().person_id or 0)
    return {
        "day": starts.date(),
        "starts": starts.time().replace(second=0, microsecond=0),
        "ends": time(ends.hour, ends.minute),
        "people": min(id_in(request.args.get("people", "")) or 10, card.capacity),
        "tariff_class": who.tariff_class if who else None,
        "booked_for": request.args.get("for", ""),
        "firm": True,
    }


def _next_slot(card: RoomCard) -> datetime:
    now = clock.now()
    step = timedelta(minutes=card.step_minutes)
    return now + (-(now - datetime(2020, 1, 1, tzinfo=UTC)) % step)


def _price(card: RoomCard, form: BookingForm) -> dict[str, Any]:
    """The price of what the form says now, with its lines; `price` is None while it makes no sense yet."""
    try:
        if not (form.day.data and form.starts.data is not None and form.ends.data is not None):
            return {"price": None}
        tariff_class = form.tariff_class.data
        if form.organisation.data:
            chosen = people.organisation(id_in(form.organisation.data) or 0)
            tariff_class = chosen.tariff_class if chosen else tariff_class
        quote = service.quote(card, form.span(), tariff_class, form.extras.data or ())
    except Invalid:
        return {"price": None}
    try:
        less = form.less() if policy.manage_bookings(actor(), card) else None
        quote = service.quote(card, form.span(), tariff_class, form.extras.data or (), less) if less else quote
    except Invalid:
        pass  # the reduction is not said in full yet; until then the price is the normal one
    return {"price": quote, "lines": queries.price_lines(quote.rule), "terms": cancellation_words(quote.rule)}


def _booked_for(form: BookingForm) -> int | None:
    """The person the desk chose; somebody new is written down by name. None with an error at the field when nobody is named."""
    chosen = form.booked_for.data or ""
    if (person_id := id_in(chosen)) is not None:
        person = people.person(person_id)
        if person is not None:
            return person.id
    name = clean_line(form.who.data)
    if chosen == SOMEBODY_NEW and name:
        given, family = people_service.name_from(name)
        return people_service.create_person(PersonRequest(given_name=given, family_name=family), by=actor()).id
    if name:
        raise Invalid({"who": [gettext("Please choose the person below, or “new”.")]})
    raise Invalid({"who": [gettext("For whom is it? A name is enough.")]})


def _booking_page(card: RoomCard, form: BookingForm, refusal: Refusal | None = None) -> str:
    staff = policy.manage_bookings(actor(), card)
    name = clean_line(form.who.data)
    chosen = people.person(id_in(form.booked_for.data or "") or 0) if staff else None
    return render_template(
        "rooms/book_room.html",
        room=card,
        form=form,
        staff=staff,
        refusal=refusal,
        alternatives=_offered(refusal, card),
        other_rooms=_other_rooms(refusal, card),
        **_price(card, form),
        chosen=chosen,
        found=people.search_people(name, 8) if staff and name and chosen is None else [],
        somebody_new=SOMEBODY_NEW,
        instant=staff or card.rule == "instant",
    )


def _offered(refusal: Refusal | None, card: RoomCard) -> list[dict[str, str]]:
    """The nearest free times as links that keep what was typed."""
    facts = refusal.facts.get("alternatives", []) if refusal else []
    kept: dict[str, Any] = {
        key: value for key, value in request.form.items() if key not in ("csrf_token", "idempotency_key", "day", "starts", "ends")
    }
    return [
        {
            "words": _told(each),
            "url": url_for("rooms.show_booking_form", slug=card.slug, **{**kept, **_times(each["starts_at"], each["ends_at"])}),
        }
        for each in facts
    ]


def _told(alternative: Mapping[str, Any]) -> str:
    starts_at, ends_at = alternative["starts_at"], alternative["ends_at"]
    return i18n.together(i18n.day(starts_at, "EEEE, d. MMMM"), i18n.hours(starts_at, ends_at))


def _other_rooms(refusal: Refusal | None, card: RoomCard) -> list[dict[str, str]]:
    slugs = refusal.facts.get("rooms", []) if refusal else []
    if not slugs:
        return []
    kept: dict[str, Any] = {key: value for key, value in request.form.items() if key not in ("csrf_token", "idempotency_key")}
    return [
        {"words": other.name, "url": url_for("rooms.show_booking_form", slug=other.slug, **kept)}
        for other in queries.rooms(card.house_id)
        if other.slug in slugs
    ]


def _times(starts_at: datetime, ends_at: datetime) -> dict[str, str]:
    zone = i18n.zone()
    starts, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    return {"day": starts.date().isoformat(), "starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}"}


def _change_page(booking: Booking, form: ChangeForm, refusal: Refusal | None = None) -> str:
    facts = refusal.facts.get("alternatives", []) if refusal else []
    return render_template(
        "rooms/change_booking.html",
        booking=booking,
        form=form,
        refusal=refusal,
        staff=policy.manage_bookings(actor(), booking),
        alternatives=[_told(each) for each in facts],
    )


def _cancel_page(booking: Booking, form: CancelForm) -> str:
    return render_template(
        "rooms/cancel_booking.html",
        booking=booking,
        form=form,
        closed=not booking.is_open,
        staff=policy.manage_bookings(actor(), booking),
        cost=service.cancellation_cost(booking, owed_for(queries.BOOKING, booking.id).held_cents) if booking.price_rule else None,
        terms=cancellation_words(booking.price_rule),
    )
