"""Months that are closed: what their days came to is kept once more by the month, and is added to with them.

Whoever puts sums by holds the row of `sum_zone` from before it adds the first of them, together with others who do; who
closes a month holds it alone. So whatever was added to a month's days is committed before they are added up, and who
comes later knows that there is a month to be added to.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    select,
    update,
)

from storage.cuboids import MONTHS, OF_DAYS
from storage.site_days import month_from, month_of
from storage.sum_tail import AMOUNTS
from storage.tables import CostSumRow, SumZoneRow

CELL = ("cuboid", "time", "payer", "product")
"""The key of a sum that is put by."""

_sums = CostSumRow.__table__.c
_CLOSED = select(SumZoneRow.closed)
_HELD_TOGETHER = _CLOSED.with_for_update(read=True)
_HELD_ALONE = _CLOSED.with_for_update()
_CLOSE = update(SumZoneRow).values(closed=bindparam("upto"))
_DAYS = select(_sums.time).where(
    _sums.cuboid == literal_column(str(OF_DAYS[0])), _sums.time >= bindparam("first"), _sums.time < bindparam("upto")
)


def _by_month() -> Insert:
    """The cells of one month, of those of its days."""
    month: ColumnElement[int] = literal_column(str(MONTHS))
    numbers = (_sums.payer, _sums.product)
    amounts = (cast(func.sum(_sums[name]), BigInteger) for name in AMOUNTS)
    cells = select(_sums.cuboid + month, cast(bindparam("month"), Integer), *numbers, *amounts)
    in_month = (_sums.time >= bindparam("month"), _sums.time < bindparam("next"))
    of_days = cells.where(_sums.cuboid.in_([literal_column(str(each)) for each in OF_DAYS]), *in_month)
    return insert(CostSumRow).from_select([*CELL, *AMOUNTS], of_days.group_by(_sums.cuboid, *numbers))


_BY_MONTH = _by_month()


def close_before(connection: Connection, month: int) -> int:
    """Close every month before the one that begins on this day; the day before which all months are closed.

    It is not moved by anybody else until the transaction ends.
    """
    closed: int = connection.execute(_CLOSED).scalar_one()
    if closed >= month:
        return int(connection.execute(_HELD_TOGETHER).scalar_one())
    closed = connection.execute(_HELD_ALONE).scalar_one()
    if closed < month:
        _close(connection, closed, month)
    return max(closed, month)


def close_anew(connection: Connection) -> None:
    """Close all months but that of the newest day, when only days and hours were kept so far, and by nobody else."""
    newest = connection.execute(_NEWEST).scalar()
    if newest is not None:
        _close(connection, 0, month_of(newest))


_NEWEST = select(func.max(_sums.time)).where(_sums.cuboid == literal_column(str(OF_DAYS[0])))


def _close(connection: Connection, closed: int, upto: int) -> None:
    for month in _months(connection, closed, upto):
        connection.execute(_BY_MONTH, {"month": month, "next": month_from(month + 1)})
    connection.execute(_CLOSE, {"upto": upto})


def _months(connection: Connection, first: int, upto: int) -> Sequence[int]:
    """The months in which anything was put by."""
    days = connection.execute(_DAYS, {"first": first, "upto": upto}).scalars()
    return sorted({month_of(day) for day in days})
