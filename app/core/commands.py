"""Commands for whoever operates the house: ``flask --app wsgi jobs|check|backup|restore|keys``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.core import backup as backups
from app.core import check as checks
from app.core import clock, crypto, keys
from app.core import jobs as loop
from app.core.db import session

WIDTH = 30
"""Characters of a bar that tells how far something has come."""

# Jobs ----------------------------------------------------------------------------------------------------------------

jobs = AppGroup("jobs", help="What the clock does.")


@jobs.command("serve")
def serve_jobs() -> None:
    """Run the job loop until stopped. Several may serve one house; one leads."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    loop.serve(app, _jobs())


@jobs.command("run")
@click.argument("name")
def run_job(name: str) -> None:
    """Run the job NAME once, now."""
    job = next((each for each in _jobs() if each.name == name), None)
    if job is None:
        raise click.ClickException(f"there is no job {name!r}; `jobs list` names them")
    state = loop.run_job(job)
    run = session().scalars(select(loop.JobRun).where(loop.JobRun.job == name).order_by(loop.JobRun.id.desc()).limit(1)).one()
    click.echo(f"{name}: {state or 'already run at this moment'}" + (f": {run.result}" if run.result else ""))
    if state == loop.FAILED:
        raise SystemExit(1)


@jobs.command("list")
def list_jobs() -> None:
    """Every job, when it runs, and how its last run ended."""
    leader = session().get(loop.JobLease, "jobs")
    if leader is not None and leader.expires_at > clock.now():
        click.echo(f"led by {leader.holder} until {leader.expires_at:%Y-%m-%d %H:%M:%S} UTC")
    else:
        click.echo("nobody runs the jobs: start `flask --app wsgi jobs serve`")
    for job in _jobs():
        last = (
            session()
            .scalars(select(loop.JobRun).where(loop.JobRun.job == job.name).order_by(loop.JobRun.slot_at.desc()).limit(1))
            .one_or_none()
        )
        if job.wanted is not None:
            told = "work is waiting" if job.wanted() else "nothing to do"
        elif last is None:
            told = "has not run yet"
        else:
            told = f"{last.state} {last.started_at:%Y-%m-%d %H:%M} UTC {last.result.splitlines()[-1] if last.result else ''}"
        click.echo(f"{job.name:32} every {job.every!s:16} {told}".rstrip())


def _jobs() -> list[loop.Job]:
    found: list[loop.Job] = current_app.extensions["jobs"]
    return found


# Examination ---------------------------------------------------------------------------------------------------------


@click.command("check")
@with_appcontext
def check() -> None:
    """Examine database, promises, letters and files. Prints what is wrong; exit code 1 when anything is."""
    wired: list[checks.Check] = current_app.extensions["checks"]
    found = list(checks.findings(wired, _draw if sys.stderr.isatty() else None))
    for name, finding in found:
        click.echo(f"{name}: {finding}")
    if found:
        raise SystemExit(1)
    click.echo(f"all is well: {', '.join(each.name for each in wired)}")


def _draw(name: str, progress: checks.Progress) -> None:
    """A bar on the terminal, drawn over itself, gone when it is full."""
    filled = WIDTH * progress.done // max(progress.total, 1)
    bar = f"{name} [{'#' * filled:<{WIDTH}}] {progress.done:,} of {progress.total:,}"
    click.echo(f"\r{bar}" if progress.done < progress.total else "\r" + " " * len(bar) + "\r", err=True, nl=False)


# Backups -------------------------------------------------------------------------------------------------------------


@click.command("backup")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--keep", default=backups.KEPT, show_default=True, type=click.IntRange(1), help="How many stay in the instance.")
@with_appcontext
def backup(file: Path | None, keep: int) -> None:
    """Write the whole house into FILE (default: a new one in instance/backups), while it goes on."""
    try:
        target = backups.make_backup(file, keep)
    except backups.BackupFailed as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"{target} ({target.stat().st_size:,} bytes). It holds the keys too: keep it in a safe place.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Even if somebody already lives here: what is here now is lost.")
@with_appcontext
def restore(file: Path, replace: bool) -> None:
    """Put the house of FILE in place of this one. Stop the house first, and start it again afterwards."""
    try:
        manifest = backups.restore(file, replace=replace)
    except (backups.NotRestored, OSError) as fault:
        raise click.ClickException(f"nothing has been restored: {fault}") from fault
    rows = sum(manifest.counts.values())
    click.echo(f"Restored as it was at {manifest.made_at}: {rows:,} rows in {len(manifest.counts)} tables.")
    click.echo("Mail that was waiting then is held in the outbox: look there before sending it once more.")
    click.echo("Doors closed since (roles, slips, tokens, feeds withdrawn) are open again: close them anew.")
    if not (backups.settings().instance_path / "config.restored.toml").exists():
        return
    click.echo("The backup's settings differ from this machine's and lie in instance/config.restored.toml.")


# Keys ----------------------------------------------------------------------------------------------------------------

rotation = AppGroup("keys", help="Keys of encrypted fields.")


@rotation.command("rotate")
def rotate_keys() -> None:
    """Make a new field key, write every encrypted field anew, drop the old key. The house may go on meanwhile.

    Where several machines share one database, instance/field.keys must be one shared file, or be copied before and after.
    """
    try:
        written = keys.rotate_field_keys()
    except (keys.StillInUse, crypto.Unreadable) as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"{written} fields were written under a new key. Backups from before hold their own keys and stay readable.")
