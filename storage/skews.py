"""Days whose sums are not those of their records, and months that are not what their days are."""

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
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from storage.cuboids import MONTHS, OF_DAYS, OF_HOURS, OF_MONTHS
from storage.recorded import quarter
from storage.site_days import QUARTERS, SiteDays, date_of, moment_of_quarter, month_of
from storage.tables import CostSumRow, RecordRow, SumTailRow, SumZoneRow
from suanli.domain.cost.findings import Skew

_TAIL, _RECORDED = -1, -2
"""What stands in the place of a cuboid for what is in none; times are quarters of an hour there."""
_CLOSED = -3
"""What stands there in the line that says, in the place of a time, before which day months are closed."""

_records, _sums, _tail = RecordRow.__table__.c, CostSumRow.__table__.c, SumTailRow.__table__.c
_closed = SumZoneRow.__table__.c.closed
_written = (_records.id >= bindparam("first"), _records.recorded_at >= bindparam("since"))

Row = Sequence[Any]
Total = tuple[int, int]
"""What records cost, and how many they are."""


def skews(connection: Connection, days: SiteDays, since: datetime | None, first: int) -> tuple[Skew, ...]:
    """The days that differ in the sums of any level, each with the first level that does.

    With `since`, days from then on, and those in which records that were written since happened, `first` being the
    number of the first of these. A month of which no day differs, but which is not what its days are together, stands
    for itself, as in `2026-11`; its days take the place of its records. All is read in one statement.
    """
    late = frozenset[int]() if since is None else _late_days(connection, days, since, first)
    begin = None if since is None else min({days.of(since), *late})
    rows = connection.execute(_everything(connection, days, begin)).all()
    found: dict[int, Skew] = {}
    for day, summed, recorded in _differences(rows, days.of_quarter):
        if since is None or day in late or day >= days.of(since):
            found.setdefault(day, _skew(date_of(day).isoformat(), summed, recorded))
    months = {month_of(day) for day in found}
    for month, summed, in_days in _months(rows):
        if month not in months:
            found.setdefault(month, _skew(date_of(month).isoformat()[:-3], summed, in_days))
    return tuple(found[day] for day in sorted(found))


def _skew(time: str, summed: Total, recorded: Total) -> Skew:
    return Skew(time, summed[0], recorded[0], summed[1], recorded[1])


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
        month = month_of(begin)
        # The days of a month that is closed are all read, to be compared with it.
        from_day = select(case((_closed > month, month), else_=begin)).scalar_subquery()
        # Cuboid by cuboid, which is how the key finds what is new: by a range of them all of it would be read.
        in_days = and_(_sums.cuboid.in_(OF_DAYS), _sums.time >= from_day)
        in_hours = and_(_sums.cuboid.in_(OF_HOURS), _sums.time >= first // QUARTERS)
        in_months = and_(_sums.cuboid.in_(OF_MONTHS), _sums.time >= month)
        put_by = put_by.where(or_(in_days, in_hours, in_months))
    closed = select(_number(_CLOSED), _closed, _number(0), _number(0))
    return select(union_all(recorded, tail, put_by, closed).subquery())


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
    of_cuboids = _by_cuboid(rows)

    def day_of_hour(hour: int) -> int:
        return day_of(hour * QUARTERS)

    for cuboid in OF_DAYS + OF_HOURS:
        # An hour over midnight counts with the day that it begins in, on both sides.
        in_day = day_of if cuboid in OF_DAYS else lambda at: day_of_hour(at // QUARTERS)
        recorded = _by_day(of_cuboids[_RECORDED], in_day)
        put_by = _by_day(of_cuboids[cuboid], int if cuboid in OF_DAYS else day_of_hour)
        tail = _by_day(of_cuboids[_TAIL], in_day)
        for day in sorted(recorded.keys() | put_by.keys() | tail.keys()):
            summed = _added(put_by[day], tail[day])
            if summed != recorded[day]:
                yield day, summed, recorded[day]


def _months(rows: Sequence[Row]) -> Iterator[tuple[int, Total, Total]]:
    """The first day, what is summed up, and what its days come to, for each cuboid and month in which these differ."""
    of_cuboids = _by_cuboid(rows)
    closed = max((at for at, *_ in of_cuboids[_CLOSED]), default=0)
    for cuboid in OF_DAYS:
        months = _by_day(of_cuboids[MONTHS + cuboid], int)
        in_days = _by_day((row for row in of_cuboids[cuboid] if row[0] < closed), month_of)
        for month in sorted(months.keys() | in_days.keys()):
            if months[month] != in_days[month]:
                yield month, months[month], in_days[month]


def _by_cuboid(rows: Iterable[Row]) -> Mapping[int, Sequence[Row]]:
    found = defaultdict(list)
    for cuboid, *rest in rows:
        found[cuboid].append(rest)
    return found


def _by_day(rows: Iterable[Row], day_of: Callable[[int], int]) -> Mapping[int, Total]:
    found: defaultdict[int, Total] = defaultdict(lambda: (0, 0))
    for at, cost, many in rows:
        day = day_of(at)
        found[day] = _added(found[day], (cost, many))
    return found


def _added(one: Total, other: Total) -> Total:
    return one[0] + other[0], one[1] + other[1]
