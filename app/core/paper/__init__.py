"""Paper: sheets, slips and lists as tagged PDF (PDF/UA-1), set by typst from templates that hold no words.

A template lies in the ``paper/`` folder of its feature, imports ``/core/paper/house.typ`` (type, mark and
colours of the house) and says in its first comment which data it wants. Every word on the paper comes from
the caller, in the reader's language. Data is data: it travels as JSON and is never read as markup.
"""

from __future__ import annotations

import io
import json
import logging
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import segno
import typst
from flask_babel import LazyString

from app.core.i18n import FIRST_STRONG_ISOLATE, POP_ISOLATE, RIGHT_TO_LEFT, runs_left_to_right

log = logging.getLogger(__name__)

APP: Final = Path(__file__).resolve().parents[2]
"""The only folder that templates can read from."""
FONTS: Final = APP / "core" / "static" / "vendor" / "pdf-fonts"

LONGEST_TEXT: Final = 400
"""Characters of one string; the rest becomes an ellipsis."""
LONGEST_LIST: Final = 400
"""Items of one list; the rest becomes ``{"more": count}``, which templates show as “… + count”."""
LONGEST_PAPER: Final = 100_000
"""Characters of one paper, beyond which `PaperFailed`: about fifty pages, set in about a second."""
LONGEST_QR: Final = 400
"""Characters; printed 38 mm wide, a module of the largest code still measures 0.4 mm."""

_LONGEST_WORD = 36
_DEEPEST = 8
_UNSHOWN = "\u25a1"
_BREAK = "\u200b"
_REPAIRS = 6
_MARK = "\u200e"
_ISOLATES = {ord(FIRST_STRONG_ISOLATE): _MARK, ord(POP_ISOLATE): _MARK}
"""What `in_one_piece` puts around a German name; a mark on either side does nearly the same and cannot stay open."""

# Explicit embeddings, overrides and isolates: one name must not turn the rest of its line around.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Joiners and marks that shape Arabic and Persian words; all other invisible format characters are dropped.
_SHAPING = frozenset("\u00ad\u200c\u200d\u200e\u200f")
_NO_GLYPH = re.compile(r"the text `\"(?P<text>.+?)\"` could not be displayed", re.DOTALL)
_NO_PLACE = re.compile(r"disallowed codepoint `\"(?P<text>.+?)\"`", re.DOTALL)
_RUST_ESCAPE = re.compile(r"\\u\{(?P<hex>[0-9a-f]{1,6})\}")
_OWN_SCRIPTS = re.compile(
    "[\n\u0020-\u024f\u0300-\u036f\u0370-\u03ff\u0400-\u04ff\u0600-\u06ff\u1e00-\u1eff\u200b-\u200f\u2010-\u2026\u20ac]"
)


class PaperFailed(Exception):
    """A paper could not be set. The message is the typesetter's own and belongs in the log, not on a page."""


class Svg(str):
    """A picture for the paper; unlike other strings it is never shortened or cleaned."""


def render(template: Path | str, data: Mapping[str, object], *, language: str, title: str, now: datetime) -> bytes:
    """The PDF of `template` (a path below ``app/``) filled with `data`; equal arguments give equal bytes.

    `data` holds strings, numbers, booleans, ``None``, `Svg`, and mappings and sequences of these; dates and
    amounts are already words. ``data["house"]["name"]`` becomes the author. `language` is a BCP 47 tag that
    decides hyphenation and reading direction. `now` (aware, from ``core.clock``) is the date of creation.

    Raises `PaperFailed` if the template refuses its data, the data is too much, or PDF/UA is violated.
    """
    if now.tzinfo is None:
        raise ValueError("the time of creation needs a zone")
    source = (APP / template).resolve()
    if not (source.is_relative_to(APP) and source.is_file()):
        raise PaperFailed(f"no template at {template}")
    tag = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_][A-Za-z]{4})?(?:[-_]([A-Za-z]{2}))?", language)
    if tag is None:
        raise PaperFailed(f"{language!r} is not a language tag")
    house = data.get("house")
    content = _capped(data)
    if tag[1].lower() in RIGHT_TO_LEFT:
        content = _marked(content)
    if (written := sum(len(text) for text in _texts(content))) > LONGEST_PAPER:
        raise PaperFailed(f"{template}: {written} characters are too much for one paper")
    about = {
        "language": tag[1].lower(),
        "region": tag[2].upper() if tag[2] else None,
        "title": _clean(title).replace(_BREAK, ""),
        "author": _clean(str(house.get("name", "")) if isinstance(house, Mapping) else "").replace(_BREAK, ""),
    }
    return _set(source, about, content, moment=int(now.timestamp()))


def qr_svg(text: str) -> Svg:
    """A QR code with its quiet zone, at least error level M, black on white, as wide as its surroundings."""
    if not text or len(text) > LONGEST_QR:
        raise PaperFailed(f"a QR code holds 1 to {LONGEST_QR} characters, not {len(text)}")
    return drawn(segno.make_qr(text, error="m"))


