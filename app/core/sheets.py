"""Lists to take away: as CSV that a German spreadsheet program opens with a double click, or as XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
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
    """`rows`, the heads among them, as UTF-8 with byte order mark and semicolons; `Decimal` amounts as ``-1234,50``."""
    page = io.StringIO()
    writer = csv.writer(page, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([f"{value:.2f}".replace(".", ",") if isinstance(value, Decimal) else cell(value) for value in row])
    return (BYTE_ORDER_MARK + page.getvalue()).encode()


def csv_answer(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """A CSV file called `name` (ASCII letters, without ending) to be saved."""
    response: Response = current_app.response_class(csv_sheet(rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def xlsx_sheet(rows: Iterable[Sequence[object]], *, name: str) -> bytes:
    """`rows` as a workbook of one sheet; the first is its head. Days and `Decimal` amounts are real days and numbers there.

    Text is text, never a formula or an address.
    """
    page = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(page, plain) as book:
        sheet = book.add_worksheet(name[:31])
        head, day, amount = (
            book.add_format(kind) for kind in ({"bold": True}, {"num_format": "dd.mm.yyyy"}, {"num_format": "#,##0.00"})
        )
        widths: dict[int, int] = {}
        for line, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    value = value.date() if isinstance(value, datetime) else value
                    sheet.write_datetime(line, column, datetime.combine(value, datetime.min.time()), day)
                elif isinstance(value, Decimal):
                    sheet.write_number(line, column, float(value), amount)
                elif isinstance(value, int) and not isinstance(value, bool):
                    sheet.write_number(line, column, value)
                elif value is not None:
                    sheet.write_string(line, column, str(value), head if line == 0 else None)
                widths[column] = max(widths.get(column, 0), min(len(str(value or "")), 60))
        for column, width in widths.items():
            sheet.set_column(column, column, width + 2)
        sheet.freeze_panes(1, 0)
    return page.getvalue()


def sheet_answer(name: str, rows: Iterable[Sequence[object]], kind: str) -> Response:
    """The list called `name` (ASCII letters, without ending) to be saved, as ``csv`` or ``xlsx``."""
    if kind != "xlsx":
        return csv_answer(name, rows)
    response: Response = current_app.response_class(
        xlsx_sheet(rows, name=name), mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response
