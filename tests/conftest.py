"""Fixtures that every ring uses: a migrated SQLite store, copied from one that was migrated once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from storage import migrate
from storage.store import SqlStore
from tests.fakes import FakeClock


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """Threads log after a test has ended; what a test says of logs it captures."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of this version; copy it, never open it."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated: Path, tmp_path: Path) -> str:
    """A database of one's own."""
    path = tmp_path / "suanli.db"
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[SqlStore]:
    """The real store on a database of one's own."""
    store = SqlStore(sqlite_url)
    yield store
    store.close()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()
