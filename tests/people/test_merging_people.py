"""Two records of one person become one, and nothing that hung on either is lost."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import JSON, Table, insert, select

from app.core import clock, db
from app.core.db import Instant, Model
from app.core.policy import Role
from app.journal.models import JournalEntry
from app.people import queries, service
from app.people.models import AgeBand, Consent, Membership, Person, Purpose
from app.people.service import ChildRequest, ConsentRequest, OrganisationRequest
from tests.browser_client import counted
from tests.makers import a_house, an_organisation, grant
from tests.people.acting import DESK, known


def person(person_id: int) -> Person:
    found = queries.person(person_id)
    assert found is not None
    return found


def merge(keep: int, duplicate: int) -> None:
    with db.transaction():
        service.merge_people(person(keep), person(duplicate), by=DESK)


def test_gaps_are_filled_and_what_differs_goes_into_the_note(app: Flask) -> None:
    keep = known("Gerda Müller", phone="0231 4711", desk_note="eins")
    double = known(
        "Gerda Mueller", phone="0231 9922", email="g@example.org", street="Am Markt 1", city="Dortmund", desk_note="zwei"
    )
    merge(keep, double)
    found = person(keep)
    assert (found.name, found.phone, found.email, found.address) == (
        "Gerda Müller",
        "+49 231 4711",
        "g@example.org",
        "Am Markt 1, Dortmund",
    )
    assert found.desk_note is not None
    assert found.desk_note.splitlines()[:2] == ["eins", "zwei"] and "+49 231 9922" in found.desk_note
    assert found.contact_by == "phone"


def test_the_old_number_and_all_before_it_lead_to_the_one_who_stays(app: Flask) -> None:
    first, second, third = known("Gerda Müller"), known("Gerda Mueller"), known("G. Müller")
    merge(second, third)
    merge(first, second)
    for number in (first, second, third):
        assert person(number).id == first
    assert {each.merged_into_id for each in db.session().scalars(select(Person))} == {None, first}


def test_a_search_finds_the_one_who_stays_and_never_the_duplicate(app: Flask) -> None:
    keep, double = known("Gerda Müller"), known("Gerlinde Mülder", phone="0231 9922", email="g@example.org")
    merge(keep, double)
    assert [line.id for line in queries.search_people("gerda")] == [keep]
    assert [line.id for line in queries.search_people("9922")] == [keep]
    assert [line.id for line in queries.search_people("g@example.org")] == [keep]
    assert queries.search_people("gerlinde") == []
    assert [line.id for line in queries.people_after().lines] == [keep]
    assert queries.similar_people("Gerlinde", "Mülder", None, "g@example.org", but=keep) == []


def test_both_cards_find_the_one_who_stays(app: Flask) -> None:
    keep, double, third = known("Gerda Müller"), known("Gerda Mueller"), known("Gerda Muller")
    with db.transaction():
        cards = [service.give_card(person(each), by=DESK) for each in (keep, double, third)]
    merge(double, third)
    merge(keep, double)
    for card in cards:
        found = queries.person_with_card(card)
        assert found is not None and found.id == keep
        assert [line.id for line in queries.search_people(card)] == [keep]
    with pytest.raises(service.CardTaken), db.transaction():
        service.create_person(service.PersonRequest(given_name="Neu", card_number=cards[2]), by=DESK)
    with db.transaction():
        service.give_card(person(keep), by=DESK)
    assert [line.id for line in queries.search_people(cards[2])] == [keep], "old cards survive a new index"


def test_a_card_fills_a_gap(app: Flask) -> None:
    keep, double = known("Gerda Müller"), known("Gerda Mueller")
    with db.transaction():
        card = service.give_card(person(double), by=DESK)
    merge(keep, double)
    assert person(keep).card_number == card


def test_what_both_have_stays_once(app: Flask) -> None:
    house, other = a_house(), a_house("eving", "Eving")
    keep, double = known("Gerda Müller"), known("Gerda Mueller")
    for each in (keep, double):
        grant(each, Role.VOLUNTEER, house)
    grant(double, Role.VOLUNTEER, other)
    choir, boule = an_organisation(), an_organisation("Boule-Freunde")
    with db.transaction() as session:
        session.add_all(Membership(person_id=each, organisation_id=choir) for each in (keep, double))
        session.add(Membership(person_id=double, organisation_id=boule))
    merge(keep, double)
    from app.accounts.models import RoleGrant

    grants = db.session().scalars(select(RoleGrant).order_by(RoleGrant.id)).all()
    assert [(each.person_id, each.house_id) for each in grants] == [(keep, house), (keep, other)]
    acting = db.session().scalars(select(Membership).order_by(Membership.id))
    assert [(each.person_id, each.organisation_id) for each in acting] == [(keep, choir), (keep, boule)]


def test_consents_and_contacts_follow(app: Flask) -> None:
    keep, double = known("Gerda Müller"), known("Gerda Mueller")
    with db.transaction():
        service.give_consent(person(double), ConsentRequest(purpose=Purpose.NEWS, via="paper"), by=DESK)
        choir = service.create_organisation(OrganisationRequest(name="Chor"), by=DESK)
        service.add_member(choir, person(double), by=DESK)
    merge(keep, double)
    assert queries.has_consented(keep, Purpose.NEWS)
    found = queries.organisation(choir.id)
    assert found is not None and found.contact_id == keep


def test_the_journal_stays_as_it_was_written(app: Flask) -> None:
    keep, double = known("Gerda Müller"), known("Gerda Mueller")
    with db.transaction():
        service.give_card(person(keep), by=DESK.__class__(person_id=double))
    merge(keep, double)
    lines = db.session().scalars(select(JournalEntry).order_by(JournalEntry.id)).all()
    assert [(line.act, line.by_id) for line in lines][-2:] == [("card_given", double), ("people_merged", None)]
    assert (lines[-1].subject_id, lines[-1].facts["duplicate_id"]) == (keep, double)


OF_MONEY = {"charge", "deposit", "expense", "fund", "payment", "refund"}
"""Their rows stand on entries of the ledger and cannot be made up: see ``tests/money``."""


def test_every_column_of_the_house_that_names_a_person_follows(app: Flask) -> None:
    """A row of each table is made with the duplicate in all columns that name a person, as the columns' types allow."""
    keep, double = known("Gerda Müller"), known("Ali Kaya")
    made = _Rows(double)
    left = [(table, column) for table, column in queries.references_to_people() if table.name not in OF_MONEY]
    with db.transaction() as session:
        for table, _column in left:
            made.row(session, table)
    assert {table.name for table, _ in left} >= {
        "booking",
        "letter",
        "consent",
        "role_grant",
        "sign_in",
        "slip",
        "account",
        "feed",
    }
    merge(keep, double)
    for table, column in left:
        if table.name in {"person", "person_gram"}:
            continue
        named = db.session().execute(select(column).where(column.is_not(None))).scalars().all()
        assert named and set(named) == {keep}, f"{table.name}.{column.name} still names {set(named)}"


