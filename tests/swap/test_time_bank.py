"""The time bank: two say yes, accounts have limits both ways, and everything sums to zero."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core import clock, db
from app.core.errors import Invalid, Refusal
from app.notices.models import Letter
from app.people import service as people
from app.people.models import Person
from app.swap import jobs, queries, service
from app.swap.models import AccountKind, Hours, Match, TimeAccount
from tests.conftest import THURSDAY
from tests.makers import a_person
from tests.swap.neighbours import TODAY, H, Neighbours, entries, found, lines, sums_are_zero

COMMUNITY, POT = AccountKind.COMMUNITY, AccountKind.POT


def account(house: Neighbours, person: int | None, kind: AccountKind = AccountKind.PERSON) -> int:
    def ask() -> int:
        return found(queries.account_of(house.house, person) if person else queries.house_account(house.house, kind)).id

    return house.look(ask)


def set_floor(house: Neighbours, hours: int) -> None:
    with house.app.app_context(), db.transaction() as session:
        session.execute(text("UPDATE rule_value SET value = :value WHERE key = 'time.floor'"), {"value": str(hours)})


def test_scenario_20_the_floor_stops_a_booking_both_see_the_ways_out_and_the_pot_pays_a_part(bank: Neighbours) -> None:
    set_floor(bank, 5)
    bank.bring_to(bank.ruth, -4 * H)
    bank.act(lambda: service.give_minutes(found(queries.account_of(bank.house, bank.amal)), H, bank.actor(bank.amal)))
    before = bank.balance(bank.kemal)
    hours = bank.hours(bank.kemal, bank.ruth, 2 * H)
    ruth, kemal = bank.signed_in(bank.ruth), bank.signed_in(bank.kemal)
    ruth.get(f"/time/hours/{hours}")
    page = ruth.submit("Yes, that is right", expect=409)
    assert "−5 h" in page.text and bank.balance(bank.ruth) == -4 * H and entries(bank, hours) == []
    for reader in (ruth, kemal):
        words = reader.get(f"/time/hours/{hours}").text
        for way in ("Fewer hours: 1 h", "The social pot pays 1 h", "Ruth W. helps somebody first"):
            assert way in words, way
    with bank.app.app_context():
        told = db.session().scalars(select(Letter).where(Letter.occasion.contains(f"hours:{hours}:stopped"))).all()
        assert [letter.person_id for letter in told] == [bank.kemal], "Ruth sees it on her page"
    ruth.submit("Ask the social pot")
    manager = bank.signed_in(bank.manager)
    assert "Somebody asks the social pot" in manager.get("/").text
    manager.get(f"/time/hours/{hours}")
    manager.submit("Let the pot pay", pot=str(H))
    ruth.get(f"/time/hours/{hours}")
    ruth.submit("Yes, that is right")
    assert lines(bank, hours) == {
        account(bank, bank.kemal): 2 * H, account(bank, bank.ruth): -H, account(bank, None, POT): -H,
    }  # fmt: skip
    assert (bank.balance(bank.kemal), bank.balance(bank.ruth), bank.balance(None, POT)) == (before + 2 * H, -5 * H, 0)
    assert sums_are_zero(bank)


def test_both_sides_say_yes_or_nothing_moves(bank: Neighbours) -> None:
    hours = bank.hours(bank.kemal, bank.ruth)
    assert bank.balance(bank.kemal) == 3 * H
    for person in (bank.kemal, bank.amal):  # neither whoever wrote it down nor somebody else
        bank.signed_in(person).post(f"/time/hours/{hours}/confirm", expect=404)
    bank.on_hours(service.confirm_hours, hours, by=bank.ruth)
    assert (bank.balance(bank.kemal), bank.balance(bank.ruth)) == (5 * H, H)
    with pytest.raises(service.HoursSettled):
        bank.on_hours(service.confirm_hours, hours, by=bank.ruth)
    other = bank.hours(bank.kemal, bank.ruth, said_by=bank.ruth)  # whoever was helped writes it down: the helper is asked
    bank.on_hours(service.confirm_hours, other, by=bank.kemal)
    assert bank.balance(bank.ruth) == -H and sums_are_zero(bank)


def test_unanswered_hours_count_after_seven_days_and_one_reminder_unless_disputed(bank: Neighbours) -> None:
    silent, disputed = bank.hours(bank.kemal, bank.ruth), bank.hours(bank.kemal, bank.amal)
    bank.on_hours(service.dispute_hours, disputed, "Es war nur eine Stunde.", by=bank.amal)

    def run(days: float) -> str:
        with clock.stopped_at(THURSDAY + timedelta(days=days)), bank.app.app_context():
            return jobs.answer_hours()

    assert run(3.9) == "0 reminded, 0 accepted, 0 stopped"
    assert run(4) == "1 reminded, 0 accepted, 0 stopped"
    assert run(6.9) == "0 reminded, 0 accepted, 0 stopped"
    assert run(7) == "0 reminded, 1 accepted, 0 stopped"
    assert run(30) == "0 reminded, 0 accepted, 0 stopped"
    assert (bank.one_hours(silent).state, bank.one_hours(disputed).state) == ("accepted", "disputed")
    assert (bank.balance(bank.ruth), bank.balance(bank.amal)) == (H, 3 * H)
    with bank.app.app_context():
        told = db.session().scalars(select(Letter.occasion).where(Letter.occasion.contains(f"hours:{silent}:reminded"))).all()
        assert len(told) == 1
    bank.on_hours(service.settle_hours, disputed, H, by=bank.desk)
    assert bank.balance(bank.amal) == 2 * H and sums_are_zero(bank)


def test_silence_is_no_yes_where_the_house_was_asleep_before_it_could_remind(bank: Neighbours) -> None:
    hours = bank.hours(bank.kemal, bank.ruth)
    for days, told in ((20, "1 reminded, 0 accepted"), (21, "0 reminded, 0 accepted"), (22, "0 reminded, 1 accepted")):
        with clock.stopped_at(THURSDAY + timedelta(days=days)), bank.app.app_context():
            assert jobs.answer_hours().startswith(told)
    assert bank.one_hours(hours).state == "accepted"


def test_silence_does_not_pass_a_limit_either_and_both_are_told_once(bank: Neighbours) -> None:
    bank.bring_to(bank.ruth, -9 * H)
    hours = bank.hours(bank.kemal, bank.ruth)
    for days in (5, 8, 9, 10):
        with clock.stopped_at(THURSDAY + timedelta(days=days)), bank.app.app_context():
            jobs.answer_hours()
    with bank.app.app_context():
        told = db.session().scalars(select(Letter.person_id).where(Letter.occasion.contains(f"hours:{hours}:stopped"))).all()
    assert sorted(told) == sorted((bank.kemal, bank.ruth)) and bank.balance(bank.ruth) == -9 * H
    bank.on_hours(service.change_hours, hours, H, by=bank.kemal)
    bank.on_hours(service.confirm_hours, hours, by=bank.ruth)
    assert bank.balance(bank.ruth) == -10 * H and sums_are_zero(bank)


def test_the_ceiling_stops_whoever_hoards(bank: Neighbours) -> None:
    bank.bring_to(bank.kemal, 20 * H)
    bank.bring_to(bank.kemal, 29 * H)
    hours = bank.hours(bank.kemal, bank.ruth)
    with pytest.raises(service.LimitPassed, match="30"):
        bank.on_hours(service.confirm_hours, hours, by=bank.ruth)
    with bank.app.app_context():
        ways = found(queries.ways_out(found(queries.hours(hours))))
        assert (ways.giver_too_full, ways.possible, ways.taker_lacks) == (H, H, 0)


def test_twelve_helped_at_the_garden_day_and_each_is_credited_in_one_act(bank: Neighbours) -> None:
    with bank.app.app_context():
        helpers = [a_person(f"Hilde{number}", "Garten") for number in range(12)]
    bank.join(*helpers)
    community = bank.balance(None, COMMUNITY)
    request = service.GroupRequest(bank.house, helpers, TODAY, 2 * H, "Gartentag")
    made = bank.act(lambda: [each.id for each in service.thank_group(request, bank.actor(bank.desk))])
    assert len(made) == 12 and {bank.balance(each) for each in helpers} == {5 * H}
    assert bank.balance(None, COMMUNITY) == community - 24 * H
    bank.bring_to(helpers[0], 29 * H)
    with pytest.raises(service.LimitPassed, match="Hilde0"):
        bank.act(lambda: service.thank_group(request, bank.actor(bank.desk)))
    assert bank.balance(helpers[1]) == 5 * H, "all or nobody"
    with pytest.raises(Invalid):
        wrong = service.GroupRequest(bank.house, [*helpers, bank.desk], TODAY, H, "Gartentag")
        bank.act(lambda: service.thank_group(wrong, bank.actor(bank.desk)))

    def correct() -> int:
        entry = found(queries.entry(made[3]))
        return len(service.correct_minutes(entry, "falscher Tag", bank.actor(bank.manager)))

    bank.bring_to(helpers[0], 20 * H)
    assert bank.act(correct) == 12 and bank.balance(helpers[1]) == 3 * H
    with pytest.raises(service.AlreadyCorrected):
        bank.act(correct)
    assert sums_are_zero(bank)


def test_who_leaves_gives_credit_to_the_pot_and_debt_to_the_community_openly(bank: Neighbours) -> None:
    bank.hours(bank.kemal, bank.ruth, 5 * H, signed=True)
    waiting = bank.hours(bank.kemal, bank.amal)

    def leave(person: int) -> int:
        return bank.act(lambda: service.leave(found(queries.account_of(bank.house, person)), bank.actor(person)))

    with pytest.raises(service.CannotLeave):
        leave(bank.kemal)
    bank.on_hours(service.drop_hours, waiting, "", by=bank.kemal)
    community = bank.balance(None, COMMUNITY)
    listing = bank.listing(bank.kemal)
    match = bank.match(listing, bank.ruth)
    assert (leave(bank.kemal), leave(bank.ruth)) == (8 * H, -2 * H)
    assert bank.balance(None, POT) == 8 * H and bank.balance(None, COMMUNITY) == community - 2 * H
    assert bank.one_listing(listing).state == "ended"
    assert bank.look(lambda: db.session().get_one(Match, match).state) == "ended"
    words = bank.signed_in(bank.desk).get(f"/time/accounts/{account(bank, None, COMMUNITY)}").text
    assert "Left the time bank" in words and "Ruth Weber" in words
    with pytest.raises(service.NotAMember):
        bank.hours(bank.amal, bank.kemal)
    bank.join(bank.kemal)
    assert bank.balance(bank.kemal) == 0, "the gift at the start is given once"
    assert sums_are_zero(bank)


def test_the_database_itself_keeps_entries_and_limits(bank: Neighbours) -> None:
    kemal, ruth, pot = account(bank, bank.kemal), account(bank, bank.ruth), account(bank, None, POT)
    bank.hours(bank.kemal, bank.ruth, H, signed=True)
    columns = "house_id, act, kind, from_account_id, to_account_id, minutes, on_day, category, note, posted_at, reverses_id"
    refused = [
        "UPDATE time_entry SET minutes = 1",
        "DELETE FROM time_entry",
        "UPDATE time_account SET closed_at = joined_at",
        *(
            f"INSERT INTO time_entry ({columns}) VALUES ({bank.house}, 'x', {values}, '2026-11-26', '', '', '2026-11-26 12:00:00', {of})"
            for values, of in (
                (f"'help', {kemal}, {kemal}, 60", "NULL"),
                (f"'help', {kemal}, {ruth}, 0", "NULL"),
                (f"'help', {kemal}, {ruth}, {15 * H}", "NULL"),  # below the floor
                (
                    f"'group', (SELECT id FROM time_account WHERE kind = 'community'), {ruth}, {29 * H}",
                    "NULL",
                ),  # above the ceiling
                (f"'gift', {pot}, {ruth}, 60", "NULL"),  # out of an empty pot
                (f"'correction', {ruth}, {kemal}, 30", "(SELECT max(id) FROM time_entry)"),  # not the mirror
                (f"'correction', {ruth}, {kemal}, 60", "NULL"),
            )
        ),
    ]
    for statement in refused:
        with bank.app.app_context(), pytest.raises(DBAPIError), db.transaction() as session:
            session.execute(text(statement))
    assert (bank.balance(bank.kemal), bank.balance(bank.ruth)) == (4 * H, 2 * H) and sums_are_zero(bank)


def test_a_balance_that_is_not_the_sum_of_its_entries_is_found(bank: Neighbours) -> None:
    with bank.app.app_context():
        with db.transaction() as session:
            session.execute(text("UPDATE time_account SET balance_minutes = 200 WHERE person_id = :who"), {"who": bank.ruth})
        told = [str(each) for each in queries.faults()]
        assert len(told) == 2 and "says 200 minutes" in told[0] and "20 minutes instead of zero" in told[1]


@pytest.mark.parametrize(
    ("minutes", "more"),
    [
        (10, {}),
        (0, {}),
        (-60, {}),
        (25 * H, {}),
        (H, {"on_day": TODAY + timedelta(days=1)}),
        (H, {"on_day": TODAY - timedelta(days=400)}),
    ],
)
def test_nonsense_is_not_written_down(bank: Neighbours, minutes: int, more: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        bank.hours(bank.kemal, bank.ruth, minutes, **more)
    with pytest.raises(Invalid):
        bank.hours(bank.kemal, bank.kemal)
    assert bank.count(Hours) == 0


def test_only_what_one_has_can_be_given_and_only_what_the_pot_has_is_granted(bank: Neighbours) -> None:
    mine = account(bank, bank.ruth)

    def give(minutes: int) -> None:
        bank.act(lambda: service.give_minutes(found(queries.account(mine)), minutes, bank.actor(bank.ruth)))

    with pytest.raises(Invalid):
        give(4 * H)
    give(2 * H)
    hours = bank.hours(bank.kemal, bank.ruth, 3 * H)
    with pytest.raises(Invalid):
        bank.on_hours(service.grant_pot, hours, 3 * H, by=bank.manager)
    bank.on_hours(service.grant_pot, hours, 2 * H, by=bank.manager)
    other = bank.hours(bank.amal, bank.ruth, 2 * H)
    bank.on_hours(service.grant_pot, other, 2 * H, by=bank.manager)
    bank.on_hours(service.confirm_hours, hours, by=bank.ruth)
    with pytest.raises(service.LimitPassed) as refused:
        bank.on_hours(service.confirm_hours, other, by=bank.ruth)
    assert refused.value.facts["limit"] == "pot"
    assert bank.balance(None, POT) == 0 and sums_are_zero(bank)


def test_two_records_of_one_person_become_one_account(bank: Neighbours) -> None:
    with bank.app.app_context():
        twin = a_person("Ruth", "Weber")
    bank.join(twin)
    listing = bank.listing(bank.kemal)
    for person in (bank.ruth, twin):
        match = bank.match(listing, person)
        bank.hours(bank.kemal, person, match_id=match)
    oneself = bank.hours(bank.ruth, twin)

    def merge() -> None:
        both = [db.session().get_one(Person, each) for each in (bank.ruth, twin)]
        people.merge_people(*both, by=bank.actor(bank.desk))

    bank.act(merge)
    assert bank.balance(bank.ruth) == 6 * H and bank.one_hours(oneself).state == "dropped" and bank.count(Match) == 1
    with bank.app.app_context():
        assert len(db.session().scalars(select(TimeAccount).where(TimeAccount.closed_at.is_not(None))).all()) == 1
    for number in bank.look(lambda: [each.id for each in queries.hours_of(bank.house, bank.ruth)]):
        bank.on_hours(service.confirm_hours, number, by=bank.ruth)
    assert bank.balance(bank.ruth) == 2 * H and sums_are_zero(bank)


def test_two_records_whose_accounts_are_too_much_for_one_stay_two(bank: Neighbours) -> None:
    bank.bring_to(bank.kemal, 20 * H)
    bank.bring_to(bank.ruth, 20 * H)

    def merge() -> None:
        both = [db.session().get_one(Person, each) for each in (bank.ruth, bank.kemal)]
        people.merge_people(*both, by=bank.actor(bank.desk))

    with pytest.raises(Refusal, match="30"):
        bank.act(merge)
    assert bank.balance(bank.ruth) == 20 * H and sums_are_zero(bank)


def test_a_tighter_rule_takes_nothing_away_and_lets_nobody_go_further(bank: Neighbours) -> None:
    bank.bring_to(bank.ruth, -8 * H)
    set_floor(bank, 5)
    with pytest.raises(service.LimitPassed):
        bank.hours(bank.kemal, bank.ruth, H, signed=True)
    bank.hours(bank.ruth, bank.kemal, H, signed=True)
    assert bank.balance(bank.ruth) == -7 * H and sums_are_zero(bank)
