"""The desk looks after things by pages: add, price, photograph, test, label, retire; the manager sets classes and terms."""

from __future__ import annotations

import io
from datetime import date

import pytest
from flask import Flask
from PIL import Image

from app.core import db
from app.core.media import Media
from app.core.policy import Role
from app.library import queries
from app.library.models import Piece
from app.people.service import index_everybody
from tests.browser_client import Reader
from tests.library.leihladen import Leihladen, do, piece, read
from tests.makers import a_person
from tests.rooms.marten import signed_in


@pytest.fixture(autouse=True)
def findable(laden: Leihladen) -> None:
    do(index_everybody)


@pytest.fixture
def manager(app: Flask, laden: Leihladen) -> Reader:
    return signed_in(app, a_person("Miriam", "Sander", (Role.MANAGER, laden.house), language="en"))


@pytest.fixture
def desk(app: Flask, laden: Leihladen) -> Reader:
    return signed_in(app, laden.desk)


def a_photo() -> bytes:
    """As a telephone takes it: turned, and with the place in it."""
    picture, file = Image.new("RGB", (2000, 1000), "navy"), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()


def test_from_a_class_to_a_thing_in_the_catalogue(manager: Reader, laden: Leihladen) -> None:
    manager.get("/library/classes/new")
    page = manager.submit("Add this class", name="Sound", loan_days="20", longest_days="10", expect=422)
    assert "cannot be shorter" in page.errors["longest_days"]
    manager.submit("Add this class", longest_days="30", test_months="12", late_fee="1,50", late_cap="20")
    manager.get("/library/things/new")
    sound = next(
        option["value"] for option in manager.page.main.one("select", name="class_id").all("option") if option.text == "Sound"
    )
    page = manager.submit("Add this thing", name="Karaoke", class_id=sound, notice="Quiet after ten.", replacement="220")
    assert page.h1 == "Add pieces: Karaoke"
    page = manager.submit("Write down", place="Office", origin="gift", who="Ruth", donor_named=True)
    assert "lent once it has passed a safety test" in page.alerts[0]
    assert not page.has_button("Checked: onto the shelf")
    number = read(lambda: queries.piece_lines(laden.house, queries.Wanted(state="offered"))[0].id)
    page = manager.click("Write a test down")
    page = manager.submit("Write down", passed="yes", tester="D. Kolb", qualification="Electrician", on_day="26.11.2026")
    assert "Passed. The next test is due on Friday, 26 November 2027." in page.alerts[0]
    page = manager.submit("Checked: onto the shelf")
    assert "can be lent now" in page.alerts[0] and piece(number).intake == "stocked"
    thing = piece(number).thing_id
    manager.get(f"/library/things/{thing}")
    page = manager.submit("Set the price", fee="8", deposit="60")
    assert "The new price is written down." in page.alerts[0]
    page = manager.submit("Keep this photo", photo=(io.BytesIO(a_photo()), "IMG.jpg"))
    assert "removed from it" in page.alerts[0]
    (media,) = read(lambda: list(db.session().query(Media)))
    kept = Image.open(io.BytesIO(media.content))
    assert kept.size == (640, 1280) and not kept.getexif() and kept.format == "WEBP"
    answer = manager.client.get(f"/media/{media.digest}-small.webp")
    assert answer.mimetype == "image/webp" and "immutable" in answer.headers["Cache-Control"]
    manager.get("/media/" + "0" * 64 + ".webp", expect=404)
    page = Reader(manager.app).get("/things/karaoke")
    assert "8.00" in page.text and "Given by Ruth Sommer. Thank you." in page.text and media.digest in page.body
    manager.get("/library/terms")
    manager.submit("Write down", wording="Bring it back clean.")
    assert "Bring it back clean." in manager.get("/library/terms").text


