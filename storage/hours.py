"""Stock by the hour: sums over the samples of every scope, so that two years can be kept and read."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, case, delete, select
from sqlalchemy.dialects.postgresql import insert

from storage.prepared import Prepared
from storage.scopes import columns_of
from storage.tables import HourRow
from suanli.domain.stock import Sample, Scope, count_scopes
from suanli.domain.stock.trend import Hour

_HERE = HourRow.__table__.c
_ONE = insert(HourRow)
_COUNT = _ONE.on_conflict_do_update(
    index_elements=HourRow.__table__.primary_key,
    set_={
        **{
            name: _HERE[name] + _ONE.excluded[name]
            for name in ("samples", "free_sum", "total_sum", "used_sum", "unavailable_sum")
        },
        # The least and the greatest of two have different names on SQLite and PostgreSQL.
        "free_min": case((_ONE.excluded.free_min < _HERE.free_min, _ONE.excluded.free_min), else_=_HERE.free_min),
        "free_max": case((_ONE.excluded.free_max > _HERE.free_max, _ONE.excluded.free_max), else_=_HERE.free_max),
    },
)
_READ = Prepared(
    select(
        HourRow.hour, HourRow.samples, HourRow.free_min, HourRow.free_sum, HourRow.free_max, HourRow.total_sum
    )
    .where(
        HourRow.source == bindparam("source"),
        HourRow.model == bindparam("model"),
        HourRow.region == bindparam("region"),
        HourRow.clock == bindparam("clock"),
        HourRow.hour >= bindparam("since"),
    )
    .order_by(HourRow.hour)
)  # fmt: skip


class SqlHours:
    """The hours of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, samples: Sequence[Sample]) -> None:
        """Count one complete answer of a source, once, into its hour of every scope."""
        source = samples[0].source
        hour = samples[0].taken_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        rows = [
            {
                "source": source,
                **columns_of(scope),
                "hour": hour,
                "samples": 1,
                "free_min": counts.free,
                "free_sum": counts.free,
                "free_max": counts.free,
                "total_sum": counts.total,
                "used_sum": counts.used,
                "unavailable_sum": counts.unavailable,
            }
            for scope, counts in count_scopes(samples).items()
        ]
        self._connection.execute(_COUNT, rows)

    def read(self, source: str, scope: Scope, since: datetime) -> Sequence[Hour]:
        """The hours of a scope that began at or after `since`, oldest first."""
        rows = _READ.run(self._connection, {"source": source, **columns_of(scope), "since": since})
        return tuple(
            Hour(at, samples, low, free / samples, high, total / samples)
            for at, samples, low, free, high, total in rows
        )

    def forget_before(self, moment: datetime) -> int:
        """Drop hours that began before `moment`; how many."""
        return self._connection.execute(delete(HourRow).where(HourRow.hour < moment)).rowcount
