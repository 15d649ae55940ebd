"""Calendar files for a room: choose one, look what it would do, do it, and read what the last ones did."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from werkzeug.datastructures import CombinedMultiDict

from app.core import i18n, ical
from app.core.errors import Refusal
from app.core.i18n import gettext, ngettext
from app.core.web import actor, say, see_other
from app.rooms import policy, queries, service
from app.rooms.forms import CalendarFileForm, CalendarForm
from app.rooms.queries import RoomCard
from app.rooms.service import Report
from app.rooms.views.pages import pages, room

MOST_LINES = 200
"""Of one list on a page; the counts tell of the rest."""


@pages.get("/rooms/<slug>/import", load=room, allow=policy.import_calendar)
def show_import_form(card: RoomCard) -> Any:
    """A field for the file, and the calendars that feed this room already."""
    return _page(card, CalendarFileForm())


@pages.post("/rooms/<slug>/import/preview", load=room, allow=policy.import_calendar)
def preview_import(card: RoomCard) -> Any:
    """What the file would do.

    It is kept on the server until it is imported: up to 5 MB do not fit into a hidden field, and what has been looked at is then
    what is imported.
    """
    form = CalendarFileForm(CombinedMultiDict((request.form, request.files)))
    if not form.validate():
        return _page(card, form), 422
    with form.file.data.stream as stream:
        content, name = stream.read(), form.file.data.filename or ""
    try:
        report = service.preview_calendar(card, content, name)
    except Refusal as refusal:
        form.file.errors = [str(refusal)]
        return _page(card, form), refusal.status
    upload = service.keep_upload(card, content, name, actor())
    confirm = CalendarForm(upload=upload.id, titles_public=report.titles_public)
    return render_template(
        "rooms/preview_import.html",
        room=card,
        report=report,
        form=confirm,
        lists=_lists(report),
        most=MOST_LINES,
        remarks=_remarks(report),
    )


@pages.post("/rooms/<slug>/import", load=room, allow=policy.import_calendar)
def import_calendar(card: RoomCard) -> Any:
    """Let the room follow the file that was looked at."""
    form = CalendarForm(request.form)
    upload_id = form.upload.data if form.validate() and form.upload.data is not None else 0
    try:
        report = service.import_upload(card, upload_id, actor(), form.titles_public.data)
    except Refusal as refusal:
        again = CalendarFileForm()
        again.file.errors = [str(refusal)]
        return _page(card, again), refusal.status
    say(_done(report), "success" if report.changes_bookings else "info")
    return see_other("rooms.show_import_form", slug=card.slug)


def _page(card: RoomCard, form: CalendarFileForm) -> str:
    refused = queries.refused_dates(card.id, MOST_LINES)
    sources = [
        {
            "source": source,
            "counts": [(word, counts[name]) for name, word in _count_words() if counts.get(name)],
            "remarks": [_remark(each) for each in source.report.get("problems", [])],  # type: ignore[attr-defined]
            "series": source.report.get("open_series", []),
            "refused_total": refused.get(source.id, (0, []))[0],
            "refused": [(each, service.reason_words(each.refused)) for each in refused.get(source.id, (0, []))[1]],
        }
        for source in queries.calendar_sources(card.id)
        for counts in [dict(source.report.get("counts", {}))]  # type: ignore[call-overload]
    ]
    return render_template("rooms/import_calendar.html", room=card, form=form, sources=sources)


def _remark(stored: dict[str, Any]) -> tuple[str, str]:
    """Title of the entry and what is odd about it, of a remark that was kept."""
    problem = ical.Problem(ical.ProblemCode(stored["code"]), "", stored["summary"], stored["entry"], stored["facts"])
    return problem.summary, service.problem_words(problem)


def _remarks(report: Report) -> list[tuple[str, str]]:
    return [(problem.summary, service.problem_words(problem)) for problem in report.problems[:50]]


def _lists(report: Report) -> list[tuple[str, str, Any]]:
    """Heading, tone and dates of every list that is not empty."""
    return [
        (heading, tone, lines)
        for heading, tone, lines in (
            (gettext("Would be cancelled"), "brick", report.cancelled),
            (gettext("Would be moved"), "honey", report.moved),
            (gettext("Not possible"), "honey", report.refused),
            (gettext("Stays as it was changed here"), "plain", report.kept),
            (gettext("Would be booked"), "sage", report.created),
            (gettext("Would get another title"), "sage", report.changed),
        )
        if lines
    ]


def _count_words() -> list[tuple[str, str]]:
    return [
        ("created", gettext("booked")),
        ("moved", gettext("moved")),
        ("changed", gettext("renamed")),
        ("cancelled", gettext("cancelled")),
        ("refused", gettext("not possible")),
        ("kept", gettext("as changed here")),
        ("unchanged", gettext("unchanged")),
    ]


def _done(report: Report) -> str:
    """What happened, in one sentence."""
    if not report.changes_bookings:
        return gettext("Nothing was new: all dates are as they were.")
    told = i18n.together(*(f"{word} {report.counts[name]}" for name, word in _count_words() if report.counts[name]))
    refused = len(report.refused)
    more = (
        ngettext("One date was not possible; see below.", "%(num)d dates were not possible; see below.", refused)
        if refused
        else ""
    )
    return " ".join(part for part in (gettext("The room follows the calendar: %(counts)s.", counts=told), more) if part)
