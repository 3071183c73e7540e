"""Single requests that are told, and those that are not."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.cost.anomalies import Anomaly, Kind, Rule
from suanli.domain.cost.money import LARGEST, NANO, Currency, Nano
from suanli.domain.cost.outliers import (
    COMPARED,
    LARGE_PART,
    LEAST_REQUESTS,
    Baseline,
    Cap,
    TooFew,
    baseline,
    by_type,
    cap_of,
    judge_request,
    may_stand_out,
)
from suanli.domain.cost.quotas import Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.windows import Period

CNY, USD = Currency("CNY"), Currency("USD")
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


def quota(total: float, period: Period = Period.MONTHLY, currency: Currency = CNY, **limits: Any) -> Quota:
    who, zone = Scope(ScopeKind.USER, "li"), ZoneInfo("Asia/Shanghai")
    return replace(Quota(QuotaId(1), "q", who, units(total), period, zone, currency), **limits)


def units(amount: float) -> Nano:
    return Nano(round(amount * NANO))


def usual(*amounts: float, rule: Rule = Rule.ROBUST) -> Baseline:
    found = baseline([units(amount) for amount in amounts], rule)
    assert isinstance(found, Baseline)
    return found


def judged(amount: float, by: Baseline | TooFew, cap: Cap | None = None) -> Anomaly | None:
    return judge_request(units(amount), NOW, by, cap)


def test_a_request_far_above_its_kind_is_told_with_all_that_explains_it() -> None:
    found = judged(40, usual(*[1.0, 2.0, 3.0] * 20))
    assert found is not None
    assert (found.kind, found.at, found.since) == (Kind.REQUEST, NOW, NOW)
    assert (found.amount, found.expected, found.times) == (units(40), units(2), Decimal("20.0"))
    assert (found.rule, found.limit) == (Rule.ROBUST, None)
    assert found.score == pytest.approx(0.6745 * math.log(20) / math.log(1.5))


def test_long_requests_are_as_usual_where_costs_range_over_magnitudes() -> None:
    costs = [0.01 * 2**power for power in range(12)] * 5
    assert judged(25, usual(*costs)) is None
    assert judged(25, usual(*costs, rule=Rule.THREE_SIGMA)) is not None


def test_requests_that_all_cost_the_same_are_told_from_twice_as_much_on() -> None:
    same = usual(*[3.0] * 40)
    assert judged(3, same) is None
    assert judged(5.9, same) is None
    assert judged(6.1, same) is not None


@pytest.mark.parametrize("rule", Rule)
def test_cents_are_not_told(rule: Rule) -> None:
    cheap = usual(*[0.001] * 40, rule=rule)
    assert judged(1.0, cheap) is None
    found = judged(1.002, cheap)
    assert found is not None
    assert (found.times, found.rule) == (Decimal("1002.0"), rule)


def test_one_wild_request_hides_the_next_by_sigma_and_not_by_the_robust_rule() -> None:
    before = [*[1.0, 2.0] * 30, 5000.0]
    assert judged(300, usual(*before, rule=Rule.THREE_SIGMA)) is None
    assert judged(300, usual(*before)) is not None


def test_what_is_cheap_or_free_is_no_anomaly() -> None:
    by = usual(*[1.0, 2.0, 4.0] * 20)
    assert judged(0, by) is None
    assert judged(0.000001, by) is None


def test_requests_that_cost_nothing_do_not_say_what_the_others_cost() -> None:
    assert usual(*[0.0] * 500, *[1.0, 2.0, 4.0] * 20) == usual(*[1.0, 2.0, 4.0] * 20)
    assert baseline([0] * 500) == TooFew(0, LEAST_REQUESTS)


def test_too_few_requests_are_compared_with_nothing() -> None:
    few = baseline([units(1)] * (LEAST_REQUESTS - 1))
    assert few == TooFew(LEAST_REQUESTS - 1, LEAST_REQUESTS)
    assert judged(10_000, few) is None


def test_a_large_part_of_a_days_limit_is_told_whatever_the_kind_costs() -> None:
    cap = Cap(units(100), Fraction(1, 20))
    few = baseline([])
    assert judged(5, few, cap) is None
    found = judged(5.000001, few, cap)
    assert found is not None
    assert (found.limit, found.expected, found.times, found.rule, found.score) == (units(100), None, None, None, None)


def test_what_is_large_and_usual_is_told_for_the_limit_alone() -> None:
    found = judged(6, usual(*[6.0] * 40), Cap(units(50)))
    assert found is not None
    assert (found.rule, found.limit, found.times) == (None, units(50), Decimal("1.0"))


def test_what_is_both_is_told_for_both() -> None:
    found = judged(90, usual(*[6.0] * 40), Cap(units(50)))
    assert found is not None
    assert (found.rule, found.limit) == (Rule.ROBUST, units(50))


def test_each_type_of_request_to_a_model_has_its_own_baseline() -> None:
    newest = [("chat", units(5))] * 40 + [("embedding", units(0.01))] * 40 + [("batch", units(9))]
    found = {kind: baseline(amounts) for kind, amounts in by_type(newest).items()}
    assert judged(5, found["chat"]) is None
    assert judged(5, found["embedding"]) is not None
    assert found["batch"] == TooFew(1, LEAST_REQUESTS)


@pytest.mark.parametrize("rule", Rule)
def test_the_largest_amounts_are_judged_too(rule: Rule) -> None:
    by = usual(*[1.0] * 40, rule=rule)
    assert judge_request(LARGEST, NOW, by) is not None
    assert judge_request(LARGEST, NOW, baseline([LARGEST] * 40, rule)) is None


def test_the_cap_is_by_the_smallest_limit_of_a_day_whichever_limit_of_its_quota_that_is() -> None:
    own, daily, monthly = quota(1000, daily_limit=units(50)), quota(20, Period.DAILY), quota(5, hourly_limit=units(1))
    assert cap_of([own, monthly], CNY, LARGE_PART) == Cap(units(50), LARGE_PART)
    assert cap_of([own, daily, monthly], CNY, LARGE_PART) == Cap(units(20), LARGE_PART)
    assert cap_of([quota(20, Period.DAILY, daily_limit=units(3))], CNY, LARGE_PART) == Cap(units(3), LARGE_PART)
    assert cap_of([monthly], CNY, LARGE_PART) is None
    assert cap_of([], CNY, LARGE_PART) is None


def test_a_limit_in_another_currency_or_of_nothing_is_no_cap_nor_is_a_part_of_nothing() -> None:
    assert cap_of([quota(1000, currency=USD, daily_limit=units(10)), quota(0, Period.DAILY)], CNY, LARGE_PART) is None
    assert cap_of([quota(1000, daily_limit=units(0)), quota(1000, daily_limit=units(70))], CNY, LARGE_PART) == Cap(
        units(70), LARGE_PART
    )
    assert cap_of([quota(1000, daily_limit=units(10))], CNY, Fraction(0)) is None


@pytest.mark.parametrize("rule", Rule)
def test_what_could_not_stand_out_never_does(rule: Rule) -> None:
    cheap = usual(*[0.001] * 40, rule=rule)
    for amount in (0.0, 0.5, 0.999999999):
        assert not may_stand_out(units(amount))
        assert judged(amount, cheap) is None
    assert may_stand_out(units(1))
    assert may_stand_out(units(0.5), Cap(units(4)))
    assert not may_stand_out(units(0.4), Cap(units(4)))


def test_the_newest_of_each_type_are_what_it_is_compared_with_and_without_a_type_the_newest_of_all() -> None:
    newest = [("chat", units(n)) for n in range(COMPARED + 1)] + [("batch", units(9)), ("", units(7))]
    found = by_type(newest)
    assert {kind: len(amounts) for kind, amounts in found.items()} == {"chat": COMPARED, "": COMPARED, "batch": 1}
    assert found["chat"] == [units(n) for n in range(COMPARED)] == found[""]
    assert by_type([("", units(7)), ("batch", units(9))]) == {"": [units(7), units(9)], "batch": [units(9)]}
    assert by_type([]) == {}
