"""The catalogue for residents: found with typing errors, three taps to a reservation, never anybody's name."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert

from app.core import clock, db
from app.library import queries, service
from app.library.models import Condition, Piece, Thing, ThingGram
from app.library.queries import Asked
from app.occupancy.models import Resource
from tests.browser_client import Element, Page, Reader
from tests.conftest import THURSDAY
from tests.library.leihladen import Leihladen, do, read
from tests.library.test_things import whole
from tests.makers import MadeThing, a_part
from tests.rooms.marten import signed_in

TODAY = THURSDAY.date()
MONDAY = date(2026, 11, 30)


def indexed(laden: Leihladen, name: str, number: str, **more: object) -> MadeThing:
    """A thing the search knows."""
    made = laden.thing(name, number, **more)

    def act() -> None:
        thing = queries.managed_thing(laden.house, made.id)
        assert thing is not None
        service.change_thing(
            thing, service.ThingRequest(thing.name, thing.class_id, keywords=thing.keywords, counted=thing.counted), laden.at_desk
        )

    do(act)
    return made


def cards(page: Page) -> list[Element]:
    return [link for link in page.main.all("a") if link["class"] == "card thing"]


def names(page: Page) -> list[str]:
    return [card.one("strong").text for card in cards(page)]


@pytest.fixture
def shelf(laden: Leihladen) -> list[MadeThing]:
    return [
        indexed(laden, "Akkuschrauber", "0001", keywords="Bohrmaschine Bohrer", fee=300, deposit=3000),
        indexed(laden, "Nähmaschine", "0002"),
        indexed(laden, "Küchenwaage", "0003", piece={"condition": Condition.WASH}),
        indexed(laden, "Rollator", "0004"),
    ]


@pytest.mark.parametrize(
    ("typed", "things"),
    [
        ("naehmaschine", ["Nähmaschine"]),
        ("Nahmashine", ["Nähmaschine"]),
        ("maschine", ["Akkuschrauber", "Nähmaschine"]),
        ("bohrmaschiene", ["Akkuschrauber"]),
        ("kuchenwage", ["Küchenwaage"]),
        ("akku schrauber", ["Akkuschrauber"]),
        ("werkzeug rollator", ["Rollator"]),
        ("xylophon", []),
        ("'; --", None),
    ],
)
def test_things_are_found_with_umlauts_and_typing_errors(
    laden: Leihladen, shelf: list[MadeThing], typed: str, things: list[str] | None
) -> None:
    found = read(lambda: [card.name for card in queries.catalogue(laden.house, Asked(typed)).cards])
    assert found == things if things is not None else len(found) == 4, typed


def test_the_catalogue_narrows_pages_and_asks_the_same_however_much_there_is(
    app: Flask, laden: Leihladen, shelf: list[MadeThing]
) -> None:
    reader = Reader(app)
    page = reader.get("/things")
    few = reader.queries
    assert page.h1 == "Lending library"
    assert names(page) == [
        "Akkuschrauber", "Küchenwaage", "Nähmaschine", "Rollator"
    ]  # fmt: skip
    assert "3.00 · deposit" in page.text and "free of charge" in page.text
    assert "from Thu, 26 Nov" in page.text, "washed by the next open day"
    assert "Küchenwaage" not in reader.get("/things?now=1").main.text
    assert "Akkuschrauber" not in reader.get("/things?free=1").main.text
    assert "Nothing fits" in reader.get("/things?class=999").text
    with db.transaction() as session:
        for start in range(0, 600, 300):
            things = [
                {
                    "house_id": laden.house,
                    "class_id": laden.tools,
                    "slug": f"t{n}",
                    "name": f"Thing {n:04}",
                    "version": 1,
                    "created_at": THURSDAY,
                }
                for n in range(start, start + 300)
            ]
            session.execute(insert(Thing), things)
        ids = [row[0] for row in session.query(Thing.id).filter(Thing.slug.like("t%")).order_by(Thing.id)]
        session.execute(insert(Resource), [{"house_id": laden.house, "kind": "piece", "name": "x"} for _ in ids])
        parts = [row[0] for row in session.query(Resource.id).order_by(Resource.id.desc()).limit(len(ids))]
        session.execute(
            insert(Piece),
            [
                {"house_id": laden.house, "thing_id": one, "number": f"N{one}", "resource_id": part, "version": 1}
                for one, part in zip(ids, parts, strict=True)
            ],
        )
        session.execute(insert(ThingGram), [{"gram": "-thing", "thing_id": one} for one in ids])
    page = reader.get("/things")
    reader.at_most(few)  # the same of 600 things as of 4
    assert len(cards(page)) == 24
    second = reader.click("Next")
    assert names(second)[:2] == ["Thing 0020", "Thing 0021"]
    back = reader.click("Previous")
    assert [link.text for link in back.main.all("a")] == [link.text for link in page.main.all("a")]
    reader.get("/things?q=thing")
    reader.at_most(few + 1)
    assert reader.click("Next").path.endswith("page=2")


def test_three_taps_from_the_calendar_to_a_reservation_and_back(app: Flask, laden: Leihladen, shelf: list[MadeThing]) -> None:
    ayse = signed_in(app, laden.ayse)
    a_part(shelf[0].pieces[0], "Battery", count=2)
    page = ayse.get("/things/akkuschrauber-0001")
    assert page.h1 == "Akkuschrauber" and "2 × Battery" in page.text and "7 days, 21 at the longest" in page.text
    day = next(link for link in page.main.all("a") if "Monday, 30 November, one free" in link.text)
    page = ayse.get(day["href"])
    assert page.h1 == "Reserve: Akkuschrauber" and "3.00" in page.text and "Mon, 7 Dec, 17:00" in page.text
    page = ayse.submit("Reserve", return_on="2026-12-02")
    assert page.path == "/me/things" and "Reserved. Pick it up on Monday, 30 November" in page.alerts[0]
    assert "back by Wed, 2 Dec, 17:00" in page.text
    jan = signed_in(app, laden.jan)
    page = jan.get("/things/akkuschrauber-0001")
    assert "Monday, 30 November, nothing free" in page.text and "Thursday, 3 December, one free" in page.text
    page = jan.get("/things/akkuschrauber-0001/reserve?day=2026-11-30")
    assert "It is reserved then." in page.text and page.link("Thu, 3 Dec to Thu, 10 Dec")
    assert "Ayşe" not in page.body and "Yilmaz" not in page.body, "nobody reads who has it"
    page = ayse.get("/me/things")
    page = ayse.click("Cancel")
    page = ayse.submit("Yes, cancel")
    assert "Cancelled. Akkuschrauber is free for others again." in page.alerts[0]


def test_what_somebody_has_is_renewed_by_them_and_by_nobody_else(app: Flask, laden: Leihladen, shelf: list[MadeThing]) -> None:
    (line,) = laden.lend(shelf[1].pieces[0], to=laden.ayse)
    jan = signed_in(app, laden.jan)
    jan.get("/me/things")
    jan.post(f"/me/things/loans/{line}/renew", expect=404)
    ayse = signed_in(app, laden.ayse)
    page = ayse.get("/me/things")
    assert "no. 0002 · bring it back by Thu, 3 Dec, 17:00" in page.text
    page = ayse.submit("Renew the loan")
    assert "Renewed. Please bring it back by Thu, 10 Dec, 17:00" in page.alerts[0]
    assert not page.has_button("Renew the loan")
    kept = laden.reserve(shelf[0], MONDAY)
    jan.get(f"/me/things/reservations/{kept}/cancel", expect=404)
    jan.post(f"/me/things/reservations/{kept}/cancel", expect=404)


def test_what_has_not_come_back_is_not_offered_and_who_waits_is_told_how_many_come_first(
    app: Flask, laden: Leihladen, shelf: list[MadeThing]
) -> None:
    with clock.stopped_at(THURSDAY - timedelta(days=12)):
        laden.lend(shelf[3].pieces[0], to=laden.jan)
    page = Reader(app).get("/things/rollator-0004")
    assert "Weber" not in page.body and "Nothing is free in these weeks" in page.text
    ayse, ruth = signed_in(app, laden.ayse), signed_in(app, laden.ruth)
    for reader in (ayse, ruth):
        reader.get("/things/rollator-0004/reserve?day=2026-11-30")
        told = "It has not come back yet, although it should have." if reader is ayse else "Others are waiting for it"
        assert told in reader.page.text
        reader.submit("Join the queue")
    assert "you are next" in ayse.get("/me/things").text
    assert "one person comes first" in ruth.page.text
    assert "2 people wait for it" in Reader(app).get("/things/rollator-0004").text
    page = ruth.submit("Wait no more")
    assert "You have borrowed nothing" in page.text


def test_a_reservation_at_risk_says_so_and_leads_to_other_days(app: Flask, laden: Leihladen, shelf: list[MadeThing]) -> None:
    laden.reserve(shelf[1], MONDAY)
    do(lambda: service.set_condition(whole(laden, shelf[1].pieces[0]), Condition.REPAIR, laden.at_desk, fit_on=date(2026, 12, 3)))
    ayse = signed_in(app, laden.ayse)
    page = ayse.get("/me/things")
    assert "at risk" in page.text
    page = ayse.click("Other days")
    assert page.path.startswith("/things/nähmaschine-0002/reserve") or "reserve" in page.path
    assert page.link("Thu, 3 Dec to Thu, 10 Dec")


def test_a_label_leads_staff_to_the_piece_and_everybody_else_to_the_thing(
    app: Flask, laden: Leihladen, shelf: list[MadeThing]
) -> None:
    stranger = Reader(app)
    assert stranger.get("/p/1").path == "/things/akkuschrauber-0001"
    assert signed_in(app, laden.desk).get("/p/0001").path == f"/library/pieces/{shelf[0].pieces[0]}"
    stranger.get("/p/0777", expect=404)
    stranger.get("/things/nothing", expect=404)
    for path in ("/library/things", "/library/classes", "/library/labels.pdf", f"/library/pieces/{shelf[0].pieces[0]}"):
        assert stranger.get(path).path.startswith("/sign-in")
        signed_in(app, laden.ayse).get(path, expect=404)
    signed_in(app, laden.desk).get("/library/classes", expect=404)


def test_programs_read_things_and_how_many_are_free_on_each_day(app: Flask, laden: Leihladen, shelf: list[MadeThing]) -> None:
    client = app.test_client()
    listed = client.get("/api/v1/things?q=naehmashine").get_json()
    assert [each["slug"] for each in listed["items"]] == ["nähmaschine-0002"] and listed["next"] is None
    laden.reserve(shelf[0], MONDAY)
    one = client.get("/api/v1/things/akkuschrauber-0001").get_json()
    assert (one["fee_cents"], one["deposit_cents"], one["pieces"], one["available_now"]) == (300, 3000, 1, True)
    days = {each["day"]: each["free"] for each in one["days"]}
    assert days["2026-11-30"] == 0 and days["2026-12-08"] == 1 and "2026-12-06" not in days
    assert client.get("/api/v1/things/nothing").status_code == 404
    assert client.get("/api/v1/things?cursor=x").status_code == 422
