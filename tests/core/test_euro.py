"""Money as people type it becomes whole cents, or a clear no."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms.validators import InputRequired, Optional

from app.core import i18n
from app.core.folding import slug
from app.core.forms import Euro, Form


class Asked(Form):
    amount = Euro("Amount", [Optional()])


class Needed(Form):
    amount = Euro("Amount", [InputRequired()])


@pytest.fixture(autouse=True)
def german(app: Flask) -> Any:
    with i18n.speaking("de"):
        yield


def typed(text: str, kind: type[Form] = Asked) -> Form:
    return kind(MultiDict({"amount": text}))


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12,50", 1250), ("12.50", 1250), ("12", 1200), ("12,5", 1250), ("0", 0), ("0,05", 5), (" 7,00 € ", 700), ("€ 7", 700),
        ("7 EUR", 700), ("7,5 Euro", 750), ("1.234,50 €", 123450), ("1.234", 123400), ("12.345.678,9", None), 
        ("1 234,50", 123450),
        ("1\u00a0234,50\u00a0€", 123450), ("99.999,99", 9_999_999), ("١٢", 1200),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_whole_cents(text: str, cents: int | None) -> None:
    form = typed(text)
    assert form.validate() is (cents is not None)
    assert form.amount.data == cents


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "1,234",
        "1.23.4",
        "12,505",
        "12;50",
        "zwölf",
        "1e3",
        "12 50",
        "nan",
        ",5",
        "5,",
        "€",
        "9" * 400,
        "100.000,00",
        "1.234 567",
        "½",
    ],
)
def test_nonsense_and_what_could_mean_two_things_is_refused_and_stands_there_as_typed(text: str) -> None:
    form = typed(text)
    assert not form.validate()
    assert form.amount.data is None
    assert form.amount._value() == text


def test_a_missing_amount_is_none_where_it_may_be_and_refused_where_it_is_needed() -> None:
    assert typed("").validate() and typed("").amount.data is None
    assert not typed("", Needed).validate()


def test_an_amount_is_shown_as_the_reader_writes_it() -> None:
    assert Asked(data={"amount": 123450}).amount._value() == "1234,50"
    assert Asked().amount._value() == ""
    with i18n.speaking("en"):
        assert Asked(data={"amount": 5}).amount._value() == "0.05"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Küche im Hof", "kueche-im-hof"), ("Saal „Germania“", "saal-germania"), ("Große Stube", "grosse-stube"),
        ("Ku\u0308che", "kueche"), ("Işık Łąka", "isik-laka"), ("غرفة", ""), ("--", ""), ("a" * 90, "a" * 50),
        ("x" * 49 + " y", "x" * 49),
    ],
)  # fmt: skip
def test_a_name_becomes_an_address(name: str, address: str) -> None:
    assert slug(name) == address
