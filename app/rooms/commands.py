"""``flask rooms …``"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from app.core import i18n, ical
from app.core.db import run_transaction
from app.core.errors import Refusal
from app.core.policy import THE_HOUSE
from app.houses import queries as houses
from app.rooms import queries, service
from app.rooms.queries import RoomCard
from app.rooms.service import Line, Report

rooms = AppGroup("rooms", help="Rooms and what is booked in them.")


@rooms.command("import-ics")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--room", "slug", required=True, help="The room, by its name in the address.")
@click.option("--house", "house_slug", default=None, help="The house, where there are several.")
@click.option(
    "--horizon-days", default=service.HORIZON_DAYS, show_default=True, type=click.IntRange(1, service.LONGEST_HORIZON_DAYS),
    help="How far rules without an end are carried.",
)  # fmt: skip
@click.option(
    "--titles-public/--titles-private", default=None, help="Whether everybody may read the titles; the desk always does."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def import_ics(
    file: Path, slug: str, house_slug: str | None, horizon_days: int, titles_public: bool | None, dry_run: bool, as_json: bool
) -> None:
    """Let a room follow the calendar FILE: each date becomes a booking, or is listed with the reason why not.

    A second import of the same file changes nothing; a newer file is followed.
    """
    content = _content(file)
    room = _room(slug, house_slug)
    with i18n.speaking("en"):  # as everything else that is said to whoever operates the house
        report = _import(room, content, file.name, service.horizon_in(horizon_days), titles_public, dry_run)
        if as_json:
            click.echo(json.dumps(_document(report, dry_run), ensure_ascii=False, indent=2))
        else:
            _print(report, dry_run)


def _import(room: RoomCard, content: bytes, name: str, horizon: datetime, titles_public: bool | None, dry_run: bool) -> Report:
    try:
        if dry_run:
            return service.preview_calendar(room, content, name, horizon, titles_public)
        return run_transaction(lambda: service.import_calendar(room, content, name, THE_HOUSE, horizon, titles_public))
    except Refusal as refusal:
        raise click.ClickException(f"{name}: {refusal} Nothing has been changed.") from None


def _content(file: Path) -> bytes:
    """At most one byte more than is allowed: enough to see that it is too much."""
    try:
        with file.open("rb") as stream:
            return stream.read(ical.Limits().bytes + 1)
    except OSError as fault:
        raise click.ClickException(f"{file}: {fault.strerror or fault}") from None


def _room(slug: str, house_slug: str | None) -> RoomCard:
    house = houses.house(house_slug)
    if house is None:
        raise click.ClickException(f"there is no house {house_slug!r}" if house_slug else "the house has not been set up yet")
    room = queries.room(house.id, slug)
    if room is None:
        known = ", ".join(each.slug for each in queries.rooms(house.id)) or "none yet"
        raise click.ClickException(f"there is no room {slug!r}; rooms are: {known}")
    return room


def _print(report: Report, dry_run: bool) -> None:
    click.echo(f"{report.name}: {'a newer version of a known calendar' if report.follows else 'a new calendar for this room'}")
    counts = report.counts
    click.echo(", ".join(f"{counts[name]} {name}" for name in (*(str(what) for what in service.What), "unchanged")))
    click.echo(f"rules are carried to {report.horizon.astimezone(i18n.zone()):%Y-%m-%d}")
    for series in report.open_series:
        click.echo(f"  goes on{' without an end' if series.endless else ''}: {series.summary or '(no title)'} [{series.rule}]")
    for title, lines in (
        ("moved", report.moved),
        ("cancelled", report.cancelled),
        ("kept", report.kept),
        ("refused", report.refused),
    ):
        for line in lines:
            click.echo(f"  {title}: {_when(line)} {line.summary}{f': {line.words}' if line.reason else ''}")
    if report.outside_hours:
        click.echo(f"{report.outside_hours} coming dates lie outside the opening hours; they are booked all the same")
    for problem in report.problems:
        click.echo(f"  remark: {f'{problem.summary}: ' if problem.summary else ''}{service.problem_words(problem)}")
    if dry_run:
        click.echo("nothing has been changed: this was a rehearsal")


def _when(line: Line) -> str:
    zone = i18n.zone()
    starts, ends = line.starts_at.astimezone(zone), line.ends_at.astimezone(zone)
    until = f"{ends:%H:%M}" if ends.date() == starts.date() else f"{ends:%Y-%m-%d %H:%M}"
    return f"{starts:%Y-%m-%d %H:%M}–{until}"


def _document(report: Report, dry_run: bool) -> dict[str, Any]:
    return {
        "name": report.name,
        "dry_run": dry_run,
        "follows": report.follows,
        "horizon": _local(report.horizon),
        "counts": report.counts,
        **{str(what): [_line(line) for line in report.lines if line.what == what] for what in service.What},
        "unchanged": report.unchanged,
        "outside_hours": report.outside_hours,
        "endless": [{"uid": each.uid, "summary": each.summary, "rule": each.rule} for each in report.endless],
        "problems": [
            {"code": str(each.code), "uid": each.uid, "summary": each.summary, "words": service.problem_words(each)}
            for each in report.problems
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = {"summary": line.summary, "starts_at": _local(line.starts_at), "ends_at": _local(line.ends_at)}
    if line.reason:
        told |= {"reason": line.reason, "words": line.words}
    if line.old:
        told |= {"old_starts_at": _local(line.old.starts_at), "old_ends_at": _local(line.old.ends_at)}
    return told


def _local(moment: datetime) -> str:
    return moment.astimezone(i18n.zone()).isoformat()
