"""What a trend holds to, whatever the samples: lines are exact, wild hours and gaps do not matter, no dip is lost."""

import math
from datetime import timedelta
from itertools import combinations
from random import Random
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.stock.trend import LEAST_POINTS, MOST_DRAWN, PERIOD, Hour, burn, suggested, thin
from tests.fakes import NOON

WIDEST = int(PERIOD / timedelta(hours=1))
FEW = LEAST_POINTS + 20
"""Hours in most examples: a trend of more is not different, only slower to try."""

places = st.lists(st.integers(0, WIDEST), min_size=LEAST_POINTS, max_size=FEW, unique=True)
"""Hours before now, in any order and with gaps."""

counts = st.integers(0, 10_000)


def hour(ago: int, low: int) -> Hour:
    return Hour(NOON - timedelta(hours=ago), 12, low, float(low), low, 10_000.0)


@st.composite
def trends(draw: st.DrawFn) -> list[Hour]:
    return [hour(ago, draw(counts)) for ago in draw(places)]


def per_day(hours: list[Hour]) -> float:
    found = burn(hours, NOON)
    assert found is not None
    return found.per_day


@given(places, st.integers(-50, 50), counts)
def test_on_a_straight_line_the_burn_is_its_slope_exactly_however_the_hours_are_spaced(
    places: list[int], an_hour: int, now: int
) -> None:
    assert per_day([hour(ago, now + an_hour * ago) for ago in places]) == 24 * an_hour


@given(trends())
def test_the_burn_is_the_median_of_all_slopes(hours: list[Hour]) -> None:
    slopes = [(a.low - b.low) / ((b.at - a.at) / timedelta(days=1)) for a, b in combinations(hours, 2)]
    assert math.isclose(per_day(hours), median(slopes), rel_tol=1e-9, abs_tol=1e-9)


@given(places, st.integers(-20, 20), st.integers(1, 5), st.data())
def test_a_quarter_of_wild_hours_does_not_carry_the_burn_away(
    places: list[int], an_hour: int, noise: int, data: st.DataObject
) -> None:
    """Of all slopes more than half are between tame hours, so the median is one that tame hours could have."""
    wild = set(data.draw(st.lists(st.sampled_from(places), max_size=len(places) // 4)))
    tame = {ago: 100_000 + an_hour * ago + data.draw(st.integers(-noise, noise)) for ago in places if ago not in wild}
    hours = [hour(ago, tame[ago] if ago in tame else data.draw(st.integers(0, 10**9))) for ago in places]
    between = [(tame[a] - tame[b]) / (a - b) * 24 for a, b in combinations(tame, 2)]
    assert min(between) <= per_day(hours) <= max(between)


@given(trends(), st.integers(-10_000, 10_000))
def test_cards_that_are_always_there_do_not_change_the_burn(hours: list[Hour], more: int) -> None:
    assert per_day([Hour(h.at, 1, h.low + more, 0.0, 0, 0.0) for h in hours]) == per_day(hours)


@given(trends(), st.sampled_from([-4, -1, 2, 8]))
def test_so_many_times_the_cards_are_so_many_times_the_burn(hours: list[Hour], times: int) -> None:
    assert per_day([Hour(h.at, 1, h.low * times, 0.0, 0, 0.0) for h in hours]) == times * per_day(hours)


@given(trends(), st.randoms(use_true_random=False))
def test_the_order_of_the_hours_does_not_matter(hours: list[Hour], random: Random) -> None:
    shuffled = list(hours)
    random.shuffle(shuffled)
    assert burn(shuffled, NOON) == burn(hours, NOON)


@given(trends(), st.data())
def test_an_hour_that_comes_twice_counts_once_with_its_minimum(hours: list[Hour], data: st.DataObject) -> None:
    again = [Hour(h.at, 1, h.low + data.draw(counts), 0.0, 0, 0.0) for h in data.draw(st.lists(st.sampled_from(hours)))]
    assert burn([*again, *hours], NOON) == burn([*hours, *again], NOON) == burn(hours, NOON)


@given(st.lists(st.tuples(st.integers(-WIDEST, 2 * WIDEST), counts), max_size=FEW))
def test_whatever_comes_there_is_an_honest_burn_or_none(found: list[tuple[int, int]]) -> None:
    inside = {ago for ago, _ in found if 0 <= ago <= WIDEST}
    got = burn([hour(ago, low) for ago, low in found], NOON)
    assert (got is None) == (len(inside) < LEAST_POINTS)
    assert got is None or (got.points == len(inside) and math.isfinite(got.per_day))


@given(st.lists(counts, max_size=WIDEST + 10))
def test_a_thinned_curve_keeps_the_order_the_lowest_and_the_newest_and_never_grows(lows: list[int]) -> None:
    hours = [hour(len(lows) - n, low) for n, low in enumerate(lows)]
    kept = thin(hours)
    assert len(kept) <= min(len(hours), MOST_DRAWN)
    assert [h.at for h in kept] == sorted({h.at for h in kept})
    assert set(kept) <= set(hours)
    assert kept[-1:] == tuple(hours[-1:])
    assert min((h.low for h in kept), default=None) == min(lows, default=None)


@given(trends(), st.integers(0, 500), st.integers(0, 90), counts, counts)
def test_what_is_suggested_covers_the_lead_time_and_leaves_the_safety_stock(
    hours: list[Hour], min_free: int, lead_days: int, free: int, on_order: int
) -> None:
    speed = burn(hours, NOON)
    assert speed is not None
    bought = suggested(min_free, lead_days, free, on_order, speed)
    assert bought >= 0
    assert free + on_order + bought >= min_free + max(0.0, speed.per_day) * lead_days
