"""Money put aside before it is spent: never more than there is, never less than is free."""

from contextlib import suppress

import pytest

from suanli.domain.cost.money import LARGEST, MoneyError
from suanli.domain.cost.quotas import Conflict, Granted, HoldState, Level, ScopeKind, Span
from suanli.domain.cost.records import Fate
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    COMPANY,
    DAY,
    HERS,
    HIS,
    HOSTILE,
    HOUR,
    LASTS,
    SALES,
    SECOND,
    ZHANG,
    accounts,
    add,
    ask,
    books,
    decide,
    drift,
    found,
    hold,
    levels,
    quota,
    refused,
    settle,
    spend,
)
from tests.contract.record_kit import everything
from tests.fakes import NOON

MIDNIGHT = NOON + 12 * HOUR
"""The beginning of the next day in Shanghai."""


def test_whoever_has_no_quota_is_not_refused_and_the_hold_lives_all_the_same(store: Store) -> None:
    assert hold(store, "k", LARGEST)
    assert found(store, "k").state is HoldState.HELD
    assert settle(store, "k", 7).fate is Fate.NEW
    assert (found(store, "k").state, found(store, "k").actual) == (HoldState.SETTLED, 7)
    assert decide(store, ask("nobody", 5, ())) == Granted(found(store, "nobody"))
    with store.begin() as tx:
        assert tx.holds.accounts("nobody", NOON) == ()


def test_a_hold_weighs_in_every_window_of_every_quota_above_the_caller(store: Store) -> None:
    his, sales, company = add(
        store, quota(ZHANG, 100, day=50, hour=20), quota(SALES, 1000, day=500), quota(COMPANY, 5000)
    )
    assert hold(store, "k", 15)
    for each, spans in ((his, 3), (sales, 2), (company, 1)):
        assert [(account.used, account.held) for account in accounts(store, each)] == [(0, 15)] * spans
    with store.begin() as tx:
        against = tx.holds.accounts("k", NOON)
    assert [(each.scope.kind, each.span) for each in against] == [
        (ScopeKind.USER, Span.PERIOD), (ScopeKind.USER, Span.DAY), (ScopeKind.USER, Span.HOUR),
        (ScopeKind.DEPARTMENT, Span.PERIOD), (ScopeKind.DEPARTMENT, Span.DAY), (ScopeKind.ORGANIZATION, Span.PERIOD),
    ]  # fmt: skip


