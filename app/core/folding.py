"""Words made comparable: what somebody types against what is written on a card.

`plain` takes away case, marks and special letters; `fold` also reads ``ae oe ue`` as ``a o u``, so that Mueller, Müller and
Muller are one. Both keep letters of other scripts. A prefix of a text folds to a prefix of the folded text.
"""

from __future__ import annotations

import re
import unicodedata

_OTHER_LETTERS = str.maketrans(
    {
        "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t", "ŋ": "n",
        # Arabic: the line that stretches a word says nothing; letters that keyboards of neighbours write differently.
        "ـ": "", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه",
    }
)  # fmt: skip
_DIGRAPH = re.compile(r"([aou])e+")
_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Lower case, without accents and other marks; every script's digits as 0–9."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(letter for letter in apart if unicodedata.category(letter) != "Mn").translate(_OTHER_LETTERS)
    return bare if bare.isascii() else "".join(_digit(letter) for letter in bare)


def _digit(letter: str) -> str:
    value = unicodedata.decimal(letter, None)
    return letter if value is None else str(value)


_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue"})


def slug(text: str, most: int = 50) -> str:
    """`text` for an address, at most `most` letters: ``Küche im Hof`` is ``kueche-im-hof``; may be left with nothing."""
    written = plain(unicodedata.normalize("NFC", text).translate(_GERMAN))
    return re.sub(r"[^a-z0-9]+", "-", written).strip("-")[:most].strip("-")


def fold(text: str) -> str:
    """`plain`, with ä/ae, ö/oe, ü/ue all as the bare vowel."""
    return _DIGRAPH.sub(r"\1", plain(text))


def words(text: str) -> list[str]:
    """The runs of letters and digits in `text`, in its order."""
    return _WORD.findall(text)


def misspellings(word: str) -> set[str]:
    """`word` and `word` with any one letter left out.

    Two words that share one of these differ by one slip at most: a letter missing, extra, wrong, swapped with its neighbour or
    written a few places off (the symmetric delete method of W. Garbe).
    """
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}
