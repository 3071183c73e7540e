"""The delivery loop in its threads, on real time: waking, stopping, and outliving a store that fails."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from jobs.delivery import LEASE, Delivery
from suanli.clock import SystemClock
from suanli.domain.chat import Platform
from suanli.domain.delivery import OutboxDepth
from suanli.domain.ports import Store
from tests.fakes import BriskClock, FakeCourier, FaultyStore, PatientClock, eventually
from tests.outgoing import FAST, delivery, depth, keys, post


@contextmanager
def running(subject: Delivery) -> Iterator[Delivery]:
    subject.start()
    try:
        yield subject
    finally:
        assert subject.stop(timedelta(seconds=5))


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


def test_a_written_message_is_sent_when_the_loop_is_woken(store: Store) -> None:
    clock, courier = PatientClock(), FakeCourier()
    with running(delivery(store, courier, clock)) as subject:
        for n in range(3):
            post(store, clock, f"a{n}")
            subject.wake()
            assert eventually(lambda n=n: len(courier.sent) > n)  # type: ignore[misc]  # a default, bound in the loop


def test_a_message_that_another_process_wrote_is_found_without_a_wake(store: Store) -> None:
    clock, courier = SystemClock(), FakeCourier()
    with running(delivery(store, courier, clock)):
        post(store, clock, "a")
        assert eventually(lambda: keys(courier.sent) == ["a"])


def test_no_more_is_claimed_than_workers_can_send(store: Store) -> None:
    clock, courier = BriskClock(), FakeCourier()
    courier.gate.clear()
    post(store, clock, *"abcde")
    with running(delivery(store, courier, clock, workers=2)):
        assert eventually(lambda: len(courier.tried) == 2)
        with store.begin() as tx:
            rest = tx.outbox.claim(owner="other", now=clock.now(), lease=LEASE, limit=9, rates={Platform.FEISHU: FAST})
        assert len(rest) == 3
        courier.gate.set()


def test_stopping_lets_a_send_finish_and_settles_it(store: Store) -> None:
    clock, courier = BriskClock(), FakeCourier()
    courier.gate.clear()
    post(store, clock, "a")
    subject = delivery(store, courier, clock)
    subject.start()
    assert eventually(lambda: len(courier.tried) == 1)
    opener = threading.Timer(0.05, courier.gate.set)
    opener.start()
    assert subject.stop(timedelta(seconds=5))
    opener.join()
    assert depth(store) == OutboxDepth(0, None, 0)


def test_stopping_does_not_wait_longer_than_its_grace(store: Store) -> None:
    clock, courier = BriskClock(), FakeCourier()
    courier.gate.clear()
    post(store, clock, "a")
    subject = delivery(store, courier, clock)
    subject.start()
    assert eventually(lambda: len(courier.tried) == 1)
    assert not subject.stop(timedelta(milliseconds=20))
    courier.gate.set()
    assert eventually(lambda: depth(store).waiting == 0)


def test_the_loop_outlives_a_store_that_fails_for_a_while(store: Store) -> None:
    clock, courier, faulty = BriskClock(), FakeCourier(), FaultyStore(store)
    with capture_logs() as logs, running(delivery(faulty, courier, clock)):
        faulty.broken = True
        assert eventually(lambda: any(entry["event"] == "delivery_broke" for entry in logs))
        post(store, clock, "a")
        faulty.broken = False
        assert eventually(lambda: keys(courier.sent) == ["a"])


def test_two_deliveries_on_one_store_send_every_message_once(store: Store) -> None:
    clock, courier = BriskClock(), FakeCourier()
    post(store, clock, *(f"m{n}" for n in range(40)))
    with running(delivery(store, courier, clock, owner="one")), running(delivery(store, courier, clock, owner="two")):
        assert eventually(lambda: depth(store).waiting == 0)
    assert sorted(keys(courier.tried)) == sorted(f"m{n}" for n in range(40))
