"""What other features' events make the house tell people: in the language of whoever reads it, in the way they want.

A mail's subject says as little as possible, because it is shown on locked screens: neither room nor purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from flask import current_app

from app.accounts.events import CodeIssued, InvitationIssued
from app.core import clock, i18n
from app.core.i18n import gettext, ngettext
from app.core.ical import FeedDate, Organizer, Status, write_invitation
from app.houses.queries import HouseCard
from app.money import queries as money
from app.money.events import FundEnding
from app.money.queries import funds
from app.notices import queries, service
from app.notices.models import Way
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
from app.swap import events as swap

# Bookings --------------------------------------------------------------------------------------------------------------


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
        after=(*reason, gettext("Perhaps another time suits you? What is free: %(url)s", url=_url("/rooms"))),
    )


def _lapsed(event: BookingLapsed) -> Words:
    return Words(
        subject=gettext("Your request for %(day)s", day=_day(event)),
        news=gettext("we did not manage to decide about your request in time, and it has ended. We are sorry."),
        spoken=gettext("We did not manage to decide in time: %(what)s. We are sorry.", what=_what(event)),
        after=(gettext("Perhaps another time suits you? What is free: %(url)s", url=_url("/rooms")),),
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
            body=_letter(
                person.name, house, (words.news, _facts(event, house, words.priced), *words.after, *_next(event, house))
            ),
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
                body=_letter(person.name, house, (news, gettext("Look at it and decide: %(url)s", url=_url("/wishes")))),
                person=person,
                language=i18n.language(),
                house_id=house.id,
            )


def _letter(name: str, house: HouseCard, paragraphs: Iterable[str]) -> str:
    greeting = gettext("Hello %(name)s,", name=name) if name else gettext("Hello,")
    sender = "\n".join(filter(None, (house.name, house.address, house.phone)))
    return "\n\n".join((greeting, *filter(None, paragraphs), gettext("Kind regards"), sender)) + "\n"


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
    owed = money.owed_for("booking", event.booking_id)
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
    look = gettext("Look it up, change it or cancel it here: %(url)s", url=_url(f"/bookings/{event.booking_id}"))
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
        url=_url(f"/bookings/{event.booking_id}"),
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


def _url(path: str) -> str:
    return str(current_app.extensions["settings"].public_url).rstrip("/") + path


# Ways in ---------------------------------------------------------------------------------------------------------------


def send_code(event: CodeIssued) -> None:
    """The six digits, always by mail to the address that was typed: that it arrives there is the proof."""
    house = queries.house(event.house_id)
    if house is None:
        return
    with i18n.speaking(event.language):
        valid = ngettext("It is valid for one minute.", "It is valid for %(num)d minutes.", event.minutes)
        paragraphs = (
            gettext("your code for signing in is %(code)s", code=event.code),
            valid + " " + gettext("Nobody from the house will ever ask you for it."),
            gettext("If it was not you who asked for it, you need do nothing."),
        )
        service.write_letter(
            occasion=f"code:{event.code_id}",
            subject=gettext("Your code for signing in"),
            body=_letter(event.name, house, paragraphs),
            person=queries.recipient(event.person_id),
            address=event.email,
            language=i18n.language(),
            house_id=event.house_id,
            secret=True,
            useful_until=clock.now() + timedelta(minutes=event.minutes),
        )


def send_invitation(event: InvitationIssued) -> None:
    """The link with which staff choose password and second factor; without an address it was handed over on paper."""
    house = queries.house(event.house_id)
    if house is None or not event.email:
        return
    with i18n.speaking(event.language):
        paragraphs = (
            gettext("you are invited to work with %(house)s. Choose your password here:", house=house.name),
            _url(f"/invitation/{event.token}"),
            gettext("The link works until %(when)s.", when=i18n.moment(event.expires_at))
            + " "
            + gettext("Have your phone at hand; it will show the second code."),
        )
        service.write_letter(
            occasion=f"invitation:{event.invitation_id}",
            subject=gettext("Your invitation from %(house)s", house=house.name),
            body=_letter(event.name, house, paragraphs),
            person=queries.recipient(event.person_id),
            address=event.email,
            language=i18n.language(),
            house_id=event.house_id,
            secret=True,
            useful_until=event.expires_at,
        )


# Money -----------------------------------------------------------------------------------------------------------------


def fund_ending(event: FundEnding) -> None:
    """To whoever looks after the fund, once for each end and each report."""
    person, house = queries.recipient(event.person_id), queries.house(event.house_id)
    fund = funds.fund(event.fund_id, event.house_id) if event.house_id is not None else None
    if person is None or house is None or fund is None:
        return
    with i18n.speaking(person.language):
        day = i18n.day(event.day)
        if event.kind == "end":
            subject = gettext("A fund ends soon")
            news = gettext("the fund “%(fund)s” ends on %(day)s.", fund=fund.name, day=day)
        else:
            subject = gettext("A report is due soon")
            news = gettext("the report about the fund “%(fund)s” is due on %(day)s.", fund=fund.name, day=day)
        left = gettext("Unspent: %(amount)s", amount=i18n.money(event.unspent_cents)) if fund.restricted else ""
        coming = (
            gettext("Still to come: %(amount)s", amount=i18n.money(event.outstanding_cents)) if event.outstanding_cents else ""
        )
        facts = "\n".join(filter(None, (left, coming)))
        service.write_letter(
            occasion=f"fund:{event.fund_id}:{event.kind}:{event.day}",
            subject=subject,
            body=_letter(
                person.name, house, (news, facts, gettext("Look at it here: %(url)s", url=_url(f"/money/funds/{fund.id}")))
            ),
            spoken=" ".join(filter(None, (news, left, coming))),
            person=person,
            language=i18n.language(),
            house_id=house.id,
        )


# Swap shelf and time bank ----------------------------------------------------------------------------------------------


def _write(
    person_id: int | None, house_id: int | None, occasion: str, words_for: Callable[[], tuple[str, str]], path: str
) -> None:
    """`words_for` gives subject and news in the language of the person; a way to look at it follows.

    A sentence begins small after the greeting where the language wants it; on the phone the same is said.
    """
    person, house = queries.recipient(person_id), queries.house(house_id)
    if person is None or house is None:
        return
    with i18n.speaking(person.language):
        subject, news = words_for()
        service.write_letter(
            occasion=occasion,
            subject=subject,
            body=_letter(person.name, house, (news, gettext("Look at it here: %(url)s", url=_url(path)))),
            spoken=news,
            person=person,
            language=i18n.language(),
            house_id=house.id,
        )


def _name(person_id: int) -> str:
    """As neighbours call somebody who have not agreed on anything yet: the first name."""
    person = queries.recipient(person_id)
    return person.given_name if person is not None else gettext("Somebody")


def thing_declined(event: swap.ThingDeclined) -> None:
    def words() -> tuple[str, str]:
        return gettext("About the thing you announced"), gettext(
            "thank you for offering something for the swap shelf. This one we cannot take: %(thing)s. %(reason)s",
            thing=event.title, reason=event.reason,
        )  # fmt: skip

    _write(event.giver_id, event.house_id, f"shelf:declined:{event.thing_id}", words, "/swap")


def claim_passed(event: swap.ClaimPassed) -> None:
    """Without naming the thing: what somebody takes is kept nowhere."""

    def words() -> tuple[str, str]:
        return gettext("It is your turn"), gettext(
            "something you wanted from the swap shelf is yours now, if you come by %(when)s. If you do not want it any more, do nothing.",
            when=i18n.moment(event.held_until),
        )  # fmt: skip

    occasion = f"shelf:turn:{event.claim_id}:{event.held_until:%Y%m%dT%H%M}"
    _write(event.claimant_id, event.house_id, occasion, words, "/swap")


def listing_published(event: swap.ListingPublished) -> None:
    if event.careful:
        _tell_coordinators(event, "published")


def listing_changed(event: swap.ListingChanged) -> None:
    if event.careful:
        _tell_coordinators(event, "changed")


def _tell_coordinators(event: swap.ListingPublished | swap.ListingChanged, what: str) -> None:
    """Care and children: the manager looks at it as well."""
    house = queries.house(event.house_id)
    if house is None:
        return
    for person in queries.deciders(house.id, apart_from=event.by):
        with i18n.speaking(person.language):
            news = gettext("an offer or a wish in the time bank is about care or about children. Please look at it.")
            url = gettext("Look at it here: %(url)s", url=_url(f"/time/listings/{event.listing_id}"))
            service.write_letter(
                occasion=f"listing:{event.listing_id}:careful:{what}:{person.id}",
                subject=gettext("Something to look at in the time bank"),
                body=_letter(person.name, house, (news, url)),
                person=person,
                language=i18n.language(),
                house_id=house.id,
            )


def listing_ending(event: swap.ListingEnding) -> None:
    def words() -> tuple[str, str]:
        return gettext("Does it still hold?"), gettext(
            "“%(title)s” stands in the time bank until %(day)s. If it still holds, renew it with one tap, or tell the desk.",
            title=event.title, day=i18n.day(event.lapses_on),
        )  # fmt: skip

    occasion = f"listing:{event.listing_id}:ends:{event.lapses_on}:{event.notice}"
    _write(event.person_id, event.house_id, occasion, words, f"/time/listings/{event.listing_id}")


def listing_lapsed(event: swap.ListingLapsed) -> None:
    def words() -> tuple[str, str]:
        return gettext("It is not shown any more"), gettext(
            "the time of “%(title)s” is over, and it is not shown any more. One tap brings it back.", title=event.title
        )

    occasion = f"listing:{event.listing_id}:lapsed:{clock.now():%Y%m%d}"
    _write(event.person_id, event.house_id, occasion, words, f"/time/listings/{event.listing_id}")


def listing_ended(event: swap.ListingEnded) -> None:
    """Where it was the desk's doing, and not because its owner leaves."""
    if event.by == event.person_id or event.with_account:
        return

    def words() -> tuple[str, str]:
        return gettext("It is not shown any more"), gettext(
            "the desk has taken “%(title)s” down. If you do not know why, please ask.", title=event.title
        )

    _write(event.person_id, event.house_id, f"listing:{event.listing_id}:ended", words, f"/time/listings/{event.listing_id}")


