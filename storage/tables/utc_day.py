"""The day of UTC that a moment is in, as an index has it: each database has its own way to say so."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class UtcDay(FunctionElement[Any]):
    """`UtcDay(RecordRow.happened_at)`, which is a date."""

    type = sa.Date()
    inherit_cache = True


@compiles(UtcDay, "sqlite")
def _on_sqlite(element: UtcDay, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 10)"


@compiles(UtcDay, "postgresql")
def _on_postgres(element: UtcDay, compiler: SQLCompiler, **options: Any) -> str:
    return f"(CAST(timezone('UTC', {compiler.process(element.clauses, **options)}) AS date))"