def drawn(code: segno.QRCode) -> Svg:
    """A code with its quiet zone, black on white, as wide as its surroundings."""
    drawing = io.BytesIO()
    code.save(
        drawing,
        kind="svg",
        border=4,
        light="#fff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,
        nl=False,
    )
    return Svg(drawing.getvalue().decode("ascii"))


def _set(source: Path, about: Mapping[str, str | None], content: object, *, moment: int) -> bytes:
    """Run the typesetter; a character that no font can show is replaced, it must not cost the paper."""
    for repair in range(_REPAIRS + 1):
        try:
            pdf, warnings = typst.compile_with_warnings(
                source,
                root=APP,
                font_paths=_fonts(),
                ignore_system_fonts=True,
                format="pdf",
                sys_inputs={"paper": json.dumps({**about, "data": content}, ensure_ascii=False)},
                pdf_standards=["ua-1"],
                timestamp=moment,
            )
        except typst.TypstError as fault:
            lost = _NO_GLYPH.search(fault.message) or _NO_PLACE.search(fault.message)
            if lost is None or repair == _REPAIRS:
                raise PaperFailed(f"{source.relative_to(APP)}: {fault.diagnostic or fault.message}") from fault
            # After a few single characters the script is one we do not carry: replace all of it at once.
            last = repair == _REPAIRS - 1
            unshown = _RUST_ESCAPE.sub(lambda escape: chr(int(escape["hex"], 16)), lost["text"])
            content = _without(content, None if last else frozenset(unshown))
            continue
        for warning in warnings:
            log.warning("paper %s: %s", source.name, warning.message)
        if not isinstance(pdf, bytes):
            raise PaperFailed(f"{source.relative_to(APP)}: the typesetter returned no document")
        return pdf
    raise AssertionError("unreachable: the last repair returns or raises")


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Our own faces and the typesetter's built-in ones, so that a paper looks the same on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[FONTS])


def _capped(value: object, depth: int = 0) -> object:
    """`value` as JSON will carry it: shortened and cleaned, long lists cut and the rest counted."""
    if value is None or isinstance(value, bool | int | float | Svg):
        return value
    if isinstance(value, str | LazyString):
        return _clean(str(value))
    if depth == _DEEPEST:
        raise PaperFailed("data for paper is nested too deeply")
    if isinstance(value, Mapping):
        return {str(key): _capped(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        items = [_capped(item, depth + 1) for item in value[:LONGEST_LIST]]
        missing = len(value) - len(items)
        return [*items, {"more": missing}] if missing else items
    raise PaperFailed(f"{type(value).__name__} cannot go on paper; say it in words")


def _marked(value: object) -> object:
    """`value` with a mark at the edges of lines that run from left to right: their quotation marks and full stops stay."""
    if isinstance(value, str) and not isinstance(value, Svg):
        return "\n".join(_marked_line(line) for line in value.split("\n"))
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list) else value


def _marked_line(line: str) -> str:
    if not line or not runs_left_to_right(line):
        return line
    return ("" if line[0].isalnum() else _MARK) + line + ("" if line[-1].isalnum() else _MARK)


def _clean(text: str) -> str:
    """Printable text of bearable length: no controls, no pictographs, no turned lines, no endless words."""
    # Cut first: everything below walks the whole text.
    shortened = text[: LONGEST_TEXT * 2].translate(_ISOLATES)
    kept = "".join(filter(_printable, (c if c in "\n" or not c.isspace() else " " for c in shortened)))
    lines = (" ".join(line.split(" ")).strip() for line in kept.split("\n"))
    whole = "\n".join(line for line in (re.sub(" {2,}", " ", line) for line in lines) if line)
    if len(whole) > LONGEST_TEXT or len(text) > len(shortened):
        whole = whole[: LONGEST_TEXT - 1].rstrip() + "…"
    # Nothing left to print is not the same as nothing said.
    whole = whole or (_UNSHOWN if shortened.strip() else "")
    # A break without a hyphen, as in addresses; ordinary long words are hyphenated by the typesetter.
    return re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda word: _BREAK.join(re.findall(".{1,18}", word[0])), whole)


def _printable(character: str) -> bool:
    if character in _TURNING:
        return False
    category = unicodedata.category(character)
    if category == "Cc":
        return character == "\n"
    if category == "Cf":
        return character in _SHAPING
    variation = 0xFE00 <= ord(character) <= 0xFE0F
    pictograph = ord(character) >= 0x1F000 and category in ("So", "Sk")
    return not variation and not pictograph and category not in ("Cs", "Co", "Cn")


def _without(value: object, unshown: frozenset[str] | None) -> object:
    """`value` with `unshown` characters replaced by a box; ``None`` means all outside our own scripts."""
    if isinstance(value, str) and not isinstance(value, Svg):
        if unshown is None:
            return "".join(c if _OWN_SCRIPTS.match(c) else _UNSHOWN for c in value)
        return "".join(_UNSHOWN if c in unshown and not c.isascii() else c for c in value)
    if isinstance(value, dict):
        return {key: _without(item, unshown) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, unshown) for item in value]
    return value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, Svg):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
