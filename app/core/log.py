"""Structured logs: one JSON object a line, with the id of the request it belongs to. No names, no contents of forms."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import Flask, Response, g, request

_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the request or job that is at work here; empty in a command. The journal keeps it."""
    return _current.get()


@contextmanager
def working_as(name: str) -> Iterator[None]:
    """Inside, log lines and journal entries carry `name`: what a job does can be found again."""
    token = _current.set(name)
    try:
        yield
    finally:
        _current.reset(token)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        if request_id():
            line["request_id"] = request_id()
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def init_app(app: Flask, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    ours = logging.getLogger("app")  # the application's own too, and of everything below
    ours.handlers[:] = [handler]
    ours.propagate = False
    ours.setLevel(level)
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_over)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _ID.match(given) else secrets.token_hex(8)
    _current.set(g.request_id)
    g.began = time.perf_counter()


def _over(fault: BaseException | None) -> None:
    _current.set("")


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if response.status_code >= 500:
        facts = {"method": request.method, "endpoint": request.endpoint, "status": response.status_code}
        logging.getLogger("app.web").error("answered with a fault", extra={"facts": facts})
    return response
