"""Whether a connection that was used before still lives: asked of PostgreSQL only when there is reason to.

After a restart of the database the first transaction works, not only the second. A question to the server at each
transaction would see to that too, and is a fifth of the statements of a short one. But a server that goes away says so:
its farewell, or the end of the connection, lies in the socket, where looking costs nothing. Only one that was lost
without a word, with its machine or a cable, says nothing; so a connection that has rested is asked all the same.
"""

import select
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from suanli.clock import Clock

RESTED = 1.0
"""Seconds after which a connection is asked whether it lives."""

_USED = "suanli_used"


def watch(engine: Engine, clock: Clock) -> None:
    """See to it that no transaction of this engine begins on a connection that has ended."""

    def note(_connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info[_USED] = clock.elapsed()

    def look(connection: Any, entry: ConnectionPoolEntry, _pooled: Any) -> None:
        used = entry.info.get(_USED)
        if used is not None and (clock.elapsed() - used >= RESTED or _has_news(connection)):
            _ask(engine.dialect, connection)

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", look)


def _ask(dialect: Dialect, connection: Any) -> None:
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error  # the others will not live either: all are made anew


def _has_news(connection: Any) -> bool:
    """Whether the server has said anything that it was not asked for, its farewell for one."""
    if connection.closed:
        return True
    looking = select.poll()
    looking.register(connection.pgconn.socket, select.POLLIN)
    return bool(looking.poll(0))
