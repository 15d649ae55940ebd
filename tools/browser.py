"""The one browser that tests and pictures use."""

from __future__ import annotations

from playwright.sync_api import Browser, Playwright

from tools.programs import find_chromium

WIDTHS = (360, 1440)
"""A small phone and a desk, in pixels."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(playwright: Playwright) -> Browser:
    """The machine's own Chromium. LookupError when there is none."""
    program = find_chromium()
    if program is None:
        raise LookupError("there is no Chromium here; `python3 tools/programs.py chromium` installs it or says how")
    return playwright.chromium.launch(executable_path=program, args=FLAGS)
