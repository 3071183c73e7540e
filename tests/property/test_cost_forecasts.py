"""What forecasts hold to whatever was spent, and how good they are on two hundred made-up series."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.forecasts import LEAST_DAYS, Forecast, MonthEnd, forecast, month_end, pace
from suanli.domain.cost.money import LARGEST, NANO, Nano
from suanli.domain.cost.quotas import Account, QuotaId, Scope, ScopeKind, Span
from suanli.domain.cost.spending import Day, NotEnough
from suanli.domain.cost.windows import Window
from tests.cost_series import TODAY, days, ols, weekly

SERIES = 200
MONTH = 30
HORIZONS = st.integers(1, 62)

amounts = st.one_of(st.just(0), st.integers(0, 10**6), st.integers(0, 10**14))
histories = st.lists(amounts, min_size=LEAST_DAYS, max_size=70)
START = datetime(2026, 10, 31, 16, tzinfo=UTC)
MONTHLY = Window(START, START + timedelta(days=30))


def series(history: Sequence[int]) -> list[Day]:
    first = TODAY - timedelta(days=len(history))
    return [Day(first + timedelta(days=n), Nano(amount)) for n, amount in enumerate(history)]


def told(known: Sequence[Day], ahead: int) -> Forecast:
    found = forecast(known, TODAY, TODAY + timedelta(days=ahead - 1))
    assert isinstance(found, Forecast)
    return found


def error(said: float, true: float) -> float:
    return abs(said - true) / true


def future(seed: int, past: int, ahead: int) -> tuple[Forecast, list[float], float]:
    """A forecast by the past of a made-up series, that past, and what then came; in the currency's unit."""
    every = weekly(seed, past + ahead, TODAY - timedelta(days=past))
    return told(days(every[:past]), ahead), every[:past], sum(every[past:])


def test_a_month_is_forecast_many_times_better_than_by_a_line_through_seven_days() -> None:
    ours, theirs, clamped = [], [], []
    for seed in range(SERIES):
        found, past, true = future(seed, 28, MONTH)
        line = ols(past, MONTH)
        ours.append(error(found.expected / NANO, true))
        theirs.append(error(line, true))
        clamped.append(error(max(0.0, line), true))
    assert fmean(ours) < 0.12
    assert fmean(theirs) > 2
    assert fmean(clamped) > 0.9  # nor would it help to say nothing where the line goes below


@pytest.mark.parametrize(("past", "ahead"), [(60, 7), (90, MONTH)])
def test_nine_of_ten_futures_are_within_the_interval_and_as_many_are_said_to_have_been(past: int, ahead: int) -> None:
    within = held = origins = 0
    for seed in range(SERIES):
        found, _, true = future(seed, past, ahead)
        within += found.low <= true * NANO <= found.high
        held += found.coverage.held
        origins += found.coverage.origins
    assert 0.85 <= within / SERIES <= 0.95
    assert 0.80 <= held / origins <= 0.95
    assert origins >= 40 * SERIES


@pytest.mark.parametrize("past", [14, 21, 28, 42])
def test_with_less_to_go_by_the_interval_is_rather_too_wide_than_too_narrow(past: int) -> None:
    found = [future(seed, past, MONTH) for seed in range(60)]
    assert fmean(each.low <= true * NANO <= each.high for each, _, true in found) >= 0.9


@given(histories, HORIZONS)
def test_nothing_is_ever_negative_and_what_is_expected_is_the_sum_and_within(history: list[int], ahead: int) -> None:
    found = told(series(history), ahead)
    assert len(found.days) == ahead
    assert all(day.amount >= 0 for day in found.days)
    assert found.expected == sum(day.amount for day in found.days)
    assert 0 <= found.low <= found.expected <= found.high
    assert 0 <= found.coverage.held <= found.coverage.origins
    assert 1 <= found.coverage.days <= ahead


@given(histories, HORIZONS, st.sampled_from([2, 1024, 2**20]))
def test_so_many_times_the_money_is_so_many_times_the_forecast(history: list[int], ahead: int, times: int) -> None:
    once = told(series([amount % 10**9 for amount in history]), ahead)
    more = told(series([amount % 10**9 * times for amount in history]), ahead)
    slack = (ahead + 1) * times  # each day is rounded before, and times as much after
    for before, after in ((once.expected, more.expected), (once.low, more.low), (once.high, more.high)):
        assert after == pytest.approx(before * times, rel=1e-6, abs=slack)
    assert once.coverage == more.coverage


@given(histories, HORIZONS, st.randoms(use_true_random=False))
def test_the_order_of_the_days_does_not_matter(history: list[int], ahead: int, random: Random) -> None:
    shuffled = series(history)
    random.shuffle(shuffled)
    assert told(shuffled, ahead) == told(series(history), ahead)


@given(histories, HORIZONS, st.lists(st.tuples(st.integers(0, 40), amounts)))
def test_what_is_not_over_changes_nothing(history: list[int], ahead: int, later: list[tuple[int, int]]) -> None:
    after = [Day(TODAY + timedelta(days=n), Nano(amount)) for n, amount in later]
    assert told([*after, *series(history)], ahead) == told(series(history), ahead)


@given(st.lists(amounts, max_size=LEAST_DAYS - 1))
def test_below_a_fortnight_there_are_never_numbers(history: list[int]) -> None:
    assert forecast(series(history), TODAY, TODAY) == NotEnough(len(history), LEAST_DAYS)


@given(histories, amounts, amounts)
def test_a_month_costs_no_less_than_it_has(history: list[int], before: int, so_far: int) -> None:
    spent = Nano(before + so_far)
    found = month_end(spent, [*series(history), Day(TODAY, Nano(so_far))], TODAY)
    assert isinstance(found, MonthEnd)
    assert spent <= found.low <= found.expected <= found.high
    assert found.expected >= before + found.ahead.expected


@given(
    st.integers(0, LARGEST),
    st.integers(0, LARGEST),
    st.integers(0, LARGEST),
    st.timedeltas(timedelta(days=-2), timedelta(days=32)),
)
def test_a_pace_leads_from_now_to_before_the_end_of_its_window_or_nowhere(
    limit: int, used: int, held: int, since: timedelta
) -> None:
    scope = Scope(ScopeKind.PROJECT, "p")
    account = Account(QuotaId(1), "q", scope, Span.PERIOD, MONTHLY, Nano(limit), Nano(used), Nano(held))
    now = START + since
    found = pace(account, now)
    assert found is None or (now in MONTHLY and now <= found < MONTHLY.end)
    if now in MONTHLY and account.left > 0 and found is not None:
        elapsed = max(since, (MONTHLY.end - MONTHLY.start) / 24)
        assert Fraction(used) * ((found - now) / timedelta(microseconds=1)).__trunc__() <= Fraction(
            account.left * (elapsed // timedelta(microseconds=1))
        )
    assert (found == now) >= (now in MONTHLY and account.left <= 0)
