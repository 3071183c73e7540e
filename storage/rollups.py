"""Sums that were put by: entries are added to them for every level at once, and nobody waits in a circle for that."""

from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, Connection, Text, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY, insert

from storage.cuboids import cells_of
from storage.site_days import SiteDays, month_of
from storage.sum_months import CELL, close_before
from storage.sum_names import SqlSumNames
from storage.sum_tail import AMOUNTS, Entry
from storage.tables import CostSumRow

_COLUMNS = (*CELL, *AMOUNTS)
_HERE = CostSumRow.__table__.c


def _arrays() -> postgresql.Insert:
    """PostgreSQL takes each column as one array, which costs a tenth of a row at a time."""
    arrays = (cast(bindparam(name, type_=Text), ARRAY(BigInteger)) for name in _COLUMNS)
    rows = func.unnest(*arrays).table_valued(*_COLUMNS).render_derived()
    return insert(CostSumRow).from_select(_COLUMNS, select(rows))


def adding(new: postgresql.Insert) -> postgresql.Insert:
    """The same, adding to sums that there are."""
    return new.on_conflict_do_update(
        index_elements=CostSumRow.__table__.primary_key,
        set_={name: _HERE[name] + new.excluded[name] for name in AMOUNTS},
    )


_ADD_ROW = str(adding(insert(CostSumRow)).compile(dialect=sqlite.dialect(), column_keys=_COLUMNS))
_ADD_ROWS = adding(_arrays())


class SqlRollups:
    """The sums of one transaction that were put by, by the days of a site."""

    __slots__ = ("_connection", "_days", "_names")

    def __init__(self, connection: Connection, days: SiteDays) -> None:
        self._connection = connection
        self._days = days
        self._names = SqlSumNames(connection)

    def add(self, entries: Collection[Entry]) -> None:
        """Add these, in the order of keys: once a transaction, or two that are at it may wait for each other."""
        newest = self._days.of_quarter(max(quarter for quarter, _, _ in entries))
        closed = close_before(self._connection, month_of(newest))
        payers = self._names.payers({names[:4] for _, names, _ in entries})
        products = self._names.products({names[4:] for _, names, _ in entries})
        cells = cells_of(entries, payers, products, self._days.of_quarter, closed)
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(_ADD_ROWS, _columns(cells))
        else:
            self._add_each(cells)

    def _add_each(self, cells: Sequence[tuple[int, ...]]) -> None:
        # On the driver's own cursor: SQLAlchemy's handling of so many rows costs more than SQLite's.
        cursor = self._connection.connection.cursor()
        try:
            cursor.executemany(_ADD_ROW, cells)
        finally:
            cursor.close()


def _columns(cells: Sequence[tuple[int, ...]]) -> dict[str, str]:
    """Arrays of numbers as PostgreSQL reads them; psycopg's own way of writing lists takes several times as long."""
    columns = zip(*cells, strict=True)
    return {name: "{" + ",".join(map(str, column)) + "}" for name, column in zip(_COLUMNS, columns, strict=True)}
