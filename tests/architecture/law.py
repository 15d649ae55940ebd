"""Who may what, read off the application. ``python -m tests.architecture.law`` writes ``access.txt`` anew; read its diff."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Flask

import config
from app import create_app

FILE = Path(__file__).with_name("access.txt")
OPEN = "OPEN"


def law(app: Flask) -> list[str]:
    """A line for every method and address: method, address, endpoint, rule."""
    lines = []
    for rule in app.url_map.iter_rules():
        allow = getattr(app.view_functions[rule.endpoint], "allow", None)
        name = allow.name if allow is not None else OPEN
        address = rule.rule.replace("<int(max=2147483647):", "<")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            lines.append(f"{address:58} {method:5} {rule.endpoint:42} {name}")
    return sorted(lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        application = create_app(config.load({}, instance_path=Path(folder)))
        FILE.write_text("\n".join(law(application)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