def listing_answered(event: swap.ListingAnswered) -> None:
    def words() -> tuple[str, str]:
        return gettext("Somebody has answered you"), gettext(
            "%(name)s answers “%(title)s”: %(message)s",
            name=_name(event.answered_by_id),
            title=event.title,
            message=event.message,
        )

    _write(event.owner_id, event.house_id, f"match:{event.match_id}:answered", words, f"/time/matches/{event.match_id}")


def match_agreed(event: swap.MatchAgreed) -> None:
    def words() -> tuple[str, str]:
        return gettext("Both of you agree"), gettext(
            "%(name)s says yes to “%(title)s”. You see now how to reach each other.",
            name=_name(event.owner_id), title=event.title,
        )  # fmt: skip

    _write(event.answered_by_id, event.house_id, f"match:{event.match_id}:agreed", words, f"/time/matches/{event.match_id}")


def match_declined(event: swap.MatchDeclined) -> None:
    def words() -> tuple[str, str]:
        return gettext("About your answer"), gettext(
            "thank you for writing. “%(title)s” does not work this time; perhaps something else does.", title=event.title
        )

    _write(event.answered_by_id, event.house_id, f"match:{event.match_id}:declined", words, "/time")


def match_ended(event: swap.MatchEnded) -> None:
    """To the other one, or to both when neither of them ended it."""

    def words() -> tuple[str, str]:
        return gettext("It has ended"), gettext(
            "“%(title)s” has ended. Nobody sees the other one's contact any more. Hours can still be written down.",
            title=event.title,
        )

    for person_id in {event.owner_id, event.answered_by_id} - {event.by}:
        occasion = f"match:{event.match_id}:ended:{person_id}"
        _write(person_id, event.house_id, occasion, words, f"/time/matches/{event.match_id}")


