"""The store on every database: each test gets an empty one, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import psycopg
import pytest

from storage import migrate
from storage.store import SqlStore
from storage.tables import Schema
from tests.postgres import running_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of this test run, migrated."""
    with running_postgres() as url:
        migrate.upgrade(url)
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service("postgres"))])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of this version."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    url = str(request.getfixturevalue("postgres_url"))
    with psycopg.connect(url) as connection:
        connection.execute(f"TRUNCATE {', '.join(Schema.metadata.tables)} RESTART IDENTITY")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """The store on an empty database."""
    store = SqlStore(database_url)
    yield store
    store.close()
