"""Consents: what somebody agreed to, in the words they saw."""

from __future__ import annotations

from dataclasses import dataclass

from app.core import clock
from app.core.db import session
from app.core.errors import Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.i18n import speaking
from app.core.policy import Actor
from app.people import queries
from app.people.events import ConsentGiven, ConsentWithdrawn
from app.people.models import Consent, Person, Purpose
from app.people.service.contact import BadValue

WORDINGS = {
    Purpose.NEWS: _l(
        "The house may tell me about its programme and offers, in the way I chose. I can stop this at any time; a word is enough."
    ),
    Purpose.PHOTOS: _l(
        "The house may show photos in which I can be recognised on its website, posters and in reports. "
        "I can stop this at any time; pictures that are printed already stay as they are."
    ),
    Purpose.SHARE_CONTACT: _l(
        "The house may pass my name and telephone number to the volunteer who helps me. "
        "I can stop this at any time; a word is enough."
    ),
}


class ConsentAlreadyGiven(Refusal):
    kind = "consent-already-given"
    message = _l("This consent has been given already.")


class WordingMissing(BadValue):
    field = "wording"
    message = _l("Please write down what exactly is agreed to.")


@dataclass(frozen=True, kw_only=True)
class ConsentRequest:
    """`via` is ``screen``, ``paper`` or ``phone``; `wording` counts only for `Purpose.OTHER`."""

    purpose: Purpose
    via: str
    wording: str = ""


def wording(purpose: Purpose, language: str) -> str:
    """The house's own words for `purpose`, in `language`; empty for `Purpose.OTHER`."""
    with speaking(language):
        return str(WORDINGS.get(purpose, ""))


def give_consent(person: Person, request: ConsentRequest, *, by: Actor) -> Consent:
    """Kept with day, way and wording in the person's language. Raises `ConsentAlreadyGiven`, `WordingMissing`."""
    words = request.wording.strip() if request.purpose is Purpose.OTHER else wording(request.purpose, person.language)
    if not words:
        raise WordingMissing
    if request.purpose is not Purpose.OTHER and queries.has_consented(person.id, request.purpose):
        raise ConsentAlreadyGiven
    consent = Consent(
        person_id=person.id,
        purpose=request.purpose,
        wording=words,
        via=request.via,
        given_at=clock.now(),
        recorded_by_id=by.person_id,
    )
    session().add(consent)
    session().flush()
    publish(
        ConsentGiven(
            house_id=None, by=by.person_id, consent_id=consent.id, person_id=person.id, purpose=str(request.purpose)
        )
    )  # fmt: skip
    return consent


def withdraw_consent(consent: Consent, *, by: Actor) -> None:
    """It ends now; the row stays as the proof that it was there. Withdrawing twice changes nothing."""
    if consent.withdrawn_at is not None:
        return
    consent.withdrawn_at = clock.now()
    session().flush()
    publish(
        ConsentWithdrawn(
            house_id=None, by=by.person_id, consent_id=consent.id, person_id=consent.person_id, purpose=consent.purpose
        )
    )  # fmt: skip
