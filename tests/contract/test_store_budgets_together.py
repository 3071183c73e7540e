"""Budgets that are added and changed while records are written: each counts once, and nobody waits in a circle."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from random import Random

import pytest

from storage.store import SqlStore
from suanli.domain.cost.quotas import Hold
from suanli.domain.ports import Store
from tests.contract.budget_kit import HE, SHE, add_budget, budget, call, change_budget, record, spent
from tests.contract.cost_kit import BOT, CNY, HERS, HIS, LI, SALES, ZHANG, add, change, drift, hold, quota, refund
from tests.contract.together import in_threads
from tests.fakes import NOON

WRITERS = 4
EACH = 25


def test_what_is_written_while_budgets_are_added_counts_once_in_each(store: Store, database_url: str) -> None:
    writing = threading.Semaphore(0)

    def work(store: Store, number: int) -> list[int]:
        if number == WRITERS:
            known = []
            for share in (SALES, BOT, ZHANG, LI):
                for _ in range(WRITERS):
                    assert writing.acquire(timeout=30)
                known.append(add_budget(store, budget(100, (share, 50))).id)
            return list(known)
        for n in range(EACH):
            record(store, f"{number}.{n}", 1, SHE if n % 2 else HE)
            writing.release()
        return []

    *_, numbers = in_threads(database_url, work, WRITERS + 1)
    with store.begin() as tx:
        known = [each for each in tx.budgets.all() if each.id in numbers]
    his = WRITERS * (EACH // 2 + 1)
    assert [spent(store, each) for each in known] == [
        [WRITERS * EACH, his], [WRITERS * EACH, his], [WRITERS * EACH, his], [WRITERS * EACH, WRITERS * EACH - his],
    ]  # fmt: skip
    assert drift(store) == ()


def test_a_record_that_is_not_committed_yet_is_waited_for(store: Store, database_url: str) -> None:
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with store.begin() as tx:
            tx.records.write([call("a", 40)], CNY, NOON)
            written.set()
            assert go_on.wait(30)

    with closing(SqlStore(database_url)) as elsewhere, ThreadPoolExecutor(2) as pool:
        writer = pool.submit(write)
        assert written.wait(30)
        adding = pool.submit(add_budget, elsewhere, budget(100, (SALES, 60)))
        with pytest.raises(TimeoutError):
            adding.result(0.1)
        go_on.set()
        writer.result(30)
        known = adding.result(30)
    assert spent(store, known) == [40, 40]


def test_a_record_that_comes_while_a_budget_is_added_counts_by_it(store: Store, database_url: str) -> None:
    record(store, "before", 2)
    added, go_on = threading.Event(), threading.Event()

    def plan() -> None:
        with store.begin() as tx:
            tx.budgets.add(budget(100, (SALES, 60)), NOON)
            added.set()
            assert go_on.wait(30)

    with closing(SqlStore(database_url)) as elsewhere, ThreadPoolExecutor(2) as pool:
        adding = pool.submit(plan)
        assert added.wait(30)
        writer = pool.submit(record, elsewhere, "a", 40)
        with pytest.raises(TimeoutError):
            writer.result(0.1)
        go_on.set()
        adding.result(30)
        writer.result(30)
    with store.begin() as tx:
        (known,) = tx.budgets.all()
    assert spent(store, known) == [42, 42]


def test_of_all_that_changes_accounts_nothing_waits_in_a_circle(store: Store, database_url: str) -> None:
    (free,) = add(store, quota(SALES, 10**9))
    shares = [(SALES, 50), (BOT, 10), (LI, 5)]
    known = [add_budget(store, budget(10**9, *shares)) for _ in range(2)]

    def work(store: Store, number: int) -> None:
        chance = Random(number)  # noqa: S311 a test's own dice
        for n in range(30):
            key, payer = f"{number}.{n}", chance.choice([HE, SHE])
            match chance.randrange(6):
                case 0:
                    change_budget(
                        store, chance.choice(known), total=10**9 + n, allocations=known[0].allocations[n % 3 :]
                    )
                case 1:
                    change(store, free, total=10**9 + n)
                case 2:
                    assert hold(store, key, 2, HIS if payer is HE else HERS)
                    record(store, key, 3, payer, hold=key)
                case 3:
                    assert hold(store, key, 2)
                    assert isinstance(refund(store, key), Hold)
                case 4:
                    with store.begin() as tx:
                        tx.sums.put_by(5)
                case _:
                    record(store, key, 1, payer)

    in_threads(database_url, work)
    assert drift(store) == ()
