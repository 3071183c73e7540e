"""The real APScheduler on real time and the real store, with schedules of one second."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import pytest

from jobs.runner import Job, Runner
from jobs.scheduler import Scheduler
from suanli.clock import SystemClock
from suanli.domain.ports import Store
from suanli.domain.schedule import Every, JobName, Schedule
from tests.database import Database, opened
from tests.fakes import FaultyStore, PatientClock, eventually

SECOND = timedelta(seconds=1)
EACH_SECOND = Schedule(JobName("sample"), Every(SECOND))


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with opened(sqlite_url) as database:
        yield database


@contextmanager
def scheduling(store: Store, wake: Callable[[], None] = lambda: None, owner: str = "me") -> Iterator[None]:
    subject = Scheduler(store, (EACH_SECOND,), SystemClock(), wake, owner=owner)
    subject.start()
    try:
        yield
    finally:
        subject.stop()


def let_pass(seconds: float) -> None:
    threading.Event().wait(seconds)


def without_gap(database: Database) -> bool:
    slots = [at for at, _ in database.slots()]
    return slots == [slots[0] + n * SECOND for n in range(len(slots))]


def test_two_schedulers_on_one_file_make_every_slot_exactly_once_and_wake_the_runner(database: Database) -> None:
    clock, begun = PatientClock(), list[datetime]()

    def run(at: datetime) -> str:
        begun.append(at)
        return "done"

    runner = Runner(database.another_store(), [Job(EACH_SECOND, run)], clock, owner="runner")
    runner.start()
    with (
        scheduling(database.another_store(), runner.wake, "one"),
        scheduling(database.another_store(), runner.wake, "two"),
    ):
        assert eventually(lambda: len(begun) >= 3)
    assert runner.stop(5 * SECOND)
    assert without_gap(database)
    assert begun == [at for at, state in database.slots() if state == "ok"]


def test_the_alarms_outlive_a_store_that_fails_and_no_slot_is_left_out(database: Database) -> None:
    faulty = FaultyStore(database.store)
    with scheduling(faulty):
        assert eventually(lambda: len(database.slots()) >= 1)
        faulty.broken = True
        let_pass(1.3)
        assert len(database.slots()) == 1
        faulty.broken = False
        assert eventually(lambda: len(database.slots()) >= 2)
    assert without_gap(database)


def test_a_locked_file_delays_the_alarms_and_leaves_no_slot_out(database: Database) -> None:
    with scheduling(database.store), closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        assert eventually(lambda: len(database.slots()) >= 1)
        other.execute("BEGIN IMMEDIATE")
        let_pass(1.3)
        other.execute("COMMIT")
        assert eventually(lambda: len(database.slots()) >= 2)
    assert without_gap(database)
