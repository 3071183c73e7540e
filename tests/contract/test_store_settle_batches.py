"""Many settlements in one transaction: each is answered, and people are told, as if they came one by one."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from suanli.domain.cost.money import LARGEST, MoneyError, Nano
from suanli.domain.cost.quotas import Conflict, Hold, HoldState, Level, Scope, ScopeKind, Span
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    BOT,
    COMPANY,
    DAY,
    HERS,
    HIS,
    HOUR,
    LI,
    SALES,
    ZHANG,
    accounts,
    add,
    ask,
    books,
    drift,
    expire,
    found,
    hold,
    levels,
    quota,
    refund,
    settle,
)
from tests.fakes import NOON

End = Hold | Conflict | MoneyError | None


def settle_all(store: Store, *ends: tuple[str, int], now: datetime = NOON) -> Sequence[End]:
    with store.begin() as tx:
        return tx.holds.settle_all([(key, Nano(actual)) for key, actual in ends], now)


def kinds(answers: Sequence[object]) -> list[str]:
    return [type(answer).__name__ for answer in answers]


def test_nothing_is_settled_and_nothing_said(store: Store) -> None:
    assert list(settle_all(store)) == []
    assert list(settle_all(store, ("unknown", 1), ("unknown", 2))) == [None, None]


def test_each_counts_what_it_came_to_and_frees_the_rest(store: Store) -> None:
    his, hers, company = add(store, quota(ZHANG, 100, hour=100), quota(LI, 100), quota(COMPANY, 200))
    assert hold(store, "a", 60)
    assert hold(store, "b", 30)
    assert hold(store, "c", 50, HERS)
    assert hold(store, "d", 10, (Scope(ScopeKind.USER, "ou_none"),))
    ends = settle_all(store, ("c", 70), ("a", 20), ("d", 5))
    assert ends == [found(store, key) for key in "cad"]
    assert [found(store, key).actual for key in "cad"] == [70, 20, 5]
    assert [books(store, each) for each in (his, hers, company)] == [(20, 30), (70, 0), (90, 30)]
    assert drift(store) == ()


def test_the_same_again_changes_nothing_and_anything_else_is_a_conflict(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    for key in ("a", "b", "before", "gone"):
        assert hold(store, key, 10)
    settle(store, "before", 3)
    refund(store, "gone")
    ends = settle_all(store, ("a", 5), ("a", 5), ("a", 6), ("before", 3), ("before", 4), ("gone", 0), ("no", 1))
    once, before = found(store, "a"), found(store, "before")
    assert ends == [once, once, Conflict("a"), before, Conflict("before"), Conflict("gone"), None]
    assert books(store, his) == (8, 10)


def test_bills_that_come_late_count_in_the_windows_of_then(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=100))
    assert hold(store, "swept", 60)
    assert expire(store, NOON + DAY) == ["swept"]
    assert hold(store, "unswept", 20)
    assert hold(store, "today", 10, HIS, NOON + DAY)
    settle_all(store, ("swept", 70), ("today", 10), ("unswept", 5), now=NOON + DAY)
    assert [(each.used, each.held) for each in accounts(store, his)] == [(85, 0), (75, 0)]
    assert [(each.used, each.held) for each in accounts(store, his, NOON + DAY)] == [(85, 0), (10, 0)]
    assert found(store, "unswept").state is HoldState.SETTLED
    assert drift(store) == ()


def test_people_are_told_of_each_level_once_with_what_was_used_when_it_was_reached(store: Store) -> None:
    his, _ = add(store, quota(ZHANG, 100, hour=1000), quota(COMPANY, 10**6))
    for key in "abcde":
        assert hold(store, key, 10)
    settle_all(store, ("a", 70), ("b", 12), ("c", 3), ("d", 16), ("e", 9))
    with store.begin() as tx:
        told = [(each.account.name, each.level, each.used, each.limit) for each in tx.quotas.untold(NOON, 9)]
    assert sorted(told) == [
        (his.name, Level.CRITICAL, 101, 100),
        (his.name, Level.EXCEEDED, 101, 100),
        (his.name, Level.WARNING, 82, 100),
    ]


def test_several_quotas_come_to_their_levels_by_several_bills(store: Store) -> None:
    his, hers, sales = add(store, quota(ZHANG, 10, day=1000), quota(LI, 10), quota(SALES, 20, hour=20))
    for key, scopes in (("a", HIS), ("b", HERS)):
        assert hold(store, key, 9, scopes)
    settle_all(store, ("a", 9), ("b", 8), ("b", 8))
    assert sorted(levels(store)) == sorted(
        [(each.name, Span.PERIOD, Level.WARNING) for each in (his, hers, sales)]
        + [(sales.name, Span.HOUR, Level.WARNING)]
    )
    assert hold(store, "c", 1, (SALES, BOT))
    settle_all(store, ("c", 3), ("a", 9))
    assert (sales.name, Span.HOUR, Level.EXCEEDED) in levels(store)


def test_what_cannot_be_counted_stays_as_it_was_and_harms_nobody(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10, soft=True))
    for key in "abc":
        assert hold(store, key, 3)
    ends = settle_all(store, ("a", LARGEST - 5), ("b", 6), ("c", 5), ("b", 0))
    assert kinds(ends) == ["Hold", "MoneyError", "Hold", "Hold"]
    assert books(store, his) == (LARGEST, 0)
    assert drift(store) == ()


def test_less_than_nothing_is_refused_before_anything_is_settled(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    assert hold(store, "a", 3)
    with pytest.raises(ValueError, match="no less"):
        settle_all(store, ("a", 3), ("b", -1))
    assert books(store, his) == (0, 3)


def test_256_at_once(store: Store) -> None:
    (company,) = add(store, quota(COMPANY, 10**6, hour=10**6))
    with store.begin() as tx:
        asks = [(ask(f"k{n}", 10), NOON + HOUR) for n in range(256)]
        assert kinds(tx.holds.hold_all(asks, NOON)) == ["Granted"] * 256
    ends = settle_all(store, *((f"k{n}", n) for n in reversed(range(256))))
    assert [end.actual for end in ends if isinstance(end, Hold)] == list(reversed(range(256)))
    assert books(store, company) == (sum(range(256)), 0)
    assert drift(store) == ()
