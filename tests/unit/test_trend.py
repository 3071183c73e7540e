"""How fast cards go, how long they last, and what follows from it."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import Rule
from suanli.domain.stock.trend import LEAST_POINTS, PERIOD, Burn, Hour, burn, forecast, thin
from tests.fakes import NOON

HOUR = timedelta(hours=1)
RULE = Rule(Scope(Model("4090")), 100, lead_days=14)


def hours_of(lows: Sequence[int], until: datetime = NOON) -> list[Hour]:
    """An hour for each of these minima, the last of them at `until`."""
    begin = until - HOUR * (len(lows) - 1)
    return [Hour(begin + HOUR * n, 12, low, low + 1.5, low + 3, 400.0) for n, low in enumerate(lows)]


def falling(count: int, to: int) -> list[int]:
    return [to + count - 1 - n for n in range(count)]


def test_cards_that_go_burn_and_cards_that_come_do_not() -> None:
    down, up = falling(60, 85), falling(60, 85)[::-1]
    assert burn(hours_of(down), NOON) == Burn(24.0, 60, NOON)
    assert burn(hours_of(up), NOON) == Burn(-24.0, 60, NOON)


def test_cards_that_stay_burn_zero_without_a_sign() -> None:
    found = burn(hours_of([7] * 60), NOON)
    assert str(found and found.per_day) == "0.0"


@pytest.mark.parametrize("count", [0, 1, LEAST_POINTS - 1])
def test_of_too_few_hours_nothing_is_said(count: int) -> None:
    assert burn(hours_of(falling(count, 85)), NOON) is None


def test_the_fewest_hours_are_enough() -> None:
    assert burn(hours_of(falling(LEAST_POINTS, 85)), NOON) == Burn(24.0, LEAST_POINTS, NOON)


def test_an_hour_that_is_there_twice_does_not_make_up_for_one_that_is_missing() -> None:
    few = hours_of(falling(LEAST_POINTS - 1, 85))
    assert burn([*few, few[0]], NOON) is None


def test_hours_before_the_period_and_after_now_do_not_count() -> None:
    old = hours_of([9_000] * 60, NOON - PERIOD - HOUR)
    to_come = hours_of([0] * 60, NOON + 60 * HOUR)
    assert burn([*old, *hours_of(falling(60, 85)), *to_come], NOON) == Burn(24.0, 60, NOON)


def test_a_gap_in_the_hours_does_not_bend_the_slope() -> None:
    hours = hours_of(falling(336, 85))
    assert burn(hours[:30] + hours[200:240] + hours[330:], NOON) == Burn(24.0, 76, NOON)


def test_a_restocked_weekend_and_a_broken_hour_do_not_move_the_burn_much() -> None:
    lows = falling(336, 85)
    lows[100:140] = [9_999] * 40
    lows[200] = 0
    found = burn(hours_of(lows), NOON)
    assert found is not None
    assert found.per_day == pytest.approx(24.0, rel=0.1)


def test_two_weeks_of_hours_take_less_than_thirty_milliseconds() -> None:
    """The best of a few tries: others may use the machine."""
    hours = hours_of([n * 7_919 % 10_007 for n in range(336)])
    tries = []
    for _ in range(5):
        begun = time.perf_counter()
        burn(hours, NOON)
        tries.append(time.perf_counter() - begun)
    assert min(tries) < 0.03


def test_years_of_hours_take_no_longer_than_two_weeks_of_them() -> None:
    found = burn(hours_of([5] * 2 * 365 * 24), NOON)
    assert found is not None
    assert found.points == PERIOD / HOUR + 1


def test_a_short_curve_is_shown_whole() -> None:
    hours = hours_of(falling(120, 5))
    assert thin(hours) == tuple(hours)


def test_a_long_curve_keeps_its_only_dip_and_its_newest_hour() -> None:
    hours = hours_of([50] * 201 + [3] + [50] * 133 + [60])
    kept = thin(hours)
    assert len(kept) <= 120
    assert hours[201] in kept
    assert kept[-1] == hours[-1]


def test_a_forecast_is_the_days_to_the_threshold_and_to_the_last_card_and_what_to_buy() -> None:
    got = forecast(hours_of(falling(60, 340)), 340, RULE, 40, NOON)
    assert (got.days_to_threshold, got.days_to_empty) == (10.0, 340 / 24)
    assert got.suggested == -(-24 * 14 * 12 // 10) + 100 - 340 - 40
    assert (got.is_low, got.is_too_late) == (False, False)


def test_cards_that_are_gone_before_new_ones_can_come_are_said_to_be() -> None:
    got = forecast(hours_of(falling(60, 300)), 300, RULE, 0, NOON)
    assert (got.is_low, got.is_too_late) == (False, True)


def test_what_does_not_shrink_is_never_too_late_though_nothing_is_left() -> None:
    got = forecast(hours_of([0] * 60), 0, RULE, 0, NOON)
    assert (got.is_low, got.is_too_late) == (True, False)
    assert got.suggested == 100


def test_without_enough_hours_nothing_follows() -> None:
    got = forecast(hours_of(falling(10, 85)), 85, RULE, 0, NOON)
    assert (got.burn, got.days_to_threshold, got.days_to_empty, got.suggested) == (None, None, None, None)
    assert (got.hours, len(got.curve), got.is_low) == (10, 10, True)


def test_without_a_rule_only_the_last_card_has_a_day() -> None:
    got = forecast(hours_of(falling(60, 48)), 48, None, 0, NOON)
    assert (got.days_to_threshold, got.days_to_empty, got.suggested) == (None, 2.0, None)
    assert (got.is_low, got.is_too_late) == (False, False)


def test_without_a_newest_count_no_days_are_made_up() -> None:
    got = forecast(hours_of(falling(60, 85)), None, RULE, 0, NOON)
    assert got.burn is not None
    assert (got.days_to_threshold, got.days_to_empty, got.suggested) == (None, None, None)
