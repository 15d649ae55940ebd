"""The swap shelf: claims end by themselves, nothing is ever due, nobody is remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core import clock, db
from app.journal.models import JournalEntry
from app.notices.models import Letter
from app.offers.service import close_days
from app.swap import jobs, queries, service
from app.swap.models import Claim, ShelfMove, ShelfThing, Taken
from tests.conftest import THURSDAY
from tests.swap.neighbours import Neighbours, day, found

FRIDAY_CLOSING = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)


def held_until(house: Neighbours, claim: int) -> datetime | None:
    return house.look(lambda: db.session().get_one(Claim, claim).held_until)


def test_scenario_19_a_claim_lapses_to_the_next_one_then_to_the_shelf_and_taken_counts_without_a_name(marten: Neighbours) -> None:
    book = marten.thing()
    first, second = marten.claim(book, marten.ruth), marten.claim(book, marten.kemal)
    assert held_until(marten, first) == FRIDAY_CLOSING and held_until(marten, second) is None
    with clock.stopped_at(FRIDAY_CLOSING - timedelta(minutes=1)), marten.app.app_context():
        assert not jobs.claims_lapse()
    with clock.stopped_at(FRIDAY_CLOSING), marten.app.app_context():
        assert jobs.claims_lapse() and jobs.lapse_claims() == "1 lapsed"
        letters = list(db.session().scalars(select(Letter)))
        assert [letter.person_id for letter in letters] == [marten.kemal], "only the one whose turn it is hears anything"
        assert "Trafikant" not in letters[0].body + letters[0].subject
    saturday = datetime(2026, 11, 28, 17, 0, tzinfo=UTC)
    assert held_until(marten, second) == saturday
    with clock.stopped_at(saturday + timedelta(minutes=5)), marten.app.app_context():
        assert jobs.lapse_claims() == "1 lapsed"
        (line,) = queries.lying(marten.house)
        assert not line.set_aside and line.waiting == 0
    with clock.stopped_at(THURSDAY + timedelta(days=60)), marten.app.app_context():
        jobs.lapse_claims(), jobs.keep_shelf()
        words = " ".join(letter.body + letter.subject for letter in db.session().scalars(select(Letter))).lower()
        assert marten.count(Letter) == 1 and not {"overdue", "fee", "remind", "deposit"} & set(words.split())
    marten.take(book)
    with marten.app.app_context():
        (move,) = db.session().scalars(select(ShelfMove).where(ShelfMove.what == "gone"))
        assert move.thing_id == book and not {"person_id", "by_id"} & set(ShelfMove.__table__.columns.keys())
        assert [(each.came, each.gone) for each in queries.months(marten.house)] == [(1, 1)]


def test_closed_days_and_holidays_do_not_count_also_when_they_are_closed_later(marten: Neighbours) -> None:
    with clock.stopped_at(datetime(2026, 12, 24, 12, 0, tzinfo=UTC)):  # the 25th and 26th are holidays, the 27th is a Sunday
        claim = marten.claim(marten.thing(), marten.ruth)
    monday = datetime(2026, 12, 28, 17, 0, tzinfo=UTC)
    assert held_until(marten, claim) == monday
    with clock.stopped_at(monday - timedelta(hours=10)):
        marten.act(lambda: close_days(marten.house, day(12, 28), day(12, 28), "Heizung", marten.actor(marten.manager)))
    with clock.stopped_at(monday + timedelta(minutes=1)), marten.app.app_context():
        assert jobs.lapse_claims() == "0 lapsed"
    assert held_until(marten, claim) == datetime(2026, 12, 29, 17, 0, tzinfo=UTC)


def test_whoever_had_something_is_forgotten_with_the_act_that_ends_it(marten: Neighbours) -> None:
    book, cup = marten.thing(), marten.thing("Tasse", "household")
    marten.claim(book, marten.ruth)
    given = marten.claim(cup, marten.ruth)
    marten.take(book)
    marten.act(lambda: service.give_up_claim(found(queries.claim(given)), marten.actor(marten.ruth)))
    assert marten.count(Claim) == 0 and (marten.state(book), marten.state(cup)) == ("taken", "lying")
    with marten.app.app_context():
        entries = db.session().scalars(select(JournalEntry).where(JournalEntry.subject.in_(("thing", "claim"))))
        assert marten.ruth not in [each.by_id for each in entries]
        counted = db.session().scalars(select(Taken)).one()
        assert (counted.person_id, counted.pieces) == (marten.ruth, 1), "how many, not what"
    with clock.stopped_at(THURSDAY + timedelta(days=10)), marten.app.app_context():
        jobs.keep_shelf()
    assert marten.count(Taken) == 0


def test_a_month_has_its_cap_in_claims_and_pieces_together_and_a_new_month_begins_anew(marten: Neighbours) -> None:
    things = [marten.thing(f"Buch {number}") for number in range(11)]
    for thing in things[:10]:
        marten.claim(thing, marten.ruth)
    marten.take(things[0])
    with pytest.raises(service.TooManyThings, match="10"):
        marten.claim(things[10], marten.ruth)
    assert marten.claim(things[9], marten.ruth), "asking twice for the same is asking once"
    with clock.stopped_at(THURSDAY + timedelta(days=7)):
        marten.claim(things[10], marten.ruth)


def test_what_is_announced_is_seen_by_the_desk_alone_and_its_giver_is_forgotten_when_it_lies_there(marten: Neighbours) -> None:
    request = service.ThingRequest(marten.house, "toy", "Puzzle 500 Teile")
    thing = marten.act(lambda: service.announce_thing(request, marten.actor(marten.kemal)).id)
    assert marten.look(lambda: queries.lying(marten.house)) == []
    with pytest.raises(service.ThingElsewhere):
        marten.claim(thing, marten.ruth)
    marten.act(lambda: service.accept_thing(found(queries.thing(thing)), marten.actor(marten.desk)))
    with marten.app.app_context():
        lying = db.session().get_one(ShelfThing, thing)
        assert lying.state == "lying" and lying.announced_by_id is None
        with pytest.raises(DBAPIError), db.transaction() as session:
            session.execute(text("UPDATE shelf_thing SET announced_by_id = :who"), {"who": marten.kemal})
    for _ in range(10):
        marten.act(lambda: service.announce_thing(service.ThingRequest(marten.house, "book", "Buch"), marten.actor(marten.kemal)))
    with pytest.raises(service.TooManyThings):
        marten.act(lambda: service.announce_thing(request, marten.actor(marten.kemal)))
    with clock.stopped_at(THURSDAY + timedelta(weeks=7)), marten.app.app_context():
        assert jobs.keep_shelf().startswith("10 announcements ended")


def test_a_slip_of_the_finger_is_taken_back_and_not_counted(marten: Neighbours) -> None:
    by = marten.actor(marten.desk)
    book = marten.thing()
    taken, tap = marten.take(book), marten.act(lambda: service.count_move(marten.house, "gone", by).id)
    for move in (taken, tap):
        marten.act(lambda move=move: service.undo_move(found(queries.move(move)), by))  # type: ignore[misc]
        with pytest.raises(service.ThingElsewhere):
            marten.act(lambda move=move: service.undo_move(found(queries.move(move)), by))  # type: ignore[misc]
    assert marten.state(book) == "lying"
    assert [(each.came, each.gone) for each in marten.look(lambda: queries.months(marten.house))] == [(1, 0)]
    late = marten.take(book)
    with clock.stopped_at(THURSDAY + timedelta(days=1)), pytest.raises(service.ThingElsewhere):
        marten.act(lambda: service.undo_move(found(queries.move(late)), by))


def test_what_lies_for_too_long_is_swept_and_what_is_set_aside_is_not(marten: Neighbours) -> None:
    old, wanted, new = marten.thing("Vase", "household"), marten.thing("Jacke", "clothes"), 0
    with clock.stopped_at(THURSDAY + timedelta(weeks=6, days=1)):
        new = marten.thing("Ball", "toy")
        marten.claim(wanted, marten.ruth)
        since = clock.now().date() - timedelta(weeks=6)
        assert [each.id for each in marten.look(lambda: queries.to_sweep(marten.house, since))] == [old]
        swept = marten.act(lambda: service.sweep_things(marten.house, [old, wanted, 10**6], marten.actor(marten.desk)))
    assert swept == 1 and [marten.state(each) for each in (old, wanted, new)] == ["swept", "lying", "lying"]


def test_the_database_lets_one_person_alone_hold_a_thing(marten: Neighbours) -> None:
    book = marten.thing()
    marten.claim(book, marten.ruth)
    marten.claim(book, marten.kemal)
    with marten.app.app_context(), pytest.raises(DBAPIError), db.transaction() as session:
        session.execute(text("UPDATE shelf_claim SET held_until = (SELECT max(held_until) FROM shelf_claim)"))
