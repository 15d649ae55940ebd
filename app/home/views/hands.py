"""What needs a hand now, from all features, as lines that name the next act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for

from app.core import clock, i18n
from app.core.i18n import gettext, ngettext
from app.houses.queries import HouseCard
from app.library.queries import lists as library
from app.money import queries as money
from app.notices import queries as notices
from app.offers.queries import OpenDay
from app.rooms import queries as rooms
from app.swap import queries as swap


@dataclass(frozen=True)
class Hand:
    """One line of *Needs a hand*: when (today) or by which day, what, why it matters, the state, and the one button."""

    when: str
    what: str
    why: str
    state: str
    tone: str
    url: str
    act: str
    at: datetime
    by: datetime | None = None


def needs_a_hand(house: HouseCard, day: OpenDay) -> list[Hand]:
    """Everything that waits for the desk on `day`, most urgent first; a constant number of queries."""
    lines = [*money_hands(house, day), *library_hands(house, day), *swap_hands(house, day)]
    for wish in rooms.wishes(house.id):
        booking = wish.booking
        by = booking.lapses_at or booking.starts_at
        is_today = by.astimezone(i18n.zone()).date() <= clock.today(i18n.zone())
        why = [i18n.together(i18n.day(wish.span.starts_at, "EE, d. MMM"), i18n.hours(wish.span.starts_at, wish.span.ends_at))]
        if booking.booked_for:
            why.append(booking.booked_for.name)
        why.append(ngettext("one person", "%(num)d people", booking.people))
        if booking.price_cents:
            why.append(i18n.money(booking.price_cents))
        if wish.rivals:
            why.append(ngettext("one rival", "%(num)d rivals", len(wish.rivals)))
        lines.append(
            Hand(
                when=i18n.clock_time(by) if is_today else "",
                what=gettext("%(room)s: “%(purpose)s”", room=booking.room.name, purpose=booking.purpose),
                why=i18n.dotted(*why),
                state=gettext("taken meanwhile") if wish.taken else gettext("other time") if wish.change else gettext("waiting"),
                tone="brick" if wish.taken else "honey",
                url=url_for("rooms.show_wishes", _anchor=f"wish-{booking.id}"),
                act=gettext("Decide"),
                at=by,
                by=None if is_today else by,
            )
        )
    counts = notices.counts(house.id)
    now = clock.now()
    if calls := counts.get(notices.Shelf.PHONE, 0):
        what = ngettext("One person to phone", "%(num)d people to phone", calls)
        told = gettext("They have no mail; the call list says what to tell them.")
        url = url_for("notices.show_outbox", shelf=notices.Shelf.PHONE.value)
        lines.append(Hand("", what, told, gettext("to phone"), "honey", url, gettext("Call list"), now))
    if failed := counts.get(notices.Shelf.FAILED, 0):
        what = ngettext("One letter could not be sent", "%(num)d letters could not be sent", failed)
        told = gettext("Somebody does not know yet what was decided.")
        url = url_for("notices.show_outbox", shelf=notices.Shelf.FAILED.value)
        lines.append(Hand("", what, told, gettext("failed"), "brick", url, gettext("Look"), now))
    return sorted(lines, key=lambda line: line.at)


def money_hands(house: HouseCard, day: OpenDay) -> list[Hand]:
    """What is overdue, what is to be given back, and the drawer where it has not been counted. One statement."""
    pressing, now, lines = money.pressing(house.id, day.day), clock.now(), []
    if number := pressing.overdue:
        what = ngettext("One payment is overdue", "%(num)d payments are overdue", number)
        told = gettext("%(amount)s in all", amount=i18n.money(pressing.overdue_cents))
        lines.append(Hand("", what, told, gettext("overdue"), "brick", url_for("money.show_desk"), gettext("Look"), now))
    if number := pressing.to_give_back:
        what = ngettext("One deposit or refund to give back", "%(num)d deposits and refunds to give back", number)
        told = gettext("%(amount)s in all", amount=i18n.money(pressing.to_give_back_cents))
        lines.append(Hand("", what, told, gettext("to give back"), "honey", url_for("money.show_desk"), gettext("Look"), now))
    if pressing.counted_on is not None and pressing.counted_on < day.day and day.desk:
        closes = day.desk[-1].ends_at
        told = gettext("Last counted on %(day)s.", day=i18n.day(pressing.counted_on, "EEEE, d. MMMM"))
        late = closes <= now
        lines.append(
            Hand(
                when=i18n.clock_time(closes), what=gettext("Count the drawer"), why=told,
                state=gettext("not counted yet") if late else gettext("after closing"), tone="honey" if late else "plain",
                url=url_for("money.show_count_form"), act=gettext("Count it"), at=closes,
            )
        )  # fmt: skip
    return lines


def swap_hands(house: HouseCard, day: OpenDay) -> list[Hand]:
    """What comes to the shelf and goes from it, and where the time bank needs somebody. Two statements."""
    pressing = swap.pressing(house.id, day.day - timedelta(weeks=swap.rules().sweep_weeks))
    now, shelf, bank, lines = clock.now(), url_for("swap.show_shelf_desk"), url_for("swap.show_time_desk"), []
    if number := pressing.disputed:
        what = ngettext("One booking of hours is disputed", "%(num)d bookings of hours are disputed", number)
        told = gettext("Talk to both, then settle it.")
        lines.append(Hand("", what, told, gettext("disputed"), "brick", bank, gettext("Look"), now))
    if number := pressing.pot_wishes:
        what = ngettext("Somebody asks the social pot", "%(num)d people ask the social pot", number)
        told = gettext("They cannot help back just now.")
        lines.append(Hand("", what, told, gettext("waiting"), "honey", bank, gettext("Decide"), now))
    if number := pressing.announced:
        what = ngettext("One thing is announced for the shelf", "%(num)d things are announced for the shelf", number)
        told = gettext("Tick it off when it comes.")
        lines.append(Hand("", what, told, gettext("announced"), "plain", f"{shelf}#announced", gettext("Look"), now))
    if pressing.lapses_at is not None and pressing.lapses_at.astimezone(i18n.zone()).date() == day.day:
        what = ngettext("One thing is set aside", "%(num)d things are set aside", pressing.held)
        told = gettext("The first one until %(when)s.", when=i18n.moment(pressing.lapses_at))
        when = i18n.clock_time(pressing.lapses_at)
        lines.append(Hand(when, what, told, gettext("set aside"), "plain", f"{shelf}#held", gettext("Look"), pressing.lapses_at))
    if number := pressing.to_sweep:
        what = ngettext("One thing can go to charity", "%(num)d things can go to charity", number)
        told = gettext("Nobody has wanted it for weeks.")
        lines.append(Hand("", what, told, gettext("to sweep"), "plain", f"{shelf}#sweep", gettext("Look"), now))
    return lines


def library_hands(house: HouseCard, day: OpenDay) -> list[Hand]:
    """Pick-ups to put aside, what is at risk or has to be decided, what is late, and what has to be washed or checked."""
    pressing, now, lines = library.pressing(house.id, day.day), clock.now(), []
    today = url_for("library.show_day")
    if number := pressing.wishes:
        what = ngettext("One reservation to decide", "%(num)d reservations to decide", number)
        told = gettext("Somebody asks for a thing that not everybody may borrow.")
        lines.append(Hand("", what, told, gettext("waiting"), "honey", today, gettext("Decide"), now))
    if number := pressing.at_risk:
        what = ngettext("One reservation is at risk", "%(num)d reservations are at risk", number)
        told = gettext("What was promised is not here. Other days are found already.")
        lines.append(Hand("", what, told, gettext("at risk"), "brick", today, gettext("Look"), now))
    if (number := pressing.unpacked) and pressing.first_pick_up is not None:
        what = ngettext("One thing to put aside for pick-up", "%(num)d things to put aside for pick-up", number)
        at = max(pressing.first_pick_up, now)
        told = gettext("What is put aside does not lapse.")
        when = i18n.clock_time(pressing.first_pick_up)
        lines.append(Hand(when, what, told, gettext("pick-up"), "sky", today, gettext("Put aside"), at))
    if number := pressing.overdue:
        what = ngettext("One thing should be back by now", "%(num)d things should be back by now", number)
        told = gettext("A call often helps; note the new day.")
        lines.append(Hand("", what, told, gettext("overdue"), "honey", today, gettext("Call"), now))
    if number := pressing.upkeep:
        what = ngettext("One thing to wash or check", "%(num)d things to wash or check", number)
        told = gettext("Until then nobody gets it.")
        lines.append(Hand("", what, told, gettext("not ready"), "honey", today, gettext("Look"), now))
    return lines
