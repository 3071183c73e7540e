"""Admission by many threads at once: to the last nano-unit, each with its own answer, on both databases."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from suanli.admission import Admission, OutdatedError
from suanli.clock import SystemClock
from suanli.domain.cost.money import LARGEST, MoneyError
from suanli.domain.cost.quotas import Conflict, Granted, Refused, Scope, ScopeKind
from suanli.domain.ports import Store, Transaction
from tests.contract.cost_kit import (
    BOT,
    COMPANY,
    LASTS,
    SALES,
    ZHANG,
    accounts,
    add,
    ask,
    books,
    drift,
    found,
    hold,
    quota,
)
from tests.fakes import NOON, FakeClock

THREADS = 64
MANY = 10**9
SECONDS = timedelta(seconds=20)
Result = TypeVar("Result")


class NoonClock(SystemClock):
    """Waits as the real one, but it is always noon."""

    def now(self) -> datetime:
        return NOON


@pytest.fixture
def admission(store: Store) -> Iterator[Admission]:
    admission = Admission(store, NoonClock())
    yield admission
    assert admission.stop(SECONDS)


def in_threads(work: Callable[[int], Result], threads: int = THREADS) -> list[Result]:
    """What `work` gives in each of many threads that begin together; each is told its number."""
    start = threading.Barrier(threads)

    def run(number: int) -> Result:
        start.wait(30)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def of(number: int) -> tuple[Scope, ...]:
    return (Scope(ScopeKind.USER, f"ou_{number % 8}"), BOT, SALES, COMPANY)


def add_nested(store: Store, limit: int) -> None:
    """Three limits at each of four levels; only the company's day is in the way."""
    for scope in {scope for number in range(8) for scope in of(number)}:
        add(store, quota(scope, MANY, day=limit if scope == COMPANY else MANY, hour=MANY))


def test_64_threads_are_admitted_for_exactly_what_there_is(store: Store, admission: Admission) -> None:
    add_nested(store, 300)

    def rush(number: int) -> Counter[str]:
        answers = [admission.hold(ask(f"{number}.{n}", 1, of(number)), LASTS) for n in range(10)]
        again = [admission.hold(ask(f"{number}.{n}", 1, of(number)), LASTS) for n in range(10)]
        other = [admission.hold(ask(f"{number}.{n}", 2, of(number)), LASTS) for n in range(10)]
        seen = Counter(type(answer).__name__ for answer in (*answers, *other))
        seen["replayed"] = sum(isinstance(answer, Granted) and answer.replayed for answer in again)
        return seen

    seen = sum(in_threads(rush), Counter[str]())
    assert seen["Granted"] == seen["replayed"] == seen["Conflict"] == 300
    assert drift(store) == ()


def test_one_alone_is_answered_as_by_the_store(store: Store, admission: Admission) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    assert admission.hold(ask("k", 6), LASTS) == Granted(found(store, "k"))
    assert found(store, "k").expires_at == NOON + LASTS
    assert isinstance(admission.hold(ask("l", 6), LASTS), Refused)
    assert admission.hold(ask("k", 5), LASTS) == Conflict("k")
    assert admission.hold(ask("k", 6), LASTS) == Granted(found(store, "k"), replayed=True)
    assert books(store, his) == (0, 6)


def test_an_error_is_raised_where_it_belongs_and_harms_nobody_else(store: Store, admission: Admission) -> None:
    (company,) = add(store, quota(COMPANY, 1000, soft=True))

    def work(number: int) -> str:
        try:
            answer = admission.hold(ask(f"{number}", LARGEST if number % 8 == 1 else 2, of(number)), LASTS)
        except MoneyError:
            return "too much"
        return type(answer).__name__

    assert hold(store, "before", 1)
    assert Counter(in_threads(work)) == {"Granted": 56, "too much": 8}
    assert books(store, company) == (0, 1 + 56 * 2)
    assert drift(store) == ()


def test_after_it_was_stopped_nothing_is_taken(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    admission = Admission(store, FakeClock())
    assert isinstance(admission.hold(ask("k", 6), LASTS), Granted)
    assert admission.stop(SECONDS)
    with pytest.raises(RuntimeError, match="stopped"):
        admission.hold(ask("l", 1), LASTS)
    assert [each.held for each in accounts(store, his)] == [6]
    assert admission.stop(SECONDS)


def test_what_was_taken_before_it_was_stopped_is_done(store: Store) -> None:
    (company,) = add(store, quota(COMPANY, 10**6))
    admission = Admission(store, NoonClock())

    def work(number: int) -> int:
        if number == 0:
            assert admission.stop(SECONDS)
        granted = 0
        with suppress(RuntimeError):
            while True:
                answer = admission.hold(ask(f"{number}.{granted}", 1, of(number)), LASTS)
                granted += isinstance(answer, Granted)
        return granted

    assert sum(in_threads(work)) == books(store, company)[1]
    assert drift(store) == ()


def test_whose_proviso_is_not_so_gets_nothing_and_those_beside_them_get_theirs(
    store: Store, admission: Admission
) -> None:
    add_nested(store, MANY)

    def is_so(tx: Transaction) -> bool:
        return tx.quotas.all() != ()

    def is_not_so(tx: Transaction) -> bool:
        return not is_so(tx)

    def rush(number: int) -> str:
        proviso = (None, is_so, is_not_so)[number % 3]
        try:
            return type(admission.hold(ask(f"{number}", 1, of(number)), LASTS, proviso)).__name__
        except OutdatedError:
            return "outdated"

    answers = in_threads(rush, 60)
    assert [answer for n, answer in enumerate(answers) if n % 3 < 2] == ["Granted"] * 40
    assert [answer for n, answer in enumerate(answers) if n % 3 == 2] == ["outdated"] * 20
    with store.begin() as tx:
        assert [n for n in range(60) if tx.holds.find(str(n)) is None] == [*range(2, 60, 3)]
    assert drift(store) == ()
