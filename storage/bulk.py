"""Many rows, or a long list, in one statement: as arrays for PostgreSQL; SQLite is quickest row by row, or by JSON.

Neither the text of a statement nor the number of its parameters depends on how many there are. So it is prepared
once, and no list is too long for it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    FromClause,
    Insert,
    Integer,
    Text,
    Update,
    bindparam,
    cast,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from storage.prepared import Prepared


class _Numbers(TypeDecorator[Sequence[int]]):
    """Whole numbers as one parameter, written out: psycopg takes ten times as long for an array of them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> str:
        """An array's text, or JSON."""
        numbers = ",".join(map(str, value or ()))
        return f"{{{numbers}}}" if dialect.name == "postgresql" else f"[{numbers}]"


class _Words(TypeDecorator[Sequence[str]]):
    """Words as one parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """An array, where there are any."""
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        """An array, or JSON."""
        return value if dialect.name == "postgresql" else json.dumps(value)


class _OneOf(FunctionElement[Any]):
    """A column's value is in a list."""

    type = NullType()  # as a Boolean it would be compared with 1 on SQLite, which then looks at every row
    inherit_cache = True


@compiles(_OneOf, "postgresql")  # type: ignore[untyped-decorator,no-untyped-call,unused-ignore]  # SQLAlchemy's is not typed
def _as_array(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    given = compiler.process(values, **options)
    if isinstance(values.type, _Numbers):
        given = f"CAST({given} AS BIGINT[])"
    return f"{compiler.process(column, **options)} = ANY ({given})"


@compiles(_OneOf, "sqlite")  # type: ignore[untyped-decorator,no-untyped-call,unused-ignore]  # the same
def _as_json(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 both are SQLAlchemy's


def one_of(column: InstrumentedAttribute[Any], name: str) -> _OneOf:
    """Whether a column's value is in the list that is given as this parameter; words are as the store keeps them."""
    is_number = isinstance(column.type, Integer)
    return _OneOf(column, bindparam(name, type_=_Numbers() if is_number else _Words()))


def given_rows(**kinds: TypeEngine[Any]) -> FromClause:
    """The rows that `Bulk` is given, for a statement on PostgreSQL, in their order. A number is never NULL."""
    columns = [
        cast(bindparam(name, type_=_Numbers()), ARRAY(BigInteger))
        if isinstance(kind, Integer)
        else bindparam(name, type_=ARRAY(kind))
        for name, kind in kinds.items()
    ]
    return func.unnest(*columns).table_valued(*kinds).render_derived()


class Bulk:
    """A statement for each of many rows: `each`, or where that is quicker `together`, over `given_rows`."""

    def __init__(self, each: Prepared, together: Insert | Update) -> None:
        self._each = each
        self._together = Prepared(together)

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """The rows that come back; without RETURNING none."""
        if not rows:
            return []
        if connection.dialect.name == "sqlite":
            return self._each.run_for_each(connection, rows)
        return self._together.run(connection, {name: [row[name] for row in rows] for name in rows[0]})
