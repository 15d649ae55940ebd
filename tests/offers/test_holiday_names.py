"""Every German state's holidays have a name in both languages."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from app.core import i18n
from app.houses.forms import STATES
from app.houses.models import Subdivision
from app.offers import queries


@pytest.mark.parametrize("state", list(Subdivision))
def test_every_holiday_of_every_state_is_translated(app: Flask, state: Subdivision) -> None:
    with i18n.speaking("en"):
        english = queries.holidays_of(state, 2027)
        assert not {name for name in english.values() if name in queries._HOLIDAYS}
    assert 9 <= len(english) <= 13


def test_each_state_keeps_its_own_holidays(app: Flask) -> None:
    corpus_christi = date(2027, 5, 27)
    assert corpus_christi in queries.holidays_of("NW", 2027)
    assert corpus_christi not in queries.holidays_of("BE", 2027)
    assert set(STATES) == set(Subdivision)
