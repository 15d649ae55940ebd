"""A house to be measured: twelve rooms, and as many bookings in past and future as asked for, a hundred on each day."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from psycopg import conninfo

import config
from app import create_app
from app.accounts import service as accounts
from app.accounts.models import RoleGrant
from app.core import clock, db
from app.core.policy import Role
from app.houses.models import House
from app.occupancy.models import Resource
from app.offers import queries as offers
from app.offers.models import HoursKind, OpeningHours, Tariff
from app.people.models import Person
from app.rooms.models import Room
from tests.plumbing.postgres import Cluster
from tools.serve import flask_command

ROOMS = 12
A_DAY = 100
PEOPLE = 400
STARTS = ("08:00", "09:30", "11:00", "12:30", "14:00", "15:30", "17:00", "18:30", "20:00")
LAST_HOUR = (time(21), time(22))
"""Free in every room on every day: what the measured bookings take."""
BATCH = 20_000


@dataclass(frozen=True)
class Centre:
    """An instance with its database, and the ids to measure with. `day` is a usual day that has its hundred bookings."""

    settings: config.Settings
    app: Flask
    day: date
    rooms: tuple[str, ...]
    people: tuple[int, ...]
    bookings: int


def furnish(folder: Path, cluster: Cluster | None, bookings: int) -> Centre:
    """A migrated instance in `folder` (on PostgreSQL when there is a `cluster`) with `bookings` bookings around today."""
    folder.mkdir(mode=0o700)
    url = cluster.make_database() if cluster else ""
    settings = config.load({}, instance_path=folder, database_url=url, log_level="WARNING")
    environment = {"QR_INSTANCE_PATH": str(folder), "QR_DATABASE_URL": url, "PATH": "/usr/bin:/bin"}
    subprocess.run(flask_command("db", "upgrade"), env=environment, check=True, capture_output=True, cwd=config.ROOT)
    app = create_app(settings)
    with app.app_context():
        with db.transaction():
            people = _house()
        _bookings(app, bookings, people)
        zone = app.extensions["zone"]
        today = clock.today(zone)
        days = offers.open_days(1, today, today + timedelta(days=10), zone)
        day = next(day for day, found in days.items() if found.use and day >= today + timedelta(days=2))
        db.session().close()
        return Centre(settings, app, day, tuple(f"room-{number}" for number in range(1, ROOMS + 1)), people, bookings)


def _house() -> tuple[int, ...]:
    """House, rooms, hours, prices, people; returns the people's ids."""
    session = db.session()
    house = House(slug="marten", name="Meilentreff Marten", street="In der Musterzeile 7", postcode="44379", city="Dortmund")
    session.add(house)
    session.flush()
    for weekday in range(7):
        for kind in (HoursKind.USE, HoursKind.DESK):
            session.add(OpeningHours(house_id=house.id, kind=kind, weekday=weekday, opens=time(8), closes=time(22)))
    for number in range(1, ROOMS + 1):
        part = Resource(house_id=house.id, kind="room_part", name=f"Raum {number}")
        session.add(part)
        session.add(
            Room(
                house_id=house.id, slug=f"room-{number}", name=f"Raum {number} „Lampenstube“", capacity=10 + number, parts=[part],
                rule="instant", tariff_code="room", position=number, features=["step_free", "wifi"],
            )
        )  # fmt: skip
        session.flush()
    for tariff_class, cents in (("A", 0), ("B", 600), ("C", 1200), ("D", 2000)):
        session.add(
            Tariff(
                house_id=house.id, code="room", tariff_class=tariff_class, cents=cents, unit="hour", valid_from=date(2000, 1, 1)
            )
        )
    people = [
        Person(
            given_name=f"Vorname{number}",
            family_name=f"Familienname{number}",
            email=f"p{number}@bench.example",
            contact_by="mail",
        )
        for number in range(PEOPLE)
    ]
    session.add_all(people)
    session.flush()
    session.add_all(RoleGrant(person_id=person.id, house_id=house.id, role=Role.RESIDENT) for person in people)
    session.add(RoleGrant(person_id=people[0].id, house_id=house.id, role=Role.DESK))
    session.flush()
    return tuple(person.id for person in people)


