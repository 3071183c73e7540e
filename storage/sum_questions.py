"""Questions about sums as statements, each a single one: what was put by and the tail are of the same moment.

PostgreSQL shows a statement what was committed before it began. Asked for in two, sums that are put by in between
would be counted twice or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

from storage.cuboids import LARGEST, MONTHS, OF_MONTHS, PAYER, PRODUCT, Level, level_of, of_days, of_hours
from storage.prepared import Prepared
from storage.site_days import QUARTERS, SiteDays, hour_of, month_from, month_of
from storage.sum_tail import AMOUNTS
from storage.tables import CostPayerRow, CostProductRow, CostSumRow, SumTailRow, SumZoneRow
from suanli.domain.cost.sums import Dimension, Grain, Question

PUT_BY, TAIL, ZONE = 0, 1, 2
"""Where a line of an answer is from: its time is a day or an hour there, a quarter in the tail, and nothing here."""

_NO_TIME: ColumnElement[int] = literal_column("0")
_NO_VALUE: ColumnElement[str] = literal_column("''")
_sums = CostSumRow.__table__.c
_tail = SumTailRow.__table__.c
_totals = CostSumRow.__table__.alias("totals")
_NARROW = frozenset({Dimension.USER, Dimension.PROJECT, Dimension.DEPARTMENT})
"""Who of these is meant, few others are with them: their cells are looked up. An organisation may be everybody."""
_zone, _closed = SumZoneRow.__table__.c.zone, SumZoneRow.__table__.c.closed
_payers = CostPayerRow.__table__.c
_products = CostProductRow.__table__.c


@dataclass(frozen=True, slots=True)
class Shape:
    """All of a question that a statement depends on, and whether it takes numbers as an array (PostgreSQL).

    `amounts` are the numbers of a sum that are wanted.
    """

    grain: Grain
    by: Dimension | None
    where: frozenset[Dimension]
    whole_months: bool
    as_array: bool
    amounts: tuple[str, ...]

    @property
    def asked(self) -> frozenset[Dimension]:
        """All that has to be told apart."""
        return self.where if self.by is None else self.where | {self.by}

    @property
    def cuboid(self) -> int:
        """The smallest cuboid that answers. Raises ValueError for hours of what no hours are kept of."""
        payer, product = level_of(self.asked, PAYER), level_of(self.asked, PRODUCT)
        if self.grain is not Grain.HOUR:
            return of_days(payer, product)
        hours = of_hours(payer, product)
        if hours is None:
            raise ValueError("hours are known by who pays or by what is paid for, but not by both at once; days are")
        return hours


def asked(
    question: Question, days: SiteDays, *, as_array: bool, amounts: tuple[str, ...] = AMOUNTS
) -> tuple[Prepared, Mapping[str, Any]]:
    """The statement that answers a question, and its parameters."""
    grain, where = question.grain, {dimension.value: value for dimension, value in question.where.items()}
    span = _hours(question.since, question.until) if grain is Grain.HOUR else _days(question, days)
    whole_months = grain is Grain.ALL and span["first_month"] < span["end_month"]
    shape = Shape(grain, question.by, frozenset(question.where), whole_months, as_array, amounts)
    return _statement(shape), {**span, **where}


def _days(question: Question, days: SiteDays) -> Mapping[str, int]:
    first, end = days.of(question.since), days.of(question.until)
    return {
        "first": first,
        "end": end,
        "first_month": month_from(first),
        "end_month": month_of(end),
        "first_quarter": days.first_quarter(first),
        "end_quarter": days.first_quarter(end),
    }


def _hours(since: datetime, until: datetime) -> Mapping[str, int]:
    first, end = hour_of(since), hour_of(until)
    return {"first": first, "end": end, "first_quarter": first * QUARTERS, "end_quarter": end * QUARTERS}


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the times of a cuboid: from one up to another."""

    cuboid: int
    first: ColumnElement[int]
    end: ColumnElement[int]


def _parts(shape: Shape) -> Sequence[_Part]:
    """What a question reads: days or hours, or the days before and after months that are whole and closed."""
    first: ColumnElement[int] = bindparam("first")
    end: ColumnElement[int] = bindparam("end")
    if not shape.whole_months:
        return (_Part(shape.cuboid, first, end),)
    first_month: ColumnElement[int] = bindparam("first_month")
    upto = select(_closed_within(first_month, bindparam("end_month"))).scalar_subquery()
    return (
        _Part(shape.cuboid, first, first_month),
        _Part(MONTHS + shape.cuboid, first_month, upto),
        _Part(shape.cuboid, upto, end),
    )


def _closed_within(first: ColumnElement[int], end: ColumnElement[int]) -> ColumnElement[int]:
    """How far months are closed, between two of them."""
    return case((_closed < first, first), (_closed > end, end), else_=_closed)


