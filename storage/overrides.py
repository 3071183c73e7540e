"""What of the rules was changed in chat."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from storage.scopes import asked, columns_of, of_scope, scope_of
from storage.tables import OverrideRow
from storage.upserts import insert_or_set
from suanli.domain.stock import Scope
from suanli.domain.stock.rules import Field, Override

_ALL = select(OverrideRow.__table__)
_PUT = insert_or_set(OverrideRow, "value", "set_by", "set_at")
_DROP = delete(OverrideRow).where(*of_scope(OverrideRow))


class SqlOverrides:
    """The `Overrides` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Sequence[Override]:
        """Every change in force, by scope and field."""
        rows = self._connection.execute(_ALL)
        found = (Override(scope_of(row), row.field, row.value, row.set_by, row.set_at) for row in rows)
        return tuple(sorted(found, key=lambda override: (override.scope, override.field)))

    def put(self, override: Override) -> None:
        """Set a field, in place of an earlier change."""
        row = {
            "field": override.field,
            "value": override.value,
            "set_by": override.set_by,
            "set_at": override.set_at,
        }
        self._connection.execute(_PUT, {**columns_of(override.scope), **row})

    def drop(self, scope: Scope, fields: Sequence[Field] = ()) -> int:
        """Undo changes of these fields (of all, if none are named); how many there were."""
        undo = _DROP.where(OverrideRow.field.in_(fields)) if fields else _DROP
        return self._connection.execute(undo, asked(scope)).rowcount
