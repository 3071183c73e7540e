"""What sums tell: trends, shares, habits, what models give, and averages that are never made up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.dates import (
    Dates,
    day_at,
    last_days,
    month_before,
    month_of,
    same_days_before,
    start_of,
    week_of,
)
from suanli.domain.cost.money import NANO
from suanli.domain.cost.reports import (
    NOTHING,
    Point,
    Share,
    Step,
    added,
    cost_per,
    cost_per_request,
    efficiencies,
    hourly,
    patterns,
    percent_change,
    percent_of,
    shares,
    tokens,
    trend,
)
from suanli.domain.cost.sums import Line, Sum

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
TODAY = date(2026, 11, 20)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EIGHT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
"""Eight o'clock in Shanghai, on a Friday."""


def spent(amount: int, requests: int = 1, units: int = 0, unpriced: int = 0) -> Sum:
    return Sum(requests=requests, unpriced=unpriced, total_units=units, total_cost=amount * NANO)


def on(day: date, amount: int) -> Line:
    return Line(spent(amount), day=day)


def at(hour: datetime, amount: int, requests: int = 1) -> Line:
    return Line(spent(amount, requests), hour=hour)


def of(value: str, amount: int, **more: int) -> Line:
    return Line(spent(amount, **more), value=value)


def amounts(points: "list[Point] | tuple[Point, ...]") -> list[int]:
    return [point.sum.total_cost // NANO for point in points]


def test_a_trend_has_every_day_also_those_on_which_nothing_was() -> None:
    points = trend([on(TODAY - 2 * DAY, 4), on(TODAY - 4 * DAY, 2)], Step.DAY, last_days(TODAY, 5), TODAY)
    assert amounts([*points]) == [2, 0, 4, 0, 0]
    assert [point.start for point in points] == list(last_days(TODAY, 5).days)


def test_a_change_needs_something_before_and_two_whole_periods() -> None:
    lines = [on(TODAY - 3 * DAY, 2), on(TODAY - 2 * DAY, 3), on(TODAY - DAY, 0), on(TODAY, 9)]
    points = trend(lines, Step.DAY, last_days(TODAY, 4), TODAY)
    assert [point.change for point in points] == [None, Decimal("50.0"), Decimal("-100.0"), None]
    assert [point.whole for point in points] == [True, True, True, False]


def test_weeks_begin_on_monday_and_months_on_the_first_and_cut_ones_are_not_whole() -> None:
    lines = [on(date(2026, 10, 31), 1), on(date(2026, 11, 1), 2), on(date(2026, 11, 2), 4)]
    dates = Dates(date(2026, 10, 28), date(2026, 11, 12))
    weeks = trend(lines, Step.WEEK, dates, TODAY)
    assert [point.start.day for point in weeks] == [26, 2, 9]
    assert (amounts([*weeks]), [point.whole for point in weeks]) == ([3, 4, 0], [False, True, False])
    months = trend(lines, Step.MONTH, dates, TODAY)
    assert (amounts([*months]), [point.whole for point in months]) == ([1, 6], [False, False])


def test_a_trend_of_nothing_is_nothing_on_each_day() -> None:
    points = trend([], Step.DAY, last_days(TODAY, 3), TODAY)
    assert [(point.sum, point.change) for point in points] == [(NOTHING, None)] * 3
    assert hourly([], EIGHT) == ()


def test_hours_go_from_the_first_to_the_last_and_the_one_of_now_is_not_whole() -> None:
    points = hourly([at(EIGHT - 3 * HOUR, 1), at(EIGHT - HOUR, 2), at(EIGHT, 3)], EIGHT + HOUR / 2)
    assert (amounts([*points]), [point.whole for point in points]) == ([1, 0, 2, 3], [True, True, True, False])
    assert [point.change for point in points] == [None, Decimal("-100.0"), None, None]


def test_lines_of_another_grain_are_a_bug() -> None:
    with pytest.raises(ValueError, match="each of a day"):
        trend([at(EIGHT, 1)], Step.DAY, last_days(TODAY, 1), TODAY)
    with pytest.raises(ValueError, match="into hours"):
        trend([], Step.HOUR, last_days(TODAY, 1), TODAY)
    with pytest.raises(ValueError, match="each of an hour"):
        hourly([on(TODAY, 1)], EIGHT)
    with pytest.raises(ValueError, match="of hours"):
        patterns([on(TODAY, 1)], SHANGHAI)


@given(st.lists(st.tuples(st.integers(-40, 0), st.integers(0, 10**12)), max_size=30), st.sampled_from([*Step][1:]))
def test_no_step_loses_or_invents_money(spendings: list[tuple[int, int]], step: Step) -> None:
    lines = [Line(Sum(total_cost=amount), day=TODAY + days * DAY) for days, amount in spendings]
    points = trend(lines, step, last_days(TODAY, 41), TODAY)
    assert added(point.sum for point in points).total_cost == sum(amount for _, amount in spendings)


def test_shares_are_most_first_and_the_rest_is_one() -> None:
    found = shares([of("a", 1), of("b", 6), of("a", 2), of("c", 1)], 2)
    assert [(share.value, share.percent) for share in found.most] == [("b", Decimal("60.0")), ("a", Decimal("30.0"))]
    assert (found.fewer, found.others) == (1, spent(1).outlay)


def test_of_what_cost_nothing_nobody_has_a_part_and_those_who_called_most_come_first() -> None:
    found = shares([of("a", 0, unpriced=1), of("b", 0, requests=2)], 9)
    assert [(share.value, share.percent) for share in found.most] == [("b", None), ("a", None)]
    assert shares([], 9).most == ()
    assert isinstance(found.most[0], Share)


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 10**15)), max_size=20), st.integers(0, 6))
def test_shares_and_the_rest_are_the_whole(spendings: list[tuple[str, int]], most: int) -> None:
    found = shares([Line(Sum(total_cost=amount), value=value) for value, amount in spendings], most)
    parts = [*(share.sum for share in found.most), found.others]
    assert sum(each.total_cost for each in parts) == sum(amount for _, amount in spendings)


