"""What the desk decides: wishes, with all who want the same time side by side."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core import i18n
from app.core.i18n import gettext
from app.core.web import actor, say, see_other
from app.houses.queries import HouseCard
from app.money.service import LEDGER
from app.rooms import policy, queries, service
from app.rooms.forms import NeededReasonForm
from app.rooms.models import Booking
from app.rooms.views.pages import house, pages


@pages.get("/wishes", load=house, allow=policy.see_wishes)
def show_wishes(house: HouseCard) -> Any:
    """Everything undecided, soonest first."""
    return render_template("rooms/show_wishes.html", wishes=queries.wishes(house.id))


@pages.post("/bookings/<int:booking_id>/confirm", load=queries.booking, allow=policy.confirm_booking, turns=[LEDGER])
def confirm_booking(booking: Booking) -> Any:
    """Say yes to a wish, or to a wish for another time."""
    service.confirm_booking(booking, actor())
    say(gettext("Confirmed: %(room)s, %(when)s. The person is being told.", room=booking.room.name, when=_when(booking)))
    return see_other("rooms.show_wishes")


@pages.get("/bookings/<int:booking_id>/refuse", load=queries.booking, allow=policy.refuse_booking)
def show_refuse_form(booking: Booking) -> Any:
    return render_template("rooms/refuse_booking.html", booking=booking, form=NeededReasonForm())


@pages.post("/bookings/<int:booking_id>/refuse", load=queries.booking, allow=policy.refuse_booking)
def refuse_booking(booking: Booking) -> Any:
    """Say no, with a sentence the person reads. Other wishes for the same time are left alone."""
    form = NeededReasonForm(request.form)
    if not form.validate():
        return render_template("rooms/refuse_booking.html", booking=booking, form=form), 422
    service.refuse_booking(booking, form.reason.data or "", actor())
    say(gettext("Refused: %(room)s, %(when)s. The person is being told.", room=booking.room.name, when=_when(booking)))
    return see_other("rooms.show_wishes")


def _when(booking: Booking) -> str:
    return i18n.together(i18n.day(booking.starts_at), i18n.hours(booking.starts_at, booking.ends_at))
