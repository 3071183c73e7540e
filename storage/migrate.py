"""The schema of a database: whether it is that of this version, and how it gets there."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from storage.engine import address, open_engine

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 5_142_857
"""The number of the lock that upgrades of one PostgreSQL database take."""


def pending(url: str) -> bool:
    """Whether the database lacks a migration. A newer one, left by a later version of suanli, lacks nothing."""
    engine = open_engine(address(url))
    try:
        with engine.begin() as connection:
            return _revision(connection) < _newest()
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Bring the database to this version: all of it or nothing, once however many processes start together."""
    if not pending(url):
        return
    from alembic import command  # noqa: PLC0415 a quarter of a second, only when there is something to do

    engine = open_engine(address(url))
    try:
        with engine.begin() as connection:
            _hold(connection)
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def _newest() -> str:
    return max(file.name.partition("_")[0] for file in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _hold(connection: Connection) -> None:
    # On SQLite the transaction itself is the lock.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 as above

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
