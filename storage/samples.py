"""Stock over time, and how the sources of it are doing."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.hours import SqlHours
from storage.prepared import Prepared
from storage.tables import SampleRow, SourceRow
from storage.upserts import insert_new, insert_or_set
from suanli.domain.stock import Sample, Scope, Snapshot, SourceState
from suanli.domain.stock.trend import Hour

_ADD = insert_new(SampleRow)
_FIELDS = tuple(field.name for field in fields(Sample))
_WELL = insert_or_set(SourceRow, "ok_at", "error", "failures", unless_later="ok_at", but_of_future="now")
_NEWEST = Prepared(select(SourceRow.ok_at).where(SourceRow.source == bindparam("source")))
_TAKEN_AT = Prepared(
    select(
        SampleRow.model,
        SampleRow.region,
        SampleRow.clock,
        SampleRow.total,
        SampleRow.free,
        SampleRow.used,
        SampleRow.unavailable,
    )
    .where(SampleRow.source == bindparam("source"), SampleRow.taken_at == bindparam("taken_at"))
    .order_by(SampleRow.model, SampleRow.region, SampleRow.clock)
)
_MEET = insert_new(SourceRow)
_FAILED = (
    update(SourceRow)
    .where(SourceRow.source == bindparam("of_source"))
    .values(failures=SourceRow.failures + 1)
    .returning(SourceRow.source, SourceRow.ok_at, SourceRow.failed_at, SourceRow.error, SourceRow.failures)
)
_STATES = select(SourceRow.source, SourceRow.ok_at, SourceRow.failed_at, SourceRow.error, SourceRow.failures).order_by(
    SourceRow.source
)


class SqlSamples:
    """The `Samples` of one transaction."""

    __slots__ = ("_connection", "_hours", "_known")

    def __init__(self, connection: Connection, known: dict[str, Snapshot]) -> None:
        """`known` keeps the last snapshot of each source from one transaction to the next."""
        self._connection = connection
        self._hours = SqlHours(connection)
        self._known = known

    def add(self, samples: Sequence[Sample], now: datetime) -> bool:
        """Store one complete answer of a source, and that the source is well; False when it was stored before.

        All samples are of one source and one moment; the same answer again changes nothing, and one older than the
        newest known does not take its place, unless that is of the future: then the clock was set back. No samples at
        all raise ValueError: no data is no answer.
        """
        if not samples:
            raise ValueError("an answer has at least one sample")
        source, taken_at = samples[0].source, samples[0].taken_at
        self._known.pop(source, None)
        # First the row of the source: whoever adds the same answer at the same time waits behind it.
        self._connection.execute(_WELL, {"source": source, "ok_at": taken_at, "error": "", "failures": 0, "now": now})
        if _TAKEN_AT.run(self._connection, {"source": source, "taken_at": taken_at}):
            return False
        self._connection.execute(_ADD, [{name: getattr(sample, name) for name in _FIELDS} for sample in samples])
        self._hours.add(samples)
        return True

    def failed(self, source: str, error: str, now: datetime) -> SourceState:
        """Note that a source could not be read; its state after that."""
        self._connection.execute(_MEET, {"source": source, "error": "", "failures": 0})
        row = self._connection.execute(_FAILED, {"of_source": source, "failed_at": now, "error": error}).one()
        return SourceState(*row)

    def latest(self, source: str) -> Snapshot:
        """The newest complete answer of a source, by model, region and clock class."""
        newest = _NEWEST.run(self._connection, {"source": source})
        taken_at = newest[0][0] if newest else None
        if taken_at is None:
            return Snapshot(source, None, ())
        known = self._known.get(source)
        # What a source said at a moment never changes, so it is read once.
        if known is None or known.taken_at != taken_at:
            known = self._known[source] = self._read(source, taken_at)
        return known

    def _read(self, source: str, taken_at: datetime) -> Snapshot:
        rows = _TAKEN_AT.run(self._connection, {"source": source, "taken_at": taken_at})
        return Snapshot(source, taken_at if rows else None, tuple(Sample(taken_at, source, *row) for row in rows))

    def states(self) -> Sequence[SourceState]:
        """How every source is doing, by name."""
        return tuple(SourceState(*row) for row in self._connection.execute(_STATES))

    def hours(self, source: str, scope: Scope, since: datetime) -> Sequence[Hour]:
        """The hours of a scope that began at or after `since`, oldest first."""
        return self._hours.read(source, scope, since)

    def forget_before(self, moment: datetime) -> int:
        """Drop samples taken earlier than `moment`; how many. Their hours stay."""
        self._known.clear()
        return self._connection.execute(delete(SampleRow).where(SampleRow.taken_at < moment)).rowcount

    def forget_hours_before(self, moment: datetime) -> int:
        """Drop hours that began before `moment`; how many."""
        return self._hours.forget_before(moment)
