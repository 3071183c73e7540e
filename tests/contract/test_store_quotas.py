"""Quotas: limits that change while money is held against them, and people are told how far they are used up."""

from contextlib import closing
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from storage.store import SqlStore
from suanli.domain.cost.money import LARGEST
from suanli.domain.cost.quotas import Level, QuotaId, Span, reached
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    CNY,
    COMPANY,
    DAY,
    HERS,
    HIS,
    HOUR,
    LI,
    MINUTE,
    SALES,
    SECOND,
    ZHANG,
    accounts,
    add,
    books,
    change,
    drift,
    hold,
    levels,
    quota,
    refused,
    settle,
    spend,
)
from tests.fakes import NOON
from tests.ledgers import adjustments

ALL = sorted(Level)


def test_there_is_no_quota_at_first(store: Store) -> None:
    with store.begin() as tx:
        assert (tx.quotas.all(), tx.quotas.of(HIS), tx.quotas.of(())) == ((), (), ())
        assert tx.quotas.find(QuotaId(1)) is None
        assert tx.quotas.accounts(QuotaId(1), NOON) == ()
        assert not tx.quotas.change(quota(ZHANG, 1), NOON)


def test_a_quota_is_found_as_it_was_added(store: Store) -> None:
    added = add(
        store,
        quota(ZHANG, LARGEST, day=0, hour=5, warning=0.5, critical=0.755),
        quota(SALES, 7, zone=ZoneInfo("Australia/Lord_Howe"), period=Period.WEEKLY, soft=True),
        quota(COMPANY, 8, active=False),
        quota(LI, 9),
    )
    with store.begin() as tx:
        assert tx.quotas.all() == tuple(added)
        assert [tx.quotas.find(each.id) for each in added] == list(added)
        assert tx.quotas.of(HIS) == tuple(added[:2])
        assert tx.quotas.of(HERS) == (added[1], added[3])


def test_limits_and_thresholds_that_mean_nothing_are_refused() -> None:
    not_kept = {"warning": 0.00004}  # as nothing, by which nobody would be warned
    for wrong in ({"total": -1}, {"hour": -1}, {"warning": 0.0}, {"warning": 0.96}, {"critical": 1.01}, not_kept):
        with pytest.raises(ValueError, match="limit"):
            quota(ZHANG, **{"total": 1} | wrong)
    assert quota(ZHANG, 1, warning=0.0001).warning == 0.0001


def test_windows_in_which_nothing_was_held_are_empty(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=50, hour=10))
    shown = accounts(store, his)
    assert [(each.span, each.limit, each.used, each.held) for each in shown] == [
        (Span.PERIOD, 100, 0, 0), (Span.DAY, 50, 0, 0), (Span.HOUR, 10, 0, 0),
    ]  # fmt: skip
    assert hold(store, "k", 0)
    assert accounts(store, his) == shown


def test_a_limit_that_is_changed_holds_at_once_in_the_windows_that_are_open(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=50))
    spend(store, "a", 40)
    change(store, his, NOON + MINUTE, total=45)
    assert refused(store, "b", 6).limit == 45
    assert hold(store, "b", 5)
    change(store, his, NOON + MINUTE, total=30)
    assert refused(store, "c", 1).left == -15
    change(store, his, NOON + MINUTE, total=200, daily_limit=60)
    assert hold(store, "c", 15)
    assert refused(store, "d", 1).span is Span.DAY


def test_windows_that_are_closed_keep_the_limit_they_had(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=50))
    spend(store, "a", 40)
    change(store, his, NOON + DAY, total=45, daily_limit=7)
    assert [each.limit for each in accounts(store, his)] == [45, 50]
    assert [each.limit for each in accounts(store, his, NOON + DAY)] == [45, 7]


