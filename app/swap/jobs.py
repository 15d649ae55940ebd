"""What the clock does with the shelf and the time bank; each piece in its own act, so that one does not keep the others."""

from __future__ import annotations

from datetime import timedelta

from app.core import clock, i18n
from app.core.db import run_transaction
from app.core.jobs import Job
from app.core.policy import THE_HOUSE
from app.swap import queries, service

REMIND_BEFORE = timedelta(days=3)
"""How long before silence is taken for a yes somebody is reminded."""
AFTER_REMINDER = timedelta(days=2)
"""At least so long after it, also when the house has slept."""
KEEP_MESSAGES = timedelta(days=90)
"""What two wrote to each other is forgotten so long after it has ended."""


def lapse_claims() -> str:
    """Pass on what nobody came for, or lay it back."""
    ended = 0
    for claim_id in queries.lapsing(clock.now()):

        def act(claim_id: int = claim_id) -> bool:
            claim = queries.claim(claim_id)
            return claim is not None and service.lapse_claim(claim, THE_HOUSE)

        ended += run_transaction(act)
    return f"{ended} lapsed"


def claims_lapse() -> bool:
    return bool(queries.lapsing(clock.now()))


LAPSE_CLAIMS = Job("lapse claims", timedelta(minutes=1), lapse_claims, wanted=claims_lapse)


def keep_shelf() -> str:
    """What was announced and never brought, and what was counted for somebody in earlier months, goes."""
    long_ago, gone = clock.now() - timedelta(weeks=queries.rules().sweep_weeks), 0
    for thing_id in queries.old_announcements(long_ago):

        def act(thing_id: int = thing_id) -> int:
            thing = queries.thing(thing_id)
            if thing is None or thing.state != "announced":
                return 0
            service.withdraw_thing(thing, THE_HOUSE)
            return 1

        gone += run_transaction(act)
    forgotten = run_transaction(service.forget_takings)
    return f"{gone} announcements ended, {forgotten} monthly counts forgotten"


KEEP_SHELF = Job("keep shelf", timedelta(days=1), keep_shelf, offset=timedelta(hours=1, minutes=40))


def end_listings() -> str:
    """Tell owners that a listing ends soon, and end those whose time is over."""
    today = clock.today(i18n.zone())
    told = ended = 0
    for listing_id in queries.ending(today):

        def tell(listing_id: int = listing_id) -> bool:
            listing = queries.listing(listing_id)
            return listing is not None and service.tell_of_end(listing, THE_HOUSE)

        told += run_transaction(tell)
    for listing_id in queries.lapsed(today):

        def end(listing_id: int = listing_id) -> bool:
            listing = queries.listing(listing_id)
            return listing is not None and service.lapse_listing(listing, THE_HOUSE)

        ended += run_transaction(end)
    forgotten = run_transaction(lambda: service.forget_messages(clock.now() - KEEP_MESSAGES))
    return f"{told} told, {ended} lapsed, {forgotten} messages forgotten"


END_LISTINGS = Job("end listings", timedelta(days=1), end_listings, offset=timedelta(hours=5, minutes=20))


def answer_hours() -> str:
    """Remind whoever is asked, and take silence for a yes after the days of the rule; what an account cannot bear stops and is told."""
    wait = timedelta(days=queries.rules().answer_days)
    now = clock.now()
    reminded = accepted = stopped = 0
    for hours_id in queries.to_remind(now - wait + REMIND_BEFORE):

        def remind(hours_id: int = hours_id) -> bool:
            hours = queries.hours(hours_id)
            return hours is not None and service.remind_of_hours(hours, THE_HOUSE)

        reminded += run_transaction(remind)
    for hours_id in queries.to_answer_by_itself(now - wait, now - AFTER_REMINDER):

        def accept(hours_id: int = hours_id) -> None:
            hours = queries.hours(hours_id)
            if hours is not None:
                service.confirm_hours(hours, THE_HOUSE, unanswered=True)

        def stop(hours_id: int = hours_id) -> None:
            hours = queries.hours(hours_id)
            if hours is not None:
                service.stop_hours(hours, THE_HOUSE)

        try:
            run_transaction(accept)
            accepted += 1
        except (service.LimitPassed, service.NotAMember):
            run_transaction(stop)
            stopped += 1
        except service.HoursSettled:
            continue  # by the other side, at this very moment
    return f"{reminded} reminded, {accepted} accepted, {stopped} stopped"


ANSWER_HOURS = Job("answer hours", timedelta(hours=1), answer_hours, offset=timedelta(minutes=7))
