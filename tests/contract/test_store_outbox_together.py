"""The outbox with several processes at it at once, and one that dies."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime, timedelta

from storage.store import SqlStore
from suanli.domain.delivery import Parcel, Rate, uuid_of
from suanli.domain.ports import Store
from tests.fakes import NOON
from tests.parcels import FREE, LEASE, SECOND, claim, draft, keys, post, rates

STEP = SECOND / 20


def claim_and_die(url: str, now: datetime) -> None:
    """The life of a process that is killed between a claim and its settling."""
    with closing(SqlStore(url)) as store:
        assert keys(claim(store, now, owner="victim")) == ["k"]
        os.kill(os.getpid(), signal.SIGKILL)


def claim_and_die_inside(url: str, now: datetime) -> None:
    """The life of a process that is killed before its claim is committed."""
    with closing(SqlStore(url)) as store, store.begin() as tx:
        assert tx.outbox.claim(owner="victim", now=now, lease=LEASE, limit=1, rates=rates())
        os.kill(os.getpid(), signal.SIGKILL)


def die(life: Callable[[str, datetime], None], url: str) -> None:
    """Let a process live and see it killed."""
    process = multiprocessing.get_context("spawn").Process(target=life, args=(url, NOON))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def race(url: str, *, lane: Rate, whole: Rate, threads: int = 4, steps: int = 60) -> list[tuple[datetime, Parcel]]:
    """What several stores claim and send while the time goes on, each with its moment, in the order of sending."""
    together = threading.Barrier(threads)
    won: list[tuple[datetime, Parcel]] = []

    def run(number: int, store: Store) -> None:
        for step in range(steps):
            now = NOON + step * STEP
            together.wait(30)
            parcels = claim(store, now, owner=f"owner-{number}", rates=rates(lane, whole))
            won.extend((now, parcel) for parcel in parcels)
            with store.begin() as tx:
                assert all(tx.outbox.sent(parcel, None, now) for parcel in parcels)

    with ExitStack() as stack, ThreadPoolExecutor(threads) as pool:
        stores = [stack.enter_context(closing(SqlStore(url))) for _ in range(threads)]
        list(pool.map(run, range(threads), stores))
    return won


def most_in_a_window(moments: list[datetime], window: timedelta) -> int:
    return max(sum(start <= moment < start + window for moment in moments) for start in moments)


def test_four_claimers_never_get_the_same_message(store: Store, database_url: str) -> None:
    post(store, NOON, *(draft(f"k{number}", f"ou_{number % 50}") for number in range(200)))
    won = race(database_url, lane=FREE, whole=FREE, steps=40)
    assert sorted(parcel.key for _, parcel in won) == sorted(f"k{number}" for number in range(200))


def test_four_claimers_keep_the_rate_of_a_place_together_and_its_order(store: Store, database_url: str) -> None:
    post(store, NOON, *(draft(f"k{number:02}") for number in range(30)))
    won = race(database_url, lane=Rate(per=5, window=SECOND, burst=2), whole=FREE)
    assert most_in_a_window([now for now, _ in won], SECOND) <= 5
    assert len(won) >= 2 + 2 * 3
    assert [parcel.key for _, parcel in won] == [f"k{number:02}" for number in range(len(won))]


def test_four_claimers_keep_the_rate_of_the_platform_together(store: Store, database_url: str) -> None:
    post(store, NOON, *(draft(f"k{number}", f"ou_{number}") for number in range(100)))
    won = race(database_url, lane=FREE, whole=Rate(per=10, window=SECOND, burst=4))
    assert most_in_a_window([now for now, _ in won], SECOND) <= 10
    assert len(won) >= 4 + 2 * 6


def test_posting_and_settling_and_pausing_beside_claims_never_lock_up(store: Store, database_url: str) -> None:
    post(store, NOON, *(draft(f"k{number}", f"ou_{number % 4}") for number in range(40)))

    def churn(number: int, store: Store) -> int:
        sent = 0
        for step in range(30):
            # Each claim is long past its lease when the next one comes: settling meets claiming on the same rows.
            now = NOON + (step * 4 + number) * 2 * LEASE
            for parcel in claim(store, now, owner=f"owner-{number}", limit=4):
                with store.begin() as tx:
                    tx.outbox.pause(parcel.target.platform, parcel.target.lane, now)
                    sent += tx.outbox.sent(parcel, None, now)
        return sent

    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        stores = [stack.enter_context(closing(SqlStore(database_url))) for _ in range(4)]
        assert sum(pool.map(churn, range(4), stores)) == 40
    with store.begin() as tx:
        assert tx.outbox.depth().waiting == 0


def test_a_message_whose_process_was_killed_goes_to_another_after_the_lease_as_the_same_message(
    store: Store, database_url: str
) -> None:
    post(store, NOON, draft("k"))
    die(claim_and_die, database_url)
    assert claim(store, NOON + LEASE - SECOND) == ()
    (parcel,) = claim(store, NOON + LEASE)
    assert (parcel.uuid, parcel.attempts, parcel.first_tried_at) == (uuid_of("k"), 2, NOON)


def test_a_claim_whose_process_was_killed_before_the_commit_never_was(store: Store, database_url: str) -> None:
    post(store, NOON, draft("k"))
    die(claim_and_die_inside, database_url)
    (parcel,) = claim(store, NOON)
    assert (parcel.uuid, parcel.attempts) == (uuid_of("k"), 1)
