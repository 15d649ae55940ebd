"""Three addresses for machines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

import config
from app import create_app
from app.core import db, jobs
from tests.makers import a_house


def ready(app: Flask) -> tuple[int, dict[str, str]]:
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.get_json()


@pytest.fixture
def settled(bare_app: Flask) -> Flask:
    with bare_app.app_context():
        a_house()
    return bare_app


def test_alive_asks_nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = config.load({}, instance_path=tmp_path_factory.mktemp("x"), database_url="postgresql+psycopg://x@127.0.0.1:1/x")
    answer = create_app(nowhere).test_client().get("/healthz")
    assert answer.status_code == 200 and answer.get_json() == {"status": "alive"}


def test_a_house_without_job_loop_is_ready_and_says_that_jobs_are_missing(settled: Flask, engine: str) -> None:
    status, report = ready(settled)
    assert status == 200 and report["status"] == "ready"
    assert report["database"] == engine and report["migrations"] == "current" and report["jobs"] == "missing"
    assert ("sqlite" in report) == (engine == "sqlite")


def test_a_house_with_job_loop_says_that_jobs_run(settled: Flask) -> None:
    with settled.app_context():
        jobs.hold_lease("me")
    assert ready(settled)[1]["jobs"] == "running"
    with settled.app_context():
        jobs.give_up_lease("me")
    assert ready(settled)[1]["jobs"] == "missing"


def test_a_house_behind_its_migrations_is_not_ready(settled: Flask) -> None:
    with settled.app_context(), db.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    status, report = ready(settled)
    assert status == 503 and report["status"] == "not ready" and report["migrations"] == "behind"


def test_a_house_without_database_is_not_ready_but_answers(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = config.load({}, instance_path=tmp_path_factory.mktemp("x"), database_url="postgresql+psycopg://x@127.0.0.1:1/x")
    status, report = ready(create_app(nowhere))
    assert status == 503 and report["database"] == "unreachable"


def test_an_empty_database_is_not_ready(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert ready(create_app(config.load({}, instance_path=tmp_path_factory.mktemp("x"))))[0] == 503


def test_metrics_count_answers_and_time_them(settled: Flask) -> None:
    client = settled.test_client()
    client.get("/healthz")
    told = client.get("/metrics")
    assert told.status_code == 200
    assert 'qr_requests_total{endpoint="healthz",status="200"}' in told.text
    assert 'qr_request_seconds_count{endpoint="healthz"}' in told.text


def test_metrics_are_for_this_machine_only(settled: Flask) -> None:
    assert settled.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403


def test_metrics_with_a_token_are_for_whoever_has_it(settled: Flask) -> None:
    own: config.Settings = settled.extensions["settings"]
    settled.extensions["settings"] = replace(own, metrics_token="secret")
    client, far = settled.test_client(), {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics", environ_base=far, headers={"Authorization": "Bearer secret"}).status_code == 200
    for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer s\u00e9cret"}):
        assert client.get("/metrics", environ_base=far, headers=wrong).status_code == 403