def test_habits_are_those_of_the_zones_clocks() -> None:
    lines = [at(EIGHT, 5), at(EIGHT - DAY, 1), at(EIGHT + 8 * HOUR, 4), at(EIGHT + HOUR, 0)]
    found = patterns(lines, SHANGHAI)
    assert [(habit.at, habit.times) for habit in found.hours] == [(8, 2), (9, 1), (16, 1)]
    assert [habit.at for habit in found.weekdays] == [3, 4]
    # Nine o'clock cost nothing: it is no peak.
    assert (found.peak, found.percent) == ((8, 16), Decimal("100.0"))
    assert patterns(lines, NEW_YORK).hours[0].at == 3
    assert patterns([], SHANGHAI).peak == ()


def test_an_hour_that_clocks_show_twice_is_one_habit_of_one_day() -> None:
    first = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)  # 1:00 in New York, and an hour later again
    found = patterns([at(first, 1), at(first + HOUR, 1)], NEW_YORK)
    assert [(habit.at, habit.times, habit.sum.requests) for habit in found.hours] == [(1, 1, 2)]


def test_efficiency_is_thousands_of_tokens_for_one_of_the_currency() -> None:
    lines = [of("gpt-4", 800, units=1_000_000), of("mini", 1, units=18_950)]
    found = efficiencies(lines, lambda _: True)
    assert [(each.model, each.efficiency) for each in found] == [("mini", Decimal("18.95")), ("gpt-4", Decimal("1.25"))]
    assert found[0].cost_per_unit == Decimal("0.000052770")


def test_a_model_has_no_rank_that_is_free_or_has_calls_without_a_price_or_counts_no_tokens() -> None:
    lines = [of("free", 0, units=9), of("half", 1, units=9, unpriced=1), of("speech", 1, units=60_000), of("idle", 1)]
    assert efficiencies(lines, lambda model: model != "speech") == ()


def test_tokens_are_counted_where_units_are_tokens_and_paid_where_all_have_a_price() -> None:
    lines = [of("a", 6, units=100), of("b", 2, units=50, unpriced=1), of("speech", 9, units=60_000)]
    found = tokens(lines, lambda model: model != "speech")
    assert (found.all, found.priced, found.cost) == (150, 100, 6 * NANO)
    assert found.each == Decimal("0.060000000")
    assert tokens([], lambda _: True).each is None


def test_averages_are_of_what_has_a_price_and_of_nothing_there_is_none() -> None:
    assert cost_per_request(spent(6, requests=5, unpriced=2)) == Decimal("2.000000000")
    assert cost_per_request(spent(0, requests=2, unpriced=2)) is None
    assert cost_per_request(NOTHING) is None
    assert (cost_per(1, 3), cost_per(5, 0), cost_per(-3, -1)) == (Decimal("0E-9"), None, None)


def test_percent_is_rounded_half_up_and_of_nothing_there_is_none() -> None:
    assert (percent_of(1, 3), percent_of(5, 2000), percent_of(1, 0)) == (Decimal("33.3"), Decimal("0.3"), None)
    assert percent_change(987_650, 1_234_560) == Decimal("25.0")
    assert (percent_change(0, 5), percent_change(5, 0)) == (None, Decimal("-100.0"))


def test_the_month_compares_with_as_many_days_of_a_shorter_one() -> None:
    assert same_days_before(date(2026, 3, 31)) == Dates(date(2026, 2, 1), date(2026, 2, 28))
    assert same_days_before(date(2026, 1, 2)) == Dates(date(2025, 12, 1), date(2025, 12, 2))
    assert month_before(date(2026, 1, 31)) == Dates(date(2025, 12, 1), date(2025, 12, 31))
    assert (month_of(TODAY).first, week_of(TODAY).first, last_days(TODAY, 1).first) == (
        date(2026, 11, 1), date(2026, 11, 16), TODAY,
    )  # fmt: skip
    assert Dates(TODAY - DAY, TODAY).before == Dates(TODAY - 3 * DAY, TODAY - 2 * DAY)
    with pytest.raises(ValueError, match="no earlier"):
        Dates(TODAY, TODAY - DAY)


@given(st.dates(date(2018, 1, 1), date(2030, 1, 1)), st.sampled_from(["Asia/Shanghai", "America/New_York",
    "Australia/Lord_Howe", "America/Havana", "Africa/Cairo", "Asia/Kolkata"]))  # fmt: skip
def test_a_day_begins_where_the_one_before_ends_whatever_clocks_do(day: date, zone: str) -> None:
    there = ZoneInfo(zone)
    begins, ends = Dates(day, day).moments(there)
    assert day_at(begins, there) == day
    assert day_at(ends - timedelta(microseconds=1), there) == day
    assert day_at(ends, there) == day + DAY
    assert start_of(day + DAY, there) == ends
