"""INSERT … ON CONFLICT, for SQLite and PostgreSQL alike.

SQLite took the clause from PostgreSQL, and SQLAlchemy's compiler for SQLite reads PostgreSQL's construct (the
contract suite runs every statement on both), so one statement serves.
"""

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import Insert, insert

from storage.tables import Schema


def insert_new(row: type[Schema]) -> Insert:
    """An INSERT that leaves alone a row that is there already.

    Who wrote the row is asked by RETURNING: with psycopg `rowcount` is -1 either way (scheduler.md §B2).
    """
    return insert(row).on_conflict_do_nothing()


def insert_or_set(row: type[Schema], *columns: str, unless_later: str | None = None) -> Insert:
    """An INSERT that gives a row that is there already the new values of `columns`.

    With `unless_later`, a row whose moment in that column is later than the new one is left alone.
    """
    statement = insert(row)
    moment = row.__table__.c[unless_later] if unless_later else None
    return statement.on_conflict_do_update(
        index_elements=row.__table__.primary_key,
        set_={name: statement.excluded[name] for name in columns},
        where=None if moment is None else or_(moment.is_(None), moment <= statement.excluded[moment.key]),
    )
