"""``flask library …``"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from app.core import i18n, tables
from app.core.db import run_transaction
from app.core.errors import Refusal
from app.core.policy import THE_HOUSE
from app.houses import queries as houses
from app.library import service
from app.library.service import Report, What

library = AppGroup("library", help="Things that are lent.")


@library.command("import-things")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--house", "slug", default=None, help="The house, where there are several.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def import_things(file: Path, slug: str | None, dry_run: bool, as_json: bool) -> None:
    """Bring in the table FILE (CSV, XLSX or XLS) of things, row by row; rows that are not possible are listed with the reason.

    A second import of the same table changes nothing.
    """
    house = houses.house(slug)
    if house is None:
        raise click.ClickException(f"there is no house {slug!r}" if slug else "the house has not been set up yet")
    content = _content(file)
    with i18n.speaking("en"):  # as everything else that is said to whoever operates the house
        try:
            if dry_run:
                report = service.preview_things(house.id, content, file.name, THE_HOUSE)
            else:
                report = run_transaction(lambda: service.import_things(house.id, content, file.name, THE_HOUSE))
        except Refusal as refusal:
            raise click.ClickException(f"{file.name}: {refusal} Nothing has been changed.") from None
        if as_json:
            click.echo(json.dumps(_document(report, dry_run), ensure_ascii=False, indent=2))
        else:
            _print(report)


def _content(file: Path) -> bytes:
    """At most one byte more than is allowed: enough to see that it is too much."""
    try:
        with file.open("rb") as stream:
            return stream.read(tables.LARGEST_BYTES + 1)
    except OSError as fault:
        raise click.ClickException(f"{file}: {fault.strerror or fault}") from None


def _print(report: Report) -> None:
    counts = report.counts
    click.echo(", ".join(f"{counts.get(str(what), 0)} {what}" for what in What))
    if report.ignored:
        click.echo(f"columns not used: {', '.join(report.ignored)}")
    for line in report.of(What.REFUSED):
        click.echo(f"  row {line.row} {line.number} {line.name}: {line.words}")


def _document(report: Report, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "counts": {str(what): report.counts.get(str(what), 0) for what in What},
        "columns": report.columns,
        "ignored": report.ignored,
        "rows": [
            {"row": line.row, "what": line.what.value, "number": line.number, "name": line.name, "words": line.words}
            for line in report.lines
        ],
    }
