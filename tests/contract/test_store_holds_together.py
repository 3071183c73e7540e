"""Holds with many threads and eight processes at them at once: no overspending, no false refusal, no deadlock."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import TypeVar

import pytest

from storage.store import SqlStore
from suanli.domain.cost.quotas import Ask, Conflict, Decision, Granted, Hold, Level, Quota, Scope, ScopeKind
from suanli.domain.cost.records import Fate, Written
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    BOT,
    COMPANY,
    HIS,
    HOUR,
    MINUTE,
    SALES,
    SECOND,
    ZHANG,
    accounts,
    add,
    ask,
    books,
    change,
    decide,
    drift,
    expire,
    grant,
    hold,
    quota,
    raise_hold,
    refund,
    settle,
)
from tests.fakes import NOON

PROCESSES = 8
MANY = 10**9
Result = TypeVar("Result")


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Eight processes, kept for all tests: each takes a second to come up."""
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        yield pool


def in_processes(pool: ProcessPoolExecutor, work: Callable[[str, int], Result], url: str) -> list[Result]:
    return list(pool.map(work, [url] * PROCESSES, range(PROCESSES)))


def in_threads(url: str, work: Callable[[Store, int], Result], threads: int = PROCESSES) -> list[Result]:
    """What `work` gives in each of several stores at once; each is told its number."""
    start = threading.Barrier(threads)

    def run(number: int, store: Store) -> Result:
        start.wait(30)
        return work(store, number)

    with ExitStack() as stack, ThreadPoolExecutor(threads) as pool:
        stores = [stack.enter_context(closing(SqlStore(url))) for _ in range(threads)]
        return list(pool.map(run, range(threads), stores))


def of(number: int) -> tuple[Scope, ...]:
    """A person's scopes; all are of one company, and every other one of no project."""
    person = Scope(ScopeKind.USER, f"ou_{number}")
    return (person, SALES, COMPANY) if number % 2 else (person, BOT, SALES, COMPANY)


def add_nested(store: Store, limit: int, theirs: int = MANY) -> None:
    """Three limits at each of four levels; only one of them is in the way."""
    everybody = (quota(Scope(ScopeKind.USER, f"ou_{n}"), theirs, day=theirs, hour=theirs) for n in range(PROCESSES))
    wide = (quota(scope, MANY, day=MANY, hour=MANY) for scope in (BOT, SALES))
    add(store, *everybody, *wide, quota(COMPANY, MANY, day=limit, hour=MANY))


def rush(url: str, number: int) -> tuple[int, int, int]:
    """Hold until nothing is left, then ask for all of it once more; granted, replayed and in conflict."""
    with closing(SqlStore(url)) as store:
        keys = [f"{number}.{n}" for n in range(40)]
        granted = [key for key in keys if hold(store, key, 1, of(number))]
        again = [decide(store, ask(key, 1, of(number))) for key in granted]
        other = [decide(store, ask(key, 2, of(number))) for key in granted]
        replayed = sum(isinstance(each, Granted) and each.replayed for each in again)
        return len(granted), replayed, sum(isinstance(each, Conflict) for each in other)


def test_eight_processes_are_granted_exactly_what_there_is(
    processes: ProcessPoolExecutor, store: Store, database_url: str
) -> None:
    add_nested(store, 160)
    granted, replayed, conflicts = zip(*in_processes(processes, rush, database_url), strict=True)
    assert sum(granted) == sum(replayed) == sum(conflicts) == 160
    assert drift(store) == ()


def churn(url: str, number: int) -> list[str]:
    """Hold one at a time and give it back, in one way or another; what was refused."""
    answers = []
    with closing(SqlStore(url)) as store:
        for n in range(50):
            key = f"{number}.{n}"
            answers.append(decide(store, ask(key, 10, of(number))))
            if n % 2:
                assert isinstance(refund(store, key), Hold)
            else:
                assert settle(store, key, 0, NOON, of(number)).fate is Fate.NEW
    return [str(answer) for answer in answers if not isinstance(answer, Granted)]


def test_nobody_is_refused_while_there_is_room(processes: ProcessPoolExecutor, store: Store, database_url: str) -> None:
    add_nested(store, 10 * PROCESSES, theirs=10)
    assert in_processes(processes, churn, database_url) == [[]] * PROCESSES
    assert drift(store) == ()


def meddle(url: str, number: int) -> Counter[str]:
    """Everything that changes accounts, on keys, windows and quotas that the processes share; what was answered."""
    chance, seen = Random(number), Counter[str]()  # noqa: S311 a test's own dice
    with closing(SqlStore(url)) as store:
        with store.begin() as tx:
            quotas = tx.quotas.all()
        for step in range(100):
            now = NOON + HOUR - 25 * SECOND + step * SECOND / 2
            person = chance.randrange(PROCESSES)
            asked = ask(f"{person} {chance.randrange(20)}", chance.randrange(1, 3), of(person))
            answer = MEDDLING[chance.randrange(len(MEDDLING))](store, asked, chance.choice(quotas), now)
            seen[type(answer).__name__] += 1
    return seen


