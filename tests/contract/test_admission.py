"""Admission by many threads at once: to the last nano-unit, each with its own answer, on both databases."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from suanli.admission import Admission
from suanli.clock import SystemClock
from suanli.domain.cost.money import LARGEST, MoneyError, Nano
from suanli.domain.cost.quotas import Conflict, Granted, Hold, HoldState, Refused, Scope, ScopeKind
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
from tests.fakes import NOON, FakeClock, eventually

THREADS = 64
MANY = 10**9
SECONDS = timedelta(seconds=20)
Result = TypeVar("Result")


class NoonClock(SystemClock):
    """Waits as the real one, but it is always noon."""

    def now(self) -> datetime:
        return NOON


@pytest.fixture
def admission(store: Store) -> Iterator[Admission[str]]:
    admission: Admission[str] = Admission(store, NoonClock())
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


def test_64_threads_are_admitted_for_exactly_what_there_is(store: Store, admission: Admission[str]) -> None:
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


def test_64_threads_are_never_refused_while_there_is_room(store: Store, admission: Admission[str]) -> None:
    add_nested(store, 10 * THREADS)

    def churn(number: int) -> list[object]:
        answers: list[object] = []
        for n in range(10):
            answers.append(admission.hold(ask(f"{number}.{n}", 10, of(number)), LASTS))
            answers.append(admission.settle(f"{number}.{n}", Nano(0)))
        return [answer for answer in answers if not isinstance(answer, Granted | Hold)]

    assert in_threads(churn) == [[]] * THREADS
    assert drift(store) == ()


def test_what_was_spent_by_all_is_counted_once(store: Store, admission: Admission[str]) -> None:
    (company,) = add(store, quota(COMPANY, 100 * THREADS))

    def spend(number: int) -> Sequence[object]:
        admission.hold(ask(f"{number}", 5, of(number)), LASTS)
        ends = [admission.settle(f"{number % 32}", Nano(7)) for _ in range(3)]
        return [admission.settle(f"{number}", Nano(7)), *ends[1:]]

    ends = [end for some in in_threads(spend) for end in some]
    assert all(end is None or isinstance(end, Hold) for end in ends)
    assert books(store, company) == (7 * THREADS, 0)
    assert drift(store) == ()


def test_one_alone_is_answered_as_by_the_store(store: Store, admission: Admission[str]) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    assert admission.hold(ask("k", 6), LASTS) == Granted(found(store, "k"))
    assert found(store, "k").expires_at == NOON + LASTS
    assert isinstance(admission.hold(ask("l", 6), LASTS), Refused)
    assert admission.hold(ask("k", 5), LASTS) == Conflict("k")
    assert admission.settle("k", Nano(6)) == found(store, "k")
    assert admission.settle("k", Nano(5)) == Conflict("k")
    assert admission.settle("none", Nano(5)) is None
    assert books(store, his) == (6, 0)


def test_an_error_is_raised_where_it_belongs_and_harms_nobody_else(store: Store, admission: Admission[str]) -> None:
    (company,) = add(store, quota(COMPANY, 1000, soft=True))

    def work(number: int) -> str:
        try:
            admission.hold(ask(f"{number}", LARGEST if number % 8 == 1 else 2, of(number)), LASTS)
            admission.settle(f"{number}", Nano(-1 if number % 8 == 2 else 3))
        except MoneyError:
            return "too much"
        except ValueError:
            return "less than nothing"
        return "settled"

    seen = Counter(in_threads(work))
    assert seen == {"settled": 48, "too much": 8, "less than nothing": 8}
    assert books(store, company) == (48 * 3, 8 * 2)
    assert drift(store) == ()


def test_records_are_stored_with_what_they_are_of_or_not_at_all(store: Store) -> None:
    (company,) = add(store, quota(COMPANY, 10**6))
    for number in range(THREADS):
        assert hold(store, f"{number}", 5, of(number))
    arrived: list[int] = []
    together: list[int] = []

    def write(tx: Transaction, records: Sequence[str]) -> None:
        assert eventually(lambda: len(arrived) == THREADS)
        together.append(len(records))
        for record in sorted(records):
            if record == "13":
                raise LookupError(record)
            tx.facts.put(record, "stored", NOON)

    admission = Admission(store, NoonClock(), write)

    def work(number: int) -> str:
        arrived.append(number)
        try:
            admission.settle(f"{number}", Nano(4), f"{number}")
        except LookupError:
            return "failed"
        admission.settle("unknown", Nano(4), "of nothing")
        return "settled"

    assert Counter(in_threads(work)) == {"settled": THREADS - 1, "failed": 1}
    with store.begin() as tx:
        assert sum(tx.facts.get(f"{number}") is not None for number in range(THREADS)) == THREADS - 1
        assert tx.facts.get("of nothing") is None
    assert found(store, "13").state is HoldState.HELD
    assert books(store, company) == (4 * (THREADS - 1), 5)
    assert max(together) > 1
    assert admission.stop(SECONDS)


def test_after_it_was_stopped_nothing_is_taken(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    admission: Admission[str] = Admission(store, FakeClock())
    assert isinstance(admission.hold(ask("k", 6), LASTS), Granted)
    assert admission.stop(SECONDS)
    with pytest.raises(RuntimeError, match="stopped"):
        admission.hold(ask("l", 1), LASTS)
    with pytest.raises(RuntimeError, match="stopped"):
        admission.settle("k", Nano(1))
    assert [each.held for each in accounts(store, his)] == [6]
    assert admission.stop(SECONDS)


def test_what_was_taken_before_it_was_stopped_is_done(store: Store) -> None:
    (company,) = add(store, quota(COMPANY, 10**6))
    admission: Admission[str] = Admission(store, NoonClock())

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
