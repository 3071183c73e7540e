"""Read the hubs: what is due of each, in threads of its own; what changed is written down and told."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from handlers.releases import trouble
from handlers.releases.news import absorb, lock_of
from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store, Transaction, Upstream
from suanli.domain.releases import Allowance, Hub, Item, Part, Place, Reading, Tracked, Validator
from suanli.domain.releases.failures import Blocked, Drift, Missing, Resting, Strange
from suanli.domain.releases.resources import Status, after_failure, after_reading
from suanli.domain.site import Site

log = structlog.get_logger()

AT_ONCE = 1000
"""Resources of one run; what is due besides comes with the next."""

BUDGET = timedelta(minutes=4)
"""After so long a run begins with no further resource."""

MOST_WAITING = 32
"""Readings that may wait to be written: where more come, the threads that bring them wait, too."""


class Hostkeeper(Protocol):
    """What counts the requests to a host."""

    @property
    def allowance(self) -> Allowance:
        """What the host said last."""

    def rest(self) -> timedelta:
        """How long the host is not to be asked from now on; zero when it may be."""


@dataclass(frozen=True, slots=True)
class Source:
    """A hub: what reads it, what counts its requests, and how many at once it may be asked."""

    upstream: Upstream
    gate: Hostkeeper
    threads: int


@dataclass(slots=True)
class _Run:
    """What came of a run so far; threads add to it. `room` is there for readings that wait for the `writer`."""

    ends_at: datetime
    writer: Executor
    read: int = 0
    failed: int = 0
    changes: int = 0
    resting: set[Hub] = field(default_factory=set)
    room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_WAITING))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def was_read(self, changes: int) -> None:
        """Count a resource that was read, and what changed there."""
        with self._lock:
            self.read += 1
            self.changes += changes

    def has_failed(self) -> None:
        """Count a resource that could not be read."""
        with self._lock:
            self.failed += 1


@dataclass(frozen=True, slots=True)
class ReadReleases:
    """Reads every resource that is due; each is a transaction of its own, so that one that fails is alone with it.

    `pool` makes what runs so many things at once, under a name.
    """

    store: Store
    sources: Mapping[Hub, Source]
    site: Site
    clock: Clock
    interval: timedelta
    pool: Callable[[int, str], Executor] = ThreadPoolExecutor

    def run(self, _scheduled_for: datetime) -> str:
        """Read what is due; what came of it."""
        due = self._due()
        if not due:
            return ""
        with self.pool(1, "releases-store") as writer:
            run = _Run(self.clock.now() + BUDGET, writer)
            looks = self._looks(due, run)
        with self.store.begin() as tx:
            for source in self.sources.values():
                tx.allowances.save(source.gate.allowance)
            trouble.tell_operators(tx, self.site, self.clock.now())
        for look in looks:
            written = look.result()  # a bug in one of them is the run's, after all that is to be said of the others
            if written is not None:
                written.result()
        return f"{run.read} read, {run.failed} failed, {run.changes} changes of {len(due)} due"

    def _looks(
        self, due: Sequence[tuple[Tracked, Mapping[str, Validator]]], run: _Run
    ) -> Sequence[Future[Future[None] | None]]:
        """A look at everything that is due, by each hub's own threads; all of them are over."""
        hubs = [hub for hub in self.sources if any(each.place.hub is hub for each, _ in due)]
        pools = [(hub, self.pool(self.sources[hub].threads, f"releases-{hub}")) for hub in hubs]
        try:
            return [
                pool.submit(self._look, each, validators, run)
                for hub, pool in pools
                for each, validators in due
                if each.place.hub is hub
            ]
        finally:
            for _, pool in pools:
                pool.shutdown()

    def hurry(self) -> None:
        """Let everything be due that did not fail last time: somebody asked for a look now."""
        with self.store.begin() as tx:
            now = self.clock.now()
            tx.resources.need(needed(tx), now)
            for tracked in tx.resources.all():
                if not tracked.failures:
                    tx.resources.hurry(tracked.id, now)

    def _due(self) -> Sequence[tuple[Tracked, Mapping[str, Validator]]]:
        """What is due, with its validators: read here, where no thread waits for another to do the same."""
        with self.store.begin() as tx:
            now = self.clock.now()
            tx.resources.need(needed(tx), now)
            # A host that rests must not fill the run with what cannot be asked.
            awake = [hub for hub, source in self.sources.items() if not source.gate.rest()]
            due = tx.resources.due(now, AT_ONCE, awake)
            return [(each, tx.resources.validators(each.id)) for each in due]

    def _look(self, tracked: Tracked, validators: Mapping[str, Validator], run: _Run) -> Future[None] | None:
        """Read a resource; what was read is written by the run's own thread, so that this one can read on."""
        if tracked.place.hub in run.resting or self.clock.now() >= run.ends_at:
            return None
        try:
            source = self.sources[tracked.place.hub]
            reading = source.upstream.read(tracked, validators, self._recall(tracked))
        except Resting as error:
            # Not the resource's fault: it stays due, and goes first when the host can be asked again.
            run.resting.add(tracked.place.hub)
            log.info("host_rests", hub=tracked.place.hub, error=str(error))
        except RemoteError as error:
            run.has_failed()
            self._failed(tracked, error)
        else:
            run.room.acquire()
            return run.writer.submit(self._write, tracked, reading, run)
        return None

    def _write(self, tracked: Tracked, reading: Reading, run: _Run) -> None:
        try:
            run.was_read(self._absorb(tracked, reading))
        finally:
            run.room.release()

    def _recall(self, tracked: Tracked) -> Callable[[Sequence[str]], Mapping[str, Item]]:
        def recall(native_ids: Sequence[str]) -> Mapping[str, Item]:
            with self.store.begin() as tx:
                known = tx.resources.items(tracked.id, native_ids or None)
            return {native_id: each.item for native_id, each in known.items()}

        return recall

    def _absorb(self, tracked: Tracked, reading: Reading) -> int:
        with self.store.begin() as tx:
            tx.lock(lock_of(tracked))
            now = self.clock.now()
            current = _current(tx, tracked)
            if current.read_at != tracked.read_at:
                # Another process has read it meanwhile, and stands by what it saw: cursor, validators and name.
                return 0
            return absorb(tx, self.site, current, reading, now, lambda t: after_reading(t, reading, self.interval, now))

    def _failed(self, tracked: Tracked, error: RemoteError) -> None:
        log.warning("release_not_read", place=tracked.place.word, part=tracked.part, error=str(error))
        with self.store.begin() as tx:
            tx.lock(lock_of(tracked))
            now = self.clock.now()
            current = _current(tx, tracked)
            if current.read_at != tracked.read_at:
                return
            failed = after_failure(
                current,
                str(error),
                now,
                interval=self.interval,
                status=_status(error),
                drift=isinstance(error, Drift),
            )
            if error.retry_after:
                failed = replace(failed, next_at=max(failed.next_at, now + error.retry_after))
            tx.resources.save(failed)
            trouble.tell_lost(tx, self.site, current, failed, now)


def _current(tx: Transaction, tracked: Tracked) -> Tracked:
    """Where the resource stands now: a webhook may have brought news of it meanwhile, another part its new name."""
    found = tx.resources.find(tracked.place, tracked.part)
    if found is not None and found.id == tracked.id:
        return found
    return next((each for each in tx.resources.all() if each.id == tracked.id), tracked)


def _status(error: RemoteError) -> Status:
    match error:
        case Missing():
            return Status.MISSING
        case Blocked():
            return Status.BLOCKED
        case Strange():
            return Status.STRANGE
        case _:
            return Status.FAILING


def needed(tx: Transaction) -> Mapping[Place, Sequence[Part]]:
    """What must be read for all watches together."""
    found: dict[Place, set[Part]] = {}
    for watch in tx.watches.all():
        found.setdefault(watch.place, set()).update(watch.parts)
    return {place: sorted(parts) for place, parts in found.items()}
