"""``python -m bench library``: the catalogue, a calendar, hand-out and return, with few pieces and loans and with many, beside a hello-world."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from app.core import clock, db
from app.library.models import Loan, LoanLine, Piece, Thing, ThingClass
from app.library.service.things import index_thing
from app.occupancy.models import Resource
from bench import client
from bench.__main__ import GROWTH, RESULTS, Page, api_token, side_by_side
from bench.house import Centre, furnish
from tests.plumbing.postgres import Cluster, cluster
from tests.plumbing.server import Server, running

LOANS_A_PIECE = 50
PIECES_A_THING = 4
NAMES = (
    "Akkuschrauber",
    "Stichsäge",
    "Leiter",
    "Beamer",
    "Pavillon",
    "Nähmaschine",
    "Raclette",
    "Hochstuhl",
    "Teppichreiniger",
    "Ukulele",
)
SIDES = ("rot", "blau", "groß", "klein", "lang", "kurz", "alt", "neu", "leicht", "schwer", "rund", "flach")
SEARCH = "/things?q=stichsaege+blau"
TYPO = "/things?q=teppichreinger"


def furnish_library(folder: Path, server: Cluster | None, pieces: int) -> Centre:
    """A house with so many pieces, each lent and brought back `LOANS_A_PIECE` times."""
    centre = furnish(folder, server, 100)
    with centre.app.app_context():
        with db.transaction() as session:
            kind = ThingClass(house_id=1, name="Werkzeug")
            session.add(kind)
            session.flush()
            for number in range(pieces // PIECES_A_THING):
                name = f"{NAMES[number % 10]} {SIDES[number // 10 % 12]} {number // 120}"
                thing = Thing(house_id=1, class_id=kind.id, slug=f"ding-{number}", name=name)
                session.add(thing)
                session.flush()
                index_thing(thing, kind.name)
            first = session.execute(text("SELECT coalesce(max(id), 0) + 1 FROM resource")).scalar_one()
            numbers = range(pieces)
            session.execute(
                insert(Resource),
                [{"id": first + n, "house_id": 1, "kind": "piece", "name": f"{n:05}", "capacity": 1} for n in numbers],
            )
            session.execute(insert(Piece), [_piece(n, first + n) for n in numbers])
            if server is not None:
                session.execute(text(f"SELECT setval(pg_get_serial_sequence('resource', 'id'), {first + pieces})"))
        _past(centre, pieces)
        if server is not None:
            connection = db.db.engines["writer"].raw_connection()
            connection.dbapi_connection.autocommit = True  # type: ignore[union-attr]
            connection.cursor().execute("VACUUM ANALYZE")
            connection.close()
        db.session().close()
    return centre


def _piece(number: int, resource: int) -> dict[str, Any]:
    return {
        "house_id": 1, "thing_id": number // PIECES_A_THING + 1, "number": f"{number:05}", "resource_id": resource, "count": 1,
        "condition": "fine", "condition_note": "", "whereabouts": "shelf", "place": "", "serial_no": "", "origin": "bought",
        "intake": "stocked", "intake_note": "", "donor_named": False, "for_sale": False, "retired_why": "", "version": 1,
    }  # fmt: skip


def _past(centre: Centre, pieces: int) -> None:
    """Loans that are over, a million for 20,000 pieces, in acts of a size the memory bears."""
    now = clock.now()
    for turn in range(LOANS_A_PIECE):
        out = now - timedelta(days=10 * (LOANS_A_PIECE - turn) + 5)
        loans = [
            {
                "id": turn * pieces + n + 1, "house_id": 1, "person_id": centre.people[n % len(centre.people)], "handed_out_at": out,
                "handed_out_by_id": None, "collected_by": "", "note": "",
            }
            for n in range(pieces)
        ]  # fmt: skip
        lines = [
            {
                "house_id": 1, "loan_id": loan["id"], "piece_id": n + 1, "thing_id": n // PIECES_A_THING + 1, "single": True, "quantity": 1,
                "handed_out_at": out, "due_at": out + timedelta(days=7), "first_due_at": out + timedelta(days=7), "returned": 1,
                "written_off": 0, "handed_in_at": out + timedelta(days=6), "returned_at": out + timedelta(days=6), "due_told": True,
                "reminders": 0, "renewals": 0, "backdated": False, "override": "", "fee_cents": 0, "deposit_cents": 0, "late_cents": 0,
                "late_grace_days": 0, "late_cap_cents": 0, "replacement_cents": 0, "well": True, "version": 1,
            }
            for n, loan in enumerate(loans)
        ]  # fmt: skip
        with db.transaction() as session:
            session.execute(insert(Loan), loans)
            session.execute(insert(LoanLine), lines)
            if turn == LOANS_A_PIECE - 1 and db.dialect_name() == "postgresql":
                session.execute(text("SELECT setval(pg_get_serial_sequence('loan', 'id'), (SELECT max(id) FROM loan))"))


def pages(centre: Centre, server: Server, pieces: int) -> Iterator[Page]:
    host = server.host

    def again(path: str) -> Page:
        message = client.message("GET", path, host)
        return Page("", 200, lambda _: itertools.repeat(message), path)

    for name, path in (("search", SEARCH), ("search, a typing error", TYPO), ("calendar", "/things/ding-7")):
        found = again(path)
        yield Page(name, 200, found.requests, path)
    head = {"Authorization": f"Bearer {api_token(centre)}", "Content-Type": "application/json"}
    out: list[str] = []
    fresh = (f"{number:05}" for number in itertools.cycle(range(pieces)))
    keys = itertools.count(time.time_ns())

    def post(path: str, body: dict[str, Any]) -> bytes:
        return client.message("POST", path, host, {**head, "Idempotency-Key": f"bench-{next(keys)}"}, json.dumps(body).encode())

    def hand_out(_: int) -> Iterator[bytes]:
        for at in itertools.count():
            number = next(fresh)
            out.append(number)
            yield post(
                "/api/v1/loans",
                {
                    "person": centre.people[at % len(centre.people)], "lines": [{"number": number}], "notices_read": True,
                    "identity_seen": True, "override": "bench",
                },
            )  # fmt: skip

    def take_back(_: int) -> Iterator[bytes]:
        while out:
            yield post("/api/v1/returns", {"number": out.pop(0)})

    most = min(150, pieces // 8)
    yield Page("hand-out", 201, hand_out, most=most // 3)
    yield Page("return", 201, take_back, most=most // 4)


def measure(folder: Path, engine: str, pieces: int, server: Cluster | None, seconds: float, only: str) -> list[dict[str, Any]]:
    begun = time.perf_counter()
    centre = furnish_library(folder, server, pieces)
    print(f"{engine}, {pieces:,} pieces: written in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    environment = {"QR_INSTANCE_PATH": str(folder), "QR_LOG_LEVEL": "WARNING"}
    if server is not None:
        environment["QR_DATABASE_URL"] = centre.settings.database_url
    rows = []
    with running(environment, wait_for="/readyz") as house, running(environment, app="bench.hello:app", wait_for="/") as hello:
        for page in pages(centre, house, pieces):
            if only in page.name or page.name in ("hand-out", "return"):
                found = side_by_side(house, hello, page, server, 1, seconds)
                rows.append({"engine": engine, "pieces": pieces, "loans": pieces * LOANS_A_PIECE, "what": page.name, **found})
                print("  " + _line(rows[-1]), file=sys.stderr, flush=True)
    with centre.app.app_context():
        for each in db.db.engines.values():
            each.dispose()
    if server is not None:
        server.drop_database(centre.settings.database_url)
    return rows


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['engine']:<11}{row['pieces']:>7,} pieces {row['loans']:>10,} loans  {row['what']:<24}"
        f"{row['cpu_ms']:>8.2f} ms{row['ratio']:>7.1f}×{row['per_second']:>8.0f}/s"
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench library", description=__doc__)
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--sizes", default="200,20000", help="numbers of pieces; each has been lent 50 times")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each measurement")
    parser.add_argument("--only", default="", help="a part of what is measured")
    options = parser.parse_args(arguments)
    sizes = [int(each) for each in options.sizes.split(",")]
    rows: list[dict[str, Any]] = []
    folder = Path(tempfile.mkdtemp(prefix="qr-bench-"))
    try:
        for engine in options.engines.split(","):
            with ExitStack() as open_still:
                server = open_still.enter_context(cluster(durable=True)) if engine == "postgresql" else None
                for size in sizes:
                    rows += measure(folder / f"{engine}-{size}", engine, size, server, options.seconds, options.only)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(rows, min(sizes), max(sizes))
    return 0


def report(rows: list[dict[str, Any]], least: int, most: int) -> None:
    """The table, what grows with pieces and loans, and the same as JSON."""
    for row in rows:
        print(_line(row))
    ratios = {(row["engine"], row["what"], row["pieces"]): row["ratio"] for row in rows}
    growth = [
        {"engine": engine, "what": what, "times": ratio / ratios[engine, what, least]}
        for (engine, what, number), ratio in ratios.items()
        if number == most != least
    ]
    if growth:
        print(f"\n{most:,} pieces cost this many times as much as {least:,} (wanted {GROWTH}):")
    for each in growth:
        print(f"{each['engine']:<11}{each['what']:<24}{each['times']:>6.2f}×")
    RESULTS.mkdir(exist_ok=True)
    machine = {"processors": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    file = RESULTS / f"library-{clock.now():%Y-%m-%dT%H%M%SZ}.json"
    file.write_text(json.dumps({"machine": machine, "rows": rows, "growth": growth}, indent=1) + "\n")
    print(f"written to {file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}")
