"""Hours that cost more than usual, and those that only look so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.cost.anomalies import (
    LEAST,
    LEAST_HISTORY,
    LONGEST_RUN,
    Anomaly,
    Kind,
    Rule,
    Run,
    is_over,
    judge_hour,
    run_of,
)
from suanli.domain.cost.money import NANO, Nano
from suanli.domain.cost.spending import Hour, NotEnough
from tests.cost_series import MONDAY, SHANGHAI, hourly, hours

WEEK = 168
HOUR = timedelta(hours=1)
NEW_YORK = ZoneInfo("America/New_York")


def judged(amounts: list[float], hour: int, rule: Rule = Rule.ROBUST, first: datetime = MONDAY) -> Anomaly | None:
    """The judgement of an hour by those before it, as it comes when the hour is over."""
    series = hours(amounts[: hour + 1], first)
    found = judge_hour(series, series[-1].at, SHANGHAI, rule)
    assert not isinstance(found, NotEnough)
    return found


def told(amounts: list[float], hour: int, rule: Rule = Rule.ROBUST) -> Anomaly:
    found = judged(amounts, hour, rule)
    assert found is not None
    return found


def units(amount: float) -> Nano:
    return Nano(round(amount * NANO))


def test_a_runaway_of_three_times_for_three_hours_is_found_and_since_when() -> None:
    amounts = hourly(1, 7, noise=0.1)
    began = 6 * WEEK + 2 * 24 + 14
    usual = amounts[began]
    amounts[began : began + 3] = [amount * 3 for amount in amounts[began : began + 3]]
    found = told(amounts, began + 2)
    assert (found.kind, found.rule) == (Kind.HOUR, Rule.ROBUST)
    assert found.at == MONDAY + timedelta(hours=began + 2)
    assert found.since == MONDAY + timedelta(hours=began)
    assert found.amount == units(amounts[began + 2])
    assert found.expected is not None
    assert found.score is not None
    assert found.score >= 3.5
    assert found.times == (Decimal(found.amount) / found.expected).quantize(Decimal("0.1"))
    assert told(amounts, began).expected == pytest.approx(units(usual), rel=0.3)
    assert judged(amounts, began - 1) is None


def test_a_peak_of_every_monday_morning_is_no_anomaly_though_it_is_three_sigma_high() -> None:
    amounts = [10.0 + hour % 3 for hour in range(7 * WEEK)]
    amounts[9::WEEK] = [300.0] * 7
    monday = 6 * WEEK + 9
    assert judged(amounts, monday) is None
    assert told(amounts, monday, Rule.THREE_SIGMA).expected == pytest.approx(units(12), rel=0.1)
    tuesday = monday + 24
    amounts[tuesday] = 300.0
    assert told(amounts, tuesday).times == 30


def test_a_wild_hour_does_not_hide_the_next_day_by_the_robust_rule_and_does_by_sigma() -> None:
    amounts = hourly(2, 7)
    today = 6 * WEEK + 3 * 24 + 15
    yesterday = today - 24
    amounts[today] = 8 * amounts[today - WEEK]
    assert told(amounts, today, Rule.THREE_SIGMA).at == told(amounts, today).at
    amounts[yesterday] *= 200
    assert told(amounts, yesterday, Rule.THREE_SIGMA).at == told(amounts, yesterday).at
    assert judged(amounts, today, Rule.THREE_SIGMA) is None
    assert told(amounts, today).times == pytest.approx(8, rel=0.4)


def test_a_wild_hour_is_not_what_is_usual_a_week_later() -> None:
    amounts = [20.0] * (7 * WEEK)
    amounts[5 * WEEK + 40] = 5000.0
    amounts[6 * WEEK + 40] = 60.0
    assert told(amounts, 6 * WEEK + 40).expected == units(20)


def test_what_is_always_the_same_is_told_from_twice_as_much_on() -> None:
    amounts = [20.0] * (5 * WEEK)
    assert judged(amounts, 5 * WEEK - 1) is None
    assert judged([*amounts, 39.9], 5 * WEEK) is None
    found = told([*amounts, 40.0], 5 * WEEK)
    assert (found.expected, found.times) == (units(20), Decimal("2.0"))
    assert found.score == pytest.approx(3.5)


@pytest.mark.parametrize("rule", Rule)
def test_where_nothing_was_ever_spent_money_is_told_and_cents_are_not(rule: Rule) -> None:
    amounts = [0.0] * (5 * WEEK)
    assert judged(amounts, 5 * WEEK - 1, rule) is None
    assert judged([*amounts, 0.99], 5 * WEEK, rule) is None
    found = told([*amounts, 1.0], 5 * WEEK, rule)
    assert (found.expected, found.times) == (0, None)


def test_how_little_is_never_told_is_for_the_caller_to_say() -> None:
    series = hours([*[0.02] * (5 * WEEK), 0.5])
    assert judge_hour(series, series[-1].at, SHANGHAI) is None
    assert isinstance(judge_hour(series, series[-1].at, SHANGHAI, least=Nano(LEAST // 10)), Anomaly)
    nothing = hours([*[0.0] * (5 * WEEK)])
    assert judge_hour(nothing, nothing[-1].at, SHANGHAI, least=Nano(0)) is None


def test_what_is_low_is_no_anomaly() -> None:
    assert judged([*[500.0] * (5 * WEEK), 0.0], 5 * WEEK) is None


def test_below_four_weeks_there_is_not_enough_data() -> None:
    series = hours([5.0] * (4 * WEEK + 1))
    assert judge_hour(series[:1], MONDAY, SHANGHAI) == NotEnough(0, LEAST_HISTORY)
    assert judge_hour([], MONDAY, SHANGHAI) == NotEnough(0, LEAST_HISTORY)
    assert judge_hour(series[1:], series[-1].at, SHANGHAI) == NotEnough(27, LEAST_HISTORY)
    assert judge_hour(series, series[-1].at, SHANGHAI) is None


def test_hours_that_are_missing_had_nothing_spent() -> None:
    mornings = [Hour(MONDAY + timedelta(days=day, hours=9), units(50)) for day in range(40)]
    evening = Hour(MONDAY + timedelta(days=39, hours=21), units(50))
    found = judge_hour([*mornings, evening], evening.at, SHANGHAI)
    assert isinstance(found, Anomaly)
    assert found.expected == 0
    assert judge_hour(mornings, mornings[-1].at, SHANGHAI) is None


def test_what_comes_after_does_not_matter_nor_where_in_its_hour_a_moment_is() -> None:
    series = hours([20.0] * (6 * WEEK))
    hour = series[5 * WEEK]
    told_so_far = [*series[: 5 * WEEK], Hour(hour.at, units(90))]
    later = [Hour(each.at, units(9000)) for each in series[5 * WEEK + 1 :]]
    assert judge_hour([*told_so_far, *later], hour.at, SHANGHAI) == judge_hour(
        told_so_far, hour.at.astimezone(SHANGHAI) + timedelta(minutes=59), SHANGHAI
    )
    with pytest.raises(ValueError, match="without a zone"):
        judge_hour(series, hour.at.replace(tzinfo=None), SHANGHAI)


def test_what_has_lasted_a_week_is_since_a_week() -> None:
    amounts = [*[20.0] * (6 * WEEK), *[100.0] * (2 * WEEK)]
    found = told(amounts, 8 * WEEK - 1)
    assert found.at - found.since == timedelta(hours=LONGEST_RUN)


def test_a_rise_that_lasts_is_one_run_though_after_a_week_it_is_since_another_hour_with_every_hour() -> None:
    amounts = [*[20.0] * (6 * WEEK), *[100.0] * (8 * 24)]
    rise = range(6 * WEEK, len(amounts))
    found = [told(amounts, hour) for hour in (*rise[:3], *rise[-30:])]
    assert len({each.since for each in found}) > 20
    run = run_of(found[0], None)
    runs = [run := run_of(each, run) for each in (*found[:3], told(amounts, rise[100]), *found[3:])]
    assert {each.since for each in runs} == {MONDAY + timedelta(hours=6 * WEEK)}
    assert runs[-1].until == found[-1].at


def test_after_a_pause_a_rise_is_a_new_run() -> None:
    amounts = [*[20.0] * (5 * WEEK), 100.0, 100.0, 20.0, 100.0]
    first = run_of(told(amounts, 5 * WEEK + 1), None)
    again = run_of(told(amounts, 5 * WEEK + 3), first)
    assert (first.since, first.until) == (MONDAY + timedelta(hours=5 * WEEK), MONDAY + timedelta(hours=5 * WEEK + 1))
    assert again.since == again.until == MONDAY + timedelta(hours=5 * WEEK + 3)


def test_an_hour_before_a_run_that_becomes_an_anomaly_late_is_one_of_it() -> None:
    amounts = [*[20.0] * (5 * WEEK), 100.0, 100.0]
    later = run_of(replace(told(amounts, 5 * WEEK + 1), since=MONDAY + timedelta(hours=5 * WEEK + 1)), None)
    assert run_of(told(amounts, 5 * WEEK), later) == later


def test_a_run_is_over_when_no_look_goes_back_to_it() -> None:
    run = Run(MONDAY - HOUR, MONDAY)
    last = MONDAY + (LONGEST_RUN + 1) * HOUR
    reaching = Anomaly(Kind.HOUR, last, last - LONGEST_RUN * HOUR, units(9), units(1), Rule.ROBUST, 9.0)
    assert run.touches(reaching)
    assert not is_over(run, last + timedelta(minutes=59))
    assert is_over(run, last + HOUR)


@pytest.mark.parametrize("changed", ["2026-03-08T12:00", "2026-11-01T12:00"])
def test_working_hours_stay_usual_when_the_clocks_change(changed: str) -> None:
    """Nine to five by the clocks of New York; by those of UTC the first or the last hour would be new after it."""
    noon = datetime.fromisoformat(changed).replace(tzinfo=NEW_YORK).astimezone(UTC)
    first = noon - timedelta(weeks=5)
    every = [first + timedelta(hours=n) for n in range(5 * WEEK + 48)]
    series = [Hour(at, units(80 if 9 <= at.astimezone(NEW_YORK).hour < 17 else 1)) for at in every]
    edges = [at for at in every if at > noon and at.astimezone(NEW_YORK).hour in {8, 9, 16, 17}]
    assert len(edges) >= 8
    assert all(judge_hour(series, at, NEW_YORK) is None for at in edges)
    assert any(isinstance(judge_hour(series, at, ZoneInfo("UTC")), Anomaly) for at in edges)


def test_an_hour_that_comes_twice_is_judged_both_times_by_the_same_hour_of_other_weeks() -> None:
    once, again = (datetime(2026, 11, 1, hour, 0, tzinfo=UTC) for hour in (5, 6))  # one o'clock in New York
    first = again - timedelta(hours=6 * WEEK)
    series = [Hour(first + timedelta(hours=n), units(10)) for n in range(6 * WEEK)]
    for at in (once, again):
        found = judge_hour([*series, Hour(again, units(10)), Hour(at, units(70))], at, NEW_YORK)
        assert isinstance(found, Anomaly)
        assert found.expected == units(10)


def test_an_hour_that_a_zone_skips_leaves_enough_to_judge_by() -> None:
    at = datetime(2026, 3, 15, 6, 0, tzinfo=UTC)  # two o'clock in New York, a week after there was none
    series = [Hour(at - timedelta(hours=n), units(10)) for n in range(1, 4 * WEEK + 1)]
    found = judge_hour([*series, Hour(at, units(70))], at, NEW_YORK)
    assert isinstance(found, Anomaly)
    assert found.expected == units(10)
