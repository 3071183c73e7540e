"""Records written by many at once: one record and one charge for each call, no deadlock, and books that agree."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Level, Scope, ScopeKind
from suanli.domain.cost.records import Fate, Judged, Written
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    CNY,
    COMPANY,
    DAY,
    HOUR,
    LASTS,
    MINUTE,
    SALES,
    ZHANG,
    add,
    ask,
    books,
    decide,
    drift,
    expire,
    hold,
    levels,
    quota,
    refund,
    settle,
)
from tests.contract.record_kit import costs, everything, fate, fates, price, write
from tests.contract.together import in_threads
from tests.fakes import NOON

THREADS = 8
LOTS = 10**12


def shuffled(calls: Sequence[Judged], number: int) -> list[Judged]:
    """These calls in another order for each thread."""
    return Random(number).sample(calls, len(calls))  # noqa: S311 the same each time


@pytest.mark.parametrize("held", [None, "h"])
def test_a_call_that_is_told_a_hundred_times_at_once_is_one_record_and_one_charge(
    store: Store, database_url: str, held: str | None
) -> None:
    (mine, _) = add(store, quota(ZHANG, 1000, day=1000), quota(COMPANY, 1000, hour=1000))
    hold(store, "h", 50)
    call = costs("a", 30, hold=held)

    def tell(store: Store, _: int) -> list[Fate]:
        return [fate(store, call) for _ in range(100 // THREADS + 1)]

    answers = Counter(answer for some in in_threads(database_url, tell, THREADS) for answer in some)
    assert answers == {Fate.NEW: 1, Fate.KNOWN: 103}
    assert (books(store, mine), len(everything(store))) == ((30, 0 if held else 50), 1)
    assert drift(store) == ()


def test_one_of_two_tellings_in_other_words_stands_and_the_other_is_a_conflict(store: Store, database_url: str) -> None:
    (mine,) = add(store, quota(ZHANG, LOTS))
    for n in range(20):
        hold(store, f"h{n}", 50)

    def tell(store: Store, number: int) -> Sequence[Written]:
        # Half of them settle a hold, the others think of none.
        return write(store, *(costs(f"k{n}", 7, took=number, hold=f"h{n}" if number % 2 else None) for n in range(20)))

    written = in_threads(database_url, tell, 4)
    for n in range(20):
        assert Counter(some[n].fate for some in written) == {Fate.NEW: 1, Fate.CONFLICT: 3}
        assert len({some[n].record for some in written}) == 1
    settled = sum(record.call.hold is not None for record in everything(store))
    assert books(store, mine) == (140, 50 * (20 - settled))
    assert drift(store) == ()


@pytest.mark.parametrize("many", [40, 400])
def test_batches_that_overlap_in_any_order_wait_for_each_other_and_no_longer(
    store: Store, database_url: str, many: int
) -> None:
    people = [Scope(ScopeKind.USER, f"ou_{n}") for n in range(12)]
    quotas = add(
        store,
        quota(COMPANY, LOTS, day=LOTS, hour=LOTS),
        quota(SALES, LOTS, day=LOTS),
        *(quota(person, LOTS, hour=LOTS) for person in people),
    )
    calls = [
        costs(
            f"k{n}",
            n,
            Payer(people[n % 12].id, f"p{n % 7}", "sales", "company"),
            happened_at=NOON - (n % 9) * HOUR - (n % 2) * 40 * DAY,
        )
        for n in range(many)
    ]

    def tell(store: Store, number: int) -> int:
        some = shuffled(calls, number)
        parts = [some[: many // 2], some[many // 4 :]] if number % 2 else [some]
        return sum(fates(write(store, *part)).count(Fate.NEW) for part in parts)

    assert sum(in_threads(database_url, tell, THREADS)) == many
    assert len(everything(store)) == many
    used = sum(books(store, quotas[0], moment)[0] for moment in (NOON, NOON - 40 * DAY))
    assert used == sum(range(many))
    assert drift(store) == ()


def test_writers_pricers_and_holders_do_not_wait_in_a_circle(store: Store, database_url: str) -> None:
    add(store, quota(COMPANY, LOTS, hour=LOTS), quota(SALES, LOTS), quota(ZHANG, LOTS, day=LOTS))
    write(store, *(costs(f"u{n}", None) for n in range(60)))
    for n in range(60):
        hold(store, f"h{n}", 50)
    waiting = [costs(f"v{n}", None, hold=f"h{n}") for n in range(60)]
    ready = [costs(f"v{n}", n, hold=f"h{n}") for n in range(60)]
    unpriced = [costs(f"u{n}", n) for n in range(60)]

    def churn(store: Store, number: int) -> None:
        for turn in range(6):
            moment = NOON + turn * MINUTE
            if number % 4 == 0:
                write(store, *shuffled(waiting, number + turn)[:30], now=moment)
            elif number % 4 == 1:
                price(store, *shuffled(ready + unpriced, number + turn)[:60], now=moment)
            elif number % 4 == 2:
                decide(store, ask(f"{number}.{turn}", 5), moment)
                assert settle(store, f"{number}.{turn}", 4, moment).fate is Fate.NEW
                refund(store, f"h{turn}", moment)
            else:
                write(store, *shuffled(ready, number), costs(f"{number}.{turn}", 9), now=moment + 2 * LASTS)
                expire(store, moment + 2 * LASTS)

    in_threads(database_url, churn, THREADS)
    price(store, *ready, *unpriced)
    assert drift(store) == ()
    assert all(record.charged == (record.cost.total if record.cost else 0) for record in everything(store))


def test_an_unpriced_record_is_priced_once_by_many(store: Store, database_url: str) -> None:
    (mine,) = add(store, quota(ZHANG, LOTS))
    calls = [costs(f"k{n}", None) for n in range(50)]
    write(store, *calls)

    def tell(store: Store, number: int) -> int:
        return price(store, *(costs(each.call.request_id, number + 1) for each in shuffled(calls, number)))

    assert sum(in_threads(database_url, tell, THREADS)) == 50
    found = everything(store)
    assert books(store, mine)[0] == sum(record.cost.total for record in found if record.cost)
    assert drift(store) == ()


def test_levels_are_told_once_however_many_reach_them(store: Store, database_url: str) -> None:
    add(store, quota(ZHANG, 100))

    def tell(store: Store, number: int) -> None:
        write(store, *(costs(f"{number}.{n}", 5) for n in range(10)))

    in_threads(database_url, tell, THREADS)
    assert sorted(level for _, _, level in levels(store)) == sorted(Level)


def test_a_transaction_that_fails_lets_the_next_one_write_the_same_calls(store: Store, database_url: str) -> None:
    (mine,) = add(store, quota(ZHANG, LOTS))
    calls = [costs(f"k{n}", 1) for n in range(150)]

    def tell(store: Store, number: int) -> None:
        def failing() -> None:
            with store.begin() as tx:
                tx.records.write(shuffled(calls, number), CNY, NOON)
                raise KeyError

        if number % 2:
            with pytest.raises(KeyError):
                failing()
        else:
            write(store, *shuffled(calls, number))

    in_threads(database_url, tell, THREADS)
    assert (len(everything(store)), books(store, mine)) == (150, (150, 0))
    assert drift(store) == ()
