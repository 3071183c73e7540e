"""What a rate lets through, whatever the demand."""

from datetime import UTC, datetime, timedelta
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.delivery import Rate, earliest, spend

START = datetime(2026, 11, 20, tzinfo=UTC)


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    per = draw(st.integers(1, 40))
    window = draw(st.timedeltas(timedelta(milliseconds=50), timedelta(hours=1)))
    return Rate(per, window, draw(st.integers(1, per)))


demands = st.lists(st.floats(0, 3).map(lambda part: 0.0 if part < 1 else part - 1), min_size=1, max_size=80)
"""Pauses between two wishes to send, in intervals of the rate; a third of them none at all."""


def sends(rate: Rate, demand: list[float]) -> list[datetime]:
    wish, full_at, found = START, None, []
    for pause in demand:
        wish += pause * rate.interval
        at = earliest(full_at, rate, wish)
        full_at = spend(full_at, rate, at)
        found.append(at)
    return found


def most_within(found: list[datetime], length: timedelta) -> int:
    """The most sends that any window of this length holds; one begins at some send."""
    return max(sum(first <= at < first + length for at in found) for first in found)


@given(rates(), demands)
def test_no_window_holds_more_than_the_rate_says(rate: Rate, demand: list[float]) -> None:
    assert most_within(sends(rate, demand), rate.window) <= rate.per


@given(rates(), demands, st.floats(0.01, 50))
def test_a_window_of_any_length_holds_a_burst_and_then_one_an_interval(
    rate: Rate, demand: list[float], intervals: float
) -> None:
    length = intervals * rate.interval
    steady = ceil(length / rate.interval) - 1
    assert most_within(sends(rate, demand), length) <= rate.burst + steady


@given(rates(), demands)
def test_nothing_goes_before_it_is_asked_for(rate: Rate, demand: list[float]) -> None:
    wish = START
    for pause, at in zip(demand, sends(rate, demand), strict=True):
        wish += pause * rate.interval
        assert at >= wish


@given(rates(), demands)
def test_after_a_rest_a_whole_burst_goes_at_once(rate: Rate, demand: list[float]) -> None:
    rested = [*demand, float(len(demand) + rate.burst), *[0.0] * (rate.burst - 1)]
    burst = sends(rate, rested)[-rate.burst :]
    assert burst[-1] - burst[0] == timedelta(0)


@given(rates(), st.integers(1, 80))
def test_endless_demand_is_served_at_one_an_interval_after_the_burst(rate: Rate, count: int) -> None:
    found = sends(rate, [0.0] * count)
    expected = [START + rate.interval * max(0, n - rate.burst + 1) for n in range(count)]
    assert found == expected
