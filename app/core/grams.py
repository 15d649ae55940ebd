"""Looking for rows by words people remember half: parts of words, any order, umlauts, typing errors; the same on both engines.

An index is a table of (gram, row). Grams of a word are its runs of three letters, its beginning (with blanks before it) and its
end (a blank after it), and, marked ``-``, the word and the word with any one letter left out: two words that share one of
those differ by one slip at most. One statement brings the candidates, whatever the number of words and rows; the few that come
are then judged word by word (`meets`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select, union_all

from app.core.folding import fold, misspellings, plain, words

MOST_WORDS = 6
"""Of a query; what follows is not looked at."""
LONGEST = 20
"""Letters of a word that count; a gram has room for them and its mark."""
EXACT, PREFIX, PART, NEAR, ALIKE = range(5)


@dataclass(frozen=True)
class Word:
    """A word in both spellings."""

    folded: str
    plain: str


def word(bare: str) -> Word:
    """Of a text that is `plain` already."""
    cut = bare[:LONGEST]
    return Word(fold(cut), cut)


def words_in(text: str) -> list[Word]:
    """The words of `text`, each once, in its order."""
    return list(dict.fromkeys(word(each) for each in words(plain(text))))


def inner(letters: str) -> set[str]:
    """The runs of three."""
    return {letters[at : at + 3] for at in range(len(letters) - 2)}


def beginning(letters: str) -> set[str]:
    return {("  " + letters)[at : at + 3] for at in range(min(2, len(letters)))} | inner(letters)


def end(letters: str) -> set[str]:
    return {letters[-2:] + " "} if len(letters) > 1 else set()


def near(asked: Word) -> set[str]:
    """A slip in a word of three letters makes another name: such words must be right."""
    spellings = {asked.folded, asked.plain}
    return {"-" + each for spelling in spellings for each in (misspellings(spelling) if len(spelling) > 3 else {spelling})}


def close(one: Word, other: Word) -> bool:
    """Whether they differ by one slip at most."""
    return bool(near(one) & near(other))


def grams_of_word(written: Word) -> set[str]:
    """The index entries of one word."""
    return beginning(written.folded) | end(written.folded) | near(written)


# Candidates --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Index:
    """The two columns of a table of grams."""

    gram: Any
    row: Any

    def word_hits(self, asked: Word) -> Select[Any]:
        """Rows (``row``) that meet the word somehow, with what that is worth (``worth``); see `hits`."""
        start, middle = beginning(asked.folded), inner(asked.folded)
        needs: list[tuple[Any, int]] = [(("begin", len(start)), 60)]
        if middle:
            needs.append((("inner", len(middle)), 40))
        needs.append((("near", 1), 20))
        if len(asked.folded) > 3:
            needs.append((("begin", (len(start) + 1) // 2), 10))
        return self.hits(start | end(asked.folded) | near(asked), needs, 0)

    def hits(self, grams: set[str], needs: list[tuple[Any, int]], bit: int) -> Select[Any]:
        """Rows whose grams meet one of `needs`, with what that is worth; `exact` is `bit` where a whole word was hit."""
        kind, last = func.substr(self.gram, 1, 1), func.substr(self.gram, 3, 1)
        hit = (
            select(
                self.row.label("row"),
                func.sum(case((kind == "-", 0), (last == " ", 0), else_=1)).label("begin"),
                func.sum(case((kind.in_(["-", " "]), 0), (last == " ", 0), else_=1)).label("inner"),
                func.max(case((last == " ", 1), else_=0)).label("ended"),
                func.max(case((kind == "-", 1), else_=0)).label("near"),
            )
            .where(self.gram.in_(sorted(grams)))
            .group_by(self.row)
            .subquery()
        )
        worth = case(*[(_needed(hit.c, need), points + hit.c.ended) for need, points in needs], else_=0)
        return select(hit.c.row, worth.label("worth"), (hit.c.near * bit).label("exact")).where(worth > 0)


def _needed(hit: Any, need: tuple[str, int]) -> ColumnElement[bool]:
    column, least = need
    value: ColumnElement[int] = getattr(hit, column)
    return value >= least


def together(parts: list[Any]) -> Subquery:
    """One line for each row that any of `parts` brought: how many of them (``met``), ``worth`` and ``exact``."""
    each = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    return (
        select(
            each.c.row, func.count().label("met"), func.sum(each.c.worth).label("worth"),
            func.sum(each.c.exact).label("exact"),
        )
        .group_by(each.c.row)
        .subquery()
    )  # fmt: skip


# Judgement ---------------------------------------------------------------------------------------------------------


def meets(asked: Word, written: list[Word]) -> int | None:
    """How well the asked word fits the best of those written; None: not at all."""
    if any(asked.folded == each.folded for each in written):
        return EXACT
    if any(each.folded.startswith(asked.folded) or each.plain.startswith(asked.plain) for each in written):
        return PREFIX
    if len(asked.folded) > 2 and any(asked.folded in each.folded for each in written):
        return PART
    if any(close(asked, each) for each in written):
        return NEAR
    wanted = beginning(asked.folded)
    if len(asked.folded) > 3 and any(2 * len(wanted & beginning(each.folded)) >= len(wanted) for each in written):
        return ALIKE
    return None
