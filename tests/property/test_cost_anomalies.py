"""What judgements hold to whatever was spent, and how right they are on made-up series."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from suanli.domain.cost.outliers import Baseline, baseline, judge_request
from suanli.domain.cost.spending import Hour, NotEnough
from tests.cost_series import MONDAY, SHANGHAI, hourly, hours

WEEK = 168
RUNAWAY = 3
ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")

rules = st.sampled_from(Rule)
zones = st.sampled_from(ZONES).map(ZoneInfo)
costs = st.lists(st.integers(0, 10**13), min_size=30, max_size=60)
starts = st.integers(0, 3 * 365 * 24).map(lambda hours: MONDAY - timedelta(hours=hours))


@st.composite
def histories(draw: st.DrawFn) -> list[Hour]:
    """Four weeks and some of hours, each one of a few amounts, with gaps; the last is to be judged."""
    dice, first = Random(draw(st.integers(0, 2**32))), draw(starts)  # noqa: S311 made-up money
    choice = [0, *draw(st.lists(st.integers(0, 10**12), min_size=1, max_size=4))]
    length = LEAST_HISTORY * 24 + draw(st.integers(0, 200))
    middle = [hour for hour in range(1, length) if dice.random() < 0.8]
    return [Hour(first + timedelta(hours=n), Nano(dice.choice(choice))) for n in (0, *middle, length)]


@st.composite
def months(draw: st.DrawFn) -> list[list[Anomaly]]:
    """Runs of hours that were anomalies, with hours in between that were not, for some months."""
    dice, at = Random(draw(st.integers(0, 2**32))), draw(starts)  # noqa: S311 made-up money
    is_honest = draw(st.booleans())
    runs: list[list[Anomaly]] = []
    for length, pause in draw(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 200)), min_size=1, max_size=8)):
        runs.append([])
        for hour in range(length):
            # A look may take any hour before for the first one, unless it is as honest as it can be.
            back = min(hour, LONGEST_RUN) if is_honest else dice.randint(0, min(hour, LONGEST_RUN))
            since = at - timedelta(hours=back)
            runs[-1].append(Anomaly(Kind.HOUR, at, since, Nano(9), Nano(1), Rule.ROBUST, 9.0))
            at += timedelta(hours=1)
        at += timedelta(hours=pause)
    return runs


@given(runs=months(), forgets=st.booleans())
def test_every_run_is_told_once_in_its_first_hour_however_long_it_lasts(
    runs: list[list[Anomaly]], *, forgets: bool
) -> None:
    told: list[datetime] = []
    known: Run | None = None
    for found in (each for run in runs for each in run):
        if forgets and known is not None and is_over(known, found.at):
            known = None
        now = run_of(found, known)
        if known is None or now.since != known.since:
            told.append(found.at)
        known = now
    assert told == [run[0].at for run in runs]


def runaways(seed: int) -> tuple[list[Hour], set[int], set[int]]:
    """Nine weeks of hours, those of them that cost three times as much, and some of the last week that do not."""
    dice = Random(seed)  # noqa: S311 made-up money
    amounts = hourly(seed, 9)
    began = 8 * WEEK + dice.randrange(WEEK - RUNAWAY)
    wild = set(range(began, began + RUNAWAY))
    tame = {*dice.sample(range(8 * WEEK, 9 * WEEK), 8)} - wild
    return hours([amount * 3 if hour in wild else amount for hour, amount in enumerate(amounts)]), wild, tame


def test_the_robust_rule_finds_more_runaways_than_three_sigma_and_cries_wolf_no_more() -> None:
    found, false = dict.fromkeys(Rule, 0), dict.fromkeys(Rule, 0)
    there = 0
    for every, wild, tame in map(runaways, range(20)):
        there += len(wild)
        for rule in Rule:
            told = {n for n in wild | tame if judge_hour(every, every[n].at, SHANGHAI, rule) is not None}
            found[rule] += len(told & wild)
            false[rule] += len(told & tame)
    assert found[Rule.ROBUST] > 0.9 * there
    assert found[Rule.ROBUST] > 2 * found[Rule.THREE_SIGMA]
    assert false[Rule.ROBUST] <= 1
    assert false[Rule.TWO_SIGMA] > false[Rule.ROBUST]


@settings(max_examples=40)
@given(histories(), zones, rules)
def test_an_anomaly_is_high_and_says_by_what(history: list[Hour], zone: ZoneInfo, rule: Rule) -> None:
    last = history[-1]
    found = judge_hour(history, last.at, zone, rule)
    assert not isinstance(found, NotEnough)
    if found is not None:
        assert (found.amount, found.at, found.rule) == (last.amount, last.at, rule)
        assert found.expected is not None
        assert found.score is not None
        assert found.amount - found.expected >= LEAST - 1
        assert found.score >= rule.threshold
        assert timedelta(0) <= found.at - found.since <= timedelta(hours=LONGEST_RUN)
        assert (found.times is None) == (found.expected == 0)
        assert rule is not Rule.ROBUST or found.times is None or found.times >= 2


@settings(max_examples=40)
@given(histories(), zones, rules, st.randoms(use_true_random=False))
def test_the_order_of_the_hours_does_not_matter_nor_how_they_are_cut(
    history: list[Hour], zone: ZoneInfo, rule: Rule, random: Random
) -> None:
    cut = [Hour(hour.at, part) for hour in history for part in (Nano(hour.amount // 3), hour.amount)]
    whole = [Hour(hour.at, Nano(hour.amount + hour.amount // 3)) for hour in history]
    random.shuffle(cut)
    assert judge_hour(cut, history[-1].at, zone, rule) == judge_hour(whole, history[-1].at, zone, rule)


@settings(max_examples=40)
@given(histories(), zones, rules, st.sampled_from([2, 1024]))
def test_so_many_times_the_money_is_judged_the_same(
    history: list[Hour], zone: ZoneInfo, rule: Rule, times: int
) -> None:
    more = [Hour(hour.at, Nano(hour.amount * times)) for hour in history]
    once = judge_hour(history, history[-1].at, zone, rule)
    again = judge_hour(more, history[-1].at, zone, rule, Nano(LEAST * times))
    assert isinstance(once, Anomaly) == isinstance(again, Anomaly)
    if isinstance(once, Anomaly) and isinstance(again, Anomaly):
        assert again.since == once.since
        assert again.score == pytest.approx(once.score)


@settings(max_examples=40)
@given(histories(), zones, st.integers(0, 10**15))
def test_by_the_robust_rule_an_hour_does_not_change_what_is_expected_a_day_later_whatever_it_cost(
    history: list[Hour], zone: ZoneInfo, wild: int
) -> None:
    """Amounts of the same hour of other weeks are what is expected, and none of them is of the day before."""
    last = Hour(history[-1].at, Nano(10**16))
    before = last.at - timedelta(hours=24)
    calm = [*(hour for hour in history[:-1] if hour.at != before), last]
    told = [judge_hour(series, last.at, zone) for series in (calm, [*calm, Hour(before, Nano(wild))])]
    assert all(isinstance(found, Anomaly) for found in told)
    assert len({found.expected for found in told if isinstance(found, Anomaly)}) == 1


@given(costs, st.integers(0, 10**15), rules)
def test_a_request_that_is_told_is_far_above_what_is_expected(past: list[int], amount: int, rule: Rule) -> None:
    usual = baseline(past, rule)
    found = judge_request(Nano(amount), MONDAY, usual)
    if found is not None:
        assert isinstance(usual, Baseline)
        assert found.expected is not None
        assert amount - found.expected >= LEAST - 1
        if rule is Rule.ROBUST:
            assert found.times is None or found.times >= 2
            assert abs(found.expected - median([cost for cost in past if cost])) <= Decimal("0.5")


@given(costs, st.integers(0, 10**15), rules, st.randoms(use_true_random=False))
def test_a_dearer_request_is_no_less_of_an_anomaly_and_order_does_not_matter(
    past: list[int], amount: int, rule: Rule, random: Random
) -> None:
    shuffled = list(past)
    random.shuffle(shuffled)
    usual = baseline(past, rule)
    again = baseline(shuffled, rule)
    if judge_request(Nano(amount), MONDAY, usual) is not None:
        assert judge_request(Nano(amount + NANO), MONDAY, usual) is not None
    assert isinstance(usual, Baseline) == isinstance(again, Baseline)
    if isinstance(usual, Baseline) and isinstance(again, Baseline):
        assert again.centre == pytest.approx(usual.centre)
        assert again.spread == pytest.approx(usual.spread)
