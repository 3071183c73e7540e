"""Schedules and runs of jobs, and small facts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from suanli.domain.schedule import JobName, Run, RunId, Schedule


class Runs(Protocol):
    """Schedules and runs of jobs: the truth about what is due; APScheduler only wakes us."""

    def declare(self, schedules: Sequence[Schedule], now: datetime) -> None:
        """Know these schedules; the cursor of a new one starts at `now`. Those of other processes stay as they are."""

    def cursor(self, job: JobName) -> datetime | None:
        """The last firing that was looked at."""

    def fire(self, job: JobName, scheduled_for: datetime, now: datetime) -> RunId | None:
        """Queue a run for a firing, exactly once however many ask; None when it is there already."""

    def miss(self, job: JobName, scheduled_for: datetime, now: datetime) -> None:
        """Write a firing down as missed, if nobody has done anything about it."""

    def claim(self, *, owner: str, now: datetime, leases: Mapping[JobName, timedelta]) -> Run | None:
        """Take the oldest due run whose job is not running elsewhere."""

    def extend(self, run: Run, until: datetime) -> bool:
        """Prolong a lease; False when the run is no longer ours."""

    def finish(self, run: Run, now: datetime, detail: str) -> bool:
        """Settle as done; False when the run is no longer ours."""

    def fail(self, run: Run, now: datetime, error: str, *, retry_at: datetime | None) -> bool:
        """Settle as failed, or queue the next try."""

    def release_lost(self, now: datetime, *, most_tries: int) -> int:
        """Queue again the runs whose owner went silent; how many. One that had `most_tries` is lost for good."""

    def forget_before(self, moment: datetime) -> int:
        """Drop settled runs older than `moment`; how many."""


class Facts(Protocol):
    """Small things learnt from outside, such as the bot's own id, and heartbeats: a name, a value, and its age."""

    def get(self, name: str) -> tuple[str, datetime] | None:
        """A value and when it was learnt."""

    def put(self, name: str, value: str, now: datetime) -> None:
        """Remember a value."""
