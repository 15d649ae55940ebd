"""Statements that are asked all day long: translated once for each engine, then handed straight to the driver.

SQLAlchemy needs a tenth of a millisecond and more to send a statement and as much to fetch a hundred rows; a whole page has
three. What is asked for on every page, or by the hundred, goes this way: the same session, the same connection, the same
transaction, and rows that are plain tuples with the types of their columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import CompoundSelect, Dialect, Insert, Select, Table, bindparam, insert
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from app.core import db
from app.core.db import Model

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]
Asked = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | Insert


class Found(NamedTuple):
    """Rows as the driver gave them, which is cheap and can be compared, and what makes some of them rows as Python has them."""

    rows: tuple[Row, ...]
    typed: Callable[[Sequence[Row]], Sequence[Row]]


class Statement:
    """A select, or an insert, over tables. Values are given by name for its ``bindparam``; a list for an expanding one.

    HOUSE = Statement(select(H.id, H.name).where(H.slug == bindparam("slug")))
    HOUSE.row(slug="marten")  # (1, "Meilentreff Marten")
    """

    def __init__(self, statement: Asked) -> None:
        self._statement = statement
        self._writes = isinstance(statement, Insert)
        self._translations: dict[tuple[object, ...], _Translation] = {}

    def rows(self, **values: Any) -> Sequence[Row]:
        return self._ask(values, lambda cursor: cursor.fetchall())

    def found(self, **values: Any) -> Found:
        """For who remembers what was made of the same rows before: types cost as much as asking."""
        rows = tuple(self._ask(values, lambda cursor: cursor.fetchall(), typed=False))
        return Found(rows, self._translated(db.looking().dialect, values).typed)

    def row(self, **values: Any) -> Row | None:
        """The first one."""
        return next(iter(self._ask(values, lambda cursor: cursor.fetchmany(1))), None)

    def run(self, **values: Any) -> None:
        """For an insert that gives nothing back."""
        self._ask(values, lambda cursor: [])

    def _ask(self, values: dict[str, Any], fetch: Callable[[Any], list[Row]], *, typed: bool = True) -> Sequence[Row]:
        session = cast(db.HouseSession, db.session())
        if session.info.get("writing"):
            session.flush()
        connection = session.looking()
        translation = self._translated(connection.dialect, values)
        if self._writes:
            session.info.pop("stamps", None)  # see app.core.memory: who has written remembers nothing
        if db.asked.receivers:
            db.asked.send(translation.text)
        driver: Any = connection.connection.dbapi_connection
        try:
            rows = fetch(driver.execute(translation.text, translation.bound(values)))
            return translation.typed(rows) if typed else rows
        except connection.dialect.loaded_dbapi.Error as fault:
            raise db.wrapped(fault, translation.text, connection) from fault

    def _translated(self, dialect: Dialect, values: dict[str, Any]) -> _Translation:
        lengths = tuple([len(value) for value in values.values() if type(value) is list])
        found = self._translations.get((dialect.name, lengths))
        if found is None:
            found = self._translations[dialect.name, lengths] = _Translation(self._statement, dialect, values)
        return found


def insertion(model: type[Model]) -> Statement:
    """An insert of one row that gives back its id, where it has one.

    All other columns must be given: neither defaults of the model nor of the table are filled in.
    """
    table = cast(Table, model.__table__)
    number = table.autoincrement_column
    statement = insert(table).values({column.name: bindparam(column.name) for column in table.columns if column is not number})
    return Statement(statement if number is None else statement.returning(number))


def add_rows(model: type[Model], rows: Sequence[dict[str, Any]]) -> None:
    """Insert a few rows by one statement, in their order. All columns must be given."""
    many = _rows(model, len(rows))
    many.run(**{f"{name}_{place}": value for place, row in enumerate(rows) for name, value in row.items()})


@lru_cache(maxsize=128)
def _rows(model: type[Model], number: int) -> Statement:
    table = cast(Table, model.__table__)
    return Statement(
        insert(table).values(
            [
                {column.name: bindparam(f"{column.name}_{place}", type_=column.type) for column in table.columns}
                for place in range(number)
            ]
        )
    )


def add(thing: Model) -> None:
    """Insert a new object and have it in the session: what ``session().add`` and ``flush`` do, by one plain statement.

    Its columns must have their values, as dataclasses fill them in; relationships are not followed.
    """
    adding = _adding(type(thing))
    if adding.version:
        setattr(thing, adding.version, 1)
    values = {key: getattr(thing, key) for _, key in adding.columns}
    row = adding.statement.row(**{name: values[key] for name, key in adding.columns})
    if row is not None:
        setattr(thing, adding.number, row[0])
    make_transient_to_detached(thing)
    for key, value in values.items():
        if key not in thing.__dict__:  # a default of the model, which would be read back when it is asked for
            set_committed_value(thing, key, value)
    db.session().add(thing)


class _Adding(NamedTuple):
    """The insert of a model; `columns` are pairs of a column's name and its attribute, `number` and `version` are attributes."""

    statement: Statement
    columns: list[tuple[str, str]]
    number: str
    version: str


@cache
def _adding(model: type[Model]) -> _Adding:
    mapper = model.__mapper__
    names = {column: mapper.get_property_by_column(column).key for column in mapper.local_table.c}
    number = cast(Table, mapper.local_table).autoincrement_column
    columns = [(column.name, key) for column, key in names.items() if column is not number]
    version = next((key for column, key in names.items() if column is mapper.version_id_col), "")
    return _Adding(insertion(model), columns, names[number] if number is not None else "", version)


class _Translation:
    """The text for one engine and for lists of certain lengths, and how values go in and come out."""

    def __init__(self, statement: Asked, dialect: Dialect, values: dict[str, Any]) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        expanded = compiled.construct_expanded_state(values)
        self.text: str = expanded.statement
        self._positions: Sequence[str] | None = expanded.positiontup
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if name not in values}
        self._lists: dict[str, list[str]] = {
            name: names for name, names in expanded.parameter_expansion.items() if name in values
        }
        processors = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._constants = {
            name: processors[name](value) if processors[name] else value for name, value in self._constants.items()
        }
        self._inward: list[tuple[str, Convert]] = [(name, convert) for name, convert in processors.items() if convert]
        inward = {name: convert for name, convert in self._inward if name not in self._constants}
        self._places: list[tuple[str, Convert | None]] | None = None  # the short way, where all go by position and none is a list
        if self._positions is not None and not self._lists:
            self._places = [(name, inward.get(name)) for name in self._positions]
        outward = [
            (index, column.type.dialect_impl(dialect).result_processor(dialect, None))
            for index, column in enumerate(statement.exported_columns)
        ]
        self._outward: list[tuple[int, Convert]] = [(index, convert) for index, convert in outward if convert]

    def bound(self, values: dict[str, Any]) -> Any:
        """As the driver takes them: by position or by name."""
        given = {**self._constants, **values}
        if self._places is not None:
            return [given[name] if convert is None else convert(given[name]) for name, convert in self._places]
        for name, convert in self._inward:
            if name in values and name not in self._lists:
                given[name] = convert(values[name])
        for name, places in self._lists.items():
            given.update(zip(places, given.pop(name), strict=True))
        return given if self._positions is None else [given[name] for name in self._positions]

    def typed(self, rows: Sequence[Row]) -> Sequence[Row]:
        """As Python has them."""
        if not self._outward or not rows:
            return rows
        converted = [list(row) for row in rows]
        for index, convert in self._outward:
            for row in converted:
                row[index] = convert(row[index])
        return [tuple(row) for row in converted]
