"""How a database is opened: SQLite on a file, or PostgreSQL by psycopg."""

from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from storage.connections import watch
from suanli.clock import SystemClock

BUSY = 30
"""Seconds that a transaction waits for its turn before the database counts as down."""

CONNECT = 10
"""Seconds in which a connection to PostgreSQL must be made."""

_THREADS = 16
_READERS = 4
"""Connections of SQLite that only read, at the same time."""


def address(url: str) -> URL:
    """Where the database is. Raises ValueError for one that suanli cannot use; the text does not hold the password."""
    where = make_url(url)
    match where.get_backend_name(), where.database:
        case "sqlite", None | "" | ":memory:":
            raise ValueError("SQLite needs a file, as in sqlite:///data/suanli.db: memory is not shared by processes")
        case "sqlite", _:
            return where.set(drivername="sqlite")
        case "postgresql" | "postgres", _:
            return where.set(drivername="postgresql+psycopg")
    raise ValueError(f"{where.drivername} is neither sqlite nor postgresql")


def open_engine(where: URL) -> Engine:
    """An engine on this database; nothing is connected yet, but the folder of a SQLite file is made."""
    if where.drivername == "sqlite":
        return _open_sqlite(where)
    engine = create_engine(
        where,
        connect_args={"connect_timeout": CONNECT},
        pool_size=_THREADS,
        max_overflow=0,
        pool_timeout=BUSY,
        pool_use_lifo=True,  # the one that was used last knows the statements, and is warm
    )
    event.listen(engine, "connect", _interpret)
    watch(engine, SystemClock())
    return engine


def _interpret(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Let PostgreSQL run statements as they are: compiling one for its size takes longer here than running it."""
    # Said once the connection is there: a pooler in between may refuse options of its start.
    connection.cursor().execute("SET jit = off")
    connection.commit()


def open_reader(where: URL, engine: Engine) -> Engine:
    """An engine for what only reads the database of `engine`: on SQLite it keeps nobody waiting, nor waits itself."""
    if where.drivername != "sqlite":
        return engine.execution_options(postgresql_readonly=True)
    options = {"isolation_level": None, "timeout": BUSY}
    reader = create_engine(where, connect_args=options, pool_size=_READERS, max_overflow=0, pool_timeout=BUSY)
    event.listen(reader, "connect", _prepare_to_read)
    event.listen(reader, "begin", _begin_to_read)
    return reader


def _open_sqlite(where: URL) -> Engine:
    """SQLite lets one transaction write at a time, so there is one connection for the threads to queue for.

    They take turns at it (storage/turns.py), at once and in order; SQLite's own waiting, for other processes, looks
    again every 0.1 s at worst.
    """
    Path(str(where.database)).parent.mkdir(parents=True, exist_ok=True)
    # isolation_level None: the driver begins no transaction of its own, `_begin` does.
    options = {"isolation_level": None, "timeout": BUSY}
    engine = create_engine(where, connect_args=options, pool_size=1, max_overflow=0, pool_timeout=BUSY)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    for setting in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.cursor().execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    # At once for writing: a transaction that reads first and writes later could not be let wait, only refused.
    # On the driver's own cursor, for every event begins with it (storage/prepared.py).
    connection.connection.cursor().execute("BEGIN IMMEDIATE")


def _prepare_to_read(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    _prepare(connection, entry)
    connection.cursor().execute("PRAGMA query_only = ON")


def _begin_to_read(connection: Connection) -> None:
    connection.connection.cursor().execute("BEGIN")  # all that is read is of the moment of its first statement