def test_the_days_work_on_a_shelf(desk: Reader, laden: Leihladen) -> None:
    thing = laden.thing("Tent", "0001", "0002", piece={"condition": "wash"})
    second = thing.pieces[1]
    desk.get("/library/things?state=wash")
    page = desk.submit("Washed: Tent 0001")
    assert "is clean and can be lent again" in page.alerts[0] and page.path.endswith("state=wash")
    desk.get(f"/library/pieces/{second}")
    page = desk.submit("Washed")
    page = desk.submit("Add the part", name="Peg", count="8", replacement="2")
    assert "8 × Peg" in page.text
    page = desk.submit("One is missing: 8 × Peg")
    assert "1 missing" in page.text
    page = desk.submit("All there: 8 × Peg")
    page = desk.submit("Remove: 8 × Peg")
    assert "does not belong to it any more" in page.alerts[0]
    page = desk.post(
        f"/library/pieces/{second}/condition", {"condition": "repair", "note": "Pole", "fit_on": "2026-11-01"}, expect=422
    )
    assert "This day must lie ahead." in page.text and piece(second).condition == "fine"
    desk.get(f"/library/pieces/{second}")
    desk.click("Retire")
    desk.submit("Retire", reason="", expect=422)
    page = desk.submit("Retire", reason="Torn")
    assert "Retired on" in page.text and "Torn" in page.text
    page = desk.submit("Lend again")
    assert piece(second).retired_at is None and page.has_button("Checked")


def test_something_offered_is_decided_about(desk: Reader, laden: Leihladen) -> None:
    thing = laden.thing("Cot", "0001")
    a_person("Ruth", "Sommerfeld")
    do(index_everybody)
    desk.get(f"/library/things/{thing.id}")
    desk.click("Somebody offers one")
    page = desk.submit("Write down", who="Ruth", note="Please no name", expect=422)
    assert "Several people fit" in page.errors["person"]
    page = desk.submit("Write down", person=str(laden.ruth))
    assert "Decide whether the house takes it." in page.alerts[0]
    desk.click("Decline")
    page = desk.submit("Decline", reason="We have enough of them.")
    assert "We have enough of them." in page.text
    desk.get("/library/things/1/pieces/new?offered=1")
    desk.submit("Write down", who="Nobody at all", expect=422)
    page = desk.submit("Write down", who="")
    page = desk.submit("The house takes it")
    page = desk.submit("Checked: onto the shelf")
    assert "can be lent now" in page.alerts[0]
    desk.post(f"/library/pieces/{thing.pieces[0]}/accept", expect=409)


def test_labels_and_test_sheets_are_paper_and_hold_no_names(desk: Reader, laden: Leihladen) -> None:
    electric = laden.a_class("Electric", test_months=6)
    laden.thing("Drill", "0147", class_id=electric, piece={"test_due_on": date(2026, 12, 1)})
    page = desk.get("/library/tests")
    assert "Electric" in page.text and "1 Dec" in page.text, page.text
    for path in (
        "/library/tests.pdf",
        "/library/labels.pdf",
        "/library/labels.pdf?shape=cord&start=5&piece=1",
        "/library/labels.pdf?piece=999",
    ):
        answer = desk.client.get(path)
        assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    page = desk.get("/library/labels?state=test")
    assert "Nothing fits" in page.text
    desk.get("/library/labels")
    page_of = desk.client.get("/library/labels.pdf?start=0&shape=round")
    assert page_of.status_code == 200, "nonsense in the address prints an ordinary sheet"


def test_lists_ask_the_same_however_much_there_is(desk: Reader, laden: Leihladen) -> None:
    thing = laden.thing("Drill", "0001")
    desk.get("/library/things")
    few = desk.queries
    laden.thing("Chair", *(f"{n:04}" for n in range(100, 170)))
    page = desk.get("/library/things")
    assert desk.queries == few and page.has_link("Next")
    desk.click("Next")
    desk.get("/library/things?q=0169")
    assert "0169" in desk.page.text and "0168" not in desk.page.text
    desk.get(f"/library/things/{thing.id}")
    desk.at_most(14)
    desk.get("/library/things?state=nonsense&class=x&page=-1")
    assert read(lambda: db.session().get(Piece, thing.pieces[0])) is not None
