"""Records for who reads on by number: where the last ones begin, how far all of them are there, and what is usual."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from storage.tables import RecordRow
from storage.writers import open_writers
from suanli.domain.cost.marks import Mark
from suanli.domain.cost.money import Nano
from suanli.domain.cost.records import RecordId

_LAST = select(func.coalesce(func.max(RecordRow.id), 0))
# Counted with it, for the first alone PostgreSQL would search by number, from the very first.
_FIRST = select(func.count(), func.min(RecordRow.id)).where(RecordRow.happened_at >= bindparam("since"))

_LOOKED_THROUGH = 5_000
_NEWEST = (
    select(RecordRow.id, RecordRow.happened_at, RecordRow.request_type, RecordRow.total_cost)
    .where(RecordRow.model_name == bindparam("of_model"))
    .order_by(RecordRow.happened_at.desc(), RecordRow.id.desc())
    .limit(_LOOKED_THROUGH)
    .subquery()
)
_NEWEST_PRICED = (
    select(_NEWEST.c.request_type, _NEWEST.c.total_cost)
    .where(_NEWEST.c.total_cost.is_not(None))
    .order_by(_NEWEST.c.happened_at.desc(), _NEWEST.c.id.desc())
)


def mark(connection: Connection) -> Mark:
    """The last record, and who writes: asked in this order, so that whoever may yet come before it is among these."""
    last = connection.execute(_LAST).scalar_one()
    return Mark(RecordId(last), open_writers(connection))


def before(connection: Connection, since: datetime) -> RecordId:
    """The number behind which all records are that happened since a moment; that of the last one when none did."""
    many, first = connection.execute(_FIRST, {"since": since}).one()
    return RecordId(first - 1 if many else connection.execute(_LAST).scalar_one())


def newest_costs(connection: Connection, model_name: str) -> Sequence[tuple[str, Nano]]:
    """The types and costs of the priced ones among the last 5,000 calls to a model, newest first."""
    rows = connection.execute(_NEWEST_PRICED, {"of_model": model_name})
    return [(request_type, Nano(cost)) for request_type, cost in rows]