def _what_hours(event: swap.HoursEvent) -> str:
    return gettext(
        "%(giver)s helped %(taker)s, %(day)s, %(minutes)s", giver=_name(event.giver_id), taker=_name(event.taker_id),
        day=i18n.day(event.on_day), minutes=i18n.duration(event.time_minutes),
    )  # fmt: skip


def _tell_of_hours(event: swap.HoursEvent, people: Iterable[int], what: str, words_for: Callable[[], tuple[str, str]]) -> None:
    for person_id in people:
        occasion = f"hours:{event.hours_id}:{what}:{clock.now():%Y%m%dT%H%M%S}:{person_id}"
        _write(person_id, event.house_id, occasion, words_for, f"/time/hours/{event.hours_id}")


def _both(event: swap.HoursEvent) -> list[int]:
    return sorted({event.giver_id, event.taker_id} - {event.by})


def hours_booked(event: swap.HoursBooked) -> None:
    def words() -> tuple[str, str]:
        return gettext("Is that right?"), gettext(
            "somebody wrote down: %(what)s. Please say yes, or say what was different. Without an answer it counts from %(day)s.",
            what=_what_hours(event), day=i18n.day(event.accepts_itself_on),
        )  # fmt: skip

    _tell_of_hours(event, [event.asked_id], "booked", words)


