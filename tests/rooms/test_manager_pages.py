"""The manager's pages: rooms, hours, prices and the house, as somebody with a browser uses them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import db, i18n
from app.core.policy import Role
from app.houses.models import House
from app.journal.models import JournalEntry
from app.offers import queries as offers
from app.offers.models import OpeningException, OpeningHours, Tariff
from app.rooms import queries, service
from app.rooms.models import Room
from tests.browser_client import Page, Reader
from tests.conftest import THURSDAY
from tests.makers import a_house, a_person
from tests.rooms.marten import BERLIN, MONDAY, Marten, book, found, signed_in, span

T = TypeVar("T")
TODAY = THURSDAY.date()
CHRISTMAS = date(2026, 12, 25)


@pytest.fixture
def manager(bare_app: Flask, marten: Marten) -> Reader:
    return signed_in(bare_app, marten.manager)


def look(app: Flask, ask: Callable[[], T]) -> T:
    """Look into the database between two requests."""
    with app.app_context(), i18n.speaking("en"):
        return ask()


def rows(app: Flask) -> list[Any]:
    """Everything the manager may change, to see that nothing has."""

    def ask() -> list[Any]:
        tables = (OpeningHours, OpeningException, Tariff, Room, House)
        asked = [select(*table.__table__.columns).order_by(table.id) for table in tables]
        return [tuple(row) for each in asked for row in db.session().execute(each)]

    return look(app, ask)


def use(app: Flask, marten: Marten, day: date) -> list[str]:
    spans = look(app, lambda: offers.open_days(marten.house, day, day, BERLIN)[day].use)
    return [f"{each.starts_at.astimezone(BERLIN):%H:%M}–{each.ends_at.astimezone(BERLIN):%H:%M}" for each in spans]


def hours_id(app: Flask, marten: Marten, weekday: int = 0, kind: str = "use") -> int:
    weekly = look(app, lambda: offers.weekly_hours(marten.house, TODAY))
    return next(row.id for row in weekly if (row.weekday, row.kind) == (weekday, kind))


# Hours -------------------------------------------------------------------------------------------------------------


def test_the_manager_reads_the_week_and_adds_hours_on_several_days_at_once(manager: Reader, marten: Marten) -> None:
    page = manager.get("/house/hours")
    assert page.h1 == "Opening hours"
    manager.at_most(6)
    mondays = [row.text for row in page.main.all("tr") if row.text.startswith("Monday")]
    assert [row.split()[1] for row in mondays] == ["10:00–18:00", "08:00–22:00", "–"]
    assert "Corpus Christi" in page.text and "Public holidays 2027" in page.text
    manager.get("/house/hours/new?kind=office")
    page = manager.submit(
        "Write down", weekdays=["3", "4"], opens="14:00", closes="17:00", weeks=["1", "3"], last_day="2027-06-30"
    )
    assert page.path == "/house/hours" and "The hours are written down." in page.alerts[0]
    assert page.text.count("14:00–17:00 h: end these hours first, third in the month · until 30 June 2027") == 2


def test_a_form_that_comes_back_keeps_what_was_typed(manager: Reader, marten: Marten) -> None:
    manager.get("/house/hours/new")
    page = manager.submit("Write down", kind="use", weekdays=["0"], opens="9:00", closes="11:00", expect=422)
    assert "already" in page.errors["opens"]
    assert page.main.one("input", name="opens")["value"] == "9:00"
    assert [each["value"] for each in page.main.all("input", name="weekdays") if "checked" in each] == ["0"]
    page = manager.submit("Write down", weekdays=[], expect=422)
    assert page.errors["weekdays"] == "Please choose at least one day."


def test_closing_the_house_leads_to_the_bookings_that_lie_there(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    booking = look(bare_app, lambda: book(marten.hall, span("18:00", "20:00"), marten.resident(), purpose="Wedding"))
    manager.get("/house/hours")
    manager.click("Close the house on some days")
    page = manager.submit("Close the house then", first="30.11.2026", last="2.12.2026", reason="Burst pipe")
    assert page.path.startswith("/rooms/affected")
    assert "One booking lies outside the hours" in page.text
    assert "18:00–20:00 h · Hall" in page.text and "Wedding" in page.text and "Burst pipe · Ayşe Yılmaz" in page.text
    assert page.link("Move")["href"] == f"/bookings/{booking}/change"
    assert page.link("Cancel")["href"] == f"/bookings/{booking}/cancel"
    page = manager.get("/house/hours")
    assert "Monday, 30 November 2026 to Wednesday, 2 December 2026" in page.text
    page = manager.click("Take away")
    assert "Burst pipe" in page.text
    page = manager.submit("Yes, take away")
    assert "No booking lies outside the hours" in page.text
    assert use(bare_app, marten, MONDAY) == ["08:00–22:00"]


def test_a_holiday_is_opened_anyway_with_the_usual_hours_filled_in(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    manager.get("/house/hours")
    page = manager.get("/house/days/open?day=2026-12-25")
    assert [page.main.one("input", name=name)["value"] for name in ("first", "opens", "closes", "reason")] == [
        "2026-12-25", "10:00", "18:00", "open on Christmas Day"
    ]  # fmt: skip
    manager.submit("Write down", closes="15:00")
    page = manager.get("/house/hours")
    assert "Friday, 25 December 2026 · 10:00–15:00 h open anyway" in page.text
    assert use(bare_app, marten, CHRISTMAS) == ["10:00–15:00"]


def test_weekly_hours_are_ended_from_a_day_on_and_lead_to_what_lies_outside(
    manager: Reader, bare_app: Flask, marten: Marten
) -> None:
    look(bare_app, lambda: book(marten.group, span("10:00", "12:00"), marten.resident()))
    hours = hours_id(bare_app, marten)
    page = manager.get(f"/house/hours/{hours}/end")
    assert "Monday, 08:00–22:00 h · Rooms may be used" in page.text
    assert "already over" in manager.submit(from_day="2026-11-01", expect=422).errors["from_day"]
    page = manager.submit(from_day="2026-11-30")
    assert "One booking lies outside the hours" in page.text
    manager.get(f"/house/hours/{2**31 - 1}/end", expect=404)


def test_without_hours_of_use_the_page_says_that_no_room_can_be_booked(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    with bare_app.app_context(), db.transaction():
        for row in db.session().scalars(select(OpeningHours).where(OpeningHours.kind == "use")):
            db.session().delete(row)
    assert "No room can be booked yet" in manager.get("/house/hours").alerts[0]


@pytest.mark.parametrize("days", ["", "?first=2026-13-01&last=x", "?first=2026-12-02&last=2026-12-01"])
def test_nonsense_days_are_a_clear_error(manager: Reader, marten: Marten, days: str) -> None:
    manager.get(f"/house/days/remove{days}", expect=422)
    manager.get("/rooms/affected?first=\x00&last=999999-01-01")
    manager.get("/house/days/open?day=0001-01-01")
    manager.post("/house/days/remove", {"first": "2026-11-30", "last": "🦄"}, expect=422)


def test_only_the_manager_decides_about_hours(
    desk: Reader, ayse: Reader, anonymous: Reader, bare_app: Flask, marten: Marten
) -> None:
    hours = hours_id(bare_app, marten)
    before = rows(bare_app)
    for path in ("/house/hours", "/house/hours/new", f"/house/hours/{hours}/end", "/house/days/close", "/house/days/open"):
        for who in (desk, ayse):
            who.get(path, expect=404)
        assert anonymous.get(path, follow=False, expect=303).response.headers["Location"].startswith("/sign-in")
    desk.post("/house/days/close", {"first": "2026-11-30", "reason": "Mine"}, expect=404)
    desk.post(f"/house/hours/{hours}/end", {"from_day": "2026-11-30"}, expect=404)
    assert rows(bare_app) == before
    assert desk.get("/rooms/affected").status == 200
    ayse.get("/rooms/affected", expect=404)


# Rooms -------------------------------------------------------------------------------------------------------------


def test_a_new_room_is_made_by_a_form_and_can_be_booked_at_once(
    manager: Reader, ayse: Reader, bare_app: Flask, marten: Marten
) -> None:
    manager.get("/house")
    manager.click("Rooms")
    manager.get("/rooms/manage")
    manager.at_most(7)
    manager.click("Add a room")
    page = manager.submit(
        "Add this room", name="Küche  im Hof", capacity=6, area_m2=16, features=["kitchen", "step_free"], rule="instant",
        before_minutes=15, after_minutes=30, step_minutes="60", min_minutes=60, max_minutes=240, only_when_open=True,
    )  # fmt: skip
    assert page.path == "/rooms/manage" and "Küche im Hof can now be booked" in page.alerts[0]
    room = look(bare_app, lambda: queries.room(marten.house, "kueche-im-hof"))
    assert room is not None
    assert (room.name, room.capacity, room.area_m2, room.features) == ("Küche im Hof", 6, 16, ("step_free", "kitchen"))
    assert (room.rule, room.step_minutes, room.only_when_open, room.tariff_code) == ("instant", 60, True, "room-kueche-im-hof")
    assert len(room.parts) == 1 and room.parts[0] not in {*marten.hall.parts, *marten.group.parts, *marten.quiet.parts}
    assert "Küche im Hof" in ayse.get("/rooms").text
    page = ayse.get("/rooms/kueche-im-hof/book?start=2026-11-30T11:00")
    ayse.submit("Book now", purpose="Cooking", people=3)
    assert "confirmed" in ayse.page.text


def test_a_room_comes_back_with_all_that_was_typed_and_the_reason(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    before = rows(bare_app)
    manager.get("/rooms/new")
    typed = {"name": "Attic", "capacity": 5, "min_minutes": 120, "max_minutes": 60, "features": ["wifi"]}
    page = manager.submit("Add this room", **typed, expect=422)
    assert "cannot be shorter" in page.errors["max_minutes"]
    assert page.main.one("input", name="name")["value"] == "Attic"
    assert [each["value"] for each in page.main.all("input", name="features") if "checked" in each] == ["wifi"]
    for values, field in [
        ({"name": "GROUP ROOM"}, "name"), ({"name": ""}, "name"), ({"name": "x" * 121}, "name"), ({"capacity": 0}, "capacity"),
        ({"capacity": "9" * 30}, "capacity"), ({"capacity": "many"}, "capacity"), ({"before_minutes": 481}, "before_minutes"),
        ({"after_minutes": -1}, "after_minutes"), ({"area_m2": "1.5"}, "area_m2"), ({"hold_days": 0}, "hold_days"),
        ({"ahead_days": 2000}, "ahead_days"), ({"step_minutes": "60", "max_minutes": 45, "min_minutes": 15}, "max_minutes"),
    ]:  # fmt: skip
        manager.get("/rooms/new")
        page = manager.submit("Add this room", **{"name": "Attic", "capacity": 5, **values}, expect=422)
        assert field in page.errors, values
    for name, value in [
        ("step_minutes", "20"), ("rule", "never"), ("features", "pool"), ("parts", "999999"), ("parts", "x"), ("name", "\x00"),
    ]:  # fmt: skip
        data = {"name": "Attic", "capacity": "5", "step_minutes": "30", "rule": "request", "hold_days": "5", "min_minutes": "30",
                "max_minutes": "60", "before_minutes": "0", "after_minutes": "0", "ahead_days": "365", name: value}  # fmt: skip
        manager.post("/rooms/new", data, expect=422)
    assert rows(bare_app) == before


def test_a_room_is_changed_and_keeps_its_address(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    page = manager.get("/rooms/gruppe/edit")
    assert page.main.one("input", name="name")["value"] == "Group room"
    page = manager.submit("Save", name="Schmechting", after_minutes=45, about="Two\r\nlines")
    assert "Schmechting has been changed." in page.alerts[0]
    room = look(bare_app, lambda: queries.room(marten.house, "gruppe"))
    assert room is not None and (room.name, room.after_minutes, room.about) == ("Schmechting", 45, "Two\nlines")
    assert room.parts == marten.group.parts


def test_a_divisible_room_is_made_of_the_parts_of_other_rooms(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    manager.get("/rooms/new")
    whole = [str(marten.group.parts[0]), str(marten.quiet.parts[0])]
    manager.submit("Add this room", name="Whole floor", capacity=30, parts=whole)
    look(bare_app, lambda: book(marten.group, span("10:00", "12:00"), marten.resident()))
    room = look(bare_app, lambda: queries.room(marten.house, "whole-floor"))
    assert room is not None and room.parts == (*marten.group.parts, *marten.quiet.parts)
    page = manager.get("/rooms/whole-floor?day=2026-11-30")
    assert "Group room" in page.text  # blocked by the booking of one of its parts
    page = manager.get("/rooms/gruppe/edit")
    page = manager.submit("Save", parts=[str(marten.quiet.parts[0])], expect=409)
    assert "One open booking still lies ahead." in page.errors["parts"]
    room = look(bare_app, lambda: queries.room(marten.house, "gruppe"))
    assert room is not None and room.parts == marten.group.parts


def test_a_room_goes_out_of_use_when_nothing_lies_ahead_and_may_come_back(
    manager: Reader, ayse: Reader, bare_app: Flask, marten: Marten
) -> None:
    booking = look(bare_app, lambda: book(marten.group, span("10:00", "12:00"), marten.resident()))
    page = manager.get("/rooms/gruppe/archive")
    assert "One open booking still lies ahead." in page.text and not page.has_button("Put out of use")
    manager.post("/rooms/gruppe/archive", expect=409)
    assert "still lies ahead" in manager.page.alerts[0]
    ayse.get(f"/bookings/{booking}/cancel")
    ayse.submit("Yes, cancel it")
    manager.get("/rooms/gruppe/archive")
    page = manager.submit("Put out of use")
    assert "Group room is out of use" in page.alerts[0]
    ayse.get("/rooms/gruppe", expect=404)
    assert "Group room" not in ayse.get("/rooms").text
    assert ayse.get(f"/bookings/{booking}").h1 == "Group room"
    manager.get("/rooms/manage")
    manager.submit("Use again")
    assert ayse.get("/rooms/gruppe").status == 200


def test_rooms_are_put_in_order(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    names = lambda: [room.name for room in look(bare_app, lambda: queries.rooms(marten.house))]  # noqa: E731
    assert names() == ["Hall", "Half east", "Half west", "Group room", "Quiet room"]
    manager.get("/rooms/manage")
    manager.submit("/rooms/gruppe/up")
    assert names() == ["Hall", "Half east", "Group room", "Half west", "Quiet room"]
    manager.post("/rooms/saal/up")
    assert names()[:2] == ["Hall", "Half east"]


def test_only_the_manager_decides_about_rooms_prices_and_the_house(
    desk: Reader, ayse: Reader, anonymous: Reader, bare_app: Flask, marten: Marten
) -> None:
    paths = (
        "/rooms/manage", "/rooms/new", "/rooms/gruppe/edit", "/rooms/gruppe/archive", "/house/prices", "/house/prices/gruppe",
        "/house",
    )  # fmt: skip
    before = rows(bare_app)
    for path in paths:
        for who in (desk, ayse):
            who.get(path, expect=404)
        assert anonymous.get(path, follow=False, expect=303).response.headers["Location"].startswith("/sign-in")
    for path in ("/rooms/new", "/rooms/gruppe/edit", "/rooms/gruppe/archive", "/rooms/gruppe/restore", "/rooms/gruppe/up",
                 "/house/prices/gruppe", "/house/prices/gruppe/withdraw", "/house"):  # fmt: skip
        desk.post(path, {"name": "Mine", "capacity": "3", "valid_from": "2026-12-01"}, expect=404)
    assert rows(bare_app) == before


def test_a_manager_of_another_house_decides_nothing_here(bare_app: Flask, marten: Marten) -> None:
    def other() -> int:
        return a_person("Olga", "Berg", (Role.MANAGER, a_house("eving", "Meile Eving")), language="en")

    olga = signed_in(bare_app, look(bare_app, other))
    hours = hours_id(bare_app, marten)
    for path in ("/rooms/gruppe/edit", "/house/prices/gruppe", "/house/hours", f"/house/hours/{hours}/end"):
        olga.get(path, expect=404)


def test_words_that_are_addresses_of_their_own_are_never_a_rooms_address(
    manager: Reader, bare_app: Flask, marten: Marten
) -> None:
    own = {
        rule.rule.split("/")[2]
        for rule in bare_app.url_map.iter_rules()
        if rule.rule.startswith("/rooms/") and not rule.rule.split("/")[2].startswith("<")
    }
    assert own == service.TAKEN_SLUGS
    for name in ("Manage", "New", "find"):
        manager.get("/rooms/new")
        manager.submit("Add this room", name=name, capacity=5)
        assert manager.get(f"/rooms/{name.lower()}-2").h1 == name


# Prices ------------------------------------------------------------------------------------------------------------


def set_prices(manager: Reader, slug: str = "gruppe", **values: Any) -> Page:
    manager.get(f"/house/prices/{slug}")
    return manager.submit("Set these prices", **values)


def test_new_prices_hold_from_a_day_on_and_the_old_ones_stay_readable(
    manager: Reader, ayse: Reader, bare_app: Flask, marten: Marten
) -> None:
    old = look(bare_app, lambda: book(marten.group, span("10:00", "12:00"), marten.resident()))
    page = manager.get("/house/prices")
    assert "€12.00 an hour" in page.text
    manager.at_most(6)
    page = set_prices(manager, valid_from="1.1.2027", price_c="14,50", least_c=120, price_d="30", unit_d="flat")
    assert "New prices for Group room from 1 January 2027 on" in page.alerts[0]
    assert "€12.00 an hourPrivate, such as a birthday · 1 January 2026 to 31 December 2026 now" in page.text
    assert "€14.50 an hour, at least 2 hPrivate, such as a birthday · from 1 January 2027 planned" in page.text
    assert "€30.00 flatBusiness · from 1 January 2027 planned" in page.text
    assert "new from 1 January 2027" in manager.get("/house/prices").text
    assert look(bare_app, lambda: found(old)).price_cents == 2400
    manager.get("/house/prices/gruppe")
    page = manager.submit("Take back")
    assert "are taken back" in page.alerts[0]
    assert [each.text for each in page.main.all("span", class_="pill")] == ["now", "now"]
    assert "€12.00 an hourPrivate, such as a birthday · from 1 January 2026 now" in page.text


def test_prices_that_hold_anyway_change_nothing(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    before = rows(bare_app)
    assert "Nothing has been changed" in set_prices(manager).alerts[0]
    assert rows(bare_app) == before


def test_a_price_that_is_no_price_comes_back_as_typed(manager: Reader, bare_app: Flask, marten: Marten) -> None:
    before = rows(bare_app)
    manager.get("/house/prices/gruppe")
    page = manager.submit("Set these prices", price_c="twelve", expect=422)
    assert page.errors["price_c"] == "Please write an amount such as 12.50."
    assert page.main.one("input", name="price_c")["value"] == "twelve"
    page = manager.submit("Set these prices", price_c="12", valid_from="2026-11-25", expect=422)
    assert "already over" in page.errors["valid_from"]
    page = manager.submit("Set these prices", valid_from="2026-12-01", price_a="", price_b="", price_c="", price_d="", expect=422)
    assert "At least one price" in page.alerts[0]
    manager.post("/house/prices/gruppe/withdraw", {"valid_from": "x"}, expect=422)
    manager.post("/house/prices/gruppe/withdraw", {"valid_from": "2026-01-01"}, expect=422)
    manager.post("/house/prices/gruppe/withdraw", {"valid_from": "2028-01-01"}, expect=422)
    assert rows(bare_app) == before


def test_a_room_without_a_price_gets_one(manager: Reader, ayse: Reader, marten: Marten) -> None:
    assert "free of charge for everybody" in manager.get("/house/prices").text
    page = set_prices(manager, "lernraum", price_a="0", price_c="4")
    assert "€4.00 an hour" in page.text and "free of charge" in page.text
    page = ayse.get("/rooms/lernraum")
    assert "€4.00 an hour" in page.text
    assert len(ayse.get("/rooms/lernraum/book").main.all("input", type="radio", name="tariff_class")) == 2


# The house ---------------------------------------------------------------------------------------------------------


def test_the_house_page_changes_name_and_address_and_every_way_from_it_opens(
    manager: Reader, bare_app: Flask, marten: Marten
) -> None:
    page = manager.get("/house")
    ways = [each["href"] for each in page.main.all("a", class_="card")]
    assert len(ways) == 7
    for way in ways:
        manager.get(way)
    manager.get("/house")
    page = manager.submit("Save", name="Meilenstein", street="Meile 1", phone="0231 471 100", email="hallo@example.org")
    assert page.path == "/house" and page.title.endswith("Meilenstein")
    assert "Meile 1, 44379 Dortmund" in page.html.text
    acts = look(bare_app, lambda: list(db.session().scalars(select(JournalEntry.act).where(JournalEntry.subject == "house"))))
    assert acts == ["house_changed"]
    page = manager.submit("Save", name="", email="nobody", phone="call me", expect=422)
    assert set(page.errors) == {"name", "email", "phone"}
    manager.post("/house", {"name": "x", "subdivision": "XX"}, expect=422)


def test_another_state_has_other_holidays_and_shows_what_now_lies_outside(
    manager: Reader, bare_app: Flask, marten: Marten
) -> None:
    reformation_day = date(2027, 10, 31)
    assert use(bare_app, marten, reformation_day) == ["08:00–22:00"]
    look(bare_app, lambda: book(marten.group, span("10:00", "12:00", reformation_day), marten.resident()))
    manager.get("/house")
    page = manager.submit("Save", subdivision="SN")
    assert page.path.startswith("/rooms/affected") and "Reformation Day" in page.text
    assert use(bare_app, marten, reformation_day) == []


# Readers see it ----------------------------------------------------------------------------------------------------


def test_whoever_holds_a_page_sees_each_of_these_acts_at_once(
    manager: Reader, anonymous: Reader, bare_app: Flask, marten: Marten
) -> None:
    def seen_now() -> list[tuple[str, str]]:
        """Tag and words of each page, for who holds the page before and for who has never seen it."""
        found = []
        for path in ("/rooms", "/rooms/gruppe"):
            anonymous.get(path)  # the first page of a session gets its secret
            page = anonymous.get(path)
            tag, words = page.response.headers["ETag"], page.main.text
            assert anonymous.get(path, If_None_Match=tag, expect=304).status == 304
            for name in [each for each in bare_app.extensions if each == "memory" or each.startswith("recent ")]:
                bare_app.extensions[name].clear()
            assert anonymous.get(path).main.text == words, f"{path} was drawn from an old memory"
            found.append((tag, words))
        return found

    def close() -> None:
        manager.get("/house/days/close")
        manager.submit("Close the house then", first="2027-08-01", last="2027-08-14", reason="Break")

    def add_hours() -> None:
        manager.get("/house/hours/new")
        manager.submit("Write down", kind="office", weekdays=["0"], opens="14:00", closes="15:00")

    def edit() -> None:
        manager.get("/rooms/lernraum/edit")
        manager.submit("Save", capacity=11)

    def address() -> None:
        manager.get("/house")
        manager.submit("Save", street="Meile 2")

    acts: list[Callable[[], Any]] = [
        close,
        lambda: manager.post("/house/days/remove", {"first": "2027-08-01", "last": "2027-08-14"}),
        lambda: manager.post("/house/days/open", {"first": "2026-12-25", "opens": "10:00", "closes": "12:00", "reason": "Open"}),
        add_hours,
        lambda: manager.post(f"/house/hours/{hours_id(bare_app, marten, 0, 'desk')}/end", {"from_day": "2027-01-01"}),
        lambda: set_prices(manager, price_c="15"),
        lambda: set_prices(manager, valid_from="2027-01-01", price_c="16"),
        lambda: manager.post("/house/prices/gruppe/withdraw", {"valid_from": "2027-01-01"}),
        edit,
        lambda: manager.post("/rooms/lernraum/up"),
        lambda: manager.post("/rooms/lernraum/archive"),
        lambda: manager.post("/rooms/lernraum/restore"),
        address,
    ]
    seen = [seen_now()]
    for act in acts:
        act()
        seen.append(seen_now())
    for page in zip(*seen, strict=True):
        assert len({tag for tag, _ in page}) >= len({words for _, words in page}) > 2
        for (tag, words), (later, changed) in itertools.pairwise(page):
            assert tag != later or words == changed, "what is seen has changed, and the tag has not"
