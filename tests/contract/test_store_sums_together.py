"""Sums with writers, appliers and readers at once: nothing is lost or counted twice, and nobody waits in a circle."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from random import Random
from typing import TypeVar

import pytest
from sqlalchemy import text

from storage.store import SqlStore
from storage.sum_tail import append
from suanli.domain.cost.sums import Dimension, Grain, Line
from suanli.domain.ports import Store
from tests.contract.cost_kit import CNY
from tests.contract.record_kit import costs, everything
from tests.contract.sum_kit import DAY, ONE, ask, connected, key, put_by, requests, tell, waiting
from tests.fakes import NOON

MINUTE = timedelta(minutes=1)
Result = TypeVar("Result")
ON_POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.service("postgres"))], indirect=True
)
"""On SQLite, one transaction writes at a time."""


def at_once(url: str, *works: Callable[[Store], Result]) -> list[Result]:
    """What each of these gives, all begun together, each with a store of its own."""
    start = threading.Barrier(len(works))

    def run(store: Store, work: Callable[[Store], Result]) -> Result:
        start.wait(30)
        return work(store)

    with ExitStack() as stack, ThreadPoolExecutor(len(works)) as pool:
        stores = [stack.enter_context(closing(SqlStore(url))) for _ in works]
        return list(pool.map(run, stores, works))


def apply_until(stop: threading.Event, limit: int) -> Callable[[Store], int]:
    """Put by, again and again, until all is told and nothing is left."""

    def work(store: Store) -> int:
        moved, is_over = 0, False
        while True:
            more = put_by(store, limit)
            moved += more
            if is_over and not more:
                return moved
            is_over = stop.is_set()  # asked before the next look: what was told until then is seen by it

    return work


def test_appliers_with_the_same_keys_in_any_order_add_each_row_once(store: Store, database_url: str) -> None:
    dice = Random(7)  # noqa: S311 an order of writing is no secret
    users, models = [f"u{n}" for n in range(12)], [f"m{n}" for n in range(5)]
    everyday = [key(NOON + day * DAY, user=user, model=model) for user in users for model in models for day in range(3)]
    for _ in range(6):
        dice.shuffle(everyday)
        tell(database_url, [(each, ONE) for each in everyday])
    done = threading.Event()
    done.set()
    moved = at_once(database_url, *(apply_until(done, 40) for _ in range(6)))
    assert sum(moved) == 6 * 180
    assert waiting(database_url) == 0
    assert requests(store, by=Dimension.USER) == dict.fromkeys(users, 90)
    assert requests(store, Grain.HOUR, by=Dimension.MODEL, until=NOON + MINUTE * 60) == {
        f"11-20T04 {model}": 72 for model in models
    }


def test_a_reader_sees_each_record_once_at_any_moment(store: Store, database_url: str) -> None:
    written, stop = [0], threading.Event()

    def write(_: Store) -> Sequence[tuple[int, int, int]]:
        for n in range(150):
            tell(database_url, [(key(NOON + n * MINUTE, user=f"u{n % 7}"), ONE), (key(user="twin"), ONE)])
            written[0] += 1
        stop.set()
        return ()

    def read(mine: Store) -> Sequence[tuple[int, int, int]]:
        seen = []
        while not stop.is_set():
            before = written[0]
            lines = {line.value: line.sum.requests for line in ask(mine, by=Dimension.USER)}
            twins = lines.pop("twin", 0)
            seen.append((before, twins, sum(lines.values())))
        return seen

    def put(mine: Store) -> Sequence[tuple[int, int, int]]:
        apply_until(stop, 3)(mine)
        return ()

    seen = [each for found in at_once(database_url, write, read, put, put) for each in found]
    assert seen
    for before, twins, others in seen:
        assert twins == others
        # One more may be committed, and not yet counted as written.
        assert before <= twins <= 150
    assert (waiting(database_url), requests(store)) == (0, {"": 300})


@ON_POSTGRES
def test_a_row_that_another_one_is_putting_by_is_passed_over(store: Store, database_url: str) -> None:
    tell(database_url, [(key(), ONE)])
    tell(database_url, [(key(user="ou_li"), ONE)])
    with connected(database_url) as other:
        other.execute(text("SELECT 1 FROM sum_tail WHERE id = (SELECT min(id) FROM sum_tail) FOR UPDATE"))
        assert put_by(store) == 1
        assert requests(store) == {"": 2}
    assert put_by(store) == 1
    assert requests(store, by=Dimension.USER) == {"ou_li": 1, "ou_zhang": 1}


@ON_POSTGRES
def test_rows_that_come_to_light_in_another_order_than_they_were_written_are_not_lost(
    store: Store, database_url: str
) -> None:
    with connected(database_url) as slow:
        append(slow, [(key(user="slow"), ONE)])
        tell(database_url, [(key(user="quick"), ONE)])
        assert put_by(store) == 1
        assert requests(store, by=Dimension.USER) == {"quick": 1}
    assert requests(store, by=Dimension.USER) == {"quick": 1, "slow": 1}
    assert put_by(store) == 1
    assert requests(store, by=Dimension.USER) == {"quick": 1, "slow": 1}


def test_what_is_rebuilt_while_others_write_has_every_record_once(store: Store, database_url: str) -> None:
    stop = threading.Event()

    def write(mine: Store) -> int:
        for n in range(40):
            with mine.begin() as tx:
                tx.records.write([costs(f"r{n}.{part}", 9, happened_at=NOON + n * MINUTE) for part in "ab"], CNY, NOON)
        stop.set()
        return 0

    def rebuild(mine: Store) -> int:
        counted = 0
        while not stop.is_set():
            with mine.begin() as tx:
                counted = tx.sums.rebuild()
            assert counted % 2 == 0
        return counted

    at_once(database_url, write, rebuild, apply_until(stop, 5))
    assert len(everything(store)) == 80
    (total,) = ask(store)
    assert (total.sum.requests, total.sum.total_cost) == (80, 720)
    before: Sequence[Line] = ask(store, Grain.DAY, Dimension.USER)
    with store.begin() as tx:
        assert tx.sums.rebuild() == 80
    assert ask(store, Grain.DAY, Dimension.USER) == before
