"""The job runner: claims queued runs, runs them in threads, and writes down what came of them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bound_contextvars

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store
from suanli.domain.schedule import JobName, Run, RunId, Schedule, next_try

log = structlog.get_logger()

POLL = 1.0
"""Seconds between two looks for queued runs when nobody wakes us: another process may have queued one."""


@dataclass(frozen=True, slots=True)
class Job:
    """A schedule and what is done at its firings: `run` takes the nominal time and says what it did, if anything."""

    schedule: Schedule
    run: Callable[[datetime], str]


class Runner:
    """Runs jobs, each job once at a time, at least once a firing; a job's effects are its own to make idempotent.

    A run is leased while it goes on, and an owner that lost its lease can no longer settle it. `owner` is unique to
    this process and start.
    """

    def __init__(self, store: Store, jobs: Sequence[Job], clock: Clock, *, owner: str, threads: int = 2) -> None:
        self._store = store
        self._jobs = {job.schedule.job: job for job in jobs}
        self._leases = {job.schedule.job: job.schedule.lease for job in jobs}
        self._clock = clock
        self._owner = owner
        self._held: dict[RunId, Run] = {}
        self._stopping, self._over = threading.Event(), threading.Event()
        # A bell for each thread: of one in common, the first to hear it would still it for the others.
        self._bells = [threading.Event() for _ in range(threads)]
        self._workers = [
            threading.Thread(target=self._work, args=(bell,), name=f"runner-{n}", daemon=True)
            for n, bell in enumerate(self._bells)
        ]

    def start(self) -> None:
        """Begin to claim and run."""
        for worker in self._workers:
            worker.start()
        if self._leases:
            threading.Thread(target=self._keep, name="runner-leases", daemon=True).start()

    def wake(self) -> None:
        """Say that a run was queued."""
        for bell in self._bells:
            bell.set()

    def stop(self, grace: timedelta) -> bool:
        """Claim no more and wait for what runs; False when something still ran after `grace` (its lease will end)."""
        self._stopping.set()
        self.wake()
        deadline = self._clock.elapsed() + grace.total_seconds()
        for worker in self._workers:
            worker.join(max(0.0, deadline - self._clock.elapsed()))
        self._over.set()
        return not any(worker.is_alive() for worker in self._workers)

    def run_once(self, job: JobName) -> str:
        """Run a job now, in this thread and outside its schedule; what it says. Its errors are the caller's."""
        return self._jobs[job].run(self._clock.now())

    def step(self) -> bool:
        """Claim one run and see it through; False when none is due."""
        with self._store.begin() as tx:
            run = tx.runs.claim(owner=self._owner, now=self._clock.now(), leases=self._leases)
        if run is None:
            return False
        with bound_contextvars(job=run.job, run_id=run.id, attempt=run.attempt):
            self._held[run.id] = run
            try:
                self._see_through(run)
            finally:
                self._held.pop(run.id, None)
        return True

    def extend(self) -> None:
        """Prolong the lease of every run that goes on here."""
        for run in tuple(self._held.values()):
            with self._store.begin() as tx:
                ours = tx.runs.extend(run, self._clock.now() + self._leases[run.job])
            # One that has just been settled is not held any more, and was not lost.
            if not ours and self._held.pop(run.id, None) is not None:
                log.warning("run_lease_lost", job=run.job, run_id=run.id, attempt=run.attempt)

    def _see_through(self, run: Run) -> None:
        job = self._jobs[run.job]
        try:
            detail = job.run(run.scheduled_for)
        except RemoteError as error:
            retry_at = next_try(job.schedule, run, error, self._clock.now())
            log.warning("run_failed", error=str(error), retry_at=retry_at)
            self._failed(run, str(error), retry_at)
        except Exception as error:
            # Its text may hold anything; the log, where secrets are masked, has it with the traceback.
            log.exception("run_broke")
            self._failed(run, f"bug: {type(error).__name__}", None)
        else:
            self._finished(run, detail)

    def _finished(self, run: Run, detail: str) -> None:
        with self._store.begin() as tx:
            ours = tx.runs.finish(run, self._clock.now(), detail)
        if detail:
            log.info("run_finished", detail=detail, ours=ours)
        else:  # some jobs look every few seconds and mostly find nothing
            log.debug("run_finished", detail=detail, ours=ours)

    def _failed(self, run: Run, error: str, retry_at: datetime | None) -> None:
        with self._store.begin() as tx:
            tx.runs.fail(run, self._clock.now(), error, retry_at=retry_at)

    def _work(self, bell: threading.Event) -> None:
        while not self._stopping.is_set():
            if not self._survives(self.step):
                self._clock.wait(bell, POLL)
            # Stilled before the next look and not after it: what is queued from here on rings again.
            bell.clear()

    def _keep(self) -> None:
        pause = min(self._leases.values()).total_seconds() / 3
        while not self._clock.wait(self._over, pause):
            self._survives(self.extend)

    def _survives(self, step: Callable[[], bool | None]) -> bool:
        try:
            return bool(step())
        except Exception:
            log.exception("runner_broke")
            return False
