"""Connections that end while nobody looks: the next transaction works, and does not ask for it each time."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import create_engine

from storage import connections
from storage.engine import address
from storage.store import SqlStore
from tests.fakes import NOON, FakeClock

pytestmark = pytest.mark.service("postgres")


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[SqlStore]:
    store = SqlStore(postgres_url)
    yield store
    store.close()


def put(store: SqlStore, value: str) -> None:
    with store.begin() as tx:
        tx.facts.put("fact", value, NOON)


def got(store: SqlStore) -> str:
    with store.begin() as tx:
        found = tx.facts.get("fact")
    assert found is not None
    return found[0]


def end_all(url: str) -> int:
    """As a restart does: every connection of others is told to go."""
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchall()
    return sum(was_ended for (was_ended,) in ended)


def test_the_first_transaction_after_all_connections_were_ended_works(postgres: SqlStore, postgres_url: str) -> None:
    put(postgres, "before")
    assert end_all(postgres_url) >= 1
    put(postgres, "after")
    assert got(postgres) == "after"


def test_so_does_each_of_several_that_were_open_together(postgres: SqlStore, postgres_url: str) -> None:
    with postgres.begin() as one, postgres.begin() as other, postgres.read() as third:
        one.facts.get("fact")
        other.facts.get("fact")
        third.facts.get("fact")
    assert end_all(postgres_url) >= 3
    with postgres.begin() as one, postgres.begin() as other, postgres.read() as third:
        one.facts.put("fact", "again", NOON)
        other.facts.put("another", "again", NOON)
        third.facts.get("fact")
    assert got(postgres) == "again"


def test_only_a_connection_that_has_rested_is_asked_whether_it_lives(postgres_url: str) -> None:
    clock = FakeClock()
    engine = create_engine(address(postgres_url))
    connections.watch(engine, clock)

    def used() -> int:
        """Take a connection and give it back, with nothing said; the server's process."""
        with engine.connect() as connection:
            pid: int = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]  # psycopg's
        return pid

    with psycopg.connect(postgres_url, autocommit=True) as watching:

        def heard(pid: int) -> object:
            """When the server was last asked anything by it."""
            return watching.execute("SELECT query_start FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone()

        pid = used()
        before = heard(pid)
        clock.advance(timedelta(seconds=connections.RESTED / 2))
        assert (used(), heard(pid)) == (pid, before)
        clock.advance(timedelta(seconds=connections.RESTED))
        assert used() == pid
        assert heard(pid) != before
    engine.dispose()
