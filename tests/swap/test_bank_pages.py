"""The time bank as people see it: from an offer to hours on two accounts, and what the desk does on behalf of somebody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock, db
from app.core.errors import Invalid
from app.notices.models import Letter
from app.swap import jobs, queries, service
from app.swap.models import Hours, Listing, ListingState, Match, TimeAccount
from app.swap.queries import ListingFilter
from tests.browser_client import Reader, cold
from tests.conftest import THURSDAY
from tests.swap.neighbours import TODAY, H, Neighbours, found, sums_are_zero


def letters(house: Neighbours, person: int) -> list[str]:
    with house.app.app_context():
        return list(db.session().scalars(select(Letter.subject).where(Letter.person_id == person).order_by(Letter.id)))


def test_from_an_offer_to_hours_on_two_accounts(marten: Neighbours, kemal: Reader, ruth: Reader) -> None:
    kemal.get("/time")
    kemal.click("Join in")
    kemal.submit("Join in", expect=422)
    kemal.submit("Join in", accepted=True)
    assert "On it: 3 h" in kemal.page.text
    kemal.click("I offer something")
    wrong = {"title": "Hecke", "about": "Ruf an: 0231 / 55 50 17", "category": "garden", "languages": ["de", "tr"]}
    page = kemal.submit("Put it up", expect=422, **wrong)
    assert page.errors.keys() == {"about", "not_a_living"} and "telephone" in page.errors["about"]
    kemal.submit("Put it up", about="Ich habe eine gute Schere.", not_a_living=True)
    listing = kemal.page.path
    ruth.get(listing)
    assert "Kemal Y." in ruth.page.text and not ruth.page.has_button("Send"), "who does not take part cannot write"
    ruth.click("Join in")
    ruth.submit("Join in", accepted=True)
    ruth.get(listing)
    ruth.submit("Send", message="Meine Hecke ist zu hoch.")
    match = ruth.page.path
    for reader in (ruth, kemal):
        page = reader.get(match)
        assert "4711" not in page.body and "4712" not in page.body and "@example.org" not in page.main.text
        assert not page.has_link("Write hours down")
    assert "your answer is wanted" in kemal.get("/time/account").text
    kemal.get(match)
    kemal.submit("Yes, I agree")
    assert "4712" in kemal.page.text and "ruth@example.org" in kemal.page.text and "Ruth Weber" in kemal.page.text
    assert "4711" in ruth.get(match).text
    kemal.click("Write hours down")
    kemal.submit("Write it down", helped="me", minutes="90", on_day="26.11.2026", note="Hecke", material="4 € Benzin")
    hours = kemal.page.path
    assert not kemal.page.has_button("Yes, that is right")
    ruth.get(hours)
    ruth.submit("Yes, that is right")
    assert (marten.balance(marten.kemal), marten.balance(marten.ruth)) == (270, 90)
    assert "Help for Ruth Weber: Hecke" in kemal.get("/time/account").text and "+1 h 30 min" in kemal.page.text
    ruth.get(match)
    ruth.submit("End it")
    for reader in (ruth, kemal):
        assert "4711" not in reader.get(match).body and "4712" not in reader.page.body
    assert letters(marten, marten.kemal) == ["Somebody has answered you", "Credited", "It has ended"]
    assert letters(marten, marten.ruth) == ["Both of you agree", "Is that right?"]
    assert ruth.get(f"{hours}/slip.pdf").response.mimetype == "application/pdf"
    assert sums_are_zero(marten)


@pytest.mark.parametrize(
    "text",
    ["Ruf an: 0231 5550170", "+49 176 555 01 94", "kemal@example.org", "www.hecke.example", "Bärenbruch 7 ist zu klein, Musterstraße 12",
     "Am Wichernweg 4"],
)  # fmt: skip
def test_contact_and_addresses_are_kept_out_of_listings_and_answers(bank: Neighbours, text: str) -> None:
    for words in ({"about": text}, {"title": text}):
        with pytest.raises(Invalid):
            bank.listing(bank.kemal, **words)
    listing = bank.listing(bank.kemal, "Von 8 bis 12 Uhr", about="2 Stunden, 3 Mal im Monat, seit 2019, ab 60 Jahren")
    with pytest.raises(Invalid):
        bank.act(lambda: service.answer_listing(found(queries.listing(listing)), text, bank.actor(bank.ruth)))
    assert bank.count(Listing) == 1 and bank.count(Match) == 0


def test_listings_are_found_by_words_field_and_language(bank: Neighbours) -> None:
    garden = bank.listing(bank.kemal, "Hecke schneiden", about="Auch Büsche und Bäume.")
    talk = bank.listing(bank.ruth, "Türkisch üben", about="Beim Tee.", category="language", languages=("tr", "de"), kind="wish")

    def search(*wanted: str, **more: str) -> list[int]:
        return bank.look(lambda: [each.id for each in queries.listings(bank.house, ListingFilter(*wanted, **more))])

    assert search() == [talk, garden]
    assert search("buesche") == search("BÄUME hecke") == search("busche") == [garden]
    assert search("turkisch") == search(language="tr") == search(kind="wish") == search(category="language") == [talk]
    assert search("hecke", language="tr") == search("100%_") == []
    page = bank.signed_in(bank.amal).get("/time?q=Buesche&kind=nonsense&language=xx")
    assert "Hecke schneiden" in page.text and "Türkisch" not in page.text


def test_listings_lapse_gently_with_three_notices_and_come_back_with_one_tap(bank: Neighbours) -> None:
    listing = bank.listing(bank.kemal)
    told = []
    for days in (75, 76, 77, 83, 84, 89, 89, 90, 91):
        with clock.stopped_at(THURSDAY + timedelta(days=days)), bank.app.app_context():
            told.append(jobs.end_listings())
    assert told == [f"{number} told, {ended} lapsed, 0 messages forgotten" for number, ended in
                    ((0, 0), (1, 0), (0, 0), (1, 0), (0, 0), (1, 0), (0, 0), (0, 1), (0, 0))]  # fmt: skip
    assert letters(bank, bank.kemal) == ["Does it still hold?"] * 3 + ["It is not shown any more"]
    assert bank.one_listing(listing).state == ListingState.LAPSED
    with clock.stopped_at(THURSDAY + timedelta(days=95)):
        with pytest.raises(service.ListingClosed):
            bank.match(listing, bank.ruth)
        ruth = bank.signed_in(bank.ruth)
        assert not ruth.get(f"/time/listings/{listing}").has_button("Send") and "Hecke" not in ruth.get("/time").text
        ruth.post(f"/time/listings/{listing}/answer", {"message": "Gilt das noch?"}, expect=409)
        kemal = bank.signed_in(bank.kemal)
        kemal.get("/time/account")
        kemal.submit("Renew: Hecke schneiden")
        assert "Hecke" in ruth.get("/time").text
    changed = bank.one_listing(listing)
    assert changed.lapses_on == TODAY + timedelta(days=185) and changed.notices == 0
    with clock.stopped_at(THURSDAY + timedelta(days=184)), bank.app.app_context():
        assert jobs.end_listings().startswith("1 told, 0 lapsed"), "what was missed is not made up one by one"


def test_what_two_wrote_is_forgotten_long_after_it_has_ended(bank: Neighbours) -> None:
    listing = bank.listing(bank.kemal)
    ended, going_on = bank.match(listing, bank.ruth), bank.match(listing, bank.amal)
    bank.act(lambda: service.end_match(found(queries.match(ended)), bank.actor(bank.ruth)))
    with clock.stopped_at(THURSDAY + timedelta(days=91)), bank.app.app_context():
        assert jobs.end_listings().endswith("1 messages forgotten")
    assert bank.look(lambda: [found(queries.match(each)).message for each in (ended, going_on)]) == [
        "",
        "Das kann ich gut brauchen.",
    ]
    assert "wrote" not in bank.signed_in(bank.ruth).get(f"/time/matches/{ended}").text


def test_whose_offer_the_desk_takes_down_is_told(bank: Neighbours, desk: Reader) -> None:
    listing = bank.listing(bank.kemal)
    desk.get(f"/time/listings/{listing}")
    desk.submit("Take it down")
    assert bank.one_listing(listing).state == ListingState.ENDED and letters(bank, bank.kemal) == ["It is not shown any more"]


def test_care_and_children_are_told_to_whoever_coordinates(bank: Neighbours) -> None:
    bank.listing(bank.kemal)
    assert letters(bank, bank.manager) == []
    bank.listing(bank.kemal, "Kinder nach der Schule", category="children")
    bank.listing(bank.kemal, "Spazieren mit Rollstuhl", category="company", careful=True)
    assert letters(bank, bank.manager) == ["Something to look at in the time bank"] * 2


def test_the_desk_does_everything_on_behalf_of_somebody(marten: Neighbours, desk: Reader) -> None:
    for person in (marten.kemal, marten.ruth):
        desk.get(f"/time/join?for={person}")
        desk.submit("Join in", accepted=True)
        assert "On it: 3 h" in desk.page.text
    desk.get(f"/time/new?for={marten.ruth}")
    desk.submit("Put it up", kind="wish", title="Einkauf tragen", about="Dritter Stock.", category="errands", languages=["de"])
    with marten.app.app_context():
        assert db.session().scalars(select(Listing)).one().person_id == marten.ruth
    desk.get("/time/desk/hours")
    values = {"on_day": "2026-11-26", "minutes": "120", "category": "errands"}
    page = desk.submit("Write it down", giver=str(marten.ruth), taker=str(marten.ruth), expect=422, **values)
    assert "two different people" in page.text and marten.count(Hours) == 0
    desk.submit("Write it down", giver=str(marten.kemal), taker=str(marten.ruth), said_by="both", **values)
    assert "credited" in desk.page.text and marten.balance(marten.ruth) == H
    desk.get("/time/desk/hours")
    desk.submit("Write it down", giver=str(marten.kemal), taker=str(marten.ruth), said_by="taker", **values)
    with marten.app.app_context():
        waiting = db.session().scalars(select(Hours).where(Hours.state == "booked")).one()
        assert waiting.asked_id == marten.kemal
    desk.submit("Credit it", minutes="60")
    assert marten.balance(marten.ruth) == 0
    assert "Kemal Yıldız" in desk.get("/time/desk?q=yildiz").text and "Ruth Weber" not in desk.page.text
    desk.get("/time/desk/group")
    desk.submit("Credit everybody", note="Gartentag", people=[str(marten.ruth), str(marten.kemal)], minutes="120")
    assert marten.balance(marten.ruth) == 2 * H and sums_are_zero(marten)
    manager = marten.signed_in(marten.manager)
    with marten.app.app_context():
        account = found(queries.account_of(marten.house, marten.ruth)).id
    manager.get(f"/time/accounts/{account}")
    manager.click("Correct")
    manager.submit("Correct it", reason="Der Tag war ein anderer.")
    assert marten.balance(marten.ruth) == 0 and marten.balance(marten.kemal) == 6 * H
    assert "corrected" in manager.get(f"/time/accounts/{account}").text
    desk.get(f"/time/accounts/{account}")
    assert not desk.page.has_link("Correct")
    desk.click("Leaves the time bank")
    desk.submit("Yes, leave")
    with marten.app.app_context():
        assert found(db.session().get(TimeAccount, account)).closed_at is not None


def test_a_member_sees_what_is_theirs_and_nothing_else(bank: Neighbours, kemal: Reader) -> None:
    with bank.app.app_context():
        ruths = found(queries.account_of(bank.house, bank.ruth)).id
    listing = bank.listing(bank.ruth)
    match, hours = bank.match(listing, bank.amal), bank.hours(bank.amal, bank.ruth)
    for path in ("/time/desk", "/time/desk/hours", "/time/desk/group", f"/time/accounts/{ruths}", f"/time/accounts/{ruths}/leave",
                 f"/time/matches/{match}", f"/time/hours/{hours}", f"/time/hours/{hours}/slip.pdf", f"/time/listings/{listing}/change"):  # fmt: skip
        kemal.get(path, expect=404)
    for verb in ("confirm", "dispute", "change", "drop", "settle", "wish-pot", "grant-pot"):
        kemal.post(f"/time/hours/{hours}/{verb}", {"minutes": "60", "pot": "60", "reason": "so nicht"}, expect=404)
    for path in (f"/time/matches/{match}/agree", f"/time/matches/{match}/end", f"/time/listings/{listing}/renew",
                 f"/time/listings/{listing}/end", "/time/desk/group"):  # fmt: skip
        kemal.post(path, expect=404)
    stranger = Reader(bank.app)
    assert stranger.get("/time").path.startswith("/sign-in") and "Hecke" not in stranger.page.body
    kemal.get("/time/new?for=" + str(bank.ruth))
    kemal.submit("Put it up", kind="wish", title="Für mich selbst", about="Nicht für Ruth.", category="other", languages=["de"])
    with bank.app.app_context():
        assert db.session().scalars(select(Listing).order_by(Listing.id.desc())).first().person_id == bank.kemal  # type: ignore[union-attr]


def test_disputes_come_to_the_desk_and_are_settled_there(bank: Neighbours, kemal: Reader, ruth: Reader, desk: Reader) -> None:
    hours = bank.hours(bank.kemal, bank.ruth)
    ruth.get(f"/time/hours/{hours}")
    assert ruth.submit("Tell the desk", reason="", expect=422).errors.keys() == {"reason"}
    ruth.submit("Tell the desk", reason="Es war nur eine Stunde.")
    ruth.post(f"/time/hours/{hours}/confirm", expect=409)
    assert "Es war nur eine Stunde." in kemal.get(f"/time/hours/{hours}").text
    assert "One booking of hours is disputed" in desk.get("/").text
    kemal.submit("Change", minutes="60")
    assert "disputed" not in desk.get("/").text
    ruth.get(f"/time/hours/{hours}")
    ruth.submit("Yes, that is right")
    assert bank.balance(bank.ruth) == 2 * H
    kemal.post(f"/time/hours/{hours}/drop", expect=409)
    kemal.get("/time/account")
    assert kemal.submit("Give", minutes="480", expect=422).errors.keys() == {"minutes"}
    kemal.submit("Give", minutes="60")
    assert bank.balance(bank.kemal) == 3 * H and sums_are_zero(bank)


def test_the_pages_ask_as_much_for_many_as_for_few(bank: Neighbours, desk: Reader, kemal: Reader) -> None:
    asked = []
    paths = ((kemal, "/time"), (kemal, "/time/account"), (desk, "/time/desk"), (desk, "/"))
    for reader, path in paths:
        reader.get(path)
    for _ in range(2):
        for number in range(4):
            listing = bank.listing(bank.kemal, f"Angebot {number}")
            bank.match(listing, bank.ruth)
            bank.hours(bank.kemal, bank.ruth, 15, signed=bool(number % 2))
        counts = []
        with cold():
            for reader, path in paths:
                reader.get(path)
                counts.append(reader.queries)
        asked.append(counts)
    assert asked[0] == asked[1], asked
