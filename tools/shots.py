"""A picture of every page of the demonstration house: each role, 360 and 1440 px wide, light and dark.

``make shots`` writes them to ``shots/`` with ``shots/index.html`` to leaf through. ``make shots ARGS="--only book"`` takes those
whose name fits, ``--role desk`` those of one role, ``--language en`` speaks another language.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import queue
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402 - the checkout's own come after the line above
from playwright.sync_api import Error as BrowserError  # noqa: E402

import config  # noqa: E402
from tests.plumbing.demo_house import add_two_houses, bare, furnished, open_house, share_an_address  # noqa: E402
from tests.plumbing.server import Server  # noqa: E402
from tools.browser import WIDTHS, launch  # noqa: E402
from tools.pages import FOUNDER, PAGES, ROLES, TRAVELLER, Page, Visit, enter, pages_of  # noqa: E402

FOLDER = ROOT / "shots"
THEMES = ("light", "dark")
TALLEST = 6000
"""Pixels; a longer page is cut."""


@dataclass
class Album:
    """What has been taken, by page and role."""

    folder: Path
    language: str
    taken: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def file(self, page: str, role: str, width: int, theme: str) -> Path:
        return self.folder / f"{page}--{role}--{width}-{theme}.png"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/shots.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", metavar="PATTERN", help="pages whose name has this (a regular expression)")
    parser.add_argument("--role", default="", help="one role only")
    parser.add_argument("--language", default="de", help="language of the pages (de)")
    options = parser.parse_args(arguments)
    rounds = [(role, pages_of(role, options.only)) for role in (*ROLES, FOUNDER, TRAVELLER) if options.role in ("", role)]
    rounds = [(role, pages) for role, pages in rounds if pages]
    if not rounds:
        print(f"No page is called so. There are: {', '.join(page.name for page in PAGES)}", file=sys.stderr)
        return 2
    began = time.monotonic()
    if not options.only and not options.role:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    album = Album(FOLDER, options.language)
    with tempfile.TemporaryDirectory(prefix="qr-shots-") as name, ExitStack() as open_until_end:
        houses = _houses(Path(name), {role for role, _ in rounds}, options.language, open_until_end)
        _take(album, rounds, houses)
    write_index(album)
    for fault in album.faults:
        print(f"not taken: {fault}", file=sys.stderr)
    count = len(album.taken) * len(WIDTHS) * len(THEMES)
    print(f"{count} pictures of {len(album.taken)} pages in {time.monotonic() - began:.0f} s: {FOLDER / 'index.html'}")
    return 1 if album.faults else 0


def _houses(folder: Path, roles: set[str], language: str, until: ExitStack) -> dict[str, Server]:
    """The house each role stands in: most share one."""
    languages = ",".join(dict.fromkeys((*config.Settings().languages, language)))
    houses = {}
    if roles & set(ROLES):
        print("Furnishing a demonstration …", flush=True)
        demo = until.enter_context(open_house(furnished(folder / "furnished"), folder / "demo", QR_LANGUAGES=languages))
        share_an_address(demo)
        houses = dict.fromkeys(roles & set(ROLES), demo)
    for role in sorted(roles & {FOUNDER, TRAVELLER}):
        made = bare(folder / f"{role}-bare")
        houses[role] = until.enter_context(open_house(made, folder / role, jobs=False, QR_LANGUAGES=languages))
        if role == TRAVELLER:
            add_two_houses(houses[role])
    return houses


def _take(album: Album, rounds: list[tuple[str, list[Page]]], houses: dict[str, Server]) -> None:
    """Two browsers side by side, the longest rounds first."""
    waiting: queue.SimpleQueue[tuple[str, list[Page]]] = queue.SimpleQueue()
    for each in sorted(rounds, key=lambda each: -len(each[1])):
        waiting.put(each)

    def work() -> None:
        with sync_playwright() as playwright, launch(playwright) as browser:
            while True:
                try:
                    role, pages = waiting.get_nowait()
                except queue.Empty:
                    return
                _round(album, browser, houses[role], role, pages)

    threads = [threading.Thread(target=work) for _ in range(min(2, os.cpu_count() or 1, len(rounds)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _round(album: Album, browser: Browser, server: Server, role: str, pages: list[Page]) -> None:
    context = browser.new_context(locale="de-DE", timezone_id="Europe/Berlin", viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    enter(tab, server, role, album.language)
    visit = Visit(server, role)
    for page in pages:
        tab.set_viewport_size({"width": 1440, "height": 900})
        try:
            visit.open(tab, page)
            for width in reversed(WIDTHS):  # the desk first: what script has scrolled there stays as it was opened
                tab.set_viewport_size({"width": width, "height": 780 if width < 700 else 900})
                for theme in THEMES:
                    tab.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
                    tall = min(TALLEST, int(tab.evaluate("document.documentElement.scrollHeight")))
                    tab.screenshot(
                        path=album.file(page.name, role, width, theme),
                        full_page=True,
                        clip={"x": 0, "y": 0, "width": width, "height": tall},
                        animations="disabled",
                    )
        except (LookupError, BrowserError) as fault:
            with album.lock:
                album.faults.append(f"{role}: {page.name}: {str(fault).splitlines()[0]}")
            continue
        with album.lock:
            album.taken.append((page.name, role))
            print(f"  {page.name} ({role})", flush=True)
    context.close()


# The page to leaf through ------------------------------------------------------------------------------------------

FRAME = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Pages of the house</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; display: grid; grid-template-columns: 17rem 1fr; min-height: 100vh; }}
nav {{ border-inline-end: 1px solid #ccc; padding: 1rem; height: 100vh; overflow: auto; position: sticky; top: 0; }}
nav {{ box-sizing: border-box; }} nav ol {{ list-style: none; padding: 0; margin: 0; }}
nav a {{ display: block; padding: .125rem .5rem; color: inherit; text-decoration: none; }}
nav a[aria-current] {{ background: #7c2d2d; color: #fff; border-radius: .25rem; }}
main {{ padding: 1rem; }} h1 {{ font-size: 1.25rem; margin: 0 0 .5rem; }}
figure {{ margin: 0 0 2rem; }} figcaption {{ color: #555; }}
.row {{ display: flex; gap: 1rem; align-items: flex-start; overflow-x: auto; }}
img {{ border: 1px solid #ccc; max-width: none; }} .w1440 {{ width: 900px; }}
</style></head><body>
<nav aria-label="Pages"><p>{count} pictures. Arrow keys leaf through.</p><ol>{links}</ol></nav>
<main>{figures}</main>
<script>
const all = [...document.querySelectorAll("main > section")], links = [...document.querySelectorAll("nav a")];
function show() {{
  const index = Math.max(0, all.findIndex((one) => "#" + one.id === location.hash));
  all.forEach((one, at) => {{ one.hidden = at !== index; }});
  links.forEach((one, at) => at === index ? one.setAttribute("aria-current", "page") : one.removeAttribute("aria-current"));
  links[index].scrollIntoView({{ block: "nearest" }});
}}
addEventListener("hashchange", show);
addEventListener("keydown", (event) => {{
  const step = {{ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }}[event.key];
  if (!step) return;
  event.preventDefault();
  const index = all.findIndex((one) => !one.hidden);
  location.hash = all[(index + step + all.length) % all.length].id;
  scrollTo(0, 0);
}});
show();
</script></body></html>
"""


