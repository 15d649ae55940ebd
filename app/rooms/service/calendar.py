"""Calendar files: every date of a file becomes a booking of the room, or is written down with the reason why not.

What a file may do, and what it may not:

- Whoever brings a file speaks for a group with a key. So its dates are confirmed at once, last exactly as long as the file says
  (no set-up time is added), may lie in the past, and opening hours do not refuse them; the report says which lie outside.
- A date that the file itself calls free (TRANSP:TRANSPARENT) or cancelled is no booking. Tentative ones are: they need the room.
- Nothing that is promised gives way to a file. Of two dates of one file that overlap, one that is a booking already stays, else
  the first by start and UID gets the room.
- A newer file is followed: moved dates move their booking, cancelled and missing ones cancel it, refused ones are tried again. A
  moved date that finds its new time taken gives its old one back, because nobody comes then.
- Missing means: absent from what the newer file covers. Dates beyond the horizon, series that could not be read, and what is over
  and lies before the first date of the newer file (many programs drop their history) say nothing.
- What somebody in the house has cancelled or moved since stays as they left it, until file and house agree again.
- Two calendars of one room are told apart by their UIDs; a file that shares none with any earlier one is another calendar.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError

from app.core import clock, db, i18n
from app.core.db import session
from app.core.events import publish
from app.core.policy import Actor
from app.core.spans import Span
from app.occupancy import service as promises
from app.people.models import TariffClass
from app.rooms import queries
from app.rooms.events import CalendarImported
from app.rooms.models import Booking, CalendarSource, CalendarUpload, ImportedDate, State
from app.rooms.queries import BOOKING, RoomCard
from app.rooms.service.plan import Plan, Wanted, one_line, planned, purpose_of
from app.rooms.service.report import Report, UploadOver, reason_words

HORIZON_DAYS = 400
"""How far rules without an end are carried, unless somebody says otherwise."""
LONGEST_HORIZON_DAYS = 3650
UPLOADS_KEPT = timedelta(days=1)


def horizon_in(days: int = HORIZON_DAYS) -> datetime:
    """The midnight `days` days ahead: the same all day, so that a second import of a day sees the same dates."""
    zone = i18n.zone()
    return clock.midnight(clock.today(zone) + timedelta(days=days), zone)


def import_calendar(
    room: RoomCard, content: bytes, name: str, by: Actor, horizon: datetime | None = None, titles_public: bool | None = None
) -> Report:
    """Make the room follow this file. Raises `CalendarUnreadable`, with nothing changed.

    `name` is the file's; `horizon` is never less than what this calendar has been carried to; `titles_public` None leaves it
    as it is for this calendar. A file that says nothing new changes not one row.
    """
    db.lock(f"import:{room.id}")
    plan = planned(room, content, name, horizon or horizon_in(), titles_public)
    _carry_out(plan, content, by)
    return plan.report


def preview_calendar(
    room: RoomCard, content: bytes, name: str, horizon: datetime | None = None, titles_public: bool | None = None
) -> Report:
    """What `import_calendar` would do now. Changes nothing."""
    return planned(room, content, name, horizon or horizon_in(), titles_public).report


def carry_calendar(source: CalendarSource, by: Actor) -> Report | None:
    """Carry the rules of a stored calendar on to the horizon of today; None when that has been done, or the room is gone."""
    room = queries.room_by_id(source.room_id)
    horizon = horizon_in()
    if room is None or source.carried_to >= horizon:
        return None
    plan = planned(room, source.content, source.name, horizon, None, source)
    plan.carried = True
    _carry_out(plan, source.content, by)
    return plan.report


def keep_upload(room: RoomCard, content: bytes, name: str, by: Actor) -> CalendarUpload:
    """Keep a file between preview and import; an earlier one of the same person for this room goes."""
    mine = (CalendarUpload.room_id == room.id, CalendarUpload.uploaded_by_id == by.person_id)
    session().execute(delete(CalendarUpload).where(*mine))
    upload = CalendarUpload(room_id=room.id, name=one_line(name)[:200], content=content, uploaded_by_id=by.person_id)
    session().add(upload)
    session().flush()
    return upload


def forget_old_uploads() -> int:
    """Files that were looked at and never imported."""
    result = session().execute(delete(CalendarUpload).where(CalendarUpload.uploaded_at < clock.now() - UPLOADS_KEPT))
    return int(result.rowcount)  # type: ignore[attr-defined]


def import_upload(room: RoomCard, upload_id: int, by: Actor, titles_public: bool) -> Report:
    """Import the file that `by` has looked at. Raises `UploadOver` when it is not there any more."""
    upload = session().get(CalendarUpload, upload_id)
    if upload is None or upload.room_id != room.id or upload.uploaded_by_id != by.person_id:
        raise UploadOver
    report = import_calendar(room, upload.content, upload.name, by, titles_public=titles_public)
    session().delete(upload)
    session().flush()
    return report


# Carrying out ------------------------------------------------------------------------------------------------------

_bookings, _dates = cast(Table, Booking.__table__), cast(Table, ImportedDate.__table__)


def _carry_out(plan: Plan, content: bytes, by: Actor) -> None:
    """Write the plan in a constant number of statements. Raises `Collision` when the room was taken in this very moment."""
    report = plan.report
    source = _write_source(plan, content, report, by)
    if source is None:
        return
    now = clock.now()
    _cancel_bookings(plan, now)
    promises.release_each(BOOKING, [wish.known.booking_id for wish in plan.moves if wish.known and wish.known.booking_id])
    _change_bookings(plan, now, by)
    booked = _insert_bookings(plan, now, by)
    held = [(wish.known.booking_id, wish.span) for wish in (*plan.moves, *plan.revives) if wish.known and wish.known.booking_id]
    promises.promise_each(plan.room.parts, sorted(held + booked), kind=State.CONFIRMED, source=BOOKING)
    _write_rows(plan, source.id)
    if report.changes_bookings:
        counts = report.counts
        publish(
            CalendarImported(
                house_id=plan.room.house_id, by=by.person_id, room_id=plan.room.id, created=counts["created"],
                moved=counts["moved"] + counts["changed"], cancelled=counts["cancelled"], refused=counts["refused"],
                unchanged=counts["unchanged"] + counts["kept"],
            )
        )  # fmt: skip


def _write_source(plan: Plan, content: bytes, report: Report, by: Actor) -> CalendarSource | None:
    """The source with what is new about it; None when the file has nothing to say."""
    source, horizon = plan.source, plan.reading.horizon
    told = plan.touches_rows or bool(plan.books or plan.moves or plan.revives)
    if source is None:
        if not (plan.reading.dates or plan.reading.unread_uids):
            return None
        source = CalendarSource(
            room_id=plan.room.id, name=plan.name, content=content, titles_public=plan.titles_public, imported_at=clock.now(),
            imported_by_id=by.person_id, carried_to=horizon, report=_told(report),
        )  # fmt: skip
        session().add(source)
        session().flush()
        return source
    if not plan.carried and (told or content != source.content or plan.titles_public != source.titles_public):
        source.name, source.content, source.titles_public = plan.name, content, plan.titles_public
        source.imported_at, source.imported_by_id, source.report = clock.now(), by.person_id, _told(report)
    source.carried_to = max(source.carried_to, horizon)
    session().flush()
    return source


def _told(report: Report) -> dict[str, object]:
    """What stays readable on the page of imports. Refused dates are rows of their own."""
    return {
        "counts": report.counts,
        "problems": [
            {
                "code": str(each.code),
                "summary": each.summary,
                "entry": each.entry,
                "facts": {key: str(value) for key, value in each.facts.items()},
            }
            for each in report.problems[:50]
        ],
        "open_series": [
            {
                "summary": each.summary,
                "rule": each.rule,
                "endless": each.endless,
                "next_at": each.next_at.isoformat() if each.next_at else None,
            }
            for each in report.open_series[:50]
        ],
    }


def _cancel_bookings(plan: Plan, now: datetime) -> None:
    promises.release_each(BOOKING, [booking_id for booking_id, _ in plan.cancels])
    if not plan.cancels:
        return
    with i18n.speaking(None):
        words = {reason: reason_words(reason)[:300] for _, reason in plan.cancels}
    session().connection().execute(
        update(_bookings)
        .where(_bookings.c.id == bindparam("booking"))
        .values(
            state=State.CANCELLED, reason=bindparam("why"), change_starts_at=None, change_ends_at=None, changed_at=now,
            sequence=_bookings.c.sequence + 1, version=_bookings.c.version + 1,
        ),
        [{"booking": booking_id, "why": words[reason]} for booking_id, reason in sorted(plan.cancels)],
    )  # fmt: skip


def _change_bookings(plan: Plan, now: datetime, by: Actor) -> None:
    grown = {"sequence": _bookings.c.sequence + 1, "version": _bookings.c.version + 1, "changed_at": now}
    this = _bookings.c.id == bindparam("booking")
    if plan.moves or plan.revives:
        session().connection().execute(
            update(_bookings)
            .where(this)
            .values(
                starts_at=bindparam("begins"), ends_at=bindparam("stops"), purpose=bindparam("what"),
                purpose_public=bindparam("open"), before_minutes=0, after_minutes=0, state=State.CONFIRMED, reason="",
                decided_at=now, decided_by_id=by.person_id, **grown,
            ),
            [
                {
                    "booking": wish.known.booking_id, "begins": wish.date.starts_at, "stops": wish.date.ends_at,
                    "what": _purpose_kept(wish), "open": plan.titles_public and not wish.date.private,
                }
                for wish in (*plan.moves, *plan.revives)
                if wish.known
            ],
        )  # fmt: skip
    if plan.renames:
        session().connection().execute(
            update(_bookings).where(this).values(purpose=bindparam("what"), purpose_public=bindparam("open"), **grown),
            [{"booking": booking_id, "what": purpose, "open": public} for booking_id, purpose, public in plan.renames],
        )


def _purpose_kept(wish: Wanted) -> str:
    """The file's title, unless somebody in the house has written another one."""
    known = wish.known
    return known.purpose if known and known.purpose != purpose_of(known.summary) else purpose_of(wish.summary)


