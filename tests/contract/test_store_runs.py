from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime, timedelta

from storage.store import SqlStore
from suanli.domain.ports import Store
from suanli.domain.schedule import Every, JobName, Run, RunId, Schedule
from tests.fakes import NOON

MINUTE = timedelta(minutes=1)
STOCK, DIGEST = JobName("sample_stock"), JobName("digest")
LEASES = {STOCK: MINUTE, DIGEST: 10 * MINUTE}
LATER = NOON + timedelta(hours=1)


def declare(store: Store, *jobs: JobName, now: datetime = NOON) -> None:
    with store.begin() as tx:
        tx.runs.declare([Schedule(job, Every(MINUTE)) for job in jobs], now)


def cursor(store: Store, job: JobName = STOCK) -> datetime | None:
    with store.begin() as tx:
        return tx.runs.cursor(job)


def fire(store: Store, *slots: datetime, job: JobName = STOCK, now: datetime = NOON) -> list[RunId | None]:
    with store.begin() as tx:
        return [tx.runs.fire(job, slot, now) for slot in slots]


def claim(
    store: Store, now: datetime = NOON, *, owner: str = "me", leases: Mapping[JobName, timedelta] = LEASES
) -> Run | None:
    with store.begin() as tx:
        return tx.runs.claim(owner=owner, now=now, leases=leases)


def must_claim(store: Store, now: datetime = NOON, *, owner: str = "me") -> Run:
    run = claim(store, now, owner=owner)
    assert run is not None
    return run


def finish(store: Store, run: Run) -> bool:
    with store.begin() as tx:
        return tx.runs.finish(run, NOON, "3 models")


def fail(store: Store, run: Run, retry_at: datetime | None) -> bool:
    with store.begin() as tx:
        return tx.runs.fail(run, NOON, "boom", retry_at=retry_at)


def release_lost(store: Store, now: datetime) -> int:
    with store.begin() as tx:
        return tx.runs.release_lost(now, most_tries=3)


def test_a_new_schedule_looks_forward_from_now_and_a_known_one_keeps_its_place(store: Store) -> None:
    declare(store, STOCK)
    declare(store, STOCK, DIGEST, now=LATER)
    assert (cursor(store, STOCK), cursor(store, DIGEST)) == (NOON, LATER)


def test_a_process_with_fewer_jobs_leaves_the_schedules_of_others_alone(store: Store) -> None:
    declare(store, STOCK, DIGEST)
    declare(store, DIGEST, now=LATER)
    assert (cursor(store, STOCK), cursor(store, DIGEST)) == (NOON, NOON)


def test_a_firing_is_queued_once(store: Store) -> None:
    declare(store, STOCK)
    first = fire(store, NOON, NOON + MINUTE)
    assert len(set(first) - {None}) == 2
    assert fire(store, NOON, NOON + MINUTE) == [None, None]
    assert fire(store, NOON, job=DIGEST) != [None]


def test_firing_moves_the_cursor_forward_and_never_back(store: Store) -> None:
    declare(store, STOCK, DIGEST)
    fire(store, NOON + 2 * MINUTE)
    fire(store, NOON + MINUTE)
    assert (cursor(store, STOCK), cursor(store, DIGEST)) == (NOON + 2 * MINUTE, NOON)


def test_a_missed_firing_moves_the_cursor_and_is_neither_run_nor_fired_later(store: Store) -> None:
    declare(store, STOCK)
    with store.begin() as tx:
        tx.runs.miss(STOCK, NOON + MINUTE, LATER)
    assert cursor(store) == NOON + MINUTE
    assert fire(store, NOON + MINUTE) == [None]
    assert claim(store, LATER) is None


def test_a_firing_that_was_queued_is_not_missed(store: Store) -> None:
    declare(store, STOCK)
    (queued,) = fire(store, NOON + MINUTE)
    with store.begin() as tx:
        tx.runs.miss(STOCK, NOON + MINUTE, LATER)
    assert must_claim(store, LATER).id == queued


def test_the_oldest_due_run_is_claimed_first(store: Store) -> None:
    declare(store, STOCK, DIGEST)
    fire(store, NOON + MINUTE)
    (oldest,) = fire(store, NOON, job=DIGEST)
    assert must_claim(store, owner="me") == Run(RunId(oldest or 0), DIGEST, NOON, 1, "me")
    assert must_claim(store).scheduled_for == NOON + MINUTE
    assert claim(store) is None


def test_a_run_waits_until_it_is_available(store: Store) -> None:
    declare(store, STOCK)
    fire(store, NOON, now=NOON + MINUTE)
    assert claim(store, NOON) is None
    assert claim(store, NOON + MINUTE) is not None


def test_only_jobs_that_have_a_lease_are_claimed(store: Store) -> None:
    declare(store, STOCK, DIGEST)
    fire(store, NOON)
    assert claim(store, leases={DIGEST: MINUTE}) is None
    assert claim(store, leases={}) is None


def test_a_job_never_runs_beside_itself_and_does_not_hold_up_another(store: Store) -> None:
    declare(store, STOCK, DIGEST)
    fire(store, NOON, NOON + MINUTE)
    fire(store, NOON + 2 * MINUTE, job=DIGEST)
    running = must_claim(store)
    assert must_claim(store).job == DIGEST
    assert claim(store) is None
    finish(store, running)
    assert must_claim(store).scheduled_for == NOON + MINUTE


