"""How records are added: many to PostgreSQL by COPY, and otherwise row by row.

Whoever adds records that others add at the same moment waits for these, so all add them in the order of `request_id`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Dialect, Integer, bindparam, func, insert, literal_column, select
from sqlalchemy.dialects import sqlite

from storage.bulk import one_of
from storage.prepared import Prepared
from storage.record_rows import COLUMNS, Draft, cells_of
from storage.record_sums import key_of, sum_of
from storage.sum_tail import Tally
from storage.tables import RecordRow
from storage.upserts import insert_new
from suanli.domain.cost.money import Currency

_KNOWN = Prepared(
    select(
        RecordRow.request_id, RecordRow.id, RecordRow.fingerprint, RecordRow.charged, RecordRow.total_cost.is_(None)
    ).where(one_of(RecordRow.request_id, "keys"))
)
_LAST = Prepared(select(func.coalesce(func.max(RecordRow.id), literal_column("0"))))
_NUMBERS = Prepared(
    select(func.nextval(literal_column("'cost_records_id_seq'"), type_=BigInteger)).select_from(
        func.generate_series(literal_column("1"), bindparam("many", type_=Integer))
    )
)
_ADD = str(insert(RecordRow).compile(dialect=sqlite.dialect(), column_keys=COLUMNS))
_ADD_NEW = Prepared(insert_new(RecordRow).returning(RecordRow.id), inserts=COLUMNS)
_COPY = 'COPY {} ("{}") FROM STDIN'.format(RecordRow.__tablename__, '", "'.join(COLUMNS))
_WORTH_COPYING = 100
"""For fewer rows, the savepoint of a COPY costs more than it saves."""


class Known(NamedTuple):
    """What stands under a `request_id`."""

    id: int
    fingerprint: str
    charged: int
    is_priced: bool


def find_known(connection: Connection, request_ids: Collection[str]) -> dict[str, Known]:
    """Those of these records that are there."""
    rows = _KNOWN.run(connection, {"keys": list(request_ids)}) if request_ids else ()
    return {row[0]: Known(row[1], row[2], row[3], not row[4]) for row in rows}


class Added(NamedTuple):
    """Records that were added, and what they add to the sums."""

    drafts: Sequence[Draft]
    sums: Tally


def insert_drafts(connection: Connection, drafts: Sequence[Draft], currency: Currency, now: datetime) -> Added:
    """Add these, in the order of `request_id`; those that nobody else has added by now. Each gets its number.

    They are added up on their way: while PostgreSQL takes one row in, which takes it longer than to make the next one,
    there is time for it.
    """
    for draft, number in zip(drafts, _numbers(connection, len(drafts)), strict=True):
        draft.id = number
    moment = _moments(connection.dialect)
    recorded_at = moment(now)

    def rows(of: Iterable[Draft], sums: Tally) -> Iterator[tuple[Any, ...]]:
        for draft in of:
            yield cells_of(draft, currency, moment(draft.call.happened_at), recorded_at)
            sums.add(key_of(draft.call), sum_of(draft.call, draft.cost))

    whole = Tally()
    if connection.dialect.name == "sqlite":
        _add(connection, list(rows(drafts, whole)))
        return Added(drafts, whole)
    if len(drafts) >= _WORTH_COPYING:
        if _copied(connection, rows(drafts, whole)):
            return Added(drafts, whole)
        known = find_known(connection, [draft.request_id for draft in drafts])
        drafts = [draft for draft in drafts if draft.request_id not in known]
    named = [dict(zip(COLUMNS, row, strict=True)) for row in rows(drafts, Tally())]
    added = {number for (number,) in _ADD_NEW.run_for_each(connection, named)} if named else set()
    new = [draft for draft in drafts if draft.id in added]
    sums = Tally()
    for draft in new:
        sums.add(key_of(draft.call), sum_of(draft.call, draft.cost))
    return Added(new, sums)


def _moments(dialect: Dialect) -> Callable[[datetime], object]:
    """How the driver takes moments."""
    return RecordRow.happened_at.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(moment: datetime) -> object:
    return moment


def _numbers(connection: Connection, many: int) -> Sequence[int]:
    """So many numbers for new records."""
    if connection.dialect.name == "sqlite":
        ((last,),) = _LAST.run(connection, {})
        return range(last + 1, last + 1 + many)
    return [number for (number,) in _NUMBERS.run(connection, {"many": many})]


def _add(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows, of which nobody else can have added one meanwhile."""
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(_ADD, rows)
    finally:
        cursor.close()


def _copied(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> bool:
    """Add rows, all of them or, when one of them is there by now, none. The savepoint ends with the transaction."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute("SAVEPOINT records")
        with cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.IntegrityError:
        cursor.execute("ROLLBACK TO SAVEPOINT records")
        return False
    else:
        return True
    finally:
        cursor.close()