def an_end(store: Store, now: datetime) -> object:
    with store.begin() as tx:
        return tx.quotas.end_expired(now)


def back_to_nothing(store: Store, of: Quota, now: datetime) -> object:
    with store.begin() as tx:
        return tx.quotas.reset(of.id, made_by="ou_boss", why="", now=now)


def a_bill(store: Store, of: Ask, now: datetime) -> Written | None:
    """Settle a hold if there is one of this key."""
    with store.begin() as tx:
        is_there = tx.holds.find(of.key) is not None
    return settle(store, of.key, 2 * of.amount, now, of.scopes) if is_there else None


Meddling = Callable[[Store, Ask, Quota, datetime], object]
MEDDLING: tuple[Meddling, ...] = (
    lambda store, asked, _, now: decide(store, asked, now, 4 * SECOND),
    lambda store, asked, _, now: decide(store, asked, now, 4 * SECOND),
    lambda store, asked, _, now: decide(store, asked, now, 4 * SECOND),
    lambda store, asked, _, now: decide(store, replace(asked, fingerprint="another"), now, SECOND),
    lambda store, asked, _, now: a_bill(store, asked, now),
    lambda store, asked, _, now: a_bill(store, asked, now),
    lambda store, asked, _, now: refund(store, asked.key, now),
    lambda store, asked, _, now: raise_hold(store, asked.key, 5, now, 4 * SECOND),
    lambda store, _, __, now: expire(store, now),
    lambda store, asked, of, now: change(store, of, now, total=20 * asked.amount),
    lambda store, asked, of, now: change(store, of, now, hourly_limit=8 * asked.amount),
    lambda store, asked, of, now: grant(store, of, asked.amount, 2 * SECOND, now),
    lambda store, _, __, now: an_end(store, now),
    lambda store, asked, of, now: change(store, of, now, period=Period.DAILY, active=asked.amount > 1),
    lambda store, _, of, now: back_to_nothing(store, of, now),
)


def test_whatever_eight_processes_do_at_once_nobody_waits_in_a_circle_and_the_books_are_right(
    processes: ProcessPoolExecutor, store: Store, database_url: str
) -> None:
    add_nested(store, MANY)
    seen = sum(in_processes(processes, meddle, database_url), Counter[str]())
    assert {"Granted", "Refused", "Conflict", "Hold", "Written", "list", "QuotaGrant", "tuple"} <= seen.keys()
    assert drift(store) == ()
    end = NOON + 2 * HOUR
    while an_end(store, end):
        pass
    with store.begin() as tx:
        company = next(each for each in tx.quotas.all() if each.scope == COMPANY)
    change(store, company, end, active=True)
    settle(store, "at last", 10 * MANY, end, of(0))
    with store.begin() as tx:
        reached = tx.quotas.levels(tx.quotas.all(), end)
        told = {(each.account.quota, each.level) for each in tx.quotas.untold(end, 1000)}
    assert reached[company.id] is Level.EXCEEDED
    assert reached.items() <= told


def test_the_same_key_at_once_is_one_hold(database_url: str, store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 20, hour=20))

    def work(store: Store, _number: int) -> list[Decision]:
        return [decide(store, ask(f"k{n}", 10)) for n in range(4) for _ in range(3)]

    answers = [answer for some in in_threads(database_url, work) for answer in some]
    granted = [answer for answer in answers if isinstance(answer, Granted)]
    assert len({answer.hold.key for answer in granted}) == 2
    assert sum(not answer.replayed for answer in granted) == 2
    assert books(store, his) == (0, 20)
    assert drift(store) == ()


def test_no_change_passes_by_a_window_that_is_just_being_opened(database_url: str, store: Store) -> None:
    known = add(store, *(quota(ZHANG, 0, hour=0) for _ in range(60)))
    together = threading.Barrier(4)

    def work(store: Store, number: int) -> None:
        for n, each in enumerate(known):
            together.wait(30)
            if number == 0:
                change(store, each, hourly_limit=7)
                continue
            assert hold(store, f"{number}.{n}", 0, HIS, NOON + (3 * n + number) * HOUR)

    in_threads(database_url, work, 4)
    hours = [(each, NOON + (3 * n + number) * HOUR) for n, each in enumerate(known) for number in (1, 2, 3)]
    assert {accounts(store, each, hour)[1].limit for each, hour in hours} == {7}


def test_what_expires_before_all_eyes_is_given_back_once(database_url: str, store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 40, hour=40))
    for n in range(40):
        assert hold(store, f"old {n}", 1)
    later = NOON + 30 * MINUTE

    def work(store: Store, number: int) -> int:
        if number == 0:
            expire(store, later)
        elif number == 1:
            for n in range(40):
                settle(store, f"old {n}", 0, later)
        return sum(hold(store, f"{number}.{n}", 1, HIS, later) for n in range(10))

    assert sum(in_threads(database_url, work)) == 40
    assert books(store, his) == (0, 40)
    assert drift(store) == ()
