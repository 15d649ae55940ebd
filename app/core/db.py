"""The database: one model base, two engines, one way to write.

Two engines stand on the same database. The *reader* cannot write (``PRAGMA query_only`` on SQLite,
``default_transaction_read_only`` on PostgreSQL), so a GET that writes is refused by the database itself. The *writer* is
used inside `transaction()` alone: ``BEGIN IMMEDIATE`` on SQLite, SERIALIZABLE on PostgreSQL.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, cast

import flask_sqlalchemy.session
from blinker import Signal
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Connection, DateTime, Dialect, Engine, MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.types import TypeDecorator

from config import Settings

try:
    # A current SQLite: Debian's carries the rare WAL-reset corruption fault that 3.51.3 mended.
    from pysqlite3 import dbapi2

    sqlite_driver: Any = dbapi2
except ImportError:  # pragma: no cover - platforms without a wheel
    sqlite_driver = sqlite3

T = TypeVar("T")
ATTEMPTS = 12
SQLITE_SAFE = (3, 51, 3)

asked = Signal()
"""Sent with the text of each statement that goes past SQLAlchemy, for who counts statements."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept in UTC; a naive time is refused. SQLite holds sortable text, PostgreSQL timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        return _instant_of_text if dialect.name == "sqlite" else _instant_of_time


