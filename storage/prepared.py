"""Statements that every event runs: compiled once for each database, then run on the driver's own cursor.

SQLAlchemy's bookkeeping of an execution costs several times what SQLite needs for the statement itself, and an event
runs six of them (figures in docs/adr/0011). Only that bookkeeping is left out: the statements are ordinary ones over
the typed tables, and values go through the types of their columns in both directions. PostgreSQL gets its own `$1` for
parameters: psycopg would look through a statement for every `%(name)s` at each run, long ones each time anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import RawCursor
from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]

_NUMBERED = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy's is not typed


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement as one database takes it; a converter is None where driver and domain agree on a value."""

    sql: str
    binds: tuple[tuple[str, Convert | None], ...]
    one_by_one: bool
    columns: tuple[Convert | None, ...]
    as_they_come: bool

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """Values as the driver takes them."""
        return [convert(values[name]) if convert else values[name] for name, convert in self.binds]

    def batch(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Rows as the driver takes them. What stands in row after row (a moment, a kind) is converted once."""
        return list(
            zip(*(_converted([row[name] for row in rows], convert) for name, convert in self.binds), strict=True)
        )

    def returned(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Any]]:
        """What comes back of each of these rows: SQLite is asked one by one, PostgreSQL without waiting in between."""
        if self.one_by_one:
            for parameters in self.batch(rows):
                yield from cursor.execute(self.sql, parameters).fetchall()
            return
        cursor.executemany(self.sql, self.batch(rows), returning=True)
        yield from cursor.fetchall()
        while cursor.nextset():
            yield from cursor.fetchall()

    def row(self, cells: Sequence[Any]) -> tuple[Any, ...]:
        """A row as the domain takes it."""
        if self.as_they_come:
            return tuple(cells)
        return tuple(convert(cell) if convert else cell for convert, cell in zip(self.columns, cells, strict=True))


class Prepared:
    """A SELECT, an INSERT, an UPDATE or a DELETE of which all parameters are given by name at each run."""

    def __init__(
        self, statement: Select[*tuple[Any, ...]] | Insert | Update | Delete, *, inserts: Sequence[str] = ()
    ) -> None:
        """`inserts` names the columns that an INSERT or an UPDATE is given."""
        self._statement = statement
        self._inserts = list(inserts)
        self._forms: dict[str, _Form] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows that come back; without RETURNING none of an INSERT or an UPDATE."""
        dialect = connection.dialect
        form = self._forms.get(dialect.name) or self._forms.setdefault(dialect.name, self._compile(dialect))
        cursor = _cursor(connection)
        try:
            cursor.execute(form.sql, form.parameters(values))
            return [form.row(cells) for cells in cursor.fetchall()] if form.columns else []
        finally:
            cursor.close()

    def run_for_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Run an INSERT for each of these rows; the rows that come back, without RETURNING none."""
        dialect = connection.dialect
        form = self._forms.get(dialect.name) or self._forms.setdefault(dialect.name, self._compile(dialect))
        cursor = _cursor(connection)
        try:
            if form.columns:
                return [form.row(cells) for cells in form.returned(cursor, rows)]
            cursor.executemany(form.sql, form.batch(rows))
            return []
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> _Form:
        is_sqlite = dialect.name == "sqlite"
        speaking = dialect if is_sqlite else _NUMBERED
        compiled = self._statement.compile(dialect=speaking, column_keys=self._inserts or None)
        binds = tuple((name, _into(compiled.binds[name].type, dialect)) for name in compiled.positiontup or ())
        columns = tuple(_out_of(column.type, dialect) for column in self._statement.exported_columns)
        return _Form(str(compiled), binds, is_sqlite, columns, not any(columns))


def _cursor(connection: Connection) -> Any:
    """A cursor of the driver, which takes statements as the database has them."""
    pooled = connection.connection
    driver: Any = pooled.dbapi_connection
    return RawCursor(driver) if connection.dialect.name == "postgresql" else pooled.cursor()


def _converted(values: list[Any], convert: Convert | None) -> list[Any]:
    if convert is None:
        return values
    cells: list[Any] = []
    for n, value in enumerate(values):
        same = n > 0 and value is values[n - 1]
        cells.append(cells[-1] if same else convert(value))
    return cells


def _into(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _out_of(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
