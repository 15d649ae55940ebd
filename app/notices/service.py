"""Writing letters, sending them, ticking them off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Executable, bindparam, select, text, update
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import Collision, session
from app.core.errors import Refusal
from app.core.events import publish
from app.core.i18n import lazy as _l
from app.core.mail import Mail
from app.core.policy import Actor
from app.core.statements import Statement, insertion
from app.houses.models import House
from app.notices.events import LetterDone, LetterPutBack, LetterReleased, LetterRerouted
from app.notices.models import DUE, Letter, LetterState, Way
from app.notices.queries import Recipient
from app.people.models import ContactBy, Person

CLAIM = timedelta(minutes=10)
"""How long one process has for one letter; longer than any mail server is waited for."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 360, 360))
"""After the first, second, … failed try; after one more than there are pauses it is given up."""
TRIES = len(PAUSES) + 1


class Fault(StrEnum):
    """Reasons of our own for not sending; a mail server's are in its own words."""

    TOO_LATE = "too-late"
    RESTORED = "restored"


class LetterSettled(Refusal):
    """Somebody else was first, or the job was."""

    kind = "letter-settled"
    message = _l("This has already been done. Nothing has been changed.")


# Writing -------------------------------------------------------------------------------------------------------------


_TOLD = Statement(select(Letter.id).where(Letter.occasion == bindparam("occasion")))
_LETTER = insertion(Letter)


def way_to(person: Person | Recipient) -> tuple[Way, str]:
    """How this person is told, and the address or number for it: as they wish, else by phone, else on paper."""
    if person.contact_by == ContactBy.MAIL and person.email:
        return Way.MAIL, person.email
    if person.contact_by != ContactBy.LETTER and person.phone:
        return Way.PHONE, person.phone
    return Way.LETTER, ""


def write_letter(
    *,
    occasion: str,
    subject: str,
    body: str,
    spoken: str = "",
    person: Person | Recipient | None = None,
    address: str = "",
    language: str = "",
    house_id: int | None = None,
    calendar: bytes | None = None,
    secret: bool = False,
    useful_until: datetime | None = None,
) -> int | None:
    """One letter to `person` in their way, or by mail to `address`: its id, or None when that `occasion` has been told already.

    `spoken` is what to say instead of `body` when the person is phoned. `calendar` goes with mail only.
    """
    if _TOLD.row(occasion=occasion) is not None:
        return None
    if address:
        way = Way.MAIL
    elif person is not None:
        way, address = way_to(person)
    else:
        raise ValueError("a letter needs a person or an address")
    now = clock.now()
    try:
        row = _LETTER.row(
            house_id=house_id,
            person_id=person.id if person else None,
            way=way,
            address=address,
            language=language or (person.language if person else ""),
            subject=subject[:200],
            body=spoken if way == Way.PHONE and spoken else body,
            occasion=occasion,
            calendar=calendar if way == Way.MAIL else None,
            secret=secret,
            useful_until=useful_until,
            state=LetterState.WAITING,
            tries=0,
            next_try_at=now,
            fault="",
            created_at=now,
            ended_at=None,
            ended_by_id=None,
        )
    except IntegrityError as fault:  # told by somebody else at this very moment
        raise Collision from fault
    return int(row[0]) if row else None


# Sending: called by the job, each in its own transaction ----------------------------------------------------------------


@dataclass(frozen=True)
class Dispatch:
    """A letter that this process alone may send until its claim runs out. `attempt` counts from 1."""

    letter_id: int
    attempt: int
    mail: Mail


def claim_letter() -> Dispatch | None:
    """The longest waiting mail letter, claimed; None when nothing is due.

    The claim is the letter's next try put off: a process that dies lets go of it by itself. Two processes cannot claim the
    same one: PostgreSQL locks the row and skips locked ones, SQLite lets one writer in at a time.
    """
    now = clock.now()
    due = select(Letter).where(text(DUE), Letter.next_try_at <= now).order_by(Letter.next_try_at, Letter.id).limit(1)
    while (letter := session().scalars(due.with_for_update(skip_locked=True)).first()) is not None:
        if letter.useful_until is None or now < letter.useful_until:
            letter.tries += 1
            letter.next_try_at = now + CLAIM
            session().flush()
            return Dispatch(letter.id, letter.tries, _as_mail(letter))
        _end(letter, LetterState.FAILED, Fault.TOO_LATE)
    return None


