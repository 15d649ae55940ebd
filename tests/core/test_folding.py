"""Words made comparable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.folding import fold, misspellings, plain, words

LETTERS = some.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüßéçğışłøжяїاب", min_size=2, max_size=15)


@pytest.mark.parametrize("spelling", ["Müller", "Mueller", "MUELLER", "mu\u0308ller", "Muller", "ｍüller"])
def test_every_spelling_of_an_umlaut_is_one_word(spelling: str) -> None:
    assert fold(spelling) == "muller"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Weiß", "weiss"), ("WEISS", "weiss"), ("Yılmaz", "yilmaz"), ("İnci", "inci"), ("Łukasz", "lukasz"), ("Søren", "soren"),
        ("Æsa", "asa"), ("Đorđe", "dorde"), ("José", "jose"), ("Шевченко", "шевченко"), ("Їжак", "іжак"), ("أحمد", "احمد"),
        ("مـحـمـد", "محمد"), ("٠٢٣١", "0231"),
    ],
)  # fmt: skip
def test_letters_of_many_languages_fold(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(some.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert plain(plain(text)) == plain(text)


@given(some.text(alphabet=some.characters(codec="utf-8", categories=("L", "Zs")), max_size=30), some.integers(0, 30))
def test_the_beginning_of_a_text_folds_to_the_beginning_of_the_folded_text(text: str, length: int) -> None:
    assert fold(text).startswith(fold(text[:length]))


@given(LETTERS, some.data())
def test_one_slip_leaves_a_misspelling_in_common(word: str, data: some.DataObject) -> None:
    at = data.draw(some.integers(0, len(word) - 2))
    slip = data.draw(some.sampled_from(["missing", "extra", "wrong", "swapped"]))
    typed = {
        "missing": word[:at] + word[at + 1 :],
        "extra": word[:at] + "q" + word[at:],
        "wrong": word[:at] + "q" + word[at + 1 :],
        "swapped": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }[slip]
    assert misspellings(word) & misspellings(typed)


def test_quite_another_word_has_no_misspelling_in_common() -> None:
    assert not misspellings("gerda") & misspellings("georg")


def test_words_are_runs_of_letters_and_digits_of_any_script() -> None:
    assert words("anna-lena o'brien_3 шевченко") == ["anna", "lena", "o", "brien", "3", "шевченко"]