def hours_changed(event: swap.HoursChanged) -> None:
    def words() -> tuple[str, str]:
        return gettext("Is that right?"), gettext(
            "it has been changed: %(what)s. Please say yes, or say what was different.", what=_what_hours(event)
        )

    _tell_of_hours(event, [event.asked_id], "changed", words)


def hours_reminded(event: swap.HoursReminded) -> None:
    def words() -> tuple[str, str]:
        return gettext("Is that right? A reminder"), gettext(
            "we still wait for your word: %(what)s. Without an answer it counts from %(day)s.",
            what=_what_hours(event), day=i18n.day(event.accepts_itself_on),
        )  # fmt: skip

    _tell_of_hours(event, [event.asked_id], "reminded", words)


def hours_accepted(event: swap.HoursAccepted) -> None:
    def words() -> tuple[str, str]:
        return gettext("Credited"), gettext("this is on your accounts now: %(what)s.", what=_what_hours(event))

    _tell_of_hours(event, _both(event), "accepted", words)


def hours_stopped(event: swap.HoursStopped) -> None:
    def words() -> tuple[str, str]:
        return gettext("It does not fit the accounts"), gettext(
            "this could not be credited, because an account would pass its limit: %(what)s. There are ways out: fewer hours, the social "
            "pot pays a part, or one of you waits a little.",
            what=_what_hours(event),
        )

    _tell_of_hours(event, _both(event), "stopped", words)


def hours_disputed(event: swap.HoursDisputed) -> None:
    def words() -> tuple[str, str]:
        return gettext("It was different"), gettext(
            "the other side remembers it differently: %(what)s. “%(reason)s” The desk talks to both of you.",
            what=_what_hours(event), reason=event.reason,
        )  # fmt: skip

    _tell_of_hours(event, _both(event), "disputed", words)


def hours_dropped(event: swap.HoursDropped) -> None:
    def words() -> tuple[str, str]:
        return gettext("Nothing is credited"), gettext("this has been dropped: %(what)s.", what=_what_hours(event))

    _tell_of_hours(event, _both(event), "dropped", words)


def pot_granted(event: swap.PotGranted) -> None:
    if not event.pot_minutes:
        return

    def words() -> tuple[str, str]:
        return gettext("The social pot pays a part"), gettext(
            "the social pot pays %(minutes)s of this: %(what)s. One yes is still needed.",
            minutes=i18n.duration(event.pot_minutes), what=_what_hours(event),
        )  # fmt: skip

    _tell_of_hours(event, _both(event), "pot", words)
