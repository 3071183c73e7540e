"""Who writes records, and who needs that nobody does.

Writers go along with each other. Who adds up what was spent, so as to count from there, goes alone: what a writer has
planned by the quotas that were, it has committed before that, and is in the sum; whoever comes later plans by the new
ones. Both ask first, before all else that they wait for (storage/accounts.py), so that nobody waits in a circle.
"""

from sqlalchemy import BigInteger, Connection, bindparam, column, func, literal_column, select, table

from storage.prepared import Prepared

_NUMBER = 5_142_858
"""The number of the lock on PostgreSQL; SQLite lets one transaction write at a time anyway."""

_ASKED = bindparam("number", type_=BigInteger)
_ALONG = Prepared(select(func.pg_advisory_xact_lock_shared(_ASKED)))
GOES_ALONG = select(func.pg_advisory_xact_lock_shared(literal_column(str(_NUMBER), BigInteger))).cte("along")
"""For a statement on PostgreSQL that is the first to wait for anything: where this exists, one is a writer.

It is asked once, before the statement goes through any rows, because it depends on none of them.
"""
_ALONE = Prepared(select(func.pg_advisory_xact_lock(_ASKED)))
_LOCKS = table(
    "pg_locks",
    *map(column, ("locktype", "database", "classid", "objid", "objsubid", "mode", "granted", "virtualtransaction")),
)
_DATABASES = table("pg_database", column("oid"), column("datname"))
_HERE = select(_DATABASES.c.oid).where(_DATABASES.c.datname == func.current_database()).scalar_subquery()
_WRITERS = select(_LOCKS.c.virtualtransaction).where(
    _LOCKS.c.locktype == "advisory",
    _LOCKS.c.database == _HERE,
    _LOCKS.c.classid == 0,
    _LOCKS.c.objid == _NUMBER,
    _LOCKS.c.objsubid == 1,
    _LOCKS.c.mode == "ShareLock",
    _LOCKS.c.granted,
)


def write_along(connection: Connection) -> None:
    """Be a writer of records to the end of the transaction; it waits while somebody needs that there is none."""
    _ask(connection, _ALONG)


def write_alone(connection: Connection) -> None:
    """Wait until nobody else writes records, and let nobody to the end of the transaction."""
    _ask(connection, _ALONE)


def open_writers(connection: Connection) -> frozenset[str]:
    """The transactions that are writers of records at this moment, by names that no other one will have.

    None on SQLite: what a transaction reads there is all that was written before.
    """
    if connection.dialect.name != "postgresql":
        return frozenset()
    return frozenset(connection.execute(_WRITERS).scalars())


def _ask(connection: Connection, lock: Prepared) -> None:
    if connection.dialect.name == "postgresql":
        lock.run(connection, {"number": _NUMBER})
