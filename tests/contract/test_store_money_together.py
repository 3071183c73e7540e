"""All that moves money at once, in eight processes on PostgreSQL, and the books agree after every round of it.

Holds, records, limits and the clock: what is thought up together is done by whoever comes first. What each is told
cannot be foreseen then, but what must hold whoever came first is looked at: no hold passes a hard limit, a call is
one record, a level is reached once, and accounts, holds, records and sums say the same.
"""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from storage.store import SqlStore
from storage.tables import Schema
from suanli.domain.cost.records import Fate, RecordFilter
from tests.contract.cost_kit import (
    COMPANY,
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    add,
    books,
    decide,
    expire,
    hold,
    quota,
    raise_hold,
    refund,
)
from tests.contract.cost_kit import ask as asked_for
from tests.contract.record_kit import HE, costs, everything, fate, records_of
from tests.fakes import NOON
from tests.money_deeds import DEEDS, Deed, Scene, do_all, furnish

PROCESSES = 8
# What is in the way of others comes more often than what only looks.
OFTEN = ("hold", "hold", "hold all", "settle", "write", "write")
DOING = st.builds(
    Deed,
    st.sampled_from([*OFTEN, *DEEDS]),
    st.integers(0, 3),
    st.integers(0, 11),
    st.integers(0, 60),
    st.integers(-3, 3),
    st.sampled_from([False] * 7 + [True]),
)
ROUNDS = st.lists(DOING, min_size=PROCESSES, max_size=5 * PROCESSES)
STEPS = st.sampled_from([timedelta(0), 20 * SECOND, 40 * MINUTE, HOUR, 12 * HOUR, 12 * DAY])

pytestmark = pytest.mark.service("postgres")


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Eight processes, kept for all tests, and forked off one that has imported everything: that takes a second."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(PROCESSES, context) as pool:
        yield pool


@pytest.fixture
def url(postgres_url: str) -> str:
    """An empty database."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f"TRUNCATE {', '.join(Schema.metadata.tables)} RESTART IDENTITY")
    return postgres_url


class MoneyMachine(RuleBasedStateMachine):
    """Rounds of deeds, each dealt to the processes, which do theirs at the same time."""

    seen: Counter[str] = Counter()  # of all examples  # noqa: RUF012 that is what it is for
    numbers = count()

    def __init__(self, url: str, pool: ProcessPoolExecutor) -> None:
        super().__init__()
        self.url, self.pool = url, pool
        self.store = SqlStore(url)
        self.told = Counter[str]()

    def teardown(self) -> None:
        with closing(self.store):
            self.in_the_end_nothing_is_held()

    def in_the_end_nothing_is_held(self) -> None:
        end = self.scene.now + 400 * DAY
        expire(self.store, end)
        with self.store.begin() as tx:
            while tx.sums.put_by(10_000):
                pass
        with self.store.begin() as tx:
            assert tx.books.reconcile(end, None).is_clean
            assert not any(each.held for of in self.scene.quotas for each in tx.quotas.accounts(of, self.scene.now))

    @initialize(limit=st.sampled_from([3, 10, 30]))
    def begin(self, limit: int) -> None:
        self.scene = furnish(self.store, f"company {next(self.numbers)}", limit, NOON)

    @rule(deeds=ROUNDS, step=STEPS)
    def all_at_once(self, deeds: list[Deed], step: timedelta) -> None:
        hands = [deeds[number::PROCESSES] for number in range(PROCESSES)]
        scenes = [self.scene] * PROCESSES
        for seen in self.pool.map(do_all, [self.url] * PROCESSES, scenes, hands):
            self.told += seen
            self.seen.update(seen)
        self.scene = Scene(self.scene.name, self.scene.now + step, self.scene.quotas)

    @invariant()
    def the_books_agree(self) -> None:
        with self.store.begin() as tx:
            found = tx.books.reconcile(self.scene.now, None)
            told = [(each.account.quota, each.account.span, each.account.window, each.level) for each in
                    tx.quotas.untold(self.scene.now, 10_000)]  # fmt: skip
            mine = records_of(tx, RecordFilter(organization=self.scene.name))
        assert found.is_clean, found
        assert len(told) == len(set(told))
        assert len({each.call.request_id for each in mine}) == len(mine) == self.told[Fate.NEW]


def test_whatever_happens_in_eight_processes_at_once_the_books_agree(url: str, processes: ProcessPoolExecutor) -> None:
    machine: Any = partial(MoneyMachine, url, processes)
    MoneyMachine.seen.clear()
    # What went wrong in a race is told as it was: the same deeds go well the next time.
    how = settings(max_examples=8, stateful_step_count=6, deadline=None, phases=[Phase.generate], database=None)
    run_state_machine_as_test(machine, settings=how)
    answers = {"Granted", "Refused", "Conflict", "Hold", "QuotaGrant", "Adjustment", "changed", "put by", "priced"}
    assert answers | set(map(str, Fate)) <= MoneyMachine.seen.keys()


LIMIT = 150


def rush(url: str, number: int) -> Counter[str]:
    """Hold, or raise what is held, until nothing is left; half is written down at what it came to, half given back."""
    seen = Counter[str]()
    with closing(SqlStore(url)) as store:
        for n in range(40):
            key = f"{number}.{n}"
            if not hold(store, key, 1):
                seen["refused"] += 1
                continue
            seen["granted"] += 1
            if n % 4 == 0:
                seen["raised"] += "Granted" in type(raise_hold(store, key, 2)).__name__
            if n % 3 == 0:
                seen[fate(store, costs(key, 1, hold=key))] += 1
    return seen


def test_with_records_and_top_ups_exactly_what_there_is_is_spent(url: str, processes: ProcessPoolExecutor) -> None:
    with closing(SqlStore(url)) as store:
        (own, _) = add(store, quota(HE.scopes[0], LIMIT, hour=LIMIT), quota(COMPANY, 10**6, day=10**6))
        seen = sum(processes.map(rush, [url] * PROCESSES, range(PROCESSES)), Counter[str]())
        used, held = books(store, own)
        assert used + held == LIMIT
        assert used == seen[Fate.NEW] == len(everything(store)) > 0
        assert seen["raised"] > 0
        assert seen["refused"] > 0
        with store.begin() as tx:
            assert tx.books.reconcile(NOON, None).is_clean


def churn(url: str, number: int) -> list[str]:
    """One call at a time, which is given back, expires, or comes to nothing by its record; what was refused."""
    refused = []
    with closing(SqlStore(url)) as store:
        for n in range(24):
            key, now = f"{number}.{n}", NOON + n * MINUTE
            answer = decide(store, asked_for(key, 10), now, SECOND if n % 3 == 0 else HOUR)
            if type(answer).__name__ != "Granted":
                refused.append(f"{key}: {answer}")
            elif n % 3 == 1:
                refund(store, key, now)
            elif n % 3 == 2:
                fate(store, costs(key, 0, hold=key, happened_at=now), now)
    return refused


def test_nobody_is_refused_while_there_is_room_whichever_way_calls_end(
    url: str, processes: ProcessPoolExecutor
) -> None:
    with closing(SqlStore(url)) as store:
        add(store, quota(HE.scopes[0], 10 * PROCESSES), quota(COMPANY, 10 * PROCESSES, day=10 * PROCESSES))
        assert list(processes.map(churn, [url] * PROCESSES, range(PROCESSES))) == [[]] * PROCESSES
        with store.begin() as tx:
            assert tx.books.reconcile(NOON + HOUR, None).is_clean
