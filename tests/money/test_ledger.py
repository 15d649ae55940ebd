"""The ledger: balanced or refused, numbered, chained, never changed. Scenarios (f) 1 to 3 of finance.md."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.core import db
from app.core.check import Progress
from app.core.policy import THE_HOUSE
from app.money import queries, service
from app.money.models import FIRST_PREV, AccountBalance, Fund, LedgerEntry, LedgerLine, Line, digest
from app.offers.models import Offering
from tests.makers import a_house, in_turn

EXAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "journal-example.json").read_text(encoding="utf-8"))
BALANCES = {
    "1200": 11_780_00, "1000": 274_10, "1500": 0, "1400": 0, "1577": 2_52, "2100": -50_00, "2300": -2_795_00, "2507": -10_79,
    "2519": -39_55, "4600": -16_295_00, "4100": -154_11, "4110": -208_15, "4651": -48_00, "4000": 0, "5000": 35_98,
    "6000": 7_460_00, "6210": 48_00,
}  # fmt: skip


def lines_of(entry: dict[str, Any]) -> list[Line]:
    return [
        Line(each["account"], each["debit_cents"], each["credit_cents"], each["sphere"], each["offering"], each["fund"])
        for each in entry["lines"]
    ]


@pytest.fixture
def house(app: Flask) -> int:
    made = a_house()
    with db.transaction() as session:
        for code, sphere in (("O01", "2"), ("O03", "4"), ("O08", "1")):
            session.add(Offering(house_id=made, code=code, name=code, sphere=sphere, unit="hour", paid=True))
        session.flush()
        for code in ("F1", "G1"):
            session.add(
                Fund(
                    house_id=made,
                    code=code,
                    name=code,
                    kind="grant",
                    restricted=False,
                    amount_cents=0,
                    starts_on=date(2026, 1, 1),
                )
            )
    return made


def post_example() -> list[service.Posted]:
    """The worked journal of twelve entries, each in its own act; the last one takes the eleventh back."""
    posted = []
    for entry in EXAMPLE["entries"][:-1]:
        with in_turn():
            posted.append(service.post(entry["text"], lines_of(entry), THE_HOUSE, on=date.fromisoformat(entry["date"])))
    with in_turn():
        last = EXAMPLE["entries"][-1]
        posted.append(service.reverse(posted[-1].id, "falscher Monat", THE_HOUSE, on=date.fromisoformat(last["date"])))
    return posted


def test_the_worked_journal_has_its_digests_its_numbers_and_its_balances(house: int) -> None:
    posted = post_example()
    assert [each.hash for each in posted] == [entry["sha256"] for entry in EXAMPLE["entries"]]
    assert [each.no for each in posted] == [entry["no"] for entry in EXAMPLE["entries"]]
    rows = db.session().execute(
        select(LedgerLine.account_code, func.sum(LedgerLine.debit_cents) - func.sum(LedgerLine.credit_cents)).group_by(
            LedgerLine.account_code
        )
    )
    assert {code: int(cents) for code, cents in rows} == BALANCES
    assert sum(BALANCES.values()) == 0
    kept = db.session().execute(
        select(AccountBalance.account_code, func.sum(AccountBalance.debit_cents - AccountBalance.credit_cents)).group_by(
            AccountBalance.account_code
        )
    )
    assert {code: int(cents) for code, cents in kept} == BALANCES
    assert [fault for fault in queries.faults() if not isinstance(fault, Progress)] == []


def test_the_first_digest_is_that_of_the_canonical_text() -> None:
    first = EXAMPLE["entries"][0]
    made = digest(FIRST_PREV, "J01", date(2026, 1, 5), first["text"], lines_of(first))
    assert made == "85a09de596b1c5867377e5c54e131e821bdc56f15ed4929b9589c7d2dbd92150"


@pytest.mark.parametrize(
    "lines",
    [
        [Line("1200", debit=100), Line("4600", credit=99)],
        [Line("1200", debit=100)],
        [Line("1200", debit=100, credit=100), Line("4600", debit=0, credit=0)],
        [Line("1200", debit=0), Line("4600", credit=0)],
        [Line("1200", debit=-100), Line("4600", credit=-100)],
        [],
    ],
    ids=["by a cent", "one line", "both sides", "nothing", "below zero", "empty"],
)
def test_what_is_not_balanced_is_refused_and_stores_nothing(house: int, lines: list[Line]) -> None:
    with pytest.raises(service.Unbalanced), in_turn():
        service.post("Versehen", lines, THE_HOUSE)
    assert db.session().scalar(select(func.count()).select_from(LedgerEntry)) == 0
    assert db.session().scalar(select(func.count()).select_from(LedgerLine)) == 0


BY_HAND = [
    "UPDATE ledger_line SET debit_cents = debit_cents + 1 WHERE entry_id = 1 AND position = 1",
    "UPDATE ledger_line SET sphere = '2' WHERE entry_id = 1",
    "DELETE FROM ledger_line WHERE entry_id = 1",
    "UPDATE ledger_entry SET text = 'anders' WHERE id = 1",
    "DELETE FROM ledger_entry WHERE id = 12",
    "INSERT INTO ledger_line (entry_id, position, account_code, debit_cents, credit_cents, sphere) VALUES (1, 9, '1200', 1, 0, '9')",
]


@pytest.mark.parametrize("statement", BY_HAND)
def test_nothing_posted_can_be_changed_by_hand(house: int, statement: str) -> None:
    post_example()
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.execute(text(statement))


def test_nothing_posted_can_be_changed_through_the_models(house: int) -> None:
    post_example()
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.get_one(LedgerEntry, 3).text = "anders"
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.delete(session.get_one(LedgerEntry, 3))


COLUMNS = "id, year, number, posted_on, text, total_cents, prev, hash, source, posted_at"
LINES = (
    "INSERT INTO ledger_line (entry_id, position, account_code, debit_cents, credit_cents, sphere) "
    "VALUES ({id}, 1, '1200', 100, 0, '9'), ({id}, 2, '4600', 0, {credit}, '9')"
)


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("out of order", {"id": 14}),
        ("out of order", {"number": 14}),
        ("another year", {"year": 2025, "number": 1}),
        ("chain", {"prev": "f" * 64}),
        ("balanced", {"credit": 99}),
        ("balanced", {"total": 99}),
    ],
)
def test_the_database_itself_refuses_an_entry_that_does_not_follow(house: int, reason: str, values: dict[str, Any]) -> None:
    last = post_example()[-1]
    wanted = {"id": 13, "year": 2026, "number": 13, "prev": last.hash, "credit": 100, "total": 100, **values}
    with pytest.raises(DBAPIError, match=reason), db.transaction() as session:
        session.execute(text(LINES.format(**wanted)))
        session.execute(
            text(
                f"INSERT INTO ledger_entry ({COLUMNS}) VALUES (:id, :year, :number, '2026-05-01', 'von Hand', :total, :prev, :hash, "
                "'manual', '2026-05-01 10:00:00')"
            ),
            {**{key: wanted[key] for key in ("id", "year", "number", "total", "prev")}, "hash": "e" * 64},
        )


def test_lines_without_an_entry_do_not_survive_the_act(house: int) -> None:
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.execute(text(LINES.format(id=1, credit=100)))


def test_an_entry_is_taken_back_once_and_a_reversal_never(house: int) -> None:
    posted = post_example()
    with pytest.raises(service.AlreadyReversed), in_turn():
        service.reverse(posted[10].id, "noch einmal", THE_HOUSE)
    with pytest.raises(service.IsReversal), in_turn():
        service.reverse(posted[11].id, "zurück", THE_HOUSE)
    storno = db.session().get_one(LedgerEntry, posted[11].id)
    assert (storno.text, storno.reverses_id) == ("STORNO J11 (falscher Monat)", posted[10].id)


def test_numbers_begin_anew_each_year_and_have_no_gap(house: int) -> None:
    pair = [Line("1200", debit=100), Line("4610", credit=100)]
    for day in (date(2026, 12, 30), date(2027, 1, 2), date(2026, 12, 31), date(2027, 1, 3)):
        with in_turn():
            service.post("Spende", pair, THE_HOUSE, on=day)
    rows = db.session().execute(select(LedgerEntry.year, LedgerEntry.number).order_by(LedgerEntry.id))
    assert [tuple(row) for row in rows] == [(2026, 1), (2027, 1), (2026, 2), (2027, 2)]


def test_a_refused_act_leaves_no_gap(house: int) -> None:
    pair = [Line("1200", debit=100), Line("4610", credit=100)]
    with in_turn():
        service.post("erste", pair, THE_HOUSE)
    with pytest.raises(RuntimeError), in_turn():
        service.post("geht unter", pair, THE_HOUSE)
        raise RuntimeError
    with in_turn():
        assert service.post("zweite", pair, THE_HOUSE).number == 2


def test_nothing_is_posted_into_a_closed_period_by_any_way(house: int) -> None:
    pair = [Line("1200", debit=100), Line("4610", credit=100)]
    with in_turn():
        service.lock_period(date(2026, 10, 31), THE_HOUSE)
    with pytest.raises(service.LockedPeriod), in_turn():
        service.post("zu spät", pair, THE_HOUSE, on=date(2026, 10, 31))
    with in_turn():
        service.post("rechtzeitig", pair, THE_HOUSE, on=date(2026, 11, 1))
    with pytest.raises(DBAPIError, match="locked"), db.transaction() as session:
        last = session.get_one(LedgerEntry, 1)
        session.execute(text(LINES.format(id=2, credit=100)))
        session.execute(
            text(
                f"INSERT INTO ledger_entry ({COLUMNS}) VALUES (2, 2026, 2, '2026-10-30', 'x', 100, :prev, :hash, 'manual', "
                "'2026-05-01 10:00:00')"
            ),
            {"prev": last.hash, "hash": "e" * 64},
        )
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.execute(text("INSERT INTO period_lock (locked_through, created_at) VALUES ('2026-09-30', '2026-11-01 10:00:00')"))


def tamper(statement: str, engine: str) -> None:
    """What somebody with the file in their hands could do: without the guards."""
    with db.transaction() as session:
        if engine == "sqlite":
            names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger%'")).all()
            for name in names:
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
            session.execute(text("ALTER TABLE ledger_line DISABLE TRIGGER USER"))
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "entry"),
    [
        ("UPDATE ledger_entry SET text = 'Kaffee Bericht K-2026-0061' WHERE id = 3", "J03"),
        ("UPDATE ledger_line SET account_code = '4110' WHERE entry_id = 8 AND account_code = '4600'", "J08"),
        ("UPDATE ledger_line SET debit_cents = debit_cents + 1 WHERE entry_id = 5 AND debit_cents > 0", "J05"),
        ("DELETE FROM ledger_line WHERE entry_id = 9", "J09"),
        ("UPDATE ledger_entry SET posted_on = '2026-04-04' WHERE id = 11", "J11"),
    ],
)
def test_the_first_broken_entry_is_named(house: int, engine: str, statement: str, entry: str) -> None:
    post_example()
    tamper(statement, engine)
    found = [fault for fault in queries.faults() if not isinstance(fault, Progress)]
    assert len(found) == 1 and entry in str(found[0])


def test_a_balance_written_by_hand_is_found(house: int, engine: str) -> None:
    post_example()
    tamper("UPDATE account_balance SET debit_cents = debit_cents + 1 WHERE account_code = '1200' AND month = '2026-01'", engine)
    found = [str(fault) for fault in queries.faults() if not isinstance(fault, Progress)]
    assert found == ["the balance of account 1200 in 2026-01 (house 0) is not the sum of its lines"]
