"""``python -m bench``: every page, with few and with many bookings, on both databases, beside a hello-world.

``python -m bench money`` measures the books (`bench.money`), ``python -m bench library`` the lending library (`bench.library`).
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from sqlalchemy import make_url

import config
from app.core import clock, db
from bench import client
from bench.house import LAST_HOUR, Centre, furnish, sign_in
from tests.browser_client import counted
from tests.plumbing.postgres import Cluster, cluster
from tests.plumbing.server import Server, running
from tools.serve import web_command

RESULTS = Path(__file__).parent / "results"
WANTED = {
    "day": 10.0,
    "day, desk": 10.0,
    "day, again": 10.0,
    "day, resident": 10.0,
    "day, unchanged": 2.0,
    "week": 10.0,
    "free": 10.0,
    "free, API": 10.0,
    "booking": 15.0,
}
"""All but the unchanged and the repeated day are asked right after a write, so that nothing kept until a write answers. The write is
elsewhere in the house, but for *day, changed*, where it is to a booking of that day."""
GROWTH = 1.25
TURNS = 3
LARGEST_PAGE = 60_000


@dataclass(frozen=True)
class Page:
    """What is asked: `requests` gives the messages of the connection with this number."""

    name: str
    expect: int
    requests: Callable[[int], Iterator[bytes]]
    path: str = ""
    cookie: str = ""
    most: int | None = None


def pages(centre: Centre, server: Server) -> Iterator[Page]:
    host = server.host
    day = centre.day.isoformat()

    def again(path: str, headers: dict[str, str] | None = None) -> Callable[[int], Iterator[bytes]]:
        return lambda number: itertools.repeat(client.message("GET", path, host, headers))

    def anew(path: str, headers: dict[str, str] | None = None, *, that_day: bool = False) -> Callable[[int], Iterator[bytes]]:
        return lambda number: after_writes(centre, client.message("GET", path, host, headers), that_day=that_day)

    yield Page("day", 200, anew(f"/rooms?day={day}"), f"/rooms?day={day}")
    yield Page("day, changed", 200, anew(f"/rooms?day={day}", that_day=True), f"/rooms?day={day}")
    desk = sign_in(centre, centre.people[0], means="password")
    yield Page("day, desk", 200, anew(f"/rooms?day={day}", {"Cookie": desk}))
    yield Page("day, again", 200, again(f"/rooms?day={day}"), f"/rooms?day={day}")
    tag = _ask(server, client.message("GET", f"/rooms?day={day}", host)).header("etag")
    yield Page("day, unchanged", 304, again(f"/rooms?day={day}", {"If-None-Match": tag}))
    cookie = sign_in(centre, centre.people[5])
    yield Page("day, resident", 200, anew(f"/rooms?day={day}", {"Cookie": cookie}))
    yield Page("week", 200, anew(f"/rooms/room-5?day={day}"), f"/rooms/room-5?day={day}")
    search = f"/rooms/find?day={day}&people=8&minutes=60&feature=step_free"
    yield Page("free", 200, anew(search), search)
    if any("/free" in rule.rule and rule.rule.startswith("/api/") for rule in centre.app.url_map.iter_rules()):
        path = "/api/v1/rooms/room-5/free?" + urlencode({"from": f"{day}T00:00:00+01:00", "to": f"{day}T23:59:00+01:00"})
        token = api_token(centre)
        yield Page("free, API", 200, anew(path, {"Authorization": f"Bearer {token}"}), path)
    free = free_slots(centre)
    yield Page(
        "booking", 303, lambda number: bookings(centre, server, centre.people[10 + number], free), most=len(free) // (TURNS + 1)
    )


def after_writes(centre: Centre, message: bytes, *, that_day: bool) -> Iterator[bytes]:
    """`message` without end, each time after somebody else has written something: a server with a memory must look again.

    The write is the bench's own and costs the server nothing; `that_day`: it changes what the day shows.
    """
    with closing(other_writer(centre, that_day=that_day)) as write:
        while True:
            next(write)
            yield message


def other_writer(centre: Centre, *, that_day: bool) -> Generator[None]:
    """Commits the smallest change there is at every step."""
    url = make_url(centre.settings.effective_database_url)
    connection: Any
    if url.get_backend_name() == "sqlite":
        connection = db.sqlite_driver.connect(url.database, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous=OFF")
        statement = "UPDATE house SET position = 1 - position WHERE id = 1"
    else:
        connection = psycopg.connect(url.render_as_string(False).replace("+psycopg", ""), autocommit=True)
        statement = "SELECT pg_current_xact_id()"
    if that_day:
        day = centre.day.isoformat()
        found = connection.execute(
            f"SELECT min(id) FROM booking WHERE starts_at > '{day} 00:00' AND starts_at < '{day} 12:00' AND purpose_public"
        ).fetchone()
        statement = f"UPDATE booking SET purpose = 'Treffen ' || (people + version), version = version + 1 WHERE id = {found[0]}"
    try:
        while True:
            connection.execute(statement)
            yield
    finally:
        connection.close()


def _ask(server: Server, message: bytes) -> client.Answer:
    line = client.Connection(server.settings.host, server.settings.port)
    try:
        return line.ask(message)
    finally:
        line.close()


def api_token(centre: Centre) -> str:
    from app.accounts import service
    from app.core.policy import THE_HOUSE, Role

    with centre.app.app_context():
        made = db.run_transaction(
            lambda: service.create_token(label="bench", role=Role.DESK, house_id=1, person_id=None, by=THE_HOUSE)
        )
    return made.token


def free_slots(centre: Centre) -> list[tuple[str, str]]:
    """Room and day of every last hour that nobody has taken, near days first: each can be booked once."""
    from sqlalchemy import text

    from app.offers.queries import open_days

    zone = centre.app.extensions["zone"]
    with centre.app.app_context():
        days = [day for day, found in open_days(1, centre.day, centre.day + timedelta(days=340), zone).items() if found.use]
        used = {
            (room, str(datetime.fromisoformat(str(starts_at)).date()))
            for room, starts_at in db.session().execute(
                text("SELECT resource_id, starts_at FROM occupancy WHERE source_id > :last"), {"last": centre.bookings}
            )
        }
        db.session().close()
    return [
        (room, day.isoformat())
        for day in days for number, room in enumerate(centre.rooms, 1) if (number, day.isoformat()) not in used
    ]  # fmt: skip


def bookings(centre: Centre, server: Server, person: int, free: list[tuple[str, str]]) -> Iterator[bytes]:
    """Posts of one signed-in person: the form is opened once, its secret used again, each time with a fresh key."""
    cookie = sign_in(centre, person)
    shown = _ask(server, client.message("GET", f"/rooms/{centre.rooms[0]}/book", server.host, {"Cookie": cookie}))
    token = re.search(rb'name="csrf_token"[^>]* value="([^"]+)"', shown.body)
    if token is None:
        raise RuntimeError(f"no form to book with: {shown.status}")
    if fresh := shown.header("set-cookie"):
        cookie = fresh.partition(";")[0]
    for number in itertools.count():
        room, day = free.pop(0)
        form = {
            "csrf_token": token[1].decode(), "idempotency_key": f"bench-{person}-{time.time_ns()}-{number}", "day": day,
            "starts": f"{LAST_HOUR[0]:%H:%M}", "ends": f"{LAST_HOUR[1]:%H:%M}", "purpose": "Chorprobe", "people": "5",
            "tariff_class": "C", "organisation": "",
        }  # fmt: skip
        yield client.message("POST", f"/rooms/{room}/book", server.host, {"Cookie": cookie}, urlencode(form).encode())


def queries_of(centre: Centre, page: Page) -> int | None:
    """SQL statements of this page, counted in this process; None for what is not simply opened."""
    if not page.path or page.path.startswith("/api"):
        return None
    browser = centre.app.test_client()
    browser.get(page.path)
    with counted() as statements:
        browser.get(page.path)
    return len(statements)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 and 20,000 bookings, one second each")
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--sizes", default="", help="numbers of bookings, such as 1000,1000000")
    parser.add_argument("--connections", default="1,8")
    parser.add_argument("--seconds", type=float, default=0.0, help="for each measurement")
    parser.add_argument("--only", default="", help="a part of a page's name")
    options = parser.parse_args(arguments)
    sizes = [int(each) for each in (options.sizes or ("1000,20000" if options.quick else "1000,1000000")).split(",")]
    seconds = options.seconds or (1.0 if options.quick else 4.0)
    connections = [int(each) for each in options.connections.split(",")]
    rows: list[dict[str, Any]] = []
    folder = Path(tempfile.mkdtemp(prefix="qr-bench-"))
    try:
        for engine in options.engines.split(","):
            with ExitStack() as open_still:
                server = open_still.enter_context(cluster(durable=True)) if engine == "postgresql" else None
                for size in sizes:
                    rows += measure_house(folder / f"{engine}-{size}", engine, size, server, connections, seconds, options.only)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(rows)
    return 0


def measure_house(
    folder: Path, engine: str, size: int, server: Cluster | None, connections: list[int], seconds: float, only: str
) -> list[dict[str, Any]]:
    begun = time.perf_counter()
    centre = furnish(folder, server, size)
    print(f"{engine}, {size:,} bookings: furnished in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    environment = {"QR_INSTANCE_PATH": str(folder), "QR_LOG_LEVEL": "WARNING"}
    if server is not None:
        environment["QR_DATABASE_URL"] = centre.settings.database_url
    rows = []
    with running(environment, wait_for="/readyz") as house, running(environment, app="bench.hello:app", wait_for="/") as hello:
        for number in connections:
            for page in pages(centre, house):
                if only not in page.name:
                    continue
                rows.append(
                    {
                        "engine": engine,
                        "bookings": size,
                        "connections": number,
                        "page": page.name,
                        **side_by_side(house, hello, page, server, number, seconds),
                        "queries": queries_of(centre, page),
                    }
                )
                print("  " + _line(rows[-1]), file=sys.stderr, flush=True)
    with centre.app.app_context():
        for each in db.db.engines.values():
            each.dispose()
    if server is not None:
        server.drop_database(centre.settings.database_url)
    return rows


def side_by_side(
    house: Server, hello: Server, page: Page, server: Cluster | None, connections: int, seconds: float
) -> dict[str, Any]:
    """`page` and hello-world by turns, a few times: what else the machine does meanwhile then slows down both."""
    roots = [house.web.pid if house.web else 0, *([server.pid] if server else [])]
    greeting = itertools.repeat(client.message("GET", "/", hello.host))
    pairs = []
    for _ in range(TURNS):
        base = client.measure(
            hello.settings.host,
            hello.settings.port,
            [hello.web.pid if hello.web else 0],
            lambda number: greeting,
            connections=connections,
            seconds=max(0.5, seconds / TURNS / 2),
            expect=200,
        )
        got = client.measure(
            house.settings.host,
            house.settings.port,
            roots,
            page.requests,
            connections=connections,
            seconds=seconds / TURNS,
            expect=page.expect,
            most=page.most,
        )
        pairs.append((got, base))
    ratios = sorted(got.cpu_ms / base.cpu_ms for got, base in pairs)
    middle = sorted(pairs, key=lambda pair: pair[0].cpu_ms / pair[1].cpu_ms)[TURNS // 2]
    return {
        **dataclasses.asdict(middle[0]),
        "requests": sum(got.requests for got, _ in pairs),
        "hello_cpu_ms": middle[1].cpu_ms,
        "ratio": ratios[TURNS // 2],
        "ratios": ratios,
    }


def _line(row: dict[str, Any]) -> str:
    wanted = WANTED.get(row["page"])
    mark = "" if wanted is None else ("  ok" if row["ratio"] <= wanted else f"  wanted {wanted:g}")
    queries = "" if row["queries"] is None else row["queries"]
    return (
        f"{row['engine']:<11}{row['bookings']:>10,}{row['connections']:>3}  {row['page']:<15}{row['cpu_ms']:>8.2f} ms"
        f"{row['ratio']:>7.1f}×{row['per_second']:>9.0f}/s{row['median_ms']:>8.1f} ms{row['bytes']:>8,} B{queries:>4}{mark}"
    )


def report(rows: list[dict[str, Any]]) -> None:
    """The table, what grows with the number of bookings, and the same as JSON."""
    print(f"{'':<11}{'bookings':>10}{'con':>4} {'page':<15}{'CPU':>11}{'hello':>8}{'':>11}{'median':>11}{'':>10} SQL")
    for row in rows:
        print(_line(row))
    least, most = min(row["bookings"] for row in rows), max(row["bookings"] for row in rows)
    by_kind: dict[tuple[str, int, str], dict[int, float]] = {}
    for row in rows:
        by_kind.setdefault((row["engine"], row["connections"], row["page"]), {})[row["bookings"]] = row["ratio"]
    growth = [
        {"engine": engine, "connections": number, "page": page, "times": ratios[most] / ratios[least]}
        for (engine, number, page), ratios in by_kind.items()
        if least != most and {least, most} <= ratios.keys()
    ]
    if growth:
        print(f"\n{most:,} bookings cost this many times as much as {least:,} (wanted {GROWTH}):")
    for each in growth:
        print(f"{each['engine']:<11}{each['connections']:>3}  {each['page']:<15}{each['times']:>6.2f}×")
    too_large = sorted({row["bytes"] for row in rows if row["page"] == "day" and row["bytes"] > LARGEST_PAGE})
    if too_large:
        print(f"the day is too large: {too_large} bytes")
    RESULTS.mkdir(exist_ok=True)
    machine = {"processors": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    file = RESULTS / f"{clock.now():%Y-%m-%dT%H%M%SZ}.json"
    hello = statistics.median(row["hello_cpu_ms"] for row in rows)
    server = " ".join(web_command(config.Settings())[2:])
    file.write_text(
        json.dumps({"machine": machine, "server": server, "hello_cpu_ms": hello, "rows": rows, "growth": growth}, indent=1) + "\n"
    )
    print(
        f"hello-world: {hello:.3f} ms of CPU; written to {file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["money"]:
        from bench import money

        raise SystemExit(money.main(sys.argv[2:]))
    if sys.argv[1:2] == ["library"]:
        from bench import library

        raise SystemExit(library.main(sys.argv[2:]))
    raise SystemExit(main(sys.argv[1:]))
