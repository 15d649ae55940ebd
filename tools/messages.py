"""Bring ``app/translations/<language>/LC_MESSAGES/messages.po`` up to date with the texts in the code.

    python tools/messages.py            all languages there are (German in any case)
    python tools/messages.py tr uk      and begin these

Nothing is guessed (no fuzzy texts), entries are sorted and name their files without line numbers, and a file
whose texts did not change is left alone: a diff shows words and nothing else. Says how many are untranslated.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "app" / "translations"
KEYWORDS = ("_l", "lazy", "N_", "lazy_gettext", "ngettext:1,2")
# The two whitespace options must be the ones create_app gives Jinja, or texts over several lines are not found again.
MAPPING = """\
[python: **.py]
encoding = utf-8
[jinja2: **/templates/**]
encoding = utf-8
trim_blocks = true
lstrip_blocks = true
silent = false
"""


def main(languages: list[str]) -> int:
    known = {file.parent.parent.name for file in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")}
    with tempfile.TemporaryDirectory() as folder:
        mapping, template = Path(folder) / "mapping.cfg", Path(folder) / "messages.pot"
        mapping.write_text(MAPPING)
        extract: list[str | Path] = ["-F", mapping, "-o", template, "--add-location=file", "--sort-output", "--no-wrap"]
        extract += [part for keyword in KEYWORDS for part in ("-k", keyword)]
        extract += ["--project=Quartiersraum", "--add-comments=Translators:", "--strip-comments", "app"]
        if not pybabel("extract", *extract):
            return 1
        for language in sorted(known | {"de"} | set(languages)):
            file = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
            common: list[str | Path] = ["-i", template, "-o", file, "-l", language, "--no-wrap"]
            if language not in known:
                file.parent.mkdir(parents=True, exist_ok=True)
                done = pybabel("init", *common)
            else:
                done = pybabel("update", *common, "--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date")
            if not done:
                return 1
            plain_header(file)
            with file.open("rb") as stream:
                catalogue = read_po(stream)
            empty = len([message for message in catalogue if message.id and not all(_texts(message.string))])
            print(f"{file.relative_to(ROOT)}: {len(catalogue)} texts, {empty} untranslated")
    return 0


def _texts(string: object) -> tuple[str, ...]:
    return tuple(string) if isinstance(string, (tuple, list)) else (str(string or ""),)


def plain_header(file: Path) -> None:
    """Without the blanks Babel leaves for names and addresses; who wrote what is in the history."""
    text = file.read_text(encoding="utf-8")
    _comment, start, rest = text.partition('msgid ""')
    rest = re.sub(r'"(Report-Msgid-Bugs-To|Last-Translator|Language-Team|Generated-By): .*\n', "", rest)
    file.write_text("# `make messages` keeps the texts of this file; translators fill it.\n" + start + rest, encoding="utf-8")


def pybabel(command: str, *arguments: str | Path) -> bool:
    pybabel_here = Path(sys.executable).with_name("pybabel")
    done = subprocess.run([pybabel_here, "--quiet", command, *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"pybabel {command} failed:\n{done.stdout}{done.stderr}".rstrip(), file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
