"""INSERT … ON CONFLICT, for SQLite and PostgreSQL alike.

SQLite took the clause from PostgreSQL, and SQLAlchemy's compiler for SQLite reads PostgreSQL's construct (the
contract suite runs every statement on both), so one statement serves.
"""

from sqlalchemy import bindparam, or_
from sqlalchemy.dialects.postgresql import Insert, insert

from storage.tables import Schema


def insert_new(row: type[Schema]) -> Insert:
    """An INSERT that leaves alone a row that is there already.

    Who wrote the row is asked by RETURNING: with psycopg `rowcount` is -1 either way (scheduler.md §B2).
    """
    return insert(row).on_conflict_do_nothing()


def insert_or_set(
    row: type[Schema], *columns: str, unless_later: str | None = None, but_of_future: str | None = None
) -> Insert:
    """An INSERT that gives a row that is there already the new values of `columns`.

    With `unless_later`, a row whose moment in that column is later than the new one is left alone; not so, with
    `but_of_future`, one that is later than the moment of that parameter: it was written before the clock was set back.
    """
    statement = insert(row)
    older = None
    if unless_later is not None:
        moment, new = row.__table__.c[unless_later], statement.excluded[unless_later]
        older = or_(moment.is_(None), moment <= new)
        if but_of_future is not None:
            older = or_(older, moment > bindparam(but_of_future, type_=moment.type))
    return statement.on_conflict_do_update(
        index_elements=row.__table__.primary_key,
        set_={name: statement.excluded[name] for name in columns},
        where=older,
    )
