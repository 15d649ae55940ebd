"""Letters about things that are borrowed: never what, or from whom, in a subject; never who has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.core import i18n
from app.core.i18n import gettext, ngettext
from app.library import events
from app.library.events import LineEvent, ReservationEvent
from app.library.queries import Why
from app.library.service import WHY
from app.notices import queries, service
from app.notices.models import Way
from app.notices.reactions.letters import letter, url


@dataclass(frozen=True)
class Words:
    """A letter before greeting and address are put around it; `spoken` is said on the phone."""

    subject: str
    paragraphs: tuple[str, ...]
    spoken: str = ""


def thing_reserved(event: events.ThingReserved) -> None:
    def words() -> Words:
        return Words(
            gettext("Your reservation"),
            (gettext("we have reserved this for you:"), _reserved(event), _look()),
            gettext("We have reserved this for you: %(what)s.", what=_reserved_line(event)),
        )

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:reserved", words)


def reservation_wished(event: events.ReservationWished) -> None:
    def words() -> Words:
        news = gettext("thank you. The desk looks at it first; we set it aside for you meanwhile:")
        return Words(gettext("We have your reservation"), (news, _reserved(event), _look()))

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:wished", words)


def reservation_confirmed(event: events.ReservationConfirmed) -> None:
    def words() -> Words:
        return Words(
            gettext("Your reservation"), (gettext("the desk has said yes. This is reserved for you:"), _reserved(event), _look())
        )

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:confirmed", words)


def reservation_refused(event: events.ReservationRefused) -> None:
    def words() -> Words:
        reason = gettext("The reason: %(reason)s", reason=event.reason)
        return Words(gettext("Your reservation"), (gettext("unfortunately we cannot lend you this:"), _reserved(event), reason))

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:refused", words)


def reservation_cancelled(event: events.ReservationCancelled) -> None:
    """Who cancels themselves need not be told."""
    if event.by is not None and event.by == event.person_id:
        return

    def words() -> Words:
        reason = gettext("The reason: %(reason)s", reason=event.reason) if event.reason else ""
        return Words(
            gettext("Your reservation was cancelled"),
            (gettext("this is not reserved for you any more:"), _reserved(event), reason),
        )

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:cancelled", words)


def reservation_lapsed(event: events.ReservationLapsed) -> None:
    def words() -> Words:
        news = gettext("you did not come for this, so others may have it now. You can reserve it again at any time:")
        return Words(gettext("Your reservation has ended"), (news, _reserved(event), _look()))

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:lapsed", words)


def reservation_ready(event: events.ReservationReady) -> None:
    def words() -> Words:
        return Words(
            gettext("Ready to be picked up"),
            (gettext("this is here and waits for you:"), _reserved(event), _look()),
            gettext("This is here and waits for you: %(what)s.", what=_reserved_line(event)),
        )

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:ready", words)


def reservation_at_risk(event: events.ReservationAtRisk) -> None:
    """What else there is: other days, or to give it up; identical pieces have been tried before."""

    def words() -> Words:
        news = gettext("we are not sure that this will be here for you in time:")
        why = str(WHY[Why(event.risk)]) if event.risk in set(Why) else ""
        others = [
            i18n.together(i18n.day(first), gettext("back on %(day)s", day=i18n.day(last))) for first, last in event.alternatives
        ]
        offered = "\n".join((gettext("It would be free on these days:"), *(f"– {each}" for each in others))) if others else ""
        after = gettext(
            "Choose another day, take something else, or give it up: it costs you nothing. If it comes back in time, we tell you."
        )
        here = url(f"/library/reservations/{event.reservation_id}")
        spoken = gettext("We are not sure that this will be here in time: %(what)s.", what=_reserved_line(event))
        return Words(
            gettext("About your reservation"), (news, _reserved(event), why, offered, after, here),
            " ".join(filter(None, (spoken, why, offered))),
        )  # fmt: skip

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:at-risk:{event.version}", words)


def reservation_safe(event: events.ReservationSafe) -> None:
    def words() -> Words:
        return Words(
            gettext("About your reservation"),
            (gettext("good news: you can have this after all, as it was agreed:"), _reserved(event)),
        )

    _tell(event.person_id, event.house_id, f"reservation:{event.reservation_id}:safe:{event.version}", words)


def loan_made(event: events.LoanMade) -> None:
    """The slip says it too; a letter for who reads mail."""

    def words() -> Words:
        news = ngettext("you have borrowed one thing from us.", "you have borrowed %(num)d things from us.", len(event.numbers))
        due = gettext("Please bring the first of it back by %(when)s.", when=i18n.moment(event.due_at))
        return Words(gettext("What you have borrowed"), (news, due, _look()))

    _tell(event.person_id, event.house_id, f"loan:{event.loan_id}:made", words, only_mail=True)


def loan_renewed(event: events.LoanRenewed) -> None:
    def words() -> Words:
        return Words(gettext("You can keep it longer"), (gettext("you can keep this longer:"), _lent(event)))

    _tell(event.person_id, event.house_id, f"line:{event.line_id}:renewed:{event.due_at:%Y%m%d}", words, only_mail=True)


def loan_due_soon(event: events.LoanDueSoon) -> None:
    def words() -> Words:
        keep = gettext("Do you need it longer? Look here, or call us: %(url)s", url=url("/me/things"))
        return Words(gettext("Please bring it back soon"), (gettext("this is due soon:"), _lent(event), keep))

    _tell(event.person_id, event.house_id, f"line:{event.line_id}:due-soon:{event.due_at:%Y%m%d}", words)


def loan_overdue(event: events.LoanOverdue) -> None:
    def words() -> Words:
        news = gettext("this should have been back by now, and perhaps others wait for it:")
        ask = gettext("When can you bring it? Tell us here, or call us: %(url)s", url=url("/me/things"))
        return Words(
            gettext("Please bring it back"), (news, _lent(event), ask),
            gettext("This should have been back: %(what)s. When can you bring it?", what=_lent(event)),
        )  # fmt: skip

    _tell(event.person_id, event.house_id, f"line:{event.line_id}:overdue:{event.times}", words)


def queue_offered(event: events.QueueOffered) -> None:
    def words() -> Words:
        news = gettext("it is your turn. We keep this for you until %(when)s:", when=i18n.moment(event.collect_by))
        return Words(gettext("It is your turn"), (news, event.thing_name, _look()), " ".join((news, event.thing_name)))

    _tell(event.person_id, event.house_id, f"queue:{event.queue_entry_id}:offered:{event.reservation_id}", words)


def queue_lapsed(event: events.QueueLapsed) -> None:
    def words() -> Words:
        news = gettext("you did not come for this in time, so it is the next one's turn. You can join the queue again:")
        return Words(gettext("About the queue"), (news, event.thing_name))

    _tell(event.person_id, event.house_id, f"queue:{event.queue_entry_id}:lapsed", words)


def lending_moved(event: events.LendingMoved) -> None:
    """One letter for everything a closing day moves for somebody."""

    def words() -> Words:
        day = i18n.day(event.on_day)
        if event.back:
            news = gettext("the house is open on %(day)s after all. What counts for you is this:", day=day)
        else:
            news = gettext("the house is closed on %(day)s. What counts for you is this:", day=day)
        lines = "\n".join(f"– {_moved(what, name, new)}" for what, name, _, new in event.moves)
        return Words(gettext("Other days for what you borrow"), (news, lines), f"{news} {lines}")

    times = "back" if event.back else "moved"
    last = max((new for _, _, _, new in event.moves), default=None)
    _tell(event.person_id, event.house_id, f"closing:{event.on_day}:{times}:{event.person_id}:{last:%Y%m%d%H%M}", words)


def _moved(what: str, name: str, new: datetime) -> str:
    if what == "pick_up":
        return gettext("%(thing)s: pick it up from %(when)s", thing=name, when=i18n.moment(new))
    if what == "collect_by":
        return gettext("%(thing)s: we keep it for you until %(when)s", thing=name, when=i18n.moment(new))
    return gettext("%(thing)s: due back %(when)s", thing=name, when=i18n.moment(new))


def guardian_consent_ended(event: events.GuardianConsentEnded) -> None:
    """On the eighteenth birthday."""
    if event.why != "of_age":
        return

    def words() -> Words:
        news = gettext(
            "you are of age now: congratulations. You borrow for yourself from today on, and your parents' consent has ended."
        )
        return Words(gettext("You borrow for yourself now"), (news,), news)

    _tell(event.person_id, event.house_id, f"consent:{event.consent_id}:of-age", words)


def borrower_blocked(event: events.BorrowerBlocked) -> None:
    def words() -> Words:
        until = gettext("It ends by itself on %(day)s.", day=i18n.day(event.until_on)) if event.until_on else ""
        news = gettext("we cannot lend you anything for a while. You can always bring things back.")
        reason = gettext("The reason: %(reason)s", reason=event.reason)
        return Words(gettext("About borrowing"), (news, reason, until), " ".join(filter(None, (news, reason, until))))

    _tell(event.person_id, event.house_id, f"block:{event.block_id}:blocked", words)


# Shared ------------------------------------------------------------------------------------------------------------


def _tell(
    person_id: int | None, house_id: int | None, occasion: str, words: Callable[[], Words], *, only_mail: bool = False
) -> None:
    """`words` makes the letter in the language of whoever reads it."""
    person, house = queries.recipient(person_id), queries.house(house_id)
    if person is None or house is None:
        return
    with i18n.speaking(person.language):
        way, _ = service.way_to(person)
        if only_mail and way != Way.MAIL:
            return
        made = words()
        after = (gettext("Or call us: %(phone)s", phone=house.phone),) if house.phone else ()
        service.write_letter(
            occasion=occasion,
            subject=made.subject,
            body=letter(person.name, house, (*made.paragraphs, *after)),
            spoken=made.spoken or "\n".join(filter(None, made.paragraphs)),
            person=person,
            language=i18n.language(),
            house_id=house.id,
        )


def _reserved_line(event: ReservationEvent) -> str:
    what = event.thing_name if event.quantity == 1 else f"{event.quantity} × {event.thing_name}"
    return i18n.together(what, gettext("from %(when)s", when=i18n.moment(event.starts_at)))


def _reserved(event: ReservationEvent) -> str:
    what = event.thing_name if event.quantity == 1 else f"{event.quantity} × {event.thing_name}"
    return "\n".join((
        what,
        gettext("Pick it up: from %(when)s", when=i18n.moment(event.starts_at)),
        gettext("Bring it back: by %(when)s", when=i18n.moment(event.ends_at)),
    ))  # fmt: skip


def _lent(event: LineEvent) -> str:
    what = event.thing_name if event.quantity == 1 else f"{event.quantity} × {event.thing_name}"
    return "\n".join((what, gettext("Due back: %(when)s", when=i18n.moment(event.due_at))))


def _look() -> str:
    return str(gettext("All you have and have reserved: %(url)s", url=url("/me/things")))
