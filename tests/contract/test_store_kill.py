"""A process that spends is killed with SIGKILL, wherever it is: nothing is lost, nothing is counted twice.

What it left is in the books or is not; what is left over is held, and expires. Whoever does not know how far it came
tells of its calls again.
"""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import pytest

from storage.store import SqlStore
from suanli.domain.cost.quotas import Granted, HoldState
from suanli.domain.cost.records import Fate
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    CNY,
    COMPANY,
    DAY,
    HERS,
    LASTS,
    SALES,
    ZHANG,
    add,
    ask,
    books,
    decide,
    expire,
    found,
    hold,
    quota,
)
from tests.contract.record_kit import HE, costs, everything, fate, fates, write
from tests.fakes import NOON

LOTS = 10**9
EACH = 7
HELD = 10
Victim = Callable[[str, Connection], None]


def asleep(pipe: Connection) -> None:
    """Say so, and wait to be killed."""
    pipe.send("here")
    threading.Event().wait(60)


def dies_before_the_call_is_written(url: str, pipe: Connection) -> None:
    with closing(SqlStore(url)) as store:
        assert hold(store, "k0", HELD)
        asleep(pipe)


def dies_while_it_holds(url: str, pipe: Connection) -> None:
    with closing(SqlStore(url)) as store, store.begin() as tx:
        assert isinstance(tx.holds.hold(ask("k0", HELD), NOON, NOON + LASTS), Granted)
        asleep(pipe)


def dies_while_the_call_is_written(url: str, pipe: Connection) -> None:
    with closing(SqlStore(url)) as store:
        assert hold(store, "k0", HELD)
        with store.begin() as tx:
            tx.records.write([costs("k0", EACH, hold="k0"), costs("other", 90)], CNY, NOON)
            asleep(pipe)


@contextmanager
def killed(victim: Callable[..., None], url: str, *more: object) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process that is killed at the end."""
    # Each is forked off one that has imported everything: that takes a second.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=victim, args=(url, theirs, *more))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join(20)


def assert_clean(store: Store) -> None:
    with store.begin() as tx:
        findings = tx.books.reconcile(NOON, None)
    assert findings.is_clean, findings


@pytest.mark.parametrize(
    ("victim", "left"),
    [
        (dies_before_the_call_is_written, HELD),
        (dies_while_it_holds, 0),
        (dies_while_the_call_is_written, HELD),
    ],
)
def test_a_process_that_is_killed_leaves_at_most_what_is_held(
    store: Store, database_url: str, victim: Victim, left: int
) -> None:
    (mine, *_) = add(store, quota(ZHANG, LOTS), quota(SALES, LOTS, day=LOTS), quota(COMPANY, LOTS, hour=LOTS))
    with killed(victim, database_url) as (process, pipe):
        assert pipe.recv() == "here"
        process.kill()
        process.join(20)
    assert books(store, mine) == (0, left)
    assert everything(store) == []
    assert_clean(store)

    # Whoever was called tells of the call again, and again.
    if left:
        assert [fate(store, costs("k0", EACH, hold="k0")) for _ in range(3)] == [Fate.NEW, Fate.KNOWN, Fate.KNOWN]
        assert found(store, "k0").state is HoldState.SETTLED
    assert books(store, mine) == (EACH if left else 0, 0)
    assert_clean(store)


def test_what_a_killed_process_held_comes_back_by_itself(store: Store, database_url: str) -> None:
    add(store, quota(ZHANG, HELD), quota(COMPANY, HELD))
    with killed(dies_before_the_call_is_written, database_url) as (_, pipe):
        assert pipe.recv() == "here"
    assert not hold(store, "next", HELD)
    assert isinstance(decide(store, ask("next", HELD), NOON + LASTS), Granted)
    assert found(store, "k0").state is HoldState.EXPIRED


def spend(url: str, pipe: Connection, name: str) -> None:
    """Hold, and write down, call after call; of each written one, say so."""
    with closing(SqlStore(url)) as store:
        for number in range(10_000):
            key = f"{name}{number}"
            # Half of them for somebody else, so that those who are killed held some rows together and some apart.
            assert hold(store, key, HELD, HERS if number % 2 else HE.scopes)
            assert fates(write(store, costs(key, EACH, hold=key), costs(f"{key}+", 1))) == [Fate.NEW] * 2
            pipe.send(number)


def test_whenever_they_are_killed_every_call_that_was_written_is_there_and_all_can_be_told_again(
    store: Store, database_url: str
) -> None:
    (company, *_) = add(store, quota(COMPANY, LOTS, day=LOTS), quota(SALES, LOTS), quota(ZHANG, LOTS, hour=LOTS))
    last: dict[str, int] = {}
    with killed(spend, database_url, "a") as (first, one), killed(spend, database_url, "b") as (second, other):
        for name, process, pipe, enough in (("a", first, one, 12), ("b", second, other, 30)):
            while (number := pipe.recv()) < enough:
                pass
            process.kill()
            process.join(20)
            while pipe.poll():  # what it had said before
                try:
                    number = pipe.recv()
                except EOFError:
                    break
            last[name] = number
    assert_clean(store)
    there = {each.call.request_id for each in everything(store)}
    told = [f"{name}{n}" for name, until in last.items() for n in range(until + 1)]
    assert there >= {*told, *(f"{key}+" for key in told)}

    # Of the one that each was at, nobody knows; so it is told again with all the others.
    calls = [costs(f"{name}{n}", EACH, hold=f"{name}{n}") for name, until in last.items() for n in range(until + 2)]
    calls += [costs(f"{call.call.request_id}+", 1) for call in calls]
    again = fates(write(store, *calls))
    assert Fate.CONFLICT not in again
    assert again.count(Fate.NEW) <= 2 * len(last)
    assert sorted(each.call.request_id for each in everything(store)) == sorted(each.call.request_id for each in calls)
    assert books(store, company)[0] == (EACH + 1) * len(calls) // 2
    assert_clean(store)
    expire(store, NOON + DAY)
    assert books(store, company)[1] == 0
    assert_clean(store)
