"""Tables people bring: CSV as German and other spreadsheet programs write it, XLSX and XLS. All of it is hostile until read.

What comes out is rows of text, as somebody reads them on the screen; a formula has the value it was saved with.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook

from app.core.errors import Invalid
from app.core.i18n import gettext
from app.core.i18n import lazy as _l

LARGEST_BYTES = 5_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 100
LONGEST_CELL = 4_000
UNPACKED_BYTES = 60_000_000
"""Of a workbook; a table of 5,000 rows has a tenth of it."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PLACE = re.compile(rb'<(?:\w+:)?(?:c|row)\b[^>]*?\br="([A-Z]{0,3})([0-9]{1,9})"')
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\b[^>]*?\bref="(?:[A-Z]{1,3}[0-9]{1,9}:)?([A-Z]{1,3})([0-9]{1,9})"')


def rows_of(content: bytes, field: str = "file") -> list[list[str]]:
    """The rows of a table, blank ones too; each as long as it is. Raises `Invalid` at `field`."""
    if len(content) > LARGEST_BYTES:
        raise Invalid({field: [_l("This file is too large. Up to 5 MB are possible.")]})
    if content.startswith((_ZIP, _OLE)):
        rows = _workbook(content, field)
    else:
        rows = _csv(content, field)
    if not any(any(row) for row in rows):
        raise Invalid({field: [_l("This table is empty.")]})
    return rows


def _too_long(field: str) -> Invalid:
    return Invalid({field: [gettext("This table is too long. Up to %(num)d rows are possible.", num=MOST_ROWS)]})


def _unreadable(field: str) -> Invalid:
    return Invalid({field: [_l("This is not a table we can read. Please use CSV or Excel (.xlsx, .xls).")]})


# CSV ---------------------------------------------------------------------------------------------------------------


def _csv(content: bytes, field: str) -> list[list[str]]:
    text = _decoded(content)
    if "\x00" in text:
        raise _unreadable(field)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
            if len(rows) > MOST_ROWS:
                raise _too_long(field)
            rows.append([_cell(value) for value in row[:MOST_COLUMNS]])
    except csv.Error:
        raise _unreadable(field) from None
    return rows


def _decoded(content: bytes) -> str:
    """UTF-8, with a mark or without, UTF-16 with one, else what Windows wrote in the West."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    """Whichever parts the first rows the same way and the most often, outside of quotation marks."""
    first = re.sub(r'"[^"]*"', "", text[:5000]).splitlines()[:10]
    counts = {sign: sorted((line.count(sign) for line in first), reverse=True) for sign in ";\t,"}
    return max(counts, key=lambda sign: sum(counts[sign][: max(1, len(first) // 2)]))


# Workbooks ---------------------------------------------------------------------------------------------------------


def _workbook(content: bytes, field: str) -> list[list[str]]:
    """The first sheet that holds anything."""
    if content.startswith(_ZIP):
        _look_into(content, field)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for index in range(min(len(book.sheet_names), 20)):
            sheet = book.get_sheet_by_index(index)
            if sheet.total_height > MOST_ROWS + 1:
                raise _too_long(field)
            if sheet.total_width > 1000:
                raise _unreadable(field)
            rows = [[_cell(value) for value in row[:MOST_COLUMNS]] for row in sheet.to_python(skip_empty_area=False)]
            if any(any(row) for row in rows):
                return rows
    except (CalamineError, OSError, ValueError, OverflowError):
        raise _unreadable(field) from None
    return []


def _look_into(content: bytes, field: str) -> None:
    """Refuse what would grow beyond measure: unpacked, or because one cell stands far from all others."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            infos = packed.infolist()
            if len(infos) > 2_000 or sum(info.file_size for info in infos) > UNPACKED_BYTES:
                raise _too_long(field)
            if "xl/workbook.xml" not in packed.namelist():
                raise _unreadable(field)
            for info in infos:
                if info.filename.startswith("xl/worksheets/"):
                    with packed.open(info) as sheet:
                        _measure(sheet.read(UNPACKED_BYTES), field)
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, ValueError):
        raise _unreadable(field) from None


def _measure(sheet: bytes, field: str) -> None:
    for found in (*_PLACE.finditer(sheet), *_DIMENSION.finditer(sheet[:5_000])):
        if int(found[2]) > MOST_ROWS + 1:
            raise _too_long(field)
        if len(found[1]) > 2:
            raise _unreadable(field)


def _cell(value: object) -> str:
    """As it reads on the screen."""
    if isinstance(value, datetime):
        value = value.date() if (value.hour, value.minute) == (0, 0) else value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "x" if value else ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.4f}".rstrip("0")
    text = str(value)[:LONGEST_CELL].strip()
    # An apostrophe that a list of ours put before what would otherwise be run as a formula.
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text
