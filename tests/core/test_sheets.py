"""Lists to take away."""

from __future__ import annotations

import csv
import io

import pytest

from app.core import sheets


def read(content: bytes) -> list[list[str]]:
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def test_a_sheet_opens_as_written() -> None:
    content = sheets.csv_sheet([["Name", "Ort"], ["Müller; Söhne", 'sagt "ja"'], ["zwei\nZeilen", None], [3, "شكرا"]])
    assert content.startswith(b"\xef\xbb\xbf")
    assert read(content) == [["Name", "Ort"], ["Müller; Söhne", 'sagt "ja"'], ["zwei\nZeilen", ""], ["3", "شكرا"]]


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0"])
def test_text_that_would_run_as_a_formula_is_defused(formula: str) -> None:
    assert read(sheets.csv_sheet([[formula]]))[0][0] == "'" + formula


def test_a_negative_number_stays_a_number() -> None:
    assert read(sheets.csv_sheet([[-5]])) == [["-5"]]
