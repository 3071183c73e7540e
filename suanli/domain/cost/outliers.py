"""Single requests that cost far more than their kind does, or that take a large part of what may be spent in a day."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from statistics import median

from suanli.domain.cost.anomalies import LEAST, Anomaly, Kind, Rule, deviation, mean_and_deviation
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import Quota
from suanli.domain.cost.spending import nearest
from suanli.domain.cost.windows import Period

LEAST_REQUESTS = 30
"""Requests of a kind, below which none is compared with them."""

COMPARED = 200
"""Requests that one is compared with at the most: the newest of its kind."""

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


def cap_of(quotas: Iterable[Quota], currency: Currency, part: Fraction) -> Cap | None:
    """The smallest limit of a day in this currency, be it a quota's own or that of its period; None without one.

    A limit of nothing has no parts, and says nothing about how large one request may be.
    """
    spans = [span for quota in quotas if quota.currency == currency for span in quota.spans().values()]
    daily = [limit for period, limit in spans if period is Period.DAILY and limit]
    return Cap(min(daily), part) if daily and part else None


def may_stand_out(amount: Nano, cap: Cap | None = None, least: Nano = LEAST) -> bool:
    """Whether a request could be told at all, whatever its kind costs: most cost too little for that."""
    return amount >= least or (cap is not None and cap.is_passed(amount))


def by_type(newest: Iterable[tuple[str, Nano]]) -> Mapping[str, Sequence[Nano]]:
    """What the newest requests of each type to one model cost, `COMPARED` of each; under "" those of whatever type.

    The latter is for requests that say no type: they are compared with all.
    """
    found: dict[str, list[Nano]] = defaultdict(list)
    for request_type, amount in newest:
        for kind in {request_type, ""}:
            if len(found[kind]) < COMPARED:
                found[kind].append(amount)
    return dict(found)


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
