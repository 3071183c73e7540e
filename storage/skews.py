"""Days whose sums are not those of their records."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from storage.cuboids import ALL_CUBOIDS, HOURS
from storage.recorded import quarter
from storage.site_days import QUARTERS, SiteDays, date_of, moment_of_quarter
from storage.tables import CostSumRow, RecordRow, SumTailRow
from suanli.domain.cost.findings import Skew

_TAIL, _RECORDED = -1, -2
"""What stands in the place of a cuboid for what is in none; times are quarters of an hour there."""

_OF_DAYS, _OF_HOURS = list(ALL_CUBOIDS[:HOURS]), list(ALL_CUBOIDS[HOURS:])

_records, _sums, _tail = RecordRow.__table__.c, CostSumRow.__table__.c, SumTailRow.__table__.c
_written = (_records.id >= bindparam("first"), _records.recorded_at >= bindparam("since"))

Row = Sequence[Any]
Total = tuple[int, int]
"""What records cost, and how many they are."""


def skews(connection: Connection, days: SiteDays, since: datetime | None, first: int) -> tuple[Skew, ...]:
    """The days that differ in the sums of any level, each with the first level that does.

    With `since`, days from then on, and those in which records that were written since happened, `first` being the
    number of the first of these. All is read in one statement.
    """
    late = frozenset[int]() if since is None else _late_days(connection, days, since, first)
    begin = None if since is None else min({days.of(since), *late})
    rows = connection.execute(_everything(connection, days, begin)).all()
    found: dict[int, Skew] = {}
    for day, summed, recorded in _differences(rows, days.of_quarter):
        if since is None or day in late or day >= days.of(since):
            found.setdefault(day, Skew(date_of(day).isoformat(), summed[0], recorded[0], summed[1], recorded[1]))
    return tuple(found[day] for day in sorted(found))


def _late_days(connection: Connection, days: SiteDays, since: datetime, first: int) -> frozenset[int]:
    quarters = select(quarter(connection)).where(*_written).distinct()
    return frozenset(map(days.of_quarter, connection.execute(quarters, {"since": since, "first": first}).scalars()))


def _everything(connection: Connection, days: SiteDays, begin: int | None) -> Select[Any]:
    """What records of every quarter come to, the tail of every quarter, and the sums of every cuboid and time."""
    at = quarter(connection)
    recorded = _totals(_number(_RECORDED), at, _records.total_cost, func.count()).group_by(at)
    tail = _totals(_number(_TAIL), _tail.quarter, _tail.total_cost, func.sum(_tail.requests)).group_by(_tail.quarter)
    put_by = _totals(_sums.cuboid, _sums.time, _sums.total_cost, func.sum(_sums.requests))
    put_by = put_by.group_by(_sums.cuboid, _sums.time)
    if begin is not None:
        first = days.first_quarter(begin)
        recorded = recorded.where(_records.happened_at >= moment_of_quarter(first))
        tail = tail.where(_tail.quarter >= first)
        # Cuboid by cuboid, which is how the key finds what is new: by a range of them all of it would be read.
        in_days = and_(_sums.cuboid.in_(_OF_DAYS), _sums.time >= begin)
        in_hours = and_(_sums.cuboid.in_(_OF_HOURS), _sums.time >= first // QUARTERS)
        put_by = put_by.where(or_(in_days, in_hours))
    return select(union_all(recorded, tail, put_by).subquery())


def _totals(
    cuboid: ColumnElement[int], time: ColumnElement[int], cost: ColumnElement[int], many: ColumnElement[int]
) -> Select[Any]:
    amounts = (cast(func.coalesce(amount, _number(0)), BigInteger) for amount in (func.sum(cost), many))
    cells: list[ColumnElement[Any]] = [cuboid.label("cuboid"), time.label("at"), *amounts]
    return select(*cells)


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value))


def _differences(rows: Sequence[Row], day_of: Callable[[int], int]) -> Iterator[tuple[int, Total, Total]]:
    """Day, what is summed up, and what is recorded, for each cuboid and day in which these differ."""
    of_cuboids = defaultdict(list)
    for cuboid, *rest in rows:
        of_cuboids[cuboid].append(rest)

    def day_of_hour(hour: int) -> int:
        return day_of(hour * QUARTERS)

    for cuboid in ALL_CUBOIDS:
        # An hour over midnight counts with the day that it begins in, on both sides.
        in_day = day_of if cuboid < HOURS else lambda at: day_of_hour(at // QUARTERS)
        recorded = _by_day(of_cuboids[_RECORDED], in_day)
        put_by = _by_day(of_cuboids[cuboid], int if cuboid < HOURS else day_of_hour)
        tail = _by_day(of_cuboids[_TAIL], in_day)
        for day in sorted(recorded.keys() | put_by.keys() | tail.keys()):
            summed = _added(put_by[day], tail[day])
            if summed != recorded[day]:
                yield day, summed, recorded[day]


def _by_day(rows: Iterable[Row], day_of: Callable[[int], int]) -> Mapping[int, Total]:
    found: defaultdict[int, Total] = defaultdict(lambda: (0, 0))
    for at, cost, many in rows:
        day = day_of(at)
        found[day] = _added(found[day], (cost, many))
    return found


def _added(one: Total, other: Total) -> Total:
    return one[0] + other[0], one[1] + other[1]
