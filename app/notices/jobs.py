"""What the clock does with letters."""

from __future__ import annotations

import logging
import smtplib
import time
from datetime import timedelta

from app.core import db, jobs, mail
from app.notices import queries, service

log = logging.getLogger("app.notices")
SECONDS = 50.0
"""A round ends after this; what is left goes in the next."""


def send_letters() -> str:
    """Send the mail that is due, one letter after another; each is claimed, sent and recorded by itself.

    Dying between sending and recording repeats the letter later under the same Message-ID, which is all that can happen.
    """
    sent = failed = put_off = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and not jobs.stopping.is_set():
        dispatch = db.run_transaction(service.claim_letter)
        if dispatch is None:
            break
        try:
            mail.send(dispatch.mail)
        except mail.MailRefused as fault:
            failed += _record(dispatch, str(fault), final=True)
            continue
        except Exception as fault:
            log.warning("letter %s has not gone: %s", dispatch.letter_id, type(fault).__name__)
            given_up = _record(dispatch, f"{type(fault).__name__}: {fault}", final=False)
            failed, put_off = failed + given_up, put_off + (not given_up)
            if _nobody_there(fault):
                break  # the others need not try now
            continue
        db.run_transaction(lambda done=dispatch: service.record_sent(done))  # type: ignore[misc]
        sent += 1
    return f"{sent} sent, {put_off} put off, {failed} failed"


def _nobody_there(fault: Exception) -> bool:
    """Whether it was the server that failed, not this letter (smtplib's exceptions are OSErrors too)."""
    if isinstance(fault, smtplib.SMTPException):
        return isinstance(fault, smtplib.SMTPServerDisconnected | smtplib.SMTPConnectError | smtplib.SMTPAuthenticationError)
    return isinstance(fault, OSError)


def _record(dispatch: service.Dispatch, fault: str, *, final: bool) -> bool:
    return db.run_transaction(lambda: service.record_fault(dispatch, fault, final=final))


SEND_LETTERS = jobs.Job("send letters", timedelta(seconds=10), send_letters, wanted=queries.mail_is_due)
