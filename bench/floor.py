"""The floor under a check: the rows that it wrote, inserted again by sqlite3 alone, in one transaction."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from suanli.clock import SystemClock

Rows = Sequence[tuple[Any, ...]]

_ROUNDS = 7
_WRITTEN = {
    "samples": "taken_at >= :since",
    "samples_hourly": "hour = (SELECT max(hour) FROM samples_hourly)",
    "episodes": "opened_at >= :since",
    "told": "told_at >= :since",
    "outbox": "created_at >= :since",
}
"""Which rows of each table a check from that moment on wrote."""


def stored(moment: datetime) -> str:
    """A moment as it stands in SQLite."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def rows_since(database: Path, since: datetime) -> Mapping[str, Rows]:
    """What the check that began at `since` wrote, by table."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} WHERE {condition}", {"since": stored(since)}).fetchall()  # noqa: S608 both are written above
            for table, condition in _WRITTEN.items()
        }


def insert_again(database: Path, written: Mapping[str, Rows], other: Path) -> list[float]:
    """Seconds that inserting these rows takes, several times, into empty tables and indexes of the same form."""
    clock, seconds = SystemClock(), list[float]()
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for statement in _form(database):
            connection.execute(statement)
        for _ in range(_ROUNDS):
            started = clock.elapsed()
            connection.execute("BEGIN IMMEDIATE")
            for table, rows in written.items():
                connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608 the tables above
            connection.execute("COMMIT")
            seconds.append(clock.elapsed() - started)
            for table in written:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 the tables above
    return seconds


def _form(database: Path) -> list[str]:
    """The statements that make the tables and their indexes."""
    names = ", ".join(f"'{table}'" for table in _WRITTEN)
    wanted = f"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN ({names}) ORDER BY type DESC"  # noqa: S608 the tables above
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute(wanted)]
