"""What an edit does to windows in which something is held: those of a limit that is no more stand in nobody's way.

And people are told once more of a level that an edit has taken an account below.
"""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Granted, Level, Quota, Refused, Span
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store
from tests.contract.budget_kit import add_budget, budget, change_budget
from tests.contract.budget_kit import record as recorded
from tests.contract.cost_kit import (
    BOT,
    DAY,
    HIS,
    HOUR,
    MINUTE,
    SALES,
    SECOND,
    ZHANG,
    accounts,
    add,
    books,
    change,
    drift,
    grant,
    hold,
    levels,
    quota,
    raise_hold,
    refused,
    settle,
    spend,
)
from tests.fakes import NOON

NEW_YORK = ZoneInfo("America/New_York")
WAYS_OUT: list[dict[str, Any]] = [
    {"active": False},
    {"period": Period.DAILY, "total": Nano(10)},
    {"period": Period.YEARLY, "total": Nano(10)},
    {"zone": NEW_YORK},
]
"""Edits by which a quota of 10 a month in Shanghai has the window of this month no more."""


def untold(store: Store) -> list[tuple[Span, Level, int, int]]:
    """What nobody was told of yet, with what was used of which limit then; they are told now."""
    with store.begin() as tx:
        found = tx.quotas.untold(NOON, 100)
        tx.quotas.told(found, "m")
    return [(each.account.span, each.level, each.used, each.limit) for each in found]


def reset(store: Store, of: Quota) -> None:
    with store.begin() as tx:
        assert tx.quotas.reset(of.id, made_by="ou_boss", why="", now=NOON + SECOND)


def test_a_month_is_not_told_of_by_the_limit_of_a_day(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000))
    spend(store, "a", 500)
    change(store, his, period=Period.DAILY, total=50)
    assert levels(store) == []
    assert (accounts(store, his)[0].limit, books(store, his)) == (50, (0, 0))


@pytest.mark.parametrize("edit", WAYS_OUT)
def test_a_window_that_a_quota_has_no_more_refuses_nothing_and_tells_nothing(
    store: Store, edit: dict[str, Any]
) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    assert hold(store, "a", 9)
    change(store, his, **edit)
    assert isinstance(raise_hold(store, "a", 11), Granted)
    settle(store, "a", 12)
    assert (levels(store), drift(store)) == ([], ())


@pytest.mark.parametrize("edit", WAYS_OUT)
def test_it_goes_on_counting_and_is_in_force_again_with_its_limit(store: Store, edit: dict[str, Any]) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    assert hold(store, "a", 4)
    change(store, his, **edit)
    assert isinstance(raise_hold(store, "a", 6), Granted)
    settle(store, "a", 8)
    change(store, his)
    assert levels(store) == [(his.name, Span.PERIOD, Level.WARNING)]
    assert (refused(store, "b", 3).left, books(store, his)) == (2, (8, 0))
    assert drift(store) == ()


def test_a_limit_that_is_left_out_refuses_no_hold_that_was_made_under_it(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000, day=10, hour=10))
    assert hold(store, "a", 9)
    change(store, his, daily_limit=None, hourly_limit=None)
    assert isinstance(raise_hold(store, "a", 11), Granted)
    settle(store, "a", 12)
    assert levels(store) == []
    change(store, his, hourly_limit=None)
    assert [(account.span, account.used) for account in accounts(store, his)] == [(Span.PERIOD, 12), (Span.DAY, 12)]
    assert levels(store) == [(his.name, Span.DAY, level) for level in sorted(Level)]


def test_a_window_that_is_over_stands_in_nobodys_way_either(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000, hour=10))
    over = NOON + HOUR
    assert hold(store, "a", 9, HIS, over - MINUTE)
    assert isinstance(raise_hold(store, "a", 11, over), Refused)
    change(store, his, over, hourly_limit=None)
    assert isinstance(raise_hold(store, "a", 11, over), Granted)
    settle(store, "a", 12, over)
    assert levels(store, over) == []


def test_an_edit_of_other_limits_leaves_a_window_that_is_over_as_it_was(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000, hour=10))
    over = NOON + HOUR
    assert hold(store, "a", 9, HIS, over - MINUTE)
    change(store, his, over, total=2000, hourly_limit=20)
    answer = raise_hold(store, "a", 11, over)
    assert isinstance(answer, Refused)
    assert answer.account.limit == 10


def test_a_budget_that_is_changed_does_the_same(store: Store) -> None:
    known = add_budget(store, budget(1000, (SALES, 600), (BOT, 10), binds=True))
    assert hold(store, "a", 9)
    fewer = change_budget(store, known, allocations=known.allocations[:1])
    assert isinstance(raise_hold(store, "a", 500), Granted)
    off = change_budget(store, fewer, active=False)
    assert isinstance(raise_hold(store, "a", 5000), Granted)
    settle(store, "a", 6000)
    assert levels(store) == []
    change_budget(store, off, active=True, period=Period.YEARLY)
    assert drift(store) == ()


@pytest.mark.parametrize("more", ["grant", "limit", "reset"])
def test_who_is_given_more_is_told_once_more_when_that_is_used_up(store: Store, more: str) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    spend(store, "a", 100)
    assert untold(store) == [(Span.PERIOD, level, 100, 100) for level in sorted(Level)]
    if more == "reset":
        reset(store, his)
    elif more == "limit":
        change(store, his, NOON + SECOND, total=200)
    else:
        grant(store, his, 100, DAY)
    assert untold(store) == []
    spend(store, "b", 79)
    assert untold(store) == ([(Span.PERIOD, Level.WARNING, 179, 200)] if more != "reset" else [])
    spend(store, "c", 21)
    whole = 100 if more == "reset" else 200
    rest = sorted(Level) if more == "reset" else [Level.CRITICAL, Level.EXCEEDED]
    assert untold(store) == [(Span.PERIOD, level, whole, whole) for level in rest]
    recorded(store, "d", 5)
    assert untold(store) == []


def test_only_levels_that_are_not_reached_any_more_are_told_once_more(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    spend(store, "a", 100)
    assert len(untold(store)) == 3
    change(store, his, total=110)  # still 90 % of it
    spend(store, "b", 10)
    assert untold(store) == [(Span.PERIOD, level, 110, 110) for level in (Level.CRITICAL, Level.EXCEEDED)]


def test_what_nobody_was_told_yet_is_not_told_when_it_is_not_so_any_more(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    spend(store, "a", 100)
    change(store, his, total=1000)
    assert untold(store) == []


def test_an_edit_that_raises_nothing_tells_nobody_again(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    spend(store, "a", 100)
    assert len(untold(store)) == 3
    others: list[dict[str, Any]] = [{"name": "x"}, {"soft": True}, {"daily_limit": Nano(500)}, {"total": Nano(90)}]
    for edit in WAYS_OUT + others:
        change(store, his, **edit)
        change(store, his)
    assert untold(store) == []


def test_who_was_told_of_what_was_before_an_edit_is_told_of_what_came_after_it(store: Store) -> None:
    """The message about the first time is on its way while the limit is raised, and reached once more."""
    (his,) = add(store, quota(ZHANG, 100))
    recorded(store, "a", 80)
    with store.begin() as tx:
        first = tx.quotas.untold(NOON, 9)
    change(store, his, total=200)
    recorded(store, "b", 80, at=NOON + SECOND)
    with store.begin() as tx:
        tx.quotas.told(first, "m1")
    assert untold(store) == [(Span.PERIOD, Level.WARNING, 160, 200)]
    assert untold(store) == []
