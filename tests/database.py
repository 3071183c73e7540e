"""What the tables of a SQLite database say, read behind the store's back."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from storage.store import SqlStore


class Database:
    """A database, stores on it, and its job runs as they are written there."""

    def __init__(self, url: str, closing_time: ExitStack) -> None:
        self.path = url.removeprefix("sqlite:///")
        self._url = url
        self._closing_time = closing_time
        self.store = self.another_store()

    def another_store(self) -> SqlStore:
        """A second store, as another process would have."""
        store = SqlStore(self._url)
        self._closing_time.callback(store.close)
        return store

    def runs(self) -> list[tuple[str, str, int, str]]:
        """Job, state, attempt and detail of every run, in the order of their making."""
        return self._ask("SELECT job, state, attempt, detail FROM job_runs ORDER BY id")

    def slots(self) -> list[tuple[datetime, str]]:
        """The nominal time and the state of every run, oldest first."""
        rows = self._ask("SELECT scheduled_for, state FROM job_runs ORDER BY scheduled_for")
        return [(datetime.fromisoformat(at).replace(tzinfo=UTC), state) for at, state in rows]

    def leases(self) -> list[str]:
        """When the leases of the running runs end."""
        return [until for (until,) in self._ask("SELECT lease_until FROM job_runs WHERE state = 'running'")]

    def _ask(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(statement).fetchall()


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at `url`, with its stores closed in the end."""
    with ExitStack() as closing_time:
        yield Database(url, closing_time)
