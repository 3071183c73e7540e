"""Records in order, page after page, and all of them in constant memory: by keyset, never by counting from the start.

An unpriced record has no cost to be sorted by. It comes before all that have one, as if it were less than nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, literal_column, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from storage.record_rows import AnyRow, record_of
from storage.tables import RecordRow
from suanli.domain.cost.records import Page, Place, Record, RecordFilter, Sort

_TABLE = RecordRow.__table__
_ALL = select(_TABLE)
# SQLite, which knows nothing of how many there are, would read all of somebody's records anew for each part.
_BY_NUMBER = _ALL.with_hint(_TABLE, "NOT INDEXED", "sqlite").order_by(RecordRow.id)
_BETWEEN = select(func.count(), func.min(RecordRow.id), func.max(RecordRow.id))
PART = 2_000
"""So many records are in memory at a time."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNPRICED = -1
"""The value of a record without a cost, where records are sorted by it."""
_IN_SESSION: ColumnElement[Any] = literal_column("session_id <> ''")
"""As text, not as a parameter: only then do databases see that the index of sessions has all of these.

It has no type, for as a Boolean it would be compared with 1 on SQLite, which sees nothing then.
"""


def page(
    connection: Connection, which: RecordFilter, sort: Sort, *, ascending: bool, after: Place | None, limit: int
) -> Page:
    """Some records in order, from the one behind `after` on."""
    conditions = _conditions(which)
    if sort is Sort.HAPPENED_AT:
        moments = _placed(_ALL.where(*conditions), RecordRow.happened_at, after, ascending=ascending)
        rows = connection.execute(moments.limit(limit + 1)).all()
    else:
        rows = _by_cost(connection, conditions, ascending=ascending, after=after, limit=limit + 1)
    records = tuple(map(record_of, rows[:limit]))
    more = len(rows) > limit and records
    return Page(records, _place(records[-1], sort) if more else None)


def each(connection: Connection, which: RecordFilter) -> Iterator[Record]:
    """All records by number, read in parts."""
    conditions = _conditions(which)
    # Counted with them, for the first and the last alone PostgreSQL would search by number, from the very first.
    many, first, last = connection.execute(_BETWEEN.where(*conditions)).one()
    if not many:
        return
    behind = first - 1
    while behind < last:
        some = _BY_NUMBER.where(*conditions, RecordRow.id > behind, RecordRow.id <= last).limit(PART)
        rows = connection.execute(some).all()
        if not rows:
            return
        yield from map(record_of, rows)
        behind = rows[-1].id


def _by_cost(
    connection: Connection,
    conditions: Sequence[ColumnElement[bool]],
    *,
    ascending: bool,
    after: Place | None,
    limit: int,
) -> Sequence[AnyRow]:
    """Those without a cost and those with one, as two lists: databases do not agree on where the first belong."""
    lists = [False, True] if ascending else [True, False]
    if after is not None and (after.value != _UNPRICED) is lists[1]:
        del lists[0]
    found: list[AnyRow] = []
    for is_priced in lists:
        if len(found) < limit:
            some = _ALL.where(*conditions, _is_priced(is_priced))
            ordered = _placed(some, RecordRow.total_cost, after, ascending=ascending)
            found += connection.execute(ordered.limit(limit - len(found)))
        after = None
    return found


def _placed(
    rows: Select[*tuple[Any, ...]], by: InstrumentedAttribute[Any], after: Place | None, *, ascending: bool
) -> Select[*tuple[Any, ...]]:
    """These rows in order, from behind a place on."""
    if after is not None and after.value == _UNPRICED and by is RecordRow.total_cost:
        rows = rows.where(RecordRow.id > after.id if ascending else RecordRow.id < after.id)
    elif after is not None:
        value = _EPOCH + after.value * _MICROSECOND if by is RecordRow.happened_at else after.value
        here, there = tuple_(by, RecordRow.id), tuple_(value, after.id, types=[by.type, RecordRow.id.type])
        rows = rows.where(here > there if ascending else here < there)
    return rows.order_by(by.asc() if ascending else by.desc(), RecordRow.id.asc() if ascending else RecordRow.id.desc())


def _place(record: Record, sort: Sort) -> Place:
    if sort is Sort.HAPPENED_AT:
        return Place((record.call.happened_at - _EPOCH) // _MICROSECOND, record.id)
    return Place(_UNPRICED if record.cost is None else record.cost.total, record.id)


def _conditions(which: RecordFilter) -> Sequence[ColumnElement[bool]]:
    texts = {
        RecordRow.user: which.user,
        RecordRow.project: which.project,
        RecordRow.department: which.department,
        RecordRow.organization: which.organization,
        RecordRow.model_name: which.model_name,
        RecordRow.provider_name: which.provider_name,
        RecordRow.request_type: which.request_type,
        RecordRow.cost_type: which.cost_type,
        RecordRow.session_id: which.session_id,
        RecordRow.request_id: which.request_id,
    }
    found: list[ColumnElement[bool]] = [column == value for column, value in texts.items() if value]
    if which.session_id:
        found.append(_IN_SESSION)
    if which.since is not None:
        found.append(RecordRow.happened_at >= which.since)
    if which.until is not None:
        found.append(RecordRow.happened_at < which.until)
    if which.is_priced is not None:
        found.append(_is_priced(which.is_priced))
    return found


def _is_priced(yes: bool) -> ColumnElement[bool]:  # noqa: FBT001 what is asked, and all that is
    return RecordRow.total_cost.is_not(None) if yes else RecordRow.total_cost.is_(None)
