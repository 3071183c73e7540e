"""How many limits stand at once: each as it does alone, at every edge of a window, however many there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from suanli.domain.cost.money import LARGEST
from suanli.domain.cost.quotas import Account, Level, Quota, QuotaId, Scope, ScopeKind, Span
from suanli.domain.cost.windows import Period, window_at
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    BOT,
    COMPANY,
    DAY,
    HOUR,
    LI,
    MINUTE,
    SALES,
    SECOND,
    ZHANG,
    accounts,
    add,
    change,
    grant,
    hold,
    quota,
    spend,
)
from tests.fakes import NOON

LONG_AGO = NOON - 400 * DAY
ZONES = ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")


def together(store: Store, some: Sequence[Quota], now: datetime = NOON) -> Mapping[QuotaId, Sequence[Account]]:
    with store.begin() as tx:
        return tx.quotas.all_accounts(some, now)


def levels(store: Store, some: Sequence[Quota], now: datetime = NOON) -> Mapping[QuotaId, Level]:
    with store.begin() as tx:
        return tx.quotas.levels(some, now)


def used(store: Store, of: Quota, now: datetime) -> list[int]:
    return [each.used for each in together(store, [of], now)[of.id]]


def soft(scope: Scope, total: int, **fields: Any) -> Quota:
    return quota(scope, total, soft=True, **fields)


def test_of_no_quota_nothing_is_said(store: Store) -> None:
    assert (together(store, []), levels(store, [])) == ({}, {})


def test_a_window_begins_with_its_first_moment_and_ends_before_that_of_the_next(store: Store) -> None:
    scopes = [Scope(ScopeKind.USER, f"ou_{zone}") for zone in ZONES]
    some = add(
        store,
        *(
            quota(scope, 10**6, zone=ZoneInfo(zone), period=period, day=10**6, hour=10**6)
            for scope, zone in zip(scopes, ZONES, strict=True)
            for period in (Period.YEARLY, Period.WEEKLY)
        ),
    )
    for each, scope in enumerate(scopes):
        end = window_at(Period.YEARLY, ZoneInfo(ZONES[each]), NOON).end
        spend(store, f"before {each}", 3, [scope], end - SECOND)
        spend(store, f"after {each}", 40, [scope], end)
    for yearly, weekly in zip(some[::2], some[1::2], strict=True):
        end = window_at(Period.YEARLY, yearly.zone, NOON).end
        before, after = (43, 43) if end.minute else (3, 40)  # hours are UTC's, and this day begins in one of them
        assert used(store, yearly, end - SECOND / 10**6) == [3, 3, before]
        assert used(store, yearly, end) == [40, 40, after]
        assert used(store, weekly, end) == [43, 40, after]  # the year begins in the middle of a week


def test_a_limit_that_nothing_was_held_in_is_empty_and_has_what_is_granted_on_top(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=10))
    grant(store, his, 7, HOUR, span=Span.DAY)
    grant(store, his, 5, 2 * HOUR, span=Span.DAY)

    def limits(now: datetime) -> list[int]:
        return [each.limit for each in together(store, [his], now)[his.id]]

    assert [(each.span, each.used, each.held) for each in together(store, [his])[his.id]] == [
        (Span.PERIOD, 0, 0),
        (Span.DAY, 0, 0),
    ]
    moments = (NOON, NOON + HOUR - SECOND, NOON + HOUR, NOON + 2 * HOUR)
    assert [limits(now) for now in moments] == [[100, 22], [100, 22], [100, 15], [100, 10]]
    hold(store, "a", 2, [ZHANG])
    assert [limits(now) for now in moments] == [[100, 22], [100, 22], [100, 15], [100, 10]]


def test_windows_of_before_a_change_are_not_those_of_now(store: Store) -> None:
    (his,) = add(store, soft(ZHANG, 10))
    spend(store, "a", 10, [ZHANG])
    assert levels(store, [his]) == {his.id: Level.EXCEEDED}
    change(store, his, period=Period.WEEKLY)
    with store.begin() as tx:
        (his,) = tx.quotas.all()
    assert ([each.used for each in together(store, [his])[his.id]], levels(store, [his])) == ([0], {})


def test_very_many_limits_in_very_many_windows_stand_as_each_does_alone(store: Store) -> None:
    zones = [ZoneInfo(f"Etc/GMT{hours:+}") for hours in range(-14, 13)]
    scopes = [Scope(ScopeKind.USER, f"ou_{number}") for number in range(270)]
    some = add(
        store,
        *(
            soft(scope, 100, zone=zones[number % len(zones)], period=[*Period][number % 5], day=50, hour=20)
            for number, scope in enumerate(scopes)
        ),
    )
    for number in range(0, len(scopes), 9):
        spend(store, f"k{number}", number % 40 + 1, [scopes[number]], NOON - number * MINUTE)
        hold(store, f"h{number}", 5, [scopes[number]], NOON)
    found = together(store, some)
    assert {each.id for each in some} == found.keys()
    assert {each.id: tuple(accounts(store, each)) for each in some[::3]} == {
        each.id: found[each.id] for each in some[::3]
    }
    spent = [number % 40 + 1 if number % 9 == 0 else 0 for number in range(len(some))]
    for number, each in enumerate(some):
        at = NOON - number * MINUTE
        assert [(one.span, one.window, one.used, one.held) for one in found[each.id]] == [
            (span, window_at(period, each.zone, NOON), spent[number] * (at in window_at(period, each.zone, NOON)),
             5 * (number % 9 == 0))
            for span, (period, _) in each.spans().items()
        ]  # fmt: skip


def test_the_highest_level_of_all_limits_counts_and_only_of_windows_of_now(store: Store) -> None:
    some = add(store, soft(ZHANG, 1000, day=100, hour=10), soft(LI, 1000, day=100), soft(BOT, 1000), soft(SALES, 0))
    his, hers, bots, sales = (each.id for each in some)
    spend(store, "a", 10, [ZHANG])
    spend(store, "b", 81, [LI])
    spend(store, "c", 1, [SALES])
    assert levels(store, some) == {his: Level.EXCEEDED, hers: Level.WARNING, sales: Level.EXCEEDED}
    assert levels(store, some[:1]) == {his: Level.EXCEEDED}
    spend(store, "d", 14, [LI], NOON + MINUTE)
    spend(store, "e", 80, [ZHANG], NOON + HOUR)
    assert levels(store, some, NOON + HOUR) == {his: Level.EXCEEDED, hers: Level.CRITICAL, sales: Level.EXCEEDED}
    assert levels(store, some, NOON + 2 * HOUR) == {his: Level.WARNING, hers: Level.CRITICAL, sales: Level.EXCEEDED}
    assert levels(store, some, NOON + DAY) == {sales: Level.EXCEEDED}
    assert levels(store, some, NOON + 40 * DAY) == {}
    assert bots not in levels(store, some)


def test_a_level_begins_with_the_very_part_of_the_limit_and_a_grant_takes_it_back_while_it_lasts(store: Store) -> None:
    (his, hers) = add(store, soft(ZHANG, 10_001, warning=0.8), soft(LI, 10_000, warning=0.8))
    spend(store, "a", 8_000, [ZHANG])
    spend(store, "b", 8_000, [LI])
    assert levels(store, [his, hers]) == {hers.id: Level.WARNING}  # 80 % of 10,001 is 8,000.8
    spend(store, "c", 1, [ZHANG])
    assert levels(store, [his, hers]) == {his.id: Level.WARNING, hers.id: Level.WARNING}
    grant(store, hers, 1, HOUR)
    assert levels(store, [his, hers]) == {his.id: Level.WARNING}
    assert levels(store, [his, hers], NOON + HOUR) == {his.id: Level.WARNING, hers.id: Level.WARNING}


def test_the_largest_limits_and_amounts_are_counted(store: Store) -> None:
    some = add(store, soft(ZHANG, LARGEST), soft(COMPANY, LARGEST, warning=1.0, critical=1.0), soft(LI, LARGEST))
    spend(store, "a", LARGEST, [ZHANG])
    spend(store, "b", LARGEST - 1, [COMPANY])
    spend(store, "c", LARGEST // 10 * 8 - 10, [LI])
    assert levels(store, some) == {some[0].id: Level.EXCEEDED}
    spend(store, "d", 1, [COMPANY])
    spend(store, "e", 20, [LI])
    assert levels(store, some) == {some[0].id: Level.EXCEEDED, some[1].id: Level.EXCEEDED, some[2].id: Level.WARNING}


def test_windows_that_are_over_change_nothing(store: Store) -> None:
    (his,) = add(store, soft(ZHANG, 10**6, hour=10))
    for number in range(60):
        spend(store, f"k{number}", 10, [ZHANG], NOON - timedelta(hours=number))
    assert [each.used for each in together(store, [his])[his.id]] == [600, 10]
    assert levels(store, [his]) == {his.id: Level.EXCEEDED}
    assert [each.used for each in together(store, [his], NOON + HOUR)[his.id]] == [600, 0]
    assert levels(store, [his], NOON + HOUR) == {}
