"""Batches beside single holds, and everything else, in eight processes: no deadlock, no drift, no false answer."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from random import Random

import psycopg
import pytest

from storage.store import SqlStore
from suanli.domain.cost.money import MoneyError
from suanli.domain.cost.quotas import Ask, Granted, HoldState, Quota, Refused
from suanli.domain.cost.records import Fate
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    CNY,
    HOUR,
    SECOND,
    ZHANG,
    add,
    ask,
    bill,
    decide,
    drift,
    expire,
    found,
    hold,
    levels,
    quota,
    refund,
)
from tests.contract.test_store_holds_together import MANY, MEDDLING, PROCESSES, add_nested, in_processes, of
from tests.fakes import NOON

ROUNDS = 40


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        yield pool


def decide_all(store: Store, asks: Sequence[Ask], now: datetime, lasts: timedelta) -> Sequence[object]:
    with store.begin() as tx:
        return tx.holds.hold_all([(asked, now + lasts) for asked in asks], now)


def settle_all(store: Store, asks: Sequence[Ask], times: int, now: datetime) -> Sequence[Fate]:
    """Settle those of these that there is a hold of, at so many times what is asked for; what became of each."""
    with store.begin() as tx:
        there = [each for each in asks if tx.holds.find(each.key) is not None]
        bills = [bill(each.key, times * each.amount, each.scopes) for each in there]
        return [each.fate for each in tx.records.write(bills, CNY, now)]


def some(chance: Random, step: int) -> Ask:
    """A call by anybody: often one that others ask for as well, now or for the second time."""
    person = chance.randrange(PROCESSES)
    number = chance.randrange(20) if chance.random() < 0.7 else step // 4 + 100
    return ask(f"{person} {number}", chance.randrange(1, 3), of(person))


def meddle(url: str, number: int) -> Counter[str]:
    """Batches, and between them one thing or another, on keys, windows and quotas that the processes share."""
    chance, seen = Random(number), Counter[str]()  # noqa: S311 a test's own dice
    with closing(SqlStore(url)) as store:
        with store.begin() as tx:
            quotas = tx.quotas.all()
        for step in range(ROUNDS):
            # The clocks of two processes never agree; in the middle an hour begins.
            now = NOON + HOUR - ROUNDS / 4 * SECOND + step * SECOND / 2 + chance.randrange(-200, 200) * SECOND / 100
            for answer in a_deed(chance, store, quotas, step, now):
                seen[str(answer) if isinstance(answer, str) else type(answer).__name__] += 1
    return seen


def a_deed(chance: Random, store: Store, quotas: Sequence[Quota], step: int, now: datetime) -> Sequence[object]:
    asks = [some(chance, step) for _ in range(chance.randrange(1, 40))]
    match chance.randrange(6):
        case 0 | 1:
            return ["batch", *decide_all(store, asks, now, chance.choice([SECOND, 4 * SECOND]))]
        case 2:
            return ["batch", *settle_all(store, asks, 2, now)]
        case 3:
            return [refund(store, each.key, now) for each in asks[:5]]
        case _:
            deed = MEDDLING[chance.randrange(len(MEDDLING))]
            return [deed(store, asks[0], chance.choice(quotas), now)]


def test_batches_and_all_else_at_once_never_wait_in_a_circle_and_the_books_are_right(
    processes: ProcessPoolExecutor, store: Store, database_url: str
) -> None:
    add_nested(store, MANY)
    seen = sum(in_processes(processes, meddle, database_url), Counter[str]())
    assert {"Granted", "Refused", "Conflict", "Hold", "list", "QuotaGrant", *Fate} <= seen.keys()
    assert drift(store) == ()
    assert levels(store)
    expire(store, NOON + 3 * HOUR)
    assert drift(store) == ()


def rush(url: str, number: int) -> Counter[str]:
    """Ask in batches for more than there is, and then for all of it once more."""
    seen = Counter[str]()
    with closing(SqlStore(url)) as store:
        asks = [ask(f"{number}.{n}", 1, of(number)) for n in range(60)]
        for n in range(0, 60, 20):
            answers = decide_all(store, asks[n : n + 20], NOON, HOUR)
            seen.update(type(answer).__name__ for answer in answers)
        again = decide_all(store, asks, NOON, HOUR)
        seen["replayed"] = sum(isinstance(answer, Granted) and answer.replayed for answer in again)
    return seen


def test_eight_processes_with_batches_are_granted_exactly_what_there_is(
    processes: ProcessPoolExecutor, store: Store, database_url: str
) -> None:
    add_nested(store, 250)
    seen = sum(in_processes(processes, rush, database_url), Counter[str]())
    assert seen == {"Granted": 250, "Refused": 8 * 60 - 250, "replayed": 250}
    assert drift(store) == ()


def churn(url: str, number: int) -> list[str]:
    """Hold and settle at nothing, in batches; what was refused."""
    refused: list[str] = []
    with closing(SqlStore(url)) as store:
        for n in range(20):
            asks = [ask(f"{number}.{n}.{m}", 1, of(number)) for m in range(10)]
            answers = decide_all(store, asks, NOON, HOUR)
            refused.extend(str(answer) for answer in answers if isinstance(answer, Refused | MoneyError))
            refused.extend(each for each in settle_all(store, asks[::-1], 0, NOON) if each is not Fate.NEW)
    return refused


def test_no_batch_is_refused_while_there_is_room(
    processes: ProcessPoolExecutor, store: Store, database_url: str
) -> None:
    add_nested(store, 10 * PROCESSES, theirs=10)
    assert in_processes(processes, churn, database_url) == [[]] * PROCESSES
    assert drift(store) == ()


def once_more(store: Store) -> Sequence[object]:
    return [decide(store, ask("old", 5))]


def once_more_beside_another(store: Store) -> Sequence[object]:
    return decide_all(store, [ask("a new one", 0), ask("old", 5)], NOON, SECOND)


# SQLite lets one transaction write at a time.
@pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.service("postgres"))], indirect=True
)
@pytest.mark.parametrize("deed", [once_more, once_more_beside_another])
def test_who_waits_for_a_window_to_be_opened_keeps_nobody_waiting_for_what_expires(
    store: Store, database_url: str, deed: Callable[[Store], Sequence[object]]
) -> None:
    """By a clock that is behind, the hold is not due; who has it locked to let it expire has to wait for the book."""
    add(store, quota(ZHANG, 10, hour=10))
    assert hold(store, "old", 5)
    with psycopg.connect(database_url) as connection, ThreadPoolExecutor(2) as pool:
        connection.execute("SELECT edition FROM quota_book FOR UPDATE")
        waits = pool.submit(decide, store, ask("new", 5), NOON + HOUR)
        with pytest.raises(TimeoutError):
            waits.result(0.5)
        answers = pool.submit(deed, store).result(10)
        connection.rollback()
        assert isinstance(waits.result(10), Granted)
    assert all(isinstance(answer, Granted) for answer in answers)
    assert found(store, "old").state is HoldState.EXPIRED
    assert drift(store, NOON + HOUR) == ()