def test_a_run_whose_lease_is_over_holds_up_nobody(store: Store) -> None:
    declare(store, STOCK)
    fire(store, NOON, NOON + MINUTE)
    must_claim(store)
    assert claim(store, NOON + LEASES[STOCK] - timedelta(seconds=1)) is None
    assert must_claim(store, NOON + LEASES[STOCK]).scheduled_for == NOON + MINUTE


def test_a_finished_run_is_over(store: Store) -> None:
    declare(store, STOCK)
    fire(store, NOON)
    run = must_claim(store)
    assert finish(store, run)
    assert not finish(store, run)
    assert claim(store, LATER) is None


def test_a_failed_run_is_over_unless_it_is_to_be_retried(store: Store) -> None:
    declare(store, STOCK)
    fire(store, NOON)
    assert fail(store, must_claim(store), NOON + 5 * MINUTE)
    assert claim(store, NOON + 4 * MINUTE) is None
    second = must_claim(store, NOON + 5 * MINUTE)
    assert second.attempt == 2
    assert fail(store, second, None)
    assert claim(store, LATER) is None


def test_a_run_whose_owner_went_silent_is_queued_again_with_its_try_counted(store: Store) -> None:
    declare(store, STOCK)
    fire(store, NOON)
    silent = must_claim(store, owner="silent")
    assert release_lost(store, NOON + LEASES[STOCK] - timedelta(seconds=1)) == 0
    assert release_lost(store, NOON + LEASES[STOCK]) == 1
    assert release_lost(store, LATER) == 0
    second = must_claim(store, NOON + LEASES[STOCK], owner="other")
    assert (second.id, second.attempt, second.owner) == (silent.id, 2, "other")


def test_a_run_that_outlived_too_many_owners_is_lost_for_good(store: Store) -> None:
    declare(store, STOCK)
    fire(store, NOON)
    now = NOON
    for expected in (1, 1, 0):
        must_claim(store, now, owner=f"dies at {now}")
        now += LEASES[STOCK]
        assert release_lost(store, now) == expected
    assert claim(store, now) is None
    fire(store, now)
    assert must_claim(store, now).scheduled_for == now


def test_an_owner_that_was_overtaken_settles_nothing(store: Store) -> None:
    declare(store, STOCK)
    fire(store, NOON)
    zombie = must_claim(store)
    release_lost(store, LATER)
    with store.begin() as tx:
        assert not tx.runs.extend(zombie, LATER)
    current = must_claim(store, LATER)
    assert not finish(store, zombie)
    assert not fail(store, zombie, None)
    assert finish(store, current)


def test_a_prolonged_lease_keeps_a_run(store: Store) -> None:
    declare(store, STOCK)
    fire(store, NOON)
    run = must_claim(store)
    with store.begin() as tx:
        assert tx.runs.extend(run, LATER)
    assert release_lost(store, LATER - MINUTE) == 0
    assert release_lost(store, LATER) == 1


def test_settled_runs_are_forgotten_and_open_ones_kept(store: Store) -> None:
    declare(store, STOCK, DIGEST)
    fire(store, NOON, NOON + MINUTE)
    fire(store, NOON, job=DIGEST)
    with store.begin() as tx:
        tx.runs.miss(DIGEST, NOON + MINUTE, NOON)
    finish(store, must_claim(store))
    with store.begin() as tx:
        assert tx.runs.forget_before(NOON) == 0
        assert tx.runs.forget_before(NOON + MINUTE) == 2
    assert {must_claim(store).job, must_claim(store).job} == {STOCK, DIGEST}


def test_two_schedulers_that_fire_the_same_firings_fire_each_once(store: Store, database_url: str) -> None:
    slots = [NOON + number * MINUTE for number in range(50)]
    declare(store, STOCK, DIGEST)

    def fire_all(store: Store) -> list[RunId | None]:
        return [each for slot in slots for job in (STOCK, DIGEST) for each in fire(store, slot, job=job)]

    with ExitStack() as stack, ThreadPoolExecutor(2) as threads:
        stores = [stack.enter_context(closing(SqlStore(database_url))) for _ in range(2)]
        one, two = threads.map(fire_all, stores)
    won = [each for each in (*one, *two) if each is not None]
    assert len(won) == len(set(won)) == 2 * len(slots)
    assert (cursor(store, STOCK), cursor(store, DIGEST)) == (slots[-1], slots[-1])


def test_four_workers_share_the_runs_and_never_run_a_job_beside_itself(store: Store, database_url: str) -> None:
    declare(store, STOCK, DIGEST)
    slots = [NOON + number * MINUTE for number in range(20)]
    fire(store, *slots)
    fire(store, *slots, job=DIGEST)
    running: set[JobName] = set()
    done: list[RunId] = []

    def work(store: Store) -> None:
        for _ in range(1000):
            run = claim(store)
            if run is not None:
                assert run.job not in running
                running.add(run.job)
                with store.begin() as tx:
                    assert tx.runs.extend(run, LATER)
                running.remove(run.job)
                done.append(run.id)
                assert finish(store, run)
            elif len(done) == 2 * len(slots):
                return

    with ExitStack() as stack, ThreadPoolExecutor(4) as threads:
        stores = [stack.enter_context(closing(SqlStore(database_url))) for _ in range(4)]
        list(threads.map(work, stores))
    assert len(done) == len(set(done)) == 2 * len(slots)
