"""One letter on its way: to a real server, or into the folder."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

import config
from app import create_app
from app.core import mail
from tests.conftest import settings_for
from tests.plumbing.mailbox import Mailbox, mailbox

LETTER = mail.Mail(
    key="letter.17.20261126",
    to="ayse@example.org",
    subject="Bestätigt: Ihre Buchung",
    body="Hallo Ayşe,\n\nalles gut. Привіт!\n",
    language="de",
    sender_name="Meilentreff „Marten“",
    reply_to="haus@example.org",
)


def house(folder: Path, smtp_url: str = "") -> Flask:
    """Sending asks no database."""
    return create_app(settings_for(folder, smtp_url=smtp_url, public_url="https://haus.example.org"))


def test_a_letter_arrives_as_it_was_written(tmp_path: Path) -> None:
    with mailbox() as box, house(tmp_path, box.url).app_context():
        assert mail.goes_out()
        mail.send(replace(LETTER, calendar=b"BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n"))
        (letter,) = box.wait_for(1)
    message = letter.message
    assert letter.recipients == ("ayse@example.org",)
    assert message["Subject"] == LETTER.subject and message["From"].addresses[0].display_name == LETTER.sender_name
    assert message["Message-ID"] == "<letter.17.20261126@haus.example.org>"
    assert message["Auto-Submitted"] == "auto-generated" and message["Reply-To"] == "haus@example.org"
    body = message.get_body()
    assert body is not None and body.get_content().replace("\r\n", "\n") == LETTER.body
    (entry,) = message.iter_attachments()
    assert entry.get_content_type() == "text/calendar" and entry.get_param("method") == "PUBLISH"
    assert b"BEGIN:VCALENDAR" in entry.get_payload(decode=True)


@pytest.mark.parametrize(("answer", "kind"), [("451 later", OSError), ("550 nobody here", mail.MailRefused), ("drop", OSError)])
def test_a_no_for_now_is_told_apart_from_a_no_for_good(tmp_path: Path, answer: str, kind: type[Exception]) -> None:
    with mailbox() as box, house(tmp_path, box.url).app_context():
        box.answers.append(answer)
        with pytest.raises(kind) as fault:
            mail.send(LETTER)
        assert isinstance(fault.value, mail.MailRefused) == (kind is mail.MailRefused)
        mail.send(LETTER)
        assert len(box.wait_for(1)) == 1


def test_no_server_is_a_fault_that_may_pass(tmp_path: Path) -> None:
    with mailbox() as box:
        gone = box.url
    with house(tmp_path, gone).app_context(), pytest.raises(OSError):
        mail.send(LETTER)


@pytest.mark.parametrize(
    "wrong",
    [{"subject": "two\nBcc: everybody@example.org"}, {"to": "a@example.org\nb@example.org"}, {"sender_name": "x\r\nSubject: y"}],
)
def test_a_line_break_smuggles_no_header(tmp_path: Path, wrong: dict[str, str]) -> None:
    with mailbox() as box, house(tmp_path, box.url).app_context():
        with pytest.raises(mail.MailRefused):
            mail.send(replace(LETTER, **wrong))
        assert box.stays_at(0, 0.1)


def test_without_a_server_the_letter_lies_readable_in_the_folder(tmp_path: Path) -> None:
    with house(tmp_path).app_context():
        assert not mail.goes_out()
        mail.send(LETTER)
        mail.send(LETTER)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml" and (tmp_path / "mail").stat().st_mode & 0o077 == 0
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["To"] == "ayse@example.org"


def test_a_rude_goodbye_does_not_undo_what_was_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aiosmtpd.smtp import SMTP

    async def rude(self: SMTP, arg: str) -> None:
        await self.push("421 go away")
        assert self.transport is not None
        self.transport.close()

    monkeypatch.setattr(SMTP, "smtp_QUIT", rude)
    with mailbox() as box, house(tmp_path, box.url).app_context():
        mail.send(LETTER)
        assert len(box.wait_for(1)) == 1


def test_the_sender_is_the_houses_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    with mailbox() as box:
        own = config.load({}, instance_path=tmp_path, smtp_url=box.url, mail_from="hallo@marten.example")
        with create_app(own).app_context():
            mail.send(LETTER)
        assert _from(box) == "hallo@marten.example"


def _from(box: Mailbox) -> str:
    return str(box.wait_for(1)[0].message["From"].addresses[0].addr_spec)
