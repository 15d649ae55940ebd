"""The whole law stands in access.txt; a change of who-may-what is a one-line diff there."""

from __future__ import annotations

from pathlib import Path

import config
from app import create_app
from tests.architecture import law


def test_the_law_in_access_txt_is_the_law_of_the_application(tmp_path: Path) -> None:
    application = create_app(config.load({}, instance_path=tmp_path))
    written = law.FILE.read_text(encoding="utf-8").splitlines()
    now = law.law(application)
    assert now == written, "run `python -m tests.architecture.law`, read the diff, and mean it"


def test_no_address_is_open_to_all_because_nobody_decided(tmp_path: Path) -> None:
    application = create_app(config.load({}, instance_path=tmp_path))
    undecided = [line for line in law.law(application) if line.endswith(law.OPEN)]
    assert undecided == []


def test_a_view_without_a_rule_is_not_served(tmp_path: Path) -> None:
    application = create_app(config.load({}, instance_path=tmp_path))
    application.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = application.test_client().get("/forgotten")
    assert answer.status_code == 403
    assert b"secret" not in answer.data
