"""Letters about bookings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from flask import current_app

from app.core import clock, i18n
from app.core.i18n import gettext, ngettext
from app.core.ical import FeedDate, Organizer, Status, write_invitation
from app.houses.queries import HouseCard
from app.money import queries as money
from app.notices import queries, service
from app.notices.models import Way
from app.notices.reactions.letters import letter, url
from app.rooms import queries as rooms
from app.rooms.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingEvent,
    BookingLapsed,
    BookingMoved,
    BookingRefused,
    BookingWished,
    ChangeRefused,
    ChangeWished,
)


@dataclass(frozen=True)
class Words:
    """A letter about a booking before greeting, facts and address are put around it. `spoken` is said on the phone."""

    subject: str
    news: str
    spoken: str
    after: tuple[str, ...] = ()
    priced: bool = False
    """Whether the price still matters."""


def booking_wished(event: BookingWished) -> None:
    _tell(event, "wished", _wished)
    _tell_deciders(event, "wished", event.starts_at)


def booking_confirmed(event: BookingConfirmed) -> None:
    _tell(event, "confirmed", _confirmed, Status.CONFIRMED)


def booking_refused(event: BookingRefused) -> None:
    _tell(event, "refused", _refused)


def booking_lapsed(event: BookingLapsed) -> None:
    _tell(event, "lapsed", _lapsed)


def booking_cancelled(event: BookingCancelled) -> None:
    numbers = range(event.sequence + 1)
    known = [f"booking:{event.booking_id}:{what}:{number}" for number in numbers for what in ("confirmed", "moved")]
    _tell(event, "cancelled", _cancelled, Status.CANCELLED if queries.told_with_calendar(known) else None)


def booking_moved(event: BookingMoved) -> None:
    _tell(event, "moved", _moved, Status.CONFIRMED if event.state == "confirmed" else None)


def change_wished(event: ChangeWished) -> None:
    # A wish for another time leaves the sequence alone and may come again; only the moment tells one from the other.
    _tell(event, f"change-wished:{clock.now():%Y%m%dT%H%M%S}", _change_wished)
    _tell_deciders(event, f"change-wished:{clock.now():%Y%m%dT%H%M%S}", event.change_starts_at)


def change_refused(event: ChangeRefused) -> None:
    _tell(event, f"change-refused:{clock.now():%Y%m%dT%H%M%S}", _change_refused)


def _wished(event: BookingWished) -> Words:
    until = (
        gettext("You will hear from us by %(when)s at the latest.", when=i18n.moment(event.lapses_at))
        if event.lapses_at
        else gettext("You will hear from us soon.")
    )
    return Words(
        subject=gettext("We have your request for %(day)s", day=_day(event)),
        news=gettext("thank you for your request. It is with us now; nothing is fixed yet.") + " " + until,
        spoken=gettext("We have your request: %(what)s. Nothing is fixed yet.", what=_what(event)) + " " + until,
        priced=True,
    )


def _confirmed(event: BookingConfirmed) -> Words:
    to_pay = _to_pay(event)
    return Words(
        subject=gettext("Confirmed: your booking on %(day)s", day=_day(event)),
        news=gettext("your booking is confirmed. We look forward to seeing you."),
        spoken=" ".join((gettext("Your booking is confirmed: %(what)s.", what=_what(event)), _price(event), *to_pay)),
        after=to_pay,
        priced=True,
    )


def _refused(event: BookingRefused) -> Words:
    reason = (gettext("The reason: %(reason)s", reason=event.reason),) if event.reason else ()
    return Words(
        subject=gettext("Your request for %(day)s", day=_day(event)),
        news=gettext("unfortunately we cannot give you the room at this time."),
        spoken=" ".join((gettext("Unfortunately this does not work: %(what)s.", what=_what(event)), *reason)),
        after=(*reason, gettext("Perhaps another time suits you? What is free: %(url)s", url=url("/rooms"))),
    )


def _lapsed(event: BookingLapsed) -> Words:
    return Words(
        subject=gettext("Your request for %(day)s", day=_day(event)),
        news=gettext("we did not manage to decide about your request in time, and it has ended. We are sorry."),
        spoken=gettext("We did not manage to decide in time: %(what)s. We are sorry.", what=_what(event)),
        after=(gettext("Perhaps another time suits you? What is free: %(url)s", url=url("/rooms")),),
    )


def _cancelled(event: BookingCancelled) -> Words:
    to_pay = _to_pay(event)
    reason = (gettext("The reason: %(reason)s", reason=event.reason),) if event.reason else ()
    if event.by is not None and event.by == event.booked_for_id:
        news = gettext("you have cancelled; the room is free for others again. Thank you for telling us.")
    else:
        news = gettext("your booking has been cancelled and will not take place.")
    return Words(
        subject=gettext("Cancelled: %(day)s", day=_day(event)),
        news=news,
        spoken=" ".join((gettext("This booking has been cancelled: %(what)s.", what=_what(event)), *reason, *to_pay)),
        after=(*reason, *to_pay),
    )


def _moved(event: BookingMoved) -> Words:
    old = gettext("%(room)s, %(when)s", room=event.old_room_name, when=_when(event.old_starts_at, event.old_ends_at))
    if event.state == "confirmed":
        subject = gettext("Moved: your booking is now on %(day)s", day=_day(event))
        news = gettext("your booking has moved. What counts is this:")
    else:
        subject = gettext("Moved: your request is now for %(day)s", day=_day(event))
        news = gettext("your request has moved; nothing is fixed yet. What you ask for is this:")
    return Words(
        subject=subject,
        news=news,
        spoken=gettext("Your booking has moved. Until now: %(old)s. Now: %(what)s.", old=old, what=_what(event)),
        after=(gettext("Until now it was: %(old)s", old=old), *(_to_pay(event) if event.state == "confirmed" else ())),
        priced=True,
    )


def _change_wished(event: ChangeWished) -> Words:
    wanted = _when(event.change_starts_at, event.change_ends_at)
    return Words(
        subject=gettext("We have your request for another time"),
        news=gettext("you asked for another time: %(when)s. Until we have decided, your booking stays as it is:", when=wanted),
        spoken=gettext("We have your request for another time: %(when)s.", when=wanted),
    )


def _change_refused(event: ChangeRefused) -> Words:
    wanted = _when(event.change_starts_at, event.change_ends_at)
    reason = (gettext("The reason: %(reason)s", reason=event.reason),) if event.reason else ()
    return Words(
        subject=gettext("Your booking on %(day)s stays as it is", day=_day(event)),
        news=gettext("unfortunately the other time does not work: %(when)s. Your booking stays as it is:", when=wanted),
        spoken=" ".join(
            (gettext("Unfortunately the other time does not work: %(when)s. Your booking stays as it is.", when=wanted), *reason)
        ),
        after=reason,
    )


E = TypeVar("E", bound=BookingEvent)


def _tell(event: E, what: str, words_for: Callable[[E], Words], entry: Status | None = None) -> None:
    """Write to whom it is for; nobody is told of an imported date, which is for nobody. `entry`: a calendar entry goes along."""
    person, house = queries.recipient(event.booked_for_id), queries.house(event.house_id)
    if person is None or house is None:
        return
    with i18n.speaking(person.language):
        words = words_for(event)
        way, _address = service.way_to(person)
        calendar = None
        if entry is not None and way == Way.MAIL:
            calendar = _calendar(event, house, entry)
            note = (
                gettext("The file attached takes it out of your calendar.")
                if entry is Status.CANCELLED
                else gettext("The file attached puts it into your calendar.")
            )
            words = replace(words, after=(*words.after, note))
        service.write_letter(
            occasion=f"booking:{event.booking_id}:{what}:{event.sequence}",
            subject=words.subject,
            body=letter(person.name, house, (words.news, _facts(event, house, words.priced), *words.after, *_next(event, house))),
            spoken="\n".join(filter(None, (words.spoken, _note(event, house)))),
            person=person,
            language=i18n.language(),
            house_id=house.id,
            calendar=calendar,
        )


def _tell_deciders(event: BookingEvent, what: str, starts_at: datetime) -> None:
    """One short mail to each who can decide and reads mail; the request also stands on their *Today*."""
    house = queries.house(event.house_id)
    if house is None:
        return
    for person in queries.deciders(house.id, apart_from=event.by):
        with i18n.speaking(person.language):
            news = gettext("somebody asks for a room: %(what)s.", what=i18n.together(event.room_name, i18n.moment(starts_at)))
            service.write_letter(
                occasion=f"booking:{event.booking_id}:{what}:{event.sequence}:desk:{person.id}",
                subject=gettext("A new request is waiting"),
                body=letter(person.name, house, (news, gettext("Look at it and decide: %(url)s", url=url("/wishes")))),
                person=person,
                language=i18n.language(),
                house_id=house.id,
            )


def _facts(event: BookingEvent, house: HouseCard, priced: bool) -> str:
    lines = [
        gettext("Room: %(room)s", room=event.room_name),
        gettext("When: %(when)s", when=_when(event.starts_at, event.ends_at)),
        gettext("Where: %(where)s", where=house.address) if house.address else "",
        gettext("What for: %(purpose)s", purpose=event.purpose),
        ngettext("For one person", "For %(num)d people", event.people),
        _prices(event) if priced else "",
    ]
    return "\n".join(filter(None, lines))


def _price(event: BookingEvent) -> str:
    """In one sentence."""
    if not event.price_cents:
        return str(gettext("It costs nothing."))
    return str(gettext("It costs %(price)s.", price=i18n.money(event.price_cents)))


def _prices(event: BookingEvent) -> str:
    """The same with what it is made of, where that is more than one thing."""
    lines = rooms.price_lines(event.price_rule)
    normal = sum(cents for _, _, cents in lines)
    told = [_price(event)]
    if len(lines) > 1 or normal > event.price_cents:
        told += [f"– {text}: {i18n.money(cents)}" for text, _, cents in lines]
    if normal > event.price_cents:
        told.append(f"– {gettext('Reduction')}: {i18n.money(event.price_cents - normal)}")
    return "\n".join(told)


def _to_pay(event: BookingEvent) -> tuple[str, ...]:
    """What is to be paid and handed in by when, and what the house owes; nothing for what costs nothing."""
    if not (event.price_rule.get("lines") or event.price_rule.get("deposits")):
        return ()
    asked_for = not isinstance(event, BookingConfirmed) or bool(event.price_rule.get("deposits"))
    owed = money.owed_for("booking", event.booking_id, deposits=asked_for)
    told = []
    if owed.open_cents and owed.due_on is not None:
        told.append(
            gettext("Please pay %(amount)s by %(day)s at the latest, at the desk or by bank transfer.",
                    amount=i18n.money(owed.open_cents), day=i18n.day(owed.due_on))
        )  # fmt: skip
    for each in owed.deposits:
        if each.open and not each.held_cents:
            told.append(
                gettext("Please hand in by %(day)s: %(what)s, %(amount)s. You get it back afterwards.",
                        day=i18n.day(each.due_on), what=each.title.partition(":")[0], amount=i18n.money(each.cents))
            )  # fmt: skip
    if owed.refund_cents:
        told.append(gettext("You get %(amount)s back. Come to the desk, or tell us where to send it.",
                            amount=i18n.money(owed.refund_cents)))  # fmt: skip
    if owed.held_cents and event.state == "cancelled":
        told.append(gettext("Your deposit of %(amount)s waits for you at the desk.", amount=i18n.money(owed.held_cents)))
    return tuple(told)


def _next(event: BookingEvent, house: HouseCard) -> tuple[str, ...]:
    """What can still be done about it."""
    if event.state not in ("wished", "confirmed"):
        return (gettext("Questions? Call us: %(phone)s", phone=house.phone),) if house.phone else ()
    look = gettext("Look it up, change it or cancel it here: %(url)s", url=url(f"/bookings/{event.booking_id}"))
    return (look, gettext("Or call us: %(phone)s", phone=house.phone)) if house.phone else (look,)


def _note(event: BookingEvent, house: HouseCard) -> str:
    """What else to say on the phone."""
    return gettext("If you cannot come, please tell us soon.") if event.state in ("wished", "confirmed") else ""


def _calendar(event: BookingEvent, house: HouseCard, status: Status) -> bytes:
    """Under the UID it has in the feeds, so that a calendar knows it for the same."""
    date = FeedDate(
        uid=event.uid,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        summary=f"{event.room_name}: {event.purpose}",
        location=", ".join(filter(None, (event.room_name, house.name, house.address))),
        url=url(f"/bookings/{event.booking_id}"),
        sequence=event.sequence,
        status=status,
    )
    organizer = Organizer(house.name, house.email or current_app.extensions["mail_from"])
    return write_invitation(date, organizer=organizer, zone=i18n.zone(), now=clock.now()).data


def _day(event: BookingEvent) -> str:
    return i18n.day(event.starts_at, "EEEE, d. MMMM")


def _when(starts_at: datetime, ends_at: datetime) -> str:
    return i18n.together(i18n.day(starts_at), i18n.hours(starts_at, ends_at))


def _what(event: BookingEvent) -> str:
    return i18n.together(event.room_name, _when(event.starts_at, event.ends_at))
