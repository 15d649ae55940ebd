"""People for other programs of the desk."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from app.accounts import service as accounts
from app.core import db
from app.core.policy import THE_HOUSE, Role
from app.people import queries
from tests.makers import a_house
from tests.people.acting import known


def bearer(role: Role, house: int) -> dict[str, str]:
    with db.transaction():
        token = accounts.create_token(label="test", role=role, house_id=house, person_id=None, by=THE_HOUSE).token
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def house(app: Flask) -> int:
    return a_house()


@pytest.fixture
def desk(house: int) -> dict[str, str]:
    return bearer(Role.DESK, house)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def forget_who_asked() -> None:
    """The test's application context is lent to each request: what the last one kept there must not answer for this one."""
    for name in list(g):
        g.pop(name)


def get(client: FlaskClient, path: str, headers: dict[str, str], status: int = 200) -> Any:
    forget_who_asked()
    answer = client.get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def post(client: FlaskClient, body: Any, headers: dict[str, str], status: int = 201) -> Any:
    forget_who_asked()
    answer = client.post("/api/v1/people", json=body, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def test_somebody_is_written_down_found_and_read(client: FlaskClient, desk: dict[str, str]) -> None:
    made = post(client, {"given_name": "Gerda", "family_name": "Müller", "phone": "0231 4711", "desk_note": "Geheim"}, desk)
    assert (made["name"], made["phone"], made["contact_by"], made["tariff_class"]) == (
        "Gerda Müller",
        "+49 231 4711",
        "phone",
        "C",
    )
    assert "desk_note" not in made and "Geheim" not in str(made)
    assert get(client, f"/people/{made['id']}", desk) == made
    found = get(client, "/people?q=muler", desk)
    item = {"id": made["id"], "name": "Gerda Müller", "phone": "0231 4711", "card_number": None, "address": ""}
    assert found == {"items": [item], "next": None}
    person = queries.person(made["id"])
    assert person is not None and person.desk_note == "Geheim"


def test_somebody_similar_is_a_problem_that_names_them_unless_anyway(client: FlaskClient, desk: dict[str, str]) -> None:
    first = known("Gerda Müller")
    body = {"given_name": "Gerda", "family_name": "Mueller"}
    problem = post(client, body, desk, 409)
    assert problem["type"].endswith(":perhaps-known")
    assert problem["people"] == [{"id": first, "name": "Gerda Müller", "same": ["name"]}]
    assert post(client, {**body, "anyway": True}, desk)["id"] != first


def test_the_same_key_makes_one_person(client: FlaskClient, desk: dict[str, str]) -> None:
    headers = {**desk, "Idempotency-Key": "one"}
    assert post(client, {"given_name": "Gerda"}, headers) == post(client, {"given_name": "Gerda"}, headers)
    assert queries.people_after(count=True).total == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "given_name"), ({"given_name": " "}, "given_name"), ({"given_name": "G", "phone": "12"}, "phone"),
        ({"given_name": "G", "email": "x"}, "email"), ({"given_name": "G", "card_number": "12345678"}, "card_number"),
        ({"given_name": "G", "contact_by": "mail"}, "contact_by"), ({"given_name": "G", "contact_by": "drum"}, "contact_by"),
        ({"given_name": "G", "tariff_class": "Z"}, "tariff_class"), ({"given_name": "G" * 81}, "given_name"),
        ({"given_name": "G\x00"}, "given_name"), ({"given_name": 5}, "given_name"),
        ({"given_name": "G", "language": "x"}, "language"),
        ({"given_name": "G", "role": "manager"}, "role"), ({"given_name": "G", "id": 1}, "id"),
    ],
)  # fmt: skip
def test_bad_values_are_named_and_nothing_is_written(client: FlaskClient, desk: dict[str, str], body: Any, field: str) -> None:
    problem = post(client, body, desk, 422)
    assert field in problem["errors"]
    assert queries.people_after().lines == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"given_name": "\\ud800"}'])
def test_a_body_that_is_no_person_is_refused(client: FlaskClient, desk: dict[str, str], raw: bytes) -> None:
    answer = client.post("/api/v1/people", data=raw, headers={**desk, "Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"


def test_the_list_is_read_page_by_page(client: FlaskClient, desk: dict[str, str]) -> None:
    ids = [known(f"Vorname Name{letter}") for letter in "abcde"]
    for question in ("?limit=2", "?limit=2&q=vorname"):
        seen, cursor = [], ""
        while cursor is not None:
            page = get(client, f"/people{question}&cursor={cursor}", desk)
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
        assert seen == ids


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "from-1", "٣"])
def test_a_cursor_that_is_not_ours_is_refused(client: FlaskClient, desk: dict[str, str], cursor: str) -> None:
    assert "cursor" in get(client, f"/people?cursor={cursor}", desk, 422)["errors"]


def test_questions_out_of_range_are_refused(client: FlaskClient, desk: dict[str, str]) -> None:
    for question in ("limit=0", "limit=101", "limit=x", "q=" + "x" * 201, "colour=red"):
        get(client, f"/people?{question}", desk, 422)


def test_an_unknown_number_is_not_found(client: FlaskClient, desk: dict[str, str]) -> None:
    for number in ("999", "99999999999999999999", "x", "-1"):
        get(client, f"/people/{number}", desk, 404)


def test_the_number_of_a_duplicate_gives_the_person_it_is_now(client: FlaskClient, desk: dict[str, str]) -> None:
    from app.people import service
    from tests.people.acting import DESK

    keep, double = known("Gerda Müller"), known("Gerda Mueller")
    with db.transaction():
        service.merge_people(queries.person(keep), queries.person(double), by=DESK)  # type: ignore[arg-type]
    assert get(client, f"/people/{double}", desk)["id"] == keep


def test_only_the_desk_may_ask(client: FlaskClient, house: int) -> None:
    gerda = known("Gerda Müller")
    for role in Role:
        headers = bearer(role, house)
        allowed = role in {Role.DESK, Role.MANAGER}
        get(client, "/people", headers, 200 if allowed else 403)
        get(client, f"/people/{gerda}", headers, 200 if allowed else 404)
        post(client, {"given_name": role.value}, headers, 201 if allowed else 403)
    get(client, "/people", {}, 401)
    post(client, {"given_name": "X"}, {}, 401)
    assert queries.people_after(count=True).total == 3