class _Rows:
    """Makes one row in a table, and whatever it points to."""

    def __init__(self, person_id: int) -> None:
        self.person_id = person_id
        self.made: dict[str, Any] = {"person": (person_id,)}

    def row(self, session: Any, table: Table) -> Any:
        if table.name in self.made:
            return self.made[table.name]
        values: dict[str, Any] = {}
        for column in table.columns:
            keys = list(column.foreign_keys)
            if keys and keys[0].column.table.name == "person":
                values[column.name] = self.person_id
            elif keys and column.nullable and keys[0].column.table.name in OF_MONEY:
                continue
            elif keys and keys[0].column.table is not table:
                values[column.name] = self.row(session, keys[0].column.table)[0]
            elif not column.nullable and not (column.primary_key and column.autoincrement is True) and column.name != "id":
                values[column.name] = self.value(table, column)
        result = session.execute(insert(table).values(values))
        self.made[table.name] = result.inserted_primary_key
        return self.made[table.name]

    def value(self, table: Table, column: Any) -> Any:
        fixed = {
            ("booking", "state"): "wished", ("booking", "ends_at"): clock.now().replace(hour=23), ("booking", "people"): 1,
            ("letter", "state"): "waiting", ("letter", "way"): "phone", ("room", "rule"): "request",
            ("shelf_thing", "state"): "announced", ("shelf_thing", "kind"): "book", ("time_account", "kind"): "person",
            ("time_hours", "minutes"): 15, ("time_hours", "state"): "booked", ("time_listing", "kind"): "offer",
            ("time_listing", "state"): "open", ("time_match", "state"): "answered",
            ("thing_class", "closed_days"): "all", ("thing_class", "trust"): "anybody", ("piece", "condition"): "fine",
            ("piece", "whereabouts"): "shelf", ("piece", "intake"): "stocked", ("piece", "origin"): "bought",
            ("reservation", "state"): "cancelled", ("reservation", "ends_at"): clock.now().replace(hour=23),
            ("queue_entry", "state"): "left", ("loan_line", "written_off"): 0, ("loan_line", "returned"): 0,
            ("lending_block", "loans"): True,
        }.get((table.name, column.name))  # fmt: skip
        if fixed is not None:
            return fixed
        if isinstance(column.type, JSON):
            return {}
        kind = column.type.python_type
        if kind is int:
            return 1
        if kind is bool:
            return False
        if kind is bytes:
            return b"x"
        if kind is date:
            return clock.now().date()
        if kind is str:
            return "x"
        assert isinstance(column.type, Instant), f"{table.name}.{column.name}: a value of {column.type} is needed here"
        return clock.now()


