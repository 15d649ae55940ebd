"""The shelf as people see it: residents at home, the desk with one tap."""

from __future__ import annotations

from sqlalchemy import select

from app.core import db
from app.notices.models import Letter
from app.swap.models import Claim, ShelfThing
from tests.browser_client import Reader, cold
from tests.swap.neighbours import Neighbours


def test_from_home_to_the_shelf_to_whoever_comes_for_it(marten: Neighbours, ruth: Reader, kemal: Reader, desk: Reader) -> None:
    ruth.get("/swap").link("I would like to bring something")
    ruth.click("I would like to bring something")
    assert ruth.submit("I bring it", title="", expect=422).errors.keys() == {"title", "kind"}
    ruth.submit("I bring it", title="Holzeisenbahn", kind="toy", about="24 Teile")
    assert "announced" in ruth.page.text and "Holzeisenbahn" not in kemal.get("/swap").text
    assert "One thing is announced for the shelf" in desk.get("/").text
    desk.get("/swap/desk")
    assert "Ruth Weber" in desk.page.text
    desk.submit("It is here: Holzeisenbahn")
    assert "Ruth Weber" not in desk.page.text
    kemal.get("/swap?kind=toy")
    kemal.submit("Set aside for me: Holzeisenbahn")
    assert any("until Fri, 27 Nov, 18:00" in each for each in kemal.page.html.text.split("\n"))
    page = ruth.get("/swap")
    assert "Kemal" not in page.body and page.has_button("Wait for it")
    desk.get("/swap/desk")
    assert "Kemal Yıldız" in desk.page.text
    desk.submit("Taken: Holzeisenbahn")
    assert "Kemal" not in desk.page.text and "1 came, 1 went" in desk.page.text
    desk.submit("Take back: Holzeisenbahn")
    assert "1 came, 0 went" in desk.page.text and marten.count(Claim) == 0
    assert "November 2026" in desk.get("/swap/counts").text


def test_one_tap_counts_once_however_often_it_is_sent(desk: Reader, marten: Neighbours) -> None:
    desk.get("/swap/desk")
    form, _ = desk.page.form("One thing went")
    values = {each["name"]: each["value"] for each in form.all("input")}
    for _ in range(3):
        desk.post("/swap/count", values)
    assert "0 came, 1 went" in desk.get("/swap/desk").text
    desk.submit("Take back")
    assert "0 came, 0 went" in desk.page.text
    desk.post("/swap/count", {"what": "swept"}, expect=422)


def test_what_the_house_cannot_take_is_declined_with_a_reason(marten: Neighbours, ruth: Reader, desk: Reader) -> None:
    ruth.get("/swap/bring")
    ruth.submit("I bring it", title="Angebrochener Tee", kind="other")
    desk.get("/swap/desk")
    desk.click("Decline")
    assert desk.submit("Decline", reason="", expect=422).errors.keys() == {"reason"}
    desk.submit("Decline", reason="Leider keine offenen Lebensmittel.")
    with marten.app.app_context():
        (letter,) = db.session().scalars(select(Letter))
        assert letter.person_id == marten.ruth and "keine offenen Lebensmittel" in letter.body
        assert db.session().scalars(select(ShelfThing)).one().announced_by_id is None


def test_strangers_look_and_residents_do_not_run_the_shelf(marten: Neighbours, ruth: Reader) -> None:
    book = marten.thing()
    stranger = Reader(marten.app)
    assert "Der Trafikant" in stranger.get("/swap").text and not stranger.page.has_button("Set aside")
    for path in ("/swap/desk", "/swap/counts", f"/swap/things/{book}/decline"):
        ruth.get(path, expect=404)
    for path in (f"/swap/things/{book}/take", f"/swap/things/{book}/accept", "/swap/count", "/swap/sweep"):
        ruth.post(path, {"what": "came"}, expect=404)
    claim = marten.claim(book, marten.kemal)
    ruth.post(f"/swap/claims/{claim}/give-up", expect=404)
    assert marten.state(book) == "lying" and marten.count(Claim) == 1
    ruth.post("/swap/things/4711/claim", expect=404)


def test_sweeping_ticks_what_has_lain_there_for_too_long(marten: Neighbours, desk: Reader) -> None:
    marten.thing("Vase", "household")
    with marten.app.app_context(), db.transaction() as session:
        session.scalars(select(ShelfThing)).one().lying_since = (
            session.scalars(select(ShelfThing)).one().lying_since.replace(month=9)
        )  # type: ignore[union-attr]
    assert "One thing can go to charity" in desk.get("/").text
    desk.get("/swap/desk")
    desk.submit("Goes to charity")
    assert "One thing goes to charity" in desk.page.body and "Here for more than" not in desk.page.text


def test_the_pages_ask_as_much_for_fifty_things_as_for_one(marten: Neighbours, desk: Reader, ruth: Reader) -> None:
    asked = []
    ruth.get("/swap"), desk.get("/swap/desk")
    for number in (1, 12):
        for each in range(number):
            thing = marten.thing(f"Buch {number} {each}")
            marten.claim(thing, marten.kemal) if not each % 4 else None
        with cold():
            ruth.get("/swap"), desk.get("/swap/desk")
        asked.append((ruth.queries, desk.queries))
    assert asked[0] == asked[1], asked


def test_beyond_the_cap_of_a_month_nothing_is_set_aside(marten: Neighbours, ruth: Reader) -> None:
    for number in range(10):
        marten.claim(marten.thing(f"Buch {number}"), marten.ruth)
    last = marten.thing("Das elfte Buch")
    ruth.get("/swap")
    ruth.submit("Set aside for me: Das elfte Buch", expect=409)
    assert "10 things a month" in ruth.page.text and marten.count(Claim) == 10 and marten.state(last) == "lying"
