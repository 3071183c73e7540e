"""Months: what is long past is read by the month, and the answers are those that its days would give."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from storage.cuboids import MONTHS, OF_DAYS, OF_MONTHS
from storage.site_days import month_of
from storage.store import SqlStore
from suanli.domain.cost.dates import start_of
from suanli.domain.cost.findings import Skew
from suanli.domain.cost.sums import Dimension, Grain
from suanli.domain.ports import Store
from tests.contract.cost_kit import tamper
from tests.contract.record_kit import costs, write
from tests.contract.sum_kit import ONE, ask, connected, key, put_by, requests, rows, tell
from tests.contract.test_store_sums_together import ON_POSTGRES, apply_until, at_once
from tests.fakes import NOON

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = date(1970, 1, 1)


def months(url: str) -> dict[str, int]:
    """How many requests the cells of months have, of everybody and everything."""
    with connected(url) as connection:
        found = connection.execute(text(f"SELECT time, requests FROM cost_sums WHERE cuboid = {MONTHS}"))  # noqa: S608 ours
        return {(FIRST + time * DAY).isoformat(): requests for time, requests in found}


def at(day: date, zone: ZoneInfo = SHANGHAI) -> datetime:
    """When a day begins."""
    return start_of(day, zone)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
def test_every_stretch_of_days_over_the_ends_of_months_has_what_its_days_have(database_url: str, zone: str) -> None:
    """From New Year's Eve to April of a leap year: calls in the first and the last microsecond of days."""
    here, first = ZoneInfo(zone), date(2027, 12, 30)
    days = [first + n * DAY for n in range(95)]
    told = [(key(at(day, here)), ONE) for day in days] + [(key(at(day + DAY, here) - MICROSECOND), ONE) for day in days]
    with closing(SqlStore(database_url, here)) as store:
        tell(database_url, told)
        while put_by(store, 60):
            pass
        assert months(database_url) == {"2027-12-01": 4, "2028-01-01": 62, "2028-02-01": 58, "2028-03-01": 62}
        ends = [date(2027, 12, 30), date(2027, 12, 31), date(2028, 1, 1), date(2028, 1, 2), date(2028, 1, 31)]
        ends += [date(2028, 2, 1), date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1), date(2028, 3, 31)]
        ends += [date(2028, 4, 1), date(2028, 4, 2), date(2028, 5, 1)]
        for n, begin in enumerate(ends):
            for end in ends[n + 1 :]:
                known = 2 * sum(begin <= day < end for day in days)
                assert requests(store, since=at(begin, here), until=at(end, here)) == {"": known}, (begin, end)
                assert requests(store, by=Dimension.USER, since=at(begin, here), until=at(end, here)) == {
                    "ou_zhang": known
                }


NOVEMBER, OCTOBER, SEPTEMBER = (datetime(2026, month, 5, tzinfo=UTC) for month in (11, 10, 9))
YEAR: dict[str, Any] = {"since": at(date(2026, 1, 1)), "until": at(date(2027, 1, 1))}


def test_a_month_is_closed_by_the_first_sum_of_a_later_one(store: Store, database_url: str) -> None:
    tell(database_url, [(key(SEPTEMBER), ONE), (key(SEPTEMBER + DAY), ONE)])
    put_by(store)
    assert months(database_url) == {}
    tell(database_url, [(key(NOVEMBER), ONE), (key(OCTOBER), ONE)])
    assert put_by(store, 1) == 1
    assert months(database_url) == {"2026-09-01": 2}
    assert requests(store, **YEAR) == {"": 4}
    put_by(store)
    assert months(database_url) == {"2026-09-01": 2, "2026-10-01": 1}
    assert requests(store, **YEAR) == {"": 4}


def test_what_comes_late_is_counted_once_in_a_month_that_is_closed(store: Store, database_url: str) -> None:
    tell(database_url, [(key(OCTOBER), ONE), (key(NOVEMBER), ONE)])
    put_by(store)
    late = [key(OCTOBER, user="ou_li"), key(OCTOBER + DAY, model="other"), key(SEPTEMBER)]
    for n, each in enumerate(late, 1):
        tell(database_url, [(each, ONE)])
        assert requests(store, **YEAR) == {"": 2 + n}
        put_by(store)
        assert requests(store, **YEAR) == {"": 2 + n}
        assert put_by(store) == 0
    assert months(database_url) == {"2026-09-01": 1, "2026-10-01": 3}
    assert requests(store, by=Dimension.USER, **YEAR) == {"ou_li": 1, "ou_zhang": 4}
    assert requests(store, by=Dimension.MODEL, where={Dimension.USER: "ou_zhang"}, **YEAR) == {"gpt": 3, "other": 1}


def test_an_organisation_has_what_its_projects_have(store: Store, database_url: str) -> None:
    told = [key(moment, project=project, organization=organization) for moment in (SEPTEMBER, OCTOBER, NOVEMBER)
            for project in "pq" for organization in ("company", "other", "")]  # fmt: skip
    tell(database_url, [(each, ONE) for each in told])
    put_by(store)
    assert requests(store, by=Dimension.ORGANIZATION, **YEAR) == {"": 6, "company": 6, "other": 6}
    asked: dict[str, Any] = {"where": {Dimension.ORGANIZATION: "company"}, **YEAR}
    assert requests(store, by=Dimension.PROJECT, **asked) == {"p": 3, "q": 3}
    assert requests(store, by=Dimension.MODEL, **asked) == {"gpt": 6}
    assert requests(store, Grain.DAY, **asked) == {"2026-09-05": 2, "2026-10-05": 2, "2026-11-05": 2}
    assert requests(store, Grain.HOUR, **asked) == {"09-05T00": 2, "10-05T00": 2, "11-05T00": 2}


