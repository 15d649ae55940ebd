"""Book, confirm, refuse, change, cancel, lapse: what each does to the booking, to the room's time and to the letters."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock, db, i18n
from app.core.errors import Invalid, Refusal
from app.core.jobs import run_job
from app.core.spans import Span
from app.notices.models import Letter
from app.occupancy.models import Occupancy
from app.offers.models import OpeningException
from app.rooms import jobs, queries, service
from app.rooms.models import State
from tests.conftest import THURSDAY
from tests.makers import an_organisation
from tests.rooms.marten import BERLIN, MONDAY, Marten, at, book, card, do, found, request, span


@pytest.fixture(autouse=True)
def english(app: Flask) -> Any:
    with i18n.speaking("en"):
        yield


def held() -> list[tuple[int, Span, str]]:
    rows = db.session().scalars(select(Occupancy).order_by(Occupancy.starts_at, Occupancy.resource_id))
    result = [(row.resource_id, Span(row.starts_at, row.ends_at), row.kind) for row in rows]
    db.session().close()
    return result


def letters(*, to: int | None = None) -> list[str]:
    rows = db.session().scalars(select(Letter).order_by(Letter.id))
    result = [row.occasion.split(":")[2] for row in rows if to is None or row.person_id == to]
    db.session().close()
    return result


def times(refusal: Refusal) -> list[str]:
    """The alternatives of a refusal on the wall clock."""
    return [
        f"{each['starts_at'].astimezone(BERLIN):%d. %H:%M}–{each['ends_at'].astimezone(BERLIN):%H:%M}"
        for each in refusal.facts["alternatives"]
    ]


# Wished and confirmed ------------------------------------------------------------------------------------------------


def test_a_resident_asks_where_the_rule_is_to_ask_and_has_it_at_once_where_it_is_instant(app: Flask, marten: Marten) -> None:
    wish = found(book(marten.group, span("10:00", "12:00"), marten.resident()))
    assert (wish.state, wish.decided_at, wish.created_by_id, wish.booked_for_id) == (State.WISHED, None, marten.ayse, marten.ayse)
    assert wish.lapses_at == THURSDAY + timedelta(days=4, hours=-3, minutes=-40)  # 10:00 on Monday comes before five days
    booking = found(book(marten.quiet, span("10:00", "12:00"), marten.resident()))
    assert (booking.state, booking.lapses_at, booking.decided_by_id) == (State.CONFIRMED, None, None)
    assert booking.decided_at == THURSDAY
    assert letters(to=marten.ayse) == ["wished", "confirmed"]


def test_a_wish_lives_as_long_as_the_room_says_or_until_it_would_begin(app: Flask, marten: Marten) -> None:
    later = MONDAY + timedelta(days=14)
    wish = found(book(marten.group, span("10:00", "12:00", later), marten.resident()))
    assert wish.lapses_at == THURSDAY + timedelta(days=5)


def test_the_desk_books_on_behalf_of_somebody_and_both_are_kept(app: Flask, marten: Marten) -> None:
    booking = found(book(marten.group, span("10:00", "12:00"), marten.at_desk(), marten.jan))
    assert (booking.state, booking.booked_for_id, booking.created_by_id, booking.decided_by_id) == (
        State.CONFIRMED,
        marten.jan,
        marten.desk,
        marten.desk,
    )
    assert letters(to=marten.jan) == ["confirmed"]
    assert letters(to=marten.desk) == []


def test_the_desk_may_leave_it_a_wish(app: Flask, marten: Marten) -> None:
    wish = found(book(marten.group, span("10:00", "12:00"), marten.at_desk(), marten.jan, firm=False))
    assert wish.state == State.WISHED


@pytest.mark.parametrize("word", ["firm", "anyway"])
def test_the_words_of_the_desk_count_nothing_from_a_resident(app: Flask, marten: Marten, word: str) -> None:
    if word == "firm":
        assert found(book(marten.group, span("10:00", "12:00"), marten.resident(), firm=True)).state == State.WISHED
    else:
        with pytest.raises(service.RoomClosed):
            book(marten.group, span("06:00", "07:00"), marten.resident(), anyway=True)
        assert held() == []


def test_the_desk_of_another_house_decides_nothing_here(app: Flask, marten: Marten) -> None:
    from app.core.policy import Actor, Role

    stranger = Actor(person_id=marten.desk, roles=frozenset({(marten.house + 1000, Role.DESK)}), session_key="x")
    assert found(book(marten.group, span("10:00", "12:00"), stranger, marten.jan)).state == State.WISHED


# Scenario 2 and 3: what touches, what overlaps -----------------------------------------------------------------------


def test_ten_to_twelve_and_twelve_to_two_both_fit_without_buffer(app: Flask, marten: Marten, server_zone: str) -> None:
    book(marten.quiet, span("10:00", "12:00"), marten.resident())
    book(marten.quiet, span("12:00", "14:00"), marten.resident(marten.jan))
    assert [each[1] for each in held()] == [span("10:00", "12:00"), span("12:00", "14:00")]


def test_with_clean_up_time_the_second_is_refused_and_a_quarter_past_is_offered(
    app: Flask, marten: Marten, server_zone: str
) -> None:
    book(marten.group, span("10:00", "12:00"), marten.resident())
    before = held()
    assert before[0][1] == span("10:00", "12:15")
    with pytest.raises(service.RoomTaken) as refusal:
        book(marten.group, span("12:00", "14:00"), marten.resident(marten.jan))
    assert times(refusal.value)[0] == "30. 12:15–14:15"
    assert all(each["room"] == "gruppe" for each in refusal.value.facts["alternatives"])
    assert "lernraum" in refusal.value.facts["rooms"]
    assert held() == before
    assert letters(to=marten.jan) == []


def test_clean_up_time_also_keeps_the_one_before_away(app: Flask, marten: Marten) -> None:
    book(marten.group, span("12:00", "14:00"), marten.resident())
    with pytest.raises(service.RoomTaken) as refusal:
        book(marten.group, span("10:00", "12:00"), marten.resident(marten.jan))
    assert times(refusal.value)[0] == "30. 09:30–11:30"
    book(marten.group, span("09:30", "11:30"), marten.resident(marten.jan))


def test_the_hall_takes_both_halves_and_a_half_only_itself(app: Flask, marten: Marten, server_zone: str) -> None:
    desk = marten.at_desk()
    book(marten.hall, span("10:00", "12:00"), desk)
    for half in (marten.east, marten.west):
        with pytest.raises(service.RoomTaken):
            book(half, span("11:00", "13:00"), desk)
    book(marten.east, span("14:00", "16:00"), desk)
    with pytest.raises(service.RoomTaken) as refusal:
        book(marten.hall, span("15:00", "17:00"), desk)
    assert times(refusal.value)[0] == "30. 16:00–18:00"
    book(marten.west, span("15:00", "17:00"), desk)
    east, west = marten.hall.parts
    assert [(resource, each) for resource, each, _ in held()] == [
        (east, span("10:00", "12:00")), (west, span("10:00", "12:00")),
        (east, span("14:00", "16:00")), (west, span("15:00", "17:00")),
    ]  # fmt: skip


def test_where_wishes_do_not_hold_rivals_stand_side_by_side_until_the_desk_decides(app: Flask, marten: Marten) -> None:
    first = book(marten.hall, span("10:00", "12:00"), marten.resident())
    second = book(marten.hall, span("11:00", "13:00"), marten.resident(marten.jan))
    half = book(marten.east, span("09:00", "10:30"), marten.resident(marten.jan))
    assert [resource for resource, _, _ in held()] == [marten.hall.parts[0]]  # a wish for the half does hold
    wishes = {wish.booking.id: wish for wish in queries.wishes(marten.house)}
    assert [rival.id for rival in wishes[first].rivals] == [half, second]
    assert [rival.id for rival in wishes[second].rivals] == [first]
    assert [rival.id for rival in wishes[half].rivals] == [first]
    db.session().close()
    do(service.refuse_booking, half, "The hall is wanted.", marten.at_desk())
    do(service.confirm_booking, first, marten.at_desk())
    assert found(second).state == State.WISHED  # nobody is refused unasked
    (left,) = queries.wishes(marten.house)
    assert left.taken and left.booking.id == second
    db.session().close()
    with pytest.raises(service.RoomTaken):
        do(service.confirm_booking, second, marten.at_desk())
    assert found(second).state == State.WISHED


# Deciding ------------------------------------------------------------------------------------------------------------


def test_confirming_a_wish_makes_its_promise_firm_and_tells_the_person_once(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    assert [kind for _, _, kind in held()] == ["wished"]
    do(service.confirm_booking, wish, marten.at_desk())
    booking = found(wish)
    assert (booking.state, booking.decided_by_id, booking.lapses_at, booking.sequence) == (State.CONFIRMED, marten.desk, None, 1)
    assert held() == [(marten.group.parts[0], span("10:00", "12:15"), "confirmed")]
    assert letters(to=marten.ayse) == ["wished", "confirmed"]


def test_the_second_of_two_deciders_is_told_who_was_first_and_when(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    do(service.confirm_booking, wish, marten.at_desk())
    for late in (lambda: do(service.confirm_booking, wish, marten.at_desk(marten.colleague)),
                 lambda: do(service.refuse_booking, wish, "No.", marten.at_desk(marten.colleague))):  # fmt: skip
        with pytest.raises(service.AlreadyDecided) as refusal:
            late()
        assert "Sevgi Aydın" in str(refusal.value) and "13:40" in str(refusal.value)
    assert found(wish).decided_by_id == marten.desk
    assert letters(to=marten.ayse) == ["wished", "confirmed"]


def test_refusing_a_wish_frees_its_time_and_gives_the_reason(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    do(service.refuse_booking, wish, "We need the room ourselves.", marten.at_desk())
    assert (found(wish).state, found(wish).reason) == (State.REFUSED, "We need the room ourselves.")
    assert held() == []
    book(marten.group, span("10:00", "12:00"), marten.resident(marten.jan))
    with pytest.raises(service.AlreadyDecided):
        do(service.confirm_booking, wish, marten.at_desk())


def test_what_is_cancelled_or_lapsed_cannot_be_decided(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    do(service.cancel_booking, wish, "", marten.resident())
    for act in (service.confirm_booking, lambda booking, by: service.refuse_booking(booking, "No.", by)):
        with pytest.raises(service.NotOpenAnyMore):
            do(act, wish, marten.at_desk())


# Scenario 10: lapsing ------------------------------------------------------------------------------------------------


def test_a_wish_holds_its_time_for_five_days_and_lapses_on_the_sixth(app: Flask, marten: Marten) -> None:
    later = MONDAY + timedelta(days=14)
    wish = book(marten.group, span("10:00", "12:00", later), marten.resident())
    with clock.stopped_at(THURSDAY + timedelta(days=4, hours=23, minutes=59)):
        run_job(jobs.LAPSE_WISHES)
        assert found(wish).state == State.WISHED
        db.session().close()
        with pytest.raises(service.RoomTaken):
            book(marten.group, span("11:00", "12:00", later), marten.resident(marten.jan))
    with clock.stopped_at(THURSDAY + timedelta(days=5)):
        assert run_job(jobs.LAPSE_WISHES) == "done"
        booking = found(wish)
        assert (booking.state, booking.lapses_at) == (State.LAPSED, None)
        db.session().close()
        assert held() == []
        assert letters(to=marten.ayse) == ["wished", "lapsed"]
        book(marten.group, span("11:00", "12:00", later), marten.resident(marten.jan))
        run_job(jobs.LAPSE_WISHES)
    assert letters(to=marten.ayse) == ["wished", "lapsed"]


def test_a_wish_lapses_when_its_time_begins_and_a_confirmed_one_never(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    firm = book(marten.quiet, span("10:00", "12:00"), marten.resident())
    with clock.stopped_at(at(MONDAY, "10:00")):
        run_job(jobs.LAPSE_WISHES)
    assert (found(wish).state, found(firm).state) == (State.LAPSED, State.CONFIRMED)


def test_a_wish_decided_between_looking_and_lapsing_stays_decided(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    with clock.stopped_at(THURSDAY + timedelta(days=5)):
        assert queries.lapsing(clock.now()) == [wish]
        db.session().close()
    do(service.confirm_booking, wish, marten.at_desk())
    with clock.stopped_at(THURSDAY + timedelta(days=5)):
        assert do(service.lapse_booking, wish, marten.at_desk()) is False
    assert found(wish).state == State.CONFIRMED


# Scenario 12: changing -----------------------------------------------------------------------------------------------


def change(booking: int, wanted: Span, by: Any, **more: Any) -> bool:
    values = {"purpose": "Choir practice", "people": 4, **more}
    return bool(do(service.change_booking, booking, service.ChangeRequest(wanted, **values), by))


def test_shortening_a_confirmed_booking_keeps_it_confirmed_and_frees_the_rest(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "13:00"), marten.resident())
    do(service.confirm_booking, wish, marten.at_desk())
    assert found(wish).price_cents == 3600
    assert change(wish, span("10:00", "12:00"), marten.resident()) is True
    booking = found(wish)
    assert (booking.state, booking.span, booking.price_cents, booking.sequence) == (
        State.CONFIRMED,
        span("10:00", "12:00"),
        2400,
        2,
    )
    assert held() == [(marten.group.parts[0], span("10:00", "12:15"), "confirmed")]
    assert letters(to=marten.ayse) == ["wished", "confirmed", "moved"]


def test_extending_asks_again_and_keeps_the_old_time_meanwhile(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    do(service.confirm_booking, wish, marten.at_desk())
    assert change(wish, span("10:00", "14:00"), marten.resident()) is False
    booking = found(wish)
    assert (booking.state, booking.span, booking.price_cents) == (State.CONFIRMED, span("10:00", "12:00"), 2400)
    assert (booking.change_starts_at, booking.change_ends_at) == (
        span("10:00", "14:00").starts_at,
        span("10:00", "14:00").ends_at,
    )
    assert held() == [(marten.group.parts[0], span("10:00", "12:15"), "confirmed")]
    (asked,) = queries.wishes(marten.house)
    assert (asked.change, asked.span, asked.taken) == (True, span("10:00", "14:00"), False)
    db.session().close()
    do(service.confirm_booking, wish, marten.at_desk())
    booking = found(wish)
    assert (booking.span, booking.price_cents, booking.change_starts_at) == (span("10:00", "14:00"), 4800, None)
    assert held() == [(marten.group.parts[0], span("10:00", "14:15"), "confirmed")]
    assert letters(to=marten.ayse) == ["wished", "confirmed", "change-wished", "moved"]


def test_a_refused_extension_leaves_the_booking_as_it_was(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    do(service.confirm_booking, wish, marten.at_desk())
    change(wish, span("10:00", "14:00"), marten.resident())
    do(service.refuse_booking, wish, "The choir needs the room.", marten.at_desk())
    booking = found(wish)
    assert (booking.state, booking.span, booking.change_starts_at) == (State.CONFIRMED, span("10:00", "12:00"), None)
    assert held() == [(marten.group.parts[0], span("10:00", "12:15"), "confirmed")]


def test_an_extension_that_somebody_has_taken_meanwhile_cannot_be_confirmed_and_the_old_time_stays(
    app: Flask, marten: Marten
) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    do(service.confirm_booking, wish, marten.at_desk())
    change(wish, span("10:00", "14:00"), marten.resident())
    book(marten.group, span("13:00", "15:00"), marten.at_desk(), marten.jan)
    assert next(each for each in queries.wishes(marten.house) if each.change).taken
    db.session().close()
    with pytest.raises(service.RoomTaken):
        do(service.confirm_booking, wish, marten.at_desk())
    assert found(wish).span == span("10:00", "12:00")
    assert (marten.group.parts[0], span("10:00", "12:15"), "confirmed") in held()


def test_extending_into_somebody_elses_time_is_refused_at_once(app: Flask, marten: Marten) -> None:
    mine = book(marten.quiet, span("10:00", "12:00"), marten.resident())
    book(marten.quiet, span("13:00", "14:00"), marten.resident(marten.jan))
    before = held()
    with pytest.raises(service.RoomTaken):
        change(mine, span("10:00", "13:30"), marten.resident())
    assert held() == before and found(mine).span == span("10:00", "12:00")
    assert change(mine, span("10:00", "13:00"), marten.resident()) is True  # instant: nobody needs to be asked


def test_moving_within_ones_own_time_does_not_collide_with_oneself(app: Flask, marten: Marten) -> None:
    mine = book(marten.quiet, span("10:00", "12:00"), marten.resident())
    assert change(mine, span("11:00", "13:00"), marten.resident()) is True
    assert [each[1] for each in held()] == [span("11:00", "13:00")]


def test_a_wish_is_moved_without_asking_and_keeps_waiting(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    assert change(wish, span("14:00", "18:00"), marten.resident()) is True
    assert (found(wish).state, found(wish).span) == (State.WISHED, span("14:00", "18:00"))
    assert held() == [(marten.group.parts[0], span("14:00", "18:15"), "wished")]


def test_changing_only_purpose_or_people_needs_nobody(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    do(service.confirm_booking, wish, marten.at_desk())
    assert change(wish, span("10:00", "12:00"), marten.resident(), purpose="Birthday", people=10) is True
    booking = found(wish)
    assert (booking.state, booking.purpose, booking.people, booking.sequence) == (State.CONFIRMED, "Birthday", 10, 2)
    with pytest.raises(Invalid):
        change(wish, span("10:00", "12:00"), marten.resident(), people=19)
    assert found(wish).people == 10


def test_changing_nothing_tells_nobody(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    told = letters()
    change(wish, span("10:00", "12:00"), marten.resident())
    assert letters() == told and found(wish).sequence == 0


def test_a_running_booking_can_be_ended_now_and_not_begun_again(app: Flask, marten: Marten) -> None:
    mine = book(marten.quiet, span("10:00", "12:00"), marten.resident())
    with clock.stopped_at(at(MONDAY, "10:40")):
        assert change(mine, span("10:00", "11:00"), marten.resident()) is True
        with pytest.raises(Invalid):
            change(mine, span("09:00", "11:00"), marten.resident())
        with pytest.raises(Invalid):
            change(mine, span("10:00", "10:30"), marten.resident())
    with clock.stopped_at(at(MONDAY, "11:00")), pytest.raises(service.NotOpenAnyMore):
        change(mine, span("12:00", "13:00"), marten.resident())


# Cancelling ----------------------------------------------------------------------------------------------------------


def test_cancelling_frees_the_time_at_once_and_happens_once(app: Flask, marten: Marten) -> None:
    mine = book(marten.quiet, span("10:00", "12:00"), marten.resident())
    do(service.cancel_booking, mine, "", marten.resident())
    assert (found(mine).state, held()) == (State.CANCELLED, [])
    with pytest.raises(service.NotOpenAnyMore):
        do(service.cancel_booking, mine, "", marten.resident())
    assert letters(to=marten.ayse) == ["confirmed", "cancelled"]
    book(marten.quiet, span("10:00", "12:00"), marten.resident(marten.jan))


def test_what_is_over_is_cancelled_by_the_desk_only(app: Flask, marten: Marten) -> None:
    mine = book(marten.quiet, span("10:00", "12:00"), marten.resident())
    with clock.stopped_at(at(MONDAY, "12:00")):
        with pytest.raises(service.NotOpenAnyMore):
            do(service.cancel_booking, mine, "", marten.resident())
        do(service.cancel_booking, mine, "Nobody came.", marten.at_desk())
    assert found(mine).state == State.CANCELLED


# What nobody may ask for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "day", "field"),
    [
        ("10:00", "10:15", MONDAY, "ends_at"),  # shorter than half an hour
        ("08:00", "21:00", MONDAY, "ends_at"),  # longer than twelve hours
        ("10:10", "11:00", MONDAY, "starts_at"),  # off the steps
        ("10:00", "11:10", MONDAY, "ends_at"),
        ("10:00", "11:00", date(2026, 11, 26), "starts_at"),  # over
        ("10:00", "11:00", date(2027, 11, 30), "starts_at"),  # more than a year ahead
    ],
)
def test_times_a_resident_may_not_ask_for(app: Flask, marten: Marten, first: str, last: str, day: date, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        book(marten.group, span(first, last, day), marten.resident())
    assert set(refusal.value.fields) == {field} and str(refusal.value)
    assert held() == []


def test_the_desk_books_any_minute_and_what_began_this_morning(app: Flask, marten: Marten) -> None:
    thursday = date(2026, 11, 26)
    book(marten.group, span("13:07", "13:20", thursday), marten.at_desk(), marten.jan)
    with pytest.raises(Invalid):
        book(marten.group, span("10:00", "11:00", date(2026, 11, 25)), marten.at_desk(), marten.jan)


@pytest.mark.parametrize("people", [0, -1, 19, 10**9])
def test_more_people_than_the_room_holds_or_fewer_than_one(app: Flask, marten: Marten, people: int) -> None:
    for by in (marten.resident(), marten.at_desk()):
        with pytest.raises(Invalid) as refusal:
            book(marten.group, span("10:00", "12:00"), by, people=people)
        assert set(refusal.value.fields) == {"people"}


def test_outside_the_hours_the_hours_are_named_and_the_nearest_time_offered(app: Flask, marten: Marten) -> None:
    with pytest.raises(service.RoomClosed) as refusal:
        book(marten.group, span("21:00", "23:00"), marten.resident())
    assert "08:00–22:00" in str(refusal.value)
    assert times(refusal.value)[0] == "30. 20:00–22:00"
    book(marten.group, span("21:00", "23:00"), marten.at_desk(), marten.jan, anyway=True)


def test_clean_up_may_go_on_after_closing(app: Flask, marten: Marten) -> None:
    book(marten.group, span("20:00", "22:00"), marten.resident())
    assert held()[0][1].ends_at == at(MONDAY, "22:15")


def test_a_holiday_and_a_closed_day_say_why(app: Flask, marten: Marten) -> None:
    christmas, closing = date(2026, 12, 25), MONDAY + timedelta(days=1)
    with pytest.raises(service.RoomClosed) as refusal:
        book(marten.group, span("10:00", "12:00", christmas), marten.resident())
    assert "Christmas Day" in str(refusal.value)
    with db.transaction() as session:
        session.add(OpeningException(house_id=marten.house, on_day=closing, reason="Betriebsausflug"))
    with pytest.raises(service.RoomClosed) as refusal:
        book(marten.group, span("10:00", "12:00", closing), marten.resident())
    assert "Betriebsausflug" in str(refusal.value)
    assert times(refusal.value)[0].startswith(("30.", "02."))


# Price ---------------------------------------------------------------------------------------------------------------


def test_the_price_comes_from_the_tariff_of_the_day_and_is_frozen_with_its_rule(app: Flask, marten: Marten) -> None:
    from sqlalchemy import update

    from app.offers.models import Tariff

    booking = found(book(marten.group, span("10:00", "12:30"), marten.resident()))
    assert booking.price_cents == 3000
    assert booking.price_rule == {
        "tariff_id": booking.price_rule["tariff_id"],
        "cents": 1200,
        "unit": "hour",
        "minutes": 150,
        "min_minutes": 0,
        "lines": [{"code": "use", "kind": "room", "text": "Group room", "cents": 3000, "normal_cents": 3000}],
        "deposits": [],
        "cancellation": "14:0 3:50 0:100",
    }
    db.session().close()
    with db.transaction() as session:
        session.execute(update(Tariff).values(cents=99_00))
    assert found(booking.id).price_cents == 3000


def test_a_free_group_pays_nothing_and_a_class_without_price_may_not_book(app: Flask, marten: Marten) -> None:
    assert found(book(marten.group, span("10:00", "12:00"), marten.resident(), tariff_class="A")).price_cents == 0
    for code in ("B", "Z", "", "C; DROP"):
        with pytest.raises(Invalid) as refusal:
            book(marten.group, span("14:00", "16:00"), marten.resident(), tariff_class=code)
        assert set(refusal.value.fields) == {"tariff_class"}


def test_a_groups_own_class_wins_over_what_was_ticked(app: Flask, marten: Marten) -> None:
    group = an_organisation(tariff_class="A")
    booking = found(book(marten.group, span("10:00", "12:00"), marten.resident(), tariff_class="C", organisation_id=group))
    assert (booking.tariff_class, booking.price_cents) == ("A", 0)
    with pytest.raises(Invalid):
        book(marten.group, span("14:00", "16:00"), marten.resident(), organisation_id=group + 1000)


def test_a_refused_request_writes_nothing_at_all(app: Flask, marten: Marten) -> None:
    from app.journal.models import JournalEntry

    book(marten.group, span("10:00", "12:00"), marten.resident())
    before = (held(), letters(), len(db.session().scalars(select(JournalEntry)).all()))
    db.session().close()
    with pytest.raises(service.RoomTaken):
        book(marten.group, span("11:00", "13:00"), marten.resident(marten.jan))
    assert (held(), letters(), len(db.session().scalars(select(JournalEntry)).all())) == before
    assert request(marten.group, span("11:00", "13:00"), marten.jan).room == card(marten.group)


# When the room's rules change meanwhile ------------------------------------------------------------------------------


def set_room(room: int, **values: Any) -> None:
    from sqlalchemy import update

    from app.rooms.models import Room

    with db.transaction() as session:
        session.execute(update(Room).where(Room.id == room).values(**values))


def test_a_wish_from_before_wishes_held_is_confirmed_or_told_that_it_is_taken(app: Flask, marten: Marten) -> None:
    free = book(marten.hall, span("14:00", "16:00"), marten.resident())
    taken = book(marten.hall, span("10:00", "12:00"), marten.resident())
    book(marten.east, span("10:00", "12:00"), marten.at_desk(), marten.jan)
    set_room(marten.hall.id, wishes_hold=True)
    with pytest.raises(service.RoomTaken):
        do(service.confirm_booking, taken, marten.at_desk())
    do(service.confirm_booking, free, marten.at_desk())
    assert (found(taken).state, found(free).state) == (State.WISHED, State.CONFIRMED)


def test_a_wish_keeps_the_set_up_time_it_was_made_with(app: Flask, marten: Marten) -> None:
    wish = book(marten.group, span("10:00", "12:00"), marten.resident())
    book(marten.group, span("12:30", "14:00"), marten.at_desk(), marten.jan)
    set_room(marten.group.id, after_minutes=60)
    do(service.confirm_booking, wish, marten.at_desk())
    assert held()[0] == (marten.group.parts[0], span("10:00", "12:15"), "confirmed")
