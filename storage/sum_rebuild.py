"""All sums made anew from the records, in one transaction, while nobody writes: in SQL, day after day of the site.

A day's records are read once, and added up by the hour with the numbers of who paid and of what was paid for. All sums
of the day are made of that; an hour over midnight gets what it has of each of its days. Months are made of the days.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from storage.cuboids import PAYER, PAYERS, PRODUCT, PRODUCTS, Level, of_days, of_hours
from storage.recorded import AMOUNTS_OF_ONE, NAMES, quarter
from storage.rollups import adding
from storage.site_days import QUARTERS, SiteDays, moment_of_quarter
from storage.sum_months import CELL, close_anew
from storage.sum_names import SqlSumNames
from storage.sum_tail import AMOUNTS, QUARTER
from storage.sum_zone import set_zone
from storage.tables import CostPayerRow, CostProductRow, CostSumRow, RecordRow, SumTailRow
from storage.writers import write_alone

_LOCK = text("LOCK TABLE cost_records, sum_tail, cost_sums, sum_zone IN EXCLUSIVE MODE")

_NUMBERS = ("payer", "payers", "organization", "product", "products")
"""Who paid, and what was paid for: the number of each, and those above it."""

_records = RecordRow.__table__.c
_DIFFERENT = select(*NAMES).distinct()
_NEXT = select(func.min(_records.happened_at)).where(_records.happened_at >= bindparam("first"))
_ALL = select(func.coalesce(func.sum(CostSumRow.requests), literal_column("0"))).where(
    CostSumRow.cuboid == literal_column(str(of_days(Level.ALL, Level.ALL)))
)


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
    all_of = dict(zip(("payer", "product"), _number(connection), strict=True))
    add = _added_in_a_day(connection)
    for day, first, end in _days(connection, days):
        moments = {"first": moment_of_quarter(first), "end": moment_of_quarter(end)}
        connection.execute(add, {"day": day, **all_of, **moments})
    close_anew(connection)
    return int(connection.execute(_ALL).scalar_one())


def _number(connection: Connection) -> tuple[int, int]:
    """See to it that everybody who paid, and all that was paid for, has a number; those of both together."""
    payers, products = set[tuple[str, ...]](), set[tuple[str, ...]]()
    for row in connection.execute(_DIFFERENT):
        payers.add(tuple(row[: len(PAYER)]))
        products.add(tuple(row[len(PAYER) :]))
    names = SqlSumNames(connection)
    return names.payers(payers).all, names.products(products).all


def _days(connection: Connection, days: SiteDays) -> Iterator[tuple[int, int, int]]:
    """Each day on which anything happened, with its first quarter and that of the next day."""
    moment = connection.execute(select(func.min(_records.happened_at))).scalar()
    while moment is not None:
        first = int(moment.timestamp() // QUARTER)
        day = days.of_quarter(first)
        end = max(days.first_quarter(day + 1), first + 1)
        yield day, first, end
        moment = connection.execute(_NEXT, {"first": moment_of_quarter(end)}).scalar()


def _added_in_a_day(connection: Connection) -> Insert:
    """The statement that adds what was spent in a day to the sums of every level."""
    wide = _wide(_spent(connection))
    numbers = [wide.c[name] for name in _NUMBERS]
    in_days = select(*numbers, *(_sum(wide.c[name], name) for name in AMOUNTS)).group_by(*numbers).cte("in_days")
    cells = select(union_all(*_of_days(in_days), *_of_hours(wide)).subquery())
    # SQLite takes ON CONFLICT for a part of a join unless there is a condition before it.
    some = cells.where(literal_column("1 = 1"))
    return adding(insert(CostSumRow).from_select([*CELL, *AMOUNTS], some))


def _spent(connection: Connection) -> CTE:
    """What was spent in each hour, by who paid and what for."""
    payer, product = CostPayerRow.__table__.alias("of_payer"), CostProductRow.__table__.alias("of_product")
    hour = (quarter(connection) // literal_column(str(QUARTERS))).label("hour")
    groups: list[ColumnElement[Any]] = [hour, payer.c.id.label("payer"), product.c.id.label("product")]
    amounts = [_sum(AMOUNTS_OF_ONE[name], name) for name in AMOUNTS]
    return (
        select(*groups, *amounts)
        # Outer joins: SQLite begins with the records then, and no record can be left out unnoticed.
        .join_from(RecordRow, payer, _is(payer, PAYER, NAMES[: len(PAYER)]), isouter=True)
        .join(product, _is(product, PRODUCT, NAMES[len(PAYER) :]), isouter=True)
        .where(_records.happened_at >= bindparam("first"), _records.happened_at < bindparam("end"))
        .group_by(hour, payer.c.id, product.c.id)
        .cte("spent")
    )


def _is(table: Any, names: Iterable[str], of: Sequence[ColumnElement[str]]) -> ColumnElement[bool]:
    """Whether a row is that of each of these names."""
    same = (table.c[name] == here for name, here in zip(names, of, strict=True))
    return and_(table.c.level == literal_column(str(int(Level.EACH))), *same)


def _wide(spent: CTE) -> CTE:
    """The same with what is above each payer and each product."""
    payers = _above(spent.c.payer, CostPayerRow.__table__, PAYER, Level.GROUP, "payers_above")
    organizations = _above(spent.c.payer, CostPayerRow.__table__, PAYER, Level.ORGANIZATION, "organizations_above")
    products = _above(spent.c.product, CostProductRow.__table__, PRODUCT, Level.GROUP, "products_above")
    above = (payers.c.above, organizations.c.above, spent.c.product, products.c.above)
    cells = [spent.c.payer, *(each.label(name) for name, each in zip(_NUMBERS[1:], above, strict=True))]
    return (
        select(spent.c.hour, *cells, *(spent.c[name] for name in AMOUNTS))
        .join_from(spent, payers, payers.c.id == spent.c.payer, isouter=True)
        .join(organizations, organizations.c.id == spent.c.payer, isouter=True)
        .join(products, products.c.id == spent.c.product, isouter=True)
        .cte("wide")
    )


def _above(number: ColumnElement[int], table: FromClause, names: Sequence[str], level: Level, called: str) -> CTE:
    """The number on a level above each of those that there are on this day."""
    each, group = table.alias(f"{called}_each"), table.alias(f"{called}_group")
    kept = names[3:] if level is Level.ORGANIZATION else names[1:]
    same = (group.c[name] == (each.c[name] if name in kept else literal_column("''")) for name in names)
    above = select(each.c.id, group.c.id.label("above")).join_from(
        each, group, and_(group.c.level == literal_column(str(int(level))), *same)
    )
    return above.where(each.c.id.in_(select(number))).cte(called)


def _of_days(cells: CTE) -> Iterator[Select[Any]]:
    for payer in PAYERS:
        for product in PRODUCTS:
            yield _level(cells, of_days(payer, product), None, payer, product)


def _of_hours(cells: CTE) -> Iterator[Select[Any]]:
    for payer in PAYERS:
        for product in PRODUCTS:
            cuboid = of_hours(payer, product)
            if cuboid is not None:
                yield _level(cells, cuboid, cells.c.hour, payer, product)


def _level(cells: CTE, cuboid: int, hour: ColumnElement[int] | None, payer: Level, product: Level) -> Select[Any]:
    """What these come to on one level of payers and one of products; of the day, unless it is by the hour."""
    here = {
        "payer": {
            Level.EACH: cells.c.payer,
            Level.GROUP: cells.c.payers,
            Level.ORGANIZATION: cells.c.organization,
        }.get(payer),
        "product": {Level.EACH: cells.c.product, Level.GROUP: cells.c.products}.get(product),
    }
    kept = {"day": hour, **here}
    number: ColumnElement[int] = literal_column(str(cuboid)).label("cuboid")
    cells_of_key = [_given(name) if each is None else each for name, each in kept.items()]
    amounts = [_sum(cells.c[name], name) for name in AMOUNTS]
    return select(number, *cells_of_key, *amounts).group_by(*(each for each in kept.values() if each is not None))


def _given(name: str) -> ColumnElement[int]:
    return cast(bindparam(name), Integer)


def _sum(of: ColumnElement[int], name: str) -> ColumnElement[int]:
    return cast(func.sum(of), BigInteger).label(name)
