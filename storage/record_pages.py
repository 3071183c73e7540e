"""Records in order, page after page: by keyset, never by counting from the start.

An unpriced record has no cost to be sorted by. It comes before all that have one, as if it were less than nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, literal_column, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from storage.dearest import Among, dearest, unsought
from storage.record_rows import AnyRow, record_of
from storage.tables import RecordRow
from suanli.domain.cost.records import Page, Place, Record, RecordFilter, Sort

_ALL = select(RecordRow.__table__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNPRICED = -1
"""The value of a record without a cost, where records are sorted by it."""
_IN_SESSION: ColumnElement[Any] = literal_column("session_id <> ''")
"""As text, not as a parameter: only then do databases see that the index of sessions has all of these.

It has no type, for as a Boolean it would be compared with 1 on SQLite, which sees nothing then.
"""


_IS_UNPRICED: ColumnElement[bool] = literal_column("(cost_records.total_cost IS NULL) IS TRUE")
"""As the index of the unpriced ones by time has it: SQLite would take IS NULL alone for the index by cost."""


def page(
    connection: Connection, which: RecordFilter, sort: Sort, *, ascending: bool, after: Place | None, limit: int
) -> Page:
    """Some records in order, from the one behind `after` on."""
    conditions = _conditions(which)
    if sort is Sort.HAPPENED_AT:
        moments = _placed(_ALL.where(*conditions), RecordRow.happened_at, after, ascending=ascending)
        rows = connection.execute(moments.limit(limit + 1)).all()
    else:
        rows = _by_cost(connection, which, ascending=ascending, after=after, limit=limit + 1)
    records = tuple(map(record_of, rows[:limit]))
    more = len(rows) > limit and records
    return Page(records, _place(records[-1], sort) if more else None)


def _by_cost(
    connection: Connection, which: RecordFilter, *, ascending: bool, after: Place | None, limit: int
) -> Sequence[AnyRow]:
    """Those without a cost and those with one, as two lists: databases do not agree on where the first belong."""
    lists = [False, True] if ascending else [True, False]
    if after is not None and (after.value != _UNPRICED) is lists[1]:
        del lists[0]
    found: list[AnyRow] = []
    for is_priced in lists:
        more = limit - len(found)
        if more > 0 and is_priced and not (which.session_id or which.request_id):
            found += _dearest(connection, which, ascending=ascending, after=after, limit=more)
        elif more > 0:
            some = _ALL.where(*_conditions(which), _is_priced(yes=is_priced))
            found += connection.execute(_placed(some, RecordRow.total_cost, after, ascending=ascending).limit(more))
        after = None
    return found


def _dearest(
    connection: Connection, which: RecordFilter, *, ascending: bool, after: Place | None, limit: int
) -> Sequence[AnyRow]:
    if which.is_priced is False:
        return ()
    fits = [unsought(column.expression) == value for column, value in _texts(which).items() if value]
    behind = None if after is None else _is_behind(RecordRow.total_cost, after.value, after, ascending=ascending)
    among = Among(which.user, fits, which.since, which.until)
    numbers = dearest(connection, among, behind, ascending=ascending, limit=limit)
    these = _ALL.where(RecordRow.id.in_(numbers))
    return connection.execute(_placed(these, RecordRow.total_cost, None, ascending=ascending)).all()


def _placed(
    rows: Select[*tuple[Any, ...]], by: InstrumentedAttribute[Any], after: Place | None, *, ascending: bool
) -> Select[*tuple[Any, ...]]:
    """These rows in order, from behind a place on."""
    if after is not None and after.value == _UNPRICED and by is RecordRow.total_cost:
        rows = rows.where(RecordRow.id > after.id if ascending else RecordRow.id < after.id)
    elif after is not None:
        value = _EPOCH + after.value * _MICROSECOND if by is RecordRow.happened_at else after.value
        rows = rows.where(_is_behind(by, value, after, ascending=ascending))
    return rows.order_by(by.asc() if ascending else by.desc(), RecordRow.id.asc() if ascending else RecordRow.id.desc())


def _is_behind(by: InstrumentedAttribute[Any], value: object, after: Place, *, ascending: bool) -> ColumnElement[bool]:
    here, there = tuple_(by, RecordRow.id), tuple_(value, after.id, types=[by.type, RecordRow.id.type])
    return here > there if ascending else here < there


def _place(record: Record, sort: Sort) -> Place:
    if sort is Sort.HAPPENED_AT:
        return Place((record.call.happened_at - _EPOCH) // _MICROSECOND, record.id)
    return Place(_UNPRICED if record.cost is None else record.cost.total, record.id)


def _texts(which: RecordFilter) -> Mapping[InstrumentedAttribute[Any], str]:
    return {
        RecordRow.project: which.project,
        RecordRow.department: which.department,
        RecordRow.organization: which.organization,
        RecordRow.model_name: which.model_name,
        RecordRow.provider_name: which.provider_name,
        RecordRow.request_type: which.request_type,
        RecordRow.cost_type: which.cost_type or "",
    }


def _conditions(which: RecordFilter) -> Sequence[ColumnElement[bool]]:
    sought = {
        RecordRow.user: which.user,
        RecordRow.session_id: which.session_id,
        RecordRow.request_id: which.request_id,
    }
    texts = {**sought, **_texts(which)}
    found: list[ColumnElement[bool]] = [column == value for column, value in texts.items() if value]
    if which.session_id:
        found.append(_IN_SESSION)
    if which.since is not None:
        found.append(RecordRow.happened_at >= which.since)
    if which.until is not None:
        found.append(RecordRow.happened_at < which.until)
    if which.is_priced is not None:
        found.append(_is_priced(yes=True) if which.is_priced else _IS_UNPRICED)
    return found


def _is_priced(*, yes: bool) -> ColumnElement[bool]:
    return RecordRow.total_cost.is_not(None) if yes else RecordRow.total_cost.is_(None)