def _as_mail(letter: Letter) -> Mail:
    house = (
        session().get(House, letter.house_id)
        if letter.house_id
        else session().scalars(select(House).order_by(House.position, House.id).limit(1)).first()
    )
    method = re.search(rb"^METHOD:(\w+)", letter.calendar or b"", re.MULTILINE)
    return Mail(
        # The moment belongs to it: after a restore the same number may be another letter.
        key=f"letter.{letter.id}.{letter.created_at:%Y%m%d%H%M%S}",
        to=letter.address,
        subject=letter.subject,
        body=letter.body,
        language=letter.language,
        sender_name=house.name if house else "Quartiersraum",
        calendar=letter.calendar,
        calendar_method=method[1].decode() if method else "PUBLISH",
        reply_to=house.email if house else "",
    )


def record_sent(dispatch: Dispatch) -> None:
    """It has gone. Counts even when the claim had run out: gone is gone."""
    letter = session().get(Letter, dispatch.letter_id)
    if letter is not None and letter.state == LetterState.WAITING:
        _end(letter, LetterState.SENT)


def record_fault(dispatch: Dispatch, fault: str, *, final: bool = False) -> bool:
    """It has not gone: once more after a pause, or given up; returns whether it was given up."""
    letter = session().get(Letter, dispatch.letter_id)
    if letter is None or letter.state != LetterState.WAITING or letter.tries != dispatch.attempt:
        return False  # another process has taken it over
    if final or letter.tries >= TRIES:
        _end(letter, LetterState.FAILED, fault)
        return True
    letter.fault = fault[:300]
    letter.next_try_at = clock.now() + PAUSES[letter.tries - 1]
    session().flush()
    return False


def _end(letter: Letter, state: LetterState, fault: str = "") -> None:
    letter.state, letter.fault, letter.ended_at = state, fault[:300], clock.now()
    if letter.secret:
        letter.body = ""
    session().flush()


def hold_after_restore() -> list[Executable]:
    """What a restored house does before it opens: mail that was waiting may have gone since, a person decides about each."""
    waiting = update(Letter).where(Letter.state == LetterState.WAITING, Letter.way == Way.MAIL)
    return [
        waiting.where(Letter.secret).values(body=""),
        waiting.values(state=LetterState.FAILED.value, fault=Fault.RESTORED.value),
    ]


# What people do --------------------------------------------------------------------------------------------------------


def tick_off(letter: Letter, by: Actor) -> None:
    """Called, or handed over."""
    _need(letter, LetterState.WAITING, Way.PHONE, Way.LETTER)
    _end(letter, LetterState.DONE)
    letter.ended_by_id = by.person_id
    session().flush()
    publish(LetterDone(house_id=letter.house_id, by=by.person_id, letter_id=letter.id))


def put_back(letter: Letter, by: Actor) -> None:
    """Ticked off too early: onto the list again."""
    _need(letter, LetterState.DONE, Way.PHONE, Way.LETTER)
    _wait_again(letter)
    publish(LetterPutBack(house_id=letter.house_id, by=by.person_id, letter_id=letter.id))


def send_again(letter: Letter, by: Actor) -> None:
    """A failed mail gets all its tries anew. A secret one is gone; who needs it asks for a new code."""
    _need(letter, LetterState.FAILED, Way.MAIL)
    if letter.secret:
        raise LetterSettled
    letter.useful_until = None
    _wait_again(letter)
    publish(LetterReleased(house_id=letter.house_id, by=by.person_id, letter_id=letter.id))


def tell_otherwise(letter: Letter, by: Actor) -> None:
    """A failed mail goes onto the call list, or is printed where there is no number. `letter.person` is loaded."""
    _need(letter, LetterState.FAILED, Way.MAIL)
    if letter.secret:
        raise LetterSettled
    number = letter.person.phone if letter.person else None
    letter.way, letter.address = (Way.PHONE, number) if number else (Way.LETTER, "")
    letter.calendar = None
    _wait_again(letter)
    publish(LetterRerouted(house_id=letter.house_id, by=by.person_id, letter_id=letter.id, way=letter.way))


def _need(letter: Letter, state: LetterState, *ways: Way) -> None:
    if letter.state != state or letter.way not in ways:
        raise LetterSettled


def _wait_again(letter: Letter) -> None:
    letter.state, letter.fault, letter.tries = LetterState.WAITING, "", 0
    letter.next_try_at = clock.now()
    letter.ended_at = letter.ended_by_id = None
    session().flush()