def test_sums_made_anew_have_the_same_months(store: Store, database_url: str) -> None:
    moments = [NOON - 40 * DAY * n for n in range(12)]
    write(store, *(costs(f"{n}", n, happened_at=moment) for n, moment in enumerate(moments)))
    for limit in (3, 5, 9):
        put_by(store, limit)
    kept, known = rows(database_url), months(database_url)
    assert len(known) == 11
    with store.begin() as tx:
        assert tx.sums.rebuild() == 12
    assert (rows(database_url), months(database_url)) == (kept, known)
    write(store, costs("late", 1, happened_at=moments[5]))
    put_by(store)
    with store.begin() as tx:
        assert tx.books.reconcile(NOON, None).is_clean


@pytest.mark.parametrize("cuboid", OF_MONTHS)
@pytest.mark.parametrize("change", ["UPDATE cost_sums SET total_cost = total_cost + 1", "DELETE FROM cost_sums"])
def test_a_month_that_somebody_changed_is_found_at_every_level(
    store: Store, database_url: str, cuboid: int, change: str
) -> None:
    spent = [costs("a", 9, happened_at=SEPTEMBER), costs("b", 5, happened_at=OCTOBER), costs("c", 1)]
    write(store, *spent, now=NOON - 9 * DAY)
    put_by(store)
    september = month_of((SEPTEMBER.date() - FIRST).days)
    tamper(database_url, f"{change} WHERE cuboid = {cuboid} AND time = {september}")
    with store.begin() as tx:
        (found,) = tx.books.reconcile(NOON, None).sums
        assert found == (Skew("2026-09", 10, 9, 1, 1) if change.startswith("UPDATE") else Skew("2026-09", 0, 9, 0, 1))
        assert tx.books.reconcile(NOON, NOON - DAY).sums == ()  # who looks at what is new looks at no old month
    write(store, costs("late", 1, happened_at=SEPTEMBER), now=NOON + DAY)
    with store.begin() as tx:
        (found,) = tx.books.reconcile(NOON + DAY, NOON + DAY).sums
    assert found.day == "2026-09"
    with store.begin() as tx:
        tx.sums.rebuild()
    with store.begin() as tx:
        assert tx.books.reconcile(NOON, None).is_clean


def test_a_day_that_somebody_changed_does_not_count_against_its_month_too(store: Store, database_url: str) -> None:
    write(store, costs("a", 9, happened_at=SEPTEMBER), costs("c", 1))
    put_by(store)
    tamper(database_url, f"UPDATE cost_sums SET total_cost = 0 WHERE cuboid IN {OF_DAYS}")  # noqa: S608 ours
    with store.begin() as tx:
        assert [each.day for each in tx.books.reconcile(NOON, None).sums] == ["2026-09-05", "2026-11-20"]


@ON_POSTGRES
@pytest.mark.parametrize("late_first", [True, False])
def test_who_closes_a_month_and_who_adds_to_it_wait_for_each_other(
    store: Store, database_url: str, *, late_first: bool
) -> None:
    tell(database_url, [(key(OCTOBER), ONE)])
    put_by(store)
    moments = [OCTOBER + DAY, NOVEMBER]  # the first is still of an open month
    for moment in moments if late_first else reversed(moments):
        tell(database_url, [(key(moment), ONE)])
    with closing(SqlStore(database_url)) as other, ThreadPoolExecutor(1) as pool:
        with store.begin() as tx:
            assert tx.sums.put_by(1) == 1
            second = pool.submit(put_by, other, 1)
            assert not wait([second], 0.3).done
        assert second.result(30) == 1
    assert months(database_url) == {"2026-10-01": 2}
    assert requests(store, **YEAR) == {"": 3}


def test_months_that_several_close_while_others_add_to_them_have_everything(store: Store, database_url: str) -> None:
    moments = [datetime(2026, month, day, tzinfo=UTC) for day in (3, 17, 28) for month in range(1, 11)]
    written = threading.Event()

    def add(_: Store) -> int:
        for n in range(240):
            # Now an early month, now a late one: each goes back to months that others are just closing.
            tell(database_url, [(key(moments[n * 7 % 30 if n % 3 else n // 8], user=f"u{n % 5}"), ONE)])
        written.set()
        return 0

    put: Sequence[int] = at_once(database_url, add, *(apply_until(written, limit) for limit in (1, 2, 5)))
    assert sum(put) + put_by(store) == 240  # the last one may have come when all of them had just looked
    with connected(database_url) as connection:
        days = connection.execute(text(f"SELECT time, requests FROM cost_sums WHERE cuboid = {OF_DAYS[0]}"))  # noqa: S608 ours
        by_month: dict[str, int] = {}
        for time, count in days:
            month = (FIRST + month_of(time) * DAY).isoformat()
            by_month[month] = by_month.get(month, 0) + count
    del by_month["2026-10-01"]
    assert months(database_url) == by_month
    assert requests(store, since=at(date(2026, 1, 1)), until=at(date(2026, 11, 1))) == {"": 240}
    assert sum(line.sum.requests for line in ask(store, by=Dimension.USER, **YEAR)) == 240