def test_to_the_last_nano_unit_it_is_granted_and_for_one_more_refused(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    assert hold(store, "a", 60)
    assert refused(store, "b", 41).left == 40
    assert hold(store, "c", 40)
    account = refused(store, "d", 1)
    assert (account.name, account.span, account.limit, account.left) == (his.name, Span.PERIOD, 100, 0)
    assert hold(store, "free of charge", 0)
    assert books(store, his) == (0, 100)


def test_a_refusal_leaves_nothing_behind_and_names_the_widest_limit_that_is_full(store: Store) -> None:
    his, company = add(store, quota(ZHANG, 100, hour=10), quota(COMPANY, 50, day=5))
    account = refused(store, "k", 11)
    assert (account.scope, account.span) == (COMPANY, Span.DAY)
    assert account.window.end == MIDNIGHT
    assert refused(store, "k", 51).span is Span.PERIOD
    assert (books(store, his), books(store, company)) == ((0, 0), (0, 0))
    with store.begin() as tx:
        assert tx.holds.find("k") is None
    assert hold(store, "k", 5)


def test_what_is_full_for_one_is_not_for_others(store: Store) -> None:
    add(store, quota(ZHANG, 10), quota(COMPANY, 100))
    assert hold(store, "a", 10)
    assert refused(store, "b", 1).scope == ZHANG
    assert hold(store, "c", 90, HERS)
    assert refused(store, "d", 1, HERS).scope == COMPANY


def test_the_same_key_is_answered_as_before_even_when_nothing_is_left(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    first = decide(store, ask("k", 10))
    assert isinstance(first, Granted)
    assert decide(store, ask("k", 10)) == Granted(first.hold, replayed=True)
    assert decide(store, ask("k", 10), NOON + DAY, LASTS) == Granted(found(store, "k"), replayed=True)
    assert found(store, "k").state is HoldState.EXPIRED
    assert books(store, his) == (0, 0)


def test_the_same_key_for_something_else_is_a_conflict(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    assert hold(store, "k", 4)
    for other in (ask("k", 5), ask("k", 4, HERS), ask("k", 4, about="another model"), ask("k", 100)):
        assert decide(store, other) == Conflict("k")
    assert books(store, his) == (0, 4)


def test_a_soft_quota_counts_and_warns_and_refuses_nobody(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10, soft=True))
    spend(store, "a", 25)
    assert hold(store, "b", 5)
    assert books(store, his) == (25, 5)
    assert levels(store) == [(his.name, Span.PERIOD, level) for level in sorted(Level)]


def test_only_what_is_paid_in_a_quotas_own_currency_counts(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    assert isinstance(decide(store, ask("k", 1000, currency="USD")), Granted)
    assert books(store, his) == (0, 0)


def test_a_new_day_begins_at_midnight_of_the_quotas_zone_without_anybodys_doing(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000, day=10))
    assert hold(store, "a", 10, HIS, MIDNIGHT - SECOND)
    assert refused(store, "b", 1, HIS, MIDNIGHT - SECOND).span is Span.DAY
    assert hold(store, "c", 10, HIS, MIDNIGHT)
    settle(store, "a", 8, MIDNIGHT)
    assert [each.used for each in accounts(store, his, MIDNIGHT - SECOND)] == [8, 8]
    assert [(each.used, each.held) for each in accounts(store, his, MIDNIGHT)] == [(8, 10), (0, 10)]


def test_a_clock_that_is_set_back_finds_the_windows_of_then(store: Store) -> None:
    add(store, quota(ZHANG, 1000, day=10))
    spend(store, "a", 6, HIS, NOON)
    spend(store, "b", 10, HIS, NOON + DAY)
    spend(store, "c", 10, HIS, NOON - DAY)
    assert refused(store, "d", 5, HIS, NOON + SECOND).left == 4
    assert hold(store, "d", 4, HIS, NOON + SECOND)


def test_nothing_is_held_for_less_than_nothing_or_beyond_what_can_be_counted(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10, soft=True))
    with pytest.raises(ValueError, match="no less"):
        ask("k", -1)
    with pytest.raises(ValueError, match="no less"):
        settle(store, "k", -1)
    assert (books(store, his), everything(store)) == ((0, 0), [])
    assert hold(store, "huge", LARGEST)
    with pytest.raises(MoneyError):
        decide(store, ask("more", 1))
    assert settle(store, "huge", LARGEST).fate is Fate.NEW
    assert hold(store, "free", 0)
    with pytest.raises(MoneyError):
        settle(store, "free", 1)
    assert found(store, "free").state is HoldState.HELD
    assert books(store, his) == (LARGEST, 0)
    assert drift(store) == ()


def test_hostile_words_in_keys_names_and_scopes_are_kept_as_words(store: Store) -> None:
    scope = type(ZHANG)(ScopeKind.USER, HOSTILE)
    (theirs,) = add(store, quota(scope, 10, name=HOSTILE))
    assert hold(store, HOSTILE, 10, (scope,))
    assert hold(store, "'; DROP TABLE holds; --", 0, (scope,))
    assert refused(store, "k", 1, (scope,)).left == 0
    assert settle(store, HOSTILE, 3, scopes=(scope,)).fate is Fate.NEW
    assert books(store, theirs) == (3, 0)


def test_accounts_change_once_a_transaction(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    with store.begin() as tx:
        tx.holds.hold(ask("a", 1), NOON, NOON + LASTS)
        with pytest.raises(RuntimeError):
            tx.holds.hold(ask("b", 1), NOON, NOON + LASTS)
        with pytest.raises(RuntimeError):
            tx.quotas.change(his, NOON)
        with pytest.raises(RuntimeError):
            tx.quotas.add(his)
    with store.begin() as tx:
        tx.quotas.add(quota(SALES, 5))
        with pytest.raises(RuntimeError):
            tx.holds.hold(ask("c", 1), NOON, NOON + LASTS)
    assert books(store, his) == (0, 1)


def test_what_a_transaction_made_and_rolled_back_never_was(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=50))
    for _ in range(2):
        with suppress(KeyboardInterrupt), store.begin() as tx:
            assert isinstance(tx.holds.hold(ask("k", 50), NOON, NOON + LASTS), Granted)
            raise KeyboardInterrupt
        with suppress(KeyboardInterrupt), store.begin() as tx:
            tx.quotas.add(quota(COMPANY, 1))
            raise KeyboardInterrupt
    with store.begin() as tx:
        assert tx.holds.find("k") is None
    other = add(store, quota(COMPANY, 60))[0]
    assert hold(store, "k", 50)
    assert refused(store, "next", 11).scope == COMPANY
    assert books(store, his) == books(store, other) == (0, 50)
    assert drift(store) == ()


def test_a_quota_of_any_period_has_its_own_window(store: Store) -> None:
    periods = [quota(ZHANG, 100, period=period, name=period.value) for period in Period]
    added = add(store, *periods)
    assert hold(store, "k", 10)
    windows = [accounts(store, each)[0].window for each in added]
    assert all(NOON in window for window in windows)
    assert sorted(windows, key=lambda each: each.end - each.start) == windows
    assert [books(store, each) for each in added] == [(0, 10)] * len(Period)
