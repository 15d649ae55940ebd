"""A page that has not changed is not sent again; one that has is, whoever changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.core import clock, db
from app.offers.models import OpeningException
from app.rooms import queries, service
from app.rooms.models import Room
from tests.browser_client import Reader
from tests.conftest import THURSDAY
from tests.makers import a_room
from tests.rooms.marten import MONDAY, Marten, book, do, signed_in, span

DAY, WEEK = f"/rooms?day={MONDAY}", f"/rooms/gruppe?day={MONDAY}"


@pytest.fixture
def ticking(bare_app: Flask) -> Iterator[Callable[[], None]]:
    """The clock stands, and each call moves it by a second: acts in one moment do not happen in life."""
    seconds = [0]
    stack: list[Any] = []

    def tick() -> None:
        while stack:
            stack.pop().__exit__(None, None, None)
        seconds[0] += 1
        now = clock.stopped_at(THURSDAY + timedelta(seconds=seconds[0]))
        now.__enter__()
        stack.append(now)

    yield tick
    while stack:
        stack.pop().__exit__(None, None, None)


def tag(reader: Reader, path: str) -> str:
    response = reader.client.get(path, headers=reader.headers)
    assert response.status_code == 200
    return response.headers["ETag"]


def status(reader: Reader, path: str, known: str) -> int:
    return reader.client.get(path, headers={**reader.headers, "If-None-Match": known}).status_code


@pytest.mark.parametrize("path", [DAY, WEEK])
def test_nothing_has_changed(anonymous: Reader, ayse: Reader, bare_app: Flask, marten: Marten, path: str) -> None:
    with bare_app.app_context():
        book(marten.group, span("10:00", "12:00"), marten.resident())
    for reader in (anonymous, ayse):
        reader.client.get(path, headers=reader.headers)  # the first visit leaves a cookie
        known = tag(reader, path)
        answer = reader.client.get(path, headers={**reader.headers, "If-None-Match": known})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", known)
        assert "private" in answer.headers["Cache-Control"] and "Cookie" in answer.headers["Vary"]


def test_every_kind_of_act_changes_the_day_and_the_week(
    anonymous: Reader, bare_app: Flask, marten: Marten, ticking: Callable[[], None]
) -> None:
    resident, desk = marten.resident(), marten.at_desk()
    made: list[int] = []

    def touch(statement: Any) -> None:
        from app.houses.service import touch as changed

        with db.transaction() as session:
            session.execute(statement)
            changed(marten.house)

    def close() -> None:
        with db.transaction() as session:
            from app.houses.service import touch as changed

            session.add(OpeningException(house_id=marten.house, on_day=MONDAY, reason="Umbau"))
            changed(marten.house)

    acts: list[tuple[str, Callable[[], Any]]] = [
        ("wish", lambda: made.append(book(marten.group, span("10:00", "12:00"), resident))),
        ("confirm", lambda: do(service.confirm_booking, made[0], desk)),
        ("change of purpose", lambda: do(service.change_booking, made[0], service.ChangeRequest(span("10:00", "12:00"), "Tea", 4), desk)),
        ("shorter", lambda: do(service.change_booking, made[0], service.ChangeRequest(span("10:00", "11:00"), "Tea", 4), resident)),
        ("longer", lambda: do(service.change_booking, made[0], service.ChangeRequest(span("10:00", "13:00"), "Tea", 4), desk)),
        ("another wish", lambda: made.append(book(marten.group, span("15:00", "16:00"), resident))),
        ("refuse", lambda: do(service.refuse_booking, made[1], "No.", desk)),
        ("in its place", lambda: made.append(book(marten.group, span("15:00", "16:00"), marten.resident(marten.jan)))),
        ("move away", lambda: do(service.change_booking, made[2], service.ChangeRequest(span("15:00", "16:00", MONDAY + timedelta(days=9)), "Tea", 4), desk)),
        ("move back", lambda: do(service.change_booking, made[2], service.ChangeRequest(span("15:00", "16:00"), "Tea", 4), desk)),
        ("cancel", lambda: do(service.cancel_booking, made[0], "", resident)),
        ("book again", lambda: made.append(book(marten.group, span("10:00", "13:00"), desk, marten.ayse))),
        ("new name of the room", lambda: touch(update(Room).where(Room.id == marten.group.id).values(name="Red room"))),
        ("closed day", close),
    ]  # fmt: skip
    for path in (DAY, WEEK):
        anonymous.client.get(path, headers=anonymous.headers)
    known = {path: tag(anonymous, path) for path in (DAY, WEEK)}
    for name, act in acts:
        ticking()
        with bare_app.app_context():
            act()
        for path in known:
            hidden = name == "change of purpose"  # the public sees that, not what for
            assert status(anonymous, path, known[path]) == (304 if hidden else 200), f"{name}: {path}"
            known[path] = tag(anonymous, path)
            assert status(anonymous, path, known[path]) == 304


def test_acts_on_other_days_and_rooms_leave_the_tag(anonymous: Reader, bare_app: Flask, marten: Marten) -> None:
    anonymous.client.get(DAY, headers=anonymous.headers)
    day, week = tag(anonymous, DAY), tag(anonymous, WEEK)
    with bare_app.app_context():
        book(marten.group, span("10:00", "12:00", MONDAY + timedelta(days=8)), marten.resident())
    assert (status(anonymous, DAY, day), status(anonymous, WEEK, week)) == (304, 304)
    with bare_app.app_context():
        book(marten.quiet, span("10:00", "12:00"), marten.resident())
    assert (status(anonymous, DAY, day), status(anonymous, WEEK, week)) == (200, 304)


def test_a_new_room_changes_the_day(anonymous: Reader, bare_app: Flask, marten: Marten) -> None:
    from app.houses.service import touch

    anonymous.client.get(DAY, headers=anonymous.headers)
    known = tag(anonymous, DAY)
    with bare_app.app_context():
        a_room(marten.house, "atelier", name="Atelier")
        with db.transaction():
            touch(marten.house)
    assert status(anonymous, DAY, known) == 200
    assert "Atelier" in anonymous.get(DAY).text


@pytest.mark.parametrize("path", [DAY, WEEK])
def test_each_reader_language_and_brightness_has_a_tag_of_its_own(
    anonymous: Reader, ayse: Reader, jan: Reader, bare_app: Flask, path: str
) -> None:
    tags = []
    for reader in (anonymous, ayse, jan):
        reader.get(path)
        tags.append(tag(reader, path))
    with anonymous.client.session_transaction() as session:
        session["language"] = "de"
    tags.append(tag(anonymous, path))
    anonymous.client.set_cookie("theme", "dark")
    tags.append(tag(anonymous, path))
    assert len(set(tags)) == len(tags)
    for known in tags[1:]:
        assert status(anonymous, path, known) == (304 if known == tags[-1] else 200)


def test_a_message_to_the_reader_is_never_swallowed(ayse: Reader, bare_app: Flask, marten: Marten) -> None:
    ayse.get("/bookings")
    ayse.get(DAY)
    known = tag(ayse, DAY)
    ayse.get("/rooms/lernraum/book?start=2026-12-20T10:00")
    ayse.submit("Book now", purpose="Homework", follow=False, expect=303)
    answer = ayse.client.get(DAY, headers={**ayse.headers, "If-None-Match": known})
    assert answer.status_code == 200 and "confirmed" in answer.text


def test_the_desk_reads_new_names_at_once(bare_app: Flask, marten: Marten) -> None:
    from app.people.models import Person

    desk = signed_in(bare_app, marten.desk)
    with bare_app.app_context():
        book(marten.group, span("10:00", "12:00"), marten.resident())
    desk.get(DAY)
    known = desk.client.get(DAY, headers=desk.headers).headers.get("ETag", "none")
    with bare_app.app_context(), db.transaction() as session:
        session.execute(update(Person).where(Person.id == marten.ayse).values(family_name="Demir"))
    answer = desk.client.get(DAY, headers={**desk.headers, "If-None-Match": known})
    assert answer.status_code == 200 and "Demir" in answer.text


def test_the_line_for_now_moves_on(anonymous: Reader, marten: Marten) -> None:
    anonymous.client.get("/rooms", headers=anonymous.headers)
    known, week = tag(anonymous, "/rooms"), tag(anonymous, "/rooms/gruppe")  # of which the first slot begins at 14:00
    with clock.stopped_at(THURSDAY + timedelta(minutes=15)):
        assert status(anonymous, "/rooms", known) == 304
    with clock.stopped_at(THURSDAY + timedelta(minutes=20)):
        assert (status(anonymous, "/rooms", known), status(anonymous, "/rooms/gruppe", week)) == (200, 304)
    with clock.stopped_at(THURSDAY + timedelta(minutes=40)):
        assert status(anonymous, "/rooms/gruppe", week) == 200


def test_tomorrow_changes_when_it_becomes_today(anonymous: Reader, marten: Marten) -> None:
    anonymous.client.get("/rooms", headers=anonymous.headers)
    tomorrow = f"/rooms?day={THURSDAY.date() + timedelta(days=1)}"
    known = tag(anonymous, tomorrow)
    with clock.stopped_at(THURSDAY + timedelta(hours=10, minutes=10)):  # still before midnight in Dortmund
        assert status(anonymous, tomorrow, known) == 304
    with clock.stopped_at(THURSDAY + timedelta(hours=10, minutes=21)):
        assert status(anonymous, tomorrow, known) == 200


def test_an_unchanged_page_costs_two_questions_at_most(anonymous: Reader, marten: Marten) -> None:
    anonymous.get(DAY)
    known = tag(anonymous, DAY)
    page = anonymous.get(DAY, expect=304, If_None_Match=known)
    assert len(page.queries) <= 2, page.queries


def test_the_same_question_again_costs_none(anonymous: Reader, marten: Marten, engine: str) -> None:
    """Only the look whether anything has been written, which is not counted."""
    anonymous.get(DAY)
    known = tag(anonymous, DAY)
    anonymous.get(DAY, expect=304, If_None_Match=known)
    page = anonymous.get(DAY, expect=304, If_None_Match=known)
    assert page.response.headers["ETag"] == known
    if engine == "sqlite":  # a server counts what is written to all its databases, also by other tests
        assert page.queries == []


def test_who_is_signed_out_elsewhere_does_not_hold_the_page_any_more(ayse: Reader, bare_app: Flask, marten: Marten) -> None:
    from app.accounts.models import SignIn

    ayse.get(DAY)
    known = tag(ayse, DAY)
    assert [status(ayse, DAY, known) for _ in range(3)] == [304] * 3
    with bare_app.app_context(), db.transaction() as session:
        session.execute(update(SignIn).values(ended_at=clock.now()))
    assert status(ayse, DAY, known) == 200


def test_a_sign_in_that_runs_out_does_so_within_a_minute(ayse: Reader, bare_app: Flask, marten: Marten) -> None:
    from app.accounts.models import SignIn

    with bare_app.app_context(), db.transaction() as session:
        session.execute(update(SignIn).values(expires_at=THURSDAY + timedelta(minutes=5)))
    ayse.get(DAY)
    known = tag(ayse, DAY)
    assert [status(ayse, DAY, known) for _ in range(3)] == [304] * 3
    with clock.stopped_at(THURSDAY + timedelta(minutes=6)):
        assert status(ayse, DAY, known) == 200


def test_the_fingerprint_tells_states_apart_that_count_the_same(bare_app: Flask, marten: Marten) -> None:
    """The last booking goes and another takes its place: where numbers of rows are used again, nothing else has changed."""
    with bare_app.app_context():
        cards = queries.rooms(marten.house)
        window = span("00:00", "23:00")
        first = book(marten.quiet, span("10:00", "11:00"), marten.resident())
        before = queries.standing(cards, window).rows
        db.session().close()
        do(service.cancel_booking, first, "", marten.resident())
        book(marten.quiet, span("12:00", "13:00"), marten.resident())
        assert queries.standing(cards, window).rows != before
        db.session().close()
