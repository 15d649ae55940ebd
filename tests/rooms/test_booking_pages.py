"""Booking through pages: as a resident on a phone, as the desk for somebody, as a stranger, and with nonsense."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from app.core import clock, db
from app.core.policy import Role
from app.journal.models import JournalEntry
from app.notices.models import Letter
from app.occupancy.models import Occupancy
from app.people import service as people_service
from app.people.models import Person
from app.rooms import queries, service
from app.rooms.models import Booking, State
from tests.browser_client import Page, Reader, cold
from tests.makers import a_house, a_person
from tests.rooms.marten import MONDAY, Marten, book, do, found, signed_in, span


@pytest.fixture
def inside(bare_app: Flask, marten: Marten) -> Any:
    """Run something in an application context of its own, so that no page shares it."""

    def run(act: Any) -> Any:
        with bare_app.app_context():
            return act()

    return run


def fill(reader: Reader, room: str = "gruppe", expect: int = 200, **more: Any) -> Page:
    """Open the form of a room and send it; a Monday morning unless told otherwise."""
    reader.get(f"/rooms/{room}/book")
    values = {"day": MONDAY.isoformat(), "starts": "10:00", "ends": "12:00", "purpose": "Choir practice", "people": "4", **more}
    return reader.submit(f"/rooms/{room}/book", expect=expect, **values)


def number(page: Page) -> int:
    found_number = re.search(r"/bookings/(\d+)$", page.path)
    assert found_number is not None, page.path
    return int(found_number[1])


def rows() -> tuple[int, ...]:
    """How much the house holds: nothing may be written by what is refused."""
    tables = (Booking, Occupancy, Letter, Person, JournalEntry)
    return tuple(db.session().scalar(select(func.count()).select_from(table)) or 0 for table in tables)


# A resident ----------------------------------------------------------------------------------------------------------


def test_a_resident_books_in_three_taps_from_the_day(ayse: Reader, anonymous: Reader) -> None:
    ayse.get(f"/rooms?day={MONDAY}")
    ayse.click("Quiet room, Monday, 30 November, 10:00–11:00 h, free")
    assert [ayse.page.html.one("input", name=name)["value"] for name in ("day", "starts", "ends")] == [
        "2026-11-30",
        "10:00",
        "11:00",
    ]
    page = ayse.submit("Book now", purpose="Homework")
    assert page.h1 == "Quiet room" and "confirmed" in page.text and "10:00–11:00 h" in page.html.text
    assert page.alerts
    assert "Homework" in ayse.get("/bookings").text
    shown = anonymous.get(f"/rooms?day={MONDAY}").text
    assert "booked" in shown and "Homework" not in shown


def test_a_wish_waits_for_the_desk_and_says_until_when(ayse: Reader) -> None:
    page = fill(ayse)
    assert "asked for" in page.text and "The desk answers by" in page.text
    assert page.has_link("Change") and page.has_link("Cancel") and not page.has_button("Confirm")


def test_a_taken_time_comes_back_with_everything_typed_and_with_ways_out(ayse: Reader, jan: Reader, inside: Any) -> None:
    fill(ayse, tariff_class="A")
    before = inside(rows)
    page = fill(jan, expect=409, starts="12:00", ends="14:00", purpose="Schach & Tee <3", people="7", tariff_class="A")
    assert inside(rows) == before
    assert page.main.one("input", name="purpose")["value"] == "Schach & Tee <3"
    assert page.main.one("input", name="people")["value"] == "7"
    nearest = [link for link in page.main.all("a") if "12:15–14:15" in link.text]
    assert nearest, page.alerts
    assert any(link.text == "Quiet room" for link in page.main.all("a"))
    jan.click(nearest[0].text)
    assert [jan.page.main.one("input", name=name)["value"] for name in ("starts", "ends", "purpose", "people")] == [
        "12:15", "14:15", "Schach & Tee <3", "7"
    ]  # fmt: skip
    assert "asked for" in jan.submit("/rooms/gruppe/book").text


def test_the_price_is_shown_before_and_one_in_the_post_is_ignored(ayse: Reader, inside: Any) -> None:
    ayse.get("/rooms/gruppe/book?start=2026-11-30T10:00")
    assert "€12.00" in ayse.page.main.one("div", id="price").text
    ayse.post(
        "/rooms/gruppe/book",
        {"day": "2026-11-30", "starts": "10:00", "ends": "12:00", "purpose": "Chess", "people": "4", "tariff_class": "C",
         "price": "0", "price_cents": "1", "state": "confirmed", "firm": "y", "anyway": "y", "booked_for": "3", "who": "Somebody",
         "origin": "import", "lapses_at": ""},
    )  # fmt: skip
    booking = inside(lambda: queries.booking(number(ayse.page)))
    assert (booking.price_cents, booking.state, booking.origin, booking.booked_for_id) == (2400, State.WISHED, "page", 1)
    assert inside(lambda: db.session().scalar(select(func.count()).select_from(Person))) == 6


def test_a_resident_changes_and_cancels_a_booking(ayse: Reader, inside: Any) -> None:
    booking_id = number(fill(ayse, "lernraum"))
    ayse.click("Change")
    page = ayse.submit(f"/bookings/{booking_id}/change", ends="11:00", purpose="Reading")
    assert "10:00–11:00 h" in page.html.text and "Reading" in page.text
    ayse.click("Cancel")
    assert inside(lambda: queries.booking(booking_id)).state == State.CONFIRMED
    page = ayse.submit("Yes, cancel it", reason="I am ill.")
    assert "cancelled" in page.text and "I am ill." in page.text
    assert not page.has_link("Change")
    page = ayse.get(f"/bookings/{booking_id}/cancel")
    assert "already closed" in page.text and not page.has_button("Yes, cancel it")


def test_an_extension_waits_and_the_page_says_that_the_old_time_stays(ayse: Reader, desk: Reader, inside: Any) -> None:
    booking_id = number(fill(ayse))
    desk.get("/wishes")
    desk.submit(f"/bookings/{booking_id}/confirm")
    ayse.get(f"/bookings/{booking_id}/change")
    page = ayse.submit(f"/bookings/{booking_id}/change", ends="14:00")
    assert "10:00–14:00 h" in page.text and "stays as it is" in page.text
    assert inside(lambda: queries.booking(booking_id)).span == span("10:00", "12:00")
    assert "Until now" in desk.get("/wishes").text
    desk.submit(f"/bookings/{booking_id}/confirm")
    assert inside(lambda: queries.booking(booking_id)).span == span("10:00", "14:00")


def test_a_change_that_does_not_work_leaves_the_booking_and_what_was_typed(ayse: Reader, jan: Reader, inside: Any) -> None:
    booking_id = number(fill(ayse, "lernraum"))
    fill(jan, "lernraum", starts="13:00", ends="14:00")
    ayse.get(f"/bookings/{booking_id}/change")
    page = ayse.submit(f"/bookings/{booking_id}/change", expect=409, ends="13:30", purpose="Longer")
    assert page.main.one("input", name="purpose")["value"] == "Longer" and "Your booking is as it was." in page.text
    assert inside(lambda: queries.booking(booking_id)).purpose == "Choir practice"


# The desk: scenarios 11 and 17 ---------------------------------------------------------------------------------------


def test_the_desk_books_for_a_woman_without_e_mail_by_name_in_one_form_and_prints_a_slip(desk: Reader, inside: Any) -> None:
    desk.get(f"/rooms?day={MONDAY}")
    desk.click("Group room, Monday, 30 November, 10:00–11:00 h, free")
    before = inside(rows)
    page = desk.submit("/rooms/gruppe/book", expect=422, who="Erna Wischnewski", purpose="Birthday", people="12")
    assert inside(rows) == before, "the person is written down only with the booking"
    assert page.main.one("input", name="purpose")["value"] == "Birthday"
    page = desk.submit("Book now", booked_for="new")
    assert "Erna Wischnewski" in page.text and "confirmed" in page.text
    booking = inside(lambda: queries.booking(number(page)))
    assert (booking.booked_for.given_name, booking.created_by_id, booking.origin) == ("Erna", 3, "desk")
    letter = inside(lambda: db.session().scalars(select(Letter).order_by(Letter.id.desc())).first())
    assert (letter.way, letter.person_id) == ("letter", booking.booked_for_id)
    desk.click("Print a slip")
    assert desk.page.response.mimetype == "application/pdf"
    words = " ".join(page_.extract_text() for page_ in PdfReader(io.BytesIO(desk.page.response.data)).pages)
    words = " ".join(words.split())
    for told in ("Erna Wischnewski", "Birthday", "Group room"):
        assert told in words
    assert f"{booking.id:06}" in words.replace(" ", "")


def test_the_desk_finds_somebody_known_and_books_for_them(bare_app: Flask, marten: Marten, desk: Reader, inside: Any) -> None:
    def index() -> None:
        with db.transaction() as session:
            for person in session.scalars(select(Person)):
                people_service.index_person(person)

    inside(index)
    desk.get("/rooms/lernraum/book?start=2026-11-30T10:00")
    page = desk.submit("/rooms/lernraum/book", expect=422, who="Yilm", purpose="Homework")
    assert page.main.one("input", id=f"for-{marten.ayse}")["value"] == str(marten.ayse)
    page = desk.submit("Book now", booked_for=str(marten.ayse))
    booking = inside(lambda: queries.booking(number(page)))
    assert (booking.booked_for_id, booking.created_by_id) == (marten.ayse, marten.desk)


def test_the_desk_must_name_somebody(desk: Reader, inside: Any) -> None:
    before = inside(rows)
    page = fill(desk, expect=422)
    assert "who" in page.errors
    assert inside(rows) == before


def test_the_second_to_decide_is_told_who_was_first(ayse: Reader, desk: Reader, colleague: Reader) -> None:
    booking_id = number(fill(ayse))
    for reader in (desk, colleague):
        reader.get("/wishes")
    desk.submit(f"/bookings/{booking_id}/confirm")
    page = colleague.submit(f"/bookings/{booking_id}/confirm", expect=409)
    assert "Sevgi Aydın has already decided" in page.text
    page = colleague.post(f"/bookings/{booking_id}/refuse", {"reason": "No room."}, expect=409)
    assert "Sevgi Aydın has already decided" in page.text


def test_refusing_needs_a_sentence_that_the_person_reads(ayse: Reader, desk: Reader, inside: Any) -> None:
    booking_id = number(fill(ayse))
    desk.get("/wishes")
    desk.click("Refuse")
    assert "reason" in desk.submit(f"/bookings/{booking_id}/refuse", expect=422, reason=" ").errors
    desk.submit(f"/bookings/{booking_id}/refuse", reason="We clean on that day.")
    assert "We clean on that day." in ayse.get(f"/bookings/{booking_id}").text
    letter = inside(lambda: db.session().scalars(select(Letter).where(Letter.occasion.contains("refused"))).one())
    assert "We clean on that day." in letter.body


def test_wishes_stand_beside_their_rivals(ayse: Reader, jan: Reader, desk: Reader) -> None:
    fill(ayse, "saal", purpose="Wedding")
    fill(jan, "saal", purpose="Dance night", starts="11:00", ends="13:00")
    page = desk.get("/wishes")
    cards = [card.text for card in page.main.all("section", class_="card")]
    assert len(cards) == 2 and all("Wedding" in card and "Dance night" in card for card in cards)
    assert all("Somebody else wants this time" in card for card in cards)


# Strangers, links, scanners ------------------------------------------------------------------------------------------


def test_a_stranger_looks_but_is_asked_to_sign_in_to_book(anonymous: Reader, marten: Marten) -> None:
    for path in (
        "/rooms",
        f"/rooms?day={MONDAY}",
        "/rooms/gruppe",
        "/rooms/find",
        "/rooms/find?people=30&minutes=120&feature=quiet",
    ):
        anonymous.get(path)
    for path in ("/rooms/gruppe/book", "/bookings", "/wishes"):
        assert anonymous.get(path, expect=303, follow=False).response.headers["Location"].startswith("/sign-in?next=")


def test_nobody_sees_or_touches_the_booking_of_another(
    ayse: Reader, jan: Reader, volunteer: Reader, anonymous: Reader, inside: Any
) -> None:
    booking_id = number(fill(ayse, "lernraum", purpose="Private matter"))
    ways = (
        f"/bookings/{booking_id}",
        f"/bookings/{booking_id}/change",
        f"/bookings/{booking_id}/cancel",
        f"/bookings/{booking_id}/slip.pdf",
    )
    for reader in (jan, volunteer):
        for path in ways:
            page = reader.get(path, expect=404)
            assert "Private matter" not in page.body
        for path, values in (
            (f"/bookings/{booking_id}/cancel", {}),
            (
                f"/bookings/{booking_id}/change",
                {"day": "2026-11-30", "starts": "10:00", "ends": "11:00", "purpose": "Mine", "people": "1"},
            ),
            (f"/bookings/{booking_id}/confirm", {}),
            (f"/bookings/{booking_id}/refuse", {"reason": "No."}),
        ):
            reader.post(path, values, expect=404)
    for path in ways:
        assert anonymous.get(path, expect=303, follow=False).response.headers["Location"].startswith("/sign-in")
    assert inside(lambda: queries.booking(booking_id)).purpose == "Private matter"


def test_the_desk_of_another_house_sees_no_names_here(bare_app: Flask, marten: Marten, ayse: Reader, inside: Any) -> None:
    def make() -> int:
        other = a_house("eving", "Eving", position=1)
        return a_person("Fremde", "Theke", (Role.DESK, other), language="en")

    stranger = signed_in(bare_app, inside(make))
    booking_id = number(fill(ayse, "lernraum", purpose="Private matter"))
    for path in (f"/rooms?day={MONDAY}", f"/rooms/lernraum?day={MONDAY}"):
        page = stranger.get(path)
        assert "booked" in page.text and "Private matter" not in page.text and "Yılmaz" not in page.text
    stranger.get(f"/bookings/{booking_id}", expect=404)
    stranger.get("/wishes", expect=404)


def test_a_scanner_that_opens_every_link_changes_nothing(ayse: Reader, desk: Reader, inside: Any) -> None:
    wish, firm = number(fill(ayse)), number(fill(ayse, "lernraum"))
    before = inside(rows)
    for reader in (ayse, desk):
        seen: set[str] = set()
        waiting = [
            "/bookings",
            "/wishes" if reader is desk else "/rooms",
            f"/bookings/{wish}",
            f"/bookings/{firm}",
            f"/bookings/{wish}/confirm",
        ]
        while waiting and len(seen) < 60:
            path = waiting.pop()
            if path in seen or path.startswith(("/static", "#", "mailto", "tel", "http")):
                continue
            seen.add(path)
            response = reader.client.get(path, headers=reader.headers)
            assert response.status_code in (200, 303, 405), f"{path}: {response.status_code}"
            if response.mimetype == "text/html":
                waiting += re.findall(
                    r'(?:href|formaction|action)="(/(?:bookings|wishes|rooms/[a-z-]+/book|calendar)[^"]*)"', response.text
                )
        assert len(seen) > 8
    assert inside(rows) == before
    assert [inside(lambda each=each: queries.booking(each)).state for each in (wish, firm)] == [State.WISHED, State.CONFIRMED]


def test_a_post_without_the_secret_of_the_page_does_nothing(ayse: Reader, inside: Any) -> None:
    booking_id = number(fill(ayse, "lernraum"))
    ayse.post(f"/bookings/{booking_id}/cancel", {}, token=False, expect=400)
    ayse.post(f"/bookings/{booking_id}/cancel", {"csrf_token": "x" * 40}, expect=400)
    ayse.post(f"/bookings/{booking_id}/cancel", {}, expect=403, Sec_Fetch_Site="cross-site")
    assert inside(lambda: queries.booking(booking_id)).state == State.CONFIRMED


def test_a_double_tap_books_once(ayse: Reader, inside: Any) -> None:
    ayse.get("/rooms/lernraum/book?start=2026-11-30T10:00")
    first = ayse.page
    one = ayse.submit("Book now", purpose="Homework", follow=False, expect=303).response.headers["Location"]
    ayse.page = first
    two = ayse.submit("Book now", purpose="Homework", follow=False, expect=303).response.headers["Location"]
    assert one == two
    assert inside(lambda: db.session().scalar(select(func.count()).select_from(Booking))) == 1


# Nonsense ------------------------------------------------------------------------------------------------------------

LONG = "ä" * 5_000
BAD: list[tuple[str, str]] = [
    ("day", ""), ("day", "gestern"), ("day", "2026-02-30"), ("day", "99999-01-01"), ("day", "0001-01-01"), ("day", LONG), ("day", "\x00"),
    ("starts", ""), ("starts", "25:00"), ("starts", "-1"), ("starts", "10:61"), ("starts", LONG),
    ("ends", ""), ("ends", "24:30"), ("ends", "zwölf"), ("ends", "10:00"), ("ends", "09:00"),
    ("purpose", ""), ("purpose", " \t "), ("purpose", "x"), ("purpose", LONG), ("purpose", "\u202e\u200f"), ("purpose", "\x00\x00"),
    ("people", ""), ("people", "0"), ("people", "-5"), ("people", "19"), ("people", "9" * 400), ("people", "vier"), ("people", "4.5"),
    ("people", "1e3"), ("tariff_class", ""), ("tariff_class", "Z"), ("tariff_class", LONG), ("tariff_class", "B"),
    ("organisation", "999"), ("organisation", "-1"), ("organisation", "x"), ("organisation", "9" * 30),
]  # fmt: skip
GOOD = {
    "day": "2026-11-30",
    "starts": "10:00",
    "ends": "12:00",
    "purpose": "Chess",
    "people": "4",
    "tariff_class": "C",
    "organisation": "",
}


def test_nonsense_in_any_field_is_told_at_the_field_and_the_rest_is_kept(ayse: Reader, inside: Any) -> None:
    before = inside(rows)
    for name, value in BAD:
        page = ayse.post("/rooms/gruppe/book", {**GOOD, name: value}, expect=422, follow=False)
        # Somebody without a group is not asked for one, so only the top of the page can say it.
        assert name in page.errors or (name == "organisation" and page.alerts), f"{name}={value[:20]!r}: {page.errors}"
        for other in {"day", "starts", "ends", "purpose", "people"} - {name}:
            assert page.main.one("input", name=other)["value"] == GOOD[other], f"{name}={value[:20]!r} lost {other}"
        if value.isprintable() and name in {"day", "starts", "ends", "people"}:
            assert page.main.one("input", name=name)["value"] == value.strip(), f"{name}={value[:20]!r} is not shown again"
    assert inside(rows) == before
    assert "asked for" in ayse.post("/rooms/gruppe/book", GOOD).text


def test_nonsense_when_changing_is_told_at_the_field(ayse: Reader, inside: Any) -> None:
    booking_id = number(fill(ayse))
    for name, value in BAD:
        if name in {"tariff_class", "organisation"}:
            continue
        page = ayse.post(f"/bookings/{booking_id}/change", {**GOOD, name: value}, expect=422, follow=False)
        assert name in page.errors, f"{name}={value[:20]!r}: {page.errors}"
    booking = inside(lambda: queries.booking(booking_id))
    assert (booking.purpose, booking.span, booking.people, booking.version) == ("Choir practice", span("10:00", "12:00"), 4, 1)


@pytest.mark.parametrize("value", ["999", "-1", "0", "9" * 30, "x", "\x00", LONG, "١"])
def test_the_desk_cannot_book_for_somebody_who_does_not_exist(desk: Reader, inside: Any, value: str) -> None:
    before = inside(rows)
    page = desk.post("/rooms/gruppe/book", {**GOOD, "booked_for": value}, expect=422)
    assert "who" in page.errors
    assert inside(rows) == before


def test_nonsense_in_addresses_is_a_page_that_opens_or_is_not_found(anonymous: Reader, ayse: Reader, marten: Marten) -> None:
    odd = [
        "",
        "x",
        "2026-02-30",
        "0000-00-00",
        "99999-12-31",
        "9" * 300,
        "%00",
        "-1",
        "2026-11-30T25:00",
        "2026-11-30T10:00%2B99:00",
        "%F0%9F%92%A9",
    ]
    for value in odd:
        anonymous.get(f"/rooms?day={value}")
        anonymous.get(f"/rooms/gruppe?day={value}")
        anonymous.get(f"/rooms/find?day={value}&people={value}&minutes={value}&feature={value}")
        ayse.get(f"/rooms/gruppe/book?start={value}")
        ayse.get(
            f"/rooms/gruppe/book?start={value}&for={value}&purpose={value}&people={value}&day={value}&starts={value}&ends={value}"
        )
        assert (
            ayse.client.get(
                f"/rooms/gruppe/price?day={value}&starts={value}&ends={value}&tariff_class={value}&organisation={value}"
            ).status_code
            == 200
        )
    for path in (
        "/rooms/nowhere",
        "/rooms/%00",
        f"/rooms/{'x' * 500}",
        "/bookings/0",
        "/bookings/99999",
        f"/bookings/{9**40}",
        "/calendar/nonsense.ics",
    ):
        assert ayse.get(path, expect=404).h1


def test_a_room_that_is_out_of_use_cannot_be_booked(marten: Marten, ayse: Reader, inside: Any) -> None:
    def archive() -> None:
        with db.transaction():
            room = queries.managed_room(marten.house, "gruppe")
            assert room is not None
            service.archive_room(room, marten.at_desk(marten.manager))

    ayse.get("/rooms/gruppe/book")
    inside(archive)
    ayse.post("/rooms/gruppe/book", GOOD, expect=404)


# How much is asked of the database -----------------------------------------------------------------------------------


def test_pages_ask_the_same_number_of_times_with_one_booking_and_with_a_hundred(
    bare_app: Flask, marten: Marten, ayse: Reader, desk: Reader, anonymous: Reader, inside: Any
) -> None:
    def fill_house(first: int, last: int) -> None:
        for index in range(first, last):
            day = MONDAY + timedelta(days=index // 4)
            slot = ("08:00", "10:00", "12:00", "14:00")[index % 4]
            ends = f"{int(slot[:2]) + 1:02}:00"
            book(marten.quiet, span(slot, ends, day), marten.resident())
            book(marten.hall, span(slot, ends, day), marten.resident(), purpose=f"Wish {index}")

    def asked() -> dict[str, int]:
        counts = {}
        for name, reader, path in (
            ("day", anonymous, f"/rooms?day={MONDAY}"),
            ("day of the desk", desk, f"/rooms?day={MONDAY}"),
            ("week", anonymous, f"/rooms/lernraum?day={MONDAY}"),
            ("week of the hall", desk, f"/rooms/saal?day={MONDAY}"),
            ("search", anonymous, f"/rooms/find?day={MONDAY}"),
            ("wishes", desk, "/wishes"),
            ("my bookings", ayse, "/bookings"),
            ("form", ayse, "/rooms/lernraum/book"),
        ):
            reader.get(path)
            with cold():
                reader.get(path)
            counts[name] = reader.queries
        return counts

    inside(lambda: fill_house(0, 1))
    few = asked()
    inside(lambda: fill_house(1, 50))
    assert asked() == few
    assert max(few.values()) <= 14, few


def test_my_bookings_lists_mine_coming_and_past(bare_app: Flask, marten: Marten, ayse: Reader, inside: Any) -> None:
    def make() -> None:
        book(marten.quiet, span("10:00", "12:00"), marten.resident(), purpose="Mine coming")
        book(marten.quiet, span("14:00", "16:00"), marten.resident(marten.jan), purpose="Of Jan")
        gone = book(marten.quiet, span("18:00", "19:00"), marten.resident(), purpose="Mine gone")
        do(service.cancel_booking, gone, "", marten.resident())
        with clock.stopped_at(clock.now() - timedelta(days=20)):
            book(marten.quiet, span("10:00", "12:00", date(2026, 11, 10)), marten.resident(), purpose="Mine past")

    inside(make)
    page = ayse.get("/bookings")
    cards = {card.one("h2").text: card.text for card in page.main.all("section", class_="card") if card.all("h2")}
    assert "Mine coming" in cards["Coming"] and "Mine gone" not in cards["Coming"]
    assert "Mine past" in cards["Past and cancelled"] and "Mine gone" in cards["Past and cancelled"]
    assert "Of Jan" not in page.body
    assert inside(lambda: found(1).purpose) == "Mine coming"
