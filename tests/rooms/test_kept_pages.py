"""Pages drawn once for many readers: nobody is ever shown what is another's, or what was."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.accounts.models import RoleGrant
from app.core import db, memory
from app.core.policy import Role
from app.rooms.models import Booking
from tests.browser_client import Reader
from tests.rooms.marten import MONDAY, Marten, book, signed_in, span

DAY, WEEK = f"/rooms?day={MONDAY}", f"/rooms/gruppe?day={MONDAY}"


def html(reader: Reader, path: str) -> str:
    response = reader.client.get(path, headers=reader.headers)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def past_the_program(app: Flask, statement: Any) -> None:
    """As another program writes: no version, no stamp, no event."""
    with app.app_context(), db.db.engines["writer"].begin() as other:
        other.execute(statement)


@pytest.mark.parametrize("path", [DAY, WEEK])
def test_each_reader_sees_their_own_whoever_opened_the_page_first(
    anonymous: Reader, ayse: Reader, jan: Reader, desk: Reader, bare_app: Flask, marten: Marten, path: str
) -> None:
    with bare_app.app_context():
        mine = book(marten.group, span("10:00", "12:00"), marten.resident(), purpose="Secret of Ayse")
        book(marten.group, span("14:00", "15:00"), marten.at_desk(), marten.desk, purpose="Open chess", purpose_public=True)
    readers = {"anonymous": anonymous, "ayse": ayse, "jan": jan, "desk": desk}
    for order in (list(readers), list(reversed(readers))):
        for kept in [name for name in bare_app.extensions if name.startswith("recent ")]:
            bare_app.extensions[kept].clear()
        for _ in range(2):  # drawn, and from memory
            shown = {name: html(readers[name], path) for name in order}
            assert all("Open chess" in page for page in shown.values())
            assert [name for name in order if "Secret of Ayse" in shown[name]] == [
                name for name in order if name in ("ayse", "desk")
            ]
            assert f"/bookings/{mine}" in shown["ayse"] and f"/bookings/{mine}" not in shown["jan"]
            assert "Jan" in shown["jan"] and "Jan" not in shown["ayse"] and "Jan" not in shown["anonymous"]
            assert not any("\0" in page for page in shown.values())
            tokens = {page.partition('name="csrf_token" value="')[2][:64] for page in shown.values()}
            assert len(tokens) == len(readers), "two browsers were given the same form secret"


def test_who_loses_a_role_loses_its_view(desk: Reader, bare_app: Flask, marten: Marten) -> None:
    with bare_app.app_context():
        book(marten.group, span("10:00", "12:00"), marten.resident(), purpose="Secret of Ayse")
    assert "Secret of Ayse" in html(desk, DAY)
    past_the_program(bare_app, update(RoleGrant).where(RoleGrant.role == Role.DESK).values(role=Role.RESIDENT))
    assert "Secret of Ayse" not in html(desk, DAY)


@pytest.mark.parametrize("path", [DAY, WEEK])
def test_what_another_program_changes_is_seen_at_once(bare_app: Flask, marten: Marten, path: str) -> None:
    from app.people.models import Person

    desk = signed_in(bare_app, marten.desk)
    with bare_app.app_context():
        booking = book(marten.group, span("10:00", "12:00"), marten.resident(), purpose="Tea")
    assert "Tea" in html(desk, path)
    past_the_program(bare_app, update(Booking).where(Booking.id == booking).values(purpose="Coffee", version=Booking.version))
    assert "Coffee" in html(desk, path) and "Tea ·" not in html(desk, path)
    past_the_program(bare_app, update(Person).where(Person.id == marten.ayse).values(family_name="Demir"))
    assert "Demir" in html(desk, path)


def test_only_the_room_that_changed_is_drawn_anew(anonymous: Reader, bare_app: Flask, marten: Marten) -> None:
    from app.rooms.views import grid

    html(anonymous, DAY)
    drawn: list[str] = []
    real = grid._cells

    def counting(*values: Any) -> Any:
        drawn.append("row")
        return real(*values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "_cells", counting)
        html(anonymous, DAY)
        assert drawn == []
        with bare_app.app_context():
            book(marten.group, span("10:00", "12:00"), marten.resident())
        assert 'class="c"' in html(anonymous, DAY)
        assert drawn == ["row"]


def test_the_shelves_do_not_grow_without_end(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(memory.SHELVES, "pieces", 10)
    for each in range(35):
        assert memory.recent("pieces", each, lambda each=each: each + 1) == each + 1  # type: ignore[misc]
    assert list(app.extensions["recent pieces"]) == list(range(25, 35))


def test_a_proven_cookie_is_not_believed_under_another_key(ayse: Reader, bare_app: Flask, marten: Marten) -> None:
    ayse.get("/bookings")
    cookie = ayse.client.get_cookie(bare_app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    ayse.client.set_cookie(cookie.key, cookie.value[:-3] + ("AAA" if cookie.value[-3:] != "AAA" else "BBB"))
    assert ayse.client.get("/bookings").status_code in (302, 303, 401), "a forged cookie was believed"
    ayse.client.set_cookie(cookie.key, cookie.value)
    assert ayse.client.get("/bookings").status_code == 200
    before, bare_app.secret_key = bare_app.secret_key, "another key altogether"
    try:
        assert ayse.client.get("/bookings").status_code in (302, 303, 401)
    finally:
        bare_app.secret_key = before


def test_a_holiday_is_named_in_each_readers_language(anonymous: Reader, marten: Marten) -> None:
    for language, name in (("de", "Neujahr"), ("en", "New Year"), ("de", "Neujahr")):
        with anonymous.client.session_transaction() as session:
            session["language"] = language
        assert name in html(anonymous, "/rooms?day=2027-01-01")