def _instant_of_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _instant_of_time(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


Cents = Annotated[int, mapped_column(BigInteger)]
"""Type of a column that holds an amount."""


class Model(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Base of every table. Relationships are loaded by the query that needs them (``lazy="raise"``)."""

    metadata = metadata
    type_annotation_map = {datetime: Instant}


class NestedTransaction(RuntimeError):
    """A transaction was opened inside another: one act would have become two."""


class Collision(Exception):
    """Somebody else was first, seen only by the database. The edge starts the act again on the new state."""


class OutOfTurn(Exception):
    """The act must add to `table` in turn, and has already looked at something. The edge starts it again, in turn from the beginning."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


class Busy(Exception):
    """The act could not get through after many attempts; nothing has changed."""


class HouseSession(flask_sqlalchemy.session.Session):
    """Reads through the reader; only inside `transaction()` through the writer.

    All it reads until it is closed, it reads on one connection, which statements past the mapper share (app.core.statements).
    """

    _reading: Connection | None = None
    _writing: Connection | None = None
    _still: dict[Hashable, Any] | None = None

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **kwargs: Any) -> Any:
        if bind is not None:
            return bind
        return self._db.engines["writer"] if self.info.get("writing") else self.looking()

    def looking(self) -> Connection:
        """The connection this session sees the database through."""
        if self.info.get("writing"):
            return self.connection() if self._writing is None or self._writing.closed else self._writing
        if self._reading is None:
            self._reading = self._db.engines[None].connect()
        if not self._reading.in_transaction():
            self._reading.begin()
            self._still = None
        return self._reading

    def still(self) -> dict[Hashable, Any] | None:
        """What was read on this connection and still holds; None inside an act. Asked once until the session is closed."""
        if self._still is None and not self.info.get("writing"):
            connection = self.looking()
            try:
                self._still = kept_with(connection.dialect, connection.connection)
            except connection.dialect.loaded_dbapi.Error as fault:
                raise wrapped(fault, "", connection) from fault
        return self._still

    def close(self) -> None:
        super().close()
        self._still = self._writing = None
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def flush(self, objects: Any = None) -> None:
        if self.new or self.dirty or self.deleted:
            self.info.pop("stamps", None)  # see app.core.memory: who has written remembers nothing
            super().flush(objects)

    def execute(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(statement, "is_dml", True):
            self.info.pop("stamps", None)
        if (kwargs.get("execution_options") or {}).get("stream_results"):
            self._stay()
        return super().execute(statement, *args, **kwargs)

    def _stay(self) -> None:
        """PostgreSQL lets rows flow only inside a transaction, which a reader otherwise does without (see `init_app`)."""
        connection = self.looking()
        driver: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "postgresql" and driver.autocommit:
            driver.execute("BEGIN")


db = SQLAlchemy(metadata=metadata, disable_autonaming=True, session_options={"class_": HouseSession, "expire_on_commit": False})
migrate = Migrate(directory="migrations", render_as_batch=True, compare_type=True)


def session() -> Session:
    """The session of this request, job or command."""
    return db.session()


def looking() -> Connection:
    """The connection of this session, for statements past SQLAlchemy."""
    return cast(HouseSession, db.session()).looking()


def still() -> dict[Hashable, Any] | None:
    """See `HouseSession.still`."""
    return cast(HouseSession, db.session()).still()


@contextmanager
def one_moment() -> Iterator[None]:
    """Inside, all that is read is of one moment, however long it takes: where sums must agree while others go on writing.

    SQLite's readers see one moment until their session is closed; on PostgreSQL each statement would see its own.
    """
    connection = looking()
    if connection.dialect.name != "postgresql" or in_transaction():
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        driver.execute("ROLLBACK")


def glance() -> dict[Hashable, Any]:
    """The same without opening a session: for a look that in most cases is all there is."""
    engine = db.engines[None]
    connection = engine.raw_connection()
    try:
        return kept_with(engine.dialect, connection)
    except engine.dialect.loaded_dbapi.Error:
        connection.invalidate()
        return {}
    finally:
        connection.close()


def wrapped(fault: Exception, text: str, connection: Connection) -> BaseException:
    """The driver's refusal of a statement as SQLAlchemy raises it, for who expects that; a broken connection is given up."""
    dialect = connection.dialect
    broken = dialect.is_disconnect(fault, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    if broken:
        connection.invalidate(fault)
    return DBAPIError.instance(
        text, None, fault, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=broken, dialect=dialect
    )


def kept_with(dialect: Dialect, connection: PoolProxiedConnection) -> dict[Hashable, Any]:
    """What is kept with a connection until anything is written to the database.

    SQLite counts, for each connection, what others have committed; PostgreSQL's snapshots tell which acts are seen, and equal
    ones see the same. What is kept may be newer than the state it is kept for, never older.
    """
    question = "PRAGMA data_version" if dialect.name == "sqlite" else "SELECT pg_current_snapshot()::text"
    if asked.receivers:
        asked.send(question)
    driver: Any = connection.dbapi_connection
    state = driver.execute(question).fetchone()
    if connection.info.get("state") != state:
        connection.info.update(state=state, still={})
    kept: dict[Hashable, Any] = connection.info["still"]
    return kept


def init_app(app: Flask, settings: Settings) -> None:
    url = make_url(settings.effective_database_url)
    # A failing statement goes to the log; names and telephone numbers of people do not.
    # The connection used last is used first: it has the most in its memory, see `still`.
    reader: dict[str, Any] = {"hide_parameters": True, "pool_use_lifo": True}
    writer: dict[str, Any] = {"url": url, "hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        for options in (reader, writer):
            options.update(module=sqlite_driver, connect_args={"timeout": 30, "check_same_thread": False})
    else:
        shared = {"pool_size": 8, "max_overflow": 8}
        # Each statement sees its own moment anyway (READ COMMITTED), so a transaction around them would only cost two messages.
        reading = "-c default_transaction_read_only=on -c timezone=UTC"
        reader.update(shared, isolation_level="AUTOCOMMIT", connect_args={"options": reading})
        # The server's default saves a round trip per transaction.
        isolation = "-c default_transaction_isolation=serializable -c timezone=UTC"
        writer.update(shared, connect_args={"options": isolation})
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=reader,
        SQLALCHEMY_BINDS={"writer": writer},
    )
    db.init_app(app)
    with app.app_context():
        if url.get_backend_name() == "sqlite":
            _prepare_sqlite(db.engines[None], read_only=True)
            _prepare_sqlite(db.engines["writer"], read_only=False)
        else:
            for engine in db.engines.values():
                _greet_after_rest(engine)
    migrate.init_app(app, db)


def _prepare_sqlite(engine: Engine, *, read_only: bool) -> None:
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing on its own; `begun` does
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-16000")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(begin)


RESTED = 1.0
"""Seconds after which a server is asked whether it is still there before it is asked for something."""


def _greet_after_rest(engine: Engine) -> None:
    """After a restart or a failover of the server nobody meets a broken connection; a busy one is not asked each time."""

    @event.listens_for(engine, "checkin")
    def back(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["back_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
        if time.monotonic() - record.info.get("back_at", time.monotonic()) > RESTED:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as fault:
                raise InvalidatePoolError from fault


_BESIDE_OTHERS = "LOCK TABLE alembic_version IN ROW SHARE MODE"
_ALONE = "LOCK TABLE alembic_version IN EXCLUSIVE MODE"
"""A table every act of PostgreSQL takes a place at before it looks at anything (unlike SELECT, LOCK takes no snapshot yet)."""


@contextmanager
def transaction(*, alone: bool = False, turns: Iterable[str] = ()) -> Iterator[Session]:
    """One act. Opened by the edges only (a POST, a job, a command); commits at the end, undoes on any exception.

    What was loaded before is forgotten, so that checks and changes see one state. Nesting raises `NestedTransaction`.
    `alone` waits for every other act and lets none begin: SQLite is always so. `turns` are tables that only one act at a time adds
    to (see `take_turn`).
    """
    current = cast(HouseSession, session())
    if current.info.get("writing"):
        raise NestedTransaction
    current.close()
    current.info.pop("stamps", None)
    current.info["writing"] = True
    try:
        current._writing = connection = current.connection()  # takes SQLite's write lock before anything is looked at
        if connection.dialect.name == "postgresql":
            locks = [_ALONE if alone else _BESIDE_OTHERS]
            locks += [f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE" for table in sorted(turns)]  # one order everywhere
            connection.exec_driver_sql("; ".join(locks))  # in one message
            current.info["turns"] = None if alone else frozenset(turns)
        yield current
        current.commit()
    except BaseException:
        current.rollback()
        raise
    finally:
        current.info["writing"] = False
        current.close()


def in_transaction() -> bool:
    return bool(session().info.get("writing"))


def take_turn(table: str) -> None:
    """From here to the commit nobody else adds to `table`, and what this act reads of it is the newest.

    For hot sequences such as the chain of the ledger, where writers would otherwise collide. SQLite has a single writer anyway. On
    PostgreSQL the lock must come before the first look, or the act would see a state from before its turn: if it does not hold
    it yet, `OutOfTurn` makes `run_transaction` start again with it.
    """
    turns = session().info.get("turns", frozenset())
    if dialect_name() == "postgresql" and turns is not None and table not in turns:
        raise OutOfTurn(table)


def run_transaction(act: Callable[[], T], *, turns: Iterable[str] = ()) -> T:
    """`act` inside `transaction()`, started again when it collided with another one.

    PostgreSQL answers a serialization failure or a deadlock, a guard answers `Collision`; both mean: look again. It finds
    many such failures where acts only read and write near one another, so the second try runs alone and gets through.
    Raises `Busy` after `ATTEMPTS` tries. `turns`, where the caller knows them, spare a second start (see `take_turn`).
    """
    needed, alone = set(turns), False
    for attempt in range(ATTEMPTS):
        try:
            with transaction(alone=alone, turns=needed):
                return act()
        except OutOfTurn as out:
            needed.add(out.table)
            continue
        except Collision:
            pass
        except DBAPIError as fault:
            if not _may_repeat(fault):
                raise
        alone = True
        time.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))
    raise Busy


def _may_repeat(fault: DBAPIError) -> bool:
    state = getattr(fault.orig, "sqlstate", None)
    if state is not None:
        return state in {"40001", "40P01", "23P01"}
    return isinstance(fault, OperationalError) and "locked" in str(fault.orig)


def is_overlap(fault: DBAPIError) -> bool:
    """Whether the database refused a row because it overlaps another (exclusion constraint or trigger)."""
    return getattr(fault.orig, "sqlstate", None) == "23P01" or "overlap" in str(fault.orig)


def lock(name: str) -> None:
    """Make acts under the same `name` wait for one another until commit, instead of colliding.

    PostgreSQL takes an advisory lock; SQLite has a single writer anyway. Call it first in an act, before reading.
    """
    current = session()
    if current.get_bind().dialect.name == "postgresql":
        current.connection().exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))


def dialect_name() -> str:
    return session().get_bind().dialect.name


def sqlite_version() -> tuple[int, ...]:
    """Of the library in use; versions before `SQLITE_SAFE` can in rare cases damage a write-ahead log."""
    return tuple(sqlite_driver.sqlite_version_info)
