"""Whatever neighbours do with their time in whatever order: it sums to zero, nobody passes a limit, refusals change nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import clock, db, i18n
from app.core.errors import Refusal
from app.core.policy import THE_HOUSE
from app.swap import queries, service
from app.swap.models import Hours, TimeAccount, TimeEntry
from tests.conftest import THURSDAY
from tests.makers import a_person
from tests.swap.neighbours import H, Neighbours, sums_are_zero

minutes = st.sampled_from((60, 15, 120, 300, 60, 15, 600, 1440, 0, 50))
who = st.integers(0, 4)
which = st.integers(0, 3)
ACTS = (
    st.tuples(st.just("join"), who),
    st.tuples(st.just("book"), who, who, minutes, st.booleans()),
    st.tuples(st.just("book"), who, who, minutes, st.booleans()),
    st.tuples(st.just("confirm"), which),
    st.tuples(st.just("confirm"), which),
    st.tuples(st.just("dispute"), which),
    st.tuples(st.just("change"), which, minutes),
    st.tuples(st.just("settle"), which, minutes),
    st.tuples(st.just("drop"), which),
    st.tuples(st.just("grant"), which, minutes),
    st.tuples(st.just("give"), who, minutes),
    st.tuples(st.just("thank"), st.lists(who, min_size=1, max_size=4), minutes),
    st.tuples(st.just("correct"), which),
    st.tuples(st.just("leave"), who),
    st.tuples(st.just("tighten"), st.sampled_from((10, 5, 12)), st.sampled_from((30, 20, 40))),
)
STEPS = st.permutations(ACTS).flatmap(lambda order: st.tuples(*order))
"""Every act once, some twice, in any order."""


class Act:
    """One step as a person would try it, on the rows that stand there now."""

    def __init__(self, house: Neighbours, people: list[int]) -> None:
        self.house, self.people = house, people
        self.desk = house.actor(house.desk)

    def newest(self, model: Any, index: int) -> Any:
        """The `index`-th newest; of hours the first ones among those that wait."""
        wanted = select(model).order_by(model.id.desc()).limit(index + 1)
        if model is Hours and index < 3:
            wanted = wanted.where(Hours.state.in_(("booked", "disputed")))
        rows = list(db.session().scalars(wanted))
        return rows[-1] if rows else None

    def account(self, one: int) -> TimeAccount | None:
        return queries.account_of(self.house.house, self.people[one])

    def join(self, one: int) -> None:
        service.join(self.house.house, self.people[one], self.house.actor(self.people[one]))

    def book(self, giver: int, taker: int, length: int, signed: bool) -> None:
        day = clock.today(i18n.zone())
        ids = (self.people[giver], self.people[taker])
        service.book_hours(service.HoursRequest(self.house.house, *ids, ids[0], "garden", day, length, signed=signed), self.desk)

    def confirm(self, index: int) -> None:
        if hours := self.newest(Hours, index):
            service.confirm_hours(hours, THE_HOUSE)

    def dispute(self, index: int) -> None:
        if hours := self.newest(Hours, index):
            service.dispute_hours(hours, "anders", THE_HOUSE)

    def change(self, index: int, length: int) -> None:
        if hours := self.newest(Hours, index):
            service.change_hours(hours, length, THE_HOUSE)

    def settle(self, index: int, length: int) -> None:
        if hours := self.newest(Hours, index):
            service.settle_hours(hours, length, self.desk)

    def drop(self, index: int) -> None:
        if hours := self.newest(Hours, index):
            service.drop_hours(hours, "", self.desk)

    def grant(self, index: int, length: int) -> None:
        if hours := self.newest(Hours, index):
            service.grant_pot(hours, length, self.desk)

    def give(self, one: int, length: int) -> None:
        if account := self.account(one):
            service.give_minutes(account, length, THE_HOUSE)

    def thank(self, some: list[int], length: int) -> None:
        day = clock.today(i18n.zone())
        people = [self.people[one] for one in some]
        service.thank_group(service.GroupRequest(self.house.house, people, day, length, "Gartentag"), self.desk)

    def correct(self, index: int) -> None:
        if entry := self.newest(TimeEntry, index):
            service.correct_minutes(entry, "Versehen", self.desk)

    def leave(self, one: int) -> None:
        if account := self.account(one):
            service.leave(account, THE_HOUSE)

    def tighten(self, floor: int, ceiling: int) -> None:
        """The rules change, as a manager may change them."""
        from app.offers.models import RuleValue

        for key, value in (("time.floor", floor), ("time.ceiling", ceiling)):
            db.session().scalars(select(RuleValue).where(RuleValue.key == key)).one().value = str(value)


def everything(house: Neighbours) -> list[Any]:
    columns = (TimeAccount.__table__.columns.keys(), TimeEntry.__table__.columns.keys(), Hours.__table__.columns.keys())

    def look() -> list[Any]:
        return [
            [tuple(getattr(row, name) for name in names) for row in db.session().scalars(select(model).order_by(model.id))]
            for model, names in zip((TimeAccount, TimeEntry, Hours), columns, strict=True)
        ]

    return house.look(look)


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def try_in_turn(
    house: Neighbours, people: list[int], done: Counter[str], days: Iterator[int], steps: list[tuple[Any, ...]]
) -> None:
    act = Act(house, people)
    with clock.stopped_at(THURSDAY + timedelta(days=next(days))):
        before = everything(house)
        for name, *values in (("join", 0), ("join", 1), ("book", 0, 1, H, False), ("book", 1, 0, H, False), *steps):
            step: Callable[..., None] = getattr(act, name)
            try:
                house.act(lambda: step(*values))  # noqa: B023 - called at once
            except Refusal:
                assert everything(house) == before, f"{name}{values} was refused and changed something"
            else:
                after = everything(house)
                done[name] += after != before or name == "tighten"
                before = after
                assert sums_are_zero(house)


def test_time_accounts_sum_to_zero_whatever_happens(marten: Neighbours) -> None:
    """The examples go on in the same house, each on a day of its own, so that later ones meet what earlier ones left behind."""
    done: Counter[str] = Counter()
    with marten.app.app_context():
        people = [a_person(f"Nachbar{number}", "Test") for number in range(5)]
    try_in_turn(marten, people, done, itertools.count())
    steps = {name for name in vars(Act) if not name.startswith("_")} - {"newest", "account"}
    assert {name for name in steps if not done[name]} == set(), f"never came through: {done}"
