"""The alarm clock: APScheduler wakes us when a schedule may be due, and the store's cursor says what is due."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from suanli.clock import Clock
from suanli.domain.facts import BEAT
from suanli.domain.ports import Store
from suanli.domain.schedule import MOST_TRIES, Daily, Every, Schedule, next_after, plan

log = structlog.get_logger()

TICK = Every(timedelta(seconds=20))
"""How often every schedule is looked at whatever the alarms do: bounds lateness after a sleep or a clock step."""


class _Alarm(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Our trigger as APScheduler asks for it, so that it never counts intervals or clock changes its own way."""

    def __init__(self, trigger: Every | Daily) -> None:
        self._trigger = trigger

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """The next firing after `now`: what a long sleep left out is the plan's business, in one wake-up."""
        return next_after(self._trigger, now)


class _InPlace(BaseExecutor):  # type: ignore[misc]  # APScheduler ships no types
    """Calls a job in APScheduler's own thread with its nominal time, which no other hook sees (scheduler.md §B1).

    What a job raises goes to APScheduler, which logs it with its traceback and lives on; the next tick looks again.
    """

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        job.func(*job.args, run_times[-1])
        self._run_job_success(job.id, [])


class Scheduler:
    """Fires each schedule's runs in the store, each exactly once, however many schedulers share it.

    `wake` is called when a run was queued. The store is the only state: the alarms live in memory and are set anew
    at each start (a shared job store fires several times and dies of a locked file, scheduler.md §B1).
    """

    def __init__(
        self, store: Store, schedules: Sequence[Schedule], clock: Clock, wake: Callable[[], None], *, owner: str
    ) -> None:
        self._store = store
        self._schedules = schedules
        self._clock = clock
        self._wake = wake
        self._owner = owner
        self._beat: float | None = None
        self._alarms = BackgroundScheduler(
            executors={"default": _InPlace()}, job_defaults={"misfire_grace_time": None}, timezone=UTC
        )

    def start(self) -> None:
        """Declare the schedules, catch up, and set the alarms. An error of the store is raised: nothing has begun."""
        with self._store.begin() as tx:
            tx.runs.declare(self._schedules, self._clock.now())
        self.tick()
        for schedule in self._schedules:
            self._alarms.add_job(self.look, _Alarm(schedule.trigger), (schedule,), id=f"look {schedule.job}")
        self._alarms.add_job(self.tick, _Alarm(TICK), id="tick")
        self._alarms.start()

    def stop(self) -> None:
        """Let the alarm that is ringing end, and set no more."""
        if self._alarms.running:
            self._alarms.shutdown()

    def beat_age(self) -> timedelta | None:
        """How long ago the last tick went through, on the clock that never goes back; None before the first."""
        return None if self._beat is None else timedelta(seconds=self._clock.elapsed() - self._beat)

    def tick(self, nominal: datetime | None = None) -> None:
        """Show that this thread lives, queue again what a dead process left, and look at every schedule.

        `nominal` is the tick's own firing, as for `look`.
        """
        with self._store.begin() as tx:
            tx.facts.put(BEAT, self._owner, self._clock.now())
            lost = tx.runs.release_lost(self._clock.now(), most_tries=MOST_TRIES)
        if lost:
            log.warning("runs_lost", count=lost)
            self._wake()
        for schedule in self._schedules:
            self.look(schedule, nominal)
        self._beat = self._clock.elapsed()

    def look(self, schedule: Schedule, nominal: datetime | None = None) -> None:
        """Queue or write down as missed every firing since the cursor.

        `nominal` is the firing that woke us: it counts as come even where the clock stepped back across it just now.
        """
        now = self._clock.now() if nominal is None else max(nominal, self._clock.now())
        with self._store.begin() as tx:
            planned = plan(schedule, tx.runs.cursor(schedule.job), now)
            for at in planned.missed:
                tx.runs.miss(schedule.job, at, now)
            fired = [at for at in planned.run if tx.runs.fire(schedule.job, at, now) is not None]
        if planned.missed:
            log.warning("firings_missed", job=schedule.job, count=len(planned.missed), last_at=planned.missed[-1])
        if fired:
            self._wake()