def test_a_limit_that_is_added_or_left_out_counts_from_then_on(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    spend(store, "a", 40)
    change(store, his, daily_limit=10)
    assert hold(store, "b", 10)
    assert refused(store, "c", 1).span is Span.DAY
    change(store, his, daily_limit=None)
    assert hold(store, "c", 50)
    assert refused(store, "d", 1).span is Span.PERIOD


def test_a_quota_that_is_put_out_of_force_and_back_refuses_accordingly(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    spend(store, "a", 10)
    change(store, his, active=False)
    assert hold(store, "b", 1000)
    change(store, his, active=True)
    assert refused(store, "c", 1).used == 10
    change(store, his, soft=True)
    assert hold(store, "c", 1)


def test_a_new_period_or_zone_begins_new_windows_and_a_new_scope_is_another_quota(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    spend(store, "a", 10)
    change(store, his, period=Period.DAILY)
    assert hold(store, "b", 10)
    change(store, his, period=Period.DAILY, zone=ZoneInfo("America/New_York"))
    assert hold(store, "c", 10)
    change(store, his)
    assert refused(store, "d", 1).used == 10
    for other in (replace(his, scope=LI), replace(his, currency=type(CNY)("USD"))):
        with pytest.raises(ValueError, match="another"), store.begin() as tx:
            tx.quotas.change(other, NOON)
    assert drift(store) == ()


def test_a_quota_holds_in_every_process_as_soon_as_it_is_there(store: Store, database_url: str) -> None:
    with closing(SqlStore(database_url)) as elsewhere:
        for n in range(3):
            assert hold(store, f"before {n}", 10)
        (his,) = add(elsewhere, quota(ZHANG, 25))
        assert hold(store, "a", 20)
        assert hold(store, "b", 5)
        assert refused(store, "c", 1).held == 25
        change(elsewhere, his, active=False)
        assert hold(store, "c", 1)
        change(elsewhere, his, active=True, period=Period.YEARLY)
        assert hold(store, "d", 25)
        assert refused(store, "e", 1).held == 25


def test_each_level_is_reached_once_a_window_and_told_once(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000, day=100))
    spend(store, "a", 79)
    assert levels(store) == []
    spend(store, "b", 1)
    assert levels(store) == [(his.name, Span.DAY, Level.WARNING)]
    spend(store, "c", 20)
    assert levels(store) == [(his.name, Span.DAY, level) for level in ALL]
    with store.begin() as tx:
        *reached, last = tx.quotas.untold(NOON, 9)
        assert [(each.used, each.limit) for each in tx.quotas.untold(NOON, 9) if each.level is Level.EXCEEDED] == [
            (100, 100)
        ]
        tx.quotas.told(reached, "m1")
        tx.quotas.told((), "m2")
        assert tx.quotas.untold(NOON, 9) == (last,)
        tx.quotas.told([last], "m3")
    assert levels(store) == []
    spend(store, "e", 88, HIS, NOON + DAY)
    assert levels(store, NOON + DAY) == [(his.name, Span.DAY, Level.WARNING)]


def test_one_bill_that_passes_all_levels_in_many_quotas_is_told_for_each(store: Store) -> None:
    his, company = add(store, quota(ZHANG, 10, warning=0.5), quota(COMPANY, 100))
    assert hold(store, "k", 1)
    settle(store, "k", 95)
    assert set(levels(store)) == {
        *((his.name, Span.PERIOD, level) for level in ALL),
        (company.name, Span.PERIOD, Level.WARNING),
        (company.name, Span.PERIOD, Level.CRITICAL),
    }


def test_what_is_only_held_is_told_to_nobody(store: Store) -> None:
    add(store, quota(ZHANG, 10))
    assert hold(store, "k", 10)
    assert levels(store) == []


def test_a_limit_that_is_lowered_to_what_is_used_is_told(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    spend(store, "a", 40)
    change(store, his, total=50)
    assert levels(store) == [(his.name, Span.PERIOD, Level.WARNING)]
    change(store, his, total=40)
    assert levels(store) == [(his.name, Span.PERIOD, level) for level in ALL]


def test_nothing_used_comes_to_no_level_even_of_nothing() -> None:
    assert reached(0, 0, 8_000, 9_500) == ()
    assert list(reached(0, 1, 8_000, 9_500)) == [Level.WARNING, Level.CRITICAL, Level.EXCEEDED]
    assert list(reached(LARGEST, LARGEST - 1, 8_000, 10_000)) == [Level.WARNING]


def test_a_reset_lets_nothing_be_used_and_stands_in_the_ledger(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=100))
    spend(store, "yesterday", 20, HIS, NOON - DAY)
    spend(store, "a", 70)
    assert hold(store, "b", 10)
    with store.begin() as tx:
        made = tx.quotas.reset(his.id, made_by="ou_boss", why="a test run", now=NOON)
    assert [(each.span, each.amount) for each in made] == [(Span.PERIOD, -90), (Span.DAY, -70)]
    with store.begin() as tx:
        assert tx.quotas.reset(his.id, made_by="ou_boss", why="clicked twice", now=NOON) == ()
        assert tx.quotas.reset(QuotaId(99), made_by="", why="", now=NOON) == ()
    assert adjustments(store, his.id) == made
    assert books(store, his) == (0, 10)
    assert accounts(store, his, NOON - DAY)[1].used == 20
    settle(store, "b", 10)
    assert books(store, his) == (10, 0)
    assert drift(store) == ()


def test_hours_follow_each_other_without_a_gap_at_their_ends(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, hour=10))
    assert hold(store, "a", 10, HIS, NOON + HOUR - SECOND)
    assert refused(store, "b", 1, HIS, NOON + HOUR - SECOND).window.end == NOON + HOUR
    assert hold(store, "b", 10, HIS, NOON + HOUR)
    assert [each.held for each in accounts(store, his, NOON + HOUR)] == [20, 10]