def _insert_bookings(plan: Plan, now: datetime, by: Actor) -> list[tuple[int, Span]]:
    """New bookings with their ids and spans; the ids go into the rows of their dates."""
    if not plan.books:
        return []
    shared = {
        "house_id": plan.room.house_id, "room_id": plan.room.id, "before_minutes": 0, "after_minutes": 0, "people": 1,
        "state": State.CONFIRMED, "booked_for_id": None, "created_by_id": by.person_id, "organisation_id": None,
        "tariff_class": TariffClass.FREE,
        "price_cents": 0, "price_rule": {}, "sequence": 0, "origin": "import", "lapses_at": None, "decided_by_id": by.person_id,
        "decided_at": now, "reason": "", "change_starts_at": None, "change_ends_at": None, "created_at": now, "changed_at": now,
        "version": 1,
    }  # fmt: skip
    rows = [
        {
            **shared, "starts_at": wish.date.starts_at, "ends_at": wish.date.ends_at, "purpose": purpose_of(wish.summary),
            "purpose_public": plan.titles_public and not wish.date.private, "uid": f"{uuid.uuid4()}@quartiersraum",
        }
        for wish in plan.books
    ]  # fmt: skip
    # By UID: in the order of the rows the answer would come only if they were sent one by one.
    answer = session().connection().execute(insert(_bookings).returning(_bookings.c.uid, _bookings.c.id), rows)
    by_uid = {row.uid: row.id for row in answer}
    ids = [by_uid[row["uid"]] for row in rows]
    for wish, booking_id in zip(plan.books, ids, strict=True):
        wish.row["booking_id"] = booking_id
        if wish.known is None:
            plan.new_rows.append(wish.row)
        else:
            plan.changed_rows.append({**wish.known.row, **wish.row})
    return [(booking_id, wish.span) for wish, booking_id in zip(plan.books, ids, strict=True)]


def _write_rows(plan: Plan, source_id: int) -> None:
    """The dates themselves. Two imports at once are told apart here: the second one starts again."""
    connection = session().connection()
    for start in range(0, len(plan.dropped_rows), 500):
        connection.execute(delete(_dates).where(_dates.c.id.in_(plan.dropped_rows[start : start + 500])))
    columns = ("uid", "recurrence_id", "starts_at", "ends_at", "summary", "digest", "booking_id", "refused")
    try:
        if plan.changed_rows:
            connection.execute(
                update(_dates)
                .where(_dates.c.id == bindparam("date"))
                .values(source_id=source_id, **{name: bindparam(f"new_{name}") for name in columns}),
                [{"date": row["id"], **{f"new_{name}": row[name] for name in columns}} for row in plan.changed_rows],
            )
        if plan.new_rows:
            rows = [{"room_id": plan.room.id, "source_id": source_id, **row} for row in plan.new_rows]
            connection.execute(insert(_dates), rows)
    except IntegrityError as fault:
        raise db.Collision from fault
