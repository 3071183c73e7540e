"""Quotas of Shanghai, New York and Lord Howe, where clocks move by half an hour, over all that calendars do.

Moments are said in UTC, as one reads them in an almanac and not as the product works them out. Nothing is run when a
window ends: whoever asks next is in the next one.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.cost.quotas import Granted, Quota, Refused, Span
from suanli.domain.cost.records import Fate
from suanli.domain.cost.sums import Grain
from suanli.domain.cost.windows import Period, Window
from suanli.domain.ports import Store
from tests.contract.cost_kit import COMPANY, DAY, HIS, HOUR, ZHANG, add, ask, decide, hold, quota, settle, spend
from tests.contract.record_kit import HE, costs, fate
from tests.contract.sum_kit import ask as sums_of

SHANGHAI, NEW_YORK, LORD_HOWE = map(ZoneInfo, ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"))
TICK = timedelta(microseconds=1)
YEARS = timedelta(days=1000)
"""Holds that nothing but the calendar ends."""


def at(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


def case(zone: ZoneInfo, period: Period, start: str, end: str, hours: float) -> Any:
    name = f"{zone.key.rpartition('/')[2]} {period.value} {start}"
    return pytest.param(zone, period, Window(at(start), at(end)), hours, id=name)


WINDOWS = [
    # Shanghai is eight hours ahead, always.
    case(SHANGHAI, Period.DAILY, "2026-11-20T16:00", "2026-11-21T16:00", 24),
    case(SHANGHAI, Period.WEEKLY, "2026-11-15T16:00", "2026-11-22T16:00", 7 * 24),
    case(SHANGHAI, Period.MONTHLY, "2026-10-31T16:00", "2026-11-30T16:00", 30 * 24),
    case(SHANGHAI, Period.MONTHLY, "2028-01-31T16:00", "2028-02-29T16:00", 29 * 24),
    case(SHANGHAI, Period.YEARLY, "2025-12-31T16:00", "2026-12-31T16:00", 365 * 24),
    # New York sets its clocks forward on 14 March 2027 and had set them back on 1 November 2026.
    case(NEW_YORK, Period.DAILY, "2026-11-20T05:00", "2026-11-21T05:00", 24),
    case(NEW_YORK, Period.DAILY, "2026-11-01T04:00", "2026-11-02T05:00", 25),
    case(NEW_YORK, Period.DAILY, "2027-03-14T05:00", "2027-03-15T04:00", 23),
    case(NEW_YORK, Period.WEEKLY, "2026-10-26T04:00", "2026-11-02T05:00", 7 * 24 + 1),
    case(NEW_YORK, Period.MONTHLY, "2026-11-01T04:00", "2026-12-01T05:00", 30 * 24 + 1),
    case(NEW_YORK, Period.MONTHLY, "2027-03-01T05:00", "2027-04-01T04:00", 31 * 24 - 1),
    case(NEW_YORK, Period.YEARLY, "2026-01-01T05:00", "2027-01-01T05:00", 365 * 24),
    # Lord Howe sets them forward by half an hour on 4 October 2026 and back on 4 April 2027.
    case(LORD_HOWE, Period.DAILY, "2026-11-20T13:00", "2026-11-21T13:00", 24),
    case(LORD_HOWE, Period.DAILY, "2026-10-03T13:30", "2026-10-04T13:00", 23.5),
    case(LORD_HOWE, Period.DAILY, "2027-04-03T13:00", "2027-04-04T13:30", 24.5),
    case(LORD_HOWE, Period.WEEKLY, "2026-09-27T13:30", "2026-10-04T13:00", 7 * 24 - 0.5),
    case(LORD_HOWE, Period.MONTHLY, "2027-03-31T13:00", "2027-04-30T13:30", 30 * 24 + 0.5),
    case(LORD_HOWE, Period.YEARLY, "2025-12-31T13:00", "2026-12-31T13:00", 365 * 24),
]


def used(store: Store, of: Quota, now: datetime) -> tuple[Window, int, int]:
    """The window of a moment, what is used in it and what is held."""
    with store.begin() as tx:
        account = tx.quotas.accounts(of.id, now)[0]
    return account.window, account.used, account.held


def assert_clean(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        assert tx.books.reconcile(now, None).is_clean


@pytest.mark.parametrize(("zone", "period", "window", "hours"), WINDOWS)
def test_a_window_ends_at_the_zones_own_midnight_to_the_microsecond(
    store: Store, zone: ZoneInfo, period: Period, window: Window, hours: float
) -> None:
    assert window.end - window.start == hours * HOUR
    (mine,) = add(store, quota(ZHANG, 10, period=period, zone=zone))
    before, after = window.start - TICK, window.end

    # As full as it can be in each of three windows, and nobody did anything in between.
    for n, moment in enumerate((before, window.start, window.end - TICK, after)):
        answer = decide(store, ask(f"k{n}", 10), moment, YEARS)
        assert isinstance(answer, Granted) is (moment != window.end - TICK), moment
    answer = decide(store, ask("more", 1), window.start)
    assert isinstance(answer, Refused)
    assert (answer.account.window, answer.account.held) == (window, 10)

    # What comes to an end in the next window counts in its own, whenever the call is said to have been.
    settle(store, "k0", 4, window.start)
    assert fate(store, costs("k1", 6, hold="k1", happened_at=window.start), window.end + HOUR) is Fate.NEW
    late = costs("late", 3, happened_at=window.end - TICK)
    assert fate(store, late, window.end + 2 * HOUR) is Fate.NEW
    assert used(store, mine, before)[1:] == (4, 0)
    assert used(store, mine, window.end - TICK) == used(store, mine, window.start) == (window, 9, 0)
    assert used(store, mine, after)[1:] == (0, 10)
    assert used(store, mine, after)[0].start == window.end
    assert used(store, mine, before)[0].end == window.start
    assert_clean(store, window.end)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "windows"),
    [
        (SHANGHAI, "2026-11-19T16:00", 24, 24),
        (NEW_YORK, "2026-11-01T04:00", 25, 25),
        (NEW_YORK, "2027-03-14T05:00", 23, 23),
        # Hours are those of UTC, so a day that begins or ends at half past shares one with its neighbour.
        (LORD_HOWE, "2027-04-03T13:00", 24.5, 25),
        (LORD_HOWE, "2026-10-03T13:30", 23.5, 24),
    ],
)
def test_each_hour_of_a_long_or_short_day_is_granted_once_and_the_day_counts_them_all(
    store: Store, zone: ZoneInfo, day: str, hours: float, windows: int
) -> None:
    (mine,) = add(store, quota(HE.scopes[0], 10**6, hour=1, day=10**6, zone=zone))
    start = at(day)
    end = start + hours * HOUR
    granted, moment = 0, start
    while moment < end:
        key = f"{moment}"
        if hold(store, key, 1, HIS, moment):
            granted += 1
            assert fate(store, costs(key, 1, hold=key, happened_at=moment), moment) is Fate.NEW
        moment += HOUR / 2
    assert granted == windows
    with store.begin() as tx:
        of_day = tx.quotas.accounts(mine.id, end - TICK)[Span.DAY]
        next_day = tx.quotas.accounts(mine.id, end)[Span.DAY]
    assert (of_day.window, of_day.used) == (Window(start, end), windows)
    assert (next_day.window.start, next_day.used) == (end, 0)
    assert_clean(store, end)


def test_a_call_is_against_limits_of_several_zones_and_each_begins_anew_at_its_own_midnight(store: Store) -> None:
    his, theirs = add(
        store,
        quota(ZHANG, 10, period=Period.DAILY, zone=NEW_YORK),
        quota(COMPANY, 10, period=Period.DAILY, zone=SHANGHAI),
    )
    new_york, shanghai = at("2026-11-21T05:00"), at("2026-11-21T16:00")
    spend(store, "first", 10, HIS, new_york)
    assert used(store, his, new_york - TICK)[1] == 0
    # Both are full, and the wider one says so; its day in Shanghai ends first.
    assert first_in_the_way(store, shanghai - TICK) == ("organization", shanghai)
    assert first_in_the_way(store, shanghai) == ("user", new_york + DAY)
    assert first_in_the_way(store, new_york + DAY - TICK) == ("user", new_york + DAY)
    assert first_in_the_way(store, new_york + DAY) == (None, None)
    spend(store, "second", 10, HIS, new_york + DAY)
    assert first_in_the_way(store, shanghai + DAY - TICK) == ("organization", shanghai + DAY)
    assert first_in_the_way(store, shanghai + DAY) == ("user", new_york + 2 * DAY)
    assert [used(store, his, new_york + n * DAY)[1] for n in range(3)] == [10, 10, 0]
    assert [used(store, theirs, shanghai + n * DAY)[1] for n in (-1, 0, 1)] == [10, 10, 0]
    assert_clean(store, shanghai + 2 * DAY)


def first_in_the_way(store: Store, now: datetime) -> tuple[str | None, datetime | None]:
    """Whose limit refuses one more, and when it begins anew. What is held for that is given back."""
    key = f"ask {now}"
    answer = decide(store, ask(key, 1), now)
    if isinstance(answer, Refused):
        return answer.account.scope.kind.word, answer.account.window.end
    with store.begin() as tx:
        tx.holds.refund(key, now)
    return None, None


def test_no_moment_of_a_month_around_two_changes_of_clocks_is_in_two_windows_or_in_none(store: Store) -> None:
    zones = (SHANGHAI, NEW_YORK, LORD_HOWE)
    known = add(store, *(quota(COMPANY, 10**9, period=Period.DAILY, zone=zone) for zone in zones))
    start = at("2026-10-01T00:00")
    calls = [costs(f"{n}", 1, happened_at=start + n * timedelta(minutes=30)) for n in range(35 * 48)]
    with store.begin() as tx:
        tx.records.write(calls, known[0].currency, start + 40 * DAY)
    for each in known:
        moment, seen = start - DAY, 0
        while moment < start + 37 * DAY:
            window, spent, _ = used(store, each, moment)
            # One call each half hour: as many as the day is long.
            if start <= window.start and window.end <= start + 35 * DAY:
                assert spent == (window.end - window.start) / timedelta(minutes=30)
            seen, moment = seen + spent, window.end
        assert seen == len(calls)
    assert_clean(store, start + 40 * DAY)


def test_sums_made_anew_have_the_last_microsecond_of_an_hour_where_it_was_spent(store: Store) -> None:
    moment = at("2026-11-20T16:00")
    for n, happened_at in enumerate((moment - TICK, moment, moment + HOUR - TICK)):
        assert fate(store, costs(f"{n}", 10**n, happened_at=happened_at), moment + DAY) is Fate.NEW
    kept = [(line.hour, line.sum.total_cost) for line in sums_of(store, Grain.HOUR)]
    assert kept == [(moment - HOUR, 1), (moment, 110)]
    with store.begin() as tx:
        tx.sums.put_by(100)
    with store.begin() as tx:
        assert tx.sums.rebuild() == 3
    assert [(line.hour, line.sum.total_cost) for line in sums_of(store, Grain.HOUR)] == kept
    assert_clean(store, moment + DAY)
