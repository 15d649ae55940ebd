"""The one search box: any part of a name, a telephone or card number, in any order, with typing errors.

How words are found is told in `core.grams`; here is what is special about people: numbers, addresses, names in two parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, literal, or_, select

from app.core import grams
from app.core.db import session
from app.core.folding import plain, words
from app.core.grams import ALIKE, EXACT, MOST_WORDS, PART, PREFIX, Word
from app.people.models import Person, PersonGram, shown

CANDIDATES = 100
INDEX = grams.Index(PersonGram.gram, PersonGram.person_id)
_NUMBER = re.compile(r"\+?\d[\d\s/().\-]*")


@dataclass(frozen=True)
class PersonLine:
    """Somebody in a list. `hint` (address) tells two of the same name apart; `phone` as people write it here."""

    id: int
    name: str
    phone: str
    card_number: str | None
    hint: str


@dataclass(frozen=True)
class Asked:
    """A query, taken apart. `numbers` are digits as `digits_of` gives them."""

    words: tuple[Word, ...]
    numbers: tuple[str, ...]
    email: str | None = None

    def __bool__(self) -> bool:
        return bool(self.words or self.numbers or self.email)


def taken_apart(text: str) -> Asked:
    """Numbers of fewer than three digits say nothing and are left out."""
    if "@" in text:
        return Asked((), (), text.strip().casefold()[:254])
    bare = plain(text[:200])
    numbers = [digits for run in _NUMBER.findall(bare) if len(digits := digits_of(run)) >= 3]
    names = words(_NUMBER.sub(" ", bare))
    found = dict.fromkeys(grams.word(name) for name in names)
    return Asked(tuple(found)[:MOST_WORDS], tuple(dict.fromkeys(numbers))[:2])


def digits_of(number: str) -> str:
    """A telephone or card number as digits; German ones begin with their 0, others with 00 and the country."""
    digits = re.sub(r"\D", "", re.sub(r"\(\s*0\s*\)", "", number))
    if number.strip().startswith("+"):
        digits = "00" + digits
    return "0" + digits[4:] if digits.startswith("0049") else digits


def words_of(given_name: str, family_name: str) -> list[Word]:
    """Every word somebody may be looked up by; double names also written as one (``annalena``, ``obrien``)."""
    found: dict[Word, None] = {}
    for name in (given_name, family_name):
        parts = words(plain(name))
        for part in parts:
            found[grams.word(part)] = None
        for chunk in [*plain(name).split(), "".join(parts)]:
            joined = "".join(words(chunk))
            if joined:
                found[grams.word(joined)] = None
    return list(found)


# Grams -------------------------------------------------------------------------------------------------------------


def grams_of(person: Person, old_cards: list[str]) -> set[str]:
    """The index entries of `person`; `old_cards` are the numbers of cards that duplicates of them carry."""
    found: set[str] = set()
    for word in words_of(person.given_name, person.family_name):
        found |= grams.grams_of_word(word)
    for number in (person.phone, person.card_number):
        if number:
            digits = digits_of(number)
            found |= grams.inner(digits) | {"-" + digits}
    return found | {"-" + card for card in old_cards}


# Candidates --------------------------------------------------------------------------------------------------------


def _number_hits(digits: str, bit: int) -> Select[Any]:
    inner = grams.inner(digits)
    return INDEX.hits(inner | {"-" + digits}, [(("near", 1), 60), (("inner", len(inner)), 30)], bit)


def _candidates(asked: Asked, most: int) -> Select[Any]:
    """One statement: for each person how many of the asked words they meet, the best first.

    Duplicates that were merged have neither grams nor an address left; asking for `merged_into_id` as well would make SQLite
    walk through everybody.
    """
    parts: list[Any] = [INDEX.word_hits(word) for word in asked.words]
    parts += [_number_hits(digits, 1 << at) for at, digits in enumerate(asked.numbers)]
    if asked.email:
        same = select(Person.id.label("row"), literal(60).label("worth"), literal(0).label("exact"))
        parts.append(same.where(Person.email == asked.email))
    total = grams.together(parts)
    return (
        select(*_LINE, total.c.exact)
        .join(total, total.c.row == Person.id)
        .order_by(total.c.met.desc(), total.c.worth.desc(), Person.sort_name, Person.id)
        .limit(most)
    )


_LINE = (
    Person.id, Person.given_name, Person.family_name, Person.phone, Person.card_number,
    Person.street, Person.postcode, Person.city, Person.sort_name,
)  # fmt: skip


def line_of(row: Any) -> PersonLine:
    """A row with the columns of `_LINE`, or a `Person`."""
    name = f"{row.given_name} {row.family_name}".strip()
    hint = ", ".join(part for part in (row.street, f"{row.postcode} {row.city}".strip()) if part)
    return PersonLine(row.id, name, shown(row.phone), row.card_number, hint)


# Judgement ---------------------------------------------------------------------------------------------------------


def _judged(row: Any, asked: Asked) -> list[int | None]:
    names = words_of(row.given_name, row.family_name)
    marks = [grams.meets(word, names) for word in asked.words]
    numbers = [digits_of(number) for number in (row.phone, row.card_number) if number]
    for at, digits in enumerate(asked.numbers):
        if digits in numbers or row.exact & (1 << at):
            marks.append(EXACT)
        elif any(number.startswith(digits) for number in numbers):
            marks.append(PREFIX)
        else:
            marks.append(PART if any(digits in number for number in numbers) else None)
    return marks or [EXACT]


def search_people(text: str, limit: int = 20, offset: int = 0) -> list[PersonLine]:
    """People who fit `text`, the best first, `limit` of them after the first `offset`; at most `CANDIDATES` are ever found.

    Whoever fits every word comes alone; only when nobody does, those who fit some. One statement, none for an empty question.
    """
    asked = taken_apart(text)
    if not asked:
        return []
    judged = [(row, _judged(row, asked)) for row in session().execute(_candidates(asked, CANDIDATES)).all()]
    whole = [(row, [mark for mark in marks if mark is not None]) for row, marks in judged if None not in marks]
    found = whole or [(row, met) for row, marks in judged if (met := [mark for mark in marks if mark is not None])]
    sure = [(row, marks) for row, marks in found if max(marks) < ALIKE]
    found = sure or found
    found.sort(key=lambda each: (-len(each[1]), max(each[1]), sum(each[1]), each[0].sort_name, each[0].id))
    return [line_of(row) for row, _ in found[offset : offset + limit]]


# Perhaps the same --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Likeness:
    """Somebody who may be the same person; `reasons` out of ``name``, ``phone``, ``email``."""

    line: PersonLine
    reasons: tuple[str, ...]


def similar_people(
    given_name: str, family_name: str, phone: str | None, email: str | None, *, but: int | None = None, limit: int = 6
) -> list[Likeness]:
    """Who may already be this person: the same telephone number or address, or a name with a slip at most. Two statements."""
    asked = Asked(tuple(grams.word(part) for part in dict.fromkeys(words(plain(f"{given_name} {family_name}"))))[:MOST_WORDS], ())
    rows = {row.id: row for row in session().execute(_candidates(asked, 60)).all()} if asked else {}
    digits = digits_of(phone) if phone else None
    same = []
    if email:
        same.append(Person.email == email)
    if digits:
        same.append(Person.id.in_(select(PersonGram.person_id).where(PersonGram.gram == "-" + digits)))
    if same:
        found = select(*_LINE, Person.email).where(or_(*same), Person.merged_into_id.is_(None)).order_by(Person.id).limit(60)
        sharing = {row.id: row for row in session().execute(found).all()}
    else:
        sharing = {}
    likely = []
    for person_id, row in (rows | sharing).items():
        reasons = []
        if _same_name((given_name, family_name), (row.given_name, row.family_name)):
            reasons.append("name")
        if person_id in sharing:
            if digits and row.phone and digits_of(row.phone) == digits:
                reasons.append("phone")
            if email and row.email == email:
                reasons.append("email")
        if reasons and person_id != but:
            likely.append(Likeness(line_of(row), tuple(reasons)))
    likely.sort(key=lambda each: (-len(each.reasons), "name" not in each.reasons, each.line.name, each.line.id))
    return likely[:limit]


def _same_name(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two (given, family) may be one: each part with a slip at most, in either order, or a given name shortened."""
    mine, theirs = [_joined(part) for part in one], [_joined(part) for part in other]
    if not (mine[0] and mine[1] and theirs[0] and theirs[1]):
        return _close("".join(mine), "".join(theirs))
    if _close(mine[0], theirs[1]) and _close(mine[1], theirs[0]):
        return True
    firsts = [words(plain(part[0]))[0] for part in (one, other)]
    given = _close(mine[0], theirs[0]) or _close(*firsts) or any(a.startswith(b) for a, b in (firsts, firsts[::-1]) if len(b) > 2)
    return given and _close(mine[1], theirs[1])


def _joined(name: str) -> str:
    return "".join(words(plain(name)))


def _close(one: str, other: str) -> bool:
    return grams.close(grams.word(one), grams.word(other))
