"""What addresses of lists ask for; nonsense is as if it had not been said. And the lists as sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Response, request, url_for

from app.core.errors import Refusal
from app.core.forms import clean_line
from app.core.i18n import lazy as _l
from app.core.sheets import sheet_answer
from app.core.web import LARGEST_ID

SHEET = 50_000
"""Rows of a sheet at most. More is refused: a list that ends somewhere in the middle is no list."""
KINDS = "<any(csv,xlsx):kind>"


class SheetTooLong(Refusal):
    """More rows than one sheet holds."""

    status = 422
    kind = "sheet-too-long"
    message = _l("That is more than fits into one table. Choose a shorter time, or fewer accounts.")


def text(name: str = "q") -> str:
    return clean_line(request.args.get(name, ""))[:100]


def one_of(name: str, known: Iterable[str]) -> str:
    """The value of this name where it is one of `known`, else empty."""
    value = request.args.get(name, "")
    return value if value in set(known) else ""


def day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2199 else None


def number(name: str) -> int | None:
    """The id of this name."""
    return whole(request.args.get(name, ""))


def whole(value: str) -> int | None:
    """A number that a column of ids can hold, None for anything else."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 11 and 0 < int(value) <= LARGEST_ID else None


def kept(*left_out: str) -> dict[str, Any]:
    """What the address asks for, to be asked again on another page of the list."""
    return {name: value for name, value in request.args.items() if value and name not in ("before", "after", *left_out)}


def sheets(endpoint: str, **more: Any) -> list[tuple[str, str]]:
    """Name and address of this list as CSV and as XLSX."""
    return [(kind.upper(), url_for(endpoint, kind=kind, **{**kept(), **more})) for kind in ("csv", "xlsx")]


def euro(cents: int) -> Decimal:
    """An amount as a sheet holds it."""
    return Decimal(cents).scaleb(-2)


def sheet(name: str, heads: Sequence[object], rows: Iterable[Sequence[object]], kind: str) -> Response:
    """The list to be saved. Raises `SheetTooLong`."""
    return sheet_answer(name, [heads, *_counted(rows)], kind)


def _counted(rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    for place, row in enumerate(rows):
        if place >= SHEET:
            raise SheetTooLong
        yield row
