"""German is complete, and every text goes through translation."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from config import ROOT
from tools import messages

TRANSLATIONS = ROOT / "app" / "translations"
LANGUAGES = sorted(file.parent.parent.name for file in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every text that stands in the code now."""
    folder = tmp_path_factory.mktemp("messages")
    (folder / "mapping.cfg").write_text(messages.MAPPING)
    keywords = [part for keyword in messages.KEYWORDS for part in ("-k", keyword)]
    command = [
        Path(sys.executable).parent / "pybabel",
        "-q",
        "extract",
        "-F",
        folder / "mapping.cfg",
        "-o",
        folder / "all.pot",
        *keywords,
    ]
    subprocess.run([*command, "app"], cwd=ROOT, check=True, capture_output=True)
    with (folder / "all.pot").open("rb") as stream:
        return read_po(stream)


def _catalogue(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        return read_po(stream, locale=language)


def test_german_is_there() -> None:
    assert "de" in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str, wanted: Catalog) -> None:
    catalogue = _catalogue(language)
    missing = []
    for message in wanted:
        if not message.id:
            continue
        found = catalogue.get(message.id)
        texts = [] if found is None else list(found.string) if isinstance(found.string, tuple) else [found.string]
        if found is None or found.fuzzy or not texts or not all(texts):
            missing.append(message.id)
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(language: str) -> None:
    wrong = []
    for message in _catalogue(language):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        known = {name for text in ids for name in PLACEHOLDER.findall(text)}
        for text in texts:
            names = set(PLACEHOLDER.findall(text))
            # A plural's form for one may leave the number away; nothing may ask for a value nobody gives.
            if names - known or (len(texts) == 1 and names != known):
                wrong.append((ids[0], text))
    assert wrong == []


WORD = re.compile(r">\s*([^<>{}%#&;]*[A-Za-zÄÖÜäöü]{3,}[^<>{}%#&;]*)\s*<")
MARKED = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}|<svg.*?</svg>|<script.*?</script>", re.S)
NAMES = {"Quartiersraum"}
PIECE_OF_MARKUP = re.compile(r"(-?[a-z]+-[a-z]+|-[a-z]+)(\s+-[a-z]+)*")
"""A class or an id that a macro builds, such as ``kern-btn`` or ``-hint``."""


def test_no_template_holds_a_text_of_its_own() -> None:
    untranslated = []
    for file in sorted((ROOT / "app").rglob("templates/**/*.html")):
        bare = MARKED.sub("", file.read_text(encoding="utf-8"))
        texts = [text.strip(" ·\n") for text in WORD.findall(bare)]
        untranslated += [(file.name, text) for text in texts if text not in NAMES and not PIECE_OF_MARKUP.fullmatch(text)]
    assert untranslated == []