@lru_cache(1024)
def _statement(shape: Shape) -> Prepared:
    cells: list[ColumnElement[Any]] = [literal_column(str(ZONE)), _NO_TIME, _zone, *(_NO_TIME for _ in shape.amounts)]
    put_by = (_put_by(shape, part) for part in _parts(shape))
    lines = union_all(*put_by, _newest(shape), select(*cells)).subquery()
    return Prepared(select(lines))


def _put_by(shape: Shape, part: _Part) -> Select[Any]:
    """What was put by: added up by number first, and by name only what is left."""
    time = [] if shape.grain is Grain.ALL else [_sums.time]
    number = _number(shape.by)
    groups = [*time, *([] if number is None else [number])]
    found = select(*groups, *_added(_sums, shape.amounts)).where(*_within(shape, part)).group_by(*groups)
    return _named(shape, found)


def _named(shape: Shape, found: Select[Any]) -> Select[Any]:
    these = found.subquery()
    time = _NO_TIME if shape.grain is Grain.ALL else these.c.time
    amounts = [these.c[name] for name in shape.amounts]
    if shape.by is None:
        return select(literal_column(str(PUT_BY)).label("origin"), time.label("at"), _NO_VALUE.label("value"), *amounts)
    names, key = (_payers, these.c.payer) if shape.by in PAYER else (_products, these.c.product)
    value = names[shape.by.value].label("value")
    chosen = select(literal_column(str(PUT_BY)).label("origin"), time.label("at"), value, *amounts)
    return chosen.where(names.id == key)


def _number(by: Dimension | None) -> ColumnElement[int] | None:
    if by is None:
        return None
    return _sums.payer if by in PAYER else _sums.product


def _within(shape: Shape, part: _Part) -> list[ColumnElement[bool]]:
    within = [_sums.cuboid == literal_column(str(part.cuboid))]
    by_the_cell = shape.cuboid == LARGEST or bool(shape.where & _NARROW)
    if by_the_cell:  # at each time at which anything was
        within.append(_is_one_of(_sums.time, _times(shape.grain, part), in_key=shape.as_array))
    else:
        within += [_sums.time >= part.first, _sums.time < part.end]
    for names, number, of in ((_payers, _sums.payer, PAYER), (_products, _sums.product, PRODUCT)):
        chosen = shape.where & set(of)
        if chosen:
            these = _chosen(names, level_of(shape.asked, of), chosen)
            within.append(_is_one_of(number, these, in_key=by_the_cell and shape.as_array))
    return within


def _times(grain: Grain, part: _Part) -> Select[tuple[int]]:
    """The days, hours or months of a part in which anybody spent anything."""
    coarsest = of_hours(Level.ALL, Level.ALL) if grain is Grain.HOUR else of_days(Level.ALL, Level.ALL)
    everybody = MONTHS if part.cuboid in OF_MONTHS else coarsest
    return select(_totals.c.time).where(
        _totals.c.cuboid == literal_column(str(everybody)), _totals.c.time >= part.first, _totals.c.time < part.end
    )


def _is_one_of(number: ColumnElement[int], query: Select[tuple[int]], *, in_key: bool) -> ColumnElement[bool]:
    """Whether a number is among those of a query, which is run once.

    For cells, they are looked up in the index of the key. SQLite does so with IN. PostgreSQL makes a join of that, and
    reads all of the cuboid once; not so with an array, for each of which it looks up, and reads, anew (`in_key`).
    """
    return number == func.any(func.array(query.scalar_subquery())) if in_key else number.in_(query)


def _chosen(names: Any, level: Level, where: frozenset[Dimension]) -> Select[tuple[int]]:
    """The numbers of the payers, or of the products, that a question is about."""
    these = [names[each.value] == bindparam(each.value) for each in sorted(where)]
    return select(names.id).where(names.level == literal_column(str(int(level))), *these)


def _newest(shape: Shape) -> Select[Any]:
    value = _NO_VALUE if shape.by is None else _tail[shape.by.value]
    time = _NO_TIME if shape.grain is Grain.ALL else _tail.quarter
    groups = [each for each in (time, value) if each is not _NO_TIME and each is not _NO_VALUE]
    found = select(literal_column(str(TAIL)), time, value, *_added(_tail, shape.amounts)).where(
        _tail.quarter >= bindparam("first_quarter"),
        _tail.quarter < bindparam("end_quarter"),
        *(_tail[each.value] == bindparam(each.value) for each in sorted(shape.where)),
    )
    return found.group_by(*groups)


def _added(columns: Any, amounts: Sequence[str]) -> list[ColumnElement[int]]:
    nothing: ColumnElement[int] = literal_column("0")
    return [cast(func.coalesce(func.sum(columns[name]), nothing), BigInteger).label(name) for name in amounts]
