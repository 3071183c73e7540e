"""Migrations: they lead to the tables of the code, once, however many processes start."""

import multiprocessing
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from storage import migrate
from storage.engine import address
from storage.tables import Schema

MIGRATIONS = Path(migrate.__file__).with_name("migrations")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service("postgres"))])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/bare.db"
    server = str(request.getfixturevalue("postgres_url"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS bare")
        connection.execute("CREATE DATABASE bare TEMPLATE template0")
    return server.replace("/postgres?", "/bare?")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine: Engine = create_engine(address(url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_an_upgrade_takes_an_empty_database_to_this_version(bare_url: str) -> None:
    assert migrate.pending(bare_url)
    migrate.upgrade(bare_url)
    assert not migrate.pending(bare_url)
    migrate.upgrade(bare_url)


def test_the_migrations_add_up_to_the_tables_of_the_code(bare_url: str) -> None:
    migrate.upgrade(bare_url)
    with connected(bare_url) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Schema.metadata) == []


def test_the_migrations_write_the_same_sqlite_schema_as_the_tables_to_the_letter(tmp_path: Path) -> None:
    migrated, created = f"sqlite:///{tmp_path}/migrated.db", f"sqlite:///{tmp_path}/created.db"
    migrate.upgrade(migrated)
    with connected(created) as connection:
        Schema.metadata.create_all(connection)
        connection.commit()
    assert sqlite_schema(migrated) == sqlite_schema(created)


def sqlite_schema(url: str) -> dict[str, str]:
    query = text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    with connected(url) as connection:
        return {name: re.sub(r"\s+", " ", sql) for name, sql in connection.execute(query)}


def test_processes_that_upgrade_at_once_all_succeed(bare_url: str) -> None:
    processes = [
        multiprocessing.get_context("spawn").Process(target=migrate.upgrade, args=(bare_url,)) for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert not migrate.pending(bare_url)


def test_a_database_that_a_later_version_has_upgraded_is_left_as_it_is(bare_url: str) -> None:
    migrate.upgrade(bare_url)
    with connected(bare_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    assert not migrate.pending(bare_url)
    migrate.upgrade(bare_url)
    with connected(bare_url) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_an_upgrade_that_fails_leaves_nothing_behind(bare_url: str) -> None:
    with connected(bare_url_made(bare_url)) as connection:
        connection.execute(text("CREATE TABLE facts (x INTEGER)"))
        connection.commit()
    with pytest.raises(Exception, match="facts"):
        migrate.upgrade(bare_url)
    assert migrate.pending(bare_url)
    with connected(bare_url) as connection:
        connection.execute(text("DROP TABLE facts"))
        connection.commit()
    migrate.upgrade(bare_url)


def bare_url_made(url: str) -> str:
    """The same database, with the folder of a SQLite file made by a first look."""
    assert migrate.pending(url)
    return url


def test_migrations_are_numbered_in_the_order_in_which_they_follow_each_other() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    files = [path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")]
    assert revisions == sorted(files, reverse=True)