BOOKING = (
    "id", "house_id", "room_id", "starts_at", "ends_at", "before_minutes", "after_minutes", "state", "purpose", "people",
    "booked_for_id", "created_by_id", "purpose_public", "tariff_class", "price_cents", "price_rule", "uid", "sequence", "origin",
    "decided_at", "reason", "created_at", "changed_at", "version",
)  # fmt: skip
PROMISE = ("id", "resource_id", "starts_at", "ends_at", "kind", "source", "source_id")
Rows = Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]


def _bookings(app: Flask, number: int, people: tuple[int, ...]) -> None:
    """`number` confirmed bookings with their promises, `A_DAY` on each day, from half of them ago to half of them ahead.

    Past the models, row by row as the databases hold them: a million through the models takes minutes.
    """
    zone = app.extensions["zone"]
    now = _written(clock.now())
    first = clock.today(zone) - timedelta(days=number // A_DAY // 2)
    every = [(room, time.fromisoformat(start)) for start in STARTS for room in range(1, ROOMS + 1)][:A_DAY]

    def rows() -> Rows:
        for index in range(number):
            id_, person = index + 1, people[index % PEOPLE]
            room, start = every[index % A_DAY]
            begins = datetime.combine(first + timedelta(days=index // A_DAY), start, tzinfo=zone).astimezone(UTC)
            starts_at, ends_at = _written(begins), _written(begins + timedelta(hours=1))
            purpose, public = f"Treffen der Gruppe {index % 97}", not index % 2
            yield (
                (
                    id_, 1, room, starts_at, ends_at, 0, 0, "confirmed", purpose, 5 + index % 6, person, person, public, "C", 1200,
                    "{}", f"bench-{index:09}@bench.example", 0, "page", now, "", now, now, 1,
                ),
                (id_, room, starts_at, ends_at, "confirmed", "booking", id_),
            )  # fmt: skip

    if app.config["SQLALCHEMY_DATABASE_URI"].get_backend_name() == "sqlite":
        _load_sqlite(rows())
    else:
        _load_postgresql(rows())


def _written(moment: datetime) -> str:
    """In UTC, as SQLite holds instants and PostgreSQL reads them in a session of that zone."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def _load_sqlite(rows: Rows) -> None:
    """In order of time, so that the triggers, which stay, cost little."""
    connection = db.db.engines["writer"].raw_connection()
    cursor = connection.cursor()
    cursor.execute("PRAGMA cache_size=-1000000")
    booking, promise = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        for table, columns in (("booking", BOOKING), ("occupancy", PROMISE))
    )
    while batch := list(islice(rows, BATCH)):
        cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(booking, [pair[0] for pair in batch])
        cursor.executemany(promise, [pair[1] for pair in batch])
        connection.commit()
    # As after years of use no log waits to be written back. No ANALYZE: the program never asks for it, and with its samples SQLite
    # would plan each statement anew for its values.
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _load_postgresql(rows: Rows) -> None:
    """By COPY; the exclusion constraint is taken off and proven again at the end, which is how one restores a dump."""
    url = db.db.engines["writer"].url
    address = conninfo.make_conninfo(
        host=str(url.query["host"]), user=str(url.username), dbname=str(url.database), options="-c timezone=UTC"
    )
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ex_occupancy_no_overlap'"
        ).fetchone()
        guard = found[0] if found else ""
        connection.execute("ALTER TABLE occupancy DROP CONSTRAINT ex_occupancy_no_overlap")
        while batch := list(islice(rows, BATCH)):
            for which, (table, columns) in enumerate((("booking", BOOKING), ("occupancy", PROMISE))):
                with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for pair in batch:
                        copy.write_row(pair[which])
        connection.execute(f"ALTER TABLE occupancy ADD CONSTRAINT ex_occupancy_no_overlap {guard}")
        for table in ("booking", "occupancy"):
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def sign_in(centre: Centre, person: int, means: str = "mail") -> str:
    """The cookie of a browser in which this person has signed in, form secret included; staff rights need ``password``."""
    with centre.app.app_context():
        secret = db.run_transaction(lambda: accounts.open_sign_in(person, means=means, device="bench").secret)
    signer = centre.app.session_interface.get_signing_serializer(centre.app)  # type: ignore[attr-defined]
    return f"{centre.app.config['SESSION_COOKIE_NAME']}={signer.dumps({'_user_id': secret, '_fresh': True, 'csrf': '0' * 40})}"
