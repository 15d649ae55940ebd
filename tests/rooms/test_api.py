"""Rooms and bookings for other programs: the same rules as on the pages, in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from app.accounts import service as accounts
from app.core import db
from app.core.policy import THE_HOUSE, Role
from app.people.models import Membership, Person
from app.rooms.models import Booking
from tests.browser_client import counted
from tests.makers import a_house, a_person, a_room, an_organisation, open_daily
from tests.rooms.calendar_files import bring, calendar, card, event

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = "2026-11-30"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    kind: str


class Program:
    """Another program with a token."""

    def __init__(self, app: Flask, token: str) -> None:
        self.app, self.client = app, app.test_client()
        self.headers = {"Accept-Language": "en"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Answer:
        return self._open("GET", path, query_string=query, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        data = None if body is None else json.dumps(body)
        return self._open("POST", path, data=data, headers=headers)

    def raw(self, path: str, data: bytes) -> Answer:
        return self._open("POST", path, data=data, headers={})

    def _open(self, method: str, path: str, headers: dict[str, str], **more: Any) -> Answer:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        with self.app.app_context():  # its own, or one request would know what another has learnt
            response = self.client.open(f"/api/v1{path}", method=method, headers=sent, **more)
        db.session().close()
        return Answer(response.status_code, json.loads(response.data), response.mimetype)


@dataclass(frozen=True)
class Marten:
    house: int
    ayse: int
    jan: int
    desk: Program
    resident: Program
    other: Program
    house_token: Program
    stranger: Program


@pytest.fixture
def marten(app: Flask) -> Marten:
    house = a_house()
    open_daily(house)
    hall = a_room(house, "saal", parts=("north", "south"), features=["piano", "step_free"], after_minutes=30)
    a_room(house, "nord", parts=(hall.parts[0],), capacity=20, position=1)
    a_room(house, "lernraum", rule="instant", capacity=6, position=2)
    ayse, jan = a_person("Ayşe", "Yılmaz"), a_person("Jan", "Weber")
    employee = a_person("Sevgi", "Aydın")

    def program(role: Role, person: int | None) -> Program:
        token = db.run_transaction(
            lambda: accounts.create_token(label="test", role=role, house_id=house, person_id=person, by=THE_HOUSE).token
        )
        return Program(app, token)

    return Marten(
        house, ayse, jan, program(Role.DESK, employee), program(Role.RESIDENT, ayse), program(Role.RESIDENT, jan),
        program(Role.DESK, None), Program(app, ""),
    )  # fmt: skip


def wanted(starts: str = "14:00", ends: str = "16:00", room: str = "saal", day: str = MONDAY, **more: Any) -> dict[str, Any]:
    return {
        "room": room, "starts_at": f"{day}T{starts}:00+01:00", "ends_at": f"{day}T{ends}:00+01:00", "purpose": "Choir practice",
        "people": 4, **more,
    }  # fmt: skip


def count() -> int:
    db.session().close()
    return db.session().scalar(select(func.count()).select_from(Booking)) or 0


# Rooms and free times ------------------------------------------------------------------------------------------------


def test_anybody_reads_the_rooms(marten: Marten) -> None:
    answer = marten.stranger.get("/rooms")
    assert answer.status == 200
    hall, north, quiet = answer.body["items"]
    assert (hall["slug"], hall["name"], hall["capacity"], hall["features"]) == ("saal", "Saal", 60, ["piano", "step_free"])
    assert north["parts"] == hall["parts"][:1]
    assert quiet["rule"] == "instant"


def test_free_spans_are_told_on_the_clock_of_the_house_and_keep_clean_up_time(marten: Marten) -> None:
    assert marten.desk.post("/bookings", wanted(booked_for=marten.ayse)).status == 201
    answer = marten.stranger.get("/rooms/saal/free", {"from": f"{MONDAY}T00:00:00+01:00", "to": "2026-12-01T00:00:00+01:00"})
    assert answer.body == {
        "items": [
            {"starts_at": f"{MONDAY}T08:00:00+01:00", "ends_at": f"{MONDAY}T13:30:00+01:00"},
            {"starts_at": f"{MONDAY}T16:30:00+01:00", "ends_at": f"{MONDAY}T22:00:00+01:00"},
        ]
    }
    long = marten.stranger.get("/rooms/saal/free", {"from": MONDAY, "to": "2026-12-01", "minutes": "333"})
    assert long.body == {"items": []}
    north = marten.stranger.get("/rooms/nord/free", {"from": MONDAY, "to": "2026-12-01", "minutes": "360"}).body["items"]
    assert [each["starts_at"][11:16] for each in north] == ["08:00"]


def test_free_spans_begin_now_and_never_in_the_past(marten: Marten) -> None:
    past = marten.stranger.get("/rooms/saal/free", {"from": "2026-11-01", "to": "2026-11-20"})
    assert past.body == {"items": []}
    today = marten.stranger.get("/rooms/saal/free", {"from": "2026-11-26", "to": "2026-11-27"})
    assert today.body["items"] == [{"starts_at": "2026-11-26T13:40:00+01:00", "ends_at": "2026-11-26T22:00:00+01:00"}]


def test_a_plus_that_was_not_escaped_is_understood(marten: Marten) -> None:
    answer = marten.stranger.get(f"/rooms/saal/free?from={MONDAY}T08:00:00+01:00&to={MONDAY}T10:00:00%2B01:00")
    assert len(answer.body["items"]) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"to": MONDAY}, "from"),
        ({"from": MONDAY}, "to"),
        ({"from": MONDAY, "to": MONDAY}, "to"),
        ({"from": MONDAY, "to": "2027-03-01"}, "to"),
        ({"from": f"{MONDAY}T10:00:00", "to": "2026-12-01"}, "from"),
        ({"from": "0001-01-01T00:00:00+14:00", "to": "2026-12-01"}, "from"),
        ({"from": MONDAY, "to": "9999-12-31T23:59:59-14:00"}, "to"),
        ({"from": "2026-02-30", "to": "2026-12-01"}, "from"),
        ({"from": MONDAY, "to": "2026-12-01", "minutes": "0"}, "minutes"),
        ({"from": MONDAY, "to": "2026-12-01", "what": "1"}, "what"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_at_the_value(marten: Marten, query: dict[str, str], field: str) -> None:
    answer = marten.stranger.get("/rooms/saal/free", query)
    assert answer.status == 422
    assert list(answer.body["errors"]) == [field]
    assert marten.stranger.get("/rooms/nowhere/free", query).status == 404


# Booking -------------------------------------------------------------------------------------------------------------


def test_a_resident_asks_for_a_room_for_herself(marten: Marten) -> None:
    answer = marten.resident.post("/bookings", wanted())
    assert answer.status == 201
    assert answer.body["state"] == "wished" and answer.body["room"] == "saal"
    assert answer.body["booked_for"] == {"id": marten.ayse, "name": "Ayşe Yılmaz"}
    assert answer.body["starts_at"] == f"{MONDAY}T14:00:00+01:00"
    assert answer.body["lapses_at"] is not None
    assert marten.resident.post("/bookings", wanted(room="lernraum", booked_for=marten.ayse)).body["state"] == "confirmed"


def test_a_resident_books_for_nobody_else(marten: Marten) -> None:
    for whom in (marten.jan, {"name": "Somebody New"}):
        answer = marten.resident.post("/bookings", wanted(booked_for=whom))
        assert (answer.status, answer.body["type"]) == (403, "urn:quartiersraum:problem:forbidden")
    group = an_organisation()
    assert marten.resident.post("/bookings", wanted(organisation=group)).status == 403
    with db.transaction() as session:
        session.add(Membership(person_id=marten.ayse, organisation_id=group))
    assert marten.resident.post("/bookings", wanted(organisation=group)).body["organisation"]["id"] == group
    assert count() == 1


def test_the_desk_books_for_anybody_also_for_somebody_new(marten: Marten) -> None:
    known = marten.desk.post("/bookings", wanted(booked_for=marten.jan))
    assert (known.status, known.body["state"], known.body["booked_for"]["name"]) == (201, "confirmed", "Jan Weber")
    new = marten.desk.post("/bookings", wanted("17:00", "18:00", booked_for={"name": "Erna  Müller"}))
    assert new.body["booked_for"]["name"] == "Erna Müller"
    person = db.session().get(Person, new.body["booked_for"]["id"])
    assert person is not None and (person.given_name, person.family_name) == ("Erna", "Müller")
    asked = marten.desk.post("/bookings", wanted("19:00", "20:00", booked_for=marten.jan, firm=False))
    assert asked.body["state"] == "wished"
    night = wanted("05:00", "06:00", booked_for=marten.jan, day="2026-12-02")
    assert marten.desk.post("/bookings", night).status == 409
    assert marten.desk.post("/bookings", {**night, "anyway": True}).status == 201


def test_a_token_of_the_house_names_for_whom_it_books(marten: Marten) -> None:
    answer = marten.house_token.post("/bookings", wanted())
    assert (answer.status, list(answer.body["errors"])) == (422, ["booked_for"])
    assert marten.house_token.post("/bookings", wanted(booked_for=marten.jan)).status == 201
    assert len(marten.house_token.get("/bookings").body["items"]) == 1


def test_a_taken_room_is_a_problem_with_alternatives(marten: Marten) -> None:
    marten.desk.post("/bookings", wanted(booked_for=marten.jan))
    answer = marten.resident.post("/bookings", wanted("15:00", "17:00", room="nord"))
    assert (answer.status, answer.kind) == (409, "application/problem+json")
    assert answer.body["type"] == "urn:quartiersraum:problem:room-taken"
    assert answer.body["alternatives"][0] == {
        "room": "nord", "starts_at": f"{MONDAY}T16:30:00+01:00", "ends_at": f"{MONDAY}T18:30:00+01:00",
    }  # fmt: skip
    again = {**wanted(room="nord"), **{key: answer.body["alternatives"][0][key] for key in ("starts_at", "ends_at")}}
    assert marten.resident.post("/bookings", again).status == 201
    assert count() == 2


def test_problems_speak_the_language_of_the_reader(marten: Marten) -> None:
    night = wanted("05:00", "06:00")
    english, german = (
        marten.resident.post("/bookings", night, Accept_Language=each) for each in ("en", "de-DE,de;q=0.9,en;q=0.1")
    )
    assert english.body["type"] == german.body["type"] == "urn:quartiersraum:problem:room-closed"
    assert "Monday, 30 November 2026" in english.body["detail"]
    assert "Montag, 30. November 2026" in german.body["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"room": "nowhere"}, "room"),
        ({"room": None}, "room"),
        ({"starts_at": f"{MONDAY}T14:00:00"}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": f"{MONDAY}T14:00:30+01:00"}, "starts_at"),
        ({"ends_at": f"{MONDAY}T13:00:00+01:00"}, "ends_at"),
        ({"ends_at": "9999-12-31T23:59:59-12:00"}, "ends_at"),
        ({"starts_at": 10**400}, "starts_at"),
        ({"people": 0}, "people"),
        ({"people": True}, "people"),
        ({"people": "4"}, "people"),
        ({"people": 10**30}, "people"),
        ({"people": 61}, "people"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "\u0000\u0000\u0000"}, "purpose"),
        ({"purpose": "x" * 161}, "purpose"),
        ({"purpose": "\ud800abc"}, "purpose"),
        ({"booked_for": 2**31}, "booked_for.constrained-int"),
        ({"booked_for": 999_999}, "booked_for"),
        ({"booked_for": {"name": " "}}, "booked_for.Somebody.name"),
        ({"tariff_class": "Z"}, "tariff_class"),
        ({"organisation": 999_999}, "organisation"),
        ({"price_cents": 0}, "price_cents"),
        ({"\ud800": 0}, "body"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_and_nothing_is_booked(marten: Marten, change: dict[str, Any], field: str) -> None:
    answer = marten.desk.post("/bookings", {**wanted(booked_for=marten.jan), **change})
    assert answer.status == 422, answer.body
    assert field in answer.body["errors"]
    assert all(len(reason) > 5 for reasons in answer.body["errors"].values() for reason in reasons)
    assert count() == 0


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff\xfe", b"NaN", b'"x"', b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(marten: Marten, body: bytes) -> None:
    answer = marten.desk.raw("/bookings", body)
    assert answer.status == 422
    assert answer.kind == "application/problem+json"


def test_a_key_that_is_used_again_gives_the_first_answer_again(marten: Marten) -> None:
    first = marten.resident.post("/bookings", wanted(), Idempotency_Key="one")
    second = marten.resident.post("/bookings", wanted(), Idempotency_Key="one")
    assert first == second and first.status == 201
    other = marten.resident.post("/bookings", wanted("17:00", "18:00"), Idempotency_Key="one")
    assert (other.status, other.body["type"]) == (422, "urn:quartiersraum:problem:idempotency-key-reused")
    assert marten.other.post("/bookings", wanted("17:00", "18:00"), Idempotency_Key="one").status == 201
    assert count() == 2


# Deciding and cancelling ---------------------------------------------------------------------------------------------


def test_the_desk_confirms_refuses_and_whoever_it_is_for_cancels(marten: Marten) -> None:
    first, second = (
        marten.resident.post("/bookings", wanted(*times)).body["id"] for times in (("09:00", "10:00"), ("11:00", "12:00"))
    )
    assert marten.resident.post(f"/bookings/{first}/confirm").status == 404
    confirmed = marten.desk.post(f"/bookings/{first}/confirm")
    assert (confirmed.status, confirmed.body["state"], confirmed.body["lapses_at"]) == (200, "confirmed", None)
    again = marten.desk.post(f"/bookings/{first}/confirm", {})
    assert (again.status, again.body["type"]) == (409, "urn:quartiersraum:problem:already-decided")
    assert marten.desk.post(f"/bookings/{second}/refuse").status == 422
    refused = marten.desk.post(f"/bookings/{second}/refuse", {"reason": "The hall is being painted."})
    assert (refused.body["state"], refused.body["reason"]) == ("refused", "The hall is being painted.")
    assert marten.other.post(f"/bookings/{first}/cancel").status == 404
    cancelled = marten.resident.post(f"/bookings/{first}/cancel")
    assert (cancelled.status, cancelled.body["state"], cancelled.body["sequence"]) == (200, "cancelled", 2)
    assert marten.resident.post(f"/bookings/{first}/cancel", {"reason": "ill"}).status == 409
    assert marten.resident.post("/bookings", wanted("09:00", "10:00")).status == 201


def test_what_does_not_exist_is_not_found(marten: Marten) -> None:
    for path in ("/bookings/1", "/bookings/99999999999999999999"):
        assert marten.desk.get(path).status == 404
    assert marten.desk.post("/bookings/1/cancel").status == 404
    assert marten.desk.get("/nothing").status == 404


def test_without_a_token_bookings_stay_closed(marten: Marten) -> None:
    number = marten.resident.post("/bookings", wanted()).body["id"]
    for answer in (
        marten.stranger.get("/bookings"), marten.stranger.get(f"/bookings/{number}"), marten.stranger.post("/bookings", wanted()),
        marten.stranger.post(f"/bookings/{number}/cancel"),
    ):  # fmt: skip
        assert answer.status == 401
    assert marten.stranger.get("/rooms", Authorization="Bearer qr_nonsense").status == 200
    assert marten.stranger.get("/bookings", Authorization="Bearer qr_nonsense").status == 401


# Lists ---------------------------------------------------------------------------------------------------------------


def test_the_desk_lists_all_and_everybody_else_their_own(marten: Marten) -> None:
    mine = marten.resident.post("/bookings", wanted()).body["id"]
    theirs = marten.other.post("/bookings", wanted("09:00", "10:00")).body["id"]
    assert [each["id"] for each in marten.desk.get("/bookings").body["items"]] == [theirs, mine]
    assert [each["id"] for each in marten.resident.get("/bookings").body["items"]] == [mine]
    assert marten.resident.get(f"/bookings/{theirs}").status == 404
    assert marten.resident.get(f"/bookings/{mine}").body["id"] == mine
    assert marten.desk.get("/bookings", {"room": "nord"}).body == {"items": [], "next": None}
    assert marten.desk.get("/bookings", {"room": "nowhere"}).status == 422


def test_a_list_shows_what_overlaps_its_window(marten: Marten) -> None:
    number = marten.resident.post("/bookings", wanted()).body["id"]
    for first, last, there in (
        ("13:00", "14:00", False), ("13:00", "14:01", True), ("15:59", "17:00", True), ("16:00", "17:00", False),
        ("14:30", "15:00", True),
    ):  # fmt: skip
        window = {"from": f"{MONDAY}T{first}:00+01:00", "to": f"{MONDAY}T{last}:00+01:00"}
        assert [each["id"] for each in marten.desk.get("/bookings", window).body["items"]] == ([number] if there else [])
    assert marten.desk.get("/bookings", {"from": "2026-12-01", "to": MONDAY}).status == 422


def test_pages_of_a_list_hold_every_booking_once(marten: Marten) -> None:
    series = [
        event(f"w{hour}", f"20261201T{hour}0000", f"20261201T{hour}3000", "Open lab", "RRULE:FREQ=DAILY;COUNT=10")
        for hour in (10, 12)
    ]
    bring(card(marten.house), calendar(*series))
    seen: list[int] = []
    cursor, pages = "", 0
    while True:
        answer = marten.desk.get("/bookings", {"limit": "7", "cursor": cursor, "room": "saal"}).body
        seen += [each["id"] for each in answer["items"]]
        pages += 1
        if answer["next"] is None:
            break
        cursor = answer["next"]
    assert (pages, len(seen), len(set(seen))) == (3, 20, 20)
    everything = marten.desk.get("/bookings", {"limit": "200"}).body["items"]
    assert [each["id"] for each in everything] == seen
    assert [each["starts_at"] for each in everything] == sorted(each["starts_at"] for each in everything)
    assert everything[0]["booked_for"] is None


@pytest.mark.parametrize(
    "cursor", ["x", "2026-11-30T10:00:00.000000Z-0x1", "9999-99-99T10:00:00.000000Z-1", "2026-11-30T10:00:00.000000Z-9999999999"]
)
def test_a_cursor_that_is_none_of_ours_is_refused(marten: Marten, cursor: str) -> None:
    assert list(marten.desk.get("/bookings", {"cursor": cursor}).body["errors"]) == ["cursor"]


def test_a_list_asks_as_many_questions_for_fifty_bookings_as_for_one(marten: Marten) -> None:
    marten.resident.post("/bookings", wanted())
    with counted() as few:
        marten.desk.get("/bookings")
    bring(card(marten.house), calendar(event("w", "20261201T100000", "20261201T110000", "Open lab", "RRULE:FREQ=DAILY;COUNT=60")))
    with counted() as many:
        assert len(marten.desk.get("/bookings").body["items"]) == 50
    assert len(many) == len(few) <= 4


def test_a_page_of_a_long_history_is_one_step_into_an_index(marten: Marten, engine: str) -> None:
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    hall = card(marten.house)
    shared = {
        "house_id": marten.house, "room_id": hall.id, "before_minutes": 0, "after_minutes": 0, "state": "confirmed",
        "purpose": "x", "people": 1, "booked_for_id": marten.jan,
        "created_by_id": None, "organisation_id": None, "purpose_public": False,
        "tariff_class": "C", "price_cents": 0, "price_rule": {}, "sequence": 0, "origin": "api", "lapses_at": None,
        "decided_by_id": None, "decided_at": None, "reason": "", "change_starts_at": None, "change_ends_at": None,
        "created_at": begun, "changed_at": begun, "version": 1,
    }  # fmt: skip
    rows = [
        {**shared, "starts_at": begun + timedelta(hours=n), "ends_at": begun + timedelta(hours=n + 1), "uid": str(n)}
        for n in range(5_000)
    ]
    with db.transaction() as session:
        session.execute(insert(Booking.__table__), rows)  # type: ignore[arg-type]
    with db.transaction() as session:
        session.connection().exec_driver_sql("ANALYZE")
    middle = (begun + timedelta(hours=2_500)).isoformat()
    for program, query in (
        (marten.desk, {"from": middle}), (marten.desk, {"from": middle, "room": "saal"}), (marten.other, {"from": middle}),
        (marten.desk, {"cursor": "2020-04-14T04:00:00.000000Z-2500"}),
    ):  # fmt: skip
        with counted() as asked:
            assert len(program.get("/bookings", query).body["items"]) == 50
        plan = explained(next(each for each in asked if "FROM booking" in each), engine)
        assert "ix_booking_" in plan, plan
        assert "Seq Scan on booking" not in plan and "USE TEMP B-TREE" not in plan, plan


def explained(statement: str, engine: str) -> str:
    """The engine's plan of a statement that was sent, with values of the middle."""
    moment = "2020-04-14 04:00:00"

    def value(name: str) -> str:
        return f"'{moment}'" if "starts_at" in name or "ends_at" in name else "50" if name in {"limit", "param_1"} else "1"

    if engine == "postgresql":
        filled = re.sub(r"%\((\w+)\)s(::[A-Z]+(?: WITH TIME ZONE)?)?", lambda found: value(found[1]), statement)
        prefix = "EXPLAIN "
    else:
        order = iter([*re.findall(r"(\w+)\s*(?:=|>=|<=|>|<)\s*\?", statement), "limit", "offset"])
        filled = re.sub(r"\?", lambda _: value(next(order)), statement)
        prefix = "EXPLAIN QUERY PLAN "
    rows = db.session().connection().exec_driver_sql(prefix + filled).all()
    db.session().close()
    return "\n".join(str(row) for row in rows)


