"""A call that is told alone takes a way of its own; what is stored in the end is what a batch stores."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from storage.store import SqlStore
from suanli.domain.cost.money import LARGEST, MoneyError
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import Hold, HoldState
from suanli.domain.cost.records import Ending, Fate, Judged, Labels, Written
from tests.contract.cost_kit import (
    CNY,
    COMPANY,
    HOSTILE,
    LASTS,
    ZHANG,
    add,
    books,
    drift,
    expire,
    found,
    hold,
    levels,
    quota,
)
from tests.contract.record_kit import costs, recorded, write
from tests.fakes import NOON

HELD = 50
LATE = NOON + 2 * LASTS


def told(request_id: str, amount: int | None, **fields: Any) -> Judged:
    """A call that was held for."""
    return costs(request_id, amount, hold=f"{request_id}'s hold", **fields)


def tail(store: SqlStore) -> list[tuple[Any, ...]]:
    """The newest sums, row by row, without their numbers."""
    with store.begin() as tx:
        rows = tx.connection.execute(text("SELECT * FROM sum_tail ORDER BY id")).all()
    return [tuple(row)[1:] for row in rows]


def as_one(written: Written, settled: Hold) -> tuple[Written, Hold]:
    """Without what tells them apart."""
    return replace(written, request_id="", record=None), replace(settled, key="", fingerprint="")


@pytest.mark.parametrize("now", [NOON, LATE])
@pytest.mark.parametrize(
    ("amount", "fields"),
    [
        (0, {}),
        (30, {"usage": Usage(1, 2, 3, 4, 5), "took": 17}),
        (900, {"ending": Ending.ABORTED, "request_type": "chat", "labels": Labels("w", "s", "p")}),
        (None, {"ending": Ending.FAILED, "request_type": HOSTILE, "labels": Labels(HOSTILE, "", HOSTILE)}),
    ],
)
def test_alone_and_among_others_a_call_leaves_the_same(
    store: SqlStore, amount: int | None, fields: dict[str, Any], now: datetime
) -> None:
    (mine, _) = add(store, quota(ZHANG, 10_000), quota(COMPANY, 10_000, hour=10_000))
    assert hold(store, "a's hold", HELD)
    assert hold(store, "b's hold", HELD)
    assert len(expire(store, now)) == (2 if now == LATE else 0)
    charged = HELD if amount is None else amount
    held = 0 if now == LATE else HELD
    (alone,) = write(store, told("a", amount, **fields), now=now)
    assert books(store, mine, NOON) == (charged, held)
    among, again = write(store, told("b", amount, **fields), told("a", amount, **fields), now=now)
    assert books(store, mine, NOON) == (2 * charged, 0)
    assert (alone.fate, alone.charged, again.fate) == (Fate.NEW, charged, Fate.KNOWN)
    assert as_one(alone, found(store, "a's hold")) == as_one(among, found(store, "b's hold"))
    one, other = recorded(store, "a"), recorded(store, "b")
    assert replace(one, id=other.id, call=other.call) == other
    assert replace(one.call, request_id="b", hold="b's hold") == other.call
    first, second = tail(store)
    assert first == second
    assert drift(store, now) == ()


def test_what_cannot_be_counted_any_more_is_not_written_alone_either(store: SqlStore) -> None:
    (mine,) = add(store, quota(ZHANG, LARGEST))
    assert hold(store, "a's hold", HELD)
    write(store, costs("much", LARGEST - 100))
    with pytest.raises(MoneyError):
        write(store, told("a", 101))
    assert books(store, mine) == (LARGEST - 100, HELD)
    assert found(store, "a's hold").state is HoldState.HELD
    assert len(tail(store)) == 1
    assert write(store, told("a", 100))[0].fate is Fate.NEW
    assert books(store, mine) == (LARGEST, 0)


def test_each_level_that_a_call_alone_comes_to_is_told_once(store: SqlStore) -> None:
    add(store, quota(ZHANG, 100))
    told_of = []
    for number, amount in enumerate((79, 1, 14, 1, 5, 50)):
        assert hold(store, f"{number}'s hold", 0)
        write(store, told(str(number), amount))
        told_of.append(len(levels(store)))
    assert told_of == [0, 1, 1, 2, 3, 3]


def test_who_is_beaten_by_another_telling_of_the_same_call_changes_nothing(store: SqlStore) -> None:
    (mine,) = add(store, quota(ZHANG, 1000))
    assert hold(store, "a's hold", HELD)
    assert hold(store, "another", HELD)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as tx:
            tx.records.write([told("a", 10)], CNY, NOON)
            beaten = pool.submit(write, store, costs("a", 10, hold="another"))
            with pytest.raises(TimeoutError):
                beaten.result(0.3)
        (written,) = beaten.result(30)
    assert written.fate is Fate.CONFLICT
    assert found(store, "another").state is HoldState.HELD
    assert books(store, mine) == (10, HELD)
    assert len(tail(store)) == 1
    assert drift(store) == ()
