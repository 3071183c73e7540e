"""Windows tile the time from 2018 to 2026, in zones that do what zones do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.windows import Period, Window, window_at

START, END = datetime(2018, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)

ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Asia/Tehran",  # summer time until 2022, by a calendar of its own
    "Asia/Pyongyang",  # moved by half an hour in 2018
    "Africa/Casablanca",  # summer time all year but for Ramadan
    "America/New_York",
    "America/Havana",  # clocks change at midnight
    "America/Santiago",
    "America/Sao_Paulo",  # no summer time any more since 2019
    "America/St_Johns",
    "Atlantic/Azores",
    "Australia/Lord_Howe",  # by half an hour
    "Antarctica/Casey",  # moves by three hours, at midnight among others
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
DAYS = {Period.WEEKLY: {7}, Period.MONTHLY: {28, 29, 30, 31}, Period.YEARLY: {365, 366}}

zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.timedeltas(timedelta(days=-10_000), timedelta(days=7_000)).map(lambda since: START + since)


def tiles(period: Period, zone: ZoneInfo, start: datetime, end: datetime) -> list[Window]:
    """All windows from one moment to another, each found by the first moment after the one before."""
    found = [window_at(period, zone, start)]
    while found[-1].end < end:
        found.append(window_at(period, zone, found[-1].end))
    return found


def assert_tiled(found: list[Window], period: Period, zone: ZoneInfo) -> None:
    assert all(before.end == after.start for before, after in pairwise(found))
    assert all(window_at(period, zone, each.end - MOMENT) == each for each in found)


@pytest.mark.parametrize("name", ZONES)
def test_nine_years_of_days_follow_each_other_without_gap_or_overlap(name: str) -> None:
    zone = ZoneInfo(name)
    found = tiles(Period.DAILY, zone, START, END)
    assert_tiled(found, Period.DAILY, zone)
    days = [each.start.astimezone(zone).date() for each in found]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert all(timedelta(hours=21) <= each.end - each.start <= timedelta(hours=27) for each in found)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("period", [Period.WEEKLY, Period.MONTHLY, Period.YEARLY])
def test_nine_years_of_longer_windows_are_made_of_whole_days(period: Period, name: str) -> None:
    zone = ZoneInfo(name)
    found = tiles(period, zone, START, END)
    assert_tiled(found, period, zone)
    firsts = [each.start.astimezone(zone).date() for each in found]
    assert {(after - before).days for before, after in pairwise(firsts)} <= DAYS[period]
    if period is Period.WEEKLY:
        assert {day.weekday() for day in firsts} == {0}
    else:
        assert {day.day for day in firsts} == {1}
    assert all(window_at(Period.DAILY, zone, each.start).start == each.start for each in found)


@given(st.sampled_from(Period), zones, moments)
def test_every_moment_is_in_the_window_that_it_is_given_and_in_no_other(
    period: Period, zone: ZoneInfo, moment: datetime
) -> None:
    found = window_at(period, zone, moment)
    assert moment in found
    before, after = window_at(period, zone, found.start - MOMENT), window_at(period, zone, found.end)
    assert before.end == found.start
    assert after.start == found.end
    assert window_at(period, zone, found.start) == window_at(period, zone, found.end - MOMENT) == found


@given(st.sampled_from(Period), zones, moments)
def test_a_window_is_the_same_whatever_zone_its_moment_is_written_in(
    period: Period, zone: ZoneInfo, moment: datetime
) -> None:
    assert window_at(period, zone, moment.astimezone(zone)) == window_at(period, zone, moment)


@given(zones, moments)
def test_hours_are_of_one_length(zone: ZoneInfo, moment: datetime) -> None:
    found = window_at(Period.HOURLY, zone, moment)
    assert found.end - found.start == timedelta(hours=1)
