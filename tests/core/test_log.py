"""Structured logs with the id of the request they belong to."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from flask import Flask

from app.core import log
from app.core.policy import everyone
from app.core.web import Pages
from tests.makers import a_house


@pytest.fixture
def talking(bare_app: Flask) -> Flask:
    pages = Pages("talking", __name__)

    @pages.get("/talk", allow=everyone)
    def talk() -> str:
        bare_app.logger.warning("somebody talks", extra={"facts": {"words": 3}})
        return log.request_id()

    bare_app.register_blueprint(pages.blueprint)
    with bare_app.app_context():
        a_house()
    return bare_app


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


def relog(app: Flask) -> None:
    """The handler writes to the standard error of the moment it was made; pytest changes it for each test."""
    logging.getLogger("app").handlers[0].stream = sys.stderr  # type: ignore[attr-defined]


def test_a_line_of_a_request_carries_its_id(talking: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    relog(talking)
    answer = talking.test_client().get("/talk", headers={"X-Request-ID": "from-the-proxy-1"})
    assert answer.headers["X-Request-ID"] == answer.text == "from-the-proxy-1"
    (line,) = [each for each in lines(capsys) if each["text"] == "somebody talks"]
    assert line["request_id"] == "from-the-proxy-1" and line["words"] == 3 and line["level"] == "warning"


@pytest.mark.parametrize("given", ["short", "has blanks in it", "x" * 65, "new\tline-12", "<script>alert(1)</script>", ""])
def test_an_id_that_could_do_harm_is_replaced(talking: Flask, given: str) -> None:
    answer = talking.test_client().get("/talk", headers={"X-Request-ID": given})
    assert answer.text != given and len(answer.text) == 16
    assert answer.headers["X-Request-ID"] == answer.text


def test_every_request_has_another_id(talking: Flask) -> None:
    client = talking.test_client()
    assert client.get("/talk").text != client.get("/talk").text
    assert log.request_id() == "", "the id does not outlive its request"


def test_a_fault_is_one_line_with_its_trace(capsys: pytest.CaptureFixture[str], talking: Flask) -> None:
    relog(talking)
    try:
        raise ValueError("two\nlines")
    except ValueError:
        talking.logger.exception("it broke")
    (line,) = lines(capsys)
    assert "ValueError" in str(line["fault"]) and "request_id" not in line


def test_work_of_a_job_carries_the_jobs_name(capsys: pytest.CaptureFixture[str], talking: Flask) -> None:
    relog(talking)
    with log.working_as("job-17"):
        talking.logger.error("within")
    talking.logger.error("outside")
    within, outside = lines(capsys)
    assert within["request_id"] == "job-17" and "request_id" not in outside
