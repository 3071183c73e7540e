"""The types of columns: moments in UTC, text as people write it, and words of an enumeration."""

from datetime import UTC, datetime
from enum import Enum

import sqlalchemy as sa


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware moment: any zone goes in, UTC comes out, on every database. A naive one raises ValueError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """The moment in UTC, because SQLite keeps the digits and drops the zone."""
        if value is None or value.tzinfo is UTC:
            return value
        if value.utcoffset() is None:
            raise ValueError(f"{value} has no zone and cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """The moment in UTC: SQLite gives it bare, PostgreSQL in the zone of the session."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AnyText(sa.TypeDecorator[str]):
    """Text as people and the outside write it: what a database refuses (NUL, half a surrogate pair) becomes `?`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: sa.Dialect) -> str | None:
        """The text that every database takes."""
        return None if value is None else as_kept(value)


def as_kept(text: str) -> str:
    """Text as it comes back from the store."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode(errors="replace").decode().replace("\0", "?")


def words(of: type[Enum], attribute: str = "value") -> sa.Enum:
    """An enumeration, stored as a readable word; a new member needs no migration."""
    return sa.Enum(
        of, native_enum=False, length=16, values_callable=lambda members: [getattr(each, attribute) for each in members]
    )