def test_the_confirm_page_counts_in_one_statement(app: Flask) -> None:
    double = known("Gerda Müller")
    with db.transaction():
        service.give_consent(person(double), ConsentRequest(purpose=Purpose.NEWS, via="paper"), by=DESK)
    with counted() as asked:
        counts = {str(each.called): each.count for each in queries.belongings(double)}
    assert len(asked) == 1
    assert counts[str(Consent.__table__.info["called"])] == 1
    assert queries.belongings(known("Ali Kaya")) == []


def test_one_household_is_left_with_all_children(app: Flask) -> None:
    keep, double = known("Gerda Müller"), known("Gerda Mueller")
    homes = []
    for each, children in ((keep, ("Mia", "Ben")), (double, ("Mia", "Noah"))):
        with db.transaction():
            home = service.create_household(person(each), by=DESK)
        with db.transaction():
            found = queries.household(home.id)
            assert found is not None
            for name in children:
                service.add_child(found, ChildRequest(first_name=name, age_band=AgeBand.UNDER_6), by=DESK)
        homes.append(home.id)
    merge(keep, double)
    page = queries.household_page(homes[0])
    assert page is not None
    assert [child.first_name for child in page.children] == ["Mia", "Ben", "Noah"]
    assert [member.id for member in page.members] == [keep]
    assert queries.household(homes[1]) is None


def test_a_household_with_somebody_else_in_it_stays(app: Flask) -> None:
    keep, double, hans = known("Gerda Müller"), known("Gerda Mueller"), known("Hans Müller")
    with db.transaction():
        mine = service.create_household(person(keep), by=DESK)
        theirs = service.create_household(person(double), by=DESK)
        service.join_household(person(hans), theirs, by=DESK)
    merge(keep, double)
    assert [member.id for member in queries.members_of_household(theirs.id)] == [hans]
    assert person(keep).household_id == mine.id


def test_a_household_fills_a_gap(app: Flask) -> None:
    keep, double = known("Gerda Müller"), known("Gerda Mueller")
    with db.transaction():
        home = service.create_household(person(double), by=DESK)
    merge(keep, double)
    assert [member.id for member in queries.members_of_household(home.id)] == [keep]


def test_a_record_is_not_merged_with_itself_or_twice(app: Flask) -> None:
    keep, double = known("Gerda Müller"), known("Gerda Mueller")
    with pytest.raises(service.SamePerson):
        merge(keep, keep)
    merge(keep, double)
    with pytest.raises(service.AlreadyMerged), db.transaction() as session:
        gone = session.get(Person, double)
        assert gone is not None
        service.merge_people(person(keep), gone, by=DESK)


def test_a_person_who_wrote_down_their_own_duplicate_does_not_become_their_own_maker(app: Flask) -> None:
    double = known("Gerda Mueller")
    with db.transaction():
        keep = service.create_person(service.PersonRequest(given_name="Gerda"), by=DESK.__class__(person_id=double)).id
    merge(keep, double)
    assert person(keep).created_by_id is None


def test_the_house_declares_which_tables_are_written_once(app: Flask) -> None:
    assert {table.name for table in Model.metadata.sorted_tables if table.info.get("written_once")} == {
        "cash_day", "charge_line", "deposit_movement", "invoice", "journal_entry", "ledger_entry", "ledger_line", "period_lock",
        "settlement", "time_entry",
    }  # fmt: skip
