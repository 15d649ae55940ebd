"""Telephone numbers, e-mail addresses and card numbers as they are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.people.models import ContactBy, shown
from app.people.service import (
    CardMistyped,
    ContactWayMissing,
    EmailUnreadable,
    PhoneUnreadable,
    checked_card,
    checked_email,
    checked_phone,
    is_card_number,
)
from app.people.service.contact import _check_digit, checked_way


@pytest.mark.parametrize(
    ("typed", "kept", "seen"),
    [
        ("0231 4711", "+49 231 4711", "0231 4711"),
        ("0231/47 11-0", "+49 231 47 11 0", "0231 47 11 0"),
        ("02314711", "+49 2314711", "02314711"),
        ("+49 (0) 231 4711", "+49 231 4711", "0231 4711"),
        ("+492314711", "+49 2314711", "02314711"),
        ("0049 231 4711", "+49 231 4711", "0231 4711"),
        ("+49 0231 4711", "+49 231 4711", "0231 4711"),
        ("+48 22 123 45 67", "+48 22 123 45 67", "+48 22 123 45 67"),
        ("٠٢٣١ ٤٧١١", "+49 231 4711", "0231 4711"),
        ("  ", None, ""),
        (None, None, ""),
    ],
)  # fmt: skip
def test_a_telephone_number_is_kept_with_its_country_and_seen_as_people_write_it(typed: str, kept: str, seen: str) -> None:
    assert checked_phone(typed) == kept
    assert shown(kept) == seen


@pytest.mark.parametrize(
    "typed", ["4711", "0231", "bei Gerda", "0231 47+11", "0" * 30, "+49 231 4711 4711 4711", "+0 12345678", "0231 47a1"]
)
def test_what_nobody_could_call_is_refused(typed: str) -> None:
    with pytest.raises(PhoneUnreadable):
        checked_phone(typed)


@given(some.text(max_size=50))
def test_any_text_is_a_number_with_country_or_is_refused(text: str) -> None:
    try:
        kept = checked_phone(text)
    except PhoneUnreadable:
        return
    assert kept is None or (kept.startswith("+") and len(kept) <= 40 and checked_phone(kept) == kept)


def test_an_address_is_kept_in_lower_case() -> None:
    assert checked_email(" Gerda.Mueller@Example.ORG ") == "gerda.mueller@example.org"
    assert checked_email("") is None


@pytest.mark.parametrize(
    "typed", ["gerda", "gerda@", "@example.org", "a b@example.org", "gerda@localhost", "g@x.de, h@x.de", "a" * 300 + "@x.de"]
)
def test_half_an_address_is_refused(typed: str) -> None:
    with pytest.raises(EmailUnreadable):
        checked_email(typed)


def test_a_card_may_be_typed_with_blanks() -> None:
    number = "1234567" + _check_digit("1234567")
    assert checked_card(f"{number[:4]} {number[4:]}") == number
    assert checked_card("") is None


@given(some.integers(1_000_000, 9_999_999), some.integers(0, 7), some.integers(0, 9))
def test_one_wrong_digit_on_a_card_is_noticed(number: int, at: int, digit: int) -> None:
    right = f"{number}{_check_digit(str(number))}"
    typed = right[:at] + str(digit) + right[at + 1 :]
    assert is_card_number(typed) == (typed == right)


@given(some.integers(1_000_000, 9_999_999), some.integers(0, 6))
def test_two_swapped_digits_on_a_card_are_noticed(number: int, at: int) -> None:
    right = f"{number}{_check_digit(str(number))}"
    typed = right[:at] + right[at + 1] + right[at] + right[at + 2 :]
    assert is_card_number(typed) == (typed == right)


@pytest.mark.parametrize("typed", ["1234567", "123456789", "abcdefgh", "²²²²²²²²", "'; DROP TABLE person"])
def test_what_is_no_card_of_ours_is_refused(typed: str) -> None:
    with pytest.raises(CardMistyped):
        checked_card(typed)


def test_the_best_way_to_reach_somebody_is_found() -> None:
    nothing = {"email": None, "phone": None, "street": "", "city": ""}
    assert checked_way(None, **nothing) == ContactBy.NONE
    assert checked_way(None, **{**nothing, "street": "Am Markt 1", "city": "Dortmund"}) == ContactBy.LETTER
    assert checked_way(None, **{**nothing, "phone": "+49 231 4711"}) == ContactBy.PHONE
    assert checked_way(None, **{**nothing, "phone": "+49 231 4711", "email": "g@example.org"}) == ContactBy.MAIL
    for way in (ContactBy.MAIL, ContactBy.PHONE, ContactBy.LETTER):
        with pytest.raises(ContactWayMissing):
            checked_way(way, **nothing)
    assert checked_way(ContactBy.NONE, **nothing) == ContactBy.NONE