def write_index(album: Album) -> None:
    """``index.html`` for everything that lies in the folder, also from earlier runs."""
    order = {page.name: index for index, page in enumerate(PAGES)}
    found: dict[str, list[str]] = {}
    files = {file.name for file in album.folder.glob("*.png")}
    for name in files:
        page, role, _ = name.split("--")
        if role not in found.setdefault(page, []):
            found[page].append(role)
    names = sorted(found, key=lambda name: (order.get(name, len(order)), name))
    links = "".join(f'<li><a href="#{html.escape(name)}">{html.escape(name)}</a></li>' for name in names)
    figures = "".join(_section(album, name, sorted(found[name], key=_rank), files) for name in names)
    (album.folder / "index.html").write_text(FRAME.format(count=len(files), links=links, figures=figures), encoding="utf-8")
    (album.folder / "pages.json").write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")


def _rank(role: str) -> int:
    every = (*ROLES, FOUNDER, TRAVELLER)
    return every.index(role) if role in every else len(every)


def _section(album: Album, name: str, roles: Iterable[str], files: set[str]) -> str:
    figures = []
    for role in roles:
        pictures = [
            f'<a href="{html.escape(file)}"><img class="w{width}" loading="lazy" src="{html.escape(file)}" '
            f'alt="{html.escape(name)}, {role}, {width} px, {theme}"></a>'
            for width in WIDTHS
            for theme in THEMES
            if (file := album.file(name, role, width, theme).name) in files
        ]
        figures.append(f'<figure><figcaption>{role}</figcaption><div class="row">{"".join(pictures)}</div></figure>')
    title = re.sub("-", " ", name)
    return f'<section id="{html.escape(name)}"><h1>{html.escape(title)}</h1>{"".join(figures)}</section>'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
