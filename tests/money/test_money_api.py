"""Money for other programs: the same verbs as at the counter, in JSON and whole cents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts import service as accounts
from app.core import db
from app.core.policy import THE_HOUSE, Role
from app.money.models import Charge, Payment
from tests.money.conftest import Books, books_are_right
from tests.rooms.test_api import Program


@dataclass(frozen=True)
class Doors:
    books: Books
    desk: Program
    ayse: Program
    karl: Program
    stranger: Program

    def charge(self, *cents: int, **more: Any) -> dict[str, Any]:
        body = {
            "person": self.books.ayse, "title": "Saal am Donnerstag", "supplied_from": "2026-11-26",
            "lines": [{"kind": "room", "text": "Saal", "cents": each} for each in cents], **more,
        }  # fmt: skip
        answer = self.desk.post("/charges", body)
        assert answer.status == 201, answer.body
        return dict(answer.body)


@pytest.fixture
def doors(app: Flask, books: Books) -> Doors:
    def program(role: Role, person: int) -> Program:
        made = db.run_transaction(
            lambda: accounts.create_token(label="test", role=role, house_id=books.house, person_id=person, by=THE_HOUSE).token
        )
        return Program(app, made)

    return Doors(
        books, program(Role.DESK, books.desk), program(Role.RESIDENT, books.ayse), program(Role.RESIDENT, books.karl),
        Program(app, ""),
    )  # fmt: skip


def count(model: Any) -> int:
    db.session().close()
    return db.session().scalar(select(func.count()).select_from(model)) or 0


def test_a_charge_is_made_listed_paid_in_part_and_cancelled(doors: Doors) -> None:
    charge = doors.charge(6600, 4500)
    assert (charge["total_cents"], charge["open_cents"], len(charge["lines"])) == (11_100, 11_100, 2)
    paid = doors.desk.post("/payments", {"method": "cash", "charges": [{"id": charge["id"], "cents": 5000}]})
    assert (paid.status, paid.body["no"], paid.body["cents"]) == (201, "Q-2026-0001", 5000)
    assert doors.desk.get("/charges", {"state": "open"}).body["items"][0]["open_cents"] == 6100
    cancelled = doors.desk.post(f"/charges/{charge['id']}/cancel", {"reason": "abgesagt"})
    assert (cancelled.status, cancelled.body["cancelled"]) == (200, True)
    assert doors.desk.get("/charges", {"state": "open"}).body["items"] == []
    assert doors.desk.post(f"/charges/{charge['id']}/cancel", {"reason": "noch einmal"}).status == 409
    assert books_are_right()


def test_a_deposit_is_asked_for_taken_and_settled_with_a_part_kept(doors: Doors) -> None:
    body = {"person": doors.books.ayse, "kind": "room", "title": "Kaution Saal", "cents": 15000, "due_on": "2026-11-26"}
    deposit = doors.desk.post("/deposits", body).body
    doors.desk.post("/payments", {"method": "cash", "deposits": [{"id": deposit["id"], "cents": 15000}]})
    assert doors.desk.get("/deposits", {"state": "open"}).body["items"][0]["held_cents"] == 15000
    keep = [{"cents": 4500, "reason": "Reinigung", "kind": "cleaning"}]
    settled = doors.desk.post(f"/deposits/{deposit['id']}/settle", {"method": "cash", "keep": keep})
    assert (settled.status, settled.body["held_cents"], settled.body["closed_at"] is not None) == (200, 0, True)
    assert doors.desk.post(f"/deposits/{deposit['id']}/settle", {"method": "cash"}).status == 409
    assert books_are_right()


def test_the_same_key_pays_once_and_the_second_without_it_is_refused_with_facts(doors: Doors) -> None:
    charge = doors.charge(6600)
    body = {"method": "cash", "charges": [{"id": charge["id"], "cents": 6600}]}
    first = doors.desk.post("/payments", body, Idempotency_Key="a")
    again = doors.desk.post("/payments", body, Idempotency_Key="a")
    assert first.body["id"] == again.body["id"] and count(Payment) == 1
    other = doors.desk.post("/payments", body, Idempotency_Key="b")
    assert (other.status, other.body["type"], other.body["open_cents"]) == (409, "urn:quartiersraum:problem:charge-closed", 0)


def test_a_list_is_paged_by_cursor(doors: Doors) -> None:
    ids = [doors.charge(100 + number)["id"] for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = doors.desk.get("/charges", {"limit": "2", "cursor": cursor}).body
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ids[::-1]
    assert doors.desk.get("/charges", {"cursor": "x"}).status == 422


@pytest.mark.parametrize(
    "body",
    [
        {"method": "cash"},
        {"method": "cheque", "charges": [{"id": 1, "cents": 100}]},
        {"method": "cash", "charges": [{"id": 1, "cents": 0}]},
        {"method": "cash", "charges": [{"id": 1, "cents": -5}]},
        {"method": "cash", "charges": [{"id": 1, "cents": 1.5}]},
        {"method": "cash", "charges": [{"id": 1, "cents": "100"}]},
        {"method": "cash", "charges": [{"id": 1, "cents": 10**18}]},
        {"method": "cash", "charges": [{"id": 1, "cents": 6601}]},
        {"method": "cash", "charges": [{"id": 1, "cents": 1}, {"id": 1, "cents": 2}]},
        {"method": "cash", "charges": [{"id": 999, "cents": 100}]},
        {"method": "bank", "on": "2027-01-01", "charges": [{"id": 1, "cents": 100}]},
        {"method": "cash", "charges": [{"id": 1, "cents": 100}], "kind": "cafe-drinks"},
    ],
    ids=str,
)
def test_nonsense_is_refused_and_changes_nothing(doors: Doors, body: dict[str, Any]) -> None:
    doors.charge(6600)
    assert doors.desk.post("/payments", body).status == 422
    assert count(Payment) == 0


def test_no_single_sale_comes_in_through_the_api(doors: Doors) -> None:
    body = {"person": doors.books.ayse, "title": "Kaffee", "supplied_from": "2026-11-26",
            "lines": [{"kind": "cafe-drinks", "text": "Kaffee", "cents": 220}]}  # fmt: skip
    answer = doors.desk.post("/charges", body)
    assert answer.status == 422 and "146a" in answer.body["errors"]["kind"][0] and count(Charge) == 0


def test_others_see_only_their_own(doors: Doors) -> None:
    charge = doors.charge(6600)
    assert doors.ayse.get(f"/charges/{charge['id']}").status == 200
    assert doors.karl.get(f"/charges/{charge['id']}").status == 404
    assert doors.ayse.post("/payments", {"method": "cash", "charges": [{"id": charge["id"], "cents": 1}]}).status == 404
    assert doors.stranger.get("/charges").status == 401
    assert count(Payment) == 0
