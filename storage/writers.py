"""Who writes records, and who needs that nobody does.

Writers go along with each other. Who adds up what was spent, so as to count from there, goes alone: what a writer has
planned by the quotas that were, it has committed before that, and is in the sum; whoever comes later plans by the new
ones. Both ask first, before all else that they wait for (storage/accounts.py), so that nobody waits in a circle.
"""

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from storage.prepared import Prepared

_NUMBER = 5_142_858
"""The number of the lock on PostgreSQL; SQLite lets one transaction write at a time anyway."""

_ASKED = bindparam("number", type_=BigInteger)
_ALONG = Prepared(select(func.pg_advisory_xact_lock_shared(_ASKED)))
_ALONE = Prepared(select(func.pg_advisory_xact_lock(_ASKED)))


def write_along(connection: Connection) -> None:
    """Be a writer of records to the end of the transaction; it waits while somebody needs that there is none."""
    _ask(connection, _ALONG)


def write_alone(connection: Connection) -> None:
    """Wait until nobody else writes records, and let nobody to the end of the transaction."""
    _ask(connection, _ALONE)


def _ask(connection: Connection, lock: Prepared) -> None:
    if connection.dialect.name == "postgresql":
        lock.run(connection, {"number": _NUMBER})
