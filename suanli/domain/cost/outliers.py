"""Single requests that cost far more than their kind does, or that take a large part of what may be spent in a day."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from statistics import median

from suanli.domain.cost.anomalies import LEAST, Anomaly, Kind, Rule, deviation, mean_and_deviation
from suanli.domain.cost.money import Nano
from suanli.domain.cost.spending import nearest

LEAST_REQUESTS = 30
"""Requests of a kind, below which none is compared with them."""

LARGE_PART = Fraction(1, 10)
"""A request that takes more than this part of a day's limit is told, whatever its kind costs."""

_LEAST_TIMES = 2


@dataclass(frozen=True, slots=True)
class Sort:
    """Requests that can be compared: those of one type to one model."""

    model: str
    request_type: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """What `requests` of a kind cost: by the robust rule `spread` is that of the logarithms of the amounts."""

    requests: int
    centre: float
    spread: float
    rule: Rule

    def score(self, amount: int, least: int) -> float:
        """How many deviations an amount is above the usual; `least` more is as many as make an anomaly, if not more."""
        above = amount - self.centre
        if self.rule is not Rule.ROBUST:
            return above / max(self.spread, max(1, least) / self.rule.threshold)
        if above < max(1, least):
            return 0.0
        return math.log(amount / self.centre) / max(self.spread, math.log(_LEAST_TIMES) / self.rule.threshold)


@dataclass(frozen=True, slots=True)
class TooFew:
    """There were so many requests of a kind, and so many are needed, to say what is usual."""

    requests: int
    needed: int


@dataclass(frozen=True, slots=True)
class Cap:
    """A day's limit, and the part of it that one request may take before it is told."""

    limit: Nano
    part: Fraction = LARGE_PART

    def is_passed(self, amount: int) -> bool:
        """Whether a request takes more."""
        return amount > self.limit * self.part


def baseline(amounts: Iterable[int], rule: Rule = Rule.ROBUST) -> Baseline | TooFew:
    """What requests of a kind cost, by those before.

    The robust rule looks at logarithms, for costs go with lengths, of which a few are always very long. It is no win
    at everything: it cries wolf less, and tells less (cost.md §6.6), which is what the cap is for. What cost nothing
    says nothing about what the others cost, and is left out.
    """
    paid = [amount for amount in amounts if amount > 0]
    if len(paid) < LEAST_REQUESTS:
        return TooFew(len(paid), LEAST_REQUESTS)
    if rule is not Rule.ROBUST:
        return Baseline(len(paid), *mean_and_deviation(paid), rule)
    centre = median(paid)
    return Baseline(len(paid), centre, deviation([math.log(amount / centre) for amount in paid], 0.0), rule)


def baselines(requests: Iterable[tuple[Sort, int]], rule: Rule = Rule.ROBUST) -> Mapping[Sort, Baseline | TooFew]:
    """What each kind of request costs."""
    sorts: dict[Sort, list[int]] = defaultdict(list)
    for sort, amount in requests:
        sorts[sort].append(amount)
    return {sort: baseline(amounts, rule) for sort, amounts in sorts.items()}


def judge_request(
    amount: Nano, at: datetime, usual: Baseline | TooFew, cap: Cap | None = None, least: Nano = LEAST
) -> Anomaly | None:
    """Whether a request cost far more than its kind does, or more than the cap lets pass; None when neither."""
    score = usual.score(amount, least) if isinstance(usual, Baseline) else None
    rule = usual.rule if isinstance(usual, Baseline) else None
    is_unusual = score is not None and rule is not None and score >= rule.threshold
    is_large = cap is not None and cap.is_passed(amount)
    if not is_unusual and not is_large:
        return None
    expected = nearest(usual.centre) if isinstance(usual, Baseline) else None
    return Anomaly(
        Kind.REQUEST,
        at,
        at,
        amount,
        expected,
        rule if is_unusual else None,
        score,
        cap.limit if cap and is_large else None,
    )
