"""So much more for a while: granted at once, over to the moment, whoever comes to write that down."""

from dataclasses import replace

import pytest

from suanli.domain.cost.money import LARGEST
from suanli.domain.cost.quotas import Level, QuotaId, Span
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    DAY,
    HIS,
    HOUR,
    MINUTE,
    SECOND,
    ZHANG,
    accounts,
    add,
    change,
    drift,
    grant,
    hold,
    levels,
    quota,
    refused,
    spend,
)
from tests.fakes import NOON


def test_a_grant_raises_the_limit_at_once_and_is_over_to_the_second_though_nobody_swept(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    spend(store, "a", 100)
    assert refused(store, "b", 1).left == 0
    grant(store, his, 50, HOUR)
    assert accounts(store, his)[0].limit == 150
    spend(store, "b", 20)
    assert refused(store, "c", 31).limit == 150
    assert hold(store, "c", 30, HIS, NOON + HOUR - SECOND)
    account = refused(store, "d", 0, HIS, NOON + HOUR)
    assert (account.limit, account.left) == (100, -50)


def test_grants_add_up_and_each_ends_on_its_own(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    assert hold(store, "a", 1)
    grant(store, his, 50, HOUR)
    grant(store, his, 7, 2 * HOUR, NOON + MINUTE)
    limits = [accounts(store, his, NOON + n * MINUTE)[0].limit for n in (0, 59, 60, 120, 121)]
    assert limits == [157, 157, 107, 107, 100]
    change(store, his, total=200)
    assert accounts(store, his)[0].limit == 257


def test_windows_that_begin_while_a_grant_runs_have_it_and_those_after_it_have_not(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000, hour=10))
    grant(store, his, 5, DAY, NOON, Span.HOUR)
    assert [each.limit for each in accounts(store, his, NOON + 3 * HOUR)] == [1000, 15]
    assert hold(store, "a", 15, HIS, NOON + 3 * HOUR)
    assert refused(store, "b", 1, HIS, NOON + 3 * HOUR).limit == 15
    assert hold(store, "b", 10, HIS, NOON + DAY)
    assert refused(store, "c", 1, HIS, NOON + DAY).limit == 10


def test_the_sweep_writes_down_what_is_over_one_grant_a_transaction_and_tells(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    first, second = grant(store, his, 50, HOUR), grant(store, his, 100, 2 * HOUR)
    spend(store, "a", 100)
    assert levels(store) == []
    swept = []
    for _ in range(3):
        with store.begin() as tx:
            swept.append(tx.quotas.end_expired(NOON + 3 * HOUR))
    assert swept == [replace(each, ended_at=NOON + 3 * HOUR) for each in (first, second)] + [None]
    assert levels(store) == [(his.name, Span.PERIOD, level) for level in sorted(Level)]
    assert accounts(store, his)[0].limit == 100
    with store.begin() as tx:
        assert tx.quotas.grants(his.id) == tuple(each for each in swept if each)
    assert drift(store) == ()


def test_a_grant_is_of_something_for_a_while_to_a_limit_that_there_is(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    with pytest.raises(ValueError, match="grant"):
        grant(store, his, 0, HOUR)
    with pytest.raises(ValueError, match="grant"):
        grant(store, his, 1, 0 * HOUR)
    with pytest.raises(LookupError):
        grant(store, his, 1, HOUR, NOON, Span.HOUR)
    with pytest.raises(LookupError):
        grant(store, replace(his, id=QuotaId(99)), 1, HOUR)


def test_a_grant_on_top_of_the_largest_limit_does_no_harm(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, LARGEST))
    grant(store, his, LARGEST, HOUR)
    assert accounts(store, his)[0].limit == LARGEST
    spend(store, "a", LARGEST)
    assert len(levels(store)) == 3
