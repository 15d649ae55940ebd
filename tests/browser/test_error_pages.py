"""Pages that say what went wrong are as well written as the others."""

from __future__ import annotations

import shutil
from pathlib import Path

from flask import abort
from werkzeug.exceptions import RequestEntityTooLarge

from app import create_app
from app.core import db
from app.core.errors import Refusal
from app.core.policy import everyone
from tests.browser.looking import invalid
from tests.browser_client import Page, criticise
from tests.conftest import Template, settings_for
from tests.makers import a_house

STATUSES = (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)


class Refused(Refusal):
    message = "Something else was in the way."


def _raise(status: int) -> None:
    if status == 413:
        raise RequestEntityTooLarge
    if status == 500:
        raise RuntimeError("a fault of ours")
    if status == 503:
        raise db.Busy
    if status in {409, 422, 429}:
        refusal = Refused()
        refusal.status = status
        raise refusal
    abort(status)


def test_error_pages_are_valid_and_complete(sqlite_template: Template, tmp_path: Path) -> None:
    instance, pages = tmp_path / "instance", tmp_path / "pages"
    instance.mkdir(mode=0o700)
    pages.mkdir()
    shutil.copyfile(sqlite_template.path, instance / "centre.db")
    app = create_app(settings_for(instance))
    _raise.allow = everyone  # type: ignore[attr-defined]
    app.add_url_rule("/raise/<int:status>", "raise", _raise)
    with app.app_context():
        a_house()
        client = app.test_client()
        for status in STATUSES:
            answer = client.get(f"/raise/{status}", headers={"Accept-Language": "de"})
            assert answer.status_code == status
            faults = criticise(Page(answer, f"/raise/{status}", []))
            assert not faults, (status, faults)
            (pages / f"{status}.html").write_text(answer.get_data(as_text=True), encoding="utf-8")
        for engine in db.db.engines.values():
            engine.dispose()
    assert invalid(sorted(pages.glob("*.html"))) == []
    assert "a fault of ours" not in (pages / "500.html").read_text(encoding="utf-8")


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "wrong.html"
    page.write_text(
        '<!DOCTYPE html><html lang="de"><head><title>x</title></head><body><p id="a"><div id="a"></div></body></html>'
    )
    said = "\n".join(invalid([page]))
    assert "[no-dup-id]" in said and "[no-implicit-close]" in said
