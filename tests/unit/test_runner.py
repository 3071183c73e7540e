"""The job runner over the real store: what a run becomes, and whose it is."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from jobs.runner import Job, Runner
from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store
from suanli.domain.schedule import Every, JobName, Schedule
from tests.database import Database, opened
from tests.fakes import NOON, BriskClock, FakeClock, FaultyStore, PatientClock, eventually

NAME = JobName("sample")
LEASE = timedelta(minutes=5)
GRACE = timedelta(seconds=5)


def job(run: Callable[[datetime], str], *, retries: int = 0) -> Job:
    trigger = Every(timedelta(minutes=5))
    return Job(Schedule(NAME, trigger, retries=retries, retry_after=timedelta(minutes=1), lease=LEASE), run)


def queue(store: Store, subject: Job, clock: Clock, at: datetime = NOON) -> None:
    with store.begin() as tx:
        tx.runs.declare([subject.schedule], clock.now())
        assert tx.runs.fire(subject.schedule.job, at, clock.now()) is not None


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with opened(sqlite_url) as database:
        yield database


def test_a_run_gets_its_nominal_time_and_leaves_what_it_says(database: Database, clock: FakeClock) -> None:
    given: list[datetime] = []

    def run(at: datetime) -> str:
        given.append(at)
        return "12 rows"

    subject = job(run)
    queue(database.store, subject, clock, NOON - timedelta(minutes=3))
    assert Runner(database.store, [subject], clock, owner="me").step()
    assert given == [NOON - timedelta(minutes=3)]
    assert database.runs() == [("sample", "ok", 1, "12 rows")]


def test_nothing_is_run_twice(database: Database, clock: FakeClock) -> None:
    subject = job(lambda _: "done")
    queue(database.store, subject, clock)
    runner = Runner(database.store, [subject], clock, owner="me")
    assert [runner.step(), runner.step()] == [True, False]


def failing(*errors: Exception) -> Callable[[datetime], str]:
    script = list(errors)

    def run(_: datetime) -> str:
        if script:
            raise script.pop(0)
        return "done"

    return run


def test_a_failed_run_is_tried_again_after_its_pause(database: Database, clock: FakeClock) -> None:
    subject = job(failing(RemoteError("Grafana is down")), retries=1)
    queue(database.store, subject, clock)
    runner = Runner(database.store, [subject], clock, owner="me")
    assert runner.step()
    assert not runner.step()
    clock.advance(timedelta(minutes=1))
    assert runner.step()
    assert database.runs() == [("sample", "ok", 2, "done")]


def test_a_run_whose_tries_are_used_up_stays_failed_with_its_error(database: Database, clock: FakeClock) -> None:
    subject = job(failing(*[RemoteError("Grafana is down")] * 9), retries=2)
    queue(database.store, subject, clock)
    runner = Runner(database.store, [subject], clock, owner="me")
    for _ in range(5):
        runner.step()
        clock.advance(timedelta(minutes=1))
    assert database.runs() == [("sample", "failed", 3, "Grafana is down")]


def test_a_failure_that_waiting_cannot_heal_is_not_tried_again(database: Database, clock: FakeClock) -> None:
    subject = job(failing(RemoteError("no such panel", permanent=True)), retries=5)
    queue(database.store, subject, clock)
    Runner(database.store, [subject], clock, owner="me").step()
    assert database.runs() == [("sample", "failed", 1, "no such panel")]


def test_a_bug_in_a_job_is_logged_and_its_text_kept_out_of_the_store(database: Database, clock: FakeClock) -> None:
    subject = job(failing(KeyError("token=secret")), retries=5)
    queue(database.store, subject, clock)
    with capture_logs() as logs:
        assert Runner(database.store, [subject], clock, owner="me").step()
    assert database.runs() == [("sample", "failed", 1, "bug: KeyError")]
    assert [entry["exc_info"] for entry in logs if entry["event"] == "run_broke"] == [True]


def test_a_long_run_keeps_its_lease_while_it_is_prolonged(database: Database, clock: FakeClock) -> None:
    lost: list[int] = []

    def slow(_: datetime) -> str:
        for _again in range(3):
            clock.advance(LEASE - timedelta(seconds=1))
            runner.extend()
            with database.store.begin() as tx:
                lost.append(tx.runs.release_lost(clock.now(), most_tries=9))
        return "at last"

    subject = job(slow)
    queue(database.store, subject, clock)
    runner = Runner(database.store, [subject], clock, owner="me")
    runner.step()
    assert lost == [0, 0, 0]
    assert database.runs() == [("sample", "ok", 1, "at last")]


def test_a_run_that_was_taken_over_can_no_longer_be_settled_by_its_first_owner(
    database: Database, clock: FakeClock
) -> None:
    def hang(_: datetime) -> str:
        clock.advance(LEASE + timedelta(seconds=1))
        with database.store.begin() as tx:
            assert tx.runs.release_lost(clock.now(), most_tries=9) == 1
        assert Runner(database.store, [job(lambda _: "by another")], clock, owner="other").step()
        first.extend()
        return "by the first"

    subject = job(hang)
    queue(database.store, subject, clock)
    first = Runner(database.store, [subject], clock, owner="first")
    first.step()
    assert database.runs() == [("sample", "ok", 2, "by another")]


def test_the_lease_is_prolonged_by_itself(database: Database) -> None:
    clock, go_on = BriskClock(), threading.Event()
    subject = job(lambda _: f"waited {go_on.wait(5)}")
    queue(database.store, subject, clock, clock.now())
    runner = Runner(database.store, [subject], clock, owner="me")
    runner.start()
    assert eventually(lambda: database.leases() != [])
    first = database.leases()
    assert eventually(lambda: database.leases() > first)
    go_on.set()
    assert runner.stop(GRACE)


def test_a_queued_run_starts_when_the_runner_is_woken(database: Database) -> None:
    clock, done = PatientClock(), threading.Event()

    def run(_: datetime) -> str:
        done.set()
        return "done"

    subject = job(run)
    runner = Runner(database.store, [subject], clock, owner="me")
    runner.start()
    queue(database.store, subject, clock, clock.now())
    runner.wake()
    assert done.wait(5)
    assert runner.stop(GRACE)


def test_a_runner_that_was_woken_for_nothing_sleeps_again(database: Database) -> None:
    clock = PatientClock()
    runner = Runner(database.store, [job(failing())], clock, owner="me")
    runner.start()
    runner.wake()
    threading.Event().wait(0.1)
    assert clock.waits < 10
    assert runner.stop(GRACE)


def test_stopping_waits_for_the_run_and_lets_it_settle(database: Database) -> None:
    clock, begun, go_on = BriskClock(), threading.Event(), threading.Event()

    def run(_: datetime) -> str:
        begun.set()
        return f"waited {go_on.wait(5)}"

    subject = job(run)
    queue(database.store, subject, clock, clock.now())
    runner = Runner(database.store, [subject], clock, owner="me")
    runner.start()
    assert begun.wait(5)
    assert not runner.stop(timedelta(milliseconds=20))
    go_on.set()
    assert runner.stop(GRACE)
    assert database.runs() == [("sample", "ok", 1, "waited True")]


def test_nothing_is_begun_after_stopping(database: Database) -> None:
    clock = BriskClock()
    subject = job(lambda _: "done")
    runner = Runner(database.store, [subject], clock, owner="me")
    runner.start()
    assert runner.stop(GRACE)
    queue(database.store, subject, clock, clock.now())
    runner.wake()
    assert database.runs() == [("sample", "queued", 0, "")]


def test_the_runner_outlives_a_store_that_fails_for_a_while(database: Database) -> None:
    clock, faulty = BriskClock(), FaultyStore(database.store)
    subject = job(lambda _: "done")
    runner = Runner(faulty, [subject], clock, owner="me")
    with capture_logs() as logs:
        faulty.broken = True
        runner.start()
        assert eventually(lambda: len([entry for entry in logs if entry["event"] == "runner_broke"]) > 2)
        faulty.broken = False
        queue(database.store, subject, clock, clock.now())
        assert eventually(lambda: database.runs() == [("sample", "ok", 1, "done")])
        assert runner.stop(GRACE)


def test_a_run_by_hand_says_what_it_did_and_raises_what_failed(database: Database, clock: FakeClock) -> None:
    runner = Runner(database.store, [job(failing(RemoteError("down")))], clock, owner="me")
    with pytest.raises(RemoteError, match="down"):
        runner.run_once(NAME)
    assert runner.run_once(NAME) == "done"
    assert database.runs() == []
