"""Small things learnt from outside, such as the bot's own id, and heartbeats."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from storage.tables import FactRow
from storage.upserts import insert_or_set

_GET = select(FactRow.value, FactRow.learnt_at).where(FactRow.name == bindparam("name"))
_PUT = insert_or_set(FactRow, "value", "learnt_at")


class SqlFacts:
    """The `Facts` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> tuple[str, datetime] | None:
        """A value and when it was learnt."""
        row = self._connection.execute(_GET, {"name": name}).first()
        return None if row is None else (row.value, row.learnt_at)

    def put(self, name: str, value: str, now: datetime) -> None:
        """Remember a value."""
        self._connection.execute(_PUT, {"name": name, "value": value, "learnt_at": now})
