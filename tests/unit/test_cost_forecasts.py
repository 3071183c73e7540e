"""Forecasts of days whose future is plain to see, and of such as are hardly any."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from suanli.domain.cost.forecasts import LEAST_DAYS, Coverage, Forecast, MonthEnd, forecast, month_end
from suanli.domain.cost.money import LARGEST, NANO, MoneyError, Nano
from suanli.domain.cost.spending import Day, NotEnough
from tests.cost_series import TODAY, days

WEEK = [100.0, 100.0, 100.0, 100.0, 100.0, 20.0, 10.0]
SUNDAY = TODAY + timedelta(days=6)
LAST_OF_MONTH = date(2026, 11, 30)


def told(series: list[Day], until: date = SUNDAY, today: date = TODAY) -> Forecast:
    found = forecast(series, today, until)
    assert isinstance(found, Forecast)
    return found


def ended(spent: float, series: list[Day], today: date = TODAY) -> MonthEnd:
    found = month_end(units(spent), series, today)
    assert isinstance(found, MonthEnd)
    return found


def units(amount: float) -> Nano:
    return Nano(round(amount * NANO))


def test_a_week_like_all_weeks_before_is_forecast_to_the_nano_unit() -> None:
    found = told(days(WEEK * 8))
    assert [day.amount for day in found.days] == [units(amount) for amount in WEEK]
    assert [day.on for day in found.days] == [TODAY + timedelta(days=n) for n in range(7)]
    assert found.low == found.expected == found.high == units(530)
    assert found.level == Fraction(9, 10)
    assert found.coverage.part == 1


def test_the_weekday_is_told_from_the_date_and_not_from_the_place() -> None:
    thursday = TODAY + timedelta(days=3)
    found = told(days((WEEK * 8)[:-4], TODAY - timedelta(days=4)), thursday, TODAY - timedelta(days=4))
    assert [day.amount for day in found.days] == [units(amount) for amount in (*WEEK[3:], *WEEK[:4])]


def test_what_grows_goes_on_growing() -> None:
    found = told(days([100.0 + day for day in range(56)]))
    assert found.expected == pytest.approx(units(sum(range(156, 163))), rel=0.015)


def test_what_shrinks_ends_at_nothing_and_not_below() -> None:
    found = told(days([float(60 - day) for day in range(56)]), TODAY + timedelta(days=60))
    assert found.days[0].amount > 0
    assert {day.amount for day in found.days[20:]} == {0}
    assert found.low >= 0


def test_today_is_not_over_and_does_not_count() -> None:
    today = [Day(TODAY, units(7)), Day(TODAY + timedelta(days=1), units(9999))]
    assert told([*days(WEEK * 4), *today]) == told(days(WEEK * 4))


def test_days_without_a_row_had_nothing_spent() -> None:
    seldom = [100.0, 0.0, 100.0, 100.0, 100.0, 0.0, 0.0] * 6
    assert told([day for day in days(seldom) if day.amount]) == told(days(seldom))
    assert [day.amount for day in told(days(seldom)).days] == [units(amount) for amount in seldom[:7]]


def test_two_rows_of_a_day_are_added_up() -> None:
    halves = days([amount / 2 for amount in WEEK * 4])
    assert told([*halves, *halves]) == told(days(WEEK * 4))


def test_a_wild_day_hardly_changes_what_is_expected() -> None:
    wild = WEEK * 8
    wild[-12] *= 30
    assert told(days(wild)).expected == pytest.approx(units(530), rel=0.02)


def test_what_is_spent_too_seldom_for_a_rhythm_is_expected_at_its_mean() -> None:
    seldom = [0.0] * 28
    seldom[3] = seldom[15] = 140.0
    found = told(days([1.0, *seldom]))
    assert found.expected == units(70)
    assert found.high > units(140)


def test_where_nothing_is_spent_nothing_is_expected() -> None:
    found = told(days([0.0] * 40))
    assert (found.low, found.expected, found.high) == (0, 0, 0)


def test_after_four_weeks_of_nothing_there_may_still_be_something() -> None:
    found = told(days([*WEEK * 8, *[0.0] * 28]))
    assert (found.low, found.expected) == (0, 0)
    assert found.high > 0


def test_below_a_fortnight_there_is_not_enough_data() -> None:
    assert forecast(days(WEEK * 2)[1:], TODAY, SUNDAY) == NotEnough(13, LEAST_DAYS)
    assert forecast([], TODAY, SUNDAY) == NotEnough(0, LEAST_DAYS)
    assert month_end(units(7), [Day(TODAY, units(7))], TODAY) == NotEnough(0, LEAST_DAYS)
    assert told(days(WEEK * 2)).expected == units(530)


def test_a_fortnight_is_too_short_to_say_how_good_forecasts_of_it_are() -> None:
    assert told(days(WEEK * 2)).coverage.part is None
    assert Coverage(4, 4, 7).part is None
    assert Coverage(9, 10, 7).part == Fraction(9, 10)


def test_the_farther_ahead_the_wider() -> None:
    series = days([amount * (1.3 if n % 5 == 0 else 1) for n, amount in enumerate(WEEK * 10)])
    near, far = told(series, TODAY), told(series, TODAY + timedelta(days=29))
    assert near.high - near.low < far.high - far.low


def test_nobody_forecasts_the_past() -> None:
    assert len(told(days(WEEK * 3), TODAY).days) == 1
    with pytest.raises(ValueError, match="past"):
        forecast(days(WEEK * 3), TODAY, TODAY - timedelta(days=1))


def test_more_than_can_be_kept_is_no_amount() -> None:
    series = [Day(day.on, LARGEST) for day in days([1.0] * 30)]
    with pytest.raises(MoneyError):
        forecast(series, TODAY, SUNDAY)


def test_a_correction_of_more_than_a_day_had_makes_it_a_day_of_nothing() -> None:
    series = days([*WEEK * 5])
    taken = Day(series[-20].on, units(-5000))
    assert told([*series, taken]) == told([day for day in series if day.on != taken.on])


def test_a_month_costs_what_it_has_and_what_is_to_come() -> None:
    found = ended(2000, days(WEEK * 8))
    assert [day.on for day in found.ahead.days] == [TODAY + timedelta(days=n) for n in range(8)]
    assert found.ahead.days[-1].on == LAST_OF_MONTH
    assert (found.spent, found.expected) == (units(2000), units(2630))
    assert found.low == found.high == found.expected


def test_what_today_has_had_is_not_expected_again() -> None:
    series = [*days(WEEK * 8), Day(TODAY, units(40))]
    assert ended(2040, series).expected == units(2630)


def test_a_day_that_had_more_than_expected_has_no_rest_and_takes_nothing_from_the_others() -> None:
    series = [*days(WEEK * 8), Day(TODAY, units(400))]
    found = ended(2400, series)
    assert (found.low, found.expected, found.high) == (units(2930), units(2930), units(2930))


def test_on_the_last_day_of_a_month_only_the_rest_of_it_is_to_come() -> None:
    today = date(2026, 12, 31)
    series = days([100.0] * 56, today)
    assert ended(3000, [*series, Day(today, units(60))], today).expected == units(3040)
    assert ended(3000, [*series, Day(today, units(100))], today).expected == units(3000)


def test_a_month_never_costs_less_than_it_has_already() -> None:
    wild = days([10.0, 500.0, 0.0, 90.0, 2.0] * 8)
    found = ended(900, [*wild, Day(TODAY, units(300))])
    assert units(900) <= found.low <= found.expected <= found.high
