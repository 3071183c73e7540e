"""Schedules and the runs of jobs: what was fired, who runs it, and what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from storage.columns import UtcDateTime
from storage.tables import RunRow, ScheduleRow
from storage.upserts import insert_new
from suanli.domain.schedule import JobName, Run, RunId, RunState, Schedule

_DECLARE = insert_new(ScheduleRow)
_CURSOR = select(ScheduleRow.cursor).where(ScheduleRow.job == bindparam("job"))
_MOVE_CURSOR = (
    update(ScheduleRow)
    .where(ScheduleRow.job == bindparam("of_job"), ScheduleRow.cursor < bindparam("firing", type_=UtcDateTime()))
    .values(cursor=bindparam("firing", type_=UtcDateTime()))
)
_WRITE = insert_new(RunRow).returning(RunRow.id)

_HOLD_JOBS = (
    select(ScheduleRow.job)
    .where(ScheduleRow.job.in_(bindparam("jobs", expanding=True)))
    .order_by(ScheduleRow.job)
    .with_for_update()
)
_OPEN = (
    select(RunRow.id, RunRow.job, RunRow.state, RunRow.available_at, RunRow.lease_until)
    .where(RunRow.finished_at.is_(None), RunRow.job.in_(bindparam("jobs", expanding=True)))
    .order_by(RunRow.scheduled_for, RunRow.id)
)
_TAKE = (
    update(RunRow)
    .where(RunRow.id == bindparam("of_id"))
    .values(attempt=RunRow.attempt + 1)
    .returning(RunRow.id, RunRow.job, RunRow.scheduled_for, RunRow.attempt)
)
_SETTLE = (
    update(RunRow)
    .where(
        RunRow.id == bindparam("of_id"),
        RunRow.owner == bindparam("claimed_by"),
        RunRow.attempt == bindparam("claimed_as"),
    )
    .returning(RunRow.id)
)
_SILENT = update(RunRow).where(
    RunRow.state == RunState.RUNNING, RunRow.lease_until <= bindparam("now", type_=UtcDateTime())
)
_GIVE_UP_LOST = _SILENT.where(RunRow.attempt >= bindparam("most_tries"))
_RELEASE_LOST = _SILENT.returning(RunRow.id)
_FREE = {"owner": None, "lease_until": None}


class SqlRuns:
    """The `Runs` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def declare(self, schedules: Sequence[Schedule], now: datetime) -> None:
        """Know these schedules; the cursor of a new one starts at `now`. Those of other processes stay as they are."""
        for schedule in schedules:
            self._connection.execute(_DECLARE, {"job": schedule.job, "cursor": now})

    def cursor(self, job: JobName) -> datetime | None:
        """The last firing that was looked at; None for a job that is not declared."""
        return self._connection.execute(_CURSOR, {"job": job}).scalar()

    def fire(self, job: JobName, scheduled_for: datetime, now: datetime) -> RunId | None:
        """Queue a run for a firing, exactly once however many ask; None when it is there already."""
        return self._write(job, scheduled_for, state=RunState.QUEUED, available_at=now)

    def miss(self, job: JobName, scheduled_for: datetime, now: datetime) -> None:
        """Write a firing down as missed, if nobody has done anything about it."""
        self._write(job, scheduled_for, state=RunState.MISSED, available_at=now, finished_at=now)

    def _write(self, job: JobName, scheduled_for: datetime, **fields: object) -> RunId | None:
        row = {"job": job, "scheduled_for": scheduled_for, "attempt": 0, "detail": ""} | fields
        written = self._connection.execute(_WRITE, row).scalar()
        self._connection.execute(_MOVE_CURSOR, {"of_job": job, "firing": scheduled_for})
        return None if written is None else RunId(written)

    def claim(self, *, owner: str, now: datetime, leases: Mapping[JobName, timedelta]) -> Run | None:
        """Take the oldest due run whose job is not running elsewhere; only of jobs that have a lease.

        Across processes it is the row of its schedule that keeps a job from running twice at once.
        """
        if self._oldest_due(leases, now) is None:
            return None
        self._connection.execute(_HOLD_JOBS, {"jobs": list(leases)})
        due = self._oldest_due(leases, now)
        if due is None:
            return None
        claim = {"owner": owner, "lease_until": now + leases[due.job], "started_at": now}
        row = self._connection.execute(_TAKE, {"of_id": due.id, "state": RunState.RUNNING} | claim).one()
        return Run(RunId(row.id), row.job, row.scheduled_for, row.attempt, owner)

    def _oldest_due(self, jobs: Iterable[JobName], now: datetime) -> Row[*tuple[Any, ...]] | None:
        rows = self._connection.execute(_OPEN, {"jobs": list(jobs)}).all()
        busy = {row.job for row in rows if row.state is RunState.RUNNING and row.lease_until > now}
        due = (row for row in rows if row.state is RunState.QUEUED and row.available_at <= now)
        return next((row for row in due if row.job not in busy), None)

    def extend(self, run: Run, until: datetime) -> bool:
        """Prolong a lease; False when the run is no longer ours."""
        return self._settle(run, lease_until=until)

    def finish(self, run: Run, now: datetime, detail: str) -> bool:
        """Settle as done; False when the run is no longer ours."""
        return self._settle(run, state=RunState.OK, finished_at=now, detail=detail, **_FREE)

    def fail(self, run: Run, now: datetime, error: str, *, retry_at: datetime | None) -> bool:
        """Settle as failed, or queue the next try; False when the run is no longer ours."""
        if retry_at is None:
            return self._settle(run, state=RunState.FAILED, finished_at=now, detail=error, **_FREE)
        return self._settle(run, state=RunState.QUEUED, available_at=retry_at, detail=error, **_FREE)

    def _settle(self, run: Run, **fields: object) -> bool:
        claim = {"of_id": run.id, "claimed_by": run.owner, "claimed_as": run.attempt}
        return self._connection.execute(_SETTLE, claim | fields).first() is not None

    def release_lost(self, now: datetime, *, most_tries: int) -> int:
        """Queue again the runs whose owner went silent; how many. One that had `most_tries` is lost for good."""
        lost = {"now": now, "most_tries": most_tries, "state": RunState.LOST, "finished_at": now}
        self._connection.execute(_GIVE_UP_LOST, lost | _FREE)
        return len(self._connection.execute(_RELEASE_LOST, {"now": now, "state": RunState.QUEUED} | _FREE).all())

    def forget_before(self, moment: datetime) -> int:
        """Drop runs that were settled earlier than `moment`; how many."""
        return self._connection.execute(delete(RunRow).where(RunRow.finished_at < moment)).rowcount
