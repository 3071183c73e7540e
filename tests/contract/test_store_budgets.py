"""Budgets: kept by quotas of their own, which count whatever is spent in their windows."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.cost.money import LARGEST, Currency, MoneyError, Nano
from suanli.domain.cost.quotas import BudgetId, Level, QuotaId, Span
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store, Transaction
from tests.contract.budget_kit import HE, SHE, add_budget, budget, change_budget, kept_by, record, spent, standing
from tests.contract.cost_kit import (
    BOT,
    COMPANY,
    DAY,
    HIS,
    HOSTILE,
    LI,
    SALES,
    ZHANG,
    add,
    drift,
    hold,
    levels,
    quota,
    refused,
    settle,
)
from tests.fakes import NOON


def test_there_is_no_budget_at_first(store: Store) -> None:
    with store.begin() as tx:
        assert (tx.budgets.all(), tx.budgets.quotas(BudgetId(1))) == ((), ())
        assert tx.budgets.find(BudgetId(1)) is None
        assert not tx.budgets.change(budget(1, id=BudgetId(1)), NOON)


def test_a_budget_is_found_as_it_was_added_and_as_it_was_changed(store: Store) -> None:
    one = add_budget(store, budget(LARGEST, (SALES, 4), (ZHANG, 0), (BOT, 5), warning=0.5, critical=0.755))
    other = add_budget(store, budget(1, scope=SALES, active=False, period=Period.WEEKLY))
    changed = replace(
        one,
        name="another",
        total=Nano(20),
        allocations=one.allocations[:0:-1],
        zone=ZoneInfo("America/New_York"),
        period=Period.YEARLY,
        binds=True,
        warning=0.1,
        active=False,
    )
    with store.begin() as tx:
        assert tx.budgets.all() == (one, other)
        assert tx.budgets.change(changed, NOON)
    with store.begin() as tx:
        assert (tx.budgets.find(one.id), tx.budgets.find(other.id)) == (changed, other)
        assert tx.budgets.all() == (changed, other)


def test_its_quotas_say_whose_they_are(store: Store) -> None:
    (before,) = add(store, quota(COMPANY, 5))
    known = add_budget(store, budget(100, (SALES, 60), (ZHANG, 30)))
    (after,) = add(store, quota(COMPANY, 6))
    quotas = kept_by(store, known)
    assert [(each.scope, each.total, each.budget) for each in quotas] == [
        (COMPANY, 100, known.id), (SALES, 60, known.id), (ZHANG, 30, known.id),
    ]  # fmt: skip
    assert all(each.soft and each.name == known.name for each in quotas)
    with store.begin() as tx:
        assert tx.quotas.all() == (before, *quotas, after)
        assert tx.quotas.of((LI, COMPANY)) == (before, quotas[0], after)


def test_what_is_spent_counts_in_all_of_it_that_is_concerned_by_hold_or_without(store: Store) -> None:
    known = add_budget(store, budget(100, (SALES, 60), (LI, 30)))
    assert hold(store, "h", 50)
    assert [each.held for each in standing(store, known)] == [50, 50, 0]
    record(store, "a", 40, hold="h")
    record(store, "b", 7)
    record(store, "c", 3, SHE)
    assert spent(store, known) == [50, 47, 3]
    assert spent(store, known, NOON + 31 * DAY) == [0, 0, 0]
    assert drift(store) == ()


def test_a_budget_refuses_nobody_unless_it_binds(store: Store) -> None:
    known = add_budget(store, budget(100, (SALES, 60)))
    assert hold(store, "a", 1000)
    change_budget(store, known, binds=True)
    assert refused(store, "b", 1).scope == COMPANY
    change_budget(store, known, binds=True, total=2000)
    assert refused(store, "b", 1).scope == SALES
    assert hold(store, "b", 1000, (LI, COMPANY))
    change_budget(store, known, binds=True, active=False)
    assert hold(store, "c", 1_000_000)


def test_a_total_and_thresholds_that_are_changed_hold_in_the_windows_that_are_open(store: Store) -> None:
    known = add_budget(store, budget(100, (SALES, 60)))
    record(store, "a", 50)
    assert levels(store) == [(known.name, Span.PERIOD, Level.WARNING)]
    changed = change_budget(store, known, total=50, name="less", allocations=(), critical=0.9)
    assert [(each.name, each.limit, each.used) for each in standing(store, changed)] == [("less", 50, 50)]
    with store.begin() as tx:
        reached = [(each.account.scope, each.level) for each in tx.quotas.untold(NOON, 99)]
    assert sorted(reached) == sorted([(SALES, Level.WARNING), *((COMPANY, level) for level in Level)])


def test_an_allocation_that_is_left_out_counts_no_more_and_one_that_comes_back_is_the_same(store: Store) -> None:
    known = add_budget(store, budget(100, (SALES, 60), (BOT, 5), binds=True))
    numbers = [each.id for each in kept_by(store, known)]
    without = change_budget(store, known, allocations=known.allocations[1:])
    assert [each.id for each in kept_by(store, without)] == [numbers[0], numbers[2]]
    with store.begin() as tx:
        left_out = tx.quotas.find(numbers[1])
    assert left_out is not None
    assert (left_out.active, left_out.scope, left_out.budget) == (False, SALES, known.id)
    assert hold(store, "k", 90, (ZHANG, SALES, COMPANY))
    change_budget(store, known, allocations=known.allocations[::-1])
    assert [each.id for each in kept_by(store, known)] == [numbers[0], numbers[2], numbers[1]]


def test_a_new_scope_or_currency_is_another_budget(store: Store) -> None:
    known = add_budget(store, budget(100, (SALES, 60)))
    for other in (replace(known, scope=BOT, allocations=()), replace(known, currency=Currency("USD"))):
        with pytest.raises(ValueError, match="another"), store.begin() as tx:
            tx.budgets.change(other, NOON)
    with store.begin() as tx:
        assert tx.budgets.all() == (known,)


def test_its_quotas_are_changed_with_it_only(store: Store) -> None:
    known = add_budget(store, budget(100))
    (whole,) = kept_by(store, known)
    (free,) = add(store, quota(ZHANG, 1))
    for wrong in (replace(whole, total=Nano(7)), replace(whole, budget=None), replace(free, budget=known.id)):
        with pytest.raises(ValueError, match="budget"), store.begin() as tx:
            tx.quotas.change(wrong, NOON)
    with pytest.raises(ValueError, match="budget"), store.begin() as tx:
        tx.quotas.add(whole)
    assert kept_by(store, known) == [whole]


def test_accounts_change_once_a_transaction(store: Store) -> None:
    known = add_budget(store, budget(100))

    def twice(first: Callable[[Transaction], object], second: Callable[[Transaction], object]) -> None:
        with store.begin() as tx:
            first(tx)
            second(tx)

    turns: list[Callable[[Transaction], object]] = [
        lambda tx: tx.budgets.add(known, NOON),
        lambda tx: tx.budgets.change(known, NOON),
        lambda tx: tx.quotas.reset(QuotaId(1), made_by="", why="", now=NOON),
    ]
    for first, second in product(turns, repeat=2):
        with pytest.raises(RuntimeError, match="once"):
            twice(first, second)
    with store.begin() as tx:
        assert tx.budgets.all() == (known,)


def test_a_budget_that_cannot_be_counted_is_not_stored(store: Store) -> None:
    assert hold(store, "h", 1)
    record(store, "a", LARGEST)
    record(store, "b", None, hold="h")
    with pytest.raises(MoneyError), store.begin() as tx:
        tx.budgets.add(budget(1), NOON)
    with store.begin() as tx:
        assert (tx.budgets.all(), tx.quotas.all()) == ((), ())


def test_a_name_that_a_database_refuses_is_the_same_quota_at_every_change(store: Store) -> None:
    strange = replace(SALES, id=HOSTILE)
    known = add_budget(store, budget(100, (strange, 1), scope=replace(COMPANY, id=HOSTILE)))
    numbers = [each.id for each in kept_by(store, known)]
    change_budget(store, known, total=200)
    assert [each.id for each in kept_by(store, known)] == numbers
    with store.begin() as tx:
        assert len(tx.quotas.all()) == 2


def test_several_budgets_of_one_scope_count_each_for_itself(store: Store) -> None:
    month = add_budget(store, budget(100, (SALES, 60)))
    week = add_budget(store, budget(10, (SALES, 6), period=Period.WEEKLY, binds=True))
    assert refused(store, "k", 11).scope == COMPANY
    assert hold(store, "k", 5, HIS)
    settle(store, "k", 5)
    assert (spent(store, month), spent(store, week)) == ([5, 5], [5, 5])
    assert (spent(store, month, NOON + 7 * DAY), spent(store, week, NOON + 7 * DAY)) == ([5, 5], [0, 0])
    record(store, "r", 2, replace(HE, department=""))
    assert (spent(store, month), spent(store, week)) == ([7, 5], [7, 5])
