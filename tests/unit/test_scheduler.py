"""What a tick does over the real store: slots become rows, each once, whatever the clock did in between."""

from collections.abc import Iterator
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.scheduler import Scheduler
from suanli.domain.facts import BEAT
from suanli.domain.schedule import CatchUp, Daily, Every, JobName, Schedule
from tests.database import Database, opened
from tests.fakes import NOON, FakeClock, FaultyStore

FIVE_MINUTES = timedelta(minutes=5)
SAMPLE = Schedule(JobName("sample"), Every(FIVE_MINUTES))


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with opened(sqlite_url) as database:
        yield database


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON + timedelta(seconds=7))


class Woken:
    """Counts how often it was called."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def scheduler(
    database: Database, clock: FakeClock, *schedules: Schedule, wake: Woken | None = None, owner: str = "me"
) -> Scheduler:
    subject = Scheduler(database.store, schedules or (SAMPLE,), clock, wake or Woken(), owner=owner)
    with database.store.begin() as tx:
        tx.runs.declare(schedules or (SAMPLE,), clock.now())
    return subject


def test_a_new_schedule_begins_with_its_next_firing(database: Database, clock: FakeClock) -> None:
    subject = scheduler(database, clock)
    subject.tick()
    assert database.slots() == []
    clock.advance(FIVE_MINUTES)
    subject.tick()
    assert database.slots() == [(NOON + FIVE_MINUTES, "queued")]


def test_a_doubled_tick_changes_nothing(database: Database, clock: FakeClock) -> None:
    woken = Woken()
    subject = scheduler(database, clock, wake=woken)
    clock.advance(FIVE_MINUTES)
    for _ in range(3):
        subject.tick()
    assert database.slots() == [(NOON + FIVE_MINUTES, "queued")]
    assert woken.times == 1


def test_a_clock_that_jumps_ahead_leaves_missed_firings_and_one_run(database: Database, clock: FakeClock) -> None:
    subject = scheduler(database, clock)
    clock.step_to(clock.now() + 4 * FIVE_MINUTES)
    subject.tick()
    assert database.slots() == [
        (NOON + 1 * FIVE_MINUTES, "missed"),
        (NOON + 2 * FIVE_MINUTES, "missed"),
        (NOON + 3 * FIVE_MINUTES, "missed"),
        (NOON + 4 * FIVE_MINUTES, "queued"),
    ]


def test_a_restart_goes_on_where_the_last_start_ended(database: Database, clock: FakeClock) -> None:
    scheduler(database, clock).tick()
    clock.advance(2 * FIVE_MINUTES)
    scheduler(database, clock, owner="after").tick()
    assert database.slots() == [(NOON + FIVE_MINUTES, "missed"), (NOON + 2 * FIVE_MINUTES, "queued")]


def test_a_clock_that_jumps_back_repeats_nothing_and_goes_on(database: Database, clock: FakeClock) -> None:
    subject = scheduler(database, clock)
    for _ in range(3):
        clock.advance(FIVE_MINUTES)
        subject.tick()
    clock.step_to(clock.now() - 2 * FIVE_MINUTES)
    for _ in range(3):
        subject.tick()
        clock.advance(FIVE_MINUTES)
    subject.tick()
    assert database.slots() == [(NOON + n * FIVE_MINUTES, "queued") for n in range(1, 5)]


def test_a_schedule_declared_under_a_clock_ahead_still_fires_on_time(database: Database, clock: FakeClock) -> None:
    clock.step_to(clock.now() + timedelta(hours=8))
    subject = scheduler(database, clock)
    clock.step_to(NOON + FIVE_MINUTES + timedelta(seconds=1))
    subject.tick()
    assert database.slots() == [(NOON + FIVE_MINUTES, "queued")]


def test_a_schedule_that_another_version_does_not_know_still_fires_here(database: Database, clock: FakeClock) -> None:
    here = scheduler(database, clock)
    scheduler(database, clock, Schedule(JobName("renamed"), Every(timedelta(hours=9)))).tick()
    clock.advance(FIVE_MINUTES)
    here.tick()
    assert database.slots() == [(NOON + FIVE_MINUTES, "queued")]


def test_what_is_older_than_its_grace_is_missed(database: Database, clock: FakeClock) -> None:
    daily = Schedule(JobName("check"), Daily(time(13), ZoneInfo("Asia/Shanghai")), grace=timedelta(minutes=30))
    subject = scheduler(database, clock, daily)
    clock.advance(timedelta(hours=2))
    subject.tick()
    assert database.slots() == [(NOON + timedelta(hours=1), "missed")]


def test_a_schedule_that_skips_runs_nothing_late(database: Database, clock: FakeClock) -> None:
    subject = scheduler(database, clock, Schedule(JobName("sample"), Every(FIVE_MINUTES), CatchUp.SKIP))
    clock.advance(FIVE_MINUTES + timedelta(minutes=2))
    subject.tick()
    clock.advance(timedelta(minutes=3))
    subject.tick()
    assert database.slots() == [(NOON + FIVE_MINUTES, "missed"), (NOON + 2 * FIVE_MINUTES, "queued")]


def test_the_firing_that_rang_counts_even_if_the_clock_stepped_back_across_it(
    database: Database, clock: FakeClock
) -> None:
    subject = scheduler(database, clock)
    clock.step_to(NOON + FIVE_MINUTES - timedelta(milliseconds=300))
    subject.look(SAMPLE, NOON + FIVE_MINUTES)
    assert database.slots() == [(NOON + FIVE_MINUTES, "queued")]


def test_many_schedulers_make_each_slot_once(database: Database, clock: FakeClock) -> None:
    several = [scheduler(database, clock, owner=f"s{n}") for n in range(4)]
    for _ in range(6):
        clock.advance(FIVE_MINUTES)
        for subject in several:
            subject.tick()
    assert database.slots() == [(NOON + n * FIVE_MINUTES, "queued") for n in range(1, 7)]


def test_a_tick_queues_again_what_a_dead_process_was_running(database: Database, clock: FakeClock) -> None:
    woken = Woken()
    subject = scheduler(database, clock, wake=woken)
    with database.store.begin() as tx:
        tx.runs.fire(SAMPLE.job, NOON, clock.now())
        assert tx.runs.claim(owner="dead", now=clock.now(), leases={SAMPLE.job: SAMPLE.lease})
    clock.advance(SAMPLE.lease + timedelta(seconds=1))
    subject.tick()
    assert database.slots() == [(NOON, "queued"), (NOON + FIVE_MINUTES, "queued")]
    assert woken.times == 2


def test_a_tick_leaves_its_beat(database: Database, clock: FakeClock) -> None:
    subject = scheduler(database, clock)
    assert subject.beat_age() is None
    subject.tick()
    clock.advance(timedelta(seconds=30))
    assert subject.beat_age() == timedelta(seconds=30)
    with database.store.begin() as tx:
        assert tx.facts.get(BEAT) == ("me", clock.now() - timedelta(seconds=30))


def test_a_tick_that_fails_leaves_no_beat(database: Database, clock: FakeClock) -> None:
    faulty = FaultyStore(database.store)
    subject = Scheduler(faulty, (SAMPLE,), clock, Woken(), owner="me")
    faulty.broken = True
    with pytest.raises(OSError, match="locked"):
        subject.tick()
    assert subject.beat_age() is None


def test_stopping_what_was_never_started_is_nothing(database: Database, clock: FakeClock) -> None:
    scheduler(database, clock).stop()
