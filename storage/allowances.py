"""How much the hosts let us ask."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Connection, select

from storage.tables import AllowanceRow
from storage.upserts import insert_or_set
from suanli.domain.releases import Allowance

_NAMES = tuple(field.name for field in fields(Allowance))
_ALL = select(*(AllowanceRow.__table__.c[name] for name in _NAMES)).order_by(AllowanceRow.host)
_SAVE = insert_or_set(AllowanceRow, *(name for name in _NAMES if name != "host"))


class SqlAllowances:
    """The `Allowances` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Sequence[Allowance]:
        """What every host said last, by name."""
        return tuple(Allowance(*row) for row in self._connection.execute(_ALL))

    def save(self, allowance: Allowance) -> None:
        """Write down what a host said."""
        self._connection.execute(_SAVE, asdict(allowance))
