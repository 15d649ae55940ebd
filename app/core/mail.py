"""Sending one letter: by SMTP when it is configured, else as a readable file under ``instance/mail/``.

Only the outbox job calls this, after the deed has been committed.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from flask import Flask, current_app

from app.core import clock
from config import Settings

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Mail:
    """A letter ready to go. `key` is stable over retries, so that a receiver recognises a double; `calendar` is an .ics entry."""

    key: str
    to: str
    subject: str
    body: str
    language: str
    sender_name: str
    calendar: bytes | None = None
    calendar_method: str = "PUBLISH"
    reply_to: str = ""


class MailRefused(Exception):
    """The server will never take this letter (5xx); trying again is useless."""


def init_app(app: Flask, settings: Settings) -> None:
    host = urlsplit(settings.public_url).hostname or "localhost"
    app.extensions["mail_from"] = settings.mail_from or f"haus@{host}"
    app.extensions["smtp"] = urlsplit(settings.smtp_url) if settings.smtp_url else None
    app.extensions["mail_folder"] = settings.instance_path / "mail"


def goes_out() -> bool:
    """Whether letters leave the house (SMTP is configured)."""
    return current_app.extensions["smtp"] is not None


def send(mail: Mail) -> None:
    """Send, or write to the folder. Raises `MailRefused`, or OSError/SMTPException for what may pass."""
    try:
        message = compose(mail, clock.now())
    except ValueError as fault:
        raise MailRefused(f"this cannot be a letter: {fault}") from fault
    if not goes_out():
        _write(message, mail)
        return
    target = current_app.extensions["smtp"]
    options = parse_qs(target.query)
    host, wait = target.hostname or "localhost", TIMEOUT_SECONDS
    server: smtplib.SMTP
    if target.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, target.port or 465, timeout=wait, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, target.port or 587, timeout=wait)
    try:
        if options.get("tls", [""])[0] == "starttls":
            server.starttls(context=ssl.create_default_context())
        if target.username:
            server.login(unquote(target.username), unquote(target.password or ""))
        _hand_over(server, message)
    finally:
        # Once the letter has been taken, a rude goodbye must not look like a failure and make it go twice.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as fault:
        codes = [code for code, _ in fault.recipients.values()]
        if all(code >= 500 for code in codes):
            raise MailRefused("; ".join(_said(*each) for each in fault.recipients.values())) from fault
        raise
    except smtplib.SMTPSenderRefused:
        raise  # not this letter's fault: somebody has to mend the settings, and then it goes
    except smtplib.SMTPResponseException as fault:
        if fault.smtp_code >= 500:
            raise MailRefused(_said(fault.smtp_code, fault.smtp_error)) from fault
        raise
    except (smtplib.SMTPNotSupportedError, ValueError) as fault:
        raise MailRefused(f"this mail server cannot take it: {fault}") from fault


def _said(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"


def compose(mail: Mail, now: datetime) -> EmailMessage:
    host = str(current_app.extensions["mail_from"]).rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((mail.sender_name, current_app.extensions["mail_from"]))
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9]+', '.', mail.key)}@{host}>"
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message.set_content(mail.body)
    if mail.calendar is not None:
        message.add_attachment(
            mail.calendar,
            maintype="text",
            subtype="calendar",
            filename="termin.ics",
            params={"method": mail.calendar_method, "charset": "utf-8"},
        )
    return message


def _write(message: EmailMessage, mail: Mail) -> None:
    folder: Path = current_app.extensions["mail_folder"]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9-]+", "-", mail.key)
    fresh = folder / f".{name}.new"
    fresh.write_bytes(message.as_bytes())
    fresh.replace(folder / f"{name}.eml")
