"""The desk's pages of people, and everyone's own."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask

from app.core.policy import Role
from app.people import queries
from app.people.models import Person
from tests.browser_client import Reader
from tests.makers import a_house, a_person, an_organisation
from tests.people.acting import known


@pytest.fixture
def desk(app: Flask, reader: Reader) -> Reader:
    house = a_house()
    return reader.sign_in_as(a_person("Jana", "Krüger", (Role.DESK, house), language="en"))


@pytest.fixture
def english(app: Flask, reader: Reader) -> Reader:
    """Somebody without any role, not signed in yet."""
    a_house()
    return reader


def person(person_id: int) -> Person:
    found = queries.person(person_id)
    assert found is not None
    return found


def named(name: str) -> list[int]:
    return [line.id for line in queries.search_people(name)]


def test_the_list_shows_everybody_and_the_search_finds_them(desk: Reader) -> None:
    gerda = known("Gerda Müller", phone="0231 4711", street="Am Markt 1")
    known("Ali Kaya")
    page = desk.get("/people")
    desk.at_most(5)
    assert "Gerda Müller" in page.text and "Ali Kaya" in page.text and "3 people are known here." in page.text
    page = desk.submit("/people", q="mulerr gerda")
    assert "Gerda Müller" in page.text and "Ali Kaya" not in page.text and "0231 4711 · Am Markt 1" in page.text
    assert desk.click("Gerda Müller").path == f"/people/{gerda}"


def test_a_long_list_goes_on_page_by_page(desk: Reader) -> None:
    for at in range(53):
        a_person(f"Vorname{at:02}", f"Name{at:02}")
    page = desk.get("/people")
    assert "Name00" in page.text and "Name52" not in page.text
    assert "Name52" in desk.click("More").text
    desk.at_most(6)


def test_nobody_found_offers_to_write_somebody_down(desk: Reader) -> None:
    page = desk.get("/people?q=Oksana+Bondarenko")
    assert "Nobody found for “Oksana Bondarenko”" in page.text
    page = desk.get(page.html.all("a", class_="kern-btn--primary")[-1]["href"])
    form, _ = page.form("Save")
    assert (form.one("input", name="given_name")["value"], form.one("input", name="family_name")["value"]) == (
        "Oksana",
        "Bondarenko",
    )


@pytest.mark.parametrize("query", ["%00", "%", "a%00b", "'", "<script>", "%F0%9F%99%82", "x" * 3000, "%ED%A0%80", "="])
def test_nonsense_in_the_search_box_is_answered(desk: Reader, query: str) -> None:
    desk.get(f"/people?q={query}")
    desk.get(f"/people/choose?q={query}&next=//evil.example")
    desk.get("/people?after=9999999999999999999999")
    desk.get("/people?after=-1")


def test_a_name_is_enough_at_the_counter(desk: Reader) -> None:
    desk.get("/people/new")
    page = desk.submit("Save", given_name="Gerda")
    assert page.h1 == "Gerda" and "Gerda is written down." in page.alerts[0]


def test_all_that_is_said_at_the_counter_is_kept(desk: Reader) -> None:
    desk.get("/people/new")
    page = desk.submit(
        "Save", given_name="Gerda", family_name="Müller", phone="0231/4711 08", email="G@Example.org", contact_by="phone",
        language="en", street="Am Markt 1", postcode="44379", city="Dortmund", tariff_class="B", desk_note="Klingel defekt",
    )  # fmt: skip
    for words in (
        "0231 4711 08",
        "g@example.org",
        "Am Markt 1, 44379 Dortmund",
        "by telephone",
        "English",
        "B · non-profit",
        "Klingel defekt",
    ):
        assert words in page.text, words
    desk.at_most(14)


def test_somebody_similar_is_shown_before_saving_and_nothing_typed_is_lost(desk: Reader) -> None:
    first = known("Gerda Müller", phone="0231 4711")
    desk.get("/people/new")
    page = desk.submit("Save", given_name="Greda", family_name="Mueller", phone="0231 4711", city="Marten", expect=409)
    assert "Is it one of these?" in page.text and "similar name · same telephone number" in page.text
    assert page.link("Yes, this one")["href"] == f"/people/{first}"
    assert page.form("Save")[0].one("input", name="city")["value"] == "Marten"
    assert named("mueller") == [first]
    desk.submit("No, it is somebody else: save")
    assert len(named("mueller")) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""), ("phone", "4711"), ("email", "gerda"), ("card_number", "12345678"), ("contact_by", "mail"),
        ("family_name", "x" * 81), ("desk_note", "x" * 4001), ("street", "x" * 121),
    ],
)  # fmt: skip
def test_a_slip_in_the_form_is_shown_at_its_field(desk: Reader, field: str, value: str) -> None:
    desk.get("/people/new")
    page = desk.submit("Save", **{"given_name": "Gerda", "city": "Marten", field: value}, expect=422)
    assert field in page.errors
    assert page.form("Save")[0].one("input", name="city")["value"] == "Marten"
    assert queries.people_after(count=True).total == 1


def test_what_the_form_does_not_offer_is_refused(desk: Reader) -> None:
    for field, value in (("tariff_class", "Z"), ("language", "xx"), ("contact_by", "drum")):
        page = desk.post("/people/new", {"given_name": "Gerda", "language": "de", "tariff_class": "C", field: value}, expect=422)
        assert field in page.errors
    assert queries.people_after(count=True).total == 1


def test_hostile_text_is_shown_as_text(desk: Reader) -> None:
    desk.get("/people/new")
    page = desk.submit("Save", given_name="<b>Gerda</b>\x00\u202e", family_name="'; DROP TABLE person --")
    assert page.h1 == "<b>Gerda</b> '; DROP TABLE person --"


def test_a_change_keeps_what_was_not_touched(desk: Reader) -> None:
    gerda = known("Gerda Müller", phone="+48 22 123 45 67", desk_note="eins\nzwei", email="g@example.org")
    desk.get(f"/people/{gerda}/edit")
    page = desk.submit("Save", family_name="Kowalski")
    assert page.h1 == "Gerda Kowalski"
    found = person(gerda)
    assert (found.phone, found.desk_note, found.email, found.contact_by) == (
        "+48 22 123 45 67",
        "eins\nzwei",
        "g@example.org",
        "mail",
    )
    desk.get(f"/people/{gerda}/edit")
    page = desk.submit("Save", email="", contact_by="mail", expect=422)
    assert "contact_by" in page.errors and person(gerda).email == "g@example.org"


def test_a_card_is_given_and_found(desk: Reader) -> None:
    gerda = known("Gerda Müller")
    desk.get(f"/people/{gerda}")
    page = desk.submit("Give a card")
    number = person(gerda).card_number
    assert number is not None and f"{number[:4]} {number[4:]}" in page.text
    assert "Gerda Müller" in desk.get(f"/people?q={number}").text


def test_choosing_a_person_leads_on_with_their_number(desk: Reader) -> None:
    gerda = known("Gerda Müller")
    known("Gerd Müller")
    desk.get("/people/choose?next=/people%3Fstep=2")
    page = desk.submit("/people/choose", q="gerd")
    assert [each["value"] for each in page.main.all("input", type="radio")][1] == str(gerda)
    form_page = desk.get(f"/people/choose?next=/people%3Fstep=2&person={gerda}", follow=False, expect=303)
    assert form_page.response.headers["Location"] == f"/people?step=2&for={gerda}"
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example"):
        answer = desk.get(f"/people/choose?next={elsewhere}&person={gerda}", follow=False, expect=303)
        assert answer.response.headers["Location"] == f"/people?for={gerda}"


def test_a_new_person_leads_on_too(desk: Reader) -> None:
    desk.get("/people/new?next=/people%3Fstep=2")
    answer = desk.submit("Save", given_name="Oksana", follow=False, expect=303)
    assert answer.response.headers["Location"] == f"/people?step=2&for={named('oksana')[0]}"


# Merging -----------------------------------------------------------------------------------------------------------


def test_two_records_are_compared_and_made_one(desk: Reader) -> None:
    keep, double = known("Gerda Müller", phone="0231 4711"), known("Gerda Mueller", email="g@example.org")
    page = desk.get(f"/people/{keep}")
    assert "Perhaps the same person twice" in page.text
    page = desk.click("Compare")
    for words in ("0231 4711", "g@example.org", "Nothing else hangs on the second record."):
        assert words in page.text, words
    page = desk.submit("Yes, make one of both")
    assert page.path == f"/people/{keep}" and "g@example.org" in page.text
    assert desk.get(f"/people/{double}").path == f"/people/{keep}"
    assert desk.get(f"/people/{double}/edit").h1 == "Change: Gerda Müller"


def test_a_family_that_shares_a_telephone_is_not_taken_for_one_person(desk: Reader) -> None:
    mother = known("Gerda Müller", phone="0231 4711", email="m@example.org")
    known("Petra Müller", phone="0231 4711", email="m@example.org")
    assert "Perhaps the same person twice" not in desk.get(f"/people/{mother}").text


def test_the_other_record_can_be_searched(desk: Reader) -> None:
    keep, double = known("Gerda Müller"), known("Gerlinde Mülder")
    desk.get(f"/people/{keep}/merge")
    page = desk.submit(f"/people/{keep}/merge", q="gerlinde")
    desk.submit("Compare", **{"with": double})
    assert desk.page.h1 == "Make one of two records" and "Gerlinde Mülder" in desk.page.text
    assert page.status == 200


def test_nonsense_is_not_merged(desk: Reader) -> None:
    keep = known("Gerda Müller")
    for wrong in ("", "abc", "0", "99999", "9" * 30, "-1"):
        desk.post(f"/people/{keep}/merge", {"with": wrong}, expect=422)
        desk.get(f"/people/{keep}/merge?with={wrong}")
    desk.post(f"/people/{keep}/merge", {"with": str(keep)}, expect=200)
    assert named("gerda") == [keep]


# Households, consents, organisations -------------------------------------------------------------------------------


def test_a_family_is_written_down(desk: Reader) -> None:
    gerda, hans = known("Gerda Müller"), known("Hans Müller")
    desk.get(f"/people/{gerda}")
    desk.click("Household and children")
    page = desk.submit("Begin a household")
    home = page.path
    page = desk.submit("Add a child", first_name="Mia", age_band="3-5")
    assert "Mia" in page.text and "3 to 5 years" in page.text
    desk.get(f"/people/{hans}/household?q=gerda")
    page = desk.submit("Lives there", person=gerda)
    assert page.path == home and "Hans Müller" in page.text
    desk.click("Change: Mia")
    page = desk.submit("Save", age_band="6-9")
    assert "6 to 9 years" in page.text
    page = desk.submit("Rename", name="Haus Müller")
    assert page.h1 == "Haus Müller"
    assert "Mia, 6 to 9 years" in desk.get(f"/people/{gerda}").text
    desk.get(home)
    desk.submit("Moved out: Hans Müller")
    desk.get(home)
    page = desk.submit("Moved out: Gerda Müller")
    assert page.path == f"/people/{gerda}" and "No household yet." in page.text
    desk.get(home, expect=404)


def test_a_child_needs_a_first_name_and_a_band_that_exists(desk: Reader) -> None:
    gerda = known("Gerda Müller")
    desk.get(f"/people/{gerda}/household")
    home = desk.submit("Begin a household").path
    page = desk.submit("Add a child", first_name="", age_band="3-5", expect=422)
    assert "first_name" in page.errors
    page = desk.post(f"{home}/children", {"first_name": "Mia", "age_band": "2019-04-01"}, expect=422)
    assert "age_band" in page.errors
    assert desk.post(home, {"name": ""}, expect=422).errors
    assert "No children written down." in desk.get(home).text


def test_living_with_nobody_is_asked_again(desk: Reader) -> None:
    gerda = known("Gerda Müller")
    for wrong in ("", "99999", str(gerda)):
        assert "Please choose somebody." in desk.post(f"/people/{gerda}/household/join", {"person": wrong}, expect=422).text
    assert person(gerda).household_id is None


def test_a_consent_is_given_and_ends_at_the_desk(desk: Reader) -> None:
    gerda = known("Gerda Müller", language="en")
    desk.get(f"/people/{gerda}/consents/new")
    page = desk.submit("Write it down", purpose="photos", via="paper")
    assert "may show photos" in page.text and "Thursday" in page.text
    desk.get(f"/people/{gerda}/consents/new")
    assert "given already" in desk.submit("Write it down", purpose="photos", via="paper", expect=409).text
    assert "wording" in desk.submit("Write it down", purpose="other", via="paper", expect=422).errors
    desk.get(f"/people/{gerda}")
    page = desk.submit("End: Photos")
    assert "That it was given stays on record." in page.alerts[0]


def test_an_organisation_from_beginning_to_end(desk: Reader) -> None:
    gerda = known("Gerda Müller")
    desk.get("/organisations")
    assert "No organisation yet" in desk.page.text
    desk.click("New organisation")
    page = desk.submit("Save", name="Boule-Freunde", tariff_class="A", phone="0231 99 00")
    assert page.h1 == "Boule-Freunde" and "0231 99 00" in page.text
    here = page.path
    desk.get(f"{here}/members?q=gerda")
    page = desk.submit("Add", person=gerda)
    assert "the one to ask" in page.text
    assert "already acts" in desk.post(f"{here}/members", {"person": str(gerda)}, expect=409).text
    desk.get(f"{here}/edit")
    desk.submit("Save", tariff_class="B")
    assert "B · non-profit" in desk.page.text
    page = desk.submit("Take out: Gerda Müller")
    assert "Nobody yet" in page.text
    desk.submit("Put it away")
    assert "Boule-Freunde" not in desk.get("/organisations").text
    assert "Boule-Freunde" in desk.get("/organisations?archived=y").text
    desk.get(here)
    desk.submit("Take it back into use")
    desk.get("/organisations/new")
    assert "name" in desk.submit("Save", name="Boule-Freunde", expect=409).errors


# Taking the list away ----------------------------------------------------------------------------------------------


def test_the_list_is_taken_away_as_a_sheet_without_notes(desk: Reader) -> None:
    known("Gerda =Müller", phone="0231 4711", desk_note="Geheim")
    known("Ali Kaya", email="ali@example.org")
    answer = desk.get("/people.csv")
    assert answer.response.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.response.get_data().decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [row[1:3] for row in rows[1:]] == [["Ali", "Kaya"], ["Jana", "Krüger"], ["Gerda", "'=Müller"]]
    assert "0231 4711" in rows[3] and "Geheim" not in answer.body
    rows = desk.get("/people.csv?q=kaya").body.strip().splitlines()
    assert len(rows) == 2
    an_organisation("@home")
    assert "'@home" in desk.get("/organisations.csv").body


# Everyone's own ----------------------------------------------------------------------------------------------------


def test_somebody_sees_and_changes_their_own_record(english: Reader) -> None:
    gerda = known("Gerda Müller", phone="0231 4711", desk_note="Geheim", language="en")
    english.sign_in_as(gerda)
    page = english.get("/me")
    english.at_most(9)
    assert "0231 4711" in page.text and "Geheim" not in page.body
    english.click("Change contact and language")
    page = english.submit("Save", email="g@example.org", phone="", contact_by="mail", city="Marten")
    assert page.path == "/me" and "g@example.org" in page.text
    english.get("/me/edit")
    page = english.submit("Save", email="", contact_by="mail", city="Eving", expect=422)
    assert "contact_by" in page.errors and page.form("Save")[0].one("input", name="city")["value"] == "Eving"
    assert person(gerda).email == "g@example.org"
    english.post(
        "/me/edit", {"given_name": "Queen", "tariff_class": "A", "desk_note": "x", "language": "en", "contact_by": "none"}
    )
    found = person(gerda)
    assert (found.given_name, found.tariff_class, found.desk_note) == ("Gerda", "C", "Geheim")


def test_another_language_is_spoken_at_once(english: Reader) -> None:
    gerda = known("Gerda Müller", language="en")
    english.sign_in_as(gerda).get("/me/edit")
    assert english.submit("Save", language="de").html.one("html")["lang"] == "de"


def test_somebody_agrees_and_takes_it_back(english: Reader) -> None:
    gerda = known("Gerda Müller", language="en")
    english.sign_in_as(gerda).get("/me")
    page = english.submit("I agree: Photos")
    assert "valid" in page.text and queries.has_consented(gerda, "photos")
    assert "given already" in english.post("/me/consents", {"purpose": "photos"}, expect=409).text
    for wrong in ("other", "", "everything"):
        english.post("/me/consents", {"purpose": wrong}, expect=422)
    english.get("/me")
    page = english.submit("Take back: Photos")
    assert page.path == "/me" and not queries.has_consented(gerda, "photos")


def test_a_resident_sees_nobody_else(english: Reader) -> None:
    gerda, ali = known("Gerda Müller", language="en"), known("Ali Kaya")
    english.sign_in_as(gerda)
    choir = an_organisation()
    for path in (
        "/people",
        "/people.csv",
        "/people/new",
        "/people/choose",
        "/organisations",
        "/organisations/new",
        "/organisations.csv",
    ):
        english.get(path, expect=403)
    for path in (
        f"/people/{ali}", f"/people/{gerda}", f"/people/{ali}/edit", f"/people/{ali}/merge", f"/people/{ali}/household",
        f"/people/{ali}/consents/new", f"/organisations/{choir}", f"/organisations/{choir}/edit",
        f"/organisations/{choir}/members",
    ):  # fmt: skip
        english.get(path, expect=404)
    for path in (f"/people/{ali}/card", f"/people/{ali}/edit", f"/people/{ali}/merge", f"/organisations/{choir}/archive"):
        english.post(path, {"with": str(gerda)}, expect=404)
    english.post("/people/new", {"given_name": "X"}, expect=403)
    assert person(ali).card_number is None


def test_another_persons_consent_cannot_be_taken_back(english: Reader) -> None:
    gerda, ali = known("Gerda Müller", language="en"), known("Ali Kaya")
    english.sign_in_as(gerda).post("/me/consents", {"purpose": "news"})
    consent = queries.consents(gerda)[0].id
    english.sign_in_as(ali).get("/me")
    assert "Ali Kaya" in english.page.text
    english.post(f"/consents/{consent}/withdraw", expect=404)
    assert queries.has_consented(gerda, "news")


def test_a_visitor_is_asked_to_sign_in(english: Reader) -> None:
    known("Gerda Müller")
    for path in ("/people", "/people/1", "/me", "/me/edit"):
        assert english.get(path, follow=False, expect=303).response.headers["Location"].startswith("/sign-in")
