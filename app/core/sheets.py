"""Lists to take away: CSV as a German spreadsheet program opens it with a double click."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response, current_app

BYTE_ORDER_MARK = "\ufeff"
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> object:
    """`value` as it may stand in a sheet.

    Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection). None is an empty cell.
    """
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" ").startswith(_BEGINS_A_FORMULA):
        return "'" + value
    return value


def csv_sheet(rows: Iterable[Sequence[object]]) -> bytes:
    """`rows`, the heads among them, as UTF-8 with byte order mark and semicolons."""
    page = io.StringIO()
    writer = csv.writer(page, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return (BYTE_ORDER_MARK + page.getvalue()).encode()


def csv_answer(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """A CSV file called `name` (ASCII letters, without ending) to be saved."""
    response: Response = current_app.response_class(csv_sheet(rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
