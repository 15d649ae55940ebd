"""Three addresses for machines: alive, ready, measured."""

from __future__ import annotations

import hmac
import os
import time
from functools import lru_cache
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, Response, abort, current_app, g, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock, db
from app.core.jobs import JobLease
from app.core.policy import everyone
from config import ROOT

REQUESTS = Counter("qr_requests_total", "Answered requests", ["endpoint", "status"])
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
SECONDS = Histogram("qr_request_seconds", "Time to answer", ["endpoint"], buckets=BUCKETS)


def init_app(app: Flask) -> None:
    for path, view in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        view.allow = everyone  # type: ignore[union-attr]
        app.add_url_rule(path, view.__name__, view)
    app.after_request(_measure)


def healthz() -> Response:
    """Alive: this process answers. Asks nobody else."""
    return jsonify(status="alive")


def readyz() -> tuple[Response, int]:
    """Ready: the database answers and stands at the newest migration.

    Missing jobs are told but do not take the house off the net: people can still book while letters wait.
    """
    report: dict[str, Any] = {"database": "unreachable", "migrations": "unknown", "jobs": "unknown"}
    try:
        connection = db.session().connection()
        connection.execute(text("SELECT 1"))
        report["database"] = connection.dialect.name
        report["migrations"] = migration_state(connection)
        if report["migrations"] == "current":
            lease = db.session().get(JobLease, "jobs")
            report["jobs"] = "running" if lease is not None and lease.expires_at > clock.now() else "missing"
    except SQLAlchemyError:
        current_app.logger.exception("not ready")
    if report["database"] == "sqlite":
        report["sqlite"] = ".".join(map(str, db.sqlite_version()))
        if db.sqlite_version() < db.SQLITE_SAFE:
            report["warning"] = "this SQLite can in rare cases damage its write-ahead log; 3.51.3 or newer is safe"
    ready = report["migrations"] == "current"
    report["status"] = "ready" if ready else "not ready"
    return jsonify(report), 200 if ready else 503


def migration_state(connection: Connection) -> str:
    """``current``, or ``behind`` what this program expects."""
    found = MigrationContext.configure(connection).get_current_heads()
    return "current" if set(found) == newest_migrations() else "behind"


@lru_cache(maxsize=1)
def newest_migrations() -> set[str]:
    return set(ScriptDirectory(str(ROOT / "migrations")).get_heads())


def metrics() -> Response:
    """Counters for Prometheus; only for loopback, or with the token of the settings."""
    wanted = current_app.extensions["settings"].metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if wanted and not hmac.compare_digest(given.encode(), wanted.encode()):
        abort(403)
    if not wanted and request.remote_addr not in {"127.0.0.1", "::1"}:
        abort(403)
    registry = None
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry) if registry else generate_latest(), mimetype="text/plain")


def _measure(response: Response) -> Response:
    measure(request.endpoint or "none", response.status_code, time.perf_counter() - g.began if "began" in g else None)
    return response


def measure(endpoint: str, status: int, took: float | None) -> None:
    """Count an answer, and the seconds it took where they are known."""
    answered, seconds = _meters(endpoint, status)
    answered.inc()
    if took is not None:
        seconds.observe(took)


@lru_cache(maxsize=2048)
def _meters(endpoint: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(endpoint, str(status)), SECONDS.labels(endpoint)
