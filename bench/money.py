"""``python -m bench money``: charges a second beside raw inserts, the proof of a long ledger, the treasurer's pages and their growth."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

import config
from app import create_app
from app.accounts.models import RoleGrant
from app.core import clock, db
from app.core.check import Progress
from app.core.policy import Actor, Role
from app.money import queries, service
from app.money.models import FIRST_PREV, Line, digest
from app.money.service import LEDGER, ChargeLineRequest, ChargeRequest
from bench import client
from bench.__main__ import GROWTH, RESULTS, Page, side_by_side
from bench.house import Centre, furnish, sign_in
from tests.plumbing.postgres import Cluster, cluster
from tests.plumbing.server import running

OPEN_ITEMS = 300
"""However long the ledger: what is open is paid, what is paid is not open."""
WANTED_PAGES, WANTED_CHARGES = 15.0, 0.2
PAGES = {
    "ledger": "/money/ledger",
    "open items": "/money/items",
    "accounts": "/money/accounts",
    "one account": "/money/accounts/1200",
}
A_DAY = 300
TAKINGS = [
    Line("1200", 41260, 0, "4", "O03"), Line("4100", 0, 15411, "4", "O03"), Line("2507", 0, 1079, "4", "O03"),
    Line("4110", 0, 20815, "4", "O03"), Line("2519", 0, 3955, "4", "O03"),
]  # fmt: skip
ENTRY = (
    "id", "year", "number", "posted_on", "text", "total_cents", "prev", "hash", "house_id", "source", "posted_at",
)  # fmt: skip
LINE = ("entry_id", "position", "account_code", "debit_cents", "credit_cents", "sphere", "offering_code", "house_id")
BALANCE = ("account_code", "house_id", "month", "debit_cents", "credit_cents")
Row = tuple[Any, ...]


# A long ledger -----------------------------------------------------------------------------------------------------------


def entries(number: int) -> Iterator[tuple[Row, list[Row]]]:
    """`number` takings with five lines each, up to yesterday, chained as the program chains them."""
    first = clock.now().date() - timedelta(days=number // A_DAY + 1)
    prev, now = FIRST_PREV, clock.now().replace(tzinfo=None)
    counted: dict[int, int] = {}
    for id_ in range(1, number + 1):
        day = first + timedelta(days=(id_ - 1) // A_DAY)
        counted[day.year] = counted.get(day.year, 0) + 1
        text = f"Kassenbericht {id_}"
        mark = digest(prev, f"J{counted[day.year]:02}", day, text, TAKINGS)
        lines = [
            (id_, position, each.account, each.debit, each.credit, each.sphere, each.offering, 1)
            for position, each in enumerate(TAKINGS, 1)
        ]
        yield (
            (id_, day.year, counted[day.year], str(day), text, 41260, prev, mark, 1, "cash_day", f"{now:%Y-%m-%d %H:%M:%S.%f}"),
            lines,
        )
        prev = mark


def balances(number: int) -> list[Row]:
    """What the triggers, which are off meanwhile, would have kept."""
    kept: dict[tuple[str, str], list[int]] = {}
    first = clock.now().date() - timedelta(days=number // A_DAY + 1)
    for place in range(number):
        month = f"{first + timedelta(days=place // A_DAY):%Y-%m}"
        for each in TAKINGS:
            sums = kept.setdefault((each.account, month), [0, 0])
            sums[0] += each.debit
            sums[1] += each.credit
    return [(account, 1, month, *sums) for (account, month), sums in kept.items()]


def write_ledger(centre: Centre, number: int) -> None:
    """Past the models and, for that while, past the guards: a million lines in seconds."""
    if centre.app.config["SQLALCHEMY_DATABASE_URI"].get_backend_name() == "sqlite":
        _write_sqlite(number)
    else:
        _write_postgresql(number)


def _write_sqlite(number: int) -> None:
    connection = db.db.engines["writer"].raw_connection()
    cursor = connection.cursor()
    cursor.execute("PRAGMA cache_size=-400000")
    guards = cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('ledger_entry', 'ledger_line')"
    ).fetchall()
    cursor.execute("BEGIN IMMEDIATE")
    for name, _ in guards:
        cursor.execute(f"DROP TRIGGER {name}")
    insert = "INSERT INTO {} ({}) VALUES ({})"
    line, entry, balance = (
        insert.format(table, ", ".join(columns), ", ".join("?" * len(columns)))
        for table, columns in (("ledger_line", LINE), ("ledger_entry", ENTRY), ("account_balance", BALANCE))
    )
    for batch in _batches(entries(number)):
        cursor.executemany(line, [row for _, lines in batch for row in lines])
        cursor.executemany(entry, [row for row, _ in batch])
    cursor.executemany(balance, balances(number))
    for _, statement in guards:
        cursor.execute(statement)
    connection.commit()
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _batches(rows: Iterator[Any], size: int = 10_000) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _address() -> str:
    url = db.db.engines["writer"].url
    return conninfo.make_conninfo(
        host=str(url.query["host"]), user=str(url.username), dbname=str(url.database), options="-c timezone=UTC"
    )


def _write_postgresql(number: int) -> None:
    with psycopg.connect(_address()) as connection:
        for table in ("ledger_entry", "ledger_line"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for batch in _batches(entries(number)):
            for table, columns, rows in (
                ("ledger_entry", ENTRY, [row for row, _ in batch]),
                ("ledger_line", LINE, [row for _, lines in batch for row in lines]),
            ):
                with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
        with connection.cursor().copy(f"COPY account_balance ({', '.join(BALANCE)}) FROM STDIN") as copy:
            for row in balances(number):
                copy.write_row(row)
        connection.commit()
        for table in ("ledger_entry", "ledger_line"):
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with psycopg.connect(_address(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def a_charge(person: int) -> Any:
    request = ChargeRequest(
        house_id=1, person_id=person, title="Raumnutzung Lampenstube", lines=[ChargeLineRequest("room", "3 Stunden", 6600)],
        supplied_from=clock.now().date(),
    )  # fmt: skip
    by = Actor(person_id=person, roles=frozenset({(1, Role.DESK)}))
    return db.run_transaction(lambda: service.charge(request, by), turns=[LEDGER])


def open_house(folder: Path, server: Cluster | None, number: int) -> Centre:
    """A house with so many entries, the same open items as any other, and a treasurer."""
    centre = furnish(folder, server, 100)
    with centre.app.app_context():
        with db.transaction() as session:
            service.furnish_books(1)
            session.add(RoleGrant(person_id=centre.people[1], house_id=1, role=Role.TREASURER))
        write_ledger(centre, number)
        for index in range(OPEN_ITEMS):
            a_charge(centre.people[index])
        db.session().close()
    return centre


# What is measured ----------------------------------------------------------------------------------------------------------


def charges(centre: Centre, seconds: float) -> dict[str, Any]:
    """Charges a second, each durable, and inserts of the same rows by the driver alone, by turns."""
    with centre.app.app_context():
        last = a_charge(centre.people[0])
        again = _raw(centre, last.id, last.entry_id)
        through = raw = 0.0
        done = [0, 0]
        for _ in range(4):
            for place, act in enumerate((lambda: a_charge(centre.people[3]), again)):
                begun, count = time.perf_counter(), 0
                while time.perf_counter() - begun < seconds / 4:
                    act()
                    count += 1
                spent = time.perf_counter() - begun
                done[place] += count
                through, raw = (through + spent, raw) if place == 0 else (through, raw + spent)
        db.session().close()
    return {
        "charges_per_second": done[0] / through,
        "raw_per_second": done[1] / raw,
        "ratio": done[0] / through / (done[1] / raw),
    }


def _raw(centre: Centre, charge_id: int, entry_id: int) -> Callable[[], None]:
    """Writes the rows of that charge once more at each call: lines, entry, charge, its line, the line of the journal."""
    sqlite = centre.app.config["SQLALCHEMY_DATABASE_URI"].get_backend_name() == "sqlite"
    connection: Any = db.db.engines["writer"].raw_connection() if sqlite else psycopg.connect(_address())
    cursor, mark = connection.cursor(), "?" if sqlite else "%s"
    wanted = {
        "ledger_line": f"entry_id = {entry_id}", "ledger_entry": f"id = {entry_id}", "charge": f"id = {charge_id}",
        "charge_line": f"charge_id = {charge_id}", "journal_entry": "id = (SELECT max(id) FROM journal_entry)",
    }  # fmt: skip
    rows: dict[str, tuple[list[str], list[dict[str, Any]]]] = {}
    for table, where in wanted.items():
        cursor.execute(f"SELECT * FROM {table} WHERE {where}")
        names = [each[0] for each in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for row in found:
            row.update({name: json.dumps(value) for name, value in row.items() if isinstance(value, dict | list)})
        rows[table] = names, found
    connection.commit()

    def write(table: str, changed: dict[str, Any]) -> None:
        names, found = rows[table]
        names = [name for name in names if not (table in ("charge", "journal_entry") and name == "id")]
        told = ", ".join(names)
        statement = f"INSERT INTO {table} ({told}) VALUES ({', '.join([mark] * len(names))})"
        if table == "charge":
            statement += " RETURNING id"
        for row in found:
            cursor.execute(statement, [changed.get(name, row[name]) for name in names])

    def act() -> None:
        if sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("SELECT id, number, hash FROM ledger_entry ORDER BY id DESC LIMIT 1")
        last, number, prev = cursor.fetchone()
        write("ledger_line", {"entry_id": last + 1})
        fresh = hashlib.sha256(str(time.perf_counter_ns()).encode()).hexdigest()
        write("ledger_entry", {"id": last + 1, "number": number + 1, "prev": prev, "hash": fresh})
        write("charge", {"entry_id": last + 1})
        made = cursor.fetchone()[0]
        write("charge_line", {"charge_id": made})
        write("journal_entry", {"subject_id": made})
        connection.commit()

    return act


def prove() -> int:
    """In a process of its own: the whole proof of the ledger, its seconds and the most memory it took."""
    app = create_app(config.load(os.environ))
    with app.app_context():
        before = _most_memory()
        begun = time.perf_counter()
        found = [str(each) for each in queries.faults() if not isinstance(each, Progress)]
        seconds = time.perf_counter() - begun
        peak = _most_memory()
    print(json.dumps({"seconds": seconds, "peak_mb": peak / 1024, "before_mb": before / 1024, "faults": found}))
    return 0


def _most_memory() -> int:
    """The most this process has held, in kB; unlike ``getrusage`` without what its parent held before it began."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def measure(
    folder: Path, engine: str, number: int, server: Cluster | None, seconds: float, only: str, *, largest: bool
) -> list[Any]:
    begun = time.perf_counter()
    centre = open_house(folder, server, number)
    print(f"{engine}, {number:,} entries: written in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    environment = {"QR_INSTANCE_PATH": str(folder), "QR_LOG_LEVEL": "WARNING"}
    if server is not None:
        environment["QR_DATABASE_URL"] = centre.settings.database_url
    found: list[dict[str, Any]] = []
    with running(environment, wait_for="/readyz") as house, running(environment, app="bench.hello:app", wait_for="/") as hello:
        cookie = sign_in(centre, centre.people[1], means="password")
        for name, path in PAGES.items():
            if only not in name:
                continue
            again = client.message("GET", path, house.host, {"Cookie": cookie})
            page = Page(name, 200, lambda _, again=again: itertools.repeat(again), path)  # type: ignore[misc]
            row = {"engine": engine, "entries": number, "what": name, **side_by_side(house, hello, page, server, 1, seconds)}
            found.append(row)
            print("  " + _line(row), file=sys.stderr, flush=True)
    if largest and only in "proof":
        told = subprocess.run(
            [sys.executable, "-m", "bench.money", "prove"], env={**os.environ, **environment}, capture_output=True, text=True,
            check=True, cwd=config.ROOT,
        )  # fmt: skip
        row = {"engine": engine, "entries": number, "lines": number * len(TAKINGS), "what": "proof", **json.loads(told.stdout)}
        found.append(row)
        print("  " + _line(row), file=sys.stderr, flush=True)
    if only in "charges":
        row = {"engine": engine, "entries": number, "what": "charges", **charges(centre, seconds)}
        found.append(row)
        print("  " + _line(row), file=sys.stderr, flush=True)
    with centre.app.app_context():
        for each in db.db.engines.values():
            each.dispose()
    if server is not None:
        server.drop_database(centre.settings.database_url)
    return found


def _line(row: dict[str, Any]) -> str:
    head = f"{row['engine']:<11}{row['entries']:>9,}  {row['what']:<12}"
    if row["what"] == "proof":
        said = (
            f"{row['lines']:,} lines in {row['seconds']:.1f} s, {row['peak_mb']:.0f} MB at most ({row['before_mb']:.0f} before)"
        )
        return head + said + ("" if not row["faults"] else f"  FAULTS {row['faults'][:3]}")
    if row["what"] == "charges":
        mark = "ok" if row["ratio"] >= WANTED_CHARGES else f"wanted {WANTED_CHARGES}"
        return head + f"{row['charges_per_second']:.0f}/s beside {row['raw_per_second']:.0f}/s raw: {row['ratio']:.2f}  {mark}"
    mark = "ok" if row["ratio"] <= WANTED_PAGES else f"wanted {WANTED_PAGES:g}"
    return head + f"{row['cpu_ms']:>8.2f} ms{row['ratio']:>7.1f}×{row['per_second']:>8.0f}/s{row['bytes']:>9,} B  {mark}"


def main(arguments: list[str]) -> int:
    if arguments == ["prove"]:
        return prove()
    parser = argparse.ArgumentParser(prog="python -m bench money", description=__doc__)
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--sizes", default="1000,200000", help="numbers of entries of five lines each")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each measurement")
    parser.add_argument("--only", default="", help="a part of what is measured: a page, proof, charges")
    options = parser.parse_args(arguments)
    sizes = [int(each) for each in options.sizes.split(",")]
    rows: list[dict[str, Any]] = []
    folder = Path(tempfile.mkdtemp(prefix="qr-bench-"))
    try:
        for engine in options.engines.split(","):
            with ExitStack() as open_still:
                server = open_still.enter_context(cluster(durable=True)) if engine == "postgresql" else None
                for size in sizes:
                    rows += measure(
                        folder / f"{engine}-{size}",
                        engine,
                        size,
                        server,
                        options.seconds,
                        options.only,
                        largest=size == max(sizes),
                    )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(rows, min(sizes), max(sizes))
    return 0


def report(rows: list[dict[str, Any]], least: int, most: int) -> None:
    """The table, what grows with the number of entries, and the same as JSON."""
    for row in rows:
        print(_line(row))
    ratios = {(row["engine"], row["what"], row["entries"]): row["ratio"] for row in rows if row["what"] in PAGES}
    growth = [
        {"engine": engine, "what": what, "times": ratio / ratios[engine, what, least]}
        for (engine, what, number), ratio in ratios.items()
        if number == most != least
    ]
    if growth:
        print(f"\n{most:,} entries cost this many times as much as {least:,} (wanted {GROWTH}):")
    for each in growth:
        print(f"{each['engine']:<11}{each['what']:<12}{each['times']:>6.2f}×")
    RESULTS.mkdir(exist_ok=True)
    machine = {"processors": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    file = RESULTS / f"money-{clock.now():%Y-%m-%dT%H%M%SZ}.json"
    file.write_text(json.dumps({"machine": machine, "rows": rows, "growth": growth}, indent=1) + "\n")
    print(f"written to {file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
