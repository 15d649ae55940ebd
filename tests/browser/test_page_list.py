"""No page is forgotten: whatever GET answers stands in the list that the browser walks through."""

from __future__ import annotations

import re
from pathlib import Path

import config
from app import create_app
from app.core import clock
from tools.pages import NOT_PAGES, PAGES


def test_every_page_of_the_program_is_walked_through(tmp_path: Path) -> None:
    app = create_app(config.load({}, instance_path=tmp_path))
    clock.move("")
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and "_api." not in rule.endpoint]
    places = app.url_map.bind("house.example")
    reached = {page.reaches or places.match(re.sub(r"\{\w+\}", "1", page.path).partition("?")[0])[0] for page in PAGES}
    endpoints = {rule.endpoint for rule in rules}
    assert endpoints - reached - NOT_PAGES == set(), "these are missing in tools/pages.py"
    assert NOT_PAGES - endpoints == set(), "these are no longer there"
    acts = {rule.endpoint for rule in app.url_map.iter_rules()} | {"-"}
    assert reached - acts == set(), "these do not exist"


def test_names_of_pages_are_file_names_and_unique() -> None:
    names = [page.name for page in PAGES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)
