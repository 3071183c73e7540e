"""Calls are all looked at, whatever order their transactions end in, and told of once by however many processes."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from jobs.watch_calls import WatchCalls
from storage.store import SqlStore
from suanli.domain.cost.alerts import AlertFilter
from suanli.domain.cost.money import NANO
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Quota, Scope, ScopeKind
from suanli.domain.ports import Store
from tests.contract.cost_kit import CNY, add, quota
from tests.contract.record_kit import costs, write
from tests.contract.together import THREADS, in_threads
from tests.cost_alerts import RUNNING
from tests.fakes import NOON, FakeClock

DEAR = 50 * NANO


@pytest.fixture
def other(database_url: str) -> Iterator[SqlStore]:
    """The same database as another process has it."""
    with closing(SqlStore(database_url)) as other:
        yield other


def look(store: Store) -> str:
    return WatchCalls(store, RUNNING, FakeClock(NOON)).run(NOON)


def told(store: Store) -> set[str]:
    with store.read() as tx:
        return {alert.about["request"] for alert in tx.cost_alerts.page(AlertFilter(), before=None, limit=1000)}


def daily(user: str) -> Quota:
    return quota(Scope(ScopeKind.USER, user), 10**15, day=100 * NANO)


@pytest.mark.parametrize("seeds", [["seed"], []], ids=["later", "at first"])
def test_a_call_that_is_there_after_a_later_one_is_looked_at_too(
    store: Store, other: Store, database_url: str, seeds: list[str]
) -> None:
    add(store, daily("ou_zhang"), daily("ou_she"))
    write(store, *(costs(each, 1) for each in seeds))
    assert look(store) == ""
    with store.begin() as tx:
        tx.records.write([costs("slow", DEAR)], CNY, NOON)
        if database_url.startswith("postgresql"):
            write(other, costs("quick", DEAR, Payer("ou_she")))
            assert [look(other), look(other)] == ["", ""]
    if database_url.startswith("sqlite"):
        write(other, costs("quick", DEAR, Payer("ou_she")))
    assert look(other) == "2 of 2 told"
    assert told(other) == {"slow", "quick"}
    assert look(other) == ""


def test_whoever_writes_and_whoever_looks_at_the_same_time_every_call_is_told_of_once(
    store: Store, database_url: str
) -> None:
    add(store, *(daily(f"u{n}") for n in range(THREADS)))

    def work(mine: Store, number: int) -> int:
        many = 0
        for n in range(12):
            some = [costs(f"{number}-{n}-{each}", DEAR, Payer(f"u{number}")) for each in range(1 + n % 3)]
            write(mine, *some)
            many += told_by(look(mine)) if (n + number) % 2 else 0
        return many

    many = sum(in_threads(database_url, work)) + told_by(look(store))
    every = {f"{number}-{n}-{each}" for number in range(THREADS) for n in range(12) for each in range(1 + n % 3)}
    assert told(store) == every
    assert many == len(every)


def told_by(said: str) -> int:
    return int(said.split(" ", maxsplit=1)[0]) if said else 0
