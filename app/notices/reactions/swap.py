"""Letters about the swap shelf and the time bank."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.core import clock, i18n
from app.core.i18n import gettext
from app.notices import queries, service
from app.notices.reactions.letters import letter, url
from app.swap import events as swap


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
            body=letter(person.name, house, (news, gettext("Look at it here: %(url)s", url=url(path)))),
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

    _write(event.giver_id, event.house_id, f"shelf:declined:{event.shelf_thing_id}", words, "/swap")


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
            look = gettext("Look at it here: %(url)s", url=url(f"/time/listings/{event.listing_id}"))
            service.write_letter(
                occasion=f"listing:{event.listing_id}:careful:{what}:{person.id}",
                subject=gettext("Something to look at in the time bank"),
                body=letter(person.name, house, (news, look)),
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
