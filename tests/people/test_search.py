"""One box finds everybody: parts of names, telephone and card numbers, with slips of the finger."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.core import db
from app.people import queries, service
from app.people.models import Person
from app.people.queries import search_people, similar_people
from app.people.service.contact import new_card_number
from tests.browser_client import counted
from tests.people.acting import DESK, changed, known

TOWN = [
    "Gerda Müller", "Gerd Mueller", "Petra Muller", "Ayşe Yılmaz", "Anna-Lena Schäfer", "Sean O'Brien", "Łukasz Wiśniewski",
    "Michael Weiß", "Oksana Шевченко", "محمد حداد", "Maximilian Zimmermann", "Ali Kaya", "Ludwig van Beethoven", "Georg Bauer",
    "Hans Maier", "Helga Meyer", "Sabine Hoffmann", "Gertrud Kowalski",
]  # fmt: skip


def names(text: str, limit: int = 20) -> list[str]:
    return [line.name for line in search_people(text, limit)]


@pytest.fixture
def town(app: Flask) -> None:
    for name in TOWN:
        known(name)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("gerda", "Gerda Müller"), ("GERDA MÜLLER", "Gerda Müller"), ("müller gerda", "Gerda Müller"),
        ("mue gerda", "Gerda Müller"),
        ("gedra", "Gerda Müller"), ("egrda", "Gerda Müller"), ("gerda mulelr", "Gerda Müller"), ("Gerda Müler", "Gerda Müller"),
        ("yilmaz", "Ayşe Yılmaz"), ("ayse", "Ayşe Yılmaz"), ("YILMAZ", "Ayşe Yılmaz"), ("anna lena", "Anna-Lena Schäfer"),
        ("annalena schaefer", "Anna-Lena Schäfer"), ("Schafer", "Anna-Lena Schäfer"), ("obrien", "Sean O'Brien"),
        ("o'brien", "Sean O'Brien"), ("lukas wisniewski", "Łukasz Wiśniewski"), ("weiss", "Michael Weiß"),
        ("micahel", "Michael Weiß"), ("шевч", "Oksana Шевченко"), ("محمد", "محمد حداد"), ("mann", "Sabine Hoffmann"),
        ("zimmer", "Maximilian Zimmermann"), ("immerma", "Maximilian Zimmermann"), ("ali", "Ali Kaya"),
        ("vanbeethoven", "Ludwig van Beethoven"), ("beethofen", "Ludwig van Beethoven"), ("maximillian", "Maximilian Zimmermann"),
        ("z", "Maximilian Zimmermann"),
    ],
)  # fmt: skip
def test_somebody_is_found_however_they_are_typed(town: None, typed: str, first: str) -> None:
    assert names(typed)[0] == first


def test_every_spelling_of_mueller_finds_all_of_them(town: None) -> None:
    for typed in ("Müller", "Mueller", "muller", "muler", "MÜLER", "mu\u0308ller"):
        assert {"Gerda Müller", "Gerd Mueller", "Petra Muller"} <= set(names(typed)), typed


def test_who_fits_better_comes_first(town: None) -> None:
    assert names("maier")[0] == "Hans Maier"
    assert names("meyer")[0] == "Helga Meyer"
    assert names("ger") == ["Gertrud Kowalski", "Gerd Mueller", "Gerda Müller"]
    assert names("gerd")[0] == "Gerd Mueller"


def test_who_fits_only_a_part_comes_only_when_nobody_fits_all(town: None) -> None:
    assert names("gerda kaya") == ["Ali Kaya", "Gerda Müller", "Gerd Mueller"]
    assert names("gerda müller") == ["Gerda Müller", "Gerd Mueller"]


@pytest.mark.parametrize(
    "typed", ["", " ", "0", "47", "\x00", "%", "_", "'; DROP TABLE person --", "🙂", "-", "=", "@", "xqz", "+", "\ud800"]
)
def test_what_says_nothing_finds_nobody(town: None, typed: str) -> None:
    assert names(typed) == []


def test_a_very_long_question_is_answered(town: None) -> None:
    assert names("gerda " * 2000) == ["Gerda Müller", "Gerd Mueller"]
    assert names("g" * 5000) == []


def test_a_telephone_number_is_found_by_any_part(app: Flask) -> None:
    known("Gerda Müller", phone="0231 / 47 11 08")
    known("Ali Kaya", phone="+90 212 555 0101")
    for typed in (
        "0231 471108",
        "0231471108",
        "+49 231 471108",
        "0049231471108",
        "471",
        "1108",
        "47-11-08",
        "(0231) 4711",
        "231 47",
    ):
        assert names(typed) == ["Gerda Müller"], typed
    for typed in ("+90 212", "0090212", "5550101", "212 555"):
        assert names(typed) == ["Ali Kaya"], typed
    assert names("gerda 4711") == ["Gerda Müller"]
    assert names("0231 9999") == []


def test_a_card_number_is_found_whole_and_in_part(app: Flask) -> None:
    with db.transaction():
        number = new_card_number()
    known("Gerda Müller", card_number=number)
    known("Ali Kaya")
    for typed in (number, f"{number[:4]} {number[4:]}", number[:5], number[-4:]):
        assert names(typed) == ["Gerda Müller"], typed


def test_an_address_is_found_whole(app: Flask) -> None:
    known("Gerda Müller", email="gerda@example.org")
    assert names(" Gerda@Example.org ") == ["Gerda Müller"]
    assert names("gerda@example") == []


def test_a_line_tells_people_of_one_name_apart(app: Flask) -> None:
    known("Gerda Müller", phone="0231 4711", street="Am Markt 1", postcode="44379", city="Dortmund")
    known("Gerda Müller")
    first, second = search_people("gerda müller")
    assert (first.hint, first.phone) == ("Am Markt 1, 44379 Dortmund", "0231 4711")
    assert (second.hint, second.phone, second.card_number) == ("", "", None)


def test_a_change_is_found_and_what_was_is_not(app: Flask) -> None:
    person_id = known("Gerda Müller", phone="0231 4711")
    with db.transaction():
        person = queries.person(person_id)
        assert person is not None
        service.change_person(person, changed(family_name="Kowalski", phone="0231 9922"), by=DESK)
    assert names("kowalski") == names("9922") == ["Gerda Kowalski"]
    assert names("müller") == names("4711") == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.sampled_from(TOWN), some.data())
def test_one_slip_in_a_name_still_finds_the_person(town: None, name: str, data: some.DataObject) -> None:
    word = data.draw(some.sampled_from([part for part in name.split() if len(part) > 4 and "ß" not in part and "'" not in part]
                                       or ["Gerda"]))  # fmt: skip
    at = data.draw(some.integers(0, len(word) - 2))
    slip = data.draw(some.sampled_from(["missing", "extra", "wrong", "swapped"]))
    typed = {
        "missing": word[:at] + word[at + 1 :],
        "extra": word[:at] + "k" + word[at:],
        "wrong": word[:at] + "k" + word[at + 1 :],
        "swapped": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }[slip]
    expected = name if word in name else "Gerda Müller"
    assert expected in names(typed, 50)


def test_a_search_is_one_statement_however_many_words(town: None) -> None:
    for typed in ("m", "gerda", "gerda maria luise müller 0231 4711"):
        with counted() as asked:
            search_people(typed)
        assert len(asked) == 1
    with counted() as asked:
        search_people("  ")
    assert not asked


def test_results_come_a_page_at_a_time(app: Flask) -> None:
    for at in range(12):
        known(f"Gerda Müller{'abcdefghijkl'[at]}")
    every = names("gerda", 100)
    assert len(every) == 12
    assert [line.id for line in search_people("gerda", 5, 5)] == [line.id for line in search_people("gerda", 100)][5:10]


def test_the_whole_index_can_be_made_anew(app: Flask) -> None:
    with db.transaction() as session:
        session.add_all([Person(given_name="Gerda", family_name="Müller"), Person(given_name="Ali", family_name="Kaya")])
    assert names("gerda") == []
    with db.transaction():
        assert service.index_everybody() == 2
    assert names("gerda") == ["Gerda Müller"]
    assert names("kaya") == ["Ali Kaya"]


def test_the_list_goes_by_family_name_page_by_page(app: Flask) -> None:
    spellings = ["Öztürk", "Oeser", "Ahrens", "Zander", "Müller", "Mueller", "muller"]
    chance = random.Random(7)
    chance.shuffle(spellings)
    ids = {known(f"Gerda {name}"): name for name in spellings}
    seen: list[int] = []
    after: int | None = None
    while True:
        page = queries.people_after(after, 2)
        seen += [line.id for line in page.lines]
        after = page.next
        if after is None:
            break
    assert sorted(seen) == sorted(ids)
    order = [ids[each] for each in seen]
    assert order[0] == "Ahrens" and order[-1] == "Zander" and set(order[1:4]) == {"Müller", "Mueller", "muller"}
    assert queries.people_after(count=True).total == 7
    assert queries.people_after(999).lines == []


# Perhaps the same --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_name", "family_name"),
    [
        ("Gerda", "Müller"), ("gerda", "mueller"), ("Gerda", "Muler"), ("Müller", "Gerda"), ("Greda", "Müller"),
        ("Gerda Maria", "Müller"), ("Ger", "Müller"),
    ],
)  # fmt: skip
def test_a_similar_name_may_be_the_same_person(app: Flask, given_name: str, family_name: str) -> None:
    person_id = known("Gerda Müller")
    assert [(each.line.id, each.reasons) for each in similar_people(given_name, family_name, None, None)] == [
        (person_id, ("name",))
    ]


@pytest.mark.parametrize(
    ("given_name", "family_name"), [("Petra", "Müller"), ("Gerda", "Kaya"), ("Gerda", ""), ("", "Müller"), ("", "")]
)
def test_another_name_is_another_person(app: Flask, given_name: str, family_name: str) -> None:
    known("Gerda Müller")
    assert similar_people(given_name, family_name, None, None) == []


def test_the_same_number_or_address_may_be_the_same_person(app: Flask) -> None:
    person_id = known("Gerda Müller", phone="0231 47 11 08", email="g@example.org")
    assert similar_people("Ayşe", "Kaya", "+49 231 471108", None)[0].reasons == ("phone",)
    assert similar_people("Ayşe", "Kaya", None, "g@example.org")[0].reasons == ("email",)
    assert similar_people("Gerda", "Müller", "+49 231 471108", "g@example.org")[0].reasons == ("name", "phone", "email")
    assert similar_people("Gerda", "Müller", "+49 231 471108", "g@example.org", but=person_id) == []
    assert similar_people("Ayşe", "Kaya", "+49 231 47110", None) == []
