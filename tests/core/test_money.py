"""Money: whole cents, rounded as merchants do."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import Money

cents = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize("wrong", [1.5, "100", True, Decimal(3), None])
def test_money_is_counted_in_whole_cents(wrong: object) -> None:
    with pytest.raises(TypeError):
        Money(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "part", "whole", "share"),
    [
        (100, 1, 3, 33),
        (200, 1, 3, 67),
        (5, 1, 2, 3),
        (-5, 1, 2, -3),
        (2200, 90, 60, 3300),
        (1, 1, 2, 1),
        (0, 1, 7, 0),
        (7, 0, 3, 0),
    ],
)
def test_half_a_cent_is_rounded_away_from_zero(amount: int, part: int, whole: int, share: int) -> None:
    assert Money(amount).share(part, whole) == Money(share)


def test_a_share_of_nothing_is_refused() -> None:
    for whole in (0, -3):
        with pytest.raises(ValueError):
            Money(100).share(1, whole)


@given(cents, st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_share_is_never_more_than_half_a_cent_off(amount: int, part: int, whole: int) -> None:
    share = Money(amount).share(part, whole).cents
    assert abs(2 * share * whole - 2 * amount * part) <= whole


@given(cents, st.integers(1, 10**6), st.integers(1, 10**6))
def test_taking_back_a_share_is_the_share_of_what_is_taken_back(amount: int, part: int, whole: int) -> None:
    assert -Money(amount).share(part, whole) == (-Money(amount)).share(part, whole)


@given(cents, cents, st.integers(-1000, 1000))
def test_money_adds_up(one: int, other: int, times: int) -> None:
    assert Money(one) + Money(other) - Money(other) == Money(one)
    assert Money(one) * times == Money(one * times)
    assert bool(Money(one)) == (one != 0)
