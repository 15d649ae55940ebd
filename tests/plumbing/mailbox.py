"""A real mail server on a free port, for tests that want to read what was sent.

    with mailbox() as box:
        settings = config.load(smtp_url=box.url)
        ...
        letter = box.wait_for(1)[0].message

`Letter.message` is what arrived on the wire, parsed by the standard library.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Letter:
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class Mailbox:
    """What arrived, and how the server should behave towards the next ones."""

    host: str = "127.0.0.1"
    port: int = 0
    answers: list[str] = field(default_factory=list)
    """Answers for the next letters instead of accepting them: ``451 later``, ``550 nobody here``; or ``drop``."""
    delay: float = 0.0
    """Seconds the server thinks before it answers a letter."""
    _letters: list[Letter] = field(default_factory=list)
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    @property
    def letters(self) -> list[Letter]:
        with self._arrived:
            return list(self._letters)

    def to(self, address: str) -> list[Letter]:
        """What arrived for this address."""
        return [letter for letter in self.letters if address.lower() in map(str.lower, letter.recipients)]

    def clear(self) -> None:
        with self._arrived:
            self._letters.clear()

    def wait_for(self, count: int, within: float = 10.0) -> list[Letter]:
        """All letters, once there are at least `count`; AssertionError when they do not come."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self._letters) >= count, within)
            assert came, f"{len(self._letters)} instead of {count} letters came within {within:g} seconds"
            return list(self._letters)

    def stays_at(self, count: int, during: float = 0.3) -> bool:
        """Whether no letter beyond `count` comes for a while."""
        time.sleep(during)
        return len(self.letters) == count

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.answers:
            answer = self.answers.pop(0)
            if answer == "drop":
                assert isinstance(server.transport, asyncio.WriteTransport)
                server.transport.abort()
            if not answer.startswith("250"):
                return answer
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        with self._arrived:
            self._letters.append(Letter(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw))
            self._arrived.notify_all()
        return "250 OK"


@contextlib.contextmanager
def mailbox(port: int = 0) -> Iterator[Mailbox]:
    """A server that listens inside the ``with``; `port` brings a closed one back at the same address."""
    box = Mailbox()
    loop = asyncio.new_event_loop()
    # In a thread from the start: in this one a browser's loop may be running.
    thread = threading.Thread(target=loop.run_forever, name="mailbox", daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(_open(box, port, loop), loop).result(5)
        box.port = server.sockets[0].getsockname()[1]
        try:
            yield box
        finally:
            asyncio.run_coroutine_threadsafe(_close(server), loop).result(5)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _open(box: Mailbox, port: int, loop: asyncio.AbstractEventLoop) -> asyncio.Server:
    """aiosmtpd's own controller connects to the port it was given, which cannot work with 0."""
    return await loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True, hostname="mail.test", loop=loop), box.host, port)


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
