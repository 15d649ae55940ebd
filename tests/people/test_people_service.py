"""Writing people down, households, organisations and consents."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.core import clock, db
from app.core.i18n import speaking
from app.journal.models import JournalEntry
from app.people import queries, service
from app.people.models import AgeBand, Child, Consent, ContactBy, Household, Organisation, Person, Purpose, TariffClass
from app.people.service import ChildRequest, ConsentRequest, OrganisationRequest, OwnRequest, PersonRequest
from tests.conftest import THURSDAY
from tests.people.acting import DESK, changed, known


def person(person_id: int) -> Person:
    found = queries.person(person_id)
    assert found is not None
    return found


def acts() -> list[str]:
    return list(db.session().scalars(select(JournalEntry.act).order_by(JournalEntry.id)))


def test_a_name_is_enough(app: Flask) -> None:
    found = person(known("Gerda"))
    assert (found.given_name, found.family_name, found.contact_by, found.email, found.phone) == ("Gerda", "", "none", None, None)
    assert acts() == ["person_created"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Gerda", ("Gerda", "")),
        ("Gerda Müller", ("Gerda", "Müller")),
        ("Anna Lena Vries", ("Anna Lena", "Vries")),
        ("", ("", "")),
    ],
)
def test_a_name_said_in_one_breath_is_taken_apart(said: str, name: tuple[str, str]) -> None:
    assert service.name_from(said) == name


def test_nobody_without_a_name_is_written_down(app: Flask) -> None:
    with pytest.raises(service.NameMissing), db.transaction():
        service.create_person(PersonRequest(given_name=" ", phone="0231 4711"), by=DESK)
    assert queries.people_after().lines == []


def test_who_wrote_somebody_down_is_kept(app: Flask) -> None:
    from app.core.policy import Actor

    desk = known("Jana Krüger")
    with db.transaction():
        made = service.create_person(PersonRequest(given_name="Gerda"), by=Actor(person_id=desk))
    assert person(made.id).created_by_id == desk


def test_a_change_is_told_by_the_names_of_its_fields(app: Flask) -> None:
    person_id = known("Gerda Müller")
    with db.transaction():
        service.change_person(person(person_id), changed(phone="0231 4711", desk_note="Klingel defekt"), by=DESK)
    found = person(person_id)
    assert (found.phone, found.desk_note) == ("+49 231 4711", "Klingel defekt")
    assert acts() == ["person_created", "person_changed"]
    with db.transaction():
        service.change_person(person(person_id), changed(phone="0231 4711", desk_note="Klingel defekt"), by=DESK)
    assert acts() == ["person_created", "person_changed"], "nothing has changed, nothing is told"


def test_the_desk_note_is_unreadable_in_the_database_and_the_journal(app: Flask) -> None:
    known("Gerda Müller", desk_note="Vorsicht Hund")
    raw = db.session().execute(text("SELECT desk_note FROM person")).scalar_one()
    assert b"Hund" not in bytes(raw)
    facts = db.session().scalars(select(JournalEntry.facts)).all()
    assert "Hund" not in str(facts) and "Gerda" not in str(facts)


def test_a_person_in_a_log_line_does_not_tell_the_note(app: Flask) -> None:
    found = person(known("Gerda Müller", desk_note="Vorsicht Hund"))
    assert found.desk_note == "Vorsicht Hund" and "Hund" not in repr(found)


def test_two_people_may_share_address_and_telephone(app: Flask) -> None:
    mother = known("Gerda Müller", phone="0231 4711", email="m@example.org")
    daughter = known("Petra Müller", phone="0231 4711", email="m@example.org")
    assert person(mother).email == person(daughter).email


def test_a_card_belongs_to_one_person(app: Flask) -> None:
    first, second = known("Gerda Müller"), known("Ali Kaya")
    with db.transaction():
        number = service.give_card(person(first), by=DESK)
    assert service.is_card_number(number)
    with pytest.raises(service.CardTaken), db.transaction():
        service.change_person(person(second), changed(given_name="Ali", family_name="Kaya", card_number=number), by=DESK)
    with pytest.raises(service.CardTaken), db.transaction():
        service.create_person(PersonRequest(given_name="Neu", card_number=number), by=DESK)
    with db.transaction():
        service.change_person(person(first), changed(card_number=f"{number[:4]} {number[4:]}"), by=DESK)
    found = queries.person_with_card(number)
    assert found is not None and found.id == first


def test_a_way_to_be_reached_must_exist(app: Flask) -> None:
    with pytest.raises(service.ContactWayMissing) as refused, db.transaction():
        service.create_person(PersonRequest(given_name="Gerda", contact_by=ContactBy.MAIL), by=DESK)
    assert list(refused.value.fields) == ["contact_by"]
    assert queries.people_after().lines == []


def test_somebody_known_is_noticed_before_writing_down(app: Flask) -> None:
    first = known("Gerda Müller", phone="0231 4711")
    with pytest.raises(service.PerhapsKnown) as refused, db.transaction():
        service.create_person(PersonRequest(given_name="Greda", family_name="Mueller"), by=DESK, look_first=True)
    assert [each.line.id for each in refused.value.likely] == [first]
    assert refused.value.facts["people"] == [{"id": first, "name": "Gerda Müller", "same": ["name"]}]
    with db.transaction():
        service.create_person(PersonRequest(given_name="Greda", family_name="Mueller"), by=DESK)
    assert queries.people_after(count=True).total == 2


def test_a_resident_changes_how_they_are_reached_and_nothing_else(app: Flask) -> None:
    person_id = known("Gerda Müller", tariff_class=TariffClass.REDUCED, desk_note="N")
    request = OwnRequest(
        email="G@example.org", phone=None, street="Am Markt 1", postcode="44379", city="Dortmund", contact_by=ContactBy.MAIL,
        language="en",
    )  # fmt: skip
    with db.transaction():
        service.change_me(person(person_id), request, by=DESK)
    found = person(person_id)
    assert (found.email, found.contact_by, found.language, found.address) == (
        "g@example.org",
        "mail",
        "en",
        "Am Markt 1, 44379 Dortmund",
    )
    assert (found.name, found.tariff_class, found.desk_note) == ("Gerda Müller", "B", "N")


# Households --------------------------------------------------------------------------------------------------------


def a_household(*names: str) -> tuple[int, list[int]]:
    ids = [known(name) for name in names]
    with db.transaction():
        made = service.create_household(person(ids[0]), by=DESK)
        for each in ids[1:]:
            service.join_household(person(each), made, by=DESK)
    return made.id, ids


def test_people_live_together_with_children(app: Flask) -> None:
    home, ids = a_household("Gerda Müller", "Hans Müller")
    with db.transaction():
        found = queries.household(home)
        assert found is not None
        service.add_child(found, ChildRequest(first_name="Mia", age_band=AgeBand.UNDER_6), by=DESK)
    page = queries.household_page(home)
    assert page is not None
    assert [member.id for member in page.members] == ids
    assert [(child.first_name, child.age_band) for child in page.children] == [("Mia", "3-5")]


def test_a_household_without_name_is_called_after_its_first_member(app: Flask) -> None:
    with speaking("en"):
        home, _ = a_household("Gerda Müller")
    found = queries.household(home)
    assert found is not None and "Müller" in found.name


def test_a_child_grows_and_can_be_forgotten(app: Flask) -> None:
    home, _ = a_household("Gerda Müller")
    with db.transaction():
        found = queries.household(home)
        assert found is not None
        child_id = service.add_child(found, ChildRequest(first_name="Mia", age_band=AgeBand.UNDER_6), by=DESK).id
    with db.transaction():
        child = queries.child(home, child_id)
        assert child is not None
        service.change_child(child, ChildRequest(first_name="Mia", age_band=AgeBand.UNDER_10), by=DESK)
    assert queries.child(home, child_id).age_band == "6-9"  # type: ignore[union-attr]
    assert queries.child(home + 1, child_id) is None
    with db.transaction():
        child = queries.child(home, child_id)
        assert child is not None
        service.remove_child(child, by=DESK)
    assert queries.child(home, child_id) is None


def test_with_the_last_grown_up_the_household_goes(app: Flask) -> None:
    home, ids = a_household("Gerda Müller", "Hans Müller")
    with db.transaction():
        found = queries.household(home)
        assert found is not None
        service.add_child(found, ChildRequest(first_name="Mia", age_band=AgeBand.UNDER_6), by=DESK)
    with db.transaction():
        service.leave_household(person(ids[0]), by=DESK)
    assert queries.household(home) is not None
    with db.transaction():
        service.leave_household(person(ids[1]), by=DESK)
    assert queries.household(home) is None
    assert db.session().scalars(select(Child)).all() == []


def test_moving_leaves_the_old_household(app: Flask) -> None:
    old, (gerda,) = a_household("Gerda Müller")
    new, (ali,) = a_household("Ali Kaya")
    with db.transaction():
        household = queries.household(new)
        assert household is not None
        service.join_household(person(gerda), household, by=DESK)
    assert queries.household(old) is None
    assert [member.id for member in queries.members_of_household(new)] == [ali, gerda]


# Organisations -----------------------------------------------------------------------------------------------------


def an_organisation(name: str = "Posaunenchor") -> int:
    with db.transaction():
        return service.create_organisation(OrganisationRequest(name=name, phone="0231 9900"), by=DESK).id


def organisation(organisation_id: int) -> Organisation:
    found = queries.organisation(organisation_id)
    assert found is not None
    return found


def test_an_organisation_has_a_name_of_its_own(app: Flask) -> None:
    first, second = an_organisation(), an_organisation("Boule-Freunde")
    with pytest.raises(service.NameTaken), db.transaction():
        service.create_organisation(OrganisationRequest(name=" Posaunenchor "), by=DESK)
    with pytest.raises(service.NameTaken), db.transaction():
        service.change_organisation(organisation(second), OrganisationRequest(name="Posaunenchor"), by=DESK)
    with db.transaction():
        service.change_organisation(
            organisation(first), OrganisationRequest(name="Posaunenchor", tariff_class=TariffClass.REDUCED), by=DESK
        )
    assert (organisation(first).tariff_class, organisation(first).phone) == ("B", None)


def test_organisations_are_found_by_any_part_of_the_name(app: Flask) -> None:
    an_organisation("Café Völkerverständigung e. V.")
    an_organisation("Boule-Freunde")
    assert [line.name for line in queries.organisations("voelker cafe")] == ["Café Völkerverständigung e. V."]
    assert len(queries.organisations()) == 2
    assert queries.organisations("gibt es nicht") == []


def test_the_first_member_is_the_one_to_ask(app: Flask) -> None:
    made = an_organisation()
    gerda, ali = known("Gerda Müller"), known("Ali Kaya")
    with db.transaction():
        service.add_member(organisation(made), person(gerda), by=DESK)
        second = service.add_member(organisation(made), person(ali), by=DESK).id
    assert organisation(made).contact_id == gerda
    with pytest.raises(service.AlreadyMember), db.transaction():
        service.add_member(organisation(made), person(gerda), by=DESK)
    with db.transaction():
        service.choose_contact(queries.membership(made, second), by=DESK)  # type: ignore[arg-type]
    assert organisation(made).contact_id == ali
    with db.transaction():
        service.remove_member(queries.membership(made, second), by=DESK)  # type: ignore[arg-type]
    assert organisation(made).contact_id is None
    assert [each.id for each in queries.organisations_of(gerda)] == [made]
    assert queries.organisations_of(ali) == []


def test_what_is_put_away_is_not_offered_and_comes_back(app: Flask) -> None:
    made, gerda = an_organisation(), known("Gerda Müller")
    with db.transaction():
        service.add_member(organisation(made), person(gerda), by=DESK)
        service.archive_organisation(organisation(made), by=DESK)
    assert queries.organisations() == [] and queries.organisations_of(gerda) == []
    assert [line.archived for line in queries.organisations(archived=True)] == [True]
    with db.transaction():
        service.reopen_organisation(organisation(made), by=DESK)
    assert len(queries.organisations()) == 1


# Consents ----------------------------------------------------------------------------------------------------------


def consents(person_id: int) -> list[Consent]:
    return queries.consents(person_id)


def test_a_consent_keeps_the_words_the_day_and_the_way(app: Flask) -> None:
    gerda = known("Gerda Müller", language="en")
    with db.transaction():
        service.give_consent(person(gerda), ConsentRequest(purpose=Purpose.PHOTOS, via="paper"), by=DESK)
    (given,) = consents(gerda)
    assert given.wording == service.wording(Purpose.PHOTOS, "en") and "photos" in given.wording
    assert (given.via, given.given_at, given.withdrawn_at) == ("paper", THURSDAY, None)
    assert queries.has_consented(gerda, Purpose.PHOTOS) and not queries.has_consented(gerda, Purpose.NEWS)


def test_a_consent_ends_and_stays_as_proof(app: Flask) -> None:
    gerda = known("Gerda Müller")
    with db.transaction():
        made = service.give_consent(person(gerda), ConsentRequest(purpose=Purpose.NEWS, via="phone"), by=DESK).id
    with pytest.raises(service.ConsentAlreadyGiven), db.transaction():
        service.give_consent(person(gerda), ConsentRequest(purpose=Purpose.NEWS, via="paper"), by=DESK)
    for _ in range(2):
        with clock.stopped_at(THURSDAY + timedelta(days=1)), db.transaction():
            service.withdraw_consent(queries.consent(made), by=DESK)  # type: ignore[arg-type]
    (ended,) = consents(gerda)
    assert ended.withdrawn_at == THURSDAY + timedelta(days=1) and ended.wording
    assert not queries.has_consented(gerda, Purpose.NEWS)
    with db.transaction():
        service.give_consent(person(gerda), ConsentRequest(purpose=Purpose.NEWS, via="paper"), by=DESK)
    assert queries.has_consented(gerda, Purpose.NEWS)
    assert acts().count("consent_withdrawn") == 1


def test_another_consent_needs_its_own_words(app: Flask) -> None:
    gerda = known("Gerda Müller")
    with pytest.raises(service.WordingMissing), db.transaction():
        service.give_consent(person(gerda), ConsentRequest(purpose=Purpose.OTHER, via="paper", wording="  "), by=DESK)
    with db.transaction():
        service.give_consent(
            person(gerda), ConsentRequest(purpose=Purpose.OTHER, via="paper", wording="Schlüssel für Hans"), by=DESK
        )
    assert [each.wording for each in consents(gerda)] == ["Schlüssel für Hans"]


def test_every_number_that_nobody_has_leads_to_nothing(app: Flask) -> None:
    for number in (0, -1, 10**9, 2**31, 2**70):
        assert queries.person(number) is None
        assert queries.household(number) is None
        assert queries.organisation(number) is None
        assert queries.consent(number) is None
        assert queries.person_page(number) is None
        assert queries.child(number, number) is None
        assert queries.membership(number, number) is None
        assert queries.people_after(number).lines == []
    assert db.session().scalars(select(Household)).all() == []
