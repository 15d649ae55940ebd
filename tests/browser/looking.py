"""What a page is looked at for: rules of accessibility, size of targets, room on a small screen, quiet, valid HTML."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Request
from playwright.sync_api import Page as Tab

from config import ROOT
from tools.browser import WIDTHS
from tools.pages import Page, Visit

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
TARGET = 44
MOSTLY_ON_PHONES = ("front", "rooms", "room", "book", "my-bookings")
"""Pages that are drawn differently there, and so are also looked at in the dark at that width."""

ASK_AXE = """async (only) => {
  const found = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
  return found.violations.map((one) => one.id + ": " + one.nodes.slice(0, 3).map(
    (node) => node.target.join(" ") + " (" + (node.any.concat(node.all, node.none)[0] || {}).message + ")").join("; "));
}"""

ASK_OVERFLOW = """() => {
  const root = document.documentElement, wide = root.clientWidth;
  for (const one of [root, document.body]) {
    if (/hidden|clip/.test(getComputedStyle(one).overflowX)) return ["the page hides what is too wide"];
  }
  if (root.scrollWidth <= wide) return [];
  const inside = (one) => { for (let up = one.parentElement; up; up = up.parentElement) {
    if (up !== document.body && up !== root && getComputedStyle(up).overflowX !== "visible") return true; } return false; };
  const out = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.right > wide + 1 || box.left < -1) && !inside(one) && getComputedStyle(one).clipPath === "none"; });
  const who = out.slice(-3).map((one) => one.outerHTML.slice(0, 90)).join(" | ");
  return [`${root.scrollWidth} px wide instead of ${wide}: ${who}`];
}"""

# What looks like a button, and what is typed into. Check boxes and radio buttons are pressed together with their labels.
# A half hour in the table that somebody chose instead of the list is narrower, but high.
ASK_TARGETS = """(least) => {
  const faults = [];
  const selector = "button, .kern-btn, summary, select, textarea, .switch a, .menu a, .back, a.card, .kern-form-check, " +
    ".day:not(.as-table) td.f > a, input:not([type=hidden]):not([type=checkbox]):not([type=radio])";
  for (const one of document.querySelectorAll(selector)) {
    if (!one.checkVisibility({ visibilityProperty: true })) continue;
    const box = one.getBoundingClientRect();
    if (!box.width || box.width <= 1) continue;
    const inside = one.type === "search" || one.closest("form.search");
    if (box.height < least - .5 || (box.width < least - .5 && !inside)) {
      faults.push(`${Math.round(box.width)} × ${Math.round(box.height)} px: ` + one.outerHTML.slice(0, 120));
    }
  }
  return faults.slice(0, 3);
}"""


@dataclass
class Ears:
    """What a tab says and asks for while pages are open."""

    tab: Tab
    host: str
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda fault: self.said.append(f"script fault: {fault}"))
        self.tab.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium notes every answer of 400 and above; that a page answers as it should is checked where it is opened.
        if (
            message.type in {"error", "warning"}
            and "Failed to load resource: the server responded with a status of 4" not in message.text
        ):
            self.said.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.host + "/", "data:")):
            self.said.append(f"asks another host: {request.url}")

    def take(self) -> list[str]:
        said, self.said = self.said, []
        return said


def look(tab: Tab, visit: Visit, page: Page, ears: Ears, folder: Path) -> list[str]:
    """Open `page` and say all that is wrong with it. Its HTML lies in `folder` afterwards."""
    phone, desk = WIDTHS
    _light(tab, phone)
    answer = visit.open(tab, page)
    (folder / f"{page.name}.html").write_text(answer.text(), encoding="utf-8")
    tab.evaluate(AXE)
    faults = [f"360 px: {fault}" for fault in (*axe(tab), *overflow(tab), *targets(tab))]
    _light(tab, desk)
    faults += [f"1440 px: {fault}" for fault in (*axe(tab), *overflow(tab))]
    tab.emulate_media(color_scheme="dark")
    faults += [f"dark: {fault}" for fault in axe(tab, "color-contrast")]
    if page.name in MOSTLY_ON_PHONES:
        tab.set_viewport_size({"width": phone, "height": 780})
        faults += [f"dark, 360 px: {fault}" for fault in axe(tab, "color-contrast")]
    return [f"{page.name}: {fault}" for fault in (*faults, *ears.take())]


def _light(tab: Tab, width: int) -> None:
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size({"width": width, "height": 780 if width < 700 else 900})


def axe(tab: Tab, rule: str = "") -> list[str]:
    """What axe-core says against the open page; its script must have been evaluated there."""
    only = {"type": "rule", "values": [rule]} if rule else {"type": "tag", "values": list(RULES)}
    said: list[str] = tab.evaluate(ASK_AXE, only)
    return said


def overflow(tab: Tab) -> list[str]:
    """Whether the page can be scrolled sideways, and because of what."""
    said: list[str] = tab.evaluate(ASK_OVERFLOW)
    return said


def targets(tab: Tab) -> list[str]:
    """Buttons, and links that act as buttons, that are too small for a thumb."""
    said: list[str] = tab.evaluate(ASK_TARGETS, TARGET)
    return said


def magnify(tab: Tab, times: float) -> None:
    """Text in another size, as a browser's own setting does it; 1 undoes it."""
    tab.evaluate(
        """(times) => {
          const style = document.documentElement.style;
          style.fontSize = "";
          if (times !== 1) style.fontSize = parseFloat(getComputedStyle(document.documentElement).fontSize) * times + "px";
        }""",
        times,
    )


def invalid(files: Iterable[Path]) -> list[str]:
    """What html-validate says against these files, by .htmlvalidate.json; one start of the program for all."""
    program, named = ROOT / "node_modules" / ".bin" / "html-validate", [str(file) for file in files]
    ran = subprocess.run(
        [program, "--config", str(ROOT / ".htmlvalidate.json"), "--formatter", "text", *named],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    lines = [re.sub(r"^\S*/", "", line) for line in ran.stdout.splitlines() if line.strip()]
    if ran.returncode not in {0, 1} or (ran.returncode and not lines):
        raise RuntimeError(f"html-validate failed: {ran.stdout}\n{ran.stderr}")
    return lines


def focus_is_visible(tab: Tab) -> list[str]:
    """Empty when what has the focus shows it, stands on the screen and can be told from the rest."""
    said: list[str] = tab.evaluate(
        """() => {
          const one = document.activeElement;
          if (!one || one === document.body) return ["nothing has the focus"];
          const box = one.getBoundingClientRect(), what = one.outerHTML.slice(0, 100), faults = [];
          const shows = [one, one.closest("label, .kern-form-check, form.search")].filter(Boolean).some((each) => {
            const style = getComputedStyle(each);
            return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none"; });
          if (!shows) faults.push("does not show the focus: " + what);
          const outside = box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth;
          if (outside) faults.push("has the focus outside: " + what);
          return faults;
        }"""
    )
    return said
