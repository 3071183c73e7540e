"""What people complain about when many call at once (cost.md §2.4), and that it does not happen here.

Numbers are those of the list there. Each thread has a store of its own, as a process has.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import pytest

from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Conflict, Granted, Hold, Refused, Scope, ScopeKind
from suanli.domain.cost.records import Fate
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    CNY,
    COMPANY,
    HIS,
    SALES,
    ZHANG,
    add,
    ask,
    books,
    decide,
    hold,
    quota,
    refund,
    settle,
)
from tests.contract.record_kit import HE, SHE, costs, everything, fate, fates, write
from tests.contract.sum_kit import requests
from tests.contract.together import in_threads
from tests.dying_store import Died, DyingStore
from tests.fakes import NOON

THREADS = 8
LOTS = 10**9


def assert_clean(store: Store) -> None:
    with store.begin() as tx:
        findings = tx.books.reconcile(NOON, None)
    assert findings.is_clean, findings


def test_2_and_3_callers_at_once_spend_a_balance_once(store: Store, database_url: str) -> None:
    (mine,) = add(store, quota(ZHANG, 100))

    def spend(store: Store, number: int) -> int:
        passed = 0
        for n in range(10):
            key = f"{number}.{n}"
            if hold(store, key, 10):
                assert fate(store, costs(key, 10, hold=key)) is Fate.NEW
                passed += 1
        return passed

    assert sum(in_threads(database_url, spend, THREADS)) == 10
    assert books(store, mine) == (100, 0)
    assert_clean(store)


def test_4_refusals_of_many_at_once_take_nothing_from_those_who_fit(store: Store, database_url: str) -> None:
    (mine,) = add(store, quota(ZHANG, 100))

    def work(store: Store, number: int) -> int:
        if number % 2:  # too much, all the time
            assert all(isinstance(decide(store, ask(f"{number}.{n}", 101)), Refused) for n in range(20))
            return 0
        return sum(hold(store, f"{number}.{n}", 1) for n in range(25))

    assert sum(in_threads(database_url, work, THREADS)) == 100
    assert books(store, mine) == (0, 100)
    assert_clean(store)


def test_5_the_first_calls_of_somebody_nobody_knew_pass_no_limit_when_they_come_at_once(
    store: Store, database_url: str
) -> None:
    # Nothing was ever held by any of them: the windows are opened by whoever comes first.
    people = [Scope(ScopeKind.USER, f"new {n}") for n in range(6)]
    known = add(store, *(quota(each, 3, day=2, hour=3) for each in people), quota(COMPANY, 10, hour=10))

    def work(store: Store, number: int) -> Sequence[str]:
        asks = [(person, f"{person.id} {number}") for person in people]
        return [person.id for person, key in asks if hold(store, key, 1, (person, SALES, COMPANY))]

    passed = Counter(person for some in in_threads(database_url, work, THREADS) for person in some)
    assert sum(passed.values()) == 10
    assert max(passed.values()) == 2
    assert books(store, known[-1]) == (0, 10)
    assert_clean(store)


def test_6_what_a_commit_lost_is_told_again_and_all_of_it_is_there_once(store: Store, database_url: str) -> None:
    (company,) = add(store, quota(COMPANY, LOTS))
    calls = [costs(f"k{n}", 1, Payer(f"u{n}", "", "sales", "company")) for n in range(150)]

    def work(store: Store, number: int) -> None:
        dying = DyingStore(store, 1)
        with suppress(Died), dying.begin() as tx:
            tx.records.write(calls, CNY, NOON)
        if number == 0:
            write(store, *calls)

    in_threads(database_url, work, 4)
    assert len(everything(store)) == books(store, company)[0] == 150
    assert requests(store) == {"": 150}
    with store.begin() as tx:
        tx.sums.put_by(10_000)
    assert requests(store) == {"": 150}
    assert_clean(store)


def test_9_a_refund_and_a_settlement_that_many_try_at_once_happen_once(store: Store, database_url: str) -> None:
    (mine,) = add(store, quota(ZHANG, LOTS, day=LOTS))
    for n in range(20):
        assert hold(store, f"k{n}", 10)

    def work(store: Store, number: int) -> list[object]:
        return [refund(store, f"k{n}") if number % 2 else settle(store, f"k{n}", 7).fate for n in range(20)]

    answers = in_threads(database_url, work, THREADS)
    settled = 0
    for n in range(20):
        bills = Counter(some[n] for number, some in enumerate(answers) if number % 2 == 0)
        refunds = {type(some[n]) for number, some in enumerate(answers) if number % 2}
        # One way or the other, and everybody is told the same.
        is_settled = refunds == {Conflict}
        once = {Fate.NEW: 1, Fate.KNOWN: THREADS // 2 - 1} if is_settled else {Fate.CONFLICT: THREADS // 2}
        assert (bills, refunds) == (once, {Conflict if is_settled else Hold})
        settled += is_settled
    assert len(everything(store)) == settled
    assert books(store, mine) == (7 * settled, 0)
    assert_clean(store)


@pytest.mark.parametrize("has_hold", [True, False])
def test_10_a_call_that_all_tell_at_once_is_charged_once(store: Store, database_url: str, *, has_hold: bool) -> None:
    (mine,) = add(store, quota(ZHANG, LOTS))
    assert hold(store, "h", 10)
    call = costs("a", 7, hold="h" if has_hold else None)

    def work(store: Store, _number: int) -> list[Fate]:
        return [fate(store, call) for _ in range(5)]

    found = Counter(each for some in in_threads(database_url, work, THREADS) for each in some)
    assert found == {Fate.NEW: 1, Fate.KNOWN: 5 * THREADS - 1}
    assert (books(store, mine), requests(store)) == ((7, 0 if has_hold else 10), {"": 1})
    assert_clean(store)


def test_11_writers_in_opposite_orders_wait_for_each_other_and_lose_nothing(store: Store, database_url: str) -> None:
    known = add(store, quota(HE.scopes[0], LOTS, hour=LOTS), quota(SHE.scopes[0], LOTS, day=LOTS), quota(COMPANY, LOTS))

    def work(store: Store, number: int) -> int:
        done = 0
        for turn in range(5):
            calls = [costs(f"{number}.{turn}.{n}", 1, (HE, SHE)[n % 2]) for n in range(10)]
            written = write(store, *(calls if number % 2 else reversed(calls)))
            with store.begin() as tx:
                tx.sums.put_by(7)
            key = f"{number}.{turn}"
            assert isinstance(decide(store, ask(key, 1, HIS if turn % 2 else SHE.scopes)), Granted)
            assert settle(store, key, 1, NOON, HIS if turn % 2 else SHE.scopes).fate is Fate.NEW
            done += fates(written).count(Fate.NEW)
        return done

    told = sum(in_threads(database_url, work, THREADS))
    assert told == THREADS * 5 * 10
    assert books(store, known[-1]) == (told + THREADS * 5, 0)
    assert requests(store) == {"": told + THREADS * 5}
    assert_clean(store)