# The description -----------------------------------------------------------------------------------------------------


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for each in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(each)


def test_the_description_is_whole_and_public(marten: Marten, app: Flask) -> None:
    answer = marten.stranger.get("/openapi.json")
    assert answer.status == 200
    document = answer.body
    assert document["openapi"].startswith("3.1")
    assert {"title", "version"} <= document["info"].keys()
    for node in nodes(document):
        if "$ref" in node:
            place: Any = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            assert place
    names = set()
    for path, operations in document["paths"].items():
        assert path.startswith("/")
        for operation in operations.values():
            names.add(operation["operationId"])
            assert operation["summary"] and operation["responses"]["4XX"]
            assert any(status.startswith("2") for status in operation["responses"])
            told = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert told == set(re.findall(r"{(\w+)}", path))
            assert all(each["schema"] for each in operation["parameters"])
    assert len(names) == sum(len(operations) for operations in document["paths"].values())
    assert names >= {"rooms.book_room", "rooms.list_free", "rooms.list_bookings", "people.list_people"}
    served = {
        (re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1") and not rule.rule.endswith("openapi.json")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(path, method.upper()) for path, operations in document["paths"].items() for method in operations}
    free = document["paths"]["/rooms/{slug}/free"]["get"]["parameters"]
    assert [(each["name"], each["required"]) for each in free if each["in"] == "query"] == [
        ("from", True),
        ("to", True),
        ("minutes", False),
    ]


# Anything at all -----------------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ALMOST: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        name: ANYTHING | good
        for name, good in {
            "room": st.sampled_from(["saal", "nord", "lernraum"]),
            "starts_at": st.datetimes(timezones=st.just(BERLIN)).map(lambda each: each.isoformat()),
            "ends_at": st.datetimes(timezones=st.just(UTC)).map(lambda each: each.isoformat()),
            "purpose": st.text(),
            "people": st.integers(0, 99),
            "booked_for": st.integers(0, 9) | st.fixed_dictionaries({"name": st.text()}),
            "organisation": st.integers(0, 3),
            "tariff_class": st.sampled_from("ABCDE"),
            "firm": st.booleans(),
            "anyway": st.booleans(),
        }.items()
    },
)
QUIETLY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)


def fuzz(body: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    return lambda test: QUIETLY(given(body=body)(test))


@fuzz(ANYTHING | ALMOST | ALMOST.map(lambda each: {**wanted(), **each}))
def test_no_json_makes_the_house_stumble(marten: Marten, body: Any) -> None:
    for program in (marten.desk, marten.resident):
        answer = program.post("/bookings", body)
        assert answer.status in {201, 403, 409, 422}
        assert answer.kind == ("application/json" if answer.status == 201 else "application/problem+json")


@fuzz(
    st.dictionaries(
        st.sampled_from(["from", "to", "minutes", "room", "cursor", "limit", "x"]), st.text() | st.datetimes().map(str)
    )
)
def test_no_question_makes_the_house_stumble(marten: Marten, body: Any) -> None:
    for path in ("/bookings", "/rooms/saal/free"):
        assert marten.desk.get(path, body).status in {200, 422}
