"""How fast each scope's cards go."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from storage.scopes import columns_of, scope_of
from storage.tables import BurnRow
from suanli.domain.stock import Scope
from suanli.domain.stock.trend import Burn

_ALL = select(BurnRow.__table__)
_FORGET = delete(BurnRow)
_WRITE = insert(BurnRow)


class SqlBurns:
    """The `Burns` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Mapping[Scope, Burn]:
        """Every scope's burn."""
        return {scope_of(row): Burn(row.per_day, row.points, row.computed_at) for row in self._connection.execute(_ALL)}

    def replace(self, burns: Mapping[Scope, Burn]) -> None:
        """Let these be all there are."""
        self._connection.execute(_FORGET)
        rows = [
            {**columns_of(scope), "per_day": burn.per_day, "points": burn.points, "computed_at": burn.computed_at}
            for scope, burn in burns.items()
        ]
        if rows:
            self._connection.execute(_WRITE, rows)
