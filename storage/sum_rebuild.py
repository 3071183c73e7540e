"""All sums made anew from the records, in one transaction, while nobody writes."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, text

from storage.recorded import AMOUNTS_OF_ONE, NAMES, quarter
from storage.rollups import SqlRollups
from storage.site_days import SiteDays
from storage.sum_tail import AMOUNTS, Entry
from storage.sum_zone import set_zone
from storage.tables import CostSumRow, RecordRow, SumTailRow
from storage.writers import write_alone

_AT_ONCE = 50_000
"""So many records are in memory at a time."""

_LOCK = text("LOCK TABLE cost_records, sum_tail, cost_sums, sum_zone IN EXCLUSIVE MODE")


def rebuild(connection: Connection, days: SiteDays) -> int:
    """Add up all records anew, by the days of this site; how many there are.

    Who writes records, or puts sums by, is waited for and then waits. Questions are answered from the old sums until
    the transaction is committed.
    """
    write_alone(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    connection.execute(delete(SumTailRow))
    connection.execute(delete(CostSumRow))
    set_zone(connection, days.zone)
    rollups = SqlRollups(connection, days)
    amounts = [AMOUNTS_OF_ONE[name] for name in AMOUNTS]
    cells: list[ColumnElement[Any]] = [RecordRow.__table__.c.id, quarter(connection), *NAMES, *amounts]
    some = select(*cells).where(RecordRow.id > bindparam("after")).order_by(RecordRow.id).limit(_AT_ONCE)
    seen, last = 0, 0
    while rows := connection.execute(some, {"after": last}).all():
        entries: list[Entry] = [(row[1], tuple(row[2:10]), tuple(row[10:])) for row in rows]
        rollups.add(entries)
        seen, last = seen + len(rows), rows[-1][0]
    return seen
